"""What an error means for the person whose run it ended: plain words, whoever raised it."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from tui_finetune.errors import ModelError, Problem
from tui_finetune.plugin_api.manager import Catalog, PluginInfo
from tui_finetune.worker.advice import explain

PLACE = Path("/home/runs/x")


class OutOfMemoryError(RuntimeError):
    """By its name as torch.cuda has it."""


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (
            OSError(errno.ENOSPC, "No space left on device", "/home/runs/x/a"),
            "saving: no room on the disk of /home/runs/x/a",
        ),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "saving: no room on the disk of /home/runs/x"),
        (
            RuntimeError("I/O error: No space left on device (os error 28)"),
            "saving: no room on the disk of /home/runs/x",
        ),
        (
            RuntimeError("[enforce fail at inline_container.cc:672] . unexpected pos 640 vs 598"),
            "saving: a file could not be written, probably for no room on the disk of /home/runs/x",
        ),
        (ModelError(Problem("no weights.", "model.path")), "model.path: no weights."),
        (OutOfMemoryError("CUDA out of memory. Tried\nmore"), "saving: out of memory (CUDA out of memory. Tried)"),
        (MemoryError(), "saving: out of main memory"),
        (KeyError("boo"), "saving: KeyError: 'boo'"),
        (OSError(errno.EIO, "Input/output error"), "saving: OSError: [Errno 5] Input/output error"),
    ],
)
def test_the_reason(error: BaseException, reason: str) -> None:
    assert explain(error, "saving", PLACE, Catalog()).reason == reason


def test_what_lies_behind_an_error_counts() -> None:
    error = ValueError("could not save")
    error.__cause__ = OSError(errno.ENOSPC, "No space left on device")
    assert explain(error, "saving", PLACE, Catalog()).reason == f"saving: no room on the disk of {PLACE}"


def test_the_plugin_whose_line_it_is_is_named(tmp_path: Path) -> None:
    file = tmp_path / "shout_heavy.py"
    file.write_text("def loss():\n    raise KeyError('boo')\n")
    namespace: dict[str, object] = {}
    exec(compile(file.read_text(), str(file), "exec"), namespace)
    catalog = Catalog()
    catalog.plugins = [
        PluginInfo("other", None, "other", place=str(tmp_path / "other")),
        PluginInfo("shout", None, "shout", place=str(tmp_path / "shout.py")),
    ]
    loss = namespace["loss"]
    assert callable(loss)
    with pytest.raises(KeyError) as caught:
        loss()
    found = explain(caught.value, "training", PLACE, catalog)
    assert found.reason == "training: KeyError: 'boo' (plugin shout, shout_heavy.py line 2)"
    assert found.advice is not None
    assert "stdout.log" in found.advice
