"""The pre-flight trains as the run will, measures it, and leaves nothing of it behind."""

from __future__ import annotations

import os
import random
import resource
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.waiting import wait_until
from tests.worker import training
from tests.worker.forked import ForkedWorker, ForkServer
from tests.worker.training import Ground, events, finished
from tui_finetune.launch import handoff
from tui_finetune.paths import Home
from tui_finetune.runs.layout import RunPaths

ARGUMENTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "bf16": {"train__bf16": True},
    "checkpointing": {"train__activation_checkpointing": True},
}
ROOM = 1_400_000_000
"""Bytes beside what a worker has: eight rows of HELD each do not fit, four do."""
HELD = 50_000_000
"""Numbers of four bytes."""


@pytest.fixture
def ground(home: Home, tiny_model: Path, tmp_path: Path) -> Ground:
    (tmp_path / "data").mkdir()
    frozen = {"model.freeze": ["embeddings"], "optim.head_learning_rate": 1e-2}
    return Ground(home, tiny_model, training.write_rows(tmp_path / "data" / "rows.csv"), sets=frozen)


@pytest.fixture
def ends_with(fork_server: ForkServer, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Makes workers do a function of this file in place of the pre-flight and all that comes after it."""

    def set_function(name: str) -> None:
        def spawn(command: Sequence[str], paths: RunPaths) -> ForkedWorker:
            arguments = list(command)[list(command).index("tui_finetune.worker") + 1 :]
            function = f"{__name__}:work"
            return fork_server.begin(function, name, *arguments, log=paths.stdout_log, cwd=paths.root)

        monkeypatch.setattr(handoff, "_spawn", spawn)

    return set_function


def work(given: Sequence[str]) -> int:
    """Called in a process that has torch: the worker, with another end of its pipeline."""
    from tui_finetune.worker import __main__, pipeline
    from tui_finetune.worker.steps import preflight

    name, *arguments = given
    steps = pipeline.PIPELINES["train"]
    pipeline.PIPELINES["train"] = (*steps[: steps.index(preflight.run)], globals()[name])
    return __main__.main(arguments)


@pytest.mark.slow
@pytest.mark.parametrize("name", ARGUMENTS)
def test_what_is_tried_is_taken_back(name: str, ground: Ground, ends_with: Callable[[str], None]) -> None:
    ends_with("compare_before_and_after")
    info = finished(ground.start(name, **ARGUMENTS[name]))
    ((preflight,), (forecast,)) = events(info, "preflight"), events(info, "forecast")
    assert preflight.get("longest_tokens") == training.MAX_LENGTH
    assert 0 < forecast.get("peak_memory_bytes") < forecast.get("memory_total_bytes")
    assert list(info.paths.checkpoints.iterdir()) == []


def compare_before_and_after(job: Any) -> None:
    import numpy as np
    import torch

    from tui_finetune.worker.steps import preflight

    model, args = job.model, job.trainer.args
    seen: set[tuple[bool, bool, bool]] = set()
    model.register_forward_hook(
        lambda *_: seen.add((model.training, torch.is_autocast_enabled("cpu"), model.is_gradient_checkpointing))
    )
    before = {key: value.clone() for key, value in model.state_dict().items()}
    drawn = random.getstate(), str(np.random.get_state(legacy=False)), torch.random.get_rng_state()
    preflight.run(job)
    as_set = (bool(args.bf16), bool(args.activation_checkpointing))
    assert seen == {(True, *as_set), (False, *as_set)}
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())
    assert job.trainer.optimizer is None
    assert (random.getstate(), str(np.random.get_state(legacy=False))) == drawn[:2]
    assert torch.equal(torch.random.get_rng_state(), drawn[2])


def test_what_the_allocator_refuses_is_not_begun(ground: Ground, ends_with: Callable[[str], None]) -> None:
    ends_with("run_with_little_memory")
    info = ground.start(train__per_device_train_batch_size=8, train__gradient_accumulation_steps=1)
    status = training.ended(info)
    assert status.state == "failed"
    (refused,) = events(info, "preflight_refused")
    smaller = {"train.per_device_train_batch_size": 4, "train.gradient_accumulation_steps": 2}
    assert refused.get("fits")[0]["set"] == smaller
    assert refused.get("needed_bytes") > refused.get("there_bytes")
    assert (status.reason or "").startswith("Memory: about ")


def run_with_little_memory(job: Any) -> None:
    import torch

    from tui_finetune.worker import memory
    from tui_finetune.worker.steps import preflight

    job.model.register_forward_pre_hook(lambda _, args, named: hold(torch, len(named["input_ids"])), with_kwargs=True)
    limit = (memory.of_status("VmData") or 0) + ROOM
    resource.setrlimit(resource.RLIMIT_DATA, (limit, resource.RLIM_INFINITY))
    try:
        preflight.run(job)
    finally:
        assert resource.getrlimit(resource.RLIMIT_DATA)[0] == limit


@pytest.fixture
def group(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A control group with ROOM, that a worker goes into; skipped where none can be made."""
    groups = Path("/sys/fs/cgroup")
    base, limit = (
        (groups / "memory", "memory.limit_in_bytes") if (groups / "memory").is_dir() else (groups, "memory.max")
    )
    group = base / f"tui-finetune-preflight-{os.getpid()}"
    try:
        group.mkdir()
        (group / limit).write_text(str(ROOM))
    except OSError as error:
        pytest.skip(f"no control group of memory can be made here: {error}")
    monkeypatch.setenv("TEST_GROUP", str(group))
    yield group
    wait_until(lambda: not (group / "cgroup.procs").read_text().strip(), "the group to be empty")
    group.rmdir()


@pytest.mark.slow
def test_what_a_control_group_has_no_room_for_is_refused_and_not_killed(
    ground: Ground, ends_with: Callable[[str], None], group: Path
) -> None:
    ends_with("run_in_a_group")
    info = ground.start(train__per_device_train_batch_size=8, train__gradient_accumulation_steps=1)
    status = training.ended(info)
    assert status.state == "failed", status.words
    (refused,) = events(info, "preflight_refused")
    smaller = refused.get("fits")[0]["set"]  # four rows, or two where other processes have the memory too
    assert smaller["train.per_device_train_batch_size"] in (4, 2)
    assert smaller["train.per_device_train_batch_size"] * smaller["train.gradient_accumulation_steps"] == 8
    assert refused.get("needed_bytes") > refused.get("there_bytes")
    assert abs(refused.get("there_bytes") - ROOM) < ROOM, "the group's limit, and what the worker had before it"
    assert events(info, "step") == []


def run_in_a_group(job: Any) -> None:
    import torch

    from tui_finetune.worker.steps import preflight

    job.model.register_forward_pre_hook(lambda _, args, named: hold(torch, len(named["input_ids"])), with_kwargs=True)
    (Path(os.environ["TEST_GROUP"]) / "cgroup.procs").write_text(str(os.getpid()))
    preflight.run(job)


@pytest.mark.slow
def test_checkpoints_without_room_are_not_begun(ground: Ground, ends_with: Callable[[str], None]) -> None:
    ends_with("run_on_a_small_disk")
    info = ground.start(train__save_total_limit=5, model__freeze=[])
    assert training.ended(info).state == "failed"
    (refused,) = events(info, "preflight_refused")
    assert refused.get("what") == "disk"
    assert [fit["set"] for fit in refused.get("fits")] == [{"train.save_total_limit": 2}]
    assert "needed for 5 checkpoints of" in refused.get("why")


def run_on_a_small_disk(job: Any) -> None:
    """Five checkpoints of three times the model have no room, three have."""
    from tui_finetune.worker import measuring
    from tui_finetune.worker.steps import preflight

    weights = sum(tensor.nbytes for tensor in job.model.state_dict().values())
    found = measuring.forecast

    def on_small_disk(*given: Any, **more: Any) -> Any:
        vars(measuring)["disk_free"] = lambda path: 12 * weights
        return found(*given, **more)

    measuring.forecast = on_small_disk
    preflight.run(job)


def hold(torch: Any, rows: int) -> None:
    """Memory for a moment, as much as the batch has rows."""
    torch.ones(rows, HELD)


@pytest.mark.slow
def test_halves_have_the_gradient_of_the_whole(ground: Ground, ends_with: Callable[[str], None]) -> None:
    ends_with("compare_halves")
    finished(ground.start())


def compare_halves(job: Any) -> None:
    """The gradient of an optimizer step that failed is the same in halves, the micro-batches before it included."""
    import torch

    from tui_finetune.worker.refit import Refit

    trainer, model = job.trainer, job.model
    model.eval()  # no dropout, so that only the arithmetic differs
    trainer.args.per_device_train_batch_size, trainer.args.gradient_accumulation_steps = 6, 1
    trainer.current_gradient_accumulation_steps = 2
    rows = trainer._remove_unused_columns(job.encoded["train"])
    batches = [trainer.data_collator([rows[index] for index in range(start, start + 5)]) for start in (0, 5)]
    cramped = [False]

    def do(inputs: Any) -> torch.Tensor:
        if cramped[0] and len(inputs["labels"]) > 3:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        loss = trainer.compute_loss(model, dict(inputs)) / trainer.current_gradient_accumulation_steps
        loss.backward()
        return loss.detach()

    def trained(fails_at: int | None) -> tuple[list[torch.Tensor], torch.Tensor]:
        model.zero_grad()
        refit = Refit(job.attempt, None)
        cramped[0] = False
        refit.begin_step()
        refit.have(batches)
        losses = []
        for place, batch in enumerate(batches):
            cramped[0] = cramped[0] or place == fails_at
            losses.append(refit.training_step(trainer, batch, do))
        return [p.grad.clone() for p in model.parameters() if p.grad is not None], torch.stack(losses)

    whole, loss = trained(None)
    for place in (0, 1):
        halves, same = trained(place)
        assert torch.allclose(loss, same, atol=1e-6)
        assert all(torch.allclose(a, b, atol=1e-6) for a, b in zip(whole, halves, strict=True))
