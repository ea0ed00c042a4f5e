"""The mean of adapters: plain arithmetic, and a refusal of what has none."""

import json
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from diagen.models import mean


def adapter(folder: Path, value: float, base: str = "a", rank: int = 2) -> Path:
    folder.mkdir()
    matrix = torch.full((rank, 3), value, dtype=torch.bfloat16)
    save_file({"lora_A": matrix, "lora_B": 2 * matrix.T.contiguous()}, folder / mean.WEIGHTS)
    (folder / mean.SETTINGS).write_text('{"r": 2}')
    card = {"base": "tiny", "base_sha256": base, "grammar": "g", "seed": value}
    (folder / mean.CARD).write_text(json.dumps(card))
    return folder


def run(monkeypatch: pytest.MonkeyPatch, *words: object) -> int:
    monkeypatch.setattr(sys, "argv", ["mean", *map(str, words)])
    return mean.main()


def test_each_matrix_is_the_mean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = [adapter(tmp_path / name, value) for name, value in (("one", 1.0), ("two", 2.0), ("three", 6.0))]
    assert run(monkeypatch, *folders, "--output", tmp_path / "out") == 0
    found = load_file(tmp_path / "out" / mean.WEIGHTS)
    assert torch.equal(found["lora_A"], torch.full((2, 3), 3.0, dtype=torch.bfloat16))
    assert torch.equal(found["lora_B"], torch.full((3, 2), 6.0, dtype=torch.bfloat16))
    card = json.loads((tmp_path / "out" / mean.CARD).read_text())
    assert [each["seed"] for each in card["mean_of"]] == [1.0, 2.0, 6.0] and card["base_sha256"] == "a"
    assert (tmp_path / "out" / mean.SETTINGS).read_text() == '{"r": 2}'


def test_what_has_no_mean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    one, other = adapter(tmp_path / "one", 1.0), adapter(tmp_path / "other", 2.0, base="b")
    wide, cut = adapter(tmp_path / "wide", 1.0, rank=4), adapter(tmp_path / "cut", 1.0)
    (cut / mean.WEIGHTS).write_bytes((cut / mean.WEIGHTS).read_bytes()[:-5])
    for folders, said in (
        ([one], "two adapters"), ([one, other], "another base"), ([one, wide], "shape"), ([one, cut], "no whole"),
        ([one, tmp_path / "none"], "no whole"),
    ):  # fmt: skip
        assert run(monkeypatch, *folders, "--output", tmp_path / "out") == 1
        told = capsys.readouterr().err
        assert said in told and len(told.splitlines()) == 1 and not (tmp_path / "out").exists()
    assert run(monkeypatch, one, one, "--output", other) == 1 and "exists already" in capsys.readouterr().err
