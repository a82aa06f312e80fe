"""The state of the Train screen: a document, how it was judged, what is shown of it. Pure: no file, no thread, no widget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tui_finetune.errors import Problem
from tui_finetune.live.document import Document
from tui_finetune.live.form import REST, Difference, Form, Judged, Row, differences, placed, rows
from tui_finetune.live.form_hints import facts
from tui_finetune.live.form_lines import Beside
from tui_finetune.live.train_page import Disk


@dataclass
class TrainState:
    """Of one document; another one begins anew."""

    document: Document
    base: Form | None = None
    """The form of the text as it stands where it came from."""
    judged: Judged | None = None
    """The newest answer; of an older text while a newer one is being judged."""
    form: Form | None = None
    """The newest that could be read: stays while the text is no TOML."""
    disk: Disk = field(default_factory=Disk)
    opened: set[str] = field(default_factory=set)
    """Tables of which every field is shown."""
    kept: set[str] = field(default_factory=set)
    """Keys that stay on the form because somebody was there."""
    search: str = ""
    against: tuple[str, Form] | None = None
    """Another recipe that the changes are told against, and what it is called."""
    _checked: tuple[str, tuple[Problem, ...]] = ("", ())
    _splits: tuple[tuple[str, ...], Mapping[str, int]] = ((), {})

    def take(self, judged: Judged) -> None:
        """An answer to a text."""
        self.judged = judged
        self.form = judged.form or self.form

    def checked(self, text: str, problems: Sequence[Problem], splits: Mapping[str, int]) -> None:
        """What a look at data and model has found of a text."""
        self._checked = (text, tuple(problems))
        if splits and self.form is not None:
            self._splits = (self._data(), splits)

    def _data(self) -> tuple[str, ...]:
        """What the counted rows depend on."""
        fields = self.form.fields() if self.form is not None else ()
        return tuple(
            f"{one.key}={one.text}" for one in fields if one.key.startswith(("data.", "preprocess", "run.seed"))
        )

    @property
    def found(self) -> Sequence[Problem]:
        """Problems that the last check of this same text has told, and reading it has not."""
        text, problems = self._checked
        known = {(one.key, one.message) for one in (self.judged.problems if self.judged else ())}
        return [one for one in problems if (one.key, one.message) not in known] if text == self.document.text else ()

    @property
    def problems(self) -> Sequence[Problem]:
        own = self.judged.problems if self.judged is not None else ()
        return sorted((*own, *self.found), key=lambda one: (one.line is None, one.line or 0))

    def rows(self) -> list[Row]:
        """The lines of the form."""
        if self.form is None:
            return []
        return rows(
            self.form,
            placed(self.problems, self.form),
            opened=self.opened,
            kept=self.kept,
            search=self.search.strip(),
        )

    def toggle(self, group: str) -> None:
        """Shows all fields of a table, or of all, or hides those that are as usual again."""
        self.opened ^= {group}

    @property
    def beside(self) -> Beside:
        if self.form is None:
            return Beside({}, {})
        was = {one.key: one.before for one in differences(self.base, self.form)} if self.base is not None else {}
        data, splits = self._splits
        return Beside(was, facts(self.form, splits) if splits and data == self._data() else {})

    @property
    def changes(self) -> Sequence[Difference]:
        other = self.against[1] if self.against is not None else self.base
        return differences(other, self.form) if other is not None and self.form is not None else ()

    def against_words(self) -> str:
        """What the changes are told against."""
        if self.against is not None:
            return f"{self.against[0]} → this recipe"
        origin = self.document.origin
        return f"{'the file' if origin.path is not None else origin.words or origin.title} → as it is here"

    def show(self, key: str) -> str:
        """Makes the row of a key appear; the row's id."""
        self.search = ""
        while key and self.form is not None:
            if self.form.field(key) is not None:
                self.kept.add(key)
                return key
            if any(group.name == key for group in self.form.groups):
                self.opened.add(key)
                return f"[{key}]"
            key = key.rpartition(".")[0]
        return REST

    def key_of_line(self, line: int) -> str:
        """The key that stands on a line of the text, or on the nearest one above it."""
        lines = self.judged.lines if self.judged is not None else {}
        before = [(at, len(key), key) for key, at in lines.items() if at <= line]
        return max(before)[2] if before else ""

    def line_of(self, row: Row) -> int | None:
        """The line on which a row's key or table stands."""
        lines = self.judged.lines if self.judged is not None else {}
        return lines.get(row.field.key if row.field is not None else row.group)
