"""The rows of the fault matrix: what is done to a run. What is seen and lost is measured by the tests and told by the page."""

from __future__ import annotations

from typing import NamedTuple


class Fault(NamedTuple):
    """One row."""

    group: str
    what: str
    """What is done, as the page says it."""


KILLED, SIGNALS, LOOKING = "Killed", "Signals", "The interface and its terminal"
MACHINE, DISK, FILES = "The machine", "The disk", "The run directory"
CODE, KEPT = "Code that misbehaves", "Kept going by itself: `[run] auto_resume = 3`, and the queue"

FAULTS: dict[str, Fault] = {
    "killed-loading": Fault(KILLED, "kill -9 of the worker while it loads"),
    "killed-tokenizing": Fault(KILLED, "… while it tokenizes"),
    "killed-preflight": Fault(KILLED, "… in the pre-flight"),
    "killed-training": Fault(KILLED, "… between two steps"),
    "killed-accumulating": Fault(KILLED, "… between two micro-batches of a step"),
    "killed-evaluating": Fault(KILLED, "… in an evaluation"),
    "killed-saving": Fault(KILLED, "… while a checkpoint is written"),
    "killed-ending": Fault(KILLED, "… after the last step, before the final model"),
    "killed-often": Fault(KILLED, "… 5 times at random instants, order by length"),
    "storm": Fault(KILLED, "… 50 times at random instants, order by length (soak)"),
    "storm-random": Fault(KILLED, "… 12 times at random instants, random order (soak)"),
    "storm-steered": Fault(KILLED, "… 12 times at random instants, five settings changed on the way (soak)"),
    "sigterm": Fault(SIGNALS, "SIGTERM to the worker: a pre-emption notice"),
    "sigusr1": Fault(SIGNALS, "SIGUSR1 to the worker: a pre-emption notice"),
    "sigint": Fault(SIGNALS, "SIGINT to the worker"),
    "sighup": Fault(SIGNALS, "SIGHUP to the worker"),
    "interface-killed": Fault(LOOKING, "kill -9 of the interface"),
    "interface-sigterm": Fault(LOOKING, "SIGTERM to the interface"),
    "interface-sigint": Fault(LOOKING, "SIGINT to the interface"),
    "interface-sighup": Fault(LOOKING, "SIGHUP to the interface"),
    "terminal-closed": Fault(LOOKING, "the terminal is closed"),
    "both-killed": Fault(LOOKING, "kill -9 of interface and worker"),
    "reboot": Fault(MACHINE, "the machine was started again: the boot id is another"),
    "out-of-memory": Fault(MACHINE, "the kernel kills the worker for memory (limit of its control group)"),
    "clock": Fault(MACHINE, "the worker's clock jumps a day back"),
    "disk-full": Fault(DISK, "no room for a checkpoint"),
    "home-read-only": Fault(DISK, "the home's disk turns read-only while a run trains"),
    "folder-deleted": Fault(FILES, "the run folder is deleted while it trains"),
    "torn-line": Fault(FILES, "killed, and the last line of events.jsonl is torn"),
    "bit-flipped": Fault(FILES, "killed, and a bit of the newest checkpoint's weights is flipped"),
    "truncated": Fault(FILES, "killed, and the newest checkpoint's optimizer is cut short"),
    "file-missing": Fault(FILES, "killed, and the newest checkpoint lacks a file"),
    "two-workers": Fault(FILES, "a second worker is started on the same directory"),
    "copied": Fault(FILES, "killed, and the directory copied to another machine"),
    "loader-hangs": Fault(CODE, "a process that loads data hangs"),
    "loader-killed": Fault(CODE, "a process that loads data is killed"),
    "callback-raises": Fault(CODE, "a plugin's callback raises"),
    "callback-hangs": Fault(CODE, "a plugin's callback hangs"),
    "callback-exits": Fault(CODE, "a plugin's callback calls sys.exit"),
    "callback-leaves": Fault(CODE, "a plugin's callback ends the process (os._exit)"),
    "listener-hangs": Fault(CODE, "a plugin that is told of events hangs"),
    "segfault": Fault(CODE, "native code reads where nothing is (SIGSEGV)"),
    "flood": Fault(CODE, "80 MB are printed at once"),
    "kept-killed": Fault(KEPT, "kill -9 of the worker; keeper and workers started as a person's are, imports included"),
    "kept-twice": Fault(KEPT, "the same segfault at the same step in each attempt"),
    "kept-preempted": Fault(KEPT, "SIGTERM to the worker alone"),
    "kept-told": Fault(KEPT, "SIGTERM to the keeper"),
    "keeper-killed": Fault(KEPT, "kill -9 of the keeper"),
    "keeper-and-worker-killed": Fault(KEPT, "kill -9 of keeper and worker"),
    "queue-holder-killed": Fault(KEPT, "kill -9 of the run whose device another run waits for"),
}
"""Id to fault, in the order of the page."""
