"""What follows from a change before it is sent: sentences, by what is known of the run. Pure functions."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from tui_finetune.live import words
from tui_finetune.live.schedule import AT_THE_END
from tui_finetune.live.situation import Situation
from tui_finetune.live.steered import value_words
from tui_finetune.runs.settable import factor

FAR = 10.0
"""A rate that is so many times another is said to be so."""


def consequences(now: Situation, name: str, value: Any, *, stretch: bool = True) -> list[str]:
    """Sentences, the weightiest first. value: as `runs.settable.checked` gives it."""
    find = _OF.get(name)
    said = find(now, value, stretch) if find is not None else []
    return said or [f"{name} {value_words(now.values.get(name))} → {value_words(value)}, from the next step."]


def scaled(now: Situation, name: str, value: Any) -> Any:
    """The value itself, where it was given as a factor of what is in force; None where nothing is."""
    times = factor(value)
    if times is None:
        return value
    before = now.values.get(name)
    return before * times if isinstance(before, int | float) and not isinstance(before, bool) else None


def _rate(now: Situation, value: Any, stretch: bool) -> list[str]:
    peak, before, rate = scaled(now, "learning_rate", value), now.peak, now.next_rate
    if peak is None or not before:
        return [f"Every rate {value}, from the next step."] if factor(value) is not None else []
    head = f"peak of the {now.schedule} schedule {words.rate(before)} → {words.rate(peak)}."
    said = [head]
    if rate is not None:
        about = "" if now.known_schedule else "about "
        until = f" and still {_end(now, now.steps)}" if now.known_schedule and _end(now, now.steps) else ""
        after = f"{words.rate(rate)} → {about}{words.rate(rate * peak / before)}"
        said.append(f"Sent now, the rate at the next step goes {after}{until}.")
    times = peak / before
    if times >= FAR or times <= 1 / FAR:
        said.append(f"That is {_times(times)} what it is.")
    if "head_learning_rate" in now.values and now.values["head_learning_rate"] is not None:
        own = words.rate(now.values["head_learning_rate"])
        said.append("The head's rate goes with it." if factor(value) is not None else f"The head keeps its own, {own}.")
    return said


def _times(times: float) -> str:
    return f"{times:,.0f} times" if times > 1 else f"1/{1 / times:,.0f} of"


def _end(now: Situation, steps: int | None) -> str:
    how = AT_THE_END.get(now.schedule)
    return f"{how} at step {steps:,}" if how is not None and steps else ""


def _kind(now: Situation, value: Any, stretch: bool) -> list[str]:
    share, rate = now.share(kind=str(value)), now.next_rate
    head = f"schedule {now.schedule} → {value}."
    if share is None or now.peak is None or rate is None:
        return [head]
    after = replace(now, values={**now.values, "lr_scheduler_type": value})
    until = _end(after, now.steps)
    return [head, f"Sent now, the rate at the next step goes {words.rate(rate)} → about {words.rate(now.peak * share)}"
            f"{f' and {until}' if until else ''}."]  # fmt: skip


def _length(now: Situation, steps: int, before: str, after: str, stretch: bool) -> list[str]:
    """Another number of steps in all."""
    more = steps - (now.steps or steps)
    time = (
        f", {'about ' + words.coarse(abs(more) * now.seconds)} {'more' if more > 0 else 'less'}" if now.seconds else ""
    )
    said = [f"{before} → {after}: {now.steps or 0:,} → {steps:,} steps{time}."]
    if not stretch:
        end = _end(now, now.steps)
        kept = f"The schedule keeps its end: it {end}" if end else "The schedule stays as it is"
        return [*said, f"{kept}{', and the steps after it change nothing.' if more > 0 and end else '.'}"]
    share, rate = now.share(steps=steps), now.next_rate
    if share is None or now.peak is None or rate is None or not now.known_schedule:
        return [*said, "The schedule is stretched to the new end."]
    return [*said, f"The schedule is stretched: the rate at the next step goes {words.rate(rate)} → "
            f"{words.rate(now.peak * share)}{f' and {_end(now, steps)}' if _end(now, steps) else ''}."]  # fmt: skip


def _epochs(now: Situation, value: Any, stretch: bool) -> list[str]:
    epochs = scaled(now, "num_train_epochs", value)
    if epochs is None or not now.per_epoch:
        return []
    steps = math.ceil(epochs * now.per_epoch)
    before = now.values.get("num_train_epochs", now.epochs)
    return _past(now, steps) or _length(now, steps, f"{value_words(before)} epochs", f"{epochs:g}", stretch)


def _steps(now: Situation, value: Any, stretch: bool) -> list[str]:
    steps = int(value)
    before = f"max_steps {value_words(now.values.get('max_steps'))}"
    return _past(now, steps) or _length(now, steps, before, f"{steps:,}", stretch)


def _past(now: Situation, steps: int) -> list[str]:
    if steps > now.step:
        return []
    return [f"Step {steps:,} is past: {now.step:,} are done. It would end after the next step."]


def _shape(now: Situation, batch: int, accumulation: int, at: int, stretch: bool) -> list[str]:
    """Another number of rows in a step, from step `at` on."""
    before, after = now.batch * now.accumulation, batch * accumulation
    head = f"{before} → {after} rows a step"
    if after == before:
        return [f"{head}: the same steps as before."]
    if not now.rows or not now.steps or not now.per_epoch:
        return [f"{head}."]
    per_epoch = max(1, math.ceil(now.rows / after))
    left = max(0, now.steps - at) / now.per_epoch
    steps = at + math.ceil(left * per_epoch)
    end = _end(now, steps) if stretch and now.known_schedule else ""
    return [f"{head}, {now.per_epoch:,} → {per_epoch:,} steps an epoch.", f"About {steps:,} steps in all instead of "
            f"{now.steps:,}{f'; the schedule {end}' if end else ''}.", "The learning rate stays what it is."]  # fmt: skip


def _batch(now: Situation, value: Any, stretch: bool) -> list[str]:
    return _shape(now, int(value), now.accumulation, now.next_epoch or now.step, stretch)


def _accumulation(now: Situation, value: Any, stretch: bool) -> list[str]:
    return _shape(now, now.batch, int(value), now.step, stretch)


def _clip(now: Situation, value: Any, stretch: bool) -> list[str]:
    limit = scaled(now, "max_grad_norm", value)
    before = value_words(now.values.get("max_grad_norm"))
    if limit is None:
        return []
    said = [f"max_grad_norm {before} → {words.rate(limit)}, from the next step."]
    if now.norm is None:
        return said
    newest, low, high = now.norm
    which = "no step is" if limit == 0 or high < limit else "nearly every step is" if low > limit else "some steps are"
    return [*said, f"The norm is {newest:.3g} (usual {low:.2g}-{high:.2g}): {which} clipped."]


def _every(what: str) -> Callable[[Situation, Any, bool], list[str]]:
    def found(now: Situation, value: Any, stretch: bool) -> list[str]:
        each = int(value)
        first = (now.step // each + 1) * each
        said = [f"Next {what} at step {first:,}, then every {each:,}."]
        if now.steps:
            count = now.steps // each - now.step // each
            took = now.eval_seconds if what == "evaluation" else None
            cost = f" of {words.coarse(took)} each" if took else ""
            said.append(f"{count:,} more to the end{cost}.")
        return said

    return found


def _warmup(now: Situation, value: Any, stretch: bool) -> list[str]:
    steps = int(value)
    share, rate = now.share(warmup=steps), now.next_rate
    head = f"The warm-up ends at step {steps:,} instead of {now.warmup:,}."
    if share is None or now.peak is None or rate is None or not now.known_schedule:
        return [head]
    return [head, f"The rate at the next step goes {words.rate(rate)} → {words.rate(now.peak * share)}."]


def _decay(now: Situation, value: Any, stretch: bool) -> list[str]:
    after = scaled(now, "weight_decay", value)
    if after is None:
        return []
    return [f"weight_decay {value_words(now.values.get('weight_decay'))} → {words.rate(after)}, from the next step."]


def _limit(now: Situation, value: Any, stretch: bool) -> list[str]:
    return [f"From the next save on {int(value)} checkpoint{'' if value == 1 else 's'} and the best one are kept;"
            " older ones are removed."]  # fmt: skip


def _patience(now: Situation, value: Any, stretch: bool) -> list[str]:
    if not value:
        return ["It trains to its end, however it measures."]
    by = now.values.get("metric_for_best_model") or "the main metric"
    return [f"It ends after {int(value)} evaluation{'' if value == 1 else 's'} in a row without a better {by}."]


def _freeze(now: Situation, value: Any, stretch: bool) -> list[str]:
    return [f"Parts that {', '.join(value)} names are left as they are from the next step on."]


def _unfreeze(now: Situation, value: Any, stretch: bool) -> list[str]:
    return [
        f"Parts that {', '.join(value)} names are trained again from the next step on, with a fresh optimizer state."
    ]


def _note(now: Situation, value: Any, stretch: bool) -> list[str]:
    return ["It goes into the history of the run, and changes nothing."]


_OF: Mapping[str, Callable[[Situation, Any, bool], list[str]]] = {
    "learning_rate": _rate,
    "lr_scheduler_type": _kind,
    "num_train_epochs": _epochs,
    "max_steps": _steps,
    "per_device_train_batch_size": _batch,
    "gradient_accumulation_steps": _accumulation,
    "max_grad_norm": _clip,
    "weight_decay": _decay,
    "warmup_steps": _warmup,
    "eval_steps": _every("evaluation"),
    "save_steps": _every("checkpoint"),
    "logging_steps": _every("point of the curves"),
    "save_total_limit": _limit,
    "early_stopping_patience": _patience,
    "freeze": _freeze,
    "unfreeze": _unfreeze,
    "note": _note,
}
