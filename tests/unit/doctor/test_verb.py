"""The verb: everything told, nothing changed, one JSON document."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from click.testing import CliRunner

from tui_finetune.cli.main import cli
from tui_finetune.cli.verbs.doctor import lines, summary
from tui_finetune.launch import doctor
from tui_finetune.launch.doctor.findings import Finding, ok, problem, warning
from tui_finetune.paths import Home


def test_json_is_one_document(home: Home) -> None:
    ran = CliRunner().invoke(cli, ["doctor", "--json", "--no-torch"])
    assert ran.exit_code == 0, ran.output
    document = json.loads(ran.stdout)
    assert document["ok"] is True
    found = {finding["name"]: finding for finding in document["findings"]}
    assert found["home"]["facts"]["path"] == str(home.root)
    assert all("fix" in finding for finding in document["findings"] if finding["level"] != "ok")


def test_one_look_that_fails_costs_only_itself(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> Finding:
        raise OSError("strange file system")

    monkeypatch.setattr(doctor.hardware, "disk", broken)
    ran = CliRunner().invoke(cli, ["doctor", "--no-torch"])
    assert ran.exit_code == 0
    assert "! disk           could not be looked at: OSError: strange file system" in ran.stdout
    assert "✓ hub" in ran.stdout or "! hub" in ran.stdout


def test_problems_are_counted_and_end_with_code_0(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def found(*_: object, **__: object) -> Iterator[Finding]:
        yield problem("torch", "cannot be imported", "Install it.")

    monkeypatch.setattr(doctor, "diagnose", found)
    ran = CliRunner().invoke(cli, ["doctor"])
    assert (ran.exit_code, ran.stdout.splitlines()[-1]) == (0, "1 problem, no warnings.")
    assert json.loads(CliRunner().invoke(cli, ["doctor", "--json"]).stdout)["ok"] is False


def test_long_texts_are_folded_under_themselves() -> None:
    shown = lines(warning("disk", "little room " * 8, "Make room."), 60)
    assert shown[0].startswith("! disk           little")
    assert all(line.startswith(" " * 17) for line in shown[1:])
    assert shown[-1].strip() == "→ Make room."
    assert max(map(len, shown)) <= 60


def test_what_is_read_from_the_machine_cannot_drive_the_terminal() -> None:
    (line,) = lines(ok("gpu", "NVIDIA \x1b[31mA10"), 80)
    assert "\x1b" not in line


def test_summary() -> None:
    assert summary([ok("a", "x")]) == "No problems, no warnings."
    assert summary([warning("a", "x", "y"), problem("b", "x", "y"), problem("c", "x", "y")]) == "2 problems, 1 warning."
