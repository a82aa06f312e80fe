"""What the Plugins screen's own work tells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tui_finetune.live.plugin_texts import Contribution
from tui_finetune.plugin_api.manager import PluginInfo
from tui_finetune.ui.messages import Told


@dataclass
class PluginAsked(Told):
    """What a plugin adds was looked up."""

    info: PluginInfo
    adds: Sequence[Contribution]


@dataclass
class PluginWritten(Told):
    """A new plugin lies in the folder."""

    name: str
    files: Sequence[Path]
