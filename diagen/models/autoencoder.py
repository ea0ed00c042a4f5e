"""ConvAutoEncoder: a picture of a diagram in some 64 numbers, so that alike drawings lie near each other."""

from __future__ import annotations

from typing import Any

import lightning
import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, max_pool2d, mse_loss


class ConvAutoEncoder(lightning.LightningModule):
    """Encoder and decoder on (batch, 3, side, side) pictures of bytes; side is a multiple of 16.

    latent: how many numbers are kept; width: channels of the first stage; noise: share of the picture that is hidden
    from the encoder in patches (denoising, Vincent 2008); edges: weight of what is not ground in the loss, since a
    diagram is mostly empty and its mean colour alone would be right nearly everywhere; looks: weight of the loss by
    which the first num_looks numbers of the latent are measures of the drawing (colours, ways, fullness, type), `reach`
    times as large as those. Pixels alone leave the latent to the ground's brightness and the content, and readers'
    tastes are about looks.
    """

    def __init__(
        self,
        latent: int = 64,
        side: int = 128,
        width: int = 24,
        noise: float = 0.1,
        edges: float = 6.0,
        looks: float = 1.0,
        num_looks: int = 14,
        reach: float = 5.0,
        lr: float = 2e-3,
        weight_decay: float = 1e-4,
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.lr, self.weight_decay, self.noise, self.edges = lr, weight_decay, noise, edges
        self.looks, self.num_looks, self.reach = looks, num_looks, reach
        widths = (width, 2 * width, 3 * width, 4 * width)
        self.grid = (4 * width, side // 16, side // 16)
        down: list[nn.Module] = []
        before = 3
        for channels in widths:
            down += [nn.Conv2d(before, channels, 4, 2, 1, bias=False), nn.BatchNorm2d(channels), nn.LeakyReLU(0.1)]
            before = channels
        flat = self.grid[0] * self.grid[1] * self.grid[2]
        self.encoder = nn.Sequential(*down, nn.Flatten(), nn.Linear(flat, latent))
        up: list[nn.Module] = []
        for channels in (*widths[-2::-1], width):
            up += [nn.ConvTranspose2d(before, channels, 4, 2, 1, bias=False), nn.BatchNorm2d(channels), nn.ReLU()]
            before = channels
        self.from_latent = nn.Linear(latent, flat)
        self.decoder = nn.Sequential(*up, nn.Conv2d(before, 3, 3, padding=1))

    def encode(self, pictures: Tensor) -> Tensor:
        """(batch, latent)"""
        return self.encoder(pictures.float() / 127.5 - 1).float()

    def appearance(self, pictures: Tensor) -> Tensor:
        """(batch, num_looks): the part of the latent that says how a drawing looks, and nothing of what it shows."""
        return self.encode(pictures)[:, : self.num_looks]

    def forward(self, pictures: Tensor) -> Tensor:
        """The pictures as the decoder makes them from their latents, (batch, 3, side, side) from 0 to 1."""
        return self._decode(self.encode(pictures))

    def _decode(self, latents: Tensor) -> Tensor:
        return self.decoder(self.from_latent(latents).unflatten(1, self.grid)).float().sigmoid()

    def _step(self, batch: dict[str, Tensor], stage: str) -> Tensor:
        pictures = batch["picture"]
        wanted = pictures.float() / 255
        # Brightest minus darkest of a neighbourhood: where there is anything to see.
        grey = wanted.mean(1, keepdim=True)
        drawn = avg_pool2d(max_pool2d(grey, 5, 1, 2) + max_pool2d(-grey, 5, 1, 2), 5, 1, 2).clamp(0, 1)
        weight = 1 + self.edges * drawn
        seen = self._hidden(pictures) if stage == "train" and self.noise else pictures
        latents = self.encode(seen)
        pixels = (weight * (self._decode(latents) - wanted).square()).sum() / weight.sum() / 3
        told = mse_loss(latents[:, : self.num_looks] / self.reach, batch["looks"])
        loss = pixels + self.looks * told
        size = len(pictures)
        self.log(f"{stage}/pixels", pixels, batch_size=size, sync_dist=stage != "train")
        self.log(f"{stage}/looks", told, prog_bar=True, batch_size=size, sync_dist=stage != "train")
        self.log(f"{stage}/loss", loss, prog_bar=True, batch_size=len(pictures), sync_dist=stage != "train")
        return loss

    def _hidden(self, pictures: Tensor) -> Tensor:
        """Pictures of which random patches of 16 x 16 show the ground."""
        batch, _, high, wide = pictures.shape
        masks = torch.rand(batch, 1, high // 16, wide // 16, device=pictures.device) < self.noise
        masks = masks.repeat_interleave(16, 2).repeat_interleave(16, 3)
        return torch.where(masks, pictures[:, :, :1, :1], pictures)

    def on_fit_start(self) -> None:
        self.begun = torch.initial_seed()

    def on_train_epoch_start(self) -> None:
        # a resumed run hides what an unbroken one would have hidden
        torch.manual_seed(self.begun + 1_000_003 * self.current_epoch)

    def training_step(self, batch: dict[str, Tensor], _: int) -> Tensor:
        return self._step(batch, "train")

    def validation_step(self, batch: dict[str, Tensor], _: int) -> Tensor:
        return self._step(batch, "val")

    def test_step(self, batch: dict[str, Tensor], _: int) -> Tensor:
        return self._step(batch, "test")

    def configure_optimizers(self) -> Any:
        optimizer = torch.optim.AdamW(self.parameters(), self.lr, weight_decay=self.weight_decay)
        steps = int(self.trainer.estimated_stepping_batches)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, self.lr, total_steps=steps)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}
