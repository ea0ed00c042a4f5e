"""mermaid(diagram, source) and dot(diagram, source) -> the graph as text of Mermaid or Graphviz, without any geometry.

Kinds become shapes, groups subgraphs or clusters, and colours are those of the diagram's theme. What each node says is
what the drawing says of it.
"""

from __future__ import annotations

import re

from diagen.diagram import Diagram, Group
from diagen.render.kinds import Words, family, words
from diagen.render.source import Source
from diagen.render.theme import THEMES

_ROUND_KINDS = ("input", "output", "data", "text")
_SHAPES = {  # kind: (Mermaid's brackets, Graphviz's shape)
    **dict.fromkeys(_ROUND_KINDS, ("([", "])", "box", "rounded,filled")),
    **dict.fromkeys(("store", "dataset", "cache", "memory"), ("[(", ")]", "cylinder", "filled")),
    **dict.fromkeys(("encoder", "discriminator"), ("[/", "\\]", "trapezium", "filled")),
    **dict.fromkeys(("decoder", "generator"), ("[\\", "/]", "invtrapezium", "filled")),
    **dict.fromkeys(("add", "multiply", "concat", "circle", "user"), ("((", "))", "ellipse", "filled")),
    **dict.fromkeys(("document", "documents"), ("[[", "]]", "note", "filled")),
    "decision": ("{", "}", "diamond", "filled"),
}
_BOX = ("[", "]", "box", "rounded,filled")
_MERMAID_ARROWS = {"arrow": "-->", "line": "---", "dashed-arrow": "-.->", "dashed-line": "-.-"}
_DIRECTIONS = {"right": "LR", "left": "RL", "down": "TB", "up": "BT", "": "LR"}


def mermaid(diagram: Diagram, source: Source | None = None) -> str:
    """A flowchart of Mermaid."""
    lines = []
    if diagram.title:
        lines += ["---", f"title: {_yaml(diagram.title)}", "---"]
    lines.append(f"flowchart {_DIRECTIONS[diagram.style.direction]}")
    if source:
        lines.append(f"%% {source.comment()}")
    told = [_html(w) for w in words(diagram)]

    def node(i: int, depth: int) -> str:
        left, right, *_ = _SHAPES.get(diagram.nodes[i].kind, _BOX)
        return f'{"  " * depth}n{i}{left}"{told[i]}"{right}'

    def opened(k: int, group: Group, depth: int) -> str:
        return f'{"  " * depth}subgraph g{k} ["{_entities(_title(group)) or " "}"]'

    lines += _nested(diagram, node, opened, "end")
    for e in diagram.flow():
        label = f'|"{_entities(e.label)}"|' if e.label else ""
        lines.append(f"  n{e.source} {_MERMAID_ARROWS[e.style]}{label} n{e.target}")
    theme = THEMES[diagram.style.theme or "paper"]
    looks: dict[str, list[str]] = {}
    for i, n in enumerate(diagram.nodes):
        f = family(n, theme)
        looks.setdefault(f"fill:{f.fill},stroke:{f.stroke},color:{f.text}", []).append(f"n{i}")
    for number, (look, nodes) in enumerate(looks.items()):
        lines += [f"  classDef c{number} {look}", f"  class {','.join(nodes)} c{number}"]
    return "\n".join(lines) + "\n"


def dot(diagram: Diagram, source: Source | None = None) -> str:
    """A directed graph of Graphviz."""
    theme = THEMES[diagram.style.theme or "paper"]
    lines = [f"// {source.comment()}"] if source else []
    lines += [
        "digraph {",
        f'  graph [rankdir={_DIRECTIONS[diagram.style.direction]}, bgcolor="{theme.ground}", '
        f'fontname="Inter,Arial", fontcolor="{theme.text}", compound=true]',
        '  node [fontname="Inter,Arial", fontsize=14]',
        f'  edge [fontname="Inter,Arial", fontsize=12, color="{theme.edge}", fontcolor="{theme.muted}"]',
    ]
    if diagram.title:
        lines.append(f"  label={_quoted(diagram.title)}; labelloc=t;")
    told = words(diagram)

    def node(i: int, depth: int) -> str:
        n = diagram.nodes[i]
        *_, shape, style = _SHAPES.get(n.kind, _BOX)
        f = family(n, theme)
        text = told[i].label + (f"\n{told[i].sub}" if told[i].sub else "")
        colours = f'fillcolor="{f.fill}", color="{f.stroke}", fontcolor="{f.text}"'
        return f'{"  " * depth}n{i} [label={_quoted(text)}, shape={shape}, style="{style}", {colours}];'

    def opened(k: int, group: Group, depth: int) -> str:
        colours = f'style="rounded,filled"; fillcolor="{theme.group_fills[0]}"; color="{theme.group_stroke}";'
        return f"{'  ' * depth}subgraph cluster_{k} {{ label={_quoted(_title(group))}; {colours}"

    lines += _nested(diagram, node, opened, "}")
    for e in diagram.flow():
        looks = [f"label={_quoted(e.label)}"] if e.label else []
        looks += ["style=dashed"] if e.style.startswith("dashed") else []
        looks += ["dir=none"] if not e.style.endswith("arrow") else []
        lines.append(f"  n{e.source} -> n{e.target}" + (f" [{', '.join(looks)}]" if looks else "") + ";")
    return "\n".join(lines) + "\n}\n"


def _nested(diagram: Diagram, node, opened, closed: str) -> list[str]:
    """A line for each node, inside the lines that open and close its groups."""
    lines: list[str] = []
    stack: list[int] = []  # ends of the open groups
    groups = [(k, g) for k, g in enumerate(diagram.groups) if g.start < g.stop]
    for i in range(len(diagram.nodes)):
        while stack and stack[-1] <= i:
            stack.pop()
            lines.append("  " * (len(stack) + 1) + closed)
        while groups and groups[0][1].start == i:
            k, group = groups.pop(0)
            lines.append(opened(k, group, len(stack) + 1))
            stack.append(group.stop)
        lines.append(node(i, len(stack) + 1))
    while stack:
        stack.pop()
        lines.append("  " * (len(stack) + 1) + closed)
    return lines


def _title(group: Group) -> str:
    return group.title + (f" ×{group.repeat}" if group.repeat > 1 else "")


def _html(told: Words) -> str:
    return _entities(told.label) + (f"<br/>{_entities(told.sub)}" if told.sub else "")


def _entities(text: str) -> str:
    """Text inside Mermaid's quotes: all that HTML, Markdown or Mermaid itself could read is named by its number."""
    kept = "".join(c if c.isalnum() or c in " .,:?!()/+-='×→…" else f"#{ord(c)};" for c in text)
    # "1. x" and "- x" would be lists.
    return re.sub(r"^(\d*)([.+-])(?=\s)", lambda m: f"{m[1]}#{ord(m[2])};", kept)


def _yaml(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "\\x25") + '"'  # %% would be a comment


def _quoted(text: str) -> str:
    """A string of DOT: a backslash would begin one of its escapes, and an ampersand the name of a letter."""
    kept = text.replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;")
    return '"' + kept.replace("\n", "\\n") + '"'
