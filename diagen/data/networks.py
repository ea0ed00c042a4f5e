"""Random pairs (request, diagram text) about layered networks, for training the small language model.

A structure is made first, as `Part`s: what the request says (text) beside what is drawn (lines). The texts
are then joined into a request (prose, chain, list, sentences), the lines into the diagram; code has its own
writers.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
ORDINALS = [
    "zeroth",
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
]
TYPICAL = (
    16,
    24,
    32,
    48,
    50,
    64,
    64,
    96,
    100,
    120,
    128,
    128,
    150,
    200,
    256,
    256,
    300,
    400,
    500,
    512,
    784,
    1000,
    1024,
    2048,
    4096,
)
FILTERS = (4, 6, 8, 10, 12, 16, 16, 20, 24, 32, 32, 32, 48, 64, 64, 64, 96, 128, 128, 192, 256, 256, 384, 512)
SIDES = (
    8,
    16,
    20,
    24,
    28,
    28,
    28,
    32,
    32,
    32,
    48,
    50,
    64,
    64,
    96,
    100,
    112,
    120,
    128,
    150,
    160,
    200,
    224,
    224,
    227,
    256,
    299,
    300,
    320,
    384,
    416,
    448,
    480,
    512,
)
ACT_NAMES = {
    "relu": ("relu", "relu", "ReLU", "ReLU", "RELU", "Relu"),
    "tanh": ("tanh", "tanh", "Tanh"),
    "sigmoid": ("sigmoid", "sigmoid", "Sigmoid"),
    "gelu": ("gelu", "GELU"),
    "elu": ("elu", "ELU"),
    "leaky_relu": ("leaky relu", "LeakyReLU", "leaky ReLU", "leaky_relu"),
    "selu": ("selu", "SELU"),
    "swish": ("swish", "Swish"),
    "silu": ("SiLU", "silu"),
    "softmax": ("softmax", "softmax", "Softmax"),
    "linear": ("linear",),
    "mish": ("mish", "Mish"),
    "softplus": ("softplus",),
}
HIDDEN_ACTS = (
    ("relu",) * 9
    + ("tanh",) * 3
    + ("sigmoid",) * 2
    + ("gelu", "elu", "leaky_relu", "selu", "swish", "silu", "mish", "softplus")
)
TYPOS = {
    "network": "netwrok netowrk newtork nework",
    "please": "plese pleas plz",
    "diagram": "diagramm digram daigram",
    "neural": "nueral nerual neual",
    "followed": "folowed follwed",
    "with": "wiht wtih",
    "draw": "darw drwa",
    "layers": "layes laeyrs",
    "architecture": "architecure achitecture",
    "consisting": "consiting consistng",
    "simple": "simpel",
    "create": "craete creat",
    "classifier": "clasifier",
    "figure": "figrue",
    "each": "eahc",
    "then": "tehn",
    "need": "nedd",
    "finally": "finaly",
    "picture": "pictrue",
    "model": "modle",
}


@dataclass(frozen=True)
class Layer:
    """One layer line without its count."""

    kind: str
    units: int = 0
    size: tuple[int, ...] = ()
    variant: str = ""
    stride: int = 0
    rate: str = ""
    act: str = ""
    out: tuple[int, ...] = ()

    def line(self, n: int = 1) -> str:
        """The line of the diagram language, n times in a row."""
        said = [
            str(n) if n > 1 else "",
            self.kind,
            self.variant,
            "x".join(map(str, self.size)),
            str(self.units or ""),
            f"s{self.stride}" if self.stride else "",
            self.rate,
            self.act,
            "=" + "x".join(map(str, self.out)) if self.out else "",
        ]
        return " ".join(word for word in said if word)


@dataclass(frozen=True)
class Part:
    """A piece of the request and the lines it stands for."""

    text: str
    lines: tuple[str, ...]


class Voice:
    """The habits of one writer: how sizes, numbers and names are written, kept up through a request."""

    def __init__(self, rng: random.Random, bare: bool) -> None:
        self.rng, self.bare = rng, bare
        self.times = rng.choice(["x"] * 14 + [" x ", " x ", "×", " × ", "*", " * ", " by ", " by ", "X"])
        self.careless = rng.random() < 0.12  # writes sizes now this way, now that
        self.word_share = rng.choice((0.0, 0.0, 0.0, 0.0, 0.3, 1.0))
        self.unit = rng.choice(("units", "neurons", "nodes") * 3 + ("cells", "perceptrons"))
        self.and_ = rng.choice((" and ",) * 6 + (", and ", " & "))
        self.memo: dict[str, int] = {}
        self.steady = rng.choice((0.6, 0.9, 1.0))

    def chance(self, share: float) -> bool:
        """True in this share of the calls."""
        return self.rng.random() < share

    def pick(self, key: str, options: Sequence[str]) -> str:
        """One of the options, mostly the same one for the same key."""
        if key not in self.memo or not self.chance(self.steady):
            self.memo[key] = self.rng.randrange(len(options))
        return options[self.memo[key] % len(options)]

    def num(self, n: int, share: float | None = None) -> str:
        """A number in digits, or as a word up to twelve."""
        return WORDS[n] if n <= 12 and self.chance(self.word_share if share is None else share) else str(n)

    def count(self, n: int, before: str = "") -> str:
        """How many layers: more often a word, above all before another number."""
        share = 0.45 if not before[:1].isdigit() else 0.75 if self.times[0] in "x*×X" else 1.0
        return self.num(n, max(self.word_share, share))

    def dims(self, size: Sequence[int]) -> str:
        """A size such as 3x3 in this writer's way."""
        times = self.rng.choice(("x", " x ", "*", " * ", "×")) if self.careless else self.times
        return times.join(map(str, size))

    def act(self, name: str) -> str:
        """An activation's name, as it may be spelt."""
        return self.pick("act " + name, ACT_NAMES[name])

    def series(self, texts: Sequence[str]) -> str:
        """Phrases with commas and an "and"."""
        mark = " and " if len(texts) == 2 and self.and_[0] == "," else self.and_
        return ", ".join(texts[:-1]) + mark + texts[-1] if len(texts) > 1 else texts[0]

    def listing(self, words: Sequence[str]) -> str:
        """Some words as a list."""
        if len(words) == 1:
            return words[0]
        ends = [" and " if len(words) == 2 and self.and_[0] == "," else self.and_] * 6 + [", "] * 2
        if all(re.fullmatch(r"\d+", word) for word in words):
            form = self.rng.random()
            if form < 0.25:
                return self.rng.choice((" ", " ", " ", "/", "-", " -> ", ", ", ",", " / ")).join(words)
            if form < 0.33:
                return "[" + ", ".join(words) + "]"
            if form < 0.38 and len(words) > 2:
                return ", ".join(words[:-1]) + " " + words[-1]
            if form < 0.48:  # commas where they fell
                return "".join(w + self.rng.choice((" ", ", ", ", ")) for w in words[:-2]) + self.rng.choice(
                    (f"{words[-2]} {words[-1]}", f"{words[-2]}, {words[-1]}", f"{words[-2]} and {words[-1]}")
                )
        return ", ".join(words[:-1]) + self.rng.choice(ends) + words[-1]


def article(text: str) -> str:
    """The text behind a or an."""
    an = re.match(
        r"(?:[aeio]|un(?!i)|8|11\b|11x|18\b|LSTM|L?STM|RNN|FC|MLP|RGB|fc\b|rnn|lstm|[Rr][Nn][Nn])",
        text,
        0 if text[:2] in ("LS", "RN", "FC", "RG", "ML") else re.IGNORECASE,
    )
    return ("an " if an else "a ") + text


def compose(
    v: Voice, key: str, nouns: tuple[str, str], pre: list[str], post: list[str], n: int = 1, each: bool = False
) -> str:
    """A noun with what stands before and behind it."""
    head = " ".join([*pre, nouns[n > 1]])
    head = f"{v.count(n, head)} {head}" if n > 1 else head if v.bare else article(head)
    if not post:
        return head
    end = " each" if n > 1 and each and v.chance(0.5) else ""
    full = v.series(post)
    if post[0].lower() in {name.lower() for names in ACT_NAMES.values() for name in names}:
        return f"{head} ({full})" if v.pick(key + "act", ("with", "with", "(")) == "(" else f"{head} with {full}"
    forms = [
        f"{head} with {full}{end}",
        f"{head} with {full}{end}",
        f"{head} ({', '.join(post)})",
        f"{head} with {full}{end}",
        f"{head} of {full}{end}" if re.match(r"\d", full) else f"{head}, {full}{end}",
        f"{head} having {full}{end}",
    ]
    return v.pick(key + str(n > 1), forms)


# Phrases for one layer, or for n alike.


def say_input(layer: Layer, v: Voice, n: int = 1) -> str:
    """An input layer: plain, with a number of values, or an image."""
    size = layer.size
    if size:
        return say_image(size, v)
    u = v.num(layer.units) if layer.units else ""
    if not u:
        return v.rng.choice(
            ("input", "input layer", "inputs") if v.bare else ("an input layer", "an input", "the input layer")
        )
    if layer.units == 1 and v.chance(0.7):
        return v.rng.choice(("1 input", "one input", "a single input", "1 input node", "one input neuron"))
    some = [
        f"{u} inputs",
        f"{u} input {v.unit}",
        f"{u} input features",
        f"input size {u}",
        f"input {u}",
        f"{u} inputs",
        f"input layer with {u} {v.unit}",
        f"input layer of size {u}",
        f"input layer ({u})",
        f"{u}-dimensional input",
        f"input layer of {u} {v.unit}",
        f"{u} input variables",
        f"{u} input nodes",
        f"input dimension {u}",
        f"inputs: {u}",
        f"input layer: {u} {v.unit}",
        f"input layer, {u} {v.unit}",
    ]
    text = v.rng.choice(some)
    return text if v.bare or not re.match(r"input layer (with|of|\()|[\w]+-dim", text) else article(text)


def say_image(size: tuple[int, ...], v: Voice) -> str:
    """An image as input."""
    d, flat = v.dims(size), v.dims(size[:2])
    forms = [
        f"{d} input",
        f"{d} image",
        f"{d} input image",
        f"input {d}",
        f"input image {d}",
        f"input of {d}",
        f"input image of size {d}",
        f"{d} images as input",
        f"input of shape {d}",
        f"input size {d}",
        f"image of {d} pixels",
        f"input ({', '.join(map(str, size))})",
    ]
    if len(size) == 3 and size[2] == 1:
        forms += [
            f"{flat} grayscale image",
            f"grayscale {flat} image",
            f"grayscale image of {flat}",
            f"{flat} greyscale input",
            f"{flat} gray-scale image as input",
            f"grayscale input {flat}",
            f"{flat} single-channel image",
            f"input: {flat} grayscale image",
            f"{flat} black and white image",
        ]
    elif len(size) == 3 and size[2] == 3:
        forms += [
            f"{flat} RGB image",
            f"RGB image {flat}",
            f"{flat} color image",
            f"{flat} RGB input",
            f"RGB input of size {flat}",
            f"{flat} colour image as input",
            f"color image of size {flat}",
            f"input: {flat} RGB image",
            f"{flat} image with 3 channels",
            f"{flat} image with three channels",
        ]
    text = v.rng.choice(forms)
    return text if v.bare or "images" in text or re.match(r"input(:| size| \d)", text) else article(text)


def say_output(layer: Layer, v: Voice, n: int = 1) -> str:
    """An output layer."""
    a = v.act(layer.act) if layer.act else ""
    if not layer.units:
        if a:
            return v.rng.choice(
                (f"{a} output", f"output {a}", f"output layer ({a})")
                if v.bare
                else (
                    article(f"{a} output"),
                    article(f"{a} output layer"),
                    f"an output layer with {a}",
                    f"an output layer with {a} activation",
                )
            )
        return v.rng.choice(
            ("output", "output layer") if v.bare else ("an output layer", "the output layer", "an output")
        )
    u = v.num(layer.units)
    one = layer.units == 1
    unit, outs, cls = (v.unit[:-1], "output", "class") if one else (v.unit, "outputs", "classes")
    if v.bare:
        forms = [
            f"output {u}",
            f"{u} {outs}",
            f"output layer {u}",
            f"output({u})",
            f"output layer ({u})",
            f"out {u}",
            f"output: {u}",
            f"output layer with {u} {unit}",
            f"{u} output {unit}",
            f"output layer, {u} {unit}",
        ]
        if a:
            forms = [f"{f} {a}" for f in forms[:4]] + [f"output {u} ({a})", f"{a} output {u}"]
            if a.lower() == "softmax":
                forms += [
                    f"softmax {u}",
                    f"softmax({u})",
                    f"softmax {u} classes",
                    f"softmax over {u} {cls}",
                    f"{u}-way softmax",
                    f"softmax-{u}",
                    f"output softmax {u}",
                ]
        elif not one:
            forms += [f"{u} classes", f"{u} output classes", f"{u} logits"]
        return v.rng.choice(forms)
    forms = [
        f"an output layer with {u} {unit}",
        f"{u} {outs}",
        f"{u} output {unit}",
        f"an output layer of {u} {unit}",
        f"an output of size {u}",
        f"an output layer of size {u}",
        f"an output layer ({u} {unit})",
        f"{u} {outs}",
    ]
    if one:
        forms += ["a single output", "one output", "a single output " + v.unit[:-1], "one output " + v.unit[:-1]]
    elif layer.act != "linear":
        forms += [
            f"{u} classes",
            f"{u} output classes",
            article(f"{u}-class output"),
            f"{u} logits",
            f"an output layer for {u} classes",
            f"an output layer with {u} classes",
        ]
    if not a:
        return v.rng.choice(forms)
    kept = [f for f in forms if "(" not in f and "logits" not in f]
    forms = [f"{f} {'and' if ' with ' in f else 'with'} {a}" for f in kept]
    forms += [f"{f} ({a})" for f in kept] + [
        article(f"{a} output layer with {u} {unit}"),
        article(f"{a} output of size {u}"),
    ]
    if layer.act == "softmax":
        forms += [
            article(f"{u}-way softmax"),
            article(f"softmax over {u} {cls}"),
            f"a softmax output with {u} {cls}",
            f"a softmax layer with {u} {outs}",
            article(f"{u}-way softmax output"),
            article(f"{u}-class softmax"),
            f"a softmax classifier with {u} {cls}",
        ] * 3
    elif one:
        forms += [article(f"single {a} output"), f"one {a} output", article(f"{a} output {v.unit[:-1]}")] * 2
    return v.rng.choice(forms)


def say_dense(layer: Layer, v: Voice, n: int = 1) -> str:
    """A dense layer."""
    s = "s" if n > 1 else ""
    noun = v.pick(
        "dense",
        ("dense", "dense", "fully connected", "fully-connected", "FC", "fc", "linear", "hidden", "hidden", "Dense"),
    )
    if v.bare and n == 1:
        u, a = (str(layer.units) if layer.units else ""), (v.act(layer.act) if layer.act else "")
        if noun == "hidden":
            noun = v.pick("hidden", ("hidden", "hidden layer"))
        if not u:
            return f"{noun} {a}".strip() if noun != "linear" else f"linear layer {a}".strip()
        return v.pick(
            "dense bare" + a,
            (
                f"{noun} {u} {a}",
                f"{noun} {u} {a}",
                f"{noun}({u}) {a}",
                f"{noun} ({u}) {a}",
                f"{noun}-{u} {a}",
                f"{u} {noun} {a}" if "layer" not in noun else f"{noun} {u} {a}",
                f"{noun} layer {u} {a}".replace("layer layer", "layer"),
                f"{noun} {u}" + (f" ({a})" if a else ""),
                f"{noun}: {u} {a}",
                f"{noun} {u} {v.unit} {a}",
                f"{noun} layer, {u} {v.unit} {a}".replace("layer layer", "layer"),
            ),
        ).strip()
    nouns = (f"{noun} layer", f"{noun} layers")
    post, pre = [], []
    if layer.units:
        u, unit = v.num(layer.units), v.unit if layer.units > 1 else v.unit[:-1]
        form = v.pick("dense units", ("post", "post", "post", "pre", "size"))
        if form == "pre":
            pre.append(f"{u}-{v.unit[:-1]}")
        else:
            post.append(f"{u} {unit}" if form == "post" or n > 1 else f"size {u}")
    if layer.act:
        post.append(v.act(layer.act) + v.pick("dense act", ("", " activation", " activation" + s)))
    return compose(v, "dense" + str(bool(layer.act)), nouns, pre, post, n, each=bool(layer.units and not layer.act))


def tail(layer: Layer, v: Voice) -> str:
    """What is said of the size of the feature maps that come out."""
    if not layer.out:
        return ""
    d = v.dims(layer.out)
    return v.pick(
        "out",
        (
            f" giving {d} feature maps",
            f" (output {d})",
            f" -> {d}" if v.times == "x" else f" ({d})",
            f" producing {d} feature maps",
            f", output size {d}",
            f" with output {d}",
            f" to {d}",
            f" (feature maps {d})",
            f" resulting in {d}",
        ),
    )


def say_conv(layer: Layer, v: Voice, n: int = 1) -> str:
    """A convolution, or a transposed one."""
    f, k = (str(layer.units) if layer.units else ""), (v.dims(layer.size) if layer.size else "")
    a, st = (v.act(layer.act) if layer.act else ""), layer.stride
    if layer.kind == "deconv":
        name = v.pick(
            "deconv",
            (
                "transposed conv",
                "deconv",
                "transposed convolution",
                "deconvolution",
                "transposed convolutional",
                "transpose conv",
                "deconvolutional",
            ),
        )
    else:
        name = v.pick(
            "conv",
            (
                "conv",
                "conv",
                "conv",
                "convolutional",
                "convolutional",
                "convolution",
                "convolution",
                "Conv",
                "conv2d",
                "Conv2D",
            ),
        )
    var = layer.variant + " " if layer.variant else ""
    if v.bare and n == 1:
        st_text = (" " + v.pick("stride bare", (f"stride {st}", f"s{st}", f"stride {st}", f"/{st}"))) if st else ""
        name = re.sub("convolutional$", "convolution", name)
        key = f"conv bare {bool(f)}{bool(k)}"
        if f and k:
            text = v.pick(
                key,
                (
                    f"{var}{name} {k} {f}",
                    f"{var}{name} {k}, {f}",
                    f"{k} {var}{name} {f}",
                    f"{k} {var}{name}, {f}",
                    f"{var}{name} {f} {k}",
                    f"{var}{name}({f}, {k})",
                    f"{var}{name} {k} ({f})",
                    f"{var}{name} {k} {f} filters",
                    f"{k} {var}{name} ({f})",
                    f"{f} {var}{name} {k}",
                    f"{var}{name} {f} filters {k}",
                    f"{var}{name} {k} @ {f}",
                ),
            )
        elif f:
            text = v.pick(
                key,
                (
                    f"{var}{name} {f}",
                    f"{var}{name}({f})",
                    f"{var}{name}-{f}",
                    f"{var}{name} {f} filters",
                    f"{var}{name} ({f})",
                ),
            )
        else:
            text = v.pick(key, (f"{var}{name} {k}", f"{k} {var}{name}")).strip()
        return text + st_text + (" " + a if a else "") + tail(layer, v)
    if name.endswith(("al", "conv", "Conv", "2d", "2D")):
        nouns = (f"{var}{name} layer", f"{var}{name} layers")
        if name == "conv" and v.pick("conv short", ("", "", "s")):
            nouns = (var + "conv", var + "convs")
    else:
        nouns = (f"{var}{name}", f"{var}{name}s")
    pre, post = [], []
    if k:
        square = str(layer.size[0]) if layer.size[0] == layer.size[1] else k
        form = v.pick("kernel" + str(bool(f)), ("pre", "pre", "pre", "of", "with", "size", "single"))
        if form == "pre":
            pre.append(k)
        elif form == "of" and f:
            post.append(v.pick("kf", (f"{f} {k} filters", f"{f} filters of size {k}", f"{f} {k} kernels")))
            f = ""
        elif form == "size":
            post.append(f"kernel size {square}")
        elif form == "single" or n == 1:
            post.append(article(f"{k} kernel") if v.chance(0.6) else f"{k} kernels")
        else:
            post.append(f"{k} kernels")
    if f:
        place = v.pick("filters", ("post", "post", "post", "post", "pre"))
        if place == "pre" and not pre:
            pre.append(f"{f}-filter")
        else:
            post.insert(
                0,
                v.num(layer.units, 0.5 * v.word_share)
                + " "
                + v.pick(
                    "filters noun",
                    (
                        "filters",
                        "filters",
                        "filters",
                        "channels",
                        "feature maps",
                        "kernels",
                        "output channels",
                        "maps",
                        "filters",
                    ),
                ),
            )
    if st:
        post.append(v.pick("stride", (f"stride {st}", f"stride of {st}", f"a stride of {st}", f"stride {st}")))
    if a:
        post.append(a + v.pick("conv act", ("", "", " activation")))
    return compose(v, "conv" + str(len(post)), nouns, pre, post, n, each=bool(f) and not st and not a) + tail(layer, v)


def say_pool(layer: Layer, v: Voice, n: int = 1) -> str:
    """A pooling layer."""
    k, key = (v.dims(layer.size) if layer.size else ""), f"pool {layer.variant} {bool(layer.size)}"
    st = f"stride {layer.stride}" if layer.stride else ""
    if layer.variant in ("global", "adaptive"):
        what = v.pick(
            key, ("average pooling", "average pooling", "avg pooling", "average pool", "max pooling", "pooling")
        )
        text = f"{layer.variant} {what}"
        return text if v.bare or v.chance(0.6) else article(text + " layer")
    kind = {
        "max": ("max ", "max ", "max-", "max"),
        "avg": ("average ", "avg ", "average-", "mean ", "avg"),
        "": ("", "", "", ""),
    }[layer.variant]
    name = v.pick("kind " + layer.variant, kind)
    if not layer.variant and v.pick("sub", ("", "", "", "", "sub")):
        word, short = v.pick("subword", ("subsampling", "sub-sampling", "downsampling")), "subsampling"
    else:
        word, short = "pooling", v.pick("pool short", ("pool", "pool", "pooling"))
    if v.bare and n == 1:
        short = name + short
        if not k:
            return (v.pick(key, (short, short, f"{short} layer")) + (" " + st if st else "")) + tail(layer, v)
        return (
            v.pick(key, (f"{short} {k}", f"{short} {k}", f"{k} {short}", f"{short}({k})", f"{short} ({k})"))
            + (" " + st if st else "")
            + tail(layer, v)
        )
    word = name + word
    nouns = (word + " layer", word + " layers")
    post = [st] if st else []
    if not k:
        if n == 1 and v.pick(key, ("mass", "layer")) == "mass" and not st:
            return word + tail(layer, v)
        return compose(v, key, nouns, [], post, n) + tail(layer, v)
    form = v.pick(key, ("mass", "mass", "pre", "pre", "window", "size", "paren", "of"))
    ending = " with " + st if st else ""
    if n > 1 or form == "pre":
        return compose(v, key, nouns, [k], post, n) + tail(layer, v)
    texts = {
        "mass": f"{k} {word}{ending}",
        "window": f"{word} with a {k} window" + (" and " + st if st else ""),
        "size": f"{word} of size {k}{ending}",
        "paren": f"{word} ({k}{', ' + st if st else ''})",
        "of": article(f"{word} layer of {k}{ending}"),
    }
    return texts[form] + tail(layer, v)


def say_simple(layer: Layer, v: Voice, n: int = 1) -> str:
    """All other kinds."""
    kind, u, var = layer.kind, (str(layer.units) if layer.units else ""), layer.variant
    a = v.act(layer.act) if layer.act else ""
    if kind == "dropout":
        percent = round(float(layer.rate or 0) * 100)
        if not layer.rate:
            return v.pick("drop", ("dropout", "dropout", "dropout layer" if v.bare else "a dropout layer"))
        r = layer.rate
        return v.pick(
            "drop rate",
            (
                f"dropout {r}",
                f"dropout {r}",
                f"dropout of {r}",
                f"dropout ({r})",
                f"dropout with rate {r}",
                f"{r} dropout",
                f"dropout rate {r}",
                f"dropout p={r}",
                f"dropout layer ({r})" if v.bare else f"a dropout layer with rate {r}",
                f"{percent}% dropout" if v.chance(0.4) else f"dropout {r}",
            ),
        )
    if kind == "norm":
        names = {
            "batch": ("batch normalization", "batch norm", "batchnorm", "BN", "batch normalisation", "BatchNorm"),
            "layer": ("layer normalization", "layer norm", "LayerNorm", "layernorm"),
            "group": ("group norm", "group normalization"),
            "": ("normalization", "norm"),
        }[var]
        return v.pick("norm" + var, names)
    if kind == "activation":
        return a if v.bare or v.chance(0.5) else article(a + v.pick("actl", (" activation", " layer", " nonlinearity")))
    if kind == "flatten":
        return v.pick(
            "flat",
            ("flatten", "flatten", "flatten layer", "flattening")
            if v.bare
            else ("flatten", "a flatten layer", "flattening", "a flattening layer"),
        )
    if kind in ("lstm", "gru", "rnn"):
        name = v.pick(kind, (kind.upper(), kind.upper(), kind))
        name = v.pick("bi", ("bidirectional ", "bidirectional ", "bi-", "Bi")) + name if var else name
        if v.bare and n == 1:
            return v.pick(
                "rnn bare",
                (
                    f"{name} {u}",
                    f"{name}({u})" if u else name,
                    f"{name} ({u})" if u else name,
                    f"{name} {u} units" if u else name,
                ),
            ).strip()
        cells = v.pick("cells", ("units", "units", "hidden units", "cells", "neurons"))
        post = [f"{u} {cells if layer.units > 1 else cells[:-1]}"] if u else []
        return compose(v, "rnn", (name + v.pick("rnnl", ("", " layer")), name + " layers"), [], post, n, each=True)
    if kind == "embedding":
        if not u:
            return v.pick("emb0", ("embedding", "embedding layer") if v.bare else ("an embedding layer",))
        forms = (
            (
                f"embedding {u}",
                f"embedding layer {u}",
                f"embedding({u})",
                f"embedding layer ({u})",
                f"{u}-dim embedding",
            )
            if v.bare
            else (
                f"an embedding layer of size {u}",
                f"an embedding layer with {u} dimensions",
                article(f"{u}-dimensional embedding"),
                f"an embedding layer ({u})",
                f"an embedding of dimension {u}",
                article(f"{u}-dimensional embedding layer"),
            )
        )
        return v.pick("emb", forms)
    if kind == "attention":
        name = {"self": "self-attention", "cross": "cross-attention", "masked": "masked attention", "": "attention"}[
            var
        ]
        name = v.pick("mha", ("multi-head ", "multihead ", "multi-head ") if u else ("",)) + name
        if not u:
            return name
        return v.pick(
            "att",
            (
                f"{name} with {u} heads",
                f"{name} ({u} heads)",
                f"{u}-head {name[name.index(' ') + 1 :]}",
                f"{name} {u} heads",
            ),
        )
    if kind == "feedforward":
        name = v.pick("ffn", ("feed-forward", "feedforward layer", "FFN", "feed forward", "feed-forward layer"))
        return (
            v.pick("ffu", (f"{name} {u}", f"{name} ({u})", f"{name} of size {u}", f"{name} with {u} units"))
            if u
            else name
        )
    if kind == "upsample":
        if layer.size:
            d = v.dims(layer.size)
            return v.pick("up", (f"{d} upsampling", f"upsampling {d}", f"upsample {d}", f"upsampling by {d}"))
        return v.pick("up0", ("upsampling", "upsample") if v.bare else ("upsampling", "an upsampling layer"))
    if kind == "reshape":
        return v.pick("re", ("reshape to ", "reshape ", "reshaping to ")) + v.dims(layer.size)
    if kind == "positional":
        return v.pick("pos", ("positional encoding", "positional encodings", "position encoding"))
    return kind


SAY: dict[str, Callable[[Layer, Voice, int], str]] = {
    "input": say_input,
    "output": say_output,
    "dense": say_dense,
    "conv": say_conv,
    "deconv": say_conv,
    "pool": say_pool,
}


def say(layer: Layer, v: Voice, n: int = 1) -> str:
    """Any layer, n times in a row."""
    return SAY.get(layer.kind, say_simple)(layer, v, n)


def part(layer: Layer, v: Voice, n: int = 1) -> Part:
    """A layer as a part."""
    return Part(say(layer, v, n), (layer.line(n),))


# Parts of several layers.


def lined(v: Voice, layers: Sequence[Layer]) -> Part:
    """Layers alike but for their units, told together: 'three conv layers with 32, 64 and 128 filters'."""
    base = layers[0]
    n = v.count(len(layers), v.dims(base.size))
    sizes = v.listing([str(x.units) for x in layers])
    a = v.act(base.act) if base.act else ""
    if base.kind == "conv":
        k = v.dims(base.size) + " " if base.size else ""
        noun = v.pick("convs", ("conv layers", "convolutional layers", "convolutions", "conv layers", "convs"))
        fil = v.pick("filters noun 2", ("filters", "filters", "channels", "feature maps"))
        text = v.rng.choice(
            (
                f"{n} {k}{noun} with {sizes} {fil}",
                f"{n} {k}{noun} with {sizes} {fil}",
                f"{k}{noun} with {sizes} {fil}",
                f"{n} {k}{noun} ({sizes} {fil})",
                f"{n} {k}{noun} of {sizes} {fil}",
                f"{n} {noun} with {sizes} {k}{fil}",
                f"{n} {k}{noun} with {sizes} {fil} respectively",
            )
        )
    else:
        kind = {"lstm": "LSTM", "gru": "GRU", "rnn": "RNN"}.get(base.kind) or v.pick(
            "dense",
            ("dense", "dense", "fully connected", "fully-connected", "FC", "fc", "linear", "hidden", "hidden", "Dense"),
        )
        u = "units" if base.kind != "dense" else v.unit
        text = v.rng.choice(
            (
                f"{n} {kind} layers with {sizes} {u}",
                f"{n} {kind} layers of {sizes} {u}",
                f"{kind} layers with {sizes} {u}",
                f"{n} {kind} layers ({sizes})",
                f"{kind} layers of size {sizes}",
                f"{n} {kind} layers of sizes {sizes}",
            )
        )
    if a:
        text += v.rng.choice((f" and {a}", f" with {a} activation", f" ({a})", f" using {a}"))
    return Part(text, tuple(x.line() for x in layers))


def hidden(v: Voice, sizes: Sequence[int], act: str = "") -> Part:
    """The hidden layers with sizes listed one by one (or a single one)."""
    k, u = len(sizes), v.unit
    lines = tuple(Layer("dense", s, act=act).line() for s in sizes)
    lay = v.rng.choice(
        ("hidden layer",) * 7 + ("intermediate layer", "inner layer", "middle layer", "dense layer", "mid layer")
    )
    if k == 1:
        n = v.num(sizes[0])
        one = u if sizes[0] > 1 else u[:-1]
        text = v.rng.choice(
            (
                f"one {lay} with {n} {one}",
                f"a {lay} of {n} {one}",
                f"1 {lay} with {n} {one}",
                f"{n} hidden {one}",
                f"a single {lay} with {n} {one}",
                f"a {lay} ({n})",
                f"one {lay} of size {n}",
                f"{n} {one} in the {lay}",
                f"{n} {one} in one {lay}",
                f"a {lay} with {n} {one}",
                f"{n} {one} in the {lay}s",
                f"{lay}s with {n} {one}",
            )
        )
        text = article(text[2:]) if text.startswith("a ") else text
    else:
        words = [v.num(s) for s in sizes]
        lst = v.listing(words)
        c = v.count(k)
        form = v.rng.random()
        if form < 0.7:
            text = v.rng.choice(
                (
                    f"{c} {lay}s with {lst} {u}",
                    f"{c} {lay}s of {lst} {u}",
                    f"{lay}s of {lst} {u}",
                    f"{lay}s with {lst} {u}",
                    f"{lst} {u} in {c} {lay}s",
                    f"{lst} {u} in each of the {c} {lay}s",
                    f"{lay}s: {lst}",
                    f"{c} {lay}s ({lst})",
                    f"{lay} sizes {lst}",
                    f"{c} {lay}s with {lst} {u} respectively",
                    f"{c} {lay}s having {lst} {u}",
                    f"{c} {lay}s of size {lst}",
                    f"{lst} {u} in the {lay}s",
                    f"{c} {lay}s, {lst} {u}",
                    f"{lst} {u} across the {c} {lay}s",
                    f"{lst} {u} for each of the {c} {lay}s",
                    f"{lay}s that have {lst} {u} in turn",
                    f"{c} {lay}s with {lst} {u}",
                )
            )
        elif form < 0.85 or k > 4:
            text = v.listing(
                [f"{w} {u} in the {ORDINALS[i]}" + (f" {lay}" if i == 1 else "") for i, w in enumerate(words, 1)]
            )
        else:
            text = v.listing(
                [
                    f"a {ORDINALS[i]} {lay} " + (f"with {w} {u}" if i == 1 else f"with {w}")
                    for i, w in enumerate(words, 1)
                ]
            )
    if act:
        a = v.act(act)
        text += v.rng.choice(
            (
                f" with {a} activation",
                f" ({a})",
                f" using {a}",
                f" and {a} activation",
                f", {a} activation",
                f" with {a}",
            )
        )
    return Part(text, lines)


def hidden_alike(v: Voice, k: int, size: int, act: str = "") -> Part:
    """k hidden layers of one size, or of none said."""
    if k == 1 and size:
        return hidden(v, [size], act)
    c, u = v.count(k), v.unit if size != 1 else v.unit[:-1]
    lay = v.rng.choice(("hidden layer",) * 7 + ("intermediate layer", "inner layer", "middle layer"))
    lays, a = lay + ("s" if k > 1 else ""), v.act(act) if act else ""
    if not size:
        text = f"{c} {lays}" if k > 1 or v.chance(0.5) else f"{'an' if lay[0] == 'i' else 'a'} {lay}"
    else:
        n = v.num(size)
        text = v.rng.choice(
            (
                f"{c} {lays} of {n} {u} each",
                f"{c} {lays} with {n} {u} each",
                f"{c} {lays} of {n} {u}",
                f"{c} {lays} with {n} {u}",
                f"{n} {u} in each of the {c} {lays}",
                f"{c} {lays} ({n} each)",
                f"{c} {lays} of size {n}",
                f"{c} {lays}, each with {n} {u}",
                f"{c} {lays} each of {n} {u}",
                f"{c} {lays} having {n} {u} each",
                f"{c} x {n} hidden {v.unit}",
            )
        )
    if a:
        text += v.rng.choice((f" with {a} activation", f" ({a})", f" using {a}", f", {a} activation", f" with {a}"))
    return Part(text, (Layer("dense", size, act=act).line(k),))


def run(v: Voice, layers: Sequence[Layer]) -> str:
    """Layers within a block, told shortly."""
    texts = [say(x, v) for x in layers]
    return v.series(texts)


def repeat(v: Voice, n: int, layers: Sequence[Layer], inner: int = 1) -> Part:
    """A repeat of some layers; the first of them `inner` times."""
    c, first, rest = v.count(n), layers[0], layers[1:]
    lines = (f"repeat {n}", first.line(inner), *(x.line() for x in rest), "end")
    if inner == 1 and first.kind != "pool" and v.chance(0.55):
        heads = re.sub(" each$", "", say(first, v, n))
        mark = v.rng.choice(
            (
                " each followed by ",
                ", each followed by ",
                ", each one followed by ",
                " each followed by ",
                ", each with ",
            )
        )
        return Part(heads + mark + run(v, rest), lines)
    body = ([say(first, v, inner)] if inner > 1 else []) + [say(x, v) for x in (rest if inner > 1 else layers)]
    text = v.series(body)
    if len(body) == 2 and v.chance(0.3):
        text = re.sub(" each$", "", body[0]) + " followed by " + body[1]
    block = v.rng.choice(("blocks", "blocks", "stages", "conv blocks" if first.kind == "conv" else "blocks", "modules"))
    return Part(
        v.rng.choice(
            (
                f"{c} {block}, each with {text}",
                f"{c} {block} of {text}",
                f"{c} times ({text})",
                f"{c} {block} each consisting of {text}",
                f"{c} {block} ({text})",
                f"{c} x ({text})",
                f"({text}) x {n}",
                f"{c} {block} each containing {text}",
            )
        ),
        lines,
    )


def each_followed(v: Voice, convs: Sequence[Layer], after: Sequence[Layer]) -> Part:
    """Convolutions of several sizes, each followed by the same; or, told much alike, only the last one."""
    told, more = lined(v, convs), run(v, after)
    if v.chance(0.25):
        form = v.rng.choice(
            ("{c}, {a} after the last", "{c}, then {a} at the end only", "{c}, with {a} after the last one only")
        )
        return Part(form.format(c=told.text, a=more), (*told.lines, *(x.line() for x in after)))
    lines = [line for conv in convs for line in (conv.line(), *(x.line() for x in after))]
    both = ("{c}, {a} after both", "{c} with {a} after both", "{c}, both followed by {a}", "{c}, both with {a}")
    form = v.rng.choice(
        both * (len(convs) == 2)
        + (
            "{c}, each followed by {a}",
            "{c} each followed by {a}",
            "{c}, each one followed by {a}",
            "{c}, each with {a}",
            "{c}, {a} after each",
            "{c}, {a} after each of them",
            "{c} with {a} after each",
            "{c} with {a} after every one",
            "{c}; after each comes {a}",
            "{c}, and {a} behind each",
            "{c} (+ {a} after each)",
            "{c}, always followed by {a}",
        )
    )
    return Part(form.format(c=told.text, a=more), tuple(lines))


# Joining parts to a body.

CHAIN = (
    " -> ",
    " -> ",
    "->",
    " - ",
    ", ",
    ", ",
    ", ",
    ", ",
    " > ",
    " → ",
    " | ",
    " => ",
    "; ",
    " + ",
    "\n",
    " then ",
    ", then ",
    " followed by ",
)


def join_chain(v: Voice, texts: list[str]) -> str:
    """Bare layers in a row, all with one mark between."""
    marks = list(CHAIN)
    if any("," in t for t in texts):
        marks = [m for m in CHAIN if "," not in m]
    if any("followed by" in t for t in texts):
        marks = [m for m in marks if "followed" not in m]
    if any(">" in t or "=" in t or "/" in t for t in texts):
        marks = [m for m in marks if ">" not in m]
    if all(re.fullmatch(r"[A-Za-z][\w-]*( \d+(x\d+)*)*", t) for t in texts):
        marks += [" "] * 4
    mark = v.rng.choice(marks)
    if mark == " followed by ":
        texts = [*(re.sub(" each$", "", t) for t in texts[:-1]), texts[-1]]
    return mark.join(texts)


def join_prose(v: Voice, texts: list[str]) -> str:
    """A list or a story in one sentence."""
    if len(texts) == 1:
        return texts[0]
    mode = v.rng.choice(("list", "list", "list", "then", "followed", "mixed", "mixed", "semi", "ending"))
    last = v.rng.choice((v.and_, v.and_, ", and ", ", and finally ", ", finally ", ", ", ", then "))
    if mode == "followed" and any("followed by" in t for t in texts):
        mode = "then"
    if mode == "list":
        return ", ".join(texts[:-1]) + last + texts[-1]
    if mode == "semi":
        return "; ".join(texts)
    if mode == "ending":
        return (
            ", ".join(texts[:-1])
            + v.rng.choice(
                (
                    ", ending in ",
                    ", ending with ",
                    " ending in ",
                    ", and then ",
                    ", terminated by ",
                    ", with ",
                    " and at the end ",
                )
            )
            + texts[-1]
        )
    if mode == "followed":
        texts = [*(re.sub(" each$", "", t) for t in texts[:-1]), texts[-1]]
    text = texts[0]
    for i, t in enumerate(texts[1:], 2):
        if mode == "then":
            mark = ", then "
        elif mode == "followed":
            mark = " followed by " if i == 2 else ", followed by " if v.chance(0.4) else ", then "
        else:
            mark = v.rng.choice(
                (", then ", ", ", ", ", ", followed by ", ", and then ", ", next ", ", after that ", ", and ")
            )
        if i == len(texts) and v.chance(0.5):
            mark = v.rng.choice((", and finally ", ", finally ", " and ", ", and at the end ", ", then "))
        text += mark + t
    return text


def cap(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]


def join_sentences(v: Voice, texts: list[str], first_is_input: bool) -> str:
    """Several sentences."""
    start = v.rng.choice(("It starts with ", "It begins with ", "Start with ", "First, ", "First comes ", "First "))
    if first_is_input and v.chance(0.3):
        start = "The input is " if not texts[0].startswith("input") else "It takes "
    parts, i = [start + texts[0]], 1
    while i < len(texts):
        size = v.rng.choice((1, 1, 2, 2, 3))
        got = texts[i : i + size]
        i += size
        lead = v.rng.choice(
            (
                "Then ",
                "Then comes ",
                "After that, ",
                "Next is ",
                "Next, ",
                "This is followed by ",
                "It is followed by ",
                "Next comes ",
                "Then we have ",
                "After that there is ",
            )
        )
        if i >= len(texts) and v.chance(0.7):
            lead = v.rng.choice(
                ("Finally, ", "Finally ", "At the end ", "The last part is ", "It ends with ", "Last, ")
            )
        mark = v.rng.choice((", ", " and then ", ", followed by ")) if len(got) < 3 else ", "
        parts.append(lead + (mark if len(got) < 2 or v.chance(0.6) else " and ").join(got))
    return ". ".join(parts)


def join_bullets(v: Voice, texts: list[str]) -> str:
    """A bullet list or a numbered one."""
    mark = v.rng.choice(("- ", "- ", "* ", "1. ", "1) ", "• ", "1. ", "Layer 1: "))
    up = v.chance(0.4)
    rows = [mark.replace("1", str(i)) + (cap(t) if up else t) for i, t in enumerate(texts, 1)]
    return "\n".join(rows)


# The frame of a request: who asks, for what.

THINGS = {
    "mlp": (
        "neural network",
        "neural network",
        "neural network",
        "neural network",
        "neural net",
        "NN",
        "DNN",
        "ANN",
        "MLP",
        "MLP",
        "feed-forward network",
        "feedforward neural network",
        "feed-forward net",
        "perceptron network",
        "multilayer perceptron",
        "multi-layer perceptron",
        "deep learning model",
        "DL model",
        "deep neural network",
        "deep network",
        "fully connected network",
        "fully connected neural network",
        "dense network",
        "classifier",
        "regressor",
        "network",
        "model",
        "net",
        "artificial neural network",
        "deep net",
        "regression network",
    ),
    "cnn": (
        "CNN",
        "CNN",
        "CNN",
        "CNN",
        "convnet",
        "ConvNet",
        "convolutional neural network",
        "convolutional network",
        "convolutional neural network",
        "conv net",
        "image classifier",
        "image classification network",
        "network",
        "neural network",
        "deep learning model",
        "DL model",
        "model",
        "deep CNN",
        "classifier",
        "conv network",
        "cnn architecture",
        "vision model",
        "deep neural network",
        "DNN",
    ),
    "autoencoder": ("autoencoder", "autoencoder", "auto-encoder", "autoencoder network", "AE", "deep autoencoder"),
    "rnn": (
        "RNN",
        "recurrent neural network",
        "recurrent network",
        "sequence model",
        "network",
        "text classifier",
        "model",
        "neural network",
        "deep learning model",
        "sequence classifier",
        "sentiment classifier",
    ),
    "transformer": (
        "transformer",
        "transformer model",
        "network",
        "transformer network",
        "model",
        "transformer encoder",
        "language model",
        "neural network",
    ),
    "residual": (
        "ResNet",
        "residual network",
        "resnet",
        "network",
        "CNN",
        "neural network",
        "model",
        "residual net",
        "convolutional network",
        "network with skip connections",
        "deep network",
    ),
    "other": ("network", "model", "neural network", "architecture", "deep learning model", "DL model"),
}
PURPOSES = {
    "mlp": (
        "regression",
        "classification",
        "binary classification",
        "house price prediction",
        "tabular data",
        "MNIST",
        "fraud detection",
        "churn prediction",
        "time series forecasting",
        "the XOR problem",
        "the iris dataset",
    ),
    "cnn": (
        "image classification",
        "MNIST",
        "CIFAR",
        "digit recognition",
        "face recognition",
        "object recognition",
        "medical images",
        "traffic signs",
        "plant diseases",
        "handwritten digits",
        "satellite images",
        "X-rays",
    ),
    "rnn": ("sentiment analysis", "text classification", "time series", "next word prediction", "speech", "spam"),
    "transformer": ("text classification", "language modelling", "translation", "text"),
    "residual": ("image classification", "CIFAR", "image recognition"),
    "autoencoder": ("anomaly detection", "denoising", "dimensionality reduction"),
    "other": ("images", "a small project", "segmentation"),
}
ADJECTIVES = ("simple", "simple", "small", "basic", "deep", "tiny", "typical", "custom", "standard", "shallow", "plain")
LEADS = (
    "draw",
    "draw",
    "Draw",
    "Draw",
    "please draw",
    "Please draw",
    "can you draw",
    "Can you draw me",
    "could you draw",
    "make",
    "create",
    "Create",
    "generate",
    "Generate",
    "show",
    "Show me",
    "sketch",
    "Sketch",
    "visualize",
    "Visualize",
    "plot",
    "I need",
    "i need",
    "I want",
    "i want",
    "i'd like",
    "I would like",
    "design",
    "Design",
    "give me",
    "Give me",
    "illustrate",
    "build",
    "render",
    "help me draw",
    "we need",
    "depict",
    "pls draw",
)
OBJECTS = (
    "a diagram of",
    "a figure of",
    "a picture of",
    "the architecture of",
    "a schematic of",
    "a drawing of",
    "an architecture diagram of",
    "a diagram for",
    "an illustration of",
    "the structure of",
    "a block diagram of",
    "the layers of",
    "a figure showing",
    "a visualization of",
)
BARE_OBJECTS = (
    "diagram of",
    "Diagram of",
    "figure of",
    "architecture of",
    "Architecture:",
    "drawing of",
    "Figure:",
    "picture of",
    "schematic of",
    "Diagram:",
)
LINKS = (
    "with",
    "with",
    "with",
    "with",
    "with",
    "having",
    "that has",
    "which has",
    "consisting of",
    "composed of",
    "made up of",
    "that consists of",
    "containing",
    "built from",
    ":",
    ":",
    ": ",
    " -",
    "that contains",
    "made of",
    "with these layers:",
    "with the following layers:",
    "as follows:",
    "using",
    "including",
    "which consists of",
)
NEEDS_OBJECT = re.compile(r"(show|plot|visualize|illustrate|depict|render)", re.IGNORECASE)
FILLERS = (
    " for my thesis",
    " for my paper",
    " for a presentation",
    " for a lecture",
    " for a report",
    " for my homework",
    " for a blog post",
    " for a poster",
    " for my students",
)
ENDINGS = (
    " keep it simple",
    " thanks",
    " please",
    " thank you",
    " nothing fancy",
    " keep it clean",
    " for my thesis",
    " this is for a paper",
    " it's for a talk",
    " with arrows between the layers",
    " make it look nice",
)
STYLES = {
    ("night", 0): ("in a dark theme", "with a dark background", "dark mode", "in dark mode", "use a dark theme"),
    ("ink", 0): (
        "black and white for print",
        "in black and white",
        "black and white",
        "in black-and-white for printing",
    ),
    ("slide", 0): ("for slides", "for a slide", "slide style", "in slide style", "for my slides"),
    ("outline", 0): ("outline style", "in outline style", "only outlines"),
    ("paper", 0): ("paper style", "in paper style"),
    ("down", 1): ("top to bottom", "from top to bottom", "vertical", "top-down", "drawn vertically", "going downwards"),
    ("right", 1): ("left to right", "from left to right", "horizontal", "horizontally"),
    ("up", 1): ("bottom to top", "from bottom to top", "bottom-up", "going upwards"),
    ("left", 1): ("right to left", "from right to left"),
    ("compact", 2): ("compact", "make it compact", "in a compact layout", "tight spacing"),
    ("wide", 2): ("with wide spacing", "wide spacing", "spacious", "with lots of space"),
    ("straight", 3): ("with straight lines", "straight arrows"),
    ("orthogonal", 3): ("with orthogonal lines", "right-angled arrows", "orthogonal arrows"),
    ("rounded", 4): ("with rounded corners", "rounded boxes"),
    ("square", 4): ("with square boxes", "square corners"),
}
STYLE_KEYS = tuple(STYLES)
STYLE_WEIGHTS = (6, 5, 4, 2, 1, 5, 4, 2, 1, 4, 2, 1, 1, 1.5, 1.5)
TITLES = (
    "My network",
    "Digit classifier",
    "Baseline model",
    "Small CNN",
    "Model A",
    "Price predictor",
    "Encoder",
    "Network 1",
    "Proposed model",
    "Our architecture",
    "Image classifier",
    "The student network",
    "Simple MLP",
    "Feature extractor",
    "Teacher",
    "Traffic sign net",
    "Sentiment model",
    "Policy network",
    "Critic",
    "Q-network",
)


def opening(v: Voice, family: str) -> str:
    """What stands before the layers; may be empty."""
    r = v.rng
    roll = r.random()
    if roll < 0.13:
        return ""
    thing = r.choice(THINGS[family])
    if v.chance(0.25):
        thing = r.choice(ADJECTIVES) + " " + thing
    if v.chance(0.15):
        thing += " for " + r.choice(PURPOSES[family])
    elif v.chance(0.06):
        thing += r.choice(FILLERS)
    link = r.choice(LINKS)
    link = (link.rstrip() if link[0] in ": -" and link[0] != " " else (" " + link).replace("  ", " ")) + " "
    thing_a = re.sub(
        r"^(an?) (NN|DNN|CNN|MLP|ANN|RNN|AE)\b",
        lambda m: ("an " if m[2] in ("NN", "ANN", "MLP", "RNN", "AE") else "a ") + m[2],
        article(thing),
    )
    if roll < 0.4:
        text = r.choice((thing, thing, thing_a, cap(thing), cap(thing_a)))
    elif roll < 0.48:
        text = r.choice(BARE_OBJECTS) + " " + thing_a
    elif roll < 0.55:
        return r.choice(
            (
                f"my {thing} has ",
                f"My {thing} has ",
                f"The {thing} has ",
                f"Our {thing} consists of ",
                f"the {thing} consists of ",
                f"I have {thing_a} with ",
                f"i built {thing_a} with ",
                f"We use {thing_a} with ",
                f"The {thing} is composed of ",
                f"my {thing}: ",
            )
        )
    elif roll < 0.62:
        lead = r.choice(LEADS)
        object_ = r.choice(OBJECTS) + " " if NEEDS_OBJECT.search(lead) or v.chance(0.4) else ""
        thing_a = f"{lead} {object_}{thing_a}"
        return thing_a + r.choice(
            (
                ". It has ",
                ". It consists of ",
                ". Layers: ",
                ": it has ",
                ". The layers are ",
                ". It should have ",
                "; it contains ",
                ".\n",
                " like this: ",
                ", ",
            )
        )
    else:
        lead = r.choice(LEADS)
        object_ = r.choice(OBJECTS) + " " if NEEDS_OBJECT.search(lead) or v.chance(0.35) else ""
        text = f"{lead} {object_}{thing_a}"
    return text + link


# Sizes.


def units(r: random.Random, regime: str = "") -> int:
    """A number of units."""
    regime = regime or r.choice(("small", "typical", "any"))
    if regime == "small":
        return r.choice((r.randint(1, 9), r.randint(2, 12), r.randint(2, 20)))
    return r.choice(TYPICAL) if regime == "typical" else r.choice((r.randint(2, 99), r.randint(2, 999)))


def classes(r: random.Random) -> int:
    """A number of classes or outputs."""
    return r.choice(
        (1, 1, 2, 2, 3, 4, 5, 6, 7, 8, 10, 10, 10, 10, 12, 20, 26, 43, 100, 1000, r.randint(2, 60), r.randint(2, 999))
    )


def output(r: random.Random, n: int, share: float = 0.4) -> Layer:
    """An output layer with a fitting activation, if any."""
    if r.random() > share:
        return Layer("output", n)
    return Layer(
        "output",
        n,
        act=r.choice(("sigmoid", "sigmoid", "linear", "tanh")) if n == 1 else r.choice(("softmax",) * 6 + ("sigmoid",)),
    )


def image(r: random.Random) -> tuple[int, ...]:
    """The size of an input image."""
    side = r.choice(SIDES) if r.random() < 0.8 else r.randint(8, 512)
    other = side if r.random() < 0.9 else r.choice(SIDES)
    return (side, other) + r.choice(((1,), (1,), (3,), (3,), (3,), (), (), (4,)))


def kernel(r: random.Random) -> tuple[int, int]:
    """A kernel size."""
    k = r.choice((3,) * 10 + (5,) * 5 + (7, 7, 1, 2, 4, 9, 11))
    return (k, k) if r.random() < 0.97 else (k, r.choice((1, 3, 5)))


def frame(parts: list[Part], v: Voice, family: str, first_input: bool, forms: Sequence[str]) -> tuple[str, list[str]]:
    """The request and the lines of some parts."""
    texts, r = [p.text for p in parts], v.rng
    lines = [line for p in parts for line in p.lines]
    form = r.choice(forms)
    head = opening(v, family)
    if form == "sentences" and len(texts) > 1:
        body = join_sentences(v, texts, first_input)
        head = (
            re.sub(
                r"[\s:,;-]*( with| having| that has| which has| has|(that|which|it)? ?"
                r"(consist|contain)\w*( of)?)?"
                r"[\s:,;-]*$",
                "",
                head,
            )
            if head
            else ""
        )
        head = re.sub(r"[.;:,\s]+(it)?$", "", head, flags=re.IGNORECASE)
        if (
            re.search(r"\b(of|from|using|including|layers:?|follows|are|this|have|up|is|consists)$", head)
            or len(head.split()) < 2
        ):
            head = r.choice(("", "draw a network", "Draw my network", "I need a network diagram", "Neural network"))
        return (head + r.choice((". ", ". ", ".\n")) if head else "") + body, lines
    if form == "bullets":
        head = re.sub(r"[\s:,;-]+$", "", head)
        return (head + r.choice((":\n", "\n", ":\n")) if head else "") + join_bullets(v, texts), lines
    return head + (join_chain(v, texts) if v.bare else join_prose(v, texts)), lines


# Families.


def make_voice(r: random.Random) -> Voice:
    """A writer."""
    return Voice(r, r.random() < 0.45)


def ways(v: Voice) -> tuple[str, ...]:
    """The ways of joining that suit the voice."""
    return ("join",) * 6 + ("bullets",) if v.bare else ("join",) * 6 + ("sentences", "sentences", "bullets")


def terse(r: random.Random) -> tuple[str, list[str]]:
    """A network as a bare row of sizes: 'mlp 3-7-7-2'."""
    regime = r.choice(("small", "small", "typical", "any", "mixed"))
    sizes = [units(r, "" if regime == "mixed" else regime) for _ in range(r.choice((3, 3, 4, 4, 4, 5, 5, 6, 7)))]
    if r.random() < 0.25:
        sizes[2:-1] = [sizes[1]] * (len(sizes) - 3)
    lines = [f"input {sizes[0]}", *(f"dense {s}" for s in sizes[1:-1]), f"output {sizes[-1]}"]
    row = r.choice(("-", "-", "-", " - ", ", ", " ", "x", "/", "->", " -> ", "→", ":", "–")).join(map(str, sizes))
    row = r.choice((row, row, row, row, f"({row})", f"[{row}]")) if "x" not in row else row
    v = make_voice(r)
    thing = r.choice(THINGS["mlp"])
    a = article(thing)
    thing_forms = (
        f"{thing} {row}",
        f"{row} {thing}",
        f"{thing} with layers {row}",
        f"{thing} {row}",
        f"{r.choice(LEADS[:14])} a {row} {thing}",
        f"{r.choice(LEADS[:14])} {a} {row}",
        f"{r.choice(LEADS[:14])} {a} with layer sizes {row}",
        f"{thing} of size {row}",
        f"{r.choice(LEADS[:14])} {a} with {row} {v.unit}",
        f"{thing}: {row}",
        f"layer sizes {row}",
        f"{r.choice(LEADS[:14])} {a} with layers of {row} {v.unit}",
        f"{thing} with sizes {row}",
        f"{thing} architecture {row}",
        f"{thing} with {row} {v.unit} per layer",
    )
    return r.choice(thing_forms), lines


def correction(r: random.Random, v: Voice, i: int, n_layers: int, new: int, old: int) -> str:
    """A correction of layer i of n (input, hidden ..., output) from an old number of units to a new one."""
    n, u = v.num(new), v.unit if new > 1 else v.unit[:-1]
    if i == 0:
        what, short = "the input layer", f"{n} inputs"
    elif i == n_layers - 1:
        what, short = "the output layer", f"{n} outputs" if new > 1 else f"{n} output"
    else:
        what = f"the {ORDINALS[i]} hidden layer" if n_layers > 3 else "the hidden layer"
        short = f"{n} {u} in {what}"
    lead = r.choice(
        (". No, ", ". Actually, ", ", no wait, ", " - sorry, ", ". Oh, and ", ". Correction: ", ", actually ")
    )
    was = f"{short} not {old}" if not 0 < i < n_layers - 1 else f"{short}, not {old}"
    return lead + r.choice(
        (
            f"make {what} {n}",
            short,
            short,
            f"{what} should have {n} {u}",
            f"{what} has {n} {u}",
            was,
            f"make {what} {n} instead of {old}",
            f"change {what} to {n}",
        )
    )


def by_factor(r: random.Random) -> tuple[str, list[str]]:
    """Hidden layers told by their ratio: 'each half as wide as the one before', 'three times as many as inputs'."""
    v = make_voice(r)
    if r.random() < 0.4:
        return by_inputs(r, v)
    k, up = r.randint(2, 4), r.random() < 0.35
    first = r.choice((2, 3, 4, 5, 8, 10, 16)) if up else r.choice((16, 32, 48, 64, 128, 256, 512, 1024))
    sizes = [first * 2**i if up else first // 2**i for i in range(k)]
    ins, outs = units(r), classes(r)
    verb, adverb, word = ("double", "twice", "doubling") if up else ("halve", "half", "halving")
    told = [
        f"{v.count(k)} hidden layers, the first with {first} {v.unit} and each next one {adverb} as wide",
        f"hidden layers that start at {first} and {verb} until {sizes[-1]}",
        f"hidden layers from {first} {v.unit} {word} to {sizes[-1]}",
        f"{v.count(k)} hidden layers, {first} {v.unit} at first, {word} every time",
        f"a hidden layer of {first} {v.unit}"
        + "".join(f", a {ORDINALS[i]} one {adverb} as big" for i in range(2, k + 1)),
    ]
    if r.random() < 0.35 and sizes[-1] > 1:  # the first number is that of the inputs
        ins, sizes = sizes[0], sizes[1:]
        last = sizes[-1]
        told = [
            f"hidden layers that {verb} in size step by step until {last}",
            f"hidden layers {word} each time till there are {last} {v.unit}",
            f"every hidden layer {adverb} as wide as the one before it, the last with {last}",
            f"{v.count(len(sizes))} hidden layers, each {adverb} the size of what comes before",
        ]
    end = r.choice((f"{outs} outputs", f"an output layer of {outs}", f"output {outs}"))
    parts = [
        part(Layer("input", ins), v),
        Part(r.choice(told), tuple(f"dense {x}" for x in sizes)),
        Part(end, (f"output {outs}",)),
    ]
    return frame(parts, v, "mlp", True, ("join",))


def by_inputs(r: random.Random, v: Voice) -> tuple[str, list[str]]:
    """Hidden layers told by the inputs and by each other: 'then one as wide as the input'."""
    factor = r.choice((2, 2, 2, 3, 4))
    ins = factor * r.choice((1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 32, 50, 64, 100, r.randint(1, 60)))
    u = v.unit
    many = {2: "twice", 3: "three times", 4: "four times"}[factor]
    part_ = {2: "half", 3: "a third of", 4: "a quarter of"}[factor]
    same = ["one as wide as the input", f"one with as many {u} as there are inputs", "one of the input's size"]
    more = [f"one {many} as wide as the input", f"one with {many} as many {u}", f"one of {many} the inputs"]
    less = [
        f"one {part_.removesuffix(' of')} as wide as the input" if factor == 2 else f"one of {part_} the input's size",
        f"one with {part_} the inputs",
        f"one that has {part_} the input's {u}",
    ]
    own = r.randint(2, 200)
    kinds = r.choices(("same", "more", "less", "own"), (2, 3, 3, 2), k=r.choice((1, 2, 2, 3)))
    said = {"same": same, "more": more, "less": less, "own": [f"one of {own}", f"one with {own} {u}"]}
    sizes = {"same": ins, "more": ins * factor, "less": ins // factor, "own": own}
    told = [
        r.choice(("a hidden layer", "first a hidden layer", "a first hidden layer")) + r.choice(said[kinds[0]])[3:],
        *(r.choice(("then ", "after it ", "", "next ")) + r.choice(said[kind]) for kind in kinds[1:]),
    ]
    outs = classes(r)
    parts = [
        part(Layer("input", ins), v),
        *(Part(text, (f"dense {sizes[kind]}",)) for text, kind in zip(told, kinds, strict=True)),
        Part(r.choice((f"{outs} outputs", f"an output layer of {outs}", f"output {outs}")), (f"output {outs}",)),
    ]
    return frame(parts, v, "mlp", True, ("join",))


PUT_IN = ("features", "inputs", "input features", "columns", "variables", "predictors", "attributes")


def mlp(r: random.Random) -> tuple[str, list[str]]:
    """Inputs, hidden layers, outputs."""
    v = make_voice(r)
    if r.random() < 0.5:
        v.bare = False
    regime = r.choice(("small", "small", "small", "typical", "any", "mixed"))

    def size() -> int:
        return units(r, "" if regime == "mixed" else regime)

    k = r.choice((1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 5, 6, 8))
    mode = r.choice(("list",) * 5 + ("alike",) * 3 + ("none", "single"))
    act = r.choice(HIDDEN_ACTS) if r.random() < 0.25 else ""
    ins = size() if r.random() < 0.82 else None
    outs = (r.randint(1, 10) if regime == "small" else classes(r)) if r.random() < 0.88 else None
    sizes = [size() for _ in range(k if mode != "single" else 1)]
    if r.random() < 0.2:
        sizes.sort(reverse=True)
    fix, wrong_in, wrong_out, said = "", ins, outs, list(sizes)
    if r.random() < 0.2 and ins and outs and mode in ("list", "single"):
        i = r.randrange(len(sizes) + 2)
        old = (ins, *sizes, outs)[i] % 12 + r.randint(1, 3)
        if i == 0:
            wrong_in = old
        elif i > len(sizes):
            wrong_out = old
        else:
            said[i - 1] = old
        fix = correction(r, v, i, len(sizes) + 2, (ins, *sizes, outs)[i], old)
    parts: list[Part] = []
    if ins is not None:
        blank = r.random() < 0.08 and not fix
        parts.append(
            Part(
                say_input(Layer("input", 0 if blank else wrong_in or 0), v),
                (Layer("input", 0 if blank else ins).line(),),
            )
        )
    if mode in ("list", "single"):
        told = hidden(v, said, act)
        parts.append(Part(told.text, hidden(v, sizes, act).lines))
    else:
        parts.append(hidden_alike(v, k, 0 if mode == "none" else size(), act))
    if outs is not None:
        last = output(r, outs, 0.3)
        if r.random() < 0.07 and not fix:
            last = replace(last, units=0)
        parts.append(Part(say_output(replace(last, units=wrong_out or 0) if fix else last, v), (last.line(),)))
    first = ins is not None
    if ins and outs and not fix and r.random() < 0.03:  # what goes in and comes out in brackets behind the name
        middle = parts[1]
        told = f"{v.num(ins)} {r.choice(PUT_IN)}, {v.num(outs)} {r.choice(('classes', 'outputs', 'labels', 'targets'))}"
        name = r.choice(ADJECTIVES) + " " + r.choice(THINGS["mlp"]) if r.random() < 0.3 else r.choice(THINGS["mlp"])
        lead = f"{r.choice(LEADS)} {article(name)}" if r.random() < 0.5 else name
        text = f"{lead} ({told}){r.choice((' with ', ', ', ': ', ' and '))}{middle.text}"
        return text, [f"input {ins}", *middle.lines, f"output {outs}"]
    if mode in ("list", "single") and ins and outs and not fix and r.random() < 0.14:
        return predicates(r, v, [ins, *sizes, outs], act)
    if len(parts) > 1 and r.random() < 0.18 and not fix:
        lines = [line for p in parts for line in p.lines]
        texts = [p.text for p in parts]
        r.shuffle(texts)
        if len(texts) == 3 and r.random() < 0.3:
            texts = [parts[2].text, parts[0].text, r.choice(("in between ", "between them ")) + parts[1].text]
        return opening(v, "mlp") + r.choice((", ".join(texts), ", ".join(texts[:-1]) + v.and_ + texts[-1])), lines
    text, lines = frame(parts, v, "mlp", first, ways(v) if not fix else ("join",))
    return text + fix, lines


def predicates(r: random.Random, v: Voice, sizes: list[int], act: str) -> tuple[str, list[str]]:
    """Whole sentences on inputs, hidden layers and outputs: 'the input layer has 3 nodes, ...'."""
    lines = [f"input {sizes[0]}", *(Layer("dense", s, act=act).line() for s in sizes[1:-1]), f"output {sizes[-1]}"]
    w, u = [v.num(s) for s in sizes], v.unit
    n, lst, k = len(w) - 2, v.listing(w[1:-1]), v.count(len(w) - 2)
    a = r.choice((f" with {v.act(act)}", f" ({v.act(act)})", f" and {v.act(act)} activation")) if act else ""
    lays = "hidden layer has" if n == 1 else "hidden layers have"
    outs = "output" if sizes[-1] == 1 else "outputs"
    each = ", ".join(
        f"the {ORDINALS[i] + ' ' if n > 1 else ''}hidden layer has {x}" + (f" {u}" if i == 1 else "")
        for i, x in enumerate(w[1:-1], 1)
    )
    thing = r.choice(THINGS["mlp"])
    forms = [
        f"the input layer has {w[0]} {u}, the {lays} {lst} {u}{a}, the output layer has {w[-1]} {u}",
        f"input layer has {w[0]} {u}, {lays} {lst}{a} and output layer has {w[-1]}",
        (
            f"{r.choice(LEADS[:12])} {article(thing)} from {w[0]} inputs to {w[-1]} {outs} through {k} "
            f"hidden layer{'s' * (n > 1)} of {lst} {u}{a}"
        ),
        (
            f"{thing} that takes {w[0]} features, has {k} hidden layer{'s' * (n > 1)} with {lst} {u}{a} "
            f"and predicts {w[-1]} {outs}"
        ),
        f"{thing}: {w[0]} in, {lst} hidden{a}, {w[-1]} out",
        f"{w[0]} in, {lst} hidden{a}, {w[-1]} out",
        (
            f"{r.choice(LEADS[:12])} {article(thing)} with {w[0]} inputs and {w[-1]} {outs} and in between "
            f"hidden layer{'s' * (n > 1)} of {lst} {u}{a}"
        ),
        f"hidden {u}: {lst}{a}; inputs: {w[0]}; outputs: {w[-1]}",
        f"inputs: {w[0]}\nhidden: {lst}{a}\noutputs: {w[-1]}",
        f"input={w[0]}, hidden={lst}{a}, output={w[-1]}",
        f"number of inputs {w[0]}, hidden layer{'s' * (n > 1)} {lst}{a}, number of outputs {w[-1]}",
        f"{article(thing)} which maps {w[0]} inputs to {w[-1]} {outs} with {lst} hidden {u}{a}",
    ]
    if n <= 4:
        forms += [
            (
                f"{opening(v, 'mlp')}{w[0]} {u} in the input layer, {lst} in the hidden "
                f"layer{'s' * (n > 1)}{a} and {w[-1]} in the output layer"
            )
        ]
        if not act:
            forms += [
                f"the input layer has {w[0]} {u}, {each} and the output layer has {w[-1]}",
                (
                    f"{r.choice(LEADS[:12])} {article(thing)}. the input layer has {w[0]} {u}, {each}, "
                    f"the output layer has {w[-1]} {u}"
                ),
            ]
    return r.choice(forms), lines


def dense_chain(r: random.Random) -> tuple[str, list[str]]:
    """Dense layers one by one, perhaps with dropout and normalisation: often long."""
    v = make_voice(r)
    regime = r.choice(("small", "typical", "typical", "any"))
    n = r.choice((2, 2, 3, 3, 4, 5, 6, 7, 8, 9))
    act = r.choice(HIDDEN_ACTS) if r.random() < 0.4 else ""
    norm, drop = r.random() < 0.15, r.choice(("0.1", "0.2", "0.25", "0.3", "0.4", "0.5")) if r.random() < 0.25 else ""
    alone = act and v.bare and r.random() < 0.25
    layers: list[Layer] = []
    if r.random() < 0.75:
        layers.append(Layer("input", units(r, regime)) if r.random() < 0.8 else Layer("input", size=image(r)))
        if layers[0].size:
            layers.append(Layer("flatten"))
    together: list[Part] = []
    if r.random() < 0.12:
        after = [Layer("dropout", rate=drop or "0.5")] if drop or not norm else []
        after = [Layer("norm", variant="batch"), *after] if norm else after
        dense, n = Layer("dense", units(r, regime), act=act), min(n, 5)
        if r.random() < 0.5:
            together = [repeat(v, n, [dense, *after])]
        else:
            together = [each_followed(v, [replace(dense, units=units(r, regime)) for _ in range(n)], after)]
        n = 0
    start = len(layers)
    for _ in range(n):
        one = act if r.random() < 0.9 else r.choice(HIDDEN_ACTS) if act else ""
        if len(layers) > 9:
            break
        layers.append(Layer("dense", units(r, regime), act="" if alone else one))
        if norm:
            layers.append(Layer("norm", variant="batch"))
        if alone:
            layers.append(Layer("activation", act=one or "relu"))
        if drop and r.random() < 0.7:
            layers.append(Layer("dropout", rate=drop))
    if r.random() < 0.85:
        layers.append(output(r, classes(r), 0.5))
    first = bool(start) and layers[0].kind == "input"
    return frame(gather(v, layers[:start]) + together + gather(v, layers[start:]), v, "mlp", first, ways(v))


def gather(v: Voice, layers: Sequence[Layer], share: float = 0.6) -> list[Part]:
    """Layers as parts: equal ones in a row may be told with a count, like ones with a list of units."""
    parts: list[Part] = []
    i = 0
    while i < len(layers):
        one, j = layers[i], i + 1
        while j < len(layers) and layers[j] == one:
            j += 1
        if j - i > 1 and one.kind != "input" and v.chance(share):
            parts.append(part(one, v, j - i))
            i = j
            continue
        j = i + 1
        if one.kind in ("conv", "dense", "lstm", "gru") and one.units and not (one.out or one.variant or one.stride):
            while j < len(layers) and layers[j].units and replace(layers[j], units=one.units) == one:
                j += 1
        if j - i > 1 and v.chance(0.2 if v.bare else 0.4):
            parts.append(lined(v, layers[i:j]))
            i = j
            continue
        parts.append(part(one, v))
        i += 1
    return parts


def head_layers(r: random.Random, flat: float = 0.4) -> list[Layer]:
    """The end of a convolutional net: flatten, dense, dropout, output."""
    layers: list[Layer] = []
    roll = r.random()
    if roll < flat:
        layers.append(Layer("flatten"))
    elif roll < flat + 0.15:
        layers.append(Layer("pool", variant=r.choice(("global", "global", "global", "adaptive"))))
    act = r.choice(("relu", "relu", "tanh")) if r.random() < 0.35 else ""
    regime = r.choice(("typical", "typical", "any"))
    drop = r.choice(("0.2", "0.25", "0.3", "0.4", "0.5", "0.5")) if r.random() < 0.25 else ""
    size = units(r, regime)
    for _ in range(r.choice((0, 1, 1, 1, 2, 2, 3))):
        layers.append(Layer("dense", 0 if regime == "typical" and size == 48 else size, act=act))
        if drop:
            layers.append(Layer("dropout", rate=drop))
        if r.random() < 0.7:
            size = units(r, regime)
    if r.random() < 0.85:
        layers.append(output(r, classes(r), 0.55))
        if r.random() < 0.08:
            layers[-1] = replace(layers[-1], units=0)
    return layers or [Layer("output", 10)]


def conv_stack(r: random.Random, n: int) -> list[Layer]:
    """About n convolutions and what goes with them, told one by one."""
    k = kernel(r) if r.random() < 0.7 else ()
    f = r.choice(FILTERS) if r.random() < 0.8 else 0
    act = r.choice(("relu",) * 6 + ("tanh", "leaky_relu", "elu", "gelu")) if r.random() < 0.35 else ""
    pool = Layer(
        "pool",
        size=(2, 2) if r.random() < 0.55 else r.choice(((), (3, 3), (4, 4), ())),
        variant=r.choice(("max",) * 6 + ("avg", "avg", "", "")),
        stride=r.choice((1, 2, 2, 3)) if r.random() < 0.15 else 0,
    )
    stride = r.choice((2, 2, 3, 4)) if r.random() < 0.12 else 0
    norm, alone, vary, per = r.random() < 0.12, r.random() < 0.1, r.random() < 0.35, r.choice((1, 1, 1, 2, 2, 3, 0))
    drop = r.choice(("0.1", "0.2", "0.25", "0.3")) if r.random() < 0.08 else ""
    sep = r.choice(("depthwise", "separable", "dilated", "separable")) if r.random() < 0.05 else ""
    uneven = r.random() < 0.45  # every layer is told in as much detail as its writer cares for
    f = 0 if uneven and r.random() < 0.5 else f
    layers: list[Layer] = []
    left = 0
    for i in range(n):
        if vary and k:
            k = kernel(r)
        layers.append(
            Layer(
                "conv", f, k, act="" if alone else act, stride=stride if vary or i == 0 else 0, variant=sep if i else ""
            )
        )
        if norm:
            layers.append(Layer("norm", variant="batch"))
        if alone:
            layers.append(Layer("activation", act=act or "relu"))
        left += 1
        if left >= (per or r.choice((1, 2, 3))):
            if uneven:
                size = r.choice((pool.size, (2, 2), (2, 2), (), (3, 3)))
                layers.append(replace(pool, size=size, variant=r.choice(("max", "max", "avg", "", ""))))
            else:
                layers.append(pool if not vary or r.random() < 0.8 else replace(pool, size=kernel(r)))
            left = 0
            if drop:
                layers.append(Layer("dropout", rate=drop))
            if f:
                f = f * 2 if f < 512 and r.random() < 0.6 else r.choice(FILTERS) if r.random() < 0.5 else f
        elif f and r.random() < 0.3:
            f = r.choice(FILTERS) if r.random() < 0.8 else r.randint(2, 400)
    if uneven:
        layers = [uneven_layer(r, x) if x.kind == "conv" else x for x in layers]
    return layers


def uneven_layer(r: random.Random, conv: Layer) -> Layer:
    """A convolution, perhaps with less or something else said of it than of its neighbours."""
    size = () if r.random() < 0.3 else kernel(r) if r.random() < 0.2 else conv.size
    side = r.randint(3, 60)
    return replace(
        conv,
        size=size,
        units=0 if r.random() < 0.3 else conv.units,
        out=(side, side) if r.random() < 0.08 else (),
    )


def long_conv(r: random.Random) -> tuple[str, list[str]]:
    """A long row of look-alike layers, each told in other words and other detail, then the sizes of the dense ones."""
    v = make_voice(r)
    v.steady, v.careless, v.bare = r.choice((0.0, 0.2, 0.5)), r.random() < 0.4, r.random() < 0.2
    size, detail = kernel(r) if r.random() < 0.4 else (3, 3), r.choice((0.5, 0.7, 0.85, 1.0))
    variants = r.choice((("max",), ("max", "avg", ""), ("", "", "max", "avg"), ("",)))
    maps, filters = r.choice((0.0, 0.0, 0.15, 0.3)), r.choice((0.0, 0.0, 0.0, 0.4))
    parts = [part(Layer("input", size=image(r)), v)] if r.random() < 0.85 else []
    for _ in range(r.choice((2, 3, 4, 5, 6, 7, 8))):
        row = []
        for _ in range(r.choice((1, 1, 1, 2, 2, 3))):
            side = r.randint(4, 510)
            row.append(
                Layer(
                    "conv",
                    r.choice(FILTERS) if r.random() < filters else 0,
                    size if r.random() < detail else (),
                    out=(side, side) if r.random() < maps else (),
                )
            )
        if len(row) > 1 and r.random() < 0.4:
            parts.append(part(row[0] if not row[0].out else replace(row[0], out=()), v, len(row)))
        else:
            parts += [part(x, v) for x in row]
        parts.append(part(Layer("pool", size=(2, 2) if r.random() < detail else (), variant=r.choice(variants)), v))
    if r.random() < 0.2:
        parts.append(part(Layer("flatten"), v))
    sizes = [r.choice((16, 32, 64, 100, 128, 200, 256, 512, 1024, r.randint(3, 900))) for _ in range(r.randint(1, 4))]
    if r.random() < 0.6:
        sizes.sort(reverse=True)
    parts.append(
        hidden(v, sizes) if len(sizes) == 1 or r.random() < 0.7 else lined(v, [Layer("dense", n) for n in sizes])
    )
    if r.random() < 0.9:
        parts.append(part(Layer("output", r.choice((1, 1, 2, 3, 5, 10, 100))), v))
    return frame(parts, v, "cnn", parts[0].lines[0].startswith("input"), ways(v))


def with_maps(r: random.Random, layers: list[Layer]) -> list[Layer]:
    """The layers with the sizes of their feature maps, as in old papers."""
    side = r.choice((28, 32, 28, 56, 64, 112, 224, r.randint(20, 256)))
    full = r.random() < 0.6
    out: list[Layer] = []
    depth = r.choice(FILTERS)
    for x in layers:
        side = x.size[0] if x.kind == "input" and x.size else side
        if x.kind in ("conv", "pool") and x.variant not in ("global", "adaptive"):
            side = max(1, side - (x.size[0] - 1 if x.size else 0) if x.kind == "conv" else side // 2)
            depth = x.units or depth
            x = replace(x, out=(side, side, depth) if full else (side, side))
        out.append(x)
    return out


def one_of(r: random.Random, numbers: str) -> int:
    """One of some numbers."""
    return int(r.choice(numbers.split()))


def famous(r: random.Random) -> list[Layer]:
    """A network much like a known one, with numbers near to it."""
    which = r.choice(("lenet", "lenet", "alexnet", "vgg", "vgg", "mnist", "cifar"))

    def conv(f: int, k: int, s: int = 0, a: str = "") -> Layer:
        return Layer("conv", f, (k, k), stride=s, act=a)

    if which == "lenet":
        pool = Layer("pool", size=(2, 2), variant=r.choice(("avg", "avg", "max", "")))
        a = r.choice(("", "", "tanh", "sigmoid"))
        side = one_of(r, "28 32 32")
        layers = [
            Layer("input", size=r.choice(((side, side), (side, side, 1)))),
            conv(6, 5, a=a),
            pool,
            conv(16, 5, a=a),
            pool,
            *([conv(120, 5, a=a)] if r.random() < 0.4 else [Layer("dense", 120, act=a)]),
            Layer("dense", 84, act=a),
            Layer("output", 10, act=r.choice(("", "softmax"))),
        ]
        return with_maps(r, layers) if r.random() < 0.4 else layers
    if which == "alexnet":
        pool = Layer("pool", size=(3, 3), variant="max", stride=r.choice((0, 2)))
        a, side = r.choice(("", "relu")), one_of(r, "224 227")
        layers = [
            Layer("input", size=(side, side, 3)),
            conv(96, 11, 4, a),
            pool,
            conv(256, 5, 0, a),
            pool,
            conv(384, 3, 0, a),
            conv(384, 3, 0, a),
            conv(256, 3, 0, a),
            pool,
            Layer("dense", 4096, act=a),
            Layer("dense", 4096, act=a),
            Layer("output", r.choice((1000, 1000, 100, 10)), act=r.choice(("", "softmax"))),
        ]
        return layers
    if which == "vgg":
        plan = [64, 128, 256, 512, 512][: r.randint(2, 4)]
        layers = [Layer("input", size=(224, 224, 3))] if r.random() < 0.6 else []
        for f in plan:
            layers += [conv(f, 3)] * r.choice((1, 2, 2, 3)) + [
                Layer("pool", variant="max", size=r.choice(((), (2, 2))))
            ]
        layers += [Layer("dense", 4096)] * r.choice((1, 2)) if len(layers) < 12 else []
        return [*layers, Layer("output", r.choice((1000, 10, 100)), act=r.choice(("", "softmax")))]
    pool = Layer("pool", variant="max", size=(2, 2))
    k, side = one_of(r, "3 3 5"), (28, 28, 1) if which == "mnist" else (32, 32, 3)
    return [
        Layer("input", size=side),
        conv(32, k, a="relu"),
        *([conv(32, k, a="relu")] if r.random() < 0.5 else []),
        pool,
        *([Layer("dropout", rate="0.25")] if r.random() < 0.4 else []),
        conv(64, k, a="relu"),
        pool,
        *([Layer("flatten")] if r.random() < 0.6 else []),
        Layer("dense", one_of(r, "128 256 512"), act="relu"),
        *([Layer("dropout", rate="0.5")] if r.random() < 0.4 else []),
        Layer("output", 10, act="softmax"),
    ]


def vgg_code(r: random.Random) -> tuple[str, list[str]]:
    """The notation of the VGG paper: 'conv3-64, conv3-64, maxpool, FC-4096'."""
    layers: list[Layer] = []
    words: list[str] = []
    f, big, pool_word = r.choice((16, 32, 64)), r.random() < 0.5, r.choice(("maxpool", "max-pool", "maxpool"))
    for _ in range(r.randint(2, 4)):
        k = r.choice((3, 3, 3, 3, 1, 5))
        for _ in range(r.choice((1, 2, 2, 3))):
            layers.append(Layer("conv", f, (k, k)))
            words.append(f"{'Conv' if big else 'conv'}{k}-{f}")
        layers.append(Layer("pool", variant="max"))
        words.append(pool_word)
        f = r.choice((f, f * 2, f * 2))
    for _ in range(r.choice((0, 1, 2))):
        n = r.choice((4096, 1024, 512, 256, 1000))
        layers.append(Layer("dense", n))
        words.append(f"FC-{n}")
    if r.random() < 0.6:
        n = classes(r)
        layers.append(Layer("output", n, act="softmax"))
        words.append(r.choice((f"softmax-{n}", f"softmax {n}", f"{n}-way softmax")))
    if r.random() < 0.4:
        size = (224, 224, 3) if r.random() < 0.5 else image(r)
        layers.insert(0, Layer("input", size=size))
        words.insert(0, "input " + "x".join(map(str, size)))
    v = make_voice(r)
    head = r.choice(("", "", "VGG-style network: ", "vgg like net: ", opening(v, "cnn"), "draw a VGG style CNN: "))
    return head + r.choice((", ", ", ", " ", " - ", " -> ", "\n", " | ")).join(words), [x.line() for x in layers]


def plain_conv(r: random.Random) -> tuple[str, list[str]]:
    """Rows of kinds alone: 'conv conv pool conv conv pool fc'."""
    layers: list[Layer] = []
    words: list[str] = []
    conv, pool, fc = (
        r.choice(("conv", "conv", "Conv", "convolution")),
        r.choice(("pool", "pool", "maxpool", "max pool", "pooling")),
        r.choice(("fc", "dense", "FC")),
    )
    var = "max" if pool.startswith("max") else ""
    relu = r.random() < 0.25
    if r.random() < 0.35:
        layers.append(Layer("input"))
        words.append("input")
    for _ in range(r.randint(1, 4)):
        for _ in range(r.choice((1, 2, 2, 3))):
            layers.append(Layer("conv"))
            words.append(conv)
            if relu:
                layers.append(Layer("activation", act="relu"))
                words.append("relu")
        layers.append(Layer("pool", variant=var))
        words.append(pool)
    if r.random() < 0.3:
        layers.append(Layer("flatten"))
        words.append("flatten")
    for _ in range(r.choice((0, 1, 1, 2, 3))):
        layers.append(Layer("dense"))
        words.append(fc)
    if r.random() < 0.5:
        soft = r.random() < 0.4
        layers.append(Layer("activation", act="softmax") if soft else Layer("output"))
        words.append("softmax" if soft else "output")
    v = make_voice(r)
    sep = r.choice(
        (" ", " ", ", ", "-", " - ", " -> ", "->", " > ", "\n", " + ", " then ")
        if "max pool" not in words
        else (", ", " - ", " -> ", " > ", "\n")
    )
    return opening(v, "cnn") + sep.join(words), [x.line() for x in layers]


def cnn(r: random.Random) -> tuple[str, list[str]]:
    """A convolutional network of any kind."""
    roll = r.random()
    if roll < 0.06:
        return vgg_code(r)
    if roll < 0.13:
        return plain_conv(r)
    v = make_voice(r)
    if roll < 0.25:
        layers = famous(r)
        return frame(gather(v, layers), v, "cnn", layers[0].kind == "input", ways(v))
    start = [Layer("input", size=image(r))] if r.random() < 0.72 else [Layer("input")] if r.random() < 0.3 else []
    end = head_layers(r)
    if roll < 0.6:
        mid = conv_stack(r, r.choice((1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 7, 8, 9, 10)))[:18]
        mid = with_maps(r, [*start, *mid])[len(start) :] if r.random() < 0.12 else mid
        parts = gather(v, [*start, *mid, *end], r.choice((0.2, 0.8)))
    else:
        v.bare = r.random() < 0.15
        parts = [part(x, v) for x in start] + conv_parts(r, v) + gather(v, end)
    if end[-1].kind == "output" and end[-1].units > 1 and r.random() < 0.06:
        last = end[-1]
        old = last.units % 12 + r.randint(2, 4)
        wrong = Part(say(replace(last, units=old), v), (last.line(),))
        text, lines = frame(
            [*parts[:-1], wrong] if parts[-1].lines == wrong.lines else parts, v, "cnn", bool(start), ("join",)
        )
        n = v.num(last.units)
        return text + r.choice(
            (
                f". Actually {n} classes",
                f", no, {n} classes",
                f". Sorry, {n} outputs",
                f", actually make it {n} outputs",
                f" - no wait, {n} classes, not {old}" if parts[-1].lines == wrong.lines else f". Actually {n} outputs",
            )
        ), lines
    if start and start[0].size and r.random() < 0.12:  # the image is named last
        text, lines = frame(parts[1:], v, "cnn", False, ("join",))
        image_text = re.sub("^an? ", "", parts[0].text)
        told = (
            f", input: {image_text}",
            f"; input is {image_text}",
            f". It gets {article(image_text)}",
            f" on {image_text}s",
        )
        if image_text.startswith(("input", "image")):
            told = (f", {image_text}", f"; {image_text}", f". {cap(image_text)}", f" ({image_text})")
        return text.rstrip(". ") + r.choice(told), [*parts[0].lines, *lines]
    return frame(parts, v, "cnn", bool(start), ways(v))


def conv_parts(r: random.Random, v: Voice) -> list[Part]:
    """Convolutions told together: counts, lists, repeats."""
    k = kernel(r) if r.random() < 0.6 else ()
    f = r.choice(FILTERS) if r.random() < 0.65 else 0
    act = r.choice(("relu", "relu", "relu", "tanh", "leaky_relu")) if r.random() < 0.25 else ""
    conv = Layer("conv", f, k, act=act)
    pool = Layer(
        "pool", size=r.choice(((2, 2), (2, 2), (), (3, 3))), variant=r.choice(("max", "max", "max", "avg", ""))
    )
    after = [pool]
    if r.random() < 0.15:
        after.insert(0, Layer("norm", variant="batch"))
    if r.random() < 0.1:
        after.append(Layer("dropout", rate=r.choice(("0.1", "0.2", "0.25", "0.5"))))
    n = r.choice((2, 2, 2, 3, 3, 4, 5))
    rows = [replace(conv, units=r.choice(FILTERS) if r.random() < 0.6 else r.randint(2, 300)) for _ in range(n)]
    if r.random() < 0.5:
        rows.sort(key=lambda x: x.units)
    roll = r.random()
    if roll < 0.28:
        parts = [part(conv, v, n), part(pool, v)]
        if r.random() < 0.45:
            parts += [part(replace(conv, units=f * 2), v, r.choice((2, 2, 3, 4))), part(pool, v)]
        return parts
    if roll < 0.42:
        return [lined(v, rows)] + ([part(pool, v)] if r.random() < 0.6 else [])
    if roll < 0.68:
        return [each_followed(v, rows, after)]
    if roll < 0.87:
        return [repeat(v, n, [conv, *after])]
    if roll < 0.93:
        return [repeat(v, r.choice((2, 3, 3, 4)), [conv, *after], r.choice((2, 2, 3)))]
    return [part(conv, v, n), part(pool, v, 1), *gather(v, conv_stack(r, 2), 0.8)]


def autoencoder(r: random.Random) -> tuple[str, list[str]]:
    """An autoencoder of plain layers."""
    v = make_voice(r)
    v.bare = False
    regime = r.choice(("small", "typical", "any"))
    ins = units(r, regime)
    down = [units(r, regime) for _ in range(r.choice((0, 1, 1, 2, 2, 3)))]
    code = units(r, r.choice(("small", regime)))
    up = down[::-1] if r.random() < 0.8 else [units(r, regime) for _ in down]
    sizes = [ins, *down, code, *up, ins]
    lines = [f"input {ins}", *(f"dense {s}" for s in sizes[1:-1]), f"output {ins}"]
    if r.random() < 0.35:
        row = r.choice(("-", "-", " -> ", ", ", "->", " - ", "/")).join(map(str, sizes))
        thing = r.choice(THINGS["autoencoder"])
        return r.choice(
            (
                f"{thing} {row}",
                f"{r.choice(LEADS)} {r.choice(OBJECTS)} {article(thing)} {row}",
                f"{thing} with layers {row}",
                f"{thing}: {row}",
                f"{row} {thing}",
            )
        ), lines
    u = v.unit
    mid = r.choice(
        (
            f"a bottleneck of {code} {u}",
            f"a latent layer of {code} {u}",
            f"a code of size {code}",
            f"a latent space of {code}",
            f"a bottleneck layer with {code} {u}",
            f"bottleneck {code}",
            f"a hidden layer with {code} {u} as bottleneck",
            article(f"{code}-dimensional latent space"),
        )
    )
    last = r.choice(
        (
            f"{ins} outputs",
            f"an output layer with {ins} {u}",
            f"an output of size {ins}",
            f"a reconstructed output of size {ins}",
            f"output {ins}",
        )
    )
    texts = [Part(say_input(Layer("input", ins), v), ())]
    undone = False  # "the same way back" tells the outputs as well
    if down:
        d, e = v.listing([str(x) for x in down]), v.listing([str(x) for x in up])
        halves = [
            f"decoder layers with {e} {u}",
            f"a decoder with {e} {u}",
            f"a decoder of {e} {u}",
            f"decoder {e}",
        ]
        if up == down[::-1] and r.random() < 0.55:
            halves = [
                "a symmetric decoder",
                "the decoder, which is the encoder in reverse",
                "the same layers backwards as decoder",
                "then up again in the opposite order",
                "and a decoder of the same shape, reversed",
                "a decoder that is the mirror image",
                "a mirrored decoder",
                "and the same way back",
                "the encoder's layers in reverse as decoder",
                "then back up through the same sizes",
                "a decoder symmetric to that",
            ]
            undone = True
        texts += [
            Part(
                r.choice(
                    (
                        f"encoder layers with {d} {u}",
                        f"an encoder with {d} {u}",
                        f"an encoder of {d} {u}",
                        f"encoder {d}",
                        f"squeezed through {d}",
                        f"layers of {d} going down",
                    )
                ),
                (),
            ),
            Part(mid, ()),
            Part(
                r.choice(halves),
                (),
            ),
        ]
    else:
        texts.append(Part(mid, ()))
    if not undone or r.random() < 0.5:
        texts.append(Part(last, ()))
    return frame(texts, v, "autoencoder", True, ("join", "join", "bullets"))[0], lines


def recurrent(r: random.Random) -> tuple[str, list[str]]:
    """Embedding, recurrent layers, dense layers."""
    v = make_voice(r)
    layers: list[Layer] = []
    if r.random() < 0.5:
        layers.append(Layer("input", r.choice((0, 0, 10, 20, 50, 100, 200, r.randint(2, 300)))))
    if r.random() < 0.65:
        layers.append(Layer("embedding", r.choice((0, 16, 32, 50, 64, 100, 128, 200, 256, 300, r.randint(8, 400)))))
    kind, u = r.choice(("lstm", "lstm", "lstm", "gru", "gru", "rnn")), units(r, r.choice(("typical", "any")))
    drop = r.choice(("0.1", "0.2", "0.3", "0.5")) if r.random() < 0.3 else ""
    u = 0 if r.random() < 0.12 else u
    bi = "bi" if r.random() < 0.25 else ""
    for _ in range(r.choice((1, 1, 2, 2, 3, 4))):
        layers.append(Layer(kind, u, variant=bi))
        u = units(r) if u and r.random() < 0.3 else u
        if drop and r.random() < 0.5:
            layers.append(Layer("dropout", rate=drop))
    for _ in range(r.choice((0, 0, 1, 1, 2))):
        layers.append(Layer("dense", units(r), act=r.choice(("", "", "relu", "tanh"))))
    if r.random() < 0.85:
        layers.append(output(r, classes(r), 0.5))
    return frame(gather(v, layers, 0.8), v, "rnn", layers[0].kind == "input", ways(v))


def transformer(r: random.Random) -> tuple[str, list[str]]:
    """A stack of transformer blocks."""
    v = make_voice(r)
    v.bare = False
    heads, ff = r.choice((0, 2, 4, 6, 8, 8, 12, 16)), r.choice((0, 0, 256, 512, 1024, 2048, 3072, 4096))
    att = Layer("attention", heads, variant=r.choice(("self", "self", "", "masked")))
    norm, add = Layer("norm", variant=r.choice(("layer", "layer", ""))), r.random() < 0.3
    inner = [att, Layer("feedforward", ff)]
    told, lines = [say(x, v) for x in inner], [x.line() for x in inner]
    if add:
        again = r.choice(("add & norm", "add and norm", "add & norm", "Add & Norm"))
        told = [told[0], again, told[1], again]
        lines = [lines[0], "add", "norm", lines[1], "add", "norm"]
    elif r.random() < 0.55:
        told = [told[0], say(norm, v), told[1], say(norm, v)]
        lines = [lines[0], norm.line(), lines[1], norm.line()]
        if r.random() < 0.25:
            told, lines = [told[1], told[0], told[3], told[2]], [lines[1], lines[0], lines[3], lines[2]]
    elif r.random() < 0.3:
        drop = Layer("dropout", rate=r.choice(("0.1", "0.2")))
        told, lines = [*told, say(drop, v)], [*lines, drop.line()]
    n = r.choice((1, 2, 2, 3, 4, 4, 6, 6, 8, 12, 12, 16, 24))
    name = r.choice(
        (
            "transformer block",
            "transformer layer",
            "encoder layer",
            "encoder block",
            "transformer block",
            "decoder layer",
            "decoder block",
            "attention block",
        )
    )
    skip = not add and r.random() < 0.15
    inside = v.series(told)
    around = (
        r.choice(
            (
                " and a skip connection around it",
                " with a skip connection around the block",
                " and a residual connection around it",
            )
        )
        if skip
        else ""
    )
    if n == 1:
        text = r.choice((f"{article(name)} with {inside}", f"{article(name)} ({inside})", f"one {name} of {inside}"))
    else:
        c, s = v.count(n), name + "s"
        text = r.choice(
            (
                f"{c} {s}, each with {inside}",
                f"{c} {s} of {inside}",
                f"{c} {s} ({inside})",
                f"{article(name)} with {inside}{around}, repeated {n} times",
                f"{n} x {name} ({inside})",
                f"{c} {s}, each consisting of {inside}",
                f"{c} {s} with {inside}",
            )
        )
    if "repeated" in text:
        around = ""
    if skip and n > 1:
        around = around.replace("around it", "around each").replace("around the block", "around each block")
    block = Part(
        text + around, (f"group {cap(name)}" + (f" x{n}" if n > 1 else "") + (" skip" if skip else ""), *lines, "end")
    )
    start = [Layer("input")] if r.random() < 0.3 else []
    if r.random() < 0.75:
        start.append(Layer("embedding", r.choice((0, 0, 128, 256, 512, 768, 1024))))
        if r.random() < 0.6:
            start.append(Layer("positional"))
    end = [norm] if r.random() < 0.15 else []
    end += [Layer("dense", units(r, "typical"))] if r.random() < 0.3 else []
    end += [output(r, classes(r), 0.7)] if r.random() < 0.75 else []
    parts = [part(x, v) for x in start] + [block] + [part(x, v) for x in end]
    return frame(
        parts, v, "transformer", bool(start) and start[0].kind == "input", ("join", "join", "bullets", "sentences")
    )


def residual(r: random.Random) -> tuple[str, list[str]]:
    """Residual blocks, or layers with a skip connection."""
    v = make_voice(r)
    if r.random() < 0.5:
        return skipped(r, v)
    v.bare = False
    k = kernel(r) if r.random() < 0.7 else ()
    f = r.choice(FILTERS) if r.random() < 0.7 else 0
    name = r.choice(
        (
            "residual block",
            "residual block",
            "residual block",
            "ResNet block",
            "bottleneck block",
            "block",
            "residual unit",
            "residual module",
        )
    )

    def block(n: int, f: int) -> Part:
        conv = Layer("conv", f, k, act="relu" if r.random() < 0.15 else "")
        kind = r.choice(("two", "two", "two", "norm", "dense", "bottleneck", "three"))
        if kind in ("two", "three"):
            inner = [(conv, 2 if kind == "two" else 3)]
            inner += [(Layer("norm", variant="batch"), 1)] if r.random() < 0.15 else []
        elif kind == "norm":
            conv = replace(conv, act="")
            inner = [(conv, 1), (Layer("norm", variant="batch"), 1), (Layer("activation", act="relu"), 1), (conv, 1)]
        elif kind == "dense":
            inner = [(Layer("dense", units(r)), r.choice((1, 2, 2)))]
        else:
            g = f or 64
            inner = [(Layer("conv", g, (1, 1)), 1), (Layer("conv", g, (3, 3)), 1), (Layer("conv", 4 * g, (1, 1)), 1)]
        told = [say(x, v, m) for x, m in inner]
        inside = v.series(told)
        named = "residual" in name or "ResNet" in name
        mark = (
            ""
            if named and r.random() < 0.75
            else r.choice(
                (
                    " and a skip connection",
                    " with a skip connection around it",
                    " and a shortcut",
                    " and a residual connection",
                    " plus a skip connection",
                )
            )
        )
        c, s = v.count(n), name + "s"
        if n == 1:
            text = r.choice(
                (
                    f"{article(name)} with {inside}",
                    f"{article(name)} of {inside}",
                    f"{article(name)} ({inside})",
                    f"one {name} with {inside}",
                )
            )
        else:
            text = r.choice(
                (
                    f"{c} {s}, each with {inside}",
                    f"{c} {s} of {inside}",
                    f"{c} {s} ({inside})",
                    f"{c} {s} each with {inside}",
                    f"{c} {s} with {inside}",
                    f"{n} x {name} ({inside})",
                    f"{article(name)} with {inside}{mark}, repeated {n} times",
                    f"{c} {s}, each of {inside}",
                )
            )
            mark = "" if "repeated" in text else mark.replace("around it", "around each of them")
        return Part(
            text + mark,
            (f"group {cap(name)}" + (f" x{n}" if n > 1 else "") + " skip", *(x.line(m) for x, m in inner), "end"),
        )

    start = [Layer("input", size=image(r))] if r.random() < 0.55 else [Layer("input")] if r.random() < 0.2 else []
    if r.random() < 0.65:
        start.append(Layer("conv", f, kernel(r), stride=r.choice((0, 0, 2))))
        start += [Layer("pool", variant="max", size=r.choice(((), (2, 2), (3, 3))))] if r.random() < 0.4 else []
    blocks = [block(r.choice((1, 2, 2, 3, 3, 4, 5, 6)), f)]
    if r.random() < 0.25:
        blocks.append(block(r.choice((1, 2, 3, 4)), f * 2))
    end = head_layers(r, 0.15)[-3:]
    parts = [part(x, v) for x in start] + blocks + gather(v, end)
    return frame(
        parts, v, "residual", bool(start) and start[0].kind == "input", ("join", "join", "join", "bullets", "sentences")
    )


def skipped(r: random.Random, v: Voice) -> tuple[str, list[str]]:
    """Layers one by one and then a skip connection between two of them."""
    dense = r.random() < 0.4
    n = r.choice((2, 3, 3, 3, 4, 4, 5, 6))
    kind, layers = ("dense" if dense else "conv"), []
    if r.random() < 0.75:
        layers.append(Layer("input", units(r)) if dense else Layer("input", size=image(r)))
    if dense:
        same = Layer("dense", units(r), act=r.choice(("", "", "relu")))
        layers += [same if r.random() < 0.4 else replace(same, units=units(r)) for _ in range(n)]
    else:
        layers += [x for x in conv_stack(r, n) if x.kind != "activation"][:10]
        layers += head_layers(r)[-2:] if r.random() < 0.7 else []
    if dense and r.random() < 0.8:
        layers.append(output(r, classes(r)))
    n = sum(x.kind == kind for x in layers)
    if dense or r.random() < 0.5:
        v.memo["dense"] = 0
    name = {
        "dense": r.choice(("dense layer", "dense layer", "dense")),
        "conv": r.choice(("conv layer", "conv", "convolutional layer", "convolution", "conv layer")),
    }[kind]
    word = r.choice(("skip", "skip", "skip", "residual", "shortcut", ""))
    what = f"{word} connection" if word else r.choice(("connection", "arrow", "link", "line"))

    def place(i: int) -> str:
        if i == 0:
            return "the input"
        if i > n:
            return "the output"
        return r.choice((f"the {ORDINALS[i]} {name}", f"{name.split()[0]} {i}", f"{name.split()[0]} {i}"))

    def node(i: int) -> str:
        return "input 1" if i == 0 else "output 1" if i > n else f"{kind} {i}"

    has_in, has_out = layers[0].kind == "input", layers[-1].kind == "output"
    places = [i for i in range(0 if has_in else 1, n + (2 if has_out else 1))]
    pairs = [(a, b) for a in places for b in places if b - a >= 2] or [(places[0], places[-1])]
    if 3 <= n and r.random() < 0.6:
        pairs = [(a, b) for a, b in pairs if 0 < a and b <= n]
    chosen = sorted(r.sample(pairs, 2 if len(pairs) > 2 and r.random() < 0.22 else 1))

    def ends(a: int, b: int) -> str:
        if 0 < a and b <= n and a < b and r.random() < 0.4:
            return f"from the {ORDINALS[a]} {name} to the {ORDINALS[b]}"
        return f"from {place(a)} to {place(b)}"

    both = " and ".join(ends(a, b) for a, b in chosen)
    if len(chosen) > 1:
        text = r.choice((f", with {what}s {both}", f". {cap(what)}s {both}", f", plus {what}s {both}"))
    else:
        some = article(("extra " if not word else "") + what)
        text = r.choice(
            (
                f", with {some} {both}",
                f" and {some} {both}",
                f". Add {some} {both}",
                f"; {what} {both}",
                f", plus {some} {both}",
                f". There is {some} {both}",
            )
        )
    parts = gather(v, layers, 0.3)
    forms = ways(v)
    request, lines = frame(parts, v, "residual" if not dense else "mlp", has_in, forms)
    if request.rsplit("\n", 1)[-1][:2] in ("- ", "* ", "• ") or "\n" in request:
        text = "\n" + cap(re.sub(r"^(, (with|plus)|[.;,]| and)\s*", "", text))
    return request + text, lines + [f"{node(a)} -> {node(b)}" + (f" : {word}" if word else "") for a, b in chosen]


def other(r: random.Random) -> tuple[str, list[str]]:
    """Convolutional autoencoders, generators, discriminators, segmentation nets, single perceptrons."""
    v = make_voice(r)
    which = r.choice(("conv autoencoder", "generator", "generator", "discriminator", "segmentation", "perceptron"))
    f, k = r.choice((16, 32, 64, 128)), kernel(r) if r.random() < 0.7 else ()
    st, n = r.choice((0, 0, 2)), r.choice((2, 2, 3, 4))
    layers: list[Layer] = []
    thing = which
    if which == "perceptron":
        ins = r.randint(1, 20)
        layers = [Layer("input", ins), Layer("output", 1, act=r.choice(("", "sigmoid")))]
    elif which == "conv autoencoder":
        thing, pool = r.choice(("convolutional autoencoder", "conv autoencoder")), r.random() < 0.6
        layers.append(Layer("input", size=image(r)))
        for i in range(n):
            layers.append(Layer("conv", f * 2**i, k, stride=0 if pool else st, act=""))
            layers += [Layer("pool", variant="max", size=(2, 2))] if pool else []
        for i in reversed(range(n)):
            layers.append(Layer("conv" if pool else "deconv", f * 2**i, k, stride=0 if pool else st))
            layers += [Layer("upsample", size=(2, 2))] if pool else []
        layers += [Layer("output", size=(), act=r.choice(("", "sigmoid")))]
    elif which == "generator":
        thing = r.choice(("GAN generator", "generator", "generator network", "DCGAN generator"))
        s = r.choice((4, 7, 8))
        layers += [Layer("input", r.choice((100, 64, 128, 50, 100)))]
        layers += [Layer("dense", s * s * f)] if r.random() < 0.6 else []
        layers += [Layer("reshape", size=(s, s, f))] if r.random() < 0.7 else []
        for i in range(n):
            layers.append(Layer("deconv", max(4, f // 2**i), k, stride=st))
            layers += [Layer("norm", variant="batch")] if r.random() < 0.4 else []
        layers += [Layer("output", act="tanh")] if r.random() < 0.6 else []
    elif which == "discriminator":
        thing = r.choice(("GAN discriminator", "discriminator", "discriminator network"))
        layers += [Layer("input", size=image(r))] if r.random() < 0.8 else []
        layers += [Layer("conv", f * 2**i, k, stride=st, act="leaky_relu") for i in range(n)]
        layers += [Layer("flatten")] if r.random() < 0.6 else []
        layers += [output(r, 1, 0.8)]
    else:
        thing = r.choice(("segmentation network", "fully convolutional network", "FCN", "encoder-decoder CNN"))
        layers += [Layer("input", size=image(r))]
        for i in range(n):
            layers += [Layer("conv", f * 2**i, k), Layer("pool", variant="max", size=r.choice(((2, 2), ())))]
        layers += [Layer("upsample", size=r.choice(((2, 2), (4, 4), ()))), Layer("conv", classes(r), (1, 1))]
    parts = gather(v, layers, 0.5)
    request, lines = frame(parts, v, "other", layers[0].kind == "input", ("join", "join", "join", "bullets"))
    for name in sorted(THINGS["other"], key=len, reverse=True):
        if re.search(rf"\b{name}\b", request, re.IGNORECASE):
            return re.sub(
                r"\b(an?) (?=" + re.escape(thing) + ")",
                lambda m: article(thing)[: len(article(thing)) - len(thing)],
                re.sub(rf"\b{name}\b", thing, request, count=1, flags=re.IGNORECASE),
            ), lines
    return thing + r.choice((": ", " with ")) + request, lines


# Code.


def code(r: random.Random) -> tuple[str, list[str]]:
    """A network given as code or data."""
    image_like = r.random() < 0.5
    act = r.choice(("relu",) * 5 + ("tanh", "sigmoid", "gelu", "")) if r.random() < 0.7 else ""
    layers: list[Layer] = []
    if image_like:
        k = kernel(r)[0]
        f = r.choice(FILTERS)
        size = image(r)
        layers.append(Layer("input", size=size if len(size) == 3 else (*size, 3)))
        if r.random() < 0.3:
            layers.pop()
        pool = Layer("pool", size=(2, 2), variant=r.choice(("max", "max", "max", "avg")))
        for _ in range(r.choice((1, 2, 2, 3, 4))):
            layers.append(Layer("conv", f, (k, k), act=act))
            if r.random() < 0.15:
                layers.append(Layer("norm", variant="batch"))
            if r.random() < 0.75:
                layers.append(pool)
            f = r.choice((f, f * 2, r.choice(FILTERS)))
        if r.random() < 0.8:
            layers.append(Layer("flatten"))
    elif r.random() < 0.15:
        layers += [Layer("embedding", r.choice((32, 64, 100, 128, 256)))]
        layers += [Layer(r.choice(("lstm", "gru")), units(r, "typical")) for _ in range(r.choice((1, 1, 2)))]
    elif r.random() < 0.8:
        layers.append(Layer("input", units(r)))
    regime = r.choice(("small", "typical", "typical", "any"))
    for _ in range(r.choice((0, 1, 1, 2)) if image_like else r.choice((1, 2, 2, 3, 4, 5))):
        layers.append(Layer("dense", units(r, regime), act=act))
        if r.random() < 0.2:
            layers.append(Layer("dropout", rate=r.choice(("0.1", "0.2", "0.25", "0.3", "0.5"))))
    layers.append(output(r, classes(r), 0.6))
    text = r.choice((keras, keras, torch, torch, data))(r, layers)
    lines = [x.line() for x in layers]
    if text is None:
        text = keras(r, layers)
    head = r.choice(
        (
            "",
            "",
            "",
            "draw this model:\n",
            "Draw this network:\n",
            "diagram of this model\n",
            "Visualize:\n",
            "please draw the architecture of this code:\n",
            "make a figure of this network: ",
            "model:\n",
            "Can you draw this?\n",
            "draw:\n",
            "I have this code, draw the network:\n",
            "network diagram for:\n",
        )
    )
    return head + text, lines


def torch(r: random.Random, layers: list[Layer]) -> str | None:
    """A PyTorch nn.Sequential."""
    names = {"relu": "ReLU", "tanh": "Tanh", "sigmoid": "Sigmoid", "gelu": "GELU", "softmax": "Softmax(dim=1)"}
    if any(x.kind in ("lstm", "gru", "embedding") for x in layers):
        return None
    before = None
    rows: list[str] = []
    nn = r.choice(("nn.", "nn.", "nn.", "", "torch.nn."))
    named = r.random() < 0.5
    for x in layers:
        if x.kind == "input":
            before = x.units or (x.size[-1] if x.size else None)
            if x.size:
                rows.append(f"# input {'x'.join(map(str, x.size))}")
            continue
        if x.kind == "conv":
            k = f"kernel_size={x.size[0]}" if named else str(x.size[0])
            pad = ", padding=1" if named and nn else ""
            rows.append(f"{nn}Conv2d({before or 3}, {x.units}, {k}{pad})")
            before = x.units
        elif x.kind in ("dense", "output"):
            if before is None or (rows and "Flatten" in rows[-1]):
                rows.append(f"{nn}LazyLinear({x.units})")
            else:
                rows.append(f"{nn}Linear({before}, {x.units})")
            before = x.units
        elif x.kind == "pool":
            rows.append(f"{nn}{'Max' if x.variant == 'max' else 'Avg'}Pool2d({x.size[0]})")
        elif x.kind == "norm":
            rows.append(f"{nn}BatchNorm2d({before or 3})")
        elif x.kind == "dropout":
            rows.append(f"{nn}Dropout({'p=' if named else ''}{x.rate})")
        else:
            rows.append(f"{nn}Flatten()")
        if x.act:
            if x.act == "linear":
                return None
            rows.append(nn + names[x.act] + ("" if x.act == "softmax" else "()"))
    note = [x for x in rows if x.startswith("#")]
    rows = [x for x in rows if not x.startswith("#")]
    if nn and r.random() < 0.3:  # a module with one attribute a layer; activations are calls of forward()
        rows = [x for x in rows if x.removeprefix(nn).split("(")[0] not in {n.split("(")[0] for n in names.values()}]
        count: dict[str, int] = {}
        body = []
        for row in rows:
            kind = row.removeprefix(nn).split("(")[0]
            stem = {"Linear": "fc", "LazyLinear": "fc", "Conv2d": "conv", "BatchNorm2d": "bn"}.get(kind, "layer")
            count[stem] = count.get(stem, 0) + 1
            body.append(f"        self.{stem}{count[stem]} = {row}")
        name = r.choice(("MyNet", "Model", "Classifier", "Policy", "Encoder", "Regressor"))
        text = f"class {name}({nn}Module):\n    def __init__(self):\n        super().__init__()\n" + "\n".join(body)
        if any(x.act for x in layers):
            return None
    elif r.random() < 0.5:
        text = f"{nn}Sequential(" + ", ".join(rows) + ")"
    else:
        text = f"{nn}Sequential(\n    " + ",\n    ".join(rows) + r.choice(("\n)", ",\n)"))
    if not text.startswith("class"):
        text = r.choice(("", "", "model = ", "net = ", "self.net = ")) + text
    return (note[0] + "\n" if note else "") + text


def keras(r: random.Random, layers: list[Layer]) -> str:
    """A Keras Sequential."""
    pre, q = r.choice(("", "", "layers.", "tf.keras.layers.")), r.choice("'\"")
    rows: list[str] = []
    shape = ""
    for x in layers:
        args: list[str] = []
        if x.kind == "input":
            inner = ", ".join(map(str, x.size)) if x.size else f"{x.units},"
            if r.random() < 0.5:
                rows.append(f"{pre}Input(shape=({inner}))")
            else:
                shape = f"input_shape=({inner})"
            continue
        if x.kind in ("dense", "output"):
            name, args = "Dense", [str(x.units)]
        elif x.kind == "conv":
            name, args = (
                "Conv2D",
                [
                    str(x.units),
                    r.choice(
                        (
                            f"({x.size[0]}, {x.size[0]})",
                            f"({x.size[0]},{x.size[0]})",
                            f"kernel_size={x.size[0]}",
                            str(x.size[0]),
                        )
                    ),
                ],
            )
        elif x.kind == "pool":
            name = "MaxPooling2D" if x.variant == "max" else "AveragePooling2D"
            args = [r.choice(("(2, 2)", "(2,2)", "2", "pool_size=2"))]
        elif x.kind == "embedding":
            name, args = "Embedding", [str(r.choice((5000, 10000, 20000))), str(x.units)]
        elif x.kind in ("lstm", "gru"):
            name, args = x.kind.upper(), [str(x.units)]
        else:
            name = {"dropout": "Dropout", "flatten": "Flatten", "norm": "BatchNormalization"}[x.kind]
            args = [x.rate] if x.rate else []
        if x.act:
            args.append(f"activation={q}{x.act}{q}")
        if shape:
            args.append(shape)
            shape = ""
        rows.append(f"{pre}{name}({', '.join(args)})")
    form = r.choice(("add", "list", "list", "lines", "inline"))
    if form == "add":
        return "model = Sequential()\n" * (r.random() < 0.6) + "\n".join(f"model.add({row})" for row in rows)
    if form == "list":
        return (
            r.choice(("Sequential", "model = Sequential", "keras.Sequential")) + "([\n  " + ",\n  ".join(rows) + "\n])"
        )
    return "\n".join(rows) if form == "lines" else ", ".join(rows)


def data(r: random.Random, layers: list[Layer]) -> str:
    """A list in YAML or JSON."""
    keys = {
        "conv": "filters",
        "dense": "units",
        "output": "units",
        "input": "size",
        "embedding": "dim",
        "lstm": "units",
        "gru": "units",
    }
    fields: list[list[tuple[str, str]]] = []
    for x in layers:
        row = [("type", x.kind)]
        if x.kind == "pool" and x.variant:
            row = [("type", "maxpool" if x.variant == "max" else "avgpool")]
        if x.kind == "norm":
            row = [("type", "batchnorm")]
        if x.kind == "input" and x.size:
            row.append(("shape", "x".join(map(str, x.size))))
        elif x.size:
            row.append(("kernel" if x.kind == "conv" else "size", "x".join(map(str, x.size))))
        if x.units:
            row.append((keys[x.kind], str(x.units)))
        row += [("rate", x.rate)] * bool(x.rate) + [("activation", x.act)] * bool(x.act)
        fields.append(row)
    form = r.choice(("json", "yaml", "yaml", "flow"))
    if form == "yaml":
        return "layers:\n" * (r.random() < 0.6) + "\n".join(
            "- " + "\n  ".join(f"{a}: {b}" for a, b in row) for row in fields
        )
    if form == "flow":
        return "\n".join(
            f"- {row[0][1]}"
            + (": {" if len(row) > 1 else "")
            + ", ".join(f"{a}: {b}" for a, b in row[1:])
            + ("}" if len(row) > 1 else "")
            for row in fields
        )

    def shown(b: str) -> str:
        return b if re.fullmatch(r"[\d.]+", b) else f'"{b}"'

    mark = r.choice((", ", ",\n "))
    return "[" + mark.join("{" + ", ".join(f'"{a}": {shown(b)}' for a, b in row) + "}" for row in fields) + "]"


# The whole.


def dressed(r: random.Random, request: str, lines: list[str]) -> tuple[str, list[str]]:
    """The request in some spelling, perhaps with a style wish and a title."""
    roll = r.random()
    if roll < 0.22:
        request = request.lower()
    elif roll < 0.5:
        request = cap(request)
    if r.random() < 0.06:
        request = typo(r, request)
    head: list[str] = []
    if r.random() < 0.08:
        keys = sorted(set(r.choices(STYLE_KEYS, STYLE_WEIGHTS, k=r.choice((1, 1, 1, 2, 2, 3)))), key=lambda x: x[::-1])
        keys = [x for i, x in enumerate(keys) if not i or keys[i - 1][1] != x[1]]
        head.append("style " + " ".join(word for word, _ in keys))
        said = [r.choice(STYLES[x]) for x in r.sample(keys, len(keys))]
        wish = r.choice((", ", " and ")).join(said)
        request = re.sub(r"[.\s]+$", "", request)
        if "\n" in request:
            request += "\n" + wish
        else:
            request = (
                request + r.choice((", ", ". ", "; ", ", ")) + wish if r.random() < 0.75 else cap(wish) + ": " + request
            )
    if r.random() < 0.04:
        title = r.choice(TITLES)
        head.insert(0, f"title {title}")
        q = r.choice(("", "", '"', "'"))
        title = q + title + q
        mark = "\n" if "\n" in request else r.choice((". ", ", ", "; "))
        request = (
            request.rstrip(". ")
            + mark
            + r.choice(
                (f"titled {title}", f"call it {title}", f"title: {title}", f"the title is {title}", f"title it {title}")
            )
        )
    elif r.random() < 0.07 and "\n" not in request:
        request = request.rstrip(". ") + r.choice((",", ".", " -", ".")) + r.choice(ENDINGS)
    if r.random() < 0.33 and "\n" not in request and request[-1].isalnum():
        request += "."
    return request, head + lines


def typo(r: random.Random, request: str) -> str:
    """The request with one or two filler words misspelt."""
    found = [m for m in re.finditer(r"[A-Za-z]+", request) if m[0].lower() in TYPOS]
    for m in sorted(r.sample(found, min(len(found), r.choice((1, 1, 2)))), key=lambda m: -m.start()):
        bad = r.choice(TYPOS[m[0].lower()].split())
        request = request[: m.start()] + (cap(bad) if m[0][0].isupper() else bad) + request[m.end() :]
    return request


FAMILIES: tuple[tuple[Callable[[random.Random], tuple[str, list[str]]], float], ...] = (
    (mlp, 21),
    (terse, 5),
    (dense_chain, 8),
    (cnn, 40),
    (long_conv, 16),
    (by_factor, 3),
    (autoencoder, 6),
    (recurrent, 6),
    (transformer, 4),
    (residual, 7),
    (other, 3),
    (code, 4.5),
)


def network(rng: random.Random) -> tuple[str, str]:
    """A random request and its diagram, both about a layered network."""
    make = rng.choices([f for f, _ in FAMILIES], [w for _, w in FAMILIES])[0]
    request, lines = make(rng)
    if make is code:
        return request, "\n".join(lines) + "\n"
    request, lines = dressed(rng, re.sub(r"  +", " ", request).strip(), lines)
    return request, "\n".join(lines) + "\n"
