"""Pictures of what a net does: predicted against true, worst mistakes, reconstructions, a map of the latent."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor


def tiles(pictures: Sequence[Tensor], words: Sequence[str], columns: int) -> Image.Image:
    """(3, side, side) byte pictures in rows, each with a line of words below it."""
    side = pictures[0].shape[-1]
    rows = -(-len(pictures) // columns)
    sheet = Image.new("RGB", (columns * (side + 8) + 8, rows * (side + 24) + 8), "#D0D5DD")
    pen = ImageDraw.Draw(sheet)
    for i, (picture, said) in enumerate(zip(pictures, words, strict=True)):
        x, y = 8 + i % columns * (side + 8), 8 + i // columns * (side + 24)
        sheet.paste(Image.fromarray(picture.permute(1, 2, 0).cpu().numpy()), (x, y))
        pen.text((x + 2, y + side + 2), said, "#111418")
    return sheet


def scatter(x: Tensor, y: Tensor, colour: Tensor | None, names: tuple[str, str], diagonal: bool = False) -> Image.Image:
    """Points (n,) on a plane; with a diagonal where both axes mean the same."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 6), layout="tight")
    axes = figure.add_subplot()
    axes.scatter(
        x, y, s=6, c="#5880D1" if colour is None else colour, cmap=None if colour is None else "tab10", alpha=0.6
    )
    if diagonal:
        axes.plot([0, 5], [0, 5], color="#94A3B8", linewidth=1)
    axes.set_xlabel(names[0])
    axes.set_ylabel(names[1])
    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=120)
    return Image.open(buffer).convert("RGB")


@torch.no_grad()
def of_readability(model: torch.nn.Module, batches: Sequence[dict[str, Tensor]]) -> dict[str, Image.Image]:
    """Predicted against computed readability, and the 12 worst mistakes."""
    said = torch.cat([model(b["picture"])[0] for b in batches]).cpu()
    true = torch.cat([b["total"] for b in batches])
    pictures = torch.cat([b["picture"] for b in batches])
    worst = (said - true).abs().argsort(descending=True)[:12]
    words = [f"predicted {said[i]:.1f}, computed {true[i]:.1f}" for i in worst]
    return {
        "scatter": scatter(true, said, None, ("computed readability", "predicted readability"), diagonal=True),
        "worst": tiles([pictures[i] for i in worst], words, 4),
    }


@torch.no_grad()
def of_latents(model: torch.nn.Module, batches: Sequence[dict[str, Tensor]]) -> dict[str, Image.Image]:
    """Reconstructions, and the latent on its two main axes in the colours of the themes."""
    from sklearn.decomposition import PCA

    first = batches[0]["picture"][:8]
    made = (model(first) * 255).round().byte()
    latents = torch.cat([model.encode(b["picture"]) for b in batches]).cpu().numpy()  # type: ignore[operator]
    plane = torch.from_numpy(np.ascontiguousarray(PCA(2).fit_transform(latents)))
    themes = torch.cat([b["words"][:, 0] for b in batches])
    return {
        "reconstructions": tiles([*first, *made], ["drawn"] * len(first) + ["reconstructed"] * len(made), len(first)),
        "map": scatter(plane[:, 0], plane[:, 1], themes, ("first axis of the latent", "second axis")),
    }
