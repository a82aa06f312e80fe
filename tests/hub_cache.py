"""Data sets and models in the layout of the Hub's cache, so that load_dataset and from_pretrained are met without a network."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def cached_dataset(
    cache: Path, name: str, subsets: Mapping[str, Mapping[str, Mapping[str, list[Any]]]], names: list[str]
) -> Path:
    """Writes `name` with its subsets (subset to split to columns) as Parquet with a card; `label` is a ClassLabel of `names`."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder = cache / f"datasets--{name.replace('/', '--')}"
    snapshot = folder / "snapshots" / COMMIT
    configs = []
    for subset, splits in subsets.items():
        files = []
        for split, columns in splits.items():
            path = snapshot / subset / f"{split}-00000-of-00001.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            features = {"text": {"dtype": "string", "_type": "Value"}, "label": {"names": names, "_type": "ClassLabel"}}
            metadata = {"huggingface": json.dumps({"info": {"features": features}})}
            table = pa.table({"text": columns["text"], "label": pa.array(columns["label"], pa.int64())})
            pq.write_table(table.replace_schema_metadata(metadata), path)
            files.append({"split": split, "path": f"{subset}/{split}-*"})
        configs.append({"config_name": subset, "data_files": files})
    (snapshot / "README.md").write_text(f"---\nconfigs: {json.dumps(configs)}\n---\n# A data set\n")
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text(COMMIT)
    return snapshot


def built_dataset(cache: Path, name: str, columns: Mapping[str, list[Any]], names: list[str]) -> Path:
    """What load_dataset leaves in its own cache after it has loaded `name` once: an Arrow file and its description."""
    import datasets
    from datasets.arrow_writer import ArrowWriter

    owner, _, last = name.partition("/")
    folder = cache / f"{owner}___{last}" / "default" / "0.0.0" / "abc123"
    folder.mkdir(parents=True)
    features = datasets.Features({"text": datasets.Value("string"), "label": datasets.ClassLabel(names=names)})
    with ArrowWriter(path=str(folder / f"{last}-train.arrow"), features=features) as writer:
        writer.write_batch(dict(columns))
        writer.finalize()
    split = {"name": "train", "num_bytes": 1, "num_examples": len(columns["text"]), "dataset_name": last}
    info = datasets.DatasetInfo(
        features=features, builder_name="parquet", dataset_name=last, config_name="default", version="0.0.0"
    )
    info.splits = datasets.SplitDict.from_split_dict({"train": split})
    info.write_to_directory(str(folder))
    return folder


def cached_model(cache: Path, name: str, model: Path) -> Path:
    """Puts the model folder into the cache as the Hub's library does: blobs, and links to them in a snapshot."""
    folder = cache / f"models--{name.replace('/', '--')}"
    snapshot = folder / "snapshots" / COMMIT
    for path in (folder / "blobs", folder / "refs", snapshot):
        path.mkdir(parents=True)
    for number, file in enumerate(sorted(p for p in model.iterdir() if p.is_file())):
        blob = folder / "blobs" / f"{number:040x}"
        blob.write_bytes(file.read_bytes())
        (snapshot / file.name).symlink_to(Path("..", "..", "blobs", blob.name))
    (folder / "refs" / "main").write_text(COMMIT)
    return snapshot


def use_cache(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Offline with that cache: in this process, where the library has read the environment already, and in those it starts."""
    from huggingface_hub import constants

    hub, built = folder / "hub", folder / "datasets"
    hub.mkdir(parents=True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(hub))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setenv("HF_HUB_CACHE", str(hub))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_DATASETS_CACHE", str(built))
    return hub


def make_bert(arguments: Sequence[str]) -> None:
    """Called in a process that has torch: in the named folder what the Hub has of BERT, with next to no weights."""
    from transformers import AutoConfig, BertForMaskedLM

    from tui_finetune.plugin_api.testing_heads import make_tiny_model

    folder = make_tiny_model(Path(arguments[0]), longest=512)
    BertForMaskedLM(AutoConfig.from_pretrained(folder)).save_pretrained(folder)
