"""Text classification with a loss function of its own."""

from tui_finetune.builtin.tasks.text_classification import TextClassification
from tui_finetune.plugin_api import hookimpl


class OwnLoss(TextClassification):
    name = "text-classification-own-loss"
    title = "Text classification, own loss"
    heavy = "own_loss_heavy:OwnLossHead"


@hookimpl
def register_tasks():
    return [OwnLoss()]
