"""The model card: README.md of a model folder, with the front matter that the Hub reads."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tui_finetune.inference.builtin_models import hub_name
from tui_finetune.inference.hub_models import name_of_snapshot
from tui_finetune.runs.layout import looks_like_run_id

LABELS = 100
"""Labels listed; of more the number is told."""
AUTO_CLASSES = {
    "text-classification": "AutoModelForSequenceClassification",
    "token-classification": "AutoModelForTokenClassification",
}
"""Pipeline tag to the class of transformers that loads the model."""

_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]")
_HUB_ID = re.compile(r"[\w.-]+(/[\w.-]+)?$")


def write_model_card(folder: Path, facts: Mapping[str, Any]) -> None:
    """Writes `README.md` into the model folder, beside and renamed."""
    path = folder / "README.md"
    beside = folder / ".writing-README.md"
    beside.write_text(model_card(facts), encoding="utf-8", errors="replace")
    os.replace(beside, path)


def model_card(facts: Mapping[str, Any]) -> str:
    """The card's text. `facts`: what the save step knows of data, recipe, metrics."""
    parts = [
        _front_matter(facts),
        f"# {_line(facts['name'])}\n",
        _summary(facts),
        _data(facts),
        _metrics(facts),
        _labels(facts),
        _limits(facts),
        _use(facts),
        _recipe(facts),
    ]
    return "\n".join(part for part in parts if part)


# Front matter


def _front_matter(facts: Mapping[str, Any]) -> str:
    base, data = base_model(facts["base_model"]), _hub_data(facts)
    head: dict[str, Any] = {"library_name": "transformers"}
    if facts.get("pipeline_tag"):
        head["pipeline_tag"] = facts["pipeline_tag"]
    if base is not None:
        head["base_model"] = base
    if data is not None:
        head["datasets"] = [data]
    if facts["metrics"]:
        head["metrics"] = sorted({_split_of(name)[1] for name in facts["metrics"]} - {"loss"})
    head["tags"] = ["tui-finetune", facts["task"]]
    if facts["metrics"]:
        head["model-index"] = [{"name": facts["name"], "results": _results(facts)}]
    return "---\n" + "".join(f"{key}: {_yaml(value)}\n" for key, value in head.items()) + "---\n"


def _yaml(value: Any) -> str:
    """A value as JSON, which YAML reads too; what YAML does not take as it is, escaped."""
    text = json.dumps(value, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def _results(facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    data = _data_name(facts)
    by_split: dict[str, list[dict[str, Any]]] = {}
    for name, value in facts["metrics"].items():
        split, metric = _split_of(name)
        if _finite(value):
            by_split.setdefault(split, []).append({"type": metric, "value": round(float(value), 6), "name": metric})
    task = {"type": facts.get("pipeline_tag") or facts["task"], "name": facts["task_title"]}
    return [
        {"task": task, "dataset": {"name": data, "type": data, "split": split}, "metrics": metrics}
        for split, metrics in by_split.items()
    ]


def base_model(path: str) -> str | None:
    """The Hub's name of the model that training started from; None for a folder of somebody's own."""
    known = hub_name(path) or name_of_snapshot(path)
    if known is not None:
        return known
    return path if _HUB_ID.match(path) else None


def _hub_data(facts: Mapping[str, Any]) -> str | None:
    data = facts["data"]
    return data if facts["data_source"] == "hub" and isinstance(data, str) else None


def _data_name(facts: Mapping[str, Any]) -> str:
    """What the data is called; of a path only its last part, for a card is read elsewhere."""
    data = facts["data"] if isinstance(facts["data"], str) else (facts["data"] or [facts["data_source"]])[0]
    return data if _hub_data(facts) else Path(data).name or str(data)


# Text


def _summary(facts: Mapping[str, Any]) -> str:
    base = base_model(facts["base_model"]) or _folder_name(Path(facts["base_model"]))
    revision = f" (revision `{facts['base_revision']}`)" if facts.get("base_revision") else ""
    step = _weights(facts)
    return (
        f"{_line(facts['task_title'])}, fine-tuned from `{base}`{revision} with tui-finetune. "
        f"The weights are those of {step}. Run: `{facts['run']}`.\n"
    )


def _weights(facts: Mapping[str, Any]) -> str:
    """Which step's weights they are."""
    best, steps = facts.get("best_step"), facts["steps"]
    if best:
        return f"step {best:,}, the best of {steps:,} by {facts['best_metric']} on validation"
    step = facts.get("step", steps)
    return f"the last step, {steps:,}" if step == steps else f"step {step:,} of {steps:,}"


def _folder_name(path: Path) -> str:
    """What a folder is called; of a run's model, or of its checkpoint, the run."""
    return next((parent.name for parent in path.parents if looks_like_run_id(parent.name)), path.name)


def _data(facts: Mapping[str, Any]) -> str:
    revision = f", revision `{facts['data_revision']}`" if facts.get("data_revision") else ""
    lines = ["## Data\n", f"{_line(_data_name(facts))} (source `{facts['data_source']}`{revision}).\n"]
    rows = [(name, f"{count:,}", _cell(facts["split_origin"].get(name, ""))) for name, count in facts["rows"].items()]
    lines.append(_table(("split", "rows", "from"), rows))
    return "\n".join(lines)


def _metrics(facts: Mapping[str, Any]) -> str:
    metrics, main = facts["metrics"], facts["main_metric"]
    if not metrics:
        return "## Metrics\n\nNot measured: there was no row to measure on.\n"
    names = list(dict.fromkeys(_split_of(name)[1] for name in metrics))
    splits = list(dict.fromkeys(_split_of(name)[0] for name in metrics))
    rows = [
        (name, *(_score(metrics.get(f"test_{name}" if split == "test" else name)) for split in splits))
        for name in names
    ]
    lines = ["## Metrics\n", _table(("metric", *splits), rows)]
    if facts["baselines"]:
        compared = [("this model", _score(metrics.get(f"test_{main}", metrics.get(main))))]
        compared += [(_cell(name), _score(value)) for name, value in facts["baselines"].items()]
        lines += [f"What trivial methods reach on {splits[-1]}:\n", _table(("by", main), compared)]
    return "\n".join(lines)


def _labels(facts: Mapping[str, Any]) -> str:
    labels = facts["labels"]
    if not labels:
        return ""
    named = ", ".join(f"`{_line(label)}`" for label in labels[:LABELS])
    more = f" and {len(labels) - LABELS:,} more (in config.json)" if len(labels) > LABELS else ""
    return f"## Labels\n\n{len(labels):,}: {named}{more}.\n"


def _limits(facts: Mapping[str, Any]) -> str:
    train = facts["rows"].get("train", 0)
    length = f"{facts['max_length']:,} tokens"
    cut = f"- Inputs are cut to {length}: what stands behind is not seen."
    lines = [
        f"- Longer inputs are read in windows of {length}." if facts.get("windowed") else cut,
        f"- It learned from {train:,} rows of one source; on other kinds of text it may be worse than the figures above.",
    ]
    if facts["labels"]:
        lines.append("- It always answers with its own labels, for texts that belong to none of them too.")
    else:
        lines.append("- It says what is likely after the texts that it learned from, which need not be true.")
    lines.append("- Scores are the model's own, not calibrated.")
    if not any(name.startswith("test_") for name in facts["metrics"]):
        lines.append("- The figures are of validation, which chose the weights: on new data expect somewhat less.")
    lines += [f"- {_line(warning)}" for warning in facts["warnings"]]
    return "## Limits\n\n" + "\n".join(lines) + "\n"


def _use(facts: Mapping[str, Any]) -> str:
    tag = facts.get("pipeline_tag")
    lines = ["## Use\n"]
    if tag in AUTO_CLASSES:
        extra = ', aggregation_strategy="simple"' if tag == "token-classification" else ", top_k=None"
        cut = "" if tag == "token-classification" else f", truncation=True, max_length={facts['max_length']}"
        lines += [
            "```python",
            "from transformers import pipeline",
            "",
            f'classify = pipeline("{tag}", model="path/to/this/folder"{extra})',
            f'classify("A text."{cut})',
            "```\n",
            f"`{AUTO_CLASSES[tag]}.from_pretrained` and `AutoTokenizer.from_pretrained` load it too. On the command line:\n",
        ]
    lines += ["```", 'tui-finetune predict path/to/this/folder "A text."', "```\n"]
    return "\n".join(lines)


def _recipe(facts: Mapping[str, Any]) -> str:
    text = str(facts["recipe"]).rstrip("\n")
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return f"## Recipe\n\n{fence}toml\n{text}\n{fence}\n"


def _split_of(name: str) -> tuple[str, str]:
    """`test_f1` to test and f1; names without the prefix are validation's."""
    return ("test", name.removeprefix("test_")) if name.startswith("test_") else ("validation", name)


def _score(value: Any) -> str:
    return f"{float(value):.4f}" if _finite(value) else "–" if value is None else str(value)


def _finite(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _line(text: Any) -> str:
    """Foreign text on one line."""
    return " ".join(str(text).split()).replace("`", "'")


def _cell(text: Any) -> str:
    return _line(text).replace("|", "\\|")
