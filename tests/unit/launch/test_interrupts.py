"""ctrl+c held while a run is handed over, and given back."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from tui_finetune.launch.interrupts import HeldInterrupts


def press() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_it_is_held_and_raised_at_the_release() -> None:
    with HeldInterrupts() as held:
        assert not held.asked()
        press()
        assert held.asked()
        with pytest.raises(KeyboardInterrupt):
            held.release()
        held.release()
        with pytest.raises(KeyboardInterrupt):
            press()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_the_end_of_the_block_releases() -> None:
    with pytest.raises(KeyboardInterrupt), HeldInterrupts():
        press()


def test_an_error_goes_before() -> None:
    with pytest.raises(ValueError), HeldInterrupts():
        press()
        raise ValueError
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_what_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with HeldInterrupts() as held:
            press()
            assert not held.asked()
    finally:
        signal.signal(signal.SIGINT, before)


def test_another_thread_is_left_alone() -> None:
    handlers = []

    def work() -> None:
        with HeldInterrupts():
            handlers.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert handlers == [signal.default_int_handler]
