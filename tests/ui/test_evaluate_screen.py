"""The Evaluate screen, key by key, on evaluations that were stored without a model."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.fakes import FakeRun
from tests.measured import Row, store, store_tags, trained_run
from tests.ui.seeing import Screen, showing
from tui_finetune.paths import Home
from tui_finetune.runs.layout import PREDICTIONS, REPORT
from tui_finetune.ui.screens.evaluate.page import EvaluatePage

LABELS = [f"label_{n:02}" for n in range(20)]


def many_rows(wrong: int = 12) -> list[Row]:
    """Ten rows a label; label_00 is taken for label_01 most often."""
    rows: list[Row] = [(f"text {n} of {label}", label, label, 0.9) for label in LABELS for n in range(10)]
    for n in range(wrong // 2):
        rows[n] = (f"confused {n}", "label_00", "label_01", 0.7 + n / 100)
    for n in range(wrong // 4):
        rows[50 + n] = (f"mixed up {n}", "label_05", "label_06", 0.6)
    return rows


@pytest.fixture
def run(home: Home) -> FakeRun:
    made = trained_run(home, "many", labels=LABELS)
    store(made.paths, many_rows(), labels=LABELS)
    return made


def page(screen: Screen) -> EvaluatePage:
    found = screen.app.screen
    assert isinstance(found, EvaluatePage)
    return found


async def opened(screen: Screen, name: str = "many") -> None:
    await screen.sees(name)
    await screen.press("5")
    await screen.sees("[5 Evaluate]")
    await screen.sees("accuracy")
    await screen.sees("Errors")


async def test_figures_stand_beside_baselines_and_the_weakest_come_first(home: Home, run: FakeRun) -> None:
    async with showing(home) as screen:
        await opened(screen)
        await screen.shows(lambda: f"many {run.short}, step 100" in screen.lines[1])
        await screen.shows(lambda: "on test, 200 rows" in screen.lines[1])
        await screen.shows(lambda: screen.line_of("accuracy").split() == ["accuracy", "0.955", "0.100"])
        await screen.sees("Errors 9")
        await screen.sees("Labels 20")
        weakest = next(n for n, one in enumerate(screen.lines) if "weakest labels" in one)
        await screen.shows(lambda: screen.lines[weakest + 1].split()[:2] == ["▸", "label_00"])
        await screen.shows(lambda: screen.line_of("label_00 → label_01").split()[-3:] == ["6", "60", "%"])


async def test_enter_on_a_label_shows_its_errors_and_esc_all_of_them(home: Home, run: FakeRun) -> None:
    async with showing(home) as screen:
        await opened(screen)
        await screen.press("enter")
        await screen.sees("[Errors 6 of 9]")
        await screen.says("rows  label:label_00 wrong")
        await screen.sees("confused 0")
        assert "mixed up" not in screen.text
        await screen.press("escape")
        await screen.sees("[Errors 9]")
        await screen.sees("mixed up")
        await screen.press("escape")
        await screen.sees("[Summary]")


async def test_enter_on_a_pair_gives_its_rows_and_enter_on_a_row_gives_it_whole(home: Home, run: FakeRun) -> None:
    async with showing(home) as screen:
        await opened(screen)
        await screen.press("tab", "enter")
        await screen.sees("[Rows 6 of 200]")
        await screen.sees("confused 5")
        await screen.shows(
            lambda: [one.split()[-1] for one in screen.lines[4:10]] == ["5", "4", "3", "2", "1", "0"],
            "the surest errors first",
        )
        await screen.sees("test row 5")
        await screen.press("enter")
        await screen.shows(lambda: "j Next" in screen.footer)
        await screen.sees("predicted  label_01")
        await screen.press("j")
        await screen.sees("test row 4")
        await screen.press("k", "escape")
        await screen.at("confused 5")


async def test_the_filter_of_rows(home: Home, run: FakeRun) -> None:
    async with showing(home) as screen:
        await opened(screen)
        await screen.press("]", "]", "]")
        await screen.sees("[Errors 9]")
        await screen.press("/")
        for _ in range(len("wrong")):
            await screen.press("backspace")
        await screen.type("gold:label_05 score<0.7")
        await screen.sees("[Rows 3 of 200]")
        await screen.sees("mixed up 2")
        await screen.press("enter")
        await screen.press("/")
        await screen.type(" gold:nothing")
        await screen.sees("No row matches")
        await screen.press("enter")
        await screen.says("No label has nothing.")
        await screen.press("escape")
        await screen.sees("[Errors 9]")


async def test_rows_are_sorted(home: Home, run: FakeRun) -> None:
    async with showing(home) as screen:
        await opened(screen)
        await screen.press("]", "]", "]")
        await screen.sees("loss ↓")
        await screen.sees("confused 5")
        await screen.press("o")
        await screen.says("Sorted by score.")
        await screen.sees("mixed up 0")
        await screen.sees("score ↓")
        await screen.press("O")
        await screen.sees("score ↑")
        await screen.until(lambda: "confused 5" in screen.cursor, "the surest first")


async def test_labels_are_sorted_and_filtered(home: Home, run: FakeRun) -> None:
    async with showing(home) as screen:
        await opened(screen)
        await screen.press("]")
        await screen.sees("[Labels 20]")
        await screen.at("label_00")
        await screen.press("o", "o", "o", "o", "O")
        await screen.says("")
        await screen.sees("label ↑")
        await screen.at("label_19")
        await screen.press("/")
        await screen.type("_07")
        await screen.sees_not("label_19")
        await screen.press("enter", "enter")
        await screen.sees("label:label_07 wrong")
        await screen.sees("No row matches")


async def test_the_grid_goes_with_the_pair_and_its_cells_open(home: Home, run: FakeRun) -> None:
    async with showing(home) as screen:
        await opened(screen)
        await screen.press("]", "]")
        await screen.sees("[Confusion]")
        await screen.shows(lambda: "[6]" in screen.line_of("a  label_00"))
        await screen.press("j")
        await screen.sees("[3]")
        await screen.shows(lambda: "[3]" in screen.line_of("a  label_05"))
        await screen.press("tab", "h")
        await screen.says("label_05: 7 of 10 rows right")
        await screen.press("j", "l")
        await screen.says("label_06: 10 of 10 rows right")
        await screen.press("k", "enter")
        await screen.sees("[Rows 3 of 200]")
        await screen.sees("mixed up")


async def test_a_row_is_tried_in_predict(home: Home, run: FakeRun) -> None:
    async with showing(home) as screen:
        await opened(screen)
        await screen.press("enter")
        await screen.sees("confused 5")
        await screen.press("x")
        await screen.sees("[6 Predict]")
        await screen.sees("confused 5")
        await screen.shows(lambda: run.short in screen.text)


@pytest.mark.parametrize(("tab", "ending", "lines"), [(0, ".csv", 3), (1, ".md", 22), (2, ".csv", 3), (3, ".csv", 10)])
async def test_what_is_shown_is_written(
    home: Home, run: FakeRun, tmp_path: Path, tab: int, ending: str, lines: int
) -> None:
    async with showing(home) as screen:
        await opened(screen)
        await screen.press(*"]" * tab, "w")
        await screen.sees("Write the ")
        for _ in range(60):
            await screen.press("backspace")
        path = tmp_path / f"out{ending}"
        await screen.type(str(path))
        await screen.sees(path.name)
        await screen.press("enter")
        await screen.until(path.exists, "the file")
        text = path.read_text()
        rows = text.splitlines() if ending == ".md" else list(csv.reader(text.splitlines()))
        assert len(rows) - (2 if ending == ".md" else 0) == lines, text


async def test_two_evaluations_of_the_same_rows(home: Home, run: FakeRun) -> None:
    other = trained_run(home, "better", labels=LABELS)
    store(other.paths, many_rows(4), labels=LABELS)
    async with showing(home) as screen:
        await opened(screen, "better")
        await screen.press("=")
        await screen.sees("Beside")
        await screen.sees("many")
        await screen.press("enter")
        await screen.sees("[Compare]")
        await screen.sees(f"only {other.short} is right")
        await screen.shows(lambda: screen.line_of("accuracy").split() == ["accuracy", "0.985", "0.955", "-0.030"])
        await screen.shows(lambda: screen.line_of(f"only {other.short} is right").split()[-3:-2] == ["6"])
        await screen.press("enter")
        await screen.sees("[Rows 6 of 200]")
        await screen.sees("text 2 of label_00")
        await screen.until(
            lambda: screen.line_of(f" {run.short} ").split()[:2] == [run.short, "label_01"], "the other's answer"
        )


async def test_other_rows_are_refused(home: Home, run: FakeRun) -> None:
    other = trained_run(home, "fewer", labels=LABELS)
    store(other.paths, many_rows()[:50], labels=LABELS)
    async with showing(home) as screen:
        await opened(screen, "fewer")
        await screen.press("=", "enter")
        await screen.sees("not comparable")


async def test_nothing_else_on_these_rows(home: Home, run: FakeRun) -> None:
    async with showing(home) as screen:
        await opened(screen)
        await screen.press("=")
        await screen.says("Compare: Nothing else is evaluated on these rows.")


async def test_entities_by_type_and_a_sentence_with_both_readings(home: Home) -> None:
    made = trained_run(home, "tagger")
    store_tags(
        made.paths,
        [
            (["Ada", "Lovelace", "in", "Rome"], ["B-PER", "I-PER", "O", "B-LOC"], ["B-PER", "I-PER", "O", "O"]),
            (["Rome", "sleeps"], ["B-LOC", "O"], ["B-LOC", "O"]),
        ],
    )
    async with showing(home) as screen:
        await opened(screen, "tagger")
        await screen.sees("Entities 2")
        await screen.shows(lambda: "weakest entity types" in screen.text)
        await screen.shows(lambda: screen.cursor.split()[:2] == ["▸", "LOC"])
        await screen.press("enter")
        await screen.sees("Ada Lovelace in Rome")
        await screen.press("enter")
        await screen.sees("B-LOC → O")
        gold = next(n for n, one in enumerate(screen.lines) if one.strip() == "gold")
        await screen.shows(lambda: screen.lines[gold + 2].split() == ["PER", "LOC"])


async def test_another_evaluation_is_chosen(home: Home, run: FakeRun) -> None:
    store(run.paths, many_rows()[:100], labels=LABELS, split="validation")
    async with showing(home) as screen:
        await opened(screen)
        await screen.press("m")
        await screen.type("validation")
        await screen.press("enter")
        await screen.sees("on validation, 100 rows")


async def test_an_evaluation_without_predictions_or_with_a_broken_report(home: Home, run: FakeRun) -> None:
    (run.paths.evaluation("test") / PREDICTIONS).unlink()
    async with showing(home) as screen:
        await screen.sees("many")
        await screen.press("5")
        await screen.sees("accuracy")
        await screen.press("enter")
        await screen.says("Errors: Its predictions are not stored.")
        (run.paths.evaluation("test") / REPORT).write_text("{")
        await screen.press("R")
        await screen.until(lambda: "cannot be read" in " ".join(screen.text.split()), "why it is not open")


async def test_predictions_that_cannot_be_read_leave_the_figures(home: Home, run: FakeRun) -> None:
    (run.paths.evaluation("test") / PREDICTIONS).write_bytes(b"torn")
    async with showing(home) as screen:
        await screen.sees("many")
        await screen.press("5")
        await screen.sees("accuracy")
        await screen.sees("0.955")
        await screen.press("]", "]", "]")
        await screen.until(lambda: "cannot be read" in " ".join(screen.text.split()), "why there are no rows")


async def test_where_nothing_was_evaluated(home: Home) -> None:
    trained_run(home, "alone")
    async with showing(home) as screen:
        await screen.sees("alone")
        await screen.press("5")
        await screen.sees("Nothing evaluated yet. v evaluates alone")
        await screen.press("v")
        await screen.sees("Evaluate alone")


async def test_the_row_is_copied_and_the_evaluation_known(home: Home, run: FakeRun) -> None:
    async with showing(home) as screen:
        await opened(screen)
        await screen.press("enter")
        await screen.sees("test row 5")
        await screen.press("y")
        await screen.says("Copied")
        assert json.loads((home.root / "copied.txt").read_text())["text"] == "confused 5"
        await screen.press("d")
        await screen.sees("Details of the evaluation")


async def test_it_is_at_home_on_a_wide_screen(home: Home, run: FakeRun) -> None:
    async with showing(home, size=(120, 40)) as screen:
        await opened(screen)
        await screen.shows(lambda: "gold \\ predicted" in screen.text)
        await screen.press("j")
        await screen.shows(lambda: "[" in screen.line_of(f"a  {screen.cursor.split()[1]}"))
        await screen.shows(lambda: all(len(one) <= 120 for one in screen.lines))


async def test_from_the_list_of_runs_to_its_evaluation_and_to_its_model(home: Home, run: FakeRun) -> None:
    job = FakeRun(home, "eval many", kind="evaluate", of={"run": run.id}).begin()
    store(job.paths, many_rows()[:50], labels=LABELS)
    job.end("finished")
    async with showing(home) as screen:
        await screen.sees("eval many")
        await screen.at("eval many")
        await screen.press("x")
        await screen.says("Try: This is evaluate: it has no model of its own.")
        await screen.press("enter")
        await screen.sees("[5 Evaluate]")
        await screen.sees(f"many {run.short}, step 100")
        await screen.sees("on test, 50 rows")
        await screen.press("1", "j", "v")
        await screen.sees("on test, 200 rows")
        await screen.press("1", "x")
        await screen.sees("[6 Predict]")
        await screen.sees(run.short)


async def test_a_run_that_goes_on_has_nothing_to_try_or_measure_yet(home: Home) -> None:
    FakeRun(home, "live").begin().plan().step(10, loss=0.9)
    async with showing(home) as screen:
        await screen.sees("live")
        await screen.press("x")
        await screen.says("Try: No model yet: it is written when the run ends.")
        await screen.press("v")
        await screen.says("Evaluation: Run is running: it is measured when it ends.")


async def test_where_there_is_no_room_the_figures_alone_are_told(home: Home, run: FakeRun) -> None:
    async with showing(home) as screen:
        await opened(screen)
        await screen.pilot.resize_terminal(24, 6)
        await screen.sees("Needs 80x24")
        await screen.sees("accuracy 0.955")
        await screen.pilot.resize_terminal(80, 24)
        await screen.sees("[5 Evaluate]")


async def test_a_run_that_ends_while_it_is_looked_at_is_read_again(home: Home) -> None:
    made = FakeRun(home, "going").begin().plan().step(10)
    store(made.paths, many_rows()[:20], labels=LABELS, split="validation")
    async with showing(home, open_run=made.id) as screen:
        await screen.sees("[4 Run]")
        await screen.sees("going")
        await screen.press("5")
        await screen.sees("on validation, 20 rows")
        store(made.paths, many_rows(), labels=LABELS)
        made.end("finished")
        await screen.sees("on test, 200 rows")
