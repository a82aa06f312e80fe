"""What is shown of foretold tokens: a text by their losses, those least expected, answers of language models."""

from __future__ import annotations

from typing import Any

from tui_finetune.live.answers import answer_lines, brief
from tui_finetune.live.evaluation_page import Measured, predicted_line, row_columns, rows_head
from tui_finetune.live.row_page import row_lines
from tui_finetune.live.spans import Line, plain, width_of
from tui_finetune.live.token_page import Token, coloured, part_lines

ROW: dict[str, Any] = {
    "row_id": "a.txt:3", "text": "the cat sat\x1b[31m", "gold": 3, "predicted": 1, "loss": 3.5, "perplexity": 33.1, "length": 4,
    "truncated": False, "token_losses": [0.5, 3.0, 7.0], "token_starts": [0, 4, 8], "token_ends": [3, 7, 11],
}  # fmt: skip
PARTS = [{"from": 1, "to": 9, "rows": 1234, "loss": 2.0, "perplexity": 7.389, "right": 0.25}]


def text(lines: list[Line]) -> str:
    return "\n".join(plain(one) for one in lines)


def test_a_row_by_the_loss_of_its_tokens() -> None:
    lines = row_lines(ROW, 3, "test", (), 60, ("x9", {**ROW, "loss": 1.25, "perplexity": 3.49, "predicted": 2}))
    said = text(lines)
    assert "loss 3.500, perplexity 33.100, 1 of 3 tokens foretold" in said
    assert "x9  loss 1.250, perplexity 3.490, 2 of 3 tokens foretold" in said
    assert "\x1b" not in said
    assert [plain(one).split()[:2] for one in lines[-3:]] == [["7.00", "the"], ["3.00", "the"], ["0.50", "the"]]
    assert all(width_of(one) <= 60 for one in lines)


def test_colours_tell_what_was_expected() -> None:
    (line,) = coloured("the cat sat!", [Token(0, 3, 0.5), Token(4, 7, 3.0), Token(8, 11, 7.0)], 40)
    assert [(span.text.strip(), span.token) for span in line if span.text.strip()] == [
        ("the", "text"),
        ("cat", "warn"),
        ("sat", "bad"),
        ("!", "muted"),
    ]


def test_the_list_has_loss_perplexity_and_the_share_that_was_foretold() -> None:
    columns = row_columns(80, tagged=False, tokens=True)
    head = plain(rows_head(columns, "loss", False)).split()
    assert [name for name in head if name.isalpha()] == ["row", "loss", "perplexity", "right", "text"]
    said = plain(predicted_line(3, ROW, columns))
    assert all(part in said for part in ("3.500", "33.100", "0.333", "the cat sat"))
    assert "–" in plain(predicted_line(3, {**ROW, "gold": 0}, columns))


def test_parts_of_a_report() -> None:
    report = {"task": "causal-lm", "rows": 2, "metrics": {"perplexity": 7.4}, "tokens": {"foretold": 9, "parts": PARTS}}
    found = Measured("x/test", "x", "x", "name", "b2m7", "test", 0.0, report, {})
    assert found.graded
    assert "1 to 9" in text(part_lines(found.token_parts, 80))
    assert "1,234" in text(part_lines(found.token_parts, 80))
    assert part_lines([], 80) == []


def test_answers_of_language_models() -> None:
    tokens = [{"text": "cat", "start": 4, "end": 7, "loss": 6.0}]
    answer = {"text": "the cat", "continuation": "sat\ndown", "loss": 6.0, "perplexity": 403.4, "tokens": tokens}
    said = text(answer_lines(answer, [], 60, 20))
    assert "the text itself: loss 6.000 a token, perplexity 403" in said
    assert said.index("sat") < said.index("the cat")
    assert brief(answer) == "sat\ndown"
    bare = {**answer, "continuation": "", "loss": None, "perplexity": None, "tokens": []}
    assert "nothing more was written" in text(answer_lines(bare, [], 60, 20))
    assert brief(bare) == "–"


def test_answers_for_masks() -> None:
    fills = [[{"text": " cat", "score": 0.5}, {"text": " ", "score": 0.25}], [{"text": "mat", "score": 0.9}]]
    answer = {"text": "a [MASK] on a [MASK]", "filled": "a cat on a mat", "fills": fills}
    said = text(answer_lines(answer, [], 60, 20))
    assert said.startswith(" a cat on a mat")
    assert "mask 2" in said
    assert "' '" in said
    assert brief(answer) == "a cat on a mat"
    assert "no [MASK] in the text" in text(answer_lines({**answer, "fills": []}, [], 60, 20))
