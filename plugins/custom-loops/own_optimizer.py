"""Text classification with an optimizer of its own."""

from tui_finetune.builtin.tasks.text_classification import TextClassification
from tui_finetune.plugin_api import hookimpl


class OwnOptimizer(TextClassification):
    name = "text-classification-own-optimizer"
    title = "Text classification, own optimizer"
    heavy = "own_optimizer_heavy:OwnOptimizerHead"


@hookimpl
def register_tasks():
    return [OwnOptimizer()]
