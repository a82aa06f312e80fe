"""What is read of a plugin in a sheet or a tab: what it adds, its traceback, all that is known, how one is written."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_finetune.live.plugins_page import milliseconds
from tui_finetune.live.spans import EMPTY, Line, blanks, line, muted, span, width_of, wrap
from tui_finetune.text import cut_front

if TYPE_CHECKING:
    from tui_finetune.plugin_api.hooks import Hook
    from tui_finetune.plugin_api.manager import PluginInfo


@dataclass(frozen=True)
class Contribution:
    """Something that a plugin adds."""

    kind: str
    name: str
    help: str
    options: tuple[tuple[str, str, str], ...] = ()
    """Key, default and title of each."""


def about_lines(info: PluginInfo, adds: Sequence[Contribution], width: int) -> list[Line]:
    """Everything that a plugin adds, with its help and options."""
    lines = [line(" ", *part) for part in wrap(info.help, width - 2)] if info.help else []
    for one in adds:
        lines += [EMPTY] if lines else []
        lines.append(line(" ", muted(f"{one.kind} "), span(one.name, "accent")))
        lines += [line("   ", *part) for part in wrap(one.help, width - 4)] if one.help else []
        for key, default, title in one.options:
            head = line("   ", span(key), muted(f" = {default}  "))
            parts = wrap(title, max(20, width - width_of(head) - 1), token="muted")
            lines += [line(*head, *parts[0]), *(line(blanks(width_of(head)), *part) for part in parts[1:])]
    acting = info.gives.get("hooks", [])
    lines += [EMPTY, line(muted(" called in runs: "), span(", ".join(acting)))] if acting else []
    return lines or [line(" It adds nothing.")]


def fact_lines(info: PluginInfo, width: int) -> list[Line]:
    """All that is known of it, as plain lines."""
    facts = {name: value for name, value in info.as_json().items() if value not in (None, "", [], {}, 0.0)}
    facts.pop("traceback", None)
    wide = max(len(name) for name in facts) + 2
    lines: list[Line] = []
    for name, value in facts.items():
        parts = wrap(_fact(name, value), width - wide - 2)
        lines.append(line(" ", muted(name.ljust(wide)), *parts[0]))
        lines += [line(" " * (wide + 1), *part) for part in parts[1:]]
    return lines


def _fact(name: str, value: object) -> str:
    if name.endswith("_at") and isinstance(value, float):
        return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(value))
    if isinstance(value, dict):
        return ", ".join(
            f"{key} {milliseconds(one) if isinstance(one, float) else ' '.join(one)}" for key, one in value.items()
        )
    if isinstance(value, list):
        return " ".join(map(str, value))
    return milliseconds(value) if name == "seconds" and isinstance(value, float) else str(value)


def traceback_lines(info: PluginInfo, width: int) -> list[Line]:
    """The traceback, the author's own lines bold and those of libraries muted; its last line is the problem."""
    out: list[Line] = []
    mine = False
    parts = (info.traceback or "").rstrip("\n").split("\n")
    for place, raw in enumerate(parts):
        if raw.startswith('  File "'):
            mine = _is_own(raw, info)
        indented = raw.startswith(" ")
        token = "text" if mine and indented else "muted" if indented or place == 0 else "bad"
        bold = mine and indented
        code = raw.lstrip(" ")
        parts_shown = wrap(code, width - 2, token=token, indent=len(raw) - len(code))
        out += [line(" ", *(one._replace(bold=bold) for one in part)) for part in parts_shown]
    return out


def _is_own(raw: str, info: PluginInfo) -> bool:
    """True for a `File "…"` line of the plugin's own code."""
    place = info.place or info.origin
    return f'"{place}' in raw


def how_to_lines(folder: str, kinds: Mapping[str, str], hooks: Sequence[Hook], width: int) -> list[Line]:
    """How a plugin is written, from the first key to its use in a recipe."""
    steps = (
        "n writes one that works, with its test. You choose what it adds:",
        "Change it in your editor. R loads it again here, at once; what is wrong is said with its line.",
        "Its test holds it to what the program relies on: python -m pytest tests/test_NAME.py, in the folder above.",
        'A recipe names what it adds: [[preprocess]] use = "NAME", [data] source = "NAME", task = "NAME". A run that '
        "names a plugin's part is refused before it starts where the plugin does not load.",
    )
    lines = [
        line(" A plugin is a Python file in the folder below, or a distribution of your own."),
        line("   ", span(cut_front(folder, width - 4))),
        EMPTY,
    ]
    for number, text in enumerate(steps, 1):
        parts = wrap(text, width - 6)
        lines += [line(f" {number}  ", *parts[0]), *(line("    ", *part) for part in parts[1:])]
        if number == 1:
            lines += [line("      ", span(kind.ljust(14)), muted(what)) for kind, what in kinds.items()]
    lines += [EMPTY, line(" ", span("hooks", "accent"))]
    for hook in hooks:
        parts = wrap(hook.help, width - 31)
        lines += [line("   ", span(hook.signature.ljust(27)), *(one._replace(token="muted") for one in parts[0]))]
        lines += [line(" " * 30, *(one._replace(token="muted") for one in part)) for part in parts[1:]]
    rest = (
        "The file is imported at every start: it imports no torch, transformers, datasets or evaluate, and what else takes "
        "long inside functions. Model and loss of a task go into NAME_heavy.py. docs/plugins.md has an example of each hook."
    )
    return [*lines, EMPTY, *(line(" ", *part) for part in wrap(rest, width - 2))]
