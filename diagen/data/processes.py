"""Random process requests with their diagram: any structure, told in many kinds of English."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

from .vocabulary import GROUP_NAMES, Names, Node, invented, words

KEYWORDS = {"title", "style", "group", "repeat", "end"}
PAYLOADS = words(
    "scores; gradients; top-5; JSON; batches; alerts; updates; ids; tokens; results; errors; SQL; gRPC; "
    "embeddings; metadata; rewards; weights; commands; events; hints; prices; labels; vectors; status; OK; "
    "requests; samples"
)
# label and words of the two exits of a decision
EXITS = (
    ("yes", "if yes", "no", "if no"),
    ("yes", "yes:", "no", "no:"),
    ("yes", "if yes", "otherwise", "otherwise"),
    ("yes", "when the answer is yes", "no", "when it is no"),
    ("yes", "on yes", "no", "on no"),
)
EXITS_CHECK = (
    ("passes", "if it passes", "fails", "if it fails"),
    ("passes", "if it passes", "otherwise", "otherwise"),
    ("pass", "on pass", "fail", "on fail"),
    ("ok", "if ok", "not ok", "if not ok"),
    ("approved", "if approved", "rejected", "if rejected"),
    ("success", "on success", "error", "on error"),
    ("above {t}", "above {t}", "below {t}", "below {t}"),
    ("valid", "if valid", "invalid", "when invalid"),
    ("good", "when good", "bad", "when bad"),
    ("at least {t}", "at least {t}", "otherwise", "otherwise"),
    ("accepted", "if accepted", "declined", "if declined"),
    ("true", "if true", "false", "if false"),
    ("works", "when it works", "fails", "when it fails"),
    ("clear", "if clear", "unclear", "if unclear"),
)
STYLES = (
    ("night", "dark background", "dark theme", "make it dark", "dark mode", "use a dark background"),
    ("ink", "black and white", "draw it in black and white", "it is for print", "for print"),
    ("slide", "for slides", "it is for a slide", "it goes on a slide"),
    ("outline", "outlined boxes", "outlined style", "boxes outlined only"),
    ("paper", "paper theme", "use the paper theme"),
    ("down", "top to bottom", "from top to bottom", "draw it top to bottom", "top down", "vertical"),
    ("right", "left to right", "from left to right", "draw it left to right", "horizontal, left to right"),
    ("left", "right to left", "draw it from right to left"),
    ("up", "bottom to top", "draw it from the bottom up"),
    ("compact", "tight spacing", "keep it tight", "compact", "compact layout"),
    ("wide", "airy", "wide spacing", "airy layout", "leave a lot of space", "make it airy"),
    ("straight", "straight lines", "straight arrows", "use straight lines"),
    ("square", "square corners", "boxes with square corners"),
    ("rounded", "rounded boxes", "boxes with rounded corners"),
    ("orthogonal", "orthogonal lines", "right-angled lines", "use right-angled arrows"),
)
METRICS = words(
    "accuracy; score; error; cost; pressure; F1; latency; confidence; temperature; yield; purity; recall; "
    "risk; weight; price; load; similarity; loss; coverage; humidity"
)
STYLE_ORDER = [s[0] for s in STYLES]
TYPOS = {
    "then": "hten",
    "the": "teh",
    "which": "wich",
    "and": "adn",
    "with": "wiht",
    "diagram": "diagramm",
    "from": "form",
    "please": "plase",
    "after": "afer",
    "followed": "follwed",
    "next": "nxt",
    "goes": "gose",
    "finally": "finaly",
    "output": "ouput",
    "takes": "taks",
    "parallel": "paralell",
    "that": "taht",
    "comes": "coms",
    "both": "boht",
    "flowchart": "flowchrt",
    "first": "frist",
    "draw": "drwa",
    "result": "reslt",
    "back": "bakc",
    "input": "inptu",
}


@dataclass
class Edge:
    """Arrows from all sources to all targets."""

    srcs: list[Node]
    dsts: list[Node]
    label: str = ""
    arrow: str = "->"


@dataclass
class Move:
    """A piece of the structure that is told in one go."""

    kind: str
    edges: list[Edge] = field(default_factory=list)
    title: str = ""
    times: int = 0
    words: tuple[str, ...] = ()


class Draft:
    """The diagram in the making, in the order of the words."""

    def __init__(self) -> None:
        self.rows: list[tuple] = []
        self.current: list[Node] = []
        self.named: set[Node] = set()
        self.done: set[tuple[Node, Node]] = set()

    def edge(self, srcs: list[Node], dsts: list[Node], label: str = "", arrow: str = "->") -> None:
        """Add arrows; those that are there already are left out."""
        pairs = [(a, b) for a in srcs for b in dsts]
        if any(p in self.done for p in pairs):
            if len(pairs) > 1:
                for a, b in pairs:
                    self.edge([a], [b], label, arrow)
            return
        self.done.update(pairs)
        same = set(srcs) == set(self.current)
        self.rows.append(("edge", [] if same else srcs, dsts, arrow, label))
        self.named.update(srcs, dsts)
        self.current = dsts

    def open(self, title: str, times: int = 0, outside: Node | None = None) -> None:
        """Open a group; the node before it is named outside."""
        if outside and outside not in self.named:
            self.rows.append(("node", outside))
            self.named.add(outside)
            self.current = [outside]
        self.rows.append(("open", title, times))

    def close(self) -> None:
        self.rows.append(("close",))

    def text(self) -> str:
        """The diagram text with the final labels."""
        seen: dict[Node, int] = {}  # each box, and which of those with its label it is

        def ref(node: Node, bare: bool = False) -> str:
            nth = seen.get(node) or 1 + sum(other.label.lower() == node.label.lower() for other in seen)
            label = quoted(node.label) + (f"#{nth}" if nth > 1 else "")
            if node in seen:
                return label
            seen[node] = nth
            return label if node.kind == "process" and not bare else f"{label} [{node.kind}]"

        lines = []
        for row in self.rows:
            if row[0] == "edge":
                left = " | ".join(ref(n) for n in row[1])
                right = " | ".join(ref(n) for n in row[2])
                label = f" : {row[4]}" if row[4] else ""
                lines.append(f"{left} {row[3]} {right}{label}".strip())
            elif row[0] == "node":
                lines.append(ref(row[1], True))
            elif row[0] == "open":
                lines.append(" ".join(w for w in ("group", row[1], f"x{row[2]}" if row[2] else "") if w))
            else:
                lines.append("end")
        return "\n".join(lines)


def quoted(label: str) -> str:
    """A label in quotes where the language needs them."""
    parts = label.split()
    if parts[0].lower() in KEYWORDS or any(p[0] in "-.:@#|" for p in parts) or re.search(r'[\[\]|"]|#\d+$', label):
        return '"' + label.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return label


def planned(rng: random.Random, names: Names, step: bool, size: int, linear: bool = False) -> list[Move]:
    """A random structure as a list of moves."""
    moves: list[Move] = []
    made: list[Node] = []

    def new(*kinds: str) -> Node:
        if step and not kinds and made and rng.random() < 0.1:
            node = names.noun(("data", "text", "store", "service", "model", "metric"))
        elif step and not kinds:
            node = names.step()
        elif not kinds and not names.serial and rng.random() < label_steps:
            node = names.label_step()
        else:
            node = names.noun(kinds)
        made.append(node)
        return node

    def add(kind: str, *edges: Edge, **more: object) -> None:
        moves.append(Move(kind, list(edges), **more))  # type: ignore[arg-type]

    def chain(start: list[Node], count: int) -> Node:
        nodes = start + [new() for _ in range(count)]
        add("chain", *[Edge([a], [b]) for a, b in pairwise(nodes)])
        return nodes[-1]

    label_steps = rng.choice((0, 0, 0.3, 0.8))
    sources = ("data", "user", "document", "documents", "store", "service")
    shape = (
        "linear"
        if linear
        else rng.choices(("free", "linear", "sources", "rows", "phases", "hub", "links"), (46, 11, 12, 8, 14, 4, 2))[0]
    )
    if step and shape in ("hub", "links", "rows"):
        shape = "free"
    if shape == "links":
        size, hub = min(size, 8), new()
        add("link", Edge([hub], [new() for _ in range(min(size - 1, rng.randint(2, 4)))], arrow="--"))
        while len(made) < size:
            add("link", Edge([rng.choice(made)], [new()], arrow="--"))
        return moves
    if shape == "hub":
        hub, ins = new(), [new() for _ in range(rng.randint(2, 4))]
        add("hub_in", Edge(ins, [hub]))
        if rng.random() < 0.7:
            add("hub_out", Edge([hub], [new() for _ in range(rng.randint(2, 4))]))
        return moves
    tips: list[Node]
    if shape == "sources":
        ins = [new(*(sources if not names.serial else ())) for _ in range(rng.choice((2, 2, 3, 3, 4)))]
        tips = [new()]
        add("merge", Edge(ins, tips))
    elif shape == "rows":
        ends = [chain([new()], rng.randint(1, 3)) for _ in range(2)]
        tips = [new()]
        add("merge", Edge(ends, tips))
    else:
        tips = [new(*(sources if rng.random() < 0.3 and not names.serial else ()))]
    start = tips[0] if shape not in ("sources", "rows") else None
    phase = shape == "phases"
    titles = rng.sample(GROUP_NAMES, 4)
    if phase:
        add("phase", title=titles.pop())
        add("start", Edge([], tips))
    switch = size // 2
    while len(made) < size:
        left = size - len(made)
        if phase and len(tips) == 1 and len(made) >= switch and len(moves) > 2:
            phase = False
            add("endphase")
            tips_before = tips
            add("phase", title=titles.pop())
            tips = [new()]
            if rng.random() < 0.6:
                add("chain", Edge(tips_before, tips))
            else:
                add("start", Edge([], tips))
                tips = [chain(tips, 1)]
                add("side", Edge(tips_before, tips))
            continue
        if len(tips) > 1:
            op = rng.choices(("merge", "tails", "resp"), (6, 1.5, 1 if len(tips) < 4 else 0))[0]
            if op == "merge" or left < len(tips):
                out = [new()]
                add("merge", Edge(tips, out))
                tips = out
            elif op == "resp":
                outs = [new() for _ in tips]
                add("resp", *[Edge([a], [b]) for a, b in zip(tips, outs, strict=True)])
                tips = outs
            else:
                i = rng.randrange(len(tips))
                tips = [chain([t], 1) if j == i or rng.random() < 0.5 else t for j, t in enumerate(tips)]
            continue
        w = {"chain": 4.5, "fan": 1.7, "decide": 1.5, "side": 0.8, "loop": 0.9, "skip": 0.6, "group": 0.8}
        if shape == "linear":
            w = {"chain": 9.0, "loop": 3.0}
        op = rng.choices(list(w), list(w.values()))[0]
        tip = tips[0]
        old = [n for n in made[:-1] if n is not tip]
        last = moves[-1].kind if moves else "start"
        if op == "fan" and left >= 2:
            tips = [new() for _ in range(min(left, rng.choice((2, 2, 2, 3, 3, 4))))]
            add("fan", Edge([tip], tips))
        elif op == "decide" and left >= 2 and made[0] is not tip and not names.serial:
            t = rng.choice(("0.8", "90%", "0.5", "3", "95%", "0.75", "7", "60", "1.5"))
            if last == "chain" and tip.kind == "process" and rng.random() < 0.4:
                dec, metric = tip, rng.choice(METRICS)
                t = f"{metric} {{}} {t}"
                pair = rng.choice(
                    (("above", "below"), ("below", "otherwise"), ("above", "otherwise"), ("over", "under"))
                )
                pair = tuple(
                    f
                    for w in pair
                    for f in (
                        (w, w)
                        if w == "otherwise"
                        else (
                            t.format(w),
                            rng.choice(("if ", "if ", "when ")) + t.format(rng.choice(("is ", "")) + w),
                        )
                    )
                )
            else:
                dec = names.decision(step)
                made.append(dec)
                add("chain", Edge([tip], [dec]))
                pair = rng.choice(EXITS if dec.name.endswith("?") else EXITS_CHECK + EXITS[:1])
            la, wa, lb, wb = (s.format(t=t.upper() if names.case == "upper" else t) for s in pair)
            back = rng.random() < 0.55 and bool(old)
            a = new()
            b = (
                Edge([dec], [rng.choice(old[-4:] + [tip] * (dec is not tip))], lb, "..>")
                if back
                else Edge([dec], [new()], lb)
            )
            exits = [(Edge([dec], [a], la), wa), (b, wb)]
            if rng.random() < 0.25 and lb != "otherwise" and "when it is" not in wb:
                exits.reverse()
            add("decide", exits[0][0], exits[1][0], words=(exits[0][1], exits[1][1]))
            tips = [a] if back or rng.random() < 0.6 else [a, b.dsts[0]]
        elif op == "side" and last in ("chain", "merge", "fan"):
            add("side", Edge([new(*(sources if not names.serial else ()))], tips))
        elif op == "loop" and old and last in ("chain", "merge"):
            label, said = rng.choice(
                (
                    ("", ()),
                    ("", ()),
                    ("", ()),
                    ("feedback", ("fb",)),
                    ("fails", ("if it fails",)),
                    ("error", ("on error",)),
                    (rng.choice(PAYLOADS), ("with",)),
                )
            )
            add(
                "loop",
                Edge(
                    [tip],
                    [rng.choice(old + [start] * 2 if start and start is not tip else old)],
                    label,
                    "..>",
                ),
                words=said,
            )
        elif op == "skip" and len(old) > 2 and last in ("chain", "merge"):
            add("skip", Edge([rng.choice(old[:-1])], [tip], "", "..>" if rng.random() < 0.15 else "->"))
        elif op == "group" and left >= 2 and titles and shape in ("free", "phases"):
            nodes = [tip] + [new() for _ in range(min(left, rng.choice((2, 2, 3, 4))))]
            times = rng.choice((0, 0, rng.randint(2, 12)))
            title = titles.pop() if not times or rng.random() < 0.6 else ""
            add("group", *[Edge([x], [y]) for x, y in pairwise(nodes)], title=title, times=times)
            tips = nodes[-1:]
        else:
            chain_len = min(
                left,
                rng.choice((2, 3, 5, size, size)) if shape == "linear" else rng.choice((1, 1, 2, 2, 3, 4)),
            )
            tips = [chain(tips, chain_len)]
    if len(tips) > 1 and rng.random() < 0.4:
        add("merge", Edge(tips, [new()]))
    if shape == "phases":
        add("endphase")
    elif rng.random() < 0.04 and not step:
        chain([new()], rng.randint(1, 2))
        moves[-1].title = "apart"
    return moves


class Teller:
    """Tells moves in English and writes the diagram alongside."""

    def __init__(self, rng: random.Random, draft: Draft, step: bool, starts: Node | None) -> None:
        self.rng, self.d, self.step, self.starts = rng, draft, step, starts
        self.final = False  # whether this is the last sentence
        self.clear = False  # whether "then X" surely means: after the current node
        self.arrow = rng.choice(("->", "->", "→", "=>", ">", "-->"))
        self.article = rng.random() < 0.55
        self.quote = rng.choice(("", "", "", "", "", "", '"', "`")) if not step else ""
        self.voice = rng.choice(
            (
                "we",
                "we",
                "",
                "passive",
                "passive",
                "I",
                "they",
                "the system",
                "you",
                "a script",
                "the pipeline",
                "the team",
            )
        )
        self.oxford = rng.choice(("", ","))
        self.wrong = rng.random() < 0.12
        self.later: list[str] = []  # sentences for the end
        self.said = False  # whether the subject of the voice has been named
        self.outside = False  # a group has just ended
        self.taste = rng.choice(("verbs", "verbs", "mixed", "mixed", "arrows"))

    def n(self, x: Node) -> str:
        """A node as a noun phrase."""
        if x.verb:
            return x.ing
        name = f"{self.quote}{x.name}{self.quote}"
        if x.name.endswith("?") and not self.quote and self.taste != "arrows":
            name = f'"{x.name}"'
        if x.detail and x not in self.d.named:
            name = f"{name} ({x.detail})"
        return f"the {name}" if self.article and x.plain and not self.quote else name

    def all(self, xs: list[Node], how: Callable[[Node], str] | None = None, word: str = "and") -> str:
        """A, B and C."""
        parts = [(how or self.n)(x) for x in xs]
        if len(parts) == 1:
            return parts[0]
        return ", ".join(parts[:-1]) + (self.oxford if len(parts) > 2 else "") + f" {word} {parts[-1]}"

    def cl(self, x: Node, subject: bool = True) -> str:
        """A step as a clause; a noun as the place where the result goes."""
        if not x.verb:
            there = x.kind in ("store", "service", "model", "process", "user", "cache", "memory", "router")
            return self.rng.choice(
                ("the result goes to {}", "the output goes into {}", "the result is passed to {}")
                if there
                else ("this gives {}", "the result is {}", "we get {}", "that yields {}")
            ).format(self.n(x))
        if self.voice == "passive":
            return x.passive
        verb = x.third if " " in self.voice else x.base
        who = "it" if " " in self.voice and self.said and self.rng.random() < 0.7 else self.voice
        self.said = self.said or subject
        return f"{who} {verb}" if subject and who else verb

    def be(self, xs: list[Node], one: str, many: str) -> str:
        """The verb in the number of its subject."""
        return many if len(xs) > 1 or xs[0].plural else one

    def back(self, x: Node) -> str:
        """How an earlier node is called when the flow returns to it."""
        if x is self.starts and self.rng.random() < 0.4:
            return self.rng.choice(("the start", "the beginning", "the first step"))
        return self.n(x)

    def tell(self, moves: list[Move]) -> list[str]:
        out: list[str] = []
        for move in moves:
            last, self.final = move is moves[-1], False
            clear, self.clear = self.clear, False
            parts = (
                self.on_chain(move, clear, last)
                if move.kind == "chain"
                else getattr(self, "on_" + move.kind)(move, clear)
            )
            if self.outside and move.kind != "group":
                self.outside = False
                if (
                    move.kind not in ("phase", "endphase")
                    and self.rng.random() < 0.5
                    and not parts[0].startswith("then")
                ):
                    parts[0] = self.rng.choice(("outside the group, ", "outside this block: ")) + parts[0]
            out += parts
        return out + ["\1" + text for text in self.later]

    def put(self, e: Edge) -> None:
        self.d.edge(e.srcs, e.dsts, e.label, e.arrow)

    def seq(self, xs: list[Node]) -> str:
        """Several nodes in a row as one phrase."""
        n, k = [self.n(x) for x in xs], self.rng.random()
        if not self.step and (self.taste == "arrows" or k < 0.3):
            return f" {self.arrow} ".join(n)
        if len(n) == 1:
            return n[0]
        if k < 0.55:
            return (
                ", ".join(n[:-1])
                + f"{self.oxford} "
                + self.rng.choice(("and then ", "then ", "and finally " if self.final else "then "))
                + n[-1]
            )
        if k < 0.75:
            return ", then ".join(n)
        return "first " + n[0] + "".join(f", {self.rng.choice(('then', 'next', 'after that'))} {x}" for x in n[1:])

    def on_start(self, m: Move, clear: bool) -> list[str]:
        return []

    def on_chain(self, m: Move, clear: bool, last: bool = False) -> list[str]:
        nodes = [m.edges[0].srcs[0]] + [e.dsts[0] for e in m.edges]
        if len(m.edges[0].srcs) > 1:
            return self.on_merge(m, clear)
        out, i = [], 0
        while i < len(nodes) - 1:
            k = min(self.rng.choice((1, 1, 2, 2, 3, 4, 20)), len(nodes) - 1 - i)
            seg = nodes[i : i + k + 1]
            cont = clear and self.d.current == [seg[0]]
            self.clear, self.final = True, last and i + k == len(nodes) - 1
            out.append(self.steps(seg, cont) if self.step else self.nouns(seg, cont))
            clear = self.clear
            i += k
        if m.title:
            out[0] = self.rng.choice(("separately, ", "independently of that, ", "not connected to that: ")) + out[0]
        return out

    def steps(self, seg: list[Node], cont: bool) -> str:
        """A chain of actions."""
        rng, a, rest = self.rng, seg[0], seg[1:]
        fresh = a not in self.d.named
        head = ""
        if fresh and a.verb:
            rest, head = seg, rng.choice(("", "", "first ", "first ", "to begin with, ", "at first "))
        elif fresh:
            head = rng.choice(
                (
                    f"starting from {self.n(a)}, ",
                    f"we start with {self.n(a)}. then ",
                    f"it starts with {self.n(a)}; then ",
                    f"{self.n(a)} {self.be([a], 'comes', 'come')} in, then ",
                )
            )
        elif cont:
            head = rng.choice(
                ("then ", "then ", "next, ", "after that, ", "afterwards ", "next ", "once that is done, ")
            )
        else:
            head = rng.choice(("after {} ", "after {}, ", "once {} is done, ", "following {}, ")).format(self.n(a))
            if not a.verb:
                head = f"from {self.n(a)} on, " if rng.random() < 0.5 else f"after {self.n(a)}, "
        if len(rest) == 1:
            text = head + self.cl(rest[0])
        elif len(rest) == 2 and rest[1].verb and rng.random() < 0.12:
            text = f"{head}before {self.n(rest[1])} {self.cl(rest[0])}"
            self.clear = False
        elif rng.random() < 0.45:
            text = (
                head
                + self.cl(rest[0])
                + "".join(
                    rng.choice((", then {}", ", and then {}", "; next {}", "; after that {}")).format(self.cl(x))
                    for x in rest[1:]
                )
            )
        else:
            drop = all(x.verb for x in rest) and self.voice != "passive"
            text = head + self.cl(rest[0]) + "".join(f", {self.cl(x, not drop)}" for x in rest[1:-1])
            text += rng.choice(
                (" and then ", ", and finally " if self.final else ", and then ", " and ", ", then ")
            ) + self.cl(rest[-1], not drop)
        for x, y in pairwise(seg):
            self.d.edge([x], [y])
        return text

    def nouns(self, seg: list[Node], cont: bool) -> str:
        """A chain of named boxes."""
        rng, n = self.rng, self.n
        feed = self.be(seg[:1], "s", "")
        es = "es" if feed else ""
        arrows = self.taste == "arrows" or (self.taste == "mixed" and rng.random() < 0.3)
        label = rng.choice(PAYLOADS) if len(seg) == 2 and rng.random() < 0.07 and seg[1].kind != "decision" else ""
        kind = ""
        if arrows:
            names = [n(x) for x in seg]
            if cont and rng.random() < 0.3:
                text = f"then {f' {self.arrow} '.join(names[1:])}"
            else:
                text = f" {self.arrow} ".join(names)
            if label:
                text += rng.choice((f" ({label})", f': "{label}"', f" : {label}"))
        elif len(seg) == 2:
            a, b = seg
            A, B = n(a), n(b)
            s, bs = feed, self.be([b], "s", "")
            if label:
                text = rng.choice(
                    (
                        f"{A} send{s} {label} to {B}",
                        f"{A} pass{es} {label} to {B}",
                        f'an arrow labelled "{label}" goes from {A} to {B}',
                        f"{A} give{s} {label} to {B}",
                    )
                )
            elif self.wrong:
                self.wrong = False
                bad = invented(rng)
                text = rng.choice(
                    (
                        f"{A} go{es} to {bad}, no, sorry, to {B}",
                        f"{A} feed{s} {bad}, I mean {B}",
                        f"{A} feed{s} {bad}... wait, no, not {bad}, it feed{s} {B}",
                    )
                )
            elif cont and rng.random() < 0.6:
                comes = self.be([b], "comes", "come")
                text = rng.choice(
                    (
                        f"then {B}",
                        f"next {comes} {B}",
                        f"this feeds {B}",
                        f"the result goes to {B}",
                        f"after that {comes} {B}",
                        f"the next box is {B}",
                        f"from there to {B}",
                        f"{B} {self.be([b], 'is', 'are')} next",
                        f"it is then handed to {B}",
                        f"then on to {B}",
                        f"that goes into {B}",
                        f"the output is passed on to {B}",
                        f"then there is {B}",
                    )
                )
            else:
                comes = self.be([b], "comes", "come")
                kind = rng.choice(("", "", "", "rev"))
                text = (
                    rng.choice(
                        (
                            f"{A} feed{s} {B}",
                            f"{A} go{es} to {B}",
                            f"{A} {self.be([a], 'is', 'are')} followed by {B}",
                            f"the output of {A} is passed to {B}",
                            f"after {A} {comes} {B}",
                            f"{A} lead{s} to {B}",
                            f"{A} hand{s} over to {B}",
                            f"{A} go{es} into {B}",
                            f"{A} connect{s} to {B}",
                            f"{A} point{s} to {B}",
                            f"an arrow goes from {A} to {B}",
                            f"connect {A} to {B}",
                            f"{A} flow{s} into {B}",
                            f"{A}, then {B}",
                            f"from {A} to {B}",
                            f"{A} {self.be([a], 'is', 'are')} sent to {B}",
                            f"what comes out of {A} goes to {B}",
                            f"{A} pass{es} its output to {B}" if s else f"{A} pass their output to {B}",
                        )
                    )
                    if not kind
                    else rng.choice(
                        (
                            f"{B} take{bs} {A} as input",
                            f"{B} come{bs} after {A}",
                            f"before {B} there {self.be([a], 'is', 'are')} {A}",
                            f"{B} {self.be([b], 'is', 'are')} fed by {A}",
                            f"{B} get{bs} its input from {A}" if bs else f"{B} get their input from {A}",
                            f"{B} follow{bs} {A}",
                            f"{B} {self.be([b], 'is', 'are')} preceded by {A}",
                        )
                    )
                )
        elif cont and rng.random() < 0.6:
            text = rng.choice(
                (
                    "then {s}",
                    "next {s}",
                    "after that {s}",
                    "this is followed by {s}",
                    "from there {w}",
                    "this goes to {w}",
                    "then come {l}, in this order",
                )
            ).format(
                s=self.seq(seg[1:]).removeprefix("first "),
                w=", then to ".join(n(x) for x in seg[1:]),
                l=self.all(seg[1:]),
            )
            text = text.replace("from there ", "from there to ")
        else:
            names = [n(x) for x in seg]
            k = rng.randrange(9)
            if k == 0:
                text = f"{names[0]} feed{feed} {names[1]}"
                for p, x in pairwise(seg[1:]):
                    s = self.be([p], "s", "")
                    text += rng.choice(
                        (
                            f", which feed{s} {n(x)}",
                            f", which in turn feed{s} {n(x)}",
                            f", which go{'es' if s else ''} to {n(x)}",
                            f", followed by {n(x)}",
                            f", which lead{s} to {n(x)}",
                        )
                    )
            elif k == 1:
                text = f"{names[0]} go{es} to {names[1]}" + "".join(
                    rng.choice((f", then to {x}", f" and from there to {x}", f", and on to {x}")) for x in names[2:]
                )
            elif k == 2:
                text = f"from {names[0]} to {names[1]}" + "".join(f" to {x}" for x in names[2:])
            elif k == 3:
                text = f"{names[0]} {self.be(seg[:1], 'is', 'are')} followed by {names[1]}" + "".join(
                    f", {rng.choice(('then', 'then', 'next', 'after that'))} {x}" for x in names[2:]
                )
            elif k == 4:
                text = f"from {names[0]} via {', '.join(names[1:-1])} to {names[-1]}"
            elif k == 5:
                text = f"after {names[0]} {self.be(seg[1:2], 'comes', 'come')} {names[1]}" + "".join(
                    f", after {'that' if rng.random() < 0.5 else names[i + 1]} "
                    f"{self.be(seg[i + 2 : i + 3], 'comes', 'come')} {x}"
                    for i, x in enumerate(names[2:])
                )
            elif k == 6 and seg[0] not in self.d.named:
                text = f"{rng.choice(('in this order: ', 'the order is ', 'it goes '))}{', '.join(names)}"
            elif k == 7 and len(seg) == 3:
                text = f"{names[1]}, fed by {names[0]}, feed{self.be(seg[1:2], 's', '')} {names[2]}"
            else:
                text = self.seq(seg)
                if seg[0] in self.d.named and text.startswith("first "):
                    text = "after " + names[0] + ": " + self.seq(seg[1:]).removeprefix("first ")
        for x, y in pairwise(seg):
            self.d.edge([x], [y], label)
        self.clear = kind != "rev"
        return text

    def on_fan(self, m: Move, clear: bool) -> list[str]:
        rng, (e,) = self.rng, m.edges
        a, outs = e.srcs, e.dsts
        cont = clear and self.d.current == a
        fresh = a[0] not in self.d.named
        count = {2: "two", 3: "three", 4: "four"}[len(outs)]
        if self.step:
            head = f"after {self.n(a[0])}, " if not cont else rng.choice(("then ", "after that ", "next, "))
            lead = ""
            if fresh and a[0].verb:
                lead, head = rng.choice(("", "first ")) + self.cl(a[0]) + ". ", "then "
            parts = [self.cl(x) for x in outs]
            text = (
                lead
                + head
                + rng.choice(
                    (
                        f"in parallel {self.all(outs, self.cl)}",
                        f"{count} things happen in parallel: {self.all(outs, self.cl)}",
                        f"at the same time {self.all(outs, self.cl)}",
                        f"it splits into {count} branches: {'; '.join(parts)}",
                        f"{count} parallel branches follow: {self.all(outs, self.cl)}",
                    )
                )
            )
            self.put(e)
            return [text]
        A, s = self.n(a[0]), self.be(a, "s", "")
        es = "es" if s else ""
        outs_t = self.all(outs)
        both = "both " if len(outs) == 2 else ""
        options = [
            f"{A} feed{s} {outs_t}",
            f"{A} go{es} to {both}{outs_t}",
            f"{A} split{s} into {outs_t}",
            f"{A} {self.be(a, 'is', 'are')} sent to {outs_t} in parallel",
            f"{A} branch{es} out to {outs_t}",
            f"from {A} {count} arrows go out, to {outs_t}",
            f"{outs_t} {'both' if both else 'all'} take {A} as input",
            f"{outs_t} run in parallel after {A}",
            f"{A} {self.arrow} {outs_t}",
            f"{A} {self.arrow} {{{', '.join(self.n(x) for x in outs)}}}",
            f"{A} feed{s} {self.all(outs, word='as well as')}",
            f"{A} fan{s} out into {outs_t}",
            f"after {A} the flow splits into {outs_t}",
            f"the output of {A} goes to {outs_t}",
        ]
        if cont:
            options = [
                f"this goes to {both}{outs_t}",
                f"then it splits into {outs_t}",
                f"then {outs_t} in parallel",
                f"from there it branches to {outs_t}",
                f"this feeds {outs_t}",
                f"{count} parallel branches follow: {outs_t}",
            ] + options[:6]
        if rng.random() < 0.15:
            text = f"{A} feed{s} {self.n(outs[0])}" if rng.random() < 0.5 else f"{A} go{es} to {self.n(outs[0])}"
            self.d.edge(a, outs[:1])
            for x in outs[1:]:
                text += rng.choice((f"; {A} also go{es} to {self.n(x)}", f", and {A} also feed{s} {self.n(x)}"))
                self.d.edge(a, [x])
            return [text]
        text = rng.choice(options)
        self.put(e)
        return [text]

    def on_merge(self, m: Move, clear: bool) -> list[str]:
        rng, e = self.rng, m.edges[0]
        cont = set(self.d.current) == set(e.srcs)
        out = e.dsts[0]
        count = {2: "both", 3: "all three", 4: "all four"}.get(len(e.srcs), "all of them")
        S, B, s = self.all(e.srcs), self.n(out), self.be([out], "s", "")
        if self.step and out.verb:
            nouns = all(not x.verb for x in e.srcs)
            if nouns:
                text = rng.choice(
                    (
                        f"{S} come in together; with {'them' if len(e.srcs) > 1 else 'it'} {self.cl(out)}",
                        f"starting from {S}, {self.cl(out)}",
                        f"from {S} together, {self.cl(out)}",
                    )
                )
            elif cont:
                text = rng.choice(
                    (
                        f"when {count} are done, {self.cl(out)}",
                        f"after {count}, {self.cl(out)}",
                        f"once {count} have finished, {self.cl(out)}",
                    )
                )
            else:
                text = rng.choice((f"after {S}, {self.cl(out)}", f"once {S} are {count} done, {self.cl(out)}"))
        else:
            options = [
                f"{S} feed {B}",
                f"{S} go into {B}",
                f"the outputs of {S} are combined in {B}",
                f"{S} are merged in {B}",
                f"{B} take{s} {S} as inputs",
                f"{B} {self.be([out], 'is', 'are')} fed by {S}",
                f"{S} meet in {B}",
                f"{S} together lead to {B}",
                f"{S} come together in {B}",
                f"{S} are inputs of {B}",
                f"{B} combine{s} {S}",
            ]
            if not self.step and self.taste != "verbs":
                options += [
                    f"{S} {self.arrow} {B}",
                    f"{{{', '.join(self.n(x) for x in e.srcs)}}} {self.arrow} {B}",
                ] * 2
            if cont:
                options = options[:3] + [
                    f"{count} feed {B}",
                    f"{count} go to {B}",
                    f"{count} of them lead to {B}".replace("of them of them", "of them"),
                    f"they are combined in {B}",
                    f"their outputs are merged in {B}",
                    f"{count} end in {B}",
                    f"{B} then merge{s} {count}" + ("" if "of" in count else " of them"),
                ]
            text = rng.choice(options)
        self.put(e)
        self.clear = "take" not in text and "fed by" not in text and "inputs of" not in text
        return [text]

    def on_hub_in(self, m: Move, clear: bool) -> list[str]:
        e = m.edges[0]
        self.put(e)
        S, hub = self.all(e.srcs), self.n(e.dsts[0])
        return [
            self.rng.choice(
                (
                    f"{S} all send to {hub} in the middle",
                    f"{S} report to {hub}",
                    f"{S} send data to the hub, {hub}",
                    f"in the centre is {hub}; {S} feed it",
                )
            )
        ]

    def on_hub_out(self, m: Move, clear: bool) -> list[str]:
        e = m.edges[0]
        self.put(e)
        S, hub = self.all(e.dsts), self.n(e.srcs[0])
        return [
            self.rng.choice(
                (
                    f"{hub} in turn serve{self.be(e.srcs, 's', '')} {S}",
                    f"from {hub} arrows go to {S}",
                    f"{hub} forward{self.be(e.srcs, 's', '')} to {S}",
                )
            )
        ]

    def on_link(self, m: Move, clear: bool) -> list[str]:
        e = m.edges[0]
        A, S, be = self.n(e.srcs[0]), self.all(e.dsts), self.be(e.srcs, "is", "are")
        self.put(e)
        return [
            self.rng.choice(
                (
                    f"{A} {be} linked with {S} (no arrowhead)",
                    f"a plain line between {A} and {S}" if len(e.dsts) == 1 else f"plain lines from {A} to {S}",
                    f"{A} {be} connected with {S} by {'a plain line' if len(e.dsts) == 1 else 'plain lines'}",
                )
            )
        ]

    def on_resp(self, m: Move, clear: bool) -> list[str]:
        srcs, dsts = [e.srcs[0] for e in m.edges], [e.dsts[0] for e in m.edges]
        for e in m.edges:
            self.put(e)
        if self.step:
            return ["; ".join(f"after {self.n(a)}, {self.cl(b)}" for a, b in zip(srcs, dsts, strict=True))]
        return [
            self.rng.choice(
                (
                    f"{self.all(srcs)} feed {self.all(dsts)} respectively",
                    f"{self.all(srcs)} are followed by {self.all(dsts)}, respectively",
                    ", ".join(
                        f"{self.n(a)} go{self.be([a], 'es', '')} to {self.n(b)}"
                        for a, b in zip(srcs, dsts, strict=True)
                    ),
                )
            )
        ]

    def on_decide(self, m: Move, clear: bool) -> list[str]:
        rng, parts = self.rng, []
        dec = m.edges[0].srcs[0]
        if not self.step and self.taste != "verbs" and rng.random() < 0.3:
            for e in m.edges:
                back = rng.choice((", back", ", loop back")) if e.arrow == "..>" else ""
                parts.append(f"{self.n(dec)} {self.arrow} {self.n(e.dsts[0])} ({e.label}{back})")
                self.put(e)
            return [rng.choice(("; ", ", ")).join(parts)]
        for e, w in zip(m.edges, m.words, strict=True):
            x = e.dsts[0]
            if e.arrow == "..>":
                go = rng.choice(
                    ("go back to {}", "back to {}", "return to {}", "it goes back to {}", "loop back to {}")
                )
                go = go.format(self.back(x))
            elif self.step and x.verb:
                go = self.cl(x)
            else:
                go = rng.choice(("then {}", "go to {}", "it goes to {}", "continue with {}", "on to {}")).format(
                    self.n(x)
                )
            parts.append(f"{w} {go}" if w.endswith(":") or w == "otherwise" or rng.random() < 0.3 else f"{w}, {go}")
            self.put(e)
        text = rng.choice((", ", "; ", "; ")).join(parts)
        lead = ""
        if dec.kind != "decision":
            lead = "" if clear and rng.random() < 0.7 else f"after {self.n(dec)}: "
        elif not clear or (not dec.verb and rng.random() < 0.3):
            lead = f"at {self.n(dec)}: " if not dec.verb else f"after {self.n(dec)}: "
        return [lead + text]

    def on_loop(self, m: Move, clear: bool) -> list[str]:
        rng, (e,) = self.rng, m.edges
        cont = clear and self.d.current == e.srcs
        A, B, s = self.n(e.srcs[0]), self.back(e.dsts[0]), self.be(e.srcs, "s", "")
        es = "es" if s else ""
        if m.words == ("with",):
            options = [
                f"{A} send{s} {e.label} back to {B}",
                f'an arrow labelled "{e.label}" leads from {A} back to {B}',
            ]
        elif e.label == "feedback":
            options = [
                f"{A} give{s} feedback to {B}",
                f"feedback goes from {A} back to {B}",
                f"the feedback of {A} goes back to {B}",
            ]
        elif m.words:
            options = [f"{m.words[0]}, {A} go{es} back to {B}", f"{m.words[0]} it returns from {A} to {B}"]
        else:
            options = [
                f"{A} loop{s} back to {B}",
                f"from {A} it goes back to {B}",
                f"there is a loop from {A} back to {B}",
                f"{A} go{es} back to {B}",
            ]
            if cont:
                options += [f"from there back to {B}", f"then it loops back to {B}", f"and back to {B}"] * 2
        if self.step and e.srcs[0].verb:
            w = f"{m.words[0]}, " if m.words and m.words[0].startswith(("if", "on")) else ""
            tail = f" with the {e.label}" if m.words == ("with",) else " with feedback" if e.label == "feedback" else ""
            options = [
                f"{w}after {A} it goes back to {B}{tail}",
                f"{w}from {A} there is a way back to {B}{tail}",
            ]
            if cont:
                options += [
                    f"{w}{'then ' if not w else ''}it goes back to {B}{tail}",
                    f"{w}{'then ' if not w else ''}back to {B}{tail}",
                ]
        self.put(e)
        return [rng.choice(options)]

    def on_side(self, m: Move, clear: bool) -> list[str]:
        rng, (e,) = self.rng, m.edges
        A, B, s, b = self.all(e.srcs), self.all(e.dsts), self.be(e.srcs, "s", ""), self.be(e.dsts, "s", "")
        also = "also " if not e.dsts[0].verb else ""
        options = [
            f"{A} {also}feed{s} {B}",
            f"{A} {also}go{'es' if s else ''} into {B}",
            f"{A} {self.be(e.srcs, 'is', 'are')} another input of {B}",
        ]
        if e.dsts[0].verb:
            options = [
                f"for {B} {A} {self.be(e.srcs, 'is', 'are')} used too",
                f"{A} {self.be(e.srcs, 'is', 'are')} also used for {B}",
                f"{B} also needs {A}",
            ]
        elif len(e.dsts) == 1:
            options += [
                f"{B} also take{b} {A} as input",
                f"{B} additionally get{b} {A}",
                f"{B} also need{b} {A}",
            ]
        self.put(e)
        return [rng.choice(options)]

    def on_skip(self, m: Move, clear: bool) -> list[str]:
        rng, (e,) = self.rng, m.edges
        A, B, s = self.n(e.srcs[0]), self.n(e.dsts[0]), self.be(e.srcs, "s", "")
        if e.arrow == "..>":
            text = rng.choice((f"a dashed arrow goes from {A} to {B}", f"also a dashed arrow from {A} to {B}"))
        else:
            text = rng.choice(
                (
                    f"there is a shortcut from {A} to {B}",
                    f"an extra arrow goes from {A} straight to {B}",
                    *(
                        ()
                        if self.step
                        else (
                            f"{A} also go{'es' if s else ''} straight to {B}",
                            f"{A} also feed{s} {B} directly",
                        )
                    ),
                )
            )
        self.put(e)
        return [text]

    def on_group(self, m: Move, clear: bool) -> list[str]:
        rng = self.rng
        src, nodes = m.edges[0].srcs[0], [e.dsts[0] for e in m.edges]
        cont = clear and self.d.current == [src]
        times = m.times
        mark = rng.choice(("", '"'))
        T = f"{mark}{m.title}{mark}" if m.title else ""
        self.d.open(m.title, times, src)
        if T and not times and rng.random() < 0.3:
            parts = self.on_chain(Move("chain", m.edges), clear)
            self.d.close()
            S = self.all(nodes)
            self.later.append(
                rng.choice(
                    (
                        f"draw a frame called {T} around {S}",
                        f"put {S} into a group called {T}",
                        f"{S} belong to the group {T}",
                        f"{S} form a group named {T}",
                    )
                )
            )
            return parts
        A, inner = self.n(src), self.seq(nodes)
        for e in m.edges:
            self.put(e)
        self.d.close()
        inner_list = inner.removeprefix("first ")
        head = (
            rng.choice(("then comes ", "this is followed by ", "next is "))
            if cont
            else rng.choice(
                (
                    f"after {A} comes ",
                    f"{A} {self.be([src], 'is', 'are')} followed by ",
                    f"{A} lead{self.be([src], 's', '')} into ",
                )
            )
        )
        if src.verb and not cont:
            head = f"after {A} comes "
        self.clear = False
        self.outside = True
        if rng.random() < 0.4:
            self.outside = False
            name = f"the group {T}" if T and not times else f"the block {T}, x{times}" if T else f"a block x{times}"
            return [f"{head}{name} ({inner_list})."]
        if times and T:
            text = rng.choice(
                (
                    f"a block called {T}, repeated {times} times: ",
                    f"a group {T} (x{times}): ",
                    f"{times} times the block {T}: ",
                )
            )
        elif times:
            text = rng.choice((f"a block that is repeated {times} times: ", f"{times} times the same block: "))
        else:
            text = rng.choice((f"a group called {T}: ", f"a frame titled {T} with ", f"a box named {T} that holds "))
        return [head + text + (inner if text.endswith(": ") else inner_list) + "."]

    def on_phase(self, m: Move, clear: bool) -> list[str]:
        self.d.open(m.title)
        T = m.title
        return [
            self.rng.choice(
                (
                    f"{T}:",
                    f"{T} part:" if " " not in T else f"{T}:",
                    f"inside a group called {T}:",
                    f"group {T}:",
                    f'in the group "{T}":',
                )
            )
        ]

    def on_endphase(self, m: Move, clear: bool) -> list[str]:
        self.d.close()
        return ["\0"]


def listed(rng: random.Random, moves: list[Move], draft: Draft, case: str) -> str:
    """The edges in a list: lines, bullets by source, node list with arrows, mermaid or dot code."""
    edges: list[Edge] = []
    marks: dict[int, list[str]] = {}  # before which edge a group begins (its title) or ends ("")
    for m in moves:
        if m.kind in ("phase", "endphase"):
            marks.setdefault(len(edges), []).append(m.title)
        edges += [Edge([a], [b], e.label, e.arrow) for e in m.edges for a in e.srcs for b in e.dsts]
    kind = rng.choices(("lines", "bullets", "declared", "mermaid", "dot"), (5, 5, 3, 2, 2))[0]
    nodes = list(dict.fromkeys(n for e in edges for n in e.srcs + e.dsts))
    for x in nodes:
        x.detail, x.label = "", x.name
    if kind == "bullets":
        by: dict[Node, list[Edge]] = {}
        for e in edges:
            by.setdefault(e.srcs[0], []).append(e)
        bullet, verb = (
            rng.choice("-*•"),
            rng.choice(("goes to ", "-> ", "to ", "feeds ", "next: ", "→ ", "sends to ", "leads to ")),
        )
        lines, colon = [], rng.choice((": ", ": ", " ")) if verb[0] in "gfsl-→" else ": "
        for a, group in by.items():
            solid = [e for e in group if not e.label and e.arrow == "->"]
            other = [e for e in group if e.label or e.arrow != "->"]
            links = [e for e in group if e.arrow == "--"]
            other = [e for e in other if e.arrow != "--"]
            parts = []
            if links:
                parts.append("linked with " + ", ".join(e.dsts[0].name for e in links) + " (no arrowhead)")
                draft.edge([a], [e.dsts[0] for e in links], "", "--")
            if solid:
                names = [e.dsts[0].name for e in solid]
                parts.append(verb + (", ".join(names[:-1]) + " and " + names[-1] if len(names) > 1 else names[0]))
                draft.edge([a], [e.dsts[0] for e in solid])
            for e in other:
                to = "back to " if e.arrow == "..>" else verb
                parts.append(f"{e.label}: {to}{e.dsts[0].name}" if e.label else to + e.dsts[0].name)
                draft.edge(e.srcs, e.dsts, e.label, e.arrow)
            lines.append(f"{bullet} {a.name}{colon if solid else ': '}{'; '.join(parts)}")
        return "\n".join(lines)
    if kind not in ("lines", "mermaid"):
        marks = {}
    for i, e in enumerate(edges):
        for title in marks.get(i, ()):
            draft.open(title) if title else draft.close()
        draft.edge(e.srcs, e.dsts, e.label, e.arrow)
    if marks.get(len(edges)):
        draft.close()
    if kind == "mermaid":
        way = rng.choice(("LR", "TD"))
        ids = {x: (chr(65 + i) if len(nodes) <= 26 else f"n{i}") for i, x in enumerate(nodes)}
        seen: set[Node] = set()

        def box(x: Node) -> str:
            new = x not in seen
            seen.add(x)
            left, right = ("{", "}") if x.kind == "decision" else ("[", "]")
            return ids[x] + (left + x.name + right if new else "")

        arrows = {"->": "-->", "..>": "-.->", "--": "---"}
        rows = []
        for i, e in enumerate(edges):
            rows += [f"subgraph {t}" if t else "end" for t in marks.get(i, ())]
            left = box(e.srcs[0])
            rows.append(f"{left} {arrows[e.arrow]}{f'|{e.label}|' if e.label else ''} {box(e.dsts[0])}")
        rows += ["end"] if marks.get(len(edges)) else []
        return f"{rng.choice(('graph', 'flowchart'))} {way}" + "".join(f"\n  {r}" for r in rows)
    if kind == "dot":
        simple = all(re.fullmatch(r"[A-Za-z_]\w*", x.name) for x in nodes)
        q = "" if simple else '"'
        rows = []
        for e in edges:
            attrs = [f'label="{e.label}"'] if e.label else []
            attrs += ["style=dashed"] if e.arrow == "..>" else ["dir=none"] if e.arrow == "--" else []
            rows.append(
                f"{q}{e.srcs[0].name}{q} -> {q}{e.dsts[0].name}{q}" + (f" [{', '.join(attrs)}]" if attrs else "") + ";"
            )
        return (
            "digraph {" + "".join(f"\n  {r}" for r in rows) + "\n}"
            if rng.random() < 0.7
            else "digraph G { " + " ".join(rows) + " }"
        )
    pattern = rng.choice(
        (
            "{a} -> {b}",
            "{a} -> {b}",
            "({a}, {b})",
            "{a} to {b}",
            "{a} → {b}",
            "{a} => {b}",
            "from {a} to {b}",
            "{a} --> {b}",
        )
    )
    rows, colon = [], rng.choice((": ", " : "))
    heading = rng.choice(("{}:", "[{}]", "== {} ==", "# {}", "group {}:", "in the group {}:"))
    bullet = rng.choice(("", "", "- "))
    for i, e in enumerate(edges):
        rows += [heading.format(t) for t in marks.get(i, ()) if t]
        row = (bullet if kind == "lines" else "") + pattern.format(a=e.srcs[0].name, b=e.dsts[0].name)
        row += f"{colon}{e.label}" if e.label else ""
        rows.append(row + {"..>": " (dashed)" if e.label else " (back)", "--": " (no arrowhead)"}.get(e.arrow, ""))
    if kind == "lines":
        return "\n".join(rows)
    names = ", ".join(x.name for x in nodes)
    head = rng.choice(
        ("boxes: {}", "Nodes: {}", "nodes = {}", "We have these boxes: {}", "I have {}", "Elements: {}")
    ).format(names)
    tail = rng.choice(("arrows: ", "Edges: ", "connections: ", "Arrows: ")) + rng.choice(("; ", "; ")).join(rows)
    return f"{head}{rng.choice(('. ', chr(10)))}{tail}"


def numbered(rng: random.Random, moves: list[Move], draft: Draft, step: bool) -> str:
    """Numbered steps; loops and shortcuts point to numbers."""
    nodes: list[Node] = []
    extra: dict[Node, list[Edge]] = {}
    for m in moves:
        for e in m.edges:
            if e.srcs[0] not in nodes:
                nodes.append(e.srcs[0])
            if m.kind == "chain":
                nodes.append(e.dsts[0])
            else:
                extra.setdefault(e.srcs[0], []).append(e)
    if len(nodes) > 4 and rng.random() < 0.4:
        i = rng.randrange(len(nodes) - 3)
        j = rng.randrange(i + 2, len(nodes))
        extra.setdefault(nodes[i], []).append(Edge([nodes[i]], [nodes[j]]))
    if len(nodes) > 2 and rng.random() < 0.35 and nodes[-1] not in extra:
        label = rng.choice(("", "", "fails", "error", "feedback", rng.choice(PAYLOADS)))
        extra[nodes[-1]] = [Edge(nodes[-1:], [rng.choice(nodes[:-2])], label, "..>")]
    mark = rng.choice(("{}. ", "{}) ", "({}) ", "step {}: ", "{}: "))
    lines = []
    for i, x in enumerate(nodes):
        x.detail, x.label = "", x.label.split(" (")[0]
        line = mark.format(i + 1) + (x.base if x.verb else x.name)
        if i:
            draft.edge([nodes[i - 1]], [x])
        for e in extra.get(x, []):
            k = nodes.index(e.dsts[0]) + 1
            no = rng.choice((f"{k}", f"step {k}"))
            if e.arrow == "..>":
                how = {
                    "feedback": "feedback to",
                    "fails": "if it fails, back to",
                    "error": "on error back to",
                    "": "then back to",
                }.get(e.label, f"back to {no} with {e.label}")
                line += rng.choice((", {}", " ({})")).format(
                    how if how.endswith(e.label) and e.label else f"{how} {no}"
                )
            else:
                if i + 1 < len(nodes):
                    draft.edge([x], [nodes[i + 1]])
                line += rng.choice((f" (also goes straight to {no})", f", also feeds {no} directly"))
            draft.edge(e.srcs, e.dsts, e.label, e.arrow)
        lines.append(line)
    return rng.choice(("\n", "\n", " ")).join(lines)


def heading(rng: random.Random, body: str) -> str:
    """What the system is called, before it is described; it is no box."""
    while True:
        name = rng.choice(NAMES_OF_SYSTEMS).format(brand=invented(rng), place=rng.choice(GROUP_NAMES))
        if name.lower() not in body.lower():
            return name + rng.choice((": ", ": ", " - ", ", ", ". ", ":\n"))


NAMES_OF_SYSTEMS = words(
    "{brand}; {brand} pipeline; the {brand} system; {brand} architecture; training loop; {place} workflow; "
    "{place} with {brand}; invoice handling; fraud detection; recommender; churn prediction; support bot; "
    "document search; video tagging; simple agent; a small forecasting system; model serving at {brand}; "
    "how we ship models; visual inspection; speech assistant; {brand}-style model; news aggregator; "
    "two-tower retrieval; credit scoring with checks; order process ({place}); self-supervised pretraining; "
    "image captioning; {brand} v2; data platform; my thesis: {brand}; robot cell; lab workflow; drug screening"
)


def opening(rng: random.Random) -> str:
    """Words before the description, often none."""
    if rng.random() < 0.4:
        return ""
    thing = rng.choice(
        (
            "diagram",
            "flowchart",
            "flow chart",
            "process diagram",
            "picture",
            "schema",
            "graph",
            "figure",
            "drawing",
            "chart",
            "simple diagram",
            "block diagram",
            "overview",
            "pipeline diagram",
            "sketch",
        )
    )
    art = "an" if thing[0] in "aeiou" else "a"
    verb = rng.choice(
        ("draw", "make", "create", "sketch", "show", "generate", "produce", "give me", "draw me", "show me")
    )
    use = rng.choice(
        (
            "",
            "",
            "",
            "",
            " of this process",
            " of our process",
            " for my report",
            " for the wiki",
            " of this",
            " for my talk",
        )
    )
    return rng.choice(
        (
            f"{verb} {art} {thing}{use}: ",
            f"please {verb} {art} {thing}{use}: ",
            f"can you {verb} {art} {thing}{use}? ",
            f"I need {art} {thing}{use}. ",
            f"{thing}{use}: ",
            f"{verb} {art} {thing}{use}. ",
            f"{thing} please: ",
            "this is how it works: ",
            "our process: ",
            "here is the flow: ",
            "the flow: ",
            "process: ",
            "hi! ",
            "so basically ",
            "the steps are: ",
            "draw this: ",
            f"{verb} this as {art} {thing}: ",
            "how it works: ",
            f"could you {verb} {art} {thing}{use}? ",
            "workflow: ",
            "pls draw: ",
            f"turn this into {art} {thing}:\n",
            f"{art} {thing}{use}, please. ",
            "draw the following:\n",
            "let me describe it. ",
        )
    )


def process(rng: random.Random) -> tuple[str, str]:
    """A random request about a process and its diagram text."""
    form = rng.choices(("prose", "listed", "numbered"), (70, 22, 8))[0]
    step = form != "listed" and rng.random() < 0.35
    case = rng.choices(("", "flat", "title", "sentence", "upper"), (50, 22, 15, 11, 2))[0]
    if step and case != "flat":
        case = ""
    names = Names(rng, case)
    if step:
        names.serial = False
    lo, hi = rng.choices(((3, 6), (7, 11), (12, 18)), (40, 40, 20))[0]
    size = rng.randint(lo, hi)
    if form == "numbered":
        size = min(size, 12)
    moves = planned(rng, names, step, size, form == "numbered")
    if form == "listed":
        for m in moves:
            m.edges = [e for e in m.edges if e.srcs]
    draft = Draft()
    ordered = [n for m in moves for e in m.edges for n in e.srcs + e.dsts]
    first = moves[0].edges[0].srcs if moves[0].edges else []
    caps = case != "flat" and rng.random() < 0.7
    if form == "listed":
        body = listed(rng, moves, draft, case)
    elif form == "numbered":
        body = numbered(rng, moves, draft, step)
    else:
        teller = Teller(rng, draft, step, first[0] if len(first) == 1 else None)
        if (
            all(m.kind == "chain" for m in moves)
            and teller.taste == "arrows"
            and not names.serial
            and rng.random() < 0.1
        ):
            teller.arrow = "|"
        parts = teller.tell(moves)
        if rng.random() < 0.01:
            node = rng.choice([x for x in ordered if x.kind == "process"] or ordered[:1])
            brand = invented(rng).lower() if case == "flat" else invented(rng)
            parts.append(
                rng.choice(
                    (
                        "actually, call {} {} instead",
                        "correction: rename {} to {}",
                        "sorry, {} should be called {}",
                    )
                ).format(teller.n(node), brand)
            )
            node.label, node.plain = brand, False
        body = joined(rng, parts, caps, ordered)
        for x in ordered:
            if x.detail and f"({x.detail})" not in body:
                x.detail, x.label = "", x.label.split(" (")[0]
    return dressed_process(rng, draft, body, ordered, case, caps, form == "listed")


def dressed_process(
    rng: random.Random,
    draft: Draft,
    body: str,
    ordered: list[Node],
    case: str,
    caps: bool = False,
    listed: bool = False,
) -> tuple[str, str]:
    """The request around a described process, perhaps with a title and a style wish, and the diagram text."""
    head = opening(rng)
    if rng.random() < 0.2:
        head = rng.choice((head, "", "")) + heading(rng, body)
        head = head.lower() if case == "flat" else head
    if listed and head and not body.startswith("digraph"):
        head = head.rstrip() + "\n"
    if re.match(r"(flowchart|graph) (LR|TD)|digraph", body) and head:
        head = head.rstrip() + "\n"
    if caps and head:
        head = head[0].upper() + head[1:]
    lines, tail = [], ""
    if rng.random() < 0.05:
        title = rng.choice(("{} overview", "How {} works", "{} flow", "{}", "Project {}")).format(
            invented(rng) if rng.random() < 0.6 else rng.choice(GROUP_NAMES)
        )
        title = title.lower() if case == "flat" else title
        lines.append(f"title {title}")
        if rng.random() < 0.3:
            front = rng.choice((f"title: {title}\n", f'title "{title}". ', f'Titled "{title}": '))
            head = (front.lower() if case == "flat" else front) + head
        else:
            tail += rng.choice(
                (
                    f' Title: "{title}".',
                    f' Call it "{title}".',
                    f' The title is "{title}".',
                    f' Titled "{title}".',
                )
            )
    wish = []
    mermaid = re.match(r"(flowchart|graph) (LR|TD)", body)
    if mermaid:
        wish = ["right" if mermaid[2] == "LR" else "down"]
    elif rng.random() < 0.08:
        picks = rng.sample(STYLES, rng.choice((1, 1, 2)))
        if len(picks) == 2 and group_of(picks[0][0]) == group_of(picks[1][0]):
            picks = picks[:1]
        wish = sorted((p[0] for p in picks), key=STYLE_ORDER.index)
        said = [rng.choice(p[1:]) for p in picks]
        tail += rng.choice((" {}, please.", " {} please.", " ({})", " Style: {}.", " {}.", " {}!")).format(
            ", ".join(said)
        )
    if wish:
        lines.append("style " + " ".join(wish))
    if rng.random() < 0.06:
        tail += rng.choice((" Thanks!", " that's all", " Nothing else.", " Thank you.", " That is the whole process."))
    if case == "flat" and tail:
        tail = tail.lower()
    if tail and "\n" in body:
        tail = "\n" + tail.strip()
    if tail and not re.search(r"[.!?\n}]$", body) and not tail.startswith("\n"):
        body += "."
    request = (head + body + tail).strip()
    if rng.random() < 0.05:
        request = typos(rng, request, ordered)
    return request, "\n".join(lines + [draft.text()])


def group_of(word: str) -> str:
    """The sort of a style word."""
    for sort in (
        "paper outline ink slide night",
        "right down up left",
        "compact normal wide",
        "orthogonal straight",
        "rounded square",
    ):
        if word in sort.split():
            return sort
    return word


def joined(rng: random.Random, parts: list[str], caps: bool, nodes: list[Node]) -> str:
    """Sentences put together; a name at the start of a sentence may get a capital, and so does its label."""
    seps = rng.choice(((". ",), (". ",), (". ", "; "), ("; ",), (".\n",), ("\n",), (", ", ". ")))
    text, fresh = "", True
    for part in parts:
        if part == "\0":
            text, fresh = text.rstrip(" ;,\n."), True
            text += ".\n" if "\n" in seps[0] else ". "
            continue
        stop = part.startswith("\1") or text.endswith(".")
        part = part.removeprefix("\1")
        if text and not fresh and not text.endswith(": "):
            sep = rng.choice(seps) if not stop else ".\n" if "\n" in seps[0] else ". "
            text = text.rstrip(".") + sep if not text.endswith("?") or sep[0] not in ".;," else text + " "
            fresh = "." in sep or sep == "\n" or text.endswith("? ")
        if part.endswith(":"):
            part += " "
        if caps and fresh:
            for x in nodes:
                if (
                    part.startswith((x.name, x.base) if x.verb else x.name)
                    and x.name not in text
                    and x.name[0].islower()
                ):
                    if not x.plain:
                        break
                    x.label = x.label[0].upper() + x.label[1:]
                    part = part[0].upper() + part[1:]
                    break
            else:
                if not any(part.startswith(x.name) for x in nodes):
                    part = part[0].upper() + part[1:]
        fresh = False
        text += part
    text = text.rstrip()
    if seps == ("\n",) and rng.random() < 0.35 and "\0" not in parts:
        mark = rng.choice(("- ", "- ", "* ", "• "))
        return "\n" + "\n".join(mark + line for line in text.split("\n"))
    return text + ("." if caps and not re.search(r"[.?]$", text) else "")


def typos(rng: random.Random, text: str, nodes: list[Node]) -> str:
    """One or two wrong letters in words that are no part of a name."""
    taken = {w.lower() for x in nodes for w in re.findall(r"\w+", f"{x.name} {x.base} {x.label}")}
    spots = [m for m in re.finditer(r"[A-Za-z]+", text) if m[0] in TYPOS and m[0] not in taken]
    for m in sorted(rng.sample(spots, min(len(spots), rng.choice((1, 2)))), key=lambda m: -m.start()):
        text = text[: m.start()] + TYPOS[m[0]] + text[m.end() :]
    return text
