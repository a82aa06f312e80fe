"""What is installed on this machine, what will not work, and how to mend it. Imports no torch: that is asked in a process."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from tui_finetune.launch.doctor import machine as hardware
from tui_finetune.launch.doctor import software, surroundings
from tui_finetune.launch.doctor.findings import Finding, Machine, warning

if TYPE_CHECKING:
    from tui_finetune.paths import Home
    from tui_finetune.plugin_api.manager import Catalog

logger = logging.getLogger(__name__)

__all__ = ["Finding", "Machine", "diagnose"]

Look = Callable[[], Finding | Iterable[Finding]]


def diagnose(
    home: Home,
    catalog: Catalog,
    *,
    torch: bool = True,
    online: bool = False,
    place: Machine | None = None,
) -> Iterator[Finding]:
    """Findings one by one, the quick ones first. torch: ask what it sees, some seconds. online: try the Hub."""
    place = place or Machine()
    gpus: list[Finding] = []

    def look_at_gpus() -> list[Finding]:
        gpus.extend(hardware.gpus(place))
        return gpus

    looks: list[tuple[str, Look]] = [
        ("python", software.python),
        ("packages", software.packages),
        ("plugins", lambda: software.plugins(catalog)),
        ("demo", lambda: software.demo_model(home)),
        ("processor", lambda: hardware.processor(place)),
        ("memory", lambda: hardware.memory(place)),
        ("shared memory", lambda: hardware.shared_memory(place)),
        ("gpu", look_at_gpus),
        ("disk", lambda: hardware.disk(home)),
        ("home", lambda: hardware.home_rights(home)),
        ("terminal", lambda: surroundings.terminal(place)),
        ("encoding", surroundings.text_encoding),
        ("logout", lambda: surroundings.logout(place)),
        ("hub", lambda: surroundings.hub(place)),
    ]
    if online:
        looks.append(("network", surroundings.hub_reachable))
    if torch:
        looks.append(("torch", lambda: software.torch_finding(sum("index" in found.facts for found in gpus))))
    for name, look in looks:
        yield from _looked(name, look)


def _looked(name: str, look: Look) -> Iterator[Finding]:
    """One look; one that fails is a finding too, and the others go on."""
    try:
        found = look()
        yield from [found] if isinstance(found, Finding) else list(found)
    except Exception as error:  # a doctor must get through on a broken machine
        logger.info("looking at %s failed", name, exc_info=error)
        yield warning(
            name, f"could not be looked at: {type(error).__name__}: {error}", "Report this; the rest is valid."
        )
