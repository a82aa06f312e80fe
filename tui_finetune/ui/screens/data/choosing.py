"""What is chosen of a run on the Data screen, in sheets: the task, a column for a part, where splits come from, the length."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tui_finetune.live import data_readings, data_run
from tui_finetune.live.picks import Pick
from tui_finetune.ui.widgets.pick_sheet import PickSheet
from tui_finetune.ui.widgets.sheet import FieldsSheet

if TYPE_CHECKING:
    from tui_finetune.ui.screens.data.looking import Looking


def choose_item(page: Looking, key: str) -> None:
    """Asks for what a line of the run stands for."""
    found = page.found
    assert found is not None
    if key == "set":
        choose_set(page)
    elif key == "options":
        _pick(page, "Options", "How the files are read, as it was chosen.", data_readings.option_picks(found))
    elif key.startswith("guess."):
        _choose_reading(page, str(found.look["guesses"][int(key.removeprefix("guess."))]))
    elif key == "task":
        _choose_task(page)
    elif key == "length":
        page.measure_lengths()
    elif key == "shares":
        _pick(page, "Shares of train", "How rows are held out of train.", data_run.share_picks(found))
    elif key.startswith("columns."):
        role = key.removeprefix("columns.")
        _pick(page, f"Column for {role}", f"The column that is read as {role}.", data_run.column_picks(found, role))
    else:
        _pick(page, f"Where {key} comes from", _TOLD[key], data_run.split_picks(found, key), _asked_share(page, key))


_TOLD = {
    "train": "The split that is trained on.",
    "validation": "The rows that choose the best checkpoint.",
    "test": "The rows that are measured once, at the end.",
}


def _pick(page: Looking, title: str, told: str, picks: Sequence[Pick], ask: Callable[[], None] | None = None) -> None:
    """ask: for a value of its own."""

    def take(one: Pick) -> None:
        if one.values is not None:
            page.choose_for_run(one.values)
        elif ask is not None:
            ask()

    page.open_sheet(PickSheet(title, told, picks, take))


def choose_set(page: Looking) -> None:
    """Another set of the folder; its rows are opened."""
    found = page.found
    assert found is not None
    told = f"{found.asked.title} holds {len(found.sets)} sets."
    _pick(page, "Sets", told, data_readings.set_picks(found))


def _choose_reading(page: Looking, guess: str) -> None:
    """The other readings of a guess; the rows are read again."""
    picks = [Pick("as it is", "keep the guess", {}), *data_readings.reading_picks(guess)]

    def take(one: Pick) -> None:
        if one.values is None:
            _ask_option(page, data_readings.asked_option(one))
        elif one.values:
            page.choose_for_run(one.values)

    page.open_sheet(PickSheet("Another reading", guess, picks, take))


def _ask_option(page: Looking, option: str) -> None:
    from tui_finetune.config.sets import parse_value

    def take(values: Sequence[str]) -> str | None:
        text = values[0].strip()
        if not text:
            return f"{option}: a value as in a recipe."
        page.choose_for_run({"options": {option: parse_value(text)}})
        return None

    page.open_sheet(
        FieldsSheet("Another reading", [(option, "")], take, hint='as in a recipe: cp1252, true, ["text", "label"]')
    )


def _choose_task(page: Looking) -> None:
    now = page.asked.task if page.asked is not None else None
    picks = [Pick(name, help, {"task": name}, name == now) for name, help in page.tasks]
    picks.append(Pick("found by itself", "by the columns", {"task": None}, now is None))
    _pick(page, "Task", "What the model learns; columns are found anew.", picks)


def _asked_share(page: Looking, split: str) -> Callable[[], None]:
    def take(values: Sequence[str]) -> str | None:
        share = data_run.share_of(values[0])
        if share is None:
            return "Share: percent of train, as 15, or a part of it, as 0.15."
        page.choose_for_run({split: share})
        return None

    return lambda: page.open_sheet(FieldsSheet(f"Share of train for {split}", [("percent", "15")], take))


def choose_length(page: Looking, answer: Mapping[str, Any]) -> None:
    """Maximum lengths, and what each cuts; asked once they were measured."""
    told = (
        f"In tokens; the longest row here has {answer['longest']:,}. Time goes with the tokens, that and memory of attention "
        "with the squares of lengths."
    )
    _pick(page, "Maximum length", told, data_run.length_picks(answer), lambda: ask_length(page))


def ask_length(page: Looking) -> None:
    """A length by its number."""

    def take(values: Sequence[str]) -> str | None:
        text = values[0].strip()
        if not (text.isdigit() and int(text) > 1):
            return "Max length: a whole number from 2 on."
        page.choose_for_run({"max_length": int(text)})
        return None

    found = page.found
    now = str(found.max_length) if found is not None else ""
    page.open_sheet(FieldsSheet("Maximum length", [("tokens", now)], take))
