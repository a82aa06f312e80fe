"""What has happened, told to the event loop: typed, in the past tense. Threads post these and touch nothing else."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from textual.message import Message

from tui_finetune.errors import Problem
from tui_finetune.live.launching import Step
from tui_finetune.live.reader import Listing
from tui_finetune.live.runs_page import MachineFigures
from tui_finetune.live.series import History
from tui_finetune.runs.control import Request
from tui_finetune.runs.info import RunInfo
from tui_finetune.runs.records import AttemptRecord, CheckpointRecord
from tui_finetune.runs.status import Status
from tui_finetune.runs.tail import Event

if TYPE_CHECKING:
    from tui_finetune.plugin_api.manager import PluginInfo
    from tui_finetune.ui.settings import Settings


class Told(Message):
    """Base of what a screen's own work tells, in a module of the screen's folder: the app passes it to every screen."""


@dataclass
class RunsRead(Message):
    """All runs were read: the whole latest state, so that a newer one takes the place of one not handled yet."""

    listing: Listing

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, RunsRead)


@dataclass
class MachineSampled(Message):
    """The machine was looked at."""

    figures: MachineFigures

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, MachineSampled)


@dataclass
class MachineLookedAt(Message):
    """What an empty home says of the machine: level, name and sentence of each finding."""

    findings: Sequence[tuple[str, str, str]]


@dataclass
class RunAdvanced(Message):
    """New events and the status of the run that is followed. Carries data: every one of them counts."""

    run_id: str
    events: Sequence[Event]
    status: Status
    read: int
    """Bytes of the events read so far."""
    size: int
    """Bytes that the events have."""
    begun: int = 0
    """Bytes read before these: whoever has not had those before cannot take these."""
    waiting: Sequence[Request] = ()
    """Requests that nobody has answered yet."""
    taken: threading.Event = field(default_factory=threading.Event)
    """Set by the handler: the reader waits for it, so that a long history is never in memory twice."""


@dataclass
class HistoryRead(Message):
    """A long run as it was read in a thread: first a look at it, then the whole of it. What comes after is RunAdvanced's."""

    run_id: str
    history: History
    status: Status
    read: int
    """Bytes of the events that it is made of; 0 for the first look."""
    lines: Sequence[str] = ()
    """The newest events as lines."""
    dropped: int = 0
    """Lines before them."""


@dataclass
class HistoryReading(Message):
    """How far the reading of a long run is."""

    run_id: str
    read: int
    size: int

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, HistoryReading)


@dataclass
class LogAdvanced(Message):
    """New lines of the log of the run that is followed."""

    run_id: str
    lines: Sequence[str]
    skipped: int
    """Bytes before the first line that was read."""
    anew: bool = False
    """True where these are the first lines: after the tab was opened, or the file was cut."""


@dataclass
class RunDetailsRead(Message):
    """What lies on the disk of the run that is followed: checkpoints, attempts, recipe."""

    run_id: str
    info: RunInfo
    status: Status
    checkpoints: Sequence[CheckpointRecord]
    attempts: Sequence[AttemptRecord]
    recipe: str
    request: str
    has_model: bool


@dataclass
class RunGone(Message):
    """The directory of the run that is followed cannot be read any more."""

    run_id: str
    why: str


@dataclass
class RequestSent(Message):
    """A request lies in the run's control folder."""

    run: RunInfo
    action: str
    request_id: str


@dataclass
class RequestAnswered(Message):
    """The worker said what becomes of a request; or it did not within the time that it usually takes."""

    run: RunInfo
    action: str
    answer: str | None
    """accepted or refused; None for silence."""
    words: str
    """When it takes effect, or why not."""


@dataclass
class LabelSaved(Message):
    """Name, tags and note were written."""

    run: RunInfo


@dataclass
class RunsTrashed(Message):
    """Runs were moved to the trash."""

    runs: Sequence[RunInfo]


@dataclass
class SettingsSaved(Message):
    """A setting was written; these count from now on."""

    settings: Settings
    name: str


@dataclass
class RunsRestored(Message):
    """Runs came back from the trash."""

    runs: Sequence[RunInfo]


@dataclass
class PluginsRead(Message):
    """The plugins were loaded, or what was loaded was asked for."""

    plugins: Sequence[PluginInfo]
    again: bool = False
    """True where they were loaded anew."""


@dataclass
class PluginFilesChanged(Told):
    """On disk plugins are not as they are loaded, or are so again."""

    newest: Mapping[str, float]
    """By place when its files were last written."""
    new: Sequence[str]
    """Names of files that are not loaded at all."""


@dataclass
class LaunchAdvanced(Message):
    """A step of a start went on, passed or failed."""

    launch_id: int
    steps: Sequence[Step]
    run_id: str | None = None
    """The run, from the handoff on."""
    ready: bool = False
    """The check has passed: the person may start it."""
    failed: bool = False
    problems: Sequence[Problem] = ()
    """What it failed of, each with its key."""
    splits: Mapping[str, int] = field(default_factory=dict)
    """Rows that the check has counted."""

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, LaunchAdvanced) and message.launch_id == self.launch_id


@dataclass
class RunStarted(Message):
    """A worker has claimed an attempt: the run belongs to the machine."""

    run: RunInfo
    attempt: int


@dataclass
class TextCopied(Message):
    """A text was written to the home's file for those terminals that do not take it."""

    characters: int
    path: str


@dataclass
class WorkFailed(Message):
    """Work in a thread came to nothing."""

    what: str
    """What was tried, `Delete imdb-bert`."""
    problems: Sequence[Problem]
    log: str | None = None
    """Where the traceback is, of a defect of ours."""
    facts: Mapping[str, str] = field(default_factory=dict)
