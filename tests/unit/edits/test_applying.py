"""Edits on tables: what changes, what does not fit, what two people disagree on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pytest

from tui_finetune.data.identity import with_identity
from tui_finetune.edits.applying import applied, typed
from tui_finetune.edits.conflicts import judged, settled
from tui_finetune.edits.entry import Entry, about_row, set_cell, signed
from tui_finetune.edits.merging import merge
from tui_finetune.edits.overlay import Overlay
from tui_finetune.errors import DataError

ROWS = [{"text": f"text {n}", "label": n % 2, "tags": ["a"] * n} for n in range(5)]


def table(rows: Sequence[dict[str, Any]] = ROWS, place: str = "a.csv") -> pa.Table:
    schema = pa.schema({"text": pa.string(), "label": pa.int64(), "tags": pa.list_(pa.string())})
    return with_identity(pa.Table.from_pylist(list(rows), schema=schema), place)


def row(number: int, of: pa.Table | None = None) -> tuple[str, str]:
    found = table() if of is None else of
    return found["row_id"][number].as_py(), found["row_hash"][number].as_py()


def overlay(*entries: Entry, who: str = "anna") -> Overlay:
    return Overlay(one for entry in entries for one in signed([entry], who))


def after(*entries: Entry, **tables: pa.Table) -> dict[str, list[dict[str, Any]]]:
    given = tables or {"train": table()}
    made = applied(given, overlay(*entries).rows(), {"label": ("bad", "good")})
    return {name: one.to_pylist() for name, one in made.items()}


def test_cells_of_any_type_are_set_and_the_rest_stays() -> None:
    made = after(
        set_cell(*row(1), "text", "mended"),
        set_cell(*row(3), "label", "bad"),
        set_cell(*row(4), "tags", ["x", "y"]),
        set_cell(*row(0), "text", None),
    )["train"]

    before = table().to_pylist()
    assert [one["text"] for one in made] == [None, "mended", "text 2", "text 3", "text 4"]
    assert [one["label"] for one in made] == [0, 1, 0, 0, 0]
    assert made[4]["tags"] == ["x", "y"]
    assert [one["row_hash"] for one in made] == [one["row_hash"] for one in before]


def test_rows_are_dropped_kept_again_and_moved() -> None:
    made = after(
        about_row("drop", *row(0)),
        about_row("drop", *row(1)),
        about_row("keep", *row(1)),
        about_row("move", *row(2), "test"),
        set_cell(*row(2), "text", "moved"),
    )

    assert [one["text"] for one in made["train"]] == ["text 1", "text 3", "text 4"]
    assert [one["text"] for one in made["test"]] == ["moved"]


def test_a_moved_row_joins_the_split_that_is_there() -> None:
    made = after(about_row("move", *row(4), "test"), train=table(), test=table(place="b.csv"))

    assert [one["row_id"] for one in made["test"]][-2:] == ["b.csv:4", "a.csv:4"]


@pytest.mark.parametrize(
    ("column", "value", "told"),
    [
        ("label", "fine", "Its names: bad, good"),
        ("words", "x", "no column 'words'"),
        ("row_id", "x", "no column 'row_id'"),
    ],
)
def test_what_a_column_cannot_hold_is_told(column: str, value: str, told: str) -> None:
    with pytest.raises(DataError, match=told):
        after(set_cell(*row(1), column, value))


def test_edits_of_another_content_are_conflicts_and_change_nothing() -> None:
    changed = table([{**one, "text": "other"} if at == 1 else one for at, one in enumerate(ROWS[:4])])
    edits = overlay(
        set_cell(*row(0), "label", 1),
        set_cell(*row(1), "label", 0),
        about_row("drop", *row(4)),
        set_cell("z.csv:1", "0", "label", 1),
    )

    found = judged(edits.rows(), [("train", changed)])

    assert [(one.why, one.row_id) for one in found.conflicts] == [("changed", "a.csv:1"), ("gone", "a.csv:4")]
    assert list(found.fitting) == [row(0)]
    assert found.elsewhere == (("z.csv:1", "0"),)
    assert applied({"train": changed}, edits.rows())["train"]["label"].to_pylist() == [1, 1, 0, 1]


def test_a_line_before_moves_the_rows_and_settling_follows_them() -> None:
    edits = overlay(set_cell(*row(2), "label", 1), about_row("drop", *row(4)))
    later = table([{"text": "new", "label": 0, "tags": []}, *ROWS[:4]])

    found = judged(edits.rows(), [("train", later)])
    assert [str(one) for one in found.conflicts] == [
        "a.csv:2: its content stands at a.csv:3 now",
        "a.csv:4: the row has another content now",
    ]
    for entry in signed(settled(edits, found.conflicts, keep=True)):
        edits.add(entry)

    again = judged(edits.rows(), [("train", later)])
    assert again.conflicts == ()
    assert {key[0] for key in again.fitting} == {"a.csv:3", "a.csv:4"}
    assert edits.rows()[row(3, later)].entries[0].who == "anna"


def test_giving_up_conflicts_can_be_undone() -> None:
    edits = overlay(set_cell(*row(2), "label", 1))
    conflicts = judged(edits.rows(), [("train", table(ROWS[:2]))]).conflicts
    voids = signed(settled(edits, conflicts, keep=False))
    for entry in voids:
        edits.add(entry)
    assert edits.rows() == {}

    edits.add(signed([Entry("undo", of=voids[0].act)])[0])
    assert len(edits.rows()) == 1


def test_a_merge_adds_what_is_new_and_tells_where_two_disagree() -> None:
    ours = overlay(set_cell(*row(0), "label", 0), set_cell(*row(0), "label", 1), about_row("drop", *row(1)), who="anna")
    theirs = overlay(
        set_cell(*row(0), "label", 0),
        set_cell(*row(1), "text", "better"),
        set_cell(*row(2), "label", 1),
        about_row("note", *row(0), "why?"),
        who="ben",
    )
    found = merge(ours, theirs)

    assert [str(one) for one in found.disagreements] == [
        "a.csv:0: anna has label = 1, and ben has label = 0",
        "a.csv:1: anna drops it, and ben has text = 'better'",
    ]
    labels = {}
    for prefer in ("ours", "theirs"):
        both = Overlay(ours.entries)
        for entry in signed(found.entries(prefer), "anna"):
            both.add(entry)
        rows = both.rows()
        labels[prefer] = rows[row(0)].cells["label"], rows[row(1)].dropped, rows[row(0)].notes
        assert rows[row(2)].cells == {"label": 1}
        assert rows[row(2)].entries[0].who == "ben"
        if prefer == "theirs":  # all is there; of ours, nothing is lost by merging once more
            assert merge(both, theirs).new == ()
    assert labels == {"ours": (1, True, ["why?"]), "theirs": (0, False, ["why?"])}


def test_the_same_decision_of_two_is_no_disagreement() -> None:
    ours, theirs = (overlay(set_cell(*row(0), "label", 1), who=who) for who in ("anna", "ben"))

    found = merge(ours, theirs)

    assert (found.new, found.disagreements) == ((), ())


def test_lists_are_given_as_json_and_their_elements_by_names() -> None:
    assert after(set_cell(*row(2), "tags", '["x", "y"]'))["train"][2]["tags"] == ["x", "y"]
    assert typed('["good", 0]', pa.list_(pa.int64()), ("bad", "good")) == [1, 0]
    assert typed("[]", pa.list_(pa.string())) == []
    assert typed('[["a"], []]', pa.list_(pa.list_(pa.string()))) == [["a"], []]
    with pytest.raises(DataError, match="tags holds list<") as caught:
        after(set_cell(*row(2), "tags", "x, y"))
    assert caught.value.problems[0].hint == 'A list is written as JSON: ["joy", "anger"].'
