"""Rows for the trainers of TRL: "prompt" and "completion" for SFT; "prompt", "chosen", "rejected" for preferences."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any
from zlib import crc32

from datasets import Dataset

from diagen import DiagenError
from diagen.data.mistakes import mistaken
from diagen.data.ratings import pairs_of
from diagen.data.synthetic import pairs
from diagen.diagram import ask


def load_sft(number: int, held_out: int, seed: int, tokenizer: Any = None, max_length: int = 0) -> dict[str, Dataset]:
    """{"train": ..., "eval": ...}: `number` pairs for training, `held_out` of templates that training never sees.

    With a tokenizer, pairs of more than max_length tokens are left out (never cut), and replaced by the next ones.
    """

    def rows(split: str, count: int) -> Dataset:
        found, seen, left_out = [], set(), 0
        for pair in islice(pairs(seed, split), 40 * count + 1000 if count else 0):
            if split == "held_out" and pair["source"] not in ("template", "none"):
                continue
            if pair["request"] in seen:
                continue
            answer = [{"role": "assistant", "content": pair["text"]}]
            if tokenizer:
                ids = tokenizer.apply_chat_template([*ask(pair["request"]), *answer], return_dict=True)["input_ids"]
                if len(ids) > max_length:
                    left_out += 1
                    continue
            seen.add(pair["request"])
            found.append({"prompt": ask(pair["request"]), "completion": answer})
            if len(found) == count:
                break
        print(f"{split}: {len(found):,} pairs ({left_out} longer than {max_length} tokens left out)")
        if left_out > len(found) > 1:
            raise DiagenError(
                f"{left_out} of {left_out + len(found)} {split} pairs are longer than {max_length} tokens; "
                "raise stage.trainer.args.max_length"
            )
        return Dataset.from_list(found)

    return {"train": rows("train", number), "eval": rows("held_out", held_out)}


def load_preferences(
    sources: list[str],
    number: int,
    held_out: int,
    seed: int,
    path: str | None = None,
    user: str = "me",
    tokenizer: Any = None,
    max_length: int = 0,
) -> dict[str, Dataset]:
    """{"train": ..., "eval": ...} with columns "prompt", "chosen" and "rejected", as strings.

    sources: "mistakes" (made here, a right diagram against one with a mistake), and what `python -m diagen.pairs` wrote
    to `path`: "samples" (of the model) and "ratings" (of a user); where it holds no ratings they are the user's on this
    machine. Held out are mistakes, or, where ratings are a source, a fifth of those, by request. Rows in which a side
    is longer than max_length tokens, the prompt included, are left out and counted, never cut.
    """
    unknown = set(sources) - {"mistakes", "samples", "ratings"}
    if unknown or not sources:
        raise DiagenError(f"stage.rows.sources={sources} is unknown; there are mistakes, samples and ratings")
    found: list[dict[str, str]] = []
    if "samples" in sources or path:
        found += [row for row in written(path) if row["origin"].split(":")[0] in sources]
    if "ratings" in sources and all(row["origin"] != "ratings" for row in found):
        found += pairs_of(user)
    if not found and ("samples" in sources or path):
        raise DiagenError(f"{path} holds no pair from {' or '.join(sources)}; write some: python -m diagen.pairs")
    if "ratings" in sources:
        kept = _part_of([row for row in found if row["origin"] == "ratings"])
        asked = {row["request"] for row in kept}
        found = [row for row in found if row["request"] not in asked]
    else:
        kept = list(islice(mistakes(seed, "held_out"), held_out))
    random.Random(seed).shuffle(found)
    if len(found) > number:
        print(f"{number:,} of {len(found):,} pairs are taken; raise stage.rows.number for more")
    found = found[:number]
    if "mistakes" in sources:
        found += list(islice(mistakes(seed, "train"), number - len(found)))
        random.Random(seed).shuffle(found)
    return {
        "train": _fitting(found, tokenizer, max_length, "train"),
        "eval": _fitting(kept[:held_out], tokenizer, max_length, "held_out"),
    }


def _part_of(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """All pairs of some requests, a fifth of them or a little more; most stay on their side as requests are added."""
    found: list[dict[str, str]] = []
    for request in sorted({row["request"] for row in rows}, key=lambda request: crc32(request.encode())):
        if len(found) < max(2, len(rows) / 5):
            found += [row for row in rows if row["request"] == request]
    if len(found) == len(rows):
        raise DiagenError("the ratings tell drawings of too few requests apart to hold some out; rate more requests")
    return found


def mistakes(seed: int, split: str) -> Iterator[dict[str, str]]:
    """An endless stream of rows "request", "chosen", "rejected" and "origin"."""
    r = random.Random(f"{seed} {split} mistakes")
    for pair in pairs(seed, split):
        wrong = mistaken(pair["text"], r) if pair["source"] != "none" else None
        if wrong:
            yield {
                "request": pair["request"],
                "chosen": pair["text"],
                "rejected": wrong[0],
                "origin": f"mistakes:{wrong[1]}",
            }


def written(path: str | Path | None) -> list[dict[str, str]]:
    """The rows of a file of pairs."""
    if path is None:
        raise DiagenError("stage.rows.path is not set; write pairs first: python -m diagen.pairs --help")
    try:
        lines = Path(path).read_text(encoding="utf-8").split("\n")  # a request may hold other ends of lines
        rows = [json.loads(line) for line in lines if line.strip()]
        for row in rows:
            if not all(isinstance(row[name], str) for name in ("request", "chosen", "rejected", "origin")):
                raise TypeError
    except OSError as error:
        raise DiagenError(f"{path} cannot be read: {error.strerror or error}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise DiagenError(f"{path} is no file of pairs; write one: python -m diagen.pairs --help") from error
    return rows


def _fitting(rows: list[dict[str, str]], tokenizer: Any, max_length: int, name: str) -> Dataset:
    """The rows as strings in the tokenizer's chat form, without those that are too long."""
    found, long = [], 0
    # A tokenizer that sets its first token itself would set it before the template's own.
    first = tokenizer.bos_token if tokenizer and tokenizer("")["input_ids"] == [tokenizer.bos_token_id] else ""
    for row in rows:
        if tokenizer is None:
            found.append({"prompt": row["request"], "chosen": row["chosen"], "rejected": row["rejected"]})
            continue
        prompt = tokenizer.apply_chat_template(
            ask(row["request"]), add_generation_prompt=True, tokenize=False
        ).removeprefix(first)
        sides = [row["chosen"], row["rejected"]]
        if max(len(tokenizer(prompt + side)["input_ids"]) for side in sides) + 2 > max_length:
            long += 1
            continue
        found.append({"prompt": prompt, "chosen": sides[0], "rejected": sides[1]})
    print(f"{name}: {len(found):,} pairs ({long} longer than {max_length} tokens left out)")
    if len(found) < 2 or long > len(rows) / 2:
        raise DiagenError(
            f"{long} of {len(rows)} {name} pairs are longer than {max_length} tokens and {len(found)} are left; "
            "raise stage.trainer.args.max_length or give more pairs"
        )
    return Dataset.from_list(found)
