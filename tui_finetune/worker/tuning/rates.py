"""The optimizer's groups by depth and by pattern: `[optim] layer_decay`, `[[optim.groups]]`.

A rate is a share of `learning_rate`, or of the head's own: so that a rate which is set while a run goes on moves all that
were told as shares of it. A group says its share itself (`scale`, `of_head`), and it stays in the optimizer's state.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tui_finetune.worker.parameters import head_names, names_under
from tui_finetune.worker.tuning.depth import Depths

if TYPE_CHECKING:
    from torch import nn

    from tui_finetune.config.schema import OptimTable

SCALE, OF_HEAD, OWN_DECAY = "scale", "of_head", "own_decay"
"""Keys of a group of the optimizer: its share of the rate, whether of the head's, whether `weight_decay` is not its."""


@dataclass(frozen=True)
class _Share:
    of_head: bool
    scale: float
    weight_decay: float | None
    """Its own; None for the run's."""


class Rates:
    """What `[optim]` says beside the head's rate."""

    def __init__(self, table: OptimTable, learning_rate: float) -> None:
        """learning_rate: the recipe's, of which a group's own rate is a share from then on."""
        self._decay = table.layer_decay
        self._groups = table.groups
        self._learning_rate = learning_rate

    def __bool__(self) -> bool:
        return self._decay is not None or bool(self._groups)

    def check(self, model: nn.Module) -> None:
        """Raises RecipeError for a pattern that names nothing."""
        for index, group in enumerate(self._groups):
            names_under(model, group.match, f"optim.groups.{index}.match")

    def groups(
        self, model: nn.Module, decayed: Sequence[str], *, weight_decay: float, rate: float, head_rate: float | None
    ) -> list[dict[str, Any]]:
        """Groups of all that is trained, the head's last, the highest rate first."""
        shares = self._shares(model, own_head=head_rate is not None)
        with_decay = set(decayed)
        found: dict[tuple[_Share, bool], list[Any]] = {}
        for name, parameter in model.named_parameters():
            if parameter.requires_grad:
                found.setdefault((shares[name], name in with_decay), []).append(parameter)
        groups = []
        for share, decays in sorted(found, key=lambda key: (key[0].of_head, -key[0].scale, not key[1])):
            base = head_rate if share.of_head and head_rate is not None else rate
            own = share.weight_decay
            groups.append(
                {
                    "params": found[share, decays],
                    "lr": base * share.scale,
                    "weight_decay": (weight_decay if own is None else own) if decays else 0.0,
                    SCALE: share.scale,
                    OF_HEAD: share.of_head,
                    OWN_DECAY: own is not None,
                }
            )
        return groups

    def _shares(self, model: nn.Module, *, own_head: bool) -> dict[str, _Share]:
        depths, head = Depths(model), head_names(model)
        matched = [names_under(model, group.match) for group in self._groups]
        shares = {}
        for name, _ in model.named_parameters():
            of_head = own_head and name in head
            scale = 1.0 if of_head or self._decay is None else self._decay ** (depths.top - depths[name])
            own = None
            first = next((index for index, names in enumerate(matched) if name in names), None)
            if first is not None:
                group = self._groups[first]
                own = group.weight_decay
                if group.learning_rate is not None:
                    of_head, scale = False, group.learning_rate / self._learning_rate
            shares[name] = _Share(of_head, scale, own)
        return shares

    def words(self, model: nn.Module) -> list[str]:
        """What is said of it in the plan of the run."""
        said = []
        if self._decay is not None:
            lowest = self._decay ** Depths(model).top
            said.append(f"rate x{self._decay:g} a layer from the head down, embeddings x{lowest:.2g}")
        for group in self._groups:
            parts = [
                f"rate {group.learning_rate:g}" if group.learning_rate is not None else "",
                f"weight decay {group.weight_decay:g}" if group.weight_decay is not None else "",
            ]
            said.append(f"{', '.join(group.match)}: {', '.join(part for part in parts if part)}")
        return said
