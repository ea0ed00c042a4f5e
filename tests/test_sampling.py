"""How often a model is asked for a request, with which seeds, and when it is enough."""

import pytest
from conftest import FakeLLM
from omegaconf import OmegaConf

import studio
from diagen.sampling import sampled

APART = [f"A -> B{i}\n" for i in range(8)]


def rounds_of(texts, number=4, temperature=0.7, **more):
    llm = FakeLLM(texts)
    found = list(sampled(llm, "a to b", number, {}, temperature=temperature, seed=5, **more))
    assert [f.more for f in found] == [True] * (len(found) - 1) + [False]
    return found, [(s["number"], s["seed"], s["beams"]) for s in llm.settings]


def test_once_more_where_some_are_alike() -> None:
    found, asked = rounds_of(["A -> B\n", "A -> C\n", "none\n"])
    assert asked == [(4, 5, 4), (4, 10_005, 0)]
    assert [len(f.candidates) for f in found] == [2, 2] and [f.samples for f in found] == [4, 8]
    assert [c.copies for c in found[1].candidates] == [4, 2] and len(found[1].reasons) == 2


@pytest.mark.parametrize(
    "texts, number, temperature", [(APART, 4, 0.7), (["none\n"], 4, 0.7), (["A -> B\n"], 4, 0), (["A -> B\n"], 1, 0.7)]
)
def test_once_where_that_is_enough(texts, number, temperature) -> None:
    assert rounds_of(texts, number, temperature)[1] == [(number, 5, 4)]


def test_answers_that_did_not_end_are_tried_again() -> None:
    llm = FakeLLM(["A -> B\n"], finished=False)
    found = list(sampled(llm, "a to b", 1, {}, temperature=0.7, seed=5))
    assert [s["number"] for s in llm.settings] == [1, 4] and not found[-1].candidates and not found[-1].more


def test_the_first_one_early() -> None:
    found, asked = rounds_of(["A -> B\n"], early=True, apart=100)
    assert asked == [(1, 5, 4), (3, 105, 0), (4, 205, 0)] and [f.samples for f in found] == [1, 4, 8]
    assert rounds_of(lambda _: [APART[len(found)]], early=True, temperature=0)[1] == [(1, 5, 4)]


def test_what_the_studio_asks_for_and_tells() -> None:
    class Telling(FakeLLM):
        def generate(self, prompts, number=1, **settings):
            settings["progress"](1, 1234)
            return super().generate(prompts, number, **settings)

    cfg, said = OmegaConf.load(studio.infer.CONF + "/studio.yaml"), []
    for turn in (0, 2):
        llm, first = Telling(["A -> B\n"]), 1 + 1_000 * turn
        list(studio.writer(cfg, llm)("a to b", turn, lambda *told: said.append(told)))
        asked = [(s["number"], s["seed"], s["beams"]) for s in llm.settings]
        assert asked == [(1, first, 4), (7, first + 10_000_000, 0), (8, first + 20_000_000, 0)]
    assert said[1] == ("writing: 2 of 8 candidates, 1,234 tokens", 2 / 8) and said[2][0].startswith("writing: 9 of 16")
