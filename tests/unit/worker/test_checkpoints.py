"""Checkpoints that are not what they were: each is named, put aside, and the one before is taken."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tui_finetune.paths import Home
from tui_finetune.runs.layout import MANIFEST, STAGING_PREFIX, RunPaths
from tui_finetune.runs.manifest import problem
from tui_finetune.runs.store import RunStore
from tui_finetune.worker.checkpoints import (
    BROKEN_PREFIX,
    RESUME_FILES,
    newest_whole,
    put_aside,
    refresh_manifest,
    remove_leftovers,
    surplus,
    surplus_aside,
    write_whole,
)

WEIGHTS = "model.safetensors"


@pytest.fixture
def paths(home: Home) -> RunPaths:
    """A run with checkpoints of steps 4 and 8."""
    found = RunStore(home).create("run", kind="train", task=None, of=None)
    for step in (4, 8):
        write_whole(found.checkpoint(step), fill, {"step": step}, needs=RESUME_FILES)
    return found


def fill(folder: Path) -> None:
    for name in (WEIGHTS, *RESUME_FILES):
        (folder / name).write_bytes(f"{name} of {folder.name}".encode() * 40)
    (folder / "more").mkdir()
    (folder / "more" / "file.txt").write_text("within")


def fill_without(name: str) -> Callable[[Path], None]:
    def filling(folder: Path) -> None:
        fill(folder)
        (folder / name).unlink()

    return filling


def flip_a_bit(folder: Path) -> None:
    path = folder / WEIGHTS
    data = bytearray(path.read_bytes())
    data[500] ^= 1
    path.write_bytes(data)


def cut(folder: Path) -> None:
    os.truncate(folder / "optimizer.pt", 100)


def lose(folder: Path) -> None:
    (folder / "more" / "file.txt").unlink()


def tear_the_manifest(folder: Path) -> None:
    os.truncate(folder / MANIFEST, 300)


def empty_the_manifest(folder: Path) -> None:
    os.truncate(folder / MANIFEST, 0)


def lose_the_manifest(folder: Path) -> None:
    (folder / MANIFEST).unlink()


def _edit(folder: Path, change: Callable[[dict[str, object]], object]) -> None:
    raw = json.loads((folder / MANIFEST).read_text())
    change(raw)
    (folder / MANIFEST).write_text(json.dumps(raw))


def garble_an_entry(folder: Path) -> None:
    _edit(folder, lambda raw: raw.update(files=[1]))


def point_outside(folder: Path) -> None:
    _edit(folder, lambda raw: raw.update(files=[{"file": "../x", "size": 1, "sha256": ""}]))


def no_files(folder: Path) -> None:
    _edit(folder, lambda raw: raw.pop("files"))


HARMS: dict[Callable[[Path], None], str] = {
    flip_a_bit: "model.safetensors: content differs from the manifest",
    cut: "optimizer.pt: 100 of 1,480 bytes",
    lose: "more/file.txt is missing",
    tear_the_manifest: "MANIFEST.json: line",
    empty_the_manifest: "MANIFEST.json is empty",
    lose_the_manifest: "no MANIFEST.json",
    garble_an_entry: "MANIFEST.json has an entry without file, size or sha256",
    point_outside: "MANIFEST.json has an entry that names no file of the folder",
    no_files: "MANIFEST.json has no list of files",
}


@pytest.mark.parametrize("harm", HARMS, ids=lambda harm: harm.__name__)
def test_one_that_is_not_whole_is_named_and_put_aside(paths: RunPaths, harm: Callable[[Path], None]) -> None:
    harm(paths.checkpoint(8))
    found, skipped = newest_whole(paths)
    assert found == paths.checkpoint(4)
    (one,) = skipped
    assert one.why.startswith(f"checkpoint-8 is not whole ({HARMS[harm]}")
    assert one.path == paths.checkpoints / "not-whole-checkpoint-8"
    assert sorted(os.listdir(paths.checkpoints)) == ["checkpoint-4", "not-whole-checkpoint-8"]


@pytest.mark.parametrize("name", RESUME_FILES)
def test_one_that_never_had_a_part_is_not_whole(paths: RunPaths, name: str) -> None:
    """The library would go on in silence with a fresh optimizer, or with other random numbers."""
    folder = paths.checkpoint(12)
    write_whole(folder, fill_without(name))
    assert problem(folder) is None, "its manifest does describe it"
    found, (skipped,) = newest_whole(paths)
    assert found == paths.checkpoint(8)
    assert skipped.why == f"checkpoint-12 is not whole (written without {name})"


def test_one_without_weights_is_not_whole(paths: RunPaths) -> None:
    write_whole(paths.checkpoint(12), fill_without(WEIGHTS))
    assert newest_whole(paths)[1][0].why == "checkpoint-12 is not whole (written without weights)"


def test_all_of_them(paths: RunPaths) -> None:
    flip_a_bit(paths.checkpoint(4))
    lose_the_manifest(paths.checkpoint(8))
    (paths.checkpoints / "not-whole-checkpoint-8").mkdir()
    found, skipped = newest_whole(paths)
    assert found is None
    assert [one.path.name for one in skipped] == ["not-whole-checkpoint-8-2", "not-whole-checkpoint-4"]


def test_of_those_put_aside_the_newest_stay(paths: RunPaths) -> None:
    for name in ("9", "10", "11", "12"):
        (paths.checkpoints / f"checkpoint-{name}").mkdir()
    aside = [put_aside(paths.checkpoint(step), prefix) for step, prefix in ((9, BROKEN_PREFIX), (12, "rolled-back-1-"))]
    assert [path.name for path in aside] == ["not-whole-checkpoint-9", "rolled-back-1-checkpoint-12"]
    assert surplus_aside(paths) == []
    put_aside(paths.checkpoint(10), "rolled-back-2-")
    assert surplus_aside(paths) == []
    put_aside(paths.checkpoint(11), "rolled-back-3-")
    assert surplus_aside(paths) == aside[:1], "the one that was put aside first"


def test_what_an_ended_process_was_still_writing_is_removed(paths: RunPaths) -> None:
    half = paths.checkpoints / f"{STAGING_PREFIX}checkpoint-12"
    half.mkdir()
    (half / WEIGHTS).write_bytes(b"half")
    (paths.root / f"{STAGING_PREFIX}result.json-1234").write_bytes(b"{")
    remove_leftovers(paths)
    assert sorted(os.listdir(paths.checkpoints)) == ["checkpoint-4", "checkpoint-8"]
    assert newest_whole(paths) == (paths.checkpoint(8), [])


def test_what_fails_while_it_is_written_leaves_the_old_one(paths: RunPaths) -> None:
    def fails(folder: Path) -> None:
        fill(folder)
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        write_whole(paths.checkpoint(8), fails)
    assert sorted(os.listdir(paths.checkpoints)) == ["checkpoint-4", "checkpoint-8"]
    assert problem(paths.checkpoint(8), needs=RESUME_FILES) is None


def test_the_manifest_is_written_after_every_file_is_on_the_disk(
    paths: RunPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files, their fsync, the manifest, the rename, the folder's fsync: a power cut at any moment leaves no half of one."""
    done: list[str] = []
    sync, rename, replace = os.fsync, os.rename, os.replace

    def noted_sync(handle: int) -> None:
        sync(handle)
        done.append(f"sync {Path(os.readlink(f'/proc/self/fd/{handle}')).name}")

    def noted(what: str, move: Callable[[Path, Path], None]) -> Callable[[Path, Path], None]:
        def moving(source: Path, target: Path) -> None:
            move(source, target)
            done.append(f"{what} {Path(target).name}")

        return moving

    monkeypatch.setattr(os, "fsync", noted_sync)
    monkeypatch.setattr(os, "rename", noted("rename", rename))
    monkeypatch.setattr(os, "replace", noted("replace", replace))
    write_whole(paths.checkpoint(12), fill)
    manifest = done.index(f"replace {MANIFEST}")
    files = {f"sync {name}" for name in (WEIGHTS, *RESUME_FILES, "file.txt")}
    assert files <= set(done[:manifest])
    assert done[manifest + 1 :] == [
        f"sync {STAGING_PREFIX}checkpoint-12", "sync more", f"sync {STAGING_PREFIX}checkpoint-12",
        "rename checkpoint-12", "sync checkpoints",
    ]  # fmt: skip


def test_a_manifest_after_a_small_file_was_replaced(paths: RunPaths) -> None:
    folder = paths.checkpoint(4)
    (folder / "card.md").write_text("new")
    (folder / "order.json").write_text("other")
    refresh_manifest(folder)
    assert problem(folder, needs=RESUME_FILES) is None


@pytest.mark.parametrize(
    ("limit", "keep", "removed"),
    [(None, [], []), (2, [], []), (1, [], [4]), (1, [4], []), (1, [None], [4]), (0, [], [])],
)
def test_surplus(paths: RunPaths, limit: int | None, keep: list[int | None], removed: list[int]) -> None:
    assert [step for step, _ in surplus(paths, limit, keep)] == removed


def test_one_that_was_being_replaced_is_put_back(paths: RunPaths) -> None:
    os.rename(paths.checkpoint(8), paths.checkpoints / f"{STAGING_PREFIX}old-checkpoint-8")
    (paths.checkpoints / f"{STAGING_PREFIX}old-checkpoint-4").mkdir()
    remove_leftovers(paths)
    assert sorted(os.listdir(paths.checkpoints)) == ["checkpoint-4", "checkpoint-8"]
    assert newest_whole(paths) == (paths.checkpoint(8), [])
