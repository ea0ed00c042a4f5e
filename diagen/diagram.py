"""The diagram: its data classes, and the small text language in which a model or a person writes it.

`parse(text) -> Diagram`, `dump(diagram) -> text`, `ask(request) -> chat messages`, `GRAMMAR` for constrained
decoding. docs/language.md is the reference of the language. Standard library only.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
import warnings
from collections import Counter
from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches

from diagen import DiagenError

VERSION = 1

LAYER_KINDS = tuple(
    "input output conv deconv pool upsample dense flatten reshape dropout norm activation embedding positional "
    "rnn lstm gru attention feedforward add multiply concat".split()
)
KINDS = LAYER_KINDS + tuple(
    "process data text model encoder decoder generator discriminator store dataset cache memory document "
    "documents user decision router loss metric reward optimizer latent service box circle".split()
)
VARIANTS = tuple(
    "max avg global adaptive batch layer group instance self cross causal masked bi sinusoidal learned depthwise "
    "separable dilated".split()
)
ACTIVATIONS = tuple(
    "relu gelu silu swish tanh sigmoid softmax linear elu selu leaky_relu mish softplus glu swiglu".split()
)
STYLE_WORDS = {
    "theme": ("paper", "outline", "ink", "slide", "night"),
    "direction": ("right", "down", "up", "left"),
    "spacing": ("compact", "normal", "wide"),
    "routing": ("orthogonal", "straight"),
    "shapes": ("rounded", "square"),
}
ARROWS = {"->": "arrow", "--": "line", "..>": "dashed-arrow", "..": "dashed-line"}

MAX_REQUEST = 4_000
MAX_TEXT = 100_000
MAX_NODES = 500
MAX_EDGES = 2_000
MAX_LABEL = 500
MAX_DEPTH = 8
MAX_UNITS = 10_000_000
MAX_SIDE = 100_000

_SYMBOL = {style: arrow for arrow, style in ARROWS.items()}
_SIZED = ("input", "reshape")  # their 28x28x1 is a size; everybody else's is a kernel


class DiagramError(DiagenError):
    """A text that is not a diagram: `line` and `column` (from 1; 0 for the whole), `reason`, what was `expected`."""

    def __init__(self, reason: str, line: int = 0, column: int = 0, expected: str = "") -> None:
        self.reason, self.line, self.column, self.expected = reason, line, column, expected
        where = f"line {line}, column {column}: " if line else ""
        super().__init__(f"{where}{reason}" + (f"; expected {expected}" if expected else ""))


@dataclass(frozen=True)
class Node:
    """A box of a process or a layer of a network. `at` is the centre and `extent` width and height, in pixels."""

    label: str
    kind: str = "process"
    variant: str = ""
    kernel: tuple[int, ...] = ()
    size: tuple[int, ...] = ()
    units: int | None = None
    stride: int | None = None
    rate: str = ""
    activation: str = ""
    fill: str = ""
    line: str = ""
    at: tuple[int, int] | None = None
    extent: tuple[int, int] | None = None


@dataclass(frozen=True, order=True)
class Edge:
    """From nodes[source] to nodes[target]; style is one of ARROWS' values."""

    source: int
    target: int
    style: str = "arrow"
    label: str = ""


@dataclass(frozen=True)
class Group:
    """A frame around nodes[start:stop], drawn once with a badge where repeat > 1, bypassed by a shortcut if skip."""

    title: str
    start: int
    stop: int
    repeat: int = 1
    skip: bool = False


@dataclass(frozen=True)
class Style:
    """The style words; an empty one leaves the choice to the layout."""

    theme: str = ""
    direction: str = ""
    spacing: str = ""
    routing: str = ""
    shapes: str = ""
    scale: str = ""

    def __post_init__(self) -> None:
        for name, words in STYLE_WORDS.items():
            if getattr(self, name) not in ("", *words):
                raise DiagramError(f"{name} {getattr(self, name)!r} is unknown", expected=" or ".join(words))
        if self.scale and not (re.fullmatch(r"[0-9](\.[0-9]{1,2})?", self.scale) and 0.25 <= float(self.scale) <= 4):
            raise DiagramError(f"scale {self.scale!r} is out of range", expected="a number from 0.25 to 4")


@dataclass(frozen=True)
class Diagram:
    """The noun of the house. Nodes stand in the order of their first mention; edges are kept sorted."""

    nodes: tuple[Node, ...] = ()
    edges: tuple[Edge, ...] = ()
    groups: tuple[Group, ...] = ()
    title: str = ""
    style: Style = field(default_factory=Style)

    def __post_init__(self) -> None:
        if not self.nodes:
            raise DiagramError("the diagram has no node")
        if len(self.nodes) > MAX_NODES or len(self.edges) > MAX_EDGES:
            raise DiagramError(f"too large: at most {MAX_NODES} nodes and {MAX_EDGES} edges")
        for node in self.nodes:
            _check_label(node.label)
            _check_node(node)
        for edge in self.edges:
            if not (0 <= edge.source < len(self.nodes) and 0 <= edge.target < len(self.nodes)):
                raise DiagramError("an edge leads to a node that does not exist")
            if edge.style not in _SYMBOL:
                raise DiagramError(f"edge style {edge.style!r} is unknown", expected=" or ".join(_SYMBOL))
            if edge.label:
                _check_label(edge.label)
        if self.title:
            _check_label(self.title)
        self._check_groups()
        object.__setattr__(self, "edges", tuple(sorted(self.edges, key=lambda e: (max(e.source, e.target), e))))

    def _check_groups(self) -> None:
        stack: list[Group] = []
        before = 0
        for group in self.groups:
            if group.title:
                _check_label(group.title)
            if not 1 <= group.repeat <= 999:
                raise DiagramError("a group's repeat is out of range", expected="1 to 999")
            while stack and stack[-1].stop <= group.start:
                stack.pop()
            inside = not stack or group.stop <= stack[-1].stop
            if not (before <= group.start <= group.stop <= len(self.nodes) and inside):
                raise DiagramError("groups must nest and stand in the order of their nodes")
            stack.append(group)
            before = group.start
            if len(stack) > MAX_DEPTH:
                raise DiagramError(f"more than {MAX_DEPTH} groups inside each other")

    def names(self) -> list[str]:
        """How the language refers to each node: its label, with #2, #3 ... where an earlier one has the same."""
        seen: dict[str, int] = {}
        names = []
        for node in self.nodes:
            key = node.label.casefold()
            seen[key] = seen.get(key, 0) + 1
            names.append(node.label if seen[key] == 1 else f"{node.label}#{seen[key]}")
        return names

    def flow(self) -> tuple[Edge, ...]:
        """All edges, those that skip groups stand for included: from what feeds the block to what it feeds."""
        edges = list(self.edges)
        for group in self.groups:
            if not group.skip or group.start == group.stop:
                continue
            first, last = group.start, group.stop - 1
            inside = range(group.start, group.stop)
            source = next((e.source for e in self.edges if e.target == first and e.source not in inside), first)
            target = next((e.target for e in self.edges if e.source == last and e.target not in inside), last)
            # A repeated block hands its shortcut to itself, so there it starts and ends inside the frame.
            if group.repeat > 1:
                source, target = first, last
            if source != target:
                edges.append(Edge(source, target, "arrow", ""))
        return tuple(edges)


# -- checks ------------------------------------------------------------------------------------------------------


def _clean(text: str) -> str:
    return " ".join(text.split())


def _bad_character(text: str) -> str:
    return next((c for c in text if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp")), "")


def _check_label(text: str) -> None:
    if not text or text != _clean(text) or _bad_character(text):
        raise DiagramError(f"label {text[:40]!r} is empty, padded or holds control characters")
    if len(text) > MAX_LABEL:
        raise DiagramError(f"a label has {len(text)} characters", expected=f"at most {MAX_LABEL}")


def _check_node(node: Node) -> None:
    def within(name: str, values: tuple[int, ...], most: int) -> None:
        if not all(0 < v <= most for v in values):
            raise DiagramError(f"{name} of {node.label[:40]!r} is out of range", expected=f"1 to {most}")

    if node.kind not in KINDS:
        raise DiagramError(f"kind {node.kind!r} is unknown", expected="one of " + " ".join(KINDS))
    if node.variant not in ("", *VARIANTS) or node.activation not in ("", *ACTIVATIONS):
        raise DiagramError(f"{node.label[:40]!r} has an unknown variant or activation")
    within("the kernel", node.kernel, MAX_SIDE)
    within("the size", node.size, MAX_UNITS if len(node.size) == 1 else MAX_SIDE)
    if node.kernel and (node.kind in _SIZED or not 2 <= len(node.kernel) <= 4) or len(node.size) > 4:
        raise DiagramError(f"{node.label[:40]!r} has a kernel or size of the wrong length")
    if node.kind in _SIZED and len(node.size) == 1:
        raise DiagramError(f"the size of {node.label[:40]!r} needs two to four sides; write one number as units")
    within("the units", () if node.units is None else (node.units,), MAX_UNITS)
    within("the stride", () if node.stride is None else (node.stride,), 1_000)
    if node.rate and not re.fullmatch(r"0\.[0-9]{1,4}", node.rate):
        raise DiagramError(f"rate {node.rate!r} is out of range", expected="0.0 to 0.9999")
    for colour in (node.fill, node.line):
        if colour and not re.fullmatch(r"#[0-9a-f]{6}", colour):
            raise DiagramError(f"colour {colour!r} is unknown", expected="#rrggbb")
    if node.at and not all(abs(v) <= MAX_SIDE for v in node.at):
        raise DiagramError("a position is out of range")
    within("the extent", node.extent or (), MAX_SIDE)
    if node.extent and not node.at:
        raise DiagramError("an extent needs a position")


# -- parse -------------------------------------------------------------------------------------------------------

# Between words; a rarer space, such as U+2009, is part of its word and becomes a plain one in the label.
_SPACES = " \t\u00a0\u3000"
_WORD = rf'[^{_SPACES}\[\]|"\-.:@#][^{_SPACES}\[\]|"]*'
_TOKEN = re.compile(
    rf'(?P<string>"(?:[^"\\]|\\["\\])*"(?:#(?P<nth>[0-9]{{1,4}}))?)(?=[{_SPACES}\[|]|$)'
    rf"|(?P<arrow>->|--|\.\.>|\.\.)(?=[{_SPACES}]|$)"
    rf"|(?P<pipe>\|)(?=[{_SPACES}]|$)"
    rf"|(?P<colon>:)(?=[{_SPACES}]|$)"
    rf'|(?P<spec>\[[^\[\]"]*\])(?=[{_SPACES}]|$)'
    rf"|(?P<place>@[^{_SPACES}\[\]|\"]*)(?=[{_SPACES}]|$)"
    rf"|(?P<word>{_WORD})"
)
_NUMBERED = re.compile(r"(.*\S)#([0-9]{1,4})")  # Dropout#2
_TIMES = re.compile(r"x([1-9][0-9]{0,2})")
_COUNT = re.compile(r"[1-9][0-9]?")
_SIDES = r"[0-9]{1,8}(?:x[0-9]{1,8}){1,3}"
_PLACE = re.compile(r"@(-?[0-9]{1,6}),(-?[0-9]{1,6})(?:,([0-9]{1,6}),([0-9]{1,6}))?")
_ATTRIBUTES = (  # name, pattern of its word
    ("variant", re.compile("|".join(VARIANTS))),
    ("sides", re.compile(_SIDES)),
    ("units", re.compile(r"[0-9]{1,8}")),
    ("stride", re.compile(r"s[0-9]{1,4}")),
    ("rate", re.compile(r"0\.[0-9]{1,4}")),
    ("activation", re.compile("|".join(ACTIVATIONS))),
    ("size", re.compile(rf"=(?:{_SIDES}|[0-9]{{1,8}})")),
    ("fill", re.compile(r"fill=#[0-9a-fA-F]{6}")),
    ("line", re.compile(r"line=#[0-9a-fA-F]{6}")),
)


def parse(text: str) -> Diagram:
    """The diagram that the text says; DiagramError where it says none. Node lists of the predecessor are read too."""
    if len(text) > MAX_TEXT:
        raise DiagramError(f"the text has {len(text)} characters", expected=f"at most {MAX_TEXT}")
    if re.match(r"\s*([0-9]+\s*)?\[\s*['\"]?[0-9]", text):
        return _parse_node_list(text)
    return _Reader().read(text)


class _Reader:
    """State of one reading: what has been named so far and which nodes are current."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.edges: list[Edge] = []
        self.groups: list[Group] = []
        self.open: list[tuple[int, int]] = []  # index and line of every open group
        self.index: dict[tuple[str, int], int] = {}
        self.kinds: dict[str, int] = {}
        self.current: list[int] = []
        self.title, self.style = "", None
        self.block: tuple[int, int, list[Node]] | None = None  # line, times, layers of an open repeat
        self.number = 0

    def fail(self, reason: str, column: int = 1, expected: str = "") -> DiagramError:
        return DiagramError(reason, self.number, column, expected)

    def read(self, text: str) -> Diagram:
        for self.number, raw in enumerate(text.split("\n"), 1):
            line = raw.rstrip(" \t\r")
            if not line.strip() or line.lstrip(_SPACES).startswith("#"):
                continue
            bad = _bad_character(line.replace("\t", " "))
            if bad:
                raise self.fail(f"control character U+{ord(bad):04X}", line.index(bad) + 1)
            if line.strip() == "none" and not self.nodes:
                raise self.fail("the text says that the request describes no diagram")
            try:
                self.read_line(line)
            except DiagramError as error:
                if error.line:
                    raise
                raise self.fail(error.reason, 1, error.expected) from None
        if self.block:
            raise DiagramError("this repeat is never closed", self.block[0], 1, "a line `end`")
        if self.open:
            raise DiagramError("this group is never closed", self.open[-1][1], 1, "a line `end`")
        return Diagram(tuple(self.nodes), tuple(self.edges), tuple(self.groups), self.title, self.style or Style())

    def read_line(self, line: str) -> None:
        tokens = self.tokens(line)
        kinds = {t.lastgroup for t in tokens}
        if kinds & {"arrow", "spec"}:
            self.read_chain(tokens)
            return
        words = line.split()
        if words == ["end"]:
            self.read_end()
        elif words[0] == "title":
            self.read_title(tokens)
        elif words[0] == "style":
            self.read_style(words)
        elif words[0] == "group":
            self.read_group(tokens)
        elif words[0] == "repeat":
            self.read_repeat(words)
        elif words[0] in LAYER_KINDS or len(words) > 1 and words[0].isdecimal() and words[1] in LAYER_KINDS:
            self.read_layer(words)
        else:
            raise self.fail(
                f"{line.strip()[:60]!r} is no line of the language",
                len(line) - len(line.lstrip()) + 1,
                "an arrow (`A -> B`), a node with a kind (`A [data]`) or a layer (`dense 64`)",
            )

    def tokens(self, line: str) -> list[re.Match[str]]:
        found, at = [], 0
        while at < len(line):
            if line[at] in _SPACES:
                at += 1
                continue
            token = _TOKEN.match(line, at)
            if not token:
                expected = "a label (quoted where it is unusual), an arrow"
                raise self.fail(f"{line[at : at + 20]!r} cannot stand here", at + 1, expected)
            found.append(token)
            at = token.end()
        return found

    # -- lines ---------------------------------------------------------------------------------------------------

    def read_title(self, tokens: list[re.Match[str]]) -> None:
        if self.title or self.style or self.begun():
            raise self.fail("a title stands once, before all other lines")
        self.title = self.label(tokens[1:], tokens[0].end() + 1)[0]

    def read_style(self, words: list[str]) -> None:
        if self.style or self.begun():
            raise self.fail("style stands once, before the nodes")
        found: dict[str, str] = {}
        for word in words[1:]:
            if word.startswith("scale="):
                name, value = "scale", word[6:]
            else:
                name = next((n for n, known in STYLE_WORDS.items() if word in known), "")
                value = word
            if not name or not value or name in found:
                known = " ".join(w for ws in STYLE_WORDS.values() for w in ws)
                raise self.fail(f"style word {word[:40]!r} is unknown or a second of its sort", 1, known)
            found[name] = value
        if not found:
            raise self.fail("style without words", 1, "a style word such as `night` or `down`")
        self.style = Style(**found)

    def read_group(self, tokens: list[re.Match[str]]) -> None:
        self.outside_repeat()
        rest, repeat, skip = tokens[1:], 1, False
        if rest and rest[-1].group() == "skip":
            skip = True
            rest = rest[:-1]
        times = _TIMES.fullmatch(rest[-1].group()) if rest else None
        if times:
            repeat = int(times[1])
            rest = rest[:-1]
        title = self.label(rest, 1)[0] if rest else ""
        if len(self.open) >= MAX_DEPTH:
            raise self.fail(f"more than {MAX_DEPTH} groups inside each other")
        if len(self.groups) >= MAX_NODES:
            raise self.fail(f"more than {MAX_NODES} groups")
        self.open.append((len(self.groups), self.number))
        self.groups.append(Group(title, len(self.nodes), len(self.nodes), repeat, skip))

    def read_repeat(self, words: list[str]) -> None:
        self.outside_repeat()
        if len(words) != 2 or not _COUNT.fullmatch(words[1]):
            raise self.fail("repeat without a count", 8, "`repeat N`, N from 1 to 99")
        self.block = (self.number, int(words[1]), [])

    def read_end(self) -> None:
        if self.block:
            _, times, layers = self.block
            self.block = None
            for _ in range(times):
                for layer in layers:
                    self.add_layer(layer)
        elif self.open:
            at, _ = self.open.pop()
            self.groups[at] = replace(self.groups[at], stop=len(self.nodes))
        else:
            raise self.fail("`end` without a group or a repeat before it")

    def read_layer(self, words: list[str]) -> None:
        times = 1
        if words[0].isdecimal():
            if not _COUNT.fullmatch(words[0]):
                raise self.fail("a layer is repeated too often", 1, "1 to 99 times")
            times, words = int(words[0]), words[1:]
        place = words.pop() if words[-1].startswith("@") else ""
        layer = self.node(words[0], words, 1, place)
        if place and (times > 1 or self.block):
            raise self.fail("a place belongs to one layer, not to a repeat")
        for _ in range(times):
            if self.block:
                if len(self.block[2]) >= MAX_NODES:
                    raise self.fail(f"more than {MAX_NODES} layers")
                self.block[2].append(layer)
            else:
                self.add_layer(layer)

    def read_chain(self, tokens: list[re.Match[str]]) -> None:
        self.outside_repeat()
        label, after = "", 0
        colon = next((i for i, t in enumerate(tokens) if t.lastgroup == "colon"), None)
        if colon is not None:
            after = tokens[colon].end()
            label = self.label(tokens[colon + 1 :], after + 1)[0]
            tokens = tokens[:colon]
        parts: list[list[re.Match[str]]] = [[]]
        arrows: list[str] = []
        for token in tokens:
            if token.lastgroup == "arrow":
                arrows.append(ARROWS[token.group()])
                parts.append([])
            else:
                parts[-1].append(token)
        if colon is not None and not arrows:
            raise self.fail("a label behind `:` needs an arrow before it", after, "`A -> B : label`")
        left: list[int] | None = None
        for i, part in enumerate(parts):
            if not part and i == 0 and arrows:
                if not self.current:
                    raise self.fail("an arrow from nowhere", 1, "a node before the arrow")
                right = self.current
            else:
                right = self.ends(part, tokens)
            if left is not None:
                text = label if i == len(parts) - 1 else ""
                self.connect(left, right, arrows[i - 1], text)
            left = right
        self.current = list(left or [])

    def ends(self, part: list[re.Match[str]], tokens: list[re.Match[str]]) -> list[int]:
        found: dict[int, None] = {}
        one: list[re.Match[str]] = []
        last = tokens[-1]
        for token in [*part, None]:
            if token is not None and token.lastgroup != "pipe":
                one.append(token)
                continue
            if not one:
                column = (token or last).end() + (0 if token else 1)
                raise self.fail("a node is missing", column, "a label")
            found[self.mention(one)] = None
            one = []
        return list(found)

    # -- parts of lines ------------------------------------------------------------------------------------------

    def begun(self) -> bool:
        return bool(self.nodes or self.groups or self.block)

    def outside_repeat(self) -> None:
        if self.block:
            raise self.fail("only layer lines may stand in a repeat", 1, "a layer or `end`")

    def label(self, tokens: list[re.Match[str]], column: int, names_node: bool = False) -> tuple[str, int]:
        """(label, which of those with this label), from the tokens of one label; `#2` counts nodes only."""
        if not tokens:
            raise self.fail("a label is missing", column, "some words")
        odd = next((t for t in tokens if t.lastgroup not in ("word", "string")), None)
        if odd or len(tokens) > 1 and any(t.lastgroup == "string" for t in tokens):
            token = odd or tokens[1]
            raise self.fail(f"{token.group()[:20]!r} cannot stand in a label", token.start() + 1, "words or one string")
        if tokens[0].lastgroup == "string":
            quoted, nth = tokens[0].group(), tokens[0].group("nth")
            text = re.sub(r"\\(.)", r"\1", quoted[1 : quoted.rindex('"')])
        else:
            text, nth = " ".join(t.group() for t in tokens), None
            numbered = _NUMBERED.fullmatch(text)
            if numbered:
                text, nth = numbered.groups()
        text = _clean(text)
        if nth and not names_node:
            text, nth = f"{text}#{nth}", None
        if not text or len(text) > MAX_LABEL:
            raise self.fail("a label is empty or too long", tokens[0].start() + 1, f"1 to {MAX_LABEL} characters")
        return text, max(int(nth or 1), 1)

    def mention(self, tokens: list[re.Match[str]]) -> int:
        place = tokens[-1].group() if tokens[-1].lastgroup == "place" else ""
        if place:
            tokens = tokens[:-1]
        spec = tokens[-1] if tokens and tokens[-1].lastgroup == "spec" else None
        if spec:
            tokens = tokens[:-1]
        text, nth = self.label(tokens, spec.start() + 1 if spec else 1, names_node=True)
        at = self.index.get((text.casefold(), nth))
        if at is not None and not spec and not place:
            return at
        words = spec.group()[1:-1].split() if spec else ["process"]
        if not words:
            raise self.fail("empty brackets", spec.start() + 1 if spec else 1, "a kind")
        node = self.node(text, words, spec.start() + 2 if spec else 1, place)
        if at is None:
            at = self.add(node)
            self.index[text.casefold(), nth] = at
        else:
            known = self.nodes[at]
            node = replace(node if spec else known, label=known.label)
            if place:
                node = replace(node, **self.place(place))
            elif known.at:
                node = replace(node, at=known.at, extent=known.extent)
            self.nodes[at] = node
        return at

    def place(self, word: str) -> dict[str, tuple[int, int] | None]:
        found = _PLACE.fullmatch(word)
        if not found:
            raise self.fail(f"place {word[:30]!r} is unclear", 1, "@x,y or @x,y,width,height")
        x, y, width, height = found.groups()
        return {"at": (int(x), int(y)), "extent": (int(width), int(height)) if width else None}

    def node(self, label: str, words: list[str], column: int, place: str) -> Node:
        kind = words[0]
        if kind not in KINDS:
            near = get_close_matches(kind, KINDS, 1)
            raise self.fail(f"kind {kind[:30]!r} is unknown", column, near[0] if near else "one of " + " ".join(KINDS))
        found: dict[str, str] = {}
        for word in words[1:]:
            name = next((n for n, pattern in _ATTRIBUTES if pattern.fullmatch(word)), "")
            if not name or name in found:
                raise self.fail(
                    f"attribute {word[:30]!r} is unknown or a second of its sort",
                    column,
                    "max 3x3 64 s2 0.5 relu =28x28x64 or their like",
                )
            found[name] = word.split("=")[-1]
        values: dict[str, object] = {k: v for k, v in found.items() if k in ("variant", "rate", "activation")}
        kernel, size = (tuple(int(n) for n in found[k].split("x")) if k in found else () for k in ("sides", "size"))
        if "units" in found:
            values["units"] = int(found["units"])
        if kind in _SIZED:  # an input's size is what comes out of it; one number is its units
            if len(size) == 1:
                values["units"], size = size[0], ()
            kernel, size = (), size or kernel
        values |= {"kernel": kernel, "size": size}
        if "stride" in found:
            values["stride"] = int(found["stride"][1:])
        values |= {k: found[k].lower() for k in ("fill", "line") if k in found}
        if place:
            values |= self.place(place)
        node = Node(label, kind, **values)  # type: ignore[arg-type]
        _check_node(node)
        return node

    def add(self, node: Node) -> int:
        if len(self.nodes) >= MAX_NODES:
            raise self.fail(f"more than {MAX_NODES} nodes")
        self.nodes.append(node)
        self.kinds[node.kind] = self.kinds.get(node.kind, 0) + 1
        return len(self.nodes) - 1

    def add_layer(self, layer: Node) -> None:
        label = _auto_label(layer.kind, self.kinds.get(layer.kind, 0))
        at = self.add(replace(layer, label=label))
        nth = 1
        while (label, nth) in self.index:
            nth += 1
        self.index[label, nth] = at
        self.connect(self.current, [at], "arrow", "")
        self.current = [at]

    def connect(self, left: list[int], right: list[int], style: str, label: str) -> None:
        if len(self.edges) + len(left) * len(right) > MAX_EDGES:
            raise self.fail(f"more than {MAX_EDGES} edges")
        self.edges += [Edge(a, b, style, label) for a in left for b in right]


def _auto_label(kind: str, before: int) -> str:
    return f"{kind} {before + 1}"


# -- dump --------------------------------------------------------------------------------------------------------

_PLAIN = re.compile(rf"{_WORD}(?: {_WORD})*")


def _quote(label: str, title: bool = False) -> str:
    last = label.split(" ")[-1]
    ends_odd = _NUMBERED.fullmatch(label) or title and (last == "skip" or _TIMES.fullmatch(last))
    if _PLAIN.fullmatch(label) and not ends_odd:
        return label
    return '"' + label.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _specification(node: Node) -> str:
    """The kind and its attributes, in their order."""
    words = [node.kind, node.variant]
    words.append("x".join(map(str, node.size if node.kind in _SIZED else node.kernel)))
    words.append("" if node.units is None else str(node.units))
    words.append("" if node.stride is None else f"s{node.stride}")
    words += [node.rate, node.activation]
    if node.size and node.kind not in _SIZED:
        words.append("=" + "x".join(map(str, node.size)))
    words += [f"fill={node.fill}" if node.fill else "", f"line={node.line}" if node.line else ""]
    return " ".join(w for w in words if w)


def _place(node: Node) -> str:
    if not node.at:
        return ""
    return " @" + ",".join(map(str, (*node.at, *(node.extent or ()))))


def dump(diagram: Diagram) -> str:
    """The canonical text: parse(dump(d)) == d."""
    nodes = diagram.nodes
    names = [_quote(n.label) + name[len(n.label) :] for n, name in zip(nodes, diagram.names(), strict=True)]
    due: list[list[Edge]] = [[] for _ in nodes]
    for edge in diagram.edges:
        due[max(edge.source, edge.target)].append(edge)
    automatic, seen = [], {}
    for node in nodes:
        label = _auto_label(node.kind, seen.get(node.kind, 0))
        automatic.append(node.kind in LAYER_KINDS and node.label == label)
        seen[node.kind] = seen.get(node.kind, 0) + 1
    borders = {g.start for g in diagram.groups} | {g.stop for g in diagram.groups}

    lines: list[str] = [f"title {_quote(diagram.title)}"] if diagram.title else []
    words = [getattr(diagram.style, name) for name in STYLE_WORDS]
    words.append(f"scale={diagram.style.scale}" if diagram.style.scale else "")
    if any(words):
        lines.append("style " + " ".join(w for w in words if w))

    def chained(i: int) -> bool:
        return automatic[i] and (i == 0 or all(Edge(j, i) in due[i] for j in current or (i,)))

    def introduced(i: int) -> str:
        spec = _specification(nodes[i])
        return names[i] + (f" [{spec}]" if spec != "process" else "") + _place(nodes[i])

    waiting = list(diagram.groups)
    closing: list[int] = []
    current: tuple[int, ...] = ()
    alone: list[int] = []  # nodes whose declarations are the last lines
    i = 0
    while i <= len(nodes):
        while closing and closing[-1] == i:
            closing.pop()
            lines.append("end")
            alone = []
        while waiting and waiting[0].start == i:
            group = waiting.pop(0)
            title = _quote(group.title, title=True) if group.title else ""
            parts = ["group", title, f"x{group.repeat}" if group.repeat > 1 else "", "skip" if group.skip else ""]
            alone = []
            lines.append(" ".join(p for p in parts if p))
            if group.stop == i:
                lines.append("end")
            else:
                closing.append(group.stop)
        if i == len(nodes):
            break
        rest = list(due[i])
        if chained(i):
            for j in current:
                rest.remove(Edge(j, i))
            last = i
            if not rest and not nodes[i].at:
                while (
                    last + 1 < len(nodes)
                    and last - i < 98
                    and last + 1 not in borders
                    and automatic[last + 1]
                    and due[last + 1] == [Edge(last, last + 1)]
                    and replace(nodes[last + 1], label="") == replace(nodes[i], label="")
                ):
                    last += 1
            count = f"{last - i + 1} " if last > i else ""
            lines.append(count + _specification(nodes[i]) + _place(nodes[i]))
            i = last
            current, alone = (i,), []
        else:
            into = [e for e in rest if e.target == i and e.source < i]
            first = next((e for e in into if e.source in current), into[0] if into else None)
            if first:
                bundle = sorted({e for e in into if (e.style, e.label) == (first.style, first.label)})
                for edge in bundle:
                    rest.remove(edge)
                sources = tuple(e.source for e in bundle)
                targets = [i]
                same = all(e.source == i and e.target < i for e in rest)  # ways back, perhaps the same from all of them
                while (
                    same
                    and (j := targets[-1] + 1) < len(nodes)
                    and j not in borders
                    and due[j] == sorted([replace(e, target=j) for e in bundle] + [replace(e, source=j) for e in rest])
                ):
                    targets.append(j)
                if alone[-len(sources) :] == list(sources):  # declared just above: one line says both
                    del lines[-len(sources) :]
                    left = [introduced(j) for j in sources]
                else:
                    left = [] if set(sources) == set(current) else [names[j] for j in sources]
                lines.append(_edge_line(first, left, [introduced(j) for j in targets]))
                i, current, alone = targets[-1], tuple(targets), []
            elif back := next((e for e in rest if e.source == i and e.target < i), None):
                rest.remove(back)
                lines.append(_edge_line(back, [introduced(i)], [names[back.target]]))
                current, alone = (back.target,), []
            else:
                lines.append(f"{names[i]} [{_specification(nodes[i])}]{_place(nodes[i])}")
                current = (i,)
                alone.append(i)
        ends = current if len(current) > 1 else (i,)
        for edge in rest:
            sources = ends if edge.source in ends else (edge.source,)
            left = [] if current == sources else [names[j] for j in sources]
            lines.append(_edge_line(edge, left, [names[edge.target]]))
            current, alone = (edge.target,), []
        i += 1
    return "\n".join(lines) + "\n"


def _edge_line(edge: Edge, left: list[str], right: list[str]) -> str:
    """One line for the edges from every left name (none: the current nodes) to every right one, all like `edge`."""
    label = f" : {_quote(edge.label)}" if edge.label else ""
    return " ".join(x for x in (" | ".join(left), _SYMBOL[edge.style], " | ".join(right)) if x) + label


def restyle(diagram: Diagram, **words: str | None) -> Diagram:
    """The diagram with some of its style words replaced, e.g. restyle(d, theme="night", direction="down")."""
    unknown = set(words) - {f.name for f in fields(Style)}
    if unknown:
        raise DiagramError(f"style.{sorted(unknown)[0]} is unknown", expected=" ".join(f.name for f in fields(Style)))
    return replace(diagram, style=replace(diagram.style, **{k: str(v) for k, v in words.items() if v is not None}))


# -- as plain data -----------------------------------------------------------------------------------------------

# What a network's layer line says about the layer before it, rather than of a layer with units or maps of its own.
_NOTES = ("flatten", "reshape", "dropout", "norm", "activation")


def as_graph(diagram: Diagram) -> dict[str, list[dict[str, object]]]:
    """{"nodes": [...], "edges": [...]} as plain data, one node a layer.

    In a network of layer lines, flatten, dropout, norm and activation are fields of the layer before them.
    """
    titles = display_labels(diagram)
    network = all(_is_automatic(n) for n in diagram.nodes)
    rows: list[dict[str, object]] = []
    row_of: list[int] = []
    for i, node in enumerate(diagram.nodes):
        if network and node.kind in _NOTES and i and any((e.source, e.target) == (i - 1, i) for e in diagram.edges):
            rows[-1][node.kind] = node.activation or node.rate or node.variant or True
            row_of.append(len(rows) - 1)
            continue
        row_of.append(len(rows))
        sides: tuple[int, ...] = node.size[1:] if len(node.size) == 3 and node.size[1] == node.size[2] else node.size
        row: dict[str, object] = {
            "id": f"n{len(rows) + 1}",
            "label": titles[i],
            "kind": node.kind,
            "units": node.units,
            "size": sides[0] if len(set(sides[:2])) == 1 else None,
        }
        more = {
            "variant": node.variant, "kernel": list(node.kernel), "shape": list(node.size), "stride": node.stride,
            "rate": node.rate, "activation": node.activation,
        }  # fmt: skip
        rows.append(row | {k: v for k, v in more.items() if v})
    edges = []
    for edge in diagram.flow():
        source, target = row_of[edge.source], row_of[edge.target]
        if source == target and edge.source != edge.target:
            continue  # inside a layer and its notes
        edges.append(
            {"source": rows[source]["id"], "target": rows[target]["id"], "label": edge.label, "style": edge.style}
        )
    return {"nodes": rows, "edges": edges}


def canonical(diagram: Diagram) -> tuple:
    """What two diagrams of the same graph have in common: nodes and edges without order, style and places."""
    graph = as_graph(diagram)
    names = {n["id"]: (str(n["label"]).lower(), n["kind"], str(n["units"]), str(n["size"])) for n in graph["nodes"]}
    edges = Counter((names[e["source"]], names[e["target"]], str(e["label"]).lower()) for e in graph["edges"])
    return tuple(sorted(Counter(names.values()).items())), tuple(sorted(edges.items()))


def _is_automatic(node: Node) -> bool:
    return node.kind in LAYER_KINDS and re.fullmatch(rf"{node.kind} [0-9]+", node.label) is not None


_SPELT = {"rnn": "RNN", "lstm": "LSTM", "gru": "GRU", "conv": "Conv", "deconv": "Deconv", "feedforward": "Feed forward"}


def display_labels(diagram: Diagram) -> list[str]:
    """What a reader calls each node: its label; for a layer without one its kind, numbered where there are several."""
    kinds = [n.kind for n in diagram.nodes if _is_automatic(n)]
    labels = []
    for node in diagram.nodes:
        if _is_automatic(node):
            name = _SPELT.get(node.kind, node.kind.capitalize())
            labels.append(f"{name} {node.label.split()[-1]}" if kinds.count(node.kind) > 1 else name)
        else:
            labels.append(node.label)
    return labels


# -- the predecessor's node lists --------------------------------------------------------------------------------

_QUOTE = r"['\"]?"
_COLOUR = rf"{_QUOTE}\(\s*([0-9]{{1,9}})\s*,\s*([0-9]{{1,9}})\s*,\s*([0-9]{{1,9}})\s*\){_QUOTE}"
_NUMBER = rf"{_QUOTE}(-?[0-9]{{1,9}}(?:\.[0-9]+)?){_QUOTE}"
_NODE_LINE = re.compile(
    rf"\[\s*{_NUMBER}\s*,\s*{_NUMBER}\s*,\s*{_NUMBER}\s*,\s*{_QUOTE}([a-z ]+?){_QUOTE}\s*,\s*{_NUMBER}\s*,\s*{_NUMBER}"
    rf"\s*,\s*{_QUOTE}\W?([a-z ]+?){_QUOTE}\s*,\s*{_COLOUR}\s*,\s*{_COLOUR}"
    rf"\s*,\s*{_QUOTE}\[([^\]]*)\]{_QUOTE}\s*\]\s*,?"
)
# What its model wrote at its worst: the first six fields without their commas, then whatever.
_NODE_SCRAP = re.compile(
    r"\W*(N)\W+(N)\W+(N)\W+((?:round )?rectangle|circle)\W+(N)\W+(N)\b.*".replace("N", "[0-9]{1,9}")
)
_NODE_LIST_STYLES = {"solid arrow": "arrow", "solid line": "line", "dashed line": "dashed-line"}


def _parse_node_list(text: str) -> Diagram:
    """`[number, x, y, 'shape', width, height, 'line', (r, g, b), (r, g, b), [targets]]` a line, at its own places."""
    lines = {number: _clean(line) for number, line in enumerate(text.split("\n"), 1) if line.strip()}
    found = {number: _NODE_LINE.fullmatch(line) for number, line in lines.items()}
    scraps = not any(found.values())
    if scraps:
        found = {number: _NODE_SCRAP.fullmatch(line) for number, line in lines.items()}
    rows = [m.groups() for m in found.values() if m]
    if not rows:
        raise DiagramError("no line is a node of a node list", 1, 1, "[number, x, y, 'shape', width, height, ...]")
    if len(rows) > MAX_NODES:
        raise DiagramError(f"more than {MAX_NODES} nodes")
    damaged = [str(number) for number, m in found.items() if not m]
    if scraps:
        warnings.warn("the node list is damaged; only shapes and places could be read", stacklevel=3)
        rows = [(*row, "solid arrow", "255", "255", "255", "0", "0", "0", "") for row in rows]
    if damaged:
        which = ", ".join(damaged[:5]) + (" ..." if len(damaged) > 5 else "")
        warnings.warn(f"line {which} of the node list is cut off or damaged; it was dropped", stacklevel=3)
    at = {}
    nodes, edges = [], []
    for i, row in enumerate(rows):
        at.setdefault(int(float(row[0])), i)
        shape = {"circle": "circle", "rectangle": "box"}.get(row[3], "process")
        colours = ["#" + "".join(f"{min(int(c), 255):02x}" for c in row[k : k + 3]) for k in (7, 10)]
        x, y, width, height = (max(-MAX_SIDE, min(MAX_SIDE, round(float(v)))) for v in (row[1], row[2], row[4], row[5]))
        nodes.append(
            Node(
                str(int(float(row[0]))), shape, fill=colours[0], line=colours[1],
                at=(x, y), extent=(max(1, width), max(1, height)),
            )
        )  # fmt: skip
    for i, row in enumerate(rows):
        for target in re.findall(r"[0-9]+", row[13]):
            if len(target) < 10 and int(target) in at:
                edges.append(Edge(i, at[int(target)], _NODE_LIST_STYLES.get(row[6], "arrow")))
    if len(edges) > MAX_EDGES:
        raise DiagramError(f"more than {MAX_EDGES} edges")
    return Diagram(tuple(nodes), tuple(edges))


# -- for the language model --------------------------------------------------------------------------------------


def ask(request: str) -> list[dict[str, str]]:
    """The chat messages that ask a model for the diagram of a request; the one wording for training and inference."""
    return [{"role": "system", "content": "Diagram"}, {"role": "user", "content": clean_request(request)}]


def clean_request(request: str) -> str:
    """The request as the model sees it; DiagramError where it is empty, too long or not text."""
    request = request.replace("\r\n", "\n").replace("\r", "\n").strip()
    if not request:
        raise DiagramError("the request is empty", expected="a sentence about a model or a process")
    if len(request) > MAX_REQUEST:
        raise DiagramError(f"the request has {len(request):,} characters", expected=f"at most {MAX_REQUEST:,}")
    bad = next((c for c in request if unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t"), "")
    if bad:
        raise DiagramError(f"the request holds the control character U+{ord(bad):04X}", expected="plain text")
    return request


def _grammar() -> str:
    def words(names: tuple[str, ...]) -> str:
        return " | ".join(f'"{n}"' for n in names)

    styles = tuple(w for ws in STYLE_WORDS.values() for w in ws)
    return rf"""
root ::= "none\n" | title? style? first rest{{0,120}}
title ::= "title " text "\n"
style ::= "style " style_word (" " style_word){{0,4}} "\n"
style_word ::= {words(styles)}
first ::= layer | repeat | chain | node_line | header first rest{{0,40}} "end\n"
rest ::= layer | repeat | chain | node_line | more | header rest{{0,40}} "end\n"
header ::= "group" (" " text)? (" x" [1-9] [0-9]{{0,2}})? " skip"? "\n"
repeat ::= "repeat " count "\n" layer{{1,12}} "end\n"
layer ::= (count " ")? layer_kind attributes "\n"
count ::= [1-9] [0-9]?
chain ::= ends (" " arrow " " ends){{1,12}} (" : " text)? "\n"
more ::= arrow " " ends (" " arrow " " ends){{0,12}} (" : " text)? "\n"
node_line ::= name " [" kind attributes "]\n"
ends ::= end (" | " end){{0,11}}
end ::= name (" [" kind attributes "]")?
arrow ::= {words(tuple(ARROWS))}
kind ::= {words(KINDS)}
layer_kind ::= {words(LAYER_KINDS)}
attributes ::= (" " variant)? (" " sides)? (" " number)? (" s" [1-9])? (" 0." [0-9]{{1,3}})? (" " activation)? (" =" (sides | number))?
variant ::= {words(VARIANTS)}
activation ::= {words(ACTIVATIONS)}
sides ::= side "x" side ("x" side)?
side ::= [1-9] [0-9]{{0,3}}
number ::= [1-9] [0-9]{{0,6}}
name ::= plain | quoted ("#" [2-9])?
text ::= plain | quoted
plain ::= word (" " word){{0,11}}
word ::= [^\x00-\x20\[\]|"\-.:@#\x7f-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000] [^\x00-\x20\[\]|"\x7f-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]{{0,39}}
quoted ::= "\"" (letter | escape) ([^\x00-\x1f"\\\x7f-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000] | escape){{0,80}} "\""
letter ::= [^\x00-\x20"\\\x7f-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]
escape ::= "\\\"" | "\\\\"
"""  # noqa: E501


GRAMMAR = _grammar().strip() + "\n"  # EBNF as xgrammar reads it; positions and colours are left to people
GRAMMAR_HASH = hashlib.sha256(GRAMMAR.encode()).hexdigest()[:16]
