"""Text files before they are read: hash, encoding, line ends, and what is no text at all."""

from __future__ import annotations

import codecs
import hashlib
import io
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from tui_finetune.data.packed import Packed, on_disk
from tui_finetune.data.problems import PLACES_TOLD, listed, problem, refused
from tui_finetune.errors import DataError, Problem
from tui_finetune.plugin_api import InputFile

BLOCK = 1 << 20
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_MAGIC = (
    (b"\x1f\x8b", "is compressed with gzip", "Unpack it first: gunzip FILE."),
    (b"PK\x03\x04", "is a ZIP archive, as Excel's .xlsx is too", "Unpack it, or save the sheet as CSV in UTF-8."),
    (b"\xd0\xcf\x11\xe0", "is an old Office file", "Save it as CSV in UTF-8."),
    (b"BZh", "is compressed with bzip2", "Unpack it first: bunzip2 FILE."),
    (b"\xfd7zXZ", "is compressed with xz", "Unpack it first: unxz FILE."),
    (b"%PDF", "is a PDF", "Texts are read from CSV, JSON, Parquet, CoNLL or plain text."),
    (b"PAR1", "is a Parquet file", 'source = "parquet" reads it.'),
)
_WIDE = ("gb18030", "shift_jis", "euc_kr", "big5")
_ENCODING_HINT = 'Save it as UTF-8, or name its encoding: [data] options = { encoding = "cp1252" }.'


@dataclass(frozen=True)
class TextFile:
    """A file that decodes as text."""

    path: Path
    encoding: str
    size: int
    sha256: str
    newline: str
    """The line end that it uses: `\\n`, `\\r\\n` or `\\r`."""
    notes: tuple[str, ...] = ()

    @property
    def input(self) -> InputFile:
        return sha256_of(self.path) if isinstance(self.path, Packed) else InputFile(self.path, self.size, self.sha256)

    def open(self, newline: str | None = "") -> TextIO:
        """For reading; `newline` as in `open`: by default line ends are kept."""
        return self.path.open(encoding=self.encoding, newline=newline)

    def lines(self) -> TextIO:
        """Lines that end where the file's own line end is, and nowhere else."""
        return self.open(newline="\n" if self.newline != "\r" else None)


@dataclass
class _Scan:
    """One pass over the bytes."""

    size: int = 0
    sha256: str = ""
    nul_at: int | None = None
    line_feeds: int = 0
    returns: int = 0
    crlf: int = 0
    utf8: bool = True


def look_at(path: Path, encoding: str | None = None) -> TextFile:
    """Size, hash and encoding of a text file. Raises DataError where it is absent, empty or no text."""
    head = first_bytes(path)
    refuse_binary(path, head)
    scan = _scan(path)
    if scan.size == 0 or not head.strip():
        raise refused("is empty.", path)
    bom = next((name for mark, name in _BOMS if head.startswith(mark)), None)
    notes: list[str] = []
    if encoding is not None:
        found = _checked(path, encoding)
    elif bom == "utf-16":
        found = _checked(path, "utf-16")
        notes.append(f"{path.name} is UTF-16, by its first bytes.")
    elif scan.nul_at is not None:
        found = _with_nul(path, head, scan.nul_at, notes)
    elif scan.utf8:
        found = bom or "utf-8"
    else:
        found = _guessed(path)
        notes.append(f"{path.name} is not UTF-8; read as {found}. data.options.encoding names another.")
    newline = "\r\n" if scan.crlf * 2 > scan.line_feeds > 0 else "\r" if scan.returns and not scan.line_feeds else "\n"
    return TextFile(path, found, scan.size, scan.sha256, newline, tuple(notes))


def first_bytes(path: Path, count: int = 4096) -> bytes:
    """The file's beginning. Raises DataError where it cannot be read."""
    try:
        if not stat.S_ISREG(mode := path.stat().st_mode) and not stat.S_ISDIR(mode):
            raise refused("is a pipe, socket or device; a file is expected.", str(path))
        with path.open("rb") as file:
            return file.read(count)
    except FileNotFoundError as error:
        raise refused("no such file.", str(path)) from error
    except IsADirectoryError as error:
        raise refused("is a folder; a file is expected.", str(path)) from error
    except OSError as error:
        raise refused(f"cannot be read: {error.strerror}.", str(path)) from error


def refuse_binary(path: Path, head: bytes) -> None:
    """Raises DataError for files that are something else by their first bytes."""
    for magic, what, hint in _MAGIC:
        if head.startswith(magic):
            raise refused(f"{what}.", path, hint=hint.replace("FILE", path.name))


def sha256_of(path: Path) -> InputFile:
    """Size and hash of any file; of one within another those of the file on disk, which is what can change."""
    path = on_disk(path)
    scan = hashlib.sha256()
    size = 0
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            scan.update(block)
            size += len(block)
    return InputFile(path, size, scan.hexdigest())


def _scan(path: Path) -> _Scan:
    found, digest = _Scan(), hashlib.sha256()
    decoder = codecs.getincrementaldecoder("utf-8")()
    ends_with_return = False
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
            if found.nul_at is None and (at := block.find(0)) >= 0:
                found.nul_at = found.size + at
            found.line_feeds += block.count(b"\n")
            found.returns += block.count(b"\r")
            found.crlf += block.count(b"\r\n") + (ends_with_return and block.startswith(b"\n"))
            ends_with_return = block.endswith(b"\r")
            found.size += len(block)
            found.utf8 = found.utf8 and _decodes(decoder, block)
    found.utf8 = found.utf8 and _decodes(decoder, b"", final=True)
    found.sha256 = digest.hexdigest()
    return found


def _decodes(decoder: codecs.IncrementalDecoder, block: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(block, final)
    except UnicodeDecodeError:
        return False
    return True


def _with_nul(path: Path, head: bytes, at: int, notes: list[str]) -> str:
    """UTF-16 without a mark has a NUL in every other byte; a NUL elsewhere is no text."""
    hint = "Remove it; in most editors it shows as ^@ or \\0."
    if head.count(0) * 4 > 3 * len(head):
        raise refused("holds many NUL bytes: it is no text file.", path)
    for name, zeros in (("utf-16-le", head[1::2]), ("utf-16-be", head[0::2])):
        if len(zeros) > 3 and zeros.count(0) * 3 > len(zeros):
            notes.append(f"{path.name} is UTF-16, by its NUL bytes.")
            return _checked(path, name)
    if head.count(0) * 10 > len(head):
        raise refused("holds many NUL bytes: it is no text file.", path)
    raise refused("holds a NUL byte, which no text has.", path, _line_at(path, at), hint)


def _line_at(path: Path, offset: int) -> int:
    """The line of a byte, counted from 1."""
    line = 1
    with path.open("rb") as file:
        while offset > 0 and (block := file.read(min(BLOCK, offset))):
            line += block.count(b"\n")
            offset -= len(block)
    return line


def _checked(path: Path, encoding: str) -> str:
    """`encoding`, if the file decodes by it."""
    try:
        with path.open(encoding=encoding, newline="") as file:
            while file.read(BLOCK):
                pass
    except LookupError as error:
        raise DataError(
            Problem(f"no encoding '{encoding}'.", key="data.options.encoding", hint="As in utf-8, cp1252, gb18030.")
        ) from error
    except (UnicodeDecodeError, UnicodeError) as error:
        start = getattr(error, "start", 0)
        raise refused(f"is not {encoding}: {error}.", path, None if not start else _line_at(path, start)) from error
    return encoding


def _guessed(path: Path) -> str:
    """An encoding for bytes that are not UTF-8. Raises DataError where only some bytes are not, or none fits."""
    raw = path.read_bytes()
    text = raw.decode("utf-8", "replace")
    bad = text.count("�")
    good = sum(1 for char in text if ord(char) > 127) - bad
    if good >= bad:
        raise DataError(_bad_bytes(path, raw, bad))
    letters = sum(1 for byte in raw if byte > 127)
    for encoding in _WIDE:
        if letters * 3 > len(raw) and _share_of_ideographs(raw, encoding) > 0.9:
            return encoding
    words = sum(1 for byte in raw if chr(byte).isalpha() and byte < 128)
    candidates = ("cp1251", "cp1252") if letters > words else ("cp1252", "cp1251")
    for encoding in candidates:
        try:
            raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    raise DataError([*_bad_bytes(path, raw, bad)[:1], Problem(f"No encoding fits {path.name}.", hint=_ENCODING_HINT)])


def _share_of_ideographs(raw: bytes, encoding: str) -> float:
    """Of the characters outside ASCII, the share that Chinese, Japanese and Korean texts are made of."""
    try:
        odd = [char for char in raw.decode(encoding) if ord(char) > 127]
    except UnicodeDecodeError:
        return 0.0
    usual = sum(
        1
        for char in odd
        if "\u3000" <= char <= "\u30ff"
        or "\u4e00" <= char <= "\u9fa5"
        or "\uac00" <= char <= "\ud7a3"
        or char >= "\uff00"
    )
    return usual / len(odd) if odd else 0.0


def _bad_bytes(path: Path, raw: bytes, count: int) -> list[Problem]:
    """The places of bytes that are not UTF-8."""
    found: list[Problem] = []
    at = 0
    view = memoryview(raw)
    while len(found) < PLACES_TOLD:
        try:
            codecs.decode(view[at:], "utf-8")
            break
        except UnicodeDecodeError as error:
            place = at + error.start
            line = raw.count(b"\n", 0, place) + 1
            around = raw[max(0, place - 20) : place + 20].decode("utf-8", "replace").replace("\n", " ")
            found.append(problem(f"byte 0x{raw[place]:02x} is not UTF-8, at '{around}'.", path, line, _ENCODING_HINT))
            at = place + 1
    if count > len(found):
        found.append(Problem(f"And {count - len(found):,} more such bytes in {path.name}."))
    return found


def text_of(path: Path, encoding: str | None = None) -> tuple[str, TextFile]:
    """A whole small text, decoded, line ends as `\\n`; and what was found about the file."""
    found = look_at(path, encoding)
    with found.open(newline=None) as file:
        return file.read(), found


def head_text(path: Path, count: int = 65536) -> str:
    """The beginning as text, for guesses: whole lines, undecodable bytes replaced; empty for what is no text."""
    head = first_bytes(path, count)
    if any(head.startswith(magic) for magic, _, _ in _MAGIC):
        return ""
    encoding = next((name for mark, name in _BOMS if head.startswith(mark)), "utf-8")
    if encoding != "utf-16" and 0 in head:
        return ""
    text = io.IncrementalNewlineDecoder(None, translate=True).decode(head.decode(encoding, "replace"), final=True)
    if len(head) == count and "\n" in text:
        text = text[: text.rindex("\n") + 1]
    return text


def is_prose(path: Path) -> bool:
    """True where the beginning is readable text with words in its lines."""
    text = head_text(path, 8192)
    lines = [line for line in text.split("\n") if line.strip()]
    odd = sum(not (char.isprintable() or char in "\n\t") or char == "\ufffd" for char in text)
    return len(lines) > 1 and odd == 0 and sum(len(line.split()) for line in lines) > 2 * len(lines)


__all__ = [
    "TextFile",
    "first_bytes",
    "head_text",
    "is_prose",
    "listed",
    "look_at",
    "refuse_binary",
    "sha256_of",
    "text_of",
]
