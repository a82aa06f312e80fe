"""Tokenizers as the protocol `Encoder`, light (`tokenizers` alone) and from transformers: the same tokens from both.

Both ask the same backend. What transformers adds around it (truncation side, special tokens in the text, which inputs
the model takes) is read from the tokenizer object here and from tokenizer_config.json there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_finetune.errors import ModelError, Problem
from tui_finetune.plugin_api.chat import Chat
from tui_finetune.plugin_api.windows import Tokens, pair_windows, text_windows

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerBase

    from tui_finetune.plugin_api import Encoded, Encoder

TYPE_IDS = "token_type_ids"
WITH_TYPE_IDS = frozenset(
    f"{name}Tokenizer"
    for name in (
        *("Bert", "Canine", "ConvBert", "DPRContextEncoder", "DPRQuestionEncoder", "Deberta", "DebertaV2", "FNet"),
        *("LayoutLMv2", "Lxmert", "MarkupLM", "MobileBert", "SqueezeBert", "Tapas"),
    )
)
"""Tokenizer classes of transformers that give token_type_ids where tokenizer_config.json does not say; a test compares."""

_SURROGATES = re.compile("[\ud800-\udfff]")


def transformers_encoder(tokenizer: PreTrainedTokenizerBase, max_length: int) -> Encoder:
    """The encoder of a tokenizer of transformers; one without a `tokenizers` backend has no offsets and no words of a text."""
    type_ids = TYPE_IDS in tokenizer.model_input_names
    backend = getattr(tokenizer, "_tokenizer", None)
    if backend is None or not hasattr(backend, "encode_batch"):
        from tui_finetune.inference.slow_encoder import SlowEncoder  # late: seldom needed

        return SlowEncoder(tokenizer, max_length, type_ids=type_ids)
    return BackendEncoder(
        backend,
        max_length,
        type_ids=type_ids,
        truncation_side=tokenizer.truncation_side,
        split_special_tokens=bool(tokenizer.split_special_tokens),
        chat=chat_of(tokenizer),
    )


def chat_of(tokenizer: PreTrainedTokenizerBase) -> Chat:
    """What a tokenizer of transformers says of conversations."""
    template = tokenizer.chat_template
    named = template.get("default") if isinstance(template, dict) else template
    return Chat(named, {name: str(token) for name, token in tokenizer.special_tokens_map.items() if _is_one(token)})


def light_encoder(folder: Path, max_length: int) -> BackendEncoder:
    """The encoder of a model folder, without transformers. Raises ModelError where there is no tokenizer.json."""
    from tokenizers import Tokenizer

    path = folder / "tokenizer.json"
    if not path.is_file():
        hint = "Load the folder with transformers' AutoTokenizer and save it again with save_pretrained."
        raise ModelError(Problem(f"{folder} has no tokenizer.json.", hint=hint))
    try:
        backend = Tokenizer.from_file(str(path))
        config = _tokenizer_config(folder)
    except Exception as error:  # what tokenizers raises for a file that it cannot read has no class of its own
        raise ModelError(f"{path} cannot be read: {error}") from error
    kind = str(config.get("tokenizer_class") or "").removesuffix("Fast")
    named = config.get("model_input_names")
    return BackendEncoder(
        backend,
        max_length,
        type_ids=kind in WITH_TYPE_IDS if named is None else TYPE_IDS in named,
        truncation_side=str(config.get("truncation_side") or "right"),
        split_special_tokens=bool(config.get("split_special_tokens", False)),
        chat=_light_chat(folder, config),
    )


TOKEN_NAMES = ("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token")


def _light_chat(folder: Path, config: Mapping[str, Any]) -> Chat:
    file, template = folder / "chat_template.jinja", config.get("chat_template")
    if file.is_file():
        template = file.read_text(encoding="utf-8")
    elif isinstance(template, list):
        template = next((one.get("template") for one in template if one.get("name") == "default"), None)
    given = {name: config.get(name) for name in TOKEN_NAMES}
    tokens = {name: one.get("content") if isinstance(one, dict) else one for name, one in given.items()}
    return Chat(template or None, {name: str(one) for name, one in tokens.items() if _is_one(one)})


def _is_one(token: Any) -> bool:
    """False for lists of further special tokens, and where there is none."""
    return token is not None and not isinstance(token, list | tuple | dict)


def _tokenizer_config(folder: Path) -> Mapping[str, Any]:
    path = folder / "tokenizer_config.json"
    found = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return found if isinstance(found, dict) else {}


class BackendEncoder:
    """An encoder over a tokenizer of the library `tokenizers`.

    Rows are encoded whole first: only so is their true length known; the few that are too long are encoded again, cut.
    """

    def __init__(
        self,
        backend: Tokenizer,
        max_length: int,
        *,
        type_ids: bool,
        truncation_side: str = "right",
        split_special_tokens: bool = False,
        chat: Chat | None = None,
    ) -> None:
        self.max_length = max_length
        self.chat = chat or Chat()
        self._backend = backend
        self._type_ids = type_ids
        self._side = truncation_side
        self._split_special = split_special_tokens
        self._blank_before_words = _blank_before_words(backend)

    def texts(self, texts: Sequence[str], pairs: Sequence[str] | None = None) -> list[Encoded]:
        if pairs is None:
            return self._encode([clean(text) for text in texts], pair=False)
        rows = [(clean(text), clean(pair)) for text, pair in zip(texts, pairs, strict=True)]
        return self._encode(rows, pair=True)

    def words(self, words: Sequence[Sequence[str]]) -> list[Encoded]:
        """Byte-level tokenizers mark the beginning of a word by the blank before it: given words get one."""
        cleaned = [[clean(word) for word in row] for row in words]
        if not self._blank_before_words:
            return self._encode(cleaned, pair=False, given=True)
        blank = [[_after_blank(word) for word in row] for row in cleaned]
        encoded = self._encode(blank, pair=False, given=True)
        return [self._without_blanks(one, row) for one, row in zip(encoded, cleaned, strict=True)]

    def windows(self, texts: Sequence[str], pairs: Sequence[str], stride: int) -> list[list[Encoded]]:
        rows = [(clean(text), clean(pair)) for text, pair in zip(texts, pairs, strict=True)]
        whole = self._whole(rows, pair=True)
        return [pair_windows(self._tokens(one, with_parts=True), self.max_length, stride) for one in whole]

    def word_windows(self, words: Sequence[Sequence[str]], stride: int) -> list[list[Encoded]]:
        cleaned = [[clean(word) for word in row] for row in words]
        blank = self._blank_before_words
        given = [[_after_blank(word) for word in row] for row in cleaned] if blank else cleaned
        whole: list[Encoded] = [
            self._tokens(one, with_parts=True) for one in self._whole(given, pair=False, given=True)
        ]
        if blank:
            whole = [self._without_blanks(one, row) for one, row in zip(whole, cleaned, strict=True)]
        return [text_windows(one, self.max_length, stride) for one in whole]

    def whole(self, texts: Sequence[str], *, special: bool = True) -> list[Encoded]:
        found = self._whole([clean(text) for text in texts], pair=False, special=special)
        return [self._tokens(one, with_parts=True) for one in found]

    def pieces(self, ids: Sequence[int]) -> list[str]:
        """The tokens of ids as the vocabulary writes them."""
        return [self._backend.id_to_token(one) or "?" for one in ids]

    def special_ids(self) -> frozenset[int]:
        """Ids of tokens that stand for no text: begin, end, padding."""
        return frozenset(i for i, token in self._backend.get_added_tokens_decoder().items() if token.special)

    def _encode(self, rows: Sequence[Any], *, pair: bool, given: bool = False) -> list[Encoded]:
        backend = self._backend
        whole = self._whole(rows, pair=pair, given=given)
        lengths = [len(one) for one in whole]
        long = [index for index, length in enumerate(lengths) if length > self.max_length]
        if long:
            backend.enable_truncation(self.max_length, strategy="longest_first", direction=self._side)
            for index, cut in zip(
                long, backend.encode_batch([rows[i] for i in long], is_pretokenized=given), strict=True
            ):
                whole[index] = cut
            backend.no_truncation()
        return [self._tokens(one, length) for one, length in zip(whole, lengths, strict=True)]

    def _whole(self, rows: Sequence[Any], *, pair: bool, given: bool = False, special: bool = True) -> list[Any]:
        """The backend's encodings of rows, of any length."""
        if not rows:
            return []
        backend = self._backend
        require_room(self.max_length, backend.num_special_tokens_to_add(pair))
        # The tokenizer is shared with collators and others who may have left truncation or padding set.
        backend.no_padding()
        backend.no_truncation()
        if backend.encode_special_tokens != self._split_special:
            backend.encode_special_tokens = self._split_special
        found: list[Any] = backend.encode_batch(rows, is_pretokenized=given, add_special_tokens=special)
        return found

    def _tokens(self, one: Any, length: int | None = None, *, with_parts: bool = False) -> Tokens:
        types = one.type_ids if self._type_ids else []
        parts = one.sequence_ids if with_parts else []
        return Tokens(one.ids, types, one.word_ids, one.offsets, len(one) if length is None else length, parts)

    @staticmethod
    def _without_blanks(encoded: Encoded, row: Sequence[str]) -> Encoded:
        """Offsets as places in the given words, without the blank that was put before them."""
        moved = [
            (start, end)
            if word is None or not row[word] or row[word][0].isspace()
            else (max(start - 1, 0), max(end - 1, 0))
            for word, (start, end) in zip(encoded.word_ids, encoded.offsets, strict=True)
        ]
        return Tokens(encoded.ids, encoded.type_ids, encoded.word_ids, moved, encoded.length, encoded.sequence_ids)


def _after_blank(word: str) -> str:
    return f" {word}" if word and not word[0].isspace() else word


def require_room(max_length: int, special: int) -> None:
    """Raises ModelError where not even the special tokens fit: tokenizers then do not cut at all, without a word."""
    if special >= max_length:
        message = f"is {max_length}; this tokenizer adds {special} special tokens alone."
        raise ModelError(Problem(message, key="model.max_length", hint=f"Use {special + 1} at least."))


def _blank_before_words(backend: Tokenizer) -> bool:
    """True where a given word needs a blank before it to become the tokens that it has within a text."""
    if backend.pre_tokenizer is None:
        return False
    found = json.loads(backend.pre_tokenizer.__getstate__())
    return any(
        part.get("type") == "ByteLevel" or (part.get("type") == "Metaspace" and part.get("prepend_scheme") == "never")
        for part in _parts(found)
    )


def _parts(part: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield part
    for inner in part.get("pretokenizers", ()):
        yield from _parts(inner)


def clean(text: str) -> str:
    """Lone surrogates, which no tokenizer takes, as U+FFFD: as many characters, so that offsets hold."""
    return text if text.isascii() else _SURROGATES.sub("\ufffd", text)
