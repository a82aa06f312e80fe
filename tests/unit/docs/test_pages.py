"""Pages that people reach from a message or from the README: what they quote is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tui_finetune.cli.main import VERBS

SOURCES = "\n".join(path.read_text(encoding="utf-8") for path in sorted((REPOSITORY / "tui_finetune").rglob("*.py")))
MAKEFILE = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
SAID = " ".join(re.sub(r"\{[^{}]*\}|\"\s*\n\s*f?\"", "…", SOURCES).split()) + MAKEFILE
"""All texts of the program, what is put into them at run time as …"""
TROUBLE = (REPOSITORY / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
QUOTED = sorted(set(re.findall(r"^\| (?:doctor: )?`([^`]+)`", TROUBLE, re.MULTILINE)))
PAGES = sorted([REPOSITORY / "README.md", *(REPOSITORY / "docs").glob("*.md")])


@pytest.mark.parametrize("message", QUOTED)
def test_quoted_message_is_the_programs(message: str) -> None:
    parts = [part.strip(" '(),:?") for part in message.split("…")]
    for part in (part for part in parts if len(part) > 5):
        words = part.removeprefix("make: ")
        assert words in SAID or all(piece in SAID for piece in words.split(": ", 1)), part


def test_there_are_messages_to_look_at() -> None:
    assert len(QUOTED) >= 15


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("page", ["README.md", "docs/troubleshooting.md"])
def test_verbs_that_are_named_exist(page: str) -> None:
    text = (REPOSITORY / page).read_text(encoding="utf-8")
    named = set(re.findall(r"tui-finetune ([a-z]+)", text))
    assert named
    assert named <= set(VERBS)
