"""What an error says of the disk: no room, or a file that could not be written for another reason."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator

from tui_finetune.errors import NO_ROOM

_FULL = ("No space left on device", "os error 28", "Disk quota exceeded")
"""What libraries that write by themselves say of a full disk: theirs are no OSErrors."""
_NOT_WRITTEN = ("inline_container.cc", "iostream error", "PytorchStreamWriter failed writing")
"""What torch says where a file cannot be written, whatever the cause; it is nearly always a full disk."""
NO_ROOM_WORDS = "no room"
PROBABLY_NO_ROOM = "a file could not be written, probably for no room"


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error and those that led to it."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def is_no_room(error: BaseException) -> bool:
    """True for a full disk, or a person's share of it, by whatever library it is told."""
    if isinstance(error, OSError):
        return error.errno in NO_ROOM
    return any(words in str(error) for words in _FULL)


def is_not_written(error: BaseException) -> bool:
    """True for what torch says of a file that it cannot write."""
    return any(words in str(error) for words in _NOT_WRITTEN)


def why_unwritten(error: BaseException) -> str | None:
    """Why something could not be written, in words, or None where the error is of another kind."""
    found = list(chain(error))
    if any(is_no_room(one) for one in found):
        return NO_ROOM_WORDS
    if any(is_not_written(one) for one in found):
        return PROBABLY_NO_ROOM
    failed = next((one for one in found if isinstance(one, OSError) and one.errno is not None), None)
    if failed is None:
        return None
    said = os.strerror(failed.errno or errno.EIO)
    return f"{failed.filename}: {said}" if failed.filename else said
