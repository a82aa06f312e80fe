"""What the bridge tells the program: said on the message line, kept where it is a state, passed on to the screens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from textual import on
from textual.app import App
from textual.message import Message

from tui_finetune.live.bell import rings
from tui_finetune.live.news import news
from tui_finetune.live.reader import Listing
from tui_finetune.live.runs_page import MachineFigures, steady
from tui_finetune.live.spans import line, span
from tui_finetune.runs.info import RunInfo
from tui_finetune.ui import messages
from tui_finetune.ui.actions import Keymap
from tui_finetune.ui.bridge import Bridge
from tui_finetune.ui.page import Page
from tui_finetune.ui.ringing import ring
from tui_finetune.ui.settings import Settings
from tui_finetune.ui.theme import Look, look_of


class Hearing(App[str], inherit_bindings=False):
    """The part of the app that hears what has happened."""

    bridge: Bridge
    settings: Settings
    keymap: Keymap
    look: Look
    current_run: str | None

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.listing = Listing()
        self.machine: MachineFigures | None = None
        self.failed_plugins = 0
        self.trashed: list[Sequence[RunInfo]] = []
        """What went to the trash since the start, the last one last."""

    @property
    def page(self) -> Page:
        """The one that is shown."""
        raise NotImplementedError

    def pages(self) -> list[Page]:
        """Those that have been shown."""
        raise NotImplementedError

    def say_there(self, text: str) -> None:
        """Says it here and on the screen that appears now."""
        raise NotImplementedError

    @on(messages.Told)
    def _tell(self, message: messages.Told) -> None:
        self._forward(message)

    def _forward(self, message: Message) -> None:
        """To every screen that has been shown and wants to know."""
        for page in self.pages():
            for target in (page, page.sheet):
                handler = getattr(target, message.handler_name, None)
                if handler is not None:
                    handler(message)

    on_log_advanced = on_run_details_read = on_run_gone = on_launch_advanced = on_machine_looked_at = _forward
    on_run_advanced = on_history_read = on_history_reading = _forward

    def on_runs_read(self, message: messages.RunsRead) -> None:
        self._ring(rings(self.listing, message.listing))
        told = news(self.listing, message.listing, looked_at=self.current_run if self.current_mode == "run" else None)
        self.listing = message.listing
        self._forward(message)
        for text, token in told:
            self.page.say(text, token)
        self.page.repaint_frame()

    def _ring(self, texts: Sequence[str]) -> None:
        """Several at once ring once."""
        if texts and self._driver is not None:
            ring(
                self._driver,
                self.settings.notify,
                texts[-1] if len(texts) == 1 else f"{texts[-1]}; {len(texts) - 1} more",
            )

    def on_machine_sampled(self, message: messages.MachineSampled) -> None:
        self.machine = steady(self.machine, message.figures)
        self._forward(message)

    def on_plugins_read(self, message: messages.PluginsRead) -> None:
        self.failed_plugins = sum(1 for info in message.plugins if info.health == "failed")
        self._forward(message)
        self.page.repaint_frame()

    def on_request_sent(self, message: messages.RequestSent) -> None:
        self.page.say(f"{message.action} sent to {message.run.name}")

    def on_request_answered(self, message: messages.RequestAnswered) -> None:
        token = "warn" if message.answer == "refused" else "text"
        self.page.say(f"{message.run.name}: {message.action} {message.answer or 'sent'}: {message.words}", token)

    def on_settings_saved(self, message: messages.SettingsSaved) -> None:
        """What was set counts at once; an option of the command line counted for the start alone."""
        settings = self.settings = message.settings
        self.keymap = settings.keymap
        if message.name in ("theme", "ascii"):
            self.look = look_of(settings.theme, settings.ascii)
        self.bridge.pace.seconds = settings.refresh_seconds
        self.page.repaint()
        for page in self.pages():
            for widget in page.query("*"):
                widget.refresh()

    def on_label_saved(self, message: messages.LabelSaved) -> None:
        self.page.say(line(span(f"Saved: {message.run.name} {' '.join(message.run.tags)}".rstrip())))

    def on_runs_trashed(self, message: messages.RunsTrashed) -> None:
        self.trashed.append(message.runs)
        self._forward(message)
        what = message.runs[0].name if len(message.runs) == 1 else f"{len(message.runs)} runs"
        self.say_there(f"{what} moved to the trash; {self.keymap.shown('item.undo')} brings back.")

    def on_runs_restored(self, message: messages.RunsRestored) -> None:
        self._forward(message)
        self.page.say(f"Back: {', '.join(run.name for run in message.runs)}")

    def on_run_started(self, message: messages.RunStarted) -> None:
        self.bridge.look_now()
        self._forward(message)
        if message.attempt > 1:
            self.page.say(f"{message.run.name}: attempt {message.attempt} has begun.")

    def on_text_copied(self, message: messages.TextCopied) -> None:
        self.page.say(f"Copied {message.characters:,} characters; also in {message.path}")

    def on_work_failed(self, message: messages.WorkFailed) -> None:
        """Every failure is shown: one line at once, all of it in a sheet where there is more."""
        self._forward(message)
        first = str(message.problems[0]) if message.problems else "failed"
        log = f" Traceback in {message.log}." if message.log else ""
        self.page.say(f"{message.what}: {first}{log}", "bad")
        if len(message.problems) > 1 and self.page.is_current:
            self.page.show_problems(message.what, message.problems)
