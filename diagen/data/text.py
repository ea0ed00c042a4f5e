"""Rows for the trainers of TRL: columns "prompt" and "completion", as chat messages."""

from __future__ import annotations

from itertools import islice
from typing import Any

from datasets import Dataset

from diagen.data.synthetic import pairs
from diagen.diagram import ask


def load_sft(number: int, held_out: int, seed: int, tokenizer: Any = None, max_length: int = 0) -> dict[str, Dataset]:
    """{"train": ..., "eval": ...}: `number` pairs for training, `held_out` of templates that training never sees.

    With a tokenizer, pairs of more than max_length tokens are left out (never cut), and replaced by the next ones.
    """

    def rows(split: str, count: int) -> Dataset:
        found, seen, left_out = [], set(), 0
        for pair in islice(pairs(seed, split), 40 * count + 1000):
            if split == "held_out" and pair["source"] not in ("template", "none"):
                continue
            if pair["request"] in seen:
                continue
            if tokenizer and len(tokenizer(pair["request"] + pair["text"])["input_ids"]) > max_length - 24:
                left_out += 1
                continue
            seen.add(pair["request"])
            answer = [{"role": "assistant", "content": pair["text"]}]
            found.append({"prompt": ask(pair["request"]), "completion": answer})
            if len(found) == count:
                break
        print(f"{split}: {len(found):,} pairs ({left_out} longer than {max_length} tokens left out)")
        return Dataset.from_list(found)

    return {"train": rows("train", number), "eval": rows("held_out", held_out)}
