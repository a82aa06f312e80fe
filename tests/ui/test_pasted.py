"""What is pasted is text and stays text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_finetune.ui.pasted import BEGIN, END, PasteFilter


@pytest.mark.parametrize(
    ("sent", "given_on"),
    [
        ("keys\x1b[A\x1b", "keys\x1b[A\x1b"),
        (f"{BEGIN}two\nlines\t{END}k", f"{BEGIN}two\nlines\t{END}k"),
        (f"{BEGIN}a\x1b]52;c;YQ\x07s\r\x1bb\x00{END}\x1b", f"{BEGIN}a]52;c;YQs\rb{END}\x1b"),
        ("\x1b[20", ""),
        (f"{BEGIN}two \x1b[12;40Rwords{END}\x1b[1;1R", f"{BEGIN}two words{END}\x1b[1;1R"),
        (f"{BEGIN}{BEGIN}x{END}", f"{BEGIN}[200~x{END}"),
    ],
)
def test_control_characters_of_a_paste_are_left_out_and_keys_are_not(sent: str, given_on: str) -> None:
    assert PasteFilter()(sent) == given_on


@given(st.lists(st.sampled_from([BEGIN, END, "\x1b", "[", "2", "0", "1", "~", "s", "\r", "é"])), st.integers(1, 7))
def test_however_it_is_cut_into_pieces(sent: list[str], size: int) -> None:
    """Markers may be cut in their middle; what begins a paste comes whole from the terminal."""
    text = "".join(sent)
    if BEGIN in text:
        text = BEGIN + text.replace(BEGIN, "")
    whole, pieces = PasteFilter(), PasteFilter()
    first = text[: len(BEGIN)]
    cut = [first, *(text[at : at + size] for at in range(len(first), len(text), size))]
    assert "".join(map(pieces, cut)) + pieces._held == whole(text) + whole._held
