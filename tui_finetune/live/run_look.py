"""All that is known of the run that is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tui_finetune.live.progress import Progress, progress
from tui_finetune.live.reader import RunRow
from tui_finetune.live.series import History
from tui_finetune.runs.control import Request
from tui_finetune.runs.info import RunInfo
from tui_finetune.runs.records import AttemptRecord, CheckpointRecord
from tui_finetune.runs.status import Status


@dataclass(frozen=True)
class Files:
    """What lies on the disk of a run."""

    checkpoints: Sequence[CheckpointRecord] = ()
    attempts: Sequence[AttemptRecord] = ()
    recipe: str = ""
    request: str = ""
    has_recipe: bool = False
    has_model: bool = False


@dataclass
class RunLook:
    """All that is known of the run that is shown."""

    info: RunInfo
    status: Status
    history: History = field(default_factory=History)
    files: Files = Files()
    log: Sequence[str] = ()
    """The newest lines that it printed."""
    said: Sequence[str] = ()
    """The newest events, as lines."""
    waiting: Sequence[Request] = ()
    """Requests that nobody has answered yet."""
    gone: str | None = None
    """Why its directory cannot be read now."""

    @classmethod
    def of(cls, row: RunRow) -> RunLook:
        """What the list knows of it, until the run itself is read."""
        return cls(row.info, row.status, files=Files(has_recipe=row.has_recipe, has_model=row.has_model))

    def now(self, now: float) -> Progress:
        return progress(self.history, self.status, now)
