"""What the form says of a value beside it and while it is typed: what follows from it, whether it is usual, what it may be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tui_finetune.errors import nearest
from tui_finetune.live import words
from tui_finetune.live.form import Form


def steps(rows_of_train: int, form: Form) -> tuple[int, int] | None:
    """Optimizer steps of an epoch and of the whole training, as the trainer counts them; None where a number is none."""
    batch, accumulation = _number(form, "per_device_train_batch_size"), _number(form, "gradient_accumulation_steps")
    epochs, most = _number(form, "num_train_epochs"), _number(form, "max_steps")
    if not batch or not accumulation or batch < 1 or accumulation < 1 or epochs is None:
        return None
    batches = -(-rows_of_train // int(batch))
    of_epoch = max(1, -(-batches // int(accumulation)))
    return of_epoch, int(most) if most is not None and most > 0 else -int(-epochs * of_epoch // 1)


def _number(form: Form, name: str) -> float | None:
    found = form.field(f"train.{name}")
    value = found.effective if found is not None else None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def facts(form: Form, splits: Mapping[str, int]) -> dict[str, str]:
    """What follows from the rows that a check has counted, by key, for the column beside the value."""
    said: dict[str, str] = {}
    train = splits.get("train")
    for key, name in (
        ("data.path", "train"),
        ("data.source", "train"),
        ("data.validation", "validation"),
        ("data.test", "test"),
    ):
        if name in splits and key not in said:
            said[key] = f"{splits[name]:,} rows"
    if "data.path" in said:
        written = form.field("data.path")
        said.pop("data.source" if written is not None and written.written else "data.path", None)
    counted = steps(train, form) if train else None
    if counted is not None:
        said["train.per_device_train_batch_size"] = f"{counted[0]:,} steps an epoch"
        said["train.num_train_epochs"] = f"{counted[1]:,} steps in all"
    return said


def advice(key: str, value: object, usual: object) -> str:
    """What is said of an allowed value that is far from the usual one; empty where there is nothing to say."""
    if not key.endswith("learning_rate") or isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    if not isinstance(usual, int | float) or usual <= 0 or value <= 0:
        return ""
    ratio = value / usual
    if ratio >= 10:
        return f"{ratio:,.0f} times the usual {words.rate(usual)}; allowed"
    return f"the usual {words.rate(usual)} is {1 / ratio:,.0f} times that; allowed" if ratio <= 0.1 else ""


def arranged(choices: Sequence[str], typed: str) -> tuple[str, ...]:
    """Choices for what is typed: those that begin so, then those that have it; the nearest first where none has."""
    part = typed.strip().lower()
    if not part or any(part == one.lower() for one in choices):
        return tuple(choices)
    begin = [one for one in choices if one.lower().startswith(part)]
    found = begin + [one for one in choices if part in one.lower() and one not in begin]
    near = nearest(part, choices) if not found else None
    return tuple(found or ([near] if near else []) + [one for one in choices if one != near])


def last_item(typed: str) -> tuple[str, str]:
    """What stands before the last item of a list by commas, and the item: `accuracy, f` is `accuracy, ` and `f`."""
    before, comma, last = typed.rpartition(",")
    return (f"{before}{comma} ", last.strip()) if comma else ("", typed.strip())
