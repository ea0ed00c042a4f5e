"""Computed readability of a scene: terms from 0 (bad) to 1 (good), and their total from 0 to 5.

The terms come from studies of how people read graphs and screens; the weights from those studies, moved towards what
two readers said of 284 good, damaged and bare drawings of ours (benchmarks/weights.py). Crossings and lengths of one
fully connected network are the same in every drawing of it, so scores are for comparing drawings of the same request.
"""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Sequence

from diagen.render import faults
from diagen.render.faults import Body
from diagen.render.kinds import Rect
from diagen.render.labels import touches
from diagen.render.scene import OUTLINES, TERSE, Box, Line, Scene, Text

WEIGHTS = {  # exponents of a quarter and three quarters of the term: benchmarks/weights.py
    "overlap": 0.5,
    "spacing": 0.45,
    "canvas": 0.7,
    "words": 0.5,
    "passages": 0.1,
    "crossings": 0.15,
    "angles": 0.25,
    "type": 0.65,
    "fit": 1.0,
    "contrast": 1.3,
    "links": 0.9,
    "bends": 0.3,
    "lengths": 0.05,
    "alignment": 0.2,
    "space": 0.1,
    "emptiness": 0.15,
    "aspect": 0.15,
    "grouping": 0.5,
}
HARD = {  # what one of them at every node divides the total by, less one: likewise
    "nodes overlap": 0.4,
    "off the canvas": 1.3,
    "an edge through a node": 1.15,
    faults.NAMES["F4"]: 0.2,
    faults.NAMES["F5"]: 0.8,
    faults.NAMES["F6"]: 0.6,
}
MOST = 1.5  # hard faults of one kind a node that count


def readability(scene: Scene) -> tuple[float, dict[str, float]]:
    """The total, 0 to 5, and the terms, 0 to 1 each, of a drawing.

    The total is a product, since one thing that is bad enough makes a drawing useless however good the rest is, and
    since people judge whole drawings (Störrle 2016: compounds of flaws weigh more than each alone).
    """
    counted = faults.count(scene)
    found = terms(scene, counted)
    soft = math.prod((0.25 + 0.75 * value) ** WEIGHTS[name] for name, value in found.items())
    nodes = len({s.owner for s in scene.shapes if s.owner[0] == "node"})
    hard = hard_faults(scene, counted)
    lost = math.prod(1 + HARD[name] * min(MOST, n / max(nodes, 1)) for name, n in hard.items())
    return 5 * soft / lost, found


def hard_faults(scene: Scene, counted: dict[str, int] | None = None) -> dict[str, int]:
    """What makes a drawing wrong at sight, by its name; only what occurs. counted: what faults.count() says, if known.

    These are the gross forms of faults.py, whose distances and margins are for drawings that are nearly right.
    """
    bodies = [faults.body_of(s) for s in scene.shapes if s.role in OUTLINES and s.owner[0] == "node"]
    edges = [s for s in scene.shapes if isinstance(s, Line) and s.role == "edge"]
    rects = [b.rect for b in bodies] + [faults.text_rect(s) for s in scene.shapes if isinstance(s, Text)]
    outside = [r for r in rects if r.x < -1 or r.y < -1 or r.right > scene.width + 1 or r.bottom > scene.height + 1]
    pairs = [(a, b) for i, a in enumerate(bodies) for b in bodies[i + 1 :] if a.node != b.node]
    found = {
        "nodes overlap": sum(_shared(a.rect, b.rect) > 0.02 * min(a.rect.w * a.rect.h, b.rect.w * b.rect.h)
                             for a, b in pairs),
        "off the canvas": len(outside),
        "an edge through a node": len(edges) - _free(bodies, edges, scene.scale),
    }  # fmt: skip
    counted = counted or faults.count(scene)
    found |= {faults.NAMES[name]: counted[name] for name in ("F4", "F5", "F6")}
    return {name: n for name, n in found.items() if n}


def _shared(a: Rect, b: Rect) -> float:
    """The area that two rectangles share."""
    wide, high = min(a.right, b.right) - max(a.x, b.x), min(a.bottom, b.bottom) - max(a.y, b.y)
    return wide * high if wide > 0 and high > 0 else 0.0


def _free(bodies: Sequence[Body], edges: Sequence[Line], unit: float) -> int:
    """How many edges pass through no foreign node."""
    free = 0
    for line in edges:
        pieces = list(zip(line.points, line.points[1:], strict=False))
        free += not any(
            b.node not in line.ends and any(touches(b.rect.grown(-1 * unit), p, q) for p, q in pieces) for b in bodies
        )
    return free


def terms(scene: Scene, counted: dict[str, int] | None = None) -> dict[str, float]:
    """Each term from 0 to 1, by its name; 1 where there is nothing that it could judge."""
    counted = counted or faults.count(scene)
    bodies = [faults.body_of(s) for s in scene.shapes if s.role in OUTLINES and s.owner[0] == "node"]
    texts = [(s, faults.text_rect(s)) for s in scene.shapes if isinstance(s, Text)]
    edges = [s for s in scene.shapes if isinstance(s, Line) and s.role == "edge"]
    frames = [Rect(s.x, s.y, s.w, s.h) for s in scene.shapes if s.role == "frame" and isinstance(s, Box)]
    return {
        "overlap": _overlap(bodies),
        "spacing": _spacing(bodies, scene.scale),
        "canvas": _canvas(scene, [b.rect for b in bodies] + [r for _, r in texts]),
        "words": _words(bodies, texts),
        "passages": _passages(bodies, edges, scene.scale),
        "crossings": _crossings(edges),
        "angles": _angles(edges),
        "type": _type(scene, texts),
        "fit": _fit(scene, counted, len(texts)),
        "contrast": _contrast(counted, len(texts) + len(edges) + len(bodies)),
        "links": _links(scene, bodies),
        "bends": _bends(edges),
        "lengths": _lengths(edges),
        "alignment": _alignment(bodies),
        "space": _space(scene, bodies),
        "emptiness": _emptiness(faults.largest_gap(scene, bodies, texts, edges)),
        "aspect": _aspect(scene),
        "grouping": _grouping(bodies, frames),
    }


def _overlap(bodies: Sequence[Body]) -> float:
    """Share of the nodes' area that no other node covers, twice what is covered taken off.

    Node overlap: Dwyer, Marriott, Stuckey 2006; what users of diagram tools complain of most.
    """
    lost = whole = 0.0
    for i, a in enumerate(bodies):
        whole += a.rect.w * a.rect.h
        for b in bodies[i + 1 :]:
            lost += _shared(a.rect, b.rect)
    return max(0.0, 1 - 2 * lost / whole) if whole else 1.0


def _spacing(bodies: Sequence[Body], unit: float) -> float:
    """Share of the nodes that stand 16 px and more from all others (proximity: Wertheimer 1923)."""
    apart = [b for b in bodies if b.role not in TERSE - {"circle"}]
    near = set()
    for i, a in enumerate(apart):
        for b in apart[i + 1 :]:
            gap = max(
                max(a.rect.x, b.rect.x) - min(a.rect.right, b.rect.right),
                max(a.rect.y, b.rect.y) - min(a.rect.bottom, b.rect.bottom),
            )
            near |= {a.node, b.node} if gap < 15.9 * unit else set()
    return 1 - len(near) / len(apart) if apart else 1.0


def _canvas(scene: Scene, rects: Sequence[Rect]) -> float:
    """Share of what is drawn that lies on the canvas, squared.

    Ours: no formula was found for it, and what is cut off cannot be guessed.
    """
    inside = whole = 0.0
    for r in rects:
        wide = max(0.0, min(r.right, scene.width) - max(r.x, 0.0))
        high = max(0.0, min(r.bottom, scene.height) - max(r.y, 0.0))
        inside += wide * high
        whole += r.w * r.h
    return (inside / whole) ** 2 if whole else 1.0


def _words(bodies: Sequence[Body], texts: Sequence[tuple[Text, Rect]]) -> float:
    """Share of the nodes that carry words; a figure that has none at all is judged by its shapes alone.

    Ours: a node without words says nothing (Moody 2009: semantic transparency, dual coding).
    """
    named = {s.owner[1] for s, _ in texts if s.owner[0] == "node"}
    nodes = {b.node for b in bodies if b.role not in TERSE - {"circle"}}
    return len(nodes & named) / len(nodes) if nodes and texts else 1.0


def _passages(bodies: Sequence[Body], edges: Sequence[Line], unit: float) -> float:
    """Share of the edges that pass through no foreign node, squared.

    Continuity: Ware, Purchase, Colpoys, McGill 2002.
    """
    return (_free(bodies, edges, unit) / len(edges)) ** 2 if edges else 1.0


def _crossings(edges: Sequence[Line]) -> float:
    """1 - sqrt(c / c_max): Purchase 2002, with the root, since the first crossings disturb most (Purchase 1997)."""
    degree: dict[int, int] = {}
    for line in edges:
        for end in line.ends:
            degree[end] = degree.get(end, 0) + 1
    most = len(edges) * (len(edges) - 1) / 2 - sum(d * (d - 1) / 2 for d in degree.values())
    return 1 - math.sqrt(min(1.0, len(faults.crossings(list(edges))) / most)) if most > 0 else 1.0


def _angles(edges: Sequence[Line]) -> float:
    """How near crossings come to a right angle, on the mean (Huang, Eades, Hong 2014)."""
    found = faults.crossings(list(edges))
    return statistics.mean(angle / 90 for angle in found) if found else 1.0


def _type(scene: Scene, texts: Sequence[tuple[Text, Rect]]) -> float:
    """The smallest type where the figure is fitted to a page of 880 pixels: 5 px and less counts 0, 12 px 1.

    Ours, for want of a formula: small type is read more slowly (Tinker 1963).
    """
    if not texts:
        return 1.0
    smallest = min(s.size for s, _ in texts) * min(1.0, 880 / scene.width)
    return min(1.0, max(0.0, (smallest - 5) / 7))


def _fit(scene: Scene, found: dict[str, int], texts: int) -> float:
    """Share of the words that are whole and lie in their shapes, clear of others and of lines.

    After the rules for placing labels of Imhof 1975: whole, and clear of all else.
    """
    wrong = found["F4"] + found["F5"] + found["F6"] + len(scene.full_labels)
    return max(0.0, 1 - wrong / texts) if texts else 1.0


def _contrast(found: dict[str, int], things: int) -> float:
    """Share of words, lines and borders that stand out from their ground (WCAG 2: 4.5 and 3 to 1)."""
    return max(0.0, 1 - found["F18"] / things) if things else 1.0


def _links(scene: Scene, bodies: Sequence[Body]) -> float:
    """Share of the nodes that a line reaches: a shape beside the flow says nothing about it.

    Ours; of uniform connectedness, the strongest sign of belonging (Palmer, Rock 1994).
    """
    nodes = {b.node for b in bodies if b.role not in TERSE - {"circle"}}
    if len(nodes) < 2:
        return 1.0
    reached = {end for s in scene.shapes if isinstance(s, Line) for end in s.ends}
    return len(nodes & reached) / len(nodes)


def _bends(edges: Sequence[Line]) -> float:
    """1 - bends for each edge, four of them being the most (Purchase 2002)."""
    if not edges:
        return 1.0
    return max(0.0, 1 - sum(len(line.points) - 2 for line in edges) / (4 * len(edges)))


def _lengths(edges: Sequence[Line]) -> float:
    """How alike the lengths of edges are: 1 / (1 + coefficient of variation) (Coleman, Parker 1996)."""
    lengths = [sum(math.dist(p, q) for p, q in zip(s.points, s.points[1:], strict=False)) for s in edges]
    if len(lengths) < 2 or not sum(lengths):
        return 1.0
    return 1 / (1 + statistics.pstdev(lengths) / statistics.mean(lengths))


def _alignment(bodies: Sequence[Body]) -> float:
    """Share of the nodes whose middle stands on one line with another's, down or across (Ngo, Teo, Byrne 2003)."""
    if len(bodies) < 3:
        return 1.0
    across, down = (
        Counter(round(at / 4) for at in ats) for ats in zip(*((b.rect.cx, b.rect.cy) for b in bodies), strict=True)
    )
    aligned = sum(across[round(b.rect.cx / 4)] > 1 or down[round(b.rect.cy / 4)] > 1 for b in bodies)
    return aligned / len(bodies)


def _space(scene: Scene, bodies: Sequence[Body]) -> float:
    """How near the share of the canvas that nodes cover comes to a tenth up to a half (density: Ngo et al. 2003)."""
    covered = sum(b.rect.w * b.rect.h for b in bodies) / (scene.width * scene.height)
    if covered < 0.1:
        return covered / 0.1
    return 1.0 if covered <= 0.5 else max(0.0, 1 - (covered - 0.5) / 0.5)


def _emptiness(gap: float) -> float:
    """How small the largest empty rectangle is as a share of the figure: 1 up to a tenth of it, 0 where it is all.

    Ours; near to the node uniformity of the geg library (GD 2025), which counts nodes in the cells of a grid.
    """
    return 1 - max(0.0, gap - 0.1) / 0.9


def _aspect(scene: Scene) -> float:
    """How near the sides come to a page's or a slide's: 1 from 1 : 2 to 2.6 : 1, falling to 0 at five times that.

    After the aspect ratio among the measures of the geg library (GD 2025); the bounds are those of pages and slides.
    """
    aspect = scene.width / scene.height
    off = max(math.log(0.5 / aspect), math.log(aspect / 2.6), 0.0)
    return max(0.0, 1 - off / math.log(5))


def _grouping(bodies: Sequence[Body], frames: Sequence[Rect]) -> float:
    """Share of pairs of a node and a frame that are clearly inside or outside (common region: Palmer 1992)."""
    clear = pairs = 0
    for f in frames:
        for b in bodies:
            r = b.rect
            inside = f.x <= r.x and r.right <= f.right and f.y <= r.y and r.bottom <= f.bottom
            outside = r.right <= f.x or f.right <= r.x or r.bottom <= f.y or f.bottom <= r.y
            clear += inside or outside
            pairs += 1
    return clear / pairs if pairs else 1.0
