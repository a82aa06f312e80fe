"""Which rows the form has, where problems belong, what differs, and what follows from the rows that were counted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.unit.train.conftest import RECIPE
from tui_finetune.errors import Problem
from tui_finetune.live.form import (
    REST,
    Difference,
    Form,
    FormField,
    Group,
    Trial,
    best_match,
    differences,
    placed,
    rows,
)
from tui_finetune.live.form_hints import advice, arranged, facts, last_item, steps
from tui_finetune.live.form_lines import (
    Beside,
    choice_line,
    cut_place,
    detail,
    file_detail,
    mark,
    row_line,
    trial_lines,
    wrapped,
)
from tui_finetune.live.spans import plain, width_of

FormOf = Callable[[str], Form]


def ids(form: Form, problems: list[Problem] | None = None, **options: object) -> list[str]:
    return [row.id for row in rows(form, placed(problems or [], form), **options)]  # type: ignore[arg-type]


def test_what_differs_or_is_asked_for_often_is_on_the_form(form_of: FormOf) -> None:
    found = ids(form_of(RECIPE))
    assert found[:4] == ["name", "task", "[data]", "data.source"]
    assert "train.weight_decay" in found, "asked for often, though it is not written"
    assert "data.columns" in found, "written, and no default"
    assert "train.warmup_steps" not in found
    assert "train.weigth_decay" in found, "what nobody knows is always there"
    assert "[run]" not in found
    assert found[-1] == REST


def test_a_table_shows_all_its_fields_when_it_is_opened(form_of: FormOf) -> None:
    form = form_of(RECIPE)
    heading = next(row for row in rows(form, {}) if row.id == "[train]")
    opened = ids(form, opened={"train"})
    assert "train.warmup_steps" in opened
    assert heading.hidden == len([one for one in opened if one.startswith("train.")]) - 5
    everything = ids(form, opened={REST})
    assert {"[run]", "run.seed", "batching.order", "+preprocess"} <= set(everything)
    assert [row.hidden for row in rows(form, {}, opened={REST})][-1] == 0


def test_a_row_stays_where_somebody_was_and_where_a_problem_is(form_of: FormOf) -> None:
    form = form_of(RECIPE)
    assert "train.warmup_steps" in ids(form, kept={"train.warmup_steps"})
    assert "run.device" in ids(form, [Problem("no such device.", "run.device")])


@pytest.mark.parametrize(
    ("key", "row"),
    [
        ("data.test", "data.test"),
        ("data.labels.3", "data.labels"),
        ("data", "[data]"),
        ("model", "[model]"),
        ("nothing.like.it", ""),
        (None, ""),
    ],
)
def test_a_problem_belongs_to_its_field_or_its_table(form_of: FormOf, key: str | None, row: str) -> None:
    problem = Problem("is wrong.", key)
    assert dict(placed([problem], form_of(RECIPE))) == {row: [problem]}


def test_search_looks_at_every_field_by_its_name_and_its_help(form_of: FormOf) -> None:
    form = form_of(RECIPE)
    found = ids(form, search="warmup")
    assert "train.warmup_steps" in found
    assert REST not in found
    lines = rows(form, {}, search="warmup")
    assert lines[best_match(lines, "warmup")].id == "train.warmup_steps"
    assert "train.max_grad_norm" in ids(form, search="gradient clipping"), "words of the help"
    assert ids(form, search="gradient nothing-has-this") == []


def test_differences_are_of_what_holds_not_of_what_is_written(form_of: FormOf) -> None:
    before = form_of(RECIPE)
    after = form_of(
        RECIPE.replace("3e-4", "1e-4").replace("num_train_epochs = 3\n", "").replace("weigth_decay", "weight_decay")
        + "warmup_steps = 0\nadam_beta1 = 0.8\n"
    )
    assert differences(before, after) == (
        Difference("train.learning_rate", "3e-4", "1e-4"),
        Difference("train.adam_beta1", "0.9", "0.8"),
        Difference("train.weigth_decay", "0.01", "–"),
    )
    assert differences(before, before) == ()


def test_a_rule_that_is_written_out_differs(form_of: FormOf) -> None:
    found = differences(form_of(RECIPE), form_of(RECIPE + 'eval_strategy = "epoch"\n'))
    assert found == (Difference("train.eval_strategy", "epoch, where there is validation", "epoch"),)


def test_steps_are_counted_as_the_trainer_counts_them(form_of: FormOf) -> None:
    text = "[train]\nper_device_train_batch_size = 16\nnum_train_epochs = 2.5\n"
    assert steps(3_394, form_of(text)) == (213, 533)
    assert steps(3_394, form_of(text + "gradient_accumulation_steps = 4\n")) == (54, 135)
    assert steps(10, form_of(text + "max_steps = 7\n")) == (1, 7)
    assert steps(10, form_of('[train]\nper_device_train_batch_size = "many"\n')) is None


def test_counted_rows_stand_beside_their_values(form_of: FormOf) -> None:
    found = facts(form_of(RECIPE), {"train": 9_002, "validation": 1_001})
    assert found["data.path"] == "9,002 rows"
    assert found["data.validation"] == "1,001 rows"
    assert found["train.num_train_epochs"] == "1,689 steps in all"
    assert "data.source" in facts(form_of('[data]\nsource = "stdlib-docs"\n'), {"train": 5})


def test_a_value_far_from_the_usual_is_said() -> None:
    assert advice("train.learning_rate", 2e-3, 2e-5) == "100 times the usual 2e-5; allowed"
    assert advice("train.learning_rate", 1e-7, 2e-5) == "the usual 2e-5 is 200 times that; allowed"
    assert advice("train.learning_rate", 3e-5, 2e-5) == ""
    assert advice("train.weight_decay", 5, 0.01) == ""
    assert advice("train.learning_rate", True, 2e-5) == ""


def test_choices_for_what_is_typed() -> None:
    assert arranged(("linear", "cosine"), "") == ("linear", "cosine")
    assert arranged(("linear", "cosine", "line"), "lin") == ("linear", "line")
    assert arranged(("linear", "cosine"), "sin") == ("cosine",)
    assert arranged(("linear", "cosine"), "linaer") == ("linear", "cosine")
    assert last_item("accuracy, f") == ("accuracy, ", "f")
    assert last_item("f") == ("", "f")


# As lines.


FIELD = FormField("train.x", "x", help="word " * 60, expected="a number", usual=1, default="1", often=True)


PLAIN = Beside({}, {})


def line_of(row_field: FormField, *, beside: Beside = PLAIN, problems: tuple[Problem, ...] = ()) -> str:
    form = Form((Group("train", (row_field,)),))
    found = next(row for row in rows(form, placed(list(problems), form)) if row.field is not None)
    assert width_of(row_line(found, 76, beside)) <= 76
    return f"{plain((mark(found, beside),))} {plain(row_line(found, 76, beside))}"


def test_the_third_column_says_the_gravest() -> None:
    written = replace(FIELD, written=True, value=2, text="2")
    assert line_of(FIELD).split() == ["x", "1", "default"]
    assert line_of(written).split() == ["x", "2"]
    assert line_of(written, beside=Beside({"train.x": "3"}, {"train.x": "9 rows"})).split() == [
        "~",
        "x",
        "2",
        "was",
        "3",
    ]
    assert line_of(written, beside=Beside({}, {"train.x": "9 rows"})).split() == ["x", "2", "9", "rows"]
    problem = Problem("not a setting.", "train.x")
    assert line_of(written, beside=Beside({"train.x": "3"}, {}), problems=(problem,)).split() == [
        "✗",
        "x",
        "2",
        "not",
        "a",
        "setting",
    ]


def test_control_characters_of_a_recipe_are_seen_and_not_obeyed() -> None:
    text = line_of(replace(FIELD, name="\x1b[31m", written=True, value="a\x1b]52;x\x07\n", text="a\x1b]52;x\x07\nb"))
    assert "\x1b" not in text
    assert "\n" not in text
    assert "␛" in text


def test_what_is_said_below_fits_and_names_mend_line_and_help() -> None:
    form = Form((Group("train", (FIELD,)),))
    problem = Problem("not a setting.", "train.x", line=19, hint="Did you mean y?")
    row = next(one for one in rows(form, placed([problem], form)) if one.field is not None)
    lines = [plain(one) for one in detail(row, "enter mends it: renames it to y.", None, 78)]
    assert lines[0].strip() == "train.x: not a setting. Did you mean y?   (line 19)"
    assert lines[1].strip() == "enter mends it: renames it to y."
    assert len(lines) == 3
    assert all(len(one) <= 78 for one in lines)
    assert wrapped("word " * 60, 20, 2)[1].endswith("…")


def test_choices_keep_the_chosen_one_in_sight() -> None:
    names = [f"choice{number}" for number in range(40)]
    for chosen in (0, 7, 39):
        text = plain(choice_line(names, chosen, 60))
        assert f"▸choice{chosen}" in text
        assert len(text) <= 60


def test_what_is_typed_is_judged_below() -> None:
    said = [plain(one) for one in trial_lines(FIELD, Trial("train.x", "q", problem="is q."), 0, 60)]
    assert said[0].strip() == "✗ is q."
    said = [plain(one) for one in trial_lines(FIELD, Trial("train.x", "q", advice="much; allowed"), 0, 60)]
    assert said[0].strip() == "! much; allowed"
    assert "a number" in plain(trial_lines(FIELD, None, 0, 60)[0])


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("google-bert/bert-base-uncased", "…/bert-base-uncased"),
        ("owner/short", "owner/short"),
        ("./data/reviews-of-last-year.csv", "…ws-of-last-year.csv"),
    ],
)
def test_a_place_is_cut_where_it_says_least(place: str, said: str) -> None:
    assert cut_place(place, 20) == said


def test_a_line_of_the_file_that_its_row_cuts_is_told_below() -> None:
    text = "# " + "word " * 40
    assert file_detail("learning_rate = 3e-4", 80) == []
    told = file_detail(text, 80)
    assert len(told) == 3
    assert all(width_of(one) <= 80 for one in told)
    assert " ".join("".join(plain(one) for one in told).split()).startswith("# word word")
