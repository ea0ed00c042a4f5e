"""Seconds that a user of the studio waits: from "Draw" to the first drawing, and to the ranked ones.

    python -m benchmarks.studio_speed [--number 8]

With the settings of conf/studio.yaml and the model that ships, through diagen.studio, without a browser; the history
goes into a folder that is thrown away. A drawing counts as there when the picture that the page shows is made. Prints a
line for each request, then the median and the worst of those that were drawn.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time

import hydra

import infer
import studio
from diagen import DiagenError
from diagen.studio import Studio, export

# Of the sizes and kinds that people ask for; none is of the measuring set.
REQUESTS = (
    "an MLP with 3 inputs, hidden layers of 6 and 4 and 2 outputs",
    "a customer writes a ticket, a bot answers it, and what it cannot answer goes to a person",
    "28x28 images, conv 3x3 with 16 filters, max pooling, conv 3x3 with 32 filters, dense 64, 10 classes",
    "read sensors -> smooth -> detect anomalies; if there is one, alert the operator, else store the reading",
    "an encoder and a decoder with a latent vector of 16 numbers between them",
    "nightly job: dump the database, compress, encrypt, upload to two regions, verify both copies, then delete the old "
    "ones and write a report to the team",
    "a web app calls an API gateway; it asks the auth service, the order service and the stock service; orders and "
    "stock each have a database; the order service puts events in a queue that the mail service reads",
    "입력 노드 2개, 은닉 노드 5개, 출력 노드 1개인 신경망",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--number", type=int, default=len(REQUESTS), help="of requests")
    given = parser.parse_args()
    with hydra.initialize_config_dir(infer.CONF, version_base="1.3"):
        cfg = hydra.compose("studio")
    llm = infer.load(cfg)
    behind = Studio(studio.writer(cfg, llm), infer.load_scorers(cfg), cfg.keep, llm.name)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DIAGEN_HOME"] = folder
        list(behind.draw("me", "collect data -> train -> evaluate", {}))  # loads what is loaded once
        print(f"{'first':>8}{'ranked':>8}  drawings")
        waits = []
        for request in REQUESTS[: given.number]:
            start, times, drawings = time.monotonic(), [], 0
            try:
                for entry in behind.draw("me", request, {}):
                    drawings = len(entry.drawings)
                    for number in range(drawings):
                        export(entry, number, "png")
                    times.append(time.monotonic() - start)
            except DiagenError as error:
                print(f"{'-':>8}{'-':>8}  {error}", flush=True)
                continue
            waits.append((times[0], times[-1]))
            print(f"{times[0]:8.1f}{times[-1]:8.1f}  {drawings:8}  {request[:60]}", flush=True)
    for name, of in (("median", statistics.median), ("worst", max)):
        print("".join(f"{of(column):8.1f}" for column in zip(*waits, strict=True)), "", name)


if __name__ == "__main__":
    main()
