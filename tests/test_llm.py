"""DiagramLLM, on a random model of one layer."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from conftest import TINY
from peft import LoraConfig, get_peft_model
from transformers import PreTrainedTokenizerFast

from diagen import DiagenError
from diagen.diagram import GRAMMAR, GRAMMAR_HASH, DiagramError, ask, parse
from diagen.models.llm import DiagramLLM

PROMPTS = [ask(request) for request in ("two layers", "a long request " * 12, "한글")]


@pytest.fixture(scope="module")
def llm() -> DiagramLLM:
    return DiagramLLM(TINY, adapter=None, dtype="float32")


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    """An adapter that changes the model, saved as training saves it."""
    base = DiagramLLM(TINY, adapter=None, dtype="float32", merge=False)
    torch.manual_seed(3)
    config = LoraConfig(task_type="CAUSAL_LM", r=2, target_modules=["q_proj", "v_proj"], init_lora_weights=False)
    get_peft_model(base.model, config).save_pretrained(str(tmp_path / "adapter"))
    card = {"base_sha256": base.base_sha256, "grammar": GRAMMAR_HASH}
    (tmp_path / "adapter/diagen.json").write_text(json.dumps(card))
    return tmp_path / "adapter"


def logits(llm: DiagramLLM) -> torch.Tensor:
    with torch.no_grad():
        return llm.model(input_ids=torch.tensor([llm.prompt_ids(PROMPTS[0])])).logits


def test_number_and_shape(llm):
    found = llm.generate(PROMPTS, number=3, max_new_tokens=8)
    assert [len(t) for t in found.texts] == [len(f) for f in found.finished] == [3, 3, 3]
    assert 0 < found.tokens <= 72 and found.seconds > 0 and 0 <= found.masked_share <= 1


def test_seeds_reproduce(llm):
    def texts(seed):
        return llm.generate(PROMPTS[:1], number=4, seed=seed, max_new_tokens=16).texts[0]

    one, two = texts(1), texts(2)
    assert one == texts(1) and one[0] == two[0] and one[1:] != two[1:] and len(set(one)) > 1
    cold = llm.generate(PROMPTS[:1], number=3, temperature=0, max_new_tokens=16, beams=1).texts[0]
    assert (
        cold == [cold[0]] * 3 == llm.generate(PROMPTS[:1], number=3, temperature=0, max_new_tokens=16, beams=0).texts[0]
    )


@pytest.mark.parametrize("grammar", [None, GRAMMAR], ids=["free", "grammar"])
def test_neighbours_do_not_matter(llm, grammar):
    settings = {"number": 2, "max_new_tokens": 24}
    grammars = [grammar] * len(PROMPTS) if grammar else None
    together = llm.generate(PROMPTS, grammars=grammars, **settings)
    for i, prompt in enumerate(PROMPTS):
        alone = llm.generate([prompt], grammars=grammars and grammars[:1], **settings)
        assert (alone.texts[0], alone.finished[0]) == (together.texts[i], together.finished[i])
    turned = llm.generate(PROMPTS[::-1], grammars=grammars, **settings)
    assert turned.texts[::-1] == together.texts


def test_grammar(llm, monkeypatch):
    """Under the grammar a random model writes lines of the language; what it finishes can be read."""
    forward = llm.model.forward
    liked = [llm.tokenizer.eos_token_id, *llm.tokenizer(" ->[]\n", add_special_tokens=False)["input_ids"]]

    def hasty(*args, **kwargs):  # prefers arrows and the ends of words and lines, so that texts end
        out = forward(*args, **kwargs)
        out.logits[..., liked] += 6
        return out

    monkeypatch.setattr(llm.model, "forward", hasty)
    found = llm.generate(PROMPTS[:1], number=32, grammars=[GRAMMAR], temperature=1.0, max_new_tokens=250, seed=5)
    ended = [text for text, whole in zip(found.texts[0], found.finished[0], strict=True) if whole]
    assert len(ended) >= 8 and found.masked_share > 0
    read = 0
    for text in ended:
        try:
            parse(text)
            read += 1
        except DiagramError as error:
            # what no grammar can see: an arrow without a node before it, or the answer `none`
            assert "no line of the language" not in str(error), text
    assert read >= len(ended) / 2


def test_broken_tokenizer_is_refused(monkeypatch):
    decode = PreTrainedTokenizerFast.decode

    def losing(self, ids, **settings):
        return decode(self, ids, **settings).replace("\n", "")

    monkeypatch.setattr(PreTrainedTokenizerFast, "decode", losing)
    with pytest.raises(DiagenError, match="loads the model's tokenizer wrongly"):
        DiagramLLM(TINY, adapter=None, dtype="float32")


def test_adapter_is_merged(llm, adapter):
    tuned = DiagramLLM(TINY, adapter=str(adapter), dtype="float32", grammar_hash=GRAMMAR_HASH)
    assert not any("lora" in name for name, _ in tuned.model.named_parameters())
    assert tuned.name.endswith(" + adapter") and not torch.allclose(logits(tuned), logits(llm))
    open_ = DiagramLLM(TINY, adapter=str(adapter), dtype="float32", merge=False)
    assert [p.requires_grad for n, p in open_.model.named_parameters() if "lora" in n] == [True] * 4
    assert torch.allclose(logits(open_), logits(tuned), atol=1e-5)


def rewrite_card(adapter: Path, **changes: str) -> None:
    card = json.loads((adapter / "diagen.json").read_text())
    (adapter / "diagen.json").write_text(json.dumps(card | changes))


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


@pytest.mark.parametrize(
    ("break_it", "words"),
    [
        (lambda a: rewrite_card(a, base_sha256="0" * 64), "another base model .*choose the llm"),
        (lambda a: rewrite_card(a, grammar="0000"), "another version of the language"),
        (lambda a: shutil.rmtree(a), "there is no adapter in"),
        (lambda a: (a / "diagen.json").unlink(), "diagen.json is missing or damaged"),
        (lambda a: (a / "diagen.json").write_text("{"), "diagen.json is missing or damaged"),
        (lambda a: (a / "diagen.json").write_text("[1]"), "diagen.json is missing or damaged"),
        (lambda a: (a / "adapter_model.safetensors").unlink(), "has no weights"),
        (lambda a: truncate(a / "adapter_model.safetensors"), "is damaged"),
        (lambda a: (a / "adapter_model.safetensors").write_bytes(b""), "is damaged"),
        (lambda a: (a / "adapter_config.json").unlink(), "is damaged"),
        (lambda a: truncate(a / "adapter_config.json"), "is damaged"),
    ],
)
def test_bad_adapters_are_refused(adapter, break_it, words):
    break_it(adapter)
    with pytest.raises(DiagenError, match=words) as caught:
        DiagramLLM(TINY, adapter=str(adapter), dtype="float32", grammar_hash=GRAMMAR_HASH)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.json"])
def test_damaged_base_is_refused(tmp_path, name):
    shutil.copytree(TINY, tmp_path / "base")
    truncate(tmp_path / "base" / name)
    with pytest.raises(DiagenError, match="cannot be loaded") as caught:
        DiagramLLM(str(tmp_path / "base"), adapter=None)
    assert "\n" not in str(caught.value)


def test_hub_name_without_network():
    with pytest.raises(DiagenError, match="deepseek-ai/.* cannot be loaded: .*network there"):
        DiagramLLM("deepseek-ai/no-such-model-for-diagen", adapter=None)
