"""What a model runs on: whether it knows bfloat16, memory that is kept between two steps, weights that are packed."""

from __future__ import annotations

import ctypes
import sys
from typing import Any

import torch

ROWS = 16  # answers written at once, about; oneDNN lays weights out for so many
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX = -1, -2, -4  # of mallopt(3)


def knows_bfloat16() -> bool:
    """Whether bfloat16 is at least as fast as float32 here. Emulated on a processor without it, it is several times
    as slow.
    """
    if torch.cuda.is_available():
        return torch.cuda.is_bf16_supported(including_emulation=False)
    found = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    return any(has for name, has in found.items() if name.endswith("bf16"))


def keep_memory() -> None:
    """Lets this process keep what large arrays leave behind: the pages of each new one would have to be made anew, a
    fifth of a training step. Does nothing but where the C library is glibc.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt:
        mallopt(M_MMAP_MAX, 0)
        mallopt(M_TRIM_THRESHOLD, 2**31 - 1)
        mallopt(M_TOP_PAD, 2**29)


class PackedLinear(torch.nn.Module):
    """A linear layer for writing only: oneDNN lays its weights out once, not anew for the few rows of each token."""

    def __init__(self, linear: torch.nn.Linear) -> None:
        super().__init__()
        self.bias = linear.bias
        self.weight = torch.ops.mkldnn._reorder_linear_weight(linear.weight.detach(), ROWS)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.ops.mkldnn._linear_pointwise(x, self.weight, self.bias, "none", [], "")

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        """So that a merged model is saved as any other is."""
        super()._save_to_state_dict(destination, prefix, keep_vars)
        destination[prefix + "weight"] = self.weight.to_dense()


def pack_linear(model: torch.nn.Module) -> None:
    """Packs the linear layers of a model in float32 on the CPU, in place; it can then no longer be trained.

    A token of eleven answers takes two thirds of the time, of four answers half. Does nothing where PyTorch was built
    without oneDNN.
    """
    if not (torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_reorder_linear_weight")):
        return
    for module in list(model.modules()):
        for name, child in list(module.named_children()):
            if type(child) is torch.nn.Linear:
                setattr(module, name, PackedLinear(child))
