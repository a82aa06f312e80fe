"""New plugins: a file that works and the test that holds it to what the program relies on, for its author to change."""

from __future__ import annotations

import os
import sys
from importlib.machinery import PathFinder
from pathlib import Path

from tui_finetune.errors import Problem, UserError, did_you_mean
from tui_finetune.paths import private_folder
from tui_finetune.plugin_api.discovery import HEAVY_SUFFIX, search_path

KINDS = {
    "preprocessor": "changes rows before training",
    "source": "opens a kind of data",
    "task": "a task head with a loss of its own",
    "metric": "a figure about predictions",
    "events": "told what happens in a run",
}
"""Kinds of new plugins, and what each is."""
USUAL_KIND = "preprocessor"
_HERE = Path(__file__).parent
_ENDING = ".py.txt"
_STAND_IN = ("my_plugin", "my-plugin", "MyPlugin")
"""Name of the module, of what it adds, and of its class, as the templates have them."""


def new_plugin(folder: Path, name: str, kind: str = USUAL_KIND) -> list[Path]:
    """Writes a plugin `name.py` and its test into `folder`; the files, the plugin first.

    Raises UserError where the name cannot be one or a file is there already. Raises OSError.
    """
    problem = name_problem(name, folder)
    if kind not in KINDS:
        raise UserError(f"no kind '{kind}'. {did_you_mean(kind, KINDS) or 'There are: ' + ', '.join(KINDS) + '.'}")
    if problem is not None:
        raise UserError(Problem(problem))
    texts = {folder / f"{name}.py": kind, folder / "tests" / f"test_{name}.py": f"{kind}_test"}
    if _template(f"{kind}_heavy").exists():
        texts[folder / f"{name}{HEAVY_SUFFIX}.py"] = f"{kind}_heavy"
    for path in texts:
        if path.exists():
            raise UserError(f"{path} is there already.")
    for path, template in texts.items():
        private_folder(path.parent)
        with path.open("x", encoding="utf-8") as file:
            file.write(_filled(_template(template).read_text(encoding="utf-8"), name))
        os.chmod(path, 0o600)
    return list(texts)


def name_problem(name: str, folder: Path) -> str | None:
    """Why a plugin file cannot have this name; None where it can."""
    if not name:
        return "a name is needed."
    if not name.isidentifier() or not name.isascii() or name.startswith("_"):
        return f"'{name}': letters, digits and underscores are a name, a letter first."
    if name.endswith(HEAVY_SUFFIX):
        return f"'{name}': {HEAVY_SUFFIX} ends the name of a heavy half; choose another."
    if (folder / f"{name}.py").exists() or (folder / name).exists():
        return f"{folder / name}.py is there already."
    if name in sys.stdlib_module_names or name in sys.builtin_module_names or PathFinder.find_spec(name, search_path()):
        return f"Python already has a module {name}; choose another name."
    return None


def _template(name: str) -> Path:
    return _HERE / f"{name}{_ENDING}"


def _filled(text: str, name: str) -> str:
    names = (name, name.replace("_", "-"), "".join(part[:1].upper() + part[1:] for part in name.split("_")))
    for stand_in, own in zip(_STAND_IN, names, strict=True):
        text = text.replace(stand_in, own)
    return text
