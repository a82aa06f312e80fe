"""Text classification with a model class of its own."""

from tui_finetune.builtin.tasks.text_classification import TextClassification
from tui_finetune.plugin_api import hookimpl


class OwnModel(TextClassification):
    name = "text-classification-own-model"
    title = "Text classification, own model"
    heavy = "own_model_heavy:OwnModelHead"
    architectures = ("ForMeanPooledClassification",)


@hookimpl
def register_tasks():
    return [OwnModel()]
