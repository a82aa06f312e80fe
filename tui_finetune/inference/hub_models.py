"""Models of the Hub: a name and a revision to a commit when it can be reached, else what its cache on this machine holds."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tui_finetune.errors import ModelError, Problem, did_you_mean, first_line
from tui_finetune.inference.model_files import (
    CONFIG,
    INDEX,
    KEY,
    PICKLES,
    TOKENIZER_FILES,
    WEIGHTS,
    ModelFacts,
    config_problems,
    folder_problems,
    pickle_message,
    weight_bytes,
)
from tui_finetune.plugin_api import Task

MAIN = "main"
SECONDS = 10.0
"""How long the Hub may take to answer before it counts as out of reach."""
OFFLINE_VARIABLES = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
LISTED = 8

_COMMIT = re.compile(r"[0-9a-f]{40}$")


class _Unreachable(Exception):
    """The Hub gives no answer; the message says why."""


def hub_model(
    name: str, task: Task, *, revision: str | None, trust_remote_code: bool = False, trained: bool = False
) -> ModelFacts:
    """Facts about a model of the Hub. Raises ModelError: no such model, gated, unfit; or offline and not in the cache."""
    try:
        return _asked(name, task, revision or MAIN, trust_remote_code, trained)
    except _Unreachable as error:
        return _cached(name, task, revision or MAIN, str(error), trust_remote_code, trained)


# Online


def _asked(name: str, task: Task, revision: str, trust_remote_code: bool, trained: bool) -> ModelFacts:
    for variable in OFFLINE_VARIABLES:
        if os.environ.get(variable, "").upper() in ("1", "ON", "YES", "TRUE"):
            raise _Unreachable(f"{variable} is set")
    from huggingface_hub import HfApi
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        HFValidationError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    try:
        info = HfApi().model_info(name, revision=revision, files_metadata=True, timeout=SECONDS)
    except GatedRepoError as error:
        hint = "Accept its conditions on its page on the Hub, then log in here: hf auth login."
        raise _error(f"{name} is gated and your token has no access.", hint) from error
    except RepositoryNotFoundError as error:
        hint = "A private one needs your token: hf auth login. A folder is named with a slash: ./" + name
        raise _error(f"the Hub has no model {name}, or not for you.", hint) from error
    except RevisionNotFoundError as error:
        raise ModelError(Problem(f"{name} has no revision {revision}.", key="model.revision")) from error
    except HFValidationError as error:
        raise _error(f"{name} is neither a folder nor a name on the Hub.", first_line(error)) from error
    except HfHubHTTPError as error:
        raise _Unreachable(f"the Hub answers {first_line(error)}") from error
    except (OSError, _transport_error()) as error:
        raise _Unreachable(f"the Hub cannot be reached: {first_line(error)}") from error
    sizes = {file.rfilename: int(file.size or 0) for file in info.siblings or ()}
    problems = _listed_problems(sizes)
    if CONFIG in sizes:
        config = _config(name, str(info.sha))
        problems += config_problems(config, task, trust_remote_code=trust_remote_code, trained=trained)
    if problems:
        raise ModelError([Problem(f"{name}: {p.message}", KEY, hint=p.hint) for p in problems])
    weights = sum(size for file, size in sizes.items() if file.endswith(".safetensors") and "/" not in file)
    return ModelFacts(None, info.sha, weights or None)


def _transport_error() -> type[Exception]:
    """The base of what the Hub library's HTTP client raises when nobody answers; the client differs between its versions."""
    from huggingface_hub.errors import HfHubHTTPError

    return next((kind for kind in HfHubHTTPError.__mro__ if kind.__name__ == "HTTPError"), OSError)


def _listed_problems(files: Iterable[str]) -> list[Problem]:
    """What is wrong with a model by the names of its files."""
    names = set(files)
    problems = []
    if CONFIG not in names:
        problems.append(Problem("no config.json: it is not a model of transformers."))
    if not names & {WEIGHTS, INDEX}:
        message = "no weights (model.safetensors)."
        if names & set(PICKLES):
            message = pickle_message(PICKLES[0])
        problems.append(Problem(message, hint="Some have them at revision refs/pr/N: set model.revision."))
    if not names & set(TOKENIZER_FILES):
        problems.append(Problem("no tokenizer (tokenizer.json)."))
    return problems


def _config(name: str, commit: str) -> dict[str, Any]:
    from huggingface_hub import hf_hub_download

    try:
        found = json.loads(Path(hf_hub_download(name, CONFIG, revision=commit)).read_text(encoding="utf-8"))
    except (OSError, ValueError, _transport_error()) as error:
        raise _Unreachable(f"config.json of {name} does not come: {first_line(error)}") from error
    return found if isinstance(found, dict) else {}


# Offline


def cache_folder() -> Path:
    """Where the Hub's library keeps what it fetched."""
    given = os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE")
    if given:
        return Path(given).expanduser()
    root = os.environ.get("HF_HOME")
    if root:
        return Path(root).expanduser() / "hub"
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "huggingface" / "hub"


def cached_snapshot(name: str, revision: str = MAIN) -> tuple[Path, str] | None:
    """Folder and commit of a model in the cache: by branch or tag as it stood when it was fetched, or by (short) commit."""
    folder = cache_folder() / f"models--{name.replace('/', '--')}"
    ref = folder / "refs" / revision
    commit = ref.read_text(encoding="utf-8").strip() if ref.is_file() else revision
    snapshots = folder / "snapshots"
    if not snapshots.is_dir():
        return None
    fitting = [p for p in sorted(snapshots.iterdir()) if p.name.startswith(commit)] if len(commit) >= 7 else []
    if len(fitting) != 1 or not (fitting[0] / CONFIG).is_file():
        return None
    return fitting[0], fitting[0].name


def cached_models() -> list[str]:
    """Names of the models in the cache that have a config and weights."""
    found = []
    for folder in sorted(cache_folder().glob("models--*")):
        whole = any((s / CONFIG).is_file() and any(s.glob("*.safetensors")) for s in folder.glob("snapshots/*"))
        if whole:
            found.append(folder.name.removeprefix("models--").replace("--", "/"))
    return found


def name_of_snapshot(folder: str) -> str | None:
    """The Hub's name of a model whose folder lies in the cache."""
    for part in Path(folder).parts:
        if part.startswith("models--"):
            return part.removeprefix("models--").replace("--", "/")
    return None


def _cached(name: str, task: Task, revision: str, why: str, trust_remote_code: bool, trained: bool) -> ModelFacts:
    found = cached_snapshot(name, revision)
    if found is None:
        raise _error(*_offline(name, revision, why))
    folder, commit = found
    problems = folder_problems(folder, task, trust_remote_code=trust_remote_code, trained=trained)
    if problems:
        told = [Problem(f"{name} as it is in the cache: {p.message}", KEY, hint=p.hint) for p in problems]
        raise ModelError(told)
    note = f"Offline ({why}): {name} is taken from the cache, commit {commit[:12]}."
    return ModelFacts(folder, commit, weight_bytes(folder), (note,))


def _offline(name: str, revision: str, why: str) -> tuple[str, str]:
    """What is said where the model is not here and nobody can be asked."""
    wanted = name if revision == MAIN else f"{name} at {revision}"
    message = f"offline ({why}), and {wanted} is not in the cache {cache_folder()}."
    ways = (
        f"To go on, fetch it where there is network (hf download {name}) and copy the folder here, "
        "name a folder in model.path, or use builtin:all-MiniLM-L6-v2, which needs no network."
    )
    return message, f"{cached_words(name)} {ways}"


def cached_words(name: str) -> str:
    """What the cache has, for somebody who asked for `name`."""
    there = cached_models()
    listed = ", ".join(there[:LISTED]) + (f" and {len(there) - LISTED} more" if len(there) > LISTED else "")
    return f"In the cache: {listed}. {did_you_mean(name, there)}".rstrip() if there else "The cache holds no model."


def _error(message: str, hint: str) -> ModelError:
    return ModelError(Problem(message, key=KEY, hint=hint))
