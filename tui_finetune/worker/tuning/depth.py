"""How deep a parameter lies: embeddings are 0, the lowest layer 1, the head one more than the highest layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_finetune.worker.parameters import base_parts, head_names

if TYPE_CHECKING:
    from torch import nn


class Depths:
    """Depth of every parameter of a model, by its name."""

    def __init__(self, model: nn.Module) -> None:
        names = [name for name, _ in model.named_parameters()]
        prefix = str(getattr(model, "base_model_prefix", "") or "")
        head = head_names(model)
        places = {name: _layer(base_parts(name, prefix)) for name in names if name not in head}
        counts: dict[str, int] = {}
        for stem, index in (place for place in places.values() if place is not None):
            counts[stem] = max(counts.get(stem, 0), index + 1)
        self.layers = max(counts.values(), default=0)
        """Layers, of a model with an encoder and a decoder those of the deeper one."""
        self._found: dict[str, int] = {}
        below = True
        for name in names:
            if name in head:
                self._found[name] = self.top
            elif (place := places[name]) is None:
                # What comes before the layers embeds their input; what comes after them, a last norm, goes with the highest.
                self._found[name] = 0 if below else self.layers
            else:
                below = False
                stem, index = place
                self._found[name] = index + 1 + self.layers - counts[stem]

    @property
    def top(self) -> int:
        """The head's."""
        return self.layers + 1

    def __getitem__(self, name: str) -> int:
        return self._found[name]

    def between(self, lowest: int, highest: int) -> set[str]:
        """Names of the parameters at these depths."""
        return {name for name, depth in self._found.items() if lowest <= depth <= highest}


def _layer(parts: list[str]) -> tuple[str, int] | None:
    """The stem and number of the outermost numbered module."""
    for place, part in enumerate(parts):
        if part.isdigit():
            return ".".join(parts[:place]), int(part)
    return None
