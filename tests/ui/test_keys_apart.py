"""What a terminal sends for keys, taken apart as they were typed."""

from __future__ import annotations

import pytest
from textual.events import Key

from tui_finetune.ui.keys_apart import KeyParser


def keys(*pieces: str) -> list[str]:
    """The keys of what came in pieces, and then nothing more."""
    parser = KeyParser()
    found = [message for piece in (*pieces, "") for message in parser.feed(piece)]
    return [message.character or message.key for message in found if isinstance(message, Key)]


@pytest.mark.parametrize("key", [*"19qG/:?=+-, ]{", "\r", "\t", "\x12", "é"])
def test_esc_and_a_key_in_one_piece_are_two_keys(key: str) -> None:
    assert keys(f"\x1b{key}") == ["\x1b", key]


def test_what_begins_sequences_is_a_key_where_nothing_follows() -> None:
    assert keys("\x1b[") == ["\x1b", "["]
    assert keys("\x1bO") == ["\x1b", "O"]
    assert keys("\x1b") == ["\x1b"]


def test_keys_of_several_characters_stay_one() -> None:
    assert keys("\x1b[A") == ["up"]
    assert keys("\x1bOB") == ["down"]
    assert keys("\x1b[5~", "\x1b[Z") == ["pageup", "shift+tab"]
    assert keys("\x1b[1;5C") == ["ctrl+right"]
