"""Between the screens and the disk: the only owner of threads. Screens ask it; it posts what has happened."""

from __future__ import annotations

import functools
import itertools
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.message import Message

from tui_finetune.live.reader import RunsReader
from tui_finetune.paths import Home
from tui_finetune.runs import control
from tui_finetune.runs.info import RunInfo, write_label
from tui_finetune.runs.layout import RunPaths
from tui_finetune.runs.store import RunStore
from tui_finetune.ui import messages
from tui_finetune.ui.following import Following
from tui_finetune.ui.pace import Pace
from tui_finetune.ui.settings import REFRESH_SECONDS
from tui_finetune.ui.threads import Threads

if TYPE_CHECKING:
    from tui_finetune.launch.handoff import Launch
    from tui_finetune.plugin_api.manager import Catalog
    from tui_finetune.ui.launches import RecipeSource, Starting

RUNS_SECONDS = 1.0
"""Between two looks at all runs."""
MACHINE_SECONDS = 10.0
FIRST_LOOK = 60
"""Newest runs that are shown before the rest has been read."""
LISTED_SECONDS = 5.0
"""A listing takes less, but for a file system that hangs."""
ANSWER_SECONDS = 10.0
"""A worker reads its requests every 0.2 s; one that is stalled or far away may take longer."""


class Bridge(Threads):
    """Started by the app after its first paint, stopped with it."""

    def __init__(self, post: Callable[[Message], object], home: Home, launch: Callable[[], Launch]) -> None:
        super().__init__(post, home)
        self.pace = Pace(REFRESH_SECONDS, lambda: False)
        """How often what moves by itself is told; the app puts its own here."""
        self._launch = launch
        self._look = threading.Event()
        """Set where a change is known of: the next look at the runs does not wait."""
        self._looks = self._looked = 0
        """Looks at the runs that have begun, and the last one that was told."""
        self._told = threading.Condition()
        self._following: Following | None = None
        self._numbers = itertools.count(1)
        self._starting: Starting | None = None
        self._loading = threading.Lock()
        self._catalog: Catalog | None = None

    def start(self) -> None:
        self._thread(self._watch_runs, "runs")
        self._thread(self._watch_machine, "machine")
        self._thread(self._watch_plugins, "plugins")

    def stop(self) -> None:
        super().stop()
        self._look.set()
        self.follow(None)

    def _watch_runs(self) -> None:
        reader = RunsReader(self.home)
        newest: int | None = FIRST_LOOK
        while not self._stopped.is_set():
            self._look.clear()
            self._looks += 1
            found = self.guarded("Read the runs", lambda: messages.RunsRead(reader.read(newest)))  # noqa: B023
            self._once(found)
            with self._told:
                self._looked = self._looks
                self._told.notify_all()
            if newest is not None:
                newest = None
                continue
            self._look.wait(RUNS_SECONDS)
            while self.pace.next() > RUNS_SECONDS and not self._look.wait(RUNS_SECONDS):
                pass

    def look_now(self) -> None:
        """The runs are read again without waiting."""
        self._look.set()

    def look_whole(self) -> None:
        """The same; returns when what is there now has been told, so that nothing is said before the screen shows it."""
        wanted = self._looks + 1
        self._look.set()
        with self._told:
            self._told.wait_for(lambda: self._looked >= wanted or self._stopped.is_set(), LISTED_SECONDS)

    def _watch_machine(self) -> None:
        from tui_finetune.ui.machine import sample

        while not self._stopped.is_set():
            self._once(self.guarded("Look at the machine", lambda: messages.MachineSampled(sample(self.home))))
            self._stopped.wait(MACHINE_SECONDS)

    def _watch_plugins(self) -> None:
        from tui_finetune.ui.plugin_watch import FIRST_SECONDS, LOOK_SECONDS, PluginWatch

        watch = PluginWatch(
            lambda: (self.home.plugins, *self._launch().plugin_dirs) if self._launch().third_party else (),
            self.catalog,
            lambda: self._catalog,
        )
        seconds = FIRST_SECONDS
        while not self._stopped.wait(seconds):
            self._once(self.guarded("Watch the plugins", watch.look))
            seconds = LOOK_SECONDS

    def look_at_machine(self) -> None:
        """What an empty home says of this machine."""
        from tui_finetune.ui.machine import findings

        self.do("Look at the machine", lambda: messages.MachineLookedAt(findings(self.home)))

    def follow(self, run_id: str | None) -> None:
        """From now on the events of this run are posted, and of no other: its whole history first."""
        if self._following is not None:
            if self._following.run_id == run_id and self._following.alive:
                return
            self._following.stop()
        self._following = None
        if run_id is not None:
            following = self._following = Following(
                RunPaths(self.home.runs / run_id), self.post, self.guarded, self.pace
            )
            self._thread(following.run, f"follow-{run_id[-4:]}")

    def want_log(self, wanted: bool) -> None:
        """Whether the log of the followed run is read too."""
        if self._following is not None:
            self._following.want_log(wanted)

    def read_again(self) -> None:
        """The followed run from its beginning, and all runs."""
        following = self._following
        if following is not None:
            self.follow(None)
            self.follow(following.run_id)
        self.look_now()

    def send(self, info: RunInfo, action: str, attempt: int, values: Mapping[str, Any] | None = None) -> None:
        """A request to the run's worker; its answer is posted when it comes."""
        title = f"{action.capitalize()} {info.name}"

        def work() -> Message | None:
            from tui_finetune.runs.tail import EventTail

            tail = EventTail(info.paths)
            tail.skip()
            request = control.send(info.paths, action, attempt, values)
            self.post(messages.RequestSent(info, action, request.id))
            return self._answer(info, action, request.id, tail)

        self.do(title, work)

    def _answer(self, info: RunInfo, action: str, request_id: str, tail: Any) -> Message | None:
        waited = 0.0
        while waited < ANSWER_SECONDS and not self._stopped.wait(0.1):
            waited += 0.1
            for event in tail.poll():
                if event.name == "request" and event.get("id") == request_id:
                    words = event.get("when") if event.get("answer") == "accepted" else event.get("why")
                    return messages.RequestAnswered(info, action, str(event.get("answer")), str(words or ""))
        return messages.RequestAnswered(info, action, None, f"not answered within {ANSWER_SECONDS:.0f} s")

    def label(self, info: RunInfo, name: str, tags: Sequence[str], note: str) -> None:
        """Writes name, tags and note."""

        def work() -> Message:
            saved = write_label(info, name=name, tags=tags, note=note)
            self.look_whole()
            return messages.LabelSaved(saved)

        self.do(f"Name {info.name}", work)

    def trash(self, infos: Sequence[RunInfo]) -> None:
        """Moves ended runs into the trash; those that were moved before one failed are told too."""

        def work() -> Message | None:
            store, moved = RunStore(self.home), []
            try:
                for info in infos:
                    store.trash(info)
                    moved.append(info)
            finally:
                self.look_now()
                if moved:
                    self.post(messages.RunsTrashed(moved))
            return None

        self.do(f"Delete {infos[0].name}" if len(infos) == 1 else f"Delete {len(infos)} runs", work)

    def restore(self, infos: Sequence[RunInfo]) -> None:
        """Brings runs back from the trash."""

        def work() -> Message:
            store = RunStore(self.home)
            back = [store.restore(info.id) for info in infos]
            self.look_now()
            return messages.RunsRestored(back)

        self.do("Bring back", work)

    def resume(self, info: RunInfo, *, accept: bool = False, sets: Sequence[str] = ()) -> None:
        """A new attempt, from the newest whole checkpoint. accept: also where it would not be the same run."""

        def work() -> Message:
            from tui_finetune.launch.start import resume

            started = resume(info, self._launch(), accept=accept, sets=sets)
            self.look_now()
            return messages.RunStarted(info.fresh(), started.attempt)

        self.do(f"Resume {info.name}", work)

    def started_with(self) -> Launch:
        """How this program was started: what the processes that a screen starts are given too."""
        return self._launch()

    def catalog(self, *, fresh: bool = False) -> Catalog:
        """What the plugins give, loaded once; for threads only. fresh: loaded again, as plugins may have changed."""
        with self._loading:
            if self._catalog is None or fresh:
                from tui_finetune.plugin_api.manager import load_catalog

                launch = self._launch()
                self._catalog = load_catalog(
                    self.home, plugin_dirs=launch.plugin_dirs, third_party=launch.third_party, afresh=fresh
                )
            return self._catalog

    def check(self, source: RecipeSource) -> int:
        """Checks a recipe, step by step told; the number by which the start is known from now on."""
        from tui_finetune.ui.launches import Starting

        number = next(self._numbers)
        starting = self._starting = Starting(number, source, self.home, self._launch, self.post)
        self.do(f"Start {source.title}", starting.check)
        return number

    def launch(self, number: int, *, force: bool = False) -> None:
        """Hands over what was checked. force: to a worker that begins though its pre-flight finds that it does not fit."""
        starting = self._starting
        if starting is not None and starting.number == number:
            self.do(f"Start {starting.source.title}", functools.partial(starting.hand_off, force=force))

    def set(self, name: str, value: Any) -> None:
        """Writes a setting; None is the usual one."""

        def work() -> Message:
            from tui_finetune.ui.settings import write_setting

            self.home.ensure()
            return messages.SettingsSaved(write_setting(self.home.settings, name, value), name)

        self.do("Settings", work)

    def copy(self, text: str) -> None:
        """Writes a text to the home's file, for terminals that do not take it."""

        def work() -> Message:
            from tui_finetune.runs import atomic

            path = self.home.root / "copied.txt"
            atomic.write_bytes(path, text.encode("utf-8", "backslashreplace"))
            return messages.TextCopied(len(text), str(path))

        self.do("Copy", work)

    def write(self, path: Path, content: Mapping[str, Any]) -> None:
        """Writes the interface's own memory; a home that cannot be written is told once."""
        from tui_finetune.runs import atomic

        def work() -> Message | None:
            atomic.write_json(path, dict(content))
            return None

        self._thread(lambda: self._once(self.guarded("Remember this screen", work)), "memory")
