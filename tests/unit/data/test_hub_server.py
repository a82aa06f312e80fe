"""Data sets of a Hub on this machine: what it says, the first rows, fetching, opening, the cache, who may have what."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.hub_server import COMMIT, TOKEN, HubServer, HubSet, hub_server

pytestmark = pytest.mark.slow

README = """---
license: apache-2.0
language: [en, de]
task_categories:
- text-classification
---
# Reviews

Two words each.
"""


def rows(split: str, count: int) -> bytes:
    return "".join(
        json.dumps({"text": f"{split} text {n}", "label": "ab"[n % 2]}) + "\n" for n in range(count)
    ).encode()


REVIEWS = HubSet(
    {"README.md": README.encode(), "train.jsonl": rows("train", 400), "test.jsonl": rows("test", 100)},
    {"license": "apache-2.0", "language": ["en", "de"], "task_categories": ["text-classification"]},
)
SETS = {
    "ann/reviews": REVIEWS,
    "ann/gated": HubSet(REVIEWS.files, REVIEWS.card, gated="manual"),
    "ann/private": HubSet(REVIEWS.files, REVIEWS.card, private=True),
}


@pytest.fixture
def hub() -> Iterator[HubServer]:
    with hub_server(SETS) as server:
        yield server


@pytest.fixture
def data(hub: HubServer, tmp_path: Path) -> Callable[..., Any]:
    """Calls `tui-finetune data …`; its JSON, or what it said where it went wrong."""

    def call(*arguments: str, token: str | None = None, endpoint: str | None = None) -> Any:
        own = {
            "HF_ENDPOINT": endpoint or hub.endpoint,
            "HF_HOME": str(tmp_path / "hf"),
            "TUI_FINETUNE_HOME": str(tmp_path / "home"),
        }
        gone = ("HF_TOKEN", "HF_HUB_OFFLINE", "HF_HUB_CACHE", "HF_DATASETS_CACHE", "HF_DATASETS_OFFLINE")
        env = {
            **{k: v for k, v in os.environ.items() if k not in gone},
            **own,
            **({"HF_TOKEN": token} if token else {}),
        }
        command = [sys.executable, "-m", "tui_finetune", "data", *arguments, "--json"]
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120)
        assert "Traceback" not in done.stderr, done.stderr
        return json.loads(done.stdout) if done.returncode == 0 else done.stderr

    return call


def test_from_the_card_to_the_rows_and_out_of_the_cache_again(hub: HubServer, data: Callable[..., Any]) -> None:
    card = data("card", "ann/reviews")
    assert (card["licence"], card["languages"], card["tasks"]) == ("apache-2.0", ["en", "de"], ["text-classification"])
    assert card["size"] == sum(map(len, REVIEWS.files.values()))
    assert card["text"].startswith("# Reviews")
    peeked = data("peek", "ann/reviews", "--rows", "2")
    assert peeked["commit"] == COMMIT
    assert [row["text"] for row in peeked["splits"]["train"]] == ["train text 0", "train text 1"]
    hub.broken.add("test.jsonl")
    broken = data("fetch", "ann/reviews")
    assert "test.jsonl of ann/reviews" in broken
    assert "fetch again" in " ".join(broken.split())
    hub.broken.clear()
    hub.asked.clear()
    fetched = data("fetch", "ann/reviews")
    assert Path(fetched["path"], "test.jsonl").read_bytes() == REVIEWS.files["test.jsonl"]
    assert "train.jsonl" not in hub.asked, "what came before the line broke is kept"
    assert data("fetch", "ann/reviews")["fetched"] == 0
    shown = data("show", "ann/reviews")
    assert shown["splits"] == {"train": 400, "test": 100}
    (cached,) = data("cache")["sets"]
    assert (cached["name"], cached["commits"]) == ("ann/reviews", [COMMIT])
    assert "Did you mean ann/reviews?" in data("cache", "--remove", "ann/review")
    assert data("cache", "--remove", "ann/reviews")["freed"] > 0
    assert data("cache")["sets"] == []


def test_who_may_have_it(data: Callable[..., Any]) -> None:
    gated = data("card", "ann/gated")
    assert (gated["gated"], gated["text"]) == ("manual", "")
    assert "ann/gated is gated: its owner gives access" in " ".join(data("fetch", "ann/gated").split())
    assert data("fetch", "ann/gated", token=TOKEN)["fetched"] > 0
    assert "no data set 'ann/private' on the Hub, or it is private" in data("card", "ann/private")
    assert data("card", "ann/private", token=TOKEN)["private"] is True
    assert "has no revision 'nowhere'" in data("card", "ann/reviews", "--revision", "nowhere")
    assert "no connection to the Hub" in data("card", "ann/reviews", endpoint="http://127.0.0.1:9")
