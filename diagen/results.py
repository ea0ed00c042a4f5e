"""What is written of ranked candidates, and what is said of them: pictures, texts, a table, a contact sheet."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from diagen import DiagenError
from diagen.console import say
from diagen.diagram import as_graph
from diagen.render import PillowRenderer, SvgRenderer, png
from diagen.render.drawio import DrawioRenderer
from diagen.render.graphtext import dot, mermaid
from diagen.render.legend import with_legend
from diagen.render.pdf import PdfRenderer
from diagen.render.pptx import PptxRenderer
from diagen.render.scene import Text
from diagen.render.source import Source
from diagen.render.text import unknown
from diagen.score import Candidate

FORMATS = ("png", "svg", "pptx", "drawio", "pdf", "mermaid", "dot")
ENDINGS = {"mermaid": "mmd"}  # where the file's ending is not the format's name


def record(id: str, request: str | None, candidate: Candidate, seed: int | None, model: str | None) -> dict[str, Any]:
    """What a .json file and a line of a .jsonl file hold."""
    assert candidate.diagram
    return {
        "id": id,
        "request": request,
        "text": candidate.text,
        "seed": seed,
        "model": model,
        **as_graph(candidate.diagram),
        "scores": candidate.scores() if candidate.ranked else {},
    }


@dataclass(frozen=True)
class Drawing:
    """How drawings are written: the formats, and how wide they are on paper or on a screen."""

    formats: tuple[str, ...]
    width: str = ""  # "6.75in", "17cm", "900px"; "" for two pixels a logical one
    transparent: bool = False
    embed: bool = True
    legend: bool = False

    def write(self, candidate: Candidate, folder: Path, name: str, meta: dict[str, Any]) -> None:
        """NAME.txt, NAME.json and the pictures."""
        source = Source(meta["request"] or "", meta["text"])
        files = {"txt": meta["text"].encode(), "json": json.dumps(meta, ensure_ascii=False, indent=1).encode()}
        inches = inches_of(self.width)
        points = 12 * candidate.scene.scale * 72 * inches / candidate.scene.width
        if inches and not self.width.endswith("px") and points < 6:
            say(f"{name}: its small type is {points:.1f} pt at {self.width}; 6 pt and more can be read on paper")
        if dropped := candidate.scene.dropped:
            say(f"{name}: drawn without {' '.join(dropped)!r}, with which it would be wider than a page, or wrong")
        strange = unknown("".join(s.text for s in candidate.scene.shapes if isinstance(s, Text)))
        if strange:
            say(f"{name}: the fonts have no {strange[:20]}{'...' * (len(strange) > 20)}; empty boxes stand for them")
        for format in self.formats:
            found = content(format, candidate, source, self.width, self.transparent, self.embed, self.legend)
            files[ENDINGS.get(format, format)] = found
        for ending, found in files.items():
            write(folder / f"{name}.{ending}", found)


def content(
    format: str,
    candidate: Candidate,
    source: Source,
    width: str = "",
    transparent: bool = False,
    embed: bool = True,
    legend: bool = False,
) -> bytes:
    """The file of a drawing in one of FORMATS; the settings are those of Drawing."""
    scene, diagram, inches = candidate.scene, candidate.diagram, inches_of(width)
    assert diagram
    scene = with_legend(scene, diagram) if legend else scene
    match format:
        case "png":
            scale = 2.0
            if width.endswith("px"):
                scale = 96 * inches / scene.width
            elif inches:
                scale = max(2.0, 300 * inches / scene.width)  # what printers ask for
            plain = scale == 2 and not transparent and not legend  # the very picture that was scored
            return png(candidate.image if plain else PillowRenderer(scale, transparent)(scene), inches, source)
        case "svg":
            return SvgRenderer(embed, transparent, width)(scene, source).encode()
        case "pptx":
            return PptxRenderer(width=inches)(scene, diagram, source)
        case "drawio":
            return DrawioRenderer()(scene, diagram, source).encode()
        case "pdf":
            return PdfRenderer(inches)(scene, source)
        case "mermaid":
            return mermaid(diagram, source).encode()
        case _:
            return dot(diagram, source).encode()


def inches_of(width: str) -> float:
    """The inches of a width such as "6.75in", 0 for none; a pixel is 1/96 of an inch, as in CSS."""
    units = {"in": 1.0, "cm": 1 / 2.54, "mm": 1 / 25.4, "pt": 1 / 72, "px": 1 / 96}
    found = re.fullmatch(r"(\d{1,5}(?:\.\d{1,4})?)(in|cm|mm|pt|px)", width)
    if width and not (found and 0.1 <= float(found[1]) * units[found[2]] <= 60):
        raise DiagenError(f"width={width} is no width from 0.1 to 60 inches; write width=6.75in, 17cm or 900px")
    return float(found[1]) * units[found[2]] if found else 0.0


def table(folder: Path, kept: list[Candidate], formats: list[str]) -> None:
    """Says on the standard output what lies where, and why in this order."""
    print(f"{folder}")
    if any(c.ranked for c in kept):
        print("      total  readable  worst aspect     rating  match  agreed")
    for n, c in enumerate(kept, 1):
        assert c.diagram
        files = " ".join(f"{n:02d}.{ENDINGS.get(name, name)}" for name in (*formats, "txt", "json"))
        words = " ".join(w for w in vars(c.diagram.style).values() if w) or "default style"
        said = f"{files}   {len(c.diagram.nodes)} nodes, {len(c.diagram.flow())} edges, {words}"
        if c.ranked:
            rating = "-" if c.taste is None else f"{min(5, max(0, c.taste)):.1f} ({c.ratings})"
            readable = "-" if c.readability is None else f"{c.readability:.2f}"
            aspect = f"{c.worst} {c.aspects[c.worst]:.2f}" if c.worst else "-"
            scores = f"{c.total:5.2f}  {readable:>8}  {aspect:<15}  {rating:>6}  {c.match:5.2f}  {c.agreement:6.2f}"
            print(f"  {n:02d}  {scores}" + (f"   sinks: {', '.join(c.reasons)}" if c.reasons else ""))
        print(f"      {said}" if c.ranked else f"  {said}")


def summary(folder: Path, ranked: list[Candidate], keep: int) -> None:
    """ranking.csv with all candidates, and contact.png with those that are kept."""
    text = io.StringIO()
    rows = [
        {"rank": n, "file": f"{n:02d}" if n <= keep else "", **flat_scores(c), "copies": c.copies, "text": c.text}
        for n, c in enumerate(ranked, 1)
    ]
    names = list(dict.fromkeys(name for row in rows for name in row))
    sheet = csv.DictWriter(text, names, lineterminator="\n")
    sheet.writeheader()
    sheet.writerows(rows)
    write(folder / "ranking.csv", text.getvalue().encode("utf-8-sig"))  # the mark tells Excel that it is UTF-8
    write(folder / "contact.png", png(contact_sheet(ranked[:keep])))


def flat_scores(c: Candidate) -> dict[str, Any]:
    """Scores as columns: lists in one cell, an aspect each its own."""
    found = c.scores()
    aspects = found.pop("aspects")
    assert isinstance(aspects, dict)
    return {k: " ".join(map(str, v)) if isinstance(v, list) else v for k, v in found.items()} | aspects


def contact_sheet(kept: list[Candidate]) -> Any:
    """The drawings side by side, each below its number and total."""
    from PIL import Image, ImageDraw, ImageFont

    from diagen.render.text import FOLDER

    wide, high, pad, head = 640, 440, 24, 36
    columns = 1 if len(kept) == 1 else 2
    size = (columns * (wide + pad) + pad, -(-len(kept) // columns) * (high + head + pad) + pad)
    sheet = Image.new("RGB", size, "#E5E9F0")
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.truetype(str(FOLDER / "Inter-SemiBold.ttf"), 20)
    for i, c in enumerate(kept):
        x, y = pad + i % columns * (wide + pad), pad + i // columns * (high + head + pad)
        pen.text((x, y), f"{i + 1:02d}   {c.total:.2f}", "#1B2430", font)
        image = c.image.copy()
        image.thumbnail((wide, high), Image.Resampling.LANCZOS)
        pen.rectangle((x, y + head, x + wide - 1, y + head + high - 1), image.getpixel((0, 0)))
        sheet.paste(image, (x + (wide - image.width) // 2, y + head + (high - image.height) // 2))
    return sheet


def write(path: Path, content: bytes) -> None:
    """The whole file or none: nothing half-written under its name, nothing overwritten."""
    if path.exists():
        raise DiagenError(f"{path} exists already and is not overwritten; choose another output")
    part = path.with_name(path.name + ".part")
    try:
        part.write_bytes(content)
        os.replace(part, path)
    except OSError as error:
        raise unwritable(path, error) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def unwritable(path: Path, error: OSError) -> DiagenError:
    return DiagenError(f"{path} cannot be written: {error.strerror or error}; free some space or choose another output")
