"""Training pairs: every one parses, a seed repeats itself, and nothing of the measuring set is in them."""

import json
import os
import random
import re
import subprocess
import sys
from collections import Counter
from itertools import islice
from pathlib import Path

import pytest
from PIL import Image

from diagen import pairs as preference_pairs
from diagen.data import synthetic, wordings
from diagen.data.compositions import compositions, grouped
from diagen.data.known import FOLDER, known, named, sized, unet
from diagen.data.korean import korean_composition, korean_network, korean_process
from diagen.data.mistakes import UNASKED, other_style
from diagen.data.networks import network
from diagen.data.processes import process
from diagen.data.relations import relations, transforms
from diagen.data.text import mistakes
from diagen.diagram import as_graph, dump, parse
from diagen.pairs import of_samples

ROOT = Path(__file__).parent.parent
FILES = sorted(wordings.TEMPLATES.glob("*.txt")) + sorted(FOLDER.glob("*.txt"))


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_every_template_parses_with_every_wording(path: Path) -> None:
    templates = wordings.load_templates(path)
    assert len(templates) >= 30
    assert len({t.name for t in templates}) == len(templates)
    for template in templates:
        for wording in range(len(template.wordings)):
            for seed in range(2):
                request, text = template.fill(random.Random(seed), wording)
                diagram = parse(text)
                assert parse(dump(diagram)) == diagram, template.name
                assert not re.search(r"\{\w+\}", request + text), template.name


def test_no_two_known_things_have_one_name() -> None:
    """Nor is a phrase that is held out among those of training."""
    owner: dict[str, str] = {}
    for template in named():
        assert len(template.wordings) > 2, template.name
        for wording in template.wordings:
            for phrase in alternatives(wording):
                bare = re.sub(r"^(an?|the) ", "", " ".join(phrase.split())).lower()
                assert owner.setdefault(bare, template.name) == template.name, bare
    train, held_out = ({known(random.Random(seed), split)[0] for seed in range(3000)} for split in synthetic.SPLITS)
    assert len(train) > 2000 and not train & held_out


def alternatives(wording: str) -> list[str]:
    found = re.search(r"<([^<>]*\|[^<>]*)>", wording)
    if not found:
        return [wording]
    return [w for word in found[1].split("|") for w in alternatives(wording.replace(found[0], word, 1))]


@pytest.mark.parametrize("levels", [2, 3, 4, 5])
def test_u_nets_have_the_channels_that_are_told(levels: int) -> None:
    for seed in range(200):
        phrase, lines = unet(random.Random(seed))
        diagram = parse("\n".join(lines))
        units = [node.units for node in diagram.nodes if node.kind == "conv"][::2]
        if len(units) != 2 * levels - 1:
            continue
        assert units == units[::-1] and str(units[0]) in phrase
        copies = [e for e in diagram.edges if e.label == "skip"]
        assert len(copies) == levels - 1
        for edge in copies:  # from a level's last convolution to what joins the copy at that level
            source, after = diagram.nodes[edge.source], diagram.nodes[edge.target + 1]
            assert source.units == after.units and diagram.nodes[edge.target].kind == "concat"


GRAPHS = [known, sized, process, relations, transforms, compositions, grouped, korean_process, korean_composition]


@pytest.mark.parametrize("make", [network, korean_network, *GRAPHS])
def test_rules_make_pairs_that_parse(make) -> None:
    for seed in range(400):
        request, text = make(random.Random(seed))
        assert request.strip()
        parse(text)
        assert make(random.Random(seed)) == (request, text)


@pytest.mark.parametrize("make", [compositions, grouped, korean_process, korean_composition])
def test_boxes_and_frames_are_named_in_the_request(make) -> None:
    """Save for typos, and for series told by their first and last box."""
    told = []
    for seed in range(300):
        request, text = make(random.Random(seed))
        diagram = parse(text)
        names = [node["label"] for node in as_graph(diagram)["nodes"]] + [group.title for group in diagram.groups]
        told += [name.lower() in request.lower() for name in names]
    assert sum(told) > 0.98 * len(told)


def test_network_counts_are_in_the_graph() -> None:
    for seed in range(300):
        request, text = network(random.Random(seed))
        if re.fullmatch(r"mlp[ :]*\d+(-\d+)+\.?", request.lower()):
            sizes = [int(n) for n in re.findall(r"\d+", request)]
            assert [n["units"] for n in as_graph(parse(text))["nodes"]] == sizes


def test_a_seed_repeats_itself_in_other_processes() -> None:
    """Sets have another order in each process, which must not reach the pairs."""
    code = "import hashlib; from itertools import islice; from diagen.data.synthetic import pairs; "
    code += "print(hashlib.sha256(repr(list(islice(pairs(7), 1500))).encode()).hexdigest())"
    said = set()
    for seed in ("1", "2"):
        environment = os.environ | {"PYTHONHASHSEED": seed}
        said.add(subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, cwd=ROOT).stdout)
    assert len(said) == 1 and said != {b""}


def test_a_seed_repeats_itself_and_splits_differ() -> None:
    first, again = (list(islice(synthetic.pairs(5), 60)) for _ in range(2))
    assert first == again
    train = {t.name for _, ts in wordings.templates("train") for t in ts}
    held_out = {t.name for _, ts in wordings.templates("held_out") for t in ts}
    assert held_out and not train & held_out


def test_mistakes_change_the_graph_or_the_frames_and_little_of_the_text() -> None:
    rows = list(islice(mistakes(3, "train"), 200))
    for row in rows:
        right, wrong = parse(row["chosen"]), parse(row["rejected"])
        assert (as_graph(right), right.groups, right.style) != (as_graph(wrong), wrong.groups, wrong.style)
        lost = Counter(row["chosen"].splitlines()) - Counter(row["rejected"].splitlines())
        assert lost.total() <= 2 or row["origin"] == "mistakes:lose_groups"
    assert len({row["origin"] for row in rows}) >= 9
    assert rows == list(islice(mistakes(3, "train"), 200))


def test_measuring_set_is_not_in_the_training_wordings() -> None:
    def grams(text: str, n: int = 9) -> set[tuple[str, ...]]:
        words = re.findall(r"\w+", text.lower())
        return {tuple(words[i : i + n]) for i in range(len(words) - n + 1)}

    files = [ROOT / f"benchmarks/{name}.jsonl" for name in ("requests", "ordinary")]
    rows = [row for file in files for row in file.read_text(encoding="utf-8").splitlines()]
    measured = [json.loads(row)["prompt"] for row in rows]
    assert len(measured) == 240 + 150
    known: set[tuple[str, ...]] = set()
    for path in FILES:
        for template in wordings.load_templates(path):
            for wording in template.wordings:
                known |= grams(wording)
    shared = [p for p in measured if grams(p) & known]
    assert not shared, shared[:3]


def test_styles_that_nobody_asked_for() -> None:
    r = random.Random(1)
    assert {tuple(other_style(["title T", "A -> B"], r)) for _ in range(80)} == {
        ("title T", f"style {word}", "A -> B") for word in UNASKED
    }
    told = {tuple(other_style(["style night down", "A -> B"], r)) for _ in range(80)}
    assert ("style night up", "A -> B") in told and ("style ink down", "A -> B") in told and len(told) == 4 + 3


def test_pairs_are_shown_side_by_side(tmp_path, monkeypatch) -> None:
    row = {"request": "a, then b", "chosen": "A -> B\n", "rejected": "B -> A\n", "origin": "x"}
    (tmp_path / "pairs.jsonl").write_text((json.dumps(row) + "\n") * 12)
    sheet = tmp_path / "sheet.png"
    monkeypatch.setattr(sys, "argv", ["pairs", "show", str(tmp_path / "pairs.jsonl"), "--output", str(sheet)])
    assert preference_pairs.main() == 0
    with Image.open(sheet) as image:
        assert image.size == (1270, 3410)  # ten of them
        left, right = (image.crop((x, 30, x + 620, 330)).convert("L").getextrema()[0] for x in (10, 650))
        assert left < 120 and right < 120  # something is drawn on both sides


def test_pairs_of_samples() -> None:
    right, ask = "A -> B\n-> C\n", "A, B, C"
    best = of_samples(ask, right, ["A -> C\n", right, "A ->", right])
    assert best == [{"request": ask, "chosen": right, "rejected": "A -> C\n", "origin": "samples:graph"}]
    both = of_samples(ask, right, ["A -> C\n", "A [data] -> B\n-> C\n", "title No\nA -> B\n-> C\n", "A ..> B\n-> C\n"])
    assert [row["rejected"].split()[0] for row in both] == ["A", "title", "A"]  # kinds are a matter of taste
    assert {row["chosen"] for row in both} == {"A [data] -> B\n-> C\n"}
    known = of_samples(ask, right, ["A -> C\n", "B -> A\n", "B -> A\n"])
    assert known == [{"request": ask, "chosen": right, "rejected": "B -> A\n", "origin": "samples:known"}]
    heap = "A @100,100 -> B @110,105\n-> C @120,100\n"
    assert of_samples(ask, right, [heap, right]) == [
        {"request": ask, "chosen": right, "rejected": heap, "origin": "samples:readability"}
    ]
    assert of_samples(ask, right, [heap, right], margin=5.0) == []
    assert of_samples(ask, right, [right, right]) == []  # nothing to learn from
    assert of_samples(ask, right, ["A ->"]) == []  # no side that could be drawn
