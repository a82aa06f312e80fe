"""`train --over KEY=A,B,C`: one run for each value, in line behind one another; what `compare --spread` measures afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tui_finetune.cli import output
from tui_finetune.cli.diagnostics import say
from tui_finetune.cli.launching import checked_recipe, launch_of
from tui_finetune.cli.options import Call
from tui_finetune.errors import ExitCode, Problem, RecipeError, UserError
from tui_finetune.text import Shown, shown

if TYPE_CHECKING:
    from tui_finetune.launch.check import Checked
    from tui_finetune.runs.info import RunInfo

MOST = 100
"""Runs of one call."""


@dataclass(frozen=True)
class Over:
    """A key of the recipe, and the values that it is given, one a run."""

    key: str
    values: tuple[str, ...]

    def sets(self) -> list[str]:
        return [f"{self.key}={value}" for value in self.values]

    def name(self, base: str, value: str) -> str:
        return f"{base} {self.key.rpartition('.')[2]} {value}"


def parse_over(text: str) -> Over:
    """`run.seed=1,2,3`, or `run.seed=1..5`. Raises UserError."""
    key, equals, listed = text.partition("=")
    values = _counted(listed) or tuple(value.strip() for value in listed.split(","))
    hint = "As in --over run.seed=1,2,3 or --over run.seed=1..5."
    if not equals or not key.strip() or not all(values):
        raise UserError(Problem(f"--over {text}: a key of the recipe and its values are KEY=VALUE,VALUE.", hint=hint))
    if len(set(values)) < max(2, len(values)):
        raise UserError(Problem(f"--over {text}: two different values at least, none of them twice.", hint=hint))
    if len(values) > MOST:
        raise UserError(f"--over {text}: {len(values)} runs at once; {MOST} is the most.")
    return Over(key.strip(), values)


def _counted(text: str) -> tuple[str, ...]:
    """The whole numbers of `1..5`; nothing where it is not written so."""
    first, dots, last = (part.strip() for part in text.partition(".."))
    if not dots or not first.isdigit() or not last.isdigit():
        return ()
    return tuple(map(str, range(int(first), min(int(last), int(first) + MOST) + 1)))


def train_over(
    call: Call, recipe: Path, over: Over, sets: Sequence[str], *, name: str | None, force: bool, wait: bool
) -> None:
    """Checks all of them, then starts all of them: the first as it is asked for, the others behind it."""
    found = [_checked(call, recipe, (*sets, one), quiet=place > 0) for place, one in enumerate(over.sets())]
    infos = _started(call, found, over, name, force=force)
    codes = [_followed(call, info) for info in infos] if wait else []
    if call.json:
        from tui_finetune.cli.runs_common import run_json

        output.print_json([run_json(info) for info in infos])
    else:
        output.print_lines([shown(info.id) for info in infos])
    say(_afterwards(infos))
    click.get_current_context().exit(max(codes, default=ExitCode.OK))


def _checked(call: Call, recipe: Path, sets: Sequence[str], *, quiet: bool) -> Checked:
    found = checked_recipe(call, recipe, sets, quiet=quiet)
    if found.recipe.kind != "train":
        raise RecipeError(Problem(f"is '{found.recipe.kind}', not 'train'.", "kind", recipe.name))
    return found


def _started(call: Call, found: Sequence[Checked], over: Over, name: str | None, *, force: bool) -> list[RunInfo]:
    from tui_finetune.launch.interrupts import HeldInterrupts
    from tui_finetune.launch.start import start
    from tui_finetune.runs.info import read_info

    infos = []
    with HeldInterrupts() as held:
        launch = replace(launch_of(call, held), force=force)
        for place, (checked, value) in enumerate(zip(found, over.values, strict=True)):
            if place:
                run = checked.recipe.run.model_copy(update={"queue": True})
                checked = replace(checked, recipe=checked.recipe.model_copy(update={"run": run}))
            called = over.name(name or checked.recipe.name or checked.recipe.kind, value)
            infos.append(read_info(start(checked, launch, name=called).paths))
            say(shown(f"Run {infos[-1].title} has a process of its own{' and waits in line' if place else ''}."))
    return infos


def _followed(call: Call, info: RunInfo) -> ExitCode:
    from tui_finetune.cli.follow import follow

    status = follow(call, info, until="end", quiet=True)
    say(shown(f"{info.title}: {status.words}"))
    return ExitCode.RUN_FAILED if status.ended_badly else ExitCode.OK


def _afterwards(infos: Sequence[RunInfo]) -> Shown:
    return shown(f"Once they have ended: tui-finetune compare --spread {' '.join(info.short for info in infos)}")
