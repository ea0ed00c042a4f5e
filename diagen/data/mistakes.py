"""Diagram texts made wrong on purpose: the rejected side of preference pairs that need no sampling.

A mistake changes the text as little as can be, so that a pair differs in what is wrong and not in how it is written.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from diagen.diagram import STYLE_WORDS, DiagramError, as_graph, parse

UNASKED = ("up", "left", "compact", "wide", "straight", "square", "ink", "night")  # words that change a drawing

Mistake = Callable[[list[str], random.Random], list[str] | None]


def mistaken(text: str, r: random.Random) -> tuple[str, str] | None:
    """The text with one mistake in it, and the mistake's name; None where no mistake fits."""
    diagram = parse(text)
    graph, looks = as_graph(diagram), (diagram.groups, diagram.style, diagram.title)
    for mistake in r.sample(MISTAKES, len(MISTAKES)):
        for _ in range(4):
            lines = mistake(text.splitlines(), r)
            if lines is None:
                break
            said = "\n".join(lines) + "\n"
            try:
                wrong = parse(said)
            except DiagramError:
                continue
            if as_graph(wrong) != graph or (wrong.groups, wrong.style, wrong.title) != looks:
                return said, mistake.__name__
    return None


def _pick(lines: list[str], r: random.Random, pattern: str) -> tuple[int, re.Match[str]] | None:
    """A random place where a pattern is found, outside of style and title."""
    found = [
        (i, match)
        for i, line in enumerate(lines)
        if not line.startswith(("style ", "title "))
        for match in re.finditer(pattern, line)
    ]
    return r.choice(found) if found else None


def _put(lines: list[str], i: int, match: re.Match[str], new: str) -> list[str]:
    line = lines[i][: match.start()] + new + lines[i][match.end() :]
    return [*lines[:i], line, *lines[i + 1 :]] if line.strip() else lines[:i] + lines[i + 1 :]


def lose_line(lines: list[str], r: random.Random) -> list[str] | None:
    """A layer or a step is left out."""
    able = [i for i, line in enumerate(lines) if not line.startswith(("style", "title", "group", "repeat", "end"))]
    if len(able) < 3:
        return None
    i = r.choice(able)
    return lines[:i] + lines[i + 1 :]


def say_twice(lines: list[str], r: random.Random) -> list[str] | None:
    """A layer stands there once more."""
    able = [i for i, line in enumerate(lines) if "->" not in line and re.match(r"(\d+ )?[a-z]+( |$)", line)]
    able = [i for i in able if not lines[i].startswith(("style", "title", "group", "repeat", "end", "input"))]
    if not able:
        return None
    i = r.choice(able)
    return [*lines[: i + 1], lines[i], *lines[i + 1 :]]


def swap_lines(lines: list[str], r: random.Random) -> list[str] | None:
    """Two layers or steps change places."""
    able = [i for i, line in enumerate(lines) if not line.startswith(("style", "title", "group", "repeat", "end"))]
    able = [i for i in able if i + 1 in able]
    if not able:
        return None
    i = r.choice(able)
    return [*lines[:i], lines[i + 1], lines[i], *lines[i + 2 :]]


def wrong_number(lines: list[str], r: random.Random) -> list[str] | None:
    """A number is that of another layer, or one near to it."""
    found = _pick(lines, r, r"(?<![\w.#@,=])\d+(?![\w.,])|(?<=[a-z] )\d+x\d+")
    if not found:
        return None
    i, match = found
    if "x" in match[0]:
        return _put(lines, i, match, r.choice(("1x1", "2x2", "3x3", "5x5", "7x7")))
    others = [n for line in lines for n in re.findall(r"(?<![\w.])\d+(?![\w.])", line) if n != match[0]]
    n = int(match[0])
    new = r.choice(others) if others and r.random() < 0.5 else str(max(1, n + r.choice((-1, 1, 1, 2, n))))
    return _put(lines, i, match, new)


def lose_detail(lines: list[str], r: random.Random) -> list[str] | None:
    """A kernel, a stride or an activation of a layer is left out."""
    found = _pick(lines, r, r"(?<=[a-z\d]) (?:\d+x\d+|s\d+|[a-z]{3,})(?= |$)")
    if not found or "->" in lines[found[0]] or lines[found[0]].startswith("group"):
        return None
    return _put(lines, *found, "")


def lose_branch(lines: list[str], r: random.Random) -> list[str] | None:
    """One of several ends of an arrow is left out."""
    found = _pick(lines, r, r" \| [^|>:\n]+?(?= \||  ?->| :|$)|(?<=-> )[^|>:\n]+? \| ")
    return _put(lines, *found, "") if found else None


def wrong_end(lines: list[str], r: random.Random) -> list[str] | None:
    """An arrow begins or ends at another box that is there."""
    names = {n for line in lines for n in _names(line)}
    found = _pick(lines, r, r"^[^-|:\[\n][^|>:\[\n]*?(?= \||  ?->| \.\.>)|(?<=> )[^|>:\[\n]+?(?= \||$| :| ->)")
    if not found or len(names) < 3:
        return None
    return _put(lines, *found, r.choice(sorted(names - {found[1][0]}) or [found[1][0]]))


def _names(line: str) -> list[str]:
    """The boxes that a line of arrows names, without what stands in brackets."""
    if "->" not in line and "..>" not in line:
        return []
    plain = re.sub(r" : .*$|\[[^\]]*\]", "", line)
    return [n.strip() for n in re.split(r"->|\.\.>|\|", plain) if n.strip()]


def wrong_start(lines: list[str], r: random.Random) -> list[str] | None:
    """A line that goes on from the box before begins at an earlier one, or the other way round."""
    names = sorted({n for line in lines for n in _names(line)})
    found = _pick(lines, r, r"^-> |^[^-|:\[\n][^|>:\[\n]*? -> ")
    if not found or not names or found[0] == 0:
        return None
    return _put(lines, *found, f"{r.choice(names)} -> " if found[1][0] == "-> " else "-> ")


def lose_label(lines: list[str], r: random.Random) -> list[str] | None:
    """Words on an arrow are left out."""
    found = _pick(lines, r, r" : .+$")
    return _put(lines, *found, "") if found else None


def lose_word(lines: list[str], r: random.Random) -> list[str] | None:
    """A word of a label is left out."""
    found = _pick(lines, r, r"(?<=[a-z] )[a-z]{3,}(?= ->| \[| \||$)")
    return _put(lines, found[0], found[1], "") if found and "->" in lines[found[0]] else None


def other_style(lines: list[str], r: random.Random) -> list[str] | None:
    """A word of style that nobody asked for, or another one than was asked for."""
    at = next((i for i, line in enumerate(lines) if line.startswith("style ")), None)
    if at is None:
        place = int(lines[0].startswith("title "))
        return [*lines[:place], "style " + r.choice(UNASKED), *lines[place:]]
    told = lines[at].split()
    i = r.randrange(1, len(told))
    group = next((words for words in STYLE_WORDS.values() if told[i] in words), ())
    others = [word for word in group if word != told[i]]
    if not others:
        return None
    told[i] = r.choice(others)
    return [*lines[:at], " ".join(told), *lines[at + 1 :]]


def lose_groups(lines: list[str], r: random.Random) -> list[str] | None:
    """No frames."""
    if not any(line.startswith("group") for line in lines):
        return None
    return [line for line in lines if not line.startswith(("group", "end"))]


MISTAKES: tuple[Mistake, ...] = (
    lose_line,
    say_twice,
    swap_lines,
    wrong_number,
    wrong_number,
    lose_detail,
    lose_branch,
    wrong_end,
    wrong_start,
    lose_label,
    lose_word,
    lose_groups,
    other_style,
)
