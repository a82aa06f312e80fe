"""What plugin authors import. Light: no torch, transformers, datasets, evaluate, pyarrow or pydantic at import time."""

from tui_finetune.errors import DataError, Problem, UserError
from tui_finetune.plugin_api.heavy import HeavyTask, ModelRequest
from tui_finetune.plugin_api.hookspecs import hookimpl
from tui_finetune.plugin_api.rows import columns_of, row_hash, write_split
from tui_finetune.plugin_api.sources import (
    ROW_HASH,
    ROW_ID,
    Column,
    InputFile,
    Opened,
    OpenRequest,
    Preprocessor,
    Progress,
    Source,
    SplitTable,
    StepCount,
    no_progress,
)
from tui_finetune.plugin_api.tasks import (
    Baseline,
    Decoded,
    Encoded,
    Encoder,
    FormField,
    LabelSet,
    Metric,
    Role,
    Shape,
    Task,
)
from tui_finetune.plugin_api.windows import ROW_INDEX, features_of_rows, row_of_each

__all__ = [
    "ROW_HASH",
    "ROW_ID",
    "ROW_INDEX",
    "Baseline",
    "Column",
    "DataError",
    "Decoded",
    "Encoded",
    "Encoder",
    "FormField",
    "HeavyTask",
    "InputFile",
    "LabelSet",
    "Metric",
    "ModelRequest",
    "OpenRequest",
    "Opened",
    "Preprocessor",
    "Problem",
    "Progress",
    "Role",
    "Shape",
    "Source",
    "SplitTable",
    "StepCount",
    "Task",
    "UserError",
    "columns_of",
    "features_of_rows",
    "hookimpl",
    "no_progress",
    "row_hash",
    "row_of_each",
    "write_split",
]
