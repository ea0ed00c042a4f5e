"""Train one model.

python train.py model=cnn                       readability from a picture; model=autoencoder: latents of drawings
python train.py model=llm                       tune the language model (stage=sft)
python train.py -m model=cnn model.width=16,32 seed=1,2,3
python train.py model=llm stage.rows.number=500 any setting of conf/ can be changed
python train.py model=llm resume=outputs/llm/2026-11-22_15-00-00     with the settings that it was begun with
"""

from __future__ import annotations

import json
import netrc
import os
import random
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from diagen import DiagenError
from diagen.console import build, in_sweep, job, run

LESS = (
    "lower stage.trainer.args.per_device_train_batch_size (and raise gradient_accumulation_steps) or max_length, set "
    "stage.trainer.args.gradient_checkpointing=true or llm.quantization=nf4"
)
LOSS = tuple(f"stage.trainer.{name}" for name in ("_target_", "nll_weight", "args.beta", "args.loss_"))
BEFORE = "before.json"  # what the model could before a run that may be resumed
CONF = str(Path(__file__).parent / "conf")  # whole, so that tests can import this file


@hydra.main(version_base="1.3", config_path=CONF, config_name="train")
def main(cfg: DictConfig) -> float | None:
    import torch

    random.seed(cfg.seed)
    torch.manual_seed(cfg.seed)
    folder = Path(cfg.resume or HydraConfig.get().runtime.output_dir)
    with job():
        if cfg.resume:
            as_begun(cfg, folder)
        suit(cfg)
        with tracked(cfg, folder) as run:
            return finetune(cfg, folder, run) if "stage" in cfg else fit(cfg, folder, run)


def suit(cfg: DictConfig) -> None:
    """Fills in what is `auto`: bfloat16 where this machine computes in it, else float32."""
    import torch

    from diagen.models.device import keep_memory, knows_bfloat16

    half, before = knows_bfloat16(), cfg.copy()
    if "stage" in cfg:
        if cfg.llm.dtype == "auto":
            cfg.llm.dtype = "bfloat16" if half else "float32"
        args = cfg.stage.trainer.args
        if args.bf16 == "auto":
            args.bf16 = half and cfg.llm.dtype == "bfloat16"
    elif cfg.trainer.precision == "auto":
        cfg.trainer.precision = "bf16-mixed" if half else "32-true"
    if not half and cfg != before:
        print("computing in float32: in bfloat16 this machine would be slower")
    if not torch.cuda.is_available():
        keep_memory()


@contextmanager
def tracked(cfg: DictConfig, folder: Path) -> Iterator[Any]:
    """One W&B run for this job: online where a key is at hand, else offline; none in helper processes."""
    mode = cfg.wandb.mode or os.environ.get("WANDB_MODE") or ("online" if _has_key() else "offline")
    if os.environ.get("LOCAL_RANK", "0") != "0":
        mode = "disabled"
    os.environ.setdefault("WANDB_ERROR_REPORTING", "false")  # crashes of W&B itself are not told to its makers
    import wandb

    kind = HydraConfig.get().runtime.choices["model"]
    folder.mkdir(parents=True, exist_ok=True)
    run = wandb.init(
        project=cfg.wandb.project,
        mode=mode,
        group=cfg.wandb.group or (str(Path(HydraConfig.get().sweep.dir).name) if in_sweep() else None),
        tags=list(cfg.wandb.tags) or None,
        job_type=kind,
        dir=folder,
        config=flat(OmegaConf.to_container(cfg, resolve=True)),
        settings=wandb.Settings(silent=True, console="off"),
    )
    ended = 1
    try:  # `with run` would print a traceback of its own
        if mode != "disabled" and "stage" not in cfg:  # TRL's callback counts in steps of its own
            run.define_metric("*", step_metric="trainer/global_step")
        yield run
        ended = 0
    finally:
        run.finish(exit_code=ended)


def as_begun(cfg: DictConfig, folder: Path) -> None:
    """Refuses to go on with a run on other data, another model or another seed than it was begun with."""
    begun = folder / ".hydra/config.yaml"
    if not begun.is_file():
        return  # there is nothing to compare with; whether there is a checkpoint is asked later
    was, now = (flat(OmegaConf.to_container(settings)) for settings in (OmegaConf.load(begun), cfg))
    kept = ("seed", "llm.", "stage.rows.", *LOSS, "data.", "model.")
    for name in sorted(was.keys() | now.keys()):
        if name.startswith(kept) and name != "data.num_workers" and was.get(name) != now.get(name):
            typed = " ".join(str(word) for word in OmegaConf.load(folder / ".hydra/overrides.yaml"))
            raise DiagenError(
                f"{folder} was begun with {name}={was.get(name)}, not {now.get(name)}; "
                f"go on with: python train.py {typed} resume={folder}"
            )


def _has_key() -> bool:
    """Whether W&B would not have to ask for one."""
    try:
        return bool(os.environ.get("WANDB_API_KEY") or netrc.netrc().authenticators("api.wandb.ai"))
    except (OSError, netrc.NetrcParseError):
        return False


def flat(node: Any, path: str = "") -> dict[str, Any]:
    """{"model.width": 24, ...}: what W&B can sort and filter by."""
    if not isinstance(node, dict):
        return {path: node}
    found: dict[str, Any] = {}
    for name, value in node.items():
        found |= flat(value, f"{path}.{name}" if path else str(name))
    return found


def fit(cfg: DictConfig, folder: Path, run: Any) -> float:
    """One net: data, model, trainer; keeps the best and the last checkpoint, and pictures of what it does."""
    import logging

    from lightning.pytorch.loggers import WandbLogger

    from diagen.data.images import renderer_hash
    from diagen.models.nets import save_net
    from diagen.report import of_latents, of_readability

    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)  # no advertising
    warnings.filterwarnings("ignore", module="lightning")
    for callback in cfg.trainer.callbacks:
        if "dirpath" in callback:
            callback.dirpath = str(folder)
    last = folder / "last.ckpt" if cfg.resume else None
    if last:
        readable(last)
    data, model = build(cfg.data), build(cfg.model)
    trainer = build(cfg.trainer, logger=WandbLogger(experiment=run), default_root_dir=str(folder))
    start = time.monotonic()
    with memory_advice(folder, "lower data.batch_size or model.width", "last.ckpt"):
        trainer.fit(model, data, ckpt_path=last, weights_only=True if last else None)
    minutes = (time.monotonic() - start) / 60
    told = trainer.callback_metrics.get("train/data_wait")  # of the last epoch
    waited = {} if told is None else {"data_wait": round(float(told), 4)}
    best = trainer.checkpoint_callback.best_model_path
    tested = trainer.test(model, data, ckpt_path=best or None, weights_only=True if best else None, verbose=False)[0]
    if trainer.is_global_zero:
        pictures = of_readability if "readability" in cfg.data._target_.lower() else of_latents
        for name, image in pictures(model.eval(), list(islice(data.test_dataloader(), 20))).items():
            image.save(folder / f"{name}.png")
            run.log({f"pictures/{name}": wandb_image(image)})
        card = {"command": command(), "renderer": renderer_hash(), "seed": cfg.seed}
        card |= {"minutes": round(minutes, 1), **waited}
        card |= {"figures": {name: round(value, 4) for name, value in tested.items()}}
        save_net(model, folder / "net", card)
        figures = "  ".join(f"{name} {value:.3f}" for name, value in sorted(tested.items()))
        print(f"net: {folder / 'net'}   checkpoint: {best or folder}   {figures}   {minutes:.1f} minutes")
    return float(trainer.checkpoint_callback.best_model_score)


def readable(checkpoint: Path) -> None:
    """DiagenError where a checkpoint is not there, damaged, or holds more than weights and numbers."""
    import torch

    if not checkpoint.is_file():
        raise DiagenError(f"nothing to resume: {checkpoint.parent} holds no {checkpoint.name}")
    try:
        torch.load(checkpoint, map_location="cpu", weights_only=True)
    except Exception as error:  # of zipfile, pickle and torch
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise DiagenError(f"{checkpoint} cannot be resumed: {reason}; start the run again without resume") from error


def wandb_image(image: Any, caption: str | None = None) -> Any:
    import wandb

    return wandb.Image(image, caption=caption)


def finetune(cfg: DictConfig, folder: Path, run: Any) -> float:
    """One TRL stage: backbone, rows, trainer; saves the adapter and its card to the run's folder."""
    import torch

    from diagen.data.synthetic import pairs
    from diagen.diagram import GRAMMAR_HASH
    from diagen.models.llm import peak_memory, save_adapter

    peak_memory(start=True)
    last = None
    if cfg.resume:
        last = last_checkpoint(folder)
        cfg.stage.trainer.args.output_dir = str(folder)
    if not torch.cuda.is_available():
        cfg.stage.trainer.args.use_cpu = True
    if cfg.stage.trainer.args.report_to == "wandb" and run.disabled:
        cfg.stage.trainer.args.report_to = "none"
    llm = build(cfg.llm, merge=False)
    print(llm.attention)
    rows = build(cfg.stage.rows)(tokenizer=llm.tokenizer, max_length=cfg.stage.trainer.args.max_length)
    if min(map(len, rows.values())) < 2:
        counts = " and ".join(f"{len(found)} pairs to {name}" for name, found in rows.items())
        raise DiagenError(
            f"too few pairs: {counts}, 2 of each are needed; raise stage.rows.number, stage.rows.held_out or "
            f"stage.trainer.args.max_length ({cfg.stage.trainer.args.max_length} tokens)"
        )
    trainer = build(cfg.stage.trainer)(
        model=llm.model,
        processing_class=llm.tokenizer,
        peft_config=llm.lora,
        train_dataset=rows["train"],
        eval_dataset=rows["eval"],
    )
    held_out = (row for row in pairs(cfg.seed, "held_out") if row["source"] == "template")
    asked = list(islice(held_out, max(4, cfg.check)))
    if not run.disabled:
        trainer.add_callback(answers_to(asked[:4], llm, trainer, run))
    rated = list(rows["eval"]) if cfg.check and "chosen" in rows["eval"].column_names else []
    with memory_advice(folder, LESS, "checkpoint-*"):
        before, preferred_before = kept_before(folder) if last else (None, None)
        if not last:
            before = exact_share(llm, asked[: cfg.check]) if cfg.check else None
            preferred_before = preferred(llm, rated) if rated else None
            folder.mkdir(parents=True, exist_ok=True)
            (folder / BEFORE).write_text(json.dumps([before, preferred_before]), encoding="utf-8")
        start = time.monotonic()
        trainer.train(resume_from_checkpoint=last)
        minutes = (time.monotonic() - start) / 60
        loss = trainer.evaluate()["eval_loss"]
        llm.model = trainer.model
        after = exact_share(llm, asked[: cfg.check]) if cfg.check else None
        preferred_after = preferred(llm, rated) if rated else None
    adapter = folder / "adapter"
    card = {
        "base": str(cfg.llm.weights),
        "base_sha256": llm.base_sha256,
        "grammar": GRAMMAR_HASH,
        "seed": cfg.seed,
        "pairs": len(rows["train"]),
        "minutes": round(minutes),  # since it was resumed, where it was
        "resumed": last is not None,
        "eval_loss": round(loss, 4),
        "exact_before": before,
        "exact_after": after,
        "preferred_before": preferred_before,
        "preferred_after": preferred_after,
        "memory_mb": peak_memory(),
        "command": command(),
        "before": llm.card,
    }
    save_adapter(trainer.model, adapter, card)
    run.summary.update({name: card[name] for name in card if name.endswith(("_before", "_after"))})
    if after is not None and before is not None:
        verdict = "worse than before" if after < before else "not worse than before"
        print(f"right graphs of {cfg.check} held-out requests: {before:.2f} before, {after:.2f} after: {verdict}")
    if preferred_after is not None and preferred_before is not None:
        whose = f"{cfg.user}'s ratings" if "ratings" in cfg.stage.rows.sources else "mistaken diagrams"
        told = f"better one likelier in {preferred_before:.2f} before, {preferred_after:.2f} after: "
        told += "worse than before" if preferred_after < preferred_before else "not worse than before"
        print(f"{len(rated)} held-out pairs of {whose}: {told}")
    print(f"adapter: {adapter}   eval loss {loss:.4f}   {minutes:.0f} minutes")
    return loss


def kept_before(folder: Path) -> tuple[float | None, float | None]:
    """The figures of the model before a run that is resumed; None where they were not measured."""
    try:
        before, preferred_before = json.loads((folder / BEFORE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None, None
    return before, preferred_before


def command() -> str:
    """What was typed; of a job of a sweep, what would run it alone."""
    return " ".join(["python train.py", *(HydraConfig.get().overrides.task if in_sweep() else sys.argv[1:])])


@contextmanager
def memory_advice(folder: Path, less: str, checkpoint: str) -> Iterator[None]:
    """Where memory runs out, says what to lower."""
    from diagen.models.llm import out_of_memory

    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not out_of_memory(error):
            raise
        kept = f", and go on with resume={folder}" if any(folder.glob(checkpoint)) else ""
        raise DiagenError(f"out of memory; {less}{kept}") from error


def answers_to(rows: list[dict[str, str]], llm: Any, trainer: Any, run: Any) -> Any:
    """A callback that sends to W&B, at each evaluation, what the model then draws for these requests, with scores.

    The likeliest answer and one drawn at random of each; one picture where they are the same.
    """
    from transformers import TrainerCallback

    from diagen.diagram import GRAMMAR, ask
    from diagen.score import Readability, distinct, rank

    scorers: Any = {"readability": Readability()}

    class Answers(TrainerCallback):
        def on_evaluate(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            if not state.is_world_process_zero:
                return
            llm.model = trainer.model
            training = trainer.model.training
            written = llm.generate(
                [ask(r["request"]) for r in rows], 2, [GRAMMAR] * len(rows), max_new_tokens=400, beams=1
            )
            trainer.model.train(training)
            images, drawn = [], 0
            for row, texts, finished in zip(rows, written.texts, written.finished, strict=True):
                found, _reasons = distinct(texts, finished, {})
                drawn += sum(candidate.copies for candidate in found)
                for one in rank(row["request"], found, scorers):
                    told = f"readability {one.readability:.2f}, match {one.match:.2f}: {row['request']}"
                    images.append(wandb_image(one.image, told))
            run.log({"answers": images, "answers/drawn": drawn / (2 * len(rows))})

    return Answers()


def exact_share(llm: Any, rows: list[dict[str, str]]) -> float:
    """The share of requests whose likeliest answer is the known graph."""
    from diagen.diagram import GRAMMAR, DiagramError, ask, canonical, parse

    right = 0
    for i in range(0, len(rows), 16):
        some = rows[i : i + 16]
        written = llm.generate([ask(r["request"]) for r in some], 1, [GRAMMAR] * len(some), max_new_tokens=400, beams=1)
        for row, (text,), (ended,) in zip(some, written.texts, written.finished, strict=True):
            try:
                right += ended and canonical(parse(text)) == canonical(parse(row["text"]))
            except DiagramError:
                continue  # `none`, or not ended
    return round(right / len(rows), 3)


def preferred(llm: Any, rows: list[dict[str, str]]) -> float:
    """The share of pairs whose better answer the model is likelier to write than the worse one."""
    import torch

    def likelihood(prompt: str, answer: str) -> float:
        asked = llm.tokenizer(prompt)["input_ids"]
        told = llm.tokenizer(answer, add_special_tokens=False)["input_ids"]
        ids = torch.tensor([asked + told + [llm.tokenizer.eos_token_id]], device=llm.model.device)
        chances = llm.model(input_ids=ids).logits[0, len(asked) - 1 : -1].float().log_softmax(-1)
        return float(chances.gather(1, ids[0, len(asked) :, None]).sum())

    training = llm.model.training
    llm.model.eval()
    with torch.inference_mode():
        better = [likelihood(r["prompt"], r["chosen"]) > likelihood(r["prompt"], r["rejected"]) for r in rows]
    llm.model.train(training)
    return round(sum(better) / len(better), 3)


def last_checkpoint(folder: Path) -> str:
    """The newest whole checkpoint: a kill while one is written leaves it without trainer_state.json, its last file."""
    whole = [p.parent for p in folder.glob("checkpoint-*/trainer_state.json")]
    if not whole:
        raise DiagenError(f"nothing to resume: {folder} holds no checkpoint")
    return str(max(whole, key=lambda p: int(p.name.removeprefix("checkpoint-"))))


if __name__ == "__main__":
    sys.exit(run(main))
