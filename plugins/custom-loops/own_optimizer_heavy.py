"""Momentum with Nesterov's step."""

import torch
from transformers import Trainer

from tui_finetune.builtin.heads.text_classification import TextClassificationHead


class Nesterov(Trainer):
    def create_optimizer(self, model=None):
        if self.optimizer is None:  # set to None where parts are frozen or trained again
            trained = [parameter for parameter in (model or self.model).parameters() if parameter.requires_grad]
            self.optimizer = torch.optim.SGD(trained, lr=self.args.learning_rate, momentum=0.9, nesterov=True)
        return self.optimizer


class OwnOptimizerHead(TextClassificationHead):
    def trainer_class(self):
        return Nesterov
