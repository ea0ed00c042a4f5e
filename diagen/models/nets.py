"""A trained net as files: net.safetensors, and diagen.json with its settings and its card."""

from __future__ import annotations

import hashlib
import json
import os
import time
from pathlib import Path
from typing import Any, TypeVar

import lightning
from safetensors import SafetensorError
from safetensors.torch import load, save_file

from diagen import DiagenError

SHIPPED = Path(__file__).parent.parent / "weights"
Net = TypeVar("Net", bound=lightning.LightningModule)


class DataWait(lightning.Callback):
    """Logs train/data_wait of each epoch: the share of its time in which a step waited for its pictures."""

    def on_train_epoch_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        self.start = self.ended = time.perf_counter()
        self.waited = 0.0

    def on_train_batch_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule, *_: Any) -> None:
        self.waited += time.perf_counter() - self.ended

    def on_train_batch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule, *_: Any) -> None:
        self.ended = time.perf_counter()

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        pl_module.log("train/data_wait", self.waited / (self.ended - self.start), rank_zero_only=True)


def save_net(net: lightning.LightningModule, folder: Path, card: dict[str, Any]) -> None:
    """Writes the weights in float16, and the settings with the card."""
    folder.mkdir(parents=True, exist_ok=True)
    state = {k: v.half().contiguous() if v.is_floating_point() else v for k, v in net.state_dict().items()}
    save_file(state, folder / "net.safetensors.part")
    os.replace(folder / "net.safetensors.part", folder / "net.safetensors")
    about = {"class": type(net).__name__, "settings": dict(net.hparams), **card}
    (folder / "diagen.json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")


def load_net(kind: type[Net], weights: str | None, shipped: str) -> tuple[Net, str]:
    """The net of a folder, or the shipped one, in evaluation mode, and sixteen digits of its file's SHA-256."""
    folder = Path(weights) if weights else SHIPPED / shipped
    try:
        about = json.loads((folder / "diagen.json").read_text(encoding="utf-8"))
        content = (folder / "net.safetensors").read_bytes()
        state = load(content)
    except FileNotFoundError as error:
        raise DiagenError(f"{error.filename} is missing; train one: python train.py model={_option(kind)}") from error
    except (OSError, ValueError, SafetensorError) as error:
        raise DiagenError(f"the net in {folder} cannot be read ({error}); train it again or take another") from error
    if not isinstance(about, dict) or about.get("class") != kind.__name__:
        raise DiagenError(f"{folder} holds no {kind.__name__}; give the net that python train.py wrote")
    net = kind(**about["settings"])
    try:
        net.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in state.items()})
    except RuntimeError as error:
        raise DiagenError(f"the weights in {folder} do not go with its settings; train it again") from error
    return net.eval().requires_grad_(False), hashlib.sha256(content).hexdigest()[:16]


def _option(kind: type) -> str:
    return {"ReadabilityCNN": "cnn", "ConvAutoEncoder": "autoencoder"}[kind.__name__]
