"""Rule-made training pairs: a request, and the text of its diagram.

    python -m diagen.data.synthetic --number 20 --seed 1

The sources: layered networks by rule (networks.py; in Korean korean.py), processes of random shape and names
(processes.py), graphs told arrow by arrow (relations.py) or part by part (compositions.py), wordings written by hand
with slots (wordings.py, templates/*.txt), names of well-known networks and processes (known.py), and requests that
describe no diagram, answered by `none`.
Every text is checked by `parse` before it leaves.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import re
import sys
from collections.abc import Iterator

from diagen.data.compositions import compositions, grouped
from diagen.data.known import known, sized
from diagen.data.korean import korean_composition, korean_network, korean_process
from diagen.data.networks import network
from diagen.data.processes import process
from diagen.data.relations import relations, transforms
from diagen.data.wordings import template
from diagen.diagram import DiagramError, clean_request, parse

SHARES = {
    "network": 0.60,
    "korean_network": 0.08,
    "korean_process": 0.10,
    "korean_composition": 0.04,
    "process": 0.10,
    "relations": 0.08,
    "transforms": 0.04,
    "compositions": 0.10,
    "grouped": 0.03,
    "template": 1.00,
    "known": 0.35,
    "sized": 0.10,
    "none": 0.01,
}
SPLITS = ("train", "held_out")


_OPENINGS = (
    "draw ",
    "diagram of ",
    "please draw this: ",
    "make a figure: ",
    "sketch: ",
    "figure for my slides. ",
    "can you draw the following? ",
    "diagram: ",
    "visualise this process: ",
    "picture of this, please: ",
)
_STYLES = (
    "right",
    "down",
    "down",
    "up",
    "compact",
    "wide",
    "right compact",
    "down compact",
    "square",
    "down wide",
    "outline",
    "ink",
    "slide",
    "paper",
    "night",
    "slide right",
    "ink down",
    "straight",
    "outline down",
)
_OFF_TOPIC = (
    "{hi}",
    "{hi}, how are you?",
    "what is the weather in {place} <today|tomorrow|on Sunday>?",
    "tell me a joke",
    "write a poem about {thing}",
    "translate '{thing}' into <French|German|Korean|Spanish>",
    "who won the <1998|2006|2022> world cup?",
    "what's the capital of {place}?",
    "how do i cook {thing}?",
    "{number} + {number} = ?",
    "asdf {number} qwerty",
    "thanks <a lot|so much|>!",
    "book me a flight to {place}",
    "how old is {thing}?",
    "explain {thing} to a child",
    "i feel <sad|tired|great> today",
    "recommend a good book about {thing}",
    "what does '{thing}' mean?",
    "sing a song",
    "lorem ipsum dolor sit amet",
    "{number}",
    "???",
    "ok",
    "why is {thing} so expensive in {place}?",
    "write an email to my <boss|landlord|teacher> about {thing}",
    "best restaurants in {place}",
    "오늘 {place} 날씨 어때?",
    "안녕하세요",
    "점심 메뉴 추천해줘",
    "{thing}에 대해 시를 써줘",
    "고마워!",
    "what time is it in {place}?",
    "fix the typo in my essay about {thing}",
    "is {thing} healthy?",
    "play some music",
    "remind me to buy {thing} at {number} pm",
    "convert {number} miles to km",
    "give me {number} names for a <cat|dog|boat>",
    "delete all my files",
    "asdkjh aksjdh kajshd",
)
_FILLERS = {
    "hi": ("hi", "hello", "hey there", "good morning", "yo", "hola"),
    "place": ("Paris", "Seoul", "Berlin", "Kenya", "Busan", "Lima", "the Alps", "Tokyo", "Oslo"),
    "thing": (
        "rice",
        "the moon",
        "bananas",
        "love",
        "taxes",
        "football",
        "my cat",
        "coffee",
        "history",
        "dumplings",
        "rain",
    ),
    "number": ("3", "12", "45", "7", "128", "2024", "99"),
}


def _off_topic(rng: random.Random) -> tuple[str, str]:
    request = re.sub(r"<([^<>]*\|[^<>]*)>", lambda m: rng.choice(m[1].split("|")), rng.choice(_OFF_TOPIC))
    return re.sub(r"\{(\w+)\}", lambda m: rng.choice(_FILLERS[m[1]]), request), "none\n"


def _vary(rng: random.Random, request: str, text: str) -> tuple[str, str]:
    """The same pair in other dress: an opening, all lower case, or a style that nobody asked for."""
    roll = rng.random()
    if roll < 0.07 and request == request.lstrip("-*1 "):
        request = rng.choice(_OPENINGS) + request
    elif roll < 0.14:
        request, text = request.lower(), text.lower()
    if rng.random() < 0.08 and "style " not in text:
        lines = text.split("\n")
        lines.insert(int(lines[0].startswith("title ")), "style " + rng.choice(_STYLES))
        text = "\n".join(lines)
    return request, text


_TOLD = {  # words that say a count
    "2": "two|pairs?|couple|both|twice|double|doubled|twin|again|another|more|same|each|either|two-layer|두|둘|쌍|번",
    "3": "three|triple|triplet|trio|thrice|세|셋|석",
    "4": "four|quadruple|네|넷",
    "5": "five|다섯",
    "6": "six|half a dozen|여섯",
    "7": "seven|일곱",
    "8": "eight|여덟",
    "9": "nine|아홉",
    "10": "ten|열",
}


def _plain(request: str, text: str) -> str:
    """The same text as the templates' many authors should have written it: one way to write one thing.

    A step a line, and a count only where the request says it: layers that it lists one by one are copied one by one.
    """
    lines = []
    for line in text.rstrip("\n").split("\n"):
        steps = line.split(" -> ")
        first = 1 if line.startswith("-> ") else 2
        counted = re.fullmatch(r"(\d+) ([a-z]+\b.*)", line)
        if len(steps) > first:
            lines += [" -> ".join(steps[:first]), *(f"-> {step}" for step in steps[first:])]
        elif counted and counted[1] in _TOLD and not _says(request, counted[1]):
            lines += [counted[2]] * int(counted[1])
        else:
            lines.append(line)
    return "\n".join(lines) + "\n"


def _says(request: str, count: str) -> bool:
    without_sizes = re.sub(r"(\d+) ?([x×*]|by) ?\1\b", "", request)
    return re.search(rf"(?<![\d.]){count}(?![\d.])|\b({_TOLD[count]})", without_sizes, re.IGNORECASE) is not None


def pairs(seed: int, split: str = "train") -> Iterator[dict[str, str]]:
    """An endless stream of rows with "request", "text" and "source"; a seed always gives the same stream."""
    rng = random.Random(f"{seed}-{split}")
    while True:
        source = rng.choices(list(SHARES), list(SHARES.values()))[0]
        if source == "network":
            request, text = network(rng)
        elif source == "korean_network":
            request, text = korean_network(rng)
        elif source == "korean_process":
            request, text = korean_process(rng)
        elif source == "korean_composition":
            request, text = korean_composition(rng)
        elif source == "process":
            request, text = process(rng)
        elif source == "relations":
            request, text = relations(rng)
        elif source == "transforms":
            request, text = transforms(rng)
        elif source == "compositions":
            request, text = compositions(rng)
        elif source == "grouped":
            request, text = grouped(rng)
        elif source == "known":
            request, text = known(rng, split)
        elif source == "sized":
            request, text = sized(rng, split)
        elif source == "template":
            request, text = template(rng, split)
        else:
            request, text = _off_topic(rng)
        if source not in ("none", "known", "sized"):  # those are dressed already, and say no counts to go by
            request, text = _vary(rng, request, text)
            try:
                clean_request(request)
                plain = _plain(request, text)
                text = plain if parse(plain) == parse(text) else text
            except DiagramError:
                continue  # a slot's value that does not go with this text; the check of the files counts them
        yield {"request": request, "text": text.rstrip("\n") + "\n", "source": source}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--number", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--split", choices=SPLITS, default="train")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    args = parser.parse_args()
    for row in itertools.islice(pairs(args.seed, args.split), args.number):
        if args.json:
            print(json.dumps(row, ensure_ascii=False))
        else:
            print(f"[{row['source']}] {row['request']}\n---\n{row['text']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
