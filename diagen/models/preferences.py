"""ORPO with a weight for its NLL term. TRL keeps ORPO among its experiments; only this file knows where."""

from __future__ import annotations

from typing import Any

from trl.experimental.orpo import ORPOConfig, ORPOTrainer

__all__ = ["ORPOConfig", "WeightedORPOTrainer"]


class WeightedORPOTrainer(ORPOTrainer):
    """TRL's trainer; the likelihood of the chosen answers counts nll_weight times.

    1 is ORPO as published (Hong et al. 2024), in one stage from the base model. After a separate SFT that term is paid
    twice; 0 leaves the odds ratio alone (Gorbatovski et al. 2025 measured the difference).
    """

    def __init__(self, *args: Any, nll_weight: float = 1.0, **more: Any) -> None:
        self.nll_weight = nll_weight
        super().__init__(*args, **more)

    def concatenated_forward(self, model: Any, batch: dict[str, Any]) -> tuple[Any, ...]:
        chosen, rejected, chosen_logits, rejected_logits, nll, *rest = super().concatenated_forward(model, batch)  # pyright: ignore[reportAssignmentType]
        return (chosen, rejected, chosen_logits, rejected_logits, self.nll_weight * nll, *rest)
