"""From a sentence to drawings.

python infer.py prompt="a deep learning model with 2 input nodes, 3 and 5 hidden nodes, and 1 output node"
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from tqdm import tqdm

from diagen import DiagenError
from diagen.console import build, fail, in_sweep, run, say
from diagen.diagram import (
    GRAMMAR,
    GRAMMAR_HASH,
    MAX_REQUEST,
    DiagramError,
    ask,
    clean_request,
    parse,
    restyle,
)
from diagen.render.source import FORMATS as SOURCES
from diagen.render.source import read_source
from diagen.results import FORMATS, Drawing, inches_of, record, summary, table, unwritable, write
from diagen.sampling import Sampled, sampled
from diagen.score import Candidate, candidate_of, distinct, doubt, rank, reason_of

HELP = """\
Draw a diagram from a sentence.

  python infer.py prompt="3 inputs, 4 and 6 hidden, 1 output"     commas, quotes, brackets as they are
  echo "RAG: chunk -> embed -> store" | python infer.py            or from a pipe, or typed
  python infer.py prompt="..." candidates=8 keep=4 seed=1 formats=[png,svg,pptx] output=DIR
  python infer.py prompt="..." style.theme=night style.direction=down width=6.75in transparent=true
  python infer.py prompts=FILE.jsonl output=FILE.jsonl candidates=1 many requests ("id", "prompt" a line)
  python infer.py diagrams=my.txt                                  draw a text, without the language model
  python infer.py prompt="..." llm.adapter=outputs/llm/.../adapter another adapter; llm=deepseek_coder_1b

Writes 01.png, 01.svg, 01.txt (the diagram's text, to edit) and 01.json, 02... to output, else to a new
folder below outputs/infer. All settings: conf/infer.yaml. With -m, commas sweep: seed=1,2,3.
Style words: theme paper outline ink slide night; direction right down up left; spacing compact
normal wide; routing orthogonal straight; shapes rounded square; scale 0.25 to 4.
"""

DRAWINGS = tuple(f".{ending}" for ending in SOURCES)  # files that carry what they were drawn from
RAW = "DIAGEN_REQUEST"  # how the words of the request reach the jobs, past Hydra's grammar of commas and quotes
CONF = str(Path(__file__).parent / "conf")  # whole, so that tests can import this file
CARD = "infer.json"  # the figures of a job of a sweep, beside its answers
SWEEPS: set[Path] = set()  # the folders that Hydra made for -m, looked after at the end
MORE = 4  # samples for a request whose answers all ran on without an end
RANGES = (
    ("candidates", 1, 64),
    ("beams", 1, 16),
    ("keep", 1, 64),
    ("batch", 1, 256),
    ("max_new_tokens", 16, 4096),
    ("seed", 0, 2**32 - 1),
)


class Stage:
    """Shows what is being done and how long it took: "writing candidates ... 3 of 8 ... 6.1 s"."""

    def __init__(self, name: str) -> None:
        self.name, self.start, self.live = name, time.monotonic(), sys.stderr.isatty()
        if self.live:
            say(f"{name} ...", end="")

    def show(self, text: str) -> None:
        if self.live:
            say(f"\r{self.name} ... {text}    ", end="")

    def done(self, text: str = "") -> None:
        line = f"{self.name} ... {text + ', ' if text else ''}{time.monotonic() - self.start:.1f} s"
        say(("\r" if self.live else "") + line + (" " * 12 if self.live else ""))


# -- where the request comes from --------------------------------------------------------------------------------


def request_of(cfg: DictConfig) -> str:
    """The words of the request: given, else typed, else piped."""
    given = os.environ.get(RAW, cfg.prompt)
    if given is None:
        given = clean_request(_typed_or_piped())
        os.environ[RAW] = given  # a pipe is read once; the other jobs of a sweep draw the same
    return clean_request(str(given))


def _typed_or_piped() -> str:
    if sys.stdin is None or sys.stdin.closed:
        raise DiagenError('nothing to draw: give prompt="..."')
    if sys.stdin.isatty():
        say("What shall be drawn? ", end="")
        return sys.stdin.readline()
    piped = sys.stdin.buffer.read(8 * MAX_REQUEST)
    if len(piped) == 8 * MAX_REQUEST:
        raise DiagenError(f"the request is too long; expected at most {MAX_REQUEST:,} characters")
    try:
        return piped.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DiagenError('the piped request is not UTF-8 text; give prompt="..." instead') from error


def check(cfg: DictConfig) -> None:
    """Refuses settings that cannot work, before anything is loaded."""
    check_values(cfg, RANGES, ("grammar", "transparent", "legend", "svg.embed"))
    sources = ["prompt"] if RAW in os.environ else []
    sources += [name for name in ("prompt", "prompts", "diagrams") if cfg[name] is not None]
    if len(sources) > 1:
        raise DiagenError(f"{' and '.join(sources)} are given; choose one of them")
    if not isinstance(cfg.formats, ListConfig):
        raise DiagenError(f"formats={cfg.formats} is not a list; write formats=[png,svg]")
    for name in cfg.formats:
        if name not in FORMATS:
            raise DiagenError(f"unknown format {name!r}; there are {', '.join(FORMATS)}")
    inches_of(str(cfg.width or ""))
    if not isinstance(cfg.style, DictConfig):
        raise DiagenError(f"style={cfg.style} has no name; write style.theme=night or style.direction=down")
    restyle(parse("A -> B"), **{str(name): word for name, word in cfg.style.items()})


def check_values(cfg: DictConfig, ranges: Iterable[tuple[str, int, int]], switches: Iterable[str]) -> None:
    """What every command that writes diagrams checks: whole numbers, the temperature, what is true or false."""
    try:
        OmegaConf.resolve(cfg)
    except OmegaConfBaseException as error:
        raise DiagenError(f"a setting cannot be read: {str(error).splitlines()[0]}") from error
    for name, least, most in ranges:
        if type(cfg[name]) is not int or not least <= cfg[name] <= most:
            raise DiagenError(f"{name}={cfg[name]} is not a whole number from {least} to {most:,}")
    if type(cfg.temperature) not in (int, float) or not 0 <= cfg.temperature <= 2:
        raise DiagenError(f"temperature={cfg.temperature} is not a number from 0 to 2")
    for name in switches:
        value = OmegaConf.select(cfg, name)
        if not isinstance(value, bool):
            raise DiagenError(f"{name}={value} is neither true nor false")


# -- files -------------------------------------------------------------------------------------------------------


@contextmanager
def made(parent: Path, numbered: bool = False) -> Iterator[Path]:
    """The folder, or a new one with the time as its name in it, made before the model is loaded.

    So a read-only place is noticed early. After a failure the new folders that hold nothing are taken away again.
    """
    new = [p for p in (parent, *parent.parents) if not p.exists()]
    try:
        try:
            parent.mkdir(parents=True, exist_ok=True)
            folder = _numbered(parent) if numbered else parent
            new = [folder, *new] if numbered else new
            probe = folder / f".write-test-{os.getpid()}"
            probe.write_bytes(b"")
            probe.unlink()
        except OSError as error:
            raise DiagenError(f"cannot write to {parent}: {error.strerror or error}; choose another output") from error
        yield folder
    except BaseException:
        for path in new:
            _remove_if_empty(path)
        raise


def _below_job(folder: Path) -> Path:
    """Where a job of a sweep keeps what a single run would keep in the folder."""
    if not in_sweep():
        return folder
    job = HydraConfig.get()
    return folder / str(job.job.num) if folder.is_absolute() else Path(job.runtime.output_dir) / folder


@contextmanager
def output_folder(cfg: DictConfig) -> Iterator[Path]:
    """The folder for the drawings; none of their names is taken in it."""
    numbered = cfg.output is None and not in_sweep()
    with made(Path("outputs/infer") if numbered else _below_job(Path(str(cfg.output or "."))), numbered) as folder:
        taken = next((p for p in sorted(folder.iterdir()) if p.stem.isdecimal() and p.suffix), None)
        if taken:
            raise DiagenError(f"{taken} exists already and is not overwritten; choose another output")
        yield folder


def _numbered(parent: Path) -> Path:
    stamp = f"{datetime.now():%Y-%m-%d_%H-%M-%S}"
    for n in range(1, 1000):
        try:
            (parent / f"{stamp}-{n}").mkdir()
            return parent / f"{stamp}-{n}"
        except FileExistsError:
            continue
    raise DiagenError(f"{parent} holds too many folders of this second")


def drawing_of(cfg: DictConfig) -> Drawing:
    """How this command draws."""
    return Drawing(tuple(cfg.formats), str(cfg.width or ""), cfg.transparent, cfg.svg.embed, cfg.legend)


# -- the three ways ----------------------------------------------------------------------------------------------


def one_request(cfg: DictConfig) -> None:
    """One sentence in, up to `keep` drawings out."""
    request, drawing = request_of(cfg), drawing_of(cfg)
    with output_folder(cfg) as folder:
        scorers = load_scorers(cfg)
        llm = load(cfg)
        found = samples_of(cfg, llm, request)
        if not found.candidates:
            reason = reason_of(found.reasons)
            raise DiagenError(f"no candidate is a diagram ({reason}); describe a model or a process in a sentence")
        stage = Stage("scoring")
        ranked = rank(request, found.candidates, scorers)
        stage.done(f"{len(ranked)} drawings")
        stage = Stage("writing files")
        for n, candidate in enumerate(ranked[: cfg.keep], 1):
            stage.show(f"{n} of {min(len(ranked), cfg.keep)}")
            drawing.write(candidate, folder, f"{n:02d}", record(f"{n:02d}", request, candidate, cfg.seed, llm.name))
        summary(folder, ranked, cfg.keep)
        stage.done()
    table(folder, ranked[: cfg.keep], list(cfg.formats))
    notes = [f"{len(ranked)} distinct of {found.samples} samples"]
    notes += [f"{len(found.reasons)} unreadable: {reason_of(found.reasons)}"] if found.reasons else []
    say("; ".join(notes))
    if unsure := doubt(ranked[0].agreement):
        say(unsure)


def samples_of(cfg: DictConfig, llm: Any, request: str) -> Sampled:
    """The candidates of a request; shows how the writing goes."""
    stage = Stage("writing candidates")
    rounds = sampled(
        llm,
        request,
        cfg.candidates,
        dict(cfg.style),
        progress=lambda done, number, tokens: stage.show(f"{done} of {number}, {tokens} tokens"),
        **decoding(cfg, [request]),
    )
    while True:
        found = next(rounds)
        tokens, seconds = found.written.tokens, found.written.seconds
        stage.done(f"{cfg.candidates} with {tokens} tokens, {tokens / max(seconds, 1e-3):.0f} tokens/s")
        if not found.more:
            return found
        stage = Stage("writing more candidates")


def given_diagrams(cfg: DictConfig) -> None:
    """Diagrams in, drawings and scores out; no language model."""
    rows = list(given(Path(str(cfg.diagrams)), dict(cfg.style)))
    if str(cfg.output or "").endswith(".jsonl"):
        return scores_of(cfg, rows)
    drawing = drawing_of(cfg)
    for id, found in rows:
        if isinstance(found, DiagenError):
            raise found
        if not found.diagram:
            raise DiagenError(f"{id} is a picture without a diagram's text; score it with output=FILE.jsonl")
    with output_folder(cfg) as folder:
        stage = Stage("drawing")
        drawn = [found for _, found in rows if isinstance(found, Candidate)]
        for n, found in enumerate(drawn, 1):
            stage.show(f"{n} of {len(rows)}")
            drawing.write(found, folder, f"{n:02d}", record(f"{n:02d}", found.request, found, None, None))
        stage.done()
    table(folder, drawn, list(cfg.formats))


def given(path: Path, style: dict[str, str]) -> Iterator[tuple[str, Candidate | DiagenError]]:
    """The diagrams of a text, a .jsonl, a drawing, or a folder of them: each its id and itself, or why not."""
    if path.is_dir():
        files = sorted(p for p in path.iterdir() if p.suffix.lower() in (".txt", ".jsonl", *DRAWINGS))
        texts = {p.with_suffix("") for p in files if p.suffix.lower() == ".txt"}
        # A drawing that lies beside its text is that text; the contact sheet is none.
        files = [p for p in files if p.suffix.lower() in (".txt", ".jsonl") or p.with_suffix("") not in texts]
        files = [p for p in files if p.name != "contact.png"]
        if not files:
            raise DiagenError(f"{path} holds no diagram: no .txt, .jsonl, {', '.join(DRAWINGS)} file")
        for file in files:
            yield from given(file, style)
    elif path.suffix.lower() == ".jsonl":
        for number, line in enumerate(read_text(path).split("\n"), 1):
            if line.strip():
                yield _given_line(line, number, path.name, style)
    elif path.suffix.lower() in DRAWINGS:
        yield path.name, _given_drawing(path, style)
    else:
        yield path.name, _given_text(read_text(path), path.name, style)


def _given_drawing(path: Path, style: dict[str, str]) -> Candidate | DiagenError:
    """The diagram that a drawing of ours carries; another PNG is a picture, which can be scored."""
    try:
        source = read_source(path)
    except DiagenError as error:
        return _given_picture(path) if path.suffix.lower() == ".png" and path.is_file() else error
    found = _given_text(source.text, path.name, style)
    if isinstance(found, Candidate):
        found.request = source.request
    return found


def _given_line(line: str, number: int, name: str, style: dict[str, str]) -> tuple[str, Candidate | DiagenError]:
    id = f"line-{number}"
    try:
        row = json.loads(line)
        id, text = str(row["id"]), row["text"]
        if not isinstance(text, str):
            raise TypeError
    except (ValueError, KeyError, TypeError, RecursionError):
        return id, DiagenError(f'line {number} of {name} is not an object with "id" and "text"')
    return id, _given_text(text, id, style)


def _given_text(text: str, name: str, style: dict[str, str]) -> Candidate | DiagenError:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a cut-off last line of a node list
            return candidate_of(text, style)
    except DiagramError as error:
        return DiagenError(f"{name}: {error}")


def _given_picture(path: Path) -> Candidate | DiagenError:
    from PIL import Image, UnidentifiedImageError

    from diagen.data.images import looks_drawn

    try:
        with Image.open(path) as file:
            file.load()
            picture = file.convert("RGBA") if "A" in file.getbands() or "transparency" in file.info else file
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError, SyntaxError, ValueError) as error:
        return DiagenError(f"{path.name} cannot be read as a picture: {error}")
    if not looks_drawn(picture):
        return DiagenError(f"{path.name} is no diagram: no ground of one colour with something on it; give a drawing")
    return Candidate(None, picture)


def scores_of(cfg: DictConfig, rows: list[tuple[str, Candidate | DiagenError]]) -> None:
    """A line of JSON with the scores of each diagram."""
    given = Path(str(cfg.output))
    final = _below_job(given.parent) / given.name
    if final.exists():
        raise DiagenError(f"{final} exists already and is not overwritten; choose another output")
    lines = []
    errors = sum(isinstance(found, DiagenError) for _, found in rows)
    with made(final.parent):
        scorers = load_scorers(cfg)
        bar = tqdm(total=len(rows), desc="diagrams", file=sys.stderr)
        while rows:
            part = rows[:16]  # so many pictures are scored at once,
            del rows[:16]  # and then forgotten
            rank(None, [found for _, found in part if isinstance(found, Candidate)], scorers)
            for id, found in part:
                if isinstance(found, DiagenError):
                    lines.append({"id": id, "error": str(found)})
                    continue
                kept = found.scores()
                lines.append({"id": id} | {name: kept[name] for name in ("readability", "aspects", "taste", "total")})
            bar.update(len(part))
        bar.close()
        write(final, "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode())
    say(f"{final}: {len(lines)} diagrams, {errors} errors")
    if errors == len(lines):
        raise DiagenError(f"none of {len(lines)} could be scored; the first: {lines[0]['error']}")


def many_requests(cfg: DictConfig) -> None:
    """A line of JSON for each request; resumes where it was stopped."""
    if cfg.output is None or not str(cfg.output).endswith(".jsonl"):
        raise DiagenError("prompts=FILE.jsonl needs output=FILE.jsonl")
    given = Path(str(cfg.output))
    final = _below_job(given.parent) / given.name
    card = final.with_name(CARD)
    for path in (final, card) if in_sweep() else (final,):
        if path.exists():
            raise DiagenError(f"{path} exists already and is not overwritten; choose another output")
    text = read_text(Path(str(cfg.prompts)))
    rows = list(requests(text, Path(cfg.prompts).name))
    with made(final.parent):
        try:
            if in_sweep():
                from diagen.models.llm import peak_memory

                peak_memory(start=True)
            done, seconds = answer_all(cfg, rows, final, digest_of(cfg, text))
            if in_sweep():
                write(card, json.dumps(figures_of(cfg, text, done, seconds), indent=2).encode())
        except OSError as error:
            raise unwritable(final, error) from error
    errors = sum("error" in row for row in done.values())
    say(f"{final}: {len(rows)} requests, {len(rows) - errors} diagrams, {errors} errors")
    if errors == len(rows):
        raise DiagenError(f"all {len(rows)} requests failed; the first: {done[rows[0]['id']]['error']}")


def figures_of(cfg: DictConfig, text: str, done: dict[str, dict[str, Any]], seconds: float) -> dict[str, Any]:
    """What `python -m diagen.compare` puts into a line: the job's settings and its figures.

    Those are the share of requests with a diagram, seconds for one (without loading; not of a job that was resumed),
    the peak of memory in MB, and, of the requests that say what is wanted, the shares of exact ones and edge F1.
    """
    from diagen.measure import known, measure
    from diagen.models.llm import peak_memory

    good = sum("error" not in row for row in done.values())
    figures = {"parsed": good / len(done), "seconds": seconds / good if seconds and good else None}
    figures["memory_mb"] = peak_memory()
    wanted = []
    for line in text.split("\n"):
        with suppress(ValueError, RecursionError):
            wanted.append(json.loads(line))
    wanted = [row | {"id": str(row["id"])} for row in wanted if known(row)]
    found = measure(wanted, done, 0)
    figures |= {name: found.get(name) for name in ("layers_exact", "graphs_exact", "edge_f1")}
    kept = {name: value for name, value in figures.items() if value is not None}
    command = " ".join(["python infer.py", *HydraConfig.get().overrides.task])
    return {"class": Path(str(cfg.llm.weights)).name, "seed": cfg.seed, "command": command, "figures": kept}


def digest_of(cfg: DictConfig, requests: str) -> str:
    """What the answers depend on; a part file with another digest is not gone on with."""
    settings = OmegaConf.to_container(cfg, resolve=True)
    assert isinstance(settings, dict)
    for name in ("prompts", "output", "batch", "formats", "user", "width", "transparent", "legend", "svg"):
        settings.pop(name)
    return hashlib.sha256(json.dumps([settings, requests, GRAMMAR_HASH], sort_keys=True).encode()).hexdigest()[:16]


def requests(text: str, name: str) -> Iterator[dict[str, str]]:
    """Rows with "id" and "prompt", or with "id" and "error" where a line is not one."""
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    if not lines:
        raise DiagenError(f"{name} holds no request")
    seen: set[str] = set()
    for number, line in lines:
        row: dict[str, str] = {"id": f"line-{number}"}
        try:
            value = json.loads(line)
            id, prompt = str(value["id"]), value["prompt"]
            id.encode()  # half a surrogate pair is no text
            if not isinstance(prompt, str):
                raise TypeError
            row["id"] = id
            row["prompt"] = clean_request(prompt)
        except (ValueError, KeyError, TypeError, RecursionError):
            row["error"] = f'line {number} of {name} is not an object with "id" and "prompt"'
        except DiagramError as error:
            row["error"] = str(error)
        if row["id"] in seen:
            row = {"id": f"line-{number}", "error": f"the id {row['id']!r} stands twice in {name}"}
        while row["id"] in seen:
            row["id"] += "+"
        seen.add(row["id"])
        yield row


def answer_all(
    cfg: DictConfig, rows: list[dict[str, str]], final: Path, digest: str
) -> tuple[dict[str, dict[str, Any]], float]:
    """The answers by id, those of an earlier start among them; kept in the part file until all are there.

    And the seconds that the model wrote them, 0 where an earlier start wrote some.
    """
    part = final.with_name(final.name + ".part")
    done = resume(part, digest)
    todo, resumed = [row for row in rows if row["id"] not in done], bool(done)
    writes = any("error" not in row for row in todo)
    scorers = load_scorers(cfg) if writes and cfg.candidates > 1 else {}
    llm = load(cfg) if writes else None
    todo.sort(key=lambda row: len(row.get("prompt", "")))  # alike in length, so that little is padded
    size = max(1, cfg.batch * 8 // max(8, cfg.candidates + cfg.beams - 1))
    start = time.monotonic()
    with part.open("a", encoding="utf-8") as file:
        if not file.tell():
            file.write(json.dumps({"settings": digest}) + "\n")
        with tqdm(total=len(rows), initial=len(done), desc="requests", file=sys.stderr) as bar:
            for i in range(0, len(todo), size):
                answer_batch(cfg, llm, scorers, todo[i : i + size], file, done)
                bar.update(len(todo[i : i + size]))
    seconds = 0.0 if resumed else time.monotonic() - start
    finish(part, final, [done[row["id"]] for row in rows])
    return done, seconds


def resume(part: Path, digest: str) -> dict[str, dict[str, Any]]:
    """The answers that an earlier start left in the part file."""
    if not part.exists():
        return {}
    whole = part.read_bytes()
    whole = whole[: whole.rfind(b"\n") + 1]  # a kill may have cut the last line
    try:
        rows = [json.loads(line) for line in whole.decode("utf-8").split("\n")[:-1]]
        done = {row["id"]: row for row in rows[1:]}
        same = not done or rows[0]["settings"] == digest
    except (ValueError, KeyError, TypeError) as error:
        raise DiagenError(f"{part} is damaged; remove it and start again") from error
    if not same:
        raise DiagenError(f"{part} was begun with other settings or requests; remove it or repeat them")
    if not done:
        part.unlink()
    else:
        _rewrite(part, part, whole)
    return done


def answer_batch(
    cfg: DictConfig,
    llm: Any,
    scorers: dict[str, Any],
    rows: list[dict[str, str]],
    file: TextIO,
    done: dict[str, dict[str, Any]],
) -> None:
    """Writes an answer for each row to the part file, and keeps it in `done`."""
    good = [row for row in rows if "error" not in row]
    answers: dict[str, dict[str, Any]] = {row["id"]: dict(row) for row in rows if "error" in row}
    for row in answer(cfg, llm, scorers, good) if good else []:
        answers[row["id"]] = row
    for row in rows:
        file.write(json.dumps(answers[row["id"]], ensure_ascii=False) + "\n")
    file.flush()
    os.fsync(file.fileno())
    done |= answers


def answer(cfg: DictConfig, llm: Any, scorers: dict[str, Any], rows: list[dict[str, str]]) -> list[dict[str, Any]]:
    """The answers to rows that are decoded together, or one by one where that fails."""
    try:
        requests = [row["prompt"] for row in rows]
        written = llm.generate([ask(r) for r in requests], cfg.candidates, **decoding(cfg, requests))
        endless = [i for i, ended in enumerate(written.finished) if not any(ended)]
        if endless:
            again = [requests[i] for i in endless]
            more = llm.generate([ask(r) for r in again], MORE, **(decoding(cfg, again) | {"beams": 0}))
            for i, texts, finished in zip(endless, more.texts, more.finished, strict=True):
                written.texts[i] += texts
                written.finished[i] += finished
    except Exception as error:  # torch has many kinds; one request must not stop the others
        if len(rows) > 1:
            return [found for row in rows for found in answer(cfg, llm, scorers, [row])]
        return [{"id": rows[0]["id"], "error": f"the model failed: {str(error).strip() or type(error).__name__}"}]
    answers = []
    for row, texts, finished in zip(rows, written.texts, written.finished, strict=True):
        candidates, reasons = distinct(texts, finished, dict(cfg.style))
        if candidates:
            ranked = rank(row["prompt"], candidates, scorers) if len(candidates) > 1 else candidates
            found = [record(row["id"], row["prompt"], c, cfg.seed, llm.name) for c in ranked[: cfg.keep]]
            answers.append(found[0] | ({"candidates": found[1:]} if cfg.keep > 1 else {}))
        else:
            answers.append({"id": row["id"], "error": reason_of(reasons), "text": texts[0]})
    return answers


def finish(part: Path, final: Path, answers: list[dict[str, Any]]) -> None:
    """The answers, in the order of the requests, under their final name."""
    if final.exists():
        raise DiagenError(f"{final} exists already and is not overwritten; the answers are in {part}")
    _rewrite(part, final, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in answers).encode())
    if part != final:
        part.unlink()


def _rewrite(part: Path, target: Path, content: bytes) -> None:
    fresh = part.with_name(part.name + ".tmp")
    try:
        fresh.write_bytes(content)
        os.replace(fresh, target)
    finally:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)


# -- small parts -------------------------------------------------------------------------------------------------


def read_text(path: Path) -> str:
    """The text of a file, with or without a mark of its byte order."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DiagenError(f"{path} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise DiagenError(f"{path} cannot be read: it is not UTF-8 text") from error


def load_scorers(cfg: DictConfig) -> dict[str, Any]:
    """What the config's `score` names; nothing where there is nothing to compare."""
    if not cfg.get("score"):
        return {}
    stage = Stage("loading the scorers")
    found = {name: build(cfg.score[name]) for name in cfg.score}
    stage.done()
    return found


def load(cfg: DictConfig) -> Any:
    """The language model that the config names."""
    stage = Stage("loading the language model")
    llm = build(cfg.llm, grammar_hash=GRAMMAR_HASH)
    stage.done(llm.attention)
    return llm


def decoding(cfg: DictConfig, requests: list[str]) -> dict[str, Any]:
    """The settings of `generate`."""
    return {
        "grammars": [GRAMMAR] * len(requests) if cfg.grammar else None,
        "temperature": float(cfg.temperature),
        "seed": int(cfg.seed),
        "beams": int(cfg.beams),
        "max_new_tokens": cfg.max_new_tokens,
    }


def _remove_if_empty(folder: Path) -> None:
    with suppress(OSError):
        folder.rmdir()


def _tidy(sweep: Path) -> None:
    """Takes away Hydra's folder of a sweep where no job left anything in it."""
    if [p.name for p in sweep.iterdir()] == ["multirun.yaml"]:
        (sweep / "multirun.yaml").unlink()
        for folder in (sweep, *sweep.parents[:2]):
            _remove_if_empty(folder)


@hydra.main(version_base="1.3", config_path=CONF, config_name="infer")
def main(cfg: DictConfig) -> None:
    try:
        check(cfg)
        if cfg.prompts is not None:
            many_requests(cfg)
        elif cfg.diagrams is not None:
            given_diagrams(cfg)
        else:
            one_request(cfg)
    except DiagenError as error:
        fail(error)
    except (RuntimeError, MemoryError) as error:
        from diagen.models.llm import out_of_memory

        if not out_of_memory(error):
            raise
        fail(DiagenError("out of memory; lower candidates or batch, or set llm.quantization=nf4"))
    finally:
        if in_sweep():
            _remove_if_empty(Path(HydraConfig.get().runtime.output_dir))
            SWEEPS.add(Path(HydraConfig.get().sweep.dir).absolute())


def command_line() -> int:
    """Takes the request from the arguments as it is, and leaves the others to Hydra."""
    if {"-h", "--help"} & set(sys.argv[1:]):
        print(HELP, end="")
        return 0
    prompts = [a for a in sys.argv[1:] if a.startswith("prompt=")]
    os.environ.pop(RAW, None)
    if prompts:
        os.environ[RAW] = prompts[0].removeprefix("prompt=")
        sys.argv.remove(prompts[0])
    status = run(main)
    while SWEEPS:
        _tidy(SWEEPS.pop())
    return status


if __name__ == "__main__":
    sys.exit(command_line())
