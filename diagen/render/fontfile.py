"""cut(path, characters, kerning) -> a TrueType file with nothing but those characters.

The shipped faces have plain outlines and no hints, so that a smaller one is a handful of tables with what belongs to
the letters copied into them. fontTools, which can cut any font, takes some twenty times as long.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from pathlib import Path

from fontTools.ttLib import TTFont

COPIED = ("OS/2", "hhea", "maxp", "post", "head")  # tables of which only a few fields change
# Flags of a part of a composed glyph: how many bytes follow it, and whether another part does.
WORDS, SCALED, MORE, SCALED_TWICE, MATRIX = 0x01, 0x08, 0x20, 0x40, 0x80


@dataclass(frozen=True)
class _Face:
    tables: dict[str, bytes]
    codes: dict[int, int]  # character -> glyph
    starts: list[int]  # of each glyph's outline, and the end of the last one
    outlines: bytes
    advances: bytes  # advance and left bearing of each glyph, four bytes


@cache
def _face(path: Path) -> _Face:
    with TTFont(path, lazy=True) as font:
        codes = {code: font.getGlyphID(name) for code, name in (font.getBestCmap() or {}).items()}
        metrics = [font["hmtx"][name] for name in font.getGlyphOrder()]
        tables = {tag: font.getTableData(tag) for tag in COPIED}
        advances = b"".join(struct.pack(">Hh", *pair) for pair in metrics)
        return _Face(tables, codes, list(font["loca"].locations), font.getTableData("glyf"), advances)


def cut(path: Path, characters: str, kerning: dict[tuple[int, int], int]) -> bytes:
    """The face of a file with some characters only; `kerning` is that of pairs of characters."""
    face = _face(path)
    codes = sorted(code for code in set(map(ord, characters)) if code in face.codes)
    old = [0, *(face.codes[code] for code in codes)]  # glyph 0 stands for what is missing
    new = {glyph: number for number, glyph in enumerate(old)}
    outlines = []
    for glyph in old:  # which grows by what they are composed of
        outline = face.outlines[face.starts[glyph] : face.starts[glyph + 1]]
        for at, part in list(_parts(outline)):
            if part not in new:
                new[part] = len(old)
                old.append(part)
            outline = outline[:at] + struct.pack(">H", new[part]) + outline[at + 2 :]
        outlines.append(_padded(outline))
    starts = accumulate(map(len, outlines), initial=0)
    ends = [min(code, 0xFFFF) for code in (codes[0], codes[-1])] if codes else [0, 0]
    tables = {
        "cmap": _cmap(codes),
        "glyf": b"".join(outlines),
        "hmtx": b"".join(face.advances[4 * glyph : 4 * glyph + 4] for glyph in old),
        "loca": struct.pack(f">{len(old) + 1}L", *starts),
        "name": struct.pack(">3H", 0, 0, 6),
        "post": face.tables["post"],
        "OS/2": _with(face.tables["OS/2"], 64, *ends),
        "head": _with(_with(face.tables["head"], 8, 0, 0), 50, 1),  # no check sum yet; outlines start at any place
        "hhea": _with(face.tables["hhea"], 34, len(old)),
        "maxp": _with(face.tables["maxp"], 4, len(old)),
    }
    pairs = [
        (i, j, kerning[a, b])
        for i, a in enumerate(codes, 1) for j, b in enumerate(codes, 1) if (a, b) in kerning
    ]  # fmt: skip
    if pairs:
        tables["kern"] = _kern(pairs)
    return _file(tables)


def _parts(outline: bytes) -> Iterator[tuple[int, int]]:
    """(where its number stands, its number) of each glyph that one is composed of."""
    if not outline or outline[0] < 0x80:  # the number of contours is negative where it is composed
        return
    at, flags = 10, MORE
    while flags & MORE:
        flags, part = struct.unpack_from(">2H", outline, at)
        yield at + 2, part
        at += 8 if flags & WORDS else 6
        at += 2 if flags & SCALED else 4 if flags & SCALED_TWICE else 8 if flags & MATRIX else 0


def _cmap(codes: list[int]) -> bytes:
    """Which character is which glyph: they are numbered in the order of the characters, from 1."""
    runs: list[list[int]] = []  # first and last character, first glyph
    for glyph, code in enumerate(codes, 1):
        if runs and runs[-1][1] == code - 1 and code != 0x10000:
            runs[-1][1] = code
        else:
            runs.append([code, code, glyph])
    near = [r for r in runs if r[1] < 0xFFFF] + [[0xFFFF, 0xFFFF, 0]]  # the last one ends the table
    count = len(near)
    ends, firsts = [r[1] for r in near], [r[0] for r in near]
    shifts = [(glyph - first) & 0xFFFF for first, _, glyph in near[:-1]] + [1]
    table = struct.pack(
        f">7H{count}HH{3 * count}H",
        4, 16 + 8 * count, 0, 2 * count, *_search(count, 2), *ends, 0, *firsts, *shifts, *[0] * count,
    )  # fmt: skip
    if not codes or codes[-1] <= 0xFFFF:
        return struct.pack(">2H2HL", 0, 1, 3, 1, 12) + table
    far = struct.pack(">2H3L", 12, 0, 16 + 12 * len(runs), 0, len(runs))
    far += b"".join(struct.pack(">3L", *run) for run in runs)
    return struct.pack(">2H2HL2HL", 0, 2, 3, 1, 20, 3, 10, 20 + len(table)) + table + far


def _kern(pairs: list[tuple[int, int, int]]) -> bytes:
    head = struct.pack(">2H3H4H", 0, 1, 0, 14 + 6 * len(pairs), 1, len(pairs), *_search(len(pairs), 6))
    return head + b"".join(struct.pack(">2Hh", *pair) for pair in pairs)


def _search(count: int, size: int) -> tuple[int, int, int]:
    """What these tables say of a search by halves: its range, its steps, and what is left over."""
    steps = count.bit_length() - 1
    return size << steps, steps, size * count - (size << steps)


def _with(table: bytes, at: int, *words: int) -> bytes:
    return table[:at] + struct.pack(f">{len(words)}H", *words) + table[at + 2 * len(words) :]


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def _sum(data: bytes) -> int:
    return sum(struct.unpack(f">{len(data) // 4}L", data)) & 0xFFFFFFFF


def _file(tables: dict[str, bytes]) -> bytes:
    padded = {tag: _padded(tables[tag]) for tag in sorted(tables)}
    directory = struct.pack(">L4H", 0x10000, len(tables), *(_search(len(tables), 16)))
    at = 12 + 16 * len(tables)
    for tag, data in padded.items():
        directory += struct.pack(">4s3L", tag.encode(), _sum(data), at, len(tables[tag]))
        at += len(data)
    body = b"".join(padded.values())
    whole = (0xB1B0AFBA - _sum(directory) - _sum(body)) & 0xFFFFFFFF
    place = sum(len(data) for tag, data in padded.items() if tag < "head") + 8
    return directory + body[:place] + struct.pack(">L", whole) + body[place + 4 :]
