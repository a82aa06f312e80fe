"""Our sources."""

from tui_finetune.builtin.sources.conll import Conll
from tui_finetune.builtin.sources.csv import Csv
from tui_finetune.builtin.sources.json import Json
from tui_finetune.builtin.sources.stdlib_docs import StdlibDocs
from tui_finetune.plugin_api import Source

SOURCES: tuple[Source, ...] = (Csv(), Json(), Conll(), StdlibDocs())
