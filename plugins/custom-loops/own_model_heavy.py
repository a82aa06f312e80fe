"""BERT whose head sees the mean of all tokens, through one more layer."""

from torch import nn
from transformers import BertForSequenceClassification
from transformers.modeling_outputs import SequenceClassifierOutput

from tui_finetune.builtin.heads.text_classification import TextClassificationHead


class BertForMeanPooledClassification(BertForSequenceClassification):
    def __init__(self, config):
        super().__init__(config)
        self.deeper = nn.Linear(config.hidden_size, config.hidden_size)
        self.post_init()

    def forward(self, input_ids, attention_mask, token_type_ids=None, labels=None, **more):
        found = self.bert(input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids).last_hidden_state
        mask = attention_mask.unsqueeze(-1)
        mean = (found * mask).sum(1) / mask.sum(1)
        logits = self.classifier(self.dropout(self.deeper(mean).tanh()))
        loss = None if labels is None else nn.functional.cross_entropy(logits, labels)
        return SequenceClassifierOutput(loss=loss, logits=logits)


class OwnModelHead(TextClassificationHead):
    model_class = "own_model_heavy:BertForMeanPooledClassification"
