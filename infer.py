"""From a sentence to drawings.

    python infer.py prompt="a deep learning model with 2 input nodes, 3 and 5 hidden nodes, and 1 output node"
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

import hydra
from omegaconf import DictConfig, OmegaConf

from diagen import DiagenError
from diagen.diagram import (
    GRAMMAR,
    GRAMMAR_HASH,
    Diagram,
    DiagramError,
    as_graph,
    ask,
    clean_request,
    dump,
    parse,
    restyle,
)

HELP = """\
Draw a diagram from a sentence.

  python infer.py prompt="3 inputs, 4 and 6 hidden, 1 output"     commas, quotes, brackets as they are
  echo "RAG: chunk -> embed -> store" | python infer.py            or from a pipe, or typed
  python infer.py prompt="..." candidates=8 keep=4 seed=1 formats=[png,svg] output=DIR
  python infer.py prompt="..." style.theme=night style.direction=down
  python infer.py prompts=FILE.jsonl output=FILE.jsonl candidates=1 many requests ("id", "prompt" a line)
  python infer.py diagrams=my.txt                                  draw a text, without the language model
  python infer.py prompt="..." llm.adapter=outputs/llm/.../adapter another adapter; llm=deepseek_coder_1b

Writes 01.png, 01.svg, 01.txt (the diagram's text, to edit) and 01.json, 02... to output, else to a new
folder below outputs/infer. All settings: conf/infer.yaml. With -m, commas sweep: seed=1,2,3.
Style words: theme paper outline ink slide night; direction right down up left; spacing compact
normal wide; routing orthogonal straight; shapes rounded square; scale 0.25 to 4.
"""

RAW = "DIAGEN_REQUEST"  # how the words of the request reach the jobs, past Hydra's grammar of commas and quotes


def say(text: str, end: str = "\n") -> None:
    """A line for the person who waits; replaces characters that the console cannot show."""
    encoding = sys.stderr.encoding or "utf-8"
    sys.stderr.write(text.encode(encoding, "replace").decode(encoding) + end)
    sys.stderr.flush()


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
    if given is not None:
        return clean_request(str(given))
    if sys.stdin is None or sys.stdin.closed:
        raise DiagenError('nothing to draw: give prompt="..."')
    if sys.stdin.isatty():
        say("What shall be drawn? ", end="")
        return clean_request(sys.stdin.readline())
    try:
        return clean_request(sys.stdin.buffer.read(100_000).decode("utf-8"))
    except UnicodeDecodeError as error:
        raise DiagenError("the piped request is not UTF-8 text") from error


def check(cfg: DictConfig) -> None:
    """Refuses settings that cannot work, before anything is loaded."""
    sources = [n for n in ("prompt", "prompts", "diagrams") if cfg[n] is not None or n == "prompt" and RAW in os.environ]
    if len(sources) > 1:
        raise DiagenError(f"{' and '.join(sources)} are given; choose one of them")
    unknown = set(cfg.formats) - {"png", "svg"}
    if unknown:
        raise DiagenError(f"unknown format {sorted(unknown)[0]!r}; there are png and svg")
    for name, least, most in (("candidates", 1, 64), ("keep", 1, 64), ("batch", 1, 256), ("max_new_tokens", 16, 4096)):
        if not isinstance(cfg[name], int) or not least <= cfg[name] <= most:
            raise DiagenError(f"{name}={cfg[name]} is out of range; {least} to {most}")
    if not isinstance(cfg.temperature, (int, float)) or not 0 <= cfg.temperature <= 2:
        raise DiagenError(f"temperature={cfg.temperature} is out of range; 0 to 2")


# -- candidates --------------------------------------------------------------------------------------------------


def readable(texts: list[str], finished: list[bool], style: dict[str, str]) -> tuple[list[Diagram], list[str]]:
    """The distinct diagrams among the texts, in their order, and the reasons why the others are none."""
    diagrams: list[Diagram] = []
    reasons: list[str] = []
    for text, ended in zip(texts, finished, strict=True):
        if not ended:
            reasons.append("the answer was cut off at max_new_tokens")
            continue
        try:
            diagram = restyle(parse(text), **style)
        except DiagramError as error:
            reasons.append(str(error))
            continue
        if diagram not in diagrams:
            diagrams.append(diagram)
    return diagrams, reasons


def record(id: str, request: str | None, diagram: Diagram, seed: int | None, model: str | None) -> dict[str, Any]:
    """What a .json file and a line of a .jsonl file hold."""
    return {
        "id": id,
        "request": request,
        "text": dump(diagram),
        "seed": seed,
        "model": model,
        **as_graph(diagram),
        "scores": {},
    }


# -- files -------------------------------------------------------------------------------------------------------


def write(path: Path, content: bytes) -> None:
    """The whole file or none: nothing half-written under its name, nothing overwritten."""
    if path.exists():
        raise DiagenError(f"{path} exists already; choose another output")
    part = path.with_name(path.name + ".part")
    try:
        part.write_bytes(content)
        os.replace(part, path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise DiagenError(f"{path} cannot be written: {error.strerror or error}") from error


def output_folder(cfg: DictConfig) -> Path:
    """The folder for the drawings, made now, so that a read-only place is noticed before the model is loaded."""
    job = hydra.core.hydra_config.HydraConfig.get()
    try:
        if cfg.output is not None:
            folder = Path(cfg.output)
            if job.mode == hydra.types.RunMode.MULTIRUN and not folder.is_absolute():
                folder = Path(job.runtime.output_dir) / folder
            folder.mkdir(parents=True, exist_ok=True)
            taken = next((p for p in sorted(folder.iterdir()) if p.stem.isdecimal()), None)
            if taken:
                raise DiagenError(f"{taken} exists already and is not overwritten; choose another output")
        elif job.mode == hydra.types.RunMode.MULTIRUN:
            folder = Path(job.runtime.output_dir)
            folder.mkdir(parents=True, exist_ok=True)
        else:
            folder = _numbered(Path("outputs/infer"))
        probe = folder / ".write-test"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise DiagenError(f"cannot write to {error.filename or cfg.output}: {error.strerror or error}") from error
    return folder


def _numbered(parent: Path) -> Path:
    stamp = f"{datetime.now():%Y-%m-%d_%H-%M-%S}"
    parent.mkdir(parents=True, exist_ok=True)
    for n in range(1, 1000):
        try:
            (parent / f"{stamp}-{n}").mkdir()
            return parent / f"{stamp}-{n}"
        except FileExistsError:
            continue
    raise DiagenError(f"{parent} holds too many folders of this second")


def draw(diagram: Diagram, folder: Path, name: str, formats: list[str], meta: dict[str, Any]) -> None:
    """NAME.txt, NAME.json and the pictures."""
    import io

    from diagen.render import PillowRenderer, SvgRenderer, layout

    scene = layout(diagram)
    files = {"txt": meta["text"].encode(), "json": json.dumps(meta, ensure_ascii=False, indent=1).encode()}
    if "png" in formats:
        buffer = io.BytesIO()
        PillowRenderer()(scene).save(buffer, "PNG")
        files["png"] = buffer.getvalue()
    if "svg" in formats:
        files["svg"] = SvgRenderer()(scene).encode()
    for ending, content in files.items():
        write(folder / f"{name}.{ending}", content)


# -- the three ways ----------------------------------------------------------------------------------------------


def one_request(cfg: DictConfig) -> None:
    """One sentence in, up to `keep` drawings out."""
    request = request_of(cfg)
    folder = output_folder(cfg)
    llm = load(cfg)
    stage = Stage("writing candidates")
    written = llm.generate(
        [ask(request)],
        cfg.candidates,
        progress=lambda done, tokens: stage.show(f"{done} of {cfg.candidates}, {tokens} tokens"),
        **decoding(cfg),
    )
    stage.done(f"{cfg.candidates} with {written.tokens} tokens, {written.tokens / written.seconds:.0f} tokens/s")
    diagrams, reasons = readable(written.texts[0], written.finished[0], dict(cfg.style))
    if not diagrams:
        _remove_if_empty(folder)
        raise DiagenError(f"no candidate is a diagram ({_most_common(reasons)}); describe a model or a process in a sentence")
    stage = Stage("drawing")
    for n, diagram in enumerate(diagrams[: cfg.keep], 1):
        stage.show(f"{n} of {min(len(diagrams), cfg.keep)}")
        meta = record(f"{n:02d}", request, diagram, cfg.seed, llm.name)
        draw(diagram, folder, f"{n:02d}", list(cfg.formats), meta)
    stage.done()
    table(folder, diagrams[: cfg.keep], list(cfg.formats))
    same = cfg.candidates - len(diagrams) - len(reasons)
    notes = [f"{len(diagrams)} distinct of {cfg.candidates} candidates"] + ([f"{same} alike"] if same else [])
    notes += [f"{len(reasons)} unreadable: {_most_common(reasons)}"] if reasons else []
    say("; ".join(notes))


def given_diagrams(cfg: DictConfig) -> None:
    """Texts in, drawings out; no language model."""
    path = Path(cfg.diagrams)
    try:
        files = sorted(path.glob("*.txt")) if path.is_dir() else [path]
        texts = [(file.name, file.read_text(encoding="utf-8")) for file in files]
    except (OSError, UnicodeDecodeError) as error:
        raise DiagenError(f"{path} cannot be read: {error}") from error
    if not texts:
        raise DiagenError(f"{path} holds no .txt file")
    diagrams = []
    for name, text in texts:
        try:
            diagrams.append(restyle(parse(text), **dict(cfg.style)))
        except DiagramError as error:
            raise DiagenError(f"{name}: {error}") from error
    folder = output_folder(cfg)
    for n, diagram in enumerate(diagrams, 1):
        draw(diagram, folder, f"{n:02d}", list(cfg.formats), record(f"{n:02d}", None, diagram, None, None))
    table(folder, diagrams, list(cfg.formats))


def many_requests(cfg: DictConfig) -> None:
    """A line of JSON for each request; resumes where it was stopped."""
    from tqdm import tqdm

    if cfg.output is None or not str(cfg.output).endswith(".jsonl"):
        raise DiagenError("prompts=FILE.jsonl needs output=FILE.jsonl")
    job = hydra.core.hydra_config.HydraConfig.get()
    final = Path(cfg.output)
    if job.mode == hydra.types.RunMode.MULTIRUN and not final.is_absolute():
        final = Path(job.runtime.output_dir) / final
    if final.exists():
        raise DiagenError(f"{final} exists already and is not overwritten; choose another output")
    rows = list(read_prompts(Path(cfg.prompts)))
    part = final.with_name(final.name + ".part")
    settings = OmegaConf.to_container(cfg, resolve=True)
    assert isinstance(settings, dict)
    for name in ("output", "batch", "formats", "user"):
        settings.pop(name)
    digest = hashlib.sha256(json.dumps([settings, GRAMMAR_HASH], sort_keys=True).encode()).hexdigest()[:16]
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        done = resume(part, digest)
        todo = [row for row in rows if row["id"] not in done]
        llm = load(cfg) if any("error" not in row for row in todo) else None
        todo.sort(key=lambda row: len(row.get("prompt", "")))
        with part.open("a", encoding="utf-8") as file:
            bar = tqdm(total=len(rows), initial=len(rows) - len(todo), desc="requests", file=sys.stderr)
            size = max(1, cfg.batch * 8 // max(8, cfg.candidates)) if cfg.candidates > 1 else cfg.batch
            for i in range(0, len(todo), size):
                answer_batch(cfg, llm, todo[i : i + size], file, done)
                bar.update(len(todo[i : i + size]))
            bar.close()
        finish(part, final, [row["id"] for row in rows])
    except OSError as error:
        raise DiagenError(f"{error.filename or final} cannot be written: {error.strerror or error}") from error
    errors = sum("error" in row for row in done.values())
    say(f"{final}: {len(rows)} requests, {len(rows) - errors} diagrams, {errors} errors")
    if errors == len(rows):
        raise DiagenError(f"all {len(rows)} requests failed; the first: {next(iter(done.values()))['error']}")


def read_prompts(path: Path) -> Iterator[dict[str, str]]:
    """Rows with "id" and "prompt", or with "id" and "error" where a line is not one."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise DiagenError(f"{path} cannot be read: {error}") from error
    seen: set[str] = set()
    found = False
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        found = True
        row: dict[str, str] = {"id": f"line-{number}"}
        try:
            value = json.loads(line)
            row["id"] = str(value["id"])
            row["prompt"] = clean_request(str(value["prompt"]))
        except (ValueError, KeyError, TypeError):
            row["error"] = f'line {number} of {path.name} is not an object with "id" and "prompt"'
        except DiagramError as error:
            row["error"] = str(error)
        if row["id"] in seen:
            row = {"id": f"line-{number}", "error": f"the id {row['id']!r} stands twice in {path.name}"}
        seen.add(row["id"])
        yield row
    if not found:
        raise DiagenError(f"{path} holds no request")


def resume(part: Path, digest: str) -> dict[str, dict[str, Any]]:
    """The rows that an earlier start left in the part file; starts the file where there is none."""
    if not part.exists():
        part.write_text(json.dumps({"settings": digest}) + "\n", encoding="utf-8")
        return {}
    whole = part.read_bytes()
    whole = whole[: whole.rfind(b"\n") + 1]  # a kill may have cut the last line
    lines = [json.loads(line) for line in whole.decode("utf-8").splitlines()]
    if not lines or lines[0].get("settings") != digest:
        raise DiagenError(f"{part} was begun with other settings; remove it or repeat them")
    fresh = part.with_name(part.name + ".tmp")
    fresh.write_bytes(whole)
    os.replace(fresh, part)
    return {row["id"]: row for row in lines[1:]}


def answer_batch(
    cfg: DictConfig, llm: Any, rows: list[dict[str, str]], file: TextIO, done: dict[str, dict[str, Any]]
) -> None:
    """Writes an answer for each row to the part file, and keeps it in `done`."""
    good = [row for row in rows if "error" not in row]
    answers: dict[str, dict[str, Any]] = {row["id"]: dict(row) for row in rows if "error" in row}
    written = llm.generate([ask(row["prompt"]) for row in good], cfg.candidates, **decoding(cfg)) if good else None
    for i, row in enumerate(good):
        diagrams, reasons = readable(written.texts[i], written.finished[i], dict(cfg.style))
        if diagrams:
            found = [record(row["id"], row["prompt"], d, cfg.seed, llm.name) for d in diagrams[: cfg.keep]]
            answers[row["id"]] = found[0] | ({"candidates": found[1:]} if cfg.keep > 1 else {})
        else:
            answers[row["id"]] = {"id": row["id"], "error": _most_common(reasons), "text": written.texts[i][0]}
    for row in rows:
        file.write(json.dumps(answers[row["id"]], ensure_ascii=False) + "\n")
    file.flush()
    os.fsync(file.fileno())
    done |= answers


def finish(part: Path, final: Path, order: list[str]) -> None:
    """The part file without its settings, in the order of the requests, under its final name."""
    lines = part.read_text(encoding="utf-8").splitlines()[1:]
    by_id = {json.loads(line)["id"]: line for line in lines}
    fresh = part.with_name(part.name + ".tmp")
    fresh.write_text("".join(by_id[id] + "\n" for id in order), encoding="utf-8")
    os.replace(fresh, final)
    part.unlink()


# -- small parts -------------------------------------------------------------------------------------------------


def load(cfg: DictConfig) -> Any:
    """The language model that the config names."""
    stage = Stage("loading the language model")
    llm = hydra.utils.instantiate(cfg.llm, grammar_hash=GRAMMAR_HASH, _convert_="all")
    stage.done()
    return llm


def decoding(cfg: DictConfig) -> dict[str, Any]:
    """The settings of `generate`."""
    return {
        "grammar": GRAMMAR if cfg.grammar else None,
        "temperature": float(cfg.temperature),
        "seed": int(cfg.seed),
        "max_new_tokens": cfg.max_new_tokens,
    }


def table(folder: Path, diagrams: list[Diagram], formats: list[str]) -> None:
    """Says on the standard output what lies where."""
    print(f"{folder}")
    for n, diagram in enumerate(diagrams, 1):
        files = " ".join(f"{n:02d}.{ending}" for ending in (*formats, "txt", "json"))
        words = " ".join(w for w in vars(diagram.style).values() if w) or "default style"
        print(f"  {files}   {len(diagram.nodes)} nodes, {len(diagram.flow())} edges, {words}")


def _most_common(reasons: list[str]) -> str:
    return max(set(reasons), key=reasons.count) if reasons else ""


def _remove_if_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:
        pass


@hydra.main(version_base="1.3", config_path="conf", config_name="infer")
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
        if hydra.core.hydra_config.HydraConfig.get().mode == hydra.types.RunMode.MULTIRUN:
            raise  # the other jobs go on; Hydra names this one
        say(f"error: {error}")
        sys.exit(1)


if __name__ == "__main__":
    if {"-h", "--help"} & set(sys.argv[1:]):
        print(HELP, end="")
        sys.exit(0)
    prompts = [a for a in sys.argv[1:] if a.startswith("prompt=")]
    if prompts:
        os.environ[RAW] = prompts[0].removeprefix("prompt=")
        sys.argv.remove(prompts[0])
    try:
        main()
    except KeyboardInterrupt:
        say("stopped")
        sys.exit(130)
