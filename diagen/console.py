"""What infer.py and train.py share: output that every console can show, and one line for an expected failure."""

from __future__ import annotations

import os
import re
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from typing import Any, NoReturn

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException, InstantiationException, OverrideParseException
from hydra.types import RunMode
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from diagen import DiagenError


def say(text: str, end: str = "\n") -> None:
    """A line for the person who waits."""
    print(text, end=end, file=sys.stderr, flush=True)


failed: list[str] = []  # the jobs of a sweep that ended with an error


def in_sweep() -> bool:
    """Whether this is one of the jobs of `-m`."""
    return HydraConfig.get().mode == RunMode.MULTIRUN


def fail(error: DiagenError) -> NoReturn:
    """Ends the job with one line; the other jobs of a sweep go on."""
    if in_sweep():
        failed.append(str(HydraConfig.get().job.num))
        say(f"error in job {failed[-1]}: {error}")
        raise error
    say(f"error: {error}")
    sys.exit(1)


@contextmanager
def job() -> Iterator[None]:
    """Around what a command does for one config: an expected failure ends it with one line.

    In a sweep any failure does, so that the job is named and the others go on; its traceback stands above that line.
    """
    try:
        yield
    except DiagenError as error:
        fail(error)
    except (HydraException, OmegaConfBaseException) as error:
        if not in_sweep():
            raise
        fail(DiagenError(_in_one_line(error)))
    except Exception as error:
        if not in_sweep():
            raise
        traceback.print_exc()
        fail(DiagenError((str(error).strip() or type(error).__name__).splitlines()[0]))


def build(settings: DictConfig, **more: Any) -> Any:
    """The object that a config's _target_ names, built from plain Python values; its DiagenError as it is."""
    try:
        return hydra.utils.instantiate(settings, **more, _convert_="all")
    except InstantiationException as error:
        if isinstance(error.__cause__, DiagenError):
            raise error.__cause__ from None
        raise


def run(main: Callable[[], Any]) -> int:
    """Calls a function that @hydra.main has wrapped; the exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a cp949 or ASCII console cannot show every label
    warnings.filterwarnings("ignore", module=r"bitsandbytes|transformers|peft|trl|torch")  # their plans, not ours
    os.environ.setdefault("HYDRA_FULL_ERROR", "1")  # hand errors over instead of printing them
    sys.argv[1:] = [_quoted(argument) for argument in sys.argv[1:]]
    failed.clear()
    try:
        main()
    except DiagenError:  # the job has said why
        return _told()
    except (HydraException, OmegaConfBaseException) as error:
        say(f"error: {_in_one_line(error)}; --help shows examples")
        return 1
    except KeyboardInterrupt:
        say("stopped")
        return 130
    except ValueError:
        if not failed:
            raise
        return _told()  # a search of which every job failed has no best one
    return _told() if failed else 0


def _told() -> int:
    """Names the jobs of a sweep that failed; the exit status."""
    if failed:
        say(f"failed: {'job' if len(failed) == 1 else 'jobs'} {', '.join(failed)}; the other jobs are done")
    return 1


def _quoted(argument: str) -> str:
    """The argument as Hydra's grammar reads it: of all letters it knows only ASCII's without quotes."""
    name, equals, value = argument.partition("=")
    plain = value.isascii() or set(value) & set("'\"\\,[]{}()$")
    return argument if plain or not equals else f"{name}='{value}'"


def _in_one_line(error: Exception) -> str:
    if isinstance(error, OverrideParseException):
        return f"{error.override!r} cannot be read; write name=value, and name=\"'value'\" where it holds marks"
    text = re.split(r"\n(?:To append|Config search path|    full_key)", str(error))[0]
    if "is not in struct" in f"{error}{error.__cause__}":
        text = text.replace("Could not override", "there is no setting") + "; write +name=value to add one"
    return " ".join(text.split()).rstrip(".")
