"""The act of a finding as a command line."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any


def act_command(act: Mapping[str, Any], run: str) -> str:
    """`tui-finetune rollback k3f9 --checkpoint 282 --set learning_rate=x0.5`."""
    action, found = str(act.get("action")), act.get("values")
    values = found if isinstance(found, Mapping) else {}
    wanted = values.get("set")
    changed = {str(key): str(value) for key, value in wanted.items()} if isinstance(wanted, Mapping) else {}
    parts = ["tui-finetune", action, run]
    if action == "rollback":
        step = values.get("checkpoint")
        parts += ["--checkpoint", str(step)] if isinstance(step, int) else []
        parts += [part for key, value in changed.items() for part in ("--set", f"{key}={value}")]
    elif action == "set":
        parts += [part for pair in changed.items() for part in pair]
    return shlex.join(parts)
