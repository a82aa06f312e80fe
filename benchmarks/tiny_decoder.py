"""Makes a decoder of some million random weights with a tokenizer of the texts at hand: where no pre-trained one is.

    python benchmarks/tiny_decoder.py FOLDER TEXTS.json …

Shows that a task's code path learns, and nothing of what it reaches from real weights.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

VOCABULARY, LONGEST = 4000, 512
END = "<|endoftext|>"


def texts_in(value: Any) -> Iterator[str]:
    """Every text of a JSON document."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from texts_in(one)


def tokenizer_of(texts: list[str], folder: Path) -> int:
    """Saves a byte-level BPE tokenizer; the number of its tokens."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY, special_tokens=[END], initial_alphabet=alphabet, show_progress=False
    )
    backend.train_from_iterator(texts, trainer)
    PreTrainedTokenizerFast(
        tokenizer_object=backend, model_max_length=LONGEST, bos_token=END, eos_token=END
    ).save_pretrained(folder)
    return int(backend.get_vocab_size())


def main() -> None:
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("files", type=Path, nargs="+", metavar="TEXTS.json")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    texts = [text for file in given.files for text in texts_in(json.loads(file.read_text(encoding="utf-8")))]
    words = tokenizer_of(texts, given.folder)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=words,
        hidden_size=192,
        intermediate_size=512,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=LONGEST,
        bos_token_id=0,
        eos_token_id=0,
        pad_token_id=0,
        tie_word_embeddings=True,
    )
    model = LlamaForCausalLM(config)
    model.save_pretrained(given.folder)
    print(f"{sum(one.numel() for one in model.parameters()):,} parameters, {words:,} tokens: {given.folder}")


if __name__ == "__main__":
    main()
