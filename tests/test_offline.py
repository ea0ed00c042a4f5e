"""Nothing leaves the machine: no Hub, no telemetry, once the weights are there."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import huggingface_hub.constants
import pytest
from conftest import ROOT, TINY

from diagen.diagram import GRAMMAR, ask, parse
from diagen.models.llm import DiagramLLM
from diagen.render import PillowRenderer, SvgRenderer, layout


class Outside(BaseException):  # passes every `except Exception` that would hide it
    pass


@pytest.fixture
def attempts(monkeypatch):
    """All tries to reach something, which fail. The offline switch of the Hub is off: the code itself must not ask."""
    found: list[object] = []

    def refuse(*arguments, **_):
        found.append(arguments[1:] or arguments)
        raise Outside(arguments)

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    return found


def test_drawing(attempts):
    scene = layout(parse("User [user] -> 모델 [model] : asks\n"))
    PillowRenderer()(scene)
    SvgRenderer()(scene)
    assert not attempts


def test_writing(attempts):
    llm = DiagramLLM(TINY, adapter=None, dtype="float32")
    llm.generate([ask("two layers")], number=2, grammars=[GRAMMAR], max_new_tokens=8)
    assert not attempts


def test_the_commands(attempts, run, tmp_path):
    (tmp_path / "a.txt").write_text("A -> B\n")
    assert run("diagrams=a.txt", "output=a").status == 0
    run("prompt=two layers", "llm=tiny", f"llm.weights={TINY}", "candidates=1", "max_new_tokens=16")
    assert not attempts


def test_training_asks_nobody(tmp_path):
    """W&B's own process too: whatever goes out would go through this proxy. Without a key the run stays offline."""
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        place = f"http://127.0.0.1:{proxy.getsockname()[1]}"
        environment = {k: v for k, v in os.environ.items() if k != "WANDB_API_KEY"}
        environment |= {name: place for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")}
        environment |= {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
        command = [sys.executable, str(ROOT / "train.py"), "model=cnn", "model.width=4", "data.side=32"]
        command += ["data.num_requests=2", "data.num_held_out=2", "data.batch_size=8", "data.num_workers=0"]
        command += ["trainer.max_epochs=1", f"hydra.run.dir={tmp_path}/run"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=tmp_path)
        assert done.returncode == 0, done.stderr[-2000:]
        proxy.settimeout(0.2)
        with pytest.raises(TimeoutError):
            proxy.accept()
    assert list(tmp_path.glob("run/wandb/offline-run-*"))


def test_guard_works(attempts):
    with pytest.raises(Outside):
        socket.create_connection(("192.0.2.1", 80))
    assert attempts


def test_telemetry_is_off():
    """In a fresh process, whose environment says nothing about it."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "DISABLE_", "DO_NOT"))}
    code = "import diagen.models.weights, huggingface_hub.constants as c; print(c.HF_HUB_DISABLE_TELEMETRY)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.stdout == "True\n", done.stderr
