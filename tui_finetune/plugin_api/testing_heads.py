"""The kit for the heavy half of a task: a tiny model made on the spot, and a head taken through its life.

Imports torch and transformers inside its functions; needs no network.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_finetune.plugin_api.heavy import HeavyTask, ModelRequest, resolve
from tui_finetune.plugin_api.tasks import LabelSet, Task
from tui_finetune.plugin_api.testing import PieceEncoder, default_options, sample_rows

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

LONGEST = 128
"""Positions of the tiny model."""
SPECIAL = ("[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]")


def make_tiny_model(folder: Path, *, longest: int = LONGEST) -> Path:
    """A BERT of some thousand random weights with a tokenizer, saved in `folder`: enough to train a head in a test."""
    import torch
    from transformers import BertConfig, BertModel

    words = save_tokenizer(folder, longest)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=max(words, PieceEncoder.vocabulary),
        max_position_embeddings=longest,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
    )
    BertModel(config).save_pretrained(folder)
    return folder


def save_tokenizer(folder: Path, longest: int) -> int:
    """Saves a WordPiece tokenizer of single letters; returns the number of its tokens."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    letters = [chr(code) for code in range(33, 127) if not chr(code).isupper()]
    tokens = [*SPECIAL, *letters, *(f"##{letter}" for letter in letters)]
    backend = Tokenizer(models.WordPiece({token: index for index, token in enumerate(tokens)}, unk_token="[UNK]"))
    backend.normalizer = normalizers.BertNormalizer(lowercase=True)
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    backend.post_processor = processors.BertProcessing(("[SEP]", 2), ("[CLS]", 1))
    names = dict(zip(("pad_token", "cls_token", "sep_token", "unk_token", "mask_token"), SPECIAL, strict=True))
    inputs = ["input_ids", "token_type_ids", "attention_mask"]
    PreTrainedTokenizerFast(
        tokenizer_object=backend, model_max_length=longest, model_input_names=inputs, **names
    ).save_pretrained(folder)
    return len(tokens)


def check_head(task: Task, base: Path, folder: Path, rows: Mapping[str, Sequence[Any]] | None = None) -> None:
    """Loads the task's head on `base` (see `make_tiny_model`), goes forward and backward, saves it in `folder`, loads it again.

    `rows` by role; made up by default. Raises AssertionError in words.
    """
    import pyarrow as pa
    import torch
    from transformers import AutoTokenizer

    rows = dict(rows or sample_rows(task))
    gold = task.gold_role
    labels = task.infer_labels(pa.chunked_array([pa.array(rows[gold.name])]), None) if gold else LabelSet.of(())
    options = default_options(task)
    head: HeavyTask = resolve(task.heavy)(task)
    model = head.load_model(ModelRequest(str(base), labels, options))
    encoded = task.encode(rows, PieceEncoder(), labels)
    batch = _batch(head, model, encoded, base)
    model(**batch).loss.backward()
    trained = [(name, one) for name, one in model.named_parameters() if one.requires_grad]
    idle = [name for name, one in trained if one.grad is None and not name.startswith(model.base_model_prefix)]
    assert not idle, f"task {task.name}: no gradient reaches {', '.join(idle)}"
    before = _logits(head, model, batch)
    model.save_pretrained(folder)
    again = head.load_model(ModelRequest(str(folder), labels, options))
    assert torch.equal(before, _logits(head, again, batch)), f"task {task.name}: saved and loaded, it is another model"
    assert [again.config.id2label[i] for i in range(len(labels))] == list(labels.names), "id2label is not the labels'"
    with torch.no_grad():
        split = head.score(again.eval(), batch, AutoTokenizer.from_pretrained(base))
    decoded = task.decode(split, {**rows, **encoded}, labels, options)
    count = len(next(iter(rows.values())))
    assert len(decoded.predicted) == count, f"task {task.name}: decode gives another number of rows"


def _batch(head: HeavyTask, model: PreTrainedModel, encoded: Mapping[str, list[Any]], base: Path) -> dict[str, Any]:
    """All rows as one batch of what the model takes."""
    from transformers import AutoTokenizer

    names = encoded.keys() & {*inspect.signature(model.forward).parameters, *head.inputs}
    rows = [{name: encoded[name][index] for name in names} for index in range(len(encoded["input_ids"]))]
    return head.collator(AutoTokenizer.from_pretrained(base), padding="longest", max_length=LONGEST)(rows)


def _logits(head: HeavyTask, model: PreTrainedModel, batch: Mapping[str, Any]) -> torch.Tensor:
    import torch

    with torch.no_grad():
        return head.raw_output(model.eval()(**batch))
