"""Gradient centralization: the gradient of each weight has no mean."""

from transformers import Trainer

from tui_finetune.builtin.heads.text_classification import TextClassificationHead


class Centred(Trainer):
    def training_step(self, model, inputs, num_items_in_batch=None):
        loss = super().training_step(model, inputs, num_items_in_batch)
        for parameter in model.parameters():
            if parameter.grad is not None and parameter.dim() > 1:
                parameter.grad.sub_(parameter.grad.mean(dim=tuple(range(1, parameter.dim())), keepdim=True))
        return loss


class OwnStepHead(TextClassificationHead):
    def trainer_class(self):
        return Centred
