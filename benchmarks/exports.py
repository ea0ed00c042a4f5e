"""How alike the exports are to our own picture, and how long they take beside it.

    python -m benchmarks.exports [--number 20] [--keep FOLDER]
    python -m benchmarks.exports --speed               the times only

Renders each drawing's PowerPoint file with LibreOffice (soffice) and its PDF with pdftoppm, and prints the share of
the ink of each picture that lies within 4 pixels of the other's ink, both ways. Ink is what has an edge: outlines,
lines and letters, not the inside of boxes. "texts" is the share of the lines of text that LibreOffice's page of the
PowerPoint file has within 3 pixels of where our PDF has them: the middle, or the end that they are set from, and the
height; the letters are those of the face that stands behind ours, and so a little narrower. Then the time of each
format for 20 and 200 nodes, as a ratio to the PNG's (two pixels for one of the layout); "bare svg" carries no letters
along. The layout is done before and not counted.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import defusedxml.ElementTree
import numpy as np
from PIL import Image, ImageFilter

from diagen.diagram import Diagram, Edge, Group, Node, dump, parse
from diagen.render import PillowRenderer, Scene, layout, png
from diagen.render.drawio import DrawioRenderer
from diagen.render.graphtext import dot, mermaid
from diagen.render.pdf import PdfRenderer
from diagen.render.pptx import PptxRenderer
from diagen.render.scene import Text
from diagen.render.source import Source
from diagen.render.svg import SvgRenderer
from diagen.render.text import FOLDER, subset

GALLERY = Path(__file__).parent.parent / "docs/gallery"
NEAR = 4  # pixels
SHIFT = 3  # pixels, of the edges of a word
STEP = 16  # of 255: a smaller difference to the neighbours is no edge


def ink(image: Image.Image) -> np.ndarray:
    """Where an image has edges: the largest difference of a channel within 3 by 3 pixels."""
    rgb = image.convert("RGB")
    high, low = rgb.filter(ImageFilter.MaxFilter(3)), rgb.filter(ImageFilter.MinFilter(3))
    return (np.asarray(high, dtype=np.int16) - np.asarray(low, dtype=np.int16)).max(axis=2) > STEP


def near(mask: np.ndarray) -> np.ndarray:
    """What lies within NEAR pixels of a mask."""
    reach = range(-NEAR, NEAR + 1)
    padded = np.pad(mask, NEAR)
    found = np.zeros_like(mask)
    for dy in reach:
        for dx in reach:
            if dx * dx + dy * dy <= NEAR * NEAR:
                rows, columns = slice(NEAR + dy, NEAR + dy + mask.shape[0]), slice(NEAR + dx, NEAR + dx + mask.shape[1])
                found |= padded[rows, columns]
    return found


def alike(ours: Image.Image, theirs: Image.Image) -> tuple[float, float]:
    """The share of our ink that is near theirs, and of theirs that is near ours."""
    a, b = ink(ours), ink(theirs.resize(ours.size, Image.Resampling.LANCZOS) if theirs.size != ours.size else theirs)
    return float((a & near(b)).sum() / max(1, a.sum())), float((b & near(a)).sum() / max(1, b.sum()))


def pictures_of(files: list[Path], folder: Path) -> list[Image.Image]:
    """Each PowerPoint or PDF file as a picture of a pixel for each logical one."""
    decks = [file for file in files if file.suffix == ".pptx"]
    if decks:
        # Hangul is drawn with our own face where the machine has none.
        fonts = folder / "fonts.conf"
        fonts.write_text(
            '<?xml version="1.0"?><fontconfig><include ignore_missing="yes">/etc/fonts/fonts.conf</include>'
            f"<dir>{FOLDER}</dir></fontconfig>",
            encoding="utf-8",
        )
        profile = f"-env:UserInstallation=file://{folder}/profile"
        command = ["soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", str(folder), *map(str, decks)]
        subprocess.run(
            command, check=True, capture_output=True, timeout=600, env={**os.environ, "FONTCONFIG_FILE": str(fonts)}
        )
    found = []
    for file in files:
        target = folder / f"{file.stem}-seen"
        pdf = folder / f"{file.stem}.pdf" if file.suffix == ".pptx" else file
        command = ["pdftoppm", "-r", "96", "-png", "-singlefile", str(pdf), str(target)]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
        found.append(Image.open(f"{target}.png").convert("RGB"))
    return found


def words_of(pdf: Path, width: float) -> list[tuple[str, np.ndarray]]:
    """The words of a page with their left, top, right and low edge, in pixels of a page of this width."""
    page = subprocess.run(["pdftotext", "-bbox", str(pdf), "-"], check=True, capture_output=True, timeout=60).stdout
    root = defusedxml.ElementTree.fromstring(page)
    html = "{http://www.w3.org/1999/xhtml}"
    scale = width / float(next(root.iter(f"{html}page")).get("width"))
    sides = ("xMin", "yMin", "xMax", "yMax")
    return [(w.text or "", np.array([float(w.get(side)) for side in sides]) * scale) for w in root.iter(f"{html}word")]


def nearest(words: list[tuple[str, np.ndarray]], text: Text) -> np.ndarray | None:
    """Where a line of text is set from and its middle height, of the words in a row that say it; None without such."""
    wanted = text.text.split()
    found = []
    for i in range(len(words) - len(wanted) + 1):
        if [word for word, _ in words[i : i + len(wanted)]] == wanted:
            left, top, right, low = np.array([sides for _, sides in words[i : i + len(wanted)]]).T
            x = {"start": left.min(), "middle": (left.min() + right.max()) / 2, "end": right.max()}[text.anchor]
            found.append(np.array([x, (top.min() + low.max()) / 2]))
    return min(found, key=lambda at: np.abs(at - (text.x, text.y)).max(), default=None)


def texts_in_place(scene: Scene, own: Path, deck: Path) -> float:
    """The share of the lines of text that the deck's page has within SHIFT pixels of where our page has them."""
    ours, theirs = words_of(own, scene.width), words_of(deck, scene.width)
    near = []
    for text in scene.shapes:
        if isinstance(text, Text) and (a := nearest(ours, text)) is not None:
            b = nearest(theirs, text)
            near.append(b is not None and np.abs(a - b).max() <= SHIFT)
    return float(np.mean(near)) if near else 1.0


def chain(count: int) -> Diagram:
    """A process of so many nodes with side steps, in groups of ten."""
    r = random.Random(count)
    kinds = ("process", "data", "model", "store", "decision", "document", "user", "encoder")
    nodes = tuple(Node(f"Step {i}", r.choice(kinds)) for i in range(count))
    edges = {Edge(i - 1, i) for i in range(1, count)}
    edges |= {Edge(i, min(count - 1, i + 3), "dashed-arrow", "maybe") for i in range(0, count - 1, 5)}
    groups = tuple(Group(f"Part {i // 10 + 1}", i, min(i + 10, count)) for i in range(0, count, 10))
    return Diagram(nodes, tuple(sorted(edges)), groups)


def seconds(draws: dict[str, Callable[[], object]]) -> dict[str, float]:
    """The median of five rounds for each, after one that loads what is needed.

    The processor's time and in turn, so that what else the machine does counts little; and with no letters kept from
    the round before, since another drawing has others.
    """
    times: dict[str, list[float]] = {name: [] for name in draws}
    for _ in range(6):
        for name, draw in draws.items():
            subset.cache_clear()
            start = time.process_time()
            draw()
            times[name].append(time.process_time() - start)
    return {name: statistics.median(found[1:]) for name, found in times.items()}


def ways(scene: Scene, diagram: Diagram, source: Source) -> dict[str, Callable[[], object]]:
    """Each format by its name."""
    return {
        "png": lambda: png(PillowRenderer(2)(scene), source=source),
        "svg": lambda: SvgRenderer()(scene, source),
        "bare svg": lambda: SvgRenderer(embed=False)(scene, source),
        "pptx": lambda: PptxRenderer()(scene, diagram, source),
        "drawio": lambda: DrawioRenderer()(scene, diagram, source),
        "pdf": lambda: PdfRenderer()(scene, source),
        "mmd": lambda: mermaid(diagram, source),
        "dot": lambda: dot(diagram, source),
    }


def print_times() -> None:
    print(f"{'time, as a ratio to the PNG':28}" + "".join(f"{name:>10}" for name in ways(None, None, None)))  # type: ignore[arg-type]
    for count in (20, 200):
        diagram = chain(count)
        scene = layout(diagram)
        took = seconds(ways(scene, diagram, Source("request", dump(diagram))))
        ratios = "".join(f"{value / took['png']:10.3f}" for value in took.values())
        name = f"{count} nodes (PNG {took['png'] * 1000:.0f} ms)"
        print(f"{name:28}{ratios}", flush=True)


def print_likeness(number: int, keep: Path | None) -> None:
    figures = sorted(GALLERY.glob("*.txt"))
    every = max(1, len(figures) // number)
    print(f"{'':28}{'PowerPoint':>20}{'PDF':>20}{'PowerPoint':>14}")
    print(f"{'within 4 pixels':28}" + f"{'ours':>10}{'theirs':>10}" * 2 + f"{'texts':>14}")
    with tempfile.TemporaryDirectory() as name:
        folder = keep or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        ours, files = [], []
        for path in figures[::every][:number]:
            text = path.read_text(encoding="utf-8")
            diagram = parse(text)
            scene = layout(diagram)
            source = Source("", text)
            ours.append((path.stem, PillowRenderer(1)(scene), scene))
            ours[-1][1].save(folder / f"{path.stem}-ours.png")
            deck, page = folder / f"{path.stem}.pptx", folder / f"{path.stem}-own.pdf"
            deck.write_bytes(PptxRenderer()(scene, diagram, source))
            page.write_bytes(PdfRenderer()(scene, source))
            files += [deck, page]
        seen = pictures_of(files, folder)
        worst = [1.0] * 5
        for (stem, own, scene), deck, page in zip(ours, seen[::2], seen[1::2], strict=True):
            texts = texts_in_place(scene, folder / f"{stem}-own.pdf", folder / f"{stem}.pdf")
            shares = [*alike(own, deck), *alike(own, page), texts]
            worst = [min(pair) for pair in zip(worst, shares, strict=True)]
            print(f"{stem:28}" + "".join(f"{share:10.1%}" for share in shares[:4]) + f"{texts:14.1%}", flush=True)
        print(f"{'worst':28}" + "".join(f"{share:10.1%}" for share in worst[:4]) + f"{worst[4]:14.1%}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--number", type=int, default=20)
    parser.add_argument("--keep", type=Path, help="a folder for the files and pictures")
    parser.add_argument("--speed", action="store_true", help="the times only")
    given = parser.parse_args()
    if given.speed:
        return print_times()
    if shutil.which("soffice") and shutil.which("pdftoppm"):
        print_likeness(given.number, given.keep)
    else:
        print("soffice and pdftoppm are not here: no pictures are compared")
    print()
    print_times()


if __name__ == "__main__":
    main()
