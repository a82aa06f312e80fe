"""Options of our own preprocessors. Needs pydantic, and is imported where options are asked for."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Names = Annotated[list[str], Field(min_length=1)]
Scalar = bool | int | str
Positive = Annotated[int, Field(ge=1)]


class Options(BaseModel):
    """What they have in common."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class TextColumns(Options):
    """Of a step that changes texts."""

    columns: Annotated[Names | None, Field(description="Text columns; without it text and text_pair.")] = None


class UnicodeOptions(TextColumns):
    """Of unicode-form."""

    form: Annotated[
        Literal["NFC", "NFD", "NFKC", "NFKD"],
        Field(description="NFC joins letters and accents; NFKC also makes ﬁ to fi and wide signs narrow."),
    ] = "NFC"


class WhitespaceOptions(TextColumns):
    """Of whitespace."""

    keep_lines: Annotated[bool, Field(description="Keep line breaks, at most one empty line in a row.")] = False


class MaskOptions(TextColumns):
    """Of mask-private."""

    kinds: Annotated[
        list[Literal["email", "phone", "card", "account", "social_number", "key"]],
        Field(min_length=1, description="What is masked."),
    ] = ["email", "phone", "card", "account", "social_number", "key"]


class SpansOptions(Options):
    """Of spans-to-tags."""

    text: Annotated[str, Field(min_length=1, description="Column of the texts.")] = "text"
    spans: Annotated[
        str,
        Field(
            min_length=1, description="Column of the spans: lists of start, end and label, or of objects with these."
        ),
    ] = "entities"
    scheme: Annotated[Literal["bio", "bioes", "io"], Field(description="How words within a span are marked.")] = "bio"


class ReplaceOptions(TextColumns):
    """Of replace-text."""

    pattern: Annotated[str, Field(min_length=1, description="Regular expression of Python.")]
    replacement: Annotated[str, Field(description=r"What is put there; \1 is the first group.")] = ""
    ignore_case: Annotated[bool, Field(description="Large and small letters are the same.")] = False

    @model_validator(mode="after")
    def _compiles(self) -> Self:
        try:
            re.compile(self.pattern).sub(self.replacement, "")
        except (re.error, IndexError) as error:
            raise ValueError(f"is no regular expression, or its replacement does not fit it: {error}") from error
        return self


class JoinOptions(Options):
    """Of join-columns."""

    columns: Annotated[list[str], Field(min_length=2, description="Columns, in the order in which they are joined.")]
    into: Annotated[str, Field(min_length=1, description="Column that holds the joined text.")] = "text"
    separator: Annotated[str, Field(description="What stands between them.")] = "\n"


class JoinWordsOptions(Options):
    """Of join-words."""

    column: Annotated[str, Field(description="Column of lists of words.")] = "tokens"
    into: Annotated[str, Field(min_length=1, description="Column that holds the text.")] = "text"
    spaced: Annotated[
        bool, Field(description="A blank between all words; else none before . , ; : ! ? and closing brackets.")
    ] = False


class MapOptions(Options):
    """Of map-labels."""

    column: Annotated[str, Field(description="Column of labels.")] = "label"
    map: Annotated[dict[str, Scalar], Field(min_length=1, description="Label to new label: { spam = 1, ham = 0 }.")]
    others: Annotated[
        Literal["keep", "drop", "refuse"], Field(description="What becomes of rows with another label.")
    ] = "refuse"


class LengthOptions(Options):
    """Of drop-by-length."""

    column: Annotated[str, Field(description="Text column.")] = "text"
    min_characters: Annotated[Positive | None, Field(description="Shorter texts are dropped.")] = None
    max_characters: Annotated[Positive | None, Field(description="Longer texts are dropped.")] = None
    min_words: Annotated[Positive | None, Field(description="Texts of fewer words are dropped.")] = None
    max_words: Annotated[Positive | None, Field(description="Texts of more words are dropped.")] = None

    @model_validator(mode="after")
    def _limits(self) -> Self:
        pairs = ((self.min_characters, self.max_characters), (self.min_words, self.max_words))
        if all(limit is None for pair in pairs for limit in pair):
            raise ValueError("needs one of min_characters, max_characters, min_words, max_words")
        if any(low is not None and high is not None and low > high for low, high in pairs):
            raise ValueError("has a minimum above its maximum: no row would be left")
        return self


class SplitOptions(Options):
    """Of split-text."""

    column: Annotated[str, Field(description="Text column.")] = "text"
    words: Annotated[Positive, Field(description="Words of a piece, at most.")] = 200
    overlap: Annotated[int, Field(ge=0, description="Words that a piece shares with the one before it.")] = 0

    @model_validator(mode="after")
    def _moves(self) -> Self:
        if self.overlap >= self.words:
            raise ValueError("has an overlap as long as the pieces: it would never end")
        return self


class ChoosingOptions(Options):
    """Of a step that chooses rows of whole splits."""

    splits: Annotated[
        Names | None, Field(description="The source's splits that it is done to; without it as its help says.")
    ] = None


class RepeatedOptions(ChoosingOptions):
    """Of drop-repeated."""

    columns: Annotated[Names | None, Field(description="Columns that are compared; without it text and text_pair.")] = (
        None
    )
    exact: Annotated[
        bool, Field(description="Equal to the last sign; else large and small letters and blanks make no difference.")
    ] = False


class SampleOptions(ChoosingOptions):
    """Of sample-rows."""

    rows: Annotated[Positive, Field(description="Rows that are kept, at most, in their order.")]
    seed: Annotated[int, Field(ge=0, description="Seed of the draw.")] = 42


class BalanceOptions(ChoosingOptions):
    """Of balance."""

    column: Annotated[str, Field(description="Column of labels.")] = "label"
    rows: Annotated[
        Positive | None, Field(description="Rows of a label, at most; without it as many as the rarest label has.")
    ] = None
    seed: Annotated[int, Field(ge=0, description="Seed of the draw.")] = 42


class ChatOptions(Options):
    """Of chat-template."""

    column: Annotated[str, Field(min_length=1, description="Column of the messages.")] = "messages"
    tools: Annotated[str | None, Field(min_length=1, description="Column of the tools that are offered.")] = None
    template: Annotated[
        str, Field(min_length=1, description="alpaca, chatml, or a template in jinja2 as models have them.")
    ] = "alpaca"
    begin: Annotated[str, Field(description="What a template writes as bos_token.")] = ""
    end: Annotated[str, Field(description="What a template writes as eos_token, the end of an answer.")] = ""
    ask: Annotated[bool, Field(description="The text ends where the assistant is to begin.")] = False
    into: Annotated[str, Field(min_length=1, description="Column of the text.")] = "text"
