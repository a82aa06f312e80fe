"""Resume: what differs from when the run worked is named first, and each of it has to be accepted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.message import Message

from tui_finetune.live.offers import ON, Offer, off
from tui_finetune.live.reader import RunRow
from tui_finetune.live.spans import Line, clip, line, muted, span, wrap
from tui_finetune.ui import messages
from tui_finetune.ui.actions import Action, Place
from tui_finetune.ui.widgets.field import Field, FieldRow
from tui_finetune.ui.widgets.sheet import BottomRows, Sheet

if TYPE_CHECKING:
    from tui_finetune.launch.differences import Difference
    from tui_finetune.launch.handoff import Launch
    from tui_finetune.runs.info import RunInfo

CHOICES = ("resume", "leave it as it is")
WIDTH = 78
ACCEPT = "It will not be the same run. Each of these has to be accepted, with space:"


@dataclass
class ResumeCompared(messages.Told):
    """What differs now from when a run's checkpoint was made."""

    run_id: str
    asked: int
    differences: Sequence[Difference]


class _Rows(BottomRows):
    """What is said, then what differs, then the choices; the cursor goes over the latter two."""

    @property
    def owner(self) -> ResumeSheet:
        return cast("ResumeSheet", self.parent)

    def count(self) -> int:
        return len(self.owner.serious) + len(CHOICES)

    def marked(self, index: int) -> bool:
        return index in self.owner.accepted

    def row(self, index: int, width: int) -> Line:
        serious = self.owner.serious
        if index >= len(serious):
            return (span(CHOICES[index - len(serious)]),)
        accepted = index in self.owner.accepted
        return clip(line(span(f"! {serious[index].text}", "text" if accepted else "warn")), width)

    def above(self, width: int) -> Sequence[Line]:
        return self.owner.said(width)


class ResumeSheet(Sheet):
    """Opens at once; what differs is looked up meanwhile."""

    PLACE: ClassVar[Place] = Place(
        "resume",
        "resume",
        (
            Action("list.open", "Choose", "Resume, or leave it; on what differs: accept it."),
            Action("list.mark", "Accept", "Accept what is under the cursor, or take it back.",
                   offer=lambda sheet: sheet.accept_offer()),
            Action("item.edit", "Change first (branch)", "A new run from the checkpoint, with other settings.",
                   offer=lambda sheet: sheet.branch_offer()),
            Action("pane.next", "Set", "Settings that change no result, such as loader workers.", footer=False),
            Action("list.down", "Down", footer=False),
            Action("list.up", "Up", footer=False),
            Action("app.back", "Close", "Close the sheet; nothing is done."),
        ),
    )  # fmt: skip
    FIELD_PLACE: ClassVar[Place] = Place(
        "resume.set",
        "settings",
        (
            Action("list.open", "Take", "Look again with these settings."),
            Action("pane.next", "Back to the list", footer=False),
            Action("app.back", "Back", "Back to the list."),
        ),
    )

    def __init__(self, row: RunRow) -> None:
        super().__init__(f"Resume {row.info.name}")
        self._row = row
        self._asked = 0
        self._comparing = True
        self._failed = ""
        self._at_once = False
        """Chosen before it was known what differs: done when nothing does."""
        self.differences: Sequence[Difference] = ()
        self.accepted: set[int] = set()

    @property
    def serious(self) -> list[Difference]:
        return [one for one in self.differences if one.serious]

    def body(self) -> ComposeResult:
        yield _Rows()
        yield FieldRow(
            "set", Field(id="sets", placeholder="train.dataloader_num_workers=2 and the like: no result changes")
        )

    def on_mount(self) -> None:
        self._compare()

    def lines_wanted(self, width: int) -> int:
        return len(self.said(width)) + 1 + len(self.serious) + len(CHOICES) + 1

    def said(self, width: int) -> list[Line]:
        """What it will do, and what is known of its end."""
        info, status = self._row.info, self._row.status
        ended = status.state if status.state in ("died", "failed") else f"was {status.state}"
        at = f" at step {status.step:,}" if status.step else ""
        way = f"It goes on from its newest whole checkpoint, as attempt {status.attempt + 1}"
        same = "" if self.serious else ": same recipe, same order of rows, same random numbers"
        said = [line(" ", *part) for part in wrap(f"{info.title} {ended}{at}. {way}{same}.", WIDTH)]
        if status.reason:
            said += [line(" ", *part) for part in wrap(f"It ended: {status.reason}", WIDTH)[:2]]
        if self._failed:
            return [*said, *(line(" ", *part) for part in wrap(f"✗ {self._failed}", WIDTH, token="bad")[:3])]
        if self._comparing:
            return [*said, line(" ", muted("Looking at what differs now …"))]
        told = [one for one in self.differences if not one.serious]
        said += [line(" ", span("·", "muted"), f" {one.text}") for one in told]
        return [
            *said,
            line(" ", muted("What differs has to be accepted:" if self.serious else "Nothing differs that counts.")),
        ]

    # What differs

    def _sets(self) -> tuple[str, ...]:
        fields = self.query("#sets").results(Field)
        return tuple(part for field in fields for part in field.value.split())

    def _compare(self) -> None:
        self._asked += 1
        self._comparing, self._failed, self.accepted = True, "", set()
        ui, info, asked, sets = self.page.ui, self._row.info, self._asked, self._sets()
        launch = ui.bridge.started_with()
        ui.bridge.do(f"Resume {info.name}", lambda: _compared(info, launch, asked, sets))
        self._look()

    def on_resume_compared(self, message: ResumeCompared) -> None:
        if message.run_id != self._row.id or message.asked != self._asked:
            return
        self._comparing, self.differences = False, message.differences
        self._table().cursor = 0
        if self._at_once and not self.serious:
            self._resume()
        else:
            self._at_once = False
            self._look()

    def on_work_failed(self, message: messages.WorkFailed) -> None:
        if self._comparing and message.what == f"Resume {self._row.info.name}":
            self._comparing = self._at_once = False
            self._failed = str(message.problems[0]) if message.problems else "it could not be compared"
            self._look()

    def _look(self) -> None:
        self.fit()
        self.page.call_after_refresh(self.page.repaint)

    # Keys

    def _table(self) -> _Rows:
        return self.query_one(_Rows)

    def accept_offer(self) -> Offer:
        return ON if self._table().cursor < len(self.serious) else off("Nothing to accept here.")

    def branch_offer(self) -> Offer:
        return ON if hasattr(self.page, "branch_from") else off("On the run's own screen: enter, then b.")

    def do_list_mark(self) -> None:
        self.accepted ^= {self._table().cursor}
        self._table().do_list_down()

    def do_list_down(self) -> None:
        self._table().do_list_down()

    def do_list_up(self) -> None:
        self._table().do_list_up()

    def do_pane_next(self) -> None:
        field = self.query_one("#sets", Field)
        self.page.set_focus(self._table() if field.has_focus else field)
        self.page.repaint()

    def do_item_edit(self) -> None:
        page = self.page
        self.close()
        page.soon(lambda: page.branch_from(None))  # type: ignore[attr-defined]

    def do_app_back(self) -> None:
        if self.page.in_field:
            self.do_pane_next()
        else:
            self.close()

    def do_list_open(self) -> None:
        if self.page.in_field:
            self.do_pane_next()
            self._compare()
            return
        place = self._table().cursor - len(self.serious)
        if place < 0:
            self.do_list_mark()
        elif place > 0:
            self.close()
        elif self._comparing:
            self._at_once = True
        elif self.accepted >= set(range(len(self.serious))):
            self._resume()
        else:
            self.page.say("Accept what differs first: space on each; e starts a branch instead.", "warn")

    def _resume(self) -> None:
        page, info, sets = self.page, self._row.info, self._sets()
        self.close()
        page.say(f"{info.name}: a worker is starting …")
        page.ui.bridge.resume(info, accept=bool(self.serious), sets=sets)


def _compared(info: RunInfo, launch: Launch, asked: int, sets: Sequence[str]) -> Message:
    """In a thread: reads the data's files."""
    from tui_finetune.launch.resuming import differences

    return ResumeCompared(info.id, asked, differences(info, launch, sets))
