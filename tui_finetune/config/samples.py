"""The commented recipes of sample_configs/: beside the package in a checkout, inside it in an installed wheel."""

from __future__ import annotations

from pathlib import Path

from tui_finetune.errors import UserError

_PACKAGE = Path(__file__).resolve().parent.parent
_PLACES = (_PACKAGE / "_sample_configs", _PACKAGE.parent / "sample_configs")


def samples() -> list[Path]:
    """All sample recipes, by name."""
    folder = next((place for place in _PLACES if place.is_dir()), None)
    return sorted(folder.glob("*.toml")) if folder is not None else []


def sample(name: str) -> Path:
    """The sample called `name`, as in `demo`. Raises UserError where it is not installed."""
    found = {path.stem: path for path in samples()}
    if name not in found:
        raise UserError(
            f"No sample recipe '{name}'. There are: {', '.join(found) or 'none; install tui-finetune again'}."
        )
    return found[name]
