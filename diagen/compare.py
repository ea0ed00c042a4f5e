"""Compare runs of train.py, of any kind, without a W&B account; and backbones, by sweeps of infer.py over requests.

python -m diagen.compare outputs/cnn/2026-11-22_15-00-00 outputs/cnn/2026-11-22_16-00-00
python -m diagen.compare outputs/cnn/SWEEP --output compare.png
python infer.py -m llm=smollm2_135m,deepseek_coder_1b grammar=true,false prompts=FILE.jsonl output=x.jsonl candidates=1
python -m diagen.compare outputs/infer/SWEEP

Prints a table: a line a run, first the settings in which they differ, then their figures; and draws the figures as
bars. A folder of a sweep stands for all its jobs. Runs that have not ended are named.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from diagen import DiagenError

CARDS = ("net/diagen.json", "adapter/diagen.json", "infer.json")
BEGUN = (".hydra", "last.ckpt", "*.part")  # what a run without a card leaves
FIGURES = ("eval_loss", "exact_before", "exact_after", "preferred_before", "preferred_after", "minutes", "memory_mb")


def runs_below(folder: Path) -> tuple[list[Path], list[Path]]:
    """The runs of a folder, itself or its jobs: those that have ended, and those that have not."""
    if not folder.is_dir():
        raise DiagenError(f"{folder} is no folder; give the run's folder that train.py named")
    found = [p for p in (folder, *sorted(folder.iterdir())) if p.is_dir()]
    ended = [p for p in found if any((p / card).is_file() for card in CARDS)]
    begun = [p for p in found if p not in ended and any(any(p.glob(sign)) for sign in BEGUN)]
    if not ended and not begun:
        raise DiagenError(f"{folder} holds no run of train.py, and no sweep of infer.py over prompts")
    return ended, begun


def card_of(run: Path) -> tuple[dict[str, Any], dict[str, float]]:
    """The settings and the figures of a run that has ended."""
    path = next(run / card for card in CARDS if (run / card).is_file())
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
        settings = dict(card.get("settings") or {}) | {"seed": card.get("seed")}
        settings |= {"model": card.get("class") or "DiagramLLM"}
        settings |= dict(word.split("=", 1) for word in card.get("command", "").split() if "=" in word)
        settings.pop("hydra.run.dir", None)
        figures = dict(card.get("figures") or {})
        figures |= {k: card[k] for k in FIGURES if card.get(k) is not None}
    except (OSError, ValueError, AttributeError) as error:
        raise DiagenError(f"{path} cannot be read: {error}") from error
    return settings, {name: float(value) for name, value in figures.items()}


def table(names: list[str], cards: list[tuple[dict[str, Any], dict[str, float]]]) -> str:
    """A line a run: what they differ in, and their figures."""
    keys = dict.fromkeys(key for settings, _ in cards for key in settings)
    differ = [k for k in keys if len({str(settings.get(k)) for settings, _ in cards}) > 1]
    figures = list(dict.fromkeys(key for _, found in cards for key in found))
    rows = [["run", *differ, *figures]]
    for name, (settings, found) in zip(names, cards, strict=True):
        values = [f"{found[k]:.4f}" if k in found else "-" for k in figures]
        rows.append([name, *(str(settings.get(k, "-")) for k in differ), *values])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows)


def plot(names: list[str], cards: list[tuple[dict[str, Any], dict[str, float]]], output: Path) -> None:
    """Bars: a panel a figure, a bar a run."""
    from matplotlib.figure import Figure

    keys = list(dict.fromkeys(key for _, found in cards for key in found))
    columns = min(3, len(keys))
    figure = Figure(figsize=(4.5 * columns, 2.2 * -(-len(keys) // columns)), layout="tight")
    for i, key in enumerate(keys, 1):
        axes = figure.add_subplot(-(-len(keys) // columns), columns, i)
        axes.barh(range(len(names)), [found.get(key, 0.0) for _, found in cards], color="#5880D1")
        axes.set_yticks(range(len(names)), names, fontsize=7)
        axes.invert_yaxis()
        axes.set_title(key, fontsize=9)
    figure.savefig(output, dpi=120)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--output", type=Path, help="a .png for the bars")
    args = parser.parse_args()
    try:
        ended: list[Path] = []
        for folder in args.runs:
            some, begun = runs_below(folder)
            ended += some
            for run in begun:
                print(f"{run} has not ended", file=sys.stderr)
        if not ended:
            raise DiagenError("none of the runs has ended")
        cards = [card_of(run) for run in ended]
        short = len({run.name for run in ended}) == len(ended)
        names = [run.name if short else f"{run.parent.name}/{run.name}" for run in ended]
        print(table(names, cards))
        if args.output:
            plot(names, cards, args.output)
            print(args.output)
    except DiagenError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
