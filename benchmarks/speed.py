"""Seconds from the model loaded to the files written: up to eight distinct candidates, scored, four drawn, 20 requests.

    python -m benchmarks.speed [--requests benchmarks/requests.jsonl]

Ten of the requests have ten or more boxes. Prints the seconds from process start to model loaded, the median and the
worst of the requests, tokens per second and the share of the time that goes into decoding.
"""

from __future__ import annotations

import time

START = time.monotonic()

import argparse  # noqa: E402
import json  # noqa: E402
import statistics  # noqa: E402
import tempfile  # noqa: E402
from pathlib import Path  # noqa: E402

from diagen.diagram import GRAMMAR, GRAMMAR_HASH, ask  # noqa: E402
from diagen.models.llm import DiagramLLM  # noqa: E402
from diagen.results import Drawing, record  # noqa: E402
from diagen.sampling import sampled  # noqa: E402
from diagen.score import Readability, rank  # noqa: E402

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--requests", type=Path, default=Path(__file__).with_name("requests.jsonl"))
parser.add_argument("--adapter", default="shipped")
parser.add_argument("--dtype", default="float32")
args = parser.parse_args()

rows = [json.loads(line) for line in args.requests.read_text(encoding="utf-8").splitlines()]
rows = [r for r in rows if r.get("lang", "en") == "en"]
boxes = [len(r.get("nodes") or r["layers"]) for r in rows]
large = [r for r, n in zip(rows, boxes, strict=True) if n >= 10][:10]
small = [r for r, n in zip(rows, boxes, strict=True) if n < 10][:10]
llm = DiagramLLM(adapter=args.adapter, dtype=args.dtype, grammar_hash=GRAMMAR_HASH)
scorers = {"readability": Readability()}
llm.generate([ask("warm up")], 1, grammars=[GRAMMAR], max_new_tokens=2)
loaded = time.monotonic() - START

seconds, decoding, tokens, drawn, masked = [], [], 0, 0, []
with tempfile.TemporaryDirectory() as folder:
    for i, row in enumerate([*small, *large]):
        start = time.monotonic()
        rounds = list(
            sampled(llm, row["prompt"], 8, {}, temperature=0.7, seed=1, grammars=[GRAMMAR], max_new_tokens=512)
        )
        tokens += sum(found.written.tokens for found in rounds)
        diagrams = rank(row["prompt"], rounds[-1].candidates, scorers)
        place = Path(folder) / str(i)
        place.mkdir()
        for n, diagram in enumerate(diagrams[:4], 1):
            meta = record(f"{n:02d}", row["prompt"], diagram, 1, llm.name)
            Drawing(("png", "svg")).write(diagram, place, f"{n:02d}", meta)
            drawn += 1
        seconds.append(time.monotonic() - start)
        decoding.append(sum(found.written.seconds for found in rounds))
        masked += [(found.written.masked_share, found.written.tokens) for found in rounds]
print(
    json.dumps(
        {
            "start to model loaded, s": round(loaded, 1),
            "median, s": round(statistics.median(seconds), 1),
            "worst, s": round(max(seconds), 1),
            "tokens/s": round(tokens / sum(decoding)),
            "share of decoding": round(sum(decoding) / sum(seconds), 2),
            "drawings": drawn,
            "steps changed by the mask": round(sum(share * n for share, n in masked) / tokens, 4),
        }
    )
)
