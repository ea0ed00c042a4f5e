"""The renderer: every diagram is drawn, the same way each time, and without the faults of the style guide."""

import base64
import io
import itertools
import json
import math
import random
import re
import time
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path

import pytest
from fontTools.pens.recordingPen import DecomposingRecordingPen
from fontTools.ttLib import TTFont
from PIL import Image, ImageChops

from diagen.diagram import KINDS, Diagram, Edge, Group, Node, Style, dump, parse
from diagen.render import PillowRenderer, SvgRenderer, faults, layout, nodelist
from diagen.render import scene as scenes
from diagen.render.dashes import covered, dashes, hidden
from diagen.render.drawio import DrawioRenderer
from diagen.render.drawn import as_drawn, with_sums
from diagen.render.kinds import sentence
from diagen.render.legend import with_legend
from diagen.render.pptx import PptxRenderer
from diagen.render.readability import WEIGHTS, readability
from diagen.render.scene import Box, Ellipse, Line, Text, bent, flattened, shaft, shifted
from diagen.render.text import FOLDER, faces_of, glyphs, measure, subset, unknown, visual, wrap

ROOT = Path(__file__).parents[1]

RAG = """title Retrieval-augmented generation
group Indexing (offline)
Documents [documents] -> Chunk text (512 tokens)
-> Embed chunks (bge-small) [embedding]
-> Vector store (FAISS) [store]
end
group Answering (online)
User [user] -> Question [input]
-> Embed query [embedding]
-> Retriever
Vector store (FAISS) -> Retriever : nearest chunks
Retriever -> Prompt
Question -> Prompt : question
Prompt -> LLM (7B, 4-bit) [model]
-> User : answer with citations
end
"""
GAN = """title Generative adversarial network
Noise z (z ~ N(0, I)) [input] -> Generator [generator] -> Fake sample [data]
Training set [dataset] -> Real sample [data]
Fake sample | Real sample -> Discriminator [discriminator] -> Real or fake [output] -> GAN loss [loss]
GAN loss ..> Generator : update G to fool D
GAN loss ..> Discriminator : update D to tell them apart
"""
LOOP = """title Training loop
Dataset [dataset] -> Mini-batch [data]
group For each mini-batch x10
-> Model (ResNet-18) [model] -> Predictions [data] -> Loss (cross-entropy) [loss]
Mini-batch -> Loss (cross-entropy) : labels
Loss (cross-entropy) -> Backward pass -> Optimizer (AdamW) [optimizer] : gradient step
..> Model (ResNet-18) : new weights
end
"""
DECISIONS = """title Build
style down
Commit [input] -> Run tests -> Tests pass? [decision] -> Build image : yes
Tests pass? -> Notify author : no
Notify author -> Commit : fix
Build image -> Scan clean? [decision] -> Deploy to staging : yes
Scan clean? -> Notify author : no
Deploy to staging -> Approved? [decision] -> Release [output] : yes
Approved? ..> Deploy to staging : retry later
"""
TRANSFORMER = """title Transformer encoder
style up
Tokens [text] -> Token embedding [embedding] -> Plus [add]
Positions [positional] -> Plus
group Encoder layer x12
Plus -> Multi-head attention [attention] -> Add & norm [norm] -> Feed forward -> Add & norm#2 [norm]
Plus -> Add & norm
Add & norm -> Add & norm#2
end
Add & norm#2 -> Linear + softmax [dense] -> Class probabilities [text]
"""
SERVICES = """title Serving cluster
User [user] -> Gateway (rate limit) [service]
group Serving cluster x3
group Model pool
Gateway (rate limit) -> Router [router] -> Model A (70 %) [model] | Model B (30 %) [model]
end
Model A (70 %) | Model B (30 %) -> Re-ranker
Re-ranker -> Cache (Redis) [cache]
Cache (Redis) -> Re-ranker
end
Re-ranker -> Response [output]
"""
KOREAN = """title 검색 증강 생성
style night
사용자 [user] -> 질문 [input] -> 임베딩 [embedding] -> 검색기 (코사인 유사도) -> 언어 모델 [model] -> 답변 [output]
문서 [documents] -> 청크 분할 -> 벡터 저장소 [store] -> 검색기 (코사인 유사도)
"""
MLP = "title Perceptron\ninput 2\ndense 3 relu\ndense 5 relu\noutput 1\n"
DEEP = "input 784\ndense 128 relu\ndropout 0.5\ndense 64 relu\noutput 10 softmax\n"
BARS = "title Autoencoder\ninput 4096\ndense 1024 relu\ndense 32\ndense 1024 relu\noutput 4096 sigmoid\n"
LENET = """title LeNet-5
input 32x32x1
-> C1 [conv 5x5 6 =28x28x6]
-> S2 [pool 2x2 =14x14x6]
-> C3 [conv 5x5 16 =10x10x16]
-> S4 [pool 2x2 =5x5x16]
flatten
-> F5 [dense 120] -> F6 [dense 84]
output 10
"""
LONG = "input 224x224x3\nrepeat 5\n2 conv 3x3 64 relu\npool max 2x2\nend\nflatten\n2 dense 4096\noutput 1000\n"
RESIDUAL = """input 56x56x64
group Residual block skip
conv 3x3 64
norm batch
activation relu
conv 3x3 64
norm batch
end
add
activation relu
"""
PLACED = """Agent [model] @300,60
Tools [service] @560,60,140,56
Memory [memory] @300,220
Agent -> Tools : call
Agent -> Memory : write
Memory -> Tools
"""
UNET = """Image [input] -> Down 1 [conv] -> Down 2 [conv] -> Pool [pool] -> Bottom [latent]
-> Up 2 [deconv] -> Up 1 [deconv] -> Mask [output]
Down 1 ..> Up 1 : copy
Down 2 ..> Up 2 : copy
"""
UNROLLED = """x1 [input] -> h1 [lstm] -> y1 [output]
h1 -> h2 [lstm]
x2 [input] -> h2
-> y2 [output]
h2 -> h3 [lstm]
x3 [input] -> h3
-> y3 [output]
"""
SERVERS = """Part 1 [data] -> Worker 1
Part 2 [data] -> Worker 2
Part 3 [data] -> Worker 3
Worker 1 | Worker 2 | Worker 3 -> Shard A [store] | Shard B [store] : gradients
Shard A | Shard B ..> Worker 1 | Worker 2 | Worker 3 : parameters
"""
STATIONS = """group On the ground station
Receiver -> Map stitcher -> Zone planner
end
Zone planner -> Sprayer [output] | Advisor [user]
Advisor ..> Zone planner
"""
AGENT = "Agent [model] -> Action [data]\n-> Environment\n-> Reward [reward]\n-> Replay [memory]\n-> Agent : learn\n"
TEXTS = {
    "rag": RAG, "gan": GAN, "loop": LOOP, "decisions": DECISIONS, "transformer": TRANSFORMER, "services": SERVICES,
    "korean": KOREAN, "mlp": MLP, "deep": DEEP, "bars": BARS, "lenet": LENET, "long": LONG, "residual": RESIDUAL,
    "placed": PLACED, "unet": UNET, "unrolled": UNROLLED, "agent": AGENT,
    "servers": SERVERS, "stations": STATIONS,
}  # fmt: skip
STRICT = [f"F{n}" for n in range(1, 9)]


def strict_faults(diagram: Diagram) -> dict[str, int]:
    """The errors among F1 to F8, those that occur."""
    return {name: n for name, n in faults.count(layout(diagram)).items() if name in STRICT and n}


@pytest.mark.parametrize("name", TEXTS)
def test_no_faults(name: str) -> None:
    found = faults.count(layout(parse(TEXTS[name])))
    assert not {k: v for k, v in found.items() if v}


@pytest.mark.parametrize("name", ["rag", "decisions", "mlp", "lenet", "servers", "stations"])
@pytest.mark.parametrize("direction", ["right", "left", "down", "up"])
@pytest.mark.parametrize("routing", ["", "straight"])
def test_no_faults_in_any_direction(name: str, direction: str, routing: str) -> None:
    diagram = parse(TEXTS[name])
    scene = layout(diagram, direction=direction, routing=routing)
    assert not {k: v for k, v in faults.count(scene).items() if k in STRICT and v}


def places(text: str) -> dict[str, tuple[float, float]]:
    """The middle of each node, by its label."""
    diagram = parse(text)
    found = {}
    for shape in layout(diagram).shapes:
        if isinstance(shape, Box) and shape.owner[0] == "node" and shape.role in ("box", "pill", "cylinder"):
            found[diagram.nodes[shape.owner[1]].label] = (shape.x + shape.w / 2, shape.y + shape.h / 2)
    return found


def test_copies_of_a_u_shape_are_level() -> None:
    at = places(UNET)
    assert at["Down 1"][1] == at["Up 1"][1] < at["Down 2"][1] == at["Up 2"][1] < at["Bottom"][1]
    assert at["Down 1"][0] < at["Down 2"][0] < at["Bottom"][0] < at["Up 2"][0] < at["Up 1"][0]


SLABS = """input 64x64x1
repeat 2
conv 3x3 32 relu
end
pool max 2x2
conv 3x3 64 relu
upsample 2x2
concat
repeat 2
conv 3x3 32 relu
end
output 1 sigmoid
conv 2 ..> concat 1 : copy
"""


def slabs(text: str) -> dict[str, Box]:
    diagram = parse(text)
    shapes = layout(diagram).shapes
    return {diagram.nodes[s.owner[1]].label: s for s in shapes if isinstance(s, Box) and s.role == "bar"}


def test_a_u_shape_of_layers_is_slabs() -> None:
    at = slabs(SLABS)
    assert set(at) == {"input 1", "conv 1", "conv 2", "conv 3", "conv 4", "conv 5", "output 1"}
    assert at["conv 1"].y == at["conv 5"].y < at["conv 3"].y and at["conv 1"].h > at["conv 3"].h
    assert at["conv 3"].w == at["conv 1"].w + 8  # 8 px for each doubling of channels
    copy = next(s for s in layout(parse(SLABS)).shapes if isinstance(s, Line) and s.dash)
    assert copy.points[0][0] == at["conv 2"].x + at["conv 2"].w and len({y for _, y in copy.points}) == 1


@pytest.mark.parametrize(
    "change",
    [
        ("conv 2 ..> concat 1", "conv 1 ..> concat 1"),  # from the middle of its level
        ("pool max 2x2\nconv 3x3 64 relu", "pool max 2x2\nconv 3x3 64 relu\nconv 1x1 64 relu"),  # two stages below
        ("upsample 2x2", "norm batch"),  # one step up is missing
        ("input 64x64x1", "style down\ninput 64x64x1"),
    ],
)
def test_what_is_no_u_of_slabs_is_boxes(change: tuple[str, str]) -> None:
    assert not slabs(SLABS.replace(*change)) and faults.errors(layout(parse(SLABS.replace(*change)))) == 0


CROWDED_SUM = """Hidden state [data] -> Layer norm [norm]
-> Router [router] | Dense path [model]
Router -> Expert 1 [model] | Expert 2 [model] | Expert 3 [model]
Expert 1 | Expert 2 | Expert 3 | Dense path | Hidden state -> Sum [add]
"""


@pytest.mark.parametrize(
    "text",
    [
        CROWDED_SUM,
        "style left wide\nSearch -> Job -> Log [store] | Router\nLog -> Balancer | Cache [cache]\nCache ..> Job\n"
        "Router -> Pure? [decision] -> Worker : yes\nPure? -> Balancer : no\n",  # a way back and an exit of a decision
        "style up straight\nBot -> Store : move\nStore -> Bot : observation\nStore -> Bot : score change\n",
        # An operator has one port on a side: for what comes in from its own rank, and for a way around what follows.
        "x [input] | State -> Concat [concat]\n-> Forget | Input | Candidate | Output\nMemory [memory] | Forget -> A "
        "[multiply]\nInput | Candidate -> B [multiply]\nA | B -> C [add]\nOutput -> D\n",
        "A -> B\n-> C\n-> P [add]\nA -> P\n-> D\n-> E\n-> Q [add]\nP -> Q\n-> F\n",
    ],
)
def test_no_faults_where_there_were_some(text: str) -> None:
    assert faults.count(layout(parse(text))) == dict.fromkeys(faults.NAMES, 0)


def test_a_u_shape_of_five_levels_fits_a_page() -> None:
    channels = (64, 128, 256, 512)
    down = "".join(f"2 conv 3x3 {c}\npool max 2x2\n" for c in channels) + "2 conv 3x3 1024\n"
    up = "".join(f"deconv 2x2 {c}\nconcat\n2 conv 3x3 {c}\n" for c in reversed(channels))
    text = f"input 572x572x1\n{down}{up}output 2 softmax\n"
    text += "".join(f"conv {2 * (5 - i)} -> concat {i} : skip\n" for i in range(1, 5))
    scene = layout(parse(text))
    told = [s.text for s in scene.shapes if isinstance(s, Text) and s.role == "operator"]
    assert len(slabs(text)) == 20 and told.count("Up-conv 2×2, 64") == 1
    assert scene.width <= 1170 and faults.errors(scene) == 0


def test_dots_stand_for_what_is_left_out() -> None:
    at = places(UNROLLED.replace("h2 -> h3 [rnn]", "h2 -> …\n… -> h3 [rnn]"))
    assert at["h2"][1] == at["h3"][1] and at["x3"][0] == at["h3"][0] == at["y3"][0]
    for dots in ("…", "⋯", "⋮"):
        scene = layout(parse(f"Batch -> Worker 1 -> Mean\nBatch -> {dots} -> Mean\nBatch -> Worker 9 -> Mean\n"))
        small = [(s.x, s.y) for s in scene.shapes if s.role == "dots"]
        assert len(small) == 3 and len({p[dots == "⋯"] for p in small}) == 1  # in a row, or one above the other
        assert not any(isinstance(s, Text) and s.text == dots for s in scene.shapes)
        assert faults.errors(scene) == 0


def test_a_long_network_is_drawn_by_stages() -> None:
    stages = (("64", 2), ("128", 2), ("256", 3), ("512", 3), ("512", 3))
    text = "input 224x224x3\n" + "".join(f"conv 3x3 {c} relu\n" * n + "pool max 2x2\n" for c, n in stages)
    scene = layout(parse(text + "flatten\ndense 4096 relu\ndense 4096 relu\noutput 1000 softmax\n"))
    told = [s.text for s in scene.shapes if isinstance(s, Text) and s.role == "caption"]
    assert told[1:6] == ["Conv 1–2", "Conv 3–4", "Conv 5–7", "Conv 8–10", "Conv 11–13"]
    assert scene.width <= 1170 and faults.errors(scene) == 0


def test_frames_stand_in_the_order_of_the_text() -> None:
    scene = layout(parse((ROOT / "docs/gallery/25-rlhf.txt").read_text(encoding="utf-8")))
    frames = {s.owner[1]: s.y for s in scene.shapes if isinstance(s, Box) and s.role == "frame"}
    assert frames[0] < frames[2] and frames[0] < frames[1]


MARKOV = """Sunny [circle] -> Sunny : 0.8
Sunny -> Rainy [circle] -> Cloudy [circle] : 0.3
Rainy -> Rainy : 0.4
Sunny -> Cloudy : 0.05
Cloudy -> Sunny : 0.5
"""


def test_lines_end_on_the_round_of_a_circle_and_loops_are_told_beside() -> None:
    scene = layout(parse(MARKOV))
    round_ones = {s.owner[1]: s for s in scene.shapes if isinstance(s, Ellipse) and s.role == "circle"}
    assert {s.rx for s in round_ones.values()} == {s.ry for s in round_ones.values()}
    loops = [s for s in scene.shapes if isinstance(s, Line) and s.role == "edge" and s.ends[0] == s.ends[1]]
    for line in (s for s in scene.shapes if isinstance(s, Line) and s.role == "edge"):
        body, (x, y) = round_ones[line.ends[0]], line.points[0]
        assert math.hypot(x - body.x, y - body.y) == pytest.approx(body.rx, abs=0.01)
    for loop in loops:
        told = next(s for s in scene.shapes if isinstance(s, Text) and s.owner == loop.owner)
        half = measure(told.text, told.size) / 2
        assert told.x + half < min(x for x, _ in loop.points) or told.x - half > max(x for x, _ in loop.points)
        assert min(y for _, y in loop.points) > round_ones[loop.ends[0]].y - 2 * round_ones[loop.ends[0]].ry
    assert len(loops) == 2 and faults.errors(scene) == 0


def test_a_line_bends_where_it_leaves_or_joins_others() -> None:
    text = "style down\nA -> B -> C -> D -> E -> Join -> Out\nA -> F -> G -> Join\n"
    scene = layout(parse(text))
    lines = [s for s in scene.shapes if isinstance(s, Line) and s.role == "edge" and s.ends[1] == 5]
    assert len(lines) == 2 and len({line.points[1][1] for line in lines}) == 1  # both turn right before the box
    at = places("style down\nA -> B | C | D -> Sum\n")
    assert at["Sum"][0] == at["C"][0] == at["A"][0]


def test_an_operator_stands_in_the_middle_of_three_inputs() -> None:
    scene = layout(parse("style up\nIn -> A [conv] | B [conv] | C [conv] | D [conv] -> Concat [concat] -> Out\n"))
    middle = next(s.x for s in scene.shapes if isinstance(s, Ellipse) and s.role == "op")
    boxes = sorted(s.x + s.w / 2 for s in scene.shapes if isinstance(s, Box) and s.role == "box")
    assert middle == pytest.approx((boxes[0] + boxes[-1]) / 2, abs=2)


def test_a_tower_with_a_frame_is_not_folded() -> None:
    steps = "".join(f"-> Layer {i} [dense]\n" for i in range(12))
    text = f"style up\nTokens [input] -> Embedding\ngroup Block x12\n-> Attention -> Norm\nend\n{steps}"
    assert len({x for x, _ in places(text).values()}) == 1
    assert len({x for x, _ in places(text.replace("group Block x12\n", "").replace("end\n", "")).values()}) == 2


def test_an_exit_of_a_decision_is_told_near_it() -> None:
    scene = layout(parse("A -> B -> C -> Done? [decision] -> D : yes\nDone? ..> A : no\n"), direction="down")
    diamond = next(s for s in scene.shapes if isinstance(s, scenes.Path) and s.role == "diamond")
    told = next(s for s in scene.shapes if isinstance(s, Text) and s.text == "no")
    assert min(y for _, y in diamond.points()) - 40 < told.y


def test_a_label_between_two_frames_has_room_there() -> None:
    text = "style up\ngroup Encoder\nA -> B\nend\ngroup Decoder\nC -> D -> E\nend\nB -> D : keys and values\n"
    scene = layout(parse(text))
    told = next(s for s in scene.shapes if isinstance(s, Text) and s.text == "keys and values")
    left, right = sorted((s.x, s.x + s.w) for s in scene.shapes if isinstance(s, Box) and s.role == "frame")
    half = measure(told.text, told.size) / 2
    assert left[1] + 4 <= told.x - half and told.x + half <= right[0] - 4


def test_figures_that_people_write_have_no_faults() -> None:
    rows = [json.loads(row) for row in (ROOT / "benchmarks/figures.jsonl").read_text(encoding="utf-8").splitlines()]
    found = {row["id"]: faults.count(layout(parse(row["text"]))) for row in rows}
    wrong = {id: {f: n for f, n in counts.items() if n} for id, counts in found.items()}
    assert len(rows) > 50 and not {id: counts for id, counts in wrong.items() if counts}


@pytest.mark.parametrize("direction", ["down", "up", "right", "left"])
@pytest.mark.parametrize("spacing", ["normal", "wide"])
def test_an_answer_to_a_user_ends_at_the_icon(direction: str, spacing: str) -> None:
    text = "Client [user] -> Server : request\nServer -> Client : response\nServer -> Worker 1 | Worker 2\n"
    scene = layout(parse(text), direction=direction, spacing=spacing)
    icon = next(s for s in scene.shapes if isinstance(s, Box) and s.role == "user")
    tip = next(s for s in scene.shapes if isinstance(s, Line) and s.ends == (1, 0)).points[-1]
    assert icon.x - 4 < tip[0] < icon.x + icon.w + 4 and icon.y - 4 < tip[1] < icon.y + icon.h + 4
    assert faults.errors(scene) == 0 and not scene.dropped


def test_a_figure_that_is_a_little_too_wide_gets_shorter_lines_in_its_boxes() -> None:
    rows = [json.loads(row) for row in (ROOT / "benchmarks/figures.jsonl").read_text(encoding="utf-8").splitlines()]
    text = next(row["text"] for row in rows if row["id"] == "mlops")  # frames side by side, feedback around them
    for direction in ("", "right", "down"):
        scene = layout(parse(text), direction=direction)
        assert scene.width <= 1170 and {"Experiment", "tracker"} <= {
            s.text for s in scene.shapes if isinstance(s, Text)
        }


@pytest.mark.parametrize("seed", [22, 40, 53])
def test_joined_boxes_of_large_figures_are_in_line_or_well_apart(seed: int) -> None:
    from benchmarks.large import large

    r = random.Random(seed)
    scene = layout(parse(dump(large(r, r.randint(40, 80)))))
    assert faults.count(scene)["F16"] == 0


def test_marks_stand_over_their_letters() -> None:
    hat = "\u0302"
    assert measure("x" + hat, 13) == measure("x", 13)
    (_, _, at, none), (_, _, over, rise), _ = glyphs("x" + hat, 400)
    assert (at, none, rise) == (0, 0, 0) and 0 < over < 1000
    assert glyphs("X" + hat, 400)[1][3] > 200  # clear of a capital
    assert visual("\u05e9\u05c1\u05dc") == "\u05dc\u05e9\u05c1"  # turned round, each letter with its mark
    assert sentence("x" + hat + " and y") == "x" + hat + " and y" and sentence("e\u0301tape") == "E\u0301tape"
    image = PillowRenderer(4)(layout(parse(f"A -> x{hat} [text]")))
    plain = PillowRenderer(4)(layout(parse("A -> x [text]")))
    box = ImageChops.difference(image, plain).getbbox()  # nothing moves; a few pixels above the x
    assert image.size == plain.size and box and box[2] - box[0] < 30 and box[3] - box[1] < 20


def test_arabic_is_joined_and_runs_from_the_right() -> None:
    word = "\u0633\u0644\u0627\u0645"  # seen, lam, alef, meem
    assert visual(word) == "\ufee1\ufefc\ufeb3"  # as they are drawn from the left: meem, lam-alef, the seen that begins
    assert measure(word, 13) == measure(visual(word), 13)
    assert visual(word + " CNN v2") == "CNN v2 " + visual(word)  # what is Latin in it stays in its own order
    assert visual("CNN " + word) == "CNN " + visual(word)
    drawn = SvgRenderer()(layout(parse(f"title {word} net\n{word} [data] -> B")))
    texts = [e for e in ElementTree.fromstring(drawn).iter() if e.tag.endswith("}text")]
    ways = {e.text: (e.get("direction"), e.get("text-anchor")) for e in texts}
    assert ways == {f"{word} net": ("rtl", "end"), word: ("rtl", "middle"), "B": (None, "middle")}


STACKED = """Image [input] -> Stem [conv]
group Block 1 skip
-> Conv 1 [conv] -> Conv 2 [conv]
end
group Block 2 skip
-> Conv 3 [conv] -> Conv 4 [conv]
end
-> Head [dense]
"""


def test_stacked_blocks_get_the_sums_that_they_leave_out() -> None:
    diagram = parse(STACKED)
    summed = with_sums(diagram)
    names = summed.names()
    told = {(names[e.source], names[e.target]) for e in summed.flow()}
    assert {("Stem", "Sum"), ("Conv 2", "Sum"), ("Sum", "Conv 3"), ("Sum", "Sum#2"), ("Conv 4", "Sum#2")} <= told
    assert ("Sum#2", "Head") in told and ("Conv 4", "Head") not in told and len(told) == 10
    scene = layout(diagram)
    assert faults.errors(scene) == 0 and not [s for s in scene.shapes if s.role == "bridge"]  # no line crosses another
    for export in (PptxRenderer(), DrawioRenderer()):
        assert export(scene, diagram)
    # One block alone, one that ends in its own sum, and repeated ones are drawn as they are written.
    alone = parse(STACKED.replace("group Block 2 skip", "group Block 2"))
    own = parse(STACKED.replace("end\n-> Head", "end\n-> Add [add] -> Head"))
    assert with_sums(alone) == alone and len(with_sums(own).nodes) == len(own.nodes) + 1
    many = parse(STACKED.replace("Block 1 skip", "Block 1 x3 skip").replace("Block 2 skip", "Block 2 x2 skip"))
    assert with_sums(many) == many


def test_a_loop_is_a_rectangle() -> None:
    at = places(AGENT)
    assert at["Agent"][1] == at["Action"][1] == at["Environment"][1] < at["Reward"][1]
    assert at["Reward"][0] == at["Environment"][0] > at["Agent"][0]


def test_an_unrolled_network_has_inputs_below_and_outputs_above() -> None:
    at = places(UNROLLED)
    for i in "123":
        assert at[f"x{i}"][0] == at[f"h{i}"][0] == at[f"y{i}"][0]
        assert at[f"y{i}"][1] < at[f"h{i}"][1] < at[f"x{i}"][1]


BOTH_WAYS = """x1 [input] -> F1 | B1
x2 [input] -> F2 | B2
x3 [input] -> F3 | B3
F1 -> F2 -> F3
B3 -> B2 -> B1
F1 | B1 -> y1 [output]
F2 | B2 -> y2 [output]
F3 | B3 -> y3 [output]
"""


@pytest.mark.parametrize("along", ["right", "down"])
def test_what_reads_in_both_directions_has_a_column_for_each_step(along: str) -> None:
    at = places(f"style {along}\n{BOTH_WAYS}")
    step, across = (0, 1) if along == "right" else (1, 0)
    columns = [{at[name + i][step] for name in "xFBy"} for i in "123"]
    assert [len(column) for column in columns] == [1, 1, 1]
    assert max(columns[0]) < max(columns[1]) < max(columns[2])
    for i in "123":
        order = [at[name + i][across] for name in "xFBy"]
        assert order in (sorted(order), sorted(order)[::-1])
    assert not any(strict_faults(parse(f"style {along}\n{BOTH_WAYS}")).values())


def test_recurrent_layers_are_a_chain_and_no_network_in_time() -> None:
    at = places("style down\nembedding 64\n2 lstm 300\noutput 15 softmax\n")
    assert len({x for x, _ in at.values()}) == 1 and len(at) == 4


def test_a_join_of_all_with_all_is_one_line_there_and_one_back() -> None:
    for direction in ("right", "down"):
        scene = layout(parse(SERVERS), direction=direction)
        lines = [s for s in scene.shapes if isinstance(s, Line) and s.role == "edge" and s.bus >= 0]
        assert len(lines) == 12 and {line.bus for line in lines} == {0, 1}
        assert all(line.dash == bool(line.casing) for line in lines)  # dashes do not fill each other's gaps
        told = [s.text for s in scene.shapes if isinstance(s, Text)]
        assert told.count("gradients") == told.count("parameters") == 1
    straight = [s.text for s in layout(parse(SERVERS), routing="straight").shapes if isinstance(s, Text)]
    assert straight.count("gradients") == straight.count("parameters") == 1


def test_faults_are_seen() -> None:
    scene = layout(parse("A -> B -> C"), direction="right")
    broken = [replace(s, x=s.x + 90) if s.owner == ("node", 1) else s for s in scene.shapes]  # B runs into C
    found = faults.count(replace(scene, shapes=tuple(broken)))
    assert found["F2"] and found["F8"]
    pale = [replace(s, colour="#DDDDDD") if isinstance(s, Text) else s for s in scene.shapes]
    assert faults.count(replace(scene, shapes=tuple(pale)))["F18"] == 3
    assert faults.warnings(replace(scene, height=scene.height * 12))["F19"] == 2


def test_readability_falls_with_every_damage() -> None:
    scene = layout(parse(RAG))
    good, terms = readability(scene)
    assert good > 3 and all(0 <= value <= 1 for value in terms.values()) and list(terms) == list(WEIGHTS)

    def damaged(**changes) -> dict[str, float]:
        shapes = tuple(changes["shape"](s) for s in scene.shapes) if "shape" in changes else scene.shapes
        size = {k: v for k, v in changes.items() if k != "shape"}
        total, found = readability(replace(scene, shapes=shapes, **size))
        assert total < good - 0.1
        return found

    chunk = damaged(shape=lambda s: shifted(s, 150, 0) if s.owner == ("node", 1) else s)
    assert chunk["overlap"] < terms["overlap"] and chunk["fit"] < terms["fit"]
    assert damaged(width=scene.width * 0.7)["canvas"] < 0.8
    assert damaged(width=scene.width * 3)["type"] < terms["type"]
    assert damaged(shape=lambda s: replace(s, colour="#E8E8E8") if isinstance(s, Text) else s)["contrast"] < 0.6
    assert damaged(height=scene.height * 5)["emptiness"] < 0.5
    assert readability(layout(parse("A -> B\n-> C\n-> D\n")))[1]["alignment"] == 1
    skewed = damaged(shape=lambda s: shifted(s, 0, 9 * s.owner[1] ** 2) if s.owner[0] == "node" else s)
    assert skewed["alignment"] < terms["alignment"]


def test_node_lists_are_drawn_as_their_author_did() -> None:
    text = "[1, 100, 100, 'rectangle', 80, 40, 'solid arrow', (9, 9, 9), (0, 0, 0), [2]]\n"
    text += "[2, 990, 100, 'circle', 80, 80, 'solid line', (9, 9, 9), (0, 0, 0), []]\n"
    scene = nodelist.draw(parse(text))
    line = next(s for s in scene.shapes if isinstance(s, Line))
    assert (scene.width, scene.height) == (1000, 600) and line.points == ((100, 100), (950, 100))
    _, terms = readability(scene)
    assert terms["canvas"] < 1 and terms["words"] == 1 and terms["overlap"] == 1


def test_transparent_ground() -> None:
    scene = layout(parse(RAG))
    image = PillowRenderer(scale=1, transparent=True)(scene)
    assert image.mode == "RGBA" and image.getpixel((2, 2))[3] == 0
    on_white = Image.new("RGBA", image.size, "white")
    on_white.alpha_composite(image)
    usual = PillowRenderer(scale=1)(scene)
    difference = ImageChops.difference(on_white.convert("RGB"), usual).getextrema()
    assert max(high for _, high in difference) <= 3
    assert "mask" in SvgRenderer(transparent=True)(scene) and "mask" not in SvgRenderer()(scene)


def test_svg_carries_its_letters() -> None:
    text = SvgRenderer()(layout(parse(KOREAN)))
    faces = re.findall(r"font-family:'([^']+)';font-weight:([\d ]+);src:url\(data:font/ttf;base64,([^)]+)\)", text)
    assert {family for family, *_ in faces} == {"Inter", "DiagenHangul"}
    letters = set()
    for _, _, data in faces:
        letters |= set(map(chr, TTFont(io.BytesIO(base64.b64decode(data))).getBestCmap()))
    said = set("".join(t.text or "" for t in ElementTree.fromstring(text).iter("{http://www.w3.org/2000/svg}text")))
    assert said - {" "} <= letters and len(letters) < 80
    assert "font-face" not in SvgRenderer(embed=False)(layout(parse(KOREAN)))


@pytest.mark.parametrize(
    ("face", "letters"),
    [
        ("Inter-Medium.ttf", "AVATo. fghéÅ×–…"),
        ("DiagenHangul-Medium.ttf", "가나다 한국어 힣"),
        ("DiagenEmoji-Regular.ttf", "🚀✅🔥🤖"),
        ("DejaVuSans.ttf", "∈ℝ∇⋮ǅﺎ"),
    ],
)
def test_letters_that_are_cut_from_a_face_are_those_of_the_face(face: str, letters: str) -> None:
    whole, small = TTFont(FOLDER / face), TTFont(io.BytesIO(subset(face, letters)), checkChecksums=2)
    names, few = whole.getBestCmap(), small.getBestCmap()
    assert set(map(chr, few)) == set(letters) & set(map(chr, names))
    assert len(small.getGlyphOrder()) < 3 * len(letters)
    for code, name in few.items():
        drawn = []
        for font, glyph in ((whole, names[code]), (small, name)):
            drawn.append(DecomposingRecordingPen(font.getGlyphSet()))
            font.getGlyphSet()[glyph].draw(drawn[-1])
            drawn.append(font["hmtx"][glyph])
        assert drawn[0].value == drawn[2].value and drawn[1] == drawn[3]
    if "kern" in whole:
        pairs = small["kern"].kernTables[0].kernTable
        assert pairs and (few[ord("A")], few[ord("V")]) in pairs
        letter = {glyph: names[code] for code, glyph in few.items()}
        far = whole["kern"].kernTables[0].kernTable
        assert all(value == far[letter[one], letter[two]] for (one, two), value in pairs.items())


def test_svg_is_the_same_at_any_time(monkeypatch) -> None:
    scene, made = layout(parse(RAG)), []
    for seconds in ("1", "999999999"):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", seconds)  # what fontTools writes into a font as its last change
        subset.cache_clear()
        made.append(SvgRenderer()(scene))
    assert made[0] == made[1]


def test_emoji_are_drawn_and_what_no_font_has_is_told() -> None:
    assert {face for _, face in faces_of("🚀✅🔥🤖👍🏽🇰🇷", 400)} == {"DiagenEmoji-Regular.ttf"}
    assert measure("👍🏽", 12) == measure("👍", 12)  # a tone of skin is nothing of its own
    assert unknown("훈련 → done ✅") == ""
    assert unknown("训练 data 训") == "训练"


def test_svg_tells_what_it_shows() -> None:
    text = SvgRenderer(width="6.75in")(layout(parse(GAN)))
    root = ElementTree.fromstring(text)
    told = root.find("{http://www.w3.org/2000/svg}desc").text
    assert "GAN loss to Generator (update G to fool D)" in told
    assert root.attrib["width"] == "6.75in" and root.attrib["height"].endswith("in")


@pytest.mark.parametrize("theme", ["paper", "outline", "ink", "slide", "night"])
def test_picture(theme: str) -> None:
    scene = layout(parse(GAN), theme=theme)
    image = PillowRenderer(scale=2)(scene)
    assert image.size == (round(scene.width * 2), round(scene.height * 2))
    assert image.mode == "RGB"
    assert len(image.getcolors(1 << 24) or ()) > 20


def test_pixels_repeat_and_do_not_leak() -> None:
    draw = PillowRenderer(scale=1)
    before = draw(layout(parse(LOOP))).tobytes()
    draw(layout(parse(RAG), theme="night"))
    assert draw(layout(parse(LOOP))).tobytes() == before
    assert SvgRenderer()(layout(parse(LOOP))) == SvgRenderer()(layout(parse(LOOP)))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind(kind: str) -> None:
    nodes = (Node("Start", "input"), Node("Any words", kind), Node("Finish", "box"))
    diagram = Diagram(nodes, (Edge(0, 1), Edge(1, 2), Edge(0, 2, "line", "past it")))
    assert not strict_faults(diagram)
    words = {s.text for s in layout(diagram).shapes if isinstance(s, Text)}
    assert "Any words" in words


def test_scale_multiplies_everything() -> None:
    one, two = layout(parse(GAN)), layout(parse(GAN), scale="2")
    assert two.width == pytest.approx(2 * one.width, abs=4)
    assert not any(faults.count(two).values())


def test_positions_are_kept() -> None:
    shapes = layout(parse(PLACED)).shapes
    boxes = {s.owner[1]: s for s in shapes if isinstance(s, Box) and s.owner[0] == "node" and s.role == "box"}
    agent, tools = boxes[0], boxes[1]
    assert tools.x + tools.w / 2 - agent.x - agent.w / 2 == pytest.approx(260)
    assert (tools.w, tools.h) == (140, 56)


def test_svg_is_escaped_xml() -> None:
    nodes = (Node('a < b & "c"'), Node("안녕 <script>alert(1)</script>"))
    scene = layout(Diagram(nodes, (Edge(0, 1, "arrow", "x > y & z"),), title="A & B <i>"))
    text = SvgRenderer()(scene)
    root = ElementTree.fromstring(text)
    words = [t.text for t in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "x > y & z" in words
    assert "<script" not in text
    assert root.attrib["viewBox"] == f"0 0 {scene.width:g} {scene.height:g}"
    assert len({g.attrib["id"] for g in root.iter("{http://www.w3.org/2000/svg}g")}) == len(
        list(root.iter("{http://www.w3.org/2000/svg}g"))
    )


@pytest.mark.parametrize("seed", range(30))
def test_anything_is_drawn(seed: int) -> None:
    layout(_random(random.Random(seed)))


def _random(r: random.Random) -> Diagram:
    words = "load split model 검색 שלום مرحبا 🙂 supercalifragilisticexpialidocious vector store x y".split()
    count = r.choice([1, 2, 3, 5, 8, 13])
    nodes = tuple(
        Node(" ".join(r.choices(words, k=r.choice([1, 2, 5, 12]))) + f" {i}", r.choice(KINDS)) for i in range(count)
    )
    edges = tuple(
        Edge(r.randrange(count), r.randrange(count), r.choice(["arrow", "line", "dashed-arrow"]), r.choice(["", "a b"]))
        for _ in range(r.choice([0, count, 2 * count]))
    )
    start = r.randrange(count + 1)
    stop = r.randint(start, count)
    groups = (Group("A frame", start, stop, r.choice([1, 4]), r.random() < 0.3), Group("", start, start))
    style = Style(direction=r.choice(["", "right", "left", "up", "down"]), routing=r.choice(["", "straight"]))
    return Diagram(nodes, edges, groups[: r.randint(0, 1)], "Anything", style)


def test_hundreds_of_nodes() -> None:
    r = random.Random(5)
    nodes = tuple(Node(f"Node {i}") for i in range(500))
    edges = tuple(Edge(r.randrange(500), r.randrange(500)) for _ in range(2000))
    scene = layout(Diagram(nodes, edges))
    assert max(PillowRenderer(scale=0.5)(scene).size) > 100


@pytest.mark.parametrize(
    "label, shown",
    [
        ("clean data", "Clean data"),
        ("char cnn", "Char CNN"),
        ("xgboost", "XGBoost"),
        ("claims_db", "claims_db"),
        ("x² + y²", "x² + y²"),
        ("train.py", "train.py"),
        ("cafe\u0301", "Café"),
    ],
)
def test_words_as_they_are_printed(label: str, shown: str) -> None:
    texts = [s.text for s in layout(parse(f"{label} -> B\n")).shapes if isinstance(s, Text)]
    assert shown in texts


def test_text_is_measured_and_wrapped() -> None:
    assert measure("iiii", 14, 500) < measure("MMMM", 14, 500)
    assert measure("가나다", 14, 500) > 30
    lines, cut = wrap("Bidirectional cross-attention with rotary positions", 14, 500, 160)
    assert len(lines) <= 3 and not cut
    assert max(measure(line, 14, 500) for line in lines) <= 160
    assert wrap("word " * 100, 14, 500, 160)[1]


def texts_of(text: str) -> list[str]:
    return [s.text for s in layout(parse(text)).shapes if isinstance(s, Text)]


def test_dashes_end_whole_and_beside_a_label_too() -> None:
    rows = [json.loads(row) for row in (ROOT / "benchmarks/figures.jsonl").read_text(encoding="utf-8").splitlines()]
    told = specks = 0
    for row in rows:
        scene = layout(parse(row["text"]))
        areas = hidden(scene)
        for line in (s for s in scene.shapes if isinstance(s, Line) and s.dash):
            points = flattened(bent(shaft(line), line.radius), 8)
            length = sum(math.dist(a, b) for a, b in itertools.pairwise(points))
            on, off = dashes(points, areas[line.owner], 1)
            assert 3.5 < on < 7.5 and abs(on / off - 1.25) < 1e-9
            assert abs((length + off) / (on + off) - round((length + off) / (on + off))) < 1e-6
            for low, high in covered(points, areas[line.owner]):
                pieces = low % (on + off) / on, 1 - high % (on + off) / on
                told += 2
                specks += sum(0.05 < piece < 0.5 for piece in pieces)
    assert told > 30 and not specks


def test_what_is_optional_or_frozen_has_a_dashed_frame() -> None:
    scene = layout(parse("group Frozen encoder\nA -> B\nend\ngroup Decoder\n-> C -> D\nend\n"))
    assert [s.dash for s in scene.shapes if s.role == "frame" and isinstance(s, Box)] == [True, False]
    on, off = map(float, re.findall(r'stroke-dasharray="([\d.]+) ([\d.]+)"', SvgRenderer(embed=False)(scene))[0])
    frame = next(s for s in scene.shapes if isinstance(s, Box) and s.dash)
    length = 2 * (frame.w + frame.h) - (8 - 2 * math.pi) * frame.radius
    assert abs(on - 5) < 0.2 and 1.2 < on / off < 1.3 and abs((length + off / 2) % (on + off) - off / 2) < 0.6


def test_names_and_second_lines_of_networks_are_kept() -> None:
    named = texts_of("x [input 3] -> dense features [dense 4]\n-> y [output 2]\n")
    assert "Dense features" in named and "Hidden" not in named
    assert "Hidden" in texts_of("input 3\ndense 4\noutput 2\n")
    maps = texts_of(
        "input 32x32x1\n-> C1 (feature extractor) [conv 5x5 6]\n-> S2 (subsample) [pool 2x2]\n-> output [output 10]\n"
    )
    assert {"feature extractor", "subsample"} <= {text.lower() for text in maps}


def test_bars_run_the_way_that_was_asked_for() -> None:
    scene = layout(parse("style left\ninput 4096\ndense 1024\ndense 32\noutput 4096\n"))
    at = {s.owner[1]: s.x for s in scene.shapes if s.owner[0] == "node" and isinstance(s, Text)}
    assert at[0] > at[3]


def test_long_names_of_neurons_are_wrapped() -> None:
    scene = layout(parse("x [input 3] -> " + "word " * 90 + "[dense 4]\n-> y [output 2]\n"))
    assert scene.width < 1200 and scene.full_labels


@pytest.mark.parametrize(
    "text",
    [
        "A -> Ready? (when every single one of the workers has reported back to the coordinator) [decision]\n",
        "group " + "Very long group title indeed " * 3 + "\nA -> B\nend\n",
    ],
)
def test_all_that_was_cut_is_known(text: str) -> None:
    scene = layout(parse(text))
    ((_owner, whole),) = scene.full_labels
    assert not any(whole == s.text for s in scene.shapes if isinstance(s, Text))


def test_straight_lines_end_at_the_outline() -> None:
    scene = layout(parse("style straight\nA @0,0 -> B [decision] @300,200\nA -> Add [add] @-300,250\n"))
    assert faults.errors(scene) == 0
    (inside,) = [s for s in scene.shapes if isinstance(s, Line) and s.role == "edge" and s.ends[1] == 2]
    body = next(faults.body_of(s) for s in scene.shapes if s.owner == ("node", 2) and s.role == "op")
    moved = replace(inside, points=(inside.points[0], (body.rect.cx, body.rect.cy)))
    wrong = replace(scene, shapes=tuple(moved if s is inside else s for s in scene.shapes))
    assert faults.count(wrong)["F8"] == 1


def test_two_lines_that_join_nothing_may_cross() -> None:
    one, other = Line(((0, 0), (10, 10)), "#000000", 1.5), Line(((0, 10), (10, 0)), "#000000", 1.5)
    assert faults.crossings([one, other]) == [90.0]


def test_names_are_the_users_own() -> None:
    kept = "μ", "ŷ", "x̂", "ẑ₀", "π(a given s)", "nn.Linear", "argmax", "log σ²", "dbt models", "claims_db"
    assert [sentence(word) for word in kept] == list(kept)
    raised = {"load data": "Load data", "a model": "A model", "évaluer": "Évaluer", "log files": "Log files"}
    assert {word: sentence(word) for word in raised} == raised


def test_words_break_at_blanks_before_hyphens() -> None:
    assert wrap("Masked multi-head attention", 13, 500, 160)[0] == ("Masked multi-head", "attention")
    assert wrap("supercalifragilistic-expialidocious", 13, 500, 160)[0] == ("supercalifragilistic-", "expialidocious")


def test_a_direction_that_does_not_fit_is_named() -> None:
    chain = "".join(f"A rather long step {i} -> A rather long step {i + 1}\n" for i in range(3))
    assert layout(parse("style right\n" + chain)).dropped == ()
    name = "A rather long name of a box {}"
    wide = "".join(f"{name} -> {name} : with a rather long label {i}\n".format(i, i + 1) for i in range(3))
    wide += "".join(f"{name} -> Z{i}\nZ{i} -> {name}\n".format(i, i + 1) for i in range(3))
    scene = layout(parse("style right\n" + wide))
    assert scene.dropped == ("right",) and scene.width < scene.height


def test_huge_and_crowded_figures_end() -> None:
    """Neither the size of the canvas nor the number of labels decides how long it takes; minutes before."""
    far = layout(parse("A [data] @-90000,-90000\nB [data] @90000,90000\nA -> B\n"))
    start = time.process_time()
    readability(far)
    r = random.Random(1)
    crowd = "".join(f"N{i} -> N{i + 1}\n" for i in range(99))
    crowd += "".join(f"N{r.randrange(100)} -> N{r.randrange(100)} : word {k}\n" for k in range(102))
    layout(parse(crowd))
    placed = "".join(f"n{i} [data] @{r.randrange(1600)},{r.randrange(1200)}\n" for i in range(60))
    layout(parse(placed + "".join(f"n{r.randrange(60)} -> n{r.randrange(60)}\n" for _ in range(60))))
    framed = "style straight\n" + "".join(
        f"group G{g}\n" + "".join(f"n{i} [data]\n" for i in range(10 * g, 10 * g + 10)) + "end\n" for g in range(6)
    )
    layout(parse(framed + "".join(f"n{r.randrange(60)} -> n{r.randrange(60)} : word {k}\n" for k in range(99))))
    assert time.process_time() - start < 30


def test_lanes_between_the_boxes_of_a_frame_run_through_it_and_past_its_badge() -> None:
    text = (
        "noise level [input] | label y [input] -> conditioning MLP [dense]\npatch tokens [input]\ngroup DiT block x21\n"
        "patch tokens -> modulate 1 [norm]\n-> self-attention [attention]\n-> add 1 [add]\n-> adaLN 2 [norm]\n"
        "-> feed-forward [feedforward]\n-> add 2 [add]\nend\nconditioning MLP -> modulate 1 | adaLN 2\n"
        "patch tokens -> add 1 : skip\nadd 1 -> add 2 : skip\n-> noise [output]\n"
    )
    for words in ({}, {"spacing": "wide", "theme": "outline"}, {"spacing": "compact", "shapes": "square"}):
        scene = layout(parse(text), **words)
        assert [s.role for s in scene.shapes].count("frame") == 1 and faults.errors(scene) == 0


def test_a_line_from_beside_the_foot_of_a_trapezoid_begins_at_its_slanted_side() -> None:
    text = (
        "text [text] -> normalize\n-> phonemes [data]\n-> phoneme encoder [encoder]\nreference clip [input] -> "
        "speaker encoder [encoder]\nphoneme encoder | speaker encoder -> add [add]\n-> mel decoder [model]\n"
        "phoneme encoder -> pitch predictor\n-> mel decoder\n"
    )
    for direction in ("", "down", "up"):
        assert faults.errors(layout(parse(text), direction=direction)) == 0


EXPERTS = "Tokens [input] -> Gate [router]\n-> " + " | ".join(f"Expert {i}" for i in range(1, 9)) + "\n-> Sum\n"


def test_many_equal_branches_become_dots() -> None:
    for text in (EXPERTS, "group Experts\n" + EXPERTS + "end\n"):
        diagram = parse(text)
        shown = as_drawn(diagram)
        assert len(diagram.nodes) == 11 and [n.label for n in shown.nodes[2:7]] == [
            "Expert 1", "Expert 2", "Expert 3", "…", "Expert 8"
        ]  # fmt: skip
        assert as_drawn(shown) == shown and len(shown.edges) == 11
        for direction in ("right", "down"):
            scene = layout(diagram, direction=direction)
            dots = [s for s in scene.shapes if s.role == "dots"]
            # As the branches stand, and no arrow leads to them.
            assert len(dots) == 3 and len({s.x if direction == "right" else s.y for s in dots}) == 1
            assert sum(isinstance(s, Line) and s.role == "edge" for s in scene.shapes) == 9
            assert faults.errors(scene) == 0 and "Expert 5" in scene.description
        for export in (PptxRenderer(), DrawioRenderer()):
            assert export(layout(diagram), diagram)
    # Six are drawn, and so are those with a name, an arrow, a look or a frame of their own.
    six = "A -> " + " | ".join(f"B {i}" for i in range(6)) + "\n-> C\n"
    for other in (
        six,
        EXPERTS.replace("Expert 5", "Shared expert"),
        EXPERTS + "Expert 5 -> Log\n",
        EXPERTS.replace("Expert 5", "Expert 5 [model]"),
        "A -> B 1 | B 2 | B 3 | B 4\ngroup More\nA -> B 5 | B 6 | B 7\nend\n",
    ):
        assert as_drawn(parse(other)) == parse(other)


def test_dots_that_a_user_writes_stand_as_the_branches_do() -> None:
    written = parse("Input -> h1 | h2 | … | hn -> Sum\n")
    for direction, across in (("right", "x"), ("down", "y")):
        scene = layout(written, direction=direction)
        assert len({getattr(s, across) for s in scene.shapes if s.role == "dots"}) == 1
        assert sum(isinstance(s, Line) for s in scene.shapes) == 6


def test_several_words_in_parentheses_stand_below_the_title() -> None:
    scene = layout(parse("title Fine-tuning (two epochs, LoRA)\nA -> B\n"))
    told = {s.role: s for s in scene.shapes if isinstance(s, Text) and s.role in ("title", "subtitle")}
    assert told["title"].text == "Fine-tuning" and told["subtitle"].text == "Two epochs, LoRA"
    assert told["subtitle"].y > told["title"].y and told["subtitle"].size < told["title"].size
    assert scene.title == "Fine-tuning (two epochs, LoRA)" and faults.errors(scene) == 0
    short = layout(parse("title Variational autoencoder (VAE)\nA -> B\n"))
    assert [s.text for s in short.shapes if s.role == "title"] == ["Variational autoencoder (VAE)"]


STACK = (
    "Tokens [input] -> Embedding [embedding]\ngroup Layer x6\n-> Attention [attention]\n-> Norm [norm]\n"
    "-> Feed forward [feedforward]\nend\n-> Logits [output]\n"
)


def test_a_stack_begins_and_ends_with_bare_words() -> None:
    def roles(text: str, direction: str) -> dict[int, str]:
        scene = layout(parse(text), direction=direction)
        assert faults.errors(scene) == 0
        return {s.owner[1]: s.role for s in scene.shapes if s.owner[0] == "node" and s.role in scenes.OUTLINES}

    up = roles(STACK, "up")
    assert up[0] == up[5] == "bare" and set(list(up.values())[1:5]) == {"box"}
    assert roles(STACK, "right")[0] == "pill"
    # A step among them, or a layer at the end, and all keep their boxes.
    assert roles(STACK.replace("-> Logits", "-> Decode\n-> Logits"), "up")[0] == "pill"
    assert roles(STACK.replace("Logits [output]", "Logits [output 10]"), "up")[5] == "pill"
    boxes = {s.owner[1]: s for s in layout(parse(STACK), direction="up").shapes if s.role == "box"}
    assert [boxes[i].h for i in (2, 3, 4)] == [48, 36, 48]
    assert boxes[2].y - (boxes[3].y + boxes[3].h) == 20


def test_two_lines_into_a_discriminator_stay_apart() -> None:
    scene = layout(parse("Fake -> Judge [discriminator]\nReal -> Judge\n-> Verdict\n"))
    tips = sorted(s.points[-1][1] for s in scene.shapes if isinstance(s, Line) and s.ends[1] == 1)
    assert tips[1] - tips[0] == 32 and faults.errors(scene) == 0


LEGEND = "Data [dataset] -> Model [model] -> Loss [loss]\n-> Optimizer [optimizer]\n..> Model : new weights\n"


def test_legend() -> None:
    diagram = parse(LEGEND)
    scene = layout(diagram)
    keyed = with_legend(scene, diagram)
    told = [s.text for s in keyed.shapes if isinstance(s, Text) and s.role == "legend"]
    assert told == ["optimizer", "model", "dataset", "loss", "flow", "feedback"]
    assert keyed.shapes[: len(scene.shapes)] == scene.shapes and keyed.width == scene.width
    assert faults.errors(keyed) == 0 and faults.count(keyed)["F1"] == 0
    left, top, right, low = scenes.extent([s for s in keyed.shapes if s.role == "legend"])
    assert top > scenes.extent(list(scene.shapes))[3] + 16 and low <= keyed.height - 32 and right <= keyed.width - 32
    double = with_legend(layout(diagram, scale="2"), diagram)
    assert (double.width, double.height) == (2 * keyed.width, 2 * keyed.height)
    for export in (PptxRenderer(), DrawioRenderer()):
        assert export(keyed, diagram)
    # More than two kinds of one colour are called by what their family is for; one colour needs no legend.
    many = parse("A [input] -> B [norm] -> C [data] -> D [flatten]\n-> E\n")
    assert "data" in [s.text for s in with_legend(layout(many), many).shapes if isinstance(s, Text)]
    plain = parse("A -> B -> C\n")
    assert with_legend(layout(plain), plain) == layout(plain)
    # A narrow figure's goes on in further rows.
    narrow = layout(diagram, direction="down")
    rows = {s.y for s in with_legend(narrow, diagram).shapes if isinstance(s, Text) and s.role == "legend"}
    assert len(rows) > 1


def test_bars_that_are_only_named_are_told_what_they_are() -> None:
    text = "Input [input 32x32x1] -> C1 [conv 5x5 6] -> S2 [pool 2x2] -> F5 [dense 120] -> F6 [dense 84]"
    text += "\n-> Out [output 10]"
    operators = [s.text for s in layout(parse(text)).shapes if s.role == "operator"]
    assert operators == ["Conv 5×5", "Pool 2×2", "Flatten", "Dense", "Dense"]
    plain = layout(parse(text.replace("F5", "fc 1").replace("F6", "Dense 2")))
    assert [s.text for s in plain.shapes if s.role == "operator"] == ["Conv 5×5", "Pool 2×2"]


TRANSFORMER = """Source [input] -> Source embedding [embedding]
group Encoder x6
group skip
-> Self-attention [attention]
end
-> Add & norm [norm]
group skip
-> Feed forward [feedforward]
end
-> Add & norm#2 [norm]
end
Target [input] -> Target embedding [embedding]
group Decoder x6
-> Masked attention [attention]
-> Add & norm#3 [norm]
-> Cross-attention [attention]
-> Add & norm#4 [norm]
-> Feed forward#2 [feedforward]
-> Add & norm#5 [norm]
end
-> Softmax [activation] -> Words [output]
Add & norm#2 -> Cross-attention : keys, values
Add & norm#3 -> Add & norm#4
"""


def test_an_encoder_and_a_decoder_are_two_columns() -> None:
    diagram = parse(TRANSFORMER)
    for words in (
        {},
        {"spacing": "wide", "theme": "night"},
        {"spacing": "compact", "shapes": "square", "scale": "1.5"},
    ):
        scene = layout(diagram, **words)
        assert faults.errors(scene) == 0
        frames = [s for s in scene.shapes if s.role == "frame"]
        assert [s.owner for s in frames] == [("group", 0), ("group", 1)]
        assert frames[0].y + frames[0].h == pytest.approx(frames[1].y + frames[1].h)
        boxes = {s.owner[1]: s for s in scene.shapes if s.role == "box"}
        assert {s.owner[1] for s in scene.shapes if s.owner[0] == "node"} == set(range(len(diagram.nodes)))
        assert len({round(s.w, 3) for s in boxes.values()}) == 1 and boxes[2].h == boxes[8].h > boxes[3].h
        edges = diagram.flow()
        lines = {s.owner[1]: s for s in scene.shapes if isinstance(s, Line)}
        assert {k: s.ends for k, s in lines.items()} == {k: (e.source, e.target) for k, e in enumerate(edges)}
        cross = next(k for k, e in enumerate(edges) if e.label)
        assert lines[cross].points[0][1] == pytest.approx(boxes[5].y) and len(lines[cross].points) == 5
        assert [s.owner for s in scene.shapes if s.role == "edge-label"] == [("edge", cross)]
        for export in (PptxRenderer(), DrawioRenderer()):
            assert export(scene, replace(diagram, style=replace(diagram.style, **words)))
    # In another direction, or told otherwise, it is a graph like others.
    for other in (replace(diagram, style=Style(direction="right")), parse(TRANSFORMER + "Softmax ..> Source : next\n")):
        scene = layout(other)
        frames = [s for s in scene.shapes if s.role == "frame"]
        assert faults.errors(scene) == 0 and frames[0].y + frames[0].h != frames[1].y + frames[1].h
