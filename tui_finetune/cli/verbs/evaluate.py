"""`evaluate`: a job of its own that measures a run's model, or a model folder, on the run's data or on other."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from tui_finetune.cli import output
from tui_finetune.cli.diagnostics import say
from tui_finetune.cli.launching import checked, launch_of
from tui_finetune.cli.options import Call, verb
from tui_finetune.errors import UserError
from tui_finetune.runs.info import RunInfo, read_info
from tui_finetune.runs.layout import REPORT
from tui_finetune.runs.tail import Event, number
from tui_finetune.text import shown

if TYPE_CHECKING:
    from tui_finetune.inference.model_choice import Chosen

MAX_CONFUSED = 3


@click.command()
@click.argument("model", metavar="RUN|MODEL")
@click.option("--now", is_flag=True, help="In the run itself, between two of its steps, while it trains.")
@click.option("--checkpoint", metavar="STEP", help="One of the run's checkpoints: its step, best or last. As RUN@STEP.")
@click.option("--data", metavar="PATH", help="Other data than the run's own: file, folder, glob or Hub id.")
@click.option(
    "--split",
    help="Split to measure; without it test, else validation. --now: validation, or COLUMN=VALUE, a part of it.",
)
@click.option("--limit", type=click.IntRange(min=1), metavar="ROWS", help="With --now: so many rows of it.")
@click.option("--set", "sets", multiple=True, metavar="KEY=VALUE", help="Put a value over the evaluation's recipe.")
@click.option("--name", help="Name of the evaluation in the list of runs.")
@click.option("--wait/--no-wait", default=None, help="Wait for the figures. On a terminal it does, unless told not to.")
@verb
def command(
    call: Call,
    model: str,
    now: bool,
    checkpoint: str | None,
    data: str | None,
    split: str | None,
    limit: int | None,
    sets: tuple[str, ...],
    name: str | None,
    wait: bool | None,
) -> None:
    """Evaluate a run's model or a model folder.

    RUN is an id, its last four characters, a name or latest; MODEL a folder. Without --data the rows are those that the
    run kept out of training. With --now a run that trains measures itself as it is; that changes nothing of it.
    """
    waits = wait if wait is not None else sys.stdout.isatty() and not call.json
    if now:
        _ask(
            call,
            model,
            split,
            limit,
            waits,
            given={"--checkpoint": checkpoint, "--data": data, "--set": sets, "--name": name},
        )
        return
    if limit is not None:
        raise click.UsageError("--limit belongs to --now; else it is --set data.limit_eval=ROWS.")
    from tui_finetune.cli.follow import follow
    from tui_finetune.cli.runs_common import exit_code, run_json
    from tui_finetune.inference.model_choice import choose_model
    from tui_finetune.inference.model_folder import open_model_folder
    from tui_finetune.launch.evaluation import EvaluationRequest, check_evaluation
    from tui_finetune.launch.interrupts import HeldInterrupts
    from tui_finetune.launch.start import start

    chosen = choose_model(call.home, model, checkpoint)
    folder = open_model_folder(chosen.folder, call.catalog, call.home, trust_remote_code=True)
    request = EvaluationRequest(folder, chosen.run, data, split, sets, chosen.step)
    ready = checked(lambda told: check_evaluation(request, home=call.home, catalog=call.catalog, progress=told))
    called = name or request.called(ready.recipe.evaluate.split)
    with HeldInterrupts() as held:
        info = read_info(start(ready, launch_of(call, held), name=called).paths)
        status = follow(call, info, until="end" if waits else "preflight", quiet=True, held=held)
    if call.json:
        output.print_json(run_json(info))
    elif status.live:
        output.print_line(shown(info.id))
    else:
        _print(info, chosen, request, status.reason)
    click.get_current_context().exit(exit_code(status))


def _ask(call: Call, run: str, split: str | None, limit: int | None, waits: bool, *, given: Mapping[str, Any]) -> None:
    """Has a run that trains measure itself."""
    from tui_finetune.cli.steering import Waiting, steer
    from tui_finetune.evaluation.rendering import metric_lines

    if foreign := [name for name, value in given.items() if value]:
        raise click.UsageError(f"{', '.join(foreign)}: of an evaluation of its own; leave out --now.")
    values = {"split": split or "validation", **({"limit": limit} if limit is not None else {})}
    instead = "tui-finetune evaluate {run} measures its model."
    events = steer(call, run, "evaluate", values, waiting=Waiting(applied=waits), instead=instead, more=_measured)
    if not call.json:
        output.print_lines(metric_lines(_measured(events)["metrics"]) if waits else [])


def _measured(events: Sequence[Event]) -> dict[str, Any]:
    """The figures of an evaluation that was asked for."""
    found = next((one for one in reversed(events) if one.name == "evaluation"), None)
    metrics = found.get("metrics") if found is not None else None
    given = metrics.items() if isinstance(metrics, Mapping) else ()
    return {"metrics": {str(name): value for name, raw in given if (value := number(raw)) is not None}}


def _print(info: RunInfo, chosen: Chosen, request: Any, reason: str | None) -> None:
    """The figures of an evaluation that has ended."""
    from tui_finetune.evaluation.rendering import class_lines, confused_lines, metric_lines
    from tui_finetune.evaluation.reports import most_confused

    found = _report(info)
    if found is None:
        say(shown(f"{info.title}: {reason or info.status().words}"))
        return
    report, folder = found
    beside = _baselines(chosen, report) if request.own_data and not request.sets else {}
    output.print_line(shown(f"{chosen.title} on {report['split']}: {report['rows']:,} rows"))
    output.print_lines(metric_lines(report["metrics"], beside))
    for lines in (class_lines(report, 10), confused_lines(most_confused(report, MAX_CONFUSED))):
        if lines:
            output.print_line()
            output.print_lines(lines)
    output.print_line()
    output.print_line(shown(f"All predictions: {folder / 'predictions.parquet'}"))


def _report(info: RunInfo) -> tuple[dict[str, Any], Any] | None:
    from tui_finetune.evaluation.reports import read_report

    for path in sorted(info.paths.evaluations.glob(f"*/{REPORT}")):
        try:
            return read_report(path), path.parent
        except (OSError, ValueError) as error:
            raise UserError(f"{path} cannot be read: {error}.") from error
    return None


def _baselines(chosen: Chosen, report: Mapping[str, Any]) -> dict[str, Mapping[str, float]]:
    """What trivial methods reached on the same rows, as the run itself measured them."""
    from tui_finetune.evaluation.reports import read_report

    if chosen.run is None:
        return {}
    try:
        own = read_report(chosen.run.paths.evaluation(str(report["split"])) / REPORT)
    except (OSError, ValueError):
        return {}  # the run was not measured on this split
    if own.get("rows") != report["rows"]:
        return {}
    return {name: found["metrics"] for name, found in (own.get("baselines") or {}).items()}
