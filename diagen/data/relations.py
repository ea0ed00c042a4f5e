"""Systems told by who gives what to whom: any graph, each clause an arrow or a few, and names that mean nothing.

Where processes.py follows a main path, the graphs here have several sources and sinks, merges at any place and ways
back; a reader cannot guess an arrow from what such systems usually look like, only read it.
"""

from __future__ import annotations

import random
import re

from .processes import PAYLOADS, Draft, dressed_process
from .vocabulary import Names, Node

ARROWS = ("->", "->", "→", "-->", "=>")


class Clerk:
    """Tells the arrows of one graph, clause by clause, and writes the diagram alongside."""

    def __init__(self, rng: random.Random, draft: Draft) -> None:
        self.rng, self.draft = rng, draft
        self.article = rng.random() < 0.55
        self.quote = rng.choice(("",) * 8 + ('"', "`"))
        self.oxford = rng.choice(("", ","))
        self.arrow = rng.choice(ARROWS) if rng.random() < 0.3 else ""  # some write arrows between words
        self.link = rng.random() < 0.6  # whether clauses hang on each other with "which"
        self.sources: set[Node] = set()
        self.last: list[Node] = []  # the targets of the clause before

    def name(self, node: Node) -> str:
        name = f"{self.quote}{node.name}{self.quote}"
        return f"the {name}" if self.article and node.plain and not self.quote else name

    def names(self, nodes: list[Node]) -> str:
        parts = [self.name(n) for n in nodes]
        if len(parts) == 1:
            return parts[0]
        return ", ".join(parts[:-1]) + (self.oxford if len(parts) > 2 else "") + " and " + parts[-1]

    def verb(self, nodes: list[Node], *forms: tuple[str, str]) -> str:
        one, many = self.rng.choice(forms)
        return many if len(nodes) > 1 or nodes[0].plural else one

    def told(self, sources: list[Node], targets: list[Node], label: str = "", back: bool = False) -> None:
        self.draft.edge(sources, targets, label, "..>" if back else "->")
        self.sources.update(sources)
        self.last = [] if back else targets

    def out(self, a: Node, targets: list[Node]) -> str:
        """From one box to some."""
        rng, also = self.rng, a in self.sources
        to, n = self.names(targets), len(targets)
        many = f"{rng.choice(('both ', '', ''))}{to}" if n == 2 else to
        each = {2: "both", 3: "all three"}.get(n, "each")
        named = self.name(a)
        if self.arrow and rng.random() < 0.7:
            text = f"{named} {self.arrow} {', '.join(self.name(t) for t in targets)}"
        elif self.last == [a] and self.link and rng.random() < 0.6:
            text = "\2, which " + self.verb(
                [a],
                ("feeds", "feed"),
                ("goes to", "go to"),
                ("leads to", "lead to"),
                ("is sent to", "are sent to"),
                ("is passed to", "are passed to"),
            )
            text += f" {to}"
        elif also:
            text = rng.choice(
                (
                    f"{named} also {self.verb([a], ('goes to', 'go to'), ('leads to', 'lead to'))} {to}",
                    f"{named} {self.verb([a], ('feeds', 'feed'))} {to} as well",
                    f"{to} {self.verb(targets, ('is', 'are'))} fed by {named} too",
                    f"there {'is an arrow' if n == 1 else 'are arrows'} from {named} to {to} as well",
                    f"moreover {named} {self.verb([a], ('is', 'are'))} also used by {to}",
                )
            )
        elif n > 1 and rng.random() < 0.4:
            text = rng.choice(
                (
                    f"{to} {each if n < 4 else 'all'} come from {named}",
                    f"{to} {each if n < 4 else 'all'} use {named}",
                    f"{to} get their input from {named}",
                    f"{named} {self.verb([a], ('is', 'are'))} shared by {to}",
                    f"{named} {self.verb([a], ('splits', 'split'), ('branches', 'branch'))} into {to}",
                    f"{named} {self.verb([a], ('goes', 'go'))} to {n} boxes: {to}",
                    f"{to} {each if n < 4 else 'all'} read {named}",
                )
            )
        else:
            text = rng.choice(
                (
                    f"{named} {self.verb([a], ('feeds', 'feed'), ('leads to', 'lead to'))} {many}",
                    f"{named} {self.verb([a], ('goes to', 'go to'))} {many}",
                    f"{named} {self.verb([a], ('sends', 'send'), ('passes', 'pass'))} its output to {many}"
                    if not a.plural
                    else f"{named} are passed on to {many}",
                    f"{named} {self.verb([a], ('goes into', 'go into'), ('is given to', 'are given to'))} {many}",
                    f"{to} {self.verb(targets, ('is', 'are'))} fed by {named}",
                    f"{to} {self.verb(targets, ('gets', 'get'), ('takes', 'take'), ('reads', 'read'))} {named}"
                    if n == 1
                    else f"from {named} to {to}",
                    f"from {named} we get to {to}",
                    f"{to} {self.verb(targets, ('comes', 'come'))} after {named}",
                    f"{named} {self.verb([a], ('is', 'are'))} connected to {to}",
                    f"{to} {self.verb(targets, ('depends', 'depend'))} on {named}",
                    f"the output of {named} {rng.choice(('goes to', 'ends up in', 'is used by'))} {many}",
                )
            )
        self.told([a], targets)
        return text

    def into(self, sources: list[Node], b: Node) -> str:
        """From some boxes to one."""
        rng, n = self.rng, len(sources)
        to, named = self.name(b), self.names(sources)
        each = {2: "both", 3: "all three"}.get(n, "all")
        if self.last == sources and rng.random() < 0.6:
            text = rng.choice(
                (
                    f"{each} go to {to}",
                    f"{each} feed {to}",
                    f"these go into {to}",
                    f"{to} takes {each} of them",
                    f"{each} end in {to}",
                    f"they meet in {to}",
                )
            )
            text = text.replace("takes", self.verb([b], ("takes", "take")))
        elif self.arrow and rng.random() < 0.7:
            mark = rng.choice((", ", " and ", " + ")) if n == 2 else ", "
            text = f"{mark.join(self.name(s) for s in sources)} {self.arrow} {to}"
        else:
            gets = self.verb([b], ("gets", "get"), ("takes", "take"), ("combines", "combine"), ("uses", "use"))
            text = rng.choice(
                (
                    f"{named} go to {to}",
                    f"{named} {each} feed {to}",
                    f"{named} are merged in {to}",
                    f"{to} {gets} {named}",
                    f"{to} {self.verb([b], ('is', 'are'))} fed by {named}",
                    f"{named} come together in {to}",
                    f"{to} {self.verb([b], ('has', 'have'))} {n} inputs: {named}",
                    f"{named} lead to {to}",
                    f"into {to} go {named}",
                    f"{to} {self.verb([b], ('needs', 'need'))} {named}",
                    f"{to} {self.verb([b], ('is', 'are'))} made from {named}",
                )
            )
        self.told(sources, [b])
        return text

    def labelled(self, a: Node, targets: list[Node], label: str) -> str:
        """From one box to some, with what goes over."""
        to, named = self.names(targets), self.name(a)
        sends = self.verb([a], ("sends", "send"), ("gives", "give"), ("passes", "pass"), ("hands", "hand"))
        text = self.rng.choice(
            (
                f"{named} {sends} {label} to {to}",
                f"{to} {self.verb(targets, ('gets', 'get'), ('receives', 'receive'))} {label} from {named}",
                f"{label} go from {named} to {to}",
                f"{named} {sends} {to} {label}"
                if sends in ("sends", "gives", "send", "give")
                else f"from {named}, {label} go to {to}",
                f'an arrow labelled "{label}" leads from {named} to {to}',
                f"{named} to {to}: {label}" if not self.arrow else f"{named} {self.arrow} {to} ({label})",
            )
        )
        self.told([a], targets, label)
        return text

    def back(self, a: Node, b: Node, label: str) -> str:
        """A way back to an earlier box."""
        to, named = self.name(b), self.name(a)
        what = f" with {label}" if label else ""
        text = self.rng.choice(
            (
                f"{named} {self.verb([a], ('goes', 'go'), ('loops', 'loop'), ('leads', 'lead'))} back to {to}{what}",
                f"{named} {self.verb([a], ('feeds', 'feed'))} back into {to}{what}",
                f"from {named} there is a way back to {to}{what}",
                f"{named} {self.verb([a], ('sends', 'send'))} {label} back to {to}"
                if label
                else f"{to} {self.verb([b], ('gets', 'get'))} feedback from {named}",
                f"{named} {self.verb([a], ('returns', 'return'))} {label or 'its result'} to {to}",
            )
        )
        self.told([a], [b], label, back=True)
        return text


def graph(rng: random.Random, count: int) -> list[tuple[list[int], list[int], bool]]:
    """Arrows between boxes 0, 1, ...: (sources, targets, whether it is a way back); several sources or several targets.

    Each box but the sources has one to three boxes before it, mostly the latest ones.
    """
    sources = rng.choice((1, 1, 1, 2, 2, 3)) if count > 4 else 1
    parents: dict[int, list[int]] = {}
    for i in range(sources, count):
        near = [j for j in range(i) if j >= i - 4]
        wanted = rng.choices((1, 2, 3), (70, 24, 6))[0] if i > sources else min(sources, rng.choice((1, 2, 3)))
        parents[i] = sorted(rng.sample(near, min(wanted, len(near))))
    fed = {p for ps in parents.values() for p in ps}
    for i in range(sources):  # no source is left without an arrow
        if i not in fed:
            ways = [j for j in parents if j > i]
            parents[ways[rng.randrange(min(3, len(ways)))]].append(i)
    arrows: list[tuple[list[int], list[int], bool]] = []
    single: dict[int, list[int]] = {}
    for i, before in parents.items():
        if len(before) > 1 and rng.random() < 0.65:
            arrows.append((sorted(before), [i], False))
        else:
            for p in before:
                single.setdefault(p, []).append(i)
    for p, after in single.items():
        if len(after) > 1 and rng.random() < 0.75:
            arrows.append(([p], after, False))
        else:
            arrows += [([p], [i], False) for i in after]
    for _ in range(rng.choice((0, 0, 0, 1, 1, 2))):
        a = rng.randrange(1, count)
        arrows.append(([a], [rng.randrange(a)], True))
    order = rng.random()
    arrows.sort(key=lambda x: (max(x[0]), max(x[1])) if order < 0.5 else (max(x[0] + x[1]), x[2]))
    if order > 0.9:
        rng.shuffle(arrows)
    return arrows


def relations(rng: random.Random) -> tuple[str, str]:
    """A random request about boxes and what they give each other, and its diagram text."""
    case = rng.choices(("", "flat", "title", "sentence"), (50, 25, 15, 10))[0]
    names = Names(rng, case)
    count = rng.choices((rng.randint(3, 5), rng.randint(6, 8), rng.randint(9, 13)), (35, 45, 20))[0]
    nodes = [names.label_step() if not names.serial and rng.random() < 0.15 else names.noun() for _ in range(count)]
    for node in nodes:
        node.detail, node.label = "", node.name
    draft = Draft()
    clerk = Clerk(rng, draft)
    payloads = rng.sample(PAYLOADS, 6)
    labels = rng.choice((0.0, 0.0, 0.15, 0.4))
    clauses: list[str] = []
    done: set[tuple[int, int]] = set()
    for sources, targets, back in graph(rng, count):
        pairs = {(a, b) for a in sources for b in targets}
        if pairs & done or (back and {(b, a) for a, b in pairs} & done and rng.random() < 0.5):
            continue
        done |= pairs
        left, right = [nodes[i] for i in sources], [nodes[i] for i in targets]
        label = payloads.pop() if payloads and rng.random() < labels else ""
        if back:
            clauses.append(clerk.back(left[0], right[0], label))
        elif len(left) > 1:
            clauses.append(clerk.into(left, right[0]))
        elif label:
            clauses.append(clerk.labelled(left[0], right, label))
        else:
            clauses.append(clerk.out(left[0], right))
    return dressed_process(rng, draft, _sentences(rng, clauses, nodes, case), nodes, case)


def _sentences(rng: random.Random, clauses: list[str], nodes: list[Node], case: str) -> str:
    """Clauses joined into prose or a list; those that begin with a mark hang on the one before."""
    caps = case != "flat" and rng.random() < 0.7
    form = rng.choice(("prose", "prose", "prose", "semicolons", "commas", "lines", "bullets"))
    bullet = rng.choice(("- ", "* ", "• "))
    text = ""
    for clause in clauses:
        if clause.startswith("\2") and text:
            text += clause[1:]
            continue
        if not text:
            mark = ""
        elif form == "prose":
            mark = rng.choice((". ", ". ", ". ", ", and ", "; "))
        else:
            mark = {"semicolons": "; ", "commas": ", ", "lines": "\n", "bullets": "\n"}[form]
        fresh = not mark or mark in (". ", "\n")
        if caps and fresh:
            clause = _capital(clause, text, nodes)
        text += mark + (bullet if form == "bullets" else "") + clause
    return text + ("." if caps and form in ("prose", "semicolons", "commas") else "")


def _capital(clause: str, before: str, nodes: list[Node]) -> str:
    """The clause with a capital; a name that is told here for the first time is labelled as it is written."""
    first = next((n for n in nodes if re.match(re.escape(n.name) + r"\b", clause)), None)
    if first is None:
        return clause[:1].upper() + clause[1:]
    if not first.plain or first.name in before:
        return clause
    first.label = first.label[:1].upper() + first.label[1:]
    return clause[:1].upper() + clause[1:]
