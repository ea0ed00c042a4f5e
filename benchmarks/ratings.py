"""How long it takes to open the ratings, to read all of one user's, and to predict eight more; the goal is 50 ms for
10,000, once warm. The drawings' pictures are there already, and so are the latents of what was rated.

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

import numpy as np

from diagen.data.images import renderer_hash
from diagen.data.ratings import Ratings, latent_key
from diagen.diagram import parse
from diagen.models.autoencoder import ConvAutoEncoder
from diagen.models.nets import load_net
from diagen.score import Candidate, TasteOf

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
        taste = TasteOf("me")
        net, digest = load_net(ConvAutoEncoder, None, "autoencoder")
        with Ratings(path) as ratings:
            keys = [latent_key(row.text, digest, renderer_hash()) for row in ratings.of("me")[-taste.taste.most :]]
            numbers = np.random.default_rng(1).normal(size=(len(keys), net.hparams["latent"] + 1)).astype(np.float32)
            ratings.add_latents(dict(zip(keys, numbers, strict=True)))
        os.environ["DIAGEN_HOME"] = folder
        drawings = [Candidate(parse(f"Step {i} [data] -> Clean -> Train\n")) for i in range(8)]
        for _ in range(5):
            start = time.perf_counter()
            with Ratings(path) as ratings:
                opened = time.perf_counter()
                found = len(ratings.of("me"))
            done = time.perf_counter()
            taste(drawings)
            ranked = time.perf_counter()
            print(
                f"{found:,} ratings: opened in {1000 * (opened - start):.1f} ms, read in {1000 * (done - opened):.1f}; "
                f"opened, read, and eight predicted in {1000 * (ranked - done):.1f}"
            )


if __name__ == "__main__":
    main()
