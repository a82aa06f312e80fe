"""Plugins in the background: loaded after the start where there are any beside our own, then watched for changes on disk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from textual.message import Message

from tui_finetune.ui import messages

if TYPE_CHECKING:
    from tui_finetune.plugin_api.manager import Catalog, PluginInfo

FIRST_SECONDS = 1.0
"""After the start: the first paint and the first runs come before."""
LOOK_SECONDS = 1.0


class PluginWatch:
    """One look after the other, in a thread of the bridge."""

    def __init__(
        self,
        folders: Callable[[], Sequence[Path]],
        load: Callable[[], Catalog],
        loaded: Callable[[], Catalog | None],
    ) -> None:
        """folders: where plugin files lie. load: loads them where that was not done. loaded: what is loaded already."""
        self._folders = folders
        self._load = load
        self._loaded = loaded
        self._first = True
        self._told: object = None

    def look(self) -> Message | None:
        """What has failed at loading, at first; then what is on disk and not as it is loaded, once for each change."""
        catalog = self._loaded()
        if catalog is None:
            first, self._first = self._first, False
            there = bool(self._files()) or (first and _installed())
            return messages.PluginsRead(tuple(self._load().plugins)) if there else None
        return self._changes(catalog.plugins)

    def _files(self) -> set[str]:
        """Paths of the plugin files and packages in the folders."""
        from tui_finetune.plugin_api.discovery import in_folder

        return {found.origin for folder in self._folders() if folder.is_dir() for found in in_folder(folder)}

    def _changes(self, plugins: Sequence[PluginInfo]) -> messages.PluginFilesChanged | None:
        from tui_finetune.plugin_api.discovery import newest_change

        watched = [info for info in plugins if info.place is not None and info.health != "off" and info.loaded_at]
        newest = {str(info.place): newest_change(str(info.place)) for info in watched}
        differ = {info.name: newest[str(info.place)] for info in watched if newest[str(info.place)] != info.written_at}
        new = tuple(sorted(Path(path).name for path in self._files() - {info.origin for info in plugins}))
        now = (differ, new) if differ or new else None
        if now == self._told:
            return None
        self._told = now
        return messages.PluginFilesChanged(newest, new)


def _installed() -> bool:
    """Whether a plugin of somebody else's is installed."""
    from tui_finetune.plugin_api.discovery import installed

    return any(True for _ in installed())
