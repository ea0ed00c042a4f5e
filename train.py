"""Train one model.

python train.py model=llm                       tune the language model (stage=sft)
python train.py model=llm stage.rows.number=500 any setting of conf/ can be changed
python train.py model=llm resume=outputs/llm/2026-11-22_15-00-00
"""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path
from typing import Any

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from diagen import DiagenError
from diagen.console import fail, run

CONF = str(Path(__file__).parent / "conf")  # whole, so that tests can import this file


@hydra.main(version_base="1.3", config_path=CONF, config_name="train")
def main(cfg: DictConfig) -> float | None:
    import torch

    random.seed(cfg.seed)
    torch.manual_seed(cfg.seed)
    try:
        return finetune(cfg, Path(HydraConfig.get().runtime.output_dir))
    except DiagenError as error:
        fail(error)


def finetune(cfg: DictConfig, folder: Path) -> float:
    """One TRL stage: backbone, rows, trainer; saves the adapter and its card to the run's folder."""
    import torch

    from diagen.diagram import GRAMMAR_HASH
    from diagen.models.llm import save_adapter

    last = None
    if cfg.resume:
        last = last_checkpoint(Path(cfg.resume))
        folder = Path(cfg.resume)
        cfg.stage.trainer.args.output_dir = str(folder)
    if not torch.cuda.is_available():
        cfg.stage.trainer.args.use_cpu = True
    llm = build(cfg.llm, merge=False)
    rows = build(cfg.stage.rows)(tokenizer=llm.tokenizer, max_length=cfg.stage.trainer.args.max_length)
    trainer = build(cfg.stage.trainer)(
        model=llm.model,
        processing_class=llm.tokenizer,
        peft_config=llm.lora,
        train_dataset=rows["train"],
        eval_dataset=rows["eval"],
    )
    start = time.monotonic()
    trainer.train(resume_from_checkpoint=last)
    minutes = (time.monotonic() - start) / 60
    loss = trainer.evaluate()["eval_loss"]
    adapter = folder / "adapter"
    card = {
        "base": str(cfg.llm.weights),
        "base_sha256": llm.base_sha256,
        "grammar": GRAMMAR_HASH,
        "seed": cfg.seed,
        "pairs": len(rows["train"]),
        "minutes": round(minutes),
        "eval_loss": round(loss, 4),
        "command": "python train.py " + " ".join(sys.argv[1:]),
        "before": llm.card,
    }
    save_adapter(trainer.model, adapter, card)
    print(f"adapter: {adapter}   eval loss {loss:.4f}   {minutes:.0f} minutes")
    return loss


def last_checkpoint(folder: Path) -> str:
    """The newest whole checkpoint: a kill while one is written leaves it without trainer_state.json, its last file."""
    whole = [p.parent for p in folder.glob("checkpoint-*/trainer_state.json")]
    if not whole:
        raise DiagenError(f"nothing to resume: {folder} holds no checkpoint")
    return str(max(whole, key=lambda p: int(p.name.removeprefix("checkpoint-"))))


def build(settings: DictConfig, **more: Any) -> Any:
    """The object that a config's _target_ names, built from plain Python values."""
    return hydra.utils.instantiate(settings, **more, _convert_="all")


if __name__ == "__main__":
    sys.exit(run(main))
