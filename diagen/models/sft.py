"""SFT: TRL's trainer, with a loss that computes logits only where the answer stands."""

from __future__ import annotations

from typing import Any

import torch
from peft.helpers import disable_input_dtype_casting
from torch.nn.functional import cross_entropy, pad
from trl.trainer.sft_trainer import SFTTrainer

ROWS = 512  # the logits' row count is rounded up to this: on a CPU every new shape costs oneDNN seconds


class CompletionTrainer(SFTTrainer):
    """SFTTrainer for small models: one plain matrix product for the answers' tokens.

    TRL's own loss is tiled to save memory on large vocabularies, and computes every tile again on the way back; on a
    CPU that takes most of a step. Same loss, to the last digit shown.
    """

    def compute_loss(
        self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        labels = inputs["labels"][:, 1:]
        answer = labels != -100
        backbone = self.accelerator.unwrap_model(model).get_base_model()
        # The adapter's weights are float32; its products need not be. PEFT would cast their inputs instead.
        half = self.args.bf16 or self.args.fp16
        dtype = torch.float16 if self.args.fp16 else torch.bfloat16
        mixed = torch.autocast(inputs["input_ids"].device.type, dtype=dtype, enabled=half)
        with mixed, disable_input_dtype_casting(backbone, active=half):
            states = backbone.model(
                input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"], use_cache=False
            ).last_hidden_state[:, :-1][answer]  # (answer tokens, width)
        missing = -len(states) % ROWS
        logits = backbone.lm_head(pad(states, (0, 0, 0, missing))).float()
        targets = pad(labels[answer], (0, missing), value=-100)
        total = answer.sum() if num_items_in_batch is None else torch.as_tensor(num_items_in_batch)
        loss = cross_entropy(logits, targets, reduction="sum") / total.clamp(min=1)
        return (loss, {"loss": loss}) if return_outputs else loss

    def prediction_step(self, model: Any, inputs: Any, prediction_loss_only: bool, ignore_keys: Any = None) -> Any:
        """The loss alone, without the logits of the evaluation rows."""
        with torch.no_grad():
            return self.compute_loss(model, self._prepare_inputs(inputs)).detach(), None, None
