"""ordinal-classification, the heavy half: a model class that the library does not have.

The pooled first token gives one number, the level on an unbounded scale; K-1 rising thresholds cut that scale into K
levels. Logit k is "higher than level k", so neighbouring levels share what is learnt about them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import AutoConfig, AutoModel, AutoModelForSequenceClassification, PreTrainedConfig, PreTrainedModel
from transformers import initialization as init
from transformers.modeling_outputs import SequenceClassifierOutput

from tui_finetune.plugin_api import HeavyTask, ModelRequest


class OrdinalConfig(PreTrainedConfig):  # type: ignore[misc]
    """Config of an encoder with an ordinal head; `backbone` is the encoder's own config as a dict."""

    model_type = "ordinal-encoder"

    backbone: dict[str, Any] | None = None
    spacing: float = 1.0


class Thresholds(nn.Module):  # type: ignore[misc]
    """`count` rising numbers: a first one, and the distances to the next, which softplus keeps above zero."""

    def __init__(self, count: int, spacing: float) -> None:
        super().__init__()
        self.spacing = spacing
        self.first = nn.Parameter(torch.zeros(1))
        self.distances = nn.Parameter(torch.zeros(count - 1))

    def start(self) -> None:
        """Evenly spaced around zero."""
        count = self.distances.numel() + 1
        init.constant_(self.first, -self.spacing * (count - 1) / 2)
        init.constant_(self.distances, float(torch.log(torch.expm1(torch.tensor(self.spacing)))))

    def forward(self) -> Tensor:
        steps = functional.softplus(self.distances)
        return torch.cat([self.first, self.first + torch.cumsum(steps, dim=0)])


class EncoderForOrdinalClassification(PreTrainedModel):  # type: ignore[misc]
    """An encoder loaded through AutoModel with cumulative logits on top; `logits` are [rows, levels - 1]."""

    config_class = OrdinalConfig
    base_model_prefix = "backbone"
    _supports_sdpa = True

    def __init__(self, config: OrdinalConfig) -> None:
        super().__init__(config)
        backbone = dict(config.backbone or {})
        self.backbone = AutoModel.from_config(AutoConfig.for_model(backbone.pop("model_type"), **backbone))
        size = self.backbone.config.hidden_size
        self.dropout = nn.Dropout(0.1)
        self.level = nn.Linear(size, 1, bias=False)
        self.thresholds = Thresholds(config.num_labels - 1, config.spacing)
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, Thresholds):
            module.start()
        else:
            super()._init_weights(module)

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        labels: Tensor | None = None,
        **inputs: Any,
    ) -> SequenceClassifierOutput:
        states = self.backbone(input_ids=input_ids, attention_mask=attention_mask, **inputs).last_hidden_state
        logits = self.level(self.dropout(states[:, 0])) - self.thresholds()
        loss = None
        if labels is not None:
            higher = labels[:, None] > torch.arange(logits.shape[1], device=labels.device)
            loss = (
                functional.binary_cross_entropy_with_logits(logits, higher.to(logits.dtype), reduction="none")
                .sum(1)
                .mean()
            )
        return SequenceClassifierOutput(loss=loss, logits=logits)


AutoConfig.register(OrdinalConfig.model_type, OrdinalConfig, exist_ok=True)
AutoModelForSequenceClassification.register(OrdinalConfig, EncoderForOrdinalClassification, exist_ok=True)


class OrdinalHead(HeavyTask):
    model_class = "tui_finetune_ordinal.heads:EncoderForOrdinalClassification"

    def load_model(self, request: ModelRequest) -> PreTrainedModel:
        """A saved ordinal model as it is; anything else is taken as the encoder under a new head."""
        if _is_ordinal(request.path):
            return super().load_model(request)
        arguments: dict[str, Any] = {"trust_remote_code": request.trust_remote_code}
        if request.revision is not None:
            arguments["revision"] = request.revision
        backbone = AutoModel.from_pretrained(request.path, use_safetensors=True, **arguments)
        names = dict(enumerate(request.labels.names))
        config = OrdinalConfig(
            backbone=backbone.config.to_dict(),
            spacing=request.options.get("spacing", 1.0),
            id2label=names,
            label2id={name: index for index, name in names.items()},
            pad_token_id=backbone.config.pad_token_id,
        )
        model = EncoderForOrdinalClassification(config)
        model.backbone = backbone
        return model


def _is_ordinal(path: str) -> bool:
    try:
        config = json.loads((Path(path) / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False  # a Hub id: loaded as an encoder
    return bool(config.get("model_type") == OrdinalConfig.model_type)
