"""rate.py: what it keeps and what it says."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

import rate
from diagen.data.ratings import Ratings
from diagen.render.source import KEY, Source

TEXT = "Load [data] -> Train -> Test\n"


@pytest.fixture
def rate_py(monkeypatch, capsys, tmp_path):
    """Calls rate.py with arguments in this process; status, standard output, standard error."""
    monkeypatch.setenv("DIAGEN_HOME", str(tmp_path / "home"))

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["rate.py", *map(str, arguments)])
        try:
            status = rate.main()
        except SystemExit as end:
            status = int(end.code or 0)
        return status, *capsys.readouterr()

    return call


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What infer.py leaves for one request."""
    place = tmp_path / "drawn"
    place.mkdir()
    for name, request in (("01", "train and test"), ("02", None)):
        meta = {"id": name, "request": request, "text": TEXT, "nodes": [], "edges": [], "scores": {}}
        (place / f"{name}.json").write_text(json.dumps(meta), encoding="utf-8")
        (place / f"{name}.txt").write_text(TEXT, encoding="utf-8")
        source, chunk = Source(request or "", TEXT), PngInfo()
        chunk.add_itxt(KEY, source.packed())
        Image.new("RGB", (4, 4)).save(place / f"{name}.png", pnginfo=chunk)
        (place / f"{name}.svg").write_text(f"<svg>{source.element()}</svg>", encoding="utf-8")
    return place


def test_rates_any_file_of_a_drawing(rate_py, folder):
    for ending, stars in (("png", 4), ("svg", 2.5), ("txt", 3)):
        status, out, err = rate_py(folder / f"01.{ending}", stars)
        assert status == 0 and not err
        assert out == f"{stars} of 5 stars for 01.{ending} ('train and test'), by me, who has 1 rating(s) now\n"
    status, out, _ = rate_py(folder / "02.png", "0", "--user", "김민준")
    assert status == 0 and out.endswith("(a text without a request), by 김민준, who has 1 rating(s) now\n")
    with Ratings() as ratings:
        assert [(r.request, r.text, r.stars) for r in ratings.of("me")] == [("train and test", TEXT, 3)]
        assert len(ratings.history("me")) == 3 and ratings.of("김민준")[0].request == ""


def test_rates_what_infer_writes(rate_py, run, fake, tmp_path):
    fake([TEXT])
    assert run("prompt=train, then test", "output=out", "formats=[png]").status == 0
    assert rate_py(tmp_path / "out/01.png", 5)[0] == 0
    with Ratings() as ratings:
        (kept,) = ratings.of("me")
    assert (kept.request, kept.text) == ("train, then test", json.loads((tmp_path / "out/01.json").read_text())["text"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("01.png", "6"), "0 to 5"),
        (("01.png", "-1"), "0 to 5"),
        (("01.png", "3.3"), "0 to 5"),
        (("01.png", "good"), "0 to 5"),
        (("01.png", "3", "--user", "\udcff"), "U+DCFF"),
        (("09.png", "3"), "is no file"),
        ((".", "3"), "is no file"),
        (("alone.txt", "3"), "alone.json is missing"),
        (("alone.png", "3"), "does not say what it was drawn from"),
        (("cut.png", "3"), "is no drawing of diagen"),
        (("photo.jpg", "3"), "drawings are read from"),
        (("old.svg", "3"), "another version of the language"),
        (("edited.txt", "3"), "changed since it was drawn"),
        (("list.txt", "3"), "is not what infer.py writes"),
        (("broken.txt", "3"), "is not what infer.py writes"),
        (("other.txt", "3"), "is not what infer.py writes"),
        (("none.txt", "3"), "is not what infer.py writes"),
    ],
)
def test_refusals(rate_py, folder, monkeypatch, arguments, words):
    monkeypatch.chdir(folder)
    good = (folder / "01.json").read_text(encoding="utf-8")
    files = {"list": "[1]", "broken": good[:30], "other": '{"name": "x"}', "none": '{"request": "x", "text": "none"}'}
    for name, meta in (files | {"edited": good}).items():
        (folder / f"{name}.json").write_text(meta, encoding="utf-8")
        (folder / f"{name}.txt").write_text("A -> B\n", encoding="utf-8")
    (folder / "alone.txt").write_text(TEXT)
    Image.new("RGB", (4, 4)).save(folder / "alone.png")
    Image.new("RGB", (4, 4)).save(folder / "photo.jpg")
    (folder / "cut.png").write_bytes(b"\x89PNG")
    (folder / "old.svg").write_text(f"<svg>{Source('a', '-> ->').element()}</svg>")
    status, out, err = rate_py(*arguments)
    assert (status, out) == (1, "")
    assert err.startswith("error: ") and err.count("\n") == 1 and words in err
    assert not (folder.parent / "home").exists()


def test_help(rate_py):
    status, out, err = rate_py("--help")
    assert (status, err) == (0, "") and out.count("\n") <= 10 and "--user" in out
