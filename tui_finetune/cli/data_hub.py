"""`data card`, `peek`, `fetch`, `cache`: data sets of the Hub before they are opened, and what of them lies on this disk."""

from __future__ import annotations

import json
import textwrap
import time
from typing import TYPE_CHECKING

import click

from tui_finetune.cli import output
from tui_finetune.cli.diagnostics import ProgressLine, say
from tui_finetune.cli.options import Call, verb
from tui_finetune.text import Shown, cut_end, cut_middle, shown

if TYPE_CHECKING:
    from tui_finetune.data.hub_card import Card

WIDTH = 80
TEXT_LINES = 40
"""Of the README; --json has it whole."""
FILES_SHOWN = 12
REVISION = click.option("--revision", help="Commit, tag or branch; else main.")


@click.command()
@click.argument("name")
@REVISION
@verb
def card(call: Call, name: str, revision: str | None) -> None:
    """What the Hub says of data set NAME: licence, access, languages, size, files, and its own words."""
    from tui_finetune.data.hub_card import card as asked

    found = asked(name, revision)
    if call.json:
        output.print_json(found.as_json())
        return
    output.print_lines(_facts(found))
    shown_files = sorted(found.files, key=lambda file: -file.size)[:FILES_SHOWN]
    rows = [
        [cut_middle(one.path, 52), shown(_size(one.size)), shown("here" if one.here else "")] for one in shown_files
    ]
    output.print_line()
    output.print_lines(output.table([f"{len(found.files)} files", "size", ""], rows, right=(1,)))
    lines = found.text.splitlines()
    if lines:
        output.print_line()
        output.print_lines(shown(part) for one in lines[:TEXT_LINES] for part in textwrap.wrap(one, WIDTH) or [""])
    if len(lines) > TEXT_LINES:
        say(shown(f"and {len(lines) - TEXT_LINES:,} lines more; --json has them all"))


def _facts(found: Card) -> list[Shown]:
    access = {"auto": "gated, given to everybody who asks", "manual": "gated, its owner decides"}.get(
        found.gated or "", ""
    )
    facts = (
        ("name", f"{found.name}, commit {found.commit[:12]}"),
        ("licence", found.licence or "none is named"),
        ("access", ", ".join(part for part in ("private" if found.private else "", access) if part) or "everybody"),
        ("languages", ", ".join(found.languages)),
        ("tasks", ", ".join(found.tasks)),
        ("subsets", ", ".join(found.subsets)),
        ("downloads", f"{found.downloads:,}" if found.downloads is not None else ""),
        ("changed", (found.modified or "")[:10]),
        ("size", f"{_size(found.size)}, of which {_size(found.missing)} to fetch"),
    )
    return [cut_end(f"{name:<11}{text}", WIDTH) for name, text in facts if text]


@click.command()
@click.argument("name")
@REVISION
@click.option("--set", "--subset", "subset", help="Which one, where it has several.")
@click.option("--rows", type=click.IntRange(min=1, max=1000), default=5, show_default=True, help="Of every split.")
@verb
def peek(call: Call, name: str, revision: str | None, subset: str | None, rows: int) -> None:
    """The first rows of Hub data set NAME, read by streaming: nothing is fetched but them."""
    from tui_finetune.data.hub_peek import peek as streamed
    from tui_finetune.data.hub_peek import plain

    commit, splits = streamed(name, revision, subset, rows)
    if call.json:
        told = {split: [plain(row) for row in found] for split, found in splits.items()}
        output.print_json({"name": name, "commit": commit, "splits": told})
        return
    for split, found in splits.items():
        output.print_line(shown(f"{split}, first {len(found)} rows"))
        for row in found:
            text = json.dumps(plain(row), ensure_ascii=False)
            output.print_line(cut_end(f"  {text}", WIDTH))


@click.command()
@click.argument("name")
@REVISION
@verb
def fetch(call: Call, name: str, revision: str | None) -> None:
    """Data set NAME of the Hub into this machine's cache, whole; ctrl+c ends it, and again goes on with what is missing."""
    from tui_finetune.data.hub_card import card as asked
    from tui_finetune.data.hub_files import fetch as fetched

    found = asked(name, revision)
    line = ProgressLine()
    try:
        path = fetched(found, lambda what, done, total: _told(line, what, done, total))
    finally:
        line.close()
    if call.json:
        output.print_json({"name": found.name, "commit": found.commit, "fetched": found.missing, "path": str(path)})
    else:
        came = f"{_size(found.missing)} fetched" if found.missing else "it was here already"
        output.print_line(shown(f"{found.name}, commit {found.commit[:12]}: {came}."))


@click.command()
@click.option(
    "--remove", "names", multiple=True, metavar="NAME", help="Take this data set out of the cache; repeatable."
)
@click.option("--leftovers", is_flag=True, help="Remove what broken-off downloads have left. Not while one goes on.")
@verb
def cache(call: Call, names: tuple[str, ...], leftovers: bool) -> None:
    """Data sets of the Hub on this machine, with what they take of the disk; --remove takes one away."""
    from tui_finetune.data import hub_files

    freed = hub_files.remove(names) if names else 0
    freed += hub_files.remove_leftovers() if leftovers else 0
    sets, (count, size) = hub_files.cached_sets(), hub_files.leftovers()
    if call.json:
        kept = [{"name": s.name, "size": s.size, "commits": s.commits, "used": s.used, "path": s.path} for s in sets]
        output.print_json({"freed": freed, "sets": kept, "leftovers": {"files": count, "size": size}})
        return
    if names or leftovers:
        output.print_line(shown(f"{_size(freed)} are free again."))
    if not sets:
        output.print_line(shown("The cache holds no data set of the Hub."))
    rows = [
        [cut_middle(one.name, 44), shown(_size(one.size)), shown(_used(one.used)), shown(one.commits[0][:12])]
        for one in sets
    ]
    output.print_lines(output.table(["data set", "size", "read", "commit"], rows, right=(1,)) if rows else [])
    if count:
        say(shown(f"{count} broken-off download{'s' if count > 1 else ''}, {_size(size)}: --leftovers removes them."))


def _told(line: ProgressLine, what: str, done: int, total: int) -> None:
    if line.terminal:
        line.update(f"{what} … {_size(done)} of {_size(total)}")
    else:
        line(f"{what}, bytes", done, total)


def _size(value: float) -> str:
    from tui_finetune.live.words import size

    return size(value)


def _used(t: float | None) -> str:
    from tui_finetune.live.words import age

    return age(time.time() - t) if t is not None else ""


VERBS = (card, peek, fetch, cache)
