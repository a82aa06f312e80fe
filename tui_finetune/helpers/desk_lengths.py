"""What each maximum length would cut of a split, and what an epoch of it costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tui_finetune.data.sampled import sample_of
from tui_finetune.data.scan.stored import is_list, stored_in
from tui_finetune.plugin_api import Opened, Progress, SplitTable

Tell = Callable[..., None]


def lengths(request: Mapping[str, Any], progress: Progress, tell: Tell) -> dict[str, Any]:
    """Of the columns of a split that a model reads. `cuts`: for each usual length, the one of now and the one that fits 99 %."""
    import numpy as np

    from tui_finetune.data.lengths import measured
    from tui_finetune.data.quality.profile import cuts, distribution

    arrow, now = Path(request["arrow"]), int(request["max_length"])
    table = _rows(arrow)
    progress("measuring lengths", 0, None)
    found = measured([table.column(name) for name in request["columns"]], Path(request["tokenizer"]))
    tokens = np.asarray(found.values, dtype=np.int64)
    fits = distribution(tokens)["fits_99"]
    by_length = {one["max_length"]: one for length in (now, fits) for one in cuts(tokens, length)}
    return {
        "rows": stored_in(arrow).rows,
        "measured": len(tokens),
        "max_length": now,
        "fits_99": fits,
        "longest": max(int(tokens.max()), max(found.beyond, default=0)),
        "cuts": [by_length[length] for length in sorted(by_length)],
    }


def _rows(arrow: Path) -> Any:
    """The rows of a split; of one that lies in large files a sample."""
    split = SplitTable("", arrow, stored_in(arrow).rows)
    if not is_list(str(arrow)):
        return split.table()
    sample = sample_of(Opened("", "", {"": split}, ()))
    assert sample is not None
    return sample.splits[""].table()
