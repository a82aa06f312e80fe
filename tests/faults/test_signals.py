"""Signals to the worker: a pre-emption notice is answered by a checkpoint; what a terminal sends means nothing to it."""

from __future__ import annotations

import signal
import time

import pytest

from tests.faults.place import Place, send_signal
from tests.worker.training import ended

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1])
def test_a_pre_emption_notice_is_answered_by_a_checkpoint(number: signal.Signals, place: Place) -> None:
    info = place.waiting(6)
    send_signal(info, number)
    begun = time.monotonic()
    place.release()
    status = ended(info)
    assert status.state == "preempted", status.words
    assert time.monotonic() - begun < 30, "a pre-emption notice gives 30 s"
    assert info.paths.checkpoint(6).is_dir()
    place.go_on(number.name.lower(), info, reached=6, seen=status)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_what_a_terminal_sends_changes_nothing(number: signal.Signals, place: Place) -> None:
    info = place.waiting(6)
    send_signal(info, number)
    seen, begun = info.status(), time.time()
    place.release()
    place.unharmed(number.name.lower(), info, seen=seen, begun=begun, reached=6)
