"""with_legend(scene, diagram) -> Scene: a row below the figure that says what its colours and dashes mean."""

from __future__ import annotations

from dataclasses import replace

from diagen.diagram import Diagram
from diagen.render.drawn import as_drawn
from diagen.render.kinds import FAMILY_WORDS, family_of, kind_name
from diagen.render.layout import PADDING
from diagen.render.scene import OUTLINES, Box, Line, Scene, Shape, Text, scaled
from diagen.render.text import measure
from diagen.render.theme import THEMES

GAP, ROW, APART = 28, 24, 24  # below the figure, from row to row, from entry to entry
LINE = 16  # the height of a row
SWATCH, SAMPLE, NEAR = (16, 12), 32, 8
FONT = (12, 400)


def with_legend(scene: Scene, diagram: Diagram) -> Scene:
    """The scene with a legend below it; as it is where one colour and one kind of line leave nothing to tell apart.

    A colour is called by the kinds of its nodes, up to two, else by what its family is for.
    """
    diagram = as_drawn(diagram)
    theme = THEMES[diagram.style.theme or "paper"]
    unit = scene.scale
    colours: dict[tuple[str, str], list[str]] = {}  # fill and stroke -> the kinds drawn so
    for s in scene.shapes:
        if s.owner[0] == "node" and s.role in OUTLINES and not isinstance(s, Line | Text) and s.fill and s.stroke:
            kinds = colours.setdefault((s.fill, s.stroke), [])
            kind = diagram.nodes[s.owner[1]].kind
            kinds += [kind] if kind not in kinds else []
    order = [(family.fill, family.stroke) for family in theme.families.values()]
    ranked = sorted(colours, key=lambda pair: order.index(pair) if pair in order else len(order))
    entries = [(pair, _told(colours[pair])) for pair in ranked]
    dashed = any(isinstance(s, Line) and s.dash and s.colour == theme.accent for s in scene.shapes)
    arrows = [("flow", False, theme.edge), ("feedback", True, theme.accent)] if dashed else []
    if len(entries) + len(arrows) < 2:
        return scene
    shapes: list[Shape] = []
    width, top = scene.width / unit, scene.height / unit - PADDING + GAP
    x, middle = float(PADDING), top + LINE / 2
    samples: list[tuple[str, float, tuple]] = [(words, SWATCH[0], pair) for pair, words in entries]
    samples += [(words, SAMPLE, (dash, colour)) for words, dash, colour in arrows]
    for words, wide, drawn in samples:
        room = wide + NEAR + measure(words, *FONT)
        if x > PADDING and x + room > width - PADDING:
            x, middle = float(PADDING), middle + ROW
        if wide == SAMPLE:
            dash, colour = drawn
            points = ((x, middle), (x + SAMPLE, middle))
            shapes.append(Line(points, colour, 1.5, dash, True, role="legend"))
        else:
            fill, stroke = drawn
            shapes.append(Box(x, middle - SWATCH[1] / 2, *SWATCH, 3, fill, stroke, 1.25, role="legend"))
        baseline = middle + 0.36 * FONT[0]
        text = Text(x + wide + NEAR, baseline, words, *FONT, theme.muted, "start", role="legend")
        shapes.append(text)
        x += room + APART
    shapes = [scaled(s, unit) for s in shapes] if unit != 1 else shapes
    height = (middle + LINE / 2 + PADDING) * unit
    return replace(scene, height=2 * -(-round(height, 3) // 2), shapes=(*scene.shapes, *shapes))


def _told(kinds: list[str]) -> str:
    named = [kind_name(kind) for kind in kinds]
    return ", ".join(named) if len(named) <= 2 else FAMILY_WORDS[family_of(kinds[0])]
