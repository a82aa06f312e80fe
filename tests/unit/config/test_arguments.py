"""`[train]`: the shipped table is the library's, what Trainer is given, and what is refused."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.config.conftest import LEAST
from tui_finetune.config import arguments
from tui_finetune.config.arguments import (
    DEFAULT_CLASS,
    OUR_DEFAULTS,
    REFUSED,
    coincide,
    refusal,
    table,
    training_arguments,
)
from tui_finetune.config.elsewhere import WORDS
from tui_finetune.config.load import Loaded
from tui_finetune.errors import UserError

Read = Callable[..., Loaded]


@pytest.fixture
def given(read: Read) -> Callable[..., dict[str, Any]]:
    """Trainer's keyword arguments for a `[train]` table."""

    def giving(lines: str = "", *sets: str, has_validation: bool = True, total_steps: int = 4221) -> dict[str, Any]:
        recipe = read(LEAST + f"[train]\n{lines}\n", *sets).recipe
        return training_arguments(
            recipe,
            total_steps=total_steps,
            steps_per_epoch=1407,
            metrics={"accuracy": True, "f1": False},  # as though f1 fell
            has_validation=has_validation,
        )

    return giving


Given = Callable[..., dict[str, Any]]


def test_the_guides_figures_are_the_defaults(given: Given) -> None:
    found = given()
    assert found == {
        "learning_rate": 2e-5,
        "per_device_train_batch_size": 16,
        "per_device_eval_batch_size": 32,
        "num_train_epochs": 3,
        "weight_decay": 0.01,
        "logging_steps": 42,
        "logging_nan_inf_filter": False,
        "eval_strategy": "epoch",
        "save_strategy": "epoch",
        "save_total_limit": 2,
        "load_best_model_at_end": True,
        "metric_for_best_model": "accuracy",
        "greater_is_better": True,
        "seed": 42,
        "data_seed": 42,
        "train_sampling_strategy": "group_by_length",
    }


@pytest.mark.parametrize(("steps", "every"), [(1, 1), (99, 1), (100, 1), (1000, 10), (4221, 42), (1_000_000, 50)])
def test_a_run_has_at_least_a_hundred_points(steps: int, every: int, given: Given) -> None:
    assert given(total_steps=steps)["logging_steps"] == every


def test_what_the_person_sets_goes_first(given: Given) -> None:
    found = given("learning_rate = 1e-3\nlogging_steps = 7\nsave_total_limit = 5")
    assert (found["learning_rate"], found["logging_steps"], found["save_total_limit"]) == (1e-3, 7, 5)


def test_saving_follows_evaluating(given: Given) -> None:
    found = given("eval_steps = 200")
    assert (found["eval_strategy"], found["save_strategy"], found["save_steps"]) == ("steps", "steps", 200)
    assert found["load_best_model_at_end"] is True
    found = given("eval_strategy = 'steps'")
    assert (found["eval_steps"], found["save_steps"], found["load_best_model_at_end"]) == (422, 422, True)
    assert given("eval_strategy = 'epoch'\nsave_strategy = 'steps'")["load_best_model_at_end"] is False
    assert given("eval_strategy = 'no'")["load_best_model_at_end"] is False


@pytest.mark.parametrize(
    ("lines", "better"),
    [
        ("", True),
        ("metric_for_best_model = 'loss'", False),
        ("metric_for_best_model = 'eval_loss'", False),
        ("metric_for_best_model = 'f1'", False),
        ("metric_for_best_model = 'eval_f1'", False),
        ("metric_for_best_model = 'f1'\ngreater_is_better = true", True),
    ],
)
def test_another_metric_brings_its_own_direction(lines: str, better: bool, given: Given) -> None:
    """The library knows that a loss falls, and of every other name takes more to be better."""
    assert given(lines)["greater_is_better"] is better


def test_without_validation_nothing_is_evaluated(given: Given) -> None:
    found = given("eval_strategy = 'steps'\neval_steps = 10\nsave_strategy = 'best'", has_validation=False)
    assert found["eval_strategy"] == "no"
    assert found["save_strategy"] == "epoch"
    assert found["load_best_model_at_end"] is False
    assert not {"eval_steps", "metric_for_best_model"} & found.keys()
    assert given("save_steps = 50", has_validation=False)["save_strategy"] == "steps"


def test_keys_of_ours_reach_the_trainer(given: Given) -> None:
    found = given("", "run.seed=7", "batching.order=random")
    assert (found["seed"], found["data_seed"], found["train_sampling_strategy"]) == (7, 7, "random")


@pytest.mark.parametrize(
    ("arguments_given", "expected"),
    [
        ({"eval_strategy": "no", "save_strategy": "no"}, False),
        ({"eval_strategy": "steps", "eval_steps": 100, "save_strategy": "steps", "save_steps": 300}, True),
        ({"eval_strategy": "steps", "eval_steps": 100, "save_strategy": "steps", "save_steps": 150}, False),
        ({"eval_strategy": "steps", "eval_steps": 0.1, "save_strategy": "steps", "save_steps": 0.1}, True),
        ({"eval_strategy": "epoch", "save_strategy": "best"}, True),
    ],
)
def test_evaluating_and_saving_coincide(arguments_given: dict[str, Any], expected: bool) -> None:
    assert coincide(arguments_given) is expected


def test_every_name_we_speak_of_is_a_field() -> None:
    fields = table(DEFAULT_CLASS)
    assert OUR_DEFAULTS.keys() <= fields.keys()
    for name in REFUSED:
        assert name in fields or any(field.startswith(name.rstrip("*")) for field in fields), name
    assert not WORDS.keys() & fields.keys()
    for place in WORDS.values():
        key = place.partition(",")[0].partition(" =")[0]
        assert key.partition(".")[0] != "train" or key.removeprefix("train.") in fields


def test_whatever_needs_another_process_or_place_is_refused() -> None:
    for name in (
        "output_dir",
        "hub_token",
        "hub_strategy",
        "push_to_hub",
        "report_to",
        "do_train",
        "seed",
        "data_seed",
        "use_cpu",
    ):
        assert refusal(name)
    assert refusal("learning_rate") is None


class TestTables:
    def test_a_class_that_is_not_shipped_is_read_once_and_kept(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        calls: list[list[str]] = []
        document = {
            "class": "x.Y",
            "version": "1",
            "arguments": {"a": {"type": "int", "default": 1, "help": "", "choices": []}},
        }

        def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
            calls.append(command)
            return subprocess.CompletedProcess(command, 0, json.dumps(document), "")

        monkeypatch.setattr(subprocess, "run", run)
        for _ in range(2):
            assert table("click.Thing", tmp_path)["a"].type == "int"
        assert calls == [[sys.executable, "-m", "tui_finetune.config.generate_tables", "click.Thing"]]

    def test_a_class_that_does_not_exist_is_told(self, tmp_path: Path) -> None:
        with pytest.raises(UserError, match=r"The fields of tui_finetune\.Nothing cannot be read: .*Nothing"):
            table("tui_finetune.Nothing", tmp_path)

    def test_another_minor_version_is_read_from_the_library(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(arguments, "_version", lambda package: "99.1.0")
        monkeypatch.setattr(arguments, "_generated", lambda name, kept: {"arguments": {}})
        assert table(DEFAULT_CLASS) == {}

    def test_any_dataclass_can_be_read(self) -> None:
        from tui_finetune.config.generate_tables import document

        fields = document("tui_finetune.config.arguments.Default")["arguments"]
        assert fields["rule"] == {"type": "str | none", "default": None, "help": "", "choices": []}

    @pytest.mark.slow
    def test_the_shipped_table_is_the_installed_librarys(self) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "tui_finetune.config.generate_tables", DEFAULT_CLASS],
            capture_output=True,
            text=True,
            timeout=300,
        )
        shipped = Path(arguments.__file__).parent / "tables" / f"{DEFAULT_CLASS}.json"
        made, kept = json.loads(done.stdout), json.loads(shipped.read_text())
        assert made["arguments"] == kept["arguments"], (
            "python -m tui_finetune.config.generate_tables --ship makes it anew"
        )
        assert made["version"].split(".")[:2] == kept["version"].split(".")[:2]


@pytest.mark.slow
@pytest.mark.parametrize("has_validation", [True, False])
@pytest.mark.parametrize(
    "lines",
    [
        "",
        "eval_steps = 10",
        "eval_strategy = 'steps'",
        "save_strategy = 'best'",
        "eval_strategy = 'no'",
        "save_steps = 5",
        "eval_steps = 0.1",
    ],
)
def test_the_library_takes_what_it_is_given(lines: str, has_validation: bool, given: Given, tmp_path: Path) -> None:
    from transformers import TrainingArguments

    found = given(lines, has_validation=has_validation)
    made = TrainingArguments(output_dir=str(tmp_path), report_to="none", use_cpu=True, **found)
    assert made.learning_rate == 2e-5
