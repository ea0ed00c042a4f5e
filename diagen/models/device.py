"""What training runs on: whether it knows bfloat16, and memory that is not given back between two steps."""

from __future__ import annotations

import ctypes
import sys

import torch

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
