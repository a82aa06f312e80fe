"""Terminal, logout and Hub, as variables and files have them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.unit.doctor.test_machine import machine
from tui_finetune.launch.doctor import surroundings
from tui_finetune.launch.doctor.findings import Machine


@pytest.mark.parametrize(
    ("environ", "size", "level", "words"),
    [
        ({"TERM": "xterm-256color", "TMUX": "/tmp/x"}, (120, 40), "ok", "256 colours, inside tmux"),
        ({"TERM": "xterm", "COLORTERM": "truecolor", "SSH_CONNECTION": "x"}, (80, 24), "ok", "true colours, over SSH"),
        ({"TERM": "xterm", "NO_COLOR": "1"}, (80, 24), "ok", "no colours"),
        ({"TERM": "dumb"}, (80, 24), "warning", "nothing can be drawn"),
        ({}, (80, 24), "warning", "TERM=(not set)"),
        ({"TERM": "xterm"}, (60, 20), "warning", "60x20"),
    ],
)
def test_terminal(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], size: tuple[int, int], level: str, words: str
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("shutil.get_terminal_size", lambda **more: size)
    found = surroundings.terminal(Machine(Path("/nowhere"), environ))
    assert found.level == level
    assert words in found.text


def test_pipe_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for stream in (sys.stdout, sys.stderr):
        monkeypatch.setattr(stream, "isatty", lambda: False, raising=False)
    assert surroundings.terminal(Machine(Path("/nowhere"), {})).level == "ok"


SYSTEMD = {"run/systemd/system/here": ""}


def test_logout_without_systemd(tmp_path: Path) -> None:
    assert surroundings.logout(machine(tmp_path)).level == "ok"


def test_logout_where_systemd_leaves_processes_alone(tmp_path: Path) -> None:
    files = {"etc/systemd/logind.conf": "[Login]\n#KillUserProcesses=yes\n"}
    assert surroundings.logout(machine(tmp_path, {**SYSTEMD, **files})).level == "ok"


def test_logout_where_systemd_ends_everything(tmp_path: Path) -> None:
    files = {
        "etc/systemd/logind.conf": "[Login]\nKillUserProcesses=no\n",
        "etc/systemd/logind.conf.d/90.conf": "[Login]\nKillUserProcesses = yes\n",
    }
    found = surroundings.logout(machine(tmp_path, {**SYSTEMD, **files}, USER="ada"))
    assert found.level == "warning"
    assert "loginctl enable-linger" in (found.fix or "")
    assert "systemd-run --user --scope" in (found.fix or "")
    lingering = machine(tmp_path, {"var/lib/systemd/linger/ada": ""}, USER="ada")
    assert "enable-linger" not in (surroundings.logout(lingering).fix or "")


def test_a_later_file_takes_it_back(tmp_path: Path) -> None:
    files = {
        "usr/lib/systemd/logind.conf.d/10.conf": "KillUserProcesses=yes\n",
        "etc/systemd/logind.conf.d/10.conf": "KillUserProcesses=no\n",
    }
    assert not surroundings.kill_user_processes(machine(tmp_path, files))


def test_run_in_a_job_of_a_cluster_ends_with_it(tmp_path: Path) -> None:
    found = surroundings.logout(machine(tmp_path, SLURM_JOB_ID="417"))
    assert found.level == "warning"
    assert "417" in found.text


def test_token_is_looked_for_and_never_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secretsecretsecret")
    found = surroundings.hub(Machine(tmp_path, {}))
    assert found.level == "ok"
    assert found.facts["token"] is True
    assert "secret" not in str(found)


@pytest.mark.parametrize(("value", "level"), [("1", "warning"), ("true", "warning"), ("0", "ok")])
def test_offline_by_variable(tmp_path: Path, value: str, level: str) -> None:
    found = surroundings.hub(Machine(tmp_path, {"HF_HUB_OFFLINE": value}))
    assert found.level == level


def test_hub_that_cannot_be_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    found = surroundings.hub_reachable()
    assert (found.level, found.facts["reachable"]) == ("warning", False)
