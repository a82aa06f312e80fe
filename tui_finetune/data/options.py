"""`[data] options` of the builtin sources. Imported late: pydantic takes its time."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class SourceOptions(BaseModel):
    """What every builtin source takes."""

    model_config = ConfigDict(extra="forbid", strict=True)

    drop_missing: bool = Field(
        default=False, description="Leave rows out whose text or label is missing, instead of refusing them."
    )


class TextFileOptions(SourceOptions):
    """What every builtin source of text files takes."""

    encoding: str | None = Field(
        default=None, description="Encoding of the files; UTF-8, or found by a look, where absent."
    )


class CsvOptions(TextFileOptions):
    """Options of csv."""

    delimiter: str | None = Field(
        default=None, min_length=1, max_length=1, description="Sign between columns; else guessed."
    )
    quoting: bool | None = Field(
        default=None, description="Whether quotes are quotes, not characters of the texts; else guessed."
    )
    header: bool | None = Field(default=None, description="Whether the first line names the columns; else guessed.")
    names: list[str] | None = Field(default=None, min_length=1, description="Names of the columns, in their order.")
    ragged: Literal["keep", "refuse"] | None = Field(
        default=None,
        description="Rows of other widths: kept, with columns of their own and empty cells, or refused; else kept "
        "only where there is no header and all that differ have the same further columns.",
    )


class TextOptions(TextFileOptions):
    """Options of text."""

    by: Literal["line", "paragraph", "file"] | None = Field(
        default=None,
        description="What is a row: line, paragraph or file; else a paragraph where blank lines part them.",
    )


class FolderOptions(TextFileOptions):
    """Options of folder."""

    endings: list[str] = Field(default_factory=lambda: [".txt"], min_length=1, description="Endings of the text files.")


class ConllOptions(TextFileOptions):
    """Options of conll."""

    names: list[str] | None = Field(default=None, min_length=1, description="Names of the columns, in their order.")
    word_column: int | None = Field(default=None, ge=1, description="Column of the word, counted from 1.")
    tag_column: int | None = Field(default=None, ge=1, description="Column of the tag, counted from 1.")
