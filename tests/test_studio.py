"""The studio: what is behind its page, and with `-m tools` the page itself in Debian's Chromium.

pip install -e ".[studio]" playwright && apt-get install chromium && pytest -m tools tests/test_studio.py
DIAGEN_SHOTS=folder keeps a screenshot of each step there.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from studio_server import EVIL, HOSTILE, TEXTS

from diagen import DiagenError
from diagen.data.history import Drawn, History
from diagen.data.ratings import Ratings
from diagen.diagram import DiagramError, parse
from diagen.score import Candidate, TasteOf, distinct
from diagen.studio import Studio, entries_of, entry_of, export, rate, stars_in

CHROMIUM = shutil.which("chromium")


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path):
    monkeypatch.setenv("DIAGEN_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def write(request, turn, tell):
    """Recorded candidates: one, then all."""
    tell("writing", 0.5)
    texts = HOSTILE if "hostile" in request else TEXTS
    yield distinct(texts[:1], [True], {})
    yield distinct(texts, [True] * len(texts), {})


def drawn(request: str = "train a model", user: str = "me", **style: str):
    return list(Studio(write, {}).draw(user, request, style))


# -- behind the page ----------------------------------------------------------------------------------------------


def test_first_drawing_then_ranked():
    first, ranked = drawn()
    assert len(first.drawings) == 1 and not first.drawings[0].scores
    assert len(ranked.drawings) == 3 and all(d.scores for d in ranked.drawings)
    assert {d.text for d in ranked.drawings} == {Candidate(parse(t)).text for t in TEXTS}
    assert [entry.key for entry in entries_of("me")] == [ranked.key] and ranked.first == first.key


def test_what_was_made_of_the_first_drawing_stays():
    studio = Studio(write, {}, keep=3)
    drawing = studio.draw("me", "train a model", {})
    first = next(drawing)
    edited = studio.edit(first, 0, "A -> By hand\n")
    (ranked,) = drawing
    assert ranked.first == edited.first and entries_of("me") == [ranked]
    assert [d.text for d in ranked.drawings].index("A -> By hand\n") == 0 and len(ranked.drawings) == 3


def test_stopped_keeps_what_is_there():
    def slow(request, turn, tell):
        yield distinct(TEXTS[:1], [True], {})
        yield distinct(TEXTS[:2], [True] * 2, {})
        tell("writing", 0.9)
        pytest.fail("it went on")

    seen = []
    for entry in Studio(slow, {}).draw("me", "train a model", {}, stopped=lambda: bool(seen)):
        seen.append(entry)
    assert [len(entry.drawings) for entry in seen] == [1, 2] and all(d.scores for d in seen[1].drawings)
    assert [entry.key for entry in entries_of("me")] == [seen[1].key]
    with pytest.raises(DiagenError, match="stopped before"):
        list(Studio(slow, {}).draw("me", "another", {}, stopped=lambda: True))


def test_requests_that_are_none():
    for request in ("", "x" * 1_000_000, "a\x00b", "\x1b[2J"):
        with pytest.raises(DiagenError):
            drawn(request)
    nothing = Studio(lambda request, turn, tell: iter([([], ["the request describes none"])]), {})
    with pytest.raises(DiagenError, match="describes none"):
        list(nothing.draw("me", "hello", {}))
    assert not entries_of("me")


def test_another_turn_is_told():
    turns = []

    def noting(request, turn, tell):
        turns.append(turn)
        yield from write(request, turn, tell)

    for request in ("a", "a", "b", "a"):
        list(Studio(noting, {}).draw("me", request, {}))
    assert turns == [0, 1, 0, 2]


def test_style_comes_and_goes():
    *_, entry = drawn(theme="night")
    assert all("night" in d.text.splitlines()[0] for d in entry.drawings)
    again = Studio(write, {}).restyle(entry, {})
    assert {d.text for d in again.drawings} == {Candidate(parse(t)).text for t in TEXTS}
    with pytest.raises(DiagenError):
        Studio(write, {}).restyle(entry, {"theme": "<script>"})


def test_what_style_makes_alike_is_one():
    def two(request, turn, tell):
        yield distinct(["style night\nA -> B\n", "style ink\nA -> B\n"], [True, True], {})

    *_, entry = Studio(two, {}).draw("me", "a to b", {"theme": "paper"})
    assert [d.copies for d in entry.drawings] == [2]


def test_edit():
    *_, entry = drawn()
    edited = Studio(write, {}).edit(entry, 1, "A -> B\n")
    assert edited.drawings[1].text == "A -> B\n" and edited.drawings[0] == entry.drawings[0]
    assert entry_of(entry.key, "me") == entry, "what was shown before stays as it was"
    for text, line in (("A -> B\nA -> [\n", 2), ("A -> B\x00", 1), ("A -> B\n" * 100_000, 0)):
        with pytest.raises(DiagramError) as found:
            Studio(write, {}).edit(entry, 1, text)
        assert found.value.line == line and len(str(found.value)) < 300


def test_stars_are_kept_and_are_the_users_own():
    *_, entry = drawn()
    assert stars_in(entry) == [None] * 3
    assert rate(entry, 1, 4.5) == 1
    assert stars_in(entry_of(entry.key, "me")) == [None, 4.5, None]
    with pytest.raises(DiagenError, match="stars"):
        rate(entry, 1, 7)
    with pytest.raises(DiagenError, match="not Kim's"):
        entry_of(entry.key, "Kim")
    with pytest.raises(DiagenError, match="draw them again"):
        entry_of("../../etc/passwd", "me")


def test_the_taste_is_the_users(monkeypatch):
    asked = []
    monkeypatch.setattr(TasteOf, "__init__", lambda self: None)
    monkeypatch.setattr(TasteOf, "__call__", lambda self, candidates, base=None: asked.append(self.user))
    taste = TasteOf()
    taste.user, taste.weight = "me", 0.5
    list(Studio(write, {"taste": taste}).draw("Kim", "train", {}))
    assert asked == ["Kim"] and taste.user == "me"


def test_every_format():
    *_, entry = drawn()
    for ending in ("png", "svg", "pptx", "drawio", "pdf", "mmd", "dot", "txt"):
        assert len(export(entry, 0, ending)) > 20, ending
    for number, ending in ((0, "json"), (0, "../x"), (3, "png"), (-1, "png")):
        with pytest.raises(DiagenError):
            export(entry, number, ending)


def test_files(tmp_path):
    studio = Studio(write, {})
    *_, entry = drawn("train a model")
    for ending in ("png", "svg", "pptx", "drawio", "pdf", "txt"):
        path = tmp_path / f"a.{ending}"
        path.write_bytes(export(entry, 0, ending))
        opened = studio.open_file("me", path)
        assert opened.drawings[0].text == entry.drawings[0].text
        assert opened.request == ("" if ending == "txt" else "train a model")
    for name, content in (
        ("a.exe", b"MZ"), ("b.svg", b"<svg onload='alert(1)'/>"), ("c.png", b"\x89PNG"), ("d.txt", b"\xff\xfe"),
        ("e.txt", b"A -> B\n" * 1_000_000), ("f.pptx", b"PK"),
        ("g.drawio", b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>"),
    ):  # fmt: skip
        (tmp_path / name).write_bytes(content)
        with pytest.raises(DiagenError) as found:
            studio.open_file("me", tmp_path / name)
        assert str(tmp_path) not in str(found.value) and len(str(found.value)) < 300


def test_hostile_words_stay_words(home):
    name = "../<svg onload=alert(1)>'; DROP TABLE ratings; --"
    *_, entry = drawn("hostile ../../x", name)
    assert rate(entry, 0, 3) == 1 and entries_of(name)[0].user == name
    assert {p.name.split("-")[0] for p in home.iterdir()} == {"history.sqlite", "ratings.sqlite"}
    assert b"<script" not in export(entry, 0, "svg") and b"<img" not in export(entry, 0, "svg")
    for bad in ("", "a\nb", "\x07", "x" * 1_000_000):
        with pytest.raises(DiagenError) as found:
            drawn("a request", bad)
        assert len(str(found.value)) < 300


def test_history_under_many_threads(home):
    def work(n):
        for i in range(5):
            with History() as history:
                history.add(f"user {n}", f"request {i}", [Drawn("A -> B\n", "A -> B\n", 1, {})])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    for n in range(8):
        assert [e.request for e in entries_of(f"user {n}")] == [f"request {i}" for i in (4, 3, 2, 1, 0)]


def test_history_that_is_no_database(home):
    home.mkdir()
    (home / "history.sqlite").write_bytes(b"words" * 1000)
    with pytest.raises(DiagenError, match="history.sqlite cannot be used"):
        entries_of("me")


def test_without_gradio(monkeypatch, capsys):
    import studio

    for name in [name for name in sys.modules if name.split(".")[0] == "gradio" or name == "diagen.page"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "gradio", None)
    monkeypatch.setattr(sys, "argv", ["studio.py", "llm=tiny"])
    with pytest.raises(SystemExit) as end:
        studio.command_line()
    err = capsys.readouterr().err
    assert end.value.code == 1 and err.count("\n") == 1 and 'pip install -e ".[studio]"' in err


@pytest.mark.parametrize("setting", ["port=0", "keep=no", "temperature=9", "grammar=2", "candidates=0", "user=''"])
def test_settings_that_cannot_work(setting, monkeypatch, capsys):
    import studio

    monkeypatch.setattr(studio.infer, "load", lambda cfg: pytest.fail("the setting was taken"))
    monkeypatch.setattr(sys, "argv", ["studio.py", setting])
    try:
        status: Any = studio.command_line()
    except SystemExit as end:
        status = end.code
    assert status == 1 and capsys.readouterr().err.startswith("error: ")


# -- the page's own parts -----------------------------------------------------------------------------------------


@pytest.fixture
def page():
    pytest.importorskip("gradio")
    from diagen import page

    return page


def test_words_are_never_markup(page):
    for evil in (EVIL, "`'\"\x00\x1b", "</textarea>", "&lt;"):
        shown = page.plain(evil) + page.notice(evil, bad=True)
        assert not set("{}$`\x00\x1b") & set(shown) and "<img" not in shown and "</textarea" not in shown
    *_, entry = drawn("hostile <b>bold</b>")
    shown = page.figure(entry, 0)
    assert "<script" not in shown and "<b>bold" not in shown and shown.count("<img") == 1


def test_the_mark_stands_below_the_column(page):
    for text in ("A -> B\nA -> [\n", "A -> B\n" + "x" * 300 + " -> [\n"):
        with pytest.raises(DiagramError) as found:
            parse(text)
        line, mark = page.marked(text, found.value).split("\n")
        assert line[mark.index("^") :][:1] == text.split("\n")[1][found.value.column - 1 :][:1]


def test_guards(page):
    from starlette.testclient import TestClient

    *_, entry = drawn("Train a model: ünï/..\\")
    client = TestClient(page.application(page.page(Studio(write, {}), "me"), "127.0.0.1"), "http://127.0.0.1")
    assert client.get("/").status_code == 200
    assert client.get("/", headers={"host": "evil.example"}).status_code == 400
    assert client.post("/gradio_api/queue/join", headers={"content-length": "99999999"}).status_code == 413
    pieces = (b" " * 1_000_000 for _ in range(page.MOST_BYTES // 1_000_000 + 1))  # and no length is said
    found = client.post("/gradio_api/queue/join", content=pieces)
    assert found.status_code == 413 and next(pieces, None) is None
    for name, status in (("evil.html", 415), ("a.svg.py", 415), ("a.svg", 200)):
        found = client.post("/gradio_api/upload", files={"files": (name, b"<svg/>")})
        assert found.status_code == status, name
    for site, status in (("cross-site", 403), ("same-site", 403), ("same-origin", 422)):
        assert client.post("/gradio_api/queue/join", headers={"sec-fetch-site": site}).status_code == status
    found = client.get(f"/drawing/{entry.key}/0.svg")
    assert found.headers["content-disposition"] == 'attachment; filename="train-a-model-n-1.svg"'
    assert "sandbox" in found.headers["content-security-policy"]
    assert "inline" in client.get(f"/drawing/{entry.key}/0.png").headers["content-disposition"]
    for address in ("0.json", "9.png", "x.png", "0.%2e%2e"):
        assert client.get(f"/drawing/{entry.key}/{address}").status_code in (404, 422)
    assert client.get("/drawing/../../etc/passwd").status_code == 404
    for address in ("docs", "gradio_api/file=/etc/passwd", "gradio_api/file=pyproject.toml"):
        assert client.get(f"/{address}").status_code in (403, 404)


def test_nothing_is_asked_outside(page, monkeypatch):
    asked = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **_: asked.append(a) or [])
    blocks = page.page(Studio(write, {}), "me")
    assert not blocks.analytics_enabled and not blocks.share
    page.application(blocks, "127.0.0.1")
    assert not asked


def test_taken_port(page):
    with page.socket_of("127.0.0.1", 0) as taken, pytest.raises(DiagenError, match="cannot listen"):
        page.socket_of("127.0.0.1", taken.getsockname()[1])


# -- in a browser -------------------------------------------------------------------------------------------------


class Server:
    """A studio on a free port, in a process of its own."""

    def __init__(self, home: Path, *arguments: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.home, self.arguments = home, arguments
        self.address = f"http://127.0.0.1:{self.port}/"

    def start(self) -> None:
        command = [sys.executable, "tests/studio_server.py", *self.arguments, f"port={self.port}"]
        environment = os.environ | {"DIAGEN_HOME": str(self.home), "HF_HUB_OFFLINE": "1", "PYTHONPATH": str(ROOT)}
        self.home.mkdir(parents=True, exist_ok=True)
        self.log = self.home.with_suffix(".log")
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        before = self.log.read_text().count("the studio is at")
        for _ in range(600):
            if self.log.read_text().count("the studio is at") > before:
                return
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.5)
        raise AssertionError(self.log.read_text())

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Server]:
    pytest.importorskip("gradio")
    server = Server(tmp_path_factory.mktemp("studio") / "home", "recorded", "candidates=3", "score=[readability]")
    server.start()
    yield server
    server.kill()
    assert "Traceback" not in server.log.read_text()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    if not CHROMIUM:
        pytest.skip("no chromium")
    with playwright.sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def opened(browser, server, tmp_path):
    """Opens the page at a width as a user, with what must never happen watched."""
    contexts = []

    def open_page(width: int, user: str, colours: str = "light") -> Any:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, accept_downloads=True, color_scheme=colours
        )
        context.set_default_timeout(60_000)
        contexts.append(context)
        page = context.new_page()
        page.outside, page.dialogs = [], []
        page.on("request", lambda r: page.outside.append(r.url) if not r.url.startswith(OWN + (server.address,)) else 0)
        page.on("dialog", lambda d: (page.dialogs.append(d.message), d.dismiss()))
        page.goto(server.address)
        name = page.get_by_label("Your name")
        name.fill(user)
        name.press("Enter")
        page.get_by_text("ratings and history are").wait_for()
        return page

    yield open_page
    for n, context in enumerate(contexts):
        for page in context.pages:
            shot(page, tmp_path, f"last-{n}-{tmp_path.name}")
            assert not page.outside and not page.dialogs, (page.outside, page.dialogs)
        context.close()


OWN = ("data:", "blob:")
SHOTS = os.environ.get("DIAGEN_SHOTS")


def shot(page: Any, tmp_path: Path, name: str) -> None:
    folder = Path(SHOTS) if SHOTS else tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / f"{page.viewport_size['width']}-{name}.png", full_page=True)


# The contrast of all text that can be seen, against the nearest ground below it; and of chosen stars to the others.
CONTRAST = """() => {
  const parts = c => { const m = c.match(/[\\d.]+/g).map(Number); return m.length < 4 ? [...m, 1] : m };
  const light = ([r, g, b]) => [r, g, b].map(v => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const ground = e => { for (; e; e = e.parentElement) { const c = parts(getComputedStyle(e).backgroundColor);
    if (c[3] > .9) return c } return [255, 255, 255] };
  const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const check = (e, text) => {
    if (!e.checkVisibility({opacityProperty: true, visibilityProperty: true})) return;
    differ(parts(getComputedStyle(e).color), ground(e), 4.5, text.trim().slice(0, 40));
  };
  const differ = (one, other, least, what) => {
    const a = light(one), b = light(other), ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < least) found.push([what, ratio.toFixed(2)]);
  };
  for (const e of document.querySelectorAll('.stars label.selected'))
    differ(ground(e), ground(e.parentElement.querySelector('label:not(.selected)')), 3, 'stars');
  while (walker.nextNode()) if (walker.currentNode.data.trim()) check(walker.currentNode.parentElement, walker.currentNode.data);
  for (const e of document.querySelectorAll('input:not([type=radio]), textarea')) check(e, e.value || e.placeholder);
  return found;
}"""  # noqa: E501


def drawn_page(page: Any, request: str = "collect data, train, evaluate") -> None:
    page.get_by_label("What shall be drawn?").fill(request)
    page.get_by_role("button", name="Draw", exact=True).click()
    page.get_by_text("the best first").wait_for()


def star(page: Any, drawing: int, stars: str) -> None:
    page.locator(f"#card-{drawing}").get_by_role("radio", name=stars, exact=True).check(force=True)


@pytest.mark.tools
@pytest.mark.parametrize("width", [1280, 390])
def test_walk(width, opened, tmp_path):
    pptx = pytest.importorskip("pptx")
    page = opened(width, f"walker {width}")
    shot(page, tmp_path, "1-empty")
    page.get_by_label("What shall be drawn?").fill("collect data, clean, train, evaluate; if it fails, again")
    page.get_by_role("button", name="Draw", exact=True).click()
    page.get_by_text(re.compile(r"writing: \d of 3 candidates")).first.wait_for()
    page.get_by_text("the first drawing is there").first.wait_for()
    page.locator(".card:visible").wait_for()
    assert page.locator("#editor:visible").count() == 0, "an edit would be lost when the others come"
    shot(page, tmp_path, "2-first")
    page.get_by_text("3 drawings, the best first").wait_for()
    page.wait_for_function("[...document.images].every(i => i.complete && (i.naturalWidth || !i.checkVisibility()))")
    shot(page, tmp_path, "3-ranked")
    assert "of 5" in page.locator("#card-1").inner_text() and "weakest" in page.locator("#card-1").inner_text()
    assert not page.evaluate(CONTRAST)
    assert page.evaluate("document.documentElement.scrollWidth") <= width

    star(page, 2, "4½")
    page.get_by_text("4.5 of 5 stars for drawing 2 are kept").wait_for()
    shot(page, tmp_path, "4-rated")
    page.reload()
    page.wait_for_function("document.querySelectorAll('#card-2 input:checked').length == 1")
    assert page.locator("#card-2 label.selected").inner_text().strip() == "4½"
    assert page.get_by_label("Your name").input_value() == f"walker {width}"

    page.locator("#card-1").get_by_role("button", name="Edit").click()
    page.wait_for_function("document.activeElement.matches('#text textarea')")
    text = page.locator("#text textarea")
    text.fill("Collect data -> Clean\n-> Train [modle]\n")
    page.get_by_role("button", name="Redraw").click()
    page.get_by_text("line 2, column").first.wait_for()
    assert page.locator("#wrong pre").inner_text().splitlines()[0].endswith("-> Train [modle]")
    page.wait_for_function("document.activeElement.selectionStart > 22")
    shot(page, tmp_path, "5-error")
    text.fill("Collect data -> Clean\n-> Train on the GPU [model]\n")
    page.get_by_role("button", name="Redraw").click()
    page.get_by_text("drawing 1 is redrawn").wait_for()
    shot(page, tmp_path, "6-redrawn")
    assert not page.evaluate(CONTRAST)

    page.locator("#card-1 summary").click()
    with page.expect_download() as waiting:
        page.locator("#card-1").get_by_role("link", name="PowerPoint").click()
    slides = pptx.Presentation(io.BytesIO(Path(waiting.value.path()).read_bytes()))
    words = " ".join(s.text_frame.text for s in slides.slides[0].shapes if s.has_text_frame)
    assert "Train on the GPU" in words and waiting.value.suggested_filename.endswith(".pptx")

    page.get_by_text("Style", exact=True).click()
    page.get_by_label("Theme").click()
    page.get_by_role("option", name="night").click()
    page.get_by_text("the style is applied").wait_for()
    assert "night" in text.input_value()
    page.wait_for_function("[...document.images].every(i => i.complete)")
    shot(page, tmp_path, "7-night")
    assert "GPU" in text.input_value()
    text.fill(text.input_value().replace("GPU", "TPU"))  # and not redrawn
    page.get_by_label("Theme").click()
    page.get_by_role("option", name="ink").click()
    page.wait_for_function("document.querySelector('#text textarea').value.includes('style ink')")
    assert "TPU" in text.input_value()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.tools
@pytest.mark.parametrize("width, colours", [(1280, "light"), (390, "dark")])
def test_stop(width, colours, opened, tmp_path):
    page = opened(width, f"stopper {width}", colours)
    stop = page.get_by_role("button", name="Stop")
    assert stop.is_disabled()
    page.get_by_label("What shall be drawn?").fill("collect data, train slowly")
    page.get_by_role("button", name="Draw", exact=True).click()
    page.get_by_text("the first drawing is there").first.wait_for()
    page.keyboard.press("Tab")  # from "Draw"
    page.keyboard.press("Enter")
    page.get_by_text(re.compile(r"stopped: [12] drawings?, the best first")).wait_for()
    shot(page, tmp_path, "stopped")
    assert not page.evaluate(CONTRAST)
    assert "of 5" in page.locator("#card-1").inner_text() and stop.is_disabled()
    page.reload()
    page.locator("#card-1").get_by_text("of 5").wait_for()
    drawn_page(page)
    page.get_by_text("3 drawings, the best first").wait_for()
    assert stop.is_disabled()
    star(page, 2, "4½")
    page.get_by_text("4.5 of 5 stars for drawing 2 are kept").wait_for()
    page.locator("#card-1 .stars input").last.focus()
    shot(page, tmp_path, "stars")
    assert not page.evaluate(CONTRAST)


@pytest.mark.tools
def test_keyboard_alone(opened, server, tmp_path):
    page = opened(1280, "typist")
    page.reload()
    page.wait_for_function("document.querySelector('textarea:enabled')")

    def tab_to(selector: str) -> None:
        for _ in range(80):
            page.keyboard.press("Tab")
            if page.evaluate("s => document.activeElement.matches(s)", selector):
                return
        raise AssertionError(f"{selector} is not reached")

    tab_to("textarea")
    page.keyboard.type("collect, train, evaluate")
    page.keyboard.press("Enter")
    page.get_by_text("the best first").wait_for()
    tab_to("#card-1 summary")
    page.keyboard.press("Enter")
    tab_to("#card-1 .stars input")
    page.keyboard.press("Space")
    page.get_by_text("0 of 5 stars for drawing 1 are kept").wait_for()
    for half in range(1, 8):
        page.keyboard.press("ArrowRight")
        page.wait_for_function(f"document.querySelector('#card-1 .stars input:checked').value == {half / 2}")
        page.wait_for_timeout(150)  # a person's pace
    page.get_by_text("3.5 of 5 stars for drawing 1 are kept").wait_for()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.matches('#card-1 button')"), "all stars are one stop"
    with Ratings(server.home / "ratings.sqlite") as ratings:
        assert [r.stars for r in ratings.of("typist")] == [3.5]
    assert page.get_by_role("radiogroup", name="Your stars for drawing 2").count() == 1
    shot(page, tmp_path, "keyboard")
    tab_to("#card-2 button")
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.matches('#text textarea')")
    page.keyboard.press("Control+a")
    page.keyboard.type("By hand -> Done")
    tab_to("button")
    page.keyboard.press("Enter")
    page.get_by_text("drawing 2 is redrawn").wait_for()


@pytest.mark.tools
def test_edits_and_choices_are_not_lost(opened, tmp_path):
    page = opened(1280, "editor")
    drawn_page(page)
    text = page.locator("#text textarea")
    text.fill("Mine -> Edited")  # and not redrawn
    page.locator("#card-2").get_by_role("button", name="Edit").click()
    page.get_by_text("drawing 1 is redrawn").wait_for()
    assert "Edited" in page.locator("#card-1 img").get_attribute("alt")
    text.fill("Mine -> [")
    page.locator("#card-3").get_by_role("button", name="Edit").click()
    page.get_by_text("mend it, then choose another drawing").wait_for()
    assert text.input_value() == "Mine -> [" and page.locator("#wrong pre").count() == 1
    text.fill("Mine -> Again")
    drawn_page(page, "another request")
    page.get_by_label("Earlier requests").click()
    page.get_by_role("option", name=re.compile("collect data")).click()
    page.wait_for_function("document.querySelector('#card-2 img').alt.includes('Again')")

    page.get_by_text("Style", exact=True).click()
    page.get_by_label("Direction").click()
    page.get_by_role("option", name="up").click()
    page.get_by_text("the style is applied").wait_for()
    page.reload()
    page.wait_for_function("document.querySelector('#text textarea')?.value.includes('style up')")
    page.get_by_text("Style", exact=True).click()
    assert page.get_by_label("Direction").input_value() == "up"
    page.get_by_label("Your name").fill("someone else")  # and not taken
    page.locator("#card-1").get_by_role("radio", name="4", exact=True).check(force=True)
    page.get_by_text("not someone else's").wait_for()
    page.wait_for_function("document.querySelectorAll('#cards input:checked').length == 0")


@pytest.mark.tools
def test_hostile_words_in_the_page(opened, server, tmp_path):
    page = opened(1280, f"a {EVIL}")
    drawn_page(page, f"hostile {EVIL} <svg onload=alert(5)>")
    star(page, 1, "3")
    page.get_by_text("stars for drawing 1 are kept").wait_for()
    page.reload()
    page.wait_for_function("document.querySelectorAll('#card-1 input:checked').length == 1")
    shot(page, tmp_path, "hostile")
    assert page.get_by_label("Your name").input_value() == f"a {EVIL}"
    assert page.evaluate("[...document.querySelectorAll('#cards img, #status img')].length") == 1
    page.get_by_label("What shall be drawn?").fill("x" * 1_000_000)
    page.get_by_role("button", name="Draw", exact=True).click()
    page.get_by_text("the request has 1,000,").wait_for()
    key = page.locator("#card-1 img").get_attribute("src").split("/")[1]
    client = pytest.importorskip("gradio_client").Client(server.address, verbose=False)
    assert "the text has" in str(client.predict(f"a {EVIL}", key, 0, "A -> B\n" * 150_000, api_name="/redraw"))
    assert "not Kim" in str(client.predict("Kim", key, 0, "A -> B\n", api_name="/redraw"))
    assert "has 1,000,000 characters" in str(client.predict("n" * 1_000_000, "me", api_name="/name"))


@pytest.mark.tools
def test_files_in_the_page(opened, tmp_path):
    page = opened(1280, "opener")
    (tmp_path / "a.txt").write_text("From a file -> To a drawing\n")
    page.locator("input[type=file]").first.set_input_files(tmp_path / "a.txt")
    page.get_by_text("the file is open").wait_for()
    assert "From a file" in page.locator("#text textarea").input_value()
    (tmp_path / "b.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>")
    page.locator("input[type=file]").first.set_input_files(tmp_path / "b.svg")
    page.get_by_text("does not say what it was drawn from").wait_for()


@pytest.mark.tools
def test_place_in_the_queue(opened, tmp_path):
    pages = [opened(1280, f"queuer {n}") for n in range(3)]
    for n, page in enumerate(pages):
        page.get_by_label("What shall be drawn?").fill(f"request {n}")
        page.get_by_role("button", name="Draw", exact=True).click()
    pages[2].get_by_text("queue: ").first.wait_for()
    shot(pages[2], tmp_path, "queue")
    for page in pages:
        page.get_by_text("the best first").wait_for()


@pytest.mark.tools
def test_a_kill_loses_nothing(browser, tmp_path):
    pytest.importorskip("gradio")
    server = Server(tmp_path / "home", "recorded", "candidates=3", "score=[readability]")
    server.start()
    page = browser.new_page()
    page.set_default_timeout(60_000)
    try:
        page.goto(server.address)
        drawn_page(page)
        star(page, 3, "2½")
        page.get_by_text("2.5 of 5 stars for drawing 3 are kept").wait_for()
        server.kill()
        server.start()
        star(page, 2, "5")  # the page that was open all the time
        page.get_by_text("5 of 5 stars for drawing 2 are kept; me has 2 ratings now").wait_for()
        page.get_by_role("button", name="Redraw").click()
        page.get_by_text("drawing 1 is redrawn").wait_for()
        page.reload()
        page.wait_for_function("document.querySelectorAll('#cards input:checked').length == 2")
        assert page.locator("#card-3 label.selected").inner_text().strip() == "2½"
    finally:
        page.close()
        server.kill()


@pytest.mark.tools
def test_twenty_at_once(tmp_path, monkeypatch):
    """Twenty sessions with five requests each, on the tiny model: each answer is the asker's own, each star is kept."""
    client = pytest.importorskip("gradio_client")
    server = Server(tmp_path / "home", "small", "llm=tiny", "candidates=2", "score=[readability]")
    server.start()
    begin = time.monotonic()

    def session(n: int) -> int:
        made = client.Client(server.address, verbose=False)
        for i in range(5):
            word = f"word{n:02d}{i}"
            found = made.predict(f"user {n}", f"{word} to somewhere", "", 0, "", *["as written"] * 6, api_name="/draw")
            keys = [v for v in found if re.fullmatch("[0-9a-f]{32}", str(v))]
            assert keys, [v for v in found if isinstance(v, str)]
            key = keys[0]
            assert f"{word} -> " in str(found)
            assert {w[:6] for w in re.findall(r"word\d{3}", str(found))} == {f"word{n:02d}"}, "another's answer"
            said = made.predict(f"user {n}", key, n % 11 / 2, api_name="/rate_1")
            assert "are kept" in str(said), said
        return n

    try:
        with ThreadPoolExecutor(20) as pool:
            assert sorted(pool.map(session, range(20))) == list(range(20))
        print(f"100 requests in {time.monotonic() - begin:.0f} s")
        with Ratings(tmp_path / "home" / "ratings.sqlite") as ratings:
            for n in range(20):
                found = ratings.of(f"user {n}")
                assert [r.stars for r in found] == [n % 11 / 2] * 5
                assert all(r.text.startswith(r.request.split()[0] + " -> ") for r in found)
        assert "Traceback" not in server.log.read_text()
    finally:
        server.kill()
