"""`doctor`: what is installed here, what will not work, and how to mend it. It changes nothing and ends with code 0."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from tui_finetune.cli import output
from tui_finetune.cli.diagnostics import ProgressLine
from tui_finetune.cli.options import Call, verb
from tui_finetune.text import Shown, pad, shown

if TYPE_CHECKING:
    from tui_finetune.launch.doctor import Finding

MARKS = {"ok": "✓", "warning": "!", "problem": "✗"}
NAME_WIDTH = 15
WIDEST = 120


@click.command()
@click.option("--no-torch", is_flag=True, help="Do not ask torch what it sees, which takes some seconds.")
@click.option(
    "--online", is_flag=True, help="Try whether the Hub can be reached; without it nothing leaves the machine."
)
@verb
def command(call: Call, no_torch: bool, online: bool) -> None:
    """What is installed here, what will not work, and how to mend it."""
    from tui_finetune.launch.doctor import diagnose

    progress = ProgressLine()
    found: list[Finding] = []
    for finding in diagnose(call.home, call.catalog, torch=not no_torch, online=online):
        found.append(finding)
        if not call.json:
            output.print_lines(lines(finding, min(shutil.get_terminal_size((100, 24)).columns, WIDEST)))
        if finding.name == "hub" and not no_torch:
            progress.update("asking torch what it sees …")
    progress.close()
    if call.json:
        output.print_json({"ok": all(f.level != "problem" for f in found), "findings": [f.as_json() for f in found]})
    else:
        output.print_line()
        output.print_line(summary(found))


def lines(finding: Finding, width: int) -> list[Shown]:
    """`✓ python  3.11.7, …`, folded under itself, and below it what mends it."""
    head = f"{MARKS[finding.level]} {pad(shown(finding.name), NAME_WIDTH)}"
    indent = " " * len(head)
    texts = [finding.text] if finding.fix is None else [finding.text, f"→ {finding.fix}"]
    folded = [line for text in texts for line in textwrap.wrap(shown(text), max(width - len(indent), 20))]
    return [Shown((head if index == 0 else indent) + line) for index, line in enumerate(folded)]


def summary(found: Sequence[Finding]) -> Shown:
    """`No problem, 2 warnings.`"""
    problems = sum(f.level == "problem" for f in found)
    warnings = sum(f.level == "warning" for f in found)

    def counted(count: int, word: str) -> str:
        return f"{count or 'no'} {word}{'' if count == 1 else 's'}"

    words = f"{counted(problems, 'problem')}, {counted(warnings, 'warning')}."
    return Shown(words[0].upper() + words[1:])
