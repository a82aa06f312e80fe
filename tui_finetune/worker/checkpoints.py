"""Checkpoints that are whole or do not exist: written beside, synced, renamed, with a manifest of every file."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tui_finetune.runs import atomic
from tui_finetune.runs.layout import MANIFEST, STAGING_PREFIX, VERSION, RunPaths, checkpoint_step
from tui_finetune.runs.manifest import file_sha256, problem, read_manifest

RESUME_FILES = ("optimizer.pt", "scheduler.pt", "rng_state.pth", "trainer_state.json", "order.json")
"""What every checkpoint has beside the weights: without one of them the library goes on in silence, as another run."""
OLD_PREFIX = f"{STAGING_PREFIX}old-"
"""Beginning of the name of a folder whose new content takes its place this moment."""
BROKEN_PREFIX = "not-whole-"
"""Beginning of the name of a checkpoint that its manifest does not describe: kept aside, for a person to look at."""
ROLLED_BACK_PREFIX = "rolled-back-"
"""Beginning of the name of a checkpoint that a rollback left behind it: kept aside, and never gone on from."""
ASIDE_KEPT = 3
"""Checkpoints that lie aside at once, at most: a run that breaks again and again must not fill the disk."""


def write_whole(
    folder: Path, fill: Callable[[Path], None], facts: Mapping[str, Any] | None = None, *, needs: Sequence[str] = ()
) -> int:
    """Makes `folder` by `fill(staging)`, then fsync, manifest, rename; returns its size in bytes.

    needs: files without which it is not whole; RuntimeError where `fill` left one out.
    Whatever goes wrong before the rename leaves `folder` as it was; the staging folder is removed.
    """
    staging = folder.parent / f"{STAGING_PREFIX}{folder.name}"
    shutil.rmtree(staging, ignore_errors=True)
    # Not its parents too: a run directory that somebody has removed must not come back in parts.
    folder.parent.mkdir(mode=0o700, exist_ok=True)
    staging.mkdir(mode=0o700)
    try:
        fill(staging)
        if absent := [name for name in needs if not (staging / name).is_file()]:
            raise RuntimeError(f"{folder.name} would be without {', '.join(absent)}: the Trainer did not write it")
        size = _write_manifest(staging, facts or {})
        _replace_folder(staging, folder)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise
    atomic.sync_folder(folder.parent)
    return size


def _replace_folder(staging: Path, folder: Path) -> None:
    if not folder.exists():
        os.rename(staging, folder)
        return
    old = folder.parent / f"{OLD_PREFIX}{folder.name}"
    shutil.rmtree(old, ignore_errors=True)
    os.rename(folder, old)
    os.rename(staging, folder)
    shutil.rmtree(old)


def _write_manifest(folder: Path, facts: Mapping[str, Any]) -> int:
    """Every file to the disk, then the manifest that names them, then the folders that name the files."""
    files, size = [], 0
    for path in _files(folder):
        path.chmod(0o600)
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            os.fsync(file.fileno())
        files.append({"file": path.relative_to(folder).as_posix(), "size": path.stat().st_size, "sha256": digest})
        size += path.stat().st_size
    atomic.write_json(folder / MANIFEST, {"v": VERSION, "written": time.time(), **facts, "files": files})
    for inside in (path for path in folder.rglob("*") if path.is_dir()):
        atomic.sync_folder(inside)
    atomic.sync_folder(folder)
    return size


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path != folder / MANIFEST)


@dataclass(frozen=True)
class Skipped:
    """A checkpoint that was passed over."""

    path: Path
    why: str


def newest_whole(paths: RunPaths) -> tuple[Path | None, list[Skipped]]:
    """The newest checkpoint that its manifest describes, and those newer ones that it does not, which are put aside.

    A checkpoint put aside is renamed to `not-whole-checkpoint-N`: training will write checkpoint-N again.
    """
    skipped: list[Skipped] = []
    for step, folder in sorted(all_checkpoints(paths), reverse=True):
        why = problem(folder, needs=RESUME_FILES)
        if why is None:
            return folder, skipped
        skipped.append(Skipped(put_aside(folder, BROKEN_PREFIX), f"checkpoint-{step} is not whole ({why})"))
    return None, skipped


def put_aside(folder: Path, prefix: str) -> Path:
    """Renames a checkpoint, so that nothing goes on from it; its new path."""
    aside = folder.parent / f"{prefix}{folder.name}"
    count = 1
    while aside.exists():
        count += 1
        aside = folder.parent / f"{prefix}{folder.name}-{count}"
    os.rename(folder, aside)
    return aside


def surplus_aside(paths: RunPaths) -> list[Path]:
    """Those that lie aside beyond ASIDE_KEPT, the ones that were put aside first. To be removed once a new one is whole."""
    there = [path for prefix in (BROKEN_PREFIX, ROLLED_BACK_PREFIX) for path in paths.checkpoints.glob(f"{prefix}*")]
    there.sort(key=lambda path: (path.stat().st_ctime_ns, path.name))  # a rename sets it
    return there[: max(0, len(there) - ASIDE_KEPT)]


def all_checkpoints(paths: RunPaths) -> Iterable[tuple[int, Path]]:
    """Step and folder of every checkpoint in place, whole or not."""
    if not paths.checkpoints.is_dir():
        return []
    steps = ((checkpoint_step(p), p) for p in paths.checkpoints.iterdir() if p.is_dir())
    return [(step, folder) for step, folder in steps if step is not None]


def remove_leftovers(paths: RunPaths) -> None:
    """Removes what an ended process was still writing."""
    for parent in (paths.root, paths.checkpoints, *paths.evaluations.glob("*")):
        if not parent.is_dir():
            continue
        for left in parent.glob(f"{STAGING_PREFIX}*"):
            replaced = parent / left.name.removeprefix(OLD_PREFIX)
            if left.name.startswith(OLD_PREFIX) and not replaced.exists():
                os.rename(left, replaced)  # cut off between the two renames: the old one is the one that is whole
            elif left.is_dir():
                shutil.rmtree(left)
            else:
                left.unlink()


def surplus(paths: RunPaths, limit: int | None, keep: Iterable[int | None]) -> list[tuple[int, Path]]:
    """The oldest checkpoints beyond `limit`, none of the steps in `keep` among them."""
    if not limit or limit < 1:
        return []
    kept = {step for step in keep if step is not None}
    there = sorted(all_checkpoints(paths))
    removable = [(step, folder) for step, folder in there if step not in kept and step != there[-1][0]]
    return removable[: max(0, len(there) - limit)]


def refresh_manifest(folder: Path) -> None:
    """Brings the manifest up to date after small files beside the weights were replaced; large ones are not read again."""
    manifest = read_manifest(folder)
    known = {entry.file: entry for entry in manifest.files}
    files = []
    for path in _files(folder):
        name, stat = path.relative_to(folder).as_posix(), path.stat()
        entry = known.get(name)
        if entry is None or entry.size != stat.st_size or stat.st_mtime > manifest.facts["written"]:
            path.chmod(0o600)
            files.append({"file": name, "size": stat.st_size, "sha256": file_sha256(path)})
        else:
            files.append(asdict(entry))
    atomic.write_json(folder / MANIFEST, {**manifest.facts, "files": files})
