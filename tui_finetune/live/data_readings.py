"""Guesses at how files are to be read, and their other readings: each an option of the source."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tui_finetune.live.data_set import DataSet
from tui_finetune.live.picks import Pick

KNOWN: tuple[tuple[str, str, Mapping[str, Any]], ...] = (
    ("has no header, by its first row", "the first row names the columns", {"header": True}),
    ("are taken as characters of the texts", "quotes are quotes", {"quoting": True}),
)
"""What a guess says, what the other reading is called, and its options."""
_VALUE = re.compile(r'data\.options\.(\w+) = ("[^"]*"|\w+)')
_NAME = re.compile(r"data\.options\.(\w+)")


def reading_picks(guess: str) -> list[Pick]:
    """The other readings of what was guessed; one without values asks for the value of the option that it names."""
    picks = [Pick(name, _words(options), {"options": options}) for part, name, options in KNOWN if part in guess]
    for key, text in _VALUE.findall(guess):
        options = {key: _value(text)}
        picks.append(Pick(f"{key} = {text}", "the other reading", {"options": options}))
    return picks + [Pick(f"{key} …", "a value of its own") for key in dict.fromkeys(_NAME.findall(guess))]


def asked_option(pick: Pick) -> str:
    """The option whose value is asked for."""
    return pick.name.removesuffix(" …")


def option_picks(found: DataSet) -> list[Pick]:
    """The options that were chosen, each to be taken back."""
    options: Mapping[str, Any] = found.asked.chosen.get("options") or {}
    return [
        Pick(f"without {_words({key: value})}", "as it is guessed", {"options": {key: None}})
        for key, value in options.items()
    ]


def option_words(found: DataSet) -> str:
    """`by = "line", header = true`; empty where none was chosen."""
    return _words(found.asked.chosen.get("options") or {})


def set_picks(found: DataSet) -> list[Pick]:
    """The sets of the folder, archive or database."""
    return [
        Pick(
            one["name"], f"{one['source']}: {_splits(one['splits'])}", {"subset": one["name"]}, one["name"] == found.set
        )
        for one in found.sets
    ]


def _splits(splits: Mapping[str, int | None]) -> str:
    return ", ".join(name if rows is None else f"{name} {rows:,}" for name, rows in splits.items())


def _words(options: Mapping[str, Any]) -> str:
    from tui_finetune.config.write import toml_value

    return ", ".join(f"{key} = {toml_value(value)}" for key, value in options.items())


def _value(text: str) -> Any:
    from tui_finetune.config.sets import parse_value

    return parse_value(text)
