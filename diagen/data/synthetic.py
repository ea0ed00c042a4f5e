"""Rule-made training pairs: a request, and the text of its diagram.

    python -m diagen.data.synthetic --number 20 --seed 1

The sources: layered networks by rule (networks.py; in Korean korean.py), processes of random shape and names
(processes.py), graphs told arrow by arrow (relations.py) or part by part (compositions.py), wordings written by hand
with slots (templates/*.txt, format in templates/README.md), and requests that describe no diagram, answered by `none`.
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
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from zlib import crc32

from diagen.data.compositions import compositions, grouped
from diagen.data.korean import korean_composition, korean_network, korean_process
from diagen.data.networks import network
from diagen.data.processes import process
from diagen.data.relations import relations, transforms
from diagen.diagram import DiagramError, clean_request, parse

TEMPLATES = Path(__file__).with_name("templates")
SHARES = {
    "network": 0.25,
    "korean_network": 0.04,
    "korean_process": 0.05,
    "korean_composition": 0.04,
    "process": 0.10,
    "relations": 0.08,
    "transforms": 0.04,
    "compositions": 0.10,
    "grouped": 0.03,
    "template": 0.26,
    "none": 0.01,
}
# Files that are drawn from more often for each of their templates: Korean, and the wordings seen least so far.
FAVOURED = {
    "korean": 1.5,
    "korean_more": 2,
    "korean_flows": 2,
    "mlp_more": 2,
    "convnets_more": 2,
    "flows_more": 2,
    "systems": 2,
}
SPLITS = ("train", "held_out")


@dataclass(frozen=True)
class Template:
    """One diagram text with several wordings of its request; `slots` maps a name to its possible values."""

    name: str
    file: str
    slots: dict[str, list[str]]
    wordings: list[str]
    text: str

    def fill(self, rng: random.Random, wording: int | None = None) -> tuple[str, str]:
        """A (request, diagram text) pair."""
        request = rng.choice(self.wordings) if wording is None else self.wordings[wording]
        values = self._values(rng)

        def value(match: re.Match[str]) -> str:
            name, nth, form = match.groups()
            chosen = values[name][int(nth or 1) - 1]
            return _in_words(int(chosen), form) if form else chosen

        request = re.sub(r"<([^<>]*\|[^<>]*)>", lambda m: rng.choice(m[1].split("|")), request)
        request, text = (_SLOT.sub(value, s) for s in (request, self.text))
        return re.sub(r"(?<=\S)  +", " ", request).strip(), text

    def _values(self, rng: random.Random) -> dict[str, list[str]]:
        """A shuffled list for each slot; ranges are drawn, and sums of other slots made until all come out whole."""
        for _ in range(1000):
            chosen: dict[str, list[str]] = {}
            for name, values in self.slots.items():
                span = re.fullmatch(r"(\d+)\.\.(\d+)", values[0])
                if span:
                    low, high = int(span[1]), int(span[2])
                    chosen[name] = [str(n) for n in rng.sample(range(low, high + 1), min(9, high - low + 1))]
                elif values[0].startswith("="):
                    number = _reckoned(values[0][1:], chosen)
                    if number is None:
                        break
                    chosen[name] = [str(number)]
                else:
                    chosen[name] = rng.sample(values, len(values))
            else:
                return chosen
        raise ValueError(f"{self.file}: template {self.name}: its sums never come out as whole numbers above 0")


_SLOT = re.compile(r"\{(\w+)(?:\.(\d))?(?::(word|Word|ordinal))?\}")
_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
_TENS = "_ _ twenty thirty forty fifty sixty seventy eighty ninety".split()
_ORDINALS = "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth".split()


def _in_words(n: int, form: str) -> str:
    """`word`: twelve, `Word`: Twelve, `ordinal`: twelfth; what has no short word stays in digits."""
    if form == "ordinal":
        return _ORDINALS[n] if n < len(_ORDINALS) else f"{n}th"
    if n < 20:
        said = _ONES[n]
    elif n < 100:
        said = _TENS[n // 10] + (f"-{_ONES[n % 10]}" if n % 10 else "")
    else:
        return str(n)
    return said.capitalize() if form == "Word" else said


def _reckoned(sum_: str, chosen: dict[str, list[str]]) -> int | None:
    """`a * 2 - b`, from left to right, with the first values of slots; None if not a whole number above 0."""
    first, *rest = sum_.split()

    def number(word: str) -> int:
        if not word.isdigit() and word.partition(".")[0] not in chosen:
            raise ValueError(f"the sum {sum_!r} names {word!r}, which no slot above it gives")
        return (
            int(word) if word.isdigit() else int(chosen[word.partition(".")[0]][int(word.partition(".")[2] or 1) - 1])
        )

    n = number(first)
    for sign, word in zip(rest[::2], rest[1::2], strict=True):
        m = number(word)
        if sign == "/" and n % m:
            return None
        n = {"+": n + m, "-": n - m, "*": n * m, "/": n // m}[sign]
    return n if n > 0 else None


def load_templates(path: Path) -> list[Template]:
    """The templates of one file."""
    found: list[Template] = []
    shared: dict[str, list[str]] = {}
    own: dict[str, list[str]] = {}
    name, wordings, text, part = "", [], [], "head"

    def close() -> None:
        if name:
            body = "\n".join(text).strip() + "\n"
            every = {k: v for k, v in shared.items() if k not in own} | own  # sums come after what they are made of
            used = {m[1] for m in _SLOT.finditer(body + "".join(wordings))}
            for name_, values in reversed(every.items()):  # what a used sum is made of is used too
                if name_ in used and values[0].startswith("="):
                    used |= {w.partition(".")[0] for w in values[0][1:].split() if w[0].isalpha()}
            unknown = used - set(every)
            if unknown or not wordings:
                raise ValueError(f"{path.name}: template {name}: unknown slots {sorted(unknown)} or no wording")
            slots = {k: v for k, v in every.items() if k in used}
            found.append(Template(name, path.stem, slots, list(wordings), body))

    for line in path.read_text(encoding="utf-8").split("\n"):
        slot = re.fullmatch(r"= (\w+): (.+)", line)
        if line.startswith("== "):
            close()
            name, wordings, text, own, part = line[3:].strip(), [], [], {}, "wordings"
        elif part != "text" and slot:
            values = [v.strip() for v in slot[2].split(" | ")]
            (own if name else shared)[slot[1]] = values
        elif part == "wordings" and line == "---":
            part = "text"
        elif part == "wordings" and line.startswith("> "):
            wordings.append(line[2:])
        elif part == "wordings" and line.strip():
            wordings[-1] += "\n" + line.removeprefix("  ")
        elif part == "text" and line.strip():
            text.append(line)
    close()
    return found


@cache
def templates(split: str = "train") -> tuple[tuple[str, tuple[Template, ...]], ...]:
    """(file name, its templates) for each file. Every twelfth template, by its name, is held out of training."""
    found = []
    for path in sorted(TEMPLATES.glob("*.txt")):
        chosen = [t for t in load_templates(path) if (crc32(t.name.encode()) % 12 == 0) == (split == "held_out")]
        if chosen:
            found.append((path.stem, tuple(chosen)))
    return tuple(found)


def _template(rng: random.Random, split: str) -> tuple[str, str]:
    files = templates(split)
    _, chosen = rng.choices(files, [len(ts) * FAVOURED.get(name, 1) for name, ts in files])[0]
    return rng.choice(chosen).fill(rng)


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
        counted = re.fullmatch(r"(\d+) ([a-z]+\b.*)", line)
        if len(steps) > 2 and " : " not in line:
            lines += [" -> ".join(steps[:2]), *(f"-> {step}" for step in steps[2:])]
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
        elif source == "template":
            request, text = _template(rng, split)
        else:
            request, text = _off_topic(rng)
        if source != "none":
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
