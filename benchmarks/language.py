"""How many tokens the language costs: a layer, a node with its edges, a drawn node.

    python benchmarks/language.py [--tokenizer FOLDER] [--node-lists human_readability.jsonl]

Counted on texts of requests that training never sees (the held-out split of the generator), with the default model's
tokenizer. A drawn node of a plain network is a drawn neuron (at most 9 of a layer are drawn); with --node-lists the
tokens a node of the predecessor's texts are printed beside it.
"""

from __future__ import annotations

import argparse
import json
from itertools import islice
from pathlib import Path

from transformers import AutoTokenizer

from diagen.data.synthetic import pairs
from diagen.diagram import LAYER_KINDS, dump, parse

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--tokenizer", type=Path)
parser.add_argument("--node-lists", type=Path)
parser.add_argument("--number", type=int, default=2000)
args = parser.parse_args()
if args.tokenizer is None:
    from diagen.models.weights import smollm2_135m

    args.tokenizer = smollm2_135m()
tokenizer = AutoTokenizer.from_pretrained(args.tokenizer)


def count(text: str) -> int:
    return len(tokenizer(text, add_special_tokens=False)["input_ids"])


layers = layer_tokens = nodes = node_tokens = drawn = drawn_tokens = 0
for row in islice(pairs(11, "held_out"), args.number):
    if row["source"] == "none":
        continue
    diagram = parse(row["text"])
    tokens = count(row["text"])
    kinds = {n.kind for n in diagram.nodes}
    if kinds <= set(LAYER_KINDS) and "->" not in row["text"]:
        spelt = "".join(line + "\n" for line in dump(diagram).splitlines() if line.split()[0] in LAYER_KINDS)
        layers += spelt.count("\n")
        layer_tokens += count(spelt)
    else:
        nodes += len(diagram.nodes)
        node_tokens += tokens
    plain = kinds <= {"input", "dense", "output"}
    drawn += sum(min(n.units or 1, 9) if plain else 1 for n in diagram.nodes)
    drawn_tokens += tokens
figures = {
    "tokens a layer": layer_tokens / layers,
    "tokens a node with its edges": node_tokens / nodes,
    "tokens a drawn node": drawn_tokens / drawn,
}
if args.node_lists:
    texts = [json.loads(line) for line in args.node_lists.read_text(encoding="utf-8").splitlines()]
    texts = [t["text"] for t in texts if t["id"].startswith("target-")]
    before = sum(map(count, texts)) / sum(len([x for x in t.split("\n") if x.strip()]) for t in texts)
    figures |= {"tokens a drawn node, node lists": before, "ratio": before / figures["tokens a drawn node"]}
print(json.dumps({k: round(v, 2) for k, v in figures.items()}))
