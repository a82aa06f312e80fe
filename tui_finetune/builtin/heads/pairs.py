"""Batches of pairs of answers: [rows, 2, tokens], the preferred answer first, so that a batch's rows can be parted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

ENCODED = ("other_ids", "chosen_first", "prompt_tokens")
"""Columns of the encoding beside `input_ids`."""
REFERENCE = ("ref_chosen_logps", "ref_rejected_logps")
"""What the reference model gives the answers of a row."""


@dataclass(frozen=True)
class PairCollator:
    """Pads answers at their end. A row without a second answer is one answer: [rows, 1, tokens]."""

    padding_id: int
    padding: str
    max_length: int

    def __call__(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, torch.Tensor]:
        answers = [_answers(row) for row in rows]
        longest = self.max_length if self.padding == "max_length" else max(len(ids) for row in answers for ids in row)
        shape = (len(rows), len(answers[0]), longest)
        batch = {
            "input_ids": torch.full(shape, self.padding_id, dtype=torch.long),
            "attention_mask": torch.zeros(shape, dtype=torch.long),
            "completion_mask": torch.zeros(shape, dtype=torch.long),
        }
        for place, row in enumerate(answers):
            for side, ids in enumerate(row):
                batch["input_ids"][place, side, : len(ids)] = torch.tensor(ids, dtype=torch.long)
                batch["attention_mask"][place, side, : len(ids)] = 1
                batch["completion_mask"][place, side, int(rows[place]["prompt_tokens"]) : len(ids)] = 1
        for name in REFERENCE:
            if name in rows[0]:
                batch[name] = torch.tensor([float(row[name]) for row in rows], dtype=torch.float32)
        return batch


def _answers(row: Mapping[str, Any]) -> list[list[int]]:
    """The preferred answer's tokens, then the other's: never longer than the longer one, which may have been cut."""
    first = list(row["input_ids"])
    if row.get("other_ids") is None:
        return [first]
    other = list(row["other_ids"])[: len(first)]
    return [first, other] if row["chosen_first"] else [other, first]


def as_trl(batch: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The batch as TRL has it: all preferred answers, then all others."""
    return {
        name: value.transpose(0, 1).reshape(-1, value.shape[-1]) if value.dim() == 3 else value
        for name, value in batch.items()
    }


def answer_logps(model: Any, batch: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """Log probability of each answer, all of its tokens together. Shape [rows, answers].

    By TRL's own code, which never holds the scores of a whole vocabulary for all tokens.
    """
    flat = as_trl({name: batch[name] for name in ("input_ids", "attention_mask", "completion_mask")})
    labels = flat["input_ids"].masked_fill(flat["completion_mask"] == 0, -100)
    _fused(model)
    returned = model(
        input_ids=flat["input_ids"],
        attention_mask=flat["attention_mask"],
        labels=labels,
        use_cache=False,
        fused_lm_head=True,
    )
    whole: torch.Tensor = returned.log_probs[:, -(labels.shape[1] - 1) :].sum(dim=1)
    return whole.reshape(batch["input_ids"].shape[1], -1).T


def _fused(model: Any) -> None:
    """Gives a model TRL's head once."""
    inner = model.get_base_model() if hasattr(model, "get_base_model") else model
    if "forward" not in vars(inner):
        from trl.trainer.utils import add_fused_lm_head

        add_fused_lm_head(inner)
