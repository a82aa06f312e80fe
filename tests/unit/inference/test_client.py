"""The light side of the model helper, against a helper without a model: start, ask, end, and every way of dying."""

from __future__ import annotations

import math
import os
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.waiting import wait_until
from tui_finetune.errors import ExitCode, LaunchError, UserError
from tui_finetune.inference.client import HelperSpec, ModelHelper
from tui_finetune.paths import Home

REPOSITORY = Path(__file__).resolve().parents[3]
ROWS = [{"text": "a"}, {"text": "long enough"}]


@pytest.fixture
def helper(home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], ModelHelper]]:
    """Helpers of the fake kind, ended with the test."""
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    made: list[ModelHelper] = []

    def make(mode: str) -> ModelHelper:
        spec = HelperSpec(Path("model"), home)
        made.append(ModelHelper(spec, [sys.executable, "-m", "tests.fake_helper", mode]))
        return made[-1]

    yield make
    for one in made:
        one.close()


def gone(pid: int | None) -> bool:
    assert pid is not None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


Helper = Callable[[str], ModelHelper]


def test_answers_in_order_and_stays_warm(helper: Helper) -> None:
    told: list[tuple[str, int, int | None]] = []
    one = helper("answers")
    assert [a["label"] for a in one.predict(ROWS, lambda *p: told.append(p))] == ["short", "long"]
    pid = one.pid
    assert one.predict([{"text": "é😀\ud800"}])[0]["text"] == "é😀\ud800"
    assert one.pid == pid
    assert told == [("loading", 0, None), ("predicting", 1, 2)]
    assert one.ready["labels"] == ["long", "short"]


def test_scores_that_are_not_finite_are_numbers(helper: Helper) -> None:
    answer = helper("answers").predict([{"text": "nan"}])[0]
    assert math.isnan(answer["score"])
    assert answer["scores"]["short"] == -math.inf


def test_no_rows_start_nothing(helper: Helper) -> None:
    one = helper("answers")
    assert one.predict([]) == []
    assert one.pid is None


def test_a_request_larger_than_any_pipe(helper: Helper) -> None:
    rows = [{"text": "x" * 1000}] * 2000
    assert len(helper("answers").predict(rows)) == 2000


def test_closing_ends_it(helper: Helper) -> None:
    with helper("answers") as one:
        one.start()
        pid = one.pid
    assert gone(pid)
    one.close()


def test_what_it_refuses_is_the_persons_to_mend(helper: Helper) -> None:
    one = helper("refuses")
    with pytest.raises(UserError) as caught:
        one.start()
    assert caught.value.exit_code == ExitCode.USAGE
    assert str(caught.value) == "model.path: no weights."
    assert one.pid is None


def test_an_error_leaves_it_warm(helper: Helper) -> None:
    one = helper("errs")
    one.start()
    pid = one.pid
    with pytest.raises(UserError, match="cannot"):
        one.predict([{"text": "bad"}])
    assert one.pid == pid
    assert one.predict([{"text": "good"}])[0]["label"] == "short"


def test_death_while_loading_has_its_last_lines(helper: Helper) -> None:
    with pytest.raises(LaunchError) as caught:
        helper("dies-loading").start()
    assert caught.value.exit_code == ExitCode.LAUNCH_FAILED
    assert "The model helper ended with code 1." in str(caught.value)
    assert "Traceback: no such library" in str(caught.value)


def test_death_when_asked_and_a_fresh_start_after_it(helper: Helper) -> None:
    one = helper("dies-asked")
    one.start()
    pid = one.pid
    with pytest.raises(LaunchError) as caught:
        one.predict(ROWS)
    assert "ended by SIGKILL; the system may have run out of memory" in str(caught.value)
    assert "out of luck" in str(caught.value)
    assert gone(pid)
    assert one.pid is None
    one.start()
    assert one.pid not in (None, pid)


def test_one_that_ends_when_idle_every_time_is_given_up(helper: Helper) -> None:
    with pytest.raises(LaunchError, match="ends as soon as it is asked"):
        helper("idle").predict(ROWS)


@pytest.mark.parametrize("mode", ["silent", "hangs-asked"])
def test_a_timeout_ends_it(mode: str, helper: Helper) -> None:
    one = helper(mode)
    with pytest.raises(LaunchError, match="did not answer in time and was ended"):
        if mode == "silent":
            one.start(timeout=0.3)
        else:
            one.predict(ROWS, timeout=0.3)
    assert one.pid is None


def test_an_interrupt_ends_it(helper: Helper) -> None:
    one = helper("slow")
    one.start()
    pid = one.pid

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        one.predict(ROWS, interrupt)
    assert gone(pid)
    assert one.pid is None


def test_killed_from_another_thread_the_request_fails(helper: Helper) -> None:
    one = helper("hangs-asked")
    one.start()
    errors: list[BaseException] = []

    def ask() -> None:
        try:
            one.predict(ROWS)
        except LaunchError as error:
            errors.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    wait_until(lambda: one._number == 1, "the request to be sent")
    one.kill()
    thread.join(10)
    assert len(errors) == 1


def test_a_module_that_is_light(run_python: Callable[[str], object]) -> None:
    done = run_python(
        "import sys, tui_finetune.inference.client\n"
        "print({'torch', 'transformers', 'datasets', 'numpy', 'pyarrow', 'pydantic'} & sys.modules.keys() or 'light')"
    )
    assert getattr(done, "stdout", "").strip() == "light", done


def test_the_command_carries_what_the_helper_needs(home: Home) -> None:
    spec = HelperSpec(Path("m"), home, "cuda:1", (Path("plugins"),), third_party=False, trust_remote_code=True)
    words = " ".join(spec.command())
    assert f"-m tui_finetune.helpers.model m --home {home.root} --device cuda:1" in words
    assert words.endswith("--plugin-dir plugins --no-plugins --trust-remote-code")
