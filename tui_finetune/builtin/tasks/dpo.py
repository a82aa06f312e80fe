"""dpo, the light half: a language model that learns to prefer one of two answers, measured against where it began."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tui_finetune.builtin.tasks.chat_texts import prompts, texts_of
from tui_finetune.builtin.tasks.preferences import CHOSEN, CHOSEN_NAMES, PROMPT, REJECTED, REJECTED_NAMES, Preferences
from tui_finetune.errors import DataError, Problem
from tui_finetune.plugin_api import Decoded, Encoder, FormField, LabelSet, Role, Task

if TYPE_CHECKING:
    import pyarrow as pa
    from pydantic import BaseModel

CONTINUATION = "continuation"
"""The answer that the model writes; of a prediction alone."""
BETA = 0.1


class DirectPreference(Preferences):
    name = "dpo"
    title = "Preference tuning (DPO)"
    help = "A language model learns to say the preferred one of two answers rather than the other; by TRL."
    pipeline_tag = "text-generation"
    roles: ClassVar[tuple[Role, ...]] = (
        PROMPT,
        Role(CHOSEN, "messages", gold=True, usual_names=CHOSEN_NAMES, help="The preferred answer."),
        Role(REJECTED, "messages", gold=True, usual_names=REJECTED_NAMES, help="The other answer."),
    )
    heavy = "tui_finetune.builtin.heads.dpo:DirectPreferenceHead"
    arguments_class = "trl.DPOConfig"
    argument_defaults: ClassVar[Mapping[str, Any]] = {**Preferences.argument_defaults, "precompute_ref_log_probs": True}
    architectures = ("ForCausalLM", "LMHeadModel")
    refused_arguments: ClassVar[Mapping[str, str]] = {
        **Preferences.refused_arguments,
        "beta": "use [task_options] beta",
        "ld_alpha": "answers are rated by all of their tokens",
        "padding_free": "TRL has it switched off",
        "precompute_ref_log_probs": "the reference rates all rows once, before training: it need not stay in memory",
        "precompute_ref_batch_size": "per_device_eval_batch_size is used",
        "sync_ref_model": "the reference rates all rows once, before training",
        "truncation_mode": "a long prompt loses its beginning, a long answer its end",
    }
    form_fields = (
        FormField("data.columns.prompt", "Column of what was asked; leave it empty where the answers begin with it."),
        FormField("data.columns.chosen", "Column of the preferred answers."),
        FormField("data.columns.rejected", "Column of the other answers."),
    )
    beta: ClassVar[float] = BETA

    def variant(self, options: Mapping[str, Any]) -> Task:
        template, beta = options.get("template"), options.get("beta")
        return _made(
            template if isinstance(template, str) and template else None,
            float(beta) if isinstance(beta, int | float) and beta > 0 else BETA,
        )

    def options_model(self) -> type[BaseModel]:
        from tui_finetune.builtin.tasks.preference_options import DirectPreferenceOptions

        return DirectPreferenceOptions

    def options_of(self, config: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """A language model from elsewhere says nothing of having been tuned so."""
        return None

    def infer_labels(self, values: pa.ChunkedArray, class_names: Sequence[str] | None) -> LabelSet:
        """None: the model's outputs are tokens."""
        return LabelSet.of(())

    def output_width(self, labels: LabelSet) -> int:
        """Log probabilities of both answers, and the reference's."""
        return 4

    def encode(self, batch: Mapping[str, Sequence[Any]], encoder: Encoder, labels: LabelSet) -> dict[str, list[Any]]:
        if CHOSEN in batch:
            return super().encode(batch, encoder, labels)
        if "prompt" not in batch:
            raise DataError(Problem("there is no prompt to answer.", key="data.columns.prompt"))
        asked = prompts([texts_of(prompt, (), encoder.chat, self.template) for prompt in batch["prompt"]], encoder)
        return {
            "input_ids": [ids[-encoder.max_length :] for ids in asked],
            "prompt_tokens": [min(len(ids), encoder.max_length) for ids in asked],
            "length": [len(ids) for ids in asked],
            "truncated": [len(ids) > encoder.max_length for ids in asked],
        }

    def ratings(self, raw: np.ndarray, options: Mapping[str, Any]) -> np.ndarray:
        """How much likelier an answer has become, times beta."""
        found: np.ndarray = float(options.get("beta") or BETA) * (raw[:, :2] - raw[:, 2:4])
        return found

    def decode(
        self,
        logits: Sequence[np.ndarray],
        rows: Mapping[str, Sequence[Any]],
        labels: LabelSet,
        options: Mapping[str, Any],
    ) -> Decoded:
        if "other_ids" in rows:
            return super().decode(logits, rows, labels, options)
        return Decoded(labels, list(rows.get(CONTINUATION, [""] * len(logits))))

    def prediction_columns(self, decoded: Decoded) -> dict[str, list[Any]]:
        if decoded.gold is not None:
            return super().prediction_columns(decoded)
        nothing = [None] * len(decoded.predicted)
        return dict.fromkeys(self.prediction_schema(decoded.labels).names, nothing)

    def answer(self, decoded: Decoded, index: int, row: Mapping[str, Any]) -> dict[str, Any]:
        """prompt, and the model's answer to it: continuation."""
        texts = {"prompt": row["prompt"]} if row.get("prompt") is not None else {}
        return {**texts, CONTINUATION: "" if decoded.gold is not None else str(decoded.predicted[index])}

    def show_answer(self, answer: Mapping[str, Any]) -> list[str]:
        return str(answer[CONTINUATION]).splitlines() or [""]

    def input_row(self, text: str, pair: str | None = None) -> dict[str, Any]:
        """A prompt, or a conversation so far."""
        return {"prompt": text}


@cache
def _made(template: str | None, beta: float) -> DirectPreference:
    found: DirectPreference = type("DirectPreference", (DirectPreference,), {"template": template, "beta": beta})()
    return found
