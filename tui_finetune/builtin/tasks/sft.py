"""sft, the light half: a language model that learns to answer, from conversations or from instructions with their outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tui_finetune.builtin.tasks.chat_tokens import Chatted, chatted, kept_tokens
from tui_finetune.builtin.tasks.token_losses import (
    IGNORED,
    OUTPUTS,
    TokenTask,
    foretold_words,
    shown_losses,
    token_answer,
    token_decoded,
)
from tui_finetune.plugin_api import Decoded, Encoder, FormField, LabelSet, Role, Task

if TYPE_CHECKING:
    import pyarrow as pa
    from pydantic import BaseModel

CONTINUATION, RENDERED = "continuation", "rendered"
"""What the model answers, of a prediction alone; the text that it read."""


class Sft(TokenTask):
    name = "sft"
    title = "Instruction tuning (SFT)"
    help = "A language model learns to answer: chat messages, instructions with outputs, calls of tools; by TRL."
    pipeline_tag = "text-generation"
    roles: ClassVar[tuple[Role, ...]] = (
        Role(
            "prompt",
            "messages",
            usual_names=(
                *("messages", "conversations", "conversation", "prompt", "instruction", "question", "query"),
                *("dialogue", "dialog", "chat"),
            ),
            help="What is asked: a text, or messages. Messages may hold the answers, too.",
        ),
        Role(
            "input",
            "messages",
            required=False,
            usual_names=("input", "context"),
            help="What an instruction is about: it stands below it.",
        ),
        Role(
            "answer",
            "messages",
            required=False,
            usual_names=("output", "completion", "response", "answer", "chosen"),
            help="What is to be said. Without it the prompt's own answers are learnt.",
        ),
        Role(
            "system",
            "messages",
            required=False,
            usual_names=("system", "system_prompt"),
            help="What is said to the model before all else.",
        ),
        Role(
            "tools",
            "text",
            required=False,
            usual_names=("tools", "functions"),
            missing_is_none=True,
            help="Tools that may be called: a JSON list; another text is told as it is.",
        ),
    )
    heavy = "tui_finetune.builtin.heads.sft:SftHead"
    arguments_class = "trl.SFTConfig"
    packages = ("trl",)
    argument_defaults: ClassVar[Mapping[str, Any]] = {
        "bf16": False,
        "gradient_checkpointing": None,
        "max_length": None,
        "packing": False,
    }
    metrics = ("perplexity", "accuracy")
    architectures = ("ForCausalLM", "LMHeadModel")
    refused_arguments: ClassVar[Mapping[str, str]] = {
        "assistant_only_loss": "use [task_options] learn",
        "completion_only_loss": "use [task_options] learn",
        "max_length": "use [model] max_length",
        "packing": "rows are read one by one",
        "eval_packing": "rows are read one by one",
        "padding_free": "rows are read one by one",
        "chat_template_path": "use [task_options] template",
        "dataset_text_field": "use [data] columns",
        "dataset_kwargs": "rows are encoded by the task",
        "dataset_num_proc": "rows are encoded once, before training",
        "eos_token": "the tokenizer's own is used",
        "pad_token": "the tokenizer's own is used",
        "model_init_kwargs": "use [model]",
        "use_liger_kernel": "the loss is computed by TRL's own code",
    }
    form_fields = (
        FormField("data.columns.prompt", "Column of the messages, or of what is asked."),
        FormField("data.columns.answer", "Column of the answers; leave it empty where the messages have them."),
        FormField("data.columns.tools", "Column of the tools that may be called."),
    )
    template: ClassVar[str | None] = None
    learn: ClassVar[str] = "answers"

    def variant(self, options: Mapping[str, Any]) -> Task:
        template, learn = options.get("template"), options.get("learn")
        return _made(
            template if isinstance(template, str) and template else None,
            learn if learn in ("answers", "last", "all") else "answers",
        )

    def options_model(self) -> type[BaseModel]:
        from tui_finetune.builtin.tasks.sft_options import SftOptions

        return SftOptions

    def options_of(self, config: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """A language model from elsewhere does not say how it was tuned."""
        return None

    def infer_labels(self, values: pa.ChunkedArray, class_names: Sequence[str] | None) -> LabelSet:
        return LabelSet.of(())

    def output_width(self, labels: LabelSet) -> int:
        return OUTPUTS

    # Data -> model

    def encode(self, batch: Mapping[str, Sequence[Any]], encoder: Encoder, labels: LabelSet) -> dict[str, list[Any]]:
        """`labels` are the tokens that are learnt; `asked` how many stand before the last answer; `rendered` the whole text."""
        rows = [dict(zip(batch, values, strict=True)) for values in zip(*batch.values(), strict=True)]
        read = [kept_tokens(one, encoder.max_length) for one in chatted(rows, encoder, self.template, self.learn)]
        return {
            "input_ids": [one.ids for one in read],
            "labels": [
                [token if learnt else IGNORED for token, learnt in zip(one.ids, one.learnt, strict=True)]
                for one in read
            ],
            "token_starts": [[start for start, _ in one.places] for one in read],
            "token_ends": [[end for _, end in one.places] for one in read],
            "foretold_bytes": [_bytes(one) for one in read],
            "asked": [one.asked for one in read],
            RENDERED: [one.text for one in read],
            "length": [one.length for one in read],
            "truncated": [one.length > len(one.ids) for one in read],
        }

    # Model -> person

    def decode(
        self,
        logits: Sequence[np.ndarray],
        rows: Mapping[str, Sequence[Any]],
        labels: LabelSet,
        options: Mapping[str, Any],
    ) -> Decoded:
        """scores: `token_losses.Foretold` of each row."""
        return token_decoded(logits, rows, labels, (CONTINUATION, RENDERED))

    def prediction_schema(self, labels: LabelSet) -> pa.Schema:
        """As of all language models, and `rendered`, the text that the tokens' places are of."""
        import pyarrow as pa

        return pa.schema([*super().prediction_schema(labels), pa.field(RENDERED, pa.string())])

    def prediction_columns(self, decoded: Decoded) -> dict[str, list[Any]]:
        rendered = [found.said.get(RENDERED) for found in decoded.scores or ()]
        return {**super().prediction_columns(decoded), RENDERED: rendered}

    def answer(self, decoded: Decoded, index: int, row: Mapping[str, Any]) -> dict[str, Any]:
        """prompt, continuation (the model's answer), rendered (what it read), and how well an answer that was given was
        foretold: loss, perplexity, tokens."""
        assert decoded.scores is not None
        found = decoded.scores[index]
        texts = {name: row[name] for name in ("prompt", "input") if row.get(name)}
        read = str(found.said.get(RENDERED) or "")
        foretold = token_answer(found, read)
        return {**texts, CONTINUATION: found.said.get(CONTINUATION) or "", RENDERED: read, **foretold}

    def show_answer(self, answer: Mapping[str, Any]) -> list[str]:
        written = (answer[CONTINUATION] or "nothing").splitlines() or [""]
        return [*written, *(shown_losses(answer) if answer["tokens"] else ())]

    def show_error(self, row: Mapping[str, Any]) -> list[str]:
        texts = [str(row[name]) for name in ("prompt", "input", "answer") if row.get(name)]
        return [*(texts or [""]), foretold_words(row)]

    def input_row(self, text: str, pair: str | None = None) -> dict[str, Any]:
        """A prompt (or a conversation so far), and what it is about."""
        return {"prompt": text} if pair is None else {"prompt": text, "input": pair}


def _bytes(read: Chatted) -> int:
    """Of the text that is learnt."""
    runs: list[tuple[int, int]] = []
    before = False
    for (start, stop), learnt in zip(read.places, read.learnt, strict=True):
        if learnt:
            begin = runs.pop()[0] if before and runs else start
            runs.append((begin, stop))
        before = learnt
    return sum(len(read.text[begin:end].encode("utf-8", "replace")) for begin, end in runs)


@cache
def _made(template: str | None, learn: str) -> Sft:
    found: Sft = type("Sft", (Sft,), {"template": template, "learn": learn})()
    return found
