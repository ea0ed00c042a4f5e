"""PptxRenderer()(scene, diagram, source) -> bytes of a PowerPoint file: native shapes, groups and glued connectors.

One box is one shape with its words in it; the frame of a group and its members are one group, as are the neurons of
a layer; every edge is a connector that is glued at both ends.

Sites. A connector is glued to a numbered site of a shape, and the presets of Office have one site in the middle of a
side. Where an edge meets that middle the shape is the preset, with all its handles. Where several edges share a side
each has a port of its own, and the shape becomes a custom geometry of the same outline that has the preset's sites
first (same numbers) and one more for each such port: to glue three edges to one middle would draw them on top of each
other as soon as the box is moved. Neurons have one more site, in the middle of the circle: lines from middle to
middle, below the circles, show the same picture and still point at each other after any move.

Routes. Up to five pieces at right angles are an elbow connector with adjustments (bentConnector2 to 5), which
PowerPoint routes anew when a box is moved. A longer or a slanted route is a connector with a custom geometry: exact,
and glued; an editor that moves its box may stretch it, or route it anew as an elbow. Bends of elbows are sharp.

Colours are written as they are, not as slots of the theme, so that a figure that is pasted into another deck keeps
text that can be read on its boxes; the deck's palette holds the diagram's colours for what is added later.
"""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

from diagen.diagram import Diagram, display_labels
from diagen.render.drawn import as_drawn
from diagen.render.parts import (
    Block,
    Part,
    Parts,
    Sides,
    blocks,
    extent,
    is_many,
    is_orthogonal,
    kernels_of,
    reached,
    take_apart,
    tree,
    true_corners,
    union,
    with_ends,
)
from diagen.render.scene import Box, Ellipse, Line, Path, Point, Scene, Shape, Text, bounds
from diagen.render.source import NAMESPACE, PART, Source, clean
from diagen.render.text import measure
from diagen.render.theme import THEMES, Theme

PIXEL = 9525  # EMU in a pixel of 1/96 inch
LEAST, MOST = 914_400, 51_206_400  # EMU of a slide's side: 1 and 56 inches
RISE = 1.0  # pixels: a line of fixed height has its letters lower in PowerPoint (0.7) and LibreOffice (1.5) than ours
HAIR = 6350  # EMU that either end of a flat elbow is moved, as PowerPoint does: adjustments are shares of its width
NAMESPACES = (
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
)
_DIAGONAL = 0.5 - 0.5**1.5  # of an ellipse's box to the point at 45 degrees
# The connection sites of presets, in their order, as shares of width and height: the <cxnLst> of each shape in
# presetShapeDefinitions.xml, which comes with ECMA-376 part 1 (20.1.9.18, prstGeom). They go counter-clockwise from
# the top. The preset for cylinders, `can`, is not used: it has the front rim of its lid as site 0, then top, left,
# bottom and right, and LibreOffice (25.2) takes these numbers for those of a rectangle, so that lines leave from the
# wrong side. A cylinder is a custom geometry, whose first four sites are a rectangle's, in every editor.
_FOUR = ((0.5, 0.0), (0.0, 0.5), (0.5, 1.0), (1.0, 0.5))
SITES = {
    "rect": _FOUR,
    "roundRect": _FOUR,
    "diamond": _FOUR,
    "ellipse": (
        (0.5, 0.0), (_DIAGONAL, _DIAGONAL), (0.0, 0.5), (_DIAGONAL, 1 - _DIAGONAL),
        (0.5, 1.0), (1 - _DIAGONAL, 1 - _DIAGONAL), (1.0, 0.5), (1 - _DIAGONAL, _DIAGONAL),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class PptxRenderer:
    """A slide as large as the figure.

    font, hangul: faces that the machines of most readers have; Inter, which the layout measures with, is wider than
    Arial, so its words fit. width: of the slide in inches, 0 for 1/96 inch a pixel.
    """

    font: str = "Arial"
    hangul: str = "Malgun Gothic"
    width: float = 0.0

    def __call__(self, scene: Scene, diagram: Diagram, source: Source | None = None) -> bytes:
        import pptx
        from pptx.dml.color import RGBColor
        from pptx.opc.constants import RELATIONSHIP_TYPE
        from pptx.oxml import parse_xml
        from pptx.util import Emu

        diagram = as_drawn(diagram)  # as the scene was laid out
        longest = max(scene.width, scene.height)
        k = min(self.width * 914_400 / scene.width if self.width else PIXEL, MOST / longest)
        size = [max(LEAST, round(side * k)) for side in (scene.width, scene.height)]
        deck = pptx.Presentation()
        title_only, blank = deck.slide_layouts[5], deck.slide_layouts[6]
        for layout in list(deck.slide_layouts):
            if layout not in (title_only, blank):
                deck.slide_layouts.remove(layout)
        across, down = size[0] / (deck.slide_width or 1), size[1] / (deck.slide_height or 1)
        for page in (deck.slide_master, title_only, blank):
            for shape in page.shapes:
                shape.left, shape.width = Emu(round(shape.left * across)), Emu(round(shape.width * across))
                shape.top, shape.height = Emu(round(shape.top * down)), Emu(round(shape.height * down))
        deck.slide_width, deck.slide_height = Emu(size[0]), Emu(size[1])
        theme = deck.slide_master.part.part_related_by(RELATIONSHIP_TYPE.THEME)
        theme.blob = _palette(theme.blob, THEMES[diagram.style.theme or "paper"], self.font)
        slide = deck.slides.add_slide(title_only if scene.title else blank)
        shapes = slide.shapes._spTree
        drawn = _Slide(scene, diagram, k, self.font, self.hangul).draw()
        fresh = parse_xml(f"<p:spTree {NAMESPACES}>{drawn}</p:spTree>")
        for old in list(shapes)[2:]:  # placeholders; the first two say what the tree is
            shapes.remove(old)
        shapes.extend(list(fresh))
        slide.background.fill.solid()
        slide.background.fill.fore_color.rgb = RGBColor.from_string(scene.ground[1:])
        about = deck.core_properties
        about.title, about.author, about.last_modified_by = clean(scene.title)[:255] or "Diagram", "diagen", "diagen"
        about.subject = clean(scene.description)[:255]
        about.comments = clean(source.request if source else "")[:255]
        if source:
            _keep(deck, source)
        buffer = io.BytesIO()
        deck.save(buffer)
        return _dateless(buffer)


def _palette(blob: bytes, theme: Theme, font: str) -> bytes:
    """The deck's theme with the colours of the diagram's, and its Latin font."""
    f = theme.families
    slots = {
        "dk1": theme.text, "lt1": theme.ground, "dk2": theme.muted, "lt2": theme.group_fills[0],
        "accent1": f["b"].stroke, "accent2": f["v"].stroke, "accent3": f["g"].stroke, "accent4": f["a"].stroke,
        "accent5": f["r"].stroke, "accent6": f["n"].stroke, "hlink": theme.edge, "folHlink": theme.muted,
    }  # fmt: skip
    text = blob.decode()
    colours = "".join(f'<a:{name}><a:srgbClr val="{c[1:]}"/></a:{name}>' for name, c in slots.items())
    scheme = f'<a:clrScheme name="diagen">{colours}</a:clrScheme>'
    text = re.sub(r"<a:clrScheme.*?</a:clrScheme>", scheme, text, flags=re.DOTALL)
    latin = f"<a:latin typeface={quoteattr(font)}/>"
    return text.replace('<a:latin typeface="Calibri"/>', latin).encode()


def _keep(deck, source: Source) -> None:
    """Puts the source into a data part of the deck, which PowerPoint carries along."""
    from pptx.opc.constants import RELATIONSHIP_TYPE
    from pptx.opc.package import Part as File
    from pptx.opc.packuri import PackURI

    head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    package = deck.part.package
    item = File(PackURI("/" + PART), "application/xml", package, (head + source.element()).encode())
    schema = "http://schemas.openxmlformats.org/officeDocument/2006/customXml"
    about = (
        f'{head}<ds:datastoreItem ds:itemID="{{5D1A6E0E-0B0C-4F3A-9C55-D1A6E0000001}}" xmlns:ds="{schema}">'
        f'<ds:schemaRefs><ds:schemaRef ds:uri="{NAMESPACE}"/></ds:schemaRefs></ds:datastoreItem>'
    )
    kind = "application/vnd.openxmlformats-officedocument.customXmlProperties+xml"
    props = File(PackURI(f"/{PART.replace('item', 'itemProps')}"), kind, package, about.encode())
    item.relate_to(props, RELATIONSHIP_TYPE.CUSTOM_XML_PROPS)
    deck.part.relate_to(item, RELATIONSHIP_TYPE.CUSTOM_XML)


def _dateless(buffer: io.BytesIO) -> bytes:
    """The archive without the time at which it was made, so that the same diagram gives the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(buffer) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if not name.startswith("docProps/thumbnail"):  # the empty deck's
                info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
                info.compress_type = zipfile.ZIP_DEFLATED
                new.writestr(info, _without_thumbnail(old.read(name)) if name == "_rels/.rels" else old.read(name))
    return out.getvalue()


def _without_thumbnail(rels: bytes) -> bytes:
    return re.sub(rb"<Relationship [^>]*thumbnail[^>]*/>", b"", rels)


@dataclass
class _Form:
    """One outline as a shape: preset or custom, where it stands, and where connectors may be glued to it."""

    id: int
    preset: str
    rect: Sides
    paths: list[Box | Ellipse | Path]  # what a custom geometry draws
    paint: Box | Ellipse | Path
    unit: float
    extra: list[Point] = field(default_factory=list)

    def sites(self) -> list[Point]:
        left, top, right, low = self.rect
        shares = SITES[self.preset or "rect"]
        return [(left + x * (right - left), top + y * (low - top)) for x, y in shares] + self.extra

    def glue(self, point: Point) -> int:
        """The number of the site at a point; a site of its own where no preset one is within half a pixel."""
        sites = self.sites()
        # The tip of a diamond is drawn rounded, so its lines end before the preset's site.
        reach = 4.0 * self.unit if self.preset == "diamond" else 0.5 * self.unit
        near = min(range(len(sites)), key=lambda i: _squared(sites[i], point))
        if _squared(sites[near], point) <= reach**2:
            return near
        self.extra.append(point)
        return len(sites)

    @property
    def custom(self) -> bool:
        return bool(self.extra) or not self.preset


def _squared(a: Point, b: Point) -> float:
    return (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2


class _Slide:
    """State of drawing one slide: what has which number, and what is glued where."""

    def __init__(self, scene: Scene, diagram: Diagram, k: float, font: str, hangul: str) -> None:
        self.scene, self.diagram, self.k, self.unit = scene, diagram, k, scene.scale
        self.parts: Parts = take_apart(scene, diagram)
        self.names = display_labels(diagram)
        faces = {"latin": font, "ea": hangul, "cs": font}
        self.faces = "".join(f"<a:{script} typeface={quoteattr(face)}/>" for script, face in faces.items())
        self.last = 1
        self.forms: dict[int, list[_Form]] = {
            i: [self.form(part, outline) for outline in part.outlines] for i, part in self.parts.nodes.items()
        }
        self.glued = [self.glue(link) for link in self.parts.links]

    def number(self) -> int:
        self.last += 1
        return self.last

    def emu(self, value: float) -> int:
        return round(value * self.k)

    # -- shapes ----------------------------------------------------------------------------------------------------

    def form(self, part: Part, outline: Box | Ellipse | Path) -> _Form:
        """How an outline is drawn; its details become part of it."""
        merged = [] if is_many(part) else part.details
        before = [d for d in merged if d.fill]
        after = [d for d in merged if not d.fill]
        paths = [*before, *([outline] if outline.fill or outline.stroke else []), *after]
        paint = outline if outline.fill or outline.stroke or not merged else merged[0]
        preset = ""
        if outline.role == "diamond":
            preset = "diamond"
        elif merged or isinstance(outline, Path):
            preset = ""
        elif isinstance(outline, Ellipse):
            preset = "ellipse"
        else:
            preset = "roundRect" if outline.radius else "rect"
        around = [bounds(outline), *(bounds(d) for d in before)]
        if outline.role == "diamond":  # its drawn corners are rounded; the preset's are not
            assert isinstance(outline, Path)
            around = [true_corners(outline)]
        rect = union(around)
        return _Form(self.number(), preset, rect, paths, paint, self.unit)

    def geometry(self, form: _Form) -> str:
        left, top, right, low = form.rect
        short = min(right - left, low - top)
        if not form.custom:
            adjust = ""
            if form.preset == "roundRect":
                assert isinstance(form.paint, Box)
                adjust = f'<a:gd name="adj" fmla="val {min(50_000, round(form.paint.radius / short * 100_000))}"/>'
            return f'<a:prstGeom prst="{form.preset}"><a:avLst>{adjust}</a:avLst></a:prstGeom>'
        guides, sites = [], []
        for n, (x, y) in enumerate(form.sites()):
            across, down = (x - left) / (right - left), (y - top) / (low - top)
            guides.append(f'<a:gd name="sx{n}" fmla="*/ w {round(across * 100_000)} 100000"/>')
            guides.append(f'<a:gd name="sy{n}" fmla="*/ h {round(down * 100_000)} 100000"/>')
            sites.append(f'<a:cxn ang="{_angle(across, down)}"><a:pos x="sx{n}" y="sy{n}"/></a:cxn>')
        w, h = self.emu(right - left), self.emu(low - top)
        paths = []
        for shape in form.paths:
            pieces = self.pieces(shape, left, top)
            fill = "" if shape.fill else ' fill="none"'
            stroke = "" if shape.stroke else ' stroke="0"'
            paths.append(f'<a:path w="{w}" h="{h}"{fill}{stroke}>{pieces}</a:path>')
        if not paths:  # words alone
            paths.append(f'<a:path w="{w}" h="{h}" fill="none" stroke="0"/>')
        return (
            f"<a:custGeom><a:avLst/><a:gdLst>{''.join(guides)}</a:gdLst><a:ahLst/><a:cxnLst>{''.join(sites)}</a:cxnLst>"
            f'<a:rect l="l" t="t" r="r" b="b"/><a:pathLst>{"".join(paths)}</a:pathLst></a:custGeom>'
        )

    def pieces(self, shape: Box | Ellipse | Path, left: float, top: float) -> str:
        """The outline of a shape as commands of a path whose origin is at left, top."""

        def at(x: float, y: float) -> str:
            return f'<a:pt x="{self.emu(x - left)}" y="{self.emu(y - top)}"/>'

        if isinstance(shape, Ellipse):
            rx, ry = self.emu(shape.rx), self.emu(shape.ry)
            start = f"<a:moveTo>{at(shape.x - shape.rx, shape.y)}</a:moveTo>"
            return f'{start}<a:arcTo wR="{rx}" hR="{ry}" stAng="10800000" swAng="21600000"/><a:close/>'
        if isinstance(shape, Box):
            r = min(shape.radius, shape.w / 2, shape.h / 2)
            x, y, right, low = shape.x, shape.y, shape.x + shape.w, shape.y + shape.h
            corners = ((x, y + r), (right - r, y), (right, low - r), (x + r, low))  # where each arc begins
            found = []
            for n, (x0, y0) in enumerate(corners):
                found.append(f"<a:lnTo>{at(x0, y0)}</a:lnTo>" if n else f"<a:moveTo>{at(x0, y0)}</a:moveTo>")
                if r:
                    turn = (10_800_000 + 5_400_000 * n) % 21_600_000
                    size = self.emu(r)
                    found.append(f'<a:arcTo wR="{size}" hR="{size}" stAng="{turn}" swAng="5400000"/>')
            return "".join(found) + "<a:close/>"
        names = {"M": "moveTo", "L": "lnTo", "C": "cubicBezTo"}
        found = [f"<a:{names[p[0]]}>{''.join(at(x, y) for x, y in p[1:])}</a:{names[p[0]]}>" for p in shape.pieces]
        return "".join(found) + ("<a:close/>" if shape.closed else "")

    def place(self, rect: Sides, turn: str = "", tag: str = "a:xfrm", child: bool = False) -> str:
        left, top = self.emu(rect[0]), self.emu(rect[1])
        w, h = max(0, self.emu(rect[2]) - left), max(0, self.emu(rect[3]) - top)
        inner = f'<a:off x="{left}" y="{top}"/><a:ext cx="{w}" cy="{h}"/>'
        inner += f'<a:chOff x="{left}" y="{top}"/><a:chExt cx="{w}" cy="{h}"/>' if child else ""
        return f"<{tag}{turn}>{inner}</{tag}>"

    def paint(self, shape: Box | Ellipse | Path) -> str:
        return _fill(shape.fill) + self.stroke(shape.stroke, shape.width, isinstance(shape, Box) and shape.dash)

    def stroke(self, colour: str, width: float, dash: bool = False, head: bool = False) -> str:
        if not colour:
            return "<a:ln><a:noFill/></a:ln>"
        dashes = '<a:prstDash val="dash"/>' if dash else ""
        tip = '<a:tailEnd type="triangle" w="med" len="med"/>' if head else ""
        return f'<a:ln w="{max(1, self.emu(width))}">{_fill(colour)}{dashes}<a:round/>{tip}</a:ln>'

    def shape(
        self, id: int, name: str, told: str, rect: Sides, geometry: str, paint: str, body: str, kind: str = ""
    ) -> str:
        head = f'<p:cNvPr id="{id}" name={_attribute(name)} descr={_attribute(told)}/>'
        own = '<p:cNvSpPr txBox="1"/>' if kind == "words" else "<p:cNvSpPr/>"
        holder = '<p:nvPr><p:ph type="title"/></p:nvPr>' if kind == "title" else "<p:nvPr/>"
        return (
            f"<p:sp><p:nvSpPr>{head}{own}{holder}</p:nvSpPr><p:spPr>{self.place(rect)}{geometry}{paint}</p:spPr>"
            f"{body}</p:sp>"
        )

    # -- words -----------------------------------------------------------------------------------------------------

    def body(self, block: Block | None, frame: Sides | None = None, anchor: str = "ctr", radius: float = 0.0) -> str:
        """The words of a shape; `frame`: where its text would be centred, so that insets move it to its place."""
        if block is None:
            empty = '<a:p><a:endParaRPr lang="en-US"/></a:p>'
            return f'<p:txBody><a:bodyPr rtlCol="0" anchor="ctr"/><a:lstStyle/>{empty}</p:txBody>'
        first = block.lines[0]
        middle = block.middle - RISE * self.unit
        dx = first.x - (frame[0] + frame[2]) / 2 if frame and first.anchor == "middle" else 0.0
        dy = middle - (frame[1] + frame[3]) / 2 if frame else -RISE * self.unit
        insets = [self.emu(2 * max(0.0, v)) for v in (dx, dy, -dx, -dy)]
        if frame and anchor == "t":
            insets = [self.emu(first.x - frame[0]), self.emu(middle - block.leadings[0] / 2 - frame[1]), 0, 0]
            # The text of a rounded rectangle begins where its corners leave room: (1 - sqrt(1/2)) of their radius.
            insets = [max(0, inset - self.emu(0.29289 * radius)) for inset in insets]
        names = zip(("lIns", "tIns", "rIns", "bIns"), insets, strict=True)
        inset = " ".join(f'{name}="{value}"' for name, value in names)
        align = {"start": "l", "middle": "ctr", "end": "r"}[first.anchor]
        paragraphs, runs = [], []
        for i, (line, leading) in enumerate(zip(block.lines, block.leadings, strict=True)):
            runs.append(self.run(line))
            after = block.lines[i + 1] if i + 1 < len(block.lines) else None
            if after and (after.size, after.weight, after.colour) == (line.size, line.weight, line.colour):
                runs.append(f"<a:br>{self.look(line)}</a:br>")
                continue
            space = round(leading * self.k / 127)  # hundredths of a point
            rules = f'<a:lnSpc><a:spcPts val="{space}"/></a:lnSpc><a:spcBef><a:spcPts val="0"/></a:spcBef>'
            paragraphs.append(
                f'<a:p><a:pPr marL="0" indent="0" algn="{align}">{rules}<a:buNone/></a:pPr>{"".join(runs)}</a:p>'
            )
            runs = []
        return (
            f'<p:txBody><a:bodyPr wrap="none" {inset} rtlCol="0" anchor="{anchor}"><a:noAutofit/></a:bodyPr>'
            f"<a:lstStyle/>{''.join(paragraphs)}</p:txBody>"
        )

    def run(self, line: Text) -> str:
        return f"<a:r>{self.look(line)}<a:t>{_safe(line.text)}</a:t></a:r>"

    def look(self, line: Text) -> str:
        lang = "ko-KR" if re.search("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]", line.text) else "en-US"
        size = min(400_000, max(100, round(line.size * self.k / 127)))
        bold = ' b="1"' if line.weight >= 600 else ' b="0"'
        return f'<a:rPr lang="{lang}" sz="{size}"{bold} dirty="0">{_fill(line.colour)}{self.faces}</a:rPr>'

    def words(self, block: Block, name: str, kind: str = "words") -> str:
        """Words on their own: a text box as large as they are."""
        first = block.lines[0]
        width = max(measure(line.text, line.size, line.weight) for line in block.lines)
        pad = 4 * self.unit if first.halo else 0.0
        left = first.x - {"start": 0.0, "middle": width / 2, "end": width}[first.anchor] - pad
        height = sum(block.leadings)
        rect = (left, block.middle - height / 2, left + width + 2 * pad, block.middle + height / 2)
        if kind == "title":  # some editors wrap a title whatever it says
            rect = (left, rect[1], max(rect[2], self.scene.width - left / 2), rect[3])
        geometry = '<a:prstGeom prst="rect"><a:avLst/></a:prstGeom>'
        paint = _fill(first.halo) + self.stroke("", 0)
        frame = rect if first.anchor == "middle" else None
        return self.shape(self.number(), name, "", rect, geometry, paint, self.body(block, frame), kind)

    # -- links -----------------------------------------------------------------------------------------------------

    def glue(self, link: Line) -> tuple[tuple[Point, ...], list[tuple[int, int] | None]]:
        """The route of a link between the sites at its ends, and the (shape, site) of each end."""
        ends: list[Point] = [link.points[0], link.points[-1]]
        sites: list[tuple[int, int] | None] = [None, None]
        for end, node in enumerate(link.ends):
            if self.forms.get(node):
                index, point = reached(link, self.parts, end, self.unit)
                form = self.forms[node][index]
                site = form.glue(point)
                ends[end], sites[end] = form.sites()[site], (form.id, site)
        return with_ends(link, *ends), sites

    def link(self, number: int) -> str:
        link = self.parts.links[number]
        points, sites = self.glued[number]
        glue = "".join(
            f'<a:{tag} id="{site[0]}" idx="{site[1]}"/>'
            for tag, site in zip(("stCxn", "endCxn"), sites, strict=True) if site
        )  # fmt: skip
        names = [self.names[node] if node >= 0 else "" for node in link.ends]
        what = {"kernel": "Kernel", "funnel": "Rim", "neuron-line": "Weight"}.get(link.role, "Edge")
        told = f"{names[0]} to {names[1]}".strip()
        head = f'<p:cNvPr id="{self.number()}" name={_attribute(f"{what}: {told}")} descr={_attribute(told)}/>'
        look = self.stroke(link.colour, link.width, link.dash, link.head)
        return (
            f"<p:cxnSp><p:nvCxnSpPr>{head}<p:cNvCxnSpPr>{glue}</p:cNvCxnSpPr><p:nvPr/></p:nvCxnSpPr>"
            f"<p:spPr>{self.route(points)}{look}</p:spPr></p:cxnSp>"
        )

    def route(self, points: tuple[Point, ...]) -> str:
        """Place and geometry of a connector that runs through these points."""
        (sx, sy), (ex, ey) = ((self.emu(x), self.emu(y)) for x, y in (points[0], points[-1]))
        count = len(points) - 1
        if count > 1 and (count > 5 or not is_orthogonal(points)):
            return self.freeform(points)
        if count == 1:
            turn = (' flipH="1"' if ex < sx else "") + (' flipV="1"' if ey < sy else "")
            place = f'<a:off x="{min(sx, ex)}" y="{min(sy, ey)}"/><a:ext cx="{abs(ex - sx)}" cy="{abs(ey - sy)}"/>'
            preset = '<a:prstGeom prst="straightConnector1"><a:avLst/></a:prstGeom>'
            return f"<a:xfrm{turn}>{place}</a:xfrm>{preset}"
        upright = abs(points[0][0] - points[1][0]) < abs(points[0][1] - points[1][1])
        if ex == sx:
            sx, ex = sx - HAIR, ex + HAIR
        if ey == sy:
            sy, ey = sy - HAIR, ey + HAIR
        # The preset starts level at the top left. An upright start is the same turned clockwise by a right angle,
        # with its own width running down; flips come before the turn.
        w, h = abs(ex - sx), abs(ey - sy)
        if upright:
            turn = ' rot="5400000"' + (' flipH="1"' if ey < sy else "") + (' flipV="1"' if ex > sx else "")
            cx, cy, w, h = (sx + ex) / 2, (sy + ey) / 2, h, w
            off = (round(cx - w / 2), round(cy - h / 2))
        else:
            turn = (' flipH="1"' if ex < sx else "") + (' flipV="1"' if ey < sy else "")
            off = (min(sx, ex), min(sy, ey))
        bends = [(self.emu(x), self.emu(y)) for x, y in points[1:-1]]
        adjust = []
        for n in range(count - 2):  # each inner piece but the last lies at one adjustable share of the whole
            along = (n % 2 == 0) != upright
            start, whole = (sx, ex - sx) if along else (sy, ey - sy)
            share = (bends[n][0 if along else 1] - start) / whole
            adjust.append(f'<a:gd name="adj{n + 1}" fmla="val {round(share * 100_000)}"/>')
        place = f'<a:off x="{off[0]}" y="{off[1]}"/><a:ext cx="{w}" cy="{h}"/>'
        preset = f'<a:prstGeom prst="bentConnector{count}"><a:avLst>{"".join(adjust)}</a:avLst></a:prstGeom>'
        return f"<a:xfrm{turn}>{place}</a:xfrm>{preset}"

    def freeform(self, points: tuple[Point, ...]) -> str:
        xs, ys = zip(*points, strict=True)
        rect = (min(xs), min(ys), max(xs), max(ys))
        w, h = self.emu(rect[2]) - self.emu(rect[0]), self.emu(rect[3]) - self.emu(rect[1])
        pieces = (("M", points[0]), *(("L", p) for p in points[1:]))
        path = self.pieces(Path(pieces, closed=False), rect[0], rect[1])
        geometry = (
            '<a:custGeom><a:avLst/><a:gdLst/><a:ahLst/><a:cxnLst/><a:rect l="l" t="t" r="r" b="b"/>'
            f'<a:pathLst><a:path w="{w}" h="{h}" fill="none">{path}</a:path></a:pathLst></a:custGeom>'
        )
        return self.place(rect) + geometry

    # -- the tree --------------------------------------------------------------------------------------------------

    def draw(self) -> str:
        """Everything in drawing order; what belongs to a frame stands in its group."""
        children = tree(self.scene, self.parts)
        return "".join(self.item(child, children) for child in children[-1])

    def item(self, child: tuple[str, int], children: dict[int, list[tuple[str, int]]]) -> str:
        kind, index = child
        match kind:
            case "link":
                return self.link(index)
            case "node":
                return self.node(index)
            case "rest":
                return self.free(self.parts.rest[index], "Figure")
            case "label":
                owner, role, block = self.parts.labels[index]
                if role == "title":
                    return self.words(block, "Title", "title")
                return self.words(block, f"Label: {block.text}")
        box, group = self.parts.frames[index]
        inner = [self.frame(index), *(self.item(c, children) for c in children[index])]
        around = [bounds(box), *self.extents(index, children)]
        return self.group(group.title or "Block", union(around), inner)

    def extents(self, k: int, children: dict[int, list[tuple[str, int]]]) -> list[Sides]:
        """What the children of a group cover."""
        found: list[Sides] = []
        for kind, index in children[k]:
            if kind == "group":
                found += [bounds(self.parts.frames[index][0]), *self.extents(index, children)]
            elif kind == "node":
                found += [form.rect for form in self.forms[index]]
            elif kind == "link":
                xs, ys = zip(*self.glued[index][0], strict=True)
                found.append((min(xs), min(ys), max(xs), max(ys)))
        return found

    def group(self, name: str, rect: Sides, inner: list[str], told: str = "") -> str:
        head = f'<p:cNvPr id="{self.number()}" name={_attribute(name)} descr={_attribute(told)}/>'
        own = f"<p:grpSpPr>{self.place(rect, child=True)}</p:grpSpPr>"
        return f"<p:grpSp><p:nvGrpSpPr>{head}<p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr>{own}{''.join(inner)}</p:grpSp>"

    def frame(self, index: int) -> str:
        """The frame of a group with its title in it, and its badge."""
        box, group = self.parts.frames[index]
        owned = self.parts.badges[index]
        titles = blocks([s for s in owned if isinstance(s, Text) and s.role == "group-title"])
        counts = blocks([s for s in owned if isinstance(s, Text) and s.role == "badge-text"])
        rect = bounds(box)
        body = self.body(titles[0], rect, "t", box.radius) if titles else self.body(None)
        name = f"Frame: {group.title}" if group.title else "Frame"
        drawn = self.shape(self.number(), name, "", rect, self.rounded(box), self.paint(box), body)
        for badge in (s for s in owned if isinstance(s, Box)):
            inner = self.body(counts[0], bounds(badge)) if counts else self.body(None)
            told = f"{group.repeat} times"
            drawn += self.shape(
                self.number(), "Badge", told, bounds(badge), self.rounded(badge), self.paint(badge), inner
            )
        return drawn

    def rounded(self, box: Box) -> str:
        share = min(50_000, round(box.radius / min(box.w, box.h) * 100_000))
        if not share:
            return '<a:prstGeom prst="rect"><a:avLst/></a:prstGeom>'
        adjust = f'<a:gd name="adj" fmla="val {share}"/>'
        return f'<a:prstGeom prst="roundRect"><a:avLst>{adjust}</a:avLst></a:prstGeom>'

    def free(self, s: Shape, name: str) -> str:
        """A shape that nothing is glued to."""
        if not isinstance(s, (Box, Ellipse, Path)):
            return ""
        rect = bounds(s)
        form = _Form(self.number(), "", rect, [s], s, self.unit)
        if isinstance(s, Ellipse):
            geometry = '<a:prstGeom prst="ellipse"><a:avLst/></a:prstGeom>'
        else:
            geometry = self.rounded(s) if isinstance(s, Box) else self.geometry(form)
        return self.shape(form.id, name, "", rect, geometry, self.paint(s), self.body(None))

    def node(self, index: int) -> str:
        part, name = self.parts.nodes[index], self.names[index]
        node = self.diagram.nodes[index]
        told = f"{name} ({node.kind})"
        forms = self.forms[index]
        if not forms:
            inner = [self.words(block, name) for block in part.words]
            return inner[0] if len(inner) == 1 else "".join(inner)
        if not is_many(part):
            form = forms[0]
            frame = form.rect
            body = self.body(part.words[0] if part.words else None, frame)
            return self.shape(form.id, name, told, form.rect, self.geometry(form), self.paint(form.paint), body)
        inner = [self.free(d, "Sheet") for d in part.details if part.main.role == "sheet"]
        what = part.main.role.capitalize()
        for n, form in enumerate(forms, 1):
            own = f"{what} {n}: {name}" if len(forms) > 1 else f"{what}: {name}"
            inner.append(
                self.shape(form.id, own, told, form.rect, self.geometry(form), self.paint(form.paint), self.body(None))
            )
        inner += [self.free(d, "Dots") for d in part.details if part.main.role != "sheet"]
        inner += [self.free(s, "Kernel") for s in kernels_of(index, self.parts)]
        inner += [self.words(block, f"Label: {block.text}") for block in part.words]
        return self.group(name, extent(part), inner, told)


def _angle(across: float, down: float) -> int:
    """From which side a connector comes to a site, in 60,000ths of a degree: 0 right, then clockwise."""
    ways = {0: 1 - across, 5_400_000: 1 - down, 10_800_000: across, 16_200_000: down}
    return min(ways, key=lambda angle: ways[angle])


def _fill(colour: str) -> str:
    return f'<a:solidFill><a:srgbClr val="{colour[1:]}"/></a:solidFill>' if colour else "<a:noFill/>"


def _safe(text: str) -> str:
    return escape(clean(text))


def _attribute(text: str) -> str:
    return quoteattr(clean(text))
