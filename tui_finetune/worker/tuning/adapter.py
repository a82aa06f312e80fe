"""`[adapter]`: a small adapter is trained in place of the model's own weights, by peft; and the head, in full.

A checkpoint holds the adapter, the head and the model's config, in peft's own files: some thousandths of the whole. The
final model has the adapter merged into its weights where that is possible, and beside them as `adapter/`.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import torch

from tui_finetune.errors import Problem, RecipeError, first_line
from tui_finetune.inference.adapters import ADAPTER_FOLDER
from tui_finetune.inference.model_folder import OFFSET_POSITIONS
from tui_finetune.live import words
from tui_finetune.worker.parameters import hold

if TYPE_CHECKING:
    from tui_finetune.config.schema import AdapterTable

RANK, TOKENS = 8, 20
"""As peft and its examples have them."""
TITLES: Final = {
    "lora": "LoRA",
    "dora": "DoRA",
    "rslora": "rsLoRA",
    "ia3": "IA3",
    "prompt": "prompt tuning",
    "prefix": "prefix tuning",
}
VIRTUAL: Final = ("prompt", "prefix")
"""Kinds that train tokens before the input, and cannot be merged."""


def adapt(model: Any, table: AdapterTable, max_length: int, *, trains_head: bool = True) -> Any:
    """The model with an adapter around it: that is trained, and the head where it is new. Raises RecipeError where it does
    not fit the model."""
    import peft

    if table.kind in VIRTUAL:
        _check_virtual(model, table, max_length)
    try:
        adapted = peft.get_peft_model(model, _config(model, table, trains_head=trains_head))
    except ValueError as error:
        raise RecipeError(_no_target(model, table, error)) from error
    hold(adapted, {name for name, parameter in adapted.named_parameters() if not parameter.requires_grad})
    return adapted


def _no_target(model: Any, table: AdapterTable, error: ValueError) -> Problem:
    """What peft says where it finds no module for an adapter: in terms of the recipe."""
    layers = {
        name.rpartition(".")[2]: None
        for name, module in model.base_model.named_modules()
        if isinstance(module, torch.nn.Linear)
    }
    hint = f'There are: {", ".join(layers)}; ["all-linear"] are all of them.'
    if table.targets:
        return Problem(
            f"{', '.join(table.targets)}: no module of this model is called so.", "adapter.targets", hint=hint
        )
    return Problem(f"is missing: {first_line(error)}", "adapter.targets", hint=hint)


def _config(model: Any, table: AdapterTable, *, trains_head: bool) -> Any:
    import peft

    outside = [name for name, child in model.named_children() if name != model.base_model_prefix and _trains(child)]
    head = outside if trains_head else None
    if table.kind in VIRTUAL:
        kind = peft.PromptTuningConfig if table.kind == "prompt" else peft.PrefixTuningConfig
        return kind(task_type="SEQ_CLS", num_virtual_tokens=table.tokens or TOKENS, modules_to_save=head)
    targets: Any = table.targets
    if targets == ["all-linear"]:
        targets = "all-linear"
    if table.kind == "ia3":
        return peft.IA3Config(target_modules=targets, modules_to_save=head)
    rank = table.rank or RANK
    return peft.LoraConfig(
        r=rank,
        lora_alpha=table.alpha or 2 * rank,
        lora_dropout=table.dropout or 0.0,
        target_modules=targets,
        use_dora=table.kind == "dora",
        use_rslora=table.kind == "rslora",
        modules_to_save=head,
    )


def _trains(module: Any) -> bool:
    return next(module.parameters(), None) is not None


def _check_virtual(model: Any, table: AdapterTable, max_length: int) -> None:
    title, name = TITLES[table.kind], type(model).__name__
    if not name.endswith("ForSequenceClassification") or hasattr(model, "score"):
        hint = "Take lora, which goes with every model."
        message = f"{title} goes with an encoder that labels whole texts, and this is a {name}."
        raise RecipeError(Problem(message, "adapter.kind", hint=hint))
    positions = getattr(model.config, "max_position_embeddings", None)
    if not isinstance(positions, int):
        return
    room = positions - (2 if model.config.model_type in OFFSET_POSITIONS else 0)
    tokens = table.tokens or TOKENS
    if max_length + tokens > room:
        message = f"is {tokens}: with the longest input, {max_length}, more than the model's {room} positions."
        raise RecipeError(Problem(message, "adapter.tokens", hint=f"Set model.max_length = {room - tokens}, or less."))


def is_adapted(model: Any) -> bool:
    """Whether there is an adapter around the model. Asks without importing peft, which a plain run has no use for."""
    return hasattr(model, "peft_config") and hasattr(model, "get_base_model")


def can_merge(model: Any) -> bool:
    return not model.active_peft_config.is_prompt_learning


def adapter_words(model: Any, table: AdapterTable) -> str:
    """`LoRA, rank 8, on query, value: 74,112 parameters trained, 0.33 %`."""
    config = model.active_peft_config
    if table.kind in VIRTUAL:
        what = f"{config.num_virtual_tokens} virtual tokens"
    else:
        named = config.target_modules
        on = ", ".join(sorted(named)) if isinstance(named, list | set | tuple) else str(named)
        what = f"on {on}" if table.kind == "ia3" else f"rank {config.r}, on {on}"
    trained, whole = model.get_nb_trainable_parameters()
    head = ", and the head" if config.modules_to_save else ""
    return f"{TITLES[table.kind]}, {what}{head}: {words.count(trained)} parameters trained, {trained / whole:.2%}"


def save_weights(trainer: Any, folder: Path) -> None:
    """What a checkpoint holds of the model, with its config and tokenizer: as the library saves them, or the adapter."""
    if not is_adapted(trainer.model):
        trainer.save_model(str(folder), _internal_call=True)
        return
    save_adapter(trainer.model, folder)
    base = trainer.model.get_base_model()
    config = copy.deepcopy(base.config)
    config.architectures = [type(base).__name__]
    config.save_pretrained(folder)
    trainer.processing_class.save_pretrained(folder)


def save_adapter(model: Any, folder: Path) -> None:
    """peft's two files; without its README.md, which says nothing."""
    model.save_pretrained(folder, save_embedding_layers=False)
    (folder / "README.md").unlink(missing_ok=True)


def saved_tensors(model: Any) -> list[torch.Tensor]:
    """The tensors that a checkpoint holds of the model."""
    if not is_adapted(model):
        return [*model.parameters(), *model.buffers()]
    return [parameter for parameter in model.parameters() if parameter.requires_grad]


def load_adapter(model: Any, folder: Path) -> None:
    """Puts a checkpoint's adapter and head in place of those that are there."""
    import peft

    peft.set_peft_model_state_dict(model, peft.load_peft_weights(str(folder), device="cpu"))


class Merged:
    """The model of a run that trained an adapter: merged once, however often it has to be written."""

    def __init__(self, model: Any) -> None:
        """The adapted model is used up where it can be merged."""
        self.parts: dict[str, torch.Tensor] = {}
        self._config: Any = None
        self.model = model
        if can_merge(model):
            import peft

            found = peft.get_peft_model_state_dict(model, save_embedding_layers=False)
            self.parts = {name: tensor.detach().to("cpu", copy=True).contiguous() for name, tensor in found.items()}
            self._config = model.active_peft_config
            self.model = model.merge_and_unload()

    def write(self, folder: Path) -> None:
        """The merged model as a plain folder with the adapter in `adapter/`; one that cannot be merged as in a checkpoint."""
        if self._config is None:
            save_adapter(self.model, folder)
            base = self.model.get_base_model()
            config = copy.deepcopy(base.config)
            config.architectures = [type(base).__name__]
            config.save_pretrained(folder)
            return
        from safetensors.torch import save_file

        self.model.save_pretrained(folder)
        beside = folder / ADAPTER_FOLDER
        beside.mkdir(mode=0o700)
        save_file(self.parts, beside / "adapter_model.safetensors", metadata={"format": "pt"})
        config = copy.copy(self._config)
        config.inference_mode = True
        config.save_pretrained(beside)
