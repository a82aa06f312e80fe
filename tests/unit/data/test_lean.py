"""pandas is left out of a process that opens no source but ours."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

STATEMENTS = """
import sys
from tui_finetune.data.lean import lean_arrow
lean_arrow()
import pyarrow as pa
table = pa.table({"a": pa.array(["x", None])})
print("pandas" in sys.modules)
print(table.to_pandas()["a"].isna().sum(), pa.Table.from_pandas(table.to_pandas()).column("a").null_count)
"""


def test_lists_become_arrays_without_it_and_who_wants_it_has_it(
    run_python: Callable[[str], subprocess.CompletedProcess[str]],
) -> None:
    assert run_python(STATEMENTS).stdout.split() == ["False", "1", "1"]
