"""The preprocessors that come with the program."""

from tui_finetune.builtin.preprocessors.chats import ChatTemplate
from tui_finetune.builtin.preprocessors.cleaning import (
    FixText,
    Lowercase,
    MaskPrivate,
    ReplaceText,
    StripHtml,
    UnicodeForm,
    Whitespace,
)
from tui_finetune.builtin.preprocessors.columns import JoinColumns, JoinWords, MapLabels
from tui_finetune.builtin.preprocessors.rows import Balance, DropByLength, DropRepeated, SampleRows, SplitText
from tui_finetune.builtin.preprocessors.spans import SpansToTags
from tui_finetune.plugin_api import Preprocessor

PREPROCESSORS: tuple[Preprocessor, ...] = (
    StripHtml(),
    FixText(),
    UnicodeForm(),
    Whitespace(),
    Lowercase(),
    MaskPrivate(),
    ReplaceText(),
    JoinColumns(),
    JoinWords(),
    ChatTemplate(),
    MapLabels(),
    SpansToTags(),
    DropByLength(),
    SplitText(),
    DropRepeated(),
    SampleRows(),
    Balance(),
)
