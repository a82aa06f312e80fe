"""What would fit where a run does not: settings with the same effective batch, each tried on the device, not guessed."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch

from tui_finetune.live.words import size as in_words
from tui_finetune.worker import memory
from tui_finetune.worker.advice import is_out_of_memory
from tui_finetune.worker.forecast import Forecast, kept_at_most, rounded
from tui_finetune.worker.trial import Trial, Tried, Way

BATCH, ACCUMULATION = "train.per_device_train_batch_size", "train.gradient_accumulation_steps"
EVALUATION = "train.per_device_eval_batch_size"
CHECKPOINTING, BF16, LENGTH = "train.activation_checkpointing", "train.bf16", "model.max_length"
SEARCH_SECONDS = 120.0
"""After this long no further kind of change is tried where one fits already."""
SHORTEST = 32
"""Tokens below which no shorter length is tried."""


@dataclass(frozen=True)
class Fit:
    """Settings that were tried and fit."""

    set: Mapping[str, Any]
    """Dotted keys of the recipe."""
    words: str
    bytes: int | None = None
    step_seconds: float | None = None
    changes_result: bool = False
    """True where the model would see something else, so that it is advice alone."""

    def as_json(self) -> dict[str, Any]:
        return {
            "set": dict(self.set),
            "words": self.words,
            "peak_memory_bytes": self.bytes,
            "step_seconds": None if self.step_seconds is None else rounded(self.step_seconds),
            **({"changes_result": True} if self.changes_result else {}),
        }


@dataclass(frozen=True)
class Refusal:
    """Why a run is not begun, and what would fit."""

    what: str
    """memory or disk."""
    why: str
    needed: int | None
    there: int
    fits: tuple[Fit, ...]
    tried: int

    def as_event(self) -> dict[str, Any]:
        return {
            "what": self.what,
            "why": self.why,
            "needed_bytes": self.needed,
            "there_bytes": self.there,
            "fits": [fit.as_json() for fit in self.fits],
            "tried": self.tried,
        }

    @property
    def reason(self) -> str:
        """One sentence or two: what does not fit, and the first thing that does."""
        return f"{self.why} {self.fits[0].words}." if self.fits and not self.fits[0].changes_result else self.why

    @property
    def advice(self) -> str:
        rest = [fit.words for fit in self.fits if fit.words not in self.reason]
        also = f"Also tried, and fit: {'; '.join(rest)}. " if rest else ""
        nothing = "" if self.fits else f"Nothing that was tried fits ({self.tried} ways). {_SMALLER[self.what]} "
        return f"{also}{nothing}--force starts it as it is."


_SMALLER = {
    "memory": "Take a smaller model, freeze a part of it ([model] freeze), or a device with more memory.",
    "disk": "Make room (tui-finetune trash empty), or choose another --home.",
}


class Search:
    """Ways of training, tried one after the other until one of each kind fits."""

    def __init__(self, trial: Trial, own: Way, room: memory.Room) -> None:
        self._trial = trial
        self._own = own
        self._room = room
        self._known: dict[Way, Tried | None] = {}
        self.tried = 0

    def first(self, own: Way) -> Tried | None:
        """What the run's own way took, or None where it does not fit; the optimizer's state is left there for what else is
        measured."""
        found = self._look(own)
        if found is None:
            self._trial.forget()
        return found

    def fits(self, way: Way) -> Tried | None:
        """What a way took, or None where it does not fit. Each is tried once."""
        if way not in self._known:
            self._trial.job.progress("trying what fits", self.tried + 1, None)
            with self._trial.spared(way):
                self._look(way)
            self._trial.forget()
        return self._known[way]

    def _look(self, way: Way) -> Tried | None:
        """Tries a way; on a processor after smaller batches, which tell whether it is worth it: there nothing refuses what
        is too much, and the kernel ends the process."""
        if not memory.on_gpu() and self._needed(way) is None:
            for smaller in _eighth_and_quarter(way):
                if smaller not in self._known and not self._hopeless(smaller):
                    self._known[smaller] = self._try(smaller)
                    self._trial.forget()
        self._known[way] = None if self._hopeless(way) else self._try(way)
        return self._known[way]

    def _hopeless(self, way: Way) -> bool:
        """True where as many rows, or fewer, did not fit, or smaller batches tell that it does not."""
        if any(one.batch <= way.batch and _kind(one) == _kind(way) and not had for one, had in self._known.items()):
            return True
        needed = self._needed(way)
        return needed is not None and not self._room.has(needed)

    def _try(self, way: Way) -> Tried | None:
        self.tried += 1
        try:
            with memory.refused_not_killed():
                found = self._trial.hardest_step(way)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            return None
        return found if self._room.has(found.peak) else None

    def memory(self) -> Refusal:
        """What fits in place of the run's own way, the least of changes first."""
        own, fits, deadline = self._own, list[Fit](), time.monotonic() + SEARCH_SECONDS
        smaller = next(((way, t) for way in halves(own) if (t := self.fits(way))), None)
        if smaller is not None:
            fits.append(self._fit(*smaller))
            if self._needed(own) is None:
                self.fits(next(halves(smaller[0]), smaller[0]))  # the second point of the line to it
        at_least = smaller[0].batch if smaller else 0
        for kind in self._kinds():
            if fits and time.monotonic() > deadline:
                break
            way = replace(own, **{kind: True})
            if kind == "bf16" and self._emulated(way):
                continue
            larger = (one for one in (way, *halves(way)) if one.batch > at_least)
            found = next(((one, t) for one in larger if (t := self.fits(one))), None)
            if found is not None:
                fits.append(self._fit(*found))
        if not fits:
            fits += self._last_resorts()
        needed = self._needed(own)
        there = self._room.there
        amount = "more than is there" if needed is None else f"about {in_words(needed)} needed"
        name = "Device memory" if memory.on_gpu() else "Memory"
        return Refusal("memory", f"{name}: {amount}, {in_words(there)} there.", needed, there, tuple(fits), self.tried)

    def evaluation(self) -> Refusal:
        """Where the training fits and an evaluation batch does not: the largest half of it that does."""
        size = int(self._trial.trainer.args.eval_batch_size)
        fits: list[Fit] = []
        tried, half = 0, size
        while half > 1 and not fits:
            half, tried = half // 2, tried + 1
            self._trial.forget()
            memory.reset_peak()
            try:
                with memory.refused_not_killed():
                    self._trial.evaluate("validation", self._trial.longest("validation", half))
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                continue
            words = f"per_device_eval_batch_size {half} needs {in_words(memory.peak())}"
            fits.append(Fit({EVALUATION: half}, words, memory.peak()))
        there = self._room.there
        why = f"Memory: an evaluation batch of {size} rows needs more than is there, {in_words(there)}."
        return Refusal("memory", why, None, there, tuple(fits), tried)

    def _kinds(self) -> list[str]:
        """Ways that change more than the micro-batch, and that this model and device have."""
        kinds = []
        if not self._own.checkpointing and getattr(self._trial.model, "supports_gradient_checkpointing", False):
            kinds.append("checkpointing")
        if not self._own.bf16 and not self._trial.trainer.args.fp16 and bf16_at_speed():
            kinds.append("bf16")
        return kinds

    def _emulated(self, way: Way) -> bool:
        """True where the smallest batch that fitted takes longer in bf16: then the device only makes believe."""
        plain = [(one, tried) for one, tried in self._known.items() if tried and _kind(one) == _kind(self._own)]
        if not plain:
            return False
        least, took = min(plain, key=lambda known: known[0].batch)
        tried = self.fits(replace(least, bf16=True))
        return tried is not None and tried.seconds.compute > took.seconds.compute

    def _last_resorts(self) -> list[Fit]:
        """All at once with a single row; then shorter inputs, which is only advice: the model would see less."""
        kinds: dict[str, Any] = dict.fromkeys(self._kinds(), True)
        least = replace(self._own, batch=1, accumulation=self._own.batch * self._own.accumulation, **kinds)
        if len(kinds) > 1 and (found := self.fits(least)):
            return [self._fit(least, found)]
        longest = self._trial.job.max_length
        while longest // 2 >= SHORTEST:
            longest //= 2
            way = replace(least, max_length=longest)
            if found := self.fits(way):
                return [self._fit(way, found)]
        return []

    def _fit(self, way: Way, tried: Tried) -> Fit:
        own = self._own
        changes: dict[str, Any] = {}
        said = [f"{'batch' if way.checkpointing or way.bf16 or way.max_length else 'Batch'} {way.batch}"]
        if (way.batch, way.accumulation) != (own.batch, own.accumulation):
            changes |= {BATCH: way.batch, ACCUMULATION: way.accumulation}
            said.append(f"accumulation {way.accumulation}")
        extra = []
        if way.checkpointing and not own.checkpointing:
            changes[CHECKPOINTING] = True
            extra.append("activation checkpointing")
        if way.bf16 and not own.bf16:
            changes[BF16] = True
            extra.append("bf16")
        if way.max_length:
            changes[LENGTH] = way.max_length
            extra.append(f"max_length {way.max_length}, which cuts more of the texts,")
        head = " and ".join(extra)
        words = f"{head[:1].upper()}{head[1:]} with {' and '.join(said)}" if extra else " with ".join(said)
        seconds = way.accumulation * (tried.seconds.fetch + tried.seconds.compute) + tried.optimizer
        return Fit(changes, f"{words} needs {in_words(tried.peak)}", tried.peak, seconds, bool(way.max_length))

    def _needed(self, way: Way) -> int | None:
        """Bytes of a way, in a line from smaller micro-batches of its kind, the steepest; None where none tell."""
        known = sorted(
            (one.batch, tried.peak)
            for one, tried in self._known.items()
            if tried and one.batch < way.batch and _kind(one) == _kind(way)
        )
        slopes = [(b - a) / (more - few) for (few, a), (more, b) in pairwise(known) if more > few]
        steepest = max(slopes, default=0.0)
        return int(known[-1][1] + steepest * (way.batch - known[-1][0])) if steepest > 0 else None


def _kind(way: Way) -> Way:
    """All of a way but its shape."""
    return replace(way, batch=0, accumulation=0)


def _eighth_and_quarter(way: Way) -> list[Way]:
    """Two smaller micro-batches, the smaller one first; fewer where there are not so many rows."""
    sizes = sorted({max(1, way.batch // 8), max(2, way.batch // 4)})
    return [replace(way, batch=size) for size in sizes if size < way.batch]


def halves(way: Way) -> Iterator[Way]:
    """Smaller micro-batches with as many rows in an optimizer step, each about half of the one before."""
    rows, batch = way.batch * way.accumulation, way.batch
    while batch > 1:
        batch = next(size for size in range(batch // 2, 0, -1) if rows % size == 0)
        yield replace(way, batch=batch, accumulation=rows // batch)


def bf16_at_speed() -> bool:
    """True where the device multiplies in bf16, and does not emulate it."""
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported() and torch.cuda.get_device_capability()[0] >= 8)
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return "amx_bf16" in flags or "avx512_bf16" in flags


def disk_refusal(forecast: Forecast, saves: int, weights: int, taken: int, *, best: bool) -> Refusal | None:
    """None where the checkpoints have room; else which limit would fit.

    saves: how many are still to come. taken: bytes of those that are there. best: the best one is kept, too.
    """
    if forecast.disk_bytes <= forecast.disk_free_bytes:
        return None
    fits: list[Fit] = []

    def needs(kept: int) -> int:
        return max(0, kept * forecast.checkpoint_bytes + weights - taken)

    for fewer in (2, 1):
        kept = kept_at_most(saves, fewer, best=best)
        if kept < forecast.checkpoints_kept and needs(kept) <= forecast.disk_free_bytes:
            key = {"train.save_total_limit": fewer}
            fits.append(Fit(key, f"save_total_limit {fewer} needs {in_words(needs(kept))}", needs(kept)))
            break
    if not fits and needs(0) <= forecast.disk_free_bytes:
        only = Fit({"train.save_strategy": "no"}, f'save_strategy "no" needs {in_words(needs(0))}', needs(0))
        fits.append(only)
    why = (
        f"Disk: {in_words(forecast.disk_bytes)} needed for {forecast.checkpoints_kept} checkpoints of "
        f"{in_words(forecast.checkpoint_bytes)} and the model, {in_words(forecast.disk_free_bytes)} free."
    )
    return Refusal("disk", why, forecast.disk_bytes, forecast.disk_free_bytes, tuple(fits), 0)
