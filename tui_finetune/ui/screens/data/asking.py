"""What the Data screen asks and shows in sheets: what to open, what counts, options of a step, details, lines of a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_finetune.live import words
from tui_finetune.live.data_set import Asked, DataSet
from tui_finetune.live.data_sources import begin_with
from tui_finetune.live.spans import Line, line, muted, span, wrap
from tui_finetune.ui.screens.data.choosing import choose_set
from tui_finetune.ui.screens.data.finding import recipe_name
from tui_finetune.ui.screens.data.panes import SourcesPane
from tui_finetune.ui.screens.data.source_sheet import SourceSheet
from tui_finetune.ui.widgets.sheet import Choice, ChoiceSheet, FieldsSheet, TextSheet

if TYPE_CHECKING:
    from tui_finetune.live.data_steps import Step
    from tui_finetune.ui.screens.data.actions import DataActions
    from tui_finetune.ui.screens.data.messages import LinesRead
    from tui_finetune.ui.wants import DataWanted


def open_wanted(page: DataActions, wanted: DataWanted) -> None:
    """What another screen asks for; what is open already is not read again."""
    if wanted.recipe is not None:
        given: Asked | None = Asked(recipe=str(wanted.recipe))
        typed = str(wanted.recipe)
    elif wanted.source is not None:
        given, typed = None, wanted.source
    else:
        page.call_after_refresh(ask_for_source, page)
        return
    found = page.found
    if found is not None and wanted.row_id is not None and found.asked.typed == typed:
        page.find_row(wanted.row_id)
    else:
        page.open(typed, given, wanted.row_id)


def ask_for_source(page: DataActions) -> None:
    recent = begin_with(page.ui.memory.data, ())
    page.shelf.warm()
    begin = [*recent, *(one for one in page.query_one(SourcesPane).found if one.kind != "recent")]
    typed = page.typed if page.problems else ""
    page.open_sheet(SourceSheet(typed, lambda text: page.shelf.candidates(text, begin), page.open))


def ask_for_row(page: DataActions) -> None:
    """The row of a number, in the view that is shown; of an id in any split."""

    def take(values: Sequence[str]) -> str | None:
        wanted = values[0].strip().replace(",", "")
        if not wanted:
            return "A number or an id."
        if wanted.isdigit():
            if int(wanted) >= page.split_shown.rows:
                return f"The last one is row {page.split_shown.rows - 1:,}."
            page.jump(int(wanted))
        else:
            page.find_row(values[0].strip())
        return None

    page.open_sheet(
        FieldsSheet("Go to row", [("row", "")], take, hint="a number from 0, or an id such as reviews.csv:41")
    )


def choose(page: DataActions) -> None:
    """The split where there are several; all that is chosen otherwise."""
    found = page.found
    several = found is not None and (len(found.splits) > 1 or len(found.sets) > 1)
    if found is None or not several or page.problems:
        choose_more(page)
        return

    def shown(name: str) -> Any:
        return lambda: show_split(page, name)

    choices = _within(page)
    choices += [Choice(f"{one.name.ljust(14)}{words.count(one.rows)} rows", shown(one.name)) for one in found.splits]
    if len(found.sets) > 1:
        choices.append(Choice(f"another set: {len(found.sets)} are here …", lambda: choose_set(page)))
    choices.append(Choice("model, length, task, kind of data …", lambda: choose_more(page)))
    page.open_sheet(ChoiceSheet("Show", [line(" ", muted("Which split is shown, or what is counted."))], choices))


def _within(page: DataActions) -> list[Choice]:
    """The other splits in which the finding that is shown has rows."""
    rows = page.within
    if rows is None:
        return []

    def shown(name: str) -> Any:
        return lambda: page.show_within(rows, name)

    return [
        Choice(f"{name.ljust(14)}{words.count(rows.counts[name])} rows of {rows.title}", shown(name))
        for name in rows.files
        if name != page.split
    ]


def show_split(page: DataActions, name: str) -> None:
    page.split, page.filter, page.sort, page.reverse, page.within = name, "", "", False, None
    page.look(keep=False)
    page.show_tab(page.tab)


def choose_more(page: DataActions) -> None:
    """Read again with another model, length, task, source or subset."""
    found, asked = page.found, page.asked
    if asked is None:
        return
    now = {
        "model": asked.model or (found.model if found is not None else None) or "",
        "max length": str(asked.max_length or (found.max_length if found is not None else "") or ""),
        "task": asked.task or "",
        "source": asked.source or "",
        "subset": asked.subset or "",
    }

    def take(values: Sequence[str]) -> str | None:
        model, length, task, source, subset = (value.strip() for value in values)
        if length and not (length.isdigit() and int(length) > 1):
            return "Max length: a whole number from 2 on."
        page.reread(
            model=model or None,
            max_length=int(length) if length else None,
            task=task or None,
            source=source or None,
            subset=subset or None,
        )
        return None

    page.open_sheet(
        FieldsSheet(
            f"How {asked.title} is read",
            list(now.items()),
            take,
            hint="empty: found by a look; model: a folder, builtin:…, run:…, or a cached Hub id",
        )
    )


def ask_beside(page: DataActions) -> None:
    """Another model, or another length, whose tokens stand beside those of an opened row."""
    found = page.found
    assert found is not None

    def take(values: Sequence[str]) -> str | None:
        model, length = (value.strip() for value in values)
        if length and not (length.isdigit() and int(length) > 1):
            return "Max length: a whole number from 2 on."
        if model or length:
            page.shelf.other(found, model, int(length) if length else None)
        else:
            page.other = page.row_read = None
            page.ask_row()
        return None

    page.open_sheet(
        FieldsSheet(
            "Tokens beside",
            [("model", ""), ("max length", "")],
            take,
            hint="a model, a length, or both; what is empty is as for the data; nothing: none stands beside",
        )
    )


def ask_options(page: DataActions, step: Step) -> None:
    """The options of a step, each as it would stand in a recipe."""
    from tui_finetune.config.sets import parse_value
    from tui_finetune.config.write import toml_value

    given = page.chosen.get(step.name, {})
    fields = [(key, toml_value(given[key]) if key in given else default) for key, default, _ in step.options]

    def take(values: Sequence[str]) -> str | None:
        options = {
            key: parse_value(value)
            for (key, default, _), value in zip(step.options, values, strict=True)
            if value.strip() and value.strip() != default
        }
        page.use_step(step, options)
        return None

    titles = "; ".join(f"{key}: {title}" for key, _, title in step.options if title)
    page.open_sheet(FieldsSheet(f"Options of {step.name}", fields, take, hint=titles))


def write_recipe(page: DataActions) -> None:
    """The recipe to a file; the name is asked."""
    found, folder = page.found, Path.cwd()
    assert found is not None

    def take(values: Sequence[str]) -> str | None:
        text = values[0].strip()
        if not text:
            return "Write: a file name is needed."
        path = folder / Path(text).expanduser()
        path = path if path.suffix else path.with_suffix(".toml")
        if not path.parent.is_dir():
            return f"Write: no folder {path.parent}."
        page.making.write(found, list(page.chosen.items()), path, over=False)
        return None

    page.open_sheet(
        FieldsSheet(
            "Write the recipe", [("file", recipe_name(found))], take, hint=f"relative to {folder}; Train opens it too"
        )
    )


def ask_over(page: DataActions, path: Path) -> None:
    """Another file lies where the recipe is to be written."""
    found, steps = page.found, list(page.chosen.items())
    if found is None:
        return
    page.open_sheet(
        ChoiceSheet(
            f"Write {path.name}",
            [line(f" {path}"), line(" is there already, with another text.")],
            [
                Choice("keep what is on disk"),
                Choice("write over it", lambda: page.making.write(found, steps, path, over=True)),
            ],
        )
    )


def show_details(page: DataActions) -> None:
    found = page.found
    assert found is not None
    facts = details(found)
    wide = max(len(name) for name, _ in facts) + 2

    def lines(width: int) -> list[Line]:
        out: list[Line] = []
        for name, value in facts:
            parts = wrap(value, width - wide - 2)
            out.append(line(" ", muted(name.ljust(wide)), *parts[0]))
            out += [line(" " * (wide + 1), *part) for part in parts[1:]]
        return out

    page.open_sheet(TextSheet(f"Details of {found.asked.title}", lines))


def details(found: DataSet) -> list[tuple[str, str]]:
    """Everything that is known of the data, as plain lines."""
    asked = {name: str(value) for name, value in replace(found.asked).as_json().items()}
    facts = [("format", found.format), *asked.items(), ("source", found.source)]
    facts += [("commit", found.revision)] if found.revision else []
    facts += [("split", f"{one.name}, {one.rows:,} rows: {one.arrow}") for one in found.splits]
    facts += [("file", f"{path}, {words.size(size)}") for path, size in found.files]
    facts += [("tokenizer", found.tokenizer or "none here"), ("max length", f"{found.max_length:,}")]
    return [*dict.fromkeys(facts), *(("note", note) for note in found.notes)]


def show_lines(page: DataActions, message: LinesRead) -> None:
    """The lines of a file as they stand, the one that is meant marked."""

    def lines(width: int) -> list[Line]:
        out: list[Line] = []
        for number, text in enumerate(message.lines, message.first):
            meant = number == message.marked
            head = span(f"{number:>9,} ", "bad" if meant else "muted")
            parts = wrap(text, width - 12)
            out += [line(" ", head, *parts[0]), *(line(" " * 11, *part) for part in parts[1:])]
        return out

    page.open_sheet(TextSheet(f"{message.title} as it stands", lines))
