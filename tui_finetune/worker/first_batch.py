"""`python -m tui_finetune.worker.first_batch`: the first batch of a training, as its Trainer makes it.

It goes through the same steps as a run, up to where it would train, on a run directory that its caller removes. Asked and
answering as the data helper does: a JSON request on standard input, JSON lines out.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_finetune.errors import DoesNotFit, Problem, UserError
from tui_finetune.launch.devices import machine_facts, show_only
from tui_finetune.paths import Home
from tui_finetune.plugin_api import ROW_ID, ROW_INDEX
from tui_finetune.runs.layout import RunPaths
from tui_finetune.worker import lifecycle
from tui_finetune.worker.advice import explain
from tui_finetune.worker.attempt import Attempt
from tui_finetune.worker.controls import Controls
from tui_finetune.worker.health import Health
from tui_finetune.worker.rows import rows_apart

if TYPE_CHECKING:
    import torch

    from tui_finetune.worker.forecast import Layout
    from tui_finetune.worker.job import Job
    from tui_finetune.worker.measuring import Measured

LAID = (("length", "longest"), ("random", "longest"), ("sequential", "longest"), ("random", "max_length"))
"""Orders and paddings that are set side by side."""


def main() -> int:
    request = json.loads(sys.stdin.readline())
    os.umask(0o077)
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    lifecycle.quiet_libraries()

    def tell(**said: Any) -> None:
        out.write(json.dumps(said) + "\n")
        out.flush()

    paths, home = RunPaths(Path(request["run"])), Home(Path(request["home"]))
    from tui_finetune.config.write import read_resolved
    from tui_finetune.plugin_api.manager import load_catalog

    plugin_dirs = tuple(Path(folder) for folder in request["plugin_dirs"])
    catalog = load_catalog(home, plugin_dirs=plugin_dirs, third_party=request["third_party"])
    attempt = None
    try:
        recipe = read_resolved(paths.recipe_toml)
        device = recipe.run.device
        attempt = Attempt.claim(paths, 1, device=device, machine=machine_facts(show_only(device)))
        attempt.events.listener = lambda event: _progress(event, tell)
        controls = Controls(attempt, where="while a batch is looked at")
        job = lifecycle.job_of(
            paths, home, recipe, attempt, controls, Health(attempt, controls, recipe.health), catalog
        )
        tell(result=looked_at(job, measure=request["measure"]))
    except DoesNotFit as error:
        tell(problems=[replace(problem, hint=error.advice).as_json() for problem in error.problems])
    except UserError as error:
        tell(problems=[problem.as_json() for problem in error.problems])
    except Exception as error:  # noqa: BLE001 - told to whoever asked, with the traceback on stderr
        traceback.print_exc()
        found = explain(error, attempt.phase_name if attempt is not None else "starting", paths.root, catalog)
        tell(problems=[Problem(found.reason, hint=found.advice).as_json()])
    return 0


def _progress(event: Mapping[str, Any], tell: Any) -> None:
    if event.get("event") == "phase":
        words = " ".join(str(event[key]) for key in ("phase", "detail") if event.get(key))
        tell(progress=[words, int(event.get("done") or 0), event.get("total")])


def looked_at(job: Job, *, measure: bool = False) -> dict[str, Any]:
    """The batch row by row, and what each way of making batches would waste. measure: and how long its epoch would take."""
    from tui_finetune.worker.steps import encode, load, model, preflight, reference, train

    for step in (load.run, model.load_tokenizer, encode.run, model.load_model, reference.run, train.prepare):
        step(job)
    trainer = job.trainer
    batch = {name: value for name, value in next(iter(trainer.get_train_dataloader())).items() if hasattr(value, "cpu")}
    count = len(batch["input_ids"])
    order = [int(place) for place in trainer._epoch_order.drawn_rows()[:count]]
    measured = preflight.measured_way(job) if measure else None
    return {
        "batch_size": int(trainer.args.per_device_train_batch_size),
        "accumulation": int(trainer.args.gradient_accumulation_steps),
        "max_length": job.max_length,
        "order": job.recipe.batching.order,
        "padding": job.recipe.batching.padding,
        "tensors": {
            name: {"shape": list(value.shape), "dtype": str(value.dtype).removeprefix("torch.")}
            for name, value in batch.items()
        },
        "rows": _rows(job, batch, order),
        "choices": [_choice(job, order, padding, measured) for order, padding in LAID],
    }


def _rows(job: Job, batch: Mapping[str, torch.Tensor], order: Sequence[int]) -> list[dict[str, Any]]:
    ids = _row_ids(job)
    convert = job.tokenizer.convert_ids_to_tokens  # type: ignore[union-attr]
    values = {name: value.cpu().tolist() for name, value in batch.items()}
    found = []
    for place, index in enumerate(order):
        one = {name: rows[place] for name, rows in values.items() if len(rows) == len(order)}
        mask = _flat(one.get("attention_mask", []))
        found.append(
            {
                ROW_ID: ids[index] if ids is not None else None,
                "tokens": _each(one["input_ids"], convert),
                "padded": mask.count(0),
                **one,
            }
        )
    return found


def _row_ids(job: Job) -> list[str] | None:
    """The row of each feature; None where a feature is of several rows."""
    assert job.prepared is not None
    train, features = job.prepared.splits["train"], job.encoded["train"]
    ids: list[str] = train.column(ROW_ID).to_pylist()
    if ROW_INDEX in features.column_names:
        return [ids[row] for row in features.with_format("arrow")[ROW_INDEX][:].to_pylist()]
    return ids if rows_apart(job, "train") else None


def _each(ids: list[Any], convert: Any) -> list[Any]:
    """Tokens of a list of ids, or of lists of them."""
    return [_each(one, convert) for one in ids] if ids and isinstance(ids[0], list) else list(convert(ids))


def _flat(values: list[Any]) -> list[Any]:
    return [one for row in values for one in _flat(row)] if values and isinstance(values[0], list) else values


def _choice(job: Job, order: str, padding: str, measured: Measured | None) -> dict[str, Any]:
    from tui_finetune.worker.forecast import lay_out

    args, lengths = job.trainer.args, job.trainer.edge.lengths
    layout = lay_out(
        lengths,
        int(args.per_device_train_batch_size),
        order=order,
        seed=job.recipe.run.seed,
        group=int(args.gradient_accumulation_steps),
        drop_last=bool(args.dataloader_drop_last),
    )
    tokens = sum(lengths[row] for rows in layout.batches for row in rows)
    longest = [job.max_length] * len(layout.batches) if padding == "max_length" else layout.tokens.tolist()
    made = sum(len(rows) * int(most) for rows, most in zip(layout.batches, longest, strict=True))
    return {
        "order": order,
        "padding": padding,
        "chosen": (order, padding) == (job.recipe.batching.order, job.recipe.batching.padding)
        or padding == job.recipe.batching.padding == "max_length",
        "waste": 1 - tokens / made if made else 0.0,
        "tokens": round(made / layout.share),
        "seconds": None if measured is None else _seconds(measured, layout, padding, job.max_length),
    }


def _seconds(measured: Measured, layout: Layout, padding: str, most: int) -> float | None:
    """Of an epoch, by the lengths that were measured; None where its batches are longer than any of them."""
    import numpy as np

    if padding == "max_length":
        if max(measured.train.points) < most:
            return None
        layout = replace(layout, tokens=np.full(len(layout.batches), most))
    return measured.train.total(layout)


if __name__ == "__main__":
    sys.exit(main())
