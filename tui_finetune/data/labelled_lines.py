"""Lines of a label, a blank and a text: `1 a fine film`, `__label__good a fine film`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tui_finetune.data.problems import PLACES_TOLD, problem, refused, told
from tui_finetune.data.textfile import TextFile, head_text
from tui_finetune.errors import DataError, Problem

if TYPE_CHECKING:
    import pyarrow as pa

MARK = "__label__"
SAMPLE = 400
NAMES = ("label", "text")


def is_labelled_lines(path: Path) -> bool:
    """True where every line begins with a whole number, or with `__label__`, from a small set, and a text follows."""
    lines = [line for line in head_text(path).split("\n") if line][:SAMPLE]
    if len(lines) < 2:
        return False
    heads = [line.partition(" ")[0] for line in lines]
    texts = [line.partition(" ")[2] for line in lines]
    if not all(texts):
        return False
    marked = all(head.startswith(MARK) for head in heads)
    numbered = all(head.isdecimal() and len(head) < 4 for head in heads) and sum(map(len, texts)) > 8 * len(texts)
    return (marked or numbered) and len(set(heads)) <= max(2, len(heads) // 4)


def read_labelled_lines(text: TextFile, names: Sequence[str] | None) -> tuple[pa.Table, Sequence[int], str]:
    """The lines as a table of texts, their numbers, and a note."""
    import pyarrow as pa

    label_name, text_name = names if names is not None and len(names) == len(NAMES) else NAMES
    labels, texts, numbers = [], [], []
    bad: list[Problem] = []
    odd = 0
    with text.lines() as file:
        for number, line in enumerate(file, 1):
            line = line.rstrip("\r\n")
            label, _, rest = line.partition(" ")
            if not line:
                continue
            if not rest:
                odd += 1
                if len(bad) < PLACES_TOLD:
                    bad.append(problem("a label without a text.", text.path, number))
                continue
            labels.append(label.removeprefix(MARK))
            texts.append(rest)
            numbers.append(number)
    if odd:
        raise DataError(told(bad, more=odd - len(bad)))
    if not labels:
        raise refused("holds no row.", text.path)
    note = f"Lines of {text.path.name} are a label, a blank and a text: columns {label_name} and {text_name}."
    table = pa.table({label_name: pa.array(labels, pa.string()), text_name: pa.array(texts, pa.string())})
    return table, numbers, note
