"""The mean of adapters that were trained one from the other: what each has learnt, in one that is no larger.

python -m diagen.models.mean outputs/llm/ONE/adapter outputs/llm/OTHER/adapter --output outputs/mean

Each matrix of LoRA is the plain mean of the same matrix in all (weight averaging: Wortsman et al., Model soups, ICML
2022). That is no mean of their products, and only sensible for adapters that lie near each other, as those do of which
one goes on from the other. Whether it is better is for a measurement to say (LOG.md has one).
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from diagen import DiagenError
from diagen.models.llm import CARD

WEIGHTS, SETTINGS = "adapter_model.safetensors", "adapter_config.json"


def read(folder: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """The matrices and the card of an adapter."""
    try:
        card = json.loads((folder / CARD).read_text(encoding="utf-8"))
        return load_file(folder / WEIGHTS), card
    except (OSError, ValueError, SafetensorError) as error:
        raise DiagenError(
            f"there is no whole adapter in {folder}: {error}; give folders that train.py wrote"
        ) from error


def mean(folders: list[Path], output: Path) -> None:
    """Writes an adapter with the mean of the matrices of others, and a card that holds theirs."""
    if len(folders) < 2:
        raise DiagenError("a mean needs two adapters or more; name their folders")
    if output.exists():
        raise DiagenError(f"{output} exists already and is not overwritten; choose another --output")
    found = [read(folder) for folder in folders]
    (first, card), rest = found[0], found[1:]
    for folder, (matrices, other) in zip(folders[1:], rest, strict=True):
        like = {name: matrix.shape for name, matrix in matrices.items()} == {n: m.shape for n, m in first.items()}
        if not like or any(other.get(key) != card.get(key) for key in ("base_sha256", "grammar")):
            raise DiagenError(f"{folder} has another base, grammar or shape than {folders[0]}; they have no mean")
    matrices = {
        name: torch.stack([each[name].float() for each, _ in found]).mean(0).to(matrix.dtype)
        for name, matrix in first.items()
    }
    part = output.with_name(output.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    save_file(matrices, part / WEIGHTS, metadata={"format": "pt"})
    shutil.copyfile(folders[0] / SETTINGS, part / SETTINGS)
    kept = {key: card[key] for key in ("base", "base_sha256", "grammar")}
    whole = {**kept, "command": "python -m diagen.models.mean", "mean_of": [each for _, each in found]}
    (part / CARD).write_text(json.dumps(whole, indent=2) + "\n", encoding="utf-8")
    part.replace(output)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+", metavar="FOLDER")
    parser.add_argument("--output", type=Path, required=True)
    args = parser.parse_args()
    try:
        mean(args.folders, args.output)
    except DiagenError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"adapter: {args.output}, the mean of {len(args.folders)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
