"""The files beside the weights by which sentence-transformers loads a model, read and written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from transformers import AutoConfig
from transformers.utils import cached_file

from tui_finetune.errors import ModelError, Problem

MODULES, POOLING, LENGTH, FACTS = (
    "modules.json",
    "1_Pooling/config.json",
    "sentence_bert_config.json",
    "config_sentence_transformers.json",
)
KINDS: Final = ("Transformer", "Pooling", "Normalize")
"""Modules that are known here, in their order."""
OF_FILE: Final = {"mean_tokens": "mean", "cls_token": "cls", "max_tokens": "max", "lasttoken": "last"}
"""Ways of pooling by the ending of their key `pooling_mode_…`; later versions of the library have the word itself."""


def pooling_of(path: str, revision: str | None) -> str | None:
    """How a model of sentence-transformers pools; None for any other. Raises ModelError for one with further modules."""
    modules = _read(path, MODULES, revision)
    if not isinstance(modules, list):
        return None
    kinds = [str(one.get("type", "")).rpartition(".")[2] for one in modules]
    if unknown := [kind for kind in kinds if kind not in KINDS]:
        message = f"{path} has a module {unknown[0]} behind the encoder, which is not known here."
        raise ModelError(Problem(message, "model.path", hint="Take a model of Transformer, Pooling and Normalize."))
    found = _read(path, POOLING, revision)
    if not isinstance(found, dict):
        return None
    named = {"lasttoken": "last"}.get(word := str(found.get("pooling_mode", "")), word)
    chosen = [named] if named else [way for key, way in OF_FILE.items() if found.get(f"pooling_mode_{key}")]
    if len(chosen) != 1 or chosen[0] not in OF_FILE.values():
        message = f"{path} pools by {' and '.join(chosen) or 'a way of its own'}, which is not known here."
        raise ModelError(Problem(message, "task_options.pooling", hint=f"There are: {', '.join(OF_FILE.values())}."))
    return chosen[0]


def _read(path: str, name: str, revision: str | None) -> Any:
    """The file's JSON; None where there is none, or none can be had."""
    found = cached_file(
        path, name, revision=revision, _raise_exceptions_for_missing_entries=False,
        _raise_exceptions_for_gated_repo=False, _raise_exceptions_for_connection_errors=False,
    )  # fmt: skip
    return None if found is None else json.loads(Path(found).read_text(encoding="utf-8"))


def write_sentence_files(folder: Path, max_length: int) -> None:
    """Makes a saved model a SentenceTransformer, in the form that all versions of the library read."""
    config = AutoConfig.from_pretrained(folder)
    pooling = {f"pooling_mode_{key}": way == config.sentence_pooling for key, way in OF_FILE.items()}
    kind = "sentence_transformers.models"
    _write(folder / MODULES, [
        {"idx": 0, "name": "0", "path": "", "type": f"{kind}.Transformer"},
        {"idx": 1, "name": "1", "path": "1_Pooling", "type": f"{kind}.Pooling"},
        {"idx": 2, "name": "2", "path": "2_Normalize", "type": f"{kind}.Normalize"},
    ])  # fmt: skip
    _write(folder / POOLING, {"word_embedding_dimension": config.hidden_size, **pooling})
    _write(folder / LENGTH, {"max_seq_length": max_length, "do_lower_case": False})
    _write(folder / FACTS, {"__version__": {}, "similarity_fn_name": "cosine", "prompts": {}})


def _write(path: Path, content: Any) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
