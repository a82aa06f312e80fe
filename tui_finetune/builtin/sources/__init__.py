"""Our sources."""

from tui_finetune.builtin.sources.arrow import Arrow
from tui_finetune.builtin.sources.conll import Conll
from tui_finetune.builtin.sources.csv import Csv
from tui_finetune.builtin.sources.database import Database
from tui_finetune.builtin.sources.folder import Folder
from tui_finetune.builtin.sources.hub import Hub
from tui_finetune.builtin.sources.json import Json
from tui_finetune.builtin.sources.parallel import Parallel
from tui_finetune.builtin.sources.parquet import Parquet
from tui_finetune.builtin.sources.stdlib_docs import StdlibDocs
from tui_finetune.builtin.sources.text import Text
from tui_finetune.builtin.sources.workbook import Workbook
from tui_finetune.builtin.sources.xml import Xml
from tui_finetune.plugin_api import Source

SOURCES: tuple[Source, ...] = (
    Hub(),
    Csv(),
    Json(),
    Parquet(),
    Arrow(),
    Text(),
    Folder(),
    Conll(),
    Parallel(),
    Database(),
    Workbook(),
    Xml(),
    StdlibDocs(),
)
