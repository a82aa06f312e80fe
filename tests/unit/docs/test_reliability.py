"""docs/reliability.md is written from the figures that were measured, and has a row for every harm."""

from __future__ import annotations

import json

from tests.conftest import REPOSITORY
from tests.faults.record import KEPT, page
from tests.faults.rows import FAULTS

PAGE = (REPOSITORY / "docs" / "reliability.md").read_text(encoding="utf-8")


def test_the_page_tells_the_figures() -> None:
    assert page(json.loads(KEPT.read_text(encoding="utf-8"))) == PAGE, "make docs writes it"


def test_no_figure_is_of_a_row_that_is_gone() -> None:
    assert set(json.loads(KEPT.read_text(encoding="utf-8"))["rows"]) <= set(FAULTS)


def test_a_row_without_figures_says_so() -> None:
    text = page({})
    assert text.count("| not measured |") == len(FAULTS)
    assert "Not measured on this machine: killed-loading" in text
