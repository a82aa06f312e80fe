"""What a plugin's author wants to know of a failure: the line of their own that failed, and what they may have meant."""

from __future__ import annotations

import builtins
import inspect
import os
import re
import traceback
from collections.abc import Iterable
from pathlib import Path
from types import FrameType

from tui_finetune.errors import did_you_mean

_OURS = str(Path(__file__).parent)
_UNKNOWN_ARGUMENT = re.compile(r"(?P<call>[\w.]+)\(\) got an unexpected keyword argument '(?P<name>\w+)'")


def own_frames(stack: Iterable[traceback.FrameSummary]) -> list[traceback.FrameSummary]:
    """The frames without those of our loader and of the import machinery."""
    other = ("<frozen importlib", _OURS)
    return [f for f in stack if not f.filename.startswith(other) and not f.filename.endswith("importlib/__init__.py")]


def failing_line(error: BaseException, place: str | None) -> tuple[str | None, int | None, str | None]:
    """File, line number and text of the line that failed: the last one of the plugin's own, else the last one at all."""
    if isinstance(error, SyntaxError) and error.filename is not None:
        return error.filename, error.lineno, (error.text or "").strip() or None
    frames = own_frames(traceback.extract_tb(error.__traceback__))
    mine = [frame for frame in frames if place is not None and frame.filename.startswith(place)]
    if not frames:
        return None, None, None
    last = (mine or frames)[-1]
    return last.filename, last.lineno, last.line or None


def line_in(error: BaseException, place: str) -> str | None:
    """`shout.py line 12`: the last line of the plugin at `place` that led to the error; None where none did."""
    root, extension = os.path.splitext(place)
    mine = (place,) if extension else (place + os.sep,)
    heavy = (f"{root}_heavy{extension}",) if extension else ()
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename.startswith(mine + heavy):
            return f"{os.path.basename(frame.filename)} line {frame.lineno}"
    return None


def spelling(error: BaseException) -> str:
    """`Did you mean labels?` for a name, attribute or argument that is nearly one; else empty."""
    frame = _last_frame(error)
    if isinstance(error, NameError) and error.name and frame is not None:
        return did_you_mean(error.name, {*frame.f_locals, *frame.f_globals, *vars(builtins)})
    if isinstance(error, AttributeError) and error.name and error.obj is not None:
        return did_you_mean(error.name, [name for name in dir(error.obj) if not name.startswith("_")])
    if isinstance(error, TypeError) and frame is not None and (found := _UNKNOWN_ARGUMENT.match(str(error))):
        return did_you_mean(found["name"], _arguments(found["call"], frame))
    return ""


def _last_frame(error: BaseException) -> FrameType | None:
    """The frame that raised."""
    step = error.__traceback__
    while step is not None and step.tb_next is not None:
        step = step.tb_next
    return step.tb_frame if step is not None else None


def _arguments(call: str, frame: FrameType) -> list[str]:
    """What the callable of a message takes, found by its name where it was called: `Metric.__init__`, `f`."""
    name = call.partition(".")[0]
    found = frame.f_locals.get(name, frame.f_globals.get(name))
    try:
        return list(inspect.signature(found).parameters) if callable(found) else []
    except (TypeError, ValueError):
        return []
