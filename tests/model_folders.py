"""Model folders that look right and hold next to nothing: for what is checked before anything is loaded."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

CONFIG: Mapping[str, Any] = {
    "model_type": "bert",
    "architectures": ["BertForSequenceClassification"],
    "id2label": {"0": "neg", "1": "pos"},
    "max_position_embeddings": 128,
}


def safetensors(numbers: int = 4) -> bytes:
    """A safetensors file of one tensor of zeros."""
    size = 4 * numbers
    header = json.dumps({"w": {"dtype": "F32", "shape": [numbers], "data_offsets": [0, size]}}).encode()
    return struct.pack("<Q", len(header)) + header + bytes(size)


def model_folder(folder: Path, config: Mapping[str, Any] | None = None, *, without: Sequence[str] = ()) -> Path:
    """Writes config.json, model.safetensors and a tokenizer; `without` names files that are left out."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        "config.json": json.dumps({**CONFIG, **(config or {})}).encode(),
        "model.safetensors": safetensors(),
        "tokenizer.json": b"{}",
        "tokenizer_config.json": json.dumps({"model_max_length": 64}).encode(),
    }
    for name, content in files.items():
        if name not in without:
            (folder / name).write_bytes(content)
    return folder
