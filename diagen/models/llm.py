"""DiagramLLM: a backbone from transformers, a LoRA adapter from peft, and decoding under a grammar."""

from __future__ import annotations

import gc
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

import torch
from peft import LoraConfig, PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig
from transformers.utils import logging as transformers_logging
from transformers.utils.import_utils import is_flash_attn_2_available

from diagen import DiagenError
from diagen.models.decoding import Drawn, Likeliest
from diagen.models.device import pack_linear
from diagen.models.weights import sha256, smollm2_135m

SHIPPED = Path(__file__).parent.parent / "weights"
# What the tokenizer must give back unchanged: some transformers versions lose blanks and line ends of some models.
ROUND_TRIP = 'input 28x28x1\n2 conv 3x3 32 relu\nRaw logs [data] -> Clean "a | b"\n-> 모델 학습 : yes\n'
CARD = "diagen.json"
DTYPES = {"bfloat16": torch.bfloat16, "float16": torch.float16, "float32": torch.float32}
QUANTIZATIONS = ("none", "int8", "nf4")
ATTENTIONS = ("auto", "flash_attention_2", "sdpa", "eager")
# What chat templates do that a diagram's answer must not: R1's opens it with reasoning, DeepSeek-Coder's ends it with
# a line end, though a diagram has one already and the grammar allows no empty line.
TEMPLATES = (("<｜Assistant｜><think>\\n", "<｜Assistant｜>"), ("'\\n<|EOT|>", "'<|EOT|>"))


@dataclass
class Generation:
    """What one call of `generate` wrote: per prompt, its answers and whether each ended by itself.

    tokens counts all answers; seconds is the whole call; masked_share is the share of steps at which the grammar
    forbade the token that the model preferred.
    """

    texts: list[list[str]]
    finished: list[list[bool]]
    tokens: int
    seconds: float
    masked_share: float


class DiagramLLM:
    """A language model that writes diagrams.

    weights: "smollm2_135m" (fetched once), a folder, or a name on the Hugging Face Hub.
    adapter: None for the bare backbone (or for a folder into which one was merged), "shipped" for the one in
    diagen/weights, or a folder.
    lora: rank, alpha, dropout and target modules of a new adapter; used by training where adapter is None.
    dtype: "bfloat16", "float16" or "float32". quantization: "none", or bitsandbytes' "int8" or "nf4".
    attention: "auto" for the fastest that this machine has, "flash_attention_2", "sdpa", "eager", or None for
    transformers' choice.
    merge: fold the adapter into the backbone (for writing), or keep it trainable (for training). A quantized backbone
    would be rounded anew by a merge, so there the adapter stays beside it.
    """

    def __init__(
        self,
        weights: str = "smollm2_135m",
        adapter: str | None = "shipped",
        lora: dict[str, Any] | None = None,
        dtype: str = "bfloat16",
        attention: str | None = None,
        grammar_hash: str | None = None,
        merge: bool = True,
        quantization: str = "none",
    ) -> None:
        for name, value, known in (("dtype", dtype, DTYPES), ("quantization", quantization, QUANTIZATIONS)):
            if value not in known:
                raise DiagenError(f"llm.{name}={value} is unknown; there are {', '.join(known)}")
        why = "transformers' choice"
        free = attention == "auto"
        if attention is not None:
            attention, why = choose_attention(attention, dtype, training=not merge)
        device = torch.device("cpu")
        if torch.cuda.is_available():  # in a run on several cards each process has its own
            device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
        loading: dict[str, Any] = {}
        if quantization != "none":
            loading = {"quantization_config": _quantized(quantization, dtype, device), "device_map": {"": device}}
        folder = smollm2_135m() if weights == "smollm2_135m" else weights
        self.name = str(weights)
        self.base_sha256 = _base_sha256(folder)
        adapter_folder = None if adapter is None else Path(adapter)
        if adapter == "shipped":
            adapter_folder = SHIPPED / "smollm2_135m"
        self.card: dict[str, Any] | None = None  # of the adapter: where it comes from
        if adapter_folder is not None:
            self.card = self._check_adapter(adapter_folder, grammar_hash)
            self.name += f" + {adapter_folder.name}"
        if quantization != "none":
            self.name += f" ({quantization})"
        transformers_logging.disable_progress_bar()  # a bar of its own for half a second of loading
        transformers_logging.set_verbosity_error()  # names that it will change are no news for a user
        local = Path(folder).is_dir()  # then the Hub is not asked for anything
        try:
            self.tokenizer: Any = AutoTokenizer.from_pretrained(folder, local_files_only=local)
            loading |= {"dtype": DTYPES[dtype], "local_files_only": local}
            try:
                self.model: Any = AutoModelForCausalLM.from_pretrained(folder, attn_implementation=attention, **loading)
            except ValueError as error:
                if not free or attention == "eager" or "attention" not in str(error):
                    raise
                why = f"the model knows no {attention}"
                self.model = AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager", **loading)
            if quantization == "none":
                self.model = self.model.to(device)
        except Exception as error:  # transformers, tokenizers, safetensors and httpx each have errors of their own
            if out_of_memory(error):
                raise DiagenError(f"out of memory while loading {weights}; set llm.quantization=nf4") from error
            raise DiagenError(
                f"the model {weights} cannot be loaded: {_first_line(error)}; "
                "is the folder whole, or else the name right and the network there?"
            ) from error
        self.attention = f"{self.model.config._attn_implementation} attention ({why})"
        self._check_tokenizer()
        if not merge:
            _keep_gradients(self.model)
        if adapter_folder is not None:
            try:
                self.model = PeftModel.from_pretrained(self.model, str(adapter_folder), is_trainable=not merge)
            except Exception as error:  # peft, safetensors and torch each have errors of their own for a bad file
                raise DiagenError(
                    f"the adapter in {adapter_folder} is damaged: {_first_line(error)}; "
                    "train it again with `python train.py model=llm`, or copy it again"
                ) from error
            if merge and quantization == "none":
                self.model = self.model.merge_and_unload()
        if merge and quantization == "none" and device.type == "cpu" and dtype == "float32":
            pack_linear(self.model)
        self.lora = None if lora is None or adapter is not None else LoraConfig(task_type="CAUSAL_LM", **lora)
        self._compiler: Any = None

    def _check_adapter(self, folder: Path, grammar_hash: str | None) -> dict[str, Any]:
        try:
            card = json.loads((folder / CARD).read_text(encoding="utf-8"))
            base, grammar = card["base_sha256"], card["grammar"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DiagenError(
                f"there is no adapter in {folder} ({CARD} is missing or damaged); "
                "train one with `python train.py model=llm`, or set llm.adapter=shipped or llm.adapter=null"
            ) from error
        if not (folder / "adapter_model.safetensors").is_file():
            raise DiagenError(
                f"the adapter in {folder} has no weights (adapter_model.safetensors); "
                "train it again with `python train.py model=llm`, or copy it again"
            )
        if base != self.base_sha256:
            raise DiagenError(
                f"the adapter in {folder} was trained on another base model (its sha256 {str(base)[:12]}..., "
                f"this one's {self.base_sha256[:12]}...); choose the llm it belongs to, or train one for this model"
            )
        if grammar_hash and grammar != grammar_hash:
            raise DiagenError(
                f"the adapter in {folder} writes another version of the language "
                f"(grammar {grammar}, this one is {grammar_hash}); retrain it with `python train.py model=llm`"
            )
        return card

    def _check_tokenizer(self) -> None:
        ids = self.tokenizer(ROUND_TRIP, add_special_tokens=False)["input_ids"]
        if self.tokenizer.decode(ids) != ROUND_TRIP:
            raise DiagenError(
                "this version of transformers loads the model's tokenizer wrongly: a diagram text does not survive it "
                "(blanks or line ends are lost); install another version, see the README"
            )
        if self.tokenizer.eos_token_id is None:
            raise DiagenError("the model's tokenizer has no end token")
        if not self.tokenizer.chat_template:
            raise DiagenError("the model's tokenizer has no chat template; choose an instruct model")
        for theirs, ours in TEMPLATES:
            self.tokenizer.chat_template = self.tokenizer.chat_template.replace(theirs, ours)
        asked, answer = {"role": "user", "content": "two layers"}, {"role": "assistant", "content": ROUND_TRIP}
        prompt = self.tokenizer.apply_chat_template([asked], add_generation_prompt=True, tokenize=False)
        whole = self.tokenizer.apply_chat_template([asked, answer], tokenize=False)
        if not whole.startswith(prompt + ROUND_TRIP + self.tokenizer.eos_token):
            raise DiagenError(
                "the model's chat template puts more between a prompt, its answer and the end token "
                f"{self.tokenizer.eos_token} than a diagram may hold; choose another model"
            )

    def prompt_ids(self, messages: list[dict[str, str]]) -> list[int]:
        """Token ids of the chat prompt; marks such as <|im_end|> in the request are plain text there."""
        plain = [{**message, "content": self._without_marks(message["content"])} for message in messages]
        return self.tokenizer.apply_chat_template(plain, add_generation_prompt=True, return_dict=True)["input_ids"]

    def _without_marks(self, text: str) -> str:
        for mark in self.tokenizer.get_added_vocab():
            if len(mark) > 1:
                text = text.replace(mark, mark[:1] + " " + mark[1:])
        return text

    @torch.inference_mode()
    def generate(
        self,
        prompts: list[list[dict[str, str]]],
        number: int = 1,
        grammars: list[str] | None = None,
        temperature: float = 0.7,
        seed: int = 1,
        max_new_tokens: int = 1024,
        beams: int = 4,
        progress: Callable[[int, int], None] | None = None,
    ) -> Generation:
        """`number` answers to each prompt (chat messages), all decoded together.

        The first answer to a prompt is the likeliest that a search with so many beams finds (1: greedy, 0: none, it is
        sampled too), the others are sampled at the temperature; a prompt's samples depend on the seed and its own text,
        not on its neighbours in the batch.
        grammars: one for each prompt, which its answers keep to; None for no such bounds.
        progress, if given, is called as progress(finished answers, tokens so far).
        """
        self.model.eval()
        device, eos = self.model.device, self.tokenizer.eos_token_id
        start = time.monotonic()
        ids = [self.prompt_ids(messages) for messages in prompts]
        longest = max(map(len, ids))
        padded = torch.tensor([[eos] * (longest - len(i)) + i for i in ids], device=device)
        attention = torch.tensor([[0] * (longest - len(i)) + [1] * len(i) for i in ids], device=device)
        positions = (attention.cumsum(-1) - 1).clamp(min=0)
        out = self.model(
            input_ids=padded, attention_mask=attention, position_ids=positions, use_cache=True, logits_to_keep=1
        )
        cache = out.past_key_values
        cache.batch_repeat_interleave(number)
        attention = attention.repeat_interleave(number, 0)
        position = positions[:, -1:].repeat_interleave(number, 0)
        logits = out.logits[:, -1].float().repeat_interleave(number, 0)
        matchers, bitmask = self._matchers(grammars, len(ids), number, beams)
        answers: list[Drawn | Likeliest] = []
        for prompt in ids:
            randoms = torch.Generator().manual_seed(seed * 1_000_003 + crc32(repr(prompt).encode()) % 1_000_003)
            for nth in range(number):
                matcher = matchers[len(answers)]
                first = beams > 0 and not nth
                answers.append(Likeliest(matcher, eos, beams) if first else Drawn(matcher, eos, temperature, randoms))
        steps = changed = 0
        for _ in range(max_new_tokens):
            going = [answer for answer in answers if answer.matchers]
            free = logits.argmax(-1)
            if bitmask is not None:
                logits = self._mask(logits, [matcher for answer in going for matcher in answer.matchers], bitmask)
            steps += len(logits)
            changed += int((logits.argmax(-1) != free).sum())
            kept: list[int] = []
            tokens: list[int] = []
            row = 0
            for answer in going:
                rows = len(answer.matchers)
                for before, token in answer.step(logits[row : row + rows]):
                    kept.append(row + before)
                    tokens.append(token)
                row += rows
            if progress:
                progress(sum(not answer.matchers for answer in answers), sum(len(answer.tokens) for answer in answers))
            if not kept:
                break
            if kept != list(range(row)):
                chosen = torch.tensor(kept, device=device)
                cache.batch_select_indices(chosen)
                attention, position = attention[chosen], position[chosen]
            attention = torch.cat([attention, attention.new_ones(len(kept), 1)], -1)
            position = position + 1
            out = self.model(
                input_ids=torch.tensor(tokens, device=device)[:, None],
                attention_mask=attention,
                position_ids=position,
                past_key_values=cache,
                use_cache=True,
            )
            logits = out.logits[:, -1].float()
        grouped = [answers[i : i + number] for i in range(0, len(answers), number)]
        return Generation(
            [[self.tokenizer.decode(answer.tokens) for answer in some] for some in grouped],
            [[answer.finished for answer in some] for some in grouped],
            sum(len(answer.tokens) for answer in answers),
            time.monotonic() - start,
            changed / max(steps, 1),
        )

    def _matchers(
        self, grammars: list[str] | None, prompts: int, number: int, beams: int
    ) -> tuple[list[Any], torch.Tensor | None]:
        """A matcher for each answer, and room for the masks of all rows that may be needed at once; None without."""
        if grammars is None:
            return [None] * (prompts * number), None
        import xgrammar

        if self._compiler is None:
            info = xgrammar.TokenizerInfo.from_huggingface(
                self.tokenizer, vocab_size=self.model.config.vocab_size, stop_token_ids=[self.tokenizer.eos_token_id]
            )
            self._compiler = xgrammar.GrammarCompiler(info)  # remembers what it has compiled
        compiled = [self._compiler.compile_grammar(grammar) for grammar in grammars]
        most = prompts * (number + max(0, beams - 1))
        bitmask = xgrammar.allocate_token_bitmask(most, self.model.config.vocab_size)
        return [xgrammar.GrammarMatcher(c) for c in compiled for _ in range(number)], bitmask

    def _mask(self, logits: torch.Tensor, matchers: list[Any], bitmask: torch.Tensor) -> torch.Tensor:
        import xgrammar

        for i, matcher in enumerate(matchers):
            matcher.fill_next_token_bitmask(bitmask, i)
        xgrammar.apply_token_bitmask_inplace(logits, bitmask[: len(matchers)].to(logits.device))
        return logits


def choose_attention(wanted: str, dtype: str, training: bool) -> tuple[str, str]:
    """The attention to load a model with, and why; nothing is installed for it."""
    if wanted not in ATTENTIONS:
        raise DiagenError(f"llm.attention={wanted} is unknown; there are {', '.join(ATTENTIONS)}")
    refusal = _no_flash(dtype)
    if wanted == "flash_attention_2" and refusal:
        raise DiagenError(f"llm.attention=flash_attention_2 cannot be had: {refusal}; set llm.attention=auto")
    if wanted != "auto":
        return wanted, "as llm.attention says"
    if not torch.cuda.is_available():
        # eager's backward pass is a third faster on a CPU than sdpa's at the lengths of diagrams
        return ("eager", "the faster one to train on a CPU") if training else ("sdpa", refusal)
    return ("sdpa", refusal) if refusal else ("flash_attention_2", "installed, and this card can do it")


def _no_flash(dtype: str) -> str:
    """Why flash_attention_2 cannot be used; nothing where it can."""
    if not torch.cuda.is_available():
        return "there is no GPU"
    if torch.cuda.get_device_capability() < (8, 0):
        return f"{torch.cuda.get_device_name()} is older than the cards it is for"
    if dtype == "float32":
        return "it cannot compute in llm.dtype=float32"
    try:
        import flash_attn  # noqa: F401  # pyright: ignore[reportMissingImports]
    except Exception as error:  # one built for another torch fails in many ways
        return f"flash_attn cannot be imported ({_first_line(error)})"
    return "" if is_flash_attn_2_available() else "the flash_attn that is installed is too old"


def _quantized(kind: str, dtype: str, device: torch.device) -> BitsAndBytesConfig:
    """The settings that quantize a model while it is loaded; tries them on one small layer."""
    try:
        from bitsandbytes.nn.modules import Linear4bit, Linear8bitLt

        if kind == "nf4":
            layer = Linear4bit(64, 64, quant_type="nf4", compute_dtype=DTYPES[dtype])
        else:
            layer = Linear8bitLt(64, 64, has_fp16_weights=False)
        with torch.no_grad():
            layer.to(device).eval()(torch.zeros(1, 64, dtype=DTYPES[dtype], device=device))
    except Exception as error:  # not installed, built for another CUDA, or without a kernel for this machine
        raise DiagenError(
            f"llm.quantization={kind} cannot be done on this machine: {_first_line(error)}; "
            "it takes a working `pip install bitsandbytes`, or set llm.quantization=none"
        ) from error
    if kind == "int8":
        return BitsAndBytesConfig(load_in_8bit=True)
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=DTYPES[dtype],
    )


def _keep_gradients(model: Any) -> None:
    """On a CPU bitsandbytes packs 4-bit weights at the first answer, and no gradient passes a packed layer."""
    for module in model.modules():
        if hasattr(module, "support_avx512bf16_for_cpu"):
            module.support_avx512bf16_for_cpu = False


def out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out, a card's or the machine's."""
    return isinstance(error, (torch.OutOfMemoryError, MemoryError)) or "can't allocate memory" in str(error)


def peak_memory(start: bool = False) -> int | None:
    """The most memory held since the last call with start, in MB (10^6 bytes): a card's, else this process's.

    None where the system does not say (it is asked in Linux's way).
    """
    if torch.cuda.is_available():
        if start:
            torch.cuda.reset_peak_memory_stats()
        return round(torch.cuda.max_memory_allocated() / 1e6)
    try:
        if start:
            gc.collect()  # an earlier job of a sweep may have left a model
            Path("/proc/self/clear_refs").write_text("5")  # takes the peak back to what is held now
        told = Path("/proc/self/status").read_text(encoding="utf-8")
        return round(int(told.split("VmHWM:")[1].split()[0]) * 1024 / 1e6)
    except (OSError, IndexError):
        return None


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def save_adapter(model: PeftModel, folder: Path, card: dict[str, Any]) -> None:
    """Writes a trained adapter in bfloat16 with its card, under no name of this machine."""
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.to(torch.bfloat16)
    model.peft_config["default"].base_model_name_or_path = card["base"]
    # DPO keeps its reference in the model too, as an adapter "ref"
    model.save_pretrained(str(folder), save_embedding_layers=False, selected_adapters=["default"])
    (folder / "README.md").unlink(missing_ok=True)  # peft's empty form; the card says what there is to say
    (folder / CARD).write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")


def _base_sha256(folder: str | Path) -> str:
    """What an adapter is bound to: the checksum kept beside fetched weights, else of the safetensors themselves."""
    folder = Path(folder)
    try:
        return json.loads((folder / "base.json").read_text(encoding="utf-8"))["sha256"]
    except (OSError, ValueError, KeyError):
        pass
    files = sorted(folder.glob("*.safetensors")) if folder.is_dir() else []
    return sha256(files[0]) if len(files) == 1 else ",".join(sha256(f)[:16] for f in files) or folder.as_posix()
