"""What is predicted, prepared as the training's rows were: the steps of `[[preprocess]]` that change one row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_finetune.errors import DataError, UserError, first_line
from tui_finetune.inference.predictor import Answer, Predictor, Row
from tui_finetune.plugin_api import Preprocessor, Progress, no_progress

if TYPE_CHECKING:
    from tui_finetune.plugin_api.manager import Catalog

TEXTS = ("text", "text_pair")


class PreparedRows:
    """A predictor whose rows are prepared first. A row that a step would leave out or cut is answered without that step."""

    def __init__(self, predictor: Predictor, catalog: Catalog) -> None:
        self.card, self.task, self.device = predictor.card, predictor.task, predictor.device
        self.not_applied: dict[str, str] = {}
        """Steps that cannot be done to what is predicted, and why: they need columns that are not asked for."""
        self.choosing: list[str] = []
        """Steps that choose among rows: of no meaning for what is predicted."""
        self._predictor, self._catalog = predictor, catalog
        self._steps: list[tuple[Preprocessor, Mapping[str, Any]]] = []
        for step in self.card.preprocess:
            self._take(str(step["use"]), dict(step.get("options") or {}))

    @property
    def applied(self) -> list[str]:
        """The steps that are done, in their order."""
        return [step.name for step, _ in self._steps]

    def predict(self, rows: Sequence[Row], progress: Progress = no_progress) -> list[Answer]:
        answers = self._predictor.predict(self._prepared(rows), progress)
        if not self._steps:
            return answers
        return [_as_asked(answer, row) for answer, row in zip(answers, rows, strict=True)]

    def tokenize(self, rows: Sequence[Row]) -> list[dict[str, Any]]:
        return self._predictor.tokenize(self._prepared(rows))

    def save(self, folder: Path) -> None:
        self._predictor.save(folder)

    def _take(self, name: str, given: Mapping[str, Any]) -> None:
        """Keeps a step that works on the columns there are when predicting; says why of the others."""
        from tui_finetune.data.opening import validated

        try:
            step = self._catalog.require("preprocessors", name)
            if step.chooses:
                self.choosing.append(name)
                return
            model = step.options_model()
            taken = (step, validated(model, given) if model is not None else dict(given))
            sample = {"text": "a", "words": ["a"]}
            row = {role.name: sample[role.kind] for role in self.task.roles if role.kind in sample and not role.gold}
            self._one(taken, self._by_column(row))
        except (UserError, KeyError) as error:
            self.not_applied[name] = first_line(error)
            return
        self._steps.append(taken)

    def _prepared(self, rows: Sequence[Row]) -> list[Row]:
        if not self._steps:
            return list(rows)
        return [self._row(row) for row in rows]

    def _row(self, row: Row) -> Row:
        now = self._by_column({name: value for name, value in row.items() if value is not None})
        for step in self._steps:
            now = self._one(step, now)
        return {name: now.get(self.card.columns.get(name, name), value) for name, value in row.items()}

    def _by_column(self, row: Row) -> dict[str, Any]:
        return {self.card.columns.get(name, name): value for name, value in row.items()}

    def _one(self, step: tuple[Preprocessor, Mapping[str, Any]], row: dict[str, Any]) -> dict[str, Any]:
        """The row after a step, or as it was where none or several came of it."""
        from tui_finetune.data.problems import failed_plugin

        preprocessor, options = step
        try:
            made = (
                preprocessor.apply_batch([row], options)[0]
                if preprocessor.batched
                else preprocessor.apply(row, options)
            )
        except (UserError, KeyError):
            raise
        except Exception as error:
            raise DataError(failed_plugin("preprocessor", preprocessor.name, self._catalog, error).problems) from error
        return dict(made) if isinstance(made, Mapping) else row


def _as_asked(answer: Answer, row: Row) -> Answer:
    """An answer under the text that was asked; one with places in a text keeps the text that they are in."""
    if "entities" in answer:
        return answer
    if "answers" in answer:
        return _answered_as_asked(answer, row)
    return {**answer, **{name: row[name] for name in TEXTS if name in answer and row.get(name) is not None}}


def _answered_as_asked(answer: Answer, row: Row) -> Answer:
    """Answers with their places in the context that was asked: where the steps changed it, those of the same letters.

    One whose letters do not stand there has no place, which is null.
    """
    context = str(row.get("context") or "")
    kept = {name: row[name] for name in ("question", "context") if row.get(name) is not None}
    listed = [_placed(one, context, one["text"]) for one in answer["answers"]]
    return {**_placed(answer, context, answer["answer"]), **kept, "answers": listed}


def _placed(answer: Mapping[str, Any], context: str, text: str) -> Answer:
    if not text or context[answer["start"] : answer["end"]] == text:
        return dict(answer)
    start = context.find(text, max(0, answer["start"]))
    start = start if start >= 0 else context.rfind(text)
    return (
        {**answer, "start": start, "end": start + len(text)} if start >= 0 else {**answer, "start": None, "end": None}
    )


def preparing(ready: Mapping[str, Any], trained: Sequence[str]) -> str | None:
    """How what is predicted is prepared, from what the helper said when it was ready; None where training had no steps."""
    if not trained:
        return None
    applied, why = list(ready.get("preprocess") or ()), dict(ready.get("not_applied") or {})
    left = [name for name in trained if name not in applied and name not in (ready.get("choosing") or ())]
    said = f"Texts are prepared as in training: {', '.join(applied)}." if applied else ""
    lost = [f"{name} ({why[name].removesuffix('.')})" if name in why else name for name in left]
    return f"{said} Not applied to what is predicted: {', '.join(lost)}.".strip() if lost else said
