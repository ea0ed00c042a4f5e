"""What each kind of node looks like: its words, its shape, its family of colours, its size, and the shapes drawn."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

from diagen.diagram import LAYER_KINDS, Diagram, Node
from diagen.render.scene import Box, Ellipse, Owner, Path, Point, Shape, Text, rounded
from diagen.render.text import measure, wrap
from diagen.render.theme import Family, Theme, readable

LABEL, SUB = (14, 500), (12, 400)  # size and weight
WIDEST = 1106  # of a page, without the margin
LEADING, SUB_LEADING = 19, 16
LINE, SHORT_LINE = 160, 104  # the longest line of words in a box, and that where the figure is else too wide for a page
DOTS = ("…", "...", "⋯", "⋮")  # labels of a box that stands for all those left out

_SHAPES = {
    **dict.fromkeys("store dataset cache memory".split(), "cylinder"),
    **dict.fromkeys("encoder decoder generator discriminator".split(), "trapezoid"),
    **dict.fromkeys("input output data".split(), "pill"),
    **dict.fromkeys("add multiply concat".split(), "op"),
    **dict.fromkeys("norm activation dropout reshape flatten".split(), "compact"),
    "decision": "diamond",
    "document": "document",
    "documents": "documents",
    "user": "user",
    "circle": "circle",
    "text": "text",
}
_FAMILIES = {
    **dict.fromkeys(
        "data text input output document documents user norm activation dropout reshape flatten add multiply "
        "concat positional box".split(),
        "n",
    ),
    **dict.fromkeys("model embedding pool decoder discriminator upsample deconv latent".split(), "v"),
    **dict.fromkeys("store dataset cache memory dense".split(), "g"),
    **dict.fromkeys("attention decision router".split(), "a"),
    **dict.fromkeys("loss metric reward".split(), "r"),
}  # every other kind computes: b
FAMILY_WORDS = {"n": "data", "b": "process", "v": "model", "g": "store", "a": "control", "r": "metric"}
_KIND_NAMES = {
    "deconv": "Transposed conv", "pool": "Pool", "positional": "Positional encoding", "rnn": "RNN", "lstm": "LSTM",
    "gru": "GRU", "feedforward": "Feed forward", "upsample": "Upsample",
}  # fmt: skip
_VARIANT_NAMES = {
    "max": "Max", "avg": "Average", "global": "Global", "adaptive": "Adaptive", "batch": "Batch", "layer": "Layer",
    "group": "Group", "instance": "Instance", "self": "Self", "cross": "Cross", "causal": "Causal", "masked": "Masked",
    "bi": "Bidirectional", "sinusoidal": "Sinusoidal", "learned": "Learned", "depthwise": "Depthwise",
    "separable": "Separable", "dilated": "Dilated",
}  # fmt: skip
_ACTIVATION_NAMES = {
    "relu": "ReLU", "gelu": "GELU", "silu": "SiLU", "elu": "ELU", "selu": "SELU", "glu": "GLU", "swiglu": "SwiGLU",
    "leaky_relu": "Leaky ReLU", "swish": "Swish",
}  # fmt: skip


@dataclass(frozen=True)
class Words:
    """A label and what stands below it in smaller type."""

    label: str
    sub: str = ""

    @property
    def width(self) -> float:
        """Of the longer of both, in px."""
        return max(measure(self.label, *LABEL), measure(self.sub, *SUB))


@dataclass
class Look:
    """A node before it has a place: its shape, colours, lines of text and size, which what is around it may widen."""

    shape: str
    family: Family
    lines: tuple[str, ...]
    sublines: tuple[str, ...]
    w: float
    h: float
    sign: str = ""  # of an operator
    cut: str = ""  # the whole words, where they had to be cut


def sentence(text: str) -> str:
    """The words with a capital first letter; names (claims_db, z, ŷ, μ, x², nn.Linear) are left alone, and known ones
    (svm) spelt out.

    The rest is as the user wrote it.
    """
    text = _LOWER.sub(lambda word: _SPELT.get(word[0], word[0]), text)
    parts = unicodedata.normalize("NFD", text)
    bare = "".join(c for c in parts if not unicodedata.combining(c))
    symbol = any(map(unicodedata.combining, parts[1:2])) and not bare[1:2].isalpha()  # x̂, also before words
    if symbol or _NAME.match(bare) or "\u0370" <= text[:1] <= "\u03ff":  # Greek letters stand for themselves
        return text
    return text[:1].upper() + text[1:]


_NAME = re.compile(
    r"[a-z]+([A-Z_0-9]|\.[A-Za-z])|[a-z](?![a-z])(?! \w{2})"
    r"|arg(max|min)\b|(log|exp|sin|cos|sqrt|max|min)(?=\(| [^a-zA-Z])|(dbt|numpy|pandas|pip|conda|wandb|kubectl)\b"
)
_LOWER = re.compile(r"(?<![\w.])[a-z]{2,}(?![\w.])")
# Names that people type in lower case when they are in a hurry, and nobody would print so.
_SPELT = {word.lower(): word for word in (
    "AI API ASR AUC BERT CatBoost CNN CPU CSV CUDA CTC DNN DQN ELBO ELMo ETL FAISS FFN FFT FPN GAN GCN GELU "
    "GitHub GNN GPT GPU GraphQL GRU HTML HTTP JSON KL KNN LightGBM LLM LoRA LSTM MCTS MFCC ML MLP MMD MoE MSE MySQL "
    "NER NLP NMS OCR ONNX OpenAI PCA PDF PostgreSQL PPO PyTorch RAG ReLU RGB RL RLHF RNN ROI RPN SFT SGD "
    "SQL SSD SSIM SVD SVM TensorFlow TTS URL VAE ViT VGG XGBoost YOLO"
).split()}  # fmt: skip


@lru_cache(maxsize=8)  # a figure is often tried in several ways
def words(diagram: Diagram) -> tuple[Words, ...]:
    """The label and sublabel of every node."""
    automatic = [re.fullmatch(rf"{n.kind} (\d+)", n.label) if n.kind in LAYER_KINDS else None for n in diagram.nodes]
    named = [_layer_name(n) if auto else "" for n, auto in zip(diagram.nodes, automatic, strict=True)]
    counts = Counter(name for name, auto in zip(named, automatic, strict=True) if auto)
    told = []
    for node, auto, name in zip(diagram.nodes, automatic, named, strict=True):
        if auto:
            # A name that only one layer has needs no number; neither do the small steps between layers.
            small = _SHAPES.get(node.kind) in ("compact", "op") or node.kind in ("pool", "upsample")
            told.append(Words(name if counts[name] == 1 or small else f"{name} {auto[1]}", attributes(node)))
            continue
        match = re.fullmatch(r"(.*\S)\s+\((.+)\)", node.label)
        label, sub = (match[1], match[2]) if match else (node.label, "")
        told.append(Words(sentence(label), sub or attributes(node, spelt=True)))
    return tuple(told)


def _layer_name(node: Node) -> str:
    name = _KIND_NAMES.get(node.kind, sentence(node.kind))
    if node.kind == "activation" and node.activation:
        return activation_name(node.activation)
    if node.variant:
        rest = name if name.isupper() and len(name) > 1 else name[0].lower() + name[1:]
        return f"{_VARIANT_NAMES[node.variant]} {rest}"
    return name


def same_stage(one: Node, other: Node) -> bool:
    """Whether two convolutions differ in nothing but their names."""
    return one.kind == other.kind == "conv" and replace(one, label="") == replace(other, label="")


def stage_name(names: list[str]) -> str:
    """One name for several layers: "Conv 1–3"."""
    first, last = names[0], names[-1]
    return f"{first}–{last.removeprefix(first.rpartition(' ')[0] + ' ')}" if len(names) > 1 else first


def step_name(told: Words) -> str:
    """A small step as words on one line: "Pool 2×2"."""
    return f"{told.label} {told.sub}" if told.sub else told.label


def activation_name(word: str, inside: bool = False) -> str:
    """How an activation is written, on its own or `inside` a line of attributes."""
    return _ACTIVATION_NAMES.get(word, word if inside else sentence(word))


def attributes(node: Node, spelt: bool = False) -> str:
    """The attributes of a layer as words: "3×3, 64, ReLU"."""
    parts = []
    variant = _VARIANT_NAMES[node.variant].lower() if node.variant else ""
    if spelt and variant and not {node.variant, variant} & set(re.findall(r"[\w-]+", node.label.lower())):
        parts.append(variant)
    if node.kernel:
        parts.append("×".join(map(str, node.kernel)))
    if node.units is not None:
        parts.append(_thousands(node.units) + (" heads" if node.kind == "attention" else ""))
    if node.stride is not None and node.stride > 1:
        parts.append(f"stride {node.stride}")
    if node.rate:
        parts.append(node.rate)
    if node.activation and node.kind != "activation":
        parts.append(activation_name(node.activation, inside=True))
    if node.size:
        parts.append("×".join(map(str, node.size)))
    return ", ".join(parts)


def _thousands(number: int) -> str:
    return f"{number:,}".replace(",", "\u202f") if number >= 10_000 else str(number)


def family_of(kind: str) -> str:
    """The letter of the family of colours that a kind of node has."""
    return _FAMILIES.get(kind, "b")


def kind_name(kind: str) -> str:
    """A kind as a word of a sentence: "feed forward", "LSTM"."""
    name = _KIND_NAMES.get(kind, kind)
    return name if name.isupper() else name.lower()


def family(node: Node, theme: Theme) -> Family:
    """The colours of a node: those of its kind's family, or its own."""
    base = theme.families[family_of(node.kind)]
    if node.fill:
        fill = node.fill.upper()
        base = Family(fill, base.stroke, readable(base.text, fill), readable(base.sub, fill))
    return replace(base, stroke=node.line.upper()) if node.line else base


def look(
    node: Node, told: Words, theme: Theme, terminal: bool, upright: bool, line: float = LINE, bare: bool = False
) -> Look:
    """The shape and size of a node. `terminal`: nothing enters or nothing leaves; `upright`: the flow is vertical;
    `line`: how long a line of its words may be; `bare`: where a figure begins and ends stand words without a box."""
    shape = _SHAPES.get(node.kind, "box")
    colours = family(node, theme)
    if told.label in DOTS and not told.sub:
        return Look("op", replace(colours, fill="", stroke=""), (), (), 32, 32, told.label)
    if shape == "op":
        if re.fullmatch(rf"({node.kind}|sum|plus|mul|product|merge)( \d+)?|[+×x⊕⊗⊙‖]", node.label.lower()):
            sign = {"add": "+", "multiply": "×", "concat": "‖"}[node.kind]
            return Look("op", replace(colours, fill=node.fill.upper() or theme.ground), (), (), 24, 24, sign)
        shape = "compact"
    if shape == "pill" and not terminal and node.kind == "data":
        shape = "box"
    if shape == "text":
        shape = "bare" if terminal and not node.fill and not node.line else "box"
    if shape == "pill" and terminal and bare:
        shape = "bare"
    if shape == "diamond":
        return _diamond(told, colours)
    lines, cut = wrap(told.label, *LABEL, line)
    sublines, subcut = wrap(told.sub, *SUB, line, 2) if told.sub else ((), False)
    width, height = _text_size(lines, sublines)
    whole = f"{told.label} ({told.sub})" if told.sub else told.label
    base = 21 + height if not (len(lines) == 1 and not sublines) else 40
    w, h = max(96.0, width + 32), base
    if upright and node.kind in ("attention", "feedforward"):
        h = max(48.0, h)  # the weight of a stack; the steps between them are lower
    match shape:
        case "compact":
            shape, w, h = "box", max(64.0, width + 28), max(36, base - 4)
        case "pill":
            w = max(96.0, width + 2 * max(16, 0.3 * h))
        case "cylinder":
            w, h = max(112.0, w), base + 12 if sublines or len(lines) > 1 else 60
        case "trapezoid" if upright:
            w, h = max(136.0, (width + 40) / 0.82), base + 8
        case "trapezoid":
            w, h = max(120.0, w), max(88, (height + 12) / 0.64)
        case "document":
            w = max(104.0, w + 8)
        case "documents":
            w, h = w + 8, h + 8
        case "bare":
            w, h = max(32.0, width + 16), height + 9
        case "user":
            w, h = max(64.0, width + 8), 44 + height
        case "circle":
            w = h = _up(max(56.0, math.hypot(width, height) + 12), 8)
    return Look(shape, colours, lines, sublines, _up(w, 8), _up(h, 4), cut=whole if cut or subcut else "")


def _diamond(told: Words, colours: Family) -> Look:
    lines, cut = wrap(told.label, *LABEL, 150, 3 if not told.sub else 2)
    sublines, subcut = wrap(told.sub, *SUB, 120, 1) if told.sub else ((), False)
    width, height = _text_size(lines, sublines)
    w = max(136.0, width + 56)
    h = max(72.0, (height + 2) / max(0.2, 1 - (width + 10) / w))
    if h > 0.62 * w:  # rather wide than tall
        h = max(72.0, 1.9 * height)
        w = max(w, (width + 10) / max(0.2, 1 - (height + 2) / h))
    whole = f"{told.label} ({told.sub})" if told.sub else told.label
    return Look("diamond", colours, lines, sublines, _up(w, 8), _up(h, 4), cut=whole if cut or subcut else "")


def _text_size(lines: Sequence[str], sublines: Sequence[str]) -> tuple[float, float]:
    widths = [measure(line, *LABEL) for line in lines] + [measure(line, *SUB) for line in sublines]
    return max(widths, default=0.0), LEADING * len(lines) + SUB_LEADING * len(sublines)


def _up(value: float, step: int) -> float:
    return math.ceil(round(value, 3) / step) * step


# -- drawing -----------------------------------------------------------------------------------------------------


class Rect(NamedTuple):  # made in a third of a dataclass's time, and a figure needs hundreds
    """Where a node or a frame stands."""

    x: float
    y: float
    w: float
    h: float

    @property
    def cx(self) -> float:
        return self.x + self.w / 2

    @property
    def cy(self) -> float:
        return self.y + self.h / 2

    @property
    def right(self) -> float:
        return self.x + self.w

    @property
    def bottom(self) -> float:
        return self.y + self.h

    def grown(self, by: float) -> Rect:
        return Rect(self.x - by, self.y - by, self.w + 2 * by, self.h + 2 * by)


def draw(index: int, kind: str, seen: Look, r: Rect, theme: Theme, flow: Point, square: bool) -> list[Shape]:
    """The shapes of a node at its place; `flow` is the direction in which the figure runs."""
    owner: Owner = ("node", index)
    width, colours = theme.stroke, seen.family
    paint = {"fill": colours.fill, "stroke": colours.stroke, "width": width, "owner": owner}
    seam = theme.seam if theme.seam and colours.stroke == colours.fill else colours.stroke
    text_x, text_y = r.cx, r.cy
    radius = 2.0 if square else 8.0
    shapes: list[Shape] = []
    match seen.shape:
        case "pill":
            shapes.append(Box(r.x, r.y, r.w, r.h, radius if square else r.h / 2, role="pill", **paint))
        case "cylinder":
            body, rim = _cylinder(r)
            shapes += [Path(body, role="cylinder", **paint), Path(rim, "", seam, width, closed=False, owner=owner)]
            text_y += 3.5
        case "diamond":
            shapes.append(Path(rounded(diamond(r), 1 if square else 4), role="diamond", **paint))
        case "trapezoid":
            corners = trapezoid(r, flow, widens=kind in ("decoder", "generator"))
            shapes.append(Path(rounded(corners, 1 if square else 4), role="trapezoid", **paint))
        case "document":
            shapes += _document(r, paint, seam, width, owner)
        case "documents":
            for step in (2, 1):
                shapes.append(Box(r.x + 4 * step, r.y + 8 - 4 * step, r.w - 8, r.h - 8, 4, role="detail", **paint))
            shapes.append(Box(r.x, r.y + 8, r.w - 8, r.h - 8, 4, role="documents", **paint))
            text_x, text_y = text_x - 4, text_y + 4
        case "user":
            return [*_user(r, theme, paint, owner), *_user_words(seen, r, theme, owner)]
        case "bare":
            text = Family("", "", theme.text, theme.muted)
            outline = Box(r.x, r.y, r.w, r.h, 0, owner=owner, role="bare")
            return [outline, *stacked(seen.lines, seen.sublines, r.cx, r.cy, text.text, text.sub, owner)]
        case "dots" | "op" if seen.sign in DOTS:
            shapes.append(Ellipse(r.cx, r.cy, r.w / 2, r.h / 2, role="op", **paint))
            x, y = (0, 1) if seen.sign == "⋮" else (1, 0)
            shapes += [Ellipse(r.cx + x * d, r.cy + y * d, 1.8, 1.8, theme.edge, owner=owner, role="dots")
                       for d in (-8, 0, 8)]  # fmt: skip
        case "op":
            shapes.append(Ellipse(r.cx, r.cy, r.w / 2, r.h / 2, role="op", **paint))
            shapes += [Path(p, "", colours.stroke, 1.5, closed=False, owner=owner) for p in _sign(seen.sign, r)]
        case "circle":
            shapes.append(Ellipse(r.cx, r.cy, r.w / 2, r.h / 2, role="circle", **paint))
        case _:
            shapes.append(Box(r.x, r.y, r.w, r.h, min(radius, r.h / 2), role="box", **paint))
    return shapes + stacked(seen.lines, seen.sublines, text_x, text_y, colours.text, colours.sub, owner)


def stacked(
    lines: tuple[str, ...], sublines: tuple[str, ...], x: float, y: float, colour: str, sub: str, owner: Owner
) -> list[Shape]:
    """Lines of a label and of a sublabel, centred around a point."""
    top = y - (LEADING * len(lines) + SUB_LEADING * len(sublines)) / 2
    shapes: list[Shape] = []
    for i, line in enumerate(lines):
        middle = top + LEADING * (i + 0.5)
        shapes.append(Text(x, middle + 0.36 * LABEL[0], line, *LABEL, colour, owner=owner, role="label"))
    top += LEADING * len(lines)
    for i, line in enumerate(sublines):
        middle = top + SUB_LEADING * (i + 0.5)
        shapes.append(Text(x, middle + 0.36 * SUB[0], line, *SUB, sub, owner=owner, role="sublabel"))
    return shapes


def diamond(r: Rect) -> list[Point]:
    """The corners of a diamond."""
    return [(r.cx, r.y), (r.right, r.cy), (r.cx, r.bottom), (r.x, r.cy)]


def trapezoid(r: Rect, flow: Point, widens: bool) -> list[Point]:
    """The corners of a trapezoid that widens or narrows along the flow by 36 %."""
    near, far = (0.18, 0.0) if widens else (0.0, 0.18)
    if flow[0] < 0 or flow[1] < 0:
        near, far = far, near
    if flow[0]:
        a, b = r.h * near, r.h * far
        return [(r.x, r.y + a), (r.right, r.y + b), (r.right, r.bottom - b), (r.x, r.bottom - a)]
    a, b = r.w * near, r.w * far
    return [(r.x + a, r.y), (r.right - a, r.y), (r.right - b, r.bottom), (r.x + b, r.bottom)]


def _cylinder(r: Rect) -> tuple[tuple[tuple, ...], tuple[tuple, ...]]:
    dip, k = 7.0, 0.5523
    left, right, top, low = r.x, r.right, r.y + dip, r.bottom - dip
    half, x = r.w / 2, r.cx

    def arc(y: float, depth: float, back: bool) -> tuple[tuple, ...]:
        a, b = (right, left) if back else (left, right)
        s = -1 if back else 1
        return (
            ("C", (a, y + depth * k), (x - s * half * k, y + depth), (x, y + depth)),
            ("C", (x + s * half * k, y + depth), (b, y + depth * k), (b, y)),
        )

    body = (("M", (left, top)), *arc(top, -dip, False), ("L", (right, low)), *arc(low, dip, True))
    return body, (("M", (left, top)), *arc(top, dip, False))


def _document(r: Rect, paint: dict, seam: str, width: float, owner: Owner) -> list[Shape]:
    fold = 12.0
    corners = [(r.x, r.y), (r.right - fold, r.y), (r.right, r.y + fold), (r.right, r.bottom), (r.x, r.bottom)]
    whole = list(rounded(corners, 4))
    for i, sharp in ((1, corners[1]), (2, corners[2])):  # the fold's own corners stay sharp
        whole[2 * i] = ("L", sharp)
        whole[2 * i + 1] = ("L", sharp)
    flap = (("M", corners[1]), ("L", (r.right - fold, r.y + fold)), ("L", corners[2]))
    return [Path(tuple(whole), role="document", **paint), Path(flap, "", seam, width, closed=False, owner=owner)]


def _user(r: Rect, theme: Theme, paint: dict, owner: Owner) -> list[Shape]:
    x, k = r.cx, 0.5523
    base, top = r.y + 36, r.y + 20
    shoulders = (
        ("M", (x - 15, base)),
        ("C", (x - 15, base - 16 * k), (x - 15 * k, top), (x, top)),
        ("C", (x + 15 * k, top), (x + 15, base - 16 * k), (x + 15, base)),
    )
    return [
        Box(r.x, r.y, r.w, r.h, 0, owner=owner, role="user"),  # unseen: what other things keep away from
        Ellipse(x, r.y + 9, 8, 8, paint["fill"], paint["stroke"], theme.stroke, owner),
        Path(shoulders, paint["fill"], paint["stroke"], theme.stroke, owner=owner),
    ]


def _user_words(seen: Look, r: Rect, theme: Theme, owner: Owner) -> list[Shape]:
    height = LEADING * len(seen.lines) + SUB_LEADING * len(seen.sublines)
    middle = r.y + 42 + height / 2
    return stacked(seen.lines, seen.sublines, r.cx, middle, theme.text, theme.muted, owner)


def _sign(sign: str, r: Rect) -> list[tuple[tuple, ...]]:
    x, y, a = r.cx, r.cy, 6.0
    if sign == "+":
        strokes = [((x - a, y), (x + a, y)), ((x, y - a), (x, y + a))]
    elif sign == "×":
        d = a * 0.75
        strokes = [((x - d, y - d), (x + d, y + d)), ((x - d, y + d), (x + d, y - d))]
    else:
        strokes = [((x - 2.5, y - a), (x - 2.5, y + a)), ((x + 2.5, y - a), (x + 2.5, y + a))]
    return [(("M", p), ("L", q)) for p, q in strokes]


def port(seen: Look, kind: str, r: Rect, flow: Point, side: Point, offset: float) -> Point:
    """The point of a node's outline on a side (a unit vector), `offset` pixels from the middle of that side."""
    if seen.shape == "user" and side[0]:
        # Beside the shoulders, unless the label is so high that the line would meet it.
        reach = 24 if len(seen.lines) + len(seen.sublines) == 1 else r.w / 2
        return (r.cx + side[0] * reach, r.cy + offset)
    if seen.shape == "cylinder" and side[1]:
        share = min(1.0, abs(offset) / (r.w / 2))
        depth = 7 - 7 * math.sqrt(1 - share * share)
        return (r.cx + offset, r.cy + side[1] * (r.h / 2 - depth))
    if seen.shape in ("op", "circle"):
        across, along = (r.h / 2, r.w / 2) if side[0] else (r.w / 2, r.h / 2)
        reach = along * math.sqrt(max(0.0, 1 - (offset / across) ** 2))
        return (r.cx + side[0] * reach, r.cy + offset) if side[0] else (r.cx + offset, r.cy + side[1] * reach)
    corners = []
    if seen.shape == "diamond":
        corners = diamond(r)
    elif seen.shape == "trapezoid":
        corners = trapezoid(r, flow, widens=kind in ("decoder", "generator"))
    if seen.shape == "diamond" and not offset:
        # The drawn tip is rounded by 4: it lies 0.5875 of the way of two points 4 before the corner.
        half = r.w / 2 if side[0] else r.h / 2
        reach = half - 0.5875 * 4 * half / math.hypot(r.w / 2, r.h / 2)
        return (r.cx + side[0] * reach, r.cy + side[1] * reach)
    if corners:
        return _reach(corners, (r.cx, r.cy), side, offset)
    if side[0]:
        return (r.cx + side[0] * r.w / 2, r.cy + offset)
    return (r.cx + offset, r.cy + side[1] * r.h / 2)


def _reach(corners: list[Point], centre: Point, side: Point, offset: float) -> Point:
    """Where the line through the centre (shifted by `offset` across) leaves a polygon towards a side."""
    x, y = centre
    a = 1 if side[0] else 0  # the coordinate that is held fixed: y for a side port, x for top and bottom
    fixed = (y if a else x) + offset
    ahead, best = side[0] or side[1], None  # beside the centre a slanted side may lie behind it
    for p, q in zip(corners, corners[1:] + corners[:1], strict=True):
        low, high = sorted((p[a], q[a]))
        if not low <= fixed <= high or p[a] == q[a]:
            continue
        t = (fixed - p[a]) / (q[a] - p[a])
        value = p[1 - a] + (q[1 - a] - p[1 - a]) * t
        if best is None or (value - best) * ahead > 0:
            best = value
    if best is None:
        best = x if a else y
    return (best, fixed) if a else (fixed, best)
