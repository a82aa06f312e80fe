"""Tokenizers written in Python, without a `tokenizers` backend, as the protocol `Encoder`.

They do not say where in a text a token stands: offsets are (0, 0), and a text's tokens have no word. Given words are
tokenized one by one, so that tagging works with them as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tui_finetune.errors import ModelError, Problem
from tui_finetune.inference.encoders import chat_of, clean, require_room
from tui_finetune.plugin_api.windows import Tokens, text_windows

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from tui_finetune.plugin_api import Encoded

_PLACEHOLDER = -1
"""No token has this id: it shows where the special tokens leave room for the text."""


class SlowEncoder:
    """One row at a time."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, max_length: int, *, type_ids: bool) -> None:
        self.max_length = max_length
        self._tokenizer = tokenizer
        self._type_ids = type_ids
        self.chat = chat_of(tokenizer)

    def texts(self, texts: Sequence[str], pairs: Sequence[str] | None = None) -> list[Encoded]:
        require_room(self.max_length, self._tokenizer.num_special_tokens_to_add(pairs is not None))
        if pairs is None:
            return [self._text(clean(text)) for text in texts]
        return [self._text(clean(text), clean(pair)) for text, pair in zip(texts, pairs, strict=True)]

    def words(self, words: Sequence[Sequence[str]]) -> list[Encoded]:
        require_room(self.max_length, self._tokenizer.num_special_tokens_to_add(False))
        return [self._words([clean(word) for word in row]) for row in words]

    def windows(self, texts: Sequence[str], pairs: Sequence[str], stride: int) -> list[list[Encoded]]:
        """Refused: without offsets no token of a window can be found in its text."""
        name = type(self._tokenizer).__name__
        hint = "Use a model whose folder has a tokenizer.json."
        raise ModelError(
            Problem(
                f"{name} does not say where its tokens stand in a text, which answers need.", "model.path", hint=hint
            )
        )

    def word_windows(self, words: Sequence[Sequence[str]], stride: int) -> list[list[Encoded]]:
        require_room(self.max_length, self._tokenizer.num_special_tokens_to_add(False))
        return [text_windows(self._words([clean(w) for w in row], cut=False), self.max_length, stride) for row in words]

    def whole(self, texts: Sequence[str], *, special: bool = True) -> list[Encoded]:
        found = [self._tokenizer(clean(text), add_special_tokens=special, verbose=False) for text in texts]
        return [
            self._tokens(
                list(one["input_ids"]),
                list(one.get("token_type_ids", ())),
                [None] * len(one["input_ids"]),
                len(one["input_ids"]),
            )
            for one in found
        ]

    def _text(self, *texts: str) -> Tokens:
        whole: dict[str, Any] = self._tokenizer(*texts, verbose=False)
        length, found = len(whole["input_ids"]), whole
        if length > self.max_length:
            found = self._tokenizer(*texts, truncation="longest_first", max_length=self.max_length, verbose=False)
        ids = list(found["input_ids"])
        return self._tokens(ids, list(found.get("token_type_ids", ())), [None] * len(ids), length)

    def _words(self, row: Sequence[str], *, cut: bool = True) -> Tokens:
        tokenizer = self._tokenizer
        pieces = [(piece, index) for index, word in enumerate(row) for piece in tokenizer.tokenize(word)]
        special = tokenizer.build_inputs_with_special_tokens([_PLACEHOLDER])
        before, after = special.index(_PLACEHOLDER), len(special) - 1 - special.index(_PLACEHOLDER)
        room = self.max_length - before - after if cut else len(pieces)
        kept = pieces[:room] if tokenizer.truncation_side == "right" else pieces[max(0, len(pieces) - room) :]
        inner = tokenizer.convert_tokens_to_ids([piece for piece, _ in kept])
        ids = tokenizer.build_inputs_with_special_tokens(inner)
        word_ids = [*[None] * before, *(word for _, word in kept), *[None] * after]
        types = tokenizer.create_token_type_ids_from_sequences(inner) if self._type_ids else []
        found = self._tokens(ids, list(types), word_ids, len(pieces) + before + after)
        found.sequence_ids = [None if word is None else 0 for word in word_ids]
        return found

    def _tokens(self, ids: list[int], type_ids: list[int], word_ids: list[int | None], length: int) -> Tokens:
        return Tokens(ids, type_ids if self._type_ids else [], word_ids, [(0, 0)] * len(ids), length)
