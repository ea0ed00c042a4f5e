"""Pictures of diagrams for the nets: pixels(), and the DataModules that make, draw and keep them."""

from __future__ import annotations

import hashlib
import io
import math
import os
import random
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import asdict
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import lightning
import numpy as np
import platformdirs
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, RandomSampler, Subset

from diagen import DiagenError
from diagen.data.synthetic import pairs
from diagen.diagram import STYLE_WORDS, Diagram, parse
from diagen.render import PillowRenderer, Scene, faults, layout
from diagen.render.damage import bare, damaged
from diagen.render.readability import WEIGHTS, readability
from diagen.render.scene import OUTLINES, Line, Text
from diagen.render.where import maps

SIDE = 224  # pixels; see LOG.md for 160 and 320
TERMS = tuple(WEIGHTS)


def pixels(image: Image.Image, side: int = SIDE) -> Tensor:
    """(3, side, side) uint8: RGB, the whole picture in the middle of a square of its ground's colour."""
    if image.mode != "RGB":
        ground = Image.new("RGBA", image.size, "#FFFFFF")
        image = Image.alpha_composite(ground, image.convert("RGBA")).convert("RGB")
    share = side / max(image.size)
    width, height = (max(1, round(length * share)) for length in image.size)
    square = Image.new("RGB", (side, side), image.getpixel((0, 0)))  # type: ignore[arg-type]
    small = image.resize((width, height), Image.Resampling.BOX)
    square.paste(small, ((side - width) // 2, (side - height) // 2))
    return torch.from_numpy(np.array(square)).permute(2, 0, 1).contiguous()


def looks_drawn(image: Image.Image) -> bool:
    """Whether a fifth of the picture and more, yet not all, has one colour: the ground, which no photograph has."""
    small = image.convert("RGB").resize((128, 128), Image.Resampling.BOX)
    counts = small.quantize(64).histogram()
    return 0.2 * 128 * 128 <= max(counts) < 0.998 * 128 * 128


def picture(scene: Scene, side: int = SIDE) -> Tensor:
    """What pixels() makes of a scene's drawing, drawn no larger than needed."""
    return pixels(PillowRenderer(min(2.0, 2 * side / max(scene.width, scene.height)))(scene), side)


# Files of render/ that decide no pixel and no score of a picture.
EXPORTS = frozenset("svg legend fontfile pptx drawio pdf mermaid dot graphtext parts source __init__".split())


@cache
def renderer_hash() -> str:
    """Sixteen digits that change with whatever decides a pixel or a score of a training picture."""
    folder = Path(__file__).parent.parent / "render"
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")) + sorted(folder.rglob("*.ttf")):
        if path.stem not in EXPORTS:
            digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:16]


@cache
def texts(split: str, number: int) -> tuple[str, ...]:
    """The texts of the first `number` diagrams of a split."""
    rows = (row["text"] for row in pairs(7, split) if row["source"] != "none")
    return tuple(islice(rows, number))


def some_style(r: random.Random) -> dict[str, str]:
    """Style words, each with a chance of one half."""
    chosen = {name: r.choice(words) for name, words in STYLE_WORDS.items() if r.random() < 0.5}
    return chosen | ({"scale": r.choice(("0.75", "1.5"))} if r.random() < 0.2 else {})


# Drawings of each diagram: as it is, in another style, damaged twice, as a bare node list twice.
VARIANTS, DAMAGED, BARE = 6, 2, 4


def variant(diagram: Diagram, k: int, r: random.Random) -> Scene:
    """The k-th drawing of a diagram, from good to bad."""
    if k >= BARE:
        return bare(diagram, r)
    scene = layout(diagram, **(some_style(r) if k else {}))
    return damaged(scene, r) if k >= DAMAGED else scene


class _Kept(Dataset):
    """What `make(index)` gives, in a file each: made at the first use, by whichever worker wants it."""

    def __init__(self, make: Callable[[int], dict[str, np.ndarray]], number: int, key: str) -> None:
        self.make, self.number = make, number
        made_by = Path(__file__).read_text(encoding="utf-8")
        digest = hashlib.sha256(f"{key} {renderer_hash()} {made_by}".encode()).hexdigest()[:16]
        self.folder = platformdirs.user_cache_path("diagen") / "pictures" / digest

    def __len__(self) -> int:
        return self.number

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        path = self.folder / f"{index}.npz"
        try:
            with np.load(path) as kept:
                return {name: torch.from_numpy(kept[name]) for name in kept.files}
        except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error):
            pass  # not there yet, or broken by a crash: it is made anew
        arrays = self.make(index)
        self.folder.mkdir(parents=True, exist_ok=True)
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **arrays)  # pyright: ignore[reportArgumentType]
        part = path.with_suffix(f".{os.getpid()}.part")
        part.write_bytes(buffer.getvalue())
        os.replace(part, path)
        return {name: torch.from_numpy(value) for name, value in arrays.items()}


class Drawings:
    """Good and bad drawings of one split with their computed readability; `index` counts diagrams times VARIANTS."""

    def __init__(self, split: str, num_requests: int, side: int) -> None:
        self.split, self.num_requests, self.side = split, num_requests, side

    def __call__(self, index: int) -> dict[str, np.ndarray]:
        """`picture` (3, side, side) uint8, `maps` (MAPS, side / 8, side / 8) uint8, `total` 0 to 5, `terms` (TERMS,) 0
        to 1, `request` and `good`.
        """
        request, k = divmod(index, VARIANTS)
        text = texts(self.split, self.num_requests)[request]
        scene = variant(parse(text), k, random.Random(f"{self.split} {index}"))
        total, terms = readability(scene)
        return {
            "picture": picture(scene, self.side).numpy(),
            "maps": (255 * maps(scene, self.side // 8)).astype(np.uint8),
            "total": np.array(total, dtype=np.float32),
            "terms": np.array([terms[name] for name in TERMS], dtype=np.float32),
            "request": np.array(request, dtype=np.int64),
            "good": np.array(k < DAMAGED),
        }


class Styled:
    """Good drawings: every diagram in several styles, with numbers that say which drawings are alike in what."""

    def __init__(self, split: str, num_requests: int, styles: int, side: int) -> None:
        self.split, self.num_requests, self.styles, self.side = split, num_requests, styles, side

    def __call__(self, index: int) -> dict[str, np.ndarray]:
        """`picture` (3, side, side) uint8, `request`, and `words`: the number of each style word, 0 for none."""
        request = index // self.styles
        diagram = parse(texts(self.split, self.num_requests)[request])
        style = some_style(random.Random(f"{self.split} {index} style"))
        scene = layout(diagram, **style)
        chosen = {**asdict(diagram.style), **style}
        words = [(("", *options).index(chosen[name])) for name, options in STYLE_WORDS.items()]
        return {
            "picture": picture(scene, self.side).numpy(),
            "request": np.array(request, dtype=np.int64),
            "words": np.array(words, dtype=np.int64),
            "looks": np.array(looks(scene, chosen), dtype=np.float32),
        }


NUM_LOOKS = 14
UNSEEN = (5, 6, 9, 10, 13)  # looks that a picture of 128 pixels hardly shows: direction, type, slanted lines, corners


def looks(scene: Scene, style: dict[str, str]) -> list[float]:
    """What one sees at first sight, (NUM_LOOKS,) numbers of the order of 1: colours, ways, how full, how fine."""
    edges = [s for s in scene.shapes if isinstance(s, Line) and s.role == "edge" and len(s.points) > 1]
    texts = [s for s in scene.shapes if isinstance(s, Text)]
    bodies = [faults.body_of(s).rect for s in scene.shapes if s.role in OUTLINES and s.owner[0] == "node"]
    area = scene.width * scene.height
    steps = [(q[0] - p[0], q[1] - p[1]) for s in edges for p, q in zip(s.points, s.points[1:], strict=False)]
    length = sum(abs(x) + abs(y) for x, y in steps) or 1.0
    slanted = sum(abs(x) + abs(y) for x, y in steps if min(abs(x), abs(y)) > 1)
    ways = [(s.points[-1][0] - s.points[0][0], s.points[-1][1] - s.points[0][1]) for s in edges]
    return [
        *(float((style["theme"] or "paper") == name) for name in STYLE_WORDS["theme"]),
        sum(x for x, _ in ways) / length,
        sum(y for _, y in ways) / length,
        math.log(scene.width / scene.height),
        4 * sum(r.w * r.h for r in bodies) / area,
        math.log(max(1.0, min((t.size for t in texts), default=8) * min(1.0, 880 / scene.width)) / 10) * 2,
        slanted / length,
        math.log(1 + len(texts)) / 2,
        math.log(1 + len(bodies)) / 2,
        float(style["shapes"] == "square"),
    ]


class _Shuffled(RandomSampler):
    """A new order each epoch, by the seed and the epoch alone, so that a resumed run goes on as it would have."""

    def __init__(self, data: Any, seed: int) -> None:
        self.order = torch.Generator()
        super().__init__(data, generator=self.order)
        self.seed = seed
        self.set_epoch(0)

    def set_epoch(self, epoch: int) -> None:  # called by Lightning
        self.order.manual_seed(1000 * self.seed + epoch)


class _Pictures(lightning.LightningDataModule):
    """Loaders over two datasets: one to learn from, one of other diagrams to validate and test on."""

    def __init__(self, train: Dataset, held_out: Dataset, batch_size: int, num_workers: int, seed: int) -> None:
        super().__init__()
        self.train, self.held_out = train, held_out
        self.batch_size, self.num_workers, self.seed = batch_size, num_workers, seed

    def _loader(self, data: Dataset, sampler: _Shuffled | None = None) -> DataLoader:
        some = self.num_workers > 0
        return DataLoader(
            data,
            self.batch_size,
            sampler=sampler,
            generator=torch.Generator(),  # so that making a loader draws no number that the net would have drawn
            num_workers=self.num_workers,
            persistent_workers=some,
            multiprocessing_context="spawn" if some else None,  # the same on every system, and safe beside threads
        )

    def train_dataloader(self) -> DataLoader:
        return self._loader(self.train, _Shuffled(self.train, self.seed))

    def val_dataloader(self) -> DataLoader:
        return self._loader(self.held_out)

    test_dataloader = val_dataloader


class ReadabilityData(_Pictures):
    """Good and bad drawings with their computed readability: VARIANTS of each of `num_requests` diagrams.

    fold: None, or which of `folds` parts of the diagrams is kept for validation in place of the held-out ones.
    """

    def __init__(
        self,
        num_requests: int = 1600,
        num_held_out: int = 200,
        side: int = SIDE,
        batch_size: int = 48,
        num_workers: int = 2,
        seed: int = 1,
        fold: int | None = None,
        folds: int = 5,
    ) -> None:
        def kept(split: str, number: int) -> _Kept:
            key = f"readability {split} {side} " + " ".join(texts(split, number))
            return _Kept(Drawings(split, number, side), VARIANTS * number, key)

        train: Dataset = kept("train", num_requests)
        if fold is None:
            held_out: Dataset = kept("held_out", num_held_out)
        else:
            if not 0 <= fold < folds:
                raise DiagenError(f"data.fold={fold} is none of the {folds} folds, which are 0 to {folds - 1}")
            mine = [i for i in range(VARIANTS * num_requests) if i // VARIANTS % folds == fold]
            others = [i for i in range(VARIANTS * num_requests) if i // VARIANTS % folds != fold]
            train, held_out = Subset(train, others), Subset(train, mine)
        super().__init__(train, held_out, batch_size, num_workers, seed)


class DiagramData(_Pictures):
    """Good drawings: each of `num_requests` diagrams in `styles` styles."""

    def __init__(
        self,
        num_requests: int = 3000,
        num_held_out: int = 200,
        styles: int = 4,
        side: int = 128,
        batch_size: int = 64,
        num_workers: int = 2,
        seed: int = 1,
    ) -> None:
        def kept(split: str, number: int) -> _Kept:
            key = f"styled {split} {styles} {side} " + " ".join(texts(split, number))
            return _Kept(Styled(split, number, styles, side), styles * number, key)

        super().__init__(kept("train", num_requests), kept("held_out", num_held_out), batch_size, num_workers, seed)
