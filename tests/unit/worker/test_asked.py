"""An evaluation that somebody asked for, where it cannot be done."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tui_finetune.runs.control import Request
from tui_finetune.worker.steering import asked


class OutOfMemoryError(RuntimeError):
    """By its name as torch has it."""


class Rows(list[int]):
    column_names = ("input_ids",)

    def select(self, indices: list[int]) -> Rows:
        return Rows(self[index] for index in indices)


def job_that_raises(error: Exception) -> Any:
    def measure_apart(rows: Rows, measure: object) -> None:
        raise error

    warned: list[str] = []
    phases: list[str] = []
    attempt = SimpleNamespace(
        phase_name="training", phase=lambda name, detail=None: phases.append(name), warn=warned.append
    )
    trainer = SimpleNamespace(measure_apart=measure_apart)
    return SimpleNamespace(
        encoded={"validation": Rows([1, 2])}, attempt=attempt, trainer=trainer, warned=warned, phases=phases
    )


REQUEST = Request("1", "evaluate", 1, {}, "ann@gpu1", 0.0)


def test_one_that_runs_out_of_memory_costs_no_training() -> None:
    job = job_that_raises(OutOfMemoryError("CUDA out of memory."))
    asked.evaluate(job, REQUEST)
    assert job.phases == ["evaluating", "training"]
    assert job.warned == [
        "validation was not measured: CUDA out of memory. A lower per_device_eval_batch_size may fit."
    ]


def test_another_error_is_the_runs() -> None:
    with pytest.raises(KeyError):
        asked.evaluate(job_that_raises(KeyError("boo")), REQUEST)
