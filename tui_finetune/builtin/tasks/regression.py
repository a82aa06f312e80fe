"""regression, the light half: a number for a text or a pair of texts, or several numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tui_finetune.builtin.tasks.text_classification import TEXT_ROLES, joined_texts, text_columns, texts_of
from tui_finetune.errors import DataError, Problem
from tui_finetune.evaluation.numbers import number_report
from tui_finetune.plugin_api import Baseline, Decoded, Encoder, FormField, LabelSet, Metric, Role, Shape, Task

if TYPE_CHECKING:
    import pyarrow as pa
    from pydantic import BaseModel

TOLD = 3
"""Values named that cannot be learnt."""
Range = tuple[float, float]


class Regression(Task):
    name = "regression"
    title = "Regression"
    help = "A number for each text, or for each pair of texts: similarity, rating, price; or several numbers."
    pipeline_tag = "text-classification"
    roles: ClassVar[tuple[Role, ...]] = (
        *TEXT_ROLES,
        Role(
            "score",
            "number",
            gold=True,
            usual_names=(
                "score",
                "similarity",
                "similarity_score",
                "relatedness",
                "relatedness_score",
                "gold_score",
                "rating",
                "value",
                "target",
                "label",
                "labels",
            ),
            help="What is to be predicted: a number, or a list of numbers for several targets.",
        ),
    )
    heavy = "tui_finetune.builtin.heads.regression:RegressionHead"
    shape: ClassVar[Shape] = "numbers"
    metrics = ("pearson", "spearman", "mae", "mse")
    architectures = ("ForSequenceClassification",)
    form_fields = (
        FormField("data.columns.text", "Column of the text."),
        FormField("data.columns.text_pair", "Column of a second text; leave it empty for single texts."),
        FormField("data.columns.score", "Column of the number, or of lists of numbers."),
    )
    refused_arguments: ClassVar[Mapping[str, str]] = {"label_smoothing_factor": "it is for labels, not for numbers"}
    targets: ClassVar[tuple[str, ...]] = ()
    """Names of the numbers; found by their count where empty."""
    range: ClassVar[Range | None] = None
    """Lowest and highest number that there is."""

    def variant(self, options: Mapping[str, Any]) -> Task:
        return _made(_names(options.get("targets")), _range(options.get("range")))

    def options_model(self) -> type[BaseModel]:
        from tui_finetune.builtin.tasks.options import RegressionOptions

        return RegressionOptions

    def options_of(self, config: Mapping[str, Any]) -> Mapping[str, Any] | None:
        one = isinstance(config.get("id2label"), Mapping) and len(config["id2label"]) == 1
        return {} if config.get("problem_type") == "regression" or (one and not config.get("problem_type")) else None

    def infer_labels(self, values: pa.ChunkedArray, class_names: Sequence[str] | None) -> LabelSet:
        """The names of the targets. Raises DataError for what is no number, not finite, or outside the range."""
        import pyarrow as pa

        kind = values.type
        listed = pa.types.is_list(kind)
        inner = kind.value_type if listed else kind
        if not (pa.types.is_floating(inner) or pa.types.is_integer(inner)):
            hint = "Numbers are expected; data.columns chooses another column."
            raise DataError(Problem(f"the score column holds {kind}.", key="data.columns", hint=hint))
        rows = [row if listed else [row] for row in values.drop_null().to_pylist()]
        if not rows:
            raise DataError(Problem("the score column holds nothing.", key="data.columns"))
        self._check(rows)
        return LabelSet.of(self.targets or (_numbered(len(rows[0])) if listed else ("score",)))

    def _check(self, rows: Sequence[Sequence[float]]) -> None:
        count = len(self.targets) or len(rows[0])
        if any(len(row) != count for row in rows):
            found = sorted({len(row) for row in rows})
            wanted = f"{count} are named in task_options.targets" if self.targets else "every row needs as many"
            told = f"rows have {', '.join(map(str, found))} numbers; {wanted}."
            raise DataError(Problem(told, key="data.columns.score"))
        numbers = np.asarray(rows, dtype=np.float64)
        if not np.isfinite(numbers).all():
            raise DataError(Problem("the score column holds numbers that are not finite.", key="data.columns.score"))
        if self.range is None:
            return
        low, high = self.range
        outside = numbers[(numbers < low) | (numbers > high)]
        if len(outside):
            told = ", ".join(f"{value:g}" for value in outside[:TOLD]) + (" …" if len(outside) > TOLD else "")
            rows_word = "number is" if len(outside) == 1 else "numbers are"
            message = f"{len(outside):,} {rows_word} outside {low:g} to {high:g}: {told}."
            raise DataError(Problem(message, key="task_options.range", hint="Mend the rows, or widen the range."))

    # Data -> model

    def encode(self, batch: Mapping[str, Sequence[Any]], encoder: Encoder, labels: LabelSet) -> dict[str, list[Any]]:
        columns = text_columns(batch, encoder)
        if "score" in batch:
            columns["labels"] = self._scaled(_gold(batch["score"], len(labels))).tolist()
        return columns

    def _scaled(self, numbers: np.ndarray) -> np.ndarray:
        """As the model learns them: the range as 0 to 1."""
        if self.range is None:
            return numbers
        scaled: np.ndarray = (numbers - self.range[0]) / (self.range[1] - self.range[0])
        return scaled

    # Model -> person

    def decode(
        self,
        logits: Sequence[np.ndarray],
        rows: Mapping[str, Sequence[Any]],
        labels: LabelSet,
        options: Mapping[str, Any],
    ) -> Decoded:
        """Numbers in the data's own units, within the range."""
        raw = np.stack(logits).astype(np.float64) if len(logits) else np.zeros((0, len(labels)))
        gold = self._gold_of(rows, len(labels))
        losses = None if gold is None else np.square(raw - self._scaled(gold)).mean(axis=1)
        said = raw if self.range is None else self.range[0] + np.clip(raw, 0, 1) * (self.range[1] - self.range[0])
        return Decoded(labels, _values(said), None if gold is None else _values(gold), None, losses)

    def _gold_of(self, rows: Mapping[str, Sequence[Any]], targets: int) -> np.ndarray | None:
        given = rows.get("score")
        if given is not None and all(value is not None for value in given):
            return _gold(given, targets)
        if "labels" not in rows:
            return None
        scaled = np.asarray(rows["labels"], dtype=np.float64).reshape(-1, targets)
        return scaled if self.range is None else self.range[0] + scaled * (self.range[1] - self.range[0])

    def prediction_schema(self, labels: LabelSet) -> pa.Schema:
        """gold and predicted: a number, or with several targets a list of them; error: the largest distance of a target."""
        import pyarrow as pa

        kind = pa.float64() if len(labels) == 1 else pa.list_(pa.float64())
        return pa.schema([pa.field("gold", kind), pa.field("predicted", kind), pa.field("error", pa.float64())])

    def prediction_columns(self, decoded: Decoded) -> dict[str, list[Any]]:
        count = len(decoded.predicted)
        if decoded.gold is None:
            return {"gold": [None] * count, "predicted": list(decoded.predicted), "error": [None] * count}
        apart = [np.abs(np.subtract(s, g)).max() for s, g in zip(decoded.predicted, decoded.gold, strict=True)]
        return {
            "gold": list(decoded.gold),
            "predicted": list(decoded.predicted),
            "error": [float(one) for one in apart],
        }

    def answer(self, decoded: Decoded, index: int, row: Mapping[str, Any]) -> dict[str, Any]:
        """text (and text_pair), values: target to number."""
        said = decoded.predicted[index]
        numbers = said if isinstance(said, list) else [said]
        return {**texts_of(row), "values": dict(zip(decoded.labels.names, numbers, strict=True))}

    def show_answer(self, answer: Mapping[str, Any]) -> list[str]:
        values = answer["values"]
        return (
            [f"{name}  {_shown(value)}" for name, value in values.items()]
            if len(values) > 1
            else [_shown(value) for value in values.values()]
        )

    def show_error(self, row: Mapping[str, Any]) -> list[str]:
        return [*texts_of(row).values(), f"predicted  {_shown(row['predicted'])}", f"gold       {_shown(row['gold'])}"]

    def baselines(
        self,
        train: Mapping[str, Sequence[Any]],
        test: Mapping[str, Sequence[Any]],
        labels: LabelSet,
        metrics: Sequence[Metric],
    ) -> list[Baseline]:
        from tui_finetune.builtin.tasks.number_baselines import number_baselines

        gold = _gold(train["score"], len(labels)), _gold(test["score"], len(labels))
        return number_baselines(joined_texts(train), joined_texts(test), *gold, labels, metrics)

    def report(self, decoded: Decoded) -> dict[str, Any]:
        return number_report(decoded)


@cache
def _made(targets: tuple[str, ...], range: Range | None) -> Regression:
    found: Regression = type("Regression", (Regression,), {"targets": targets, "range": range})()
    return found


def _names(given: Any) -> tuple[str, ...]:
    return tuple(map(str, given)) if isinstance(given, list | tuple) else ()


def _range(given: Any) -> Range | None:
    numbers = isinstance(given, list | tuple) and len(given) == 2 and all(isinstance(v, int | float) for v in given)
    return (float(given[0]), float(given[1])) if numbers and given[0] < given[1] else None


def _numbered(count: int) -> tuple[str, ...]:
    return tuple(f"target {index + 1}" for index in range(count))


def _gold(given: Sequence[Any], targets: int) -> np.ndarray:
    """Shape [rows, targets]. Raises DataError where a row has another number of them."""
    rows = [row if isinstance(row, list | tuple | np.ndarray) else [row] for row in given]
    odd = next((row for row in rows if len(row) != targets), None)
    if odd is not None:
        raise DataError(Problem(f"a row has {len(odd)} numbers; {targets} are needed.", key="data.columns.score"))
    return np.asarray(rows, dtype=np.float64).reshape(-1, targets)


def _values(numbers: np.ndarray) -> list[Any]:
    """A number a row, or a list of them."""
    found: list[Any] = numbers[:, 0].tolist() if numbers.shape[1] == 1 else numbers.tolist()
    return found


def _shown(value: Any) -> str:
    return ", ".join(f"{one:.3f}" for one in value) if isinstance(value, list | tuple) else f"{value:.3f}"
