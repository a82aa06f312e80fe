"""The environment of the processes that compute: workers and model helpers."""

from __future__ import annotations

import os
from collections.abc import Mapping

OPENMP_SPINS = "10000"
"""How often a thread of OpenMP looks for work before it sleeps. libgomp's own 300,000 burn the time that the other thread
needs where a machine has other work: a step of all-MiniLM-L6-v2 on two cores with ten busy processes took 6 to 9 s, with
this 1.7 to 2.7 s, and on idle cores the same 0.22 s (0.31 s without spinning)."""
SPINNING = ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")


def child_environment(**more: str) -> dict[str, str]:
    """The caller's, unbuffered, without the current folder on `python -m`'s path, with OpenMP polite; then `more`."""
    polite = {} if _chosen(os.environ) else {"GOMP_SPINCOUNT": OPENMP_SPINS}
    return {**os.environ, **polite, "PYTHONUNBUFFERED": "1", "PYTHONSAFEPATH": "1", **more}


def _chosen(environ: Mapping[str, str]) -> bool:
    """Whether the person has said how threads wait."""
    return any(name in environ for name in SPINNING)
