"""ReadabilityCNN: from a picture of a diagram to its readability, 0 to 5, and the terms behind it."""

from __future__ import annotations

from typing import Any

import lightning
import torch
from scipy.stats import spearmanr
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, mse_loss, smooth_l1_loss, softplus

RARE = 4.0  # how much more a cell counts in which there is something


def within_request(said: Tensor, true: Tensor, request: Tensor, gap: float = 0.25) -> tuple[float, float]:
    """Spearman's rank correlation on the mean over requests, and the share of right pairs whose truth differs by gap.

    All (n,). Scores of different requests are never compared (HPSv2: they are only comparable within one prompt).
    """
    ranks, right, pairs = [], 0.0, 0
    for r in request.unique():
        a, b = said[request == r], true[request == r]
        if len(b) > 2 and float(b.max() - b.min()) > 1e-6:
            told = float(a.max() - a.min()) > 1e-6
            found: Any = spearmanr(a, b) if told else None  # scipy is not typed
            ranks.append(float(found.statistic) if told else 0.0)
        apart = b[:, None] - b[None] > gap
        pairs += int(apart.sum())
        right += float((a[:, None] > a[None])[apart].sum()) + 0.5 * float((a[:, None] == a[None])[apart].sum())
    return (sum(ranks) / len(ranks) if ranks else 0.0), (right / pairs if pairs else 0.0)


def _layer(before: int, channels: int, size: int = 3, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, channels, size, stride, size // 2, bias=False),
        nn.BatchNorm2d(channels),
        nn.ReLU(inplace=True),
    )


class ReadabilityCNN(lightning.LightningModule):
    """A small convolutional net on (batch, 3, side, side) pictures of bytes; side is a multiple of 8.

    Beside the score and its terms it is taught where things are and where they go wrong: maps of side / 8 cells, of
    which the score is made as well. Scores alone teach it little of where to look (LOG.md).
    width: channels of the first stage; num_terms: how many terms of readability are predicted beside the total;
    num_maps: how many maps; ranking, placing: weights of the pairwise part of the loss, which asks for the right order
    (RankNet, Burges 2005), and of the maps' part.
    """

    def __init__(
        self,
        width: int = 12,
        num_terms: int = 18,
        num_maps: int = 10,
        ranking: float = 0.5,
        placing: float = 20.0,
        lr: float = 3e-3,
        weight_decay: float = 0.02,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.lr, self.weight_decay, self.ranking, self.placing = lr, weight_decay, ranking, placing
        self.near = nn.Sequential(
            _layer(3, width, size=5, stride=2),
            _layer(width, 2 * width, stride=2),
            _layer(2 * width, 2 * width),
            _layer(2 * width, 4 * width, stride=2),
            _layer(4 * width, 4 * width),
        )
        self.maps = nn.Conv2d(4 * width, num_maps, 1)
        self.far = nn.Sequential(
            _layer(4 * width, 6 * width, stride=2),
            _layer(6 * width, 6 * width),
            _layer(6 * width, 8 * width, stride=2),
        )
        self.heads = nn.Sequential(
            nn.Linear(16 * width + 2 * num_maps, 128), nn.ReLU(), nn.Dropout(dropout), nn.Linear(128, 1 + num_terms)
        )
        self.to(memory_format=torch.channels_last)  # the layout in which convolutions are fastest on a CPU

    def features(self, pictures: Tensor) -> Tensor:
        """(batch, 16 * width + 2 * num_maps): means and maxima of the last layer and of the maps."""
        return self._seen(pictures)[0]

    def _seen(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """The features, and the maps' logits, (batch, num_maps, side / 8, side / 8)."""
        near = self.near(pictures.float() / 127.5 - 1)
        logits, far = self.maps(near), self.far(near)
        places = logits.sigmoid()
        found = [part for maps in (far, places) for part in (maps.mean((2, 3)), maps.amax((2, 3)))]
        return torch.cat(found, 1), logits

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Totals, (batch,) from 0 to 5, and terms, (batch, num_terms) from 0 to 1."""
        return self._said(self.features(pictures))

    def _said(self, features: Tensor) -> tuple[Tensor, Tensor]:
        said = self.heads(features).float().sigmoid()  # float32 in bfloat16 runs too
        return 5 * said[:, 0], said[:, 1:]

    def _step(self, batch: dict[str, Tensor], stage: str) -> Tensor:
        features, logits = self._seen(batch["picture"])
        total, terms = self._said(features)
        gap = batch["total"][:, None] - batch["total"][None]
        order = softplus(-2 * (total[:, None] - total[None]) * gap.sign())[gap.abs() > 0.1]
        places = binary_cross_entropy_with_logits(
            logits.float(), batch["maps"].float() / 255, pos_weight=logits.new_full((1,), RARE, dtype=torch.float32)
        )
        loss = smooth_l1_loss(total, batch["total"], beta=0.5) + 2 * mse_loss(terms, batch["terms"])
        loss = loss + self.placing * places
        if len(order):
            loss = loss + self.ranking * order.mean()
        size = len(total)
        self.log(f"{stage}/loss", loss, prog_bar=True, batch_size=size, sync_dist=stage != "train")
        mae = (total - batch["total"]).abs().mean()
        self.log(f"{stage}/mae", mae, prog_bar=True, batch_size=size, sync_dist=stage != "train")
        return loss

    def training_step(self, batch: dict[str, Tensor], _: int) -> Tensor:
        flips = [d for d in (2, 3) if torch.rand(()) < 0.3]  # a mirrored drawing reads as well, but for its letters
        return self._step(batch | {name: batch[name].flip(flips) for name in ("picture", "maps")}, "train")

    def validation_step(self, batch: dict[str, Tensor], _: int) -> None:
        self._judge(batch, "val")

    def test_step(self, batch: dict[str, Tensor], _: int) -> None:
        self._judge(batch, "test")

    def on_fit_start(self) -> None:
        self.begun = torch.initial_seed()

    def on_train_epoch_start(self) -> None:
        # a resumed run draws what an unbroken one would have drawn
        torch.manual_seed(self.begun + 1_000_003 * self.current_epoch)

    def on_validation_epoch_start(self) -> None:
        self.seen: list[tuple[Tensor, Tensor, Tensor]] = []

    on_test_epoch_start = on_validation_epoch_start

    def on_validation_epoch_end(self) -> None:
        self._order("val")

    def on_test_epoch_end(self) -> None:
        self._order("test")

    def _judge(self, batch: dict[str, Tensor], stage: str) -> None:
        self._step(batch, stage)
        self.seen.append((self(batch["picture"])[0], batch["total"], batch["request"]))

    def _order(self, stage: str) -> None:
        said, total, request = (torch.cat(column).cpu() for column in zip(*self.seen, strict=True))
        rank, right = within_request(said, total, request)
        self.log(f"{stage}/spearman", rank, prog_bar=True, sync_dist=True)
        self.log(f"{stage}/pairs", right, prog_bar=True, sync_dist=True)

    def configure_optimizers(self) -> Any:
        optimizer = torch.optim.AdamW(self.parameters(), self.lr, weight_decay=self.weight_decay)
        steps = int(self.trainer.estimated_stepping_batches)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, self.lr, total_steps=steps)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}
