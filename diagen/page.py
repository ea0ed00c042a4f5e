"""The studio's page, in Gradio: what is shown, and what each control does. The work is done in studio.py.

The page holds no state of its own but the key of the drawings it shows, and that lies in the browser; so a restart of
the server loses nothing. Drawings are pictures under an address of their own, so that no label can become markup.
"""

from __future__ import annotations

import json
import os
import re
import socket
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from functools import partial, wraps
from pathlib import Path
from typing import Any

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # Gradio reads it when it is imported

import gradio as gr  # noqa: E402
import uvicorn  # noqa: E402
from fastapi import FastAPI  # noqa: E402
from fastapi.responses import PlainTextResponse, Response  # noqa: E402

from diagen import DiagenError  # noqa: E402
from diagen.data.history import Entry, History  # noqa: E402
from diagen.data.ratings import user_of  # noqa: E402
from diagen.diagram import STYLE_WORDS, DiagramError, display_labels, parse  # noqa: E402
from diagen.studio import FILES, Studio, doubt_of, entries_of, entry_of, export, rate, scene_of, stars_in, styled  # noqa: E402

EXAMPLES = {
    "Small network": "a deep learning model with 2 input nodes, 3 and 5 hidden nodes, and 1 output node",
    "Image classifier": "two conv layers with 32 filters, 2x2 max pooling, dense 128, 10 outputs",
    "Retrieval": "documents are chunked, embedded and put in a vector store; a retriever feeds the LLM",
    "Training loop": "collect data -> train -> evaluate; if it fails, back to collect data",
    "한국어": "입력 노드 3개, 은닉 노드 4개와 6개, 출력 노드 1개인 신경망",
}
SAID = '<div role="status">${value}</div>'  # read out by a screen reader when it changes
AS_WRITTEN = "as written"
SCALES = ["0.75", "1.25", "1.5", "2"]
STARS = [(f"{n // 2}" * (n != 1) + "½" * (n % 2), n / 2) for n in range(11)]
DOWNLOADS = {"png": "PNG", "svg": "SVG", "pptx": "PowerPoint", "drawio": "draw.io", "pdf": "PDF"} | {
    "mmd": "Mermaid", "dot": "DOT", "txt": "text"
}  # fmt: skip
TYPES = {
    "png": "image/png",
    "svg": "image/svg+xml",
    "pdf": "application/pdf",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
MOST_BYTES = 16_000_000  # of a request to the server, an opened file among them
ENDED = tuple(ending.encode() for ending in FILES)
_NAMES = re.compile(rb'filename="([^"\r\n]*)"')  # of the files in a form
LOOPBACK = ("127.0.0.1", "localhost", "::1", "[::1]")

# What a page may do, should a label ever become markup: nothing is loaded from or sent to another place.
PAGE_POLICY = (
    "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; connect-src 'self'; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
FILE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; font-src data:; img-src data:; sandbox"

CSS = """
main.app { max-width: 1240px !important; margin: 0 auto !important; padding: 1.25rem 1rem 3rem !important }
footer { display: none !important }
.gap, main.app .column { gap: .75rem }
.html-container { padding: 0 !important }
#head { align-items: end; gap: .75rem }
#title { flex: 1 1 240px; align-self: center }
#title h1 { font-size: 1.5rem; font-weight: 650; letter-spacing: -.01em; margin: 0 }
#title p { margin: .1rem 0 0; color: var(--body-text-color-subdued) }
#head input { text-overflow: ellipsis; padding-right: 1.75rem }
#actions { gap: .5rem; flex-wrap: wrap; align-items: center }
#actions button { flex: 0 0 auto; min-width: 0; width: auto; min-height: 36px; font-weight: 450 }
#actions button.primary { min-width: 150px; min-height: 44px; font-weight: 650; margin-right: .5rem }
#actions #stop { min-height: 44px; margin-right: .5rem }
#status { min-height: 3.25rem }
.said p { margin: 0; padding: .8rem 1rem; border-radius: 6px; border: 1px solid var(--border-color-primary);
  background: var(--block-background-fill) }
.said p.bad { border-color: #b3261e; border-left-width: 4px }
.said pre { margin: .5rem 0 0; font-size: .875rem; overflow-x: auto; white-space: pre }
#cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 460px), 1fr)); gap: 1rem }
#cards > * { min-width: 0 !important }
.card { border: 1px solid var(--border-color-primary); border-radius: 8px; padding: .75rem; gap: .5rem;
  background: var(--block-background-fill) }
.drawing { margin: 0 }
.drawing a.picture { display: block; border-radius: 5px; background: #fff }
.drawing img { display: block; width: 100%; height: 300px; object-fit: contain; border-radius: 5px; margin: 0 }
#beside .drawing img { height: auto; max-height: 70vh }
.drawing figcaption { padding: .5rem 0 0; line-height: 1.45 }
.drawing figcaption b { font-weight: 650; font-size: 1.05rem }
.drawing .note { color: var(--body-text-color-subdued); margin: 0; font-size: .9rem }
.drawing ul { list-style: none; display: flex; flex-wrap: wrap; gap: .25rem 1rem; padding: .35rem 0 0; margin: 0 }
.drawing ul a { display: inline-block; padding: .2rem 0; min-height: 24px }
.drawing summary { display: list-item; list-style: disclosure-closed inside; padding: .2rem 0; min-height: 24px }
.drawing details[open] summary { list-style-type: disclosure-open }
.drawing a { color: var(--link-text-color); text-decoration: underline; text-underline-offset: 2px }
.drawing summary { cursor: pointer }
.card .form, .stars { padding: 0 !important; border: 0 !important; box-shadow: none !important;
  background: none !important; overflow: visible !important }
.card > button { align-self: flex-start; width: auto; min-width: 96px; min-height: 32px; flex: 0 0 auto }
.stars .wrap { gap: 3px !important; flex-wrap: wrap }
.stars label { padding: 4px 0 !important; width: 38px; min-height: 30px; justify-content: center }
.stars label span { margin: 0 !important }
.stars label input { position: absolute; opacity: 0; width: 1px; height: 1px }
.stars label.selected { background: var(--button-primary-background-fill) !important; color: #fff !important }
.stars label:focus-within { position: relative; z-index: 1 }
#text textarea { font-family: ui-monospace, Menlo, Consolas, monospace; font-size: .875rem; line-height: 1.5;
  white-space: pre; overflow-x: auto }
:focus-visible, .stars label:focus-within { outline: 3px solid var(--focus, #2563eb) !important; outline-offset: 2px }
/* Gradio's page is dark where the browser asks for it; blue and red of the light page are too dim there. */
.dark { --focus: #93c5fd }
.dark .said p.bad { border-color: #f2b8b5 }
.dark .stars label.selected { background: #93c5fd !important; color: #0f172a !important }
@media (prefers-reduced-motion: reduce) { * { animation: none !important; transition: none !important } }
@media (max-width: 640px) {
  main.app, main.app > .wrap { padding: .75rem .5rem 3rem !important }
  .gradio-container { padding: 0 !important }
  #head > * { flex: 1 1 100% !important }
  #actions button.primary { flex: 1 1 60%; margin: 0 }
  .drawing img { height: auto; max-height: 320px }
  .stars .wrap { gap: 2px !important }
  .stars label { width: 25px }
  #head .form > * { flex: 1 1 100% !important; min-width: 100% !important }
}
"""
# The mark in the text where it cannot be read: line and column from 1.
TO_ERROR = """(where) => {
  const [line, column] = (where || '').split(',').map(Number), area = document.querySelector('#text textarea');
  if (!line || !area) return;
  const lines = area.value.split('\\n');
  const at = lines.slice(0, line - 1).reduce((n, l) => n + l.length + 1, 0) + column - 1;
  const word = (lines[line - 1] || '').slice(column - 1).search(/\\s|$/);
  area.focus(); area.setSelectionRange(at, at + Math.max(1, word));
}"""
# Gradio gives each star a group of its own; as one, arrow keys go through them, and a screen reader says what they are.
ONE_GROUP = """<script>
new MutationObserver(() => document.querySelectorAll('.stars').forEach(stars => {
  const group = stars.closest('[id^=card-]')?.id;
  stars.querySelectorAll('input[type=radio]').forEach(star => {
    if (star.name !== group) star.name = group;
  });
  if (stars.getAttribute('role') !== 'radiogroup') {
    stars.setAttribute('role', 'radiogroup');
    stars.setAttribute('aria-label', stars.innerText.split('\\n')[0]);
  }
})).observe(document, {childList: true, subtree: true});
</script>"""
TO_EDITOR = """() => {
  document.querySelector('#editor').scrollIntoView();
  document.querySelector('#text textarea').focus({preventScroll: true});
}"""


def page(studio: Studio, user: str) -> gr.Blocks:
    """The page; `user` is the name that stands there at first."""
    with gr.Blocks(title="diagen studio", analytics_enabled=False, delete_cache=(3600, 3600)) as blocks:
        kept_name = gr.BrowserState(user, storage_key="diagen-user", secret="diagen")
        key = gr.Textbox(visible=False)  # of the drawings that are shown
        where = gr.Textbox(visible=False)  # line and column of the text's error
        refused = gr.Textbox(visible=False)  # when stars were last refused
        held = gr.Number(0, visible=False, precision=0)  # the drawing whose text is in the editor
        with gr.Row(elem_id="head"):
            gr.HTML("<h1>diagen studio</h1><p>A sentence in, several drawings out.</p>", elem_id="title")
            past = gr.Dropdown([], label="Earlier requests", scale=2, min_width=280)
            # What could be used before on_load() has said whose page it is waits for it.
            named = gr.Textbox(
                user, label="Your name (Enter takes it)", interactive=False, max_lines=1, scale=0, min_width=250
            )
        request = gr.Textbox(
            label="What shall be drawn?",
            placeholder="A model or a process, in a sentence",
            interactive=False,
            lines=1,
            max_lines=6,
        )
        with gr.Row(elem_id="actions"):
            draw = gr.Button("Draw", variant="primary", interactive=False)
            stop = gr.Button("Stop", interactive=False, elem_id="stop")
            for label, words in EXAMPLES.items():
                gr.Button(label, size="sm").click(None, None, request, js=f"() => {json.dumps(words)}")
            file = gr.UploadButton("Open a file", file_types=list(FILES), size="sm")
        with gr.Accordion("Style", open=False), gr.Row():
            style = [
                gr.Dropdown([AS_WRITTEN, *words], value=AS_WRITTEN, label=label.capitalize(), min_width=140)
                for label, words in [*STYLE_WORDS.items(), ("scale", SCALES)]
            ]
        status = gr.HTML("", elem_id="status", elem_classes="said", html_template=SAID)
        cards: list[tuple[gr.Column, gr.HTML, gr.Radio]] = []
        edits: list[gr.Button] = []
        with gr.Column(elem_id="cards"):
            for n in range(studio.keep):
                with gr.Column(visible=False, elem_classes="card", elem_id=f"card-{n + 1}") as column:
                    picture = gr.HTML()
                    stars = gr.Radio(STARS, label=f"Your stars for drawing {n + 1}", elem_classes="stars")
                    edits.append(gr.Button("Edit", size="sm"))
                cards.append((column, picture, stars))
        with gr.Column(visible=False, elem_id="editor") as editor:
            which = gr.Radio([(str(n + 1), n) for n in range(studio.keep)], label="Drawing to edit")
            with gr.Row():
                with gr.Column(scale=6, min_width=320, elem_id="beside"):
                    beside = gr.HTML()
                with gr.Column(scale=5, min_width=320):
                    text = gr.Textbox(label="Its text", lines=16, max_lines=30, elem_id="text")
                    wrong = gr.HTML("", elem_id="wrong", elem_classes="said", html_template=SAID)
                    redraw = gr.Button("Redraw", variant="primary")
        stops: dict[str | None, threading.Event] = {}  # of the sessions for which something is being drawn
        # A server that has begun anew does not know the choices of a page that stayed open; entry_of() checks the key.
        past.preprocess = lambda payload: payload
        outputs = [kept_name, key, where, held, named, request, past, status, editor, which, beside, text, wrong]
        outputs += [draw, stop, *style, *edits, *(part for card in cards for part in card)]

        def shown(entry: Entry, number: int = 0) -> dict[Any, Any]:
            """All of the page that depends on the drawings."""
            found: dict[Any, Any] = {
                kept_name: entry.user,
                key: entry.key,
                past: gr.update(choices=choices(entry.user), value=entry.key),
            }
            found |= dict(zip(style, chosen_style(entry), strict=True))
            given = stars_in(entry)
            for n, (column, picture, stars) in enumerate(cards):
                there = n < len(entry.drawings)
                found[column] = gr.update(visible=there)
                found[edits[n]] = gr.update(visible=there)
                if there:
                    found[picture] = figure(entry, n)
                    found[stars] = given[n]
            return found | picked(entry, number)

        def unfinished(entry: Entry) -> dict[Any, Any]:
            """The first drawing while others are on the way, which will change the numbers: nothing to edit yet."""
            return shown(entry) | {editor: gr.update(visible=False), edits[0]: gr.update(visible=False)}

        def picked(entry: Entry, number: int) -> dict[Any, Any]:
            numbers = [(str(n + 1), n) for n in range(len(entry.drawings))]
            return {
                editor: gr.update(visible=True),
                which: gr.update(choices=numbers, value=number),
                held: number,
                beside: image(entry, number),
                text: entry.drawings[number].text,
                where: "",
                wrong: "",
            }

        def keep_edit(name: str, key: str, number: int, written: str) -> None:
            """Before other drawings are shown; what is no diagram is let go, and so is an edit under another's name."""
            with suppress(DiagenError):
                saved(name, key, number, written)

        def saved(name: str, key: str, number: int, written: str) -> Entry | None:
            """The drawings that are shown, with what was written into the editor and not redrawn yet; None for none.

            DiagramError where that is no diagram.
            """
            if not key:
                return None
            entry = entry_of(key, name)
            number = number_in(entry, number)
            same = written.strip() == entry.drawings[number].text.strip()
            return entry if same else studio.edit(entry, number, written)

        def safely(handler: Callable[..., dict[Any, Any]]) -> Callable[..., dict[Any, Any]]:
            """A handler that answers an expected failure with its one line."""

            @wraps(handler)
            def call(*values: Any) -> dict[Any, Any]:
                try:
                    return handler(*values)
                except Exception as error:
                    return failed(error)

            return call

        def failed(error: Exception) -> dict[Any, Any]:
            if isinstance(error, DiagenError):
                return {status: notice(str(error), bad=True)}
            traceback.print_exception(error)  # for who runs the server, not for who uses it
            return {status: notice("that did not work; the window in which the studio runs says why", bad=True)}

        def on_draw(
            asked: gr.Request,
            name: str,
            request: str,
            key: str,
            number: int,
            written: str,
            *words: str,
            progress: Any = gr.Progress(),  # noqa: B008
        ) -> Iterator[dict[Any, Any]]:
            stopped = stops[asked.session_hash] = threading.Event()
            first: Entry | None = None

            def tell(said: str, share: float) -> None:
                progress(share, desc=f"the first drawing is there; {said}" if first else said)

            ready = {draw: gr.update(interactive=True), stop: gr.update(interactive=False)}
            try:
                yield {draw: gr.update(interactive=False), stop: gr.update(interactive=True), status: ""}
                keep_edit(name, key, number, written)
                for entry in studio.draw(name, request, style_of(words), tell, stopped.is_set):
                    if not entry.drawings[0].scores:
                        first = entry
                        yield unfinished(entry)
                        continue
                    said = f"{counted(len(entry.drawings), 'drawing')}, the best first"
                    if unsure := doubt_of(entry):
                        said += f"; {unsure}"
                    yield shown(entry) | ready | {status: notice("stopped: " * stopped.is_set() + said)}
            except Exception as error:
                yield (shown(first) if first else {}) | failed(error) | ready
            finally:
                stops.pop(asked.session_hash, None)

        def on_stop(asked: gr.Request) -> None:
            """The drawing ends itself; were its event cancelled, the model would go on beside the next one's."""
            if stopped := stops.get(asked.session_hash):
                stopped.set()

        def on_load(name: str) -> dict[Any, Any]:
            """The user's last request, as it was left."""
            name = user_of(str(name))
            entries = entries_of(name)
            ready = gr.update(interactive=True)
            found: dict[Any, Any] = {kept_name: name, named: ready | {"value": name}, draw: ready, request: ready}
            found |= {stop: gr.update(interactive=False)}
            if not entries:
                hidden = {column: gr.update(visible=False) for column, _, _ in cards}
                empty = {key: "", past: gr.update(choices=[], value=None), editor: gr.update(visible=False)}
                empty |= {request: ready | {"value": ""}}
                return found | hidden | empty
            return found | shown(entries[0]) | {request: ready | {"value": entries[0].request}}

        def on_name(name: str, before: str) -> dict[Any, Any]:
            name = user_of(name)
            if name == before:
                return {kept_name: name, status: ""}
            return on_load(name) | {status: notice(f"ratings and history are {name}'s now")}

        def on_open(name: str, wanted: str | None, key: str, number: int, written: str) -> dict[Any, Any]:
            if not wanted:
                return {where: ""}
            if key != wanted:
                keep_edit(name, key, number, written)
            entry = entry_of(wanted, name)
            return shown(entry) | {request: entry.request, status: ""}

        def on_file(name: str, path: str, key: str, number: int, written: str) -> dict[Any, Any]:
            try:
                keep_edit(name, key, number, written)
                entry = studio.open_file(name, Path(path))
            finally:
                Path(path).unlink(missing_ok=True)  # what counts of it is in the history
            return shown(entry) | {request: entry.request, status: notice("the file is open")}

        def on_style(name: str, key: str, number: int, written: str, *words: str) -> dict[Any, Any]:
            if not key:
                return {status: notice("the next drawings will have this style")}
            before, style = entry_of(key, name), style_of(words)
            number = number_in(before, number)
            try:
                entry = saved(name, key, number, written) or before
            except DiagramError as error:
                said = "the text has a mistake; mend it, then choose the style again"
                return mistaken(written, error) | {status: notice(said, bad=True)}
            if [d.text for d in styled(entry.drawings, style)] == [d.text for d in entry.drawings]:
                same = {} if entry.key == before.key else shown(entry, number)
                return same | {status: notice("the drawings have this style")}
            wanted = styled([entry.drawings[number]], style)[0].text
            entry = studio.restyle(entry, style)  # which may put them into another order
            number = next(n for n, d in enumerate(entry.drawings) if d.text == wanted)
            return shown(entry, number) | {status: notice("the style is applied")}

        def mistaken(words: str, error: DiagramError) -> dict[Any, Any]:
            """The mistake below the editor, and its place for the script that puts the cursor there."""
            place = f"{error.line},{error.column}" if error.line else ""
            return {wrong: notice(str(error), bad=True, code=marked(words, error)), where: place}

        def on_pick(name: str, key: str, before: int, written: str, number: int) -> dict[Any, Any]:
            try:
                entry = saved(name, key, before, written)
            except DiagramError as error:
                said = "the text has a mistake; mend it, then choose another drawing"
                return mistaken(written, error) | {which: before, status: notice(said, bad=True)}
            if not entry:
                raise DiagenError("choose a drawing first")
            number = number_in(entry, number)
            if entry.key == key:
                return picked(entry, number)
            return shown(entry, number) | {status: notice(f"drawing {before + 1} is redrawn")}

        def on_redraw(name: str, key: str, number: int, words: str) -> dict[Any, Any]:
            entry = entry_of(key, name)
            number = number_in(entry, number)
            try:
                edited = studio.edit(entry, number, words)
            except DiagramError as error:
                return mistaken(words, error)
            return shown(edited, number) | {status: notice(f"drawing {number + 1} is redrawn")}

        def on_stars(name: str, key: str, stars: float, number: int) -> dict[Any, Any]:
            try:
                entry = entry_of(key, name)
                count = rate(entry, number_in(entry, number), stars)
            except Exception as error:
                return failed(error) | {refused: datetime.now().isoformat()}
            said = f"{stars:g} of 5 stars for drawing {number + 1} are kept"
            return {status: notice(f"{said}; {entry.user} has {counted(count, 'rating')} now")}

        def on_refused(name: str, key: str) -> dict[Any, Any]:
            """What was chosen is not kept, and so not shown."""
            given: list[float | None] = []
            with suppress(DiagenError):
                given = stars_in(entry_of(key, name))
            return {stars: given[n] if n < len(given) else None for n, (_, _, stars) in enumerate(cards)}

        quick = {"show_progress": "hidden", "concurrency_limit": 8}
        slow = {"show_progress": "full", "show_progress_on": status, "concurrency_limit": 2, "concurrency_id": "draw"}
        blocks.load(safely(on_load), kept_name, outputs, api_name="load", **quick)
        gr.on(
            [draw.click, request.submit], on_draw, [named, request, key, held, text, *style], outputs,
            api_name="draw", concurrency_limit=1, concurrency_id="model", show_progress="full", show_progress_on=status,
        )  # fmt: skip
        stop.click(on_stop, api_name=False, queue=False, show_progress="hidden")
        # Not on blur: Gradio loses the answer of an event (of Draw, say) that begins while another one's stream closes.
        named.submit(safely(on_name), [named, kept_name], outputs, api_name="name", **quick)
        past.input(safely(on_open), [named, past, key, held, text], outputs, api_name="open", **quick)
        file.upload(safely(on_file), [named, file, key, held, text], outputs, api_name="file", **slow)
        for control in style:
            control.input(safely(on_style), [named, key, held, text, *style], outputs, api_name=False, **slow)
        which.input(safely(on_pick), [named, key, held, text, which], outputs, api_name="pick", **quick)
        for n, (_, _, stars) in enumerate(cards):
            stars.input(
                partial(on_stars, number=n), [named, key, stars], [status, refused], api_name=f"rate_{n + 1}",
                trigger_mode="always_last", **quick,
            )  # fmt: skip
            chosen = edits[n].click(
                safely(partial(on_pick, number=n)), [named, key, held, text], outputs, api_name=False, **quick
            )
            chosen.then(None, js=TO_EDITOR)
        refused.change(on_refused, [named, key], [stars for _, _, stars in cards], api_name=False, **quick)
        tried = redraw.click(safely(on_redraw), [named, key, held, text], outputs, api_name="redraw", **slow)
        tried.then(None, where, js=TO_ERROR)
    blocks.queue(max_size=200)
    return blocks


# -- what the page shows ------------------------------------------------------------------------------------------


def plain(text: str) -> str:
    """Text as HTML that shows it and is nothing else, in an attribute and in a template too."""
    return re.sub(r"[&<>\"'`{}$\\\x00-\x08\x0b-\x1f\x7f]", lambda found: f"&#{max(32, ord(found[0]))};", text)


def notice(text: str, bad: bool = False, code: str = "") -> str:
    """A line for the user; `code` is shown below it as it is."""
    shown = plain(text if len(text) < 600 else text[:600] + " ...")
    return (
        f'<p class="{"bad" if bad else ""}">{shown}</p>' + (f"<pre>{plain(code)}</pre>" if code else "") if text else ""
    )


def marked(text: str, error: DiagramError) -> str:
    """The line with the error and a mark below its column, "" where no line is to blame."""
    lines = text.replace("\r\n", "\n").split("\n")
    if not 1 <= error.line <= len(lines):
        return ""
    start = max(0, error.column - 40)
    head = f"{error.line:>4} | "
    return f"{head}{lines[error.line - 1][start : start + 80]}\n" + " " * (len(head) + error.column - 1 - start) + "^"


def image(entry: Entry, number: int) -> str:
    """A drawing as a picture; a click shows it at its full size."""
    labels = ", ".join(display_labels(parse(entry.drawings[number].text)))
    said = f"Drawing {number + 1} of “{entry.request[:100]}”: {labels[:300]}" if entry.request else labels[:300]
    address = f"drawing/{entry.key}/{number}.png"
    return (
        f'<figure class="drawing"><a class="picture" href="{address}" target="_blank">'
        f'<img src="{address}" alt="{plain(said)}"></a></figure>'
    )


def figure(entry: Entry, number: int) -> str:
    """A drawing with what is said of it, and its files."""
    scores = entry.drawings[number].scores
    lines = [f"<b>{number + 1}</b> &nbsp; not yet scored"]
    if scores:
        lines = [f"<b>{number + 1}</b> &nbsp; <b>{scores['total']:.2f}</b> of 5"]
        lines += [f"{name} {scores[name]:.2f}" for name in ("match", "agreement") if scores[name] < 1]
        if scores["taste"] is not None:
            taste = min(5, max(0, scores["taste"]))
            lines.append(f"predicted rating {taste:.1f} (from {scores['ratings']:,})")
        if scores["worst"]:
            lines.append(f"weakest: {scores['worst']} {scores['aspects'][scores['worst']]:.2f}")
    sinks = [*scores.get("faults", []), *scores.get("misses", [])[:3]]
    note = f'<p class="note">sinks: {plain(", ".join(sinks))}</p>' if sinks else ""
    if dropped := scene_of(entry.drawings[number].text).dropped:
        note += f'<p class="note">drawn without “{" ".join(dropped)}”, which does not fit it</p>'
    files = "".join(
        f'<li><a href="drawing/{entry.key}/{number}.{ending}?save=1" download>{label}</a></li>'
        for ending, label in DOWNLOADS.items()
    )
    return (
        image(entry, number).removesuffix("</figure>") + f"<figcaption>{' · '.join(lines)}{note}"
        f"<details><summary>Download</summary><ul>{files}</ul></details></figcaption></figure>"
    )


def counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + "s" * (number != 1)


def choices(user: str) -> list[tuple[str, str]]:
    """The user's requests as a list shows them, each with its key."""
    found = []
    for entry in entries_of(user):
        time = datetime.fromisoformat(entry.time).astimezone()
        words = " ".join(entry.request.split()) or "a file"
        found.append((f"{words[:80]}{'...' * (len(words) > 80)}   ({time:%Y-%m-%d %H:%M})", entry.key))
    return found


def style_of(words: tuple[str, ...]) -> dict[str, str]:
    """The style words that were chosen, by their names."""
    names = [*STYLE_WORDS, "scale"]
    return {name: word for name, word in zip(names, words, strict=True) if word and word != AS_WRITTEN}


def chosen_style(entry: Entry) -> list[str]:
    """What the menus for style words say: the words that were chosen there, not those written in a text."""
    chosen = []
    for name in [*STYLE_WORDS, "scale"]:
        pairs = [[getattr(parse(t).style, name) for t in (drawn.text, drawn.written)] for drawn in entry.drawings]
        word = next((word for word, written in pairs if word != written), None)
        chosen.append(word or AS_WRITTEN)
    return chosen


def number_in(entry: Entry, number: object) -> int:
    """The number of one of the entry's drawings, from 0."""
    if not isinstance(number, int) or not 0 <= number < len(entry.drawings):
        raise DiagenError("choose a drawing first")
    return number


# -- the server ---------------------------------------------------------------------------------------------------


def socket_of(host: str, port: int) -> socket.socket:
    """A socket that listens there; DiagenError where it cannot."""
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DiagenError(f"the studio cannot listen on {host}, port {port}: {reason}; try port={port + 1}") from error


def application(blocks: gr.Blocks, host: str) -> Any:
    """The page, the drawings as files, and what guards both."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/drawing/{key}/{number}.{ending}")
    def drawing(key: str, number: int, ending: str, save: bool = False) -> Response:
        try:
            with History() as history:
                entry = history.entry(key)
            content = export(entry, number, ending)
        except DiagenError as error:
            return PlainTextResponse(str(error), 404)
        words = "-".join(re.findall(r"[a-z0-9]+", entry.request.lower()))[:40].strip("-") or "diagram"
        how = "attachment" if save or ending != "png" else "inline"
        headers = {"Content-Disposition": f'{how}; filename="{words}-{number + 1}.{ending}"',
                   "Cache-Control": "private, max-age=86400"}  # a key's drawings never change  # fmt: skip
        return Response(content, media_type=TYPES.get(ending, "text/plain; charset=utf-8"), headers=headers)

    theme = gr.themes.Base(
        primary_hue="blue", neutral_hue="slate", radius_size="md",
        font=["system-ui", "Segoe UI", "Noto Sans KR", "sans-serif"], font_mono=["ui-monospace", "monospace"],
    ).set(
        body_text_color_subdued="*neutral_600", body_text_color_subdued_dark="*neutral_300",
        block_label_text_color="*neutral_700", block_title_text_color="*neutral_700",
        block_info_text_color="*neutral_600", input_placeholder_color="*neutral_500",
        input_placeholder_color_dark="*neutral_400", link_text_color="*primary_700",
        link_text_color_dark="*primary_300", button_primary_background_fill="*primary_700",
        button_primary_background_fill_hover="*primary_800", button_primary_text_color="white",
        button_primary_background_fill_dark="*primary_700", body_background_fill="*neutral_50",
    )  # fmt: skip
    gr.mount_gradio_app(
        app, blocks, "/", theme=theme, css=CSS, footer_links=[], run_history=False, show_error=False,
        head=ONE_GROUP, max_file_size=MOST_BYTES, ssr_mode=False, pwa=False, enable_monitoring=False, mcp_server=False,
    )  # fmt: skip
    return guarded(app, LOOPBACK if host in LOOPBACK else ())


def guarded(app: Any, hosts: tuple[str, ...]) -> Any:
    """The application behind limits: the names it is called by (none: all), the size of a request, what a page may do.

    Another site's page in the user's browser can point its own name to this machine, so a local page answers to its
    local names only; and it can send a form there, which browsers mark as coming from another site.
    """

    async def call(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return await app(scope, receive, send)
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        if hosts and headers.get("host", "").rsplit(":", 1)[0] not in hosts:
            return await PlainTextResponse("this page is for its own machine only", 400)(scope, receive, send)
        if scope["method"] != "GET" and headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
            return await PlainTextResponse("this page takes nothing from another site", 403)(scope, receive, send)
        too_much = PlainTextResponse(f"at most {MOST_BYTES // 1_000_000} MB at once", 413)
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > MOST_BYTES:
            return await too_much(scope, receive, send)
        policy = FILE_POLICY if scope["path"].startswith("/drawing/") else PAGE_POLICY
        upload = scope["path"].endswith("/upload")
        size, begun = 0, False
        refusal: PlainTextResponse | None = None

        async def received() -> Any:  # a request may also come in pieces that say no length
            nonlocal size, refusal
            message = await receive()
            body = message.get("body", b"")
            size += len(body)
            if size > MOST_BYTES:
                refusal = too_much
            elif upload and any(not name.lower().endswith(ENDED) for name in _NAMES.findall(body)):
                refusal = PlainTextResponse(f"only {' '.join(FILES)} files can be opened", 415)
            return {"type": "http.disconnect"} if refusal else message

        async def sent(message: Any) -> None:
            nonlocal begun
            if refusal and not begun:
                return  # what the application says of a request that broke off
            begun = True
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *message["headers"],
                    (b"content-security-policy", policy.encode()),
                    (b"x-content-type-options", b"nosniff"),
                    (b"referrer-policy", b"no-referrer"),
                ]
            await send(message)

        try:
            await app(scope, received, sent)
        except Exception:
            if not refusal:
                raise
        if refusal and not begun:
            await refusal(scope, receive, send)

    return call


def serve(blocks: gr.Blocks, listening: socket.socket) -> None:
    """Serves the page until Ctrl+C."""
    app = application(blocks, listening.getsockname()[0])
    config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=2)
    uvicorn.Server(config).run(sockets=[listening])
