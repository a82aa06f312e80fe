"""stderr is talk: progress, notes, problems. And the one place where errors become exit codes."""

from __future__ import annotations

import codecs
import io
import os
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

import click

from tui_finetune.cli import output
from tui_finetune.cli.groups import wants_json
from tui_finetune.errors import ExitCode, UserError, log_traceback
from tui_finetune.paths import Home
from tui_finetune.text import Shown, cut_end, shown


def say(text: Shown) -> None:
    """A line of talk."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


PATIENCE = 1.0
"""Seconds that a piece of work may take before a pipe or a log file hears of its progress."""


class ProgressLine:
    """A line on stderr that is rewritten in place on a terminal; of what takes longer a line a tenth in a pipe."""

    def __init__(self) -> None:
        # A dumb terminal cannot rewrite a line: it gets what a pipe gets.
        self.terminal = sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self._last = ""
        self._open = False
        self._tenth: tuple[str, int] | None = None
        self._since = time.monotonic()

    def __call__(self, what: str, done: int, total: int | None) -> None:
        """A `Progress`: `what` in words, `done` of `total`."""
        count = f"{done:,}" if total is None else f"{done:,} of {total:,}"
        if self.terminal:
            self.update(f"{what} … {count}")
            return
        tenth = (what, 0 if not total else 10 * done // total)
        if tenth != self._tenth and time.monotonic() - self._since >= PATIENCE:
            self._tenth = tenth
            say(shown(f"{what} … {count}"))

    def update(self, text: str) -> None:
        """Shows `text` in place; on a pipe as a line of its own when it changed."""
        line = shown(text)
        if line == self._last:
            return
        self._last = line
        if not self.terminal:
            say(line)
            return
        sys.stderr.write("\r\x1b[K" + cut_end(line, shutil.get_terminal_size().columns - 1))
        sys.stderr.flush()
        self._open = True

    def clear(self) -> None:
        """Takes the line away: what it told is over and the answer comes."""
        if self._open:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._open = False
            self._last = ""

    def close(self) -> None:
        if self._open:
            sys.stderr.write("\n")
            sys.stderr.flush()
            self._open = False


def report(error: UserError) -> None:
    """Prints all problems, one a line; a call with --json has them as its document too, unless it printed one already."""
    for problem in error.problems:
        say(shown(problem, multiline=True))
    _report_json([problem.as_json() for problem in error.problems], error.exit_code)


def _report_json(problems: Sequence[Mapping[str, object]], code: ExitCode) -> None:
    if wants_json() and not output.printed():
        output.print_json({"problems": problems, "exit_code": code})


class ReaderGone(Exception):
    """Nobody reads stdout any more. No OSError: click would end a BrokenPipeError with code 1."""


@dataclass
class Heard:
    """What the net around all verbs has to know of the call that it caught."""

    home: Home | None = None
    """The call's home, once its options have been read."""

    def keep_traceback(self, error: BaseException) -> str | None:
        """Writes it to the log of the call's home; the log's path, or None where it cannot be written."""
        return log_traceback(error, (self.home or Home.find()).log)


def _never_fail_to_print() -> None:
    """On a terminal that is not UTF-8 our signs become ASCII, and other characters are told by their numbers."""
    codecs.register_error(_IN_WORDS, _in_words)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_IN_WORDS)


_IN_WORDS = "tui_finetune"


def _in_words(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    from tui_finetune.live.marks import GLYPHS

    char = error.object[error.start]
    written = "..." if char == "…" else GLYPHS.get(char) or char.encode("ascii", "backslashreplace").decode()
    return written, error.start + 1


def run(cli: click.Command) -> NoReturn:
    """Runs the command line; every way of ending becomes an exit code, and no person's mistake a traceback."""
    heard = Heard()
    output.begin()
    _never_fail_to_print()
    try:
        code = cli.main(standalone_mode=False, obj=heard)
        sys.stdout.flush()
        sys.exit(code if isinstance(code, int) else ExitCode.OK)
    except UserError as error:
        report(error)
        if error.__cause__ is not None:
            heard.keep_traceback(error)
        sys.exit(error.exit_code)
    except click.exceptions.Abort:
        say(Shown("Interrupted."))
        sys.exit(ExitCode.INTERRUPTED)
    except KeyboardInterrupt:
        say(Shown("Interrupted."))
        sys.exit(ExitCode.INTERRUPTED)
    except click.ClickException as error:
        told = io.StringIO()
        error.show(file=told)
        say(shown(told.getvalue().rstrip("\n"), multiline=True))
        _report_json([{"message": error.format_message()}], ExitCode.USAGE)
        sys.exit(ExitCode.USAGE)
    except (BrokenPipeError, ReaderGone):
        # The reader of stdout went away (`| head`): nothing is wrong, and what Python flushes at exit must go nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(ExitCode.OK)
    except Exception as error:  # noqa: BLE001 - the outermost net: a defect of ours, told in one line, traceback kept
        log = heard.keep_traceback(error)
        where = f" Traceback in {log}." if log else " Its traceback is kept nowhere: the home cannot be written."
        say(shown(f"Defect in tui-finetune: {type(error).__name__}: {error}.{where}"))
        sys.exit(ExitCode.RUN_FAILED)
