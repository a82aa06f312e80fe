"""Fine-tune Hugging Face models from a terminal.

Importing this package stays light: `RunReporter`, the public TrainerCallback, is resolved when it is named (PEP 562).
"""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from tui_finetune.worker.reporter import RunReporter

__all__ = ["RunReporter", "__version__"]


def __getattr__(name: str) -> Any:
    if name == "RunReporter":
        from tui_finetune.worker.reporter import RunReporter  # imports transformers: only when somebody asks for it

        return RunReporter
    raise AttributeError(f"module 'tui_finetune' has no attribute {name!r}")
