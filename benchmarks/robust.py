"""Odd diagrams, drawn: what becomes of each, how long it takes, and how many errors its drawing has.

    python -m benchmarks.robust [--pictures FOLDER]

Prints a line a case; exits 1 if a case ends in anything but a drawing or one clear message, or takes 5 s.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from diagen import DiagenError
from diagen.diagram import parse
from diagen.render import PillowRenderer, SvgRenderer, layout
from diagen.render.faults import count

SLOWEST = 5.0  # seconds
WORDS = "gradient of the loss with respect to all weights in the network after each step of training and".split()
KINDS = ("process", "data", "store", "decision", "model", "document", "user", "input", "add")


def label_of(length: int) -> str:
    """Words with spaces, that many characters long."""
    text = " ".join(WORDS * (length // 90 + 1))[:length].strip()
    return text + "x" * (length - len(text))


def cases() -> Iterator[tuple[str, str]]:
    """A name and a diagram's text."""
    for length in (1, 10, 40, 120, 300, 500):
        rows = "".join(f"{label_of(length - 2)} {i} [{kind}] -> Next {i}\n" for i, kind in enumerate(KINDS[:8]))
        yield f"labels of {length} characters, 8 kinds", rows if length > 2 else "A [data] -> B\n"
    yield "a word of 500 letters", f"{'a' * 500} -> B : {'b' * 120}\n"
    yield "edge labels of 200 characters", f"A -> B : {label_of(200)}\nA -> C : {label_of(199)}\n"
    yield "emoji", "🚀 Launch 👩‍🔬 -> 🇰🇷 Seoul 👍🏽\n-> ❤️ Done ✅ : 100 🔥\n"
    yield "right to left", "البيانات الأولية -> معالجة النصوص\n-> נתונים גולמיים : أوزان\n"
    yield "combining marks", "Z̸̢͝ḁ̴l̵g̶o̷ e\u0301te\u0301 -> नमस्ते दुनिया\n-> ภาษาไทย ก็ได้\n"
    yield "formulas", "x² + y² ≤ r² -> ∇L(θ) ∈ ℝⁿ\n-> Σᵢ αᵢ·βᵢ → ∞ : ∂f/∂x ≈ 10⁻³\n"
    yield "Hangul", "원본 데이터 -> 아주 긴 한국어 이름을 가진 전처리 단계\n-> 모델 학습 : 반복\n"
    yield "Chinese and Japanese", "数据预处理 -> モデルの学習\n-> 評価 : はい\n"
    yield "one node", "Alone\n"
    yield "self loop", "A -> B\nB -> B : again\n-> C\n"
    yield "parallel edges", "A -> B : one\nA -> B : two\nA ..> B : three\nB -> A : back\n"
    yield (
        "cycle of 3 and cycle of 12",
        "A -> B\n-> C\n-> A\n" + "N0 -> N1\n" + "".join(f"-> N{i}\n" for i in range(2, 12)) + "-> N0\n",
    )
    yield "20 disconnected parts", "".join(f"A{i} -> B{i}\n" for i in range(20))
    yield "empty group", "group Nothing\nend\nA -> B\n"
    yield "groups nested 6 deep", "".join(f"group Level {i}\n" for i in range(6)) + "A -> B\n" + "end\n" * 6
    yield "a star of 60", "".join(f"Hub -> S{i}\n" for i in range(60))
    yield "K 3,20", " | ".join("ABC") + " -> " + " | ".join(f"N{i}" for i in range(20)) + "\n"
    rng = random.Random(1)
    for nodes, edges in ((50, 120), (200, 400), (500, 499), (500, 2000)):
        rows = [f"N{i} -> N{i + 1}" for i in range(nodes - 1)]
        seen = {(i, i + 1) for i in range(nodes - 1)}
        while len(rows) < edges:
            a, b = rng.randrange(nodes), rng.randrange(nodes)
            if a != b and (a, b) not in seen:
                seen.add((a, b))
                rows.append(f"N{a} -> N{b}")
        yield f"{nodes} nodes, {len(rows)} edges", "\n".join(rows) + "\n"
    yield "501 nodes", "".join(f"N{i} -> N{i + 1}\n" for i in range(500))
    yield "100 layers", "input 10\n" + "dense 64\n" * 98 + "output 2\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=Path)
    args = parser.parse_args()
    layout(parse("A -> B\n"))  # loads the fonts
    bad = 0
    for number, (name, text) in enumerate(cases()):
        start = time.monotonic()
        try:
            scene = layout(parse(text))
            image = PillowRenderer(1)(scene)
            SvgRenderer()(scene)
            errors = {k: n for k, n in count(scene).items() if n} if len(text) < 4000 else "not counted"
            said = f"drawn, {scene.width:.0f} x {scene.height:.0f}, errors: {errors or 'none'}"
            if args.pictures:
                args.pictures.mkdir(parents=True, exist_ok=True)
                image.save(args.pictures / f"{number:02d}.png")
        except DiagenError as error:
            said = f"refused: {error}"
        except Exception as error:  # whatever else is what this looks for
            said, bad = f"FAILED: {type(error).__name__}: {error}", bad + 1
        seconds = time.monotonic() - start
        bad += seconds > SLOWEST
        print(f"{name:42} {seconds:5.2f} s  {said[:150]}")
    print(f"{bad} bad cases")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
