"""Text classification with a training step of its own."""

from tui_finetune.builtin.tasks.text_classification import TextClassification
from tui_finetune.plugin_api import hookimpl


class OwnStep(TextClassification):
    name = "text-classification-own-step"
    title = "Text classification, own step"
    heavy = "own_step_heavy:OwnStepHead"


@hookimpl
def register_tasks():
    return [OwnStep()]
