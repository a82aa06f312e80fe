"""pyarrow without pandas, which it imports for the first list that becomes an array: half a second and 30 MB for nothing.

The price: where pandas is imported later after all, pyarrow does not know its NA for a value that is missing. So it is for
processes that open no source but ours.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

PANDAS = "pandas"


class _LeftOut:
    """A finder that says that there is no pandas."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name == PANDAS:
            raise ImportError(f"{PANDAS} is left out", name=PANDAS)
        return None


def lean_arrow() -> None:
    """To be called before pyarrow is given lists: it looks for pandas then, once, and finds none."""
    if PANDAS in sys.modules:
        return
    import pyarrow as pa

    finder = _LeftOut()
    sys.meta_path.insert(0, finder)
    try:
        pa.array([""])
    finally:
        sys.meta_path.remove(finder)
