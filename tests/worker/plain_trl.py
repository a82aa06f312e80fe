"""A run as a script with TRL alone has it: the losses of its steps, for `ForkServer.call`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

SHARED: dict[str, Any] = {
    "per_device_train_batch_size": 4,
    "learning_rate": 1e-3,
    "weight_decay": 0.01,
    "num_train_epochs": 2,
    "logging_steps": 1,
    "save_strategy": "no",
    "report_to": "none",
    "disable_tqdm": True,
    "use_cpu": True,
    "bf16": False,
    "gradient_checkpointing": False,
    "seed": 42,
    "data_seed": 42,
}


def losses(arguments: Sequence[str]) -> None:
    """arguments: the task, the model's folder, rows as JSON lines, the file for the losses."""
    task, model, rows, out = arguments
    import datasets
    from transformers import AutoTokenizer

    from tui_finetune.plugin_api.chat import NAMED

    found = [json.loads(line) for line in Path(rows).read_text(encoding="utf-8").splitlines()]
    tokenizer = AutoTokenizer.from_pretrained(model)
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    tokenizer.chat_template = NAMED["alpaca"]
    data = datasets.Dataset.from_list([_as_trl(task, row) for row in found])
    trainer = _trainer(task, model, tokenizer, data, Path(out).parent / "plain")
    trainer.train()
    Path(out).write_text(json.dumps([entry["loss"] for entry in trainer.state.log_history if "loss" in entry]))


def _as_trl(task: str, row: dict[str, Any]) -> dict[str, Any]:
    if task != "sft":
        return row
    asked, said = ({"role": role, "content": row[name]} for role, name in (("user", "prompt"), ("assistant", "answer")))
    return {"prompt": [asked], "completion": [said]}


def _trainer(task: str, model: str, tokenizer: Any, data: Any, folder: Path) -> Any:
    import trl
    from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, set_seed

    kinds = {"dpo": ("DPO", AutoModelForCausalLM), "sft": ("SFT", AutoModelForCausalLM)}
    name, auto = kinds.get(task, ("Reward", AutoModelForSequenceClassification))
    set_seed(42)
    loaded = auto.from_pretrained(model, **({"num_labels": 1} if task == "reward" else {}))
    args = getattr(trl, f"{name}Config")(str(folder), **SHARED)
    more = {"ref_model": AutoModelForCausalLM.from_pretrained(model)} if task == "dpo" else {}
    return getattr(trl, f"{name}Trainer")(
        model=loaded, args=args, train_dataset=data, processing_class=tokenizer, **more
    )
