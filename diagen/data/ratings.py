"""Ratings: what readers think of drawings, in one SQLite file, with the latents of those drawings beside them.

The file is $DIAGEN_HOME/ratings.sqlite, else it lies in the user's data folder. It holds texts and stars, no pixels, so
that no change of the renderer or of an encoder spoils it.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import unicodedata
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import platformdirs

from diagen import DiagenError
from diagen.diagram import DiagramError, dump, parse

if TYPE_CHECKING:
    import numpy as np

SCHEMA = 1
APPLICATION = 0x64696147  # "diaG" in the file's header: an SQLite file of ours
LONGEST_NAME = 200
WAIT = 20.0  # seconds for another process that writes
ENOUGH = 50  # ratings, to train with
APART = 1.0  # stars

# Write-ahead: readers and writers do not wait for each other. The file itself remembers it.
TABLES = f"""
PRAGMA journal_mode = WAL;
BEGIN;
CREATE TABLE ratings (
    id INTEGER PRIMARY KEY,
    user TEXT NOT NULL,
    request TEXT NOT NULL,
    text TEXT NOT NULL,
    stars REAL NOT NULL CHECK (stars BETWEEN 0 AND 5),
    time TEXT NOT NULL
);
CREATE INDEX ratings_by_user ON ratings (user);
CREATE TABLE latents (
    encoder TEXT NOT NULL,
    renderer TEXT NOT NULL,
    text TEXT NOT NULL,
    latent BLOB NOT NULL,
    PRIMARY KEY (encoder, renderer, text)
) WITHOUT ROWID;
PRAGMA application_id = {APPLICATION};
PRAGMA user_version = {SCHEMA};
COMMIT;
"""

OF_USER = "SELECT user, request, text, stars, time FROM ratings WHERE user = ? ORDER BY id"


class Rating(NamedTuple):
    """`stars` from 0 to 5 in halves, for the diagram `text` that was drawn for a `request` ("": none was made)."""

    user: str
    request: str
    text: str
    stars: float
    time: str  # ISO 8601, UTC


class LatentKey(NamedTuple):
    """Which drawing a latent is of (SHA-256 of its text), and what made it from the text."""

    text: str
    encoder: str
    renderer: str


def latent_key(text: str, encoder: str, renderer: str) -> LatentKey:
    """The key of a text's latent; `encoder` and `renderer` are hashes of what made it."""
    return LatentKey(hashlib.sha256(text.encode()).hexdigest(), encoder, renderer)


def home() -> Path:
    """The folder of what a user keeps: $DIAGEN_HOME, else the system's place for data; no matter where one works."""
    given = os.environ.get("DIAGEN_HOME")
    if not given:
        return platformdirs.user_data_path("diagen", appauthor=False)
    path = Path(given).expanduser()
    if not path.is_absolute():
        raise DiagenError(f"DIAGEN_HOME={given} depends on the working folder; give the whole path")
    return path


def stars_of(value: object) -> float:
    """Stars from a number or its spelling.

    0 to 5 in halves: eleven steps are as many as people repeat reliably (Preston and Colman, Acta Psychologica 2000).
    """
    try:
        stars = float(value) if isinstance(value, (int, float, str)) and not isinstance(value, bool) else -1.0
    except (ValueError, OverflowError):
        stars = -1.0
    if not (0 <= stars <= 5 and (2 * stars).is_integer()):
        raise DiagenError(f"{value!a} is no number of stars; give 0 to 5, halves too, such as 3.5")
    return stars + 0.0  # no minus before a zero


def user_of(name: str) -> str:
    """A user's name as it is kept: any words, in one spelling; DiagenError where they cannot be shown in a line."""
    clean = unicodedata.normalize("NFC", name).strip()
    bad = next((c for c in clean if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp")), "")
    if bad:
        raise DiagenError(f"the user's name {name!a} holds U+{ord(bad):04X}; take letters, digits, blanks and marks")
    if not 1 <= len(clean) <= LONGEST_NAME:
        raise DiagenError(f"the user's name has {len(clean):,} characters; take 1 to {LONGEST_NAME}")
    return clean


class Ratings:
    """The ratings of all users, in one file, made at the first use. Many processes may read and write it at once.

    Whatever `add` has returned from survives the end of the process and of the power. One object for each thread.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = home() / "ratings.sqlite" if path is None else Path(path)
        with self._explained():
            if not self.path.exists():
                self._make()
            self._recognise()
            self._db = sqlite3.connect(self.path, timeout=WAIT)
            try:
                self._open()
            except BaseException:
                self._db.close()
                raise

    def close(self) -> None:
        self._db.close()

    def __enter__(self) -> Ratings:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    # -- ratings

    def add(self, user: str, request: str, text: str, stars: float | str) -> Rating:
        """Keeps a rating; it counts in place of an earlier one of the same user, request and text."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        row = Rating(user_of(user), request, text, stars_of(stars), now)
        for name, words in (("request", request), ("diagram", text)):
            if any(unicodedata.category(c) == "Cs" or c == "\0" for c in words):
                raise DiagenError(f"the {name} to rate is not text: it holds a NUL or half of a surrogate pair")
        with self._explained(), self._db:
            self._db.execute("INSERT INTO ratings (user, request, text, stars, time) VALUES (?, ?, ?, ?, ?)", row)
        return row

    def of(self, user: str, newest: int | None = None) -> list[Rating]:
        """The ratings of a user that count, in the order in which they were made; at most the newest so many."""
        last: dict[tuple[str, str], Rating] = {}
        with self._explained():
            for row in map(Rating._make, self._db.execute(OF_USER + " DESC", (user_of(user),))):
                last.setdefault((row.request, row.text), row)
                if len(last) == newest:
                    break
        return list(last.values())[::-1]

    def history(self, user: str) -> list[Rating]:
        """All ratings of a user, those too that a later one has replaced."""
        with self._explained():
            return list(map(Rating._make, self._db.execute(OF_USER, (user_of(user),))))

    # -- latents

    def latents(self, keys: Iterable[LatentKey]) -> dict[LatentKey, np.ndarray]:
        """The latents that are kept for the keys, (d,) float32 each; the others are missing from the answer."""
        import numpy as np

        texts: dict[tuple[str, str], set[str]] = {}
        for key in keys:
            texts.setdefault((key.encoder, key.renderer), set()).add(key.text)
        query = (
            "SELECT text, latent FROM latents "
            "WHERE encoder = ? AND renderer = ? AND text IN (SELECT value FROM json_each(?))"
        )
        found = {}
        with self._explained():
            for (encoder, renderer), wanted in texts.items():
                for text, blob in self._db.execute(query, (encoder, renderer, json.dumps(sorted(wanted)))):
                    found[LatentKey(text, encoder, renderer)] = np.frombuffer(blob, "<f4").astype(np.float32)
        return found

    def add_latents(self, latents: Mapping[LatentKey, np.ndarray]) -> None:
        """Keeps latents, (d,) numbers each, all of them or, on an error, none."""
        import numpy as np

        rows = []
        for key, latent in latents.items():
            values = np.asarray(latent, dtype="<f4")
            if values.ndim != 1 or not np.isfinite(values).all():
                raise ValueError(f"a latent is one row of numbers, not {values.shape} or with gaps")
            rows.append((key.encoder, key.renderer, key.text, values.tobytes()))
        with self._explained(), self._db:
            self._db.executemany("INSERT OR REPLACE INTO latents VALUES (?, ?, ?, ?)", rows)

    # -- the file

    def _make(self) -> None:
        """An empty file, whole from its first moment: built under another name, never put over one that is there."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        part = self.path.with_name(f"{self.path.name}.{uuid.uuid4().hex[:8]}.part")
        try:
            db = sqlite3.connect(part)
            try:
                db.executescript(TABLES)
            finally:
                db.close()
            try:
                os.link(part, self.path)
            except FileExistsError:
                pass  # another process was faster
            except OSError:  # a file system without links
                if not self.path.exists():
                    os.replace(part, self.path)
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)

    def _recognise(self) -> None:
        """Refuses what is no file of ours by its first bytes, before SQLite might touch it."""
        with self.path.open("rb") as file:
            head = file.read(100)
        if not head:
            raise self._wrong("is empty, which a file of ratings never is")
        if len(head) < 100 or not head.startswith(b"SQLite format 3\0"):
            raise self._wrong("is no file of ratings, or a damaged one")
        if int.from_bytes(head[68:72], "big") != APPLICATION:
            raise self._wrong("is a database of another program")

    def _open(self) -> None:
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA:
            raise DiagenError(
                f"{self.path} was written by a newer diagen (schema {version}, this one knows {SCHEMA}); "
                "update diagen, or set DIAGEN_HOME to another folder"
            )
        found = self._db.execute("PRAGMA quick_check(1)").fetchone()[0]
        if version < SCHEMA or found != "ok":
            raise self._wrong("is damaged")
        self._db.execute("PRAGMA synchronous = FULL")  # a commit is on the disk before it is acknowledged

    def _wrong(self, what: str) -> DiagenError:
        return DiagenError(
            f"{self.path} {what}; it was left as it is: move it away or put a copy of yours in its place, and try again"
        )

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """What goes wrong with the file, in one line."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            if type(error) is sqlite3.DatabaseError:  # how sqlite3 says that a page is not what it should be
                raise self._wrong(f"is damaged ({error})") from error
            if not isinstance(error, sqlite3.OperationalError):
                raise  # a mistake of the program
            raise self._unusable(str(error)) from error
        except OSError as error:
            raise self._unusable(error.strerror or str(error)) from error

    def _unusable(self, reason: str) -> DiagenError:
        advice = "free some space there, or set DIAGEN_HOME to a folder that can be written to"
        if "locked" in reason:
            advice = "another program is writing to it; try again"
        return DiagenError(f"{self.path} cannot be used: {reason}; {advice}")


def pairs_of(user: str) -> list[dict[str, str]]:
    """Every two drawings of one request that a user's stars tell apart, the better one as "chosen".

    DiagenError where the user has rated too little, or all alike.
    """
    by_request: dict[str, list[tuple[float, str]]] = {}
    with Ratings() as ratings:
        for row in ratings.of(user):
            with suppress(DiagramError):  # rated under an earlier language
                if row.request:
                    by_request.setdefault(row.request, []).append((row.stars, dump(parse(row.text))))
    number = sum(map(len, by_request.values()))
    if number < ENOUGH:
        raise DiagenError(f"{user} has {number} ratings of drawings with a request; {ENOUGH} are needed: rate more")
    found = []
    for request, rated in by_request.items():
        for (less, worse), (more, better) in combinations(sorted(rated), 2):
            if more - less >= APART:
                found.append({"request": request, "chosen": better, "rejected": worse, "origin": "ratings"})
    if not found:
        raise DiagenError(f"{user}'s ratings tell no two drawings of one request apart; rate several of a request")
    return found
