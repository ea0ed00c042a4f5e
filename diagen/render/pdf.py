"""PdfRenderer()(scene, source) -> bytes of a PDF file of one page: vectors, and text that can be selected.

The faces of the layout are embedded, cut down to the letters that are used, so that every line of text is as wide as
the layout measured it. The source stands in the XMP packet, where any program may look for it.
"""

from __future__ import annotations

import itertools
import logging
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.sax.saxutils import escape

from diagen.render.dashes import around, border, dashes, hidden
from diagen.render.scene import (
    Box,
    Ellipse,
    Line,
    Path,
    Scene,
    Text,
    bent,
    flattened,
    halo,
    head_points,
    shaft,
    start_of,
)
from diagen.render.source import NAMESPACE, Source, clean
from diagen.render.text import FOLDER, UNITS, glyphs, visual

ROUND = 0.5523  # of a radius: where the cubic that is nearest to a quarter of a circle has its handles


@dataclass(frozen=True)
class PdfRenderer:
    """A page as large as the figure. width: of the page in inches, 0 for 1/96 inch a pixel."""

    width: float = 0.0

    def __call__(self, scene: Scene, source: Source | None = None) -> bytes:
        import fpdf

        logging.getLogger("fontTools.subset").setLevel(logging.WARNING)  # it reports on every table
        k = 72 * self.width / scene.width if self.width else 0.75
        k = min(k, 14_400 / max(scene.width, scene.height))  # points; no larger page is allowed
        file = fpdf.FPDF(unit="pt", format=(scene.width * k, scene.height * k))
        file.set_creation_date(datetime(2000, 1, 1, tzinfo=UTC))  # the same diagram gives the same file
        file.set_auto_page_break(False)
        file.set_margin(0)
        file.c_margin = 0
        file.add_page()
        file.set_title(clean(scene.title or "Diagram"))
        file.set_creator("diagen")
        if scene.description:
            file.set_subject(clean(scene.description))
        if source:
            if source.request:
                file.set_keywords(clean(source.request))
            file.set_xmp_metadata(_packet(scene, source))
        pen = _Pen(file, scene, k)
        pen.box(Box(0, 0, scene.width, scene.height, fill=scene.ground))
        for shape in scene.shapes:
            pen.draw(shape)
        return bytes(file.output())


def _packet(scene: Scene, source: Source) -> str:
    """The XMP packet: the title, and the source as properties of ours."""
    title = f'<rdf:Alt><rdf:li xml:lang="x-default">{escape(clean(scene.title or "Diagram"))}</rdf:li></rdf:Alt>'
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:d="{NAMESPACE}" '
        f"{source.attributes('d:')}><dc:title>{title}</dc:title></rdf:Description></rdf:RDF></x:xmpmeta>"
    )


class _Pen:
    """Draws shapes on a page; `k` is its points for each logical pixel."""

    def __init__(self, file, scene: Scene, k: float) -> None:
        self.file, self.k, self.unit, self.hidden = file, k, scene.scale, hidden(scene)

    def draw(self, s: Box | Ellipse | Path | Line | Text) -> None:
        match s:
            case Box():
                self.box(s)
            case Ellipse():
                self.path(_round(s.x - s.rx, s.y - s.ry, 2 * s.rx, 2 * s.ry, s.rx, s.ry), s.fill, s.stroke, s.width)
            case Path():
                self.path(s.pieces, s.fill, s.stroke, s.width, closed=s.closed)
            case Line():
                self.line(s)
            case Text():
                self.text(s)

    def box(self, s: Box) -> None:
        r = min(s.radius, s.w / 2, s.h / 2)
        dash = around(border(s), self.unit) if s.dash else None
        self.path(_round(s.x, s.y, s.w, s.h, r, r), s.fill, s.stroke, s.width, dash=dash)

    def line(self, s: Line) -> None:
        pieces = bent(shaft(s, self.unit), s.radius)
        if s.casing:
            self.path(pieces, "", s.casing, s.width + 0.5 * self.unit, closed=False)
        dash = dashes(flattened(pieces, 8), self.hidden[s.owner], self.unit) if s.dash else None
        self.path(pieces, "", s.colour, s.width, dash=dash, closed=False)
        if s.head:
            tip, *others = head_points(s, self.unit)
            self.path((("M", tip), *(("L", p) for p in others)), s.colour, "", 0)

    def path(
        self,
        pieces: tuple[tuple, ...],
        fill: str,
        stroke: str,
        width: float,
        dash: tuple[float, float] | None = None,
        closed: bool = True,
    ) -> None:
        if not (fill or stroke):
            return
        k = self.k
        with self.file.new_path() as path:
            path.style.auto_close = False
            path.style.fill_color = fill or None
            path.style.stroke_color = stroke or None
            if stroke:
                path.style.stroke_width = width * k
                path.style.stroke_join_style = "round"
            if dash:
                path.style.stroke_dash_pattern = [length * k for length in dash]
            for name, *points in pieces:
                numbers = [value * k for point in points for value in point]
                if name == "M":
                    path.move_to(*numbers)
                elif name == "L":
                    path.line_to(*numbers)
                else:
                    path.curve_to(*numbers)
            if closed:
                path.close()

    def text(self, s: Text) -> None:
        if s.halo:
            self.box(Box(*halo(s, self.unit), 3 * self.unit, s.halo))
        k, left = self.k, start_of(s)
        placed = glyphs(visual(s.text), s.weight)
        self.file.set_text_color(s.colour)
        marks = [i if unicodedata.combining(c) and i else -1 for i, (c, *_) in enumerate(placed) if c]
        for (face, mark), run in itertools.groupby(range(len(placed) - 1), key=lambda i: (placed[i][1], marks[i])):
            which = list(run)
            start, rise = placed[which[0]][2:]
            if mark >= 0:  # over its letter, where it takes no room
                self.font(face, s.size * k)
                self.file.set_char_spacing(0)
                self.file.text((left + start * s.size / UNITS) * k, (s.y - rise * s.size / UNITS) * k, placed[mark][0])
                continue
            end = next(placed[i][2] for i in range(which[-1] + 1, len(placed)) if i == len(placed) - 1 or marks[i] < 0)
            self.font(face, s.size * k)
            words = "".join(placed[i][0] for i in which)
            # Kerning makes a run narrower than its letters; the difference is shared by all of them.
            self.file.set_char_spacing(0)
            wanted, whole = (end - start) * s.size * k / UNITS, self.file.get_string_width(words)
            self.file.set_char_spacing((wanted - whole) / len(words))
            self.file.text((left + start * s.size / UNITS) * k, s.y * k, words)

    def font(self, face: str, size: float) -> None:
        name = face.removesuffix(".ttf").lower()
        if name not in self.file.fonts:
            self.file.add_font(name, "", FOLDER / face)
        self.file.set_font(name, "", size)


def _round(x: float, y: float, w: float, h: float, rx: float, ry: float) -> tuple[tuple, ...]:
    """The pieces of a rectangle with elliptic corners."""
    right, low = x + w, y + h
    if not rx:
        return (("M", (x, y)), ("L", (right, y)), ("L", (right, low)), ("L", (x, low)))
    a, b = rx * (1 - ROUND), ry * (1 - ROUND)
    return (
        ("M", (x, y + ry)), ("C", (x, y + b), (x + a, y), (x + rx, y)),
        ("L", (right - rx, y)), ("C", (right - a, y), (right, y + b), (right, y + ry)),
        ("L", (right, low - ry)), ("C", (right, low - b), (right - a, low), (right - rx, low)),
        ("L", (x + rx, low)), ("C", (x + a, low), (x, low - b), (x, low - ry)),
    )  # fmt: skip
