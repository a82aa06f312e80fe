"""Where runs come from, in words, and where two that come from one another part."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tui_finetune.runs.branches import Line, Origin, branches, descent, origin
from tui_finetune.runs.info import RunInfo, read_info
from tui_finetune.runs.layout import RunPaths, short_id


def origin_words(info: RunInfo) -> str | None:
    """`branch of imdb-bert (k3f9) at step 1,407`, `weights of …`, or what an evaluation measured; None for a run of its own."""
    about = origin(info.of)
    if about is None:
        return None
    title = _title(info.paths, about.run)
    if about.checkpoint is None:
        return f"model of {title}"
    if about.keeps:
        return f"branch of {title} at step {about.checkpoint:,}, optimizer kept"
    return f"checkpoint-{about.checkpoint} of {title}" + (", weights alone" if info.kind == "train" else "")


def origin_short(info: RunInfo) -> str:
    """For a list: `k3f9@1407`; empty for a run of its own."""
    about = origin(info.of)
    if about is None:
        return ""
    return short_id(about.run) + ("" if about.checkpoint is None else f"@{about.checkpoint}")


def branch_words(info: RunInfo) -> list[str]:
    """A line for each run that begins from this one: `k3f9 lower-rate from step 1,407, optimizer kept`."""
    return [_branch(read_info(RunPaths(info.paths.root.parent / run)), about) for run, about in branches(info.paths)]


def _branch(info: RunInfo, about: Origin) -> str:
    where = "its model" if about.checkpoint is None else f"step {about.checkpoint:,}"
    return f"{info.title} from {where}, {'optimizer kept' if about.keeps else 'weights alone'}"


def _title(paths: RunPaths, run: str) -> str:
    other = read_info(RunPaths(paths.root.parent / run))
    return other.title if other.problem is None else f"{short_id(run)}, which is not here any more"


def fork(infos: Sequence[RunInfo], of: Callable[[RunInfo], list[Line]] | None = None) -> int | None:
    """The step up to which all of them are one run; None where they are not of one line."""
    lines = [(of or _descent)(info) for info in infos]
    left = [{line.run: line.left for line in one} for one in lines]
    common = set.intersection(*(set(one) for one in left)) if left else set()
    steps = [min(step for one in left if (step := one[run]) is not None) for run in common if _parted(left, run)]
    return max(steps, default=None)


def _parted(left: Sequence[dict[str, int | None]], run: str) -> bool:
    return any(one[run] is not None for one in left)


def _descent(info: RunInfo) -> list[Line]:
    return descent(info.paths, info.of)
