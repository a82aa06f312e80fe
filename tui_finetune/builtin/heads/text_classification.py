"""text-classification, the heavy half: AutoModelForSequenceClassification, for one label a text or for several."""

from __future__ import annotations

from typing import Any

from tui_finetune.plugin_api import HeavyTask, ModelRequest


class TextClassificationHead(HeavyTask):
    model_class = "transformers:AutoModelForSequenceClassification"
    takes_class_weights = True

    def model_arguments(self, request: ModelRequest) -> dict[str, Any]:
        # Without it a config saved for regression or several labels would choose another loss, and `pipeline` a sigmoid.
        return {"problem_type": "single_label_classification"}


class MultiLabelHead(HeavyTask):
    """Several labels: a yes or no each, by the model's own binary cross entropy. `labels` come as a float a label."""

    model_class = "transformers:AutoModelForSequenceClassification"
    takes_class_weights = True

    def model_arguments(self, request: ModelRequest) -> dict[str, Any]:
        return {"problem_type": "multi_label_classification"}
