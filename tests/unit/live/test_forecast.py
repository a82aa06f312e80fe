"""The forecast in words: for the launch sheet, beside what comes, and how far off it was."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.fakes import FakeRun
from tui_finetune.live.forecast import (
    Planned,
    beside,
    forecast_rows,
    planned_lines,
    preflight_said,
    refusal_said,
    result_rows,
    row_lines,
    settings_that_fit,
)
from tui_finetune.live.launching import preflight_step
from tui_finetune.live.progress import Progress
from tui_finetune.live.series import History
from tui_finetune.live.spans import plain
from tui_finetune.paths import Home
from tui_finetune.runs.tail import Event

FORECAST: dict[str, Any] = {
    "peak_memory_bytes": 1_900_000_000,
    "memory_total_bytes": 24_100_000_000,
    "memory_left_bytes": 20_000_000_000,
    "device": "cuda",
    "parts": {"training": 60.0, "evaluations": 9.0, "saves": 2.0, "closing": 4.0},
    "step_seconds": 0.041,
    "eval_seconds": 3.0,
    "checkpoint_bytes": 300_000_000,
    "checkpoint_seconds": 0.62,
    "checkpoint_by": "written",
    "checkpoints_kept": 3,
    "disk_bytes": 900_000_000,
    "disk_free_bytes": 412_000_000_000,
    "points": 5,
    "seconds_left": 75.0,
    "ends": 1_075.0,
}
REFUSAL: dict[str, Any] = {
    "what": "memory",
    "why": "Device memory: about 25.3 GB needed, 24.1 GB there.",
    "needed_bytes": 25_300_000_000,
    "there_bytes": 24_100_000_000,
    "tried": 4,
    "fits": [
        {
            "set": {"train.per_device_train_batch_size": 8, "train.gradient_accumulation_steps": 2},
            "words": "Batch 8 with accumulation 2 needs 12.9 GB",
            "peak_memory_bytes": 12_900_000_000,
            "step_seconds": 1.312,
        },
    ],
}


def test_a_passed_preflight_tells_what_it_measured() -> None:
    said = preflight_said({"longest_tokens": 98, "peak_memory_bytes": 1_900_000_000}, FORECAST)
    assert [state for state, _ in said] == ["passed"] * 4
    texts = [text for _, text in said]
    assert texts[0] == "longest batch, 98 tokens: 1.9 of 24.1 GB"
    assert texts[1] == "time for a step 41 ms, from batches of 5 lengths"
    assert "evaluation 3.00 s, checkpoint 300 MB in 0.62 s" in texts[2]
    assert texts[3].startswith("forecast about 1 m, ends ")


def test_a_forced_run_is_warned_of() -> None:
    assert preflight_said({}, {**FORECAST, "forced": True})[-1][0] == "warned"


def test_a_preflight_of_an_earlier_version_is_told_too() -> None:
    said = preflight_said({"longest_tokens": 48, "peak_memory_bytes": 512_000_000, "train_step_seconds": 0.5}, {})
    assert said == [("passed", "longest batch, 48 tokens: 512 MB"), ("passed", "a step of it takes 0.50 s")]
    assert preflight_said({}, {}) == []


def test_a_refusal_tells_what_fits() -> None:
    assert refusal_said(REFUSAL) == [
        ("failed", "Device memory: about 25.3 GB needed, 24.1 GB there."),
        ("passed", "tried: Batch 8 with accumulation 2 needs 12.9 GB, 1.31 s a step"),
    ]
    assert settings_that_fit(REFUSAL) == REFUSAL["fits"][0]["set"]


def test_advice_that_changes_the_result_is_no_setting_to_take() -> None:
    only = {**REFUSAL, "fits": [{**REFUSAL["fits"][0], "changes_result": True}]}
    assert refusal_said(only)[1][0] == "warned"
    assert settings_that_fit(only) is None
    assert refusal_said({**REFUSAL, "fits": []})[1] == ("noted", "nothing that was tried fits (4 ways)")


def test_the_launch_sheet_ends_with_what_fits(home: Home) -> None:
    run = FakeRun(home).begin()
    run.phase("pre-flight")
    run.events.write("preflight_refused", **REFUSAL)
    run.end("failed", reason=REFUSAL["why"])
    history = History([Event("preflight_refused", fields=REFUSAL)])
    step = preflight_step(history, run.info.status())
    assert step.state == "failed"
    assert "Batch 8 with accumulation 2" in step.said[-1][1]


def test_forecast_beside_what_comes() -> None:
    events = [
        Event("plan", fields={"steps": 100}),
        Event("forecast", fields=FORECAST),
        Event("step", fields={"step": 10, "loss": 0.5, "steps_per_second": 20.0}),
        Event("checkpoint", fields={"step": 10, "path": "x", "bytes": 310_000_000, "seconds": 0.5}),
        Event("device", fields={"memory_bytes": 2_000_000_000}),
    ]
    rows = {row.name: row for row in beside(History(events), Progress(10, 100, 0.1, 20.0, 40.0, False), 1_010.0)}
    assert (rows["a step"].forecast, rows["a step"].actual, rows["a step"].off) == ("41 ms", "50 ms", "-18 %")
    assert rows["peak memory"].off == "-5 %"
    assert rows["a checkpoint"].actual == "310 MB"
    assert rows["an evaluation"].actual == "–"
    assert beside(History(), Progress(None, None, None, None, None, True), 0.0) == []


def test_the_error_of_a_finished_run() -> None:
    rows = result_rows({"seconds": {"forecast": 75.0, "actual": 80.0, "error": -0.0625}, "odd": 1})
    assert [(row.name, row.forecast, row.actual, row.off) for row in rows] == [("time", "1 m 15 s", "1 m 20 s", "-6 %")]
    lines = [plain(line) for line in row_lines(rows, 80)]
    assert lines[0].split() == ["forecast", "came"]
    assert lines[1].split() == ["time", "1", "m", "15", "s", "1", "m", "20", "s", "-6", "%"]


def test_a_forecast_alone() -> None:
    rows = {row.name.strip(): row.forecast for row in forecast_rows(FORECAST, 1_000.0)}
    assert rows["training"] == "1 m"
    assert rows["peak memory"] == "1.9 of 24.1 GB"
    assert rows["disk"] == "900 MB of 412 GB free"
    assert forecast_rows({}, 0.0) == []


def test_what_is_known_before_a_start() -> None:
    planned = Planned(
        rows=10_003,
        steps=939,
        model_bytes=90_000_000,
        kept=3,
        free_bytes=412_000_000_000,
        like=FORECAST,
        like_name="banking77-3ep n4v8",
    )
    text = "\n".join(plain(line) for line in planned_lines(planned, 78))
    assert "10,003" in text
    assert "about 990 MB, 412 GB free" in text
    assert "as banking77-3ep n4v8 took 41 ms a step" in text
    assert "Pre-flight measures" in text
    assert "–" in plain(planned_lines(Planned(), 78)[0])


def test_an_adapters_checkpoint_is_not_taken_for_a_models() -> None:
    planned = Planned(rows=100, steps=10, model_bytes=90_000_000, adapted=True, kept=2)
    text = "\n".join(plain(line) for line in planned_lines(planned, 78))
    assert "an adapter: small" in text
    assert "disk" not in text.partition("Pre-flight")[0]
    like = {"step_seconds": 0.1, "checkpoint_bytes": 2_000_000}
    text = "\n".join(plain(line) for line in planned_lines(replace(planned, like=like, like_name="x"), 78))
    assert "about 94" in text
