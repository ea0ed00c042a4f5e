"""Comparing runs, with W&B and without."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, TINY
from safetensors.torch import load_file, save_file

from benchmarks import stages
from diagen import compare, dashboard
from diagen.dashboard import CURVES, workspace
from diagen.data.mistakes import mistaken
from diagen.models.llm import CARD


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


def test_backbones_are_compared(run, tmp_path, monkeypatch, capsys) -> None:
    """A sweep over two backbones, with the grammar and without; both are random, and cut off."""
    shutil.copytree(TINY, tmp_path / "other")
    weights = load_file(tmp_path / "other/model.safetensors")
    save_file({name: w.flip(0) for name, w in weights.items()}, tmp_path / "other/model.safetensors", {"format": "pt"})
    rows = [{"id": "1", "prompt": "a then b", "text": "a -> b\n"}, {"id": "2", "prompt": "2 inputs"}]
    (tmp_path / "p.jsonl").write_text("\n".join(map(json.dumps, rows)))
    models = ["llm=tiny", f"llm.weights={TINY},{tmp_path / 'other'}", "grammar=true,false"]
    assert run("-m", *models, "prompts=p.jsonl", "output=x.jsonl", "candidates=1", "max_new_tokens=16").status == 1
    status, out, _ = compared(monkeypatch, capsys, *map(str, (tmp_path / "outputs/infer").iterdir()))
    head, *lines = out.splitlines()
    assert status == 0 and len(lines) == 4
    assert head.split()[:5] == ["run", "model", "llm.weights", "grammar", "parsed"] and "graphs_exact" in head
    assert [line.split()[1] for line in lines] == ["tiny_llm", "tiny_llm", "other", "other"]


def test_figures_of_a_backbone(run, fake, tmp_path, monkeypatch, capsys) -> None:
    fake(lambda request: ["none\n"] if "weather" in request else ["a -> b -> c\n"])
    rows = [
        {"id": 1, "prompt": "a, b, c", "text": "a -> b\n-> c\n"},
        {"id": 2, "prompt": "a and b", "text": "a -> b\n"},
        {"id": 3, "prompt": "a, b, c", "kind": "graph", "nodes": ["A", "B", "C"], "edges": [["A", "B"], ["B", "C"]]},
        {"id": 4, "prompt": "weather", "text": "not a diagram ->"},
    ]
    (tmp_path / "p.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert run("-m", "seed=1,2", "prompts=p.jsonl", "output=x.jsonl", "candidates=1").status == 0
    (sweep,) = (tmp_path / "outputs/infer").iterdir()
    figures = json.loads((sweep / "0/infer.json").read_text())["figures"]
    assert (figures["parsed"], figures["graphs_exact"], figures["edge_f1"]) == (0.75, 0.667, 0.889)
    assert figures["seconds"] > 0 and "layers_exact" not in figures
    assert compared(monkeypatch, capsys, str(sweep))[1].split()[:3] == ["run", "seed", "parsed"]


def adapters(folder: Path) -> list[str]:
    """Two adapters in name only, and answers of theirs: right ones, and mistaken ones of which one was cut off."""
    rows, r, words = stages.held_out(3, 1), random.Random(1), []
    settings = {"samples": 2, "temperature": 0.7, "weights": "smollm2_135m", "longest": 512}
    kept = stages.Kept(folder / "keep.jsonl", settings | {"grammar": stages.GRAMMAR_HASH})
    for name in ("sft", "dpo"):
        (folder / name).mkdir()
        (folder / name / CARD).write_text('{"minutes": 7}')
        (folder / name / "adapter_model.safetensors").write_text(name)
        words.append(f"{name}={folder / name}")
        for row in rows:
            wrong = next(w for w in (mistaken(row["text"], r) for _ in range(50)) if w and w[1] != "other_style")
            texts = [row["text"], row["text"] if name == "sft" else wrong[0]]
            kept.add([{"adapter": stages.Adapter(name, folder / name).sha256, "prompt": row["prompt"], "texts": texts}
                      | {"finished": [True, name == "sft" or row != rows[0]], "tokens": 30}])  # fmt: skip
    return words


def test_stages_are_compared(tmp_path, monkeypatch, capsys) -> None:
    words = adapters(tmp_path)
    keep = tmp_path / "keep.jsonl"
    keep.write_bytes(keep.read_bytes() + b'{"adapter": "cut o')
    settings = ["--number", "3", "--seed", "1", "--samples", "2", "--keep", str(keep)]
    monkeypatch.setattr(sys, "argv", ["stages", *words, *settings])
    assert stages.main() == 0
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in capsys.readouterr().out.split("\n") if line]
    found = {row[0]: row[1:] for row in rows}
    assert found["held-out (3 requests)"] == ["sft", "dpo"] and found["minutes of training"] == ["7", "7"]
    assert found["right graphs, mean of the samples"] == ["1.000", "0.500"]
    assert found["right but for kinds, mean of the samples"][0] == "1.000" and found["no diagram"] == [
        "0.000",
        "0.167",
    ]
    assert found["distinct drawings of 2"] == ["1.000", "1.667"] and found["tokens of an answer"] == ["15.000"] * 2
    assert found["the same, both graphs right"] == ["-", "0.500 (0.500 to 0.500)"]
    assert keep.read_text().endswith("}\n")  # what a kill had cut is gone

    for wrong, told in (
        ([*words, words[0]], "a name of its own"),
        (["sft=nowhere"], "no adapter in nowhere"),
        ([*words, "--samples", "3"], "other settings"),
        ([*words, "--requests", "no"], "no cannot be read"),
    ):
        monkeypatch.setattr(sys, "argv", ["stages", *settings, *wrong])
        assert stages.main() == 1 and told in capsys.readouterr().err


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
         "trainer.devices=2", "trainer.strategy=ddp", "trainer.accelerator=cpu", "+trainer.enable_progress_bar=false",
         "wandb.mode=offline", f"hydra.run.dir={tmp_path}/run"],
        cwd=tmp_path, capture_output=True, text=True, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.count("net: ") == 1
    assert len(list((tmp_path / "run/wandb").glob("offline-run-*"))) == 1  # logged once


def sweep(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    small = ["data.side=32", "data.num_requests=4", "data.num_held_out=2", "data.batch_size=6", "data.num_workers=0"]
    return subprocess.run(
        [sys.executable, str(ROOT / "train.py"), "-m", *small, "trainer.max_epochs=1", "trainer.accelerator=cpu",
         "+trainer.enable_progress_bar=false", "wandb.mode=disabled", f"hydra.sweep.dir={folder}/sweep", *arguments],
        cwd=folder, capture_output=True, text=True, timeout=240,
    )  # fmt: skip


def test_a_job_that_fails_is_named_and_the_others_go_on(tmp_path) -> None:
    done = sweep(tmp_path, "model=cnn", "model.width=-1,4")
    assert done.returncode == 1 and done.stderr.splitlines()[-1] == "failed: job 0; the other jobs are done"
    assert "error in job 0: " in done.stderr and done.stdout.count("net: ") == 1
    card = json.loads((tmp_path / "sweep/1/net/diagen.json").read_text())
    assert 0 <= card["data_wait"] < 1 and card["settings"]["width"] == 4


def test_a_search_goes_on_after_a_trial_that_fails(tmp_path) -> None:
    pytest.importorskip("optuna")
    done = sweep(tmp_path, "experiment=cnn_search", "hydra.sweeper.n_trials=2", "model.width=-1")
    assert done.returncode == 1 and done.stderr.splitlines()[-1] == "failed: jobs 0, 1; the other jobs are done"
