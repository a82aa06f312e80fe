"""Our tasks, light halves."""

from tui_finetune.builtin.tasks.causal_lm import CausalLm
from tui_finetune.builtin.tasks.dpo import DirectPreference
from tui_finetune.builtin.tasks.fill_mask import FillMask
from tui_finetune.builtin.tasks.multiple_choice import MultipleChoice
from tui_finetune.builtin.tasks.ordinal import Ordinal
from tui_finetune.builtin.tasks.question_answering import QuestionAnswering
from tui_finetune.builtin.tasks.regression import Regression
from tui_finetune.builtin.tasks.reward import Reward
from tui_finetune.builtin.tasks.sentence_similarity import SentenceSimilarity
from tui_finetune.builtin.tasks.sft import Sft
from tui_finetune.builtin.tasks.text2text import Text2Text
from tui_finetune.builtin.tasks.text_classification import TextClassification
from tui_finetune.builtin.tasks.token_classification import TokenClassification
from tui_finetune.plugin_api import Task

TASKS: tuple[Task, ...] = (
    TextClassification(),
    TokenClassification(),
    Regression(),
    Ordinal(),
    QuestionAnswering(),
    SentenceSimilarity(),
    MultipleChoice(),
    CausalLm(),
    FillMask(),
    DirectPreference(),
    Reward(),
    Sft(),
    Text2Text(),
)
