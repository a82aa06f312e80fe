"""Runs side by side: `compare` and what it is made of."""

from __future__ import annotations

import json

from tests.calling import Cli
from tests.fakes import FakeRun, finished_run
from tui_finetune.live.comparison import compare, difference_words, flat, side_of
from tui_finetune.paths import Home
from tui_finetune.runs import atomic

RECIPE = 'version = 1\nname = "{name}"\ntask = "text-classification"\n[train]\nlearning_rate = {rate}\nseed = 1\n'


def run_with(home: Home, name: str, rate: float, **result: object) -> FakeRun:
    run = finished_run(home, name, **result)
    atomic.write_bytes(run.paths.recipe_toml, RECIPE.format(name=name, rate=rate).encode())
    return run


def test_metrics_and_what_differs_in_the_recipes(cli: Cli, home: Home) -> None:
    run_with(home, "low", 2e-5)
    run_with(home, "high", 3e-4, metrics={"accuracy": 0.93, "loss": 0.2, "test_accuracy": 0.91})
    said = cli("compare", "low", "high")
    assert said.code == 0, said.err
    assert "learning_rate  2e-05" in said.out
    assert "seed" not in said.out
    assert "name" not in said.out.split("recipe")[1]
    accuracy = next(line.split() for line in said.out.splitlines() if line.startswith("accuracy"))
    assert accuracy == ["accuracy", "0.900", "0.930", "+0.030"]
    assert "test_loss" in said.out
    found = json.loads(cli("compare", "low", "high", "--json").out)
    assert [one["name"] for one in found["runs"]] == ["low", "high"]
    assert found["metrics"]["test_accuracy"] == [0.88, 0.91]
    assert found["metrics"]["test_loss"] == [0.35, None]
    assert found["recipe"] == {"train.learning_rate": [2e-5, 3e-4]}
    assert found["warnings"] == []


def test_three_runs_have_no_difference_column(cli: Cli, home: Home) -> None:
    for name in ("a1", "b2", "c3"):
        run_with(home, name, 2e-5)
    said = cli("compare", "a1", "b2", "c3")
    assert "difference" not in said.out
    assert "Their recipes say the same." in said.out


def test_what_makes_figures_not_comparable_is_said(home: Home) -> None:
    done = run_with(home, "done", 2e-5)
    live = FakeRun(home, "live", task="token-classification", data="ner.conll", recipe=None).begin().plan()
    live.step(30).evaluate(30, accuracy=0.7)
    found = compare([side_of(done.info), side_of(live.info)])
    said = " ".join(found.warnings)
    assert "has no recipe of its own" in said
    assert "its figures may change" in said
    assert "different tasks" in said
    live.close()


def test_a_recipe_that_cannot_be_read_is_named(home: Home) -> None:
    broken, done = run_with(home, "broken", 2e-5), run_with(home, "done", 2e-5)
    broken.paths.recipe_toml.write_text("[train\n")
    found = compare([side_of(done.info), side_of(broken.info)])
    assert any(text.startswith(f"{broken.info.title} recipe.toml cannot be read") for text in found.warnings)


def test_other_test_rows_are_warned_about(home: Home) -> None:
    one, other = run_with(home, "one", 2e-5), FakeRun(home, "other").begin()
    other.plan(rows={"train": 10, "test": 7})
    other.end(metrics={"accuracy": 0.5, "test_accuracy": 0.5})
    found = compare([side_of(one.info), side_of(other.info)])
    assert any("different rows" in text for text in found.warnings)


def test_one_run_or_the_same_twice_is_refused(cli: Cli, home: Home) -> None:
    run = run_with(home, "alone", 2e-5)
    said = cli("compare", "alone")
    assert (said.code, "name another" in said.err) == (2, True)
    said = cli("compare", "alone", run.short)
    assert (said.code, "same run twice" in said.err) == (2, True)
    assert cli("compare", "alone", "nobody").code == 3


def test_a_directory_that_cannot_be_read_is_told(cli: Cli, home: Home) -> None:
    run_with(home, "alone", 2e-5)
    torn = run_with(home, "torn", 2e-5)
    torn.paths.run_json.write_text("{")
    said = cli("compare", "alone", torn.id)
    assert said.code == 2
    assert "run.json" in said.err


def test_the_parts() -> None:
    assert difference_words([0.5, 0.5]) == "same"
    assert difference_words([0.5, None]) == ""
    assert flat({"data": {"label_names": ["a"], "labels": ["a"]}, "resolved": {"rows": {}}}) == {"data.labels": ["a"]}
