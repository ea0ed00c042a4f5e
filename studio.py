"""A page in the browser: type, look, rate, edit, download.

python studio.py
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import hydra
from omegaconf import DictConfig

import infer
from diagen import DiagenError
from diagen.console import fail, in_sweep, run, say
from diagen.data.ratings import user_of
from diagen.sampling import sampled
from diagen.score import Candidate

HELP = """\
Draw, rate and edit diagrams in the browser.

  pip install -e ".[studio]"                       once
  python studio.py                                 then open http://127.0.0.1:7860
  python studio.py port=7861 candidates=12 keep=6
  python studio.py llm.adapter=outputs/llm/.../adapter

Only this machine can reach the page, unless host= says otherwise; the README says what that needs.
Ratings and the history of requests are kept in the user's data folder, or in the one that DIAGEN_HOME names.
All settings: conf/studio.yaml.
"""

RANGES = (
    ("port", 1, 65_535),
    ("candidates", 1, 64),
    ("beams", 1, 16),
    ("keep", 1, 16),
    ("max_new_tokens", 16, 4096),
    ("seed", 0, 2**32 - 1),
)
Written = tuple[list[Candidate], list[str]]  # the distinct candidates so far, and why other samples are none


def check(cfg: DictConfig) -> None:
    """Refuses settings that cannot work, before anything is loaded."""
    infer.check_values(cfg, RANGES, ("grammar",))
    user_of(str(cfg.user))
    if in_sweep():
        raise DiagenError("a page cannot be swept; leave -m out")


def writer(cfg: DictConfig, llm: Any) -> Callable[[str, int, Callable[[str, float], None]], Iterator[Written]]:
    """How this page writes candidates: the likeliest first, so that there is something to look at, then the others."""

    def write(request: str, turn: int, tell: Callable[[str, float], None]) -> Iterator[Written]:
        """All candidates so far, each time that there are more; `turn` counts the same request's earlier drawings."""
        made = 0

        def progress(done: int, number: int, tokens: int) -> None:
            said = f"writing: {made + done} of {made + number} candidates, {tokens:,} tokens"
            tell(said, (made + done) / (made + number))

        settings = infer.decoding(cfg, [request])
        settings["seed"] = (cfg.seed + 1_000 * turn) % 2**32
        for found in sampled(
            llm, request, cfg.candidates, {}, early=True, apart=10_000_000, progress=progress, **settings
        ):
            made = found.samples
            yield found.candidates, found.reasons

    return write


@hydra.main(version_base="1.3", config_path=infer.CONF, config_name="studio")
def main(cfg: DictConfig) -> None:
    try:
        check(cfg)
        try:
            from diagen.page import page, serve, socket_of
            from diagen.studio import Studio
        except ModuleNotFoundError as error:
            if (error.name or "").split(".")[0] not in ("gradio", "fastapi", "uvicorn"):
                raise
            raise DiagenError('the studio needs Gradio: pip install -e ".[studio]"') from error
        socket = socket_of(str(cfg.host), cfg.port)  # a taken port is noticed before the model is loaded
        llm = infer.load(cfg)
        studio = Studio(writer(cfg, llm), infer.load_scorers(cfg), cfg.keep, llm.name)
        host = f"[{cfg.host}]" if ":" in str(cfg.host) else cfg.host
        address = f"http://{'localhost' if host == '127.0.0.1' else host}:{cfg.port}"
        say(f"the studio is at {address}; Ctrl+C ends it")
        serve(page(studio, user_of(str(cfg.user))), socket)
    except DiagenError as error:
        fail(error)


def command_line() -> int:
    if {"-h", "--help"} & set(sys.argv[1:]):
        print(HELP, end="")
        return 0
    return run(main)


if __name__ == "__main__":
    sys.exit(command_line())
