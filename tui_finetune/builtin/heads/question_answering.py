"""question-answering, the heavy half: AutoModelForQuestionAnswering, whose two outputs are decoded together."""

from __future__ import annotations

from tui_finetune.plugin_api import HeavyTask


class QuestionAnsweringHead(HeavyTask):
    model_class = "transformers:AutoModelForQuestionAnswering"
    outputs = ("start_logits", "end_logits")
