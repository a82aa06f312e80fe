"""One quick pass over the bytes of a text file: what has to be known before it is read piece by piece."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

from tui_finetune.data.convert.parts import Otherwise

BLOCK = 1 << 22


@dataclass
class Bytes:
    """What a file is made of."""

    size: int = 0
    line_feeds: int = 0
    returns: int = 0
    crlf: int = 0
    quotes: bool = False
    odd_quotes: bool = False
    """True where blanks stand between a quote and a delimiter, which readers take differently."""
    ends_with_line: bool = False
    bom: bool = False

    @property
    def lines(self) -> int:
        return self.line_feeds + (0 if self.ends_with_line else 1)


def bytes_of(path: Path, delimiter: str = "") -> Bytes:
    """Raises Otherwise where it is not UTF-8, has a NUL in it, or line ends of several kinds.

    delimiter: quotes are looked for where there is one.
    """
    found = Bytes()
    odd = _odd(delimiter) if delimiter else None
    decoder = codecs.getincrementaldecoder("utf-8")()
    last = b""
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            if not found.size:
                found.bom = block.startswith(codecs.BOM_UTF8)
            if 0 in block:
                raise Otherwise
            try:
                decoder.decode(block)
            except UnicodeDecodeError as error:
                raise Otherwise from error
            joined = last + block
            found.line_feeds += block.count(b"\n")
            found.returns += block.count(b"\r")
            found.crlf += joined.count(b"\r\n")
            if odd is not None and b'"' in block:
                found.quotes = True
                found.odd_quotes = found.odd_quotes or odd.search(joined) is not None
            found.size += len(block)
            last = block[-1:]
    found.ends_with_line = last == b"\n"
    if found.returns != found.crlf or (found.crlf and found.crlf != found.line_feeds):
        raise Otherwise
    return found


def _odd(delimiter: str) -> re.Pattern[bytes]:
    sign = re.escape(delimiter.encode())
    return re.compile(rb'[\n%s] +"(?!")|(?<!")" +[\r\n%s]' % (sign, sign))
