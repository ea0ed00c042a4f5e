"""How many samples at temperature 1 end by themselves and can be read.

    python -m benchmarks.samples [--number 2000] [--adapter shipped]

Requests of benchmarks/requests.jsonl in turn; prints counts as it goes, a JSON object at the end, and the broken ones.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from diagen.diagram import GRAMMAR, GRAMMAR_HASH, DiagramError, ask, parse
from diagen.models.llm import DiagramLLM

BATCH, EACH = 12, 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--number", type=int, default=2000)
    parser.add_argument("--adapter", default="shipped")
    parser.add_argument("--temperature", type=float, default=1.0)
    args = parser.parse_args()
    lines = Path(__file__).with_name("requests.jsonl").read_text(encoding="utf-8").splitlines()
    prompts = [json.loads(line)["prompt"] for line in lines]
    llm = DiagramLLM(adapter=args.adapter, dtype="float32", grammar_hash=GRAMMAR_HASH)
    done = endless = broken = none = seed = at = 0
    while done < args.number:
        some = [prompts[(at + i) % len(prompts)] for i in range(BATCH)]
        seed, at = seed + (at + BATCH >= len(prompts)), (at + BATCH) % len(prompts)
        written = llm.generate(
            [ask(p) for p in some],
            EACH,
            [GRAMMAR] * len(some),
            args.temperature,
            seed,
            512,
            beams=0,
        )
        for prompt, texts, finished in zip(some, written.texts, written.finished, strict=True):
            for text, ended in zip(texts, finished, strict=True):
                done += 1
                if not ended:
                    endless += 1
                    print("endless:", repr(prompt[:80]), repr(text[-80:]))
                    continue
                if text == "none\n":
                    none += 1
                    continue
                try:
                    parse(text)
                except DiagramError as error:
                    broken += 1
                    print("broken:", repr(prompt[:80]), error)
        print(f"{done} samples, {endless} endless, {broken} broken, {none} none", flush=True)
    print(json.dumps({"samples": done, "endless": endless, "broken": broken, "none": none}))


if __name__ == "__main__":
    main()
