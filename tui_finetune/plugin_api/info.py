"""One plugin: where it comes from, what it gives, how it is."""

from __future__ import annotations

import logging
import traceback
from dataclasses import dataclass, field
from typing import Any, Literal

from tui_finetune.plugin_api.discovery import PluginRefused
from tui_finetune.plugin_api.failures import failing_line, own_frames, spelling

logger = logging.getLogger(__name__)

Health = Literal["works", "failed", "off"]


@dataclass
class PluginInfo:
    """One plugin: where it comes from, what it gives, how it is."""

    name: str
    version: str | None
    origin: str
    """Name of its distribution, or the path of its file."""
    gives: dict[str, list[str]] = field(default_factory=dict)
    """Kind (`tasks`, `sources`, `preprocessors`, `metrics`) to names; `hooks` to the hooks it listens to."""
    health: Health = "works"
    error: str | None = None
    """What failed, one line: `TypeError: …`."""
    traceback: str | None = None
    hook: str | None = None
    """Where it failed: `import`, `register`, or the hook's name."""
    notes: list[str] = field(default_factory=list)
    """What its author should know though it works: a name that another plugin has, a heavy import."""
    seconds: float = 0.0
    """Time its import and its registering hooks took."""
    hooks: dict[str, float] = field(default_factory=dict)
    """The hooks that it defines, to the seconds that each took at loading; 0 for those that act later."""
    help: str = ""
    """The first paragraph of its module's docstring."""
    place: str | None = None
    """The file or the package's folder that its light half is loaded from."""
    loaded_at: float = 0.0
    """When it was loaded, unix seconds."""
    written_at: float = 0.0
    """When its files were last written as they were loaded."""
    file: str | None = None
    """Where it failed: file, line, and the line itself, as far as they are known."""
    line: int | None = None
    code: str | None = None
    off_because: str | None = None
    """Of a plugin that is off, what switched it off: `switched off`, `--no-plugins`."""

    @property
    def mark(self) -> tuple[str, str | None, float]:
        """Changes where what the plugin does may have: a single file has no version, and its author edits it."""
        return self.name, self.version, self.written_at

    def failed(self, hook: str, error: BaseException) -> None:
        """Remembers that it failed in `hook`, with its traceback."""
        self.health, self.hook = "failed", hook
        said = " ".join(str(error).split())
        self.error = said if isinstance(error, PluginRefused) else f"{type(error).__name__}: {said}"
        if (meant := spelling(error)) and "Did you mean" not in self.error:
            self.error = f"{self.error.rstrip('.')}. {meant}"
        self.traceback = _traceback(error)
        self.file, self.line, self.code = failing_line(error, self.place)
        logger.info("plugin %s failed in %s: %s", self.name, hook, self.error)

    @property
    def failure(self) -> str:
        """Of one that failed: what is said to somebody whose work goes on without it."""
        return (
            f"Plugin {self.name} failed in {self.hook}: {_sentence(self.error or '?')} The rest goes on "
            f"without it; tui-finetune plugins show {self.name} prints the traceback."
        )

    def as_json(self) -> dict[str, Any]:
        return dict(vars(self))


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?", "!")) else f"{text}."


def _traceback(error: BaseException) -> str:
    """The traceback from the plugin's own code on: what our loader and the import machinery did says nothing to its author."""
    found = traceback.TracebackException.from_exception(error)
    found.stack = traceback.StackSummary.from_list(own_frames(found.stack))
    return "".join(found.format())
