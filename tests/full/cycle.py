"""The whole cycle of a task on a model: train, be killed, go on, evaluate, predict, and be read by transformers alone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.calling import Cli
from tests.full.rows import Case
from tests.worker.training import ended, events, finished
from tui_finetune.config.load import load_recipe
from tui_finetune.inference.adapters import inputs_of
from tui_finetune.inference.encoders import transformers_encoder
from tui_finetune.inference.predictor import as_columns
from tui_finetune.inference.task_card import TaskCard
from tui_finetune.launch.check import check
from tui_finetune.launch.handoff import Launch
from tui_finetune.launch.start import resume, start
from tui_finetune.paths import Home
from tui_finetune.plugin_api import Task
from tui_finetune.plugin_api.heavy import resolve
from tui_finetune.plugin_api.manager import load_catalog
from tui_finetune.runs import atomic
from tui_finetune.runs.info import RunInfo, read_info
from tui_finetune.runs.testing import check_run_directory

ROWS, ASKED, LENGTH = 48, 4, 40
RECIPE = """
task = "{task}"
[run]
device = "cpu"
[data]
path = "rows.jsonl"
validation = 0.25
test = 0.25
[model]
path = "{model}"
max_length = {length}
[train]
learning_rate = 1e-3
per_device_train_batch_size = 4
num_train_epochs = 2
logging_steps = 1
save_strategy = "steps"
eval_strategy = "steps"
save_steps = 4
eval_steps = 4
"""


def whole_cycle(
    case: Case, model: Path, folder: Path, home: Home, plugins: Path, cli: Cli, kill: pytest.MonkeyPatch
) -> None:
    """Raises AssertionError at the first thing that is not as it has to be. `plugins` holds tests/worker/killer.py."""
    rows = [case.row(index) for index in range(ROWS)]
    (folder / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n")
    kill.setenv("TEST_KILL_AT", "step:7")
    info = _started(case, model, folder, home, plugins)
    assert ended(info).state == "died"
    resume(info, Launch(home, (plugins,)))
    finished(info)
    assert [one.get("from_step") for one in events(info, "attempt")] == [0, 4]
    check_run_directory(info.paths.root, only_known_events=True)

    told = atomic.read_json(info.paths.result_json)["metrics"]
    again = cli("evaluate", info.id, "--wait", "--json")
    assert again.code == 0, again.err
    assert again.json["metrics"] == pytest.approx({name: told[name] for name in again.json["metrics"]}, nan_ok=True)

    asked = [[_typed(row[name]) for name in case.asked] for row in rows[:ASKED]]
    answers = predicted(cli, info, asked)
    by_library = read_by_transformers(info.paths.model, asked)
    for ours, theirs in zip(answers, by_library, strict=True):
        alike({key: value for key, value in ours.items() if key in theirs}, theirs)


def _started(case: Case, model: Path, folder: Path, home: Home, plugins: Path) -> RunInfo:
    from tui_finetune.config.write import toml_value

    catalog = load_catalog(home, plugin_dirs=(plugins,))
    recipe = RECIPE.format(task=case.task, model=model, length=LENGTH)
    sets = [f"{key}={toml_value(value)}" for key, value in case.sets.items()]
    loaded = load_recipe(folder / "recipe.toml", recipe.encode(), sets=sets, catalog=catalog)
    checked = check(loaded, home=home, catalog=catalog)
    return read_info(start(checked, Launch(home, (plugins,)), name="cycle").paths)


def _typed(value: Any) -> str:
    return " ".join(value) if isinstance(value, list) else str(value)


def predicted(cli: Cli, info: RunInfo, asked: Sequence[Sequence[str]]) -> list[dict[str, Any]]:
    """What the verb answers; pairs one by one."""
    if len(asked[0]) == 1:
        said = cli("predict", info.id, *(one[0] for one in asked), "--json")
        assert said.code == 0, said.err
        return list(said.json)
    found = []
    for text, pair in asked[:1]:
        said = cli("predict", info.id, text, "--pair", pair, "--json")
        assert said.code == 0, said.err
        found += said.json
    return found


def read_by_transformers(folder: Path, asked: Sequence[Sequence[str]]) -> list[dict[str, Any]]:
    """Answers of the library's own class, that config.json names, and its own tokenizer, of the saved folder."""
    import torch
    import transformers

    card = TaskCard.read(folder)
    task: Task = load_catalog(None, third_party=False).task(card.task, card.options)
    head = resolve(task.heavy)(task)
    architecture = json.loads((folder / "config.json").read_text())["architectures"][0]
    model, loading = getattr(transformers, architecture).from_pretrained(folder, output_loading_info=True)
    assert not loading["missing_keys"], loading
    assert not loading["unexpected_keys"], loading
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    found = []
    for texts in asked[: ASKED if len(asked[0]) == 1 else 1]:
        row = task.input_row(*texts)
        columns = as_columns([row])
        encoded = task.encode(columns, transformers_encoder(tokenizer, card.max_length), card.labels)
        names = inputs_of(model) | set(head.inputs)
        count = len(encoded["input_ids"])
        features = [{name: encoded[name][place] for name in names if name in encoded} for place in range(count)]
        batch = head.collator(tokenizer, padding="longest", max_length=card.max_length)(features)
        with torch.no_grad():
            scores = head.score(model.eval(), batch, tokenizer)
            said = head.said(model, encoded, tokenizer, card.options, count)
        decoded = task.decode(scores, {**columns, **encoded, **said}, card.labels, card.options)
        found.append(task.answer(decoded, 0, row))
    return found


def alike(ours: Any, theirs: Any) -> None:
    """The same answers, numbers within what another order of sums makes of them."""
    if isinstance(theirs, Mapping):
        assert ours.keys() == theirs.keys()
        for key, value in theirs.items():
            alike(ours[key], value)
    elif isinstance(theirs, list | tuple):
        assert len(ours) == len(theirs)
        for one, other in zip(ours, theirs, strict=True):
            alike(one, other)
    elif isinstance(theirs, float):
        assert ours == pytest.approx(theirs, abs=1e-4)
    else:
        assert ours == theirs
