"""Encoder-decoders of next to no size, made from a configuration, each with a tokenizer of its own kind."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

VOCABULARY, LONGEST = 300, 64
LANGUAGES = ("en_XX", "de_DE")
PAIRS = {"red": "rot", "blue": "blau", "small": "klein", "old": "alt", "dog": "hund", "cat": "katze", "house": "haus"}
"""Words and what they are to become."""


def rows(count: int, seed: int = 3) -> list[dict[str, str]]:
    """Phrases, `text`, and the same word for word in another language, `target`."""
    draw = random.Random(seed)
    colours, things = list(PAIRS)[:4], list(PAIRS)[4:]
    found = []
    for _ in range(count):
        words = [*draw.choices(colours, k=draw.randint(1, 3)), draw.choice(things)]
        found.append({"text": f"the {' '.join(words)}", "target": f"das {' '.join(PAIRS[word] for word in words)}"})
    return found


def _texts() -> list[str]:
    return [text for row in rows(300, seed=1) for text in row.values()]


def unigram(folder: Path) -> int:
    """As T5's: pieces that begin with ▁, an end after each text."""
    return _unigram(
        folder, ["<pad>", "</s>", "<unk>"], "$A </s>", {"eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"}
    )


def _unigram(folder: Path, special: list[str], single: str, tokens: dict[str, Any]) -> int:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

    backend = Tokenizer(models.Unigram())
    backend.pre_tokenizer = pre_tokenizers.Metaspace()
    backend.decoder = decoders.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=VOCABULARY, special_tokens=special, unk_token="<unk>", show_progress=False
    )
    backend.train_from_iterator(_texts(), trainer)
    around = [(token, special.index(token)) for token in special if token in single.split()]
    backend.post_processor = processors.TemplateProcessing(single=single, special_tokens=around)
    _save(backend, folder, tokens)
    return int(backend.get_vocab_size())


def byte_bpe(folder: Path) -> int:
    """As BART's: byte-level BPE, a token before and one after each text."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    backend.train_from_iterator(
        _texts(),
        trainers.BpeTrainer(
            vocab_size=VOCABULARY + 60, special_tokens=special, initial_alphabet=alphabet, show_progress=False
        ),
    )
    backend.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    names = {
        "bos_token": "<s>",
        "eos_token": "</s>",
        "pad_token": "<pad>",
        "unk_token": "<unk>",
        "cls_token": "<s>",
        "sep_token": "</s>",
    }
    _save(backend, folder, names)
    return int(backend.get_vocab_size())


def of_languages(folder: Path) -> int:
    """As mBART's: an end and the language's token after each text; the library's own class sets which."""
    from tokenizers import Tokenizer
    from transformers import MBartTokenizer

    words = _unigram(
        folder,
        ["<s>", "<pad>", "</s>", "<unk>"],
        "$A </s>",
        {"eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"},
    )
    import json

    state = json.loads(Tokenizer.from_file(str(folder / "tokenizer.json")).to_str())
    tokenizer = MBartTokenizer(
        vocab=[tuple(one) for one in state["model"]["vocab"]], src_lang="en_XX", tgt_lang="de_DE"
    )
    tokenizer.model_max_length = LONGEST
    tokenizer.save_pretrained(folder)
    return max(words, len(tokenizer))


def _save(backend: Any, folder: Path, tokens: dict[str, Any]) -> None:
    from transformers import PreTrainedTokenizerFast

    inputs = ["input_ids", "attention_mask"]
    PreTrainedTokenizerFast(
        tokenizer_object=backend, model_max_length=LONGEST, model_input_names=inputs, **tokens
    ).save_pretrained(folder)


def _t5(words: int) -> Any:
    from transformers import T5Config, T5ForConditionalGeneration

    return T5ForConditionalGeneration(
        T5Config(
            vocab_size=words,
            d_model=32,
            d_kv=16,
            d_ff=64,
            num_layers=2,
            num_heads=2,
            decoder_start_token_id=0,
            pad_token_id=0,
            eos_token_id=1,
        )
    )


def _sizes(words: int) -> dict[str, Any]:
    return {
        "vocab_size": words,
        "d_model": 32,
        "encoder_layers": 2,
        "decoder_layers": 2,
        "encoder_attention_heads": 2,
        "decoder_attention_heads": 2,
        "encoder_ffn_dim": 64,
        "decoder_ffn_dim": 64,
        "max_position_embeddings": LONGEST,
        "pad_token_id": 1,
        "bos_token_id": 0,
        "eos_token_id": 2,
    }


def _bart(words: int) -> Any:
    from transformers import BartConfig, BartForConditionalGeneration

    return BartForConditionalGeneration(BartConfig(**_sizes(words), decoder_start_token_id=2, forced_eos_token_id=2))


def _mbart(words: int) -> Any:
    from transformers import MBartConfig, MBartForConditionalGeneration

    return MBartForConditionalGeneration(MBartConfig(**_sizes(words)))


KINDS: dict[str, tuple[Callable[[Path], int], Callable[[int], Any]]] = {
    "t5": (unigram, _t5),
    "bart": (byte_bpe, _bart),
    "mbart": (of_languages, _mbart),
}


def make(kind: str, folder: Path, seed: int = 0) -> Path:
    """A model of random weights with its tokenizer, saved in `folder`."""
    import torch

    tokenizer, model = KINDS[kind]
    words = tokenizer(folder)
    torch.manual_seed(seed)
    model(words).save_pretrained(folder)
    return folder
