"""diagen: type a sentence, get several drawings of it.

diagram.py  the noun: data classes of a diagram and its text language      data/    training pairs, data modules
models/     what writes the text and what judges the pictures              render/  diagram -> scene -> PNG, SVG
"""

import os

os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")  # no library reports to its makers what is run here


class DiagenError(Exception):
    """An expected failure: one clear message for the person at the terminal, no traceback."""
