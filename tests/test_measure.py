"""What an answer is held against."""

from __future__ import annotations

import pytest

from diagen.diagram import as_graph, parse
from diagen.measure import known, measure

GRAPH = {"id": 7, "prompt": "a, then b", "nodes": ["a", "b"], "edges": [["a", "b"]]}
LAYERS = {"id": "8", "prompt": "4 and 2", "layers": [["input", 4], ["output", 2]]}
TEXT = {"id": "9", "prompt": "a, then b", "text": "a -> b\n"}


def answer(text: str) -> dict[str, object]:
    return {"text": text} | as_graph(parse(text))


@pytest.mark.parametrize(("want", "right"), [(GRAPH, "a -> b\n"), (TEXT, "a -> b\n")])
def test_rows_say_by_their_fields_what_is_wanted(want, right) -> None:
    assert known(want)
    for text, share in ((right, 1.0), ("b -> a\n", 0.0)):
        assert measure([want], {str(want["id"]): answer(text)}, 0)["graphs_exact"] == share
    assert measure([want], {}, 0)["failed"] == 1
    assert known(LAYERS) and measure([LAYERS], {"8": answer("input 4\noutput 2\n")}, 0)["layers_exact"] == 1.0
