"""Where things lie: the home folder. HOME is `--home`, else TUI_FINETUNE_HOME, else the platform's data folder."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from tui_finetune.errors import UserError

HOME_VARIABLE = "TUI_FINETUNE_HOME"


@dataclass(frozen=True)
class Home:
    """The home folder; nothing is written outside it except what a person names. Folders 0700, files 0600."""

    root: Path

    @classmethod
    def find(cls, given: str | os.PathLike[str] | None = None) -> Home:
        """The home of this call: `given`, else the environment's, else the platform's data folder. Creates nothing."""
        named = given or os.environ.get(HOME_VARIABLE)
        if named:
            return cls(Path(named).expanduser().absolute())
        import platformdirs  # late: `--home` and the variable need no look at the platform

        return cls(Path(platformdirs.user_data_dir("tui-finetune", appauthor=False)))

    @property
    def runs(self) -> Path:
        return self.root / "runs"

    @property
    def trash(self) -> Path:
        return self.root / "trash"

    @property
    def cache(self) -> Path:
        return self.root / "cache"

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def plugins(self) -> Path:
        return self.root / "plugins"

    @property
    def plugins_off(self) -> Path:
        """Names of the plugins that are switched off, one a line."""
        return self.root / "plugins-off.txt"

    @property
    def drafts(self) -> Path:
        return self.root / "drafts"

    @property
    def queue(self) -> Path:
        """Who works on which device of this home, and who waits for one."""
        return self.root / "queue"

    @property
    def settings(self) -> Path:
        return self.root / "settings.toml"

    @property
    def log(self) -> Path:
        """Full tracebacks of the command line and the interface; never shown, named in messages."""
        return self.root / "tui-finetune.log"

    def ensure(self) -> Home:
        """Makes the folders, readable by the owner only. Raises UserError where the place cannot be written."""
        try:
            for folder in (self.root, self.runs, self.trash, self.cache, self.data, self.plugins, self.drafts):
                private_folder(folder)
            if not os.access(self.runs, os.W_OK):
                raise PermissionError(13, "no permission to write", str(self.runs))
        except OSError as error:
            where = error.filename or self.root
            raise UserError(
                f"Home {self.root} cannot be written ({where}: {error.strerror}). "
                f"Choose another place with --home or {HOME_VARIABLE}."
            ) from error
        return self


def private_folder(path: Path) -> Path:
    """Makes `path` and what is missing above it; what is made is 0700, what was there is left as it is."""
    base = existing(path)
    missing = [folder for folder in (path, *path.parents) if base in folder.parents]
    for folder in reversed(missing):
        folder.mkdir(mode=0o700, exist_ok=True)
    if not path.is_dir():
        raise NotADirectoryError(20, "not a folder", str(path))
    return path


def existing(path: Path) -> Path:
    """`path`, or the nearest folder above it that is there."""
    while not path.exists():
        path = path.parent
    return path
