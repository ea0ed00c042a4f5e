"""Makes tiny_llm: a random one-layer Llama with a byte-level tokenizer, for tests.

python tests/assets/make_tiny_llm.py
"""

from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

FOLDER = Path(__file__).parent / "tiny_llm"
TEMPLATE = (
    "{% for m in messages %}<s>{{ m['role'] }}\n{{ m['content'] }}</s>\n{% endfor %}"
    "{% if add_generation_prompt %}<s>assistant\n{% endif %}"
)

letters = sorted(pre_tokenizers.ByteLevel.alphabet())
vocabulary = {"<s>": 0, "</s>": 1} | {c: i + 2 for i, c in enumerate(letters)}
inner = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
inner.decoder = decoders.ByteLevel()
tokenizer = PreTrainedTokenizerFast(
    tokenizer_object=inner, bos_token="<s>", eos_token="</s>", pad_token="</s>", clean_up_tokenization_spaces=False
)
tokenizer.chat_template = TEMPLATE

torch.manual_seed(1)
config = LlamaConfig(
    vocab_size=len(vocabulary), hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2,
    num_key_value_heads=1, max_position_embeddings=8192, bos_token_id=0, eos_token_id=1, pad_token_id=1,
    tie_word_embeddings=True,
)  # fmt: skip
LlamaForCausalLM(config).save_pretrained(FOLDER)
tokenizer.save_pretrained(FOLDER)
