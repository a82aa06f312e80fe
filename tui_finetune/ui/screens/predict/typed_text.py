"""What is typed on the Predict screen: asked when it rests, kept by enter, found again with the arrows."""

from __future__ import annotations

from textual import on
from textual.timer import Timer
from textual.widgets import TextArea

from tui_finetune.live import words
from tui_finetune.live.kept import Kept
from tui_finetune.live.offers import ON, Offer, off
from tui_finetune.ui.screens.predict import messages
from tui_finetune.ui.screens.predict.actions import NO_MODEL, PredictActions
from tui_finetune.ui.screens.predict.textbox import TextBox

QUIET_SECONDS = 0.15
"""After the last key until the model is asked: not every letter is worth an answer."""


class TypedText(PredictActions):
    """A page with a text, or two."""

    def __init__(self) -> None:
        super().__init__()
        self._timer: Timer | None = None
        self._at = 0
        """How far back in the history the field's text is; 0 is the person's own."""
        self._own = ("", "")

    @property
    def kept(self) -> list[Kept]:
        return self.trying.kept

    @property
    def box(self) -> TextBox:
        return self.query_one("#text", TextBox)

    @property
    def pair_box(self) -> TextBox:
        return self.query_one("#pair", TextBox)

    @property
    def text(self) -> str:
        return self.box.text

    @property
    def pair(self) -> str:
        return self.pair_box.text if self.pair_box.display else ""

    @on(TextArea.Changed)
    def _typed(self, event: TextArea.Changed) -> None:
        event.stop()
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(QUIET_SECONDS, self._ask)
        self.repaint()

    def _ask(self) -> None:
        self.trying.ask(self.text, self.pair)
        self.repaint()

    def put(self, text: str, pair: str) -> None:
        """Another text into the field."""
        self.box.put(text)
        self.pair_box.put(pair)

    def use_again(self, kept: Kept) -> None:
        """A kept text is tried once more."""
        self.put(kept.text, kept.pair)
        self.show_tab("one")
        self.box.focus()

    def keep_offer(self) -> Offer:
        if self.side is None:
            return NO_MODEL
        if not self.text.strip() and self.trying.sample is None:
            return off("No text: type one.")
        return ON

    def do_list_open(self) -> None:
        if not self.text.strip():
            sample = self.trying.sample
            assert sample is not None
            self.put(sample.text, sample.pair)
            self.trying.next_sample()
            self._suggest()
            if sample.gold is not None:
                self.say(f"Of {sample.split}, where its label is {sample.gold}.")
        if (kept := self.trying.keep(self.text, self.pair)) is not None:
            self._say_kept(kept)
        self._at = 0
        self.repaint()

    def _say_kept(self, kept: Kept) -> None:
        if self._said is None:
            score = f" {words.score(kept.score)}" if kept.score is not None else ""
            self.say(f"Kept: {kept.brief}{score}. History has {len(self.kept):,}.")

    def do_list_up(self) -> None:
        """In a field: one line up, from the first line to the text that was kept before."""
        box = self.focused if isinstance(self.focused, TextBox) else self.box
        if not box.in_first_line:
            box.action_cursor_up()
        elif self._at < len(self.kept):
            self._own = (self.text, self.pair) if self._at == 0 else self._own
            self._at += 1
            self._put_kept()

    def do_list_down(self) -> None:
        box = self.focused if isinstance(self.focused, TextBox) else self.box
        if not box.in_last_line:
            box.action_cursor_down()
        elif self._at > 0:
            self._at -= 1
            self._put_kept()

    def _put_kept(self) -> None:
        kept = self.kept[-self._at] if self._at else None
        self.put(*((kept.text, kept.pair) if kept is not None else self._own))

    def on_samples_read(self, message: messages.SamplesRead) -> None:
        self.trying.samples_read(message.run_id, message.samples)
        self._suggest()
        self.repaint_frame()

    def _suggest(self) -> None:
        sample = self.trying.sample
        self.box.suggest(sample.text if sample is not None else "")
        self.pair_box.suggest(sample.pair if sample is not None else "")
