"""The language: what dump writes parse reads, broken texts say where and why, nothing else is ever raised."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
import time
import warnings
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from diagen.diagram import (
    ACTIVATIONS,
    ARROWS,
    GRAMMAR,
    KINDS,
    LAYER_KINDS,
    MAX_DEPTH,
    MAX_REQUEST,
    MAX_SIDE,
    MAX_TEXT,
    MAX_UNITS,
    STYLE_WORDS,
    VARIANTS,
    Diagram,
    DiagramError,
    Edge,
    Group,
    Node,
    Style,
    as_graph,
    ask,
    clean_request,
    display_labels,
    dump,
    parse,
    restyle,
)

ROOT = Path(__file__).parents[1]
EXAMPLES = re.findall(r"^```\n(.*?)^```", (ROOT / "docs/language.md").read_text(encoding="utf-8"), re.M | re.S)

# -- any diagram -------------------------------------------------------------------------------------------

FRAGMENTS = [
    *"end group none title style skip x3 x1000 conv Conv none#2 #2 #12 #0 #00001 a#2 C# # a->b".split(),
    *"-> -- ..> .. . -".split(),
    *'" "" \\ \\" \\\\ [ ] [data] | || @ @1,2 : a: =5 0.5 1 (FAISS) <b> & %'.split(),
    *"é e\u0301 e\u200b \ufeff \u200b".split(),
    *"ß SS ss İ i\u0307 \u212a k ² a#² a#\u0663 x\u0663 한글 😀 👩\u200d💻 שלום \U0001d7d8".split(),
    *(
        "title x",
        "repeat 2",
        "x3 skip",
        "conv 1",
        "Conv 1",
        "2 conv",
        "input 1",
        "dense 1",
        "A -> B",
        ": b",
        "12 [3",
    ),
    *("a (b)", "모델 학습", "[0, 1, 2, 'rectangle'", "a || b", "\u0663 conv", "Issue #2"),
]
CHARACTERS = st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"))


def cleaned(text: str) -> str:
    return " ".join(text.split())


LABELS = st.one_of(
    st.sampled_from([f for f in map(cleaned, FRAGMENTS) if f]),
    st.lists(st.sampled_from(FRAGMENTS), min_size=1, max_size=4).map(lambda parts: cleaned(" ".join(parts))),
    st.lists(st.sampled_from([*FRAGMENTS, "a", "B"]), min_size=1, max_size=3).map(lambda ps: cleaned("".join(ps))),
    st.text(CHARACTERS, min_size=1, max_size=12).map(cleaned),
    st.text('ab "\\[]|#2->.:@', min_size=1, max_size=8).map(cleaned),
).filter(bool)
COLOURS = st.one_of(st.just(""), st.from_regex(r"\A#[0-9a-f]{6}\Z"))
SIDES = st.integers(1, MAX_SIDE)


def tuples(low: int, high: int, sides: st.SearchStrategy[int] = SIDES) -> st.SearchStrategy[tuple[int, ...]]:
    return st.one_of(st.just(()), st.lists(sides, min_size=low, max_size=high).map(tuple))


@st.composite
def any_node(draw: st.DrawFn) -> Node:
    kind = draw(st.one_of(st.sampled_from(KINDS), st.sampled_from(("process", "conv", "input", "reshape"))))
    sized = kind in ("input", "reshape")
    single = st.integers(1, MAX_UNITS).map(lambda n: (n,))
    at = draw(st.one_of(st.none(), st.tuples(*[st.integers(-MAX_SIDE, MAX_SIDE)] * 2)))
    return Node(
        draw(LABELS),
        kind,
        variant=draw(st.sampled_from(("", "", *VARIANTS))),
        kernel=() if sized else draw(tuples(2, 4)),
        size=draw(tuples(2, 4) if sized else st.one_of(tuples(2, 4), single)),
        units=draw(st.one_of(st.none(), st.integers(1, MAX_UNITS))),
        stride=draw(st.one_of(st.none(), st.integers(1, 1000))),
        rate=draw(st.one_of(st.just(""), st.from_regex(r"\A0\.[0-9]{1,4}\Z"))),
        activation=draw(st.sampled_from(("", "", *ACTIVATIONS))),
        fill=draw(COLOURS),
        line=draw(COLOURS),
        at=at,
        extent=draw(st.one_of(st.none(), st.tuples(SIDES, SIDES))) if at else None,
    )


PLAIN_NODES = st.builds(Node, LABELS, st.sampled_from(("process", "process", "conv", "dense", "data")))


NODES = st.one_of(PLAIN_NODES, any_node())


@st.composite
def groups_within(draw: st.DrawFn, start: int, stop: int, depth: int = 0) -> list[Group]:
    found, at = [], start
    for _ in range(draw(st.integers(0, 2 if depth < MAX_DEPTH else 0))):
        first = draw(st.integers(at, stop))
        last = draw(st.integers(first, stop))
        title = draw(st.one_of(st.just(""), LABELS))
        found.append(Group(title, first, last, draw(st.sampled_from((1, 1, 2, 999))), draw(st.booleans())))
        if last > first:
            found += draw(groups_within(first, last, depth + 1))
        at = last
    return found


@st.composite
def any_diagram(
    draw: st.DrawFn,
    node: st.SearchStrategy[Node] = NODES,
    label: st.SearchStrategy[str] = LABELS,
    most: int = 7,
) -> Diagram:
    nodes: list[Node] = []
    edges: list[Edge] = []
    seen: dict[str, int] = {}
    for i in range(draw(st.integers(1, most))):
        new = nodes[-1] if nodes and draw(st.integers(0, 4)) == 0 else draw(node)
        seen[new.kind] = seen.get(new.kind, 0) + 1
        if draw(st.booleans()):  # a layer without a label of its own, most often in a row
            new = replace(new, label=f"{new.kind} {seen[new.kind]}")
        nodes.append(new)
        if i and draw(st.integers(0, 3)):
            edges.append(Edge(i - 1, i))
    index = st.integers(0, len(nodes) - 1)
    some_label = st.one_of(st.just(""), label)
    edges += draw(st.lists(st.builds(Edge, index, index, st.sampled_from([*ARROWS.values()]), some_label), max_size=6))
    return Diagram(tuple(nodes), tuple(edges), tuple(draw(groups_within(0, len(nodes)))), draw(some_label))


STYLES = st.builds(
    Style,
    **{k: st.sampled_from(("", *v)) for k, v in STYLE_WORDS.items()},
    scale=st.sampled_from(("", "1", "0.25", "4.00")),
)
THOROUGH = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
QUICK = settings(THOROUGH, max_examples=80)


@THOROUGH
@given(any_diagram(), STYLES)
def test_dump_and_parse_are_inverse(diagram: Diagram, style: Style) -> None:
    diagram = replace(diagram, style=style)
    text = dump(diagram)
    assert parse(text) == diagram
    assert dump(parse(text)) == text
    assert parse(text.replace("\n", "\r\n")) == diagram
    assert len(display_labels(diagram)) == len(set(diagram.names())) == len(diagram.nodes)
    assert as_graph(diagram)["nodes"]


@QUICK
@given(st.lists(LABELS, min_size=1, max_size=3))
@example(["a" * 500, "A" * 500])
@example(["\u00df", "SS", "ss"])
@example(["conv 1", "CONV 1"])
def test_every_label_is_kept_wherever_it_stands(labels: list[str]) -> None:
    one = labels[0]
    nodes = tuple(Node(label) for label in labels) + (Node("conv 1", "conv"), Node(one, "store"))
    edges = (Edge(0, 0, "line", one), *(Edge(i, i + 1) for i in range(len(labels))))
    diagram = Diagram(nodes, edges, (Group(one, 0, len(nodes), 3, True), Group(one, 0, 1, 1, False)), one)
    assert parse(dump(diagram)) == diagram


def test_largest_diagrams_come_back() -> None:
    assert parse(dump(Diagram(tuple(Node(f"n{i}") for i in range(500))))).nodes[499].label == "n499"
    full = Diagram((Node("a"), Node("b")), (Edge(0, 1),) * 2000)
    assert parse(dump(full)) == full
    row = parse("input 5\n99 dense 8\n99 dense 8\n2 dense 8\n")
    assert len(row.nodes) == 201 and dump(row) == "input 5\n99 dense 8\n99 dense 8\n2 dense 8\n"
    nested = Diagram((Node("a"),), groups=tuple(Group(f"g{i}", 0, 1) for i in range(MAX_DEPTH)))
    assert parse(dump(nested)) == nested


# -- broken texts ------------------------------------------------------------------------------------------


def many(name: str, number: int) -> str:
    return " | ".join(f"{name}{i}" for i in range(number))


BROKEN = {
    "arrow from nowhere": ("title x\n-> A\n", 2, "nowhere"),
    "arrow to nowhere": ("A -> B\nB ->\n", 2, "a node is missing"),
    "two arrows": ("A -> -> B", 1, "a node is missing"),
    "pipe without a node": ("A | -> B", 1, "a node is missing"),
    "unclosed group": ("A -> B\ngroup G\ngroup H\nend\nC [data]\n", 2, "expected a line `end`"),
    "unclosed repeat": ("input 5\nrepeat 3\ndense 5\n", 2, "expected a line `end`"),
    "end alone": ("A -> B\nend\n", 2, "without a group or a repeat"),
    "end too many": ("group G\nA [data]\nend\n\nend\n", 5, "without a group or a repeat"),
    "unknown kind": ("A -> B\nA [bird]\n", 2, "'bird' is unknown; expected one of input output"),
    "mistyped kind": ("A -> B\nA [modle]\n", 2, "'modle' is unknown; expected model"),
    "empty brackets": ("A [] -> B", 1, "empty brackets"),
    "unknown attribute": ("input 5\ndense 5 reluu\n", 2, "'reluu' is unknown"),
    "attribute twice": ("A -> B\n\n# c\nA [conv 3x3 5x5]\n", 4, "second of its sort"),
    "units out of range": ("dense 10000001", 1, "expected 1 to 10000000"),
    "size out of range": ("conv =100001x2", 1, "the size of 'conv' is out of range"),
    "kernel of nothing": ("conv 0x3", 1, "out of range"),
    "stride out of range": ("conv s1001", 1, "out of range"),
    "wrong rate": ("dropout 1.5", 1, "'1.5' is unknown"),
    "wrong colour": ("A [data fill=red]", 1, "'fill=red' is unknown"),
    "a digit that is none": ("dense \u00b2", 1, "unknown"),
    "a digit of another script": ("A -> B\n\u0663 conv", 2, "repeated too often"),
    "a count too large": ("100 dense 5", 1, "expected 1 to 99 times"),
    "count nought": ("0 dense 5", 1, "expected 1 to 99 times"),
    "repeat without a count": ("repeat\ndense\nend", 1, "N from 1 to 99"),
    "repeat of 100": ("repeat 100\ndense\nend", 1, "N from 1 to 99"),
    "repeat in a repeat": ("repeat 2\nrepeat 2\ndense\nend\nend", 2, "only layer lines"),
    "arrow in a repeat": ("repeat 2\nA -> B\nend", 2, "only layer lines"),
    "group in a repeat": ("repeat 2\ngroup G\nend\nend", 2, "only layer lines"),
    "title in a repeat": ("repeat 2\ntitle x\ndense\nend", 2, "before all other lines"),
    "label of 501": ("A -> B\nB -> " + "a" * 501, 2, "expected 1 to 500 characters"),
    "title of 501": ("title " + "a" * 501 + "\nA -> B", 1, "expected 1 to 500 characters"),
    "label of nothing": ('A -> " "', 1, "empty"),
    "nine groups": ("\n".join(["group G"] * 9 + ["A [data]"] + ["end"] * 9), 9, "more than 8 groups"),
    "501 nodes": ("input\n" + "99 dense\n" * 5 + "6 dense\n", 7, "more than 500 nodes"),
    "501 nodes in a repeat": ("input\nrepeat 99\n6 dense\nend\n", 4, "more than 500 nodes"),
    "501 layers in a repeat": ("repeat 1\n" + "99 dense\n" * 6, 7, "more than 500 layers"),
    "501 groups": ("group G\nend\n" * 501, 1001, "more than 500 groups"),
    "too many edges": (
        "".join(f"{many(s, 30)} -> {many(s + s, 30)}\n" for s in "abc"),
        3,
        "more than 2000 edges",
    ),
    "too long": ("A -> B\n" + "#" * 100_000, 0, "expected at most 100000"),
    "title twice": ("title A\n\ntitle B\n", 3, "a title stands once"),
    "title after a node": ("A -> B\ntitle C", 2, "before all other lines"),
    "title after a group": ("group A\ntitle C\nA [data]\nend", 2, "before all other lines"),
    "title without text": ("title\nA -> B", 1, "a label is missing"),
    "style word unknown": ("title x\nstyle night pink\nA -> B", 2, "'pink' is unknown"),
    "style of two themes": ("style night paper\nA -> B", 1, "second of its sort"),
    "style twice": ("style night\nstyle down\nA -> B", 2, "style stands once"),
    "style without words": ("style\nA -> B", 1, "style without words"),
    "scale out of range": ("style scale=9\nA -> B", 1, "expected a number from 0.25 to 4"),
    "scale of nothing": ("style scale=\nA -> B", 1, "'scale=' is unknown"),
    "control character": ("A -> B\nA -> C\x07", 2, "control character U+0007"),
    "line separator": ("A -> B\nA\u2028 -> C", 2, "control character U+2028"),
    "lone surrogate": ("A\ud800 -> B", 1, "control character U+D800"),
    "none": ("none\n", 1, "describes no diagram"),
    "none after a title": ("title x\nnone\n", 2, "describes no diagram"),
    "none after nodes": ("A -> B\nnone\n", 2, "is no line of the language"),
    "empty": ("", 0, "no node"),
    "only blank lines": (" \n\t\n\u3000\n", 0, "no node"),
    "only comments": ("# a\n  # b\n", 0, "no node"),
    "only a group": ("group A\nend\n", 0, "no node"),
    "string not closed": ('A -> B\nB -> "C\n', 2, "cannot stand here"),
    "string with more behind it": ('"A" b -> C', 1, "cannot stand in a label"),
    "string with an unknown escape": (r'"A\n" -> C', 1, "cannot stand here"),
    "bracket not closed": ("A [data -> B", 1, "cannot stand here"),
    "place malformed": ("A -> B\nA [data] @1\n", 2, "expected @x,y"),
    "place of words": ("dense 5 @x,y", 1, "expected @x,y"),
    "place out of range": ("A -> B\nA [data] @999999,0", 2, "out of range"),
    "extent of nothing": ("A [data] @1,1,0,5", 1, "out of range"),
    "place for many": ("2 dense 5 @1,2", 1, "a place belongs to one layer"),
    "place in a repeat": ("repeat 2\ndense 5 @1,2\nend", 2, "a place belongs to one layer"),
    "label without an arrow": ("A -> B\nC [data] : text", 2, "needs an arrow before it"),
    "label of an arrow missing": ("A -> B :", 1, "a label is missing"),
    "a word alone": ("A -> B\nC\n", 2, "expected an arrow (`A -> B`)"),
    "chat": ("Sure! Here is the diagram.\nA -> B", 1, "is no line of the language"),
}


@pytest.mark.parametrize(("text", "line", "words"), BROKEN.values(), ids=BROKEN)
def test_broken_text_says_where_and_why(text: str, line: int, words: str) -> None:
    with pytest.raises(DiagramError) as caught:
        parse(text)
    error = caught.value
    assert words in str(error)
    assert error.line == line
    assert not line or 1 <= error.column <= len(text.split("\n")[line - 1]) + 2
    assert str(error).startswith(f"line {line}, column {error.column}: " if line else error.reason)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Diagram(),
        lambda: Diagram((Node(""),)),
        lambda: Diagram((Node("a  b"),)),
        lambda: Diagram((Node("a\u2003b"),)),
        lambda: Diagram((Node("a\nb"),)),
        lambda: Diagram((Node("a", "cat"),)),
        lambda: Diagram((Node("a", "conv", rate="0.\u0663"),)),
        lambda: Diagram((Node("a", "input", kernel=(3, 3)),)),
        lambda: Diagram((Node("a", "input", size=(3,)),)),
        lambda: Diagram((Node("a", extent=(3, 3)),)),
        lambda: Diagram((Node("a"),), (Edge(0, 1),)),
        lambda: Diagram((Node("a"),), (Edge(0, 0, "wavy"),)),
        lambda: Diagram((Node("a"), Node("b")), groups=(Group("g", 0, 1), Group("h", 0, 2))),
        lambda: Diagram((Node("a"),), groups=(Group("g", 0, 1, 1000),)),
        lambda: Style(theme="pink"),
        lambda: Style(scale="\u0661"),
        lambda: restyle(parse("A -> B"), colour="pink"),
        lambda: restyle(parse("A -> B"), theme="pink"),
    ],
)
def test_no_wrong_diagram_can_be_built(make) -> None:  # noqa: ANN001
    with pytest.raises(DiagramError):
        make()


# -- any text ----------------------------------------------------------------------------------------------

NODE_LISTS = (
    "[0, 62, 300, 'rectangle', 33, 240, 'solid arrow', (192, 192, 224), (128, 96, 64), [1, 2]]\n"
    "[1, 180, 120, 'round rectangle', 90, 40, 'dashed line', (255, 255, 255), (0, 0, 0), [2]]\n"
    "[2, 300, 300, 'circle', 50, 50, 'solid line', (10, 20, 300), (0, 0, 0), [0, 7]]\n",
    "['5', '100', '50.6', 'rectangle', '80', '0', 'solid arrow', '(1, 2, 3)', '(4, 5, 6)', '[9]'],\n"
    "\n"
    "[9, -20, 140, 'rectangle', 80, 30, 'solid arrow', (7, 8, 9), (0, 0, 0), []],\n"
    "[12, 100, 230, 'rectangle', 80, 30, 'solid arr",
    "0 [10 20 rectangle 40 50 whatever\n[1, 200, 300, circle, 60, 70, oops\nnothing\n",
)
SEEDS = (
    *EXAMPLES,
    *NODE_LISTS,
    'title "a -> b"\nstyle ink down wide straight square scale=1.25\nA [data] | "B | C" [store fill=#00ff00] -> D#2\n',
    "input 28x28x1\n2 conv max 3x3 32 s2 0.5 relu =28x28x6 line=#abcdef\nreshape 7x7\noutput softmax @5,-6,70,80\n",
    'group "x3" x12 skip\nnorm layer\nattention self masked 8\nend\nnorm 1 ..> attention 1 : again\n',
    "group A\ngroup B\n모델 학습 -> 😀 : yes\nend\n.. C\n-- \u00df | SS\nend\n# over\n",
    "repeat 3\ngru bi 64\ndropout 0.1\nend\ngru 2 -> gru 2\n-> End#3 [service]\n",
    'A -> "q \\"r\\" \\\\ s"#2 -> A\n"end" [box @] \nend -> title\nB [user] @1,2\n',
    "none\n",
)
TOKENS = [
    *'-> -- ..> .. | : [ ] [data] [conv @1,2 @1,2,3,4 #2 # " \\ title style group repeat end none'.split(),
    *"skip x3 99".split(),
    *"conv 3x3 =5 0.5 s2 relu fill=#ffffff ' ( ), , ² \u0663 \x00 \r \ud800 \u2028 [0, 9999999999".split(" "),
    *(" ", "\n", "\n\n", "  ", "\u00a0", "\u3000", "\u2003", "\ufeff"),
]


def mutated(rng: random.Random) -> str:
    text = rng.choice(SEEDS)
    for _ in range(rng.choice((1, 1, 2, 3, 8))):
        unit = rng.choice(("character", "line", "token"))
        parts = {"character": list(text), "line": text.splitlines(True), "token": re.split(r"(\s+)", text)}[unit] or [
            ""
        ]
        i, j = rng.randrange(len(parts)), rng.randrange(len(parts))
        match rng.randrange(5):
            case 0:
                del parts[i]
            case 1:
                new = rng.choice(rng.choice(SEEDS).splitlines(True)) if unit == "line" else rng.choice(TOKENS)
                parts.insert(i, new)
            case 2:
                parts[i], parts[j] = parts[j], parts[i]
            case 3:
                parts[i:i] = parts[i : i + 1] * rng.choice((1, 2, 30))
            case 4:
                parts[min(i, j) : max(i, j)] = []
        text = "".join(parts)
    return text


def test_no_text_raises_anything_else() -> None:
    number = int(os.environ.get("DIAGEN_FUZZ", "3000"))
    rng = random.Random(20)
    texts, read, spent = 0, 0, 0.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        while texts < number:
            text = mutated(rng)
            texts += 1
            start = time.process_time()
            try:
                diagram = parse(text)
            except DiagramError as error:
                assert str(error) and 0 <= error.line <= text.count("\n") + 1
                diagram = None
            spent += time.process_time() - start
            if diagram:
                read += 1
                assert parse(dump(diagram)) == diagram, text
    assert spent < 1.0 * number / 1000
    assert number / 10 < read < number * 9 / 10  # neither hopeless nor harmless


@pytest.mark.parametrize(
    "text",
    [
        "[0, 1, 2, " + " " * 90_000 + "'rectangle'",
        "[0, 1, 2, 'rectangle', 3, 4, '" + "a " * 45_000 + "'",
        "[" + "9" * 90_000 + ", 1, 2, 'rectangle'",
        "[0, 1, 2, 'rectangle', 3, 4, 'solid arrow', (1, 1, 1), (1, 1, 1), [" + "9" * 90_000 + "]]",
        "1" * 90_000,
        " " * 90_000 + "x",
        '"' + '\\"' * 45_000,
        "a#" * 45_000 + " -> b",
        "a " * 45_000 + "-> b",
        "A -> B | " * 11_000 + "A",
        " | ".join(f"n{i % 500}" for i in range(14_000)) + " [data]",
        "A [" + "data " * 18_000 + "]",
        "group G\nend\n" * 8_000,
        "[0, 1, 2, 'rectangle\n" * 4_500,
    ],
    ids=range(14),
)
def test_long_texts_are_read_in_time(text: str) -> None:
    assert len(text) <= MAX_TEXT
    start = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            parse(text)
        except DiagramError:
            pass
    assert time.process_time() - start < 1


# -- what the documentation says ---------------------------------------------------------------------------


def edges_of(diagram: Diagram) -> set[tuple[str, str, str]]:
    names = diagram.names()
    return {(names[e.source], names[e.target], e.label) for e in diagram.edges}


def test_documented_flow_chart() -> None:
    diagram = parse(EXAMPLES[0])
    assert len(EXAMPLES) == 2
    assert diagram.title == "Retrieval-augmented generation"
    assert diagram.style == Style("night", "right", "compact")
    assert [g.title for g in diagram.groups] == ["Indexing (offline)", "Answering (online)"]
    assert [(g.start, g.stop) for g in diagram.groups] == [(0, 4), (4, 10)]
    assert diagram.names()[4:] == ["User", "Question", "Retriever", "Prompt", "Cache", "LLM"]
    assert ("Vector store (FAISS)", "Retriever", "nearest chunks") in edges_of(diagram)
    assert {
        ("Retriever", "Prompt", ""),
        ("Retriever", "Cache", ""),
        ("LLM", "User", "answer with citations"),
    } < edges_of(diagram)
    assert {n.label: n.kind for n in diagram.nodes}["Retriever"] == "process"
    assert parse(dump(diagram)) == diagram


def test_documented_network() -> None:
    diagram = parse(EXAMPLES[1])
    names = "input 1,conv 1,conv 2,pool 1,conv 3,pool 2,conv 4,pool 3,flatten 1,dense 1,dropout 1,output 1".split(",")
    assert diagram.names() == names
    assert edges_of(diagram) == {(a, b, "") for a, b in zip(names, names[1:], strict=False)} | {
        ("conv 1", "conv 3", "skip")
    }
    assert [n.units for n in diagram.nodes if n.kind == "conv"] == [32, 32, 64, 64]
    assert diagram.nodes[0].size == (28, 28, 1) and diagram.nodes[1].kernel == (3, 3)
    graph = as_graph(diagram)
    rows = {row["label"]: row for row in graph["nodes"]}
    assert list(rows) == [
        "Input",
        "Conv 1",
        "Conv 2",
        "Pool 1",
        "Conv 3",
        "Pool 2",
        "Conv 4",
        "Pool 3",
        "Dense",
        "Output",
    ]
    assert rows["Pool 3"]["flatten"] is True and rows["Dense"]["dropout"] == "0.5"
    assert (rows["Input"]["size"], rows["Output"]["units"], rows["Output"]["activation"]) == (
        28,
        10,
        "softmax",
    )
    ids = {row["id"]: row["label"] for row in graph["nodes"]}
    links = [(ids[e["source"]], ids[e["target"]], e["label"]) for e in graph["edges"]]
    assert len(links) == 10 and ("Conv 1", "Conv 3", "skip") in links and ("Dense", "Output", "") in links
    assert dump(diagram).splitlines()[1] == "2 conv 3x3 32 relu"


def test_repeat_and_count_are_spelt_out() -> None:
    spelt = "input 8\ndense 4\ndense 4\ndropout 0.5\ndense 4\ndense 4\ndropout 0.5\noutput 2\n"
    assert parse("input 8\nrepeat 2\n2 dense 4\ndropout 0.5\nend\noutput 2\n") == parse(spelt)
    assert parse("repeat 1\ndense 4\nend") == parse("1 dense 4") == parse("dense 4")


def test_current_nodes_and_several_ends() -> None:
    assert edges_of(parse("A | B -> C | D\n-> E : x\n")) == {
        ("A", "C", ""), ("A", "D", ""), ("B", "C", ""), ("B", "D", ""), ("C", "E", "x"), ("D", "E", "x"),
    }  # fmt: skip
    assert edges_of(parse("A -> B -> C : x")) == {("A", "B", ""), ("B", "C", "x")}
    assert edges_of(parse("A | B -> C\nD [data]\ndense 5")) == {
        ("A", "C", ""),
        ("B", "C", ""),
        ("D", "dense 1", ""),
    }
    assert edges_of(parse("a | A -> b")) == {("a", "b", "")}
    assert [e.style for e in parse("A -> B\n-- C\n..> D\n.. E").edges] == [*ARROWS.values()]


def test_names_kinds_and_labels() -> None:
    diagram = parse("Dropout -> Dropout#2\n-> DROPOUT#1 [store]\nconv\nconv 1 -> Conv 1#2 : done\n")
    assert diagram.names() == ["Dropout", "Dropout#2", "conv 1", "Conv 1#2"]
    assert [n.kind for n in diagram.nodes] == ["store", "process", "conv", "process"]
    assert parse('"Issue #2" -> B').nodes[0].label == "Issue #2"
    assert parse('A -> "C#2"#2 -> C#2').names() == ["A", "C#2", "C"]
    kept = parse("title Issue#2\ngroup Part#3 x2\nA -> B : see#4\nend")
    assert (kept.title, kept.groups[0].title, kept.groups[0].repeat, kept.edges[0].label) == (
        "Issue#2",
        "Part#3",
        2,
        "see#4",
    )
    assert parse("end -> title\nnone [data]\ngroup -> 2 conv").names() == [
        "end",
        "title",
        "none",
        "group",
        "2 conv",
    ]
    assert parse("A [data] @1,2,3,4 -> B\nA [store]").nodes[0] == Node("A", "store", at=(1, 2), extent=(3, 4))


def test_spaces_of_all_sorts_separate_words() -> None:
    plain = parse("A b -> C [data 5]")
    assert parse("\tA\u00a0b\u3000->  C\u00a0[data\u00a05] \r\n") == plain
    assert parse("A\u2009b -> C [data 5]") == parse('"A\u2009\u2009b " -> C [data 5]') == plain


def test_sizes() -> None:
    def first(text: str) -> Node:
        return parse(text).nodes[0]

    assert first("input =784") == first("input 784") == Node("input 1", "input", units=784)
    assert first("reshape =7x7x16") == first("reshape 7x7x16") == first("reshape 28x28 =7x7x16")
    assert first("input 28x28 =784") == first("input 28x28 784")
    assert first("flatten =200704").size == (200704,)
    assert first("conv 3x3 =26x26x8") == Node("conv 1", "conv", kernel=(3, 3), size=(26, 26, 8))
    assert parse("input =784 relu fill=#FFAA00") == parse(dump(parse("input relu =784 fill=#ffaa00")))


def test_skip_is_an_edge_of_the_flow() -> None:
    def shortcuts(text: str) -> list[tuple[str, str]]:
        diagram = parse(text)
        names = diagram.names()
        return [(names[e.source], names[e.target]) for e in diagram.flow()[len(diagram.edges) :]]

    block = "input 8\ngroup skip\ndense 8\nnorm\nend\noutput 2\n"
    assert shortcuts(block) == [("input 1", "output 1")]
    assert shortcuts(block.replace("skip", "Block x6 skip")) == [("dense 1", "norm 1")]
    assert shortcuts(block.replace(" skip", "")) == []
    assert shortcuts("group skip\nA -> B\nend") == [("A", "B")]
    assert shortcuts("A [data]\ngroup skip\nend") == shortcuts("group skip\nA [data]\nend") == []
    links = [(e["source"], e["target"]) for e in as_graph(parse(block))["edges"]]
    assert links == [("n1", "n2"), ("n2", "n3"), ("n1", "n3")]


def test_a_note_is_folded_only_into_what_feeds_it() -> None:
    graph = as_graph(parse("input 8\ndense 4\ndense 2\n..> dense 1\nnorm batch\n"))
    assert [row["label"] for row in graph["nodes"]] == ["Input", "Dense 1", "Dense 2", "Norm"]
    assert "norm" not in graph["nodes"][2]


def test_restyle() -> None:
    diagram = restyle(parse("style night down\nA -> B"), theme="ink", direction=None, scale=2)
    assert dump(diagram).startswith("style ink down scale=2\n")


# -- the grammar -------------------------------------------------------------------------------------------

# A vocabulary like a model's: all bytes, and some longer words, so that random walks come by every rule.
LONGER = (
    "title ;style ;night;group A\n;group; x3; x12; skip\n;repeat 2\n;end\n; -> ;-> ; | ; : ;..> ; [;]\n;"
    " [data];"
    "conv;input;reshape;dense;flatten; 3x3; 28x28x1; =; =5; =28x28; 64; s2; 0.5; relu; max;"
    '\\\\;\\";#2;#0;conv 1;none;A#2;한;\u2009'
).split(";")
# What closes an open line or block; tried in this order once a walk has been long enough.
ENDINGS = [
    e.encode() for e in ("end\n", "\n", "]\n", " [data]\n", " -> b\n", '"\n', 'a"\n', "dense\n", "9\n", "b\n", "x9\n")
]


@pytest.fixture(scope="module")
def compiled():  # noqa: ANN201
    xgrammar = pytest.importorskip("xgrammar")
    words = [bytes([i]) for i in range(256)] + [b"<eos>"] + [w.encode() for w in LONGER]
    info = xgrammar.TokenizerInfo(words, vocab_type=xgrammar.VocabType.RAW, stop_token_ids=[256])
    grammar = xgrammar.Grammar.from_ebnf(GRAMMAR)
    return xgrammar, words, xgrammar.GrammarCompiler(info, max_threads=1).compile_grammar(grammar)


def accepts(compiled, text: str) -> bool:  # noqa: ANN001
    xgrammar, _, grammar = compiled
    matcher = xgrammar.GrammarMatcher(grammar)
    return matcher.accept_string(text) and matcher.is_completed()


def within_grammar(label: str) -> bool:
    """Words of at most 40 letters, at most 12; a quoted label starts with neither a quote nor a backslash."""
    return len(label) <= 40 and label.count(" ") < 12 and label[0] not in '"\\'


SMALL = st.integers(1, 9999)


@st.composite
def model_node(draw: st.DrawFn) -> Node:
    node = draw(any_node())
    sized = node.kind in ("input", "reshape")
    return replace(
        node,
        kernel=() if sized else draw(tuples(2, 3, SMALL)),
        size=draw(tuples(2, 3, SMALL) if sized else tuples(1, 3, SMALL).filter(lambda s: len(s) != 4)),
        units=draw(st.one_of(st.none(), st.integers(1, 9_999_999))),
        stride=draw(st.one_of(st.none(), st.integers(1, 9))),
        rate=node.rate[:5],
        fill="",
        line="",
        at=None,
        extent=None,
    )


@QUICK
@given(any_diagram(st.one_of(model_node(), PLAIN_NODES), LABELS.filter(within_grammar)), STYLES)
def test_grammar_accepts_what_dump_writes(compiled, diagram: Diagram, style: Style) -> None:  # noqa: ANN001
    seen: set[str] = set()
    nodes = []
    for i, node in enumerate(diagram.nodes):  # a second one of a name is only in the grammar where no quotes are needed
        odd = not within_grammar(node.label) or node.label.casefold() in seen
        nodes.append(replace(node, label=f"Node {i}") if odd else node)
        seen.add(nodes[-1].label.casefold())
    groups = tuple(
        replace(g, title=g.title if g.title and within_grammar(g.title) else "")
        for g in diagram.groups
        if g.start < g.stop or g.start  # a text does not begin with an empty group
    )
    diagram = replace(diagram, nodes=tuple(nodes), groups=groups, style=replace(style, scale=""))
    assert accepts(compiled, dump(diagram)), dump(diagram)


def test_grammar_accepts_the_documented_texts(compiled) -> None:  # noqa: ANN001
    for text in (*EXAMPLES, "none\n", "Dropout -> Dropout#2\n", "group\nA -> B\nend\n"):
        assert accepts(compiled, text)
    for text in (
        "",
        "-> A\n",
        "A\n",
        "A -> B",
        "end\n",
        "repeat 2\nend\n",
        "A [cat]\n",
        "none\nA -> B\n",
        "A \n",
    ):
        assert not accepts(compiled, text)


def walk(compiled, rng: random.Random, length: int) -> bytes:  # noqa: ANN001
    """A random text of the grammar: any length until it may end, then as short an ending as can be found."""
    xgrammar, words, grammar = compiled
    matcher = xgrammar.GrammarMatcher(grammar)
    mask = xgrammar.allocate_token_bitmask(1, len(words))
    text = b""
    while True:
        if matcher.is_completed() and (len(text) >= length or rng.random() < 0.05):
            return text
        for ending in ENDINGS if len(text) >= length else ():
            if matcher.accept_string(ending):
                text += ending
                break
        else:
            matcher.fill_next_token_bitmask(mask)
            bits = [int(word) & 0xFFFFFFFF for word in mask[0].tolist()]
            allowed = [i for i in range(len(words)) if bits[i // 32] >> i % 32 & 1 and i != 256]
            if not allowed:
                return text
            long = [i for i in allowed if i > 256]
            ascii_ = [i for i in allowed if i < 128]
            pick = rng.choice(rng.choice((long, long, long, ascii_, ascii_, allowed)) or allowed)
            assert matcher.accept_token(pick)
            text += words[pick]


def test_parse_reads_what_the_grammar_allows(compiled) -> None:  # noqa: ANN001
    rng = random.Random(4)
    read = 0
    for _ in range(250):
        text = walk(compiled, rng, rng.choice((10, 30, 60, 150, 400))).decode(errors="replace")
        try:
            diagram = parse(text)
        except DiagramError as error:
            # Limits, and a label of nothing but rare spaces, are beyond the grammar.
            assert re.search("more than|out of range|describes no diagram|a label is empty", error.reason), (
                text,
                str(error),
            )
        else:
            read += 1
            assert parse(dump(diagram)) == diagram
    assert read > 220


# -- around the language -----------------------------------------------------------------------------------


def test_importing_the_language_needs_the_standard_library_only() -> None:
    code = (
        "import sys; before = set(sys.modules); import diagen.diagram;"
        "print({m.split('.')[0] for m in set(sys.modules) - before} - set(sys.stdlib_module_names))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "{'diagen'}"


def test_node_list_keeps_places_and_edges() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        diagram = parse(NODE_LISTS[0])
    box = Node("0", "box", fill="#c0c0e0", line="#806040", at=(62, 300), extent=(33, 240))
    assert diagram.nodes[0] == box
    assert [n.kind for n in diagram.nodes] == ["box", "process", "circle"]
    assert diagram.nodes[2].fill == "#0a14ff"
    assert set(diagram.edges) == {Edge(0, 1), Edge(0, 2), Edge(1, 2, "dashed-line"), Edge(2, 0, "line")}
    assert parse(dump(diagram)) == diagram


def test_node_list_cut_off() -> None:
    with pytest.warns(UserWarning, match="line 4 of the node list is cut off") as caught:
        diagram = parse(NODE_LISTS[1])
    assert len(caught) == 1
    assert [(n.label, n.at, n.extent) for n in diagram.nodes] == [
        ("5", (100, 51), (80, 1)),
        ("9", (-20, 140), (80, 30)),
    ]
    assert diagram.edges == (Edge(0, 1),)


def test_node_list_damaged() -> None:
    with pytest.warns(UserWarning, match="only shapes and places|line 3 of the node list"):
        diagram = parse(NODE_LISTS[2])
    assert [(n.label, n.kind, n.at, n.extent) for n in diagram.nodes] == [
        ("0", "box", (10, 20), (40, 50)),
        ("1", "circle", (200, 300), (60, 70)),
    ]
    with pytest.raises(DiagramError, match="no line is a node of a node list"):
        parse("[0, nonsense]")
    with pytest.raises(DiagramError, match="more than 500 nodes"):
        parse(NODE_LISTS[0] * 167)
    with pytest.raises(DiagramError, match="more than 2000 edges"):
        parse(NODE_LISTS[0].replace("[1, 2]", str([1] * 2000)))


def test_ask() -> None:
    messages = ask("  a CNN\r\nwith two layers\rplease\t\n")
    assert [m["role"] for m in messages] == ["system", "user"]
    assert messages[1]["content"] == "a CNN\nwith two layers\nplease"
    assert clean_request("x" * MAX_REQUEST) == "x" * MAX_REQUEST


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ("", "empty"),
        (" \r\n\t ", "empty"),
        ("x" * (MAX_REQUEST + 1), "4,001 characters; expected at most 4,000"),
        ("a\x00b", r"control character U\+0000"),
        ("a\x1bb", r"control character U\+001B"),
        ("a\ud800b", r"control character U\+D800"),
    ],
)
def test_requests_that_are_none(request_: str, words: str) -> None:
    with pytest.raises(DiagramError, match=words):
        ask(request_)
    assert set(LAYER_KINDS) < set(KINDS)


@pytest.mark.parametrize(
    "text",
    [
        "A -> B | C\n-> D\n",
        "A [data] | B [store] -> C : both\n",
        "input 3\n2 dense 4\noutput 1\n",
        "A -> B\n-> C | D\n..> A : again\n",
        "group G\nA -> B\nend\n-> C\n",
    ],
)
def test_texts_as_a_person_writes_them_are_canonical(text):
    assert dump(parse(text)) == text
