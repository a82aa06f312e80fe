"""What recipes may name. The catalog of plugins has this shape; config is given it and loads no plugin itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from tui_finetune.errors import Problem

if TYPE_CHECKING:
    from pydantic import BaseModel


class TakesOptions(Protocol):
    """A task, source or preprocessor: it declares its options as a pydantic model."""

    def options_model(self) -> type[BaseModel] | None: ...


class Names(Protocol):
    """The catalog, as far as config needs it: `tui_finetune.plugin_api.manager.Catalog`."""

    @property
    def tasks(self) -> Mapping[str, Any]: ...
    @property
    def sources(self) -> Mapping[str, Any]: ...
    @property
    def preprocessors(self) -> Mapping[str, Any]: ...
    @property
    def metrics(self) -> Mapping[str, Any]: ...

    def missing(self, kind: str, name: str) -> Problem:
        """Why there is no `name` of this kind: nearest spelling, plugins that failed."""

    def metrics_for(self, task: Any, names: Sequence[str] | None = None) -> Sequence[Any]:
        """The metrics of these names for a task. Raises UserError with every one that is unknown or does not fit."""
