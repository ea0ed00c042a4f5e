"""What writes diagrams and what judges them. Nothing here knows the language or the drawings."""

from diagen.models.llm import DiagramLLM

__all__ = ["DiagramLLM"]
