"""`esc` and the key after it stay two keys when a slow line brings them in one piece."""

from __future__ import annotations

from collections.abc import Iterable

from textual import events
from textual._xterm_parser import XTermParser

ESC = "\x1b"
BEGINNINGS = frozenset("[O")
"""What follows `esc` in the sequence of a key, as `esc [ A` is the arrow up."""


class KeyParser(XTermParser):
    """The library takes `esc 1` for `¡`, and of `esc /` the `esc` is lost. No key here needs `alt`."""

    def _sequence_to_key_events(self, sequence: str, alt: bool = False) -> Iterable[events.Key]:
        one_more = len(sequence) == 2 and sequence[0] == ESC and sequence[1] not in BEGINNINGS
        if alt or one_more:
            yield events.Key("escape", ESC)
        yield from super()._sequence_to_key_events(sequence[1:] if one_more else sequence)
