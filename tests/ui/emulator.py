"""What a terminal shows after it was sent bytes: as much of one as the interface makes use of."""

from __future__ import annotations

import codecs
import re

from tui_finetune.text import cell_width

_TOKENS = re.compile(
    r"\x1b\[([0-9;?<>=]*)[ -/]*([@-~])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[()][A-Z0-9]|\x1b[^\[\]()]|[\r\n]|[^\x1b\r\n]+"
)
_CUT = re.compile(r"\x1b(\[[0-9;?<>=]*[ -/]*|\][^\x07\x1b]*\x1b?|[()])?$")
"""The beginning of an escape sequence whose rest comes with the next piece."""
_INK = re.compile(r"38;(5;\d+|2;\d+;\d+;\d+)|\b(39|[12]|3[0-7]|9[0-7])\b")


class Emulator:
    """Cells with their colours, of a screen of that size."""

    def __init__(self, width: int, height: int) -> None:
        self._pen = self._rest = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.resize(width, height)

    def resize(self, width: int, height: int) -> None:
        """A terminal of that size, on which nothing stands."""
        self.width, self.height = width, height
        self.cells = [[(" ", "")] * width for _ in range(height)]
        self._x = self._y = 0

    def feed(self, sent: bytes | str) -> None:
        """In pieces of any length."""
        text = self._rest + (sent if isinstance(sent, str) else self._decoder.decode(sent))
        cut = _CUT.search(text)
        self._rest = cut[0] if cut is not None else ""
        for token in _TOKENS.finditer(text, 0, len(text) - len(self._rest)):
            self._take(token[0], token[1], token[2])

    def _take(self, text: str, parameters: str, final: str) -> None:
        if final == "H":
            y, _, x = parameters.partition(";")
            self._y, self._x = int(y or 1) - 1, int(x or 1) - 1
        elif final == "m":
            self._colour(parameters)
        elif final == "K":
            self._put([(" ", self._pen)] * (self.width - self._x), move=False)
        elif final in ("h", "l") and parameters == "?1049":
            self.resize(self.width, self.height)
        elif text == "\n":
            self._y += 1
        elif text == "\r":
            self._x = 0
        elif not text.startswith("\x1b"):
            for char in text:
                self._write(char)

    def _colour(self, parameters: str) -> None:
        reset = parameters in ("", "0") or parameters.startswith("0;")
        rest = parameters.removeprefix("0").removeprefix(";") if reset else parameters
        self._pen = rest if reset or not self._pen else f"{self._pen};{rest}"

    def _write(self, char: str) -> None:
        width = cell_width(char)
        if width:
            self._put([(char, self._pen), *[("", self._pen)] * (width - 1)])

    def _put(self, cells: list[tuple[str, str]], *, move: bool = True) -> None:
        if self._y >= self.height:
            return
        line = self.cells[self._y]
        for at, cell in enumerate(cells, self._x):
            if at < self.width:
                self._halve(line, at)
                line[at] = cell
        if move:
            self._x += len(cells)

    def _halve(self, line: list[tuple[str, str]], at: int) -> None:
        """Half of a wide character is none."""
        if line[at][0] == "" and at:
            line[at - 1] = (" ", line[at - 1][1])
        if at + 1 < self.width and line[at + 1][0] == "":
            line[at + 1] = (" ", line[at + 1][1])

    @property
    def seen(self) -> list[list[tuple[str, str]]]:
        """What a person sees: on a blank no colour of ink, and the terminal's own colour by no name."""
        return [[(char, _ink(codes) if char == " " else _own(codes)) for char, codes in line] for line in self.cells]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def lines(self) -> list[str]:
        return ["".join(char for char, _ in line).rstrip() for line in self.cells]


def _ink(codes: str) -> str:
    return _INK.sub("", codes).strip(";")


def _own(codes: str) -> str:
    return "" if codes == "39" else codes
