"""Notices by each channel: they go out, or it is said why not; an address stays where it is kept."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.fakes import FakeRun
from tui_finetune.builtin.notices import tell
from tui_finetune.launch.notices import Notice, default_channels, send_all
from tui_finetune.paths import Home
from tui_finetune.runs.channels import channel_problems

NOTICE = Notice(
    "imdb (k3f9) failed at step 7", "loss is nan", {"run": "r1", "state": "failed", "step": 7, "reason": None}
)


class Hook:
    """A web server that keeps what is posted to it, and answers with `status`."""

    def __init__(self) -> None:
        self.posted: list[dict[str, Any]] = []
        self.status = 200
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hook.posted.append(json.loads(body))
                self.send_response(hook.status)
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                """Says nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/secret-path"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hook]:
    monkeypatch.setenv("no_proxy", "*")
    found = Hook()
    monkeypatch.setenv("TEST_HOOK", found.address)
    yield found
    found.server.shutdown()
    found.server.server_close()


def why(*channels: str) -> str | None:
    (outcome,) = send_all(channels, NOTICE, seconds=5)
    assert not outcome.ok
    return outcome.why


def test_a_webhook_gets_the_facts(hook: Hook) -> None:
    (outcome,) = send_all(["webhook: env:TEST_HOOK"], NOTICE)
    assert outcome.as_fields() == {"channel": "webhook", "what": NOTICE.title, "ok": True, "why": None}
    (posted,) = hook.posted
    assert posted["text"] == "imdb (k3f9) failed at step 7\nloss is nan"
    assert (posted["state"], posted["step"]) == ("failed", 7)


def test_a_webhook_from_a_file_that_only_its_owner_reads(hook: Hook, tmp_path: Path) -> None:
    kept = tmp_path / "hook"
    kept.write_text(hook.address + "\n")
    kept.chmod(0o644)
    assert why(f"webhook: file:{kept}") == f"{kept} can be read by others; chmod 600 it"
    kept.chmod(0o600)
    (outcome,) = send_all([f"webhook: file:{kept}"], NOTICE)
    assert outcome.ok
    assert why(f"webhook: file:{tmp_path}/none") == f"{tmp_path}/none: No such file or directory"


def test_what_goes_wrong_is_said_without_the_address(hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    hook.status = 500
    assert why("webhook: env:TEST_HOOK") == "it answered 500 Internal Server Error"
    hook.server.shutdown()
    hook.server.server_close()
    assert why("webhook: env:TEST_HOOK") == "it was not reached: Connection refused"
    for address in ("ftp://x/secret", "http://[secret", "nonsense"):
        monkeypatch.setenv("TEST_HOOK", address)
        told = why("webhook: env:TEST_HOOK")
        assert told is not None
        assert "secret" not in told
    monkeypatch.delenv("TEST_HOOK")
    assert why("webhook: env:TEST_HOOK") == "the environment has no TEST_HOOK"


def test_a_command_gets_the_facts_in_its_environment(tmp_path: Path) -> None:
    script = tmp_path / "notify.sh"
    script.write_text(
        f'#!/bin/sh\necho "$TUI_FINETUNE_STATE $TUI_FINETUNE_STEP" > {tmp_path}/told\ncat >> {tmp_path}/told\n'
    )
    script.chmod(0o700)
    (outcome,) = send_all([f"command: {script}"], NOTICE)
    assert outcome.ok
    assert (tmp_path / "told").read_text() == "failed 7\nimdb (k3f9) failed at step 7\nloss is nan\n"


def test_commands_that_fail() -> None:
    assert why("command: sh -c 'echo no mail here >&2; exit 4'") == "sh ended with code 4: no mail here"
    assert why("command: /nonexistent/notify") == "/nonexistent/notify: No such file or directory"
    (late,) = send_all(["command: sleep 60"], NOTICE, seconds=0.1)
    assert late.why in ("sleep has not ended within 0.1 s", "no answer within 0.1 s")


def test_no_desktop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert why("desktop") == "no notify-send on this machine"


def test_the_bell_is_the_interfaces() -> None:
    assert send_all(["bell"], NOTICE) == []


@pytest.mark.parametrize(
    ("channel", "words"),
    [
        ("mail", "no channel 'mail'"),
        ("desktop: x", "desktop takes nothing after it"),
        ("command:", "what is to be run is missing"),
        ("command: 'a", "what is to be run is missing"),
        ("webhook: https://hooks.example.com/secret", "env:NAME or file:PATH is expected"),
        ("webhook: file:secret", "whole path is expected"),
    ],
)
def test_channels_that_are_none(channel: str, words: str) -> None:
    (problem,) = channel_problems([channel], "run.notify")
    assert words in problem.message
    assert "secret" not in problem.message
    assert channel_problems(["bell", "desktop", "command: x y", "webhook: env:A"], "run.notify") == []


def test_the_homes_own_channels(home: Home) -> None:
    assert default_channels(home) == []
    home.settings.write_text('theme = "light"\n[notify]\nchannels = ["desktop", 7]\n')
    assert default_channels(home) == ["desktop"]
    home.settings.write_text("[notify\n")
    assert default_channels(home) == []


def test_builtin_tells_of_ends_and_findings(home: Home, hook: Hook) -> None:
    recipe = 'version = 1\ntask = "text-classification"\n[run]\nnotify = ["webhook: env:TEST_HOOK"]\n'
    run = FakeRun(home, "imdb", recipe=recipe).begin().plan()
    root = str(run.paths.root)
    assert tell(root, {"event": "step", "step": 3}) == []
    (told,) = tell(root, {"event": "ending", "state": "failed", "reason": "loss is nan", "step": 7})
    assert told == {"channel": "webhook", "what": f"imdb ({run.short}) failed at step 7", "ok": True, "why": None}
    (found,) = tell(root, {"event": "finding", "what": "the loss jumps", "helps": "lower the rate", "step": 5})
    assert found["what"] == f"imdb ({run.short}): the loss jumps"
    assert [posted["reason"] for posted in hook.posted] == ["loss is nan", "the loss jumps"]
    assert tell(str(FakeRun(home).paths.root), {"event": "ending", "state": "finished"}) == []
