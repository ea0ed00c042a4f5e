"""A W&B workspace that compares the runs of a project: curves, what mattered, sample pictures.

python -m diagen.dashboard --entity ME                 makes it and prints its address (needs a W&B account)

Needs the extra: pip install -e ".[dashboard]"
"""

from __future__ import annotations

import argparse
import sys
from typing import Any

from diagen import DiagenError

CURVES = {  # section: the metrics of its curves, and the one that settings are weighed by
    "Readability (model=cnn)": (("train/loss", "val/loss", "val/mae", "val/spearman", "val/pairs"), "val/mae"),
    "Auto-encoder (model=autoencoder)": (("train/loss", "val/loss"), "val/loss"),
    "Language model (model=llm)": (("train/loss", "eval/loss", "eval/rewards/margins", "eval/rewards/accuracies"), ""),
}
PICTURES = ("pictures/scatter", "pictures/worst", "pictures/reconstructions", "pictures/map", "answers")


def workspace(entity: str, project: str) -> Any:
    """The workspace, built here and not sent anywhere."""
    try:
        import wandb_workspaces.reports.v2 as wr
        import wandb_workspaces.workspaces as ws
    except ImportError as error:
        raise DiagenError('the dashboard needs another package: pip install -e ".[dashboard]"') from error
    sections = []
    for name, (metrics, goal) in CURVES.items():
        steps = "train/global_step" if "model=llm" in name else "trainer/global_step"  # of transformers, of Lightning
        panels: list[Any] = [wr.LinePlot(title=metric, x=steps, y=[metric], smoothing_factor=0.3) for metric in metrics]
        if goal:
            panels.append(wr.ParameterImportancePlot(with_respect_to=goal))
        sections.append(ws.Section(name=name, panels=panels, is_open=True))
    browser = wr.MediaBrowser(media_keys=list(PICTURES), num_columns=2)
    sections.append(ws.Section(name="Pictures", panels=[browser, wr.RunComparer()], is_open=True))
    return ws.Workspace(entity=entity, project=project, name="diagen", sections=sections)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entity", required=True, help="a W&B user or team")
    parser.add_argument("--project", default="diagen")
    args = parser.parse_args()
    try:
        made = workspace(args.entity, args.project)
        try:
            made.save()
        except Exception as error:  # wandb has many kinds: no key, no network, no such entity
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise DiagenError(
                f"W&B did not take the dashboard: {reason}; is WANDB_API_KEY set, the entity right?"
            ) from error
    except DiagenError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(made.url)
    return 0


if __name__ == "__main__":
    sys.exit(main())
