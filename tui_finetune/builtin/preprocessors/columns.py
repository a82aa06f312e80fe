"""Preprocessors that make one column of others, or give its values other names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tui_finetune.builtin.preprocessors.named import check
from tui_finetune.errors import DataError, Problem
from tui_finetune.plugin_api import Preprocessor

if TYPE_CHECKING:
    from pydantic import BaseModel


class JoinColumns(Preprocessor):
    name = "join-columns"
    help = "One text of several columns; empty ones are left out."

    def options_model(self) -> type[BaseModel]:
        from tui_finetune.builtin.preprocessors.options import JoinOptions

        return JoinOptions

    def apply(self, row: dict[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
        check(self.name, "columns", options["columns"], row)
        parts = [str(row[name]) for name in options["columns"] if row[name] is not None and str(row[name]).strip()]
        return {**row, options["into"]: options["separator"].join(parts)}


class JoinWords(Preprocessor):
    name = "join-words"
    help = "A sentence of a list of words."

    def options_model(self) -> type[BaseModel]:
        from tui_finetune.builtin.preprocessors.options import JoinWordsOptions

        return JoinWordsOptions

    def apply(self, row: dict[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
        check(self.name, "column", [options["column"]], row)
        words = row[options["column"]]
        if words is not None and not isinstance(words, list):
            raise DataError(
                Problem(
                    f"{self.name}: column {options['column']} holds {type(words).__name__} values, no lists of words.",
                    "preprocess",
                    hint='Name the column of words: options = { column = "..." }.',
                )
            )
        text = None if words is None else " ".join(str(word) for word in words if word is not None)
        if text is not None and not options["spaced"]:
            text = re.sub(r"([(\[{]) ", r"\1", re.sub(r" ([.,;:!?)\]}])", r"\1", text))
        return {**row, options["into"]: text}


class MapLabels(Preprocessor):
    name = "map-labels"
    help = "Gives labels other names, and several of them one name."

    def options_model(self) -> type[BaseModel]:
        from tui_finetune.builtin.preprocessors.options import MapOptions

        return MapOptions

    def apply(self, row: dict[str, Any], options: Mapping[str, Any]) -> dict[str, Any] | None:
        column, names = options["column"], options["map"]
        check(self.name, "column", [column], row)
        value = row[column]
        if value is None or options["others"] == "keep":
            return {**row, column: self._new(value, names)}
        items = value if isinstance(value, list) else [value]
        unknown = sorted({_key(item) for item in items} - names.keys())
        if not unknown:
            return {**row, column: self._new(value, names)}
        if options["others"] == "drop":
            return None
        raise DataError(
            Problem(
                f"{self.name}: the map says nothing of {', '.join(unknown)} in column {column}.",
                "preprocess",
                hint='Name them in the map, or set others = "keep" or "drop".',
            )
        )

    def _new(self, value: Any, names: Mapping[str, Any]) -> Any:
        if isinstance(value, list):
            return [self._new(item, names) for item in value]
        return names.get(_key(value), value)


def _key(value: Any) -> str:
    """As a recipe writes it: keys of a TOML table are texts."""
    return str(value).lower() if isinstance(value, bool) else str(value)
