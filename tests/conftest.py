"""Shared parts: the repository as working folder, a fake language model, and the commands called in-process."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
os.environ["HF_HUB_OFFLINE"] = "1"  # before any test imports a library of Hugging Face
os.environ["CUDA_VISIBLE_DEVICES"] = ""  # what the tests say of precision and attention is said of a CPU

import infer  # noqa: E402
from diagen.models.llm import Generation  # noqa: E402

TINY = str(ROOT / "tests/assets/tiny_llm")


class FakeLLM:
    """Answers with given texts: `texts` for every request, or a function of the request's words."""

    name = "fake"

    def __init__(self, texts: list[str] | Callable[[str], list[str]], finished: bool = True) -> None:
        self.texts = texts if callable(texts) else lambda request: texts
        self.finished = finished
        self.asked: list[str] = []
        self.settings: list[dict[str, Any]] = []

    def generate(self, prompts: list[Any], number: int = 1, **settings: Any) -> Generation:
        requests = [messages[-1]["content"] for messages in prompts]
        self.asked += requests
        self.settings.append(settings | {"number": number})
        texts = [[found[i % len(found)] for i in range(number)] for found in map(self.texts, requests)]
        return Generation(texts, [[self.finished] * number for _ in texts], 10, 0.0, 0.0)


class Result(NamedTuple):
    status: int
    out: str
    err: str


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Callable[..., FakeLLM]:
    """Puts a fake model in the place of the configured one."""

    def put(texts: Any, finished: bool = True) -> FakeLLM:
        llm = FakeLLM(texts, finished)
        monkeypatch.setattr(infer, "load", lambda cfg: llm)
        return llm

    return put


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, tmp_path_factory: Any
) -> Callable[..., Result]:
    """Calls infer.py with arguments in this process, in tmp_path as working folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DIAGEN_HOME", str(tmp_path_factory.mktemp("home")))
    monkeypatch.setenv(infer.RAW, "")  # so that what the command puts there is taken back

    def call(*arguments: str) -> Result:
        monkeypatch.setattr(sys, "argv", ["infer.py", *arguments])
        capsys.readouterr()
        try:
            status = infer.command_line()
        except SystemExit as end:
            status = int(end.code or 0)
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return Result(status, out, err)

    return call
