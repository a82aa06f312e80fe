"""A kit for plugin authors: what the program relies on, as functions that raise AssertionError in words.

    from tui_finetune.plugin_api.testing import check_plugin
    import my_plugin

    def test_plugin() -> None:
        check_plugin(my_plugin)

Our own plugin goes through the same checks. The heavy half has a kit of its own: testing_heads.
"""

from __future__ import annotations

import importlib.util
import json
import math
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from tui_finetune.plugin_api.chat import Chat
from tui_finetune.plugin_api.checks import HEAVY_PACKAGES
from tui_finetune.plugin_api.discovery import load_plugin_file
from tui_finetune.plugin_api.manager import Catalog, PluginInfo, load_one
from tui_finetune.plugin_api.tasks import BY_TOKEN, Decoded, Encoded, LabelSet, Metric, Role, Task
from tui_finetune.plugin_api.windows import ROW_INDEX, pair_windows, text_windows

if TYPE_CHECKING:
    import numpy as np

TEXTS = ("A fine thing.", "", "two  blanks, a tab\tand\nlines", "\u202eodd \x1b[31m 😀 naïve 日本語", "x" * 500)
"""Texts that a task has to bear: empty, with controls, with letters of several bytes, too long."""


def check_plugin(plugin: ModuleType | Any) -> PluginInfo:
    """Loads `plugin` as the program does and checks everything it gives. A module is also imported in a fresh process."""
    name = plugin.__name__ if isinstance(plugin, ModuleType) else type(plugin).__name__
    catalog = Catalog()
    info = load_one(catalog, name, lambda: plugin)
    assert info.health == "works", f"{name} failed in {info.hook}:\n{info.traceback}"
    assert not info.notes, f"{name}: {' '.join(info.notes)}"
    if isinstance(plugin, ModuleType):
        check_light(plugin)
    for task in catalog.tasks.values():
        check_task(task)
    for metric in catalog.all_metrics():
        check_metric(metric)
    for source in catalog.sources.values():
        for path in ("data.csv", "no-ending", "dir/.hidden"):
            fit = source.matches(Path(path))
            assert 0.0 <= fit <= 1.0, f"source {source.name}: matches({path!r}) is {fit}; 0 to 1 is expected"
        assert source.help, f"source {source.name} has no help"
    for preprocessor in catalog.preprocessors.values():
        wanted = "choose" if preprocessor.chooses else "apply_batch" if preprocessor.batched else "apply"
        assert wanted in _own_methods(preprocessor), f"preprocessor {preprocessor.name} does not define {wanted}"
        assert preprocessor.help, f"preprocessor {preprocessor.name} has no help"
    return info


def load_file(path: Path) -> ModuleType:
    """A single-file plugin as the module that the program makes of it. Raises what its import raises."""
    return load_plugin_file(path.stem, path)


def check_light(module: ModuleType) -> None:
    """Importing the module in a fresh process imports no torch, transformers, datasets or evaluate."""
    assert module.__file__ is not None, f"{module.__name__} is no file"
    file = Path(module.__file__)
    folder = file.parent.parent if file.name == "__init__.py" else file.parent
    depth = module.__name__.count(".")
    root = folder.parents[depth - 1] if depth else folder
    code = (
        f"import sys; sys.path.append({str(root)!r}); import {module.__name__}; "
        f"from tui_finetune.plugin_api.manager import Catalog, load_one; "
        f"load_one(Catalog(), 'checked', lambda: sys.modules[{module.__name__!r}]); "
        f"print(*sorted({set(HEAVY_PACKAGES)!r} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, f"{module.__name__} cannot be imported by itself:\n{done.stderr}"
    assert not done.stdout.strip(), f"{module.__name__} imports {done.stdout.strip()}; its light half must not"


# A task


def check_task(task: Task, rows: Mapping[str, Sequence[Any]] | None = None) -> None:
    """Takes rows (by role; made up by default) through labels, encoding, decoding, storing and answering."""
    import pyarrow as pa

    assert not vars(task), f"task {task.name} holds state: {sorted(vars(task))}"
    assert task.help, f"task {task.name} has no help"
    heavy = task.heavy.partition(":")[0]
    assert importlib.util.find_spec(heavy), f"task {task.name}: there is no module {heavy}, its heavy half"
    rows = dict(rows or sample_rows(task))
    gold = task.gold_role
    labels = task.infer_labels(pa.chunked_array([pa.array(rows[gold.name])]), None) if gold else LabelSet.of(())
    again = task.infer_labels(pa.chunked_array([pa.array(rows[gold.name][::-1])]), None) if gold else labels
    assert labels == again, f"task {task.name}: the order of labels hangs on the order of rows"
    encoded = _check_encoding(task, rows, labels)
    logits = [_logits(task, ids, task.output_width(labels)) for ids in encoded["input_ids"]]
    rows_there = len(next(iter(rows.values())))
    options = default_options(task)
    decoded = task.decode(logits, {**rows, **encoded}, labels, options)
    count = rows_there
    assert len(decoded.predicted) == count, f"task {task.name}: {len(decoded.predicted)} predictions of {count} rows"
    assert decoded.gold is not None or gold is None, f"task {task.name}: decode lost the gold"
    if decoded.losses is not None:
        assert len(decoded.losses) == count, f"task {task.name}: a loss a row is expected"
    _check_stored(task, decoded, labels)
    _check_shown(task, decoded, rows, labels)
    if gold is None:
        return
    without = {name: values for name, values in rows.items() if name != gold.name}
    unlabelled = task.encode(without, PieceEncoder(), labels)
    for name in ("labels", "start_positions", "end_positions"):
        assert name not in unlabelled, f"task {task.name}: encode makes {name} where there is no gold"
    assert task.decode(logits, {**without, **unlabelled}, labels, options).losses is None


def sample_rows(task: Task) -> dict[str, list[Any]]:
    """Ten rows with every role of the task; each label occurs."""
    return {role.name: [_value(role, index) for index in range(2 * len(TEXTS))] for role in task.roles}


def _value(role: Role, index: int) -> Any:
    text = TEXTS[index % len(TEXTS)]
    words = text.split()
    return {
        "text": text,
        "messages": f"<|user|>\n{text}" if index % 2 else text,
        "words": words,
        "label": index % 3,
        "labels": [label for label in range(3) if (index + 1) >> label & 1],
        "tags": [("O", "B-x", "I-x")[place % 3] for place in range(len(words))],
        "number": index / 10,
        "answers": {"text": words[:1], "answer_start": [text.index(word) for word in words[:1]]},
    }[role.kind]


def _check_encoding(task: Task, rows: Mapping[str, Sequence[Any]], labels: LabelSet) -> dict[str, list[Any]]:
    import pyarrow as pa

    encoder = PieceEncoder()
    encoded = task.encode(rows, encoder, labels)
    missing = {"input_ids", "length", "truncated"} - set(encoded)
    assert not missing, f"task {task.name}: encode gives no {', '.join(sorted(missing))}"
    count = len(next(iter(rows.values())))
    if ROW_INDEX in encoded:
        index, message = encoded[ROW_INDEX], f"task {task.name}: {ROW_INDEX} is not every row in its order"
        assert list(dict.fromkeys(index)) == list(range(count)), message
        assert index == sorted(index), message
        count = len(index)
    for name, values in encoded.items():
        assert len(values) == count, f"task {task.name}: {name} has {len(values)} values for {count} rows or features"
    assert all(len(ids) <= encoder.max_length for ids in encoded["input_ids"]), f"task {task.name}: rows are not cut"
    clash = set(encoded) & {role.name for role in task.roles}
    assert not clash, f"task {task.name}: encode gives a column named like the role {', '.join(clash)}"
    pa.table(encoded)  # plain values: what Arrow cannot hold would have to be pickled
    return encoded


def _logits(task: Task, ids: Sequence[int], width: int) -> np.ndarray:
    import numpy as np

    if task.shape == "texts":
        return np.array([("a town", float(len(ids)))], dtype=[("text", object), ("loss", np.float64)])
    shape = (len(ids), width) if task.shape in BY_TOKEN else (width,)
    return np.random.default_rng(len(ids)).normal(size=shape).astype(np.float32)


def default_options(task: Task) -> dict[str, Any]:
    """The task's options at their defaults."""
    model = task.options_model()
    return {} if model is None else model().model_dump()


def _check_stored(task: Task, decoded: Decoded, labels: LabelSet) -> None:
    import pyarrow as pa

    schema, columns = task.prediction_schema(labels), task.prediction_columns(decoded)
    assert {"gold", "predicted"} <= set(schema.names), f"task {task.name}: predictions need gold and predicted"
    assert set(schema.names) == set(columns), f"task {task.name}: columns {sorted(columns)} are not the schema's"
    for item in schema:
        assert len(columns[item.name]) == len(decoded.predicted), f"task {task.name}: {item.name} is too short or long"
        pa.array(columns[item.name], item.type)


def _check_shown(task: Task, decoded: Decoded, rows: Mapping[str, Sequence[Any]], labels: LabelSet) -> None:
    columns = task.prediction_columns(decoded)
    for index in range(len(decoded.predicted)):
        row = {name: values[index] for name, values in rows.items()}
        answer = task.answer(decoded, index, row)
        json.dumps(answer, allow_nan=False)
        stored = {**row, **{name: values[index] for name, values in columns.items()}}
        for lines in (task.show_answer(answer), task.show_error(stored)):
            assert lines, f"task {task.name} shows nothing"
            assert all(isinstance(line, str) for line in lines), f"task {task.name} shows what is no text"
    json.dumps(task.report(decoded))


def check_metric(metric: Metric) -> None:
    """Undefined cases give nan, and perfect predictions the good end of the range."""
    labels = LabelSet.of(["O", "B-x", "I-x"])
    perfect: dict[str, list[Any]] = {"labels": [0, 1, 2], "tags": [[0, 1, 2], [1]], "numbers": [0.5, 1.5, 2.0]}
    perfect["multilabels"] = [[0, 2], [], [1]]
    perfect["answers"] = ["a town", "", "12"]
    perfect["preferences"] = [0.5, 1.5, 2.0]
    perfect["tokens"] = [3, 0, 2]
    perfect["ranks"] = [[1], [1], [1]]
    perfect["texts"] = ["a town by the sea", "one of two towns", "12 of the other towns"]
    rows = perfect[metric.shape]
    gold = [[text] if text else [] for text in rows] if metric.shape == "answers" else rows
    gold = [len(ranks) for ranks in rows] if metric.shape == "ranks" else gold
    for decoded in (Decoded(labels, [], []), Decoded(labels, rows, None)):
        assert math.isnan(metric.compute(decoded)), f"metric {metric.name}: nan is expected without gold or rows"
    value = metric.compute(Decoded(labels, rows, gold))
    best = metric.range[1] if metric.greater_is_better else metric.range[0]
    assert math.isnan(value) or math.isinf(best) or math.isclose(value, best), (
        f"metric {metric.name}: {value} of perfect predictions"
    )
    assert metric.help, f"metric {metric.name} has no help"


def _own_methods(found: Any) -> set[str]:
    """Names that the classes below our base define."""
    return {
        name
        for kind in type(found).__mro__
        if not kind.__module__.startswith("tui_finetune.plugin_api")
        for name in vars(kind)
    }


# An encoder without a tokenizer file


@dataclass
class PlainEncoded:
    """Tokens of one input, as the protocol `Encoded` has them."""

    ids: list[int] = field(default_factory=list)
    type_ids: list[int] = field(default_factory=list)
    word_ids: list[int | None] = field(default_factory=list)
    offsets: list[tuple[int, int]] = field(default_factory=list)
    length: int = 0
    sequence_ids: list[int | None] = field(default_factory=list)


_Piece = tuple[int, int, tuple[int, int]]
"""Id, word, place in the word's text."""


class PieceEncoder:
    """An Encoder that cuts words into pieces of four letters: `[START] pieces [END]`. Ids lie under `vocabulary`."""

    vocabulary = 100
    start, end = 1, 2
    piece = 4

    def __init__(self, max_length: int = 64) -> None:
        self.max_length = max_length

    def texts(self, texts: Sequence[str], pairs: Sequence[str] | None = None) -> list[Encoded]:
        if pairs is None:
            return [self._encoded(self._split(text), []) for text in texts]
        return [self._encoded(self._split(a), self._split(b), pair=True) for a, b in zip(texts, pairs, strict=True)]

    def words(self, words: Sequence[Sequence[str]]) -> list[Encoded]:
        return [self._encoded(self._pieces([(word, 0) for word in row]), []) for row in words]

    def windows(self, texts: Sequence[str], pairs: Sequence[str], stride: int) -> list[list[Encoded]]:
        whole = [self._whole(self._split(a), self._split(b), pair=True) for a, b in zip(texts, pairs, strict=True)]
        return [pair_windows(one, self.max_length, stride) for one in whole]

    def word_windows(self, words: Sequence[Sequence[str]], stride: int) -> list[list[Encoded]]:
        whole = [self._whole(self._pieces([(word, 0) for word in row]), []) for row in words]
        return [text_windows(one, self.max_length, stride) for one in whole]

    chat = Chat()

    def whole(self, texts: Sequence[str], *, special: bool = True) -> list[Encoded]:
        return [self._bare(self._split(text)) if not special else self._whole(self._split(text), []) for text in texts]

    def _bare(self, pieces: list[_Piece]) -> Encoded:
        return PlainEncoded(
            ids=[piece[0] for piece in pieces],
            type_ids=[0] * len(pieces),
            word_ids=[piece[1] for piece in pieces],
            offsets=[piece[2] for piece in pieces],
            length=len(pieces),
        )

    def _split(self, text: str) -> list[_Piece]:
        found, at = [], 0
        for word in text.split():
            at = text.index(word, at)
            found.append((word, at))
            at += len(word)
        return self._pieces(found)

    def _pieces(self, words: Sequence[tuple[str, int]]) -> list[_Piece]:
        return [
            (10 + sum(map(ord, word[i : i + self.piece])) % 90, index, (at + i, at + min(i + self.piece, len(word))))
            for index, (word, at) in enumerate(words)
            for i in range(0, len(word), self.piece)
        ]

    def _encoded(self, first: list[_Piece], second: list[_Piece], *, pair: bool = False) -> Encoded:
        length = len(first) + len(second) + 2
        while len(first) + len(second) + 2 > self.max_length:
            (first if len(first) >= len(second) else second).pop()
        cut = self._whole(first, second, pair=pair)
        return PlainEncoded(cut.ids, cut.type_ids, cut.word_ids, cut.offsets, length)

    def _whole(self, first: list[_Piece], second: list[_Piece], *, pair: bool = False) -> PlainEncoded:
        pieces = first + second
        type_ids = [0] * (len(first) + 1) + [1] * (len(second) + 1) if pair else [0] * (len(first) + 2)
        return PlainEncoded(
            ids=[self.start, *(p[0] for p in pieces), self.end],
            type_ids=type_ids,
            word_ids=[None, *(p[1] for p in pieces), None],
            offsets=[(0, 0), *(p[2] for p in pieces), (0, 0)],
            length=len(pieces) + 2,
            sequence_ids=[None, *[0] * len(first), *[1] * len(second), None],
        )
