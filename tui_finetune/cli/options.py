"""Options that every verb has, and what they make: the home and the catalog of plugins."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

import click

from tui_finetune.cli.diagnostics import Heard
from tui_finetune.paths import Home

if TYPE_CHECKING:
    from tui_finetune.plugin_api.manager import Catalog

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Call:
    """What is common to a call of any verb."""

    home: Home
    json: bool
    plugin_dirs: tuple[Path, ...] = ()
    third_party: bool = True

    @functools.cached_property
    def catalog(self) -> Catalog:
        """The plugins, loaded at first use."""
        from tui_finetune.plugin_api.manager import load_catalog

        return load_catalog(self.home, plugin_dirs=self.plugin_dirs, third_party=self.third_party)


def run_name(ctx: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """A callback of `--name`: a name is not blank, and blanks around it are none of it."""
    if value is not None and not value.strip():
        raise click.BadParameter("a name cannot be empty.", ctx, parameter)
    return value.strip() if value is not None else None


def verb(function: Callable[Concatenate[Call, P], R]) -> Callable[..., R]:
    """Adds `--json`, `--home`, `--plugin-dir`, `--no-plugins` and passes them as a Call."""

    @click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout; talk on stderr.")
    @click.option(
        "--home", type=click.Path(path_type=Path), help="Home folder (else TUI_FINETUNE_HOME, else the platform's)."
    )
    @click.option(
        "--plugin-dir",
        "plugin_dirs",
        multiple=True,
        type=click.Path(path_type=Path, file_okay=False, exists=True),
        help="A folder with plugins: single files or a package; may be given several times.",
    )
    @click.option("--no-plugins", is_flag=True, help="Load no third-party plugin.")
    @functools.wraps(function)
    def wrapped(
        *args: Any, as_json: bool, home: Path | None, plugin_dirs: tuple[Path, ...], no_plugins: bool, **kwargs: Any
    ) -> R:
        call = Call(Home.find(home), as_json, tuple(d.absolute() for d in plugin_dirs), not no_plugins)
        if (heard := click.get_current_context().find_object(Heard)) is not None:
            heard.home = call.home
        return function(call, *args, **kwargs)

    return wrapped
