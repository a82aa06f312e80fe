"""A data set in the layout of the Hub's cache, so that load_dataset is met without a network."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

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
