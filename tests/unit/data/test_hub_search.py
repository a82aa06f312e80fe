"""Searching the Hub: asked once, its answer in short, and why there is none."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tui_finetune.data.hub_search import search

FOUND = [
    {"id": "stanfordnlp/imdb", "downloads": 1234, "description": "Films,\n  reviewed."},
    {"id": "a/b", "downloads": None},
]


class Hub(BaseHTTPRequestHandler):
    """Answers as the Hub does; `broken` in the search is a page of a proxy."""

    def do_GET(self) -> None:
        broken = "broken" in self.path
        self.send_response(502 if broken else 200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(b"<html>" if broken else json.dumps(FOUND).encode())

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
    found = search("broken", 5)
    assert found["found"] == []
    assert "no connection to the Hub" in found["why"]


def test_without_a_network_it_is_not_tried_again(hub: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:1")
    assert "no connection to the Hub" in search("imdb", 5)["why"]
