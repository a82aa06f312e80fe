"""What the rules are told of a training, in numbers: by the worker as it happens, or read back from events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class RunFacts:
    """Known before the first step. None and empty where it is not known: rules that need it stay silent."""

    steps: int | None = None
    warmup_steps: int = 0
    precision: str = "fp32"
    device: str = "cpu"
    """`cpu` or `cuda`."""
    trainable: int | None = None
    """Parameters that are trained."""
    guess_loss: float | None = None
    """Loss of always guessing as often as the labels are: the entropy of train's labels, where the loss is cross-entropy."""
    max_length: int | None = None
    rows: int = 0
    """Of train."""
    truncated: int = 0
    """Rows of train that are cut."""
    without_label: int = 0
    """Rows of train none of whose labels counts."""
    main_metric: str | None = None
    main_greater: bool = True


@dataclass(frozen=True)
class Steps:
    """One logging interval, with a true value for each of its optimizer steps."""

    step: int
    """The last one."""
    losses: Sequence[float] = ()
    """One a step; one for the whole interval where there are no others."""
    norms: Sequence[float] = ()
    """Gradient norms before clipping."""
    learning_rate: float | None = None
    seconds: float = 0.0
    """Of the interval, without evaluations and saves; 0 where it is not known."""
    count: int = 0
    """Steps that `seconds` is of."""
    tokens: float = 0.0
    waited: float = 0.0
    """Seconds of them in which the next batch was waited for."""
    labels: Sequence[int] = ()
    """Labels that count, of each step; empty where nobody counted."""


@dataclass(frozen=True)
class Share:
    """How much of a split one answer has."""

    label: str
    predicted: float
    """Share of the predictions, 0 to 1."""
    gold: float | None
    rows: int
    """Rows (or words) in all."""


@dataclass(frozen=True)
class Measured:
    """An evaluation of validation that counts."""

    step: int
    metrics: Mapping[str, float]
    """`loss` among them."""
    commonest: Share | None = None
    """The answer that was given most often."""


@dataclass(frozen=True)
class Sample:
    """The machine at one moment."""

    t: float
    """Seconds by a clock that nobody sets."""
    cpu_percent: float | None = None
    utilisation: float | None = None
    """Of the GPU, in percent."""
    host_bytes: float | None = None
    """Main memory of this process, files that are only mapped left out."""
    host_free_bytes: float | None = None
    """What it may still take."""
    device_bytes: float | None = None
    device_free_bytes: float | None = None
    disk_free_bytes: float | None = None
    clock_mhz: float | None = None
    temperature: float | None = None
    slowed_by: tuple[str, ...] = ()
    """Why the device says that it lowers its clock: `heat`, `power brake`."""


@dataclass(frozen=True)
class Idle:
    """How long nothing went on."""

    phase: str | None
    seconds: float
    limit: float
    """From when on that is too long, in this phase."""
    step: int | None = None
    """The last one that was done."""


@dataclass
class Now:
    """Where the training stands: kept by the watch, read by the rules."""

    facts: RunFacts = field(default_factory=RunFacts)
    step: int = 0
    seconds_a_step: float | None = None
    """Of late, evaluations and saves left out."""
    whole: list[int] = field(default_factory=list)
    """Steps of the whole checkpoints, oldest first."""
    checkpoint_bytes: int | None = None

    @property
    def seconds_left(self) -> float | None:
        if self.facts.steps is None or self.seconds_a_step is None:
            return None
        return max(0, self.facts.steps - self.step) * self.seconds_a_step

    def whole_before(self, step: int) -> int | None:
        """The newest whole checkpoint of an earlier step."""
        return next((one for one in reversed(self.whole) if one < step), None)
