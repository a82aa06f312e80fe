"""Versions of what trains, by the installed metadata; nothing is imported."""

from __future__ import annotations

from importlib import metadata

PACKAGES = (
    "tui-finetune",
    "torch",
    "transformers",
    "accelerate",
    "datasets",
    "tokenizers",
    "safetensors",
    "numpy",
    "pyarrow",
)


def installed_versions(packages: tuple[str, ...] = PACKAGES) -> dict[str, str]:
    """Package to version, of those that are installed."""
    found = {}
    for package in packages:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found
