"""History: the requests of all users with their drawings, in one SQLite file beside the ratings.

The file is $DIAGEN_HOME/history.sqlite, else it lies in the user's data folder. Nothing in it is ever changed: an edit
is a further version of the same request, under a key of its own.
"""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from diagen import DiagenError
from diagen.data.ratings import WAIT, home, user_of

TABLES = """
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS versions (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    first TEXT NOT NULL,
    user TEXT NOT NULL,
    request TEXT NOT NULL,
    drawings TEXT NOT NULL,
    time TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS versions_by_user ON versions (user, first);
"""


@dataclass(frozen=True)
class Drawn:
    """A drawing of the history: its text, the text before the style words, how many samples wrote it, its scores."""

    text: str
    written: str
    copies: int
    scores: dict[str, Any]


@dataclass(frozen=True)
class Entry:
    """One version of a request's drawings, in their order; who knows its key may see it."""

    key: str  # 32 random hexadecimal digits
    first: str  # the key of the first version
    user: str
    request: str  # "" where there was none
    drawings: tuple[Drawn, ...]
    time: str  # ISO 8601, UTC


class History:
    """The history of all users. One object for each thread; what `add` has returned is on the disk."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = home() / "history.sqlite" if path is None else Path(path)
        with self._explained():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(self.path, timeout=WAIT)
            try:
                self._db.executescript(TABLES)
                self._db.execute("PRAGMA synchronous = FULL")  # a commit is on the disk before it is acknowledged
            except BaseException:
                self._db.close()
                raise

    def __enter__(self) -> History:
        return self

    def __exit__(self, *error: object) -> None:
        self._db.close()

    def add(self, user: str, request: str, drawings: Sequence[Drawn], before: Entry | None = None) -> Entry:
        """Keeps drawings: of a new request, or as a further version of the entry `before`."""
        key = uuid.uuid4().hex
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        entry = Entry(key, before.first if before else key, user_of(user), request, tuple(drawings), now)
        row = (key, entry.first, entry.user, request, json.dumps([asdict(d) for d in drawings]), now)
        with self._explained(), self._db:
            query = "INSERT INTO versions (key, first, user, request, drawings, time) VALUES (?, ?, ?, ?, ?, ?)"
            self._db.execute(query, row)
        return entry

    def entry(self, key: str) -> Entry:
        """The version with that key; DiagenError where there is none."""
        return self._one("WHERE key = ?", key)

    def latest(self, user: str, number: int = 100) -> list[Entry]:
        """The last version of each of a user's requests, the newest request first."""
        where = "WHERE id IN (SELECT max(id) FROM versions WHERE user = ? GROUP BY first) ORDER BY id DESC LIMIT ?"
        return self._entries(where, user_of(user), number)

    def newest(self, first: str) -> Entry:
        """The last version of the request whose first one has that key; DiagenError where there is none."""
        return self._one("WHERE first = ? ORDER BY id DESC LIMIT 1", first)

    def _one(self, where: str, *values: object) -> Entry:
        found = self._entries(where, *values)
        if not found:
            raise DiagenError("these drawings are not in the history; draw them again")
        return found[0]

    def _entries(self, where: str, *values: object) -> list[Entry]:
        with self._explained():
            rows = self._db.execute(f"SELECT key, first, user, request, drawings, time FROM versions {where}", values)
            return [
                Entry(key, first, user, request, tuple(Drawn(**d) for d in json.loads(drawings)), time)
                for key, first, user, request, drawings, time in rows
            ]

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """What goes wrong with the file, in one line."""
        try:
            yield
        except (sqlite3.DatabaseError, OSError, ValueError, TypeError) as error:
            raise DiagenError(
                f"{self.path} cannot be used: {error}; free some space there, move the file away if it is damaged, "
                "or set DIAGEN_HOME to a folder that can be written to"
            ) from error
