"""diagen in Python: `diagen.draw(text)` and `diagen.generate("a sentence")`, which show themselves in a notebook."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from diagen import DiagenError
from diagen.diagram import GRAMMAR, GRAMMAR_HASH, Diagram, clean_request
from diagen.render import Scene, SvgRenderer
from diagen.render.source import Source
from diagen.results import ENDINGS, FORMATS, content, write
from diagen.sampling import sampled
from diagen.score import Candidate, Readability, TasteOf, candidate_of, rank, reason_of

if TYPE_CHECKING:
    from diagen.models.llm import DiagramLLM


class Drawing:
    """A drawing that shows itself in a notebook, and is saved in any format.

    text: the diagram in its language, as drawn. request: the sentence that it was made for, "" for none. scores: what
    ranking says of it (the "scores" of infer.py's .json files), empty where nothing was ranked.
    """

    def __init__(self, candidate: Candidate, request: str = "") -> None:
        self._candidate, self.request = candidate, request
        self.scores = candidate.scores() if candidate.ranked else {}

    @property
    def diagram(self) -> Diagram:
        assert self._candidate.diagram
        return self._candidate.diagram

    @property
    def scene(self) -> Scene:
        return self._candidate.scene

    @property
    def text(self) -> str:
        return self._candidate.text

    def save(self, path: str | Path, legend: bool = False) -> Path:
        """Writes a .png, .svg, .pptx, .drawio, .pdf, .mmd or .dot file; DiagenError for others, or if it exists.

        legend: with a row below that says what its colours and dashes mean.
        """
        path = Path(path)
        formats = {ENDINGS.get(name, name): name for name in FORMATS}
        ending = path.suffix.removeprefix(".").lower()
        if ending not in formats:
            raise DiagenError(f"{path.name} has an ending that is no format; there are .{', .'.join(formats)}")
        write(path, content(formats[ending], self._candidate, Source(self.request, self.text), legend=legend))
        return path

    def _repr_svg_(self) -> str:
        return SvgRenderer()(self.scene, Source(self.request, self.text))

    def __repr__(self) -> str:
        return self.text


class Drawings(list[Drawing]):
    """Drawings of one request, the best first."""

    def _repr_html_(self) -> str:
        return "\n".join(f"<div>{drawing._repr_svg_()}</div>" for drawing in self)


def draw(text: str, **style: str) -> Drawing:
    """The drawing of a text in the diagram language: `draw("a -> b", theme="night")`; DiagramError if it is none."""
    return Drawing(candidate_of(text, style))


def generate(
    request: str,
    candidates: int = 8,
    keep: int = 4,
    seed: int = 1,
    user: str = "me",
    temperature: float = 0.7,
    max_new_tokens: int = 512,
    adapter: str = "shipped",
    **style: str,
) -> Drawings:
    """The best drawings of a sentence, ranked as `python infer.py prompt=...` ranks them; no file is written.

    candidates: how many diagrams are written. keep: at most so many are returned. user: whose ratings count.
    adapter: "shipped", or a folder that train.py wrote. DiagenError where no sample is a diagram.
    """
    request = clean_request(request)
    candidate_of("a -> b", style)  # a word of style that there is not is told before anything is written
    settings = {"grammars": [GRAMMAR], "max_new_tokens": max_new_tokens}
    *_, found = sampled(_llm(adapter), request, candidates, style, temperature=temperature, seed=seed, **settings)
    if not found.candidates:
        raise DiagenError(f"no candidate is a diagram ({reason_of(found.reasons)}); describe a model or a process")
    ranked = rank(request, found.candidates, {"readability": _readability(), "taste": TasteOf(user)})
    return Drawings(Drawing(candidate, request) for candidate in ranked[:keep])


@lru_cache(maxsize=1)
def _llm(adapter: str) -> DiagramLLM:
    from diagen.models.llm import DiagramLLM

    return DiagramLLM(adapter=adapter, dtype="float32", grammar_hash=GRAMMAR_HASH)


@lru_cache(maxsize=1)
def _readability() -> Readability:
    return Readability()
