"""The terminal is rung: its bell, or a notice of its own (OSC 9), as the settings say."""

from __future__ import annotations

from typing import Protocol

from tui_finetune.text import shown

LONGEST = 200
"""Characters of a notice."""


class Terminal(Protocol):
    """What writes to the terminal."""

    def write(self, data: str) -> None: ...


def ring(terminal: Terminal, how: str, text: str) -> None:
    """how: bell, osc9 or off. A terminal that knows no OSC 9 does nothing with it."""
    if how == "bell":
        terminal.write("\a")
    elif how == "osc9":
        terminal.write(f"\x1b]9;{shown(text)[:LONGEST]}\a")
