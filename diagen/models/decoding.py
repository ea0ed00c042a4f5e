"""How an answer grows, token by token: drawn at random, or as the likeliest of several that are followed."""

from __future__ import annotations

from typing import Any

import torch


class Drawn:
    """An answer whose tokens are drawn; the likeliest one each time at temperature 0.

    matchers: where the grammar stands, one for each row of logits that the next step needs (here one, or none once the
    answer is finished; None where there is no grammar).
    """

    def __init__(self, matcher: Any, eos: int, temperature: float, randoms: torch.Generator) -> None:
        self.matchers, self.eos, self.temperature, self.randoms = [matcher], eos, temperature, randoms
        self.tokens: list[int] = []
        self.finished = False

    def step(self, logits: torch.Tensor) -> list[tuple[int, int]]:
        """(row, token) of what goes on, from masked logits (rows, vocabulary); nothing once it is finished."""
        if self.temperature > 0:
            # One random number and the sums of the chances: torch.multinomial draws one for each token it knows.
            sums = torch.softmax(logits[0] / self.temperature, -1).cpu().double().cumsum(0)
            token = int(torch.searchsorted(sums, torch.rand(1, generator=self.randoms).double() * sums[-1], right=True))
        else:
            token = int(logits[0].argmax())
        if token == self.eos:
            self.finished, self.matchers = True, []
            return []
        self.tokens.append(token)
        if self.matchers[0] is not None:
            self.matchers[0].accept_token(token)
        return [(0, token)]


class Likeliest:
    """The answer of the highest probability that is found when the `width` likeliest beginnings are followed.

    Beam search (Lowerre 1976) without a correction for length, until as many ends are found as beginnings are followed
    or no beginning is likelier than the best that has ended; with a width of 1 it is greedy.
    """

    def __init__(self, matcher: Any, eos: int, width: int) -> None:
        self.matchers, self.eos, self.width = [matcher], eos, width
        self.tokens: list[int] = []
        self.finished = False
        self._live: list[tuple[float, list[int]]] = [(0.0, [])]  # logarithm of the probability, and the tokens
        self._best = float("-inf")  # of what is finished
        self._ends = 0  # ends that were found

    def step(self, logits: torch.Tensor) -> list[tuple[int, int]]:
        """(row, token) of what goes on, from masked logits (rows, vocabulary); nothing once it is finished."""
        chances, choices = torch.log_softmax(logits, -1).topk(self.width + 1, -1)
        ways = [
            (self._live[row][0] + chance, row, token)
            for row, (some, tokens) in enumerate(zip(chances.tolist(), choices.tolist(), strict=True))
            for chance, token in zip(some, tokens, strict=True)
            if chance > float("-inf")
        ]
        going: list[tuple[float, int, int]] = []
        for score, row, token in sorted(ways, reverse=True)[: 2 * self.width]:
            if token == self.eos:
                self._ends += 1
                if score > self._best:
                    self._best, self.tokens, self.finished = score, self._live[row][1], True
            elif len(going) < self.width and score > self._best:
                going.append((score, row, token))
        if self._ends >= self.width:  # one that repeats itself could go on for ever
            going = []
        matchers = self.matchers
        self._live = [(score, [*self._live[row][1], token]) for score, row, token in going]
        self.matchers = []
        for _, row, token in going:
            last = row not in [other for _, other, _ in going[len(self.matchers) + 1 :]]
            matcher = matchers[row]
            if matcher is not None:
                matcher = matcher if last else matcher.fork()
                matcher.accept_token(token)
            self.matchers.append(matcher)
        if going and not self.finished:
            self.tokens = self._live[0][1]  # should it be cut
        return [(row, token) for _, row, token in going]
