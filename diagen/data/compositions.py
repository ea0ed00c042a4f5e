"""Systems told by how their parts are put together: branches, boxes joined all to all, series, groups.

Where relations.py tells arrow by arrow, a clause here stands for several arrows at once: "a and b each go to c, d and
e", "x splits into three branches: a; b then c; d", "every encoder feeds the decoder with the same number".
"""

from __future__ import annotations

import random
from itertools import pairwise

from .processes import PAYLOADS, Draft, dressed_process
from .relations import Clerk, sentences
from .vocabulary import GROUP_NAMES, Names, Node

COUNTS = {2: "two", 3: "three", 4: "four", 5: "five"}
OWN = ("encoder", "queue", "adapter", "cache", "head", "projector", "parser", "buffer", "filter", "backbone",
       "tokenizer", "logger", "driver", "meter", "sampler", "proxy", "worker", "converter")  # fmt: skip
SERIES = ("enc", "encoder", "down", "forward", "layer", "stage", "level", "source", "left", "block", "student", "tower",
          "camera", "shard", "trial", "client", "node", "fold")  # fmt: skip
TWINS = ("dec", "decoder", "up", "backward", "head", "mirror", "sink", "right", "copy", "teacher", "replica", "worker",
         "server", "buffer", "gate", "tap", "probe", "cache")  # fmt: skip


class Composer(Clerk):
    """Tells several arrows with one clause; `tips` are the boxes that the way has come to."""

    def __init__(self, rng: random.Random, draft: Draft, names: Names) -> None:
        super().__init__(rng, draft)
        self.vocabulary, self.nodes = names, list[Node]()
        self.tips = [self.new()]

    def new(self, name: str = "") -> Node:
        """A box that was not there before; with a name, that very name where it is not taken."""
        node = self.vocabulary.named(name) if name else None
        if not node:
            step = not self.vocabulary.serial and self.rng.random() < 0.2
            node = self.vocabulary.label_step() if step else self.vocabulary.noun()
        node.detail, node.label = "", node.name
        self.nodes.append(node)
        return node

    def some(self, low: int, high: int) -> list[Node]:
        return [self.new() for _ in range(self.rng.randint(low, high))]

    def listed(self, nodes: list[Node], mark: str = ", ") -> str:
        return mark.join(self.name(n) for n in nodes)

    def row(self, nodes: list[Node]) -> None:
        """Arrows from each box to the next."""
        for a, b in pairwise(nodes):
            self.told([a], [b])

    def chain(self) -> str:
        """Boxes in a row, told by a list and a word for its order."""
        rng, start = self.rng, self.tips[0]
        nodes = [start, *self.some(2, 6)]
        self.row(nodes)
        self.tips = nodes[-1:]
        if rng.random() < 0.1:
            return self.corrected(nodes)
        if rng.random() < 0.12:
            return self.joined(nodes)
        then = rng.choice((", then ", ", and then ", ", next "))
        arrow = f" {self.arrow or rng.choice(('->', '→', '=>'))} "
        return rng.choice(
            (
                f"{self.listed(nodes)}, one after the other",
                f"{self.listed(nodes)}. One after the other",
                f"{self.listed(nodes)}, in sequence",
                f"{self.listed(nodes)} (all in a chain)",
                f"{self.names(nodes)} in a row",
                f"{self.names(nodes)}, in this order",
                f"{self.names(nodes)} follow each other",
                f"a chain of {self.names(nodes)}",
                f"in order: {self.listed(nodes)}",
                self.listed(nodes, then),
                f"first {self.listed(nodes, ', then ')}",
                f"{len(nodes)} steps in a line: {self.listed(nodes)}",
                f"{self.listed(nodes[:-1])}, finally {self.name(nodes[-1])}",
                f"{self.name(start)} {self.verb([start], ('goes', 'go'))} through {self.listed(nodes[1:-1])} and ends "
                f"in {self.name(nodes[-1])}",
                f"{self.names(nodes)} make up a pipeline",
                f"{self.names(nodes[1:-1])} in that order, {self.name(start)} first and {self.name(nodes[-1])} last",
                self.listed(nodes, arrow),
            )
        )

    def corrected(self, nodes: list[Node]) -> str:
        """Boxes in a row, two of which are told the wrong way round at first."""
        i = self.rng.randrange(1, len(nodes) - 1)
        told = [*nodes[:i], nodes[i + 1], nodes[i], *nodes[i + 2 :]]
        a, b = self.name(nodes[i]), self.name(nodes[i + 1])
        text = self.rng.choice((f"first {self.listed(told, ', then ')}", self.listed(told, f" {self.arrow or '->'} ")))
        return text + self.rng.choice(
            (
                f". No wait, put {a} before {b}",
                f". Sorry, {a} comes before {b}",
                f". Actually, swap {b} and {a}",
                f"; correction: {a} comes first, then {b}",
                f". Hm, {b} should come after {a}",
            )
        )

    def joined(self, nodes: list[Node]) -> str:
        """Boxes in a row, with a further one that feeds one of them."""
        rng, side = self.rng, self.new()
        i = rng.randrange(1, len(nodes))
        x, at = self.name(side), self.name(nodes[i])
        self.told([side], [nodes[i]])
        self.last = []
        joins = self.verb([side], ("joins", "join"))
        before, after = self.listed(nodes[: i + 1], ", then "), self.listed(nodes[i + 1 :], ", then ")
        return rng.choice(
            (
                f"{self.listed(nodes, ', then ')}; {x} {joins} in at {at}",
                f"{before}, where {x} {joins} in" + (f", then {after}" if after else ""),
                f"{before} (plus {x})" + (f", then {after}" if after else ""),
                f"{self.listed(nodes)} in a row, with {x} as a second input of {at}",
            )
        )

    def fed(self) -> str:
        """A box before each of the last ones, which are told by their place."""
        tips, feeders = self.tips, self.some(len(self.tips), len(self.tips))
        for a, b in zip(feeders, tips, strict=True):
            self.told([a], [b])
        self.last = []
        first, *rest = (self.name(n) for n in feeders)
        places = ("second", "third", "fourth", "fifth")
        told = ", ".join(f"{name} the {place}" for name, place in zip(rest, places, strict=False))
        return f"{self.names(tips)}: {first} {self.verb(feeders[:1], ('feeds', 'feed'))} the first, {told}"

    def via(self) -> str:
        """Two arrows, the end of the second told before the box between."""
        start, (between, end) = self.tips[0], self.some(2, 2)
        a, b, c = (self.name(n) for n in (start, between, end))
        self.row([start, between, end])
        self.tips = [end]
        return self.rng.choice(
            (
                f"{a} {self.verb([start], ('goes', 'go'), ('gets', 'get'))} to {c} via {b}",
                f"{a} {self.verb([start], ('reaches', 'reach'))} {c} through {b}",
                f"via {b}, {a} {self.verb([start], ('feeds', 'feed'))} {c}",
                f"{a} {self.verb([start], ('is', 'are'))} sent to {c} by way of {b}",
                f"between {a} and {c} there is {b}",
                f"{b} {self.verb([between], ('sits', 'sit'))} between {a} and {c}",
                f"{c} {self.verb([end], ('gets', 'get'))} {a}, but only after {b}",
                f"before {a} {self.verb([start], ('reaches', 'reach'))} {c}, {b} comes in",
                f"{c} comes after {b}, which comes after {a}",
                f"{c} is preceded by {b}, and {b} by {a}",
            )
        )

    def branches(self) -> str:
        """Ways of one or a few boxes each, from one box, which may meet again."""
        rng, start = self.rng, self.tips[0]
        count = rng.choice((2, 2, 3, 3, 4))
        ways = [self.some(1, rng.choice((1, 2, 3))) for _ in range(count)]
        then = rng.choice((" then ", " -> ", " followed by ", ", then ", " and then ", ", "))
        joint = "" if then == ", " else rng.choice(("", ", ", "; "))
        told = [self.listed(way, then) for way in ways]
        meet = self.new() if rng.random() < 0.65 else None
        direct = meet is not None and rng.random() < 0.25
        to = self.name(meet) if meet else ""
        if direct:
            told.append(rng.choice((f"straight to {to}", f"directly {to}", f"nothing, it goes directly to {to}")))
        number, a = COUNTS[len(told)] if rng.random() < 0.7 else str(len(told)), self.name(start)
        mark = joint or "; "
        body = mark.join(told)
        lettered = " ".join(f"{'abcde'[i]}) {way}{'' if i == len(told) - 1 else mark.rstrip()}" for i, way in
                            enumerate(told))  # fmt: skip
        text = rng.choice(
            (
                f"{a} {self.verb([start], ('splits', 'split'))} into {number} branches: {body}",
                f"{number} branches leave {a}: {body}",
                f"{a} {self.verb([start], ('goes', 'go'))} {number} ways: {body}",
                f"after {a} there are {number} parallel paths: {lettered}",
                f"from {a}, {number} ways in parallel: {body}",
                f"{a} {self.verb([start], ('is', 'are'))} followed by {number} branches, {body}",
                f"{a}, then in parallel: {lettered}",
            )
        )
        if len(told) == 2 and rng.random() < 0.5:
            text = rng.choice(
                (
                    f"one way from {a} is {told[0]}; the other is {told[1]}",
                    f"{a} {self.verb([start], ('has', 'have'))} two branches. The first: {told[0]}. The second: "
                    f"{told[1]}",
                    f"on one side {a} {self.verb([start], ('goes', 'go'))} to {told[0]}, on the other to {told[1]}",
                )
            )
        for way in ways:
            self.row([start, *way])
        self.tips = [way[-1] for way in ways]
        if meet:
            each = {2: "both", 3: "all three", 4: "all four"}.get(len(told), "all")
            text += rng.choice((". ", "; ")) + rng.choice(
                (
                    f"{each} are concatenated in {to}",
                    f"{each} meet in {to}",
                    f"the branches end in {to}",
                    f"their outputs go to {to}",
                    f"{to} joins them",
                    f"{each} go to {to}",
                    f"the {number} results are merged in {to}",
                    f"{to} adds them up",
                )
            )
            self.told(self.tips, [meet])
            if direct:
                self.told([start], [meet])
            self.tips = [meet]
        return text

    def all_to_all(self) -> str:
        """Each of some boxes to each of others."""
        sources, targets = self.tips, self.some(2, 4)
        a, b, each = self.names(sources), self.names(targets), "both" if len(sources) == 2 else "all"
        self.told(sources, targets)
        self.tips = targets
        return self.rng.choice(
            (
                f"{a} each go to {b}",
                f"{a} {each} go to {b}",
                f"{a} {each} feed {b}",
                f"each of {a} feeds each of {b}",
                f"{a} are {each} connected to {b}",
                f"every one of {a} sends its output to {b}",
                f"{b} each get {a}",
                f"{b} all take {a}",
                f"{self.listed(sources)} {self.arrow or '->'} {self.listed(targets)} (all to all)",
                f"{a} are used by each of {b}",
                f"{a} are inputs of {b}",
            )
        )

    def own(self) -> str:
        """Each of some boxes to a box of its own, named by one word and a number."""
        rng, sources = self.rng, self.tips
        word = rng.choice(OWN)
        marks = rng.choice(("12345", "ABCDE"))
        if rng.random() < 0.35:  # named by what they belong to
            targets = [self.new(f"{source.name} {word}") for source in sources]
        else:
            targets = [self.new(f"{word} {mark}") for mark, _ in zip(marks, sources, strict=False)]
        a, b = self.names(sources), self.names(targets)
        for one, other in zip(sources, targets, strict=True):
            self.told([one], [other])
        self.tips = targets
        plain = all(word in n.name.lower() for n in targets)
        if not plain:
            return f"{a} go to {b}, in this order"
        arrow = f" {self.arrow or '->'} "
        each = ", ".join(self.listed(list(both), arrow) for both in zip(sources, targets, strict=True))
        return rng.choice(
            (
                f"{a} each pass through their own {word} ({b})",
                f"{a} each go to one {word} of their own, {b}",
                f"each of {a} has its own {word}: {b}",
                f"{a} are handled by {b} respectively",
                f"every one of them has a {word}: {each}",
            )
        )

    def added(self) -> str:
        """A box that takes the last one and an earlier one."""
        rng, tip = self.rng, self.tips[0]
        earlier = [n for n in self.nodes if n in self.draft.named and n is not tip]
        if not earlier:
            return self.chain()
        x = rng.choice(earlier[-5:])
        node = self.new(rng.choice(("add", "sum", "add 1", "concat", "merge", "")))
        a, b, c = self.name(x), self.name(tip), self.name(node)
        text, label = rng.choice(
            (
                (f"{a} {self.verb([x], ('is', 'are'))} also added to the output of {b}, in a box called {c}", ""),
                (f"{b} and a shortcut from {a} are summed in {c}", "shortcut"),
                (f"{c} takes {b} and, as a residual, {a}", "residual"),
                (f"{b} {self.verb([tip], ('goes', 'go'))} to {c}, with a skip connection from {a} to {c}", "skip"),
                (f"after {b} comes {c}, which also gets {a}", ""),
                (f"{c} combines what comes out of {b} with {a}", ""),
                (f"{c} has two inputs, {b} and {a}", ""),
            )
        )
        self.told([tip], [node])
        self.told([x], [node], label)
        self.tips = [node]
        return text

    def both_ways(self) -> str:
        """Arrows to and fro between the last box and a new one."""
        tip, node = self.tips[0], self.new()
        a, b = self.name(tip), self.name(node)
        self.told([tip], [node])
        self.told([node], [tip])
        return self.rng.choice(
            (
                f"{b} <-> {a}",
                f"{a} <-> {b}",
                f"{a} and {b} talk to each other",
                f"{a} and {b} exchange data",
                f"arrows go both ways between {a} and {b}",
                f"{a} queries {b} and gets an answer back",
            )
        )

    def questions(self) -> str:
        """One or two questions on the way; the bad answers of both may lead to one box."""
        rng, names, tip = self.rng, self.vocabulary, self.tips[0]
        arrow = self.arrow or rng.choice(("->", "->", "→"))
        bad, back = self.new(), False
        parts = [f"{self.name(tip)} {arrow} "]
        for last in (False, True) if rng.random() < 0.6 else (True,):
            check = names.decision(False)
            if not check.name.endswith("?"):
                check.name += " ok?"
            check.detail, check.label, check.plain = "", check.name, False
            self.told([tip], [check])
            self.nodes.append(check)
            if len(parts) > 1 and rng.random() < 0.3:
                bad = self.new()
            elif len(parts) == 1 and last and rng.random() < 0.4:
                bad, back = rng.choice([n for n in self.nodes if n in self.draft.named and n is not check]), True
            good = self.some(1, 1 if last else 3)
            way = self.listed(good, rng.choice((f" {arrow} ", ", then ")))
            wrong = self.name(bad)
            parts.append(check.name + " ")
            forms = (
                (f"If no, {wrong}. If yes, {way}", False),
                (f"If yes, {way}. If no, {wrong}", True),
                (f"no {arrow} {wrong}; yes {arrow} {way}", False),
                (f"yes {arrow} {way}; no {arrow} {wrong}", True),
                (f"If not, {wrong}; if so, {way}", False),
                (f"Yes: {way}. No: {wrong}", True),
                (f"No: {wrong}. Yes: {way}", False),
            )
            text, good_first = rng.choice(forms if last else [f for f in forms if not f[1]])
            for right in (good_first, not good_first):
                if right:
                    self.told([check], [good[0]], "yes")
                    self.row(good)
                else:
                    self.told([check], [bad], "no", back=back)
            tip = good[-1]
            parts.append(text + ("" if last else f" {arrow} "))
        self.tips, self.last = [tip], []
        return "".join(parts)

    def mirrored(self) -> str:
        """Two numbered series: one after the other, and from each of the first to its like of the second."""
        rng, start = self.rng, self.tips[0]
        one, other = rng.choice(SERIES), rng.choice(TWINS)
        count = rng.choice((2, 3, 3, 4, 4, 5))
        firsts = [self.new(f"{one} {i}") for i in range(1, count + 1)]
        twins = [self.new(f"{other} {i}") for i in range(1, count + 1)]
        if not all(n.name.lower().startswith((one, other)) for n in firsts + twins):
            return self.chain()
        arrow = f" {self.arrow or '->'} "
        dash = rng.random() < 0.5
        series = f"{self.name(firsts[0])} to {self.name(firsts[-1])}" if rng.random() < 0.3 else self.names(firsts)
        if dash:  # down and up again
            middle = self.some(1, 1)
            nodes = [start, *firsts, *middle, *reversed(twins)]
            text = self.listed(nodes, arrow if rng.random() < 0.6 else ", ")
            self.row(nodes)
            self.tips = [twins[0]]
        else:
            text = f"{self.name(start)} {self.verb([start], ('goes', 'go'))} to {series}"
            self.told([start], firsts)
            self.tips = twins
        rule, label = rng.choice(
            (
                (f"every {one} has a skip connection to the {other} with the same number", "skip"),
                (f"each {one} goes to the {other} of the same number", ""),
                (f"same-numbered {one} and {other} are connected ({one} {arrow.strip()} {other})", ""),
                (f"there is a skip from {one} k to {other} k", "skip"),
                (f"an arrow leads from each {one} to the {other} with its number", ""),
                (f"each {one} also feeds the matching {other}" if dash else f"each {one} feeds its own {other}", ""),
                (f"shortcuts run from every {one} to its {other}", "shortcut"),
            )
        )
        if not dash:
            rule += f" ({self.names(twins)})" if rng.random() < 0.6 or "own" in rule else ""
        for a, b in zip(firsts, twins, strict=True):
            self.told([a], [b], label)
        return text + rng.choice((". ", "; ")) + rule

    def fan(self) -> str:
        """Arrows from the last box to some."""
        start, self.tips = self.tips[0], self.some(2, 5)
        return self.out(start, self.tips)

    def merge(self) -> str:
        """Arrows from the last boxes to one."""
        sources, self.tips = self.tips, self.some(1, 1)
        return self.into(sources, self.tips[0])

    def in_pairs(self) -> str:
        """An arrow from each of the last boxes to a box of its own."""
        sources, self.tips = self.tips, self.some(len(self.tips), len(self.tips))
        return self.side_by_side(list(zip(sources, self.tips, strict=True)))


def compositions(rng: random.Random) -> tuple[str, str]:
    """A random request about parts that are put together, and its diagram text."""
    case = rng.choices(("", "flat", "title", "sentence"), (50, 25, 15, 10))[0]
    draft = Draft()
    composer = Composer(rng, draft, Names(rng, case))
    clauses: list[str] = []
    if rng.random() < 0.35:
        composer.tips += composer.some(1, 2)
        if rng.random() < 0.4:
            clauses.append(f"{composer.names(composer.tips)} are the {rng.choice(('sources', 'inputs', 'starts'))}")
    size = rng.choice((4, 6, 8, 11, 14))
    while not draft.rows or len(composer.nodes) < size:
        if len(composer.tips) == 1:
            ways = {composer.chain: 3.0, composer.via: 1.5, composer.branches: 3.0, composer.added: 1.2}
            ways |= {composer.mirrored: 1.0, composer.fan: 1.2}
            if not composer.vocabulary.serial:
                ways |= {composer.questions: 2.0, composer.both_ways: 0.6}
        else:
            ways = {composer.all_to_all: 2.0, composer.own: 1.5, composer.merge: 3.0, composer.in_pairs: 0.7}
            ways |= {composer.fed: 0.6} if draft.rows else {}
        clauses.append(rng.choices(list(ways), list(ways.values()))[0]())
    body = sentences(rng, clauses, composer.nodes, case)
    return dressed_process(rng, draft, body, composer.nodes, case)


_CHAINED = (
    'group "{t}" has {and_} in a chain',
    "{t}: {arrows}",
    "{t}: {then}",
    "in {t}, {then}",
    'a frame "{t}" with {arrows}',
    "the group {t} holds {and_}, one after the other",
    "{t} ({arrows})",
    "{arrows} (group {t})",
    "{arrows} belong together as {t}",
)
_HELD = (
    "{t}: {list}",
    "{t}: {and_}",
    '"{t}": {list}',
    "{t} ({list})",
    "{t} holds {and_}",
    "{and_} belong to {t}",
    'group {and_} as "{t}"',
    "{t} has {and_}",
    'a box around {and_} called "{t}"',
)


def grouped(rng: random.Random) -> tuple[str, str]:
    """A random request about boxes in groups, each told as a row or by what it holds, and its diagram text."""
    case = rng.choices(("", "flat", "title"), (55, 30, 15))[0]
    names = Names(rng, case)
    names.serial = False
    draft = Draft()
    composer = Composer(rng, draft, names)
    count = rng.choice((2, 2, 2, 3, 3, 4))
    kind = rng.choice((" team", "", "", "", " side", " part"))
    titles = [title + kind for title in rng.sample(GROUP_NAMES, count)]
    titles = [title.lower() for title in titles] if case == "flat" else titles
    parts = [(composer.tips if not i else []) + composer.some(1 if not i else 2, 4) for i in range(count)]
    chained = rng.random() < 0.5
    form = rng.choice(_CHAINED if chained else _HELD)
    clauses = []
    for title, part in zip(titles, parts, strict=True):
        draft.open(title)
        if chained and len(part) > 1:
            composer.row(part)
        else:
            draft.rows += [("node", node) for node in part]
            draft.named.update(part)
        draft.close()
        draft.current = []
        said = {"t": title, "and_": composer.names(part), "list": composer.listed(part)}
        said |= {"then": composer.listed(part, ", then "), "arrows": composer.listed(part, " -> ")}
        clauses.append(form.format(**said))
    composer.last = []
    if chained:
        for (*_, a), (b, *_) in pairwise(parts):
            if rng.random() < 0.8:
                clauses.append(composer.out(a, [b]))
    else:
        flow = [node for part in parts for node in part if rng.random() < 0.8]
        if len(flow) < 3:
            flow = [node for part in parts for node in part]
        lead = rng.choice(("flow: ", "arrows: ", "the way goes ", "connections: ", ""))
        clauses.append(lead + composer.listed(flow, rng.choice((" -> ", " → ", ", then "))))
        composer.row(flow)
        for node in (node for part in parts for node in part if node not in flow):
            clauses.append(composer.out(rng.choice(flow), [node]))
    every = [node for part in parts for node in part]
    for _ in range(rng.choice((0, 0, 1, 2))):
        a, b = rng.sample(every, 2)
        if (a, b) not in draft.done and (b, a) not in draft.done:
            label = rng.choice(("", "", rng.choice(PAYLOADS)))
            clauses.append(composer.labelled(a, [b], label) if label else composer.out(a, [b]))
    lead = rng.choice(("", "", f"{count} groups. ", f"{COUNTS[count]} groups: ", "group by team. ", "grouped: "))
    lead = lead if case == "flat" else lead[:1].upper() + lead[1:]
    return dressed_process(rng, draft, lead + sentences(rng, clauses, composer.nodes, case), composer.nodes, case)
