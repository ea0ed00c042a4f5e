"""Keep what you think of a drawing, so that the next drawings are put in your order.

python rate.py outputs/infer/2026-11-22_15-00-00-1/01.png 4
"""

from __future__ import annotations

import argparse
import json
import sys
from io import TextIOWrapper
from pathlib import Path

from diagen import DiagenError
from diagen.data.ratings import Ratings, stars_of, user_of
from diagen.diagram import DiagramError, parse
from diagen.render.source import read_source

HELP = """\
Rate a drawing; infer.py then puts the drawings that you like first.

  python rate.py outputs/infer/2026-11-22_15-00-00-1/01.png 4       0 to 5 stars, halves too
  python rate.py outputs/infer/2026-11-22_15-00-00-1/02.svg 2.5     any file of a drawing will do
  python rate.py outputs/infer/2026-11-22_15-00-00-1/01.txt 5 --user "Kim Min-jun"

A .txt needs its .json file beside it; the others carry their request.
A second rating of the same drawing counts in place of the first.
Ratings are kept in ratings.sqlite in the user's data folder, or in the folder that DIAGEN_HOME names.
The default user is me, as in conf/infer.yaml.
"""


def drawn(path: Path) -> tuple[str, str]:
    """The request ("" where there was none) and the text of a drawing; of a .txt from the .json beside it."""
    if not path.is_file():
        raise DiagenError(f"{path} is no file; give a drawing of infer.py, such as 01.png, 01.svg or 01.txt")
    if path.suffix.lower() != ".txt":
        source = read_source(path)
        try:
            parse(source.text)
        except DiagramError as error:
            raise DiagenError(f"{path} was drawn from another version of the language; draw it again") from error
        return source.request, source.text
    meta = path.with_suffix(".json")
    try:
        row = json.loads(meta.read_text(encoding="utf-8"))
        request, text = row["request"] or "", row["text"]
        if not isinstance(request, str):
            raise TypeError
        diagram = parse(text)
    except FileNotFoundError as error:
        raise DiagenError(f"{meta} is missing; rate a text where infer.py wrote it, its .json beside it") from error
    except OSError as error:
        raise DiagenError(f"{meta} cannot be read: {error.strerror or error}") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, DiagramError) as error:
        raise DiagenError(f"{meta} is not what infer.py writes beside a drawing; draw it again") from error
    if not _tells(path, diagram):
        raise DiagenError(f"{path} was changed since it was drawn; draw it again: python infer.py diagrams={path}")
    return request, text


def _tells(path: Path, diagram: object) -> bool:
    """Whether a text file is that diagram."""
    try:
        return parse(path.read_text(encoding="utf-8-sig")) == diagram
    except (OSError, UnicodeDecodeError, DiagramError):
        return False


def main() -> int:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a cp949 or ASCII console cannot show every name
    parser = argparse.ArgumentParser(usage="python rate.py PATH STARS [--user me]")
    parser.add_argument("path", type=Path)
    parser.add_argument("stars")
    parser.add_argument("--user", default="me")
    parser.format_help = lambda: HELP
    args = parser.parse_args()
    try:
        stars, user = stars_of(args.stars), user_of(args.user)  # before anything is made
        request, text = drawn(args.path)
        with Ratings() as ratings:
            ratings.add(user, request, text, stars)
            number = len(ratings.of(user))
    except DiagenError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    title = request if len(request) <= 60 else request[:57] + "..."
    words = f"{title!r}" if request else "a text without a request"
    print(f"{stars:g} of 5 stars for {args.path.name} ({words}), by {user}, who has {number:,} rating(s) now")
    return 0


if __name__ == "__main__":
    sys.exit(main())
