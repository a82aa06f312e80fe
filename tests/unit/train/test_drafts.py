"""Drafts in the home: what they keep, and that two programs on one home take nothing from each other."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui_finetune.errors import RecipeError
from tui_finetune.live.document import Document, Origin
from tui_finetune.paths import Home
from tui_finetune.ui.screens.train.drafts import ENDING, Drafts


def changed(text: str = "b\n") -> Document:
    document = Document.of(Origin("mine.toml", "a\n", Path("/w"), Path("/w/mine.toml"), ""))
    document.change(text)
    return document


def test_a_draft_comes_back_as_it_was(home: Home) -> None:
    document = changed()
    document.draft = Drafts(home).keep(document)
    (draft,) = Drafts(home).all()
    assert (draft.name, draft.title) == (document.draft, "mine.toml")
    found = Drafts(home).read(draft.name)
    assert (found.text, found.origin) == ("b\n", document.origin)
    found.undo()
    assert not found.changed, "the text of its file is one undo away"


def test_further_changes_stay_in_the_same_draft_until_it_is_dropped(home: Home) -> None:
    drafts, document = Drafts(home), changed()
    document.draft = drafts.keep(document)
    document.change("c\n")
    assert drafts.keep(document) == document.draft
    assert [drafts.read(one.name).text for one in drafts.all()] == ["c\n"]
    drafts.drop(document.draft)
    drafts.drop(document.draft)
    assert drafts.all() == []


def test_a_draft_that_another_program_goes_on_with_is_left_alone(home: Home) -> None:
    mine, theirs = Drafts(home), Drafts(home)
    document = changed()
    document.draft = mine.keep(document)
    other = theirs.read(document.draft)
    other.change("theirs\n")
    theirs.keep(other)
    document.change("mine\n")
    document.draft = mine.keep(document)
    assert document.draft != other.draft
    assert sorted(mine.read(one.name).text for one in mine.all()) == ["mine\n", "theirs\n"]


@pytest.mark.parametrize("content", ["{", "[]", '{"v": 1}', ""])
def test_one_that_cannot_be_read_says_so_and_hides_no_other(home: Home, content: str) -> None:
    drafts, document = Drafts(home), changed()
    document.draft = drafts.keep(document)
    (home.drafts / f"broken{ENDING}").write_text(content)
    listed = {one.name: one.problem for one in drafts.all()}
    assert listed[document.draft] == ""
    assert "cannot be read" in listed["broken"]
    with pytest.raises(RecipeError):
        drafts.read("broken")
    with pytest.raises(RecipeError, match="not there any more"):
        drafts.read("gone")
