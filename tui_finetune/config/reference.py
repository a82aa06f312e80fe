"""The reference page docs/configuration.md: a rendering of the declared tables, the arguments tables and the catalog.

Made by `tui-finetune config schema --markdown --no-plugins`; a test holds the page in the repository to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from tui_finetune.config import arguments
from tui_finetune.config.names import Names
from tui_finetune.config.problems import expected, table_of
from tui_finetune.config.schema import RESERVED, RESERVED_KINDS, Recipe
from tui_finetune.config.write import toml_value
from tui_finetune.errors import ExitCode
from tui_finetune.paths import HOME_VARIABLE
from tui_finetune.runs.settable import HEALTH_ACTIONS, HEALTH_RULES, HEALTH_THRESHOLDS, RULE_PREFIX, SETTABLE

_INTRODUCTION: Final = """\
# Configuration

Made by `tui-finetune config schema --markdown --no-plugins`; without `--no-plugins` it tells of the plugins on your
machine too. `tui-finetune config new` writes a commented recipe, `config check` tells every problem of one at once,
`config show` prints it with all defaults, and `config schema` prints JSON Schema for an editor.

## The recipe

A recipe is a TOML file. Required are `task`, `data.source` or `data.path`, and `model.path`; everything else has a
default. Unknown keys are refused, with the nearest spelling and the line. Relative paths are relative to the recipe's
folder.

On the command line `--set key=value` puts a value over the recipe's, as in `--set train.learning_rate=3e-5`. The value
is read as TOML where it is TOML, else as text, so that `--set model.path=run:latest` needs no quotes. Relative paths
given so are relative to the current folder. Items of lists have numbers: `--set preprocess.0.use=strip-html`.

"""

_RUN_DIRECTORY: Final = """\
In a run directory `request.toml` is the person's file as it was, and `recipe.toml` the resolved one: all defaults
written out, paths absolute, Hub revisions as commits, columns and labels as found, and a table `[resolved]` with inputs
(size, hash), plugins and versions. An absent key means none there.

"""

EXIT_CODES: Final[Mapping[ExitCode, str]] = {
    ExitCode.OK: "done",
    ExitCode.RUN_FAILED: "the run ended failed, died or aborted, or refused what was asked of it",
    ExitCode.USAGE: "usage, recipe, data or input is wrong",
    ExitCode.NO_SUCH_RUN: "no such run, or several",
    ExitCode.LAUNCH_FAILED: "handoff, pre-flight or a helper failed",
    ExitCode.INTERRUPTED: "interrupted before the handoff",
}


def reference(catalog: Names) -> str:
    """The page, as Markdown."""
    parts = [_INTRODUCTION, *_tables(), _RUN_DIRECTORY, _reserved(), _train(), _catalog(catalog), _outside()]
    return "\n".join(part.rstrip("\n") + "\n" for part in parts)


def _tables() -> list[str]:
    """The recipe's own keys, then every table of it."""
    own = {n: f for n, f in Recipe.model_fields.items() if table_of(f.annotation) is None and not _is_table(f)}
    parts = [_fields("### Keys of the recipe itself", "", own)]
    for name, field in Recipe.model_fields.items():
        table = table_of(field.annotation)
        if table is not None:
            heading = f"### `[[{name}]]`" if get_origin(field.annotation) is list else f"### `[{name}]`"
            parts.append(_fields(heading, table.__doc__ or "", table.model_fields))
    return [
        *parts,
        _settable(),
        "### `[train]`, `[task_options]`\n\nSee below: the fields of the arguments class, and the task's own options.\n",
    ]


def _settable() -> str:
    """The keys of `[[change]]` and of the verb `set`."""
    lines = [
        "### What can be set while a run goes on",
        "",
        "By `[[change]]`, `tui-finetune set RUN KEY VALUE`, the interface or a plain file; see [steering](steering.md). A",
        "number may be a factor of what is in force: `x0.5`.",
        "",
        "| key | value | begins as | |",
        "|---|---|---|---|",
    ]
    lines += [
        _row(f"`{one.name}`", _cell(one.words), f"`{one.recipe}`" if one.recipe else "", _cell(one.help))
        for one in SETTABLE.values()
        if not one.name.startswith(RULE_PREFIX)
    ]
    rules = _row(
        "`health.<rule>`", ", ".join(HEALTH_ACTIONS), "", f"What is done when {', '.join(HEALTH_RULES)} is found."
    )
    thresholds = _row("`health.<threshold>`", "a number above 0", "", f"From where on: {', '.join(HEALTH_THRESHOLDS)}.")
    return "\n".join([*lines, rules, thresholds]) + "\n"


def _is_table(field: FieldInfo) -> bool:
    return field.annotation == dict[str, Any]


def _fields(heading: str, about: str, fields: Mapping[str, FieldInfo]) -> str:
    lines = [heading, "", *([about.strip(), ""] if about else []), "| key | value | default | |", "|---|---|---|---|"]
    for name, field in fields.items():
        lines.append(
            _row(f"`{name}`", _cell(expected(field.annotation)), _default(field), _cell(field.description or ""))
        )
    return "\n".join(lines) + "\n"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    """Text for a cell of a Markdown table."""
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if value is None or value is PydanticUndefined or value in ({}, []):
        return ""
    return f"`{_cell(toml_value(value))}`"


def _reserved() -> str:
    lines = [
        "### Reserved",
        "",
        "These names are taken for what is to come, and refused until then:",
        "",
        "| key | what there is instead |",
        "|---|---|",
    ]
    lines += [_row(f"`{key}`", _cell(reason)) for key, reason in RESERVED.items()]
    lines += [_row(f'`kind = "{kind}"`', _cell(reason)) for kind, reason in RESERVED_KINDS.items()]
    return "\n".join(lines) + "\n"


def _train() -> str:
    table = arguments.table(arguments.DEFAULT_CLASS)
    lines = [
        "## `[train]`",
        "",
        f"The fields of the task's arguments class, by their own names; here those of `{arguments.DEFAULT_CLASS}`.",
        "",
        "### Our defaults that differ from the library's",
        "",
        "| field | ours | library's | why |",
        "|---|---|---|---|",
    ]
    for name, default in arguments.OUR_DEFAULTS.items():
        theirs = table[name].default
        lines.append(_row(f"`{name}`", _cell(default.rule), _said(theirs), _cell(default.reason)))
    lines += ["", "### All fields", "", "| field | value | default | |", "|---|---|---|---|"]
    for argument in table.values():
        if arguments.refusal(argument.name) is None:
            ours = arguments.OUR_DEFAULTS.get(argument.name)
            shown = _cell(ours.rule) if ours is not None else _said(argument.default)
            lines.append(_row(f"`{argument.name}`", _cell(_values(argument)), shown, _cell(argument.help)))
    lines += ["", "### Refused", "", "| field | why |", "|---|---|"]
    lines += [_row(f"`{name}`", _cell(reason)) for name, reason in arguments.REFUSED.items()]
    return "\n".join(lines) + "\n"


def _values(argument: arguments.Argument) -> str:
    if argument.choices:
        return ", ".join(argument.choices)
    return " or ".join(kind for kind in argument.types if kind != "none")


def _said(value: Any) -> str:
    return "" if value is None else f"`{_cell(toml_value(value))}`"


def _catalog(catalog: Names) -> str:
    lines = ["## Names", "", "### Tasks", ""]
    for task in catalog.tasks.values():
        lines += [f"#### `{task.name}`", "", task.help, ""]
        lines += [_role(role) for role in task.roles]
        lines += [f"- metrics: {', '.join(f'`{name}`' for name in task.metrics)}", ""]
        lines += _options(task.options_model(), "[task_options]")
    for title, kind in (("Sources", "sources"), ("Preprocessors", "preprocessors")):
        lines += [f"### {title}", ""]
        found: Mapping[str, Any] = getattr(catalog, kind)
        for name, item in found.items():
            lines += [f"- `{name}`: {item.help}"]
            lines += [f"  {line}" for line in _options(item.options_model(), "options", listed=True)]
        lines += ["" if found else "None of our own; plugins add them.\n"]
    lines += ["### Metrics", "", *_metrics(catalog.metrics.values())]
    return "\n".join(lines) + "\n"


def _role(role: Any) -> str:
    needed = "" if role.required else ", may be absent"
    return f"- column `{role.name}` ({role.kind}{needed}): {role.help}"


def _options(model: type[BaseModel] | None, where: str, *, listed: bool = False) -> list[str]:
    """The options of a plugin's own model, one a line."""
    if model is None:
        return []
    lines = []
    for name, field in model.model_fields.items():
        default = _default(field)
        tail = f" Default {default}." if default not in ("", "required") else ""
        lines.append(f"- `{name}` in `{where}` ({expected(field.annotation)}): {field.description or ''}{tail}")
    return lines if listed else [*lines, ""]


def _metrics(metrics: Iterable[Any]) -> list[str]:
    lines = ["| metric | range | better | |", "|---|---|---|---|"]
    for metric in metrics:
        low, high = metric.range
        better = "greater" if metric.greater_is_better else "smaller"
        lines.append(_row(f"`{metric.name}`", f"{low:g} to {high:g}", better, _cell(metric.help)))
    return lines


def _outside() -> str:
    lines = [
        "## Outside the recipe",
        "",
        f"Home is `--home`, else the variable `{HOME_VARIABLE}`, else the platform's data folder. Nothing is written",
        "outside it except what you name.",
        "",
        "| exit code | meaning |",
        "|---|---|",
        *(_row(str(int(code)), words) for code, words in EXIT_CODES.items()),
    ]
    return "\n".join(lines) + "\n"
