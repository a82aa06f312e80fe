"""Each task on one architecture and each architecture on one task; all pairs in `make test-soak`.

A task of one's own joins by a case in `rows.py` and a line in COVERING.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.calling import Cli
from tests.full.cycle import whole_cycle
from tests.full.rows import CASES
from tests.worker import encoder_models, language_models
from tests.worker.forked import ForkServer
from tui_finetune.paths import Home

KILLER = Path(__file__).resolve().parents[1] / "worker" / "killer.py"
COVERING = (
    ("text-classification", "modernbert"),
    ("text-classification", "albert"),
    ("text-classification", "mpnet"),
    ("multi-label", "roberta"),
    ("regression", "distilbert"),
    ("ordinal", "electra"),
    ("token-classification", "deberta-v2"),
    ("question-answering", "xlm-roberta"),
    ("question-answering", "bert"),
    ("sentence-similarity", "mpnet"),
    ("multiple-choice", "roberta"),
    ("sft", "llama"),
    ("dpo", "gemma"),
    ("reward", "qwen"),
    ("fill-mask", "bert"),
    ("causal-lm", "gpt2"),
    ("causal-lm", "llama"),
    ("causal-lm", "qwen"),
    ("causal-lm", "gemma"),
)
OTHERS = tuple(
    pytest.param(task, kind, marks=pytest.mark.soak)
    for task, case in CASES.items()
    for kind in case.models
    if (task, kind) not in COVERING
)


@pytest.fixture
def plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the plugin that kills a worker at the instant of TEST_KILL_AT."""
    (tmp_path / "plugins").mkdir()
    shutil.copy(KILLER, tmp_path / "plugins" / "killer.py")
    monkeypatch.setenv("TEST_KILL_FLAG", str(tmp_path / "killed"))
    return tmp_path / "plugins"


@pytest.mark.slow
@pytest.mark.parametrize(("task", "kind"), [*COVERING, *OTHERS])
def test_the_whole_cycle(
    task: str,
    kind: str,
    home: Home,
    workers: ForkServer,
    cli: Cli,
    plugins: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    family = encoder_models if kind in encoder_models.KINDS else language_models
    model = family.make(kind, tmp_path / "model")
    whole_cycle(CASES[task], model, tmp_path, home, plugins, cli, monkeypatch)
