"""diagen: type a sentence, get several drawings of it.

diagram.py  the noun: data classes of a diagram and its text language      data/    training pairs, data modules
models/     what writes the text and what judges the pictures              render/  diagram -> scene -> PNG, SVG
"""

import logging
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from diagen.notebook import draw, generate

__all__ = ["DiagenError", "draw", "generate"]

os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")  # no library reports to its makers what is run here
# It tells at each start of a kernel that it would rather download, and at each layer that int8 rounds its inputs.
logging.getLogger("bitsandbytes").setLevel(logging.ERROR)


class DiagenError(Exception):
    """An expected failure: one clear message for the person at the terminal, no traceback."""


def __getattr__(name: str) -> Any:
    """`diagen.draw` and `diagen.generate`, imported when they are first asked for: `import diagen` stays light."""
    if name in ("draw", "generate"):
        from diagen import notebook

        return getattr(notebook, name)
    raise AttributeError(f"module 'diagen' has no attribute {name!r}")
