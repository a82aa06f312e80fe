"""What is said of plugins, by plain records."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tui_finetune.live import plugin_texts
from tui_finetune.live import plugins_page as say
from tui_finetune.live.columns import fit
from tui_finetune.live.spans import Line, plain, width_of
from tui_finetune.plugin_api.hooks import all_hooks
from tui_finetune.plugin_api.manager import PluginInfo
from tui_finetune.plugin_api.templates import KINDS

BUILTIN = PluginInfo(
    "builtin", "1.0", "tui-finetune", gives={"tasks": ["a", "b"], "sources": ["c", "d", "e"]}, seconds=0.4
)
FINE = PluginInfo(
    "fine", "0.2", "fine-dist", gives={"sources": ["conllu"]}, hooks={"register_datasets": 0.012}, seconds=0.02
)
FAILED = PluginInfo(
    "emotion_head",
    None,
    "/home/plugins/emotion_head.py",
    health="failed",
    hook="register_tasks",
    error="TypeError: Task got an unexpected argument 'labells'. Did you mean labels?",
    traceback='Traceback (most recent call last):\n  File "/home/plugins/emotion_head.py", line 31, in register_tasks\n'
    '    Task(labells=1)\n  File "/lib/other.py", line 3, in f\n    g()\nTypeError: labells',
    place="/home/plugins/emotion_head.py",
    file="/home/plugins/emotion_head.py",
    line=31,
    code="Task(labells=1)",
    loaded_at=10.0,
    written_at=5.0,
)
OFF = PluginInfo("quiet", "1", "quiet-dist", health="off", off_because="switched off")
EVERY = [BUILTIN, FINE, FAILED, OFF]


def text(lines: list[Line]) -> str:
    return "\n".join(plain(line) for line in lines)


@pytest.mark.parametrize(
    ("info", "word", "token"),
    [
        (FINE, "✓ works", "good"),
        (FAILED, "✗ failed", "bad"),
        (OFF, "· off", "muted"),
        (BUILTIN, "✓ works", "good"),
        (replace(FINE, seconds=0.3), "! slow", "warn"),
        (replace(FINE, notes=["its light half imports torch, which slows every start."]), "! heavy", "warn"),
        (replace(FINE, notes=["task x is left out: y has that name."]), "! works", "warn"),
    ],
)
def test_health_is_a_mark_and_a_word(info: PluginInfo, word: str, token: str) -> None:
    found = say.health(info)
    assert (found.text, found.token) == (word, token)


def test_what_changed_on_disk_is_said_before_how_it_was() -> None:
    newest = {"/home/plugins/emotion_head.py": 6.0}
    assert say.changed(EVERY, newest) == {"emotion_head"}
    assert say.changed(EVERY, {"/home/plugins/emotion_head.py": 5.0}) == set()
    assert say.health(FAILED, {"emotion_head"}).text == "! changed"
    assert "R loads it again" in text(say.detail_lines(FAILED, 80, newer=True))


def test_a_row_fits_and_counts_many_names() -> None:
    row = say.list_line(BUILTIN, say.columns(80), set())
    assert "tasks a, b, 3 sources" in plain(row)
    assert say.gives_words(BUILTIN, 20) == "2 tasks, 3 sources"
    assert width_of(row) <= 77


def test_the_head_counts_states() -> None:
    assert say.counts_words(EVERY) == "4 plugins  2 work, 1 failed, 1 off"
    assert say.counts_words([BUILTIN]) == "1 plugin  1 work"
    assert say.loaded_words([BUILTIN, FINE]) == "Loaded in 420 ms; slowest fine 20 ms."


def test_the_detail_of_a_failure_has_one_thing_bold_and_the_line() -> None:
    lines = say.detail_lines(FAILED, 80)
    bold = [span.text for line in lines for span in line if span.bold]
    assert bold == ["✗ register_tasks failed at line 31"]
    assert "Task(labells=1)" in text(lines)
    assert "Did you mean labels?" in text(lines)
    assert "✓ imported   ✓ hook names   ✗ register_tasks" in text(lines)
    assert all(width_of(line) <= 80 for line in lines)


@pytest.mark.parametrize(("hook", "said"), [("import", "✗ imported"), ("register", "✓ imported   ✗ hook names")])
def test_the_checks_end_where_it_failed(hook: str, said: str) -> None:
    line = text(say.detail_lines(replace(FAILED, hook=hook), 80)).splitlines()[-1]
    assert line.rstrip().endswith(said)


def test_the_detail_of_one_that_works_and_of_one_that_is_off() -> None:
    assert "conllu" in text(say.detail_lines(FINE, 80))
    assert "p switches it on." in text(say.detail_lines(OFF, 80))
    assert "--no-plugins" in text(say.detail_lines(replace(OFF, off_because="--no-plugins"), 80))


def test_the_authors_own_lines_of_a_traceback_are_bold() -> None:
    spans = {span.text.strip(): span for line in plugin_texts.traceback_lines(FAILED, 80) for span in line}
    assert spans["Task(labells=1)"].bold
    assert not spans["g()"].bold
    assert spans["g()"].token == "muted"
    assert spans["TypeError: labells"].token == "bad"


def test_hooks_name_who_defines_them_and_who_failed_there() -> None:
    shown = fit(say.HOOK_COLUMNS, 80)
    by = {hook.name: plain(say.hook_line(hook, EVERY, shown)) for hook in all_hooks()}
    assert "fine" in by["register_datasets"]
    assert "12 ms" in by["register_datasets"]
    assert "✗ emotion_head" in by["register_tasks"]
    assert by["run_event"].split() == ["run_event(run,", "event)", "–", "–"]


def test_errors_come_newest_first_then_remarks() -> None:
    later = replace(FAILED, name="later", loaded_at=20.0)
    found = say.errors([replace(FINE, notes=["a note"]), FAILED, later])
    assert [(info.name, what) for info, what in found] == [
        ("later", FAILED.error),
        ("emotion_head", FAILED.error),
        ("fine", "a note"),
    ]
    assert "register_tasks line 31" in plain(say.error_line(*found[0], fit(say.ERROR_COLUMNS, 80)))


def test_how_to_write_one_names_folder_kinds_and_hooks_and_fits() -> None:
    lines = plugin_texts.how_to_lines("/home/plugins", KINDS, all_hooks(), 80)
    for wanted in ("/home/plugins", *KINDS, *(hook.signature for hook in all_hooks())):
        assert wanted in text(lines)
    assert all(width_of(line) <= 80 for line in lines)


@pytest.mark.parametrize(
    ("info", "why"),
    [
        (FINE, ""),
        (FAILED, ""),
        (OFF, ""),
        (None, "No plugin under the cursor."),
        (BUILTIN, "builtin is the program itself."),
        (replace(OFF, off_because="--no-plugins"), "The program was started with --no-plugins."),
        (replace(FAILED, hook="search"), "This is a place that could not be searched."),
    ],
)
def test_what_can_be_switched(info: PluginInfo | None, why: str) -> None:
    offer = say.switch_offer(info)
    assert (offer.on, offer.why) == (not why, why)


def test_what_loading_again_came_to() -> None:
    assert say.reloaded_words(FINE, EVERY) == (
        "✓ works  source conllu, in 20 ms; runs in progress keep what they started with."
    )
    assert "failed at line 31" in say.reloaded_words(FAILED, EVERY)
    assert "is off" in say.reloaded_words(OFF, EVERY)
