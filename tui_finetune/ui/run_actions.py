"""What can be done with a run, the same on the list and on its own screen, and the sheets that ask first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tui_finetune.live import words
from tui_finetune.live.offers import ON, Offer, off
from tui_finetune.live.reader import RunRow
from tui_finetune.live.spans import fact_lines, line, muted, span, wrap
from tui_finetune.ui.page import Page
from tui_finetune.ui.wants import EvaluateWanted, PredictWanted, TrainWanted
from tui_finetune.ui.widgets.sheet import Choice, ChoiceSheet, FieldsSheet, TextSheet, WordSheet

if TYPE_CHECKING:
    from tui_finetune.runs.info import RunInfo
    from tui_finetune.ui.screens.runs.comparing import RunsCompared


class RunActions(Page):
    """A page that has a run: `row` is the one under the cursor, `chosen` the marked ones or this one."""

    @property
    def row(self) -> RunRow | None:
        raise NotImplementedError

    def chosen(self) -> Sequence[RunRow]:
        return [self.row] if self.row is not None else []

    def compare(self, infos: Sequence[RunInfo]) -> None:
        """Reads what differs between these runs; the sheet opens on the page that is shown then."""
        from tui_finetune.ui.screens.runs.comparing import read

        self.ui.bridge.do("Compare", lambda: read(infos))

    def on_runs_compared(self, message: RunsCompared) -> None:
        if self.is_current:
            from tui_finetune.ui.screens.runs.comparing import sheet

            self.open_sheet(sheet(message.comparison, ascii=self.ui.look.ascii))

    def undo_offer(self) -> Offer:
        return ON if self.ui.trashed else off("Nothing was moved to the trash since the start.")

    def do_run_stop(self) -> None:
        row = self.row
        assert row is not None
        at = f" at step {row.status.step:,}" if row.status.step else ""
        info, attempt = row.info, row.status.attempt or 1
        asked = f"Stop {info.title}{at}? Resume goes on from the checkpoint that it writes now."
        self.open_sheet(
            ChoiceSheet(
                f"Stop {info.name}",
                [line(" ", *part) for part in wrap(asked, 78)],
                [
                    Choice("save a checkpoint and stop", lambda: self.ui.bridge.send(info, "stop", attempt)),
                    Choice("let it run"),
                ],
            )
        )

    def do_run_abort(self) -> None:
        row = self.row
        assert row is not None
        info, attempt = row.info, row.status.attempt or 1
        self.open_sheet(
            WordSheet(
                f"Abort {info.name}",
                [*(line(" ", *part) for part in wrap(self.abort_words(row), 78))],
                "abort",
                lambda: self.ui.bridge.send(info, "abort", attempt),
            )
        )

    def abort_words(self, row: RunRow) -> str:
        """What is lost."""
        step = f" at step {row.status.step:,}" if row.status.step else ""
        return f"Abort {row.info.title}{step} now: what was done since its last checkpoint is lost. Stop saves it."

    def do_run_resume(self) -> None:
        from tui_finetune.ui.resume_sheet import ResumeSheet

        row = self.row
        assert row is not None
        self.open_sheet(ResumeSheet(row))

    def do_item_try(self) -> None:
        row = self.row
        assert row is not None
        self.ui.show_screen("predict", PredictWanted(model=row.id))

    def do_run_evaluate(self) -> None:
        row = self.row
        assert row is not None
        self.ui.show_screen("evaluate", EvaluateWanted(row.id))

    def do_item_delete(self) -> None:
        rows = list(self.chosen())
        names = rows[0].info.title if len(rows) == 1 else f"{len(rows)} runs"
        said = [line(" ", span(one.info.name), " ", muted(one.info.short), f"  {one.status.words}") for one in rows[:6]]
        said += [line(muted(f" and {len(rows) - 6} more"))] if len(rows) > 6 else []
        self.open_sheet(
            ChoiceSheet(
                f"Delete {names}",
                [line(" Into the trash, from where it can be brought back:"), *said],
                [Choice("keep"), Choice("move to trash", lambda: self.ui.bridge.trash([one.info for one in rows]))],
            )
        )

    def do_item_undo(self) -> None:
        moved, self.ui.trashed = self.ui.trashed[-1], self.ui.trashed[:-1]
        self.ui.bridge.restore(moved)

    def do_item_edit(self) -> None:
        row = self.row
        assert row is not None
        self.ui.show_screen("train", TrainWanted(run_id=row.id))

    def do_item_new(self) -> None:
        row = self.row
        self.ui.show_screen("train", TrainWanted(choose=True, run_id=row.id if row is not None else None))

    def do_run_note(self) -> None:
        row = self.row
        assert row is not None
        info = row.info

        def take(values: Sequence[str]) -> str | None:
            name, tags, note = (value.strip() for value in values)
            if not name:
                return "Name: it cannot be empty."
            self.ui.bridge.label(info, name, list(dict.fromkeys(tags.split())), note)
            return None

        self.open_sheet(
            FieldsSheet(
                f"Name, tags and note of {info.title}",
                [("name", info.name), ("tags", " ".join(info.tags)), ("note", info.note)],
                take,
                hint="tags are words; enter saves all three, tab goes to the next field",
            )
        )

    def do_item_details(self) -> None:
        row = self.row
        if row is None:
            self.say("Details: no run here.", "warn")
            return
        facts = details(row)
        self.open_sheet(TextSheet(f"Details of {row.info.title}", lambda width: fact_lines(facts, width)))

    def do_item_copy(self) -> None:
        row = self.row
        if row is None:
            self.say("Copy: no run here.", "warn")
        else:
            self.ui.copy_text(row.info.id)


def details(row: RunRow) -> list[tuple[str, str]]:
    """Everything that is known of a run, as plain lines."""
    found = row.info.as_json(row.status)
    status = row.status
    found |= {"words": status.words, "attempt": status.attempt, "advice": status.advice, "exit code": status.exit_code}
    lines = []
    for name, value in found.items():
        if value in (None, "", [], {}):
            continue
        if isinstance(value, dict):
            text = ", ".join(f"{k} {words.score(v) if isinstance(v, float) else v}" for k, v in value.items())
        elif isinstance(value, list):
            text = " ".join(str(one) for one in value)
        else:
            text = str(value)
        lines.append((name, text))
    return lines + [("log", line_) for line_ in status.log_tail]
