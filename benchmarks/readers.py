"""What a reader's own ratings are worth: simulated readers with hidden preferences rate drawings, Taste learns them.

    python -m benchmarks.readers [--seed 2] [--readers 200] [--latents pixels|looks|module:function]

Each reader rates four of the eight candidates of one request after the other; the candidates of other requests are then
put in order. Prints, by the number of ratings, the mean within a request of Spearman's correlation with what the reader
really thinks, and the mean error in stars, beside those of the base score alone and of the mean of the reader's
ratings; apart for readers whose ratings say nothing. The constants of Taste were chosen on seed 1.

Latents: `pixels`, a stand-in for an auto-encoder, is the drawing at 48 x 48 in 64 principal components; `looks` is all
that the readers look at and nothing else, so what a perfect encoder would be worth; `package.module:function` is any
function from a diagram's text to a vector.
"""

from __future__ import annotations

import argparse
import importlib
import math
import random
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image
from scipy.stats import rankdata
from sklearn.decomposition import PCA

from diagen.data.synthetic import pairs
from diagen.diagram import STYLE_WORDS, Diagram, dump, parse, restyle
from diagen.render import PillowRenderer, Scene, faults, layout
from diagen.render.readability import readability
from diagen.render.scene import OUTLINES, Line, Text
from diagen.taste import Taste

Encoder = Callable[[str], np.ndarray]

EACH, SHOWN = 8, 4  # candidates of a request, and how many of them a reader sees, as infer.py has them
RATED, TESTED, FITTED = 60, 40, 60  # requests: to rate from, to measure on, to fit the stand-in encoder on
NUMBERS = (0, 5, 10, 30, 100)
SIDE, LATENT = 48, 64


# -- drawings ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Drawn:
    """A candidate as readers see it: its text, its computed readability (0 to 5), and its `looks` (ASPECTS)."""

    text: str
    base: float
    looks: dict[str, float]


def candidates(diagram: Diagram, rng: random.Random) -> list[Drawn]:
    """One diagram in EACH different styles and levels of detail."""
    found: dict[str, Drawn] = {}
    while len(found) < EACH:
        words = {name: rng.choice(("", *choices)) for name, choices in STYLE_WORDS.items()}
        words["scale"] = rng.choice(("", "", "0.75", "1.5"))
        some = restyle(diagram, **words)
        if rng.random() < 0.3:  # told in fewer words
            some = replace(some, title="", groups=(), edges=tuple(replace(e, label="") for e in some.edges))
        text = dump(some)
        scene = layout(some)
        found.setdefault(text, Drawn(text, readability(scene)[0], looks(some, scene)))
    return list(found.values())


def looks(diagram: Diagram, scene: Scene) -> dict[str, float]:
    """What a reader may like or not, as plain numbers."""
    lines = [s for s in scene.shapes if isinstance(s, Line) and s.role == "edge"]
    texts = [s for s in scene.shapes if isinstance(s, Text)]
    bodies = [faults.body_of(s) for s in scene.shapes if s.role in OUTLINES and s.owner[0] == "node"]
    ways = [(s.points[-1][0] - s.points[0][0], s.points[-1][1] - s.points[0][1]) for s in lines]
    along = math.hypot(sum(x for x, _ in ways), sum(y for _, y in ways)) or 1.0
    pieces = [(p, q) for s in lines for p, q in zip(s.points, s.points[1:], strict=False)]
    slanted = [math.dist(p, q) for p, q in pieces if min(abs(p[0] - q[0]), abs(p[1] - q[1])) > 1]
    theme = diagram.style.theme or "paper"
    return {
        **{name: float(theme == name) for name in STYLE_WORDS["theme"]},
        "right": sum(x for x, _ in ways) / along,
        "down": sum(y for _, y in ways) / along,
        "density": sum(b.rect.w * b.rect.h for b in bodies) / (scene.width * scene.height),
        "type": math.log(min((t.size for t in texts), default=8.0) * min(1.0, 880 / scene.width)),
        "slanted": sum(slanted) / (sum(math.dist(p, q) for p, q in pieces) or 1.0),
        "detail": math.log(1 + len(texts)),
        "square": float(diagram.style.shapes == "square"),
        "titled": float(bool(diagram.title)),  # this and the next are in no number that taste goes by
        "labelled": sum(bool(e.label) for e in diagram.edges) / (len(diagram.edges) or 1),
    }


def requests(seed: int, number: int) -> list[list[Drawn]]:
    """The candidates of so many requests."""
    rng = random.Random(seed)
    found: list[list[Drawn]] = []
    for row in pairs(seed):
        if len(found) == number:
            break
        if row["source"] != "none" and 3 <= len(parse(row["text"]).nodes) <= 24:
            found.append(candidates(parse(row["text"]), rng))
    return found


# -- latents -----------------------------------------------------------------------------------------------------


def small(text: str) -> np.ndarray:
    """(SIDE * SIDE * 3,) float32: brightness and colour of the drawing in the middle of a square of its ground."""
    scene = layout(parse(text))
    image = PillowRenderer(2 * SIDE / max(scene.width, scene.height))(scene)
    square = Image.new("RGB", (max(image.size),) * 2, scene.ground)
    square.paste(image, ((square.width - image.width) // 2, (square.height - image.height) // 2))
    return np.asarray(square.convert("YCbCr").resize((SIDE, SIDE), Image.Resampling.BOX), np.float32).ravel() / 255


def stand_in() -> Encoder:
    """Principal components of small drawings, fitted on requests that no reader sees."""
    texts = [drawn.text for request in requests(999, FITTED) for drawn in request]
    pca = PCA(LATENT, random_state=0).fit(np.stack([small(text) for text in texts]))
    return lambda text: pca.transform(small(text)[None])[0]


def perfect() -> Encoder:
    """The looks of a drawing in standard deviations, of requests that no reader sees."""
    scale = scales([drawn for request in requests(999, FITTED) for drawn in request])

    def encode(text: str) -> np.ndarray:
        diagram = parse(text)
        return np.array([(x - scale[name][0]) / scale[name][1] for name, x in looks(diagram, layout(diagram)).items()])

    return encode


def encoder(name: str) -> Encoder:
    """The latents that are asked for."""
    if name in ("pixels", "looks"):
        return stand_in() if name == "pixels" else perfect()
    module, _, function = name.partition(":")
    return getattr(importlib.import_module(module), function)


# -- readers -----------------------------------------------------------------------------------------------------

ASPECTS = {
    "theme": STYLE_WORDS["theme"],
    "direction": ("right", "down"),
    "density": ("density",),
    "type size": ("type",),
    "routing": ("slanted",),
    "detail": ("detail",),
    "shapes": ("square",),
    "title": ("titled",),
    "arrow words": ("labelled",),
}


@dataclass(frozen=True)
class Reader:
    """Thinks `weights` of the looks and `quality` of the readability, both in standard deviations; shows it in stars.

    Kinds: "taste"; "noise" (every drawing is worth anything); "base" (stars are the base score); "noisy base" (so they
    are, blurred by a star and more). Only the first has something to learn.
    """

    kind: str
    weights: dict[str, float]
    quality: float
    blur: float  # standard deviation of a rating, in stars
    seed: int

    def thinks(self, drawn: Sequence[Drawn], scale: dict[str, tuple[float, float]]) -> np.ndarray:
        """(number,) what the drawings are really worth to this reader, in stars."""
        base = np.array([d.base for d in drawn])
        if self.kind == "noise":
            return np.array([random.Random(f"{self.seed} {d.text}").uniform(0, 5) for d in drawn])
        if self.kind != "taste":
            return base
        worth = self.quality * (base - scale["base"][0]) / scale["base"][1]
        for name, weight in self.weights.items():
            mean, deviation = scale[name]
            worth = worth + weight * (np.array([d.looks[name] for d in drawn]) - mean) / deviation
        return 3 + 1.1 * worth

    def rates(self, thought: np.ndarray) -> np.ndarray:
        """(number,) stars from 0 to 5 in halves."""
        noise = np.random.default_rng(self.seed).normal(0, self.blur, len(thought)) if self.blur else 0
        return np.clip(np.round(2 * (thought + noise)) / 2, 0, 5)


def reader(kind: str, seed: int) -> Reader:
    """A reader of a kind, with one to four aspects that matter."""
    rng = random.Random(f"{kind} {seed}")
    weights: dict[str, float] = {}
    chosen = rng.sample(sorted(ASPECTS), rng.choice((1, 2, 2, 3, 4)))
    for aspect in chosen:
        for name in ASPECTS[aspect]:
            weights[name] = rng.gauss(0, 1)
    length = math.hypot(*weights.values())
    weights = {name: weight / length for name, weight in weights.items()}
    blur = {"taste": rng.uniform(0.2, 0.7), "noise": 0.0, "base": 0.0, "noisy base": rng.uniform(0.5, 1.5)}[kind]
    return Reader(kind, weights, rng.uniform(0, 0.6), blur, seed)


def scales(drawn: list[Drawn]) -> dict[str, tuple[float, float]]:
    """Mean and standard deviation of each number over the drawings."""
    columns = {name: [d.looks[name] for d in drawn] for name in drawn[0].looks} | {"base": [d.base for d in drawn]}
    return {name: (statistics.mean(values), statistics.pstdev(values) or 1.0) for name, values in columns.items()}


# -- measuring ---------------------------------------------------------------------------------------------------


def spearman(predicted: np.ndarray, true: np.ndarray) -> float:
    """The mean over requests of Spearman's correlation; both (requests, EACH). 0 where all are predicted alike."""
    a, b = (rankdata(np.round(x, 9), axis=1) - (EACH + 1) / 2 for x in (predicted, true))
    length = np.sqrt((a**2).sum(1) * (b**2).sum(1))
    return float(np.mean((a * b).sum(1) / np.where(length > 0, length, 1)))


@dataclass(frozen=True)
class Stage:
    """The drawings of a run: those to rate, those to measure on, their latents, and the scale of their looks."""

    rated: list[list[Drawn]]
    tested: list[Drawn]
    latents: dict[str, np.ndarray]  # by text
    scale: dict[str, tuple[float, float]]


def stage(seed: int, encode: Encoder) -> Stage:
    drawn = requests(seed, RATED + TESTED)
    flat = [d for request in drawn for d in request]
    tested = [d for request in drawn[RATED:] for d in request]
    return Stage(drawn[:RATED], tested, {d.text: np.asarray(encode(d.text)) for d in flat}, scales(flat))


def measure(one: Reader, on: Stage, taste: Taste) -> dict[int, dict[str, float]]:
    """By the number of ratings: Spearman and error in stars of Taste, the base score, the mean of the ratings."""
    rng = random.Random(f"order {one.seed}")
    order = [d for request in rng.sample(on.rated, len(on.rated)) for d in rng.sample(request, SHOWN)]
    stars = one.rates(one.thinks(order, on.scale))
    base = np.array([d.base for d in on.tested])
    true = one.thinks(on.tested, on.scale)
    candidates = np.stack([on.latents[d.text] for d in on.tested])
    found = {}
    for number in NUMBERS:
        rated = order[:number]
        latents = np.stack([on.latents[d.text] for d in rated]) if rated else np.zeros((0, candidates.shape[1]))
        residuals = stars[:number] - np.array([d.base for d in rated])
        total = base + taste(latents, residuals, candidates)
        mean = np.full(len(base), stars[:number].mean() if number else 2.5)

        def both(name: str, predicted: np.ndarray) -> dict[str, float]:
            error = float(np.abs(np.clip(predicted, 0, 5) - np.clip(true, 0, 5)).mean())
            return {name: spearman(predicted.reshape(-1, EACH), true.reshape(-1, EACH)), f"{name} error": error}

        found[number] = both("taste", total) | both("base", base) | both("mean", mean)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=2, help="of the drawings and the readers")
    parser.add_argument("--readers", type=int, default=200, help="with a taste; half as many of each other kind")
    parser.add_argument("--latents", default="pixels", help="pixels, looks, or package.module:function")
    args = parser.parse_args()
    on = stage(args.seed, encoder(args.latents))
    print(f"Spearman within a request ({TESTED} requests of {EACH}) and error in stars, means over readers; {Taste()}")
    print(f"{'readers':18} {'ratings':>7} {'base only':>10} {'their mean':>10} {'taste':>7} {'gain':>16}   "
          f"{'error: base':>11} {'mean':>5} {'taste':>5}")  # fmt: skip
    for kind in ("taste", "noise", "base", "noisy base"):
        number = args.readers if kind == "taste" else args.readers // 2
        rows = [measure(reader(kind, 1000 * args.seed + i), on, Taste()) for i in range(number)]
        for n in NUMBERS:
            means = {name: statistics.mean(row[n][name] for row in rows) for name in rows[0][n]}
            gains = [row[n]["taste"] - row[n]["base"] for row in rows]
            margin = 1.96 * statistics.stdev(gains) / math.sqrt(number)  # of the mean, 95 %
            print(
                f"{f'{number} {kind}':18} {n:7} {means['base']:10.3f} {means['mean']:10.3f} {means['taste']:7.3f} "
                f"{statistics.mean(gains):+8.3f} ± {margin:.3f}   "
                f"{means['base error']:11.2f} {means['mean error']:5.2f} {means['taste error']:5.2f}"
            )


if __name__ == "__main__":
    main()
