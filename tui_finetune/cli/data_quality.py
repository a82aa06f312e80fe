"""`data profile` and `data check`: what is in data, row by row, and what is wrong with it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from tui_finetune.cli import output
from tui_finetune.cli.diagnostics import ProgressLine, say
from tui_finetune.cli.options import Call, verb
from tui_finetune.errors import ExitCode, UserError
from tui_finetune.text import Shown, cut_end, cut_middle, shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_finetune.data.look import Look

WIDTH = 80
LABELS_SHOWN, WORDS_SHOWN = 20, 10
NAME = 30
LANGUAGES_SHOWN = 12
MARKS = {"bad": "!!", "warn": "!", "note": "·"}
UNREADABLE = "Exit codes: 0 clean or below --fail-on, 1 findings at or above it, 2 unreadable."


def _options(function: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.argument("paths", metavar="PATH …", nargs=-1, required=True),
        click.option("--task", help="What the model is to do; else as the columns look."),
        click.option("--source", help="Kind of data; else found by a look."),
        click.option("--set", "--subset", "subset", help="Which one, where the folder or data set holds several."),
        click.option("--model", help="Model whose tokenizer counts: a folder, or a Hub id that the cache holds."),
        click.option("--max-length", type=click.IntRange(min=2), help="Longest input; else the recipe's, or 512."),
    ):
        function = option(function)
    return function


@click.command()
@_options
@verb
def profile(call: Call, /, **given: Any) -> None:
    """All rows of PATH counted: columns, labels, lengths and what each maximum length cuts, scripts, words, floor."""
    look, found = _looked_over(call, **given)
    if call.json:
        output.print_json({**_head(look, found), **found["profile"]})
    else:
        output.print_lines(profile_lines(found["profile"]))


@click.command(epilog=UNREADABLE)
@_options
@click.option(
    "--fail-on", type=click.Choice(list(MARKS)), default="bad", show_default=True, help="What makes the exit code 1."
)
@verb
def check(call: Call, /, fail_on: str, **given: Any) -> None:
    """What is wrong with the rows of PATH: repeated, leaked and contradicting texts, labels, encodings, private data …"""
    from tui_finetune.data.quality.finding import at_or_above

    look, found = _looked_over(call, **given)
    refused = look.problems if look.prepared is None else ()
    if call.json:
        findings = [{key: value for key, value in one.items() if key != "files"} for one in found["findings"]]
        output.print_json({**_head(look, found), "findings": findings, "limits": found["profile"]["limits"]})
    else:
        for problem in refused:
            say(shown(f"A run would refuse this: {problem}"))
        output.print_lines(check_lines(found))
    if refused or any(at_or_above(finding["severity"], fail_on) for finding in found["findings"]):
        click.get_current_context().exit(ExitCode.RUN_FAILED)


VERBS = (profile, check)


def _looked_over(
    call: Call,
    paths: tuple[str, ...],
    task: str | None,
    source: str | None,
    subset: str | None,
    model: str | None,
    max_length: int | None,
) -> tuple[Look, dict[str, Any]]:
    from tui_finetune.cli.verbs import data
    from tui_finetune.data.inspect import DEFAULT_LENGTH, NO_MODEL
    from tui_finetune.data.quality.store import looked_over

    if model is not None and data.tokenizer_of(call, model) is None:
        raise UserError(f"{model} has no tokenizer here. hf download {model} brings a model of the Hub.")
    progress = ProgressLine()
    try:
        look = data.look_at(call, paths, task, source, subset, model, max_length, progress)
        named = look.recipe.model
        revision = named.revision if model is None else None
        name = model or (named.path if named.path != NO_MODEL else None)
        tokenizer = data.tokenizer_of(call, name, revision) if name is not None else None
        length = max_length or named.max_length or DEFAULT_LENGTH
        return look, looked_over(look, call.home.cache, tokenizer, length, progress)
    finally:
        progress.clear()


def _head(look: Look, found: Mapping[str, Any]) -> dict[str, Any]:
    data = look.recipe.data
    return {
        "path": list(data.path) if isinstance(data.path, list) else data.path,
        "task": look.task.name if look.task else None,
        "roles": dict(look.roles),
        "splits": found["profile"]["splits"],
        "seconds": found["seconds"],
        "kept": found["kept"],
        "problems": [problem.as_json() for problem in look.problems],
    }


# What a person reads


def check_lines(found: Mapping[str, Any]) -> list[Shown]:
    """The findings, the most harmful first."""
    rows = sum(found["profile"]["splits"].values())
    when = "seen before" if found["kept"] else f"in {found['seconds']:.1f} s"
    if not found["findings"]:
        return [shown(f"Nothing was found in {rows:,} rows, {when}.")]
    counts = {mark: sum(one["severity"] == mark for one in found["findings"]) for mark in MARKS}
    told = ", ".join(
        f"{counts[mark]} {word}" for mark, word in (("bad", "bad"), ("warn", "warnings"), ("note", "notes"))
    )
    lines = [shown(f"{len(found['findings'])} findings in {rows:,} rows, {when}: {told}.")]
    for finding in found["findings"]:
        lines += [Shown(""), *_finding(finding)]
    lines += [line for limit in found["profile"]["limits"] for line in (Shown(""), *_wrapped("", limit))]
    return lines


def _finding(finding: Mapping[str, Any]) -> Iterator[Shown]:
    yield shown(f"{MARKS[finding['severity']]:<2} {finding['title']}  [{finding['id']}]")
    yield from _wrapped("   ", finding["told"])
    yield from _wrapped("   ", finding["why"])
    yield from _wrapped("   → ", finding["mend"], later="     ")
    for example in finding["examples"]:
        label = f"{cut_middle(example['label'], 24)}  " if example["label"] is not None else ""
        yield cut_end(f"     {shown(example['row_id'])}  {label}{shown(example['text'])}", WIDTH)


def _wrapped(first: str, text: str, later: str | None = None) -> Iterable[Shown]:
    rest = first if later is None else later
    lines = textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False)
    return [shown(line) for line in lines]


def profile_lines(found: Mapping[str, Any]) -> list[Shown]:
    """The profile as tables, each under its name."""
    parts = (
        _columns(found),
        _labels(found),
        _lengths(found),
        _cuts(found),
        _scripts(found),
        _languages(found),
        _words(found),
        _learned(found),
    )
    lines: list[Shown] = []
    for part in parts:
        lines += [Shown(""), *part] if lines and part else part
    return lines


def _columns(found: Mapping[str, Any]) -> list[Shown]:
    rows = [
        [
            cut_end(split, 16),
            cut_middle(one["name"], NAME),
            cut_end(one["type"], 20),
            *(_count(one.get(key)) for key in ("missing", "blank", "distinct")),
        ]
        for split, columns in found["columns"].items()
        for one in columns
    ]
    return output.table(["split", "column", "type", "missing", "blank", "distinct"], rows, right=(3, 4, 5))


def _count(value: int | None) -> Shown:
    return Shown("–" if value is None else f"{value:,}")


def _labels(found: Mapping[str, Any]) -> list[Shown]:
    labels = found["labels"]
    if not labels:
        return []
    splits = list(labels[0]["counts"])
    total = sum(one["counts"][splits[0]] for one in labels) or 1
    rows = [
        [
            cut_middle(one["name"], NAME),
            *(_count(one["counts"][split]) for split in splits),
            Shown(f"{100 * one['counts'][splits[0]] / total:.1f} %"),
        ]
        for one in labels[:LABELS_SHOWN]
    ]
    head = [f"{len(labels)} labels", *splits, f"of {splits[0]}"]
    lines = output.table(head, rows, right=range(1, len(head)))
    return lines if len(labels) <= LABELS_SHOWN else [*lines, shown(f"and {len(labels) - LABELS_SHOWN:,} more")]


def _lengths(found: Mapping[str, Any]) -> list[Shown]:
    keys = ("min", "mean", "p50", "p95", "p99", "max")
    rows = [
        [cut_end(split, 16), Shown(unit), *(Shown(f"{own[unit][key]:,}") for key in keys)]
        for split, own in found["lengths"].items()
        for unit in ("characters", "words", "tokens")
        if own.get(unit, {}).get("rows")
    ]
    return output.table(
        ["lengths", "in", "least", "mean", "median", "95 %", "99 %", "longest"], rows, right=range(2, 8)
    )


def _cuts(found: Mapping[str, Any]) -> list[Shown]:
    """What each maximum length costs, of the split that is trained on."""
    lengths: dict[str, Any] = found["lengths"]
    split, own = next(iter(lengths.items()))
    if "tokens" not in own or "cuts" not in own["tokens"]:
        return []
    rows = [
        [
            Shown(f"{one['max_length']:,}"),
            Shown(f"{one['rows']:,}"),
            Shown(f"{100 * one['share']:.1f} %"),
            Shown(f"{one['tokens_lost']:,}"),
            Shown(f"{one['tokens']:,}"),
            Shown(f"{100 * one['attention']:.0f} %"),
        ]
        for one in own["tokens"]["cuts"]
    ]
    head = ["max_length", f"rows of {split} cut", "share", "tokens lost", "tokens an epoch", "attention"]
    return [*output.table(head, rows, right=range(6)), shown(f"{own['tokens']['fits_99']:,} fits 99 % of the rows.")]


def _languages(found: Mapping[str, Any]) -> list[Shown]:
    """The commonest of each split; those that nobody can tell come last."""
    lines = []
    for split, own in found["languages"].items():
        known = [(name, count) for name, count in own.items() if name != "unsure"][:LANGUAGES_SHOWN]
        told = [*known, *([("unsure", own["unsure"])] if "unsure" in own else [])]
        lines.append(shown(f"languages of {split}: {', '.join(f'{name} {count:,}' for name, count in told)}"))
    return lines


def _scripts(found: Mapping[str, Any]) -> list[Shown]:
    return [
        shown(f"scripts of {split}: {', '.join(f'{name} {count:,}' for name, count in own.items())}")
        for split, own in found["scripts"].items()
        if own
    ]


def _words(found: Mapping[str, Any]) -> list[Shown]:
    rows = [
        [
            cut_end(one["word"], 20),
            cut_middle(one["label"], NAME),
            Shown(f"{one['rows']:,}"),
            Shown(f"{100 * one['precision']:.0f} %"),
            Shown(f"{one['z']:.1f}"),
            Shown(f"{one['pmi']:.1f}"),
        ]
        for one in found["words"][:WORDS_SHOWN]
    ]
    return (
        output.table(["telling word", "label", "rows", "of them", "z", "PMI"], rows, right=(2, 3, 4, 5)) if rows else []
    )


def _learned(found: Mapping[str, Any]) -> list[Shown]:
    lines: list[Shown] = []
    for one in found["shift"]:
        words = f"; its words: {', '.join(one['words'][:6])}" if one["words"] else ""
        lines += _wrapped(
            "", f"{one['split']} is told from train by an AUC of {one['auc']:.2f} (0.5 is chance{words})."
        )
    if (floor := found["floor"]) is not None:
        told = (
            f"floor on {floor['measured_on']} ({floor['rows']:,} rows): always {floor['majority_label']} is right in "
            f"{100 * floor['majority']:.1f} %; a linear model over words, trained on {floor['trained_on']:,} rows, in "
            f"{100 * floor['linear']:.1f} % (macro F1 {100 * floor['linear_macro_f1']:.1f})."
        )
        lines += _wrapped("", told)
    return lines
