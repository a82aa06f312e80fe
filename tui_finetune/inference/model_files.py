"""A model looked at before anything loads it: files, weights, architecture, tokenizer; every problem at once, no torch.

Three kinds of path: a folder, `builtin:<name>`, a Hub id.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tui_finetune.errors import ModelError, Problem, did_you_mean, first_line
from tui_finetune.inference.builtin_models import SCHEME, builtin_folder
from tui_finetune.paths import Home
from tui_finetune.plugin_api import Task
from tui_finetune.runs.layout import TASK_CARD

KEY = "model.path"
CONFIG = "config.json"
WEIGHTS = "model.safetensors"
ADAPTER_WEIGHTS = "adapter_model.safetensors"
ADAPTER_CONFIG = "adapter_config.json"
INDEX = "model.safetensors.index.json"
PICKLES = ("pytorch_model.bin", "pytorch_model.bin.index.json")
OTHER_WEIGHTS = (*PICKLES, "model.pt", "tf_model.h5", "flax_model.msgpack", "model.onnx")
TOKENIZER_FILES = (
    "tokenizer.json",
    "vocab.txt",
    "vocab.json",
    "tokenizer.model",
    "spiece.model",
    "sentencepiece.bpe.model",
    "spm.model",
    "vocab.model",
)
"""Any one of them makes a tokenizer."""
BARE_ENDINGS = ("Model", "ForMaskedLM", "ForPreTraining", "ForCausalLM", "ForMaskedLanguageModeling")
"""Class names of models without a head for a task: any task may start from them."""
PLAIN_ATTENTION = frozenset({None, "eager", "sdpa", "flex_attention"})
"""What a config.json may ask for. Other names make transformers fetch and run a kernel from the Hub."""
ATTENTION_KEYS = frozenset(
    {"attn_implementation", "_attn_implementation", "experts_implementation", "_experts_implementation"}
)
LFS = b"version https://git-lfs"

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?$")


@dataclass(frozen=True)
class ModelFacts:
    """What the check of a model found out."""

    path: Path | None
    """Local folder; None where the worker is to load it from the Hub by id and commit."""
    revision: str | None
    """Commit of a Hub model."""
    bytes: int | None
    """Size of the weights."""
    notes: tuple[str, ...] = ()


def check_model(
    path: str,
    task: Task,
    *,
    revision: str | None,
    home: Home,
    trust_remote_code: bool = False,
    trained: bool = False,
) -> ModelFacts:
    """The model that `path` names, fit for `task`. Raises ModelError with all problems.

    trained: it has to have the task's own head already, as prediction and evaluation need it.
    """
    if path.startswith(SCHEME):
        folder = builtin_folder(path, home)
        _refuse(folder, folder_problems(folder, task, trust_remote_code=trust_remote_code, trained=trained))
        return ModelFacts(folder, None, weight_bytes(folder))
    place = Path(path).expanduser()
    if place.is_dir():
        _refuse(place, folder_problems(place, task, trust_remote_code=trust_remote_code, trained=trained))
        return ModelFacts(place.absolute(), None, weight_bytes(place))
    if place.exists():
        hint = "Name the folder that it lies in." if place.name in (CONFIG, WEIGHTS, *OTHER_WEIGHTS) else None
        raise ModelError(Problem(f"{path} is a file; a model is a folder with config.json.", key=KEY, hint=hint))
    if not _HUB_ID.match(path):
        raise ModelError(Problem(f"no folder {path}.", key=KEY, hint=_nearest(place)))
    from tui_finetune.inference.hub_models import hub_model  # late: most models are folders

    return hub_model(path, task, revision=revision, trust_remote_code=trust_remote_code, trained=trained)


def _nearest(place: Path) -> str | None:
    try:
        beside = [p.name for p in place.parent.iterdir() if p.is_dir()]
    except OSError:
        return None
    return did_you_mean(place.name, beside) or None


def _refuse(folder: Path, problems: list[Problem]) -> None:
    if problems:
        told = [Problem(f"{folder}: {p.message}", KEY, hint=p.hint) for p in problems]
        raise ModelError(told)


def folder_problems(folder: Path, task: Task, *, trust_remote_code: bool, trained: bool) -> list[Problem]:
    """Everything that is wrong with a model folder, as sentences about it."""
    config, problems = read_config(folder)
    if config is not None:
        # A run's model of another task gives its encoder: which task it is of, its card says.
        encoder = not trained and (folder / TASK_CARD).is_file()
        problems += config_problems(
            config, task, trust_remote_code=trust_remote_code, trained=trained, encoder_only=encoder
        )
    problems += _weight_problems(folder) + adapter_problems(folder)
    if not any((folder / name).is_file() for name in TOKENIZER_FILES):
        hint = "Copy tokenizer.json and tokenizer_config.json of the model that it was made from."
        problems.append(Problem("no tokenizer (tokenizer.json).", hint=hint))
    tokenizer = read_json(folder / "tokenizer_config.json")
    if isinstance(tokenizer, dict) and tokenizer.get("auto_map") and not trust_remote_code:
        problems.append(_remote_code("tokenizer_config.json"))
    return problems


def read_config(folder: Path) -> tuple[dict[str, Any] | None, list[Problem]]:
    """config.json, or what is wrong with it."""
    path = folder / CONFIG
    if not path.is_file():
        hint = "model.path is a folder that save_pretrained wrote, or a Hub id."
        if (folder / ADAPTER_CONFIG).is_file():
            hint = "It is an adapter: merge it into its base model and save that."
        return None, [Problem("no config.json.", hint=hint)]
    found = read_json(path)
    if not isinstance(found, dict):
        return None, [Problem("config.json is not a JSON object.")]
    return found, []


def config_problems(
    config: Mapping[str, Any], task: Task, *, trust_remote_code: bool, trained: bool, encoder_only: bool = False
) -> list[Problem]:
    """What config.json says against using the model for `task`; `encoder_only`: whatever head it has is left out."""
    problems = []
    if not config.get("model_type"):
        problems.append(Problem("config.json names no model_type, so that nobody knows what the weights are."))
    if not trust_remote_code:
        if config.get("auto_map"):
            problems.append(_remote_code(CONFIG))
        problems += [
            Problem(
                f"config.json asks for {key} = {json.dumps(value)}, which may fetch and run code.",
                hint="Take the key out of config.json, or set model.trust_remote_code = true.",
            )
            for key, value in _attention(config)
        ]
    architecture = _architecture(config)
    if architecture is not None and not encoder_only and (reason := _unfit(architecture, task, trained)):
        problems.append(Problem(*reason[:1], hint=reason[1]))
    return problems


def _remote_code(file: str) -> Problem:
    hint = "Set model.trust_remote_code = true if you trust it."
    return Problem(f"{file} has auto_map: the model comes with Python code of its own, which is not run.", hint=hint)


def _attention(config: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Keys, of nested configs too, that ask for more than plain attention."""
    for key, value in config.items():
        if key.removesuffix("_internal") in ATTENTION_KEYS:
            asked = list(value.values()) if isinstance(value, dict) else [value]
            if any(not isinstance(one, str | None) or one not in PLAIN_ATTENTION for one in asked):
                yield key, value
        elif key == "use_kernels" and value:
            yield key, value
        elif isinstance(value, dict):
            yield from _attention(value)


def _architecture(config: Mapping[str, Any]) -> str | None:
    named = config.get("architectures")
    return str(named[0]) if isinstance(named, list) and named else None


def _unfit(architecture: str, task: Task, trained: bool) -> tuple[str, str | None] | None:
    """Why a model of this class does not fit the task, and what does."""
    own = task.architectures
    if not own or architecture.endswith(own):
        return None
    wanted = " or ".join(f"…{ending}" for ending in own)
    if trained:
        return (
            f"is a {architecture}, not a model for {task.name} ({wanted}).",
            "Train one from it: tui-finetune train.",
        )
    if architecture.endswith(BARE_ENDINGS):
        return None
    return (
        f"wrong architecture: it is a {architecture}; {task.name} starts from {wanted} or a model without a head.",
        None,
    )


def _weight_problems(folder: Path) -> list[Problem]:
    """No weights, pickled ones only, or files that are not whole."""
    names, problems = _weight_files(folder)
    if not names and not problems:
        return [_no_weights(folder)]
    for name in names:
        if (wrong := _not_whole(folder / name)) is not None:
            problems.append(Problem(f"{name} {wrong}", hint="Copy or download it again."))
    return problems


def _no_weights(folder: Path) -> Problem:
    there = sorted(
        {p.name for p in folder.iterdir() if p.name in OTHER_WEIGHTS or p.suffix in (".bin", ".pt", ".pth", ".ckpt")}
    )
    if not there:
        hint = "model.path is a folder that save_pretrained wrote, with weights; copy them, or name another folder."
        return Problem("no weights (model.safetensors).", hint=hint)
    pickled = [name for name in there if name.endswith((".bin", ".pt", ".pth", ".ckpt", ".bin.index.json"))]
    hint = "Load it with transformers where you trust it, and save it again: save_pretrained writes model.safetensors."
    if pickled:
        return Problem(pickle_message(pickled[0]), hint=hint)
    return Problem(f"the weights are {there[0]}; safetensors is asked for (model.safetensors).", hint=hint)


def pickle_message(name: str) -> str:
    """Why weights in such a file are not read."""
    return f"the weights are a pickle ({name}), which can run code when read: refused; safetensors is asked for."


def _weight_files(folder: Path) -> tuple[list[str], list[Problem]]:
    """Names of the files with weights that loading reads."""
    for name in (WEIGHTS, ADAPTER_WEIGHTS):
        if (folder / name).is_file():
            return [name], []
    index = folder / INDEX
    if not index.is_file():
        return [], []
    found = read_json(index)
    parts = found.get("weight_map") if isinstance(found, dict) else None
    if not isinstance(parts, dict):
        return [], [Problem(f"{INDEX} is not an index of weights.")]
    names = sorted(set(map(str, parts.values())))
    away = [name for name in names if not (folder / name).is_file()]
    problems = (
        [Problem(f"{len(away)} of {len(names)} files with weights are missing: {', '.join(away[:4])}.")] if away else []
    )
    return [name for name in names if name not in away], problems


def weight_bytes(folder: Path) -> int:
    """Size of the weights."""
    return sum((folder / name).stat().st_size for name in _weight_files(folder)[0])


def adapter_problems(folder: Path) -> list[Problem]:
    """What stands against an adapter's folder: the model that it was trained around has to be there."""
    if (folder / WEIGHTS).is_file() or not (folder / ADAPTER_CONFIG).is_file():
        return []
    adapter = read_json(folder / ADAPTER_CONFIG)
    base = adapter.get("base_model_name_or_path") if isinstance(adapter, dict) else None
    if not isinstance(base, str) or not base:
        return [Problem(f"{ADAPTER_CONFIG} does not name the model that the adapter belongs to.")]
    if base.startswith(("/", "~")) and not (Path(base) / CONFIG).is_file():
        hint = "Put the folder back, or use the run's final model, which has its adapter merged."
        return [Problem(f"the model that the adapter was trained around is not there: {base}.", hint=hint)]
    return []


def _not_whole(path: Path) -> str | None:
    """Why a safetensors file cannot be read: its header says how long it has to be. Nothing else of it is read."""
    size = path.stat().st_size
    with path.open("rb") as file:
        begin = file.read(8)
        if (begin + file.read(16)).startswith(LFS):
            return "is a Git LFS pointer and not the weights themselves: git lfs pull fetches them."
        if len(begin) < 8:
            return f"is not a safetensors file ({size} bytes)."
        (length,) = struct.unpack("<Q", begin)
        if length > min(size, 100_000_000):
            return f"is not a safetensors file, or is not whole ({size:,} bytes)."
        file.seek(8)
        try:
            header = json.loads(file.read(length))
            ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
        except (ValueError, KeyError, TypeError, IndexError, AttributeError):
            return "is not a safetensors file: its header cannot be read."
    needed = 8 + length + max(ends, default=0)
    return f"is not whole: {size:,} of {needed:,} bytes." if size < needed else None


def read_json(path: Path) -> Any:
    """The file's JSON; None where it is absent or cannot be read."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def unreadable_tokenizer(path: object, error: BaseException) -> Problem:
    """A tokenizer that the library does not load, though its file is there."""
    said = f"{type(error).__name__}: {error}" if isinstance(error, KeyError) else first_line(error)
    hint = "Copy tokenizer.json and tokenizer_config.json again of the model that it was made from."
    return Problem(f"the tokenizer of {path} cannot be read: {said}.", KEY, hint=hint)
