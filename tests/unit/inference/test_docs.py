"""docs/inference.md tells of every event, action and option there is."""

from __future__ import annotations

import json
import re
from pathlib import Path

import click
import pytest

from tui_finetune.cli.main import cli
from tui_finetune.inference.writers import FORMATS

REPOSITORY = Path(__file__).resolve().parents[3]
PAGE = (REPOSITORY / "docs" / "inference.md").read_text(encoding="utf-8")


def test_every_event_and_action_of_the_helper_has_an_example() -> None:
    examples = [
        json.loads(line) for block in re.findall("```json\n(.*?)```", PAGE, re.S) for line in block.splitlines()
    ]
    source = (REPOSITORY / "tui_finetune" / "helpers" / "model.py").read_text(encoding="utf-8")
    written = set(re.findall(r'output\.write\(\s*"(\w+)"', source))
    assert written == {one["event"] for one in examples if "event" in one}
    assert {one["action"] for one in examples if "action" in one} == {"predict", "tokenize", "save"}


@pytest.mark.parametrize("verb", ["predict", "evaluate"])
def test_every_option_is_told(verb: str) -> None:
    command = cli.get_command(click.Context(cli), verb)
    assert command is not None
    common = {"--json", "--home", "--plugin-dir", "--no-plugins", "--trust-remote-code", "--force"}
    own = {option for parameter in command.params for option in parameter.opts if option.startswith("--")} - common
    assert own
    assert [option for option in own if option not in PAGE] == []


def test_every_format_is_told() -> None:
    assert [ending for ending in FORMATS if f"`{ending}`" not in PAGE] == [".ndjson"]
