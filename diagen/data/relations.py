"""Systems told by who gives what to whom: any graph, each clause an arrow or a few, and names that mean nothing.

Where processes.py follows a main path, the graphs here have several sources and sinks, merges at any place and ways
back; a reader cannot guess an arrow from what such systems usually look like, only read it.
"""

from __future__ import annotations

import random
import re

from .processes import PAYLOADS, Draft, dressed_process
from .vocabulary import Names, Node, in_case, words

ARROWS = ("->", "->", "→", "-->", "=>")
IS = ("is", "are")
PASSIVES = tuple(
    (f"is {word}", f"are {word}")
    for word in ("read by", "picked up by", "processed by", "handed over to", "checked by", "handled by", "stored in",
                 "written to", "turned into", "loaded into", "fed into", "consumed by")
)  # fmt: skip
MADE = (("is computed", "are computed"), ("is filled", "are filled"), ("is built", "are built"))
ACTIVES = (
    ("triggers", "trigger"), ("calls", "call"), ("starts", "start"), ("enters", "enter"), ("produces", "produce"),
    ("emits", "emit"), ("gives", "give"), ("becomes", "become"), ("writes to", "write to"), ("ends in", "end in"),
    ("points to", "point to"), ("informs", "inform"), ("yields", "yield"), ("reports to", "report to"),
)  # fmt: skip


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
                    f"{to} {self.verb(targets, IS)} fed by {named} too",
                    f"there {'is an arrow' if n == 1 else 'are arrows'} from {named} to {to} as well",
                    f"moreover {named} {self.verb([a], IS)} also used by {to}",
                )
            )
        elif n > 1 and rng.random() < 0.4:
            text = rng.choice(
                (
                    f"{to} {each if n < 4 else 'all'} come from {named}",
                    f"{to} {each if n < 4 else 'all'} use {named}",
                    f"{to} get their input from {named}",
                    f"{named} {self.verb([a], IS)} shared by {to}",
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
                    f"{to} {self.verb(targets, IS)} fed by {named}",
                    f"{to} {self.verb(targets, ('gets', 'get'), ('takes', 'take'), ('reads', 'read'))} {named}"
                    if n == 1
                    else f"from {named} to {to}",
                    f"from {named} we get to {to}",
                    f"{to} {self.verb(targets, ('comes', 'come'))} after {named}",
                    f"{named} {self.verb([a], IS)} connected to {to}",
                    f"{to} {self.verb(targets, ('depends', 'depend'))} on {named}",
                    f"the output of {named} {rng.choice(('goes to', 'ends up in', 'is used by'))} {many}",
                    f"{named} {self.verb([a], *PASSIVES)} {to}",
                    f"{named} {self.verb([a], *ACTIVES)} {many}",
                    f"{to} {self.verb(targets, *MADE)} from {named}",
                    f"{to} {self.verb(targets, ('follows', 'follow'), ('runs on', 'run on'))} {named}",
                    f"once {named} {self.verb([a], IS)} done, {to} {self.verb(targets, ('starts', 'start'))}",
                    f"{to} {self.verb(targets, IS)} preceded by {named}",
                    f"before {to} {self.verb(targets, ('comes', 'come'))} {named}",
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
                    f"{to} {self.verb([b], IS)} fed by {named}",
                    f"{named} come together in {to}",
                    f"{to} {self.verb([b], ('has', 'have'))} {n} inputs: {named}",
                    f"{named} lead to {to}",
                    f"into {to} go {named}",
                    f"{to} {self.verb([b], ('needs', 'need'))} {named}",
                    f"{to} {self.verb([b], IS)} made from {named}",
                )
            )
        self.told(sources, [b])
        return text

    def side_by_side(self, pairs: list[tuple[Node, Node]]) -> str:
        """Two or three arrows with one verb: "a goes to x, b to y"."""
        rng = self.rng
        form = rng.random()
        firsts, seconds = [a for a, _ in pairs], [b for _, b in pairs]
        if self.arrow and form < 0.5:
            text = ", ".join(f"{self.name(a)} {self.arrow} {self.name(b)}" for a, b in pairs)
        elif form < 0.3:
            end = rng.choice((" respectively", ", respectively", ", in this order"))
            text = f"{self.names(firsts)} {rng.choice(('go to', 'feed', 'lead to'))} {self.names(seconds)}{end}"
        else:
            (a, b), *rest = pairs
            one, short = rng.choice(
                (
                    (("goes to", "go to"), "to"),
                    (("feeds", "feed"), "feeds"),
                    (("enters", "enter"), "enters"),
                    (("leads to", "lead to"), "to"),
                    (("goes into", "go into"), "into"),
                    (("", ""), "to"),
                )
            )
            verb = self.verb([a], one)
            first = f"{self.name(a)} {verb} {self.name(b)}" if verb else f"{self.name(a)} to {self.name(b)}"
            told = [f"{self.name(x)} {short} {self.name(y)}" for x, y in rest]
            text = ", ".join([first, *told[:-1]]) + rng.choice((", ", " and ", ", and ")) + told[-1]
        for a, b in pairs:
            self.told([a], [b])
        self.last = []
        return text

    def decision(self, a: Node, check: Node, exits: list[tuple[str, Node]]) -> str:
        """A question that follows a box, and where its answers lead."""
        rng = self.rng
        (yes, good), (no, bad) = exits
        question = self.name(check) if not check.name.endswith("?") else check.name
        ways = (
            f"{self.name(a)} {self.arrow or '->'} {question} {self.arrow or '->'} {self.name(good)} ({yes}) or "
            f"{self.name(bad)} ({no})",
            f"after {self.name(a)} comes {question}: {yes} leads to {self.name(good)}, {no} to {self.name(bad)}",
            f"{self.name(a)} goes to {question}; {yes}: {self.name(good)}, {no}: {self.name(bad)}",
            f"{self.name(a)} is followed by {question}; if {yes} then {self.name(good)}, if {no} then {self.name(bad)}",
        )
        text = rng.choice(ways)
        if check.name.endswith("?") and rng.random() < 0.6:
            asked = check.name[:1].upper() + check.name[1:]
            text = (
                f"{self.name(a)} {self.arrow or 'leads to a question:'} {asked} "
                if rng.random() < 0.5
                else (f"then, after {self.name(a)}: {asked} ")
            )
            text += rng.choice(
                (
                    f"{yes.capitalize()}, {self.name(good)}. {no.capitalize()}, {self.name(bad)}",
                    f"If {yes} -> {self.name(good)}. If {no} -> {self.name(bad)}",
                    f"{yes}: {self.name(good)}, {no}: {self.name(bad)}",
                    f"If so, {self.name(good)}, if not, {self.name(bad)}"
                    if yes == "yes"
                    else f"On {yes} {self.name(good)}, on {no} {self.name(bad)}",
                )
            )
        self.told([a], [check])
        self.told([check], [good], yes)
        self.told([check], [bad], no)
        self.last = []
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
    waiting: list[tuple[Node, Node]] = []  # arrows from one box to one, which may be told together

    def flush() -> None:
        if len(waiting) > 1 and len({a for a, _ in waiting}) == len(waiting):
            clauses.append(clerk.side_by_side(list(waiting)))
        else:
            clauses.extend(clerk.out(a, [b]) for a, b in waiting)
        waiting.clear()

    together = rng.choice((0.0, 0.3, 0.8))
    for sources, targets, back in graph(rng, count):
        pairs = {(a, b) for a in sources for b in targets}
        if pairs & done or (back and {(b, a) for a, b in pairs} & done and rng.random() < 0.5):
            continue
        done |= pairs
        left, right = [nodes[i] for i in sources], [nodes[i] for i in targets]
        label = payloads.pop() if payloads and rng.random() < labels else ""
        plain = not back and not label and len(left) == len(right) == 1
        if plain and rng.random() < together and len(waiting) < 3:
            waiting.append((left[0], right[0]))
            continue
        flush()
        if back:
            clauses.append(clerk.back(left[0], right[0], label))
        elif len(left) > 1:
            clauses.append(clerk.into(left, right[0]))
        elif label:
            clauses.append(clerk.labelled(left[0], right, label))
        else:
            clauses.append(clerk.out(left[0], right))
    flush()
    if rng.random() < 0.25 and not names.serial:
        good, bad = names.noun(), names.label_step()
        good.detail, good.label = "", good.name
        yes, no = rng.choice((("yes", "no"), ("yes", "no"), ("pass", "fail"), ("ok", "not ok")))
        check, last = names.decision(False), nodes[-1]
        exits = [(yes, good), (no, bad if rng.random() < 0.7 else rng.choice(nodes[:-1]))]
        if rng.random() < 0.2:
            exits.reverse()
        clauses.append(clerk.decision(last, check, exits))
        nodes += [check, good, bad]
    return dressed_process(rng, draft, sentences(rng, clauses, nodes, case), nodes, case)


def sentences(rng: random.Random, clauses: list[str], nodes: list[Node], case: str) -> str:
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


# Steps by what goes in and what comes out. {s}: the step, {i}: its inputs, {o}: its outputs.
_TURNS = (
    "{s} turns {i} into {o}",
    "{s} takes {i} and gives {o}",
    "{s}, fed with {i}, returns {o}",
    "from {i} {s} makes {o}",
    "given {i}, {s} computes {o}",
    "{s}: {i} -> {o}",
    "{s} (in: {i}; out: {o})",
    "{s} maps {i} to {o}",
    "{o} come from {s}, which gets {i}",
    "{i} go through {s}, and out come {o}",
    "{s} reads {i} and writes {o}",
    "run {s} on {i} to get {o}",
)
_STEPS = words(
    "model; script; parser; clustering; classifier; encoder; filter; LLM; network; SVM; preprocessing; aggregation; "
    "notebook; regression; tokenizer; converter; random forest; autoencoder; embedding model; scaling; merge; function"
)
_THINGS = words(
    "table; CSV file; images; text; JSON; vectors; database; matrix; plot; features; array; log file; audio; tokens; "
    "data frame; report; scores; labels; spectrogram; archive; graph; list; video; weights; document; summary"
)
_GOES_ON = ("then {s} gives {o}", "next is {s}, giving {o}", "{s} makes {o} of that", "this goes into {s}, output: {o}")
_ENDS = ("{s} takes {i}", "{i} end in {s}", "finally {s} uses {i}", "{s} (in: {i})")


def transforms(rng: random.Random) -> tuple[str, str]:
    """A random request that tells each step by its inputs and outputs, and its diagram text."""
    case = rng.choices(("", "flat", "title"), (55, 30, 15))[0]
    names = Names(rng, case)
    names.serial = False
    draft = Draft()
    clerk = Clerk(rng, draft)
    kinds = ("data", "text", "store", "document", "metric", "dataset")
    nodes: list[Node] = []

    # Steps and data of a few common names, each time they are told a box of its own.
    common = rng.random() < 0.3

    def new(*wanted: str) -> Node:
        if common:
            kind = "process" if "process" in wanted else "data"
            node = Node(in_case(rng.choice(_STEPS if kind == "process" else _THINGS), case), kind)
        else:
            node = names.noun(wanted)
        node.detail, node.label = "", node.name
        nodes.append(node)
        return node

    count = rng.randint(2, 7)
    before = [new(*kinds) for _ in range(rng.choice((1, 1, 1, 2)))]
    clauses = []
    for i in range(count):
        step = new("process", "model", "encoder", "decoder")
        inputs = before + ([new(*kinds)] if i and rng.random() < 0.25 else [])
        if i and rng.random() < 0.08:
            inputs = [new(*kinds)]  # a step that begins a row of its own
        last = i == count - 1 and rng.random() < 0.2
        if common:  # what is taken is the latest of its name
            latest = {node.name: node for node in nodes[: len(nodes) - (inputs != before)] if node is not step}
            inputs = list({node.name: latest.get(node.name, node) for node in inputs}.values())
        outputs = [] if last else [new(*kinds) for _ in range(rng.choice((1, 1, 1, 1, 2)))]
        forms = _ENDS if last else _GOES_ON if inputs == before and i and rng.random() < 0.2 else _TURNS
        said = {"s": clerk.name(step), "i": clerk.names(inputs), "o": clerk.names(outputs) if outputs else ""}
        clauses.append(rng.choice(forms).format(**said))
        draft.edge(inputs, [step])
        if outputs:
            draft.edge([step], outputs)
            before = outputs
    return dressed_process(rng, draft, sentences(rng, clauses, nodes, case), nodes, case)
