"""PillowRenderer(scale)(scene) -> PIL image. Shapes are drawn large and reduced, text is drawn crisp at the end."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import cycle, pairwise
from typing import Any

from PIL import Image, ImageChops, ImageDraw, ImageFont, PngImagePlugin

from diagen.render.dashes import Area, around, border, dashes, hidden
from diagen.render.scene import (
    Box,
    Ellipse,
    Line,
    Owner,
    Path,
    Point,
    Scene,
    Text,
    bent,
    flattened,
    halo,
    head_points,
    on_ground,
    shaft,
    start_of,
)
from diagen.render.source import KEY, Source
from diagen.render.text import FOLDER, UNITS, glyphs, visual
from diagen.render.theme import rgb

QUARTER = [(math.cos(t * math.pi / 6), math.sin(t * math.pi / 6)) for t in range(4)]  # of a circle, in three pieces
MOST_PIXELS = 36_000_000  # a larger figure is drawn at a smaller scale


@dataclass(frozen=True)
class PillowRenderer:
    """Pixels from a scene: `scale` pixels for each logical one; RGB, or RGBA without a ground where transparent."""

    scale: float = 2.0
    transparent: bool = False

    def __call__(self, scene: Scene) -> Image.Image:
        if not self.transparent:
            return self._drawn(scene)
        # What shows through is what differs between a black and a white ground.
        black, white = (self._drawn(on_ground(scene, colour)) for colour in ("#000000", "#FFFFFF"))
        through = ImageChops.subtract(white, black).convert("L")
        alpha = ImageChops.invert(through)
        image = Image.composite(black, _divided(black, alpha), alpha.point(lambda a: 255 * (a == 255), "1"))
        image.putalpha(alpha)
        return image

    def _drawn(self, scene: Scene) -> Image.Image:
        area = max(1.0, scene.width * scene.height)
        scale = min(self.scale, math.sqrt(MOST_PIXELS / area))
        size = (max(1, round(scene.width * scale)), max(1, round(scene.height * scale)))
        # Four drawn pixels for each logical one at the usual scale, three at 1; fewer where the figure is huge.
        factor = max(1, min(math.ceil(4 / scale), 3, int(math.sqrt(2 * MOST_PIXELS / (size[0] * size[1])))))
        large = Image.new("RGB", (size[0] * factor, size[1] * factor), rgb(scene.ground))
        brush = _Brush(ImageDraw.Draw(large), scale * factor, scene.scale, hidden(scene))
        for shape in scene.shapes:
            brush.draw(shape)
        image = large.reduce(factor) if factor > 1 else large
        pen = ImageDraw.Draw(image)
        for shape in scene.shapes:
            if isinstance(shape, Text):
                _write(pen, shape, scale)
        return image


def _divided(image: Image.Image, alpha: Image.Image) -> Image.Image:
    """Colours that were mixed with black by their alpha, as they were before."""
    import numpy as np

    shares = np.maximum(np.asarray(alpha, dtype=np.float32), 1)[..., None] / 255
    return Image.fromarray(np.clip(np.asarray(image, dtype=np.float32) / shares, 0, 255).round().astype(np.uint8))


def png(image: Image.Image, width: float = 0.0, source: Source | None = None) -> bytes:
    """The image as a PNG file, `width` inches wide where that is given, with the source in a text chunk.

    Run-length coding takes two thirds of the usual time and a fifth more bytes: drawings are mostly flat.
    """
    buffer = io.BytesIO()
    more: dict[str, Any] = {"dpi": (image.width / width,) * 2} if width else {}
    if source:
        more["pnginfo"] = PngImagePlugin.PngInfo()
        more["pnginfo"].add_itxt(KEY, source.packed())
    image.save(buffer, "PNG", compress_type=3, **more)
    return buffer.getvalue()


class _Brush:
    """Draws shapes into a large picture; `k` is its pixels for each logical one, `unit` that of heads and dashes.

    `hidden`: what will lie on each dashed line.
    """

    def __init__(self, draw: ImageDraw.ImageDraw, k: float, unit: float, hidden: dict[Owner, list[Area]]) -> None:
        self.pen, self.k, self.unit, self.hidden = draw, k, unit, hidden
        self.core = draw.draw  # the same calls without half of their time in Python: a figure has hundreds
        self.steps, self.bend = (8, 8) if k > 2 else (3, 2)  # of curves; in a small picture a bend is two pixels

    def ink(self, colour: str) -> int:
        return self.core.draw_ink(rgb(colour))

    def draw(self, shape: Box | Ellipse | Path | Line | Text) -> None:
        match shape:
            case Box():
                self.box(shape)
            case Ellipse():
                self.ellipse(shape)
            case Path():
                self.path(shape)
            case Line():
                self.line(shape)
            case Text() if shape.halo:
                self.halo(shape)

    def box(self, s: Box) -> None:
        if s.stroke and s.dash:
            self.rounded(s.x, s.y, s.w, s.h, s.radius, s.fill)
            outline = border(s)
            self.dashes(outline, s.width, s.stroke, around(outline, self.unit))
            return
        half = s.width / 2 if s.stroke else 0.0
        if half:
            self.rounded(s.x - half, s.y - half, s.w + 2 * half, s.h + 2 * half, s.radius + half, s.stroke)
        if s.fill and s.w > 2 * half and s.h > 2 * half:
            inner = max(0.0, s.radius - half)
            self.rounded(s.x + half, s.y + half, s.w - 2 * half, s.h - 2 * half, inner, s.fill)

    def rounded(self, x: float, y: float, w: float, h: float, radius: float, fill: str) -> None:
        if not fill:
            return
        k = self.k
        # Pillow counts the last pixel in, so one is taken off the far corner.
        corners = (round(x * k), round(y * k), max(round((x + w) * k) - 1, round(x * k)), 0)
        corners = (*corners[:3], max(round((y + h) * k) - 1, corners[1]))
        radius = min(radius * k, (corners[2] - corners[0] + 1) / 2, (corners[3] - corners[1] + 1) / 2)
        if k > 2 or radius < 1:
            self.pen.rounded_rectangle(corners, radius, rgb(fill))
            return
        left, top, right, low = (c + 0.5 for c in corners)  # Pillow cuts off what is behind the point
        near = [(radius * (1 - c), radius * (1 - s)) for c, s in QUARTER]  # of a corner, clockwise from the left
        self.core.draw_polygon(
            [(left + a, top + b) for a, b in near] + [(right - b, top + a) for a, b in near]
            + [(right - a, low - b) for a, b in near] + [(left + b, low - a) for a, b in near],
            self.ink(fill), 1,
        )  # fmt: skip

    def ellipse(self, s: Ellipse) -> None:
        half, k = (s.width / 2 if s.stroke else 0.0), self.k
        for grow, colour in ((half, s.stroke if half else ""), (-half, s.fill)):
            rx, ry = s.rx + grow, s.ry + grow
            if colour and rx > 0 and ry > 0:
                far = ((s.x + rx) * k - 1, (s.y + ry) * k - 1)
                near = ((s.x - rx) * k, (s.y - ry) * k)
                self.pen.ellipse((*near, max(far[0], near[0]), max(far[1], near[1])), rgb(colour))

    def path(self, s: Path) -> None:
        points = s.points(self.steps)
        if s.fill and len(points) > 2:
            self.polygon(points, self.ink(s.fill))
        if s.stroke:
            self.stroke([*points, points[0]] if s.closed else points, s.width, s.stroke, ring=s.closed)

    def line(self, s: Line) -> None:
        points = flattened(bent(shaft(s, self.unit), s.radius), self.bend)
        if s.casing:
            self.stroke(points, s.width + 0.5 * self.unit, s.casing, flat=True)
        if s.dash:
            self.dashes(points, s.width, s.colour, dashes(points, self.hidden[s.owner], self.unit))
        else:
            self.stroke(points, s.width, s.colour)
        if s.head:
            self.polygon(head_points(s, self.unit), self.ink(s.colour))

    def halo(self, s: Text) -> None:
        self.rounded(*halo(s, self.unit), 3 * self.unit, s.halo)

    def polygon(self, points: list[Point], ink: int) -> None:
        # Pillow paints the pixels that a polygon's border touches, half a pixel too much on every side.
        k = self.k
        self.core.draw_polygon([(x * k - 0.5, y * k - 0.5) for x, y in points], ink, 1)

    def stroke(self, points: list[Point], width: float, colour: str, ring: bool = False, flat: bool = False) -> None:
        k, ink = self.k, self.ink(colour)
        for a, b in pairwise(points):
            self.quad(a, b, width, ink)
        if flat or width * k < 3:
            return  # gaps at the joints of so thin a line cannot be seen
        r = width * k / 2
        for x, y in points if ring else points[1:-1]:
            self.pen.ellipse((x * k - r, y * k - r, x * k + r - 1, y * k + r - 1), rgb(colour))

    def quad(self, a: Point, b: Point, width: float, ink: int) -> None:
        (x0, y0), (x1, y1), k, half = a, b, self.k, width / 2
        wide, tall = abs(x1 - x0), abs(y1 - y0)
        if wide < 1e-6 or tall < 1e-6:  # exact pixels for what is upright or level
            if not wide and not tall:
                return
            dx, dy = (half, 0) if wide < 1e-6 else (0, half)
            left, right = (x0, x1) if x0 < x1 else (x1, x0)
            top, low = (y0, y1) if y0 < y1 else (y1, y0)
            left, top = round((left - dx) * k), round((top - dy) * k)
            right, low = round((right + dx) * k) - 1, round((low + dy) * k) - 1
            if right >= left and low >= top:
                self.core.draw_rectangle((left, top, right, low), ink, 1)
            return
        length = math.hypot(wide, tall)
        half = max(0.0, half - 0.5 / k * tall / length)  # Pillow paints a pixel too many in each row
        nx, ny = -(y1 - y0) / length * half, (x1 - x0) / length * half
        self.polygon([(x0 + nx, y0 + ny), (x1 + nx, y1 + ny), (x1 - nx, y1 - ny), (x0 - nx, y0 - ny)], ink)

    def dashes(self, points: list[Point], width: float, colour: str, pattern: tuple[float, float]) -> None:
        ink, lengths = self.ink(colour), cycle(pattern)
        left, drawing = next(lengths), True
        for (x0, y0), (x1, y1) in pairwise(points):
            length, at = math.hypot(x1 - x0, y1 - y0), 0.0
            while at < length - 1e-6:
                step = min(left, length - at)
                if drawing:
                    s, t = at / length, (at + step) / length
                    a = (x0 + (x1 - x0) * s, y0 + (y1 - y0) * s)
                    self.quad(a, (x0 + (x1 - x0) * t, y0 + (y1 - y0) * t), width, ink)
                at, left = at + step, left - step
                if left <= 1e-6:
                    left, drawing = next(lengths), not drawing


def _write(pen: ImageDraw.ImageDraw, s: Text, scale: float) -> None:
    size, left, ink = s.size * scale, start_of(s) * scale, pen.draw.draw_ink(rgb(s.colour))
    baseline, draw = round(s.y * scale), pen.draw.draw_bitmap
    # Every small picture has a scale of its own; letters of a few pixels are kept in steps, so that few must be made.
    drawn = round(size * 4) / 4 if size < 8 else round(size, 2)
    for character, face, offset, rise in glyphs(visual(s.text), s.weight)[:-1]:
        x = left + offset * size / UNITS
        quarter = round((x - math.floor(x)) * 4)  # glyphs stand on quarters of a pixel, so that few masks are kept
        mask, (dx, dy) = _mask(face, drawn, character, quarter)
        if mask is not None:
            at = (math.floor(x) + dx, baseline + dy - round(rise * size / UNITS))
            draw(at, mask.im, ink)  # what paste() does with a mask, in a quarter of the time


@lru_cache(maxsize=64)
def _font(face: str, size: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(FOLDER / face), size, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=8192)
def _mask(face: str, size: float, character: str, quarter: int) -> tuple[Image.Image | None, tuple[int, int]]:
    """The shape of a glyph whose origin stands `quarter` quarters right of a pixel's edge, and where to put it."""
    if size < 1:
        return None, (0, 0)  # smaller than a pixel; FreeType has no such fonts
    font = _font(face, size)
    pad = math.ceil(size)
    image = Image.new("L", (3 * pad, 3 * pad))
    ImageDraw.Draw(image).text((pad + quarter / 4, 2 * pad), character, 255, font, anchor="ls")
    box = image.getbbox()
    return (image.crop(box), (box[0] - pad, box[1] - 2 * pad)) if box else (None, (0, 0))
