"""What the Train screen does with files: write, read again, the editor; and what it says of each."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from textual.app import SuspendNotSupported

from tui_finetune.live.document import Document
from tui_finetune.live.offers import ON, Offer, off
from tui_finetune.live.spans import line
from tui_finetune.live.train_page import Disk
from tui_finetune.live.train_state import TrainState
from tui_finetune.ui.page import Page
from tui_finetune.ui.screens.train import messages
from tui_finetune.ui.screens.train.work import Workshop
from tui_finetune.ui.widgets.sheet import Choice, ChoiceSheet, FieldsSheet

EDITORS = ("nano", "vim", "vi")
"""Tried in this order where neither VISUAL nor EDITOR names one."""


class FileActions(Page):
    """A page with a document that has, or gets, a file."""

    state: TrainState | None
    workshop: Workshop
    folder: Path

    def changed(self, text: str) -> None:
        """The recipe has another text."""
        raise NotImplementedError

    def document_offer(self) -> Offer:
        return ON if self.state is not None else off("Choose what to start from first.")

    def write_offer(self) -> Offer:
        state = self.state
        if state is None:
            return self.document_offer()
        as_it_is = state.document.origin.path is not None and not state.document.changed
        return off("The file has it as it is.") if as_it_is and state.disk == Disk() else ON

    def reload_offer(self) -> Offer:
        state = self.state
        if state is None:
            return self.document_offer()
        return ON if state.document.origin.path is not None else off("It has no file yet.")

    def do_item_write(self) -> None:
        assert self.state is not None
        document = self.state.document
        if document.origin.path is not None:
            self.workshop.write(document, document.origin.path, over=False)
            return

        def take(values: Sequence[str]) -> str | None:
            text = values[0].strip()
            if not text:
                return "Write: a file name is needed."
            path = self.folder / Path(text).expanduser()
            path = path if path.suffix else path.with_suffix(".toml")
            if not path.parent.is_dir():
                return f"Write: no folder {path.parent}."
            self.workshop.write(document, path, over=False)
            return None

        self.open_sheet(
            FieldsSheet(
                "Write the recipe",
                [("file", f"{document.origin.stem}.toml")],
                take,
                hint=f"relative to {self.folder}; paths in the recipe still lead to the same places",
            )
        )

    def on_recipe_clashed(self, message: messages.RecipeClashed) -> None:
        state = self.state
        if state is None:
            return
        document, path = state.document, message.path
        who = (
            "was changed by somebody else since it was read" if message.known else "is there already, with another text"
        )
        self.open_sheet(
            ChoiceSheet(
                f"Write {path.name}",
                [line(f" {path}"), line(f" {who}.")],
                [
                    Choice("keep what is on disk"),
                    Choice("write over it", lambda: self.workshop.write(document, path, over=True)),
                ],
            )
        )

    def on_recipe_written(self, message: messages.RecipeWritten) -> None:
        state = self.state
        if state is None:
            return
        state.document.written(message.path, message.sent, message.text)
        state.base, state.disk = message.base, Disk()
        self.remember_recipe(message.path)
        self.changed(state.document.text)
        self.say(f"Written: {message.path}")

    def remember_recipe(self, path: Path) -> None:
        """The next list of beginnings has it."""
        self.ui.memory = self.ui.memory.with_recipe(str(path))

    def do_view_reload(self) -> None:
        assert self.state is not None
        path = self.state.document.origin.path
        assert path is not None
        self.workshop.reread(path)

    def on_file_reread(self, message: messages.FileReread) -> None:
        state = self.state
        if state is None or state.document.origin.path != message.path:
            return
        edited = state.document.changed
        state.document.reread(message.text)
        state.base, state.disk = message.base, Disk()
        self.changed(state.document.text)
        undo = self.ui.keymap.shown("item.undo")
        self.say(f"Read again.{f' {undo} brings your edits back.' if edited else ''}")

    def on_file_looked(self, message: messages.FileLooked) -> None:
        state = self.state
        if state is not None and state.document.origin.path == message.path:
            state.disk = Disk(message.changed, message.gone)
            self.repaint_frame()

    # The editor

    def do_train_editor(self) -> None:
        assert self.state is not None
        command = editor()
        if command is None:
            self.say("Editor: none found; set EDITOR to yours.", "warn")
            return
        document = self.state.document
        try:
            with self.app.suspend():
                text, problem = edited_outside(document, command)
        except SuspendNotSupported:
            self.say("Editor: this terminal cannot be handed over.", "warn")
            return
        self.app.refresh(layout=True)
        if problem:
            self.say(f"Editor: {problem}", "warn")
        elif text == document.text:
            self.say("Nothing was changed in the editor.")
        else:
            self.changed(text)
            self.say("Read back from the editor; it is in no file until it is written.")


def editor() -> list[str] | None:
    """The person's editor as a command."""
    for name in ("VISUAL", "EDITOR"):
        if (found := os.environ.get(name, "").strip()) and (parts := shlex.split(found)):
            return parts
    return next(([path] for name in EDITORS if (path := shutil.which(name)) is not None), None)


def edited_outside(document: Document, command: Sequence[str]) -> tuple[str, str]:
    """The text as the editor left it, and what went wrong. It works on a copy: the file itself is written by `w` alone."""
    with tempfile.TemporaryDirectory(prefix="tui-finetune-") as folder:
        copy = Path(folder) / f"{document.origin.stem}.toml"
        copy.write_bytes(document.text.encode("utf-8", "surrogateescape"))
        try:
            code = subprocess.run([*command, str(copy)]).returncode
        except OSError as error:
            return document.text, f"{command[0]} cannot be started: {error.strerror}."
        try:
            text = copy.read_bytes().decode("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            return document.text, f"what it left cannot be read: {error}"
        if code and text == document.text:
            return text, f"{command[0]} ended with {code}."
        return text, ""
