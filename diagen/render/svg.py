"""SvgRenderer()(scene) -> text of an SVG file in logical pixels: real text, plain attributes, one group an element."""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from xml.sax.saxutils import escape, quoteattr

from diagen.render.dashes import Area, around, border, dashes, hidden
from diagen.render.scene import Box, Ellipse, Line, Owner, Path, Scene, Text, bent, flattened, halo, head_points, shaft
from diagen.render.source import Source
from diagen.render.text import FAMILIES, faces_of, joined, runs_left, subset

FONTS = "Inter, DiagenHangul, DiagenEmoji, 'DejaVu Sans', sans-serif"


@dataclass(frozen=True)
class SvgRenderer:
    """An SVG document from a scene.

    embed: carry the letters that are used along, so that every machine shows the same. transparent: no ground; lines
    are interrupted at their labels by a mask. width: of the document, with a unit of CSS ("6.75in"), else its pixels.
    """

    embed: bool = True
    transparent: bool = False
    width: str = ""

    def __call__(self, scene: Scene, source: Source | None = None) -> str:
        full = dict(scene.full_labels)
        width, height = _number(scene.width), _number(scene.height)
        size = f'width="{width}" height="{height}"'
        if self.width:
            value = self.width.rstrip("abcdefghijklmnopqrstuvwxyz")
            tall = _number(float(value) * scene.height / scene.width) + self.width.removeprefix(value)
            size = f'width="{self.width}" height="{tall}"'
        lines = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" {size} role="img" '
            f"font-family={quoteattr(FONTS)}>",
            f"<title>{_safe(scene.title or 'Diagram')}</title>",
            f"<desc>{_safe(scene.description)}</desc>",
        ]
        if source:
            lines.append(f"<metadata>{source.element()}</metadata>")
        if self.embed:
            lines.append(f"<style>{_faces(scene)}</style>")
        if self.transparent:
            lines.append(_mask(scene, width, height))
        else:
            lines.append(f'<rect width="{width}" height="{height}" fill="{scene.ground}"/>')
        areas = hidden(scene)
        opened: Owner | None = None
        seen: dict[Owner, int] = {}
        for shape in scene.shapes:
            if shape.owner != opened:
                if opened is not None:
                    lines.append("</g>")
                opened = shape.owner
                seen[opened] = seen.get(opened, 0) + 1
                part = "" if seen[opened] == 1 else f"-{seen[opened]}"
                lines.append(f'<g id="{opened[0]}-{opened[1]}{part}">')
                if opened in full and seen[opened] == 1:
                    lines.append(f"<title>{_safe(full[opened])}</title>")
            lines += _masked(shape, scene, areas) if self.transparent else _element(shape, scene.scale, areas)
        if opened is not None:
            lines.append("</g>")
        lines.append("</svg>")
        return "\n".join(lines) + "\n"


def _element(s: Box | Ellipse | Path | Line | Text, unit: float, areas: dict[Owner, list[Area]]) -> list[str]:
    match s:
        case Box():
            r = min(s.radius, s.w / 2, s.h / 2)
            radius = f' rx="{_number(r)}"' if r else ""
            dash = _dashed(around(border(s), unit)) if s.dash else ""
            place = f'x="{_number(s.x)}" y="{_number(s.y)}" width="{_number(s.w)}" height="{_number(s.h)}"'
            return [f"<rect {place}{radius} {_paint(s)}{dash}/>"]
        case Ellipse():
            place = f'cx="{_number(s.x)}" cy="{_number(s.y)}" rx="{_number(s.rx)}" ry="{_number(s.ry)}"'
            return [f"<ellipse {place} {_paint(s)}/>"]
        case Path():
            join = ' stroke-linejoin="round"' if s.stroke else ""
            return [f'<path d="{_data(s.pieces)}{" Z" if s.closed else ""}" {_paint(s)}{join}/>']
        case Line():
            pieces = bent(shaft(s, unit), s.radius)
            data = _data(pieces)
            lines = []
            if s.casing:
                width = _number(s.width + 0.5 * unit)
                lines.append(f'<path d="{data}" fill="none" stroke="{s.casing}" stroke-width="{width}"/>')
            dash = _dashed(dashes(flattened(pieces, 8), areas[s.owner], unit)) if s.dash else ""
            stroke = f'stroke="{s.colour}" stroke-width="{_number(s.width)}"'
            lines.append(f'<path d="{data}" fill="none" {stroke}{dash}/>')
            if s.head:
                corners = " ".join(f"{_number(x)},{_number(y)}" for x, y in head_points(s, unit))
                lines.append(f'<polygon points="{corners}" fill="{s.colour}"/>')
            return lines
        case Text():
            lines = [f'<rect {_halo(s, unit)} fill="{s.halo}"/>'] if s.halo else []
            anchor, turned = s.anchor, runs_left(s.text)
            if turned:  # such a line starts at its right end
                anchor = {"start": "end", "end": "start"}.get(anchor, anchor)
            anchor = "" if anchor == "start" else f' text-anchor="{anchor}"'
            anchor += ' direction="rtl"' if turned else ""
            weight = "" if s.weight == 400 else f' font-weight="{s.weight}"'
            place = f'x="{_number(s.x)}" y="{_number(s.y)}" font-size="{_number(s.size)}"'
            lines.append(f'<text {place}{weight}{anchor} fill="{s.colour}">{_safe(s.text)}</text>')
            return lines


def _paint(s: Box | Ellipse | Path) -> str:
    fill = f'fill="{s.fill or "none"}"'
    return f'{fill} stroke="{s.stroke}" stroke-width="{_number(s.width)}"' if s.stroke else fill


def _data(pieces: tuple[tuple, ...]) -> str:
    words = (p[0] + " " + " ".join(f"{_number(x)} {_number(y)}" for x, y in p[1:]) for p in pieces)
    return " ".join(words)


def _halo(s: Text, unit: float) -> str:
    """The place of the box that sets a label off from its line."""
    left, top, width, height = map(_number, halo(s, unit))
    return f'x="{left}" y="{top}" width="{width}" height="{height}" rx="{_number(3 * unit)}"'


def _dashed(lengths: tuple[float, float]) -> str:
    on, off = (f"{length:.4f}".rstrip("0").rstrip(".") for length in lengths)  # a long line has hundreds of them
    return f' stroke-dasharray="{on} {off}"'


def _is_ground(s: Box | Ellipse | Path | Line | Text, ground: str) -> bool:
    """Whether a shape is there only to hide a line below it, on the ground itself."""
    return isinstance(s, Box) and s.role == "gap" and s.fill == ground


def _mask(scene: Scene, width: str, height: str) -> str:
    holes = [f"<rect {_halo(s, scene.scale)}/>" for s in scene.shapes if isinstance(s, Text) and s.halo == scene.ground]
    for s in scene.shapes:
        if isinstance(s, Box) and _is_ground(s, scene.ground):
            place = f'x="{_number(s.x)}" y="{_number(s.y)}" width="{_number(s.w)}" height="{_number(s.h)}"'
            holes.append(f"<rect {place}/>")
    white = f'<rect width="{width}" height="{height}" fill="#fff"/>'
    return f'<mask id="gaps" maskUnits="userSpaceOnUse">{white}{"".join(holes)}</mask>'


def _masked(s: Box | Ellipse | Path | Line | Text, scene: Scene, areas: dict[Owner, list[Area]]) -> list[str]:
    """The elements of a shape on no ground: what would hide a line is left out, the mask does its work."""
    if _is_ground(s, scene.ground):
        return []
    if isinstance(s, Line) and s.casing == scene.ground:
        s = replace(s, casing="")
    lines = _element(s, scene.scale, areas)
    if isinstance(s, Text) and s.halo == scene.ground:
        return lines[1:]
    if isinstance(s, Line) and s.role == "edge":
        return ['<g mask="url(#gaps)">', *lines, "</g>"]
    return lines


def _faces(scene: Scene) -> str:
    """Rules that carry a subset of each face that the scene's words need."""
    used: dict[tuple[str, int], set[str]] = {}
    for s in scene.shapes:
        if isinstance(s, Text):
            # The reader's program joins letters, and mirrors brackets in a line from the right.
            letters = s.text + joined(s.text) + "()[]{}<>" * runs_left(s.text)
            for character, face in faces_of(letters, s.weight):
                used.setdefault((face, s.weight if face in FAMILIES else 400), set()).add(character)
    rules = []
    for (face, weight), characters in sorted(used.items()):
        data = base64.b64encode(subset(face, "".join(sorted(characters)))).decode()
        family = "Inter" if face in FAMILIES else face.split("-")[0].split(".")[0].replace("DejaVuSans", "DejaVu Sans")
        rules.append(
            f"@font-face{{font-family:'{family}';font-weight:{weight if face in FAMILIES else '400 600'};"
            f"src:url(data:font/ttf;base64,{data})}}"
        )
    return "".join(rules)


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if value else "0"


def _safe(text: str) -> str:
    """Text for an XML file: escaped, without the characters that XML does not allow."""
    return escape("".join(c for c in text if _allowed(ord(c))))


def _allowed(code: int) -> bool:
    if code < 0x20 or 0x7F <= code < 0xA0:
        return False
    return code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or 0x10000 <= code <= 0x10FFFF
