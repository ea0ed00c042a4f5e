"""What is behind the studio's page: draw, score, edit, rate, keep, hand out. It knows nothing of browsers."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

from diagen import DiagenError
from diagen.data.history import Drawn, Entry, History
from diagen.data.ratings import Ratings, user_of
from diagen.diagram import MAX_TEXT, clean_request, dump, parse, restyle
from diagen.render import Scene, layout
from diagen.render.source import Source, read_source
from diagen.results import ENDINGS, FORMATS, Drawing, record
from diagen.score import Candidate, Readability, TasteOf, candidate_of, doubt, rank, reason_of

Tell = Callable[[str, float], None]  # says what is being done, and what share of it is
FILES = (".txt", ".svg", ".png", ".pptx", ".drawio", ".pdf")  # that can be opened
DRAWING = threading.RLock()  # Graphviz and the fonts serve one thread at a time


class Stopped(Exception):
    """Ends the writing of candidates from within; no failure."""


@dataclass(frozen=True)
class Studio:
    """Settings of the studio; every method may be called from any thread.

    write: yields (candidates so far, why other samples are none) for a request, how often it was drawn before, and a
    function that is told of the progress. scorers: as rank() takes them. keep: how many drawings are shown.
    """

    write: Callable[[str, int, Tell], Iterator[tuple[list[Candidate], list[str]]]]
    scorers: dict[str, Readability | TasteOf]
    keep: int = 4
    model: str = ""

    def draw(
        self,
        user: str,
        request: str,
        style: dict[str, str],
        tell: Tell = lambda *said: None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> Iterator[Entry]:
        """The first drawing as soon as it is there, not yet scored, then the ranked ones; both are in the history.

        Once stopped() is true no more is written, and what is there is ranked.
        """
        user, request = user_of(user), clean_request(request)
        turn = sum(entry.request == request for entry in entries_of(user))
        first: Entry | None = None
        drawings: list[Drawn] = []
        reasons: list[str] = []

        def told(said: str, share: float) -> None:
            if stopped():
                raise Stopped
            tell(said, share)

        try:
            told("writing the first candidate", 0.0)
            for candidates, unread in self.write(request, turn, told):
                drawings, reasons = [Drawn(c.text, c.text, c.copies, {}) for c in candidates], unread
                if drawings and not first:
                    first = keep(user, request, styled(drawings[:1], style))
                    yield first
        except Stopped:
            if not drawings:
                raise DiagenError("stopped before the first drawing was there") from None
        if not drawings:
            reason = reason_of(reasons)
            raise DiagenError(f"no candidate is a diagram ({reason}); describe a model or a process in a sentence")
        tell(f"scoring {len(drawings)} drawings", 1.0)
        ranked = self._ranked(user, request, styled(drawings, style))
        changed: list[Drawn] = []
        if first:  # what the user has made of it in the meantime stays, at the front
            with History() as history:
                changed = [d for d in history.newest(first.first).drawings if d.text != first.drawings[0].text]
        others = [d for d in ranked if d.text not in {c.text for c in changed}]
        yield keep(user, request, [*changed, *others][: self.keep], first)

    def restyle(self, entry: Entry, style: dict[str, str]) -> Entry:
        """The same diagrams with other style words, scored and put in order anew; no language model."""
        ranked = self._ranked(entry.user, entry.request, styled(entry.drawings, style))
        return keep(entry.user, entry.request, ranked, entry)

    def edit(self, entry: Entry, number: int, text: str) -> Entry:
        """Another text in place of a drawing's; the others stay as they are. DiagramError where it is none."""
        wanted = candidate_of(text, {}).text
        (edited,) = self._ranked(entry.user, entry.request, [Drawn(wanted, wanted, 1, {})])
        drawings = list(entry.drawings)
        drawings[number] = edited
        return keep(entry.user, entry.request, drawings, entry)

    def open_file(self, user: str, path: Path) -> Entry:
        """A drawing that diagen has made, or a text, as a new entry of the history."""
        user = user_of(user)
        try:
            if path.suffix.lower() not in FILES:
                raise DiagenError(f"{path.name} cannot be opened; give a {' '.join(FILES)} file")
            if path.suffix.lower() == ".txt":
                with path.open("rb") as file:
                    source = Source("", file.read(8 * MAX_TEXT).decode("utf-8-sig"))
            else:
                source = read_source(path)
            request = clean_request(source.request) if source.request.strip() else ""
            text = candidate_of(source.text, {}).text
        except UnicodeDecodeError as error:
            raise DiagenError(f"{path.name} is not UTF-8 text") from error
        except DiagenError as error:
            raise DiagenError(str(error).replace(str(path), path.name)) from error
        return keep(user, request, self._ranked(user, request, [Drawn(text, text, 1, {})]))

    def _ranked(self, user: str, request: str, drawings: Sequence[Drawn]) -> list[Drawn]:
        """The drawings from the best to the worst, with their scores."""
        scorers = dict(self.scorers)
        if isinstance(taste := scorers.get("taste"), TasteOf):
            scorers["taste"] = of_user = copy.copy(taste)
            of_user.user = user
        with DRAWING:
            candidates = {id(c := candidate(d)): (c, d) for d in drawings}
            ranked = rank(request or None, [c for c, _ in candidates.values()], scorers)
        return [replace(candidates[id(c)][1], scores=c.scores() | {"worst": c.worst}) for c in ranked]


def keep(user: str, request: str, drawings: Sequence[Drawn], before: Entry | None = None) -> Entry:
    """Adds to the history. It is opened for each step, since the steps of a generator may run in several threads."""
    with History() as history:
        return history.add(user, request, drawings, before)


def styled(drawings: Sequence[Drawn], style: dict[str, str]) -> list[Drawn]:
    """The drawings with these style words in place of those written; what becomes alike by it is one."""
    found: dict[str, Drawn] = {}
    for drawn in drawings:
        text = dump(restyle(parse(drawn.written), **style))
        copies = drawn.copies + (found[text].copies if text in found else 0)
        found[text] = Drawn(text, found[text].written if text in found else drawn.written, copies, {})
    return list(found.values())


def candidate(drawn: Drawn) -> Candidate:
    """As rank() and the exports take it."""
    made = Candidate(parse(drawn.text), copies=drawn.copies)
    made.scene = scene_of(drawn.text)
    return made


@lru_cache(maxsize=128)
def scene_of(text: str) -> Scene:
    """The scene of a text; kept, since a drawing is scored, shown and downloaded one after the other."""
    with DRAWING:
        return layout(parse(text))


def entry_of(key: str, user: str) -> Entry:
    """The drawings with that key, if they are the user's."""
    with History() as history:
        entry = history.entry(key)
    if entry.user != user_of(user):
        raise DiagenError(f"these drawings are not {user_of(user)}'s; draw them again under this name")
    return entry


def entries_of(user: str) -> list[Entry]:
    """The last version of each of the user's requests, the newest first."""
    with History() as history:
        return history.latest(user)


def rate(entry: Entry, number: int, stars: float) -> int:
    """Keeps the stars of a drawing; how many ratings the user has now."""
    with Ratings() as ratings:
        ratings.add(entry.user, entry.request, entry.drawings[number].text, stars)
        return len(ratings.of(entry.user))


def stars_in(entry: Entry) -> list[float | None]:
    """What the user has given to each drawing."""
    with Ratings() as ratings:
        given = {(r.request, r.text): r.stars for r in ratings.of(entry.user)}
    return [given.get((entry.request, drawn.text)) for drawn in entry.drawings]


def doubt_of(entry: Entry) -> str:
    """What to tell where the first drawing is unlike the other answers; nothing where it is not."""
    return doubt(entry.drawings[0].scores.get("agreement", 1.0))


def export(entry: Entry, number: int, ending: str) -> bytes:
    """A drawing as a file of infer.py; DiagenError where there is no such drawing or format."""
    formats = {"txt": ()} | {ENDINGS.get(name, name): (name,) for name in FORMATS}
    if ending not in formats or not 0 <= number < len(entry.drawings):
        raise DiagenError("there is no such drawing")
    drawn = entry.drawings[number]
    with DRAWING, TemporaryDirectory() as folder:
        made = candidate(drawn)
        meta = record("drawing", entry.request or None, made, None, None) | {"scores": drawn.scores}
        Drawing(formats[ending]).write(made, Path(folder), "drawing", meta)
        return (Path(folder) / f"drawing.{ending}").read_bytes()
