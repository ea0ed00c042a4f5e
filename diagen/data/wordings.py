"""Templates: wordings written by hand, with slots, and the text of their diagram (format in templates/README.md)."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from zlib import crc32

TEMPLATES = Path(__file__).with_name("templates")
# Files that are drawn from more often for each of their templates: Korean, and the wordings seen least so far.
FAVOURED = {
    "korean": 1.5,
    "korean_more": 2,
    "korean_flows": 2,
    "blocks": 2,
    "decisions": 2,
    "everyday": 2,
    "pronouns": 2,
    "services": 2,
    "sources": 2,
    "networks_plain": 10,
    "ml_plain": 12,
    "ways": 10,
    "korean_plain": 8,
}


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


def template(rng: random.Random, split: str = "train") -> tuple[str, str]:
    """A (request, diagram text) pair of a random template."""
    files = templates(split)
    _, chosen = rng.choices(files, [len(ts) * FAVOURED.get(name, 1) for name, ts in files])[0]
    return rng.choice(chosen).fill(rng)
