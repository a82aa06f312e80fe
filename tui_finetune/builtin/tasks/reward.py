"""reward, the light half: a number for an answer, learnt from pairs of which one is preferred."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tui_finetune.builtin.tasks.preferences import CHOSEN, CHOSEN_NAMES, PROMPT, REJECTED, REJECTED_NAMES, Preferences
from tui_finetune.plugin_api import Decoded, FormField, LabelSet, Role, Task

if TYPE_CHECKING:
    from pydantic import BaseModel


class Reward(Preferences):
    name = "reward"
    title = "Reward model"
    help = "A rating for each answer, learnt from pairs of answers of which one is preferred; by TRL."
    pipeline_tag = "text-classification"
    roles: ClassVar[tuple[Role, ...]] = (
        PROMPT,
        Role(
            CHOSEN,
            "messages",
            usual_names=CHOSEN_NAMES,
            help="The preferred answer, or the conversation that ends with it.",
        ),
        Role(REJECTED, "messages", gold=True, usual_names=REJECTED_NAMES, help="The other answer."),
    )
    heavy = "tui_finetune.builtin.heads.reward:RewardHead"
    arguments_class = "trl.RewardConfig"
    architectures = ("ForSequenceClassification",)
    form_fields = (
        FormField("data.columns.prompt", "Column of what was asked; leave it empty where the answers begin with it."),
        FormField("data.columns.chosen", "Column of the preferred answers."),
        FormField("data.columns.rejected", "Column of the other answers."),
    )

    def variant(self, options: Mapping[str, Any]) -> Task:
        template = options.get("template")
        return _with_template(template) if isinstance(template, str) and template else self

    def options_model(self) -> type[BaseModel]:
        from tui_finetune.builtin.tasks.preference_options import RewardOptions

        return RewardOptions

    def options_of(self, config: Mapping[str, Any]) -> Mapping[str, Any] | None:
        names = config.get("id2label")
        return {} if isinstance(names, Mapping) and len(names) == 1 and not config.get("problem_type") else None

    def output_width(self, labels: LabelSet) -> int:
        return 2

    def ratings(self, raw: np.ndarray, options: Mapping[str, Any]) -> np.ndarray:
        return raw

    def answer(self, decoded: Decoded, index: int, row: Mapping[str, Any]) -> dict[str, Any]:
        """prompt, chosen (the answer that was rated), values: `reward`."""
        texts = {name: row[name] for name in ("prompt", CHOSEN) if row.get(name) is not None}
        return {**texts, "values": {"reward": float((decoded.scores or ())[index][0])}}

    def show_answer(self, answer: Mapping[str, Any]) -> list[str]:
        return [f"{answer['values']['reward']:.3f}"]

    def input_row(self, text: str, pair: str | None = None) -> dict[str, Any]:
        """An answer, or a prompt and its answer."""
        return {CHOSEN: text} if pair is None else {"prompt": text, CHOSEN: pair}


@cache
def _with_template(template: str) -> Reward:
    found: Reward = type("Reward", (Reward,), {"template": template})()
    return found
