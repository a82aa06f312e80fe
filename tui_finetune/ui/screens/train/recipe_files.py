"""Files of recipes: read, written as they were, looked at, completed while their path is typed."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from tui_finetune.errors import Problem, RecipeError
from tui_finetune.runs import atomic

COMPLETED = 40
"""Names of a folder that are offered while a path is typed."""


def first_comment(path: Path) -> str:
    """What a sample says of itself: its comment up to the first full stop."""
    words = []
    for text in path.read_text(encoding="utf-8").splitlines():
        if not text.startswith("#"):
            break
        words.append(text.lstrip("# "))
    return " ".join(words).partition(". ")[0].rstrip(".") + "."


def read(path: Path) -> str:
    from tui_finetune.config.load import read_request

    found = read_request(path)
    try:
        return found.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = found.count(b"\n", 0, error.start) + 1
        raise RecipeError(
            Problem(
                f"byte 0x{found[error.start]:02x} is not UTF-8.",
                file=path.name,
                line=line,
                hint="Save the file as UTF-8.",
            )
        ) from error


def write(path: Path, text: str) -> None:
    """Replaces a file whole; links and permissions stay as they are."""
    data = text.encode("utf-8", "surrogateescape")
    target = Path(os.path.realpath(path))
    mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else None
    if mode is not None and not os.access(target.parent, os.W_OK):
        target.write_bytes(data)
        return
    atomic.write_bytes(target, data)
    if mode is not None:
        target.chmod(mode)


def looked(path: Path, text: str) -> tuple[float | None, bool]:
    """When the file was changed, where it has another text; and whether it is gone."""
    try:
        changed = path.stat().st_mtime
        return (None, False) if read(path) == text else (changed, False)
    except FileNotFoundError:
        return None, True
    except (OSError, RecipeError):
        return None, not path.exists()


def completions(typed: str, folder: Path) -> list[str]:
    """Files and folders that begin like what is typed, folders with a slash."""
    text = typed.strip()
    place, _, begin = text.rpartition("/")
    where = Path(f"{place}/" if place or text.startswith("/") else ".").expanduser()
    try:
        entries = sorted(os.scandir(folder / where), key=lambda entry: entry.name)
    except OSError:
        return []
    shown = [entry for entry in entries if entry.name.startswith(begin) and (begin or not entry.name.startswith("."))]
    prefix = f"{place}/" if place or text.startswith("/") else ""
    return [f"{prefix}{entry.name}{'/' if _is_folder(entry) else ''}" for entry in shown[:COMPLETED]]


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False
