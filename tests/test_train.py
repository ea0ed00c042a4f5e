"""train.py: a few steps on the random model."""

from __future__ import annotations

import ctypes
import json
import subprocess
import sys
import time

import pytest
import torch
from conftest import ROOT, TINY
from omegaconf import OmegaConf
from safetensors.torch import load_file

import train
from diagen.data.ratings import Ratings
from diagen.data.text import load_preferences
from diagen.diagram import GRAMMAR_HASH
from diagen.models import device
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
    one, two = (m.model.state_dict()["model.layers.0.self_attn.q_proj.weight"] for m in (llm, bare))
    assert not torch.equal(one, two)

    assert steps(run / "checkpoint-2") == 2
    other = f"hydra.run.dir={tmp_path}/other"
    status, out, err = call(*SMALL, other, "+stage.trainer.args.max_steps=3", f"resume={run}")
    assert status == 0, err
    assert steps(run / "checkpoint-3") == 3 and not list(tmp_path.glob("other/checkpoint-*"))
    status, out, err = call(*SMALL, other, "seed=2", f"resume={run}")  # it would go on with other rows
    assert status == 1 and "was begun with seed=1, not 2; go on with: python train.py model=llm" in err
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


def rate(user, number, stars):
    """Ratings of four drawings each of so many requests; `stars` of the first theme, 2 of the others."""
    with Ratings() as ratings:
        for i in range(number):
            for theme in ("night", "paper", "slide", "ink"):
                text = f"style {theme}\nStep {i} -> End\n"
                ratings.add(user, f"step {i}, then the end", text, stars if theme == "night" else 2)


def test_own_ratings(call, tmp_path, monkeypatch):
    """A reader's ratings as pairs: some requests are held out, and measured before and after."""
    monkeypatch.setenv("DIAGEN_HOME", str(tmp_path / "home"))
    rate("kim", 13, 5)
    rows = load_preferences(["ratings"], 1000, 100, 1, user="kim")
    asked = {name: set(found["prompt"]) for name, found in rows.items()}
    assert not asked["train"] & asked["eval"] and len(rows["train"]) + len(rows["eval"]) == 39
    assert len(asked["eval"]) == 3 and all("night" in row["chosen"] for row in rows["train"])
    rate("kim", 20, 5)
    more = load_preferences(["ratings", "mistakes"], 100, 100, 1, user="kim")
    assert len(more["train"]) == 100 and len(set(more["eval"]["prompt"])) == 4

    run = tmp_path / "run"
    here = [*SMALL, "stage=dpo", "stage.rows.sources=[ratings]", "check=1", f"hydra.run.dir={run}"]
    status, out, err = call(*here, "user=kim", "+stage.trainer.args.max_steps=2")
    assert status == 0, err
    assert "2 held-out pairs of kim's ratings: better one likelier in " in out
    card = json.loads((run / "adapter/diagen.json").read_text())
    assert 0 <= card["preferred_before"] <= 1 and 0 <= card["preferred_after"] <= 1
    rate("few", 12, 5)
    rate("even", 20, 2)
    for user, words in (("few", "few has 48 ratings"), ("even", "tell no two drawings of one request apart")):
        status, _, err = call(*here, f"user={user}")
        assert status == 1 and err.count("error: ") == 1 and words in err and "Traceback" not in err


def test_dpo_goes_on_from_an_adapter(call, tmp_path):
    """Its reference, a frozen copy of that adapter, is not kept with the tuned one."""
    sft, dpo = tmp_path / "sft", tmp_path / "dpo"
    assert call(*SMALL, f"hydra.run.dir={sft}", "+stage.trainer.args.max_steps=1")[0] == 0
    more = ["stage=dpo", f"llm.adapter={sft / 'adapter'}", f"hydra.run.dir={dpo}", "+stage.trainer.args.max_steps=1"]
    status, _, err = call(*SMALL, *more)
    assert status == 0, err
    names = {"adapter_config.json", "adapter_model.safetensors", "diagen.json"}
    assert {p.name for p in (dpo / "adapter").iterdir()} == names
    tuned, before = (load_file(p / "adapter/adapter_model.safetensors") for p in (dpo, sft))
    assert tuned.keys() == before.keys() and any(not torch.equal(tuned[name], before[name]) for name in tuned)


def test_wandb_gets_rewards_and_answers(call, tmp_path):
    run = tmp_path / "run"
    status, out, err = call(
        *SMALL, "stage=orpo", "wandb.mode=offline", "check=1", f"hydra.run.dir={run}",
        "+stage.trainer.args.max_steps=1", "stage.trainer.args.eval_steps=1",
    )  # fmt: skip
    assert status == 0, err
    (kept,) = run.glob("wandb/offline-run-*/*.wandb")
    end = time.monotonic() + 30  # a process of W&B's own writes the file, and may be behind
    while b"answers/drawn" not in (told := kept.read_bytes()) and time.monotonic() < end:
        time.sleep(0.2)
    for name in (b"rewards/margins", b"rewards/accuracies", b"answers/drawn"):
        assert name in told, name
    assert b"stage.trainer.args.beta" in told  # the settings


@pytest.mark.parametrize("half", [True, False])
def test_bfloat16_where_the_machine_knows_it(half: bool, monkeypatch, capsys) -> None:
    monkeypatch.setattr(device, "knows_bfloat16", lambda: half)
    monkeypatch.setattr(device, "keep_memory", lambda: None)
    args = OmegaConf.create({"llm": {"dtype": "auto"}, "stage": {"trainer": {"args": {"bf16": "auto"}}}})
    net = OmegaConf.create({"trainer": {"precision": "auto"}})
    for cfg in (args, net):
        train.suit(cfg)
        assert ("float32" in capsys.readouterr().out) is not half
    assert args.llm.dtype == ("bfloat16" if half else "float32") and args.stage.trainer.args.bf16 is half
    assert net.trainer.precision == ("bf16-mixed" if half else "32-true")
    told = OmegaConf.create({"trainer": {"precision": "64-true"}})
    train.suit(told)
    assert told.trainer.precision == "64-true" and not capsys.readouterr().out


def test_memory_is_kept_between_steps() -> None:
    """Arrays that come and go do not ask the system for pages each time."""
    code = """
import resource, sys, torch
from diagen.models.device import keep_memory
if sys.argv[1] == "kept":
    keep_memory()
a = torch.ones(16_000_000)  # more than what glibc keeps of its own accord
for _ in range(40):  # until the room that is kept ahead has been seen
    a + 1
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    a + 1
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""
    faults = [
        int(subprocess.run([sys.executable, "-c", code, way], capture_output=True).stdout) for way in ("", "kept")
    ]
    assert faults[1] < faults[0] / 4 or not hasattr(ctypes.CDLL(None), "mallopt")
