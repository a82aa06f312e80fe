"""Makes the tables of `[train]` from an arguments class: `python -m tui_finetune.config.generate_tables [--ship] CLASS`.

The one module of config that imports the library; nothing imports it.
"""

from __future__ import annotations

import argparse
import dataclasses
import enum
import importlib
import json
import sys
import types
import typing
from importlib import metadata
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from tui_finetune.config.arguments import DEFAULT_CLASS

TABLES = Path(__file__).parent / "tables"
_PLAIN = {bool: "bool", int: "int", float: "float", str: "str", dict: "dict", list: "list[str]", type(None): "none"}


def document(arguments_class: str) -> dict[str, Any]:
    """Class, package, version and fields, as JSON."""
    module, _, name = arguments_class.rpartition(".")
    found = getattr(importlib.import_module(module), name)
    package = arguments_class.partition(".")[0]
    hints = typing.get_type_hints(found)
    return {
        "class": arguments_class,
        "version": metadata.version(package),
        "arguments": {f.name: _argument(f, hints[f.name]) for f in dataclasses.fields(found) if f.init},
    }


def _argument(field: dataclasses.Field[Any], annotation: Any) -> dict[str, Any]:
    default = None
    if field.default is not dataclasses.MISSING:
        default = field.default
    elif field.default_factory is not dataclasses.MISSING:
        default = field.default_factory()
    choices = [str(choice) for choice in field.metadata.get("choices", ())] or _enum_values(annotation)
    return {
        "type": " | ".join(dict.fromkeys(_types(annotation) + (["none"] if default is None else []))),
        "default": default.value if isinstance(default, enum.Enum) else default,
        "help": " ".join(str(field.metadata.get("help", "")).split()).replace("%%", "%"),
        "choices": choices,
    }


def _types(annotation: Any) -> list[str]:
    """Names of the alternatives, `none` last."""
    origin, args = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        found = [name for arg in args for name in _types(arg)]
        return sorted(dict.fromkeys(found), key=lambda name: name == "none")
    if origin is Literal:
        return list(dict.fromkeys(_PLAIN[type(arg)] for arg in args))
    if origin in (dict, list):
        return [_PLAIN[origin]]
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return ["str"]
    return [_PLAIN.get(annotation, "object")]


def _enum_values(annotation: Any) -> list[str]:
    """The values of an enumeration that is the only or the first alternative."""
    for part in (annotation, *get_args(annotation)):
        if isinstance(part, type) and issubclass(part, enum.Enum):
            return [str(member.value) for member in part]
    return []


def main() -> None:
    """Prints the table of a class, or with `--ship` writes it where it is shipped from."""
    parser = argparse.ArgumentParser(prog="python -m tui_finetune.config.generate_tables", description=__doc__)
    parser.add_argument("arguments_class", nargs="?", default=DEFAULT_CLASS)
    parser.add_argument("--ship", action="store_true", help="write it into tui_finetune/config/tables")
    given = parser.parse_args()
    text = json.dumps(document(given.arguments_class), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    if given.ship:
        TABLES.mkdir(exist_ok=True)
        (TABLES / f"{given.arguments_class}.json").write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)


if __name__ == "__main__":
    main()
