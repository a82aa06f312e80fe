"""regression, the heavy half: AutoModelForSequenceClassification with a number a target, and its mean squared error."""

from __future__ import annotations

from typing import Any

from tui_finetune.plugin_api import HeavyTask, ModelRequest


class RegressionHead(HeavyTask):
    model_class = "transformers:AutoModelForSequenceClassification"

    def model_arguments(self, request: ModelRequest) -> dict[str, Any]:
        return {"problem_type": "regression"}
