"""Requests that only name a well-known network or process, with the diagram that the field draws for it.

The names and diagrams are in known/*.txt: templates (templates/README.md) whose wordings are noun phrases, which are
put into a sentence here. What varies in size (a U-Net of n levels, a network unrolled over n steps, n experts) is made
by rule. The last phrase of each template is held out of training, and so are some of the sentences.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .networks import WORDS, article, dressed
from .wordings import Template, load_templates

HANGUL = re.compile("[가-힣]")
FOLDER = Path(__file__).with_name("known")
FRAMES = (  # {a}: the name with its article, {b}: without
    *("{b}",) * 8,
    *("draw {a}",) * 3,
    *("{b} architecture", "{b} diagram", "diagram of {a}", "draw the {b} architecture"),
    "the architecture of {a}",
    "draw me {a} please",
    "please draw {a}",
    "can you draw {a}?",
    "can you sketch {a} for me",
    "a diagram of {a}",
    "a figure of {a}",
    "a figure of {a} for my thesis",
    "figure for a paper: {b}",
    "i need a picture of {a} for my slides",
    "I want to show {a} in a talk",
    "show me {a}",
    "show how {a} works",
    "show the structure of {a}",
    "how does {a} look",
    "how does {a} work?",
    "explain {a} with a diagram",
    "{b} block diagram",
    "{b} schematic",
    "{b}, drawn simply",
    "an overview of {a}",
    "a schematic overview of {a}",
    "sketch {a}",
    "visualize {a}",
    "plot the architecture of {a}",
    "create a diagram for {a}",
    "generate a {b} diagram",
    "make a figure that shows {a}",
    "illustrate {a}",
    "flowchart of {a}",
    "flow chart: {b}",
    "the typical {b}",
    "standard {b}",
    "{b} as in the paper",
    "{b} figure",
    "{b} pls",
    "{b} 그려줘",
    "{b} 구조",
    "{b} 다이어그램 그려줘",
)
FRAMES_KOREAN = (
    *("{b}",) * 4,
    *("{b} 그려줘",) * 4,
    "{b}를 그려 주세요",
    "{b} 구조",
    "{b} 구조를 그려줘",
    "{b} 구조도",
    "{b} 다이어그램",
    "{b} 다이어그램 그려줘",
    "{b} 그림 좀 그려줘",
    "{b} 아키텍처",
    "{b} 도식",
    "{b}를 그림으로 보여줘",
    "발표 자료에 넣을 {b} 그림",
    "논문에 쓸 {b} 그림이 필요해요",
    "{b} 흐름도",
    "{b}의 구조를 보여줘",
)
FRAMES_HELD_OUT = (
    "what does {a} look like?",
    "give me {a}",
    "{b} drawing",
    "could you make a drawing of {a}",
    "I'd like to see {a}",
    "{b} for a lecture",
)
PURPOSES = (
    "image classification",
    "image segmentation",
    "medical images",
    "text classification",
    "sentiment analysis",
    "time series",
    "anomaly detection",
    "speech",
    "machine translation",
    "tabular data",
    "my dataset",
    "beginners",
    "a lecture",
    "our product",
)
Words = tuple[str, list[str]]  # a noun phrase, and the lines of its diagram


def asked(rng: random.Random, phrase: str, split: str = "train") -> str:
    """A request for what the phrase names."""
    korean = HANGUL.search(phrase) is not None
    frames: Sequence[str] = FRAMES_KOREAN if korean else FRAMES if split == "train" else FRAMES_HELD_OUT
    if len(phrase) > 30:  # too long for words after it, or for another article before it
        frames = [f for f in frames if "{b}" not in f[:-3] and "the {b}" not in f and " for" not in f[4:]]
    elif not korean and " for " not in phrase and rng.random() < 0.08:
        phrase += " for " + rng.choice(PURPOSES)
    return rng.choice(frames).format(a=phrase, b=re.sub(r"^(an?|the) ", "", phrase))


def known(rng: random.Random, split: str = "train") -> tuple[str, str]:
    """A request that names something well-known, and its diagram."""
    template = rng.choice(named())
    last = len(template.wordings) - 1
    phrase, text = template.fill(rng, last if split == "held_out" else rng.randrange(last))
    request, lines = asked(rng, phrase, split), text.rstrip("\n").split("\n")
    if not HANGUL.search(phrase):
        request, lines = dressed(rng, request, lines)
    return request, "\n".join(lines) + "\n"


def sized(rng: random.Random, split: str = "train") -> tuple[str, str]:
    """A request for something known whose size it says, and its diagram."""
    makers, shares = zip(*SIZED, strict=True)
    phrase, lines = rng.choices(makers, shares)[0](rng)
    request, lines = dressed(rng, asked(rng, phrase, split), lines)
    return request, "\n".join(lines) + "\n"


@cache
def named() -> tuple[Template, ...]:
    """All templates of known/."""
    return tuple(t for path in sorted(FOLDER.glob("*.txt")) for t in load_templates(path))


def count(r: random.Random, n: int) -> str:
    """A number in digits or, where it is short, in a word."""
    return WORDS[n] if n < len(WORDS) and r.random() < 0.3 else str(n)


def listed(r: random.Random, items: Sequence[object]) -> str:
    """The items with commas, with or without "and"."""
    words = [str(item) for item in items]
    return r.choice((", ".join(words), ", ".join(words[:-1]) + " and " + words[-1], "-".join(words), "/".join(words)))


def unet(r: random.Random) -> Words:
    """A U-Net: its channels told, or how many there are at first and how often they double."""
    levels = r.choice((2, 3, 3, 3, 4, 4, 5))  # with the lowest
    first = r.choice((8, 16, 16, 24, 32, 32, 32, 48, 64, 64, 64, 64))
    channels = [first * 2**i for i in range(levels)]
    if r.random() < 0.15:
        channels = sorted(r.sample((8, 12, 16, 20, 24, 32, 40, 48, 64, 80, 96, 128, 160, 256, 320, 512), levels))
    n, down, word = (
        count(r, levels),
        count(r, levels - 1),
        r.choice(("channels", "channels", "filters", "feature maps")),
    )
    told = listed(r, channels)
    ways = [
        f"with {n} levels, {told} {word}",
        f"with {n} levels, {word} {told}",
        f"with {n} levels ({told})",
        f"with {n} levels and {told} {word}",
        f"of {n} levels with {told} {word}",
        f"with {word} {told}",
        f"({told})",
        f"with {told} {word}",
        f"with {told} {word}, one level each",
    ]
    if levels > 2:
        above = listed(r, channels[:-1])
        ways += [
            f"with encoder {word} {above} and a bottleneck of {channels[-1]}",
            f"with encoder {above}, bottleneck {channels[-1]} and a mirrored decoder",
            f"with an encoder of {above} {word}, {channels[-1]} at the bottom, and a decoder that mirrors it",
        ]
    if channels[-1] == first * 2 ** (levels - 1):
        ways += [
            f"with {n} levels starting at {first} {word}",
            f"with {n} levels, {first} {word} at first, doubled at each level",
            f"with {first} base {word} and {down} downsampling step{'s' * (levels > 2)}",
            f"with {down} pooling{'s' * (levels > 2)}, starting from {first} {word}",
            f"with {n} levels, starting with {first} {word}",
        ]
    phrase, lines = "a " + r.choice(("U-Net", "U-Net", "u-net", "UNet", "unet", "Unet")), []
    if r.random() < 0.25:
        side, colours = r.choice((64, 96, 128, 128, 256, 256, 512, 572)), r.choice((1, 3, 3))
        lines.append(f"input {side}x{side}x{colours}")
        phrase += r.choice((" for", " on")) + f" {side}x{side}x{colours} " + r.choice(("images", "inputs"))
    phrase += " " + r.choice(ways)
    for c in channels[:-1]:
        lines += [f"2 conv 3x3 {c}", "pool max 2x2"]
    lines.append(f"2 conv 3x3 {channels[-1]}")
    for c in reversed(channels[:-1]):
        lines += [f"deconv 2x2 {c}", "concat", f"2 conv 3x3 {c}"]
    if r.random() < 0.35:
        c = r.choice((2, 3, 4, 5, 8, 10, 19, 21))
        phrase += r.choice((f", {c} output classes", f" and {c} classes", f", {c} classes at the end"))
        lines.append(f"output {c}")
    return phrase, lines + [f"conv {2 * (levels - i)} -> concat {i} : skip" for i in range(1, levels)]


CELLS = (("RNN", "rnn"), ("RNN", "rnn"), ("LSTM", "lstm"), ("LSTM", "lstm"), ("GRU", "gru"))


def unrolled(r: random.Random) -> Words:
    """A recurrent network over its time steps: an output at each, or at the last one only."""
    name, kind = r.choice(CELLS)
    n = r.choice((0, 2, 3, 3, 4, 4, 5, 6))
    steps, shown = r.choice(("time steps", "time steps", "steps", "timesteps")), r.choice((name, name, name.lower()))
    marks = [str(i) for i in range(1, n + 1)] or ["1", "2", "T"]
    many = r.random() < 0.6
    over = count(r, n) + " " + steps if n else r.choice(("time", "T " + steps, "its time steps"))
    word = r.choice(("unrolled", "unrolled", "unfolded"))
    ways = [
        f"an {word} {shown} over {over}",
        f"{article(shown)} {word} over {over}",
        f"the {word} {shown} with {over}" if n else f"the {shown} {word} in time",
        f"{word} {shown}, {over}" if n else f"{word} {shown}",
        f"{shown} {word} for {over}" if n else f"{shown} {word} through time",
    ]
    phrase = r.choice(ways)
    state = r.choice(("", "", "", "hidden state"))
    if state:
        phrase += r.choice(
            (
                ", with the hidden state passed on",
                ", hidden state passed from step to step",
                ", the hidden state goes on",
            )
        )
    if many:
        phrase += r.choice(("", "", " and an output at each step", ", an output at every step", ", many to many"))
    else:
        phrase += r.choice(
            (", many to one", ", one output at the end", " with only the last output", ", output at the end")
        )
    lines = []
    for i, mark in enumerate(marks):
        lines.append(f"x{mark} [input] -> {name} {mark} [{kind}]")
        if many or i == len(marks) - 1:
            lines.append(f"-> y{mark if many else ''} [output]")
    label = f" : {state}" if state else ""
    lines.append(f"{name} {marks[0]} -> {name} {marks[1]}{label}")
    if not n:
        lines.append("-> …")
    lines += [f"-> {name} {mark}{label if n else ''}" for mark in marks[2:]]
    return phrase, lines


def sequence_to_sequence(r: random.Random) -> Words:
    """An encoder unrolled over the steps of its input, and a decoder over those of its output."""
    name, kind = r.choice(CELLS)
    n, m = r.randint(2, 4), r.randint(2, 4)
    a, b = count(r, n), count(r, m)
    what = r.choice(
        ("seq2seq model", "seq2seq", "sequence-to-sequence model", "encoder-decoder RNN", "seq2seq network")
    )
    if what != "encoder-decoder RNN":
        what = r.choice(("", f"{name} ")) + what if name == "RNN" else f"{name} {what}"
    else:
        what = f"encoder-decoder {name}"
    phrase = article(what) + r.choice(
        (
            f" unrolled, {a} encoder steps and {b} decoder steps",
            f" with {a} encoder steps and {b} decoder steps",
            f" with {a} input tokens and {b} output tokens",
            f" unrolled over {a} inputs and {b} outputs",
        )
    )
    lines = []
    for i in range(1, n + 1):
        lines.append(f"x{i} [input] -> Encoder {i} [{kind}]")
    for i in range(1, m + 1):
        lines.append(f"Decoder {i} [{kind}] -> y{i} [output]")
    lines.append("Encoder 1 -> Encoder 2")
    lines += [f"-> Encoder {i}" for i in range(3, n + 1)]
    lines += ["-> Decoder 1 : context"] + [f"-> Decoder {i}" for i in range(2, m + 1)]
    return phrase, lines


@dataclass(frozen=True)
class Fan:
    """n alike members between what feeds them and what they feed; {n} in a name is their number."""

    names: tuple[str, ...]
    before: tuple[str, ...]
    member: str
    kind: str
    after: tuple[str, ...] = ()

    def lines(self, n: int) -> list[str]:
        """Of more than six members the first two, dots and the last."""
        marks = [str(i) for i in range(1, n + 1)] if n <= 6 else ["1", "2", "…", str(n)]
        members = " | ".join(mark if mark == "…" else f"{self.member} {mark} [{self.kind}]" for mark in marks)
        if len(self.before) == 1:
            return [f"{self.before[0]} -> {members}", *self.after]
        return [" -> ".join(self.before), f"-> {members}", *self.after]


FANS = (
    Fan(
        (
            "a mixture of experts with {n} experts",
            "a mixture of {n} experts",
            "an MoE layer with {n} experts",
            "a MoE with {n} experts",
            "a mixture-of-experts layer, {n} experts",
            "an MoE block, {n} experts",
        ),
        ("Input [input]", "Router [router]"),
        "Expert",
        "feedforward",
        ("-> Weighted sum [add]", "-> Output [output]"),
    ),
    Fan(
        (
            "an ensemble of {n} models",
            "a model ensemble with {n} members",
            "an ensemble of {n} networks",
            "a voting classifier with {n} models",
        ),
        ("Input [input]",),
        "Model",
        "model",
        ("-> Vote", "-> Prediction [output]"),
    ),
    Fan(
        ("a random forest with {n} trees", "a random forest of {n} trees", "a {n}-tree random forest"),
        ("Training data [dataset]",),
        "Tree",
        "model",
        ("-> Vote", "-> Prediction [output]"),
    ),
    Fan(
        ("bagging with {n} models", "bagging with {n} learners", "bootstrap aggregating with {n} models"),
        ("Training data [dataset]", "Bootstrap samples"),
        "Model",
        "model",
        ("-> Average", "-> Prediction [output]"),
    ),
    Fan(
        (
            "a stacking ensemble with {n} base models",
            "stacking of {n} models",
            "stacking with {n} base learners",
        ),
        ("Training data [dataset]",),
        "Base model",
        "model",
        ("-> Meta-model [model]", "-> Prediction [output]"),
    ),
    Fan(
        (
            "federated learning with {n} clients",
            "a federated learning setup with {n} clients",
            "federated learning, {n} clients",
            "federated averaging with {n} clients",
            "fedavg with {n} clients",
        ),
        ("Server (global model) [service]",),
        "Client",
        "user",
        ("-> Average weights", "..> Server (global model) : update"),
    ),
    Fan(
        (
            "data parallel training on {n} GPUs",
            "data-parallel training with {n} GPUs",
            "DDP on {n} GPUs",
            "distributed data parallel with {n} GPUs",
            "distributed training over {n} GPUs",
        ),
        ("Training data [dataset]",),
        "GPU",
        "model",
        ("-> All-reduce gradients", "-> Update weights"),
    ),
    Fan(
        ("a parameter server with {n} workers", "a parameter server setup with {n} workers"),
        ("Parameter server [service]",),
        "Worker",
        "model",
        ("-> Gradients [data]", "..> Parameter server : update"),
    ),
    Fan(
        (
            "multi-task learning with {n} heads",
            "a multi-task network with {n} heads",
            "a multi-task model, {n} heads",
            "a shared encoder with {n} task heads",
            "a network with a shared backbone and {n} heads",
        ),
        ("Input [input]", "Shared encoder [encoder]"),
        "Head",
        "dense",
    ),
    Fan(
        (
            "a load balancer with {n} model servers",
            "model serving with {n} replicas",
            "serving behind a load balancer with {n} replicas",
        ),
        ("User [user]", "Load balancer [router]"),
        "Replica",
        "service",
        ("-> Response [output]",),
    ),
    Fan(
        (
            "a multi-agent system with {n} agents",
            "an orchestrator with {n} agents",
            "an orchestrator and {n} worker agents",
            "a supervisor with {n} agents",
        ),
        ("User [user]", "Orchestrator [model]"),
        "Agent",
        "model",
        ("-> Aggregate results", "-> Answer [text]"),
    ),
)


def fan(r: random.Random) -> Words:
    """n members side by side."""
    chosen, n = r.choice(FANS), r.choice((2, 2, 3, 3, 3, 4, 4, 5, 6, 8, 10, 16, 32, 64, 100))
    phrase = r.choice(chosen.names)
    told = str(n) if re.search(r"\{n\}-|= ?\{n\}", phrase) else count(r, n)
    return phrase.format(n=told), chosen.lines(n)


def chained(r: random.Random) -> Words:
    """Stages in a row: a model split over GPUs, the steps of diffusion, a block whose layers see all before them."""
    n = r.randint(3, 5)
    told = count(r, n)
    way = r.choice(("pipeline", "diffusion", "dense", "dense"))
    if way == "pipeline":
        phrases = (
            f"pipeline parallelism over {told} GPUs",
            f"pipeline parallel training on {told} GPUs",
            f"model parallelism across {told} GPUs",
            f"a model split over {told} GPUs",
        )
        lines = [
            "Input [input] -> GPU 1 [model]",
            *(f"-> GPU {i} [model]" for i in range(2, n + 1)),
            "-> Output [output]",
        ]
        return r.choice(phrases), lines
    if way == "diffusion":
        phrases = (
            f"a diffusion process with {told} steps",
            f"forward diffusion over {told} steps",
            f"the forward process of diffusion, {told} steps",
        )
        steps = [f"-> x{i} [data] : add noise" for i in range(2, n + 1)]
        return r.choice(phrases), ["x0 [data] -> x1 [data] : add noise", *steps]
    phrases = (
        f"a dense block with {told} layers",
        f"a DenseNet block with {told} layers",
        f"a DenseNet dense block, {told} layers",
        f"a densely connected block of {told} layers",
    )
    names = ["Input", *(f"Layer {i}" for i in range(1, n + 1)), "Output"]
    lines = ["Input [input] -> Layer 1 [conv]", *(f"-> {name} [conv]" for name in names[2:-1]), "-> Output [output]"]
    lines += [f"{name} -> {' | '.join(names[i + 2 :])}" for i, name in enumerate(names[:-2])]
    return r.choice(phrases), lines


def deep(r: random.Random) -> Words:
    """Recurrent layers upon each other, told by their number, their size and what comes out."""
    name, kind = r.choice(CELLS)
    n, c = r.choice((1, 2, 2, 3, 3, 4)), r.randint(2, 20)
    size = r.choice((16, 32, 50, 64, 64, 100, 128, 128, 256, 256, 300, 512))
    bi = r.random() < 0.2
    if bi:
        name = r.choice(("bidirectional ", "bi-", "Bi")) + name
    if n > 1:
        told = count(r, n)
        name = r.choice((f"{n}-layer {name}", f"{n} layer {name}", f"stacked {name}, {told} layers",
                         f"{name} with {told} layers"))  # fmt: skip
    word, each = r.choice(("units", "units", "hidden units", "cells")), r.choice(("", " each")) if n > 1 else ""
    joint = " and " if " with " in name else " with "
    phrase = article(name) + r.choice((f"{joint}{size} {word}{each}", f", {size} {word}{each}", f" ({size} {word})"))
    lines = [(f"{n} " if n > 1 else "") + kind + (" bi" if bi else "") + f" {size}"]
    if r.random() < 0.3:
        e = r.choice((50, 64, 100, 128, 200, 256, 300))
        lines.insert(0, f"embedding {e}")
        ways = (f" on embeddings of size {e}", f" after an embedding of {e}", f", {e}-dimensional embeddings first")
        phrase += r.choice(ways)
    end = r.random()
    if end < 0.45:
        phrase += r.choice((" and a softmax over {c} classes", ", softmax over {c} classes", " and {c} softmax outputs",
                            ", then softmax with {c} classes")).format(c=c)  # fmt: skip
        lines.append(f"output {c} softmax")
    elif end < 0.8:
        phrase += r.choice((f" and {c} outputs", f", {c} outputs", f" and {c} output classes"))
        lines.append(f"output {c}")
    return phrase, lines


SIZED: tuple[tuple[Callable[[random.Random], Words], float], ...] = (
    (unet, 5),
    (unrolled, 4),
    (sequence_to_sequence, 1),
    (fan, 5),
    (chained, 1.5),
    (deep, 2),
)
