"""`predict`: labels for typed texts, for lines that come, for a whole file. The model runs in a helper process."""

from __future__ import annotations

import itertools
import json
import re
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tui_finetune.cli import output
from tui_finetune.cli.diagnostics import ProgressLine, say
from tui_finetune.cli.options import Call, verb
from tui_finetune.errors import Problem, UserError
from tui_finetune.plugin_api.tasks import READ
from tui_finetune.text import Shown, cell_width, cut_end, pad, shown

if TYPE_CHECKING:
    from tui_finetune.inference.bulk import Pair
    from tui_finetune.inference.client import ModelHelper
    from tui_finetune.inference.inputs import Input
    from tui_finetune.inference.writers import AnswerWriter
    from tui_finetune.plugin_api import Task

STDIN = "-"
BAR_CELLS = 24
LABEL_CELLS = 40
TEXT_CELLS = 100
SOON = 64
"""Up to this many rows are answered before anybody asks how far it is."""
_EIGHTHS = " ▏▎▍▌▋▊▉"
_SCORED = re.compile(r"(?P<indent> *)(?P<label>.*?)  (?P<score>[01]\.\d{3})")


@click.command()
@click.argument("model", metavar="RUN|MODEL")
@click.argument("texts", metavar="[TEXT … | -]", nargs=-1)
@click.option("--pair", "pairs", multiple=True, metavar="TEXT", help="Second text: one for each TEXT, or one for all.")
@click.option(
    "--file", "file", type=click.Path(path_type=Path), help="Predict every row: CSV, JSON lines, Parquet, text …"
)
@click.option(
    "--column", "columns", multiple=True, metavar="ROLE=NAME", help="Column of the file for a role, as text=review."
)
@click.option(
    "--output", "-o", "target", type=click.Path(path_type=Path), help="Write answers: .jsonl, .csv, .tsv or .parquet."
)
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@click.option(
    "--set", "sets", multiple=True, metavar="KEY=VALUE", help="A task option for these answers: max_new_tokens=20."
)
@click.option("--device", default="cpu", show_default=True, help="cpu, auto or cuda:N.")
@click.option("--trust-remote-code", is_flag=True, help="Run the Python code that comes with the model.")
@verb
def command(
    call: Call,
    model: str,
    texts: tuple[str, ...],
    pairs: tuple[str, ...],
    file: Path | None,
    columns: tuple[str, ...],
    target: Path | None,
    force: bool,
    sets: tuple[str, ...],
    device: str,
    trust_remote_code: bool,
) -> None:
    """Labels for texts, from a run's model or a model folder.

    RUN is an id, its last four characters, a name or latest; MODEL a folder. - reads a text a line from stdin.
    """
    _check_usage(texts, pairs, file, columns, device)
    from tui_finetune.inference.asked_options import asked_options
    from tui_finetune.inference.client import HelperSpec, ModelHelper
    from tui_finetune.inference.model_choice import choose_model
    from tui_finetune.inference.model_folder import open_model_folder
    from tui_finetune.inference.prepared_rows import preparing
    from tui_finetune.inference.writers import answer_writer

    writer = answer_writer(target, force=force) if target is not None else None
    if (
        writer is not None
        and file is not None
        and file.exists()
        and writer.target.exists()
        and writer.target.samefile(file)
    ):
        raise UserError(f"{target} is the file that is read.")
    chosen = choose_model(call.home, model)
    trained = chosen.recipe()
    trust = trust_remote_code or (trained is not None and trained.model.trust_remote_code)
    folder = open_model_folder(chosen.folder, call.catalog, call.home, trust_remote_code=trust)
    options = json.dumps(asked_options(folder, sets)) if sets else ""
    progress = ProgressLine()
    try:
        given = _input(call, folder.task, folder.card, texts, pairs, file, columns, progress)
        spec = HelperSpec(
            folder.path, call.home, device, call.plugin_dirs, call.third_party, trust_remote_code=trust, options=options
        )
        with ModelHelper(spec) as helper:
            if trained is not None and trained.preprocess:
                helper.start(progress)
                progress.clear()
                say(shown(preparing(helper.ready, [step.use for step in trained.preprocess]) or ""))
            answered = _answered(helper, folder.task, given, progress)
            if writer is not None:
                _write(call, writer, answered, given)
            elif call.json:
                _print_json(answered)
            else:
                _print(answered, folder.task, progress, headed=len(texts) != 1 or STDIN in texts)
    finally:
        progress.clear()


def _check_usage(
    texts: Sequence[str], pairs: Sequence[str], file: Path | None, columns: Sequence[str], device: str
) -> None:
    if file is None and not texts:
        raise UserError(Problem("nothing to predict.", hint="Give a TEXT, - for lines from stdin, or --file."))
    if file is not None and texts:
        raise UserError("TEXT and --file exclude each other.")
    if STDIN in texts and len(texts) > 1:
        raise UserError("- stands alone: it reads all texts from stdin.")
    if pairs and (file is not None or STDIN in texts):
        raise UserError(
            Problem("--pair goes with TEXT.", hint="In a file the pair is a column: --column text_pair=NAME.")
        )
    if columns and file is None:
        raise UserError("--column goes with --file.")
    from tui_finetune.launch.devices import device_problems

    if not re.fullmatch(r"auto|cpu|cuda:\d+", device):
        raise UserError(f"--device is {device}; cpu, auto or cuda:N are expected.")
    if problems := device_problems(device):
        raise UserError([Problem(p.message, hint=p.hint) for p in problems])


def _input(
    call: Call,
    task: Task,
    card: Any,
    texts: Sequence[str],
    pairs: Sequence[str],
    file: Path | None,
    columns: Sequence[str],
    progress: ProgressLine,
) -> Input:
    from tui_finetune.inference import inputs

    if file is not None:
        found = inputs.from_file(
            file,
            task,
            card,
            columns=_named(columns),
            catalog=call.catalog,
            home=call.home,
            progress=progress,
        )
        progress.clear()
        for note in found.notes:
            say(shown(note))
        return found
    if STDIN in texts:
        return inputs.from_stream(task, sys.stdin.fileno())
    return inputs.from_texts(task, texts, pairs)


def _named(columns: Sequence[str]) -> dict[str, str]:
    """`text=review` as role to column."""
    found = {}
    for given in columns:
        role, equals, name = given.partition("=")
        if not (role and equals and name):
            raise UserError(f"--column {given}: ROLE=NAME is expected, as in text=review.")
        found[role.strip()] = name.strip()
    return found


def _answered(helper: ModelHelper, task: Task, given: Input, progress: ProgressLine) -> Iterator[list[Pair]]:
    """Blocks of what was asked with its answers, in order."""
    from tui_finetune.inference.bulk import Bulk

    long = given.total is not None and given.total > SOON

    def tick(what: str, done: int, total: int | None) -> None:
        if what == "predicting" and long:
            progress(what, done, total)

    if progress.terminal:
        progress.update("Loading the model …")
    bulk = Bulk(helper, task, given, tick)
    yield from bulk.blocks()
    progress.clear()
    if bulk.empty:
        say(Shown(f"{bulk.empty:,} of {bulk.done:,} rows have no text and an empty answer."))


# Output


def _print_json(answered: Iterator[list[Pair]]) -> None:
    # The first block before the first sign, so that what is wrong with input or model leaves stdout empty.
    first = next(answered, [])
    with output.json_list() as item:
        for _, answer in itertools.chain(first, itertools.chain.from_iterable(answered)):
            item(answer)


def _write(call: Call, writer: AnswerWriter, answered: Iterator[list[Pair]], given: Input) -> None:
    from tui_finetune.inference.bulk import write_answers

    started = time.monotonic()
    with writer:
        clashes = write_answers(writer, answered, given)
    for name, other in clashes.items():
        say(shown(f"The file's column {name} is written as {other}: {name} is the answer's."))
    seconds = round(time.monotonic() - started, 3)
    if call.json:
        output.print_json({"path": str(writer.target.absolute()), "rows": writer.rows, "seconds": seconds})
    else:
        output.print_line(shown(f"{writer.target} written: {writer.rows:,} rows in {seconds:.1f} s."))


def _print(answered: Iterator[list[Pair]], task: Task, progress: ProgressLine, *, headed: bool) -> None:
    """For a person: each text (where there are several) and what the task shows of its answer."""
    for block in answered:
        progress.clear()
        for _, answer in block:
            empty = not any(answer.get(name) for name in (*READ, "scores", "entities"))
            lines = ["no text"] if empty else task.show_answer(answer)
            if headed:
                output.print_line(cut_end(_text_of(answer), TEXT_CELLS))
            output.print_lines(Shown(f"  {line}" if headed else line) for line in with_bars(lines))
        output.flush()


def _text_of(answer: Mapping[str, Any]) -> str:
    texts = [str(answer[name]) for name in READ if answer.get(name)]
    return "  |  ".join(texts) or "–"


def with_bars(lines: Sequence[str]) -> list[Shown]:
    """Lines that end in a score get a bar, all bars in one column; others stay as they are."""
    found = [(_SCORED.fullmatch(line), line) for line in lines]
    names = [shown(m["indent"]) + cut_end(m["label"], LABEL_CELLS) for m, _ in found if m is not None]
    width = max((cell_width(name) for name in names), default=0)
    named = iter(names)
    return [
        shown(line)
        if m is None
        else Shown(f"{pad(Shown(next(named)), width)}  {m['score']}  {bar(float(m['score']))}".rstrip())
        for m, line in found
    ]


def bar(share: float, cells: int = BAR_CELLS) -> str:
    """A share as blocks, in eighths of a cell."""
    eighths = round(max(0.0, min(1.0, share)) * cells * 8)
    return "█" * (eighths // 8) + (_EIGHTHS[eighths % 8] if eighths % 8 else "")
