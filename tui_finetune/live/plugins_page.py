"""What is said of plugins: health, what each adds, why one failed, what can be done with it. For the screen and the verb."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from tui_finetune.live import words
from tui_finetune.live.columns import Column, fit, row_line
from tui_finetune.live.offers import ON, Offer, off
from tui_finetune.live.spans import Line, Span, ends, line, muted, span, wrap
from tui_finetune.text import Shown, cut_front, shown

if TYPE_CHECKING:
    from tui_finetune.plugin_api.hooks import Hook
    from tui_finetune.plugin_api.manager import PluginInfo

SLOW_SECONDS = 0.25
"""From here on a plugin's loading is told: every start of the program and of a run waits for it."""
NAMES = 2
"""Up to this many names of a kind are listed, more are counted."""
NAME_CELLS = 14

COLUMNS = (
    Column("health", "health", 9),
    Column("plugin", "plugin", 20, stretch=26),
    Column("version", "version", 7, optional=1),
    Column("gives", "gives", 18, stretch=90, free=True),
)
HOOK_COLUMNS = (
    Column("hook", "hook", 26),
    Column("plugins", "defined by", 37, stretch=70, free=True),
    Column("slowest", "slowest", 10, right=True),
)
ERROR_COLUMNS = (
    Column("when", "loaded", 8),
    Column("plugin", "plugin", 18, stretch=30),
    Column("where", "where", 22),
    Column("what", "what", 25, stretch=120, free=True),
)


# One plugin, in words


def health(info: PluginInfo, newer: Collection[str] = ()) -> Span:
    """`✓ works`; what its author or its user should see to comes first."""
    if info.name in newer:
        return Span(Shown("! changed"), "warn")
    if info.health == "failed":
        return Span(Shown("✗ failed"), "bad")
    if info.health == "off":
        return Span(Shown("· off"), "muted")
    if any("light half imports" in note for note in info.notes):
        return Span(Shown("! heavy"), "warn")
    if info.seconds >= SLOW_SECONDS and info.name != "builtin":
        return Span(Shown("! slow"), "warn")
    return Span(Shown("! works"), "warn") if info.notes else Span(Shown("✓ works"), "good")


def version_words(info: PluginInfo) -> str:
    """Its version; `file` for one of the plugin folder that tells none."""
    return info.version or ("file" if os.path.isabs(info.origin) else words.NOTHING)


def gives_words(info: PluginInfo, room: int = 1_000) -> str:
    """`tasks a, b, source conllu`; `2 tasks, source conllu` where there is no room for the names."""
    for names_listed in (NAMES, 1):
        text = ", ".join(_kind_words(kind, names, names_listed) for kind, names in info.gives.items())
        if len(text) <= room:
            break
    return text or words.NOTHING


def _kind_words(kind: str, names: Sequence[str], listed: int) -> str:
    word = kind.removesuffix("s") if len(names) == 1 else kind
    return f"{word} {', '.join(names)}" if len(names) <= listed else f"{len(names)} {kind}"


def origin_words(info: PluginInfo) -> str:
    """The path of a file, the name of a distribution."""
    if os.path.isabs(info.origin):
        return info.origin
    return "part of the program" if info.name == "builtin" else f"installed, distribution {info.origin}"


def remarks(info: PluginInfo) -> list[str]:
    """What its author should know though it works."""
    slow = info.health == "works" and info.seconds >= SLOW_SECONDS and info.name != "builtin"
    said = f"it takes {milliseconds(info.seconds)} to load, at every start; import what takes long inside functions."
    return [*info.notes, *([said] if slow else [])]


def milliseconds(seconds: float) -> str:
    """`48 ms`, `1.2 s`."""
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else words.duration(seconds)


def failed_words(info: PluginInfo) -> str:
    """`register_tasks failed at line 31`."""
    at = f" at line {info.line}" if info.line is not None else ""
    return f"{info.hook} failed{at}"


def counts_words(plugins: Iterable[PluginInfo]) -> str:
    """`6 plugins  5 work, 1 failed`."""
    every = list(plugins)
    states = [("works", "work"), ("failed", "failed"), ("off", "off")]
    found = [(sum(1 for info in every if info.health == state), word) for state, word in states]
    parts = ", ".join(f"{count} {word}" for count, word in found if count)
    return f"{len(every)} plugin{'' if len(every) == 1 else 's'}  {parts}"


def loaded_words(plugins: Sequence[PluginInfo]) -> str:
    """`Loaded in 61 ms; slowest text-cleaner 48 ms.` builtin is the program itself: it is not blamed."""
    others = [info for info in plugins if info.name != "builtin"]
    whole = f"Loaded in {milliseconds(sum(info.seconds for info in plugins))}"
    slowest = max(others, key=lambda info: info.seconds, default=None)
    return f"{whole}; slowest {slowest.name} {milliseconds(slowest.seconds)}." if slowest is not None else f"{whole}."


def reloaded_words(info: PluginInfo | None, plugins: Sequence[PluginInfo]) -> str:
    """What loading again came to: of the plugin under the cursor."""
    if info is None:
        return loaded_words(plugins)
    keep = "runs in progress keep what they started with"
    if info.health == "failed":
        return f"{info.name}: {failed_words(info)}: {info.error}"
    if info.health == "off":
        return f"{info.name} is off: nothing of it is called from now on; {keep}."
    return f"✓ works  {gives_words(info)}, in {milliseconds(info.seconds)}; {keep}."


def ordered(plugins: Iterable[PluginInfo]) -> list[PluginInfo]:
    """Those that failed first; those that are off last."""
    place = {"failed": 0, "works": 1, "off": 2}
    return sorted(plugins, key=lambda info: place[info.health])


# Lines


def thing_line(plugins: Sequence[PluginInfo], folder: str, width: int) -> Line:
    left = line(" ", span(counts_words(plugins)))
    return ends(left, line(muted("folder "), span(cut_front(folder, width // 3)), " "), width)


def columns(width: int) -> tuple[Column, ...]:
    return fit(COLUMNS, width)


def list_line(info: PluginInfo, shown_columns: Sequence[Column], newer: Collection[str]) -> Line:
    cells: dict[str, Span | Line] = {
        "health": health(info, newer),
        "plugin": span(info.name),
        "version": span(version_words(info)),
        "gives": span(gives_words(info, next(column.width for column in shown_columns if column.name == "gives"))),
    }
    return row_line(shown_columns, cells)


def detail_lines(info: PluginInfo, width: int, *, newer: bool = False, switch_key: str = "p") -> list[Line]:
    """What is to know of the plugin under the cursor."""
    left = line(" ", span(info.name), " ", muted(info.version or ""))
    room = max(10, width - len(info.name) - len(info.version or "") - 6)
    lines = [ends(left, line(muted(cut_front(origin_words(info), room)), " "), width)]
    if newer:
        file = os.path.basename(info.place or info.origin)
        lines.append(line(" ", span(f"! {file} is newer than what is loaded; R loads it again.", "warn")))
    if info.health == "failed":
        return lines + _failed_lines(info, width)
    if info.health == "off":
        why = (
            "It is left out by --no-plugins." if info.off_because == "--no-plugins" else f"{switch_key} switches it on."
        )
        return [*lines, line(" ", span("· off: listed, and not imported. "), why)]
    said = f"✓ loaded in {milliseconds(info.seconds)}"
    lines.append(line(" ", span(said, "good")))
    lines += [line("   ", *part) for part in wrap(info.help, width - 4)] if info.help else []
    for kind, names in info.gives.items():
        parts = wrap(", ".join(names), width - NAME_CELLS - 3)
        lines.append(line(" ", muted(kind.ljust(NAME_CELLS)), *parts[0]))
        lines += [line(" " * (NAME_CELLS + 1), *part) for part in parts[1:]]
    return lines + [
        line(" ", span("!", "warn"), " ", *part) for note in remarks(info) for part in wrap(note, width - 4)
    ]


def _failed_lines(info: PluginInfo, width: int) -> list[Line]:
    when = time.strftime("%H:%M:%S", time.localtime(info.loaded_at)) if info.loaded_at else ""
    lines = [line(" ", span(f"✗ {failed_words(info)}", "bad", bold=True), muted(f", {when}" if when else ""))]
    lines += [line("   ", *part) for part in wrap(info.code, width - 4)[:2]] if info.code else []
    lines += [line("   ", *part) for part in wrap(info.error or "", width - 4)]
    if info.hook == "search":
        return lines
    lines.append(line(" ", muted("nothing of it is kept; everything else goes on")))
    return [*lines, _checks_line(info)]


def _checks_line(info: PluginInfo) -> Line:
    """How far it came: imported, its hooks known, then the hook that failed."""
    steps = {"import": "imported", "register": "hook names"}
    if info.hook is not None and info.hook not in steps:
        steps[info.hook] = info.hook
    pieces: list[object] = [muted(" checks   ")]
    for step, name in steps.items():
        failed = step == info.hook
        pieces += [span("✗" if failed else "✓", "bad" if failed else "good"), f" {name}   "]
        if failed:
            break
    return line(*pieces)


# Hooks and errors


def hook_line(hook: Hook, plugins: Sequence[PluginInfo], shown_columns: Sequence[Column]) -> Line:
    """A hook, who defines it, and whose took longest at loading."""
    by = [info for info in plugins if hook.name in info.hooks and info.health == "works"]
    broken = [info.name for info in plugins if info.hook == hook.name and info.health == "failed"]
    names: list[object] = [span(", ".join(info.name for info in by) or words.NOTHING)]
    names += [span(f"  ✗ {', '.join(broken)}", "bad")] if broken else []
    took = max((info.hooks[hook.name] for info in by), default=0.0)
    cells: dict[str, Span | Line] = {
        "hook": span(hook.signature),
        "plugins": line(*names),
        "slowest": span(milliseconds(took) if took else words.NOTHING),
    }
    return row_line(shown_columns, cells)


def errors(plugins: Sequence[PluginInfo]) -> list[tuple[PluginInfo, str]]:
    """What is wrong, a plugin and its words: failures first, the newest first; then what authors should know."""
    failed = sorted((info for info in plugins if info.health == "failed"), key=lambda info: -info.loaded_at)
    return [(info, info.error or "") for info in failed] + [
        (info, note) for info in plugins if info.health == "works" for note in remarks(info)
    ]


def error_line(info: PluginInfo, what: str, shown_columns: Sequence[Column]) -> Line:
    failed = info.health == "failed"
    where = f"{info.hook}{f' line {info.line}' if info.line is not None else ''}" if failed else words.NOTHING
    when = time.strftime("%H:%M:%S", time.localtime(info.loaded_at)) if info.loaded_at else words.NOTHING
    cells: dict[str, Span | Line] = {
        "when": muted(when),
        "plugin": span(info.name),
        "where": span(where),
        "what": span(what, "bad" if failed else "warn"),
    }
    return row_line(shown_columns, cells)


# What can be done


def switch_offer(info: PluginInfo | None) -> Offer:
    """Switch off, and on again."""
    if info is None:
        return off("No plugin under the cursor.")
    if info.name == "builtin":
        return off("builtin is the program itself.")
    if info.off_because == "--no-plugins":
        return off("The program was started with --no-plugins.")
    return off("This is a place that could not be searched.") if info.hook == "search" else ON


def changed(plugins: Iterable[PluginInfo], newest: Mapping[str, float]) -> set[str]:
    """Names of the plugins whose files were written since they were loaded; newest: by place, when."""
    return {
        info.name
        for info in plugins
        if info.health != "off"
        and info.place is not None
        and newest.get(info.place, info.written_at) != info.written_at
    }


def plain_remarks(info: PluginInfo) -> list[Shown]:
    """For the verb: why it failed and what its author should know, a line each."""
    lines = [shown(f"! {info.name}: {note}") for note in remarks(info)]
    if info.error is not None:
        line_ = f", line {info.line}" if info.line is not None else ""
        place = cut_front(f"{info.origin}{line_}", 60)
        lines.insert(0, shown(f"✗ {info.name} failed in {info.hook}: {info.error} ({place})"))
    return lines
