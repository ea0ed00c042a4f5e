"""Frames of groups: a titled rounded box behind its members, with a badge where the block is repeated."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from diagen.diagram import Diagram, Group
from diagen.render.kinds import Rect
from diagen.render.scene import Box, Line, Shape, Text
from diagen.render.text import measure, shorten
from diagen.render.theme import Theme

TITLE = (13, 600)
BADGE = (12, 600)
# What is not always there, or does not learn, has a dashed frame.
APART = re.compile(r"\b(optional|frozen)\b|선택|동결|고정", re.IGNORECASE)


@dataclass(frozen=True)
class Frame:
    """A group with its place; `level` counts the frames around it."""

    group: int
    title: str
    repeat: int
    rect: Rect
    level: int
    shift: float = 0.0  # of the title to the right, where an edge enters at its usual place
    back: float = 0.0  # of the badge to the left, likewise


def framed(diagram: Diagram) -> list[Group]:
    """The groups that have a frame, in the order by which frames are numbered; a shortcut alone has none."""
    return [g for g in diagram.groups if (g.title or g.repeat > 1) and g.start < g.stop]


def badge_text(repeat: int) -> str:
    """How often a block is repeated, as its badge says it."""
    return f"× {repeat}"


def frame_width(group: Group) -> float:
    """The least width of a frame: that of its title and its badge."""
    title = title_width(group)
    badge = measure(badge_text(group.repeat), *BADGE) + 14 + 16 if group.repeat > 1 else 0.0
    return title + badge + 28


def title_width(group: Group) -> float:
    """How much of its line a frame's title covers."""
    return measure(_short(group.title, 1e9), *TITLE)


def _short(title: str, room: float) -> str:
    return shorten(title[:1].upper() + title[1:], *TITLE, min(room, 260.0)) if title else ""


def _shown(frame: Frame) -> str:
    """The title as it fits."""
    return _short(frame.title, frame.rect.w - 28 - frame.shift - _badge_width(frame))


def is_cut(frame: Frame) -> bool:
    """Whether the title is not shown whole."""
    return len(_shown(frame)) < len(frame.title)


def title_rect(frame: Frame) -> Rect:
    """What the title and the badge of a frame cover, for others to keep away from."""
    text = _shown(frame)
    return Rect(frame.rect.x + 14 + frame.shift, frame.rect.y + 10, measure(text, *TITLE), 18)


def clear_title(frame: Frame, lines: list[Line]) -> Frame:
    """The frame with title and badge beside the upright lines that would run over them, where there is room for it."""
    top, low = frame.rect.y + 9, frame.rect.y + 29
    crossing = [
        a[0]
        for line in lines
        for a, b in zip(line.points, line.points[1:], strict=False)
        if abs(a[0] - b[0]) < 0.01 and min(a[1], b[1]) < low and max(a[1], b[1]) > top
    ]

    def clear(left: float, right: float) -> bool:
        return not any(left - 6 < x < right + 6 for x in crossing)

    usual = title_rect(frame)
    room = frame.rect.w - 28 - _badge_width(frame) - usual.w
    for shift in [0.0, *sorted(x + 10 - usual.x for x in crossing if x > usual.x)]:
        if frame.title and shift <= room and clear(usual.x + shift, usual.right + shift):
            frame = replace(frame, shift=shift)
            break
    badge = badge_rect(frame)
    if badge:
        least = title_rect(frame).right + 8 if frame.title else frame.rect.x + 14
        for back in [0.0, *sorted(badge.right + 10 - x for x in crossing if x < badge.right + 6)]:
            if badge.x - back >= least and clear(badge.x - back, badge.right - back):
                return replace(frame, back=back)
    return frame


def badge_rect(frame: Frame) -> Rect | None:
    """Where the badge stands."""
    if frame.repeat < 2:
        return None
    width = measure(badge_text(frame.repeat), *BADGE) + 14
    return Rect(frame.rect.right - 14 - frame.back - width, frame.rect.y + 9, width, 20)


def _badge_width(frame: Frame) -> float:
    badge = badge_rect(frame)
    return badge.w + 8 if badge else 0.0


def draw_frames(frames: list[Frame], theme: Theme, square: bool) -> list[Shape]:
    """All frames, the outer ones first."""
    shapes: list[Shape] = []
    for frame in sorted(frames, key=lambda f: (f.level, f.group)):
        r, owner = frame.rect, ("group", frame.group)
        fill = theme.group_fills[frame.level % 2]
        radius = 2 if square else 12
        dash = APART.search(frame.title) is not None
        shapes.append(Box(r.x, r.y, r.w, r.h, radius, fill, theme.group_stroke, 1.25, dash, owner, "frame"))
        if frame.title:
            title = _shown(frame)
            middle = r.y + 19
            shapes.append(
                Text(r.x + 14 + frame.shift, middle + 0.36 * 13, title, *TITLE, theme.group_title, "start", owner=owner,
                     role="group-title")
            )  # fmt: skip
        badge = badge_rect(frame)
        if badge:
            shapes.append(
                Box(badge.x, badge.y, badge.w, 20, 2 if square else 10, theme.ground, theme.group_stroke, 1.25,
                    owner=owner, role="badge")
            )  # fmt: skip
            text = badge_text(frame.repeat)
            shapes.append(
                Text(badge.cx, badge.cy + 0.36 * 12, text, *BADGE, theme.text, owner=owner, role="badge-text")
            )
    return shapes


def ground_at(x: float, y: float, frames: list[Frame], theme: Theme) -> str:
    """The colour of the ground at a point: that of the innermost frame around it."""
    inside = [f for f in frames if f.rect.x < x < f.rect.right and f.rect.y < y < f.rect.bottom]
    return theme.group_fills[max(inside, key=lambda f: f.level).level % 2] if inside else theme.ground
