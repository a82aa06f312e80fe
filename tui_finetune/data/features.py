"""Names of integer labels, as the datasets library writes them into Arrow and Parquet files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

KEY = b"huggingface"


def class_names_of(features: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Column to the names of its ClassLabel, of scalars and of lists; `features` as `Features.to_dict()` gives them."""
    found = {}
    for column, feature in features.items():
        while True:
            if isinstance(feature, list) and feature:
                feature = feature[0]
            elif isinstance(feature, Mapping) and isinstance(feature.get("feature"), Mapping | list):
                feature = feature["feature"]
            else:
                break
        if isinstance(feature, Mapping) and feature.get("_type") == "ClassLabel" and feature.get("names"):
            found[column] = tuple(str(name) for name in feature["names"])
    return found


def class_names_in(schema: pa.Schema) -> dict[str, tuple[str, ...]]:
    """The same from a schema's metadata; nothing where there is none, or another's."""
    try:
        info = json.loads((schema.metadata or {}).get(KEY, b"{}"))
        features = info.get("info", {}).get("features", {})
    except (ValueError, AttributeError):
        return {}
    return class_names_of(features) if isinstance(features, Mapping) else {}


def plain(table: pa.Table) -> pa.Table:
    """The table without metadata and dictionaries, one type for each kind of text."""
    import pyarrow as pa

    columns = {}
    for field in table.schema:
        column, kind = table.column(field.name), field.type
        if pa.types.is_dictionary(kind):
            column = column.cast(kind.value_type)
        if pa.types.is_large_string(column.type) or pa.types.is_string_view(column.type):
            column = column.cast(pa.string())
        columns[field.name] = column
    return pa.table(columns)
