"""Comparing runs, with W&B and without."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

from diagen import compare, dashboard
from diagen.dashboard import CURVES, workspace


def run_of(folder: Path, seed: int, width: int, mae: float) -> None:
    (folder / "net").mkdir(parents=True)
    card = {
        "class": "ReadabilityCNN",
        "settings": {"width": width, "lr": 0.002},
        "seed": seed,
        "figures": {"test/mae": mae},
    }
    (folder / "net/diagen.json").write_text(json.dumps(card | {"command": f"python train.py model=cnn seed={seed}"}))


def compared(monkeypatch, capsys, *arguments: str) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["compare", *arguments])
    status = compare.main()
    return status, *capsys.readouterr()


def test_runs_are_compared(tmp_path, monkeypatch, capsys) -> None:
    for n, (seed, width, mae) in enumerate([(1, 16, 0.4), (2, 16, 0.42), (1, 32, 0.35)]):
        run_of(tmp_path / "sweep" / str(n), seed, width, mae)
    (tmp_path / "sweep/3/.hydra").mkdir(parents=True)
    status, out, err = compared(monkeypatch, capsys, str(tmp_path / "sweep"), "--output", str(tmp_path / "c.png"))
    lines = out.splitlines()
    assert status == 0 and lines[0].split() == ["run", "width", "seed", "test/mae"] and len(lines) == 5
    assert lines[3].split() == ["2", "32", "1", "0.3500"] and "3 has not ended" in err
    assert (tmp_path / "c.png").read_bytes().startswith(b"\x89PNG")


def test_what_cannot_be_compared(tmp_path, monkeypatch, capsys) -> None:
    for path, words in ((tmp_path / "no", "is no folder"), (tmp_path, "holds no run")):
        status, _, err = compared(monkeypatch, capsys, str(path))
        assert status == 1 and words in err
    run_of(tmp_path / "a", 1, 1, 1.0)
    (tmp_path / "a/net/diagen.json").write_text("{")
    assert compared(monkeypatch, capsys, str(tmp_path / "a"))[0] == 1


def test_the_dashboard_is_built_without_sending() -> None:
    pytest.importorskip("wandb_workspaces")
    made = workspace("someone", "diagen")
    assert [s.name for s in made.sections] == [*CURVES, "Pictures"]
    drawn = {y for s in made.sections for p in s.panels for y in map(str, getattr(p, "y", None) or [])}
    assert {"val/mae", "eval/rewards/margins"} <= drawn
    assert made._to_model()


def test_the_dashboard_without_an_account(monkeypatch, capsys) -> None:
    pytest.importorskip("wandb_workspaces")

    class Refusing:
        def save(self) -> None:
            raise RuntimeError("no key\nmore")

    monkeypatch.setattr(dashboard, "workspace", lambda *a: Refusing())
    monkeypatch.setattr(sys, "argv", ["dashboard", "--entity", "x"])
    assert dashboard.main() == 1 and "no key; is WANDB_API_KEY set" in capsys.readouterr().err


def test_two_processes_train_together(tmp_path) -> None:
    small = ["model.width=4", "data.side=32", "data.num_requests=4", "data.num_held_out=2", "data.batch_size=6"]
    done = subprocess.run(
        [sys.executable, str(ROOT / "train.py"), "model=cnn", *small, "data.num_workers=0", "trainer.max_epochs=1",
         "trainer.devices=2", "+trainer.strategy=ddp", "trainer.accelerator=cpu", "+trainer.enable_progress_bar=false",
         "wandb.mode=offline", f"hydra.run.dir={tmp_path}/run"],
        cwd=tmp_path, capture_output=True, text=True, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.count("net: ") == 1
    assert len(list((tmp_path / "run/wandb").glob("offline-run-*"))) == 1  # logged once
