"""Networks that are one chain of layers: neurons in columns, bars, and feature maps as stacks of sheets.

`draw` returns None where the diagram is no such chain, or does not fit a page so; it is drawn as boxes then.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field

from diagen.diagram import Diagram, Node
from diagen.render.graph import Figure
from diagen.render.kinds import (
    LABEL,
    SUB,
    WIDEST,
    Words,
    activation_name,
    family,
    same_stage,
    stage_name,
    step_name,
    words,
)
from diagen.render.scene import Box, Ellipse, Line, Owner, Path, Point, Shape, Text
from diagen.render.text import measure
from diagen.render.theme import Family, Theme, mix

STEPS = ("dropout", "activation", "norm", "flatten", "reshape")  # words over a gap, not pictures
MAPS = ("conv", "pool", "deconv", "upsample")


@dataclass
class _Layer:
    """A column, a bar or a stack of sheets, with the steps that stand over the gap before it."""

    node: int
    name: str
    count: str
    colours: Family
    units: int = 0
    side: float = 0.0  # the image's side in pixels of the network, where known
    channels: int = 0
    steps: list[tuple[int, str]] = field(default_factory=list)
    x: float = 0.0  # left edge, or centre of a column
    w: float = 0.0
    h: float = 0.0

    @property
    def cx(self) -> float:
        return self.x + self.w / 2


def draw(diagram: Diagram, theme: Theme) -> Figure | None:
    """The network as a picture of its neurons or maps, or None."""
    nodes = diagram.nodes
    if not _is_chain(diagram):
        return None
    kinds = {n.kind for n in nodes}
    if kinds <= {"input", "dense", "output", *STEPS}:
        return _dense(diagram, theme)
    if "conv" in kinds and kinds <= {"input", "dense", "output", *STEPS, *MAPS}:
        return next(filter(None, (_maps(diagram, theme, detail) for detail in ("all", "no pools", "stages"))), None)
    return None


def _is_chain(diagram: Diagram) -> bool:
    count = len(diagram.nodes)
    links = [(e.source, e.target) for e in diagram.edges]
    plain = all(e.style == "arrow" and not e.label for e in diagram.edges)
    framed = any((g.title or g.skip or g.repeat > 1) and g.start < g.stop for g in diagram.groups)
    placed = any(n.at for n in diagram.nodes)
    first_input = all(n.kind != "input" for n in diagram.nodes[1:])
    return (
        count > 1
        and plain
        and not framed
        and not placed
        and first_input
        and sorted(links) == [(i, i + 1) for i in range(count - 1)]
    )


# -- dense -------------------------------------------------------------------------------------------------------


def _dense(diagram: Diagram, theme: Theme) -> Figure | None:
    layers: list[_Layer] = []
    told = words(diagram)
    waiting: list[tuple[int, str]] = []
    for i, node in enumerate(diagram.nodes):
        if node.kind in STEPS:
            waiting.append((i, step_name(told[i])))
            continue
        units = node.units or math.prod(node.size or (0,))
        if not units:
            return None
        layers.append(_layer(diagram, i, told[i], theme, units, len(layers) == 0))
        layers[-1].steps = waiting
        waiting = []
    if len(layers) < 2:
        return None
    layers[-1].colours = _coloured(diagram.nodes[layers[-1].node], theme, "a")
    _hidden_names(diagram, layers)
    if len(layers) > 7 or any(layer.units > 2000 for layer in layers) or waiting:
        figure = _row(layers, theme, waiting) if diagram.style.direction in ("", "right") else None
    else:
        figure = _neurons(diagram, layers, theme)
    return figure


def _layer(diagram: Diagram, i: int, told: Words, theme: Theme, units: int, first: bool) -> _Layer:
    node = diagram.nodes[i]
    count = told.sub
    colours = _coloured(node, theme, "g" if first else "b")
    return _Layer(i, told.label, count, colours, units)


def _coloured(node: Node, theme: Theme, name: str) -> Family:
    base = theme.families[name]
    own = family(node, theme)
    return Family(
        node.fill.upper() if node.fill else base.fill, node.line.upper() if node.line else base.stroke,
        own.text if node.fill else base.text, own.sub if node.fill else base.sub,
    )  # fmt: skip


def _hidden_names(diagram: Diagram, layers: list[_Layer]) -> None:
    """Dense layers between input and output are called hidden where the user gave them no name."""
    inner = [la for la in layers[1:-1] if re.fullmatch(r"dense \d+", diagram.nodes[la.node].label)]
    if diagram.nodes[layers[-1].node].kind != "output":
        return
    for number, la in enumerate(inner, 1):
        la.name = f"Hidden {number}" if len(inner) > 1 else "Hidden"


def _slots(units: int, tall: bool) -> list[int]:
    """1 for a neuron, 0 for the dots. `tall`: the figure has layers of 7 or 8, and larger ones must not be lower."""
    if units <= 8:
        return [1] * units
    shown = 3 if units <= 64 and not tall else 4
    return [1] * shown + [0] + [1] * shown


def _neurons(diagram: Diagram, layers: list[_Layer], theme: Theme) -> Figure | None:
    tall = any(la.units in (7, 8) for la in layers)
    tallest = max(len(_slots(la.units, tall)) for la in layers)
    d = 32 if tallest <= 6 else 28 if tallest <= 8 else 24
    pitch = d + (16 if d == 32 else 12)
    columns: list[list[float]] = []
    dots: list[float | None] = []
    for la in layers:
        slots = _slots(la.units, tall)
        top = -(len(slots) - 1) * pitch / 2
        columns.append([top + i * pitch for i, s in enumerate(slots) if s])
        dots.append(next((top + i * pitch for i, s in enumerate(slots) if not s), None))
    edges = max(len(a) * len(b) for a, b in zip(columns, columns[1:], strict=False))
    share, width = next(
        (tone for limit, tone in ((12, (0.7, 1.1)), (24, (0.55, 1.0)), (40, (0.42, 0.9)), (81, (0.32, 0.75)))
         if edges <= limit), (0.32, 0.75),
    )  # fmt: skip
    tone = mix(theme.edge, theme.ground, share)
    direction = diagram.style.direction or "right"
    upright = direction in ("down", "up")
    x = 0.0
    for before, la in zip([None, *layers], layers, strict=False):
        steps = max((measure(text, *SUB) for _, text in la.steps), default=0.0)
        if before is not None:
            need = (_caption_width(la) + _caption_width(before)) / 2 + 24 if not upright else 0
            x += max(144.0 if not upright else 120.0, need, steps + 2 * d if not upright else 0)
        la.x = 8 * math.ceil(x / 8)
        x = la.x
    if not upright and x + max(measure(la.name, *LABEL) for la in layers) > 1.5 * WIDEST:
        return None  # names that long are wrapped in boxes

    def real(along: float, across: float) -> Point:
        return {
            "right": (along, across), "left": (-along, across), "down": (across, along), "up": (across, -along),
        }[direction]  # fmt: skip

    shapes: list[Shape] = []
    joined = sorted((e.source, e.target, k) for k, e in enumerate(diagram.edges))
    owner_of = {a: k for a, _, k in joined}
    r = d / 2
    for a, b, ys, zs in zip(layers, layers[1:], columns, columns[1:], strict=False):
        for y in ys:
            for z in zs:
                length = math.hypot(b.x - a.x, z - y)
                dx, dy = (b.x - a.x) / length * r, (z - y) / length * r
                ends = (real(a.x + dx, y + dy), real(b.x - dx, z - dy))
                shapes.append(
                    Line(ends, tone, width, radius=0, owner=("edge", owner_of[b.node - 1]), role="neuron-line",
                         ends=(a.node, b.node))
                )  # fmt: skip
    if len(columns[0]) <= 4 and len(columns[-1]) <= 4 and all(d is None for d in (dots[0], dots[-1])):
        for y in columns[0]:
            ends = (real(layers[0].x - r - 32, y), real(layers[0].x - r - 1.75, y))
            shapes.append(Line(ends, theme.edge, 1.5, head=True, role="terminal", ends=(-1, layers[0].node)))
        for y in columns[-1]:
            ends = (real(layers[-1].x + r, y), real(layers[-1].x + r + 32, y))
            shapes.append(Line(ends, theme.edge, 1.5, head=True, role="terminal", ends=(layers[-1].node, -1)))
    for la, ys, dot in zip(layers, columns, dots, strict=True):
        owner: Owner = ("node", la.node)
        for y in ys:
            cx, cy = real(la.x, y)
            shapes.append(Ellipse(cx, cy, r, r, la.colours.fill, la.colours.stroke, theme.stroke, owner, role="neuron"))
        if dot is not None:
            for step in (-8, 0, 8):
                cx, cy = real(la.x, dot + step)
                shapes.append(Ellipse(cx, cy, 1.8, 1.8, theme.edge, owner=owner, role="dots"))
    low = max(ys[-1] for ys in columns) + r
    for la in layers:
        owner = ("node", la.node)
        if upright:
            at, y = real(la.x, low + 24)
            shapes.append(Text(at, y - 2 if la.count else y + 5, la.name, *LABEL, theme.text, "start", owner=owner))
            if la.count:
                shapes.append(Text(at, y + 15, la.count, *SUB, theme.muted, "start", owner=owner, role="sublabel"))
        else:
            at, y = real(la.x, low)
            shapes += _caption(la, at, y, theme)
    shapes += _steps_of(layers, [(a.x + b.x) / 2 for a, b in zip(layers, layers[1:], strict=False)], -low, theme, real,
                        upright)  # fmt: skip
    return Figure(shapes, [])


def _caption(la: _Layer, x: float, low: float, theme: Theme) -> list[Shape]:
    owner: Owner = ("node", la.node)
    shapes: list[Shape] = [Text(x, low + 22 + 5, la.name, *LABEL, theme.text, owner=owner, role="caption")]
    if la.count:
        shapes.append(Text(x, low + 41 + 4.3, la.count, *SUB, theme.muted, owner=owner, role="sublabel"))
    return shapes


def _steps_of(layers: list[_Layer], middles: list[float], top: float, theme: Theme, real, upright: bool) -> list[Shape]:
    """The words of small steps over the gaps that they stand in, the first one on top."""
    shapes: list[Shape] = []
    for la, middle in zip(layers[1:], middles, strict=True):
        for up, (node, text) in enumerate(reversed(la.steps)):
            owner: Owner = ("node", node)
            if upright:
                x, y = real(middle, top - 24)
                y += 4.3 + 16 * (len(la.steps) - 1 - up) - 8 * (len(la.steps) - 1)
                shapes.append(Text(x, y, text, *SUB, theme.muted, "end", owner=owner, role="operator"))
            else:
                x, y = real(middle, top - 18 - 17 * up)
                shapes.append(Text(x, y + 4.3, text, *SUB, theme.muted, owner=owner, role="operator"))
    return shapes


# -- bars and maps -----------------------------------------------------------------------------------------------


def _maps(diagram: Diagram, theme: Theme, detail: str) -> Figure | None:
    """Maps as sheets. detail: "all" of them; "no pools", which are words over the gap then; or, for very long networks,
    also one stack for all convolutions of a "stages" (the same kernel, size and channels, nothing between them).
    """
    if diagram.style.direction not in ("", "right"):
        return None
    told = words(diagram)
    layers: list[_Layer] = []
    waiting: list[tuple[int, str]] = []
    side, channels, known, flat = 0.0, 0, False, False
    for i, node in enumerate(diagram.nodes):
        if node.kind in STEPS:
            waiting.append((i, step_name(told[i])))
            flat |= node.kind == "flatten"
            continue
        image = node.kind in MAPS or (node.kind == "input" and len(node.size) > 1)
        colours = family(node, theme)
        layer = _Layer(i, told[i].label, "", colours, steps=waiting)
        waiting = []
        if image and (flat or "(" in node.label):  # what stands in brackets has no place under a map
            return None
        if node.kind == "input":
            if not image:
                return None
            known = True
            side = float(max(node.size[:2]))
            channels = node.size[2] if len(node.size) > 2 else 1
            layer.count = "×".join(map(str, node.size))
        elif image:
            side = side or 32.0
            if node.size:
                side, channels = float(node.size[0]), node.size[-1] if len(node.size) > 2 else channels
                layer.count = "×".join(map(str, node.size))
            else:
                step = node.stride or (max(node.kernel) if node.kind == "pool" and node.kernel else 1)
                if node.kind == "pool" and not node.kernel and not node.stride:
                    step = 2
                if node.variant in ("global", "adaptive") and not node.kernel:
                    step = side
                if node.kind in ("deconv", "upsample"):
                    step = 1 / (node.stride or (max(node.kernel) if node.kind == "upsample" and node.kernel else 2))
                side = max(1.0, side / step)
                channels = node.units or channels
                if node.units:
                    layer.count = f"{node.units} channels"
            layer.side, layer.channels = side, channels
            own = [_kernel(node), f"stride {node.stride}" if (node.stride or 1) > 1 else "", _activation_of(node)]
            own = [part for part in own if part]
            if node.kind == "pool" and detail != "all":
                waiting = [*layer.steps, (i, own[0] if own else told[i].label)]
                continue
            before = layers[-1] if detail == "stages" and layers and not layer.steps else None
            if before and before.side == side and same_stage(diagram.nodes[before.node], node):
                before.name = stage_name([before.name.partition("–")[0], layer.name])
                continue
            if len(", ".join(own)) <= 14 and detail != "stages":
                own = [", ".join(own)] if own else []
            layer.steps = [*layer.steps, *((i, part) for part in own)]
        else:
            layer.units = node.units or math.prod(node.size or (1,))
            layer.count = told[i].sub
            flat = True
        layer.side = side if image else 0.0
        layer.channels = channels if image else 0
        layers.append(layer)
    if sum(la.side > 0 for la in layers) > 9 or waiting:
        return None
    if layers[-1].units and diagram.nodes[layers[-1].node].kind in ("output", "dense"):
        layers[-1].colours = _coloured(diagram.nodes[layers[-1].node], theme, "a")
    for la in layers[:-1]:
        if la.units:
            la.colours = _coloured(diagram.nodes[la.node], theme, "g")
    if any(_only_named(diagram.nodes[la.node]) for la in layers):
        for before, la in zip(layers, layers[1:], strict=False):
            if la.units and not la.steps:
                la.steps = [(la.node, "Flatten" if before.side else "Dense")]
    return _row(layers, theme, waiting, {la.node: diagram.nodes[la.node] for la in layers}, known)


def _only_named(node: Node) -> bool:
    """Whether a dense layer has a name that does not say what it is, such as F5."""
    return node.kind == "dense" and not re.search(r"dense|linear|fully|connected|\bfc|head|mlp", node.label.lower())


def _kernel(node: Node) -> str:
    return f"{node.kind.capitalize()} {'×'.join(map(str, node.kernel))}" if node.kernel else ""


def _activation_of(node: Node) -> str:
    return activation_name(node.activation, inside=True) if node.activation else ""


def _row(
    layers: list[_Layer],
    theme: Theme,
    after: list[tuple[int, str]],
    nodes: dict[int, Node] | None = None,
    known: bool = False,
) -> Figure | None:
    """Sheets and bars on one axis, with captions below and steps above."""
    if after:
        return None
    if not any(_spread(layers, shrink) <= WIDEST for shrink in (1.0, 0.85, 0.7)):
        return None
    reach = [(la.h + 5 * (_sheets(la) - 1) if la.side else la.h) / 2 for la in layers]
    top, low = -max(reach), max(reach)
    shapes: list[Shape] = []
    tone, rim = mix(theme.edge, theme.ground, 0.10), mix(theme.edge, theme.ground, 0.55)
    for a, b in zip(layers, layers[1:], strict=False):
        owner: Owner = ("edge", max(0, b.node - 1))
        if not b.side:
            shapes += _funnel(a, b, tone, rim, owner)
    for la in layers:
        shapes += _stack(la, theme) if la.side else [_bar(la, theme)]
    for a, b in zip(layers, layers[1:], strict=False):
        owner = ("edge", max(0, b.node - 1))
        if b.side:
            kernel = nodes[b.node].kernel if nodes else ()
            if kernel:
                shapes += _kernel_lines(a, b, max(kernel[:2]), known, theme, owner)
            else:
                ends = ((a.x + a.w + 4, 0.0), (b.x - 1.6, 0.0))
                shapes.append(Line(ends, theme.edge, 1.5, head=True, owner=owner, ends=(a.node, b.node)))
    for la in layers:
        shapes += _caption(la, la.cx, low, theme)
    middles = [(a.x + a.w + b.x) / 2 for a, b in zip(layers, layers[1:], strict=False)]
    shapes += _steps_of(layers, middles, top, theme, lambda a, c: (a, c), False)
    return Figure(shapes, [])


def _spread(layers: list[_Layer], shrink: float) -> float:
    """Gives every layer its size and its place on the axis; the width of all."""
    sides = [la.side for la in layers if la.side]
    units = [math.log(la.units) for la in layers if la.units]
    biggest, smallest = max(sides, default=1.0), min(sides, default=1.0)
    k = min(32.0, 80 / math.log2(biggest / smallest)) if biggest > smallest else 0.0
    for la in layers:
        if la.side:
            front = 120 - k * math.log2(biggest / la.side) if biggest > smallest else 96.0
            la.h = max(40.0, 2 * round(front * shrink / 2))
            la.w = la.h + 5 * (_sheets(la) - 1)
        else:
            low, high = min(units), max(units)
            share = (math.log(la.units) - low) / (high - low) if high > low else 0.5
            la.w, la.h = 18.0, float(round(40 + 80 * share))
    x = 0.0
    for before, la in zip([None, *layers], layers, strict=False):
        if before:
            gap = 56.0 * max(shrink, 0.75) if la.side else 64.0 if before.side else 48.0
            words_wide = max((measure(text, *SUB) for _, text in la.steps), default=0.0)
            captions = (_caption_width(before) - before.w + _caption_width(la) - la.w) / 2 + 20
            gap = max(gap, captions)
            # Words over a gap may reach over the neighbours by half their width, but not into the next words.
            gap = max(gap, words_wide + 16 - min(before.w, 40) / 2 - min(la.w, 40) / 2)
            x += before.w + 2 * math.ceil(gap / 2)
        la.x = x
    left = min(la.cx - max(la.w, _caption_width(la)) / 2 for la in layers)
    return max(la.cx + max(la.w, _caption_width(la)) / 2 for la in layers) - left


def _caption_width(la: _Layer) -> float:
    return Words(la.name, la.count).width


def _sheets(la: _Layer) -> int:
    return 1 if la.channels <= 1 else min(8, 1 + round(math.log2(la.channels)))


def _front(la: _Layer) -> tuple[float, float, float]:
    """Left, top and side of the front sheet; the whole stack is centred on the axis."""
    return la.x, -la.h / 2 + 2.5 * (_sheets(la) - 1), la.h


def _stack(la: _Layer, theme: Theme) -> list[Shape]:
    x, y, side = _front(la)
    count = _sheets(la)
    back = mix(la.colours.stroke, la.colours.fill, 0.10)
    shapes: list[Shape] = []
    for i in range(count - 1, -1, -1):
        shapes.append(
            Box(x + 5 * i, y - 5 * i, side, side, 2, back if i else la.colours.fill, _seam(la, theme, i > 0), 1.25,
                owner=("node", la.node), role="detail" if i else "sheet")
        )  # fmt: skip
    return shapes


def _seam(la: _Layer, theme: Theme, back: bool) -> str:
    return theme.seam if theme.seam and la.colours.stroke == la.colours.fill else la.colours.stroke


def _bar(la: _Layer, theme: Theme) -> Shape:
    return Box(la.x, -la.h / 2, la.w, la.h, 3, la.colours.fill, la.colours.stroke, 1.25, owner=("node", la.node),
               role="bar")  # fmt: skip


def _funnel(a: _Layer, b: _Layer, tone: str, rim: str, owner: Owner) -> list[Shape]:
    if a.side:
        x, y, side = _front(a)
        lift = 5 * (_sheets(a) - 1)
        left, top, low = x + side + lift, y - lift, y - lift + side
    else:
        left, top, low = a.x + a.w, -a.h / 2, a.h / 2
    corners = ((left, top), (b.x, -b.h / 2), (b.x, b.h / 2), (left, low))
    pieces = (("M", corners[0]), *(("L", p) for p in corners[1:]))
    lines = [
        Path((("M", p), ("L", q)), "", rim, 1, closed=False, owner=owner, role="funnel")
        for p, q in ((corners[0], corners[1]), (corners[3], corners[2]))
    ]
    return [Path(pieces, tone, owner=owner, role="funnel"), *lines]


def _kernel_lines(a: _Layer, b: _Layer, kernel: int, known: bool, theme: Theme, owner: Owner) -> list[Shape]:
    x, y, side = _front(a)
    size = max(10.0, min(side * 0.6, side * kernel / (a.side if known else 28)))
    left = x + side * 0.88 - size
    top = y + side * (0.30 if (a.node % 2) == 0 else 0.42)
    top = min(top, y + side - size - 4)
    tx, ty, tside = _front(b)
    dot = (tx + 0.30 * tside, ty + 0.45 * tside)
    fill, line = mix(theme.accent, theme.ground, 0.28), mix(theme.accent, theme.ground, 0.65)
    return [
        Box(left, top, size, size, 1, fill, theme.accent, 1.25, owner=owner, role="kernel"),
        Path((("M", (left + size, top)), ("L", dot)), "", line, 1, closed=False, owner=owner, role="kernel"),
        Path((("M", (left + size, top + size)), ("L", dot)), "", line, 1, closed=False, owner=owner, role="kernel"),
        Ellipse(*dot, 2.2, 2.2, theme.accent, owner=owner, role="kernel"),
    ]
