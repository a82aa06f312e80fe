"""token-classification, the light half: a tag for every word: named entities, parts of speech.

Labels stand on the first sub-word of each word. Words that the maximum length cut off have no prediction: they count as
`O`, so an entity among them is missed, as seqeval counts over the whole sentence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tui_finetune.builtin.metrics import tag_names
from tui_finetune.builtin.tasks.labels import ids_of, label_set
from tui_finetune.builtin.tasks.text_classification import log_softmax
from tui_finetune.builtin.tasks.words import placed_words, split_words
from tui_finetune.errors import DataError, Problem, UserError
from tui_finetune.evaluation.classes import NO_LABEL
from tui_finetune.evaluation.entities import has_prefixes, spans
from tui_finetune.evaluation.reports import class_report, entity_report
from tui_finetune.plugin_api import Baseline, Decoded, Encoded, Encoder, FormField, LabelSet, Metric, Role, Task

if TYPE_CHECKING:
    import pyarrow as pa
    from pydantic import BaseModel

IGNORED = -100
"""Label of tokens that the loss leaves out: special tokens, later sub-words, padding."""
TOP_TAGS = 5
"""Scores stored a word."""


class TokenClassification(Task):
    name = "token-classification"
    title = "Token classification"
    help = "A tag for every word: named entities (BIO tags), parts of speech."
    pipeline_tag = "token-classification"
    roles = (
        Role("tokens", "words", usual_names=("tokens", "words", "form", "forms"), help="The words (or characters)."),
        Role(
            "tags",
            "tags",
            gold=True,
            usual_names=("tags", "ner_tags", "ner", "labels", "upos", "pos_tags", "pos", "tag"),
            help="A tag for each word: texts, or integers with names.",
        ),
    )
    heavy = "tui_finetune.builtin.heads.token_classification:TokenClassificationHead"
    shape = "tags"
    metrics = ("f1", "precision", "recall", "accuracy")
    architectures = ("ForTokenClassification",)
    form_fields = (
        FormField("data.columns.tokens", "Column of the words."),
        FormField("data.columns.tags", "Column of the tags, one a word."),
        FormField("data.label_names", "Names for integer tags, in their order."),
    )

    def __init__(self, *, bare_types: bool = False) -> None:
        if bare_types:
            self._bare_types = True

    def variant(self, options: Mapping[str, Any]) -> Task:
        from tui_finetune.builtin.tasks.token_windows import WindowedTokenClassification  # late: it inherits from this

        stride, bare = options.get("doc_stride"), options.get("bare_types") is True
        if isinstance(stride, int) and not isinstance(stride, bool) and stride >= 0:
            return WindowedTokenClassification(stride, bare_types=bare)
        return TokenClassification(bare_types=True) if bare else self

    def options_model(self) -> type[BaseModel]:
        from tui_finetune.builtin.tasks.token_options import TokenClassificationOptions

        return TokenClassificationOptions

    def default_metrics(self, labels: LabelSet) -> tuple[str, ...]:
        """Entity metrics first where the tags mark entities (`B-`, `I-`); else accuracy alone, which parts of speech need."""
        return self.metrics if has_prefixes(labels.names) else ("accuracy",)

    def infer_labels(self, values: pa.ChunkedArray, class_names: Sequence[str] | None) -> LabelSet:
        import pyarrow as pa
        import pyarrow.compute as pc

        kind = values.type
        if not (pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)):
            hint = "A list of tags for each row is expected, one a word."
            raise DataError(Problem(f"the tags column holds {kind}.", key="data.columns", hint=hint))
        found = label_set(pc.list_flatten(values), class_names, "tags")
        texts = [value for value in found.values if isinstance(value, str)]
        texts.sort(key=_tag_order)
        found = LabelSet.of(texts) if len(texts) == len(found) else found
        return _with_prefixes(found) if getattr(self, "_bare_types", False) else found

    # Data -> model

    def encode(self, batch: Mapping[str, Sequence[Any]], encoder: Encoder, labels: LabelSet) -> dict[str, list[Any]]:
        words = batch["tokens"]
        encoded = encoder.words(words)
        starts = [_word_starts(e, len(row)) for e, row in zip(encoded, words, strict=True)]
        columns: dict[str, list[Any]] = {"input_ids": [e.ids for e in encoded]}
        if any(e.type_ids for e in encoded):
            columns["token_type_ids"] = [e.type_ids for e in encoded]
        if "tags" in batch:
            columns["labels"] = [
                token_labels(ids, at, len(e.ids))
                for ids, at, e in zip(gold_ids(words, batch["tags"], labels), starts, encoded, strict=True)
            ]
        columns["length"] = [e.length for e in encoded]
        columns["truncated"] = [e.length > len(e.ids) for e in encoded]
        columns["word_starts"] = starts
        return columns

    # Model -> person

    def decode(
        self,
        logits: Sequence[np.ndarray],
        rows: Mapping[str, Sequence[Any]],
        labels: LabelSet,
        options: Mapping[str, Any],
    ) -> Decoded:
        gold = None
        if "tags" in rows and all(tags is not None for tags in rows["tags"]):
            gold = gold_ids(rows["tokens"], rows["tags"], labels)
        predicted, scores, losses = [], [], []
        for index, (row, starts) in enumerate(zip(logits, rows["word_starts"], strict=True)):
            at = np.asarray(starts, dtype=np.int64)
            seen = at >= 0
            log_scores = np.full((len(at), len(labels)), np.nan)
            log_scores[seen] = log_softmax(row[at[seen]])
            tags = np.full(len(at), NO_LABEL)
            tags[seen] = log_scores[seen].argmax(axis=1)
            predicted.append(tags.tolist())
            scores.append(np.exp(log_scores).astype(np.float32))
            if gold is not None:
                right = np.asarray(gold[index], dtype=np.int64)[seen]
                losses.append(float(-log_scores[seen][np.arange(len(right)), right].mean()) if len(right) else 0.0)
        return Decoded(labels, predicted, gold, scores, None if gold is None else np.asarray(losses))

    def prediction_schema(self, labels: LabelSet) -> pa.Schema:
        """gold and predicted tags, null for words that were cut off; score, the mean of the predicted tags' probabilities;
        per word the ids and scores of the likeliest tags."""
        import pyarrow as pa

        return pa.schema(
            [
                pa.field("gold", pa.list_(pa.string())),
                pa.field("predicted", pa.list_(pa.string())),
                pa.field("score", pa.float32()),
                pa.field("scores", pa.list_(pa.list_(pa.float16()))),
                pa.field("score_ids", pa.list_(pa.list_(pa.int32()))),
            ]
        )

    def prediction_columns(self, decoded: Decoded) -> dict[str, list[Any]]:
        names = decoded.labels.names
        rows = list(zip(decoded.predicted, decoded.scores or (), strict=True))
        top = [np.argsort(-scores, axis=1, kind="stable")[:, :TOP_TAGS] for _, scores in rows]
        return {
            "gold": [None] * len(rows) if decoded.gold is None else [[names[t] for t in row] for row in decoded.gold],
            "predicted": [[None if t == NO_LABEL else names[t] for t in tags] for tags, _ in rows],
            "score": [_mean_score(tags, scores) for tags, scores in rows],
            "scores": [
                [
                    list(word[ids].astype(np.float16)) if tag != NO_LABEL else None
                    for word, ids, tag in zip(s, t, p, strict=True)
                ]
                for (p, s), t in zip(rows, top, strict=True)
            ],
            "score_ids": [
                [ids.tolist() if tag != NO_LABEL else None for ids, tag in zip(t, p, strict=True)]
                for (p, _), t in zip(rows, top, strict=True)
            ],
        }

    def answer(self, decoded: Decoded, index: int, row: Mapping[str, Any]) -> dict[str, Any]:
        """text and entities: label, start, end (characters, end exclusive), text, score (mean over the words).

        Tags without `B-` and `I-` give every tagged word as an entity of its own.
        """
        assert decoded.scores is not None
        names, tags, scores = decoded.labels.names, decoded.predicted[index], decoded.scores[index]
        text, places = placed_words(row["tokens"], row.get("text"))
        said = ["O" if tag == NO_LABEL else names[tag] for tag in tags]
        found = spans(said) if has_prefixes(names) else [(t, i, i + 1) for i, t in enumerate(said) if t != "O"]
        entities = []
        for kind, first, end in found:
            begin, stop = places[first][0], places[end - 1][1]
            score = float(np.mean([scores[i][tags[i]] for i in range(first, end)]))
            entities.append({"label": kind, "start": begin, "end": stop, "text": text[begin:stop], "score": score})
        return {"text": text, "entities": entities}

    def show_answer(self, answer: Mapping[str, Any]) -> list[str]:
        if not answer["entities"]:
            return ["nothing found"]
        return [f"{e['label']}  {e['text']}  {e['score']:.3f}  ({e['start']}-{e['end']})" for e in answer["entities"]]

    def show_error(self, row: Mapping[str, Any]) -> list[str]:
        said = [tag or "O" for tag in row["predicted"]]
        lines = [" ".join(row["tokens"])]
        for name, tags in (("predicted", said), ("gold", row["gold"])):
            lines.append(f"{name:9}  {_in_words(row['tokens'], tags)}")
        return lines

    def baselines(
        self,
        train: Mapping[str, Sequence[Any]],
        test: Mapping[str, Sequence[Any]],
        labels: LabelSet,
        metrics: Sequence[Metric],
    ) -> list[Baseline]:
        from tui_finetune.builtin.tasks.tag_baselines import tag_baselines

        gold = gold_ids(train["tokens"], train["tags"], labels), gold_ids(test["tokens"], test["tags"], labels)
        return tag_baselines(train["tokens"], test["tokens"], *gold, labels, metrics)

    def report(self, decoded: Decoded) -> dict[str, Any]:
        """Entities by type where the tags mark entities; per tag and confusion over the words that were seen."""
        if decoded.gold is None:
            return {}
        seen = [
            (gold, said)
            for row, tags in zip(decoded.gold, decoded.predicted, strict=True)
            for gold, said in zip(row, tags, strict=True)
            if said != NO_LABEL
        ]
        words = Decoded(decoded.labels, [said for _, said in seen], [gold for gold, _ in seen])
        entities = entity_report(*tag_names(decoded)) if has_prefixes(decoded.labels.names) else {}
        counts = {"words": sum(len(row) for row in decoded.gold), "words_seen": len(seen)}
        return {**entities, **class_report(words), **counts}

    def input_row(self, text: str, pair: str | None = None) -> dict[str, Any]:
        """Words of a typed text: split at blanks, every sign of punctuation a word of its own."""
        if pair is not None:
            raise UserError("token-classification reads one text at a time, not pairs.")
        return {"tokens": split_words(text)[0], "text": text}


def _with_prefixes(labels: LabelSet) -> LabelSet:
    """Bare types under the names `I-type`: words of one type beside each other are one entity."""
    if has_prefixes(labels.names):
        hint = "Take bare_types out of [task_options]."
        raise DataError(Problem("the tags have prefixes already.", key="task_options.bare_types", hint=hint))
    return LabelSet(tuple(name if name == "O" else f"I-{name}" for name in labels.names), labels.values)


def _tag_order(tag: str) -> tuple[bool, str, str]:
    """`O` first, then by type, `B-` before `I-`."""
    prefix, _, kind = tag.partition("-")
    return (tag != "O", kind or tag, prefix)


def _word_starts(encoded: Encoded, words: int) -> list[int]:
    """Per word the index of its first token, or -1 where it was cut off or has no token."""
    starts = [-1] * words
    for token, word in enumerate(encoded.word_ids):
        if word is not None and starts[word] < 0:
            starts[word] = token
    return starts


def gold_ids(words: Sequence[Sequence[str]], tags: Sequence[Sequence[Any]], labels: LabelSet) -> list[list[int]]:
    """Tag ids of each row. Raises DataError where a row has another number of tags than words, or an unknown tag."""
    for index, (row, marks) in enumerate(zip(words, tags, strict=True)):
        if len(row) != len(marks):
            message = f"{len(row)} words but {len(marks)} tags, at {' '.join(row[:5])!r} (row {index} of its batch)."
            raise DataError(Problem(message, key="data.columns", hint="Every word needs one tag."))
    flat = iter(ids_of([tag for row in tags for tag in row], labels, "tag"))
    return [[next(flat) for _ in row] for row in tags]


def token_labels(gold: Sequence[int], starts: Sequence[int], tokens: int) -> list[int]:
    """The gold tag on each word's first token, IGNORED elsewhere."""
    found = [IGNORED] * tokens
    for tag, start in zip(gold, starts, strict=True):
        if start >= 0:
            found[start] = tag
    return found


def _mean_score(tags: Sequence[int], scores: np.ndarray) -> float | None:
    seen = [float(scores[i][tag]) for i, tag in enumerate(tags) if tag != NO_LABEL]
    return sum(seen) / len(seen) if seen else None


def _in_words(words: Sequence[str], tags: Sequence[str]) -> str:
    """`person: Barack Obama; location: Hawaii`, or each word with its tag where the tags mark no entities."""
    if has_prefixes([*tags, "B-x"]):
        found = [f"{kind}: {' '.join(words[first:end])}" for kind, first, end in spans(tags)]
        return "; ".join(found) or "nothing"
    return " ".join(f"{word}/{tag}" for word, tag in zip(words, tags, strict=True))
