"""Events reach plugins in order, on another thread, and a plugin that hangs holds nobody up."""

from __future__ import annotations

import threading
from typing import Any

from tui_finetune.plugin_api import hookimpl
from tui_finetune.plugin_api.listeners import WAITING, Listeners
from tui_finetune.plugin_api.manager import Catalog, load_one


class Recorder:
    def __init__(self) -> None:
        self.told: list[tuple[str, int]] = []
        self.threads: set[str] = set()

    @hookimpl
    def run_event(self, run: str, event: dict[str, Any]) -> None:
        self.threads.add(threading.current_thread().name)
        self.told.append((run, event["seq"]))


class Hanging:
    def __init__(self) -> None:
        self.release = threading.Event()

    @hookimpl
    def run_event(self) -> None:
        self.release.wait(30)


def catalog_of(plugin: object) -> Catalog:
    catalog = Catalog()
    assert load_one(catalog, "listener", lambda: plugin).health == "works"
    return catalog


def test_events_come_in_order_on_a_thread_of_their_own() -> None:
    recorder = Recorder()
    listeners = Listeners(catalog_of(recorder), "/runs/x")
    for seq in range(50):
        listeners.tell({"seq": seq})
    assert listeners.close()
    assert recorder.told == [("/runs/x", seq) for seq in range(50)]
    assert recorder.threads == {"plugin listener"}


def test_a_plugin_that_hangs_costs_only_its_events() -> None:
    hanging = Hanging()
    listeners = Listeners(catalog_of(hanging), "/runs/x")
    for seq in range(WAITING + 10):
        listeners.tell({"seq": seq})
    assert listeners.dropped >= 9
    assert not listeners.close(timeout=0.01)
    hanging.release.set()


def test_without_listeners_there_is_no_thread() -> None:
    listeners = Listeners(Catalog(), "/runs/x")
    listeners.tell({"seq": 1})
    assert listeners.close()


class Telling:
    @hookimpl
    def run_event(self, event: dict[str, Any]) -> Any:
        return event["give"]


def test_what_a_plugin_gives_back_is_passed_on_where_it_is_a_notice() -> None:
    told: list[Any] = []
    notice = {"channel": "mail", "what": "it ended", "ok": True}
    listeners = Listeners(catalog_of(Telling()), "/runs/x", told.append)
    for given in (notice, [notice, {"ok": False}], None, {"channel": "mail"}):
        listeners.tell({"give": given})
    assert listeners.settle(30)
    assert told == [notice, notice]
    listeners.tell({"give": notice})
    assert listeners.close()
    assert len(told) == 3


def test_a_plugin_that_hangs_holds_no_other_up() -> None:
    hanging, recorder = Hanging(), Recorder()
    catalog = Catalog()
    for name, plugin in (("a", hanging), ("b", recorder)):
        load_one(catalog, name, lambda plugin=plugin: plugin)  # type: ignore[misc]
    listeners = Listeners(catalog, "/runs/x")
    listeners.tell({"seq": 7})
    assert not listeners.settle(0.05)
    hanging.release.set()
    assert listeners.close()
    assert recorder.told == [("/runs/x", 7)]
