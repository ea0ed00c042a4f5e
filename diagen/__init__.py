"""diagen: type a sentence, get several drawings of it.

diagram.py  the noun: data classes of a diagram and its text language      data/    training pairs, data modules
models/     what writes the text and what judges the pictures              render/  diagram -> scene -> PNG, SVG
"""


class DiagenError(Exception):
    """An expected failure: one clear message for the person at the terminal, no traceback."""
