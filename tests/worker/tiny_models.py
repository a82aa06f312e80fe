"""Trained models of next to no size, as the worker saves them."""

from __future__ import annotations

from pathlib import Path

from tui_finetune.inference.task_card import TaskCard
from tui_finetune.plugin_api import LabelSet, ModelRequest
from tui_finetune.plugin_api.heavy import resolve
from tui_finetune.plugin_api.manager import load_catalog

LONGEST = 24
TEXTS = ["a fine film", "bad", "", "so-so é😀 日本", "long " * 40, "The Same Case", "two\nlines"]
LABELS = {"text-classification": ["neg", "pos", "so so"], "token-classification": ["O", "B-PER", "I-PER", "B-LOC"]}


def saved(task_name: str, base: Path, folder: Path) -> Path:
    """A model as the worker saves it, its head stretched until different texts get different labels."""
    import torch
    from transformers import AutoTokenizer

    task = load_catalog(None, third_party=False).tasks[task_name]
    labels = LabelSet.of(LABELS[task_name])
    torch.manual_seed(3)
    model = resolve(task.heavy)(task).load_model(ModelRequest(str(base), labels, {}))
    tokenizer = AutoTokenizer.from_pretrained(base)
    with torch.no_grad():
        for weights in model.base_model.parameters():
            if weights.dim() == 2:
                weights.mul_(10)  # fresh ones are so small that every text looks alike
        batch = tokenizer(TEXTS, padding=True, truncation=True, max_length=LONGEST, return_tensors="pt")
        logits = model.eval()(**batch).logits.reshape(-1, len(labels))
        scale = 3 / logits.std(0)
        model.classifier.weight.mul_(scale[:, None])
        model.classifier.bias.copy_(-logits.mean(0) * scale)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    TaskCard(task_name, "builtin", labels, LONGEST).write(folder)
    return folder
