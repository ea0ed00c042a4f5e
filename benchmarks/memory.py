"""Peak memory of tuning a backbone with ORPO on a small GPU.

    python -m benchmarks.memory deepseek_coder_1b [--tokens 1536] [--quantization nf4]

Builds the architecture with random weights (nothing is fetched; they lie in a temporary folder meanwhile, two bytes
each), then runs real steps of stage=orpo on one pair a step: LoRA, activation checkpointing, both answers as long as
--tokens with their prompt. Prints the peak of the loading and of the steps. `--device cpu --layers 2` tries the command
itself without a GPU, and measures nothing.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
from omegaconf import OmegaConf

from diagen import DiagenError

ROOT = Path(__file__).parent.parent
CODER = {"vocab_size": 32256, "max_position_embeddings": 16384, "rms_norm_eps": 1e-6, "tie_word_embeddings": False,
         "rope_parameters": {"rope_type": "linear", "factor": 4.0, "rope_theta": 100000.0}}  # fmt: skip
SHAPES: dict[str, dict[str, Any]] = {  # as the models' own config.json says
    "deepseek_coder_1b": CODER
    | {"model_type": "llama", "hidden_size": 2048, "intermediate_size": 5504, "num_hidden_layers": 24}
    | {"num_attention_heads": 16, "num_key_value_heads": 16},
    "deepseek_coder_7b": CODER
    | {"model_type": "llama", "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32}
    | {"num_attention_heads": 32, "num_key_value_heads": 32},
    "deepseek_r1_1b": {"model_type": "qwen2", "vocab_size": 151936, "hidden_size": 1536, "intermediate_size": 8960}
    | {"num_hidden_layers": 28, "num_attention_heads": 12, "num_key_value_heads": 2, "rms_norm_eps": 1e-6}
    | {"max_position_embeddings": 131072, "tie_word_embeddings": False}
    | {"rope_parameters": {"rope_type": "default", "rope_theta": 10000.0}},
}


def random_backbone(folder: Path, shape: dict[str, Any], layers: int | None) -> int:
    """A folder with random weights of the shape; their number. Its tokenizer has a token for each byte."""
    from transformers import AutoConfig, AutoModelForCausalLM

    shape = shape | {"num_hidden_layers": layers or shape["num_hidden_layers"]}
    # tokens of the tiny model's tokenizer, which come first in the larger vocabulary
    config = AutoConfig.for_model(**shape, bos_token_id=0, eos_token_id=1, pad_token_id=1)
    model = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
    model.save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        shutil.copy(ROOT / "tests/assets/tiny_llm" / name, folder)
    return model.num_parameters()


def rows(tokenizer: Any, number: int, tokens: int) -> Any:
    """Pairs of which each side has exactly so many tokens, its end token included."""
    from datasets import Dataset

    from diagen.diagram import ask

    prompt = tokenizer.apply_chat_template(ask("two layers"), add_generation_prompt=True, tokenize=False)
    room = tokens - len(tokenizer(prompt)["input_ids"]) - 1
    if room < 1:
        raise DiagenError(f"--tokens {tokens} leaves no room for an answer")
    return Dataset.from_list([{"prompt": prompt, "chosen": "a" * room, "rejected": "b" * room}] * number)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("llm", choices=tuple(SHAPES))
    parser.add_argument("--tokens", type=int, default=1536)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--quantization", default="nf4")
    parser.add_argument("--attention", default="auto")
    parser.add_argument("--layers", type=int, help="instead of the model's own number")
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    args = parser.parse_args()
    if args.device == "cpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = ""  # before torch has looked
    if args.device == "cuda" and not torch.cuda.is_available():
        print("error: this measures a GPU's memory and finds no GPU; --device cpu --layers 2 tries it", file=sys.stderr)
        return 1
    try:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            print(measured(args, Path(folder)))
    except DiagenError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except RuntimeError as error:
        from diagen.models.llm import out_of_memory

        if not out_of_memory(error):
            raise
        print(f"error: out of memory, {args.llm} does not fit here; lower --tokens", file=sys.stderr)
        return 1
    return 0


def measured(args: argparse.Namespace, folder: Path) -> str:
    """The steps' peak memory and time, in a line."""
    from diagen.models.llm import DiagramLLM
    from diagen.models.preferences import ORPOConfig, WeightedORPOTrainer

    number = random_backbone(folder, SHAPES[args.llm], args.layers)
    on_gpu = args.device == "cuda"
    if on_gpu:
        torch.cuda.reset_peak_memory_stats()
    lora: Any = OmegaConf.to_container(OmegaConf.load(ROOT / f"conf/llm/{args.llm}.yaml").lora)
    llm = DiagramLLM(
        str(folder),
        adapter=None,
        lora=lora,
        attention=args.attention,
        quantization=args.quantization,
        merge=False,
    )
    settings = ORPOConfig(
        output_dir=str(folder / "run"),
        max_steps=args.steps,
        per_device_train_batch_size=1,
        max_length=args.tokens,
        gradient_checkpointing=True,
        bf16=True,
        use_cpu=not on_gpu,
        report_to="none",
        save_strategy="no",
        disable_tqdm=True,
    )
    pairs = rows(llm.tokenizer, args.steps, args.tokens)
    trainer = WeightedORPOTrainer(
        model=llm.model, args=settings, processing_class=llm.tokenizer, peft_config=llm.lora, train_dataset=pairs
    )
    assert all(len(row["chosen_input_ids"]) == args.tokens for row in trainer.train_dataset)
    start = time.monotonic()
    trainer.train()
    seconds = (time.monotonic() - start) / args.steps
    found = "nothing measured on a CPU"
    if on_gpu:
        most, held = torch.cuda.max_memory_allocated() / 2**30, torch.cuda.max_memory_reserved() / 2**30
        found = f"peak {most:.2f} GiB allocated, {held:.2f} GiB reserved, on {torch.cuda.get_device_name()}"
    return (
        f"{args.llm}, {number / 1e9:.2f} billion weights, {args.quantization}, LoRA r={lora['r']}, "
        f"a pair of {args.tokens} tokens a step, {llm.attention}: {found}, {seconds:.1f} s a step"
    )


if __name__ == "__main__":
    sys.exit(main())
