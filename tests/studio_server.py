"""The studio as a process of its own, for test_studio.py.

python tests/studio_server.py recorded port=7861     answers from below, one a second
python tests/studio_server.py small llm=tiny         the tiny model, bound to one arrow from the request's word
"""

from __future__ import annotations

import sys
import time
from typing import Any

from conftest import FakeLLM

import infer
import studio

TEXTS = [
    "Collect data [data] -> Clean\n-> Train [model]\n-> Evaluate\nEvaluate ..> Collect data : fails\n",
    "Collect data [data] -> Clean\n-> Train [model]\n-> Evaluate\n",
    "Collect data -> Train -> Evaluate -> Deploy\n",
]
EVIL = "<img src=x onerror=alert(1)> {{7*7}} ${alert(2)}"
HOSTILE = [f'"{EVIL}" -> "<script>alert(3)</script>"\n-> "</svg><svg onload=alert(4)>" : "../../etc/passwd"\n']


class Recorded(FakeLLM):
    def generate(self, prompts: list[Any], number: int = 1, **settings: Any) -> Any:
        for done in range(number + 1):
            settings["progress"](done, 20 * done)
            time.sleep(1.5 if "slowly" in prompts[0][-1]["content"] else 0.4)
        return super().generate(prompts, number, **settings)


def one_arrow(cfg: Any, requests: list[str]) -> dict[str, Any]:
    found = decoding(cfg, requests)
    return found | {"grammars": [f'root ::= "{r.split()[0]} -> " [a-e] [a-e] "\\n"' for r in requests]}


if __name__ == "__main__":
    decoding = infer.decoding
    if sys.argv.pop(1) == "recorded":
        infer.load = lambda cfg: Recorded(lambda request: HOSTILE if "hostile" in request else TEXTS)
    else:
        infer.decoding = one_arrow
    sys.exit(studio.command_line())
