"""Encoders of next to no size, made from a configuration, each with its own library class of tokenizer trained on some texts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

LONGEST = 64
VOCABULARY = 300
WORDS = "red round sweet blue square sour plain thing box how is the it so and joy fear anger? 0 1 2 3 4 5 6 7 8 9."
KINDS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "bert": ("BertTokenizer", {}),
    "roberta": ("RobertaTokenizer", {"max_position_embeddings": LONGEST + 2}),
    "distilbert": ("DistilBertTokenizer", {"dim": 32, "n_layers": 2, "n_heads": 2, "hidden_dim": 64}),
    "deberta-v2": ("DebertaV2Tokenizer", {"relative_attention": True, "pos_att_type": ["p2c", "c2p"]}),
    "electra": ("ElectraTokenizer", {"embedding_size": 16}),
    "modernbert": ("TokenizersBackend", {"global_attn_every_n_layers": 2, "local_attention": 8}),
    "xlm-roberta": ("XLMRobertaTokenizer", {"max_position_embeddings": LONGEST + 2}),
    "albert": ("AlbertTokenizer", {"embedding_size": 16}),
    "mpnet": ("MPNetTokenizer", {"max_position_embeddings": LONGEST + 2}),
}
"""Class of the tokenizer (WordPiece, byte BPE or Unigram), and what the configuration has beside the common sizes."""
SIZES = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "max_position_embeddings": LONGEST,
}


def make(kind: str, folder: Path, seed: int = 0) -> Path:
    """A model of random weights with its tokenizer, saved in `folder`."""
    import torch
    from transformers import AutoConfig, AutoModel

    tokenizer = _tokenizer(KINDS[kind][0])
    tokenizer.model_max_length = LONGEST
    tokenizer.save_pretrained(folder)
    special = {
        f"{name}_token_id": getattr(tokenizer, f"{name}_token_id") for name in ("pad", "bos", "eos", "cls", "sep")
    }
    # DistilBERT's names of sizes are its own.
    sizes = {} if kind == "distilbert" else SIZES
    given = {"vocab_size": len(tokenizer), **sizes, **KINDS[kind][1], **special}
    config = AutoConfig.for_model(kind, **{key: value for key, value in given.items() if value is not None})
    torch.manual_seed(seed)
    AutoModel.from_config(config).save_pretrained(folder)
    return folder


def _tokenizer(name: str) -> Any:
    import transformers

    texts = [WORDS] * 20
    if name == "TokenizersBackend":
        return _byte_bpe(texts)
    return getattr(transformers, name)().train_new_from_iterator(texts, VOCABULARY, show_progress=False)


def _byte_bpe(texts: list[str]) -> Any:
    """As ModernBERT's: byte-level BPE between BERT's special tokens."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    names = {"pad": "[PAD]", "unk": "[UNK]", "cls": "[CLS]", "sep": "[SEP]", "mask": "[MASK]"}
    backend = Tokenizer(models.BPE(unk_token="[UNK]"))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    backend.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=VOCABULARY,
            special_tokens=list(names.values()),
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    backend.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B [SEP]",
        special_tokens=[(token, backend.token_to_id(token)) for token in ("[CLS]", "[SEP]")],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        model_input_names=["input_ids", "attention_mask"],
        **{f"{name}_token": token for name, token in names.items()},
    )
