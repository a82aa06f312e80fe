"""On which line each key of a TOML text stands. tomli keeps no places, and tomlkit none that reach nested keys."""

from __future__ import annotations

import re
from collections.abc import Mapping

import tomli

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_INLINE_BLANK = re.compile(r"[ \t]*")
_BARE_KEY = re.compile(r"[^\s=.\]\"'#]+")
_SCALAR = re.compile(r"[^,\]}\n#]*")
_BASIC = re.compile(r'"(?:[^"\\\n]|\\.)*"')
_LITERAL = re.compile(r"'[^'\n]*'")
_LONG_BASIC = re.compile(r'"""(?:[^\\]|\\.)*?"""(?:"{0,2})', re.DOTALL)
_LONG_LITERAL = re.compile(r"'''.*?'''(?:'{0,2})", re.DOTALL)

Path = tuple[str, ...]


def key_lines(text: str) -> dict[str, int]:
    """Dotted key to line, counted from 1, for every key, table and list item: `data.path`, `preprocess.0.use`.

    `text` is TOML that has been read without an error; for other text the keys before the oddity are found.
    """
    scanner = _Scanner(text.replace("\r\n", "\n"))
    try:
        scanner.document()
    except (_Lost, tomli.TOMLDecodeError):
        return scanner.lines
    return scanner.lines


def line_of(lines: Mapping[str, int], key: str | None) -> int | None:
    """The line of `key`, or of the nearest table around it that is written down."""
    while key:
        if key in lines:
            return lines[key]
        key = key.rpartition(".")[0]
    return None


class _Lost(Exception):
    """The text is not what a TOML reader would have passed."""


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[str, int] = {}
        self._line, self._counted = 1, 0
        self._items: dict[Path, int] = {}
        """Arrays of tables to the index of their newest item."""

    def document(self) -> None:
        table: Path = ()
        while self._skip(_BLANK) < len(self.text):
            if self.text.startswith("[[", self.at):
                table = self._header("]]", array=True)
            elif self.text.startswith("[", self.at):
                table = self._header("]", array=False)
            else:
                self._pair(table)

    def _header(self, closing: str, *, array: bool) -> Path:
        line = self._here()
        self.at += len(closing)
        parts = self._key()
        self._take(closing)
        path: Path = ()
        for index, part in enumerate(parts):
            path = (*path, part)
            self.lines.setdefault(".".join(path), line)
            if array and index == len(parts) - 1:
                self._items[path] = self._items.get(path, -1) + 1
            if path in self._items:
                path = (*path, str(self._items[path]))
                self.lines.setdefault(".".join(path), line)
        return path

    def _pair(self, table: Path) -> None:
        line = self._here()
        path = table
        for part in self._key():
            path = (*path, part)
            self.lines.setdefault(".".join(path), line)
        self._take("=")
        self._value(path)

    def _key(self) -> list[str]:
        """The parts of a dotted key, unquoted."""
        parts = []
        while True:
            self._skip(_INLINE_BLANK)
            parts.append(self._key_part())
            self._skip(_INLINE_BLANK)
            if not self.text.startswith(".", self.at):
                return parts
            self.at += 1

    def _key_part(self) -> str:
        for quoted in (_BASIC, _LITERAL):
            if match := quoted.match(self.text, self.at):
                self.at = match.end()
                return next(iter(tomli.loads(f"{match.group()} = 0")))
        match = _BARE_KEY.match(self.text, self.at)
        if match is None:
            raise _Lost
        self.at = match.end()
        return match.group()

    def _value(self, path: Path) -> None:
        self._skip(_INLINE_BLANK)
        for quoted in (_LONG_BASIC, _LONG_LITERAL, _BASIC, _LITERAL):
            if match := quoted.match(self.text, self.at):
                self.at = match.end()
                return
        if self.text.startswith("[", self.at):
            self._list(path)
        elif self.text.startswith("{", self.at):
            self._inline_table(path)
        else:
            self._skip(_SCALAR)

    def _list(self, path: Path) -> None:
        self.at += 1
        index = 0
        while self._skip(_BLANK) < len(self.text) and self.text[self.at] != "]":
            self.lines.setdefault(".".join((*path, str(index))), self._here())
            self._value((*path, str(index)))
            index += 1
            self._comma()
        self._take("]")

    def _inline_table(self, path: Path) -> None:
        self.at += 1
        while self._skip(_BLANK) < len(self.text) and self.text[self.at] != "}":
            self._pair(path)
            self._comma()
        self._take("}")

    def _comma(self) -> None:
        self._skip(_BLANK)
        if self.text.startswith(",", self.at):
            self.at += 1
        elif self.text[self.at : self.at + 1] not in ("]", "}"):
            raise _Lost

    def _take(self, expected: str) -> None:
        self._skip(_INLINE_BLANK)
        if not self.text.startswith(expected, self.at):
            raise _Lost
        self.at += len(expected)

    def _skip(self, pattern: re.Pattern[str]) -> int:
        match = pattern.match(self.text, self.at)
        if match is not None:
            self.at = match.end()
        return self.at

    def _here(self) -> int:
        """The line of the present place; places are asked for in order."""
        self._line += self.text.count("\n", self._counted, self.at)
        self._counted = self.at
        return self._line
