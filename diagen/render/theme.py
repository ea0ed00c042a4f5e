"""The five themes as data: figures.md, section 5. Contrast and colour-blind distance were checked there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True)
class Family:
    """The colours of one family of kinds."""

    fill: str
    stroke: str
    text: str
    sub: str


@dataclass(frozen=True)
class Theme:
    """Every colour and stroke width that a figure needs."""

    ground: str
    text: str
    muted: str
    edge: str
    accent: str
    group_fills: tuple[str, str]
    group_stroke: str
    group_title: str
    families: dict[str, Family]  # n neutral, b compute, v learn, g rest, a choose, r judge
    stroke: float = 1.5
    seam: str = ""  # inner lines of shapes whose stroke is their fill


def _families(text: str, sub: str, *pairs: str, **special: tuple[str, str]) -> dict[str, Family]:
    families = {}
    for name, pair in zip("nbvgar", pairs, strict=True):
        fill, stroke = pair.split()
        families[name] = Family(fill, stroke, *special.get(name, (text, sub)))
    return families


THEMES = {
    "paper": Theme(
        "#FFFFFF", "#1B2430", "#4B5768", "#475569", "#C3494A", ("#F6F8FB", "#EBEFF5"), "#C3CCD9", "#475569",
        _families(
            "#1B2430", "#4B5768", "#FFFFFF #64748B", "#BDD1FD #5880D1", "#E3DBF3 #6A50B1", "#D9F9DB #33865E",
            "#FAE7B7 #BC7C21", "#EDC7C6 #C3494A",
        ),
    ),
    "outline": Theme(
        "#FFFFFF", "#0F172A", "#475569", "#334155", "#C3494A", ("#F3F6FB", "#EBF0F7"), "#CBD5E1", "#334155",
        _families(
            "#0F172A", "#475569", "#FFFFFF #64748B", "#FFFFFF #5880D1", "#FFFFFF #6A50B1", "#FFFFFF #33865E",
            "#FFFFFF #BC7C21", "#FFFFFF #C3494A",
        ),
        stroke=2.0,
    ),
    "ink": Theme(
        "#FFFFFF", "#111418", "#43474E", "#111418", "#111418", ("#F7F8F9", "#ECEEF1"), "#6B7280", "#111418",
        _families(
            "#111418", "#2E333A", "#FFFFFF #111418", "#D3E6FB #111418", "#A5CDF8 #111418", "#DDE0E6 #111418",
            "#6FB5F5 #111418", "#B9BEC7 #111418",
        ),
        stroke=1.25,
    ),
    "slide": Theme(
        "#FFFFFF", "#14202E", "#475569", "#334155", "#B73546", ("#F1F4F8", "#E3E9F1"), "#B6C2D1", "#334155",
        _families(
            "#FFFFFF", "#EEF2F7", "#FFFFFF #4B5565", "#1A4D78 #1A4D78", "#7050AC #7050AC", "#307553 #307553",
            "#955C00 #955C00", "#B73546 #B73546", n=("#14202E", "#475569"),
        ),
        seam="#FFFFFF",
    ),
    "night": Theme(
        "#0F141B", "#E8EDF4", "#A3B1C2", "#93A4B8", "#F58589", ("#171E28", "#1E2733"), "#3B4757", "#B4C0CE",
        _families(
            "#E8EDF4", "#B4C0CE", "#232B37 #94A3B8", "#1C3E6F #6B8AC7", "#362B51 #B8A1FB", "#1F4534 #4CCDA6",
            "#4A3A15 #E4B046", "#571E23 #F58589",
        ),
    ),
}  # fmt: skip


@cache
def rgb(colour: str) -> tuple[int, int, int]:
    """The three channels of a #rrggbb colour."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def mix(colour: str, ground: str, share: float) -> str:
    """`share` of a colour on a ground, so that no renderer needs transparency."""
    pairs = zip(rgb(colour), rgb(ground), strict=True)
    return "#" + "".join(f"{round(a * share + b * (1 - share)):02X}" for a, b in pairs)


def contrast(one: str, other: str) -> float:
    """The WCAG contrast ratio of two colours."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


@cache
def _luminance(colour: str) -> float:
    parts = [c / 255 for c in rgb(colour)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def readable(colour: str, ground: str) -> str:
    """The colour, or black or white, whichever can be read on this ground."""
    if contrast(colour, ground) >= 4.5:
        return colour
    return max(("#111418", "#FFFFFF"), key=lambda c: contrast(c, ground))
