"""How far a diagram holds what its request is known to want.

A row of wanted things has "layers" (kinds and sizes in a row), "nodes" and "edges" (labels and arrows; names may differ
a little), or "text": the very diagram. A row of an answer has "text", "nodes" and "edges" as infer.py writes
them.
"""

from __future__ import annotations

import re
import sys
from collections import Counter, defaultdict
from difflib import SequenceMatcher
from typing import Any

from diagen.diagram import Diagram, DiagramError, canonical, display_labels, parse

ALIKE = 0.8  # labels of at least this similarity may be one node


def words(label: str) -> list[str]:
    """Lower-case words, without articles and plural endings."""
    found = re.findall(r"[^\W_]+|[?%&+]", label.lower())
    return [w[:-1] if len(w) > 3 and w.endswith("s") else w for w in found if w not in ("a", "an", "the")]


def similarity(one: str, other: str) -> float:
    """1 for the same words, 0.9 where one holds the other's words in order, else the share of common letters.

    0 where numbers or single letters, which tell siblings apart, differ.
    """
    a, b = words(one), words(other)
    if a == b:
        return 1.0
    marks = [[w for w in ws if w.isdigit() or len(w) == 1] for ws in (a, b)]
    if not a or not b or marks[0] != marks[1]:
        return 0.0
    short, long = sorted((a, b), key=len)
    rest = iter(long)
    if all(w in rest for w in short):
        return 0.9
    return SequenceMatcher(None, " ".join(a), " ".join(b)).ratio() if len(a) == len(b) else 0.0


def match(wanted: list[str], drawn: list[str]) -> dict[int, int]:
    """Wanted node -> drawn node, one to one, the most similar first."""
    pairs = sorted(
        ((similarity(w, d), -i, -j) for i, w in enumerate(wanted) for j, d in enumerate(drawn)), reverse=True
    )
    found: dict[int, int] = {}
    for score, i, j in pairs:
        if score >= ALIKE and -i not in found and -j not in found.values():
            found[-i] = -j
    return found


def f1(right: int, drawn: int, wanted: int) -> float:
    return 2 * right / (drawn + wanted) if drawn + wanted else 1.0


def measure_layers(want: dict[str, Any], row: dict[str, Any], scores: dict[str, list[float]]) -> bool:
    """Kinds and asked sizes in a row; kernels, filters and activations apart."""
    nodes, edges = row["nodes"], row["edges"]
    chain = [(e["source"], e["target"]) for e in edges]
    in_a_row = chain == [(a["id"], b["id"]) for a, b in zip(nodes, nodes[1:], strict=False)]
    same = len(nodes) == len(want["layers"])
    right = in_a_row and same
    for (kind, size), node in zip(want["layers"], nodes, strict=False):
        right = right and node["kind"] == kind
        if size is not None and kind not in ("conv", "pool"):
            right = right and size in (node["units"], node["size"])
    for name, field in (("kernels", "kernel"), ("filters", "units"), ("activations", "activation")):
        asked = [(v, node) for v, node in zip(want.get(name) or [], nodes, strict=False) if v is not None]
        if any(v is not None for v in want.get(name) or []):
            scores[name].append(float(same and all(node.get(field) == v for v, node in asked)))
    return right


def measure_graph(want: dict[str, Any], row: dict[str, Any], scores: dict[str, list[float]]) -> bool:
    """Nodes and edges by matched labels; edge labels, groups, repeats and skips apart."""
    diagram = parse(row["text"])
    names = [n["label"] for n in row["nodes"]]
    at = {n["id"]: i for i, n in enumerate(row["nodes"])}
    found = match(want["nodes"], names)
    index = {label: i for i, label in enumerate(want["nodes"])}
    drawn: dict[Any, str] = {(at[e["source"]], at[e["target"]]): e["label"] for e in row["edges"]}

    def ends(edge: list[str]) -> tuple[int | None, int | None]:
        return found.get(index[edge[0]]), found.get(index[edge[1]])

    wanted = {ends(e) for e in want["edges"]}
    right = sum(e in drawn for e in wanted)
    scores["node_f1"].append(f1(len(found), len(names), len(want["nodes"])))
    scores["edge_f1"].append(f1(right, len(drawn), len(want["edges"])))
    if want.get("edge_labels"):
        hits = [similarity(label, drawn.get(ends([a, b]), "")) >= ALIKE for a, b, label in want["edge_labels"]]
        scores["edge_labels"].append(sum(hits) / len(hits))
    if want.get("skips"):
        scores["skips"].append(sum(ends(e) in drawn for e in want["skips"]) / len(want["skips"]))
    if want.get("groups"):
        scores["groups"].append(sum(_group_right(g, diagram) for g in want["groups"]) / len(want["groups"]))
    if want.get("repeats"):
        drawn_repeats = [g.repeat for g in diagram.groups if g.repeat > 1]
        scores["repeats"].append(float(all(count in drawn_repeats for _, count in want["repeats"])))
    return scores["node_f1"][-1] == scores["edge_f1"][-1] == 1.0


def _group_right(group: list[Any], diagram: Diagram) -> bool:
    title, members = group
    labels = display_labels(diagram)
    for drawn in diagram.groups:
        inside = labels[drawn.start : drawn.stop]
        if similarity(title, drawn.title) >= ALIKE and len(inside) == len(members):
            return len(match(members, inside)) == len(members)
    return False


def measure_known(want: dict[str, Any], row: dict[str, Any], scores: dict[str, list[float]]) -> bool:
    """The same graph as the wanted text's, without order, style and places; F1 of nodes and edges by names alone."""
    wanted, drawn = canonical(parse(want["text"])), canonical(parse(row["text"]))

    def names(graph: tuple) -> tuple[Counter[Any], Counter[Any]]:
        nodes, edges = Counter[Any](), Counter[Any]()
        for node, count in graph[0]:
            nodes[node[0]] += count
        for (source, target, _label), count in graph[1]:
            edges[source[0], target[0]] += count
        return nodes, edges

    for name, one, other in zip(("node_f1", "edge_f1"), names(wanted), names(drawn), strict=True):
        scores[name].append(f1((one & other).total(), other.total(), one.total()))
    return wanted == drawn


def told(diagram: Diagram) -> tuple:
    """All that a diagram says: what two texts for one request must share, whoever chose the kinds of their boxes.

    Names, sizes, counts and activations of its nodes, edges with labels and styles, groups, title and style words; not
    the order of lines, places, or kinds, which two people choose differently for the same words.
    """
    names = [
        (label.lower(), n.variant, n.kernel, n.size, n.units or 0, n.stride or 0, n.rate, n.activation)
        for label, n in zip(display_labels(diagram), diagram.nodes, strict=True)
    ]
    edges = sorted((names[e.source], names[e.target], e.label.lower(), e.style) for e in diagram.edges)
    groups = sorted((g.title.lower(), g.repeat, g.skip, sorted(names[g.start : g.stop])) for g in diagram.groups)
    return sorted(names), edges, groups, diagram.title.lower(), diagram.style


def judge(want: dict[str, Any], row: dict[str, Any], scores: dict[str, list[float]]) -> bool:
    """Whether an answer is exact; adds to the scores."""
    way = measure_layers if "layers" in want else measure_graph if "edges" in want else measure_known
    return way(want, row, scores)


def known(want: object) -> bool:
    """Whether a row of requests says what is wanted."""
    if not isinstance(want, dict) or "id" not in want or "prompt" not in want:
        return False
    try:
        return "layers" in want or "edges" in want and "nodes" in want or bool(parse(want["text"]))
    except (KeyError, TypeError, AttributeError, DiagramError):
        return False


def measure(expected: list[dict[str, Any]], answers: dict[str, Any], misses: int) -> dict[str, Any]:
    """The figures of one list of requests."""
    scores: dict[str, list[float]] = defaultdict(list)
    failed = 0
    for want in expected:
        row = answers.get(str(want["id"])) or {"error": "no answer"}
        name = "layers_exact" if "layers" in want else "graphs_exact"
        try:
            if "error" in row:
                raise DiagramError(row["error"])
            good = judge(want, row, scores)
        except DiagramError:
            failed += 1
            good = False
            if name == "graphs_exact":
                scores["node_f1"].append(0.0)
                scores["edge_f1"].append(0.0)
        scores[name].append(float(good))
        if not good and misses > 0:
            misses -= 1
            print(f"-- {want['id']}: {want['prompt']}\n{row.get('text') or row.get('error')}", file=sys.stderr)
            print("wanted:", want.get("layers") or want.get("edges") or want["text"], file=sys.stderr)
    means = {name: round(sum(v) / len(v), 3) for name, v in sorted(scores.items())}
    return {"requests": len(expected), "failed": failed, **means, "asked": {n: len(v) for n, v in scores.items()}}
