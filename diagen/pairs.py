"""Preference pairs: a better and a worse diagram of one request, for ORPO and DPO.

python -m diagen.pairs samples --number 300 --each 8 --output outputs/pairs.jsonl     the model's own answers
python -m diagen.pairs ratings --user me --output outputs/pairs.jsonl                 drawings that a user has rated
python -m diagen.pairs show outputs/pairs.jsonl --output outputs/pairs.png            ten pairs side by side
python -m diagen.pairs show --output outputs/pairs.png                                ten of those that need no samples

A line holds "request", "chosen", "rejected" and "origin". Of the samples, one that says what the known text says, the
kinds of its boxes apart, beats each that does not; where all do, the most readable one beats the least if it is clearly
more readable; where none does, the known diagram itself beats what was written most often. The origin says which of
these it was. The answers are kept beside the pairs: `samples` goes on with those that it had begun, and once the file
of pairs is removed, makes other pairs of them with another --margin.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Any

from diagen import DiagenError
from diagen.data.ratings import pairs_of
from diagen.data.synthetic import pairs
from diagen.diagram import GRAMMAR, GRAMMAR_HASH, Diagram, DiagramError, ask, parse
from diagen.measure import told

MARGIN = 0.4  # of readability, 0 to 5
TOGETHER = 64  # answers decoded at once


def requests(number: int, seed: int) -> list[dict[str, str]]:
    """Requests with their right texts, made by rule like those of SFT but with another seed."""
    rows = (row for row in pairs(seed, "train") if row["source"] != "none")
    return list(islice(rows, number))


def by_length(rows: list[dict[str, str]], block: int) -> list[dict[str, str]]:
    """The rows in blocks, each sorted by the length of its texts: what is decoded at once ends at about one time."""
    return [
        row for i in range(0, len(rows), block) for row in sorted(rows[i : i + block], key=lambda row: len(row["text"]))
    ]


def of_samples(request: str, right: str, texts: list[str], margin: float = MARGIN) -> list[dict[str, str]]:
    """The best of a model's answers to a request against each wrong one; none where they are too much alike.

    Where all are right, the best against the worst. Where none is, `right` itself is the better one, and what the model
    writes most often the worse one.
    """
    from diagen.render import layout
    from diagen.render.readability import readability

    wanted = told(parse(right))
    found: dict[str, tuple[bool, float]] = {}
    often = Counter(texts)
    for text in often:
        try:
            diagram: Diagram = parse(text)
        except DiagramError:
            continue
        found[text] = (told(diagram) == wanted, readability(layout(diagram))[0])
    if not found:
        return []
    best, worst = max(found, key=found.__getitem__), min(found, key=found.__getitem__)
    if not found[best][0]:
        best, lost, origin = right, [max(found, key=lambda text: often[text])], "samples:known"
    elif not found[worst][0]:
        lost, origin = [text for text in found if not found[text][0]], "samples:graph"
    elif found[best][1] - found[worst][1] >= margin:
        lost, origin = [worst], "samples:readability"
    else:
        return []
    return [{"request": request, "chosen": best, "rejected": text, "origin": origin} for text in lost]


def sample(number: int, each: int, seed: int, model: dict[str, str], answers: Path) -> list[dict[str, Any]]:
    """A model's answers to `number` requests, with the request and its right text; kept in a file as they come.

    model: weights, adapter, dtype and quantization, as in conf/llm.
    """
    from tqdm import tqdm

    from diagen.models.llm import DiagramLLM

    settings = {"number": number, "each": each, "seed": seed, **model}
    kept = [json.loads(line) for line in _whole(answers).split("\n") if line] if answers.exists() else []
    if kept and kept[0] != settings:
        raise DiagenError(f"{answers} was begun with other settings; remove it or repeat them")
    done = max(0, len(kept) - 1)
    if done == number:
        return kept[1:]
    llm = DiagramLLM(**model, attention="auto", grammar_hash=GRAMMAR_HASH)
    print(llm.attention, file=sys.stderr)
    size = max(1, TOGETHER // each)
    rows = by_length(requests(number, seed), 16 * size)
    answers.parent.mkdir(parents=True, exist_ok=True)
    bar = tqdm(total=number, initial=done, unit="request")
    with answers.open("a", encoding="utf-8") as file:
        if not kept:
            kept.append(settings)
            file.write(json.dumps(settings) + "\n")
        for i in range(done, number, size):
            some = rows[i : i + size]
            # what gets half as long again as any right answer beside it is wrong, and all would wait for its end
            longest = 16 + 3 * max(len(llm.tokenizer(row["text"])["input_ids"]) for row in some) // 2
            written = llm.generate(
                [ask(r["request"]) for r in some], each, [GRAMMAR] * len(some), 1.0, seed, longest, beams=0
            )
            for row, texts, finished in zip(some, written.texts, written.finished, strict=True):
                ended = [text for text, whole in zip(texts, finished, strict=True) if whole]
                kept.append({"request": row["request"], "right": row["text"], "answers": ended})
                file.write(json.dumps(kept[-1], ensure_ascii=False) + "\n")
            file.flush()
            bar.update(len(some))
    bar.close()
    return kept[1:]


def from_samples(rows: list[dict[str, Any]], each: int, margin: float, answers: Path) -> list[dict[str, str]]:
    """The pairs that a model's answers give, and a line that says how many of which kind."""
    found = [of_samples(row["request"], row["right"], row["answers"], margin) for row in rows]
    cut = sum(each - len(row["answers"]) for row in rows)
    pairs = [row for some in found for row in some]
    if not pairs:
        raise DiagenError(
            f"in none of {len(rows)} requests one answer is clearly better than another; raise --number or --each, or "
            f"lower --margin (the answers are in {answers})"
        )
    kinds = Counter(row["origin"] for row in pairs)
    told = ", ".join(f"{count} {origin}" for origin, count in sorted(kinds.items()))
    print(f"{len(rows)} requests: {told}, {found.count([])} requests alike; {cut} answers did not end")
    return pairs


def _whole(part: Path) -> str:
    """The file up to its last whole line; a kill may have cut the one after it, which is taken off."""
    content = part.read_bytes()
    content = content[: content.rfind(b"\n") + 1]
    part.write_bytes(content)
    return content.decode("utf-8")


def write(rows: list[dict[str, str]], output: Path) -> None:
    """All of them or no file."""
    part = output.with_name(output.name + ".new")
    output.parent.mkdir(parents=True, exist_ok=True)
    part.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    part.replace(output)


def show(path: Path | None, output: Path) -> None:
    """The first ten pairs of a file, else ten made by rule, as a picture: chosen on the left, rejected on the right."""
    from PIL import Image, ImageDraw, ImageFont

    from diagen.data.text import mistakes, written
    from diagen.render import PillowRenderer, layout
    from diagen.render.text import FALLBACKS, FOLDER, UNITS, WEIGHTS, glyphs, shorten

    fonts = {face: ImageFont.truetype(str(FOLDER / face), 13) for face in (*WEIGHTS.values(), *FALLBACKS)}
    rows = written(path)[:10] if path else list(islice(mistakes(1, "train"), 10))
    wide, high = 620, 300
    sheet = Image.new("RGB", (2 * wide + 30, len(rows) * (high + 40) + 10), "#E5E9F0")
    pen = ImageDraw.Draw(sheet)
    for n, row in enumerate(rows):
        y = 10 + n * (high + 40)
        words = shorten(f"{row['origin']}   {' '.join(row['request'].split())}", 13, 400, 2 * wide)
        for character, face, x, rise in glyphs(words, 400)[:-1]:
            pen.text((10 + x * 13 / UNITS, y + 14 - rise * 13 / UNITS), character, "#1B2430", fonts[face], "ls")
        for x, name in ((10, "chosen"), (wide + 20, "rejected")):
            image = PillowRenderer(1.0)(layout(parse(row[name])))
            image.thumbnail((wide, high))
            sheet.paste(image, (x, y + 20))
    output.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(output, "PNG")
    print(output)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", choices=("samples", "ratings", "show"))
    parser.add_argument("file", type=Path, nargs="?", help="of the pairs to show; none: made by rule")
    parser.add_argument("--number", type=int, default=300, help="of requests")
    parser.add_argument("--each", type=int, default=8, help="samples of a request")
    parser.add_argument("--margin", type=float, default=MARGIN, help="of readability, between two right answers")
    parser.add_argument("--seed", type=int, default=101)
    parser.add_argument("--weights", default="smollm2_135m", help="of the backbone: a folder, or a name on the Hub")
    parser.add_argument("--adapter", default="shipped", help="the one that ships, or a folder")
    parser.add_argument("--dtype", default="float32", help="or bfloat16, float16")
    parser.add_argument("--quantization", default="none", help="or int8, nf4")
    parser.add_argument("--user", default="me")
    parser.add_argument("--output", type=Path, required=True)
    args = parser.parse_args()
    try:
        if args.output.exists():
            raise DiagenError(f"{args.output} exists already and is not overwritten; choose another output")
        if args.source == "samples":
            answers = args.output.with_name(args.output.name + ".answers")
            model = {name: getattr(args, name) for name in ("weights", "adapter", "dtype", "quantization")}
            rows = sample(args.number, args.each, args.seed, model, answers)
            found = from_samples(rows, args.each, args.margin, answers)
            write(found, args.output)
            print(f"{args.output}: {len(found)} pairs; the answers stay in {answers}")
        elif args.source == "ratings":
            rows = pairs_of(args.user)
            write(rows, args.output)
            print(f"{args.output}: {len(rows)} pairs from the ratings of {args.user}")
        else:
            show(args.file, args.output)
    except DiagenError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"error: {args.output} cannot be written: {error.strerror or error}", file=sys.stderr)
        return 1
    except (RuntimeError, MemoryError) as error:
        from diagen.models.llm import out_of_memory

        if not out_of_memory(error):
            raise
        print("error: out of memory; lower --each, or set --quantization nf4", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
