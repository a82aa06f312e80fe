"""Symmetric cross entropy: labels predict the answers too, so that a wrong label pulls less."""

from torch.nn import functional
from transformers import Trainer

from tui_finetune.builtin.heads.text_classification import TextClassificationHead


class SymmetricLoss(Trainer):
    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        labels = inputs["labels"]
        outputs = model(**{name: value for name, value in inputs.items() if name != "labels"})
        likely = outputs.logits.softmax(-1).clamp(1e-4, 1)
        wanted = functional.one_hot(labels, likely.shape[-1]).to(likely).clamp(1e-4, 1)
        both = -(wanted * likely.log() + likely * wanted.log()).sum(-1)
        loss = both.sum() / (len(labels) if num_items_in_batch is None else num_items_in_batch)
        return (loss, outputs) if return_outputs else loss


class OwnLossHead(TextClassificationHead):
    takes_class_weights = False

    def trainer_class(self):
        return SymmetricLoss
