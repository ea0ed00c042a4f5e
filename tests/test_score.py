"""Ranking: match, agreement, gates, taste, and the files that say so."""

from __future__ import annotations

import json
from itertools import islice

import pytest
from PIL import Image

from diagen.data.images import NUM_LOOKS, UNSEEN
from diagen.data.synthetic import pairs
from diagen.diagram import canonical, parse
from diagen.models.autoencoder import ConvAutoEncoder
from diagen.render import PillowRenderer, layout, png
from diagen.render.source import Source
from diagen.score import Candidate, Readability, TasteOf, appearance, candidate_of, match, names_in, numbers_in, rank

FLOW = "Logs [data] -> Clean -> Train [model]\n"


@pytest.fixture(scope="module")
def readable() -> Readability:
    return Readability()


def test_scores_and_reasons(readable) -> None:
    good, other = Candidate(parse(FLOW), copies=3), Candidate(parse("Logs [data] -> Train [model]\n"))
    first, second = rank("Logs are cleaned, then we train on 64 Orca boards", [other, good], {"readability": readable})
    assert first is good, (first.readability, second.readability)
    assert 1 > first.agreement > second.agreement > 0
    assert 0 <= first.readability <= 5 and set(first.aspects) and first.worst in first.aspects
    assert first.misses == ("lacks 64", "lacks Orca") == first.reasons and first.match == pytest.approx(0.6)
    assert first.scores()["taste"] is None and json.dumps(first.scores())


def test_match_finds_numbers_and_names() -> None:
    network = parse("input 28x28x1\n2 conv 3x3 32 relu\ndense 128\noutput 10\n")
    assert match("28x28 images, two conv layers with 32 filters, 128 dense, ten classes", network) == (1.0, ())
    share, misses = match("28x28 images, 48 filters, 128 dense, 10 classes", network)
    assert misses == ("lacks 48",) and share == 0.75
    share, misses = match("documents are chunked and embedded", parse("Champion -> Chunk documents -> Embed\n"))
    assert misses == ("invents Champion",) and share == 0.75
    assert names_in('We send it to Debezium and feat_store_v2, then "raw data" to S3') == [
        "Debezium", "feat_store_v2", "raw data", "S3",
    ]  # fmt: skip


def test_a_request_that_only_names_a_thing_is_not_held_against_its_drawing() -> None:
    gan = parse(
        "Noise z [input] -> Generator [generator]\n-> Fake images [data]\n"
        "Real images [dataset] | Fake images -> Discriminator [discriminator]\n-> Real or fake? [output]\n"
    )
    assert match("draw me a GAN please", gan) == (1.0, ())
    vgg = parse("input 224x224x3\n2 conv 3x3 64\npool max\n2 conv 3x3 128\npool max\ndense 4096\noutput 1000\n")
    assert match("VGG-16 architecture", vgg) == (1.0, ()) == match("show the VGG-16 for 1000 classes", vgg)
    assert match("show the VGG-16 for 37 classes", vgg) == (0.0, ("lacks 37",))


@pytest.mark.parametrize(
    ("request_text", "numbers"),
    [
        ("3 inputs, 7 and 16 hidden, 1 output", [7, 16]),
        ("twenty-five units, eleven inputs, one output", [11, 25]),
        ("a layer of 4,096 units and 10k outputs, dropout 0.25", []),  # what can be read in two ways is not asked for
        ("two hundred and twelve", [12]),
        ("28*28 image, conv 3 * 3", [28]),
        ("은닉층 다섯 개, 각 64개", [5, 64]),
        ("시계열 예측 모델, 배열 열다섯 개", []),
        ("a layer half as wide as the 64 inputs", []),
        ("Layer 5: dense\nlayer 6: dense 64\n7) dense 32", [32, 64]),
        ("?", []),
    ],
)
def test_numbers_of_a_request(request_text, numbers) -> None:
    assert numbers_in(request_text) == numbers


def test_right_diagrams_of_networks_match_their_requests() -> None:
    rows = [row for row in islice(pairs(21), 1500) if row["source"] in ("network", "korean_network")]
    lacking = [row for row in rows if any(miss[6:].isdigit() for miss in match(row["request"], parse(row["text"]))[1])]
    assert len(rows) > 200 and len(lacking) < 0.04 * len(rows), [row["request"] for row in lacking[:5]]


def test_the_same_graph_in_other_words_of_style() -> None:
    one, two = parse("style night\n" + FLOW), parse("style down\nlogs [data] -> clean\n-> train [model]\n")
    assert canonical(one) == canonical(two) != canonical(parse(FLOW + "Train ..> Clean\n"))


def test_a_fault_sinks(readable) -> None:
    crowded = parse("A [data] @0,0,120,60 -> B [data] @30,10,120,60\n")
    ranked = rank(None, [Candidate(crowded), Candidate(parse("A -> B\n"))], {"readability": readable})
    assert not ranked[0].faults and ranked[1].reasons == ("nodes overlap",)


def test_without_ratings_the_total_is_the_base_score(readable, monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("DIAGEN_HOME", str(tmp_path))
    (found,) = rank("x", [Candidate(parse(FLOW))], {"readability": readable, "taste": TasteOf("me")})
    assert found.taste is None and found.total == pytest.approx(found.readability)
    assert not list(tmp_path.iterdir())


def test_ratings_bend_the_order(readable, monkeypatch, tmp_path) -> None:
    from diagen.data.ratings import Ratings

    monkeypatch.setenv("DIAGEN_HOME", str(tmp_path))
    texts = [
        f"style {theme}\nStep {i} [data] -> Clean {i} -> Train {i}\n" for i in range(8) for theme in ("night", "ink")
    ]
    with Ratings() as ratings:
        for text in texts:
            ratings.add("Ada", "r", text, 5 if "night" in text else 0)
        ratings.add("Ada", "r", "a text => of another language", 1)  # which is left out
        ratings.add("Eve", "r", "and of [another", 1)
    new = [Candidate(parse(f"style {theme}\nRaw [data] -> Chunk -> Embed\n")) for theme in ("ink", "night")]
    ranked = rank("x", new, {"readability": readable, "taste": TasteOf("Ada")})
    assert ranked[0].diagram.style.theme == "night" and ranked[0].taste > ranked[1].taste + 1
    assert ranked[0].ratings == 16
    (other,) = rank("x", new[:1], {"readability": readable, "taste": TasteOf("Bob")})
    other = Candidate(other.diagram)
    rank("x", [other], {"readability": readable, "taste": TasteOf("Bob")})
    assert other.taste is None
    rank("x", [other], {"readability": readable, "taste": TasteOf("Eve")})
    assert other.taste is None


def test_diagrams_are_scored_without_a_language_model(run, tmp_path) -> None:
    image = PillowRenderer()(layout(parse(FLOW)))
    (tmp_path / "d").mkdir()
    (tmp_path / "d/a.txt").write_text(FLOW)
    (tmp_path / "d/b.png").write_bytes(png(image, source=Source("", FLOW)))
    Image.effect_noise((300, 300), 90).save(tmp_path / "d/c.png")
    (tmp_path / "d/e.png").write_bytes(b"no picture")
    lines = [
        {"id": "n", "text": "[1, 100, 100, 'rectangle', 80, 40, 'solid arrow', (255, 255, 255), (0, 0, 0), [2]]\n"
         "[2, 300, 100, 'circle', 80, 40, 'solid arrow', (255, 255, 255), (0, 0, 0), []]"},
        {"id": "bad", "text": "A ->"},
    ]  # fmt: skip
    (tmp_path / "d/f.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\nnonsense\n")
    result = run("diagrams=d", "output=scores.jsonl")
    assert result.status == 0, result.err
    rows = {r["id"]: r for r in map(json.loads, (tmp_path / "scores.jsonl").read_text().splitlines())}
    assert set(rows) == {"a.txt", "b.png", "c.png", "e.png", "n", "bad", "line-3"}
    assert {i for i, r in rows.items() if "error" in r} == {"c.png", "e.png", "bad", "line-3"}
    assert set(rows["a.txt"]) == {"id", "readability", "aspects", "taste", "total"}
    assert rows["a.txt"]["readability"] == pytest.approx(rows["b.png"]["readability"], abs=0.05)
    small, large = Candidate(parse(FLOW)), Candidate(None, PillowRenderer(4)(layout(parse(FLOW))))
    Readability(computed=0)([small, large])  # a picture alone, as the net sees it
    assert small.readability == pytest.approx(large.readability, abs=0.05)
    assert rows["n"]["readability"] < rows["a.txt"]["readability"]
    assert "c.png is no diagram" in rows["c.png"]["error"]


def test_an_unknown_scorer_and_a_missing_net(run, tmp_path) -> None:
    (tmp_path / "a.txt").write_text(FLOW)
    result = run("diagrams=a.txt", "output=s.jsonl", "score=[beauty]")
    assert result.status == 1 and "score/beauty" in result.err
    result = run("diagrams=a.txt", "output=s.jsonl", "score.readability.weights=nowhere")
    assert result.status == 1 and "nowhere" in result.err and "train.py model=cnn" in result.err
    assert not (tmp_path / "s.jsonl").exists()


def test_taste_sees_what_a_small_picture_hardly_shows() -> None:
    net = ConvAutoEncoder(width=4).eval()
    round_, square, down = (candidate_of(f"style {words}\n{FLOW}", {}) for words in ("right", "right square", "down"))
    seen = appearance(net, [round_, square, down, Candidate(None, picture=square.image)])
    corners = NUM_LOOKS - 1
    assert [row[corners] for row in seen[:3]] == [0, net.reach, 0]
    assert seen[0, 5] > 0.5 * net.reach and abs(seen[2, 5]) < abs(seen[2, 6]) > 0.5 * net.reach  # to the right, down
    # A picture alone is what the net tells of it, and so is all else.
    rest = [i for i in range(NUM_LOOKS) if i not in UNSEEN]
    assert (seen[3] != seen[1])[list(UNSEEN)].all() and seen[3][rest] == pytest.approx(seen[1][rest], abs=1e-5)
