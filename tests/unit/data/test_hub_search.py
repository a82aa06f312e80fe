"""Searching the Hub: asked once, its answer in short, and why there is none."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tui_finetune.data.hub import resolve
from tui_finetune.data.hub_search import search
from tui_finetune.errors import DataError

FOUND = [
    {"id": "stanfordnlp/imdb", "downloads": 1234, "description": "Films,\n  reviewed."},
    {"id": "a/b", "downloads": None},
]
SAID = {
    400: "the Hub says: ",
    401: "does not know the token (401)",
    403: "refuses this to you (403)",
    429: "asks to wait some minutes (429)",
    503: "is out of order (503)",
}


class Hub(BaseHTTPRequestHandler):
    """Answers as the Hub does; a number in the path is the status of its answer, and `proxy` one that is not the Hub's."""

    def do_GET(self) -> None:
        asked = re.search(r"[45]\d\d", self.path)
        status = int(asked.group()) if asked else 200
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        if status != 200 and "proxy" not in self.path:
            self.send_header("X-Error-Code", "SomeReason")
            self.send_header("X-Error-Message", "some reason")
        self.end_headers()
        found = json.dumps(FOUND if "search=" in self.path else {}).encode()
        self.wfile.write(found if status == 200 else b"<html>")

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    from huggingface_hub import constants

    server = HTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    yield constants.ENDPOINT
    server.shutdown()
    server.server_close()


def test_what_the_hub_finds(hub: str) -> None:
    assert search("imdb", 5) == {
        "cached": [],
        "found": [["stanfordnlp/imdb", 1234, "Films, reviewed."], ["a/b", 0, ""]],
        "why": None,
    }


def test_an_answer_that_is_none_is_said(hub: str) -> None:
    for status, why in SAID.items():
        found = search(str(status), 5)
        assert found["found"] == []
        assert why in found["why"]


@pytest.mark.parametrize("status", [403, 429, 400])
def test_what_the_hub_refuses_is_told(hub: str, status: int) -> None:
    with pytest.raises(DataError, match=re.escape(SAID[status])):
        resolve(f"owner/set-{status}", None)


@pytest.mark.parametrize("name", ["owner/proxy-403", "owner/set-503"])
def test_what_a_proxy_refuses_is_looked_for_in_the_cache(hub: str, name: str) -> None:
    with pytest.raises(DataError, match="the cache holds no data set"):
        resolve(name, None)


def test_without_a_network_it_is_not_tried_again(hub: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:1")
    assert "no connection to the Hub" in search("imdb", 5)["why"]
