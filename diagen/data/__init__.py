"""Training pairs and rows."""

from diagen.data.text import load_sft

__all__ = ["load_sft"]
