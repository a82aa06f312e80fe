"""A soup: the mean of the weights of models that were trained from the same one, as one model (arXiv:2203.05482)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_finetune.errors import ModelError, Problem, UserError
from tui_finetune.inference.adapters import adapter_of
from tui_finetune.inference.model_choice import Chosen
from tui_finetune.inference.model_files import read_json
from tui_finetune.inference.model_folder import ModelFolder

if TYPE_CHECKING:
    import numpy as np

ENDING = ".safetensors"
OWN_KEYS = ("_name_or_path", "transformers_version")
"""What config.json says of where a model came from, not of what it is."""
MEASURED = "Its figures have not been measured; `tui-finetune evaluate` does it."


@dataclass(frozen=True)
class Soup:
    """Models that go into one with the one that is exported. Raises UserError where they do not fit it."""

    first: tuple[Chosen, ModelFolder]
    others: tuple[tuple[Chosen, ModelFolder], ...]

    def __post_init__(self) -> None:
        for chosen, model in (self.first, *self.others):
            if adapter_of(model.path) is not None:
                hint = "Take the run's final model, into which its adapter is merged."
                raise UserError(Problem(f"{chosen.title} is an adapter, not whole weights.", hint=hint))
        for chosen, model in self.others:
            if (why := _unlike(self.first, (chosen, model))) is not None:
                raise UserError(f"{chosen.title} and {self.first[0].title} make no soup: {why}.")

    @property
    def title(self) -> str:
        """`the mean of a (k3f9), b (p2xa)`."""
        return f"the mean of {', '.join(chosen.title for chosen, _ in (self.first, *self.others))}"

    def stir(self, folder: Path) -> None:
        """Puts the mean in place of the first's weights in `folder`, and says in its cards what it is."""
        places = [model.path for _, model in (self.first, *self.others)]
        for path in sorted(folder.glob(f"*{ENDING}")):
            _average([place / path.name for place in places], path)
        replace(self.first[1].card, run=None, metrics={}).write(folder)
        (folder / "README.md").write_text(f"# A soup\n\nThe weights are {self.title}. {MEASURED}\n", encoding="utf-8")


def _unlike(first: tuple[Chosen, ModelFolder], other: tuple[Chosen, ModelFolder]) -> str | None:
    """Why the two cannot be averaged."""
    ours, theirs = first[1].card, other[1].card
    if ours.task != theirs.task:
        return f"one is for {ours.task}, the other for {theirs.task}"
    if ours.labels.names != theirs.labels.names:
        return "their labels are not the same, in the same order"
    if _config(first[1].path) != _config(other[1].path):
        return "their config.json is not the same"
    begun = [_begun_from(chosen) for chosen in (first[0], other[0])]
    if None not in begun and begun[0] != begun[1]:
        return f"they began from different models, {begun[0]} and {begun[1]}, whose means mean nothing"
    return None


def _config(folder: Path) -> dict[str, Any]:
    found = read_json(folder / "config.json")
    return {key: value for key, value in found.items() if key not in OWN_KEYS} if isinstance(found, dict) else {}


def _begun_from(chosen: Chosen) -> str | None:
    recipe = chosen.recipe()
    return None if recipe is None else recipe.model.path


def _average(sources: Sequence[Path], target: Path) -> None:
    """The mean of each tensor, summed in double precision, in the first one's precision. Raises ModelError."""
    from safetensors import SafetensorError, safe_open
    from safetensors.numpy import save_file

    try:
        opened: list[Any] = [safe_open(str(path), framework="numpy") for path in sources]
        names = set(opened[0].keys())
        for path, one in zip(sources, opened, strict=True):
            if set(one.keys()) != names:
                raise ModelError(f"{path} holds other tensors than {sources[0]}.")
        mean = {name: _mean([one.get_tensor(name) for one in opened], name) for name in sorted(names)}
    except (OSError, SafetensorError, TypeError) as error:
        hint = "Weights in bf16 cannot be averaged here: only those in fp32, fp16 and fp64."
        raise ModelError(Problem(f"{target.name}: {error}.", hint=hint)) from error
    beside = target.with_name(f".{target.name}")
    save_file(mean, str(beside), metadata={"format": "pt"})
    beside.replace(target)


def _mean(tensors: Sequence[np.ndarray], name: str) -> np.ndarray:
    import numpy as np

    first = tensors[0]
    if any(one.shape != first.shape for one in tensors):
        raise ModelError(f"{name} has not the same shape in all of them.")
    if not np.issubdtype(first.dtype, np.floating):
        return first
    total = np.zeros(first.shape, np.float64)
    for one in tensors:
        total += one
    return np.ascontiguousarray((total / len(tensors)).astype(first.dtype))
