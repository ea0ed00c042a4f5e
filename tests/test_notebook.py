"""diagen in Python: drawings that show themselves."""

import inspect
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest
from omegaconf import OmegaConf

import diagen
from diagen import notebook
from diagen.render.source import read_source

ROOT = Path(__file__).parent.parent
FLOW = "raw data [data] -> clean\n-> train\n"


def test_a_text_becomes_a_drawing_that_shows_and_saves_itself(tmp_path) -> None:
    drawing = diagen.draw(FLOW, theme="night")
    assert ElementTree.fromstring(drawing._repr_svg_()).tag.endswith("svg")
    assert "style night" in drawing.text and repr(drawing) == drawing.text and drawing.scores == {}
    for ending in ("png", "svg", "pptx", "drawio", "pdf", "mmd", "dot"):
        assert read_source(drawing.save(tmp_path / f"a.{ending}")).text == drawing.text
    pair = diagen.draw("raw data [data] -> clean\n")
    low, high = (pair.save(tmp_path / f"{i}.svg", legend=bool(i)).read_text(encoding="utf-8") for i in (0, 1))
    assert "process</text>" in high and "process</text>" not in low
    with pytest.raises(diagen.DiagenError, match="exists already"):
        drawing.save(tmp_path / "a.png")
    with pytest.raises(diagen.DiagenError, match="no format; there are .png"):
        drawing.save(tmp_path / "a.gif")
    with pytest.raises(diagen.DiagenError, match="line 1"):
        diagen.draw("a ->")


def test_a_sentence_becomes_ranked_drawings(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("DIAGEN_HOME", str(tmp_path))
    texts = [FLOW, "none\n", "raw data [data] -> clean\n", FLOW]
    seen = {}

    def generate(prompts, number, seed, **settings):
        seen.setdefault("rounds", []).append((number, seed))
        seen["asked"] = prompts[0]
        return SimpleNamespace(texts=[texts], finished=[[True] * len(texts)])

    monkeypatch.setattr(notebook, "_llm", lambda adapter: SimpleNamespace(generate=generate))
    drawings = diagen.generate("raw data is cleaned, then we train", candidates=4, seed=3, direction="down")
    assert [len(d.diagram.nodes) for d in drawings] == [3, 2]
    assert seen["rounds"] == [(4, 3), (4, 10_003)], "some were alike"
    assert drawings[0].scores["agreement"] > drawings[1].scores["agreement"]
    assert drawings[0].request in str(seen["asked"])
    assert all("down" in d.text for d in drawings) and drawings._repr_html_().count("<svg") == 2
    texts[:] = ["none\n"]
    with pytest.raises(diagen.DiagenError, match="describes none"):
        diagen.generate("hello")


def test_its_defaults_are_those_of_the_command() -> None:
    conf = OmegaConf.load(ROOT / "conf/infer.yaml")
    given = inspect.signature(diagen.generate).parameters
    for name in ("candidates", "keep", "seed", "user", "temperature", "max_new_tokens"):
        assert given[name].default == conf[name], name


def test_import_stays_light() -> None:
    code = "import sys, diagen; diagen.DiagenError; print(sorted({'torch', 'PIL', 'numpy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT).stdout == "[]\n"
