"""How answers grow: the search finds what greedy misses, keeps its books under a grammar, and ends."""

import itertools
import math

import torch

from diagen.models.decoding import Drawn, Likeliest

EOS = 0


def chances(tokens: tuple[int, ...]) -> list[float]:
    """Of end, 1, 2, 3 after some tokens: 1 looks best at first, but what follows 2 is surer."""
    table = {(): [0.0, 0.5, 0.4, 0.1], (1,): [0.4, 0.2, 0.2, 0.2], (2,): [0.05, 0.0, 0.0, 0.95]}
    return table.get(tokens, [0.9, 0.05, 0.05, 0.0])


def logits(rows: list[tuple[int, ...]]) -> torch.Tensor:
    return torch.tensor([chances(row) for row in rows]).log()


def written(answer: Drawn | Likeliest, most: int = 20) -> list[int]:
    """The tokens of an answer; its rows are what it says they are."""
    rows: list[tuple[int, ...]] = [()]
    for _ in range(most):
        rows = [(*rows[row], token) for row, token in answer.step(logits(rows))]
        assert len(rows) == len(answer.matchers)
        if not rows:
            break
    return answer.tokens


def test_search_finds_the_likeliest() -> None:
    def chance(tokens: tuple[int, ...]) -> float:
        return math.prod(chances(tokens[:i])[t] for i, t in enumerate((*tokens, EOS)))

    all_of_them = (tokens for n in range(6) for tokens in itertools.product((1, 2, 3), repeat=n))
    best = max(all_of_them, key=chance)
    assert best == (2, 3)
    assert written(Likeliest(None, EOS, 1)) == [1] != list(best)
    for width in (2, 3):
        answer = Likeliest(None, EOS, width)
        assert written(answer) == list(best) and answer.finished and not answer.matchers


def test_what_is_cut_is_not_finished() -> None:
    answer = Likeliest(None, EOS, 3)
    assert written(answer, most=1) == [1] and not answer.finished and len(answer.matchers) == 3


def test_each_row_has_a_matcher_of_its_own() -> None:
    class Matcher:
        def __init__(self, tokens: tuple[int, ...] = ()) -> None:
            self.tokens = tokens

        def fork(self) -> "Matcher":
            return Matcher(self.tokens)

        def accept_token(self, token: int) -> None:
            self.tokens += (token,)

    answer, rows = Likeliest(Matcher(), EOS, 3), [()]
    while answer.matchers:
        rows = [(*rows[row], token) for row, token in answer.step(logits(rows))]
        assert [matcher.tokens for matcher in answer.matchers] == rows


def test_drawn() -> None:
    def texts(temperature: float) -> set[tuple[int, ...]]:
        seeds = (torch.Generator().manual_seed(seed) for seed in range(40))
        return {tuple(written(Drawn(None, EOS, temperature, seed))) for seed in seeds}

    assert texts(0) == {(1,)} and {(1,), (2, 3)} < texts(1)


def test_what_repeats_itself_is_given_up() -> None:
    """Going on is always likelier than the answer that has ended, and ends are found all the same."""
    answer, rows = Likeliest(None, EOS, 3), 1
    for step in range(20):
        first = [0.3, 0.7, 0.0, 0.0] if not step else [0.001, 0.999, 0.0, 0.0]
        rows = len(answer.step(torch.tensor([first] * rows).log()))
        if not rows:
            break
    assert step < 5 and answer.finished and answer.tokens == []
