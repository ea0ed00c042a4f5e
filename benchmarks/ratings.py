"""How long it takes to open the ratings, to read all of one user's, and to predict eight more; the goal is 50 ms for
10,000, once warm. The reader likes drawings by night, so the ratings say something. The first of five rounds draws the
newest thousand, the others find what was learnt from them; the eight are drawn anew each time.

python -m benchmarks.ratings [--number 10000]
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path

from diagen.data.ratings import Ratings
from diagen.diagram import parse
from diagen.score import Candidate, TasteOf

TEXT = "\n".join(f"Step {i} of the process [data] -> Step {i + 1} of the process : then" for i in range(6))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--number", type=int, default=10_000)
    number = parser.parse_args().number
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ratings.sqlite"
        Ratings(path).close()
        themes = [("paper", 2.5), ("night", 4.5), ("ink", 1.5), ("slide", 3.0)]
        rows = [
            ("me", f"request {i // 4}", f"style {theme}\n{TEXT}\nEnd {i}\n", stars, "2026-01-01")
            for i in range(number)
            for theme, stars in [themes[i % 4]]
        ]
        with closing(sqlite3.connect(path)) as db, db:  # add() would wait for the disk each time
            db.executemany("INSERT INTO ratings (user, request, text, stars, time) VALUES (?, ?, ?, ?, ?)", rows)
        taste = TasteOf("me")
        os.environ["DIAGEN_HOME"] = folder
        for nth in range(5):
            drawings = [Candidate(parse(f"Step {nth} {i} [data] -> Clean -> Train\n")) for i in range(8)]
            for drawing in drawings:
                assert drawing.image  # infer.py has drawn them before, to tell readability
            start = time.perf_counter()
            with Ratings(path) as ratings:
                opened = time.perf_counter()
                found = len(ratings.of("me", taste.taste.most))
            done = time.perf_counter()
            taste(drawings)
            ranked = time.perf_counter()
            times = (1000 * (end - begun) for begun, end in ((start, opened), (opened, done), (done, ranked)))
            print(
                f"{number:,} ratings, the newest {found:,} of use: opened in {next(times):.1f} ms, read in "
                f"{next(times):.1f}; opened, read, and eight predicted in {next(times):.1f}"
            )


if __name__ == "__main__":
    main()
