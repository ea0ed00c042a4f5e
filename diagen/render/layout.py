"""layout(diagram) -> Scene: chooses the family of figure, lays it out, adds title and margin."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from unicodedata import is_normalized, normalize

from diagen.diagram import Diagram, Style, display_labels
from diagen.render import columns, graph, network, placed, unet
from diagen.render.drawn import as_drawn
from diagen.render.kinds import SHORT_LINE
from diagen.render.scene import Scene, Text, scaled, shifted
from diagen.render.text import measure, wrap
from diagen.render.theme import THEMES, Theme

PADDING = 32
MOST_NODES, MOST_EDGES = 120, 200  # of a figure that is laid out in ranks
MOST_TRIED = 100  # nodes and edges of a figure that is worth a second try; crowded ones take seconds
TITLE_SIZE, TITLE_LEADING = 20, 28
SUBTITLE_SIZE, SUBTITLE_LEADING = 13, 20
WIDEST = 1170  # so that type of 12 has 9 pixels left in a page of 880


def layout(diagram: Diagram, **style: str) -> Scene:
    """The scene of a diagram. Style words given here win over those of the diagram: `layout(d, theme="night")`."""
    chosen = replace(diagram.style, **style) if style else diagram.style
    diagram = replace(diagram, style=chosen) if style else diagram
    whole = composed(diagram)
    diagram = as_drawn(whole)
    theme = THEMES[chosen.theme or "paper"]
    if placed.applies(diagram):
        figure = placed.draw(diagram, theme)
    else:
        figure = network.draw(diagram, theme) or unet.draw(diagram, theme)
    if figure:
        scene = finish(figure, diagram.title, theme, chosen)
    elif len(diagram.nodes) > MOST_NODES or len(diagram.edges) > MOST_EDGES:
        scene = finish(placed.draw(placed.in_a_grid(diagram), theme), diagram.title, theme, chosen)
    else:
        scene = _side_by_side(diagram, theme) or _faultless(diagram, theme)
    return replace(scene, description=described(whole))


def _side_by_side(diagram: Diagram, theme: Theme) -> Scene | None:
    """An encoder and a decoder as two columns, where that has no fault."""
    from diagen.render import faults  # as in _faultless

    figure = columns.draw(diagram, theme)
    scene = finish(figure, diagram.title, theme, diagram.style) if figure else None
    return scene if scene and not faults.errors_of_ways(scene)[1] else None


def _faultless(diagram: Diagram, theme: Theme) -> Scene:
    """The graph in its style; where that has a fault, with another spacing, else with other routing or direction.

    A word of the style that makes a figure wrong is not worth keeping. Few figures need a second try.
    """
    from diagen.render import faults  # not above: `python -m diagen.render.faults` must find it unloaded

    asked = diagram.style
    figure, kept = _best(diagram, theme)
    scene = finish(figure, diagram.title, theme, kept)
    others = list(_other_styles(asked))
    if len(diagram.nodes) + len(diagram.edges) > MOST_TRIED:
        others = [replace(asked, routing="orthogonal")] if asked.routing == "straight" else []
    if others:
        wrong = faults.errors_of_ways(scene)
        for other in others:
            if not wrong[1]:
                break
            figure, tried = _best(replace(diagram, style=other), theme)
            second = finish(figure, diagram.title, theme, tried)
            if (errors := faults.errors_of_ways(second)) < wrong:
                scene, wrong, kept = second, errors, tried
    words = [(getattr(asked, name), getattr(kept, name)) for name in ("direction", "spacing", "routing")]
    return replace(scene, dropped=tuple(word for word, drawn in words if word and word != drawn))


def _other_styles(style: Style) -> Iterator[Style]:
    """Those that differ in one thing: another spacing, bent lines, another direction."""
    for word in ("wide", "normal", "compact"):
        if word != style.spacing:
            yield replace(style, spacing=word)
    bent = replace(style, routing="orthogonal")
    if style.routing == "straight":
        yield bent
    for word in ("right", "down"):
        if word != style.direction:
            yield replace(bent, direction=word)


def composed(diagram: Diagram) -> Diagram:
    """With letters and their accents as one character each, as the fonts have them (Unicode's form NFC)."""
    words = [n.label for n in diagram.nodes] + [e.label for e in diagram.edges] + [g.title for g in diagram.groups]
    if all(is_normalized("NFC", word) for word in [*words, diagram.title]):
        return diagram
    nodes = tuple(replace(node, label=normalize("NFC", node.label)) for node in diagram.nodes)
    edges = tuple(replace(edge, label=normalize("NFC", edge.label)) for edge in diagram.edges)
    groups = tuple(replace(group, title=normalize("NFC", group.title)) for group in diagram.groups)
    return replace(diagram, nodes=nodes, edges=edges, groups=groups, title=normalize("NFC", diagram.title))


def _best(diagram: Diagram, theme: Theme) -> tuple[graph.Figure, Style]:
    """In the chosen direction, else rightward where that fits a page; if need be tighter, downward, or in rows.

    The page is a hard limit: what cannot be folded into it in the chosen direction is turned downward, and what is
    too wide even so gets narrower boxes. The style is the diagram's, with the direction that could be kept.
    """
    chosen = diagram.style.direction
    spacings = [diagram.style.spacing or "normal"] + (["compact"] if not diagram.style.spacing else [])
    ways = [chosen] if chosen else ["right", "down"]
    laid = {(ways[0], spacings[0]): graph.Arrangement(diagram, theme, ways[0], spacings[0])}
    plans = [(way, spacing, 1) for way in ways for spacing in spacings]
    if not chosen and laid["right", spacings[0]].least > WIDEST - 2 * PADDING:
        plans.sort(key=lambda plan: plan[0])  # not even tighter would it fit, so the other way is tried first
    framed = any(group.title or group.repeat > 1 for group in diagram.groups)
    folds = [way for way in ways if way in ("right", "left") or not framed]  # a tower with frames stays one
    plans += [(way, spacing, rows) for rows in (2, 3, 4, 6) for way in folds for spacing in spacings]
    above = TITLE_LEADING + 24 if diagram.title else 0
    tries: list[tuple[float, graph.Figure]] = []
    unfolded: set[tuple[str, str]] = set()
    for way, spacing, rows in plans:
        if rows == 1 and spacing != spacings[0] and not WIDEST < _width(tries[-1][1]) < 1.2 * WIDEST:
            continue  # tighter helps only what is a little too wide
        if (way, spacing) not in laid:
            laid[way, spacing] = graph.Arrangement(diagram, theme, way, spacing)
        figure = laid[way, spacing].folded(rows) if rows > 1 else None
        if not figure:  # one row, which only needs to be tried once
            if (way, spacing) in unfolded:
                continue
            unfolded.add((way, spacing))
            figure = laid[way, spacing].figure()
        tries.append((_misfit(figure, above, ribbon=chosen in ("right", "left")), figure))
        if tries[-1][0] == 0:
            break
    if chosen in ("right", "left"):
        narrow = [t for t in tries if _width(t[1]) <= WIDEST]
        return (
            (min(narrow, key=lambda t: t[0])[1], diagram.style) if narrow
            else _best(replace(diagram, style=replace(diagram.style, direction="down")), theme)
        )  # fmt: skip
    if WIDEST < min(_width(figure) for _, figure in tries) < 1.2 * WIDEST:  # shorter lines in the boxes may be enough
        short = [graph.Arrangement(diagram, theme, ways[-1], spacing, SHORT_LINE).figure() for spacing in spacings]
        tries += [(_misfit(figure, above), figure) for figure in short if _width(figure) <= WIDEST]
    return min(tries, key=lambda t: t[0])[1], diagram.style


def _width(figure: graph.Figure) -> float:
    left, _, right, _ = figure.extent
    return right - left + 2 * PADDING


def _misfit(figure: graph.Figure, above: float, ribbon: bool = False) -> float:
    """How far a figure is from a page: 0 where it fits its width and is neither a ribbon nor a tower.

    `ribbon`: it may be one, since its row was asked for.
    """
    left, top, right, low = figure.extent
    width, height = right - left + 2 * PADDING, low - top + above + 2 * PADDING
    aspect = width / height
    flat = 0.0 if ribbon else max(0.0, aspect / 3.4 - 1)
    return max(0.0, width / WIDEST - 1) * 2 + flat + max(0.0, 0.4 / aspect - 1)


def finish(figure: graph.Figure, title: str, theme: Theme, style: Style) -> Scene:
    """The content with its title above it and the margin around it, scaled where the style says so."""
    left, top, right, low = figure.extent
    heading, more = split_title(title)
    room = max(right - left, 320)
    lines = wrap(heading[:1].upper() + heading[1:], TITLE_SIZE, 600, room, 3)[0] if heading else ()
    sublines = wrap(more, SUBTITLE_SIZE, 400, room, 2)[0] if more else ()
    above = len(lines) * TITLE_LEADING + len(sublines) * SUBTITLE_LEADING + 24 if lines else 0
    dx, dy = PADDING - left, PADDING + above - top
    dx, dy = round(dx * 2) / 2, round(dy * 2) / 2
    moved = [shifted(shape, dx, dy) for shape in figure.shapes]
    for i, line in enumerate(lines):
        y = PADDING + TITLE_LEADING * (i + 0.5) + 0.36 * TITLE_SIZE
        moved.append(Text(PADDING, y, line, TITLE_SIZE, 600, theme.text, "start", role="title"))
    for i, line in enumerate(sublines):
        y = PADDING + TITLE_LEADING * len(lines) + SUBTITLE_LEADING * (i + 0.5) + 0.36 * SUBTITLE_SIZE
        moved.append(Text(PADDING, y, line, SUBTITLE_SIZE, 400, theme.muted, "start", role="subtitle"))
    widths = [measure(s.text, s.size, s.weight) for s in moved[len(figure.shapes) :] if isinstance(s, Text)]
    wide = max([right - left, *widths])
    width, height = _even(wide + 2 * PADDING), _even(low - top + above + 2 * PADDING)
    factor = float(style.scale) if style.scale else 1.0
    if factor != 1.0:
        moved = [scaled(shape, factor) for shape in moved]
        width, height = _even(width * factor), _even(height * factor)
    return Scene(
        width, height, theme.ground, tuple(moved), title, full_labels=tuple(figure.full), scale=factor,
        orthogonal=style.routing != "straight" and not figure.slanted,
    )  # fmt: skip


def split_title(title: str) -> tuple[str, str]:
    """A title, and the line below it: several words in parentheses at its end. One word, "(VAE)", stays where it is."""
    match = re.fullmatch(r"(.*\S)\s+\((\S+ .+)\)", title)
    return (match[1], match[2][:1].upper() + match[2][1:]) if match else (title, "")


def described(diagram: Diagram) -> str:
    """The diagram in words, for those who cannot see it: its groups, and what leads where."""
    names = display_labels(diagram)
    told = [
        f"{group.title or 'Block'}{f', {group.repeat} times' if group.repeat > 1 else ''}: "
        + ", ".join(names[group.start : group.stop])
        for group in diagram.groups if group.start < group.stop
    ]  # fmt: skip
    links = [f"{names[e.source]} to {names[e.target]}" + (f" ({e.label})" if e.label else "") for e in diagram.flow()]
    linked = {i for e in diagram.flow() for i in (e.source, e.target)}
    alone = [name for i, name in enumerate(names) if i not in linked]
    return ". ".join([*told, *links, *alone]) + "."


def _even(value: float) -> float:
    return 2 * -(-round(value, 3) // 2)
