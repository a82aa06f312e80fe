"""Language models of next to no size, made from a configuration, each with a tokenizer of its own kind."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

WORDS = ("the", "cat", "dog", "sat", "ran", "on", "under", "a", "mat", "hat", "and", "then", "it", "slept", "well")
VOCABULARY = 300
LONGEST = 64
END = "<|endoftext|>"


def texts(count: int, seed: int = 3, words: int = 14) -> list[str]:
    """Sentences with some order in them: a model has something to learn."""
    draw = random.Random(seed)
    found = []
    for _ in range(count):
        subject, place = draw.choice(["cat", "dog"]), draw.choice(["mat", "hat"])
        more = " ".join(draw.choices(WORDS, k=draw.randint(0, words)))
        found.append(f"the {subject} sat on a {place} and then it slept well. {more}".strip())
    return found


def byte_bpe(folder: Path) -> int:
    """As GPT-2's: byte-level BPE, no token around a text."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=VOCABULARY, special_tokens=[END], initial_alphabet=alphabet)
    return _saved(backend, trainer, folder, bos_token=END, eos_token=END)


def unigram(folder: Path) -> int:
    """As Llama's and Gemma's: pieces that begin with ▁, a token before each text."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

    backend = Tokenizer(models.Unigram())
    backend.pre_tokenizer = pre_tokenizers.Metaspace()
    backend.decoder = decoders.Metaspace()
    special = ["<pad>", "</s>", "<s>", "<unk>"]
    trainer = trainers.UnigramTrainer(
        vocab_size=VOCABULARY, special_tokens=special, unk_token="<unk>", show_progress=False
    )
    made = _saved(
        backend, trainer, folder, bos_token="<s>", eos_token="</s>", unk_token="<unk>", pad_token="<pad>", save=False
    )
    backend.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 2)])
    _save(backend, folder, bos_token="<s>", eos_token="</s>", unk_token="<unk>", pad_token="<pad>")
    return made


def _saved(backend: Any, trainer: Any, folder: Path, *, save: bool = True, **tokens: str) -> int:
    backend.train_from_iterator(texts(300, seed=1), trainer)
    if save:
        _save(backend, folder, **tokens)
    return int(backend.get_vocab_size())


def _save(backend: Any, folder: Path, **tokens: str) -> None:
    from transformers import PreTrainedTokenizerFast

    PreTrainedTokenizerFast(tokenizer_object=backend, model_max_length=LONGEST, **tokens).save_pretrained(folder)


def _gpt2(words: int) -> Any:
    from transformers import GPT2Config, GPT2LMHeadModel

    return GPT2LMHeadModel(
        GPT2Config(
            vocab_size=words, n_positions=LONGEST, n_embd=32, n_layer=2, n_head=2, bos_token_id=0, eos_token_id=0
        )
    )


def _sizes(words: int) -> dict[str, Any]:
    return {
        "vocab_size": words,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "max_position_embeddings": LONGEST,
        "pad_token_id": 0,
        "eos_token_id": 1,
        "bos_token_id": 2,
    }


def _llama(words: int) -> Any:
    from transformers import LlamaConfig, LlamaForCausalLM

    return LlamaForCausalLM(LlamaConfig(**_sizes(words)))


def _qwen(words: int) -> Any:
    from transformers import Qwen2Config, Qwen2ForCausalLM

    return Qwen2ForCausalLM(Qwen2Config(**{**_sizes(words), "eos_token_id": 0, "bos_token_id": 0}))


def _gemma(words: int) -> Any:
    from transformers import GemmaConfig, GemmaForCausalLM

    return GemmaForCausalLM(GemmaConfig(**_sizes(words), head_dim=16))


KINDS: dict[str, tuple[Callable[[Path], int], Callable[[int], Any]]] = {
    "gpt2": (byte_bpe, _gpt2),
    "llama": (unigram, _llama),
    "qwen": (byte_bpe, _qwen),
    "gemma": (unigram, _gemma),
}


def make(kind: str, folder: Path, seed: int = 0) -> Path:
    """A model of random weights with its tokenizer, saved in `folder`."""
    import torch

    tokenizer, model = KINDS[kind]
    words = tokenizer(folder)
    torch.manual_seed(seed)
    model(words).save_pretrained(folder)
    return folder
