"""train.py: a few steps on the random model."""

from __future__ import annotations

import json
import sys

import pytest
import torch
from conftest import ROOT, TINY
from safetensors.torch import load_file

import train
from diagen.diagram import GRAMMAR_HASH
from diagen.models.llm import DiagramLLM

SMALL = [
    "model=llm", "llm=tiny", f"llm.weights={TINY}", "llm.attention=null", "stage.rows.number=8",
    "stage.rows.held_out=2", "stage.trainer.args.max_length=4000", "stage.trainer.args.bf16=false",
    "stage.trainer.args.per_device_train_batch_size=1", "stage.trainer.args.gradient_accumulation_steps=1",
    "stage.trainer.args.per_device_eval_batch_size=1", "stage.trainer.args.warmup_steps=0",
    "stage.trainer.args.save_steps=1", "stage.trainer.args.lr_scheduler_type=constant",
    "stage.trainer.args.logging_steps=1", "+stage.trainer.args.disable_tqdm=true", "wandb.mode=disabled", "check=0",
]  # fmt: skip


@pytest.fixture
def call(monkeypatch, tmp_path, capfd):
    """Calls train.py in this process; status, stdout, stderr."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["train.py", *arguments])
        capfd.readouterr()
        try:
            status = train.run(train.main)
        except SystemExit as end:
            status = end.code
        return status, *capfd.readouterr()

    return call


def steps(run):
    return json.loads((run / "trainer_state.json").read_text())["global_step"]


def test_tune_and_resume(call, tmp_path):
    run = tmp_path / "run"
    here = f"hydra.run.dir={run}"
    status, out, err = call(*SMALL, here, "+stage.trainer.args.max_steps=2")
    assert status == 0, err
    assert f"adapter: {run / 'adapter'}" in out and "eval loss" in out
    moved = load_file(run / "adapter/adapter_model.safetensors")
    assert len(moved) == 4 and all(w.abs().sum() > 0 for name, w in moved.items() if "lora_B" in name)
    card = json.loads((run / "adapter/diagen.json").read_text())
    assert card["grammar"] == GRAMMAR_HASH and card["pairs"] == 8 and card["seed"] == 1
    llm = DiagramLLM(TINY, adapter=str(run / "adapter"), dtype="float32", grammar_hash=GRAMMAR_HASH)
    bare = DiagramLLM(TINY, adapter=None, dtype="float32")
    one, two = (m.model.model.layers[0].self_attn.q_proj.weight for m in (llm, bare))
    assert not torch.equal(one, two)

    assert steps(run / "checkpoint-2") == 2
    other = f"hydra.run.dir={tmp_path}/other"
    status, out, err = call(*SMALL, other, "+stage.trainer.args.max_steps=3", f"resume={run}")
    assert status == 0, err
    assert steps(run / "checkpoint-3") == 3 and not list(tmp_path.glob("other/checkpoint-*"))
    again = load_file(run / "adapter/adapter_model.safetensors")
    assert any(not torch.equal(again[name], moved[name]) for name in moved)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["resume=nowhere"], "nothing to resume: nowhere"),
        (["llm.adapter=nowhere"], "no adapter in nowhere"),
        (["llm=gpt"], "llm/gpt"),
        (["stage.rows.numbers=3"], "no setting"),
    ],
)
def test_refusals(call, tmp_path, arguments, words):
    status, _, err = call(*SMALL, f"hydra.run.dir={tmp_path}/run", *arguments)
    assert status == 1 and err.count("error: ") == 1 and words in err and "Traceback" not in err


def test_the_configured_rows_fit_the_tokenizer():
    """The wording that training sees is the one that inference asks with."""
    from diagen.data.text import load_sft
    from diagen.diagram import ask

    rows = load_sft(number=3, held_out=1, seed=1)
    first = rows["train"][0]
    assert first["prompt"] == ask(first["prompt"][-1]["content"]) and first["completion"][0]["role"] == "assistant"
    assert (ROOT / "conf/stage/sft.yaml").is_file()


@pytest.mark.parametrize("stage", ["orpo", "dpo"])
def test_preference_stages_move_weights(call, tmp_path, stage):
    """On a bare clone: the pairs are made on the spot."""
    run = tmp_path / stage
    more = [f"stage={stage}", "stage.trainer.args.per_device_train_batch_size=2", "check=2"]
    status, out, err = call(*SMALL, *more, f"hydra.run.dir={run}", "+stage.trainer.args.max_steps=2")
    assert status == 0, err
    moved = load_file(run / "adapter/adapter_model.safetensors")
    assert all(w.abs().sum() > 0 for name, w in moved.items() if "lora_B" in name)
    assert "right graphs of 2 held-out requests: 0.00 before, 0.00 after: not worse" in out
    logged = json.loads((run / "checkpoint-2/trainer_state.json").read_text())["log_history"]
    assert any("rewards/margins" in row for row in logged)


def test_pairs_that_cannot_be_had(call, tmp_path):
    here = [*SMALL, "stage=orpo", f"hydra.run.dir={tmp_path}/run"]
    for arguments, words in (
        (["stage.rows.sources=[samples]"], "path is not set"),
        (["stage.rows.sources=[gossip]"], "gossip"),
        (["stage.rows.sources=[ratings]", "stage.rows.path=nowhere.jsonl"], "nowhere.jsonl cannot be read"),
        (["stage.trainer.args.max_length=60"], "raise stage.trainer.args.max_length"),
    ):
        status, _, err = call(*here, *arguments)
        assert status == 1 and err.count("error: ") == 1 and words in err and "Traceback" not in err


def test_wandb_gets_rewards_and_answers(call, tmp_path):
    run = tmp_path / "run"
    status, out, err = call(
        *SMALL, "stage=orpo", "wandb.mode=offline", "check=1", f"hydra.run.dir={run}",
        "+stage.trainer.args.max_steps=1", "stage.trainer.args.eval_steps=1",
    )  # fmt: skip
    assert status == 0, err
    (kept,) = run.glob("wandb/offline-run-*/*.wandb")
    told = kept.read_bytes()
    for name in (b"rewards/margins", b"rewards/accuracies", b"answers/drawn"):
        assert name in told, name
    assert b"stage.trainer.args.beta" in told  # the settings
