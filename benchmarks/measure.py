"""How many diagrams hold what their requests asked for.

    python infer.py prompts=benchmarks/requests.jsonl output=/tmp/answers.jsonl candidates=1 keep=1
    python benchmarks/measure.py benchmarks/requests.jsonl /tmp/answers.jsonl [--misses 10]

Prints one JSON object for the English requests and one for the Korean ones: shares of exact networks and graphs, mean
F1 of nodes and edges, and, among the requests that ask for them, shares of right kernels, filters, activations, edge
labels, groups, repeats and skips.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from diagen.measure import measure


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("expected", type=Path)
    parser.add_argument("answers", type=Path)
    parser.add_argument("--misses", type=int, default=0, help="print this many of the misses of each language")
    args = parser.parse_args()
    expected = [json.loads(line) for line in args.expected.read_text(encoding="utf-8").split("\n") if line]
    lines = args.answers.read_text(encoding="utf-8").split("\n")
    answers = {str(row["id"]): row for row in map(json.loads, filter(None, lines))}
    for language in dict.fromkeys(row.get("lang", "en") for row in expected):
        part = [row for row in expected if row.get("lang", "en") == language]
        print(json.dumps({"language": language, **measure(part, answers, args.misses)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
