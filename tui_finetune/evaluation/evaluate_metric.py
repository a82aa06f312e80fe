"""Our metrics as `evaluate.Metric`, and metrics of the Hub as ours. Both need the library `evaluate`, imported inside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tui_finetune.plugin_api import Decoded, LabelSet, Metric, Shape

if TYPE_CHECKING:
    import evaluate

_FEATURES = {
    "labels": "int64",
    "numbers": "float64",
    "answers": "string",
    "texts": "string",
    "tokens": "int64",
    "preferences": "float64",
}


def as_evaluate_metric(metric: Metric, labels: Sequence[str] | None = None) -> evaluate.Metric:
    """An `evaluate.Metric` whose `compute(predictions=, references=)` gives `{name: value}`, without any download.

    Label ids for shape labels, lists of them for multilabels, floats for numbers, lists of tag names (as seqeval takes them)
    for tags; of answers a text, and a list of texts that are right; of tokens how many were foretold, and how many there were
    (what needs their losses is nan then); of texts a text each; of a search the places of what belongs to a text,
    and how much that is. `labels` gives the names; without it as many labels are assumed as ids occur.
    """
    import datasets
    import evaluate

    if metric.shape in ("tags", "multilabels", "ranks"):
        feature: Any = datasets.Sequence(datasets.Value("string" if metric.shape == "tags" else "int64"))
    else:
        feature = datasets.Value(_FEATURES[metric.shape])
    gold = datasets.Sequence(feature) if metric.shape == "answers" else feature
    gold = datasets.Value("int64") if metric.shape == "ranks" else gold

    class Adapted(evaluate.Metric):  # type: ignore[misc]
        def _info(self) -> evaluate.MetricInfo:
            return evaluate.MetricInfo(
                description=metric.help,
                citation="",
                inputs_description="predictions and references, parallel",
                features=datasets.Features({"predictions": feature, "references": gold}),
            )

        def _compute(self, predictions: Sequence[Any], references: Sequence[Any]) -> dict[str, float]:
            decoded = _decoded(metric.shape, predictions, references, labels)
            return {metric.name: float(metric.compute(decoded))}

    return Adapted(config_name=metric.name)


def _decoded(
    shape: str, predictions: Sequence[Any], references: Sequence[Any], labels: Sequence[str] | None
) -> Decoded:
    if shape == "tags":
        names = list(labels or sorted({tag for row in (*predictions, *references) for tag in row}))
        ids = {name: index for index, name in enumerate(names)}
        said, gold = ([[ids[tag] for tag in row] for row in rows] for rows in (predictions, references))
        return Decoded(LabelSet.of(names), said, gold)
    if shape == "multilabels":
        known = 1 + max((int(i) for row in (*predictions, *references) for i in row), default=-1)
        names = list(labels or map(str, range(known)))
        return Decoded(LabelSet.of(names), [list(row) for row in predictions], [list(row) for row in references])
    if shape == "answers":
        return Decoded(LabelSet.of(()), list(predictions), [list(texts) for texts in references])
    if shape in ("numbers", "tokens", "preferences", "ranks", "texts"):
        return Decoded(LabelSet.of(()), list(predictions), list(references))
    count = 1 + max((int(i) for i in (*predictions, *references)), default=-1)
    return Decoded(LabelSet.of(labels or [str(i) for i in range(count)]), list(predictions), list(references))


def from_evaluate(
    module: evaluate.EvaluationModule | str,
    *,
    shape: Shape,
    key: str | None = None,
    name: str | None = None,
    arguments: Mapping[str, Any] | None = None,
    range: tuple[float, float] = (0.0, 1.0),
    greater_is_better: bool = True,
) -> Metric:
    """A metric of the Hub (`evaluate.load(module)`: a download the first time) or a loaded one, as one of ours.

    `key` is the figure to take where the module gives several (default: `name`, else the only one); `arguments` go to
    `compute`, for instance `{"average": "macro"}`. Loading happens at the first use, so that a plugin may declare it lightly.
    """
    called = name or key or (module if isinstance(module, str) else module.name)
    loaded: list[Any] = [] if isinstance(module, str) else [module]

    def compute(decoded: Decoded) -> float:
        if decoded.gold is None or len(decoded.predicted) == 0:
            return float("nan")
        if not loaded:
            import evaluate

            loaded.append(evaluate.load(module))
        found = loaded[0].compute(**_inputs(shape, decoded), **(arguments or {}))
        figure = found.get(key or called, next(iter(found.values()))) if len(found) == 1 else found[key or called]
        return float(np.asarray(figure))

    return Metric(
        called.replace("/", "-"), shape, compute, range, greater_is_better, help=f"{called}, of the library evaluate."
    )


def _inputs(shape: str, decoded: Decoded) -> dict[str, Any]:
    if shape != "tags":
        return {"predictions": list(decoded.predicted), "references": list(decoded.gold or ())}
    from tui_finetune.evaluation.classes import NO_LABEL

    names = decoded.labels.names
    said = [["O" if tag == NO_LABEL else names[tag] for tag in row] for row in decoded.predicted]
    return {"predictions": said, "references": [[names[tag] for tag in row] for row in decoded.gold or ()]}
