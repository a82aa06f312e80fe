"""Preprocessors that change which rows there are: too short or long, repeated, too many of a label, cut into pieces."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import TYPE_CHECKING, Any

from tui_finetune.builtin.preprocessors.named import check, text_columns
from tui_finetune.errors import DataError, Problem
from tui_finetune.plugin_api import Preprocessor

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from pydantic import BaseModel

TRAIN = "train"


class DropByLength(Preprocessor):
    name = "drop-by-length"
    help = "Leaves out rows whose text is missing, too short or too long."

    def options_model(self) -> type[BaseModel]:
        from tui_finetune.builtin.preprocessors.options import LengthOptions

        return LengthOptions

    def apply(self, row: dict[str, Any], options: Mapping[str, Any]) -> dict[str, Any] | None:
        text = _text(self.name, row, options["column"])
        if text is None:
            return None
        fits = _within(len(text), options["min_characters"], options["max_characters"]) and _within(
            len(text.split()), options["min_words"], options["max_words"]
        )
        return row if fits else None


class SplitText(Preprocessor):
    name = "split-text"
    help = "Cuts long texts into pieces of so many words, each a row with the same label."

    def options_model(self) -> type[BaseModel]:
        from tui_finetune.builtin.preprocessors.options import SplitOptions

        return SplitOptions

    def apply(self, row: dict[str, Any], options: Mapping[str, Any]) -> dict[str, Any] | list[dict[str, Any]]:
        text = _text(self.name, row, options["column"])
        words = [] if text is None else text.split()
        size, step = options["words"], options["words"] - options["overlap"]
        if len(words) <= size:
            return row
        starts = range(0, len(words) - options["overlap"], step)
        return [{**row, options["column"]: " ".join(words[start : start + size])} for start in starts]


class DropRepeated(Preprocessor):
    name = "drop-repeated"
    help = "Keeps one of several rows with the same text; of train those that a later split has too are left out."
    chooses = True

    def options_model(self) -> type[BaseModel]:
        from tui_finetune.builtin.preprocessors.options import RepeatedOptions

        return RepeatedOptions

    def choose(self, splits: Mapping[str, pa.Table], options: Mapping[str, Any]) -> dict[str, list[int]]:
        chosen = _named_splits(self.name, splits, options["splits"], list(splits))
        # Train gives way, so that what is measured stays as it was.
        seen: set[bytes] = set()
        kept: dict[str, list[int]] = {}
        for name in sorted(chosen, key=lambda split: split == TRAIN):
            table = splits[name]
            names = text_columns(self.name, options, table.column_names)
            kept[name] = []
            for number, key in enumerate(_keys(table, names, exact=options["exact"])):
                if key not in seen:
                    seen.add(key)
                    kept[name].append(number)
        return kept


class SampleRows(Preprocessor):
    name = "sample-rows"
    help = "Draws so many rows of train (or of the splits named), each as likely as the other."
    chooses = True
    thins_train = True

    def options_model(self) -> type[BaseModel]:
        from tui_finetune.builtin.preprocessors.options import SampleOptions

        return SampleOptions

    def choose(self, splits: Mapping[str, pa.Table], options: Mapping[str, Any]) -> dict[str, Sequence[int]]:
        chosen = _named_splits(self.name, splits, options["splits"], _train(splits))
        return {name: _drawn(splits[name].num_rows, options["rows"], options["seed"]) for name in chosen}


class Balance(Preprocessor):
    name = "balance"
    help = "Draws as many rows of each label in train (or in the splits named)."
    chooses = True
    thins_train = True

    def options_model(self) -> type[BaseModel]:
        from tui_finetune.builtin.preprocessors.options import BalanceOptions

        return BalanceOptions

    def choose(self, splits: Mapping[str, pa.Table], options: Mapping[str, Any]) -> dict[str, Sequence[int]]:
        import numpy as np
        import pyarrow as pa

        kept: dict[str, Sequence[int]] = {}
        for name in _named_splits(self.name, splits, options["splits"], _train(splits)):
            check(self.name, "column", [options["column"]], splits[name].column_names)
            labels = splits[name].column(options["column"])
            if pa.types.is_nested(labels.type):
                raise DataError(
                    Problem(
                        f"{self.name}: column {options['column']} holds {labels.type}, no single label.", "preprocess"
                    )
                )
            codes = _codes(labels)
            known = codes[codes >= 0]
            if not len(known):
                raise DataError(
                    Problem(f"{self.name}: column {options['column']} of {name} has no label.", "preprocess")
                )
            most = options["rows"] or int(np.bincount(known).min())
            places = [np.flatnonzero(codes == code) for code in range(known.max() + 1)]
            drawn = [of[_drawn(len(of), most, options["seed"] + code)] for code, of in enumerate(places)]
            kept[name] = np.sort(np.concatenate(drawn)).tolist()
        return kept


def _codes(labels: pa.ChunkedArray) -> np.ndarray:
    """A number for each distinct label, in the order of their appearance; -1 where there is none. Shape [rows]."""
    import pyarrow.compute as pc

    indices = pc.dictionary_encode(labels.combine_chunks()).indices
    codes: np.ndarray = pc.fill_null(indices, -1).to_numpy(zero_copy_only=False)
    return codes


def _drawn(rows: int, most: int, seed: int) -> list[int]:
    """`most` of so many rows, in their order; all where there are no more."""
    import numpy as np

    if rows <= most:
        return list(range(rows))
    drawn: list[int] = np.sort(np.random.default_rng(seed).choice(rows, most, replace=False)).tolist()
    return drawn


def _keys(table: pa.Table, columns: Sequence[str], *, exact: bool) -> Iterator[bytes]:
    """Of each row a digest of its texts. A row that has none of them is like no other."""
    from hashlib import blake2b

    alone = count()
    for values in zip(*(table.column(name).to_pylist() for name in columns), strict=True):
        if all(value is None for value in values):
            yield b"alone %d" % next(alone)
            continue
        texts = [repr(value) if exact else " ".join(str(value).casefold().split()) for value in values]
        yield blake2b("\0".join(texts).encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _train(splits: Mapping[str, Any]) -> list[str]:
    """Train where the source calls one so, else all there is."""
    return [TRAIN] if TRAIN in splits else list(splits)


def _named_splits(step: str, splits: Mapping[str, Any], named: Sequence[str] | None, usual: list[str]) -> list[str]:
    lost = [name for name in named or () if name not in splits]
    if lost:
        raise DataError(
            Problem(f"{step}: there is no split {', '.join(lost)}; there are {', '.join(splits)}.", "preprocess")
        )
    return list(named) if named is not None else usual


def _text(step: str, row: Mapping[str, Any], column: str) -> str | None:
    check(step, "column", [column], row)
    value = row[column]
    if value is not None and not isinstance(value, str):
        raise DataError(Problem(f"{step}: column {column} holds {type(value).__name__} values, no text.", "preprocess"))
    return value


def _within(size: int, low: int | None, high: int | None) -> bool:
    return (low is None or size >= low) and (high is None or size <= high)
