"""What processes that compute are told of the machine."""

from __future__ import annotations

import pytest

from tui_finetune import children


@pytest.fixture(autouse=True)
def nothing_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in children.SPINNING:
        monkeypatch.delenv(name, raising=False)


def test_threads_do_not_burn_the_time_of_others() -> None:
    assert children.child_environment()["GOMP_SPINCOUNT"] == children.OPENMP_SPINS


@pytest.mark.parametrize(("name", "value"), [("GOMP_SPINCOUNT", "7"), ("OMP_WAIT_POLICY", "ACTIVE")])
def test_what_the_person_chose_stays(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    found = children.child_environment()
    assert found[name] == value
    assert found.get("GOMP_SPINCOUNT", "7") == "7"


def test_the_caller_s_variables_and_those_of_the_call_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "of the person")
    found = children.child_environment(PYTHONIOENCODING="utf-8")
    assert found["HF_TOKEN"] == "of the person"
    assert found["PYTHONIOENCODING"] == "utf-8"
    assert found["PYTHONSAFEPATH"] == "1"  # python -m must not find what lies in the current folder
