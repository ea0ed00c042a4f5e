"""How long opening the ratings and reading all of one user's takes; the goal is 50 ms for 10,000, once warm.

python -m benchmarks.ratings [--number 10000]
"""

from __future__ import annotations

import argparse
import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path

from diagen.data.ratings import Ratings

TEXT = "\n".join(f"Step {i} of the process [data] -> Step {i + 1} of the process : then" for i in range(6))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--number", type=int, default=10_000)
    number = parser.parse_args().number
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ratings.sqlite"
        Ratings(path).close()
        rows = [("me", f"request {i // 4}", f"{TEXT}\nEnd {i}\n", i % 11 / 2, "2026-01-01") for i in range(number)]
        with closing(sqlite3.connect(path)) as db, db:  # add() would wait for the disk each time
            db.executemany("INSERT INTO ratings (user, request, text, stars, time) VALUES (?, ?, ?, ?, ?)", rows)
        for _ in range(5):
            start = time.perf_counter()
            with Ratings(path) as ratings:
                opened = time.perf_counter()
                found = len(ratings.of("me"))
            done = time.perf_counter()
            print(
                f"{found:,} ratings: opened in {1000 * (opened - start):.1f} ms, read in {1000 * (done - opened):.1f}"
            )


if __name__ == "__main__":
    main()
