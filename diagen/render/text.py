"""Text by real font metrics: widths, line breaks, and which of the shipped faces draws which character.

No font of the system is ever used, so that a diagram has the same pixels everywhere. Inter draws what it can, then
the Hangul face, the emoji, then DejaVu Sans (whose empty box also stands for what no face has).
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from fontTools.ttLib import TTFont

from diagen.render.fontfile import cut

if TYPE_CHECKING:
    from arabic_reshaper import ArabicReshaper

FOLDER = Path(__file__).parent / "fonts"
WEIGHTS = {400: "Inter-Regular.ttf", 500: "Inter-Medium.ttf", 600: "Inter-SemiBold.ttf"}
FAMILIES = frozenset(WEIGHTS.values())  # faces of the one family that has several weights
FALLBACKS = ("DiagenHangul-Medium.ttf", "DiagenEmoji-Regular.ttf", "DejaVuSans.ttf")
SKIN_TONES = "\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"  # the emoji have none
UNITS = 2048  # units per em of all the shipped faces
CLEARANCE = 120  # between a letter and the mark above it, in those units

_Metrics = tuple[dict[int, int], dict[tuple[int, int], int]]


@cache
def _metrics(face: str) -> _Metrics:
    """Advances by character, and kerning by pairs of characters, of a shipped face."""
    with TTFont(FOLDER / face, lazy=True) as font:
        names, advances = font.getBestCmap() or {}, font["hmtx"]
        widths = {code: advances[name][0] for code, name in names.items()}
        kerning: dict[tuple[int, int], int] = {}
        if "kern" in font:
            codes = {name: code for code, name in names.items() if code < 127}
            for (left, right), value in font["kern"].kernTables[0].kernTable.items():
                if left in codes and right in codes:
                    kerning[codes[left], codes[right]] = value
    return widths, kerning


@cache
def _face(character: str, weight: int) -> str:
    """The shipped face that draws a character; empty for those that are never seen."""
    for face in (WEIGHTS[weight], *FALLBACKS):
        if ord(character) in _metrics(face)[0]:
            return face
    unseen = unicodedata.category(character) in ("Mn", "Cf", "Cc", "Me") or character in SKIN_TONES
    return "" if unseen else FALLBACKS[-1]


@lru_cache(maxsize=4096)
def _ink(face: str, character: str) -> tuple[int, int, int, int]:
    """(left, right, low, high) of what a glyph draws, in font units from its origin."""
    with TTFont(FOLDER / face, lazy=True) as font:
        glyph = font["glyf"][(font.getBestCmap() or {}).get(ord(character), ".notdef")]
        return (glyph.xMin, glyph.xMax, glyph.yMin, glyph.yMax) if glyph.numberOfContours else (0, 0, 0, 0)


@lru_cache(maxsize=4096)
def glyphs(text: str, weight: int) -> tuple[tuple[str, str, int, int], ...]:
    """(character, face, offset from the start, height above the line) of each visible character, in font units.

    The last one ends it. A combining mark stands over the middle of its letter, and clear of a tall one.
    """
    placed: list[tuple[str, str, int, int]] = []
    x, before, before_face = 0, "", ""
    for character in text:
        face = _face(character, weight)
        if not face:
            continue
        widths, kerning = _metrics(face)
        if before and unicodedata.combining(character):
            letter, mark = _ink(before_face, before), _ink(face, character)
            start = x - _metrics(before_face)[0].get(ord(before), 0)
            middle = start + (letter[0] + letter[1] - mark[0] - mark[1]) // 2
            above = unicodedata.combining(character) == 230
            placed.append((character, face, middle, max(0, letter[3] + CLEARANCE - mark[2]) if above else 0))
            continue
        if face == before_face:
            x += kerning.get((ord(before), ord(character)), 0)
        placed.append((character, face, x, 0))
        x += widths.get(ord(character), 1229)  # 1229: the advance of DejaVu's empty box
        before, before_face = character, face
    return *placed, ("", "", x, 0)


def faces_of(text: str, weight: int) -> list[tuple[str, str]]:
    """(character, face) of each visible character."""
    return [(character, face) for character in text if (face := _face(character, weight))]


def unknown(text: str) -> str:
    """The characters of a text that no shipped face has, each once."""
    return "".join(c for c in dict.fromkeys(text) if _face(c, 400) and ord(c) not in _metrics(_face(c, 400))[0])


@lru_cache(maxsize=256)
def subset(face: str, characters: str) -> bytes:
    """A shipped face with nothing but some characters, as a TrueType file."""
    return cut(FOLDER / face, characters, _metrics(face)[1])


@cache
def measure(text: str, size: float, weight: int = 400) -> float:
    """The width of a line of text in pixels."""
    return glyphs(joined(text), weight)[-1][2] * size / UNITS


@cache
def _arabic() -> ArabicReshaper:
    from arabic_reshaper import ArabicReshaper

    return ArabicReshaper({"delete_harakat": False})


def joined(text: str) -> str:
    """With each Arabic letter in the form that it takes beside its neighbours, for which Unicode has characters."""
    return _arabic().reshape(text) if re.search("[\u0620-\u06d3]", text) else text


def visual(text: str) -> str:
    """The characters in the order in which they are drawn: Arabic joined, runs of right-to-left script reversed."""
    if text.isascii() or not any(unicodedata.bidirectional(c) in ("R", "AL") for c in text):
        return text
    text = joined(text)
    parts = re.split(f"({_RIGHT_TO_LEFT}|{_LEFT_TO_RIGHT})", text)
    drawn = ["".join(_CLUSTER.findall(part)[::-1]) if re.match(_RIGHT_TO_LEFT, part) else part for part in parts]
    return "".join(reversed(drawn) if runs_left(text) else drawn)


def runs_left(text: str) -> bool:
    """Whether a line of text as a whole runs from right to left: it begins with a letter that does."""
    return bool(re.match(_RIGHT_TO_LEFT, text.strip()))


_RTL = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff"
_RIGHT_TO_LEFT = f"[{_RTL}](?:[{_RTL}\\s]*[{_RTL}])?"
_LEFT_TO_RIGHT = f"[^\\s{_RTL}](?:[^{_RTL}]*[^\\s{_RTL}])?"
_MARKS = "\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u20d0-\u20f0"
_CLUSTER = re.compile(f".[{_MARKS}]*", re.DOTALL)  # a letter and the marks that stand on it
_BREAK = re.compile(r"(?<=[ \-/_])(?=\S)|(?<=[a-z])(?=[A-Z][a-z])|(?<=[\u1100-\ud7af\u3000-\u9fff])(?=[\u3000-\u9fff])")


@lru_cache(maxsize=4096)
def wrap(text: str, size: float, weight: int, width: float, most: int = 3) -> tuple[tuple[str, ...], bool]:
    """At most `most` balanced lines of at most `width`, and whether words had to be cut.

    The fewest lines are used, and of those ways the one whose widest line is narrowest; a word is broken at its hyphen
    only where no blank will do. Where even `most` lines are
    too narrow the width may grow by a quarter; after that the text is cut.
    """
    parts = [part for part in _BREAK.split(text) if part]
    whole = [part for part in re.split(r"(?<= )", text) if part] if "-" in text else parts
    for limit in (width, width * 1.25):
        for count in range(1, most + 1):
            for ways in (whole, parts) if whole != parts else (parts,):
                lines = _balanced(ways, count, size, weight)
                if lines and max(measure(line, size, weight) for line in lines) <= limit:
                    return tuple(lines), False
    limit = width * 1.25
    lines, cut = _cut(parts, size, weight, limit, most)
    return tuple(lines), cut


def _balanced(parts: list[str], count: int, size: float, weight: int) -> list[str]:
    """The parts joined into exactly `count` lines with the narrowest widest line; empty if they are fewer."""
    n = len(parts)
    if n < count or n > 80:
        return []

    @cache
    def width(i: int, j: int) -> float:
        return measure("".join(parts[i:j]).strip(), size, weight)

    best: dict[tuple[int, int], tuple[float, int]] = {(0, n): (0.0, n)}  # (lines left, first part)
    for left in range(1, count + 1):
        for i in range(n):
            options = [
                (max(width(i, j), best[left - 1, j][0]), -j) for j in range(i + 1, n + 1) if (left - 1, j) in best
            ]
            if options:
                widest, j = min(options)
                best[left, i] = (widest, -j)
    if (count, 0) not in best:
        return []
    lines, i = [], 0
    for left in range(count, 0, -1):
        j = best[left, i][1]
        lines.append("".join(parts[i:j]).strip())
        i = j
    return lines


def _cut(parts: list[str], size: float, weight: int, limit: float, most: int) -> tuple[list[str], bool]:
    """Lines filled greedily, words that are too long for a line broken, the rest replaced by an ellipsis."""
    lines: list[str] = []
    line = ""
    queue = list(parts[:200])
    while queue and len(lines) < most:
        part = queue.pop(0)
        if measure((line + part).strip(), size, weight) <= limit:
            line += part
        elif not line:
            keep = len(part)
            while keep > 1 and measure(part[:keep], size, weight) > limit:
                keep -= 1
            lines.append(part[:keep].strip())
            if part[keep:]:
                queue.insert(0, part[keep:])
        else:
            lines.append(line.strip())
            line = ""
            queue.insert(0, part)
    if line and len(lines) < most:
        lines.append(line.strip())
        line = ""
    cut = bool(queue or line or len(parts) > 200)
    if cut:
        lines[-1] = shorten(lines[-1] + "…", size, weight, limit)
    return [line for line in lines if line] or ["…"], cut


def shorten(text: str, size: float, weight: int, width: float) -> str:
    """The text, or as much of it as fits with an ellipsis."""
    if measure(text, size, weight) <= width:
        return text
    body = text.rstrip("…")
    low, high = 0, len(body)
    while low < high:
        middle = (low + high + 1) // 2
        if measure(body[:middle].rstrip() + "…", size, weight) <= width:
            low = middle
        else:
            high = middle - 1
    return body[:low].rstrip() + "…"
