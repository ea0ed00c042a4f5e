"""Several diagrams of one request from a language model, and as many samples again where some of them are alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from diagen.diagram import ask
from diagen.score import Candidate, distinct


@dataclass(frozen=True)
class Sampled:
    """What there is after a round of sampling."""

    candidates: list[Candidate]  # the distinct ones, at most as many as are wanted
    reasons: list[str]  # why other samples are none
    samples: int  # in all rounds so far
    written: Any  # what the model's generate() gave in this round
    more: bool  # whether another round follows


def sampled(
    llm: Any,
    request: str,
    number: int,
    style: dict[str, str],
    *,
    temperature: float,
    seed: int,
    beams: int = 4,
    apart: int = 10_000,
    early: bool = False,
    progress: Callable[[int, int, int], None] = lambda *_: None,
    **settings: Any,
) -> Iterator[Sampled]:
    """As many samples as candidates are wanted, and once more as many (at least four) where some were alike or endless.

    beams: of the search for the first one, the likeliest. early: that one in a round of its own before the others, so
    that there is something to look at. apart: from one round's seed to the next one's. progress is called as
    progress(finished samples, samples, tokens), all of this round. settings: further ones of llm.generate().
    """
    texts: list[str] = []
    finished: list[bool] = []
    more = max(number, 4)  # also where a single answer ran on
    rounds = (1, number - 1, more) if early and number > 1 else (number, more)
    for step, some in enumerate(rounds):
        written = llm.generate(
            [ask(request)],
            some,
            temperature=temperature,
            seed=seed + apart * step,
            beams=0 if step else beams,
            progress=lambda done, tokens, some=some: progress(done, some, tokens),
            **settings,
        )
        texts += written.texts[0]
        finished += written.finished[0]
        candidates, reasons = distinct(texts, finished, style)
        last = step == len(rounds) - 2 and (len(candidates) >= number or not candidates and any(finished))
        # At temperature 0 all further answers would be like the first.
        on = temperature > 0 and not last and step < len(rounds) - 1
        yield Sampled(candidates[:number], reasons, len(texts), written, on)
        if not on:
            return
