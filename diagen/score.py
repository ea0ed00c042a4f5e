"""From diagrams to an ordered list: readability by CNN and formula, taste by a reader's ratings, match and agreement.

Scorers are built with their settings and called with the candidates of one request; rank() puts them in order.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from diagen import DiagenError
from diagen.diagram import LAYER_KINDS, Diagram, DiagramError, canonical, dump, parse, restyle
from diagen.render import PillowRenderer, Scene, layout, nodelist
from diagen.render.readability import WEIGHTS as TERMS
from diagen.render.readability import hard_faults, readability

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

    from diagen.data.ratings import Rating, Ratings
    from diagen.models.autoencoder import ConvAutoEncoder

SCALE = (0.580, 0.757)  # slope and offset from the mean of net and formula to people's scores: benchmarks/people.py
MATCH, AGREEMENT = 2.0, 8.0  # exponents in the order; benchmarks/ranking.py measures them
UNSURE = 0.3  # agreement of the best of eight: of ten named things, the six below it were wrong, the four above right


@dataclass
class Candidate:
    """One drawing of a request with what the scorers say of it; `copies` samples wrote its very text."""

    diagram: Diagram | None
    picture: Image.Image | None = None  # where there is no diagram, else it is drawn
    bare: bool = False  # a node list, drawn as its author drew it
    request: str | None = None  # where a drawing told it
    copies: int = 1
    readability: float | None = None  # 0 to 5
    aspects: dict[str, float] = field(default_factory=dict)  # 0 to 1 each
    taste: float | None = None  # 0 to 5
    ratings: int = 0  # how many are behind it
    match: float = 1.0  # 0 to 1
    misses: tuple[str, ...] = ()  # what the request has and the drawing lacks, or the other way round
    agreement: float = 1.0  # 0 to 1
    faults: tuple[str, ...] = ()  # hard ones
    total: float = 0.0
    ranked: bool = False

    @cached_property
    def text(self) -> str:
        return dump(self.diagram) if self.diagram else ""

    @cached_property
    def scene(self) -> Scene:
        assert self.diagram
        return nodelist.draw(self.diagram) if self.bare else layout(self.diagram)

    @cached_property
    def image(self) -> Image.Image:
        """The drawing as its PNG file shows it."""
        return self.picture or PillowRenderer()(self.scene)

    @property
    def worst(self) -> str:
        """The aspect that is worst, "" where none is known."""
        return min(self.aspects, key=self.aspects.__getitem__) if self.aspects else ""

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it sinks."""
        return (*self.faults, *self.misses[:3])

    def scores(self) -> dict[str, object]:
        """What a .json file holds of them."""
        return {
            "total": round(min(5.0, max(0.0, self.total)), 3),
            "readability": None if self.readability is None else round(self.readability, 3),
            "aspects": {name: round(value, 3) for name, value in self.aspects.items()},
            "taste": None if self.taste is None else round(min(5.0, max(0.0, self.taste)), 3),
            "ratings": self.ratings,
            "match": round(self.match, 3),
            "misses": list(self.misses),
            "agreement": round(self.agreement, 3),
            "faults": list(self.faults),
        }


def candidate_of(text: str, style: dict[str, str]) -> Candidate:
    """The drawing of a text in the diagram language, or in the predecessor's node lists; DiagramError if it is none."""
    bare = text.lstrip().startswith("[")
    return Candidate(parse(text) if bare else restyle(parse(text), **style), bare=bare)


def distinct(
    texts: Sequence[str], finished: Sequence[bool], style: dict[str, str]
) -> tuple[list[Candidate], list[str]]:
    """The distinct drawings among the texts of a model, in their order, and the reasons why the others are none."""
    found: dict[Diagram, Candidate] = {}
    reasons: list[str] = []
    for text, ended in zip(texts, finished, strict=True):
        if not ended:
            reasons.append("the answer was cut off at max_new_tokens")
            continue
        if text.strip() == "none":
            reasons.append("the request describes none")
            continue
        try:
            diagram = restyle(parse(text), **style)
        except DiagramError as error:
            reasons.append(str(error))
            continue
        if diagram in found:
            found[diagram].copies += 1
        else:
            found[diagram] = Candidate(diagram)
    return list(found.values()), reasons


def reason_of(reasons: Sequence[str]) -> str:
    """The most frequent reason why samples are no diagrams, "" without any."""
    return max(set(reasons), key=reasons.count) if reasons else ""


class Readability:
    """`readability` and `aspects` of each candidate: by the CNN from its picture, and by the formula from its scene.

    The net sees what the formula has no term for, and the formula counts what the net can only guess; people agree
    more with the mean of the two than with either (LOG.md). A picture without a scene is left to the net alone.
    weights: a folder that train.py wrote, None for the shipped net, or several folders, whose mean is taken (soft
    voting); weight: share in the total; computed: share of the formula in the score.
    """

    def __init__(self, weights: str | Sequence[str] | None = None, weight: float = 0.5, computed: float = 0.5) -> None:
        from diagen.models.cnn import ReadabilityCNN
        from diagen.models.nets import load_net

        folders = [weights] if weights is None or isinstance(weights, str) else list(weights)
        if not folders:
            raise DiagenError("score.readability.weights=[] names no net; give folders net/ that train.py wrote")
        loaded = [load_net(ReadabilityCNN, folder, "readability_cnn") for folder in folders]
        self.nets, self.hash = [net for net, _ in loaded], f"{computed:g} " + "".join(digest for _, digest in loaded)
        self.weight, self.computed = weight, computed
        self.slope, self.offset = SCALE

    def __call__(self, candidates: Sequence[Candidate]) -> None:
        import torch

        from diagen.data.images import SIDE, pixels

        with torch.inference_mode():
            pictures = torch.stack([pixels(c.image, SIDE) for c in candidates])
            votes = [net(pictures) for net in self.nets]
        totals, terms = (torch.stack(parts).mean(0) for parts in zip(*votes, strict=True))
        for candidate, total, row in zip(candidates, totals.tolist(), terms.tolist(), strict=True):
            aspects = dict(zip(TERMS, row, strict=True))
            if candidate.diagram:
                computed, counted = readability(candidate.scene)
                total += self.computed * (computed - total)
                aspects = {name: value + self.computed * (counted[name] - value) for name, value in aspects.items()}
            candidate.readability = self.slope * total + self.offset
            candidate.aspects = aspects


def appearance(net: ConvAutoEncoder, candidates: Sequence[Candidate]) -> np.ndarray:
    """(number, num_looks) float32, what taste goes by: how drawings look, as the encoder tells it from their pictures.

    What so small a picture hardly shows is read from the scene, where there is one.
    """
    import torch

    from diagen.data.images import UNSEEN, looks, pixels

    with torch.inference_mode():
        told = net.appearance(torch.stack([pixels(c.image, net.hparams["side"]) for c in candidates])).numpy()
    for row, candidate in zip(told, candidates, strict=True):
        if candidate.diagram:
            true = looks(candidate.scene, vars(candidate.diagram.style))
            row[list(UNSEEN)] = [net.reach * true[k] for k in UNSEEN]
    return told


class TasteOf:
    """Predicts a user's rating: the base score and what ratings of near drawings say beyond it."""

    def __init__(self, user: str = "me", weights: str | None = None, weight: float = 0.5, neighbours: int = 8) -> None:
        from diagen.data.ratings import Ratings, home, user_of
        from diagen.taste import Taste

        if (home() / "ratings.sqlite").exists():
            Ratings().close()  # a damaged file is told before anything is written
        self.user, self.weights, self.weight = user_of(user), weights, weight
        self.taste = Taste(neighbours)
        self._loaded: tuple[ConvAutoEncoder, str] | None = None  # with its hash, once there are ratings
        self._fitted: tuple[Any, ...] | None = None  # ratings and base score, what was learnt from them

    def __call__(self, candidates: Sequence[Candidate], base: Readability | None = None) -> None:
        """`taste` and `ratings` of each candidate; nothing where the user has rated nothing."""
        from diagen.data.ratings import Ratings, home

        if not (home() / "ratings.sqlite").exists():
            return  # nobody has rated anything here, and looking makes no file
        with Ratings() as ratings:
            rows = ratings.of(self.user, self.taste.most)
            if not rows:
                return
            from diagen.models.autoencoder import ConvAutoEncoder
            from diagen.models.nets import load_net

            self._loaded = self._loaded or load_net(ConvAutoEncoder, self.weights, "autoencoder")
            net, digest = self._loaded
            made = f"looks {digest} {base.hash if base else ''}"
            if self._fitted is None or self._fitted[:2] != (rows, made):
                self._fitted = rows, made, *self._learnt(net, ratings, rows, made, base)
        told, mean, number = self._fitted[2:]
        if not number:
            return
        more = told(appearance(net, candidates))
        for candidate, extra in zip(candidates, more.tolist(), strict=True):
            start = candidate.readability if candidate.readability is not None else mean
            candidate.taste, candidate.ratings = start + extra, number

    def _learnt(
        self, net: ConvAutoEncoder, ratings: Ratings, rows: list[Rating], made: str, base: Readability | None
    ) -> tuple[Callable[[np.ndarray], np.ndarray], float, int]:
        """What rated drawings say of others, the mean of their stars, and how many of them can still be drawn."""
        import numpy as np

        from diagen.data.images import renderer_hash
        from diagen.data.ratings import latent_key

        keys = [latent_key(row.text, made, renderer_hash()) for row in rows]
        known = ratings.latents(keys)
        new = {}
        for key, row in zip(keys, rows, strict=True):
            if key in known or key in new:
                continue
            try:
                drawn = candidate_of(row.text, {})
            except DiagramError:
                continue  # rated under an earlier language
            if base:
                base([drawn])
            latent = appearance(net, [drawn])[0]
            # The base score lies beside the latent, so that a rated drawing is drawn once.
            new[key] = np.append(latent, drawn.readability or 0.0).astype(np.float32)
        ratings.add_latents(new)
        known |= new
        able = [(known[key], row.stars) for key, row in zip(keys, rows, strict=True) if key in known]
        if not able:
            return self.taste.fit(np.zeros((0, 1)), np.zeros(0)), 0.0, 0
        table, stars = np.stack([numbers for numbers, _ in able]), np.array([given for _, given in able])
        residuals = stars - table[:, -1] if base else stars - stars.mean()
        return self.taste.fit(table[:, :-1], residuals), float(stars.mean()), len(able)


_NAME = re.compile(r"""(?<![\w.])(?:[A-Za-z]*[A-Z][\w-]*|[a-z]+[_\d][\w]*)(?!\w)|"([^"\n]{2,40})\"""")


def names_in(request: str) -> list[str]:
    """Words of a request that can only be names: capitals inside a sentence, digits or underlines in them, quotes."""
    found = []
    for match in _NAME.finditer(request):
        before = request[: match.start()].rstrip()
        if match[1] is None and (not before or before[-1] in ".!?:;\n-*") and not match[0][1:].isupper():
            continue  # the capital of a sentence
        name = match[1] or match[0]
        if len(name) > 1 and name not in found and name.lower() not in _ORDINARY:
            found.append(name)
    return found


_ORDINARY = frozenset("i i'm i'd relu conv conv2d fc mlp cnn nn dnn ann rnn no yes if the a an and then it rgb".split())


_WORDS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_UNITS = {word: n for n, word in enumerate(_WORDS)} | {word: 20 + 10 * i for i, word in enumerate(_TENS)}
_SPELT = re.compile(
    rf"\b(?:(?P<tens>{'|'.join(_TENS)})[- ](?P<ones>{'|'.join(_WORDS[1:10])})|(?P<one>{'|'.join(_UNITS)}))"
    r"(?P<many> hundred| dozen| thousand)?\b",
    re.IGNORECASE,
)
_HANGUL = {"다섯": 5, "여섯": 6, "일곱": 7, "여덟": 8, "아홉": 9, "열": 10}
_COUNTED = re.compile(rf"(?<![가-힣])({'|'.join(_HANGUL)})(?= ?(?:개|층|명|번|단계|대|가지|노드|유닛))")
_RECKONING = re.compile(r"half|halv|doubl|twice|quarter|tripl|third of|times|절반|배[로의 ]|[*/+] ?\d", re.IGNORECASE)
SMALL = 4  # numbers up to here are often counts or ordinals


def numbers_in(request: str) -> list[int]:
    """The whole numbers above SMALL that a drawing of this request must hold; none where others are reckoned from them.

    What can be read in two ways is left out, such as 4,096, 10k and 0.25, and so is what numbers the lines of a list.
    """
    if _RECKONING.search(re.sub(r"\d ?\* ?\d", "", request)):
        return []
    plain = re.sub(r"^\W*(?:\w+ )?\d+[.):]\s", " ", request, flags=re.MULTILINE)
    plain = re.sub(r"\d+(?:,\d{3})+(?!\d)|\d+\.\d+|\d+k\b", " ", plain, flags=re.IGNORECASE)
    found = {int(n) for n in re.findall(r"\d{1,7}", plain)}
    for said in _SPELT.finditer(request):
        if not said["many"]:
            words = (said["tens"], said["ones"]) if said["tens"] else (said["one"],)
            found.add(sum(_UNITS[word.lower()] for word in words))
    found |= {_HANGUL[word] for word in _COUNTED.findall(request)}
    return sorted(n for n in found if n > SMALL)


def match(request: str, diagram: Diagram) -> tuple[float, tuple[str, ...]]:
    """The share of what request and diagram have in common, and what they have not.

    That is: the numbers and names of the request that the diagram lacks, and the words of its labels, but for layers
    that are called by their kind, that the request does not hold, not even their first four letters. A request that
    only names what is to be drawn holds few of its words; there the numbers count that are not part of a name.
    """
    text = dump(diagram).lower()
    held = {int(n) for n in re.findall(r"\d{1,9}", text)} | {len(diagram.nodes)}
    held |= set(Counter(node.kind for node in diagram.nodes).values())
    if named := _only_names(request, diagram):
        plain = request
        for name in names_in(request):
            plain = plain.replace(name, " ")
        wanted = [str(n) for n in numbers_in(plain)]
    else:
        wanted = [str(n) for n in numbers_in(request)] + names_in(request)
    misses = [w for w in wanted if (int(w) not in held if w.isdigit() else w.lower() not in text)]
    lower = request.lower()
    told = [
        word
        for node in diagram.nodes
        if node.kind not in LAYER_KINDS and not named
        for word in re.findall(r"[^\W\d_]{4,}", node.label)
    ]
    invented = [word for word in dict.fromkeys(told) if word[:4].lower() not in lower]
    number = len(wanted) + len(dict.fromkeys(told))
    found = tuple(f"lacks {w}" for w in misses) + tuple(f"invents {w}" for w in invented)
    return (1 - len(found) / number if number else 1.0), found


_ASKING = frozenset(
    """draw show make sketch need want please could would what does look like work works plot create generate visualize
    explain illustrate diagram figure picture drawing chart flowchart architecture structure overview schematic network
    model block system pipeline process with from that this your thesis slides paper talk typical standard""".split()
)


def _only_names(request: str, diagram: Diagram) -> bool:
    """Whether the request has so few words beside those of asking that it cannot tell what the diagram holds."""
    words = [w for w in re.findall(r"\w+", request) if w.lower() not in _ASKING]
    telling = [w for w in words if len(w) > 3 or not w.isascii() or not w.islower()]
    return len(telling) < 0.75 * len(diagram.nodes)


def agreement(candidates: Sequence[Candidate]) -> list[float]:
    """For each candidate the mean likeness of its graph to those of all other samples, 0 to 1; 1 for a sole sample.

    The likeness is the F1 of nodes, arrows and sizes in common. What stands nearest to all others is seldom wrong
    (minimum Bayes risk decoding: Kumar and Byrne 2004).
    """
    parts = [_parts(c.diagram) if c.diagram else Counter[object]() for c in candidates]
    others = sum(c.copies for c in candidates) - 1
    found = []
    for i, one in enumerate(parts):
        alike = candidates[i].copies - 1.0
        for j, other in enumerate(parts):
            if j != i:
                alike += candidates[j].copies * 2 * (one & other).total() / max(1, one.total() + other.total())
        found.append(alike / others if others else 1.0)
    return found


def doubt(agreement: float) -> str:
    """What a reader should be told where the best drawing is unlike the other samples; nothing where it is not."""
    if agreement >= UNSURE:
        return ""
    return (
        f"the answers are unlike each other (agreement {agreement:.2f}), so the model may not know what is meant: "
        "look closely, or say which boxes and arrows you want"
    )


def _parts(diagram: Diagram) -> Counter[object]:
    """Names of nodes, nodes with their kinds and sizes, and arrows."""
    nodes, edges = canonical(diagram)
    found: Counter[object] = Counter({("node", *node): count for node, count in nodes})
    for node, count in nodes:
        found[node[0]] += count
    for (source, target, label), count in edges:
        found[source[0], target[0], label] += count
    return found


def rank(
    request: str | None, candidates: Sequence[Candidate], scorers: dict[str, Readability | TasteOf]
) -> list[Candidate]:
    """The candidates from the best to the worst, each with its scores.

    The total is the mean of the scorers by their weights (a reader without ratings has none), 0 to 5. What has hard
    faults, lacks numbers or names of the request, or is unlike the other samples, sinks.
    """
    candidates = list(candidates)
    if not candidates:
        return []
    base = scorers.get("readability")
    if isinstance(base, Readability):
        base(candidates)
    taste = scorers.get("taste")
    if isinstance(taste, TasteOf):
        taste(candidates, base if isinstance(base, Readability) else None)
    for c, agreed in zip(candidates, agreement(candidates), strict=True):
        c.ranked = True
        parts = [(base.weight, c.readability)] if isinstance(base, Readability) else []
        parts += [(taste.weight, c.taste)] if isinstance(taste, TasteOf) and c.taste is not None else []
        weight = sum(w for w, _ in parts)
        c.total = sum(w * (value or 0.0) for w, value in parts) / weight if weight else 0.0
        if c.diagram:
            c.agreement = agreed
            c.match, c.misses = match(request, c.diagram) if request else (1.0, ())
            c.faults = tuple(hard_faults(c.scene))
    # Totals are shown as they are; the order takes the gates into account.
    return sorted(candidates, key=lambda c: (bool(c.faults), -gated(c)))


def gated(c: Candidate) -> float:
    """The total after what sinks it."""
    return (c.total or 1e-6) * ((1 + 3 * c.match) / 4) ** MATCH * c.agreement**AGREEMENT
