"""The file of ratings: what is kept, by whom, and what happens when things go wrong."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT

from diagen import DiagenError
from diagen.data.ratings import SCHEMA, Ratings, home, latent_key

TEXT = "Load [data] -> Train -> Test\n"

# Adds ratings without end, and says so after each. It loads ratings.py alone, so that fifty starts take seconds.
WRITER = """
import importlib.util, sys
from pathlib import Path
spec = importlib.util.spec_from_file_location("ratings", sys.argv[1])
module = importlib.util.module_from_spec(spec)
sys.modules["ratings"] = module
spec.loader.exec_module(module)
ratings = module.Ratings(Path(sys.argv[2]))
for i in range(int(sys.argv[4])):
    ratings.add("me", sys.argv[3], f"A -> B{i}", i % 11 / 2)
    print(i, flush=True)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a new folder" / "ratings.sqlite"


def writer(path: Path, name: str, number: int = 1_000_000) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(ROOT / "diagen/data/ratings.py"), str(path), name, str(number)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8")


def test_a_rating_is_kept(path):
    with Ratings(path) as ratings:
        assert ratings.of("me") == []
        given = ratings.add("me", "train and test", TEXT, 3.5)
        ratings.add("you", "train and test", TEXT, 1)
        ratings.add("me", "", TEXT, "0")
    with Ratings(path) as ratings:
        assert [(r.request, r.text, r.stars) for r in ratings.of("me")] == [
            ("train and test", TEXT, 3.5),
            ("", TEXT, 0),
        ]
        assert ratings.of("me")[0] == given and given.time.endswith("+00:00")
        assert [r.stars for r in ratings.of("you")] == [1] and ratings.of("nobody") == []


def test_a_second_rating_replaces_the_first_which_stays_in_the_history(path):
    with Ratings(path) as ratings:
        for request, stars in (("a", 1), ("b", 2), ("a", 5)):
            ratings.add("me", request, TEXT, stars)
        assert [(r.request, r.stars) for r in ratings.of("me")] == [("b", 2), ("a", 5)]
        assert [(r.request, r.stars) for r in ratings.of("me", newest=1)] == [("a", 5)]
        assert [(r.request, r.stars) for r in ratings.history("me")] == [("a", 1), ("b", 2), ("a", 5)]


@pytest.mark.parametrize("stars", [-0.5, 5.5, 3.3, float("nan"), float("inf"), True, None, "", "four", "1e999", "-1"])
def test_stars_out_of_range(path, stars):
    with Ratings(path) as ratings, pytest.raises(DiagenError, match="0 to 5"):
        ratings.add("me", "a", TEXT, stars)


@pytest.mark.parametrize(
    "name",
    ["김민준", "../../etc/passwd", "C:\\con", "a'; DROP TABLE ratings; --", "😀" * 50, "a b", "%s", "-", "null", "‮rtl"],
)
def test_any_words_are_a_name(path, name):
    with Ratings(path) as ratings:
        ratings.add(name, "a", TEXT, 2)
        assert [r.user for r in ratings.of(f" {name} ")] == [name]
    assert [p.name for p in path.parent.iterdir()] == ["ratings.sqlite"]  # never part of a path


def test_one_name_in_two_spellings_is_one_user(path):
    with Ratings(path) as ratings:
        ratings.add("Jose\u0301", "a", TEXT, 2)
        assert len(ratings.of("Jos\u00e9")) == 1


@pytest.mark.parametrize("name", ["", "  ", "a\0b", "\ud800", "two\nlines", "x" * 201, "\x1b[31m"])
def test_what_is_no_name(path, name):
    with Ratings(path) as ratings, pytest.raises(DiagenError, match="the user's name") as error:
        ratings.add(name, "a", TEXT, 2)
    assert str(error.value).isprintable()


def test_half_a_surrogate_pair_is_no_text(path):
    with Ratings(path) as ratings:
        for request, text in (("\ud800", TEXT), ("a", "\udfff"), ("a\0", TEXT)):
            with pytest.raises(DiagenError, match="is not text"):
                ratings.add("me", request, text, 2)
        assert ratings.of("me") == []


# -- latents -----------------------------------------------------------------------------------------------------


def test_latents_are_kept_by_text_encoder_and_renderer(path):
    keys = [latent_key(text, "e1", "r1") for text in ("A -> B", "A -> C", "층 -> 층")]
    given = {key: np.random.default_rng(i).normal(size=64).astype(np.float32) for i, key in enumerate(keys)}
    with Ratings(path) as ratings:
        ratings.add_latents(given)
    with Ratings(path) as ratings:
        found = ratings.latents([*keys, *keys, latent_key("A -> B", "e2", "r1"), latent_key("A -> B", "e1", "r2")])
        assert set(found) == set(keys)
        assert all(np.array_equal(found[k], given[k]) and found[k].dtype == np.float32 for k in keys)
        ratings.add_latents({keys[0]: np.zeros(3)})
        assert ratings.latents(keys[:1])[keys[0]].tolist() == [0, 0, 0]
        assert ratings.latents([]) == {}


def test_bad_latents_are_refused_all_together(path):
    keys = [latent_key(text, "e", "r") for text in "ab"]
    with Ratings(path) as ratings:
        with pytest.raises(ValueError):
            ratings.add_latents({keys[0]: np.zeros(3), keys[1]: np.array([np.nan])})
        assert ratings.latents(keys) == {}


# -- where it lies -----------------------------------------------------------------------------------------------


def test_home(monkeypatch, tmp_path):
    monkeypatch.setenv("DIAGEN_HOME", str(tmp_path / "kept"))
    with Ratings() as ratings:
        ratings.add("me", "a", TEXT, 1)
    assert (tmp_path / "kept/ratings.sqlite").is_file()
    monkeypatch.setenv("DIAGEN_HOME", "kept")
    with pytest.raises(DiagenError, match="whole path"):
        home()
    monkeypatch.setenv("DIAGEN_HOME", "")
    assert home().is_absolute() and home().name == "diagen"


def test_a_home_that_is_a_file(tmp_path):
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(DiagenError, match="DIAGEN_HOME"):
        Ratings(tmp_path / "file" / "ratings.sqlite")
    (tmp_path / "ratings.sqlite").mkdir()
    with pytest.raises(DiagenError, match="cannot be used"):
        Ratings(tmp_path / "ratings.sqlite")


# -- files that are none -----------------------------------------------------------------------------------------


def filled(path: Path, number: int = 300) -> bytes:
    """A good file with some ratings, and its bytes."""
    Ratings(path).close()
    rows = [("me", f"request {i}", TEXT * 20, 3.0, "") for i in range(number)]
    with closing(sqlite3.connect(path)) as db, db:
        db.executemany("INSERT INTO ratings (user, request, text, stars, time) VALUES (?, ?, ?, ?, ?)", rows)
    return path.read_bytes()


@pytest.mark.parametrize("how", ["empty", "words", "short", "cut", "scribbled", "other", "no version"])
def test_a_file_that_is_none_is_left_as_it_is(path, how):
    whole = filled(path)
    if how == "other":
        path.unlink()
        with closing(sqlite3.connect(path)) as db:
            db.executescript("CREATE TABLE mine (x); INSERT INTO mine VALUES (1)")
    elif how == "no version":
        with closing(sqlite3.connect(path)) as db:
            db.executescript("PRAGMA user_version = 0")
    else:
        path.write_bytes({
            "empty": b"", "words": b"0123456789" * 500, "short": whole[:50], "cut": whole[: len(whole) // 2],
            "scribbled": whole[:4096] + b"\xa5" * 30_000 + whole[34_096:],
        }[how])  # fmt: skip
    before = path.read_bytes()
    with pytest.raises(DiagenError) as error:
        Ratings(path)
    assert str(path) in str(error.value) and "move it away" in str(error.value) and "\n" not in str(error.value)
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_a_newer_file(path):
    filled(path)
    with closing(sqlite3.connect(path)) as db:
        db.executescript(f"PRAGMA user_version = {SCHEMA + 1}")
    before = path.read_bytes()
    with pytest.raises(DiagenError, match=f"newer diagen .schema {SCHEMA + 1}, .*update diagen"):
        Ratings(path)
    assert path.read_bytes() == before


def test_a_file_that_another_program_holds(path, monkeypatch):
    monkeypatch.setattr("diagen.data.ratings.WAIT", 0.05)
    with Ratings(path) as ratings, closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DiagenError, match="locked; another program"):
            ratings.add("me", "a", TEXT, 1)
        assert ratings.of("me") == []  # reading goes on
        other.rollback()
        ratings.add("me", "a", TEXT, 1)


# -- many processes ----------------------------------------------------------------------------------------------


def test_no_acknowledged_rating_is_lost_by_a_kill(path):
    rng = random.Random(1)
    lock = threading.Lock()

    def one(k: int) -> tuple[str, int]:
        """Kills a writer somewhere; how many of its ratings it had acknowledged."""
        with lock:
            after, wait = rng.choice((0, 1, 2, 5, 20)), rng.uniform(0, 0.02)
        process = writer(path, f"writer {k}")
        assert process.stdout
        lines = [process.stdout.readline() for _ in range(after)]
        time.sleep(wait if after else 20 * wait)  # with none awaited, somewhere in its start
        process.kill()
        lines += process.stdout.readlines()
        process.wait()
        return f"writer {k}", sum(line.endswith("\n") for line in lines)

    with ThreadPoolExecutor(3) as pool:  # three at a time, so that they meet as well
        acknowledged = dict(pool.map(one, range(50)))
    with Ratings(path) as ratings:
        kept = [r.request for r in ratings.of("me")]
    for name, number in acknowledged.items():
        assert number <= kept.count(name) <= number + 1  # one may be kept and not yet acknowledged
    assert sum(acknowledged.values()) > 100


def test_two_writers_at_once(path):
    processes = [writer(path, name, 60) for name in ("one", "two")]
    outputs = [process.communicate(timeout=60)[0] for process in processes]
    assert [len(o.splitlines()) for o in outputs] == [60, 60]
    with Ratings(path) as ratings:
        kept = [r.request for r in ratings.of("me")]
    assert (kept.count("one"), kept.count("two")) == (60, 60)
    assert [p.name for p in path.parent.iterdir()] == ["ratings.sqlite"]


def test_the_command_starts_without_the_nets(tmp_path):
    script = "import runpy, sys; sys.argv = ['rate.py', '--help']\ntry: runpy.run_path(sys.path[0] + '/rate.py', "
    script += (
        "run_name='__main__')\nexcept SystemExit: print(sorted({'torch', 'hydra', 'datasets'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{script}"]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=60, env=os.environ | {})
    assert done.stdout.splitlines()[-1] == "[]", done.stderr
