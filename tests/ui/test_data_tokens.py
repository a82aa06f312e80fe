"""Tokens side by side on the Data screen, by keys: another length, a model that is not here, and none again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ui.seeing import showing
from tests.ui.test_data_recipe import use_model
from tests.ui.test_data_screen import Write, looked, no_model, reviews, write
from tui_finetune.paths import Home

__all__ = ["no_model", "write"]


@pytest.mark.slow
async def test_a_row_as_another_length_and_another_model_see_it(home: Home, write: Write, tiny_model: Path) -> None:
    async with showing(home) as screen:
        page = await looked(screen, write("reviews.csv", reviews(9)))
        await screen.press("=")
        await screen.says("Tokens beside: nobody/nothing has no tokenizer here; m chooses a model.")
        await use_model(screen, page, tiny_model)
        await screen.until(lambda: page.tokens_offer().on and page.count == 9 and not page.waits, "the look")
        await screen.press("=")
        await screen.sees("Tokens beside")
        await screen.press("tab", "4", "enter")
        await screen.sees("tokens side by side:")
        await screen.sees("places differ")
        await screen.sees("tokens of 4, ")
        await screen.press("j")
        await screen.sees("row 1, ")
        await screen.sees("tokens side by side:")
        await screen.press("=")
        await screen.type("nobody/else")
        await screen.press("enter")
        await screen.says("nobody/else has no tokenizer here.")
        await screen.press("=")
        await screen.sees("Tokens beside")
        await screen.press("enter")
        await screen.sees_not("side by side:")
        await screen.sees("pieces as the model sees them")
