"""Files within compressed ones and archives: read as paths are, streamed, never written to disk, bounded."""

from __future__ import annotations

import bz2
import functools
import gzip
import io
import lzma
import os
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PosixPath, PurePosixPath
from typing import IO, TYPE_CHECKING, Any, cast

from tui_finetune.data.problems import refused
from tui_finetune.errors import DataError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

SINGLE = (".gz", ".bz2", ".xz", ".zst")
ARCHIVES = (".zip", ".tar", ".tgz", ".tbz2", ".txz", *(f".tar{ending}" for ending in SINGLE))
MOST_MEMBERS = 20_000
MOST_BYTES = 64 << 30
"""Bytes that one file within may have."""
FREE_BYTES = 64 << 20
"""Up to so many bytes nobody asks how well a file is compressed."""
MOST_TIMES = 300
"""Beyond them a file of this many times its compressed size is a bomb: texts are some 10 times, at most."""
_DAMAGED = (EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, tarfile.TarError, gzip.BadGzipFile)


class Packed(PosixPath):
    """`reviews.zip/train.csv`: a file within another, with the methods of a path that reading needs."""

    @property
    def archive(self) -> Path:
        """The file on disk."""
        return cast(Path, _archive_of(str(self)))

    @property
    def member(self) -> str:
        return os.path.relpath(str(self), self.archive).replace(os.sep, "/")

    def exists(self, **_: Any) -> bool:
        return True

    def is_file(self, **_: Any) -> bool:
        return True

    def is_dir(self, **_: Any) -> bool:
        return False

    def stat(self, **_: Any) -> os.stat_result:
        """The archive's, with the size of what is in it where the archive knows."""
        found = list(os.stat(self.archive))[:10]
        found[stat.ST_SIZE] = _sizes(self.archive).get(self.member, found[stat.ST_SIZE])
        return os.stat_result(found)

    def open(  # type: ignore[override]
        self, mode: str = "r", buffering: int = -1, encoding: str | None = None, errors: Any = None, newline: Any = None
    ) -> IO[Any]:
        raw = io.BufferedReader(_Bounded(_stream(self.archive, self.member), self), 1 << 16)
        return raw if "b" in mode else io.TextIOWrapper(raw, encoding or "utf-8", errors, newline)

    def read_bytes(self) -> bytes:
        with self.open("rb") as file:
            return cast(bytes, file.read())


class _Bounded(io.RawIOBase):
    """A stream that ends with a message where it is damaged, or grows beyond what data do."""

    def __init__(self, stream: IO[bytes], path: Packed) -> None:
        self._stream, self._path, self._read = stream, path, 0
        self._packed = max(1, os.stat(path.archive).st_size)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        try:
            found = self._stream.read(len(view))
        except (*_DAMAGED, OSError, RuntimeError, NotImplementedError, ValueError) as error:
            raise refused(f"is damaged, or packed in a way that is not read: {error}.", str(self._path)) from error
        self._read += len(found)
        if self._read > MOST_BYTES or (self._read > FREE_BYTES and self._read > MOST_TIMES * self._packed):
            hint = f"Unpack {self._path.archive.name} yourself if you trust it."
            raise refused(
                f"grows to over {self._read >> 20:,} MiB from {self._packed:,} bytes.", str(self._path), hint=hint
            )
        view[: len(found)] = found
        return len(found)

    def close(self) -> None:
        self._stream.close()
        super().close()


def is_packed(name: str) -> bool:
    """True for names of compressed files and archives."""
    return name.lower().endswith((*SINGLE, *ARCHIVES))


def expanded(paths: Iterable[Path], *, lenient: bool = False) -> list[Path]:
    """The paths with compressed files as what is in them.

    lenient: one that is damaged stays as it is, and reading it says so; else DataError is raised.
    """
    found: list[Path] = []
    for path in paths:
        try:
            found += members(path) if _packs(path) else [path]
        except DataError:
            if not lenient:
                raise
            found.append(path)
    return found


def packed(text: str) -> Packed | None:
    """The file within another that a path means, if it does."""
    archive = _archive_of(text)
    return Packed(text) if archive is not None and text != str(archive) else None


def on_disk(path: Path) -> Path:
    """The file that holds it, where it is within another; else itself."""
    return path.archive if isinstance(path, Packed) else path


def for_arrow(path: Path) -> Any:
    """What Arrow's readers take: the path, or the content of a file within another, which they jump about in."""
    if not isinstance(path, Packed):
        return str(path)
    import pyarrow as pa

    return pa.BufferReader(path.read_bytes())


def members(archive: Path) -> list[Path]:
    """The files in an archive, or the one that is compressed; none that are hidden or that a path trick names."""
    return [Packed(f"{archive}/{name}") for name in _sizes(archive) if _is_plain(name)]


def _packs(path: Path) -> bool:
    return not isinstance(path, Packed) and is_packed(path.name) and path.is_file()


def _is_plain(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return bool(parts) and not name.startswith("/") and not any(p == ".." or p.startswith((".", "__")) for p in parts)


def _archive_of(text: str) -> Path | None:
    """The file on disk that a path goes through."""
    path = PurePosixPath(text)
    return next((Path(p) for p in (path, *path.parents) if is_packed(p.name) and os.path.isfile(p)), None)


def _sizes(archive: Path) -> dict[str, int]:
    """Names and sizes of the files within; of a compressed one its own size, for its true one is unknown."""
    found = os.stat(archive)
    return _listed(archive, found.st_mtime_ns, found.st_size)


@functools.lru_cache(maxsize=64)
def _listed(archive: Path, _changed: int, size: int) -> dict[str, int]:
    name = archive.name.lower()
    if not name.endswith(ARCHIVES):
        return {archive.stem: size}
    found: dict[str, int] = {}
    try:
        for member, bytes_in in _zip_files(archive) if name.endswith(".zip") else _tar_files(archive):
            found[member] = bytes_in
            if len(found) > MOST_MEMBERS:
                raise refused(f"holds more than {MOST_MEMBERS:,} files.", archive, hint="Unpack it first.")
    except (*_DAMAGED, OSError, ValueError, NotImplementedError) as error:
        raise refused(f"is damaged: {error}.", archive) from error
    return dict(sorted(found.items()))


def _zip_files(archive: Path) -> Iterator[tuple[str, int]]:
    with zipfile.ZipFile(archive) as file:
        for info in file.infolist():
            if info.flag_bits & 1:
                raise refused("is encrypted.", archive, hint="Unpack it first.")
            if not info.is_dir() and not stat.S_ISLNK(info.external_attr >> 16):
                yield info.filename, info.file_size


def _tar_files(archive: Path) -> Iterator[tuple[str, int]]:
    with _tar(archive) as file:
        for info in file:
            if info.isreg():
                yield info.name.removeprefix("./"), info.size


def _tar(archive: Path) -> tarfile.TarFile:
    raw = _single(archive) if archive.name.lower().endswith((*SINGLE, ".tgz", ".tbz2", ".txz")) else archive.open("rb")
    whole = io.BufferedReader(_Bounded(raw, Packed(f"{archive}/{archive.stem}")), 1 << 16)
    return tarfile.open(fileobj=whole, mode="r|")


def _stream(archive: Path, member: str) -> IO[bytes]:
    """The bytes of a file within."""
    name = archive.name.lower()
    try:
        if name.endswith(".zip"):
            return zipfile.ZipFile(archive).open(member)
        if not name.endswith(ARCHIVES):
            return _single(archive)
        tar = _tar(archive)
        for info in tar:
            if info.name.removeprefix("./") == member and info.isreg():
                return cast(IO[bytes], tar.extractfile(info))
    except (*_DAMAGED, OSError, KeyError, NotImplementedError) as error:
        raise refused(f"cannot be read: {error}.", f"{archive}/{member}") from error
    raise refused("is not in its archive any more.", f"{archive}/{member}")


def _single(archive: Path) -> IO[bytes]:
    ways: dict[str, Callable[[Path], Any]] = {
        "gz": gzip.open,
        "bz2": bz2.open,
        "xz": lzma.open,
        "zst": _zstandard,
    }
    name = archive.name.lower()
    return cast(IO[bytes], next(way(archive) for ending, way in ways.items() if name.endswith(ending)))


def _zstandard(archive: Path) -> Any:
    import pyarrow as pa

    return pa.CompressedInputStream(pa.OSFile(str(archive)), "zstd")
