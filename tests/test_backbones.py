"""Backbones of other makes, on random models of their architecture; quantization and attention."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
import transformers
from conftest import TINY
from omegaconf import OmegaConf
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PretrainedConfig, Qwen2Config, Qwen2ForCausalLM

import train
from benchmarks import memory
from diagen import DiagenError
from diagen import pairs as preference_pairs
from diagen.data.synthetic import pairs
from diagen.data.text import load_preferences, mistakes
from diagen.diagram import GRAMMAR, GRAMMAR_HASH, ask
from diagen.models.llm import DiagramLLM, choose_attention

BEGIN, END = "<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>"
CODER = (
    "{% set ns = namespace(found=false) -%}{%- for m in messages if m['role'] == 'system' -%}"
    "{%- set ns.found = true -%}{%- endfor -%}{{bos_token}}"
    "{%- if not ns.found -%}{{'You are an AI programming assistant\\n'}}{%- endif %}"
    "{%- for m in messages %}{%- if m['role'] == 'system' %}{{ m['content'] }}"
    "{%- elif m['role'] == 'user' %}{{'### Instruction:\\n' + m['content'] + '\\n'}}"
    "{%- else %}{{'### Response:\\n' + m['content'] + '\\n<|EOT|>\\n'}}{%- endif %}{%- endfor %}"
    "{% if add_generation_prompt %}{{'### Response:\\n'}}{% endif %}"
)
REASONER = (
    "{{bos_token}}{%- for m in messages %}{%- if m['role'] == 'system' %}{{ m['content'] }}"
    "{%- elif m['role'] == 'user' %}{{'<｜User｜>' + m['content']}}"
    "{%- else %}{{'<｜Assistant｜>' + m['content'].split('</think>')[-1] + '<｜end▁of▁sentence｜>'}}{%- endif %}"
    "{%- endfor %}{% if add_generation_prompt %}{{'<｜Assistant｜><think>\\n'}}{% endif %}"
)
STEPS = [
    "model=llm", "llm.lora.r=4", "stage.rows.number=16", "stage.rows.held_out=4",
    "stage.trainer.args.max_length=1500", "stage.trainer.args.bf16=false",
    "stage.trainer.args.per_device_train_batch_size=2", "stage.trainer.args.per_device_eval_batch_size=2",
    "stage.trainer.args.warmup_steps=0", "+stage.trainer.args.disable_tqdm=true", "+stage.trainer.args.max_steps=2",
    "wandb.mode=disabled", "check=0", "llm.dtype=float32",
]  # fmt: skip


def save_tokenizer(folder: Path, template: str, end: str) -> int:
    """A byte-level tokenizer, split as DeepSeek's are, and declared as a Llama one as theirs are; its size."""
    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex("[\r\n]"), "isolated"),
            pre_tokenizers.Split(Regex(r"\s?\p{L}+"), "isolated"),
            pre_tokenizers.Split(Regex(r"\s?\p{P}+"), "isolated"),
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    inner.decoder = decoders.ByteLevel()
    texts = [pair["request"] + "\n" + pair["text"] for pair in islice(pairs(1, "train"), 200)]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    inner.train_from_iterator(texts, trainers.BpeTrainer(vocab_size=600, initial_alphabet=alphabet))
    inner.add_special_tokens([BEGIN, END, "<|EOT|>"])
    inner.save(str(folder / "tokenizer.json"))
    settings = {"tokenizer_class": "LlamaTokenizerFast", "add_bos_token": True, "bos_token": BEGIN, "eos_token": end}
    settings |= {"pad_token": END, "chat_template": template, "clean_up_tokenization_spaces": False, "legacy": True}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    return inner.get_vocab_size()


def save_backbone(folder: Path, kind: str) -> str:
    folder.mkdir()
    torch.manual_seed(1)
    shape = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4}
    if kind == "coder":
        size = save_tokenizer(folder, CODER, "<|EOT|>")
        rope = {"rope_type": "linear", "factor": 4.0, "rope_theta": 100000.0}
        config: PretrainedConfig = LlamaConfig(vocab_size=size, rope_parameters=rope, rms_norm_eps=1e-6, **shape)
        LlamaForCausalLM(config).save_pretrained(folder)
    else:
        size = save_tokenizer(folder, REASONER, END)
        config = Qwen2Config(vocab_size=size, num_key_value_heads=2, tie_word_embeddings=False, **shape)
        Qwen2ForCausalLM(config).save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Models of this size are slower on several."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def coder(tmp_path_factory: pytest.TempPathFactory) -> str:
    return save_backbone(tmp_path_factory.mktemp("backbones") / "coder", "coder")


@pytest.fixture
def tune(monkeypatch, tmp_path, capsys):
    """Calls train.py in this process; its adapter, or its error."""

    def tune(name: str, *arguments: str) -> str:
        run = tmp_path / name
        monkeypatch.setattr(sys, "argv", ["train.py", *STEPS, *arguments, f"hydra.run.dir={run}"])
        monkeypatch.chdir(tmp_path)
        try:
            status = train.run(train.main)
        except SystemExit as end:
            status = end.code
        out, err = capsys.readouterr()
        if status:
            assert err.count("error: ") == 1 and "Traceback" not in err, err
            return err
        assert "attention (" in out, err
        return str(run / "adapter")

    return tune


@pytest.mark.parametrize(("kind", "prompt", "end"), [
    ("coder", "Diagram### Instruction:\ntwo layers\n### Response:\n", "<|EOT|>"),
    ("reasoner", "Diagram<｜User｜>two layers<｜Assistant｜>", END),
])  # fmt: skip
def test_what_is_taught_is_what_is_decoded(tmp_path, kind, prompt, end):
    """The template's prompt begins the answered chat, and the grammar lets the answer end as the template ends it."""
    llm = DiagramLLM(save_backbone(tmp_path / kind, kind), adapter=None, dtype="float32")
    messages = ask("two layers")
    assert llm.tokenizer.decode(llm.prompt_ids(messages)) == BEGIN + prompt
    answer = {"role": "assistant", "content": "input 4\noutput 2\n"}
    ids = llm.tokenizer.apply_chat_template([*messages, answer], return_dict=True)["input_ids"]
    assert ids[: len(llm.prompt_ids(messages))] == llm.prompt_ids(messages)
    taught = ids[len(llm.prompt_ids(messages)) :]
    taught = taught[: taught.index(llm.tokenizer.eos_token_id) + 1]
    assert llm.tokenizer.decode(taught) == "input 4\noutput 2\n" + end
    (matcher,), _ = llm._matchers([GRAMMAR], 1, 1, 1)
    assert all(matcher.accept_token(token) for token in taught) and matcher.is_terminated()


def test_chain(coder, tune, run, tmp_path):
    """sft -> dpo -> orpo -> infer on DeepSeek-Coder's architecture, and its adapter merged by hand."""
    here = ["llm=deepseek_coder_1b", f"llm.weights={coder}"]
    sft = tune("sft", *here, "stage.trainer.args.gradient_checkpointing=true")
    dpo = tune("dpo", *here, "stage=dpo", f"llm.adapter={sft}")
    orpo = tune("orpo", *here, "stage=orpo", f"llm.adapter={dpo}")
    card = json.loads((Path(orpo) / "diagen.json").read_text())
    assert card["base"] == coder and card["before"]["pairs"] == 16
    merged = tmp_path / "merged"
    tuned = DiagramLLM(coder, adapter=orpo, dtype="float32", grammar_hash=GRAMMAR_HASH)
    tuned.model.save_pretrained(merged)
    tuned.tokenizer.save_pretrained(merged)
    (tmp_path / "requests.jsonl").write_text('{"id": "a", "prompt": "3 inputs, 4 hidden, 1 output"}\n')
    written = []
    for name, settings in (
        ("adapter", [f"llm.weights={coder}", f"llm.adapter={orpo}"]),
        ("merged", [f"llm.weights={merged}", "llm.adapter=null"]),
    ):
        done = run(
            "prompts=requests.jsonl", f"output={name}.jsonl", "llm=deepseek_coder_1b", *settings, "llm.dtype=float32",
            "candidates=1", "keep=1", "temperature=0", "max_new_tokens=60",
        )  # fmt: skip
        row = json.loads((tmp_path / f"{name}.jsonl").read_text())
        assert row["id"] == "a" and "sdpa attention (there is no GPU)" in done.err
        written.append(row["text"])
    assert written[0] == written[1]


def test_preferences_begin_as_answers_do(coder):
    """A tokenizer may set its first token itself, and the template does too; TRL's DPO has both set it."""
    llm = DiagramLLM(coder, adapter=None, dtype="float32")
    first = llm.tokenizer.bos_token_id
    llm.tokenizer._tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{BEGIN} $A", special_tokens=[(BEGIN, first)]
    )
    assert llm.tokenizer("")["input_ids"] == [first]
    rows = load_preferences(["mistakes"], 4, 2, 1, tokenizer=llm.tokenizer, max_length=2000)["train"]
    asked = [row["request"] for row in islice(mistakes(1, "train"), 4)]
    found = [llm.tokenizer(row["prompt"])["input_ids"] for row in rows]
    assert sorted(found) == sorted(llm.prompt_ids(ask(request)) for request in asked)


def test_chain_of_a_qwen(tmp_path, tune):
    folder = save_backbone(tmp_path / "qwen", "reasoner")
    adapter = tune("sft", "llm=deepseek_r1_1b", f"llm.weights={folder}")
    DiagramLLM(folder, adapter=adapter, grammar_hash=GRAMMAR_HASH).generate([ask("two layers")], max_new_tokens=2)
    assert "was trained on another base model" in tune("orpo", f"llm.weights={TINY}", f"llm.adapter={adapter}")


@pytest.mark.parametrize("quantization", ["nf4", "int8"])
def test_quantized_chain(coder, tune, quantization):
    """Trained on a quantized backbone; the adapter serves the whole one too."""
    pytest.importorskip("bitsandbytes")
    here = ["llm=deepseek_coder_1b", f"llm.weights={coder}", f"llm.quantization={quantization}"]
    sft = tune("sft", *here)
    orpo = tune("orpo", *here, "stage=orpo", f"llm.adapter={sft}", "stage.trainer.args.gradient_checkpointing=true")
    settings = {"adapter": orpo, "dtype": "float32", "grammar_hash": GRAMMAR_HASH}
    small = DiagramLLM(coder, quantization=quantization, **settings)
    whole = DiagramLLM(coder, merge=False, **settings)
    assert small.name.endswith(f" + adapter ({quantization})")
    assert small.model.get_memory_footprint() < whole.model.get_memory_footprint()
    ids = torch.tensor([whole.prompt_ids(ask("two layers"))])
    with torch.no_grad():
        near = torch.cosine_similarity(small.model(ids).logits.flatten(), whole.model(ids).logits.flatten(), 0)
    assert near > 0.95


@pytest.mark.parametrize("quantization", ["nf4", "int8"])
def test_every_adapter_weight_learns_after_an_answer(coder, quantization):
    pytest.importorskip("bitsandbytes")
    llm = DiagramLLM(coder, adapter=None, dtype="float32", merge=False, quantization=quantization, lora={"r": 2})
    from peft import get_peft_model

    llm.model = get_peft_model(llm.model, llm.lora)
    llm.generate([ask("two layers")], max_new_tokens=2)
    ids = torch.tensor([llm.prompt_ids(ask("two layers"))])
    llm.model.train()(input_ids=ids, labels=ids).loss.backward()
    gradients = [p.grad for name, p in llm.model.named_parameters() if "lora_B" in name]
    assert gradients and all(g is not None and g.abs().sum() > 0 for g in gradients)


def test_quantization_that_cannot_be_done(monkeypatch, tune):
    assert "llm.quantization=int3 is unknown" in tune("a", f"llm.weights={TINY}", "llm.quantization=int3")
    monkeypatch.setitem(sys.modules, "bitsandbytes.nn.modules", None)
    err = tune("b", f"llm.weights={TINY}", "llm.quantization=nf4")
    assert "llm.quantization=nf4 cannot be done on this machine" in err and "llm.quantization=none" in err


@pytest.mark.parametrize(("wanted", "words"), [("flash_attention_2", "there is no GPU"), ("fastest", "is unknown")])
def test_attention_that_cannot_be_had(monkeypatch, tune, wanted, words):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert words in tune("a", f"llm.weights={TINY}", f"llm.attention={wanted}")


def test_attention_of_a_model_that_knows_only_one(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    load = transformers.AutoModelForCausalLM.from_pretrained

    def picky(folder, attn_implementation, **more):
        if attn_implementation == "sdpa":
            raise ValueError("LlamaForCausalLM does not support an attention implementation through sdpa yet")
        return load(folder, attn_implementation=attn_implementation, **more)

    monkeypatch.setattr(transformers.AutoModelForCausalLM, "from_pretrained", picky)
    found = DiagramLLM(TINY, adapter=None, dtype="float32", attention="auto")
    assert found.attention == "eager attention (the model knows no sdpa)"
    with pytest.raises(DiagenError, match="sdpa"):
        DiagramLLM(TINY, adapter=None, dtype="float32", attention="sdpa")


def test_attention_of_cards(monkeypatch):
    """As on a machine with a GPU; flash_attn is a stub."""
    assert choose_attention("auto", "float32", training=True)[0] == "eager"
    assert choose_attention("auto", "float32", training=False) == ("sdpa", "there is no GPU")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "Tesla T4")
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: (7, 5))
    assert choose_attention("auto", "float16", True) == ("sdpa", "Tesla T4 is older than the cards it is for")
    with pytest.raises(DiagenError, match="Tesla T4 is older"):
        choose_attention("flash_attention_2", "float16", True)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: (8, 6))
    monkeypatch.setitem(sys.modules, "flash_attn", None)
    assert "flash_attn cannot be imported" in choose_attention("auto", "bfloat16", True)[1]
    monkeypatch.setitem(sys.modules, "flash_attn", SimpleNamespace())
    monkeypatch.setattr("diagen.models.llm.is_flash_attn_2_available", lambda: True)
    assert choose_attention("auto", "bfloat16", True)[0] == "flash_attention_2"
    assert choose_attention("auto", "float32", True)[0] == "sdpa"
    assert choose_attention("eager", "bfloat16", True) == ("eager", "as llm.attention says")


def test_out_of_memory(monkeypatch, tune, run, tmp_path):
    def full(*args, **settings):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

    small = [f"llm.weights={TINY}", "llm=tiny", "stage.trainer.args.max_length=4000"]
    monkeypatch.setattr(transformers.Trainer, "training_step", full)
    assert "lower stage.trainer.args.per_device_train_batch_size" in tune("a", *small)
    monkeypatch.setattr(DiagramLLM, "generate", full)
    done = run("prompt=two layers", "llm=tiny", f"llm.weights={TINY}", f"output={tmp_path}/out")
    assert done.status == 1 and "error: out of memory; lower candidates" in done.err
    monkeypatch.setattr(transformers.AutoModelForCausalLM, "from_pretrained", full)
    assert "out of memory while loading" in tune("b", *small)


@pytest.mark.parametrize("setting", ["stage.trainer.args.max_length=30", "stage.rows.held_out=1"])
def test_too_few_pairs(tune, setting):
    assert "too few pairs: " in tune("a", f"llm.weights={TINY}", "llm=tiny", setting)


def test_memory_command(monkeypatch, capsys):
    """On a CPU it tries a small shape, and says that its figures need a GPU."""
    pytest.importorskip("bitsandbytes")
    monkeypatch.setattr(sys, "argv", ["memory", "deepseek_coder_1b"])
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert memory.main() == 1
    assert capsys.readouterr().err.count("error: ") == 1
    small = memory.CODER | {"model_type": "llama", "hidden_size": 64, "intermediate_size": 128, "vocab_size": 300}
    small |= {"num_hidden_layers": 24, "num_attention_heads": 4, "num_key_value_heads": 4}
    monkeypatch.setitem(memory.SHAPES, "deepseek_coder_1b", small)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    sys.argv += ["--device", "cpu", "--layers", "2", "--steps", "2", "--tokens", "128"]
    assert memory.main() == 0
    assert "a pair of 128 tokens a step" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "billions"), [("deepseek_coder_1b", 1.35), ("deepseek_coder_7b", 6.74), ("deepseek_r1_1b", 1.78)]
)
def test_shapes_are_those_of_the_models(name, billions):
    with torch.device("meta"):
        model = transformers.AutoModelForCausalLM.from_config(transformers.AutoConfig.for_model(**memory.SHAPES[name]))
    assert round(model.num_parameters() / 1e9, 2) == billions
    lora = OmegaConf.load(Path(__file__).parent.parent / f"conf/llm/{name}.yaml").lora
    names = {path.rsplit(".", 1)[-1] for path, _ in model.named_modules()}
    assert set(lora.target_modules) <= names


def test_pairs_that_nothing_tells_apart(monkeypatch, tmp_path, capsys):
    """Samples that are all alike, ratings that are all equal, and too few of them."""

    def alike(weights: str = "", **settings: object) -> SimpleNamespace:
        def generate(prompts, number, *rest, **more):
            return SimpleNamespace(
                texts=[["input 4\n"] * number] * len(prompts), finished=[[True] * number] * len(prompts)
            )

        tokenizer = lambda text: {"input_ids": text.split()}  # noqa: E731
        return SimpleNamespace(generate=generate, tokenizer=tokenizer, attention="none")

    def refused(*arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", ["pairs", *arguments, "--output", str(tmp_path / "pairs.jsonl")])
        assert preference_pairs.main() == 1 and not (tmp_path / "pairs.jsonl").exists()
        err = capsys.readouterr().err
        assert err.count("error: ") == 1
        return err

    monkeypatch.setattr("diagen.models.llm.DiagramLLM", alike)
    right = {"request": "four inputs", "text": "input 4\n"}
    monkeypatch.setattr(preference_pairs, "requests", lambda number, seed: [right] * number)
    assert "in none of 4 requests one answer is clearly better" in refused("samples", "--number", "4")
    assert len((tmp_path / "pairs.jsonl.answers").read_text().splitlines()) == 5  # kept, settings first
    monkeypatch.setenv("DIAGEN_HOME", str(tmp_path))
    assert "me has 0 ratings" in refused("ratings")
    rated = [SimpleNamespace(request="two layers", text=f"input {i}\n", stars=3.0) for i in range(60)]
    monkeypatch.setattr("diagen.data.ratings.Ratings.of", lambda self, user: rated)
    assert "me's ratings tell no two drawings of one request apart" in refused("ratings")
