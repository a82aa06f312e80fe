"""text2text-generation, the light half: a text from a text, by an encoder-decoder. Translation, summaries, corrections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tui_finetune.evaluation.generated import character_counts, chrf, chrf_of
from tui_finetune.plugin_api import Baseline, Decoded, Encoder, FormField, LabelSet, Metric, Role, Shape, Task

if TYPE_CHECKING:
    import pyarrow as pa
    from pydantic import BaseModel

TARGET_LENGTH = 128
PROBE = "a"
"""Any text: where its own tokens stand among the special ones is where those of every target stand."""
WRITTEN = np.dtype([("text", object), ("loss", np.float64)])
"""The raw output of a row, of which there is one: what was written, None where nothing was asked for, and nats a token of the
target, nan where that is not known."""
PARTS = 4
"""Of the rows, by the length of their targets, that a report tells apart."""


@dataclass(frozen=True)
class Settings:
    """What rows are encoded by."""

    prefix: str = ""
    max_target_length: int = TARGET_LENGTH
    source_language: str | None = None
    target_language: str | None = None
    generate_in_training: bool = True


class Text2Text(Task):
    name = "text2text-generation"
    title = "Text to text"
    help = "A text from a text: translation, summaries, corrections, by an encoder-decoder (T5, BART, mBART)."
    pipeline_tag = None
    roles: ClassVar[tuple[Role, ...]] = (
        Role(
            "text",
            "text",
            usual_names=(
                "source",
                "src",
                "input",
                "article",
                "document",
                "dialogue",
                "dialog",
                "text",
                "question",
                "sentence",
            ),
            help="What is read.",
        ),
        Role(
            "target",
            "text",
            gold=True,
            by_name=True,
            usual_names=(
                "tgt",
                "target_text",
                "summary",
                "highlights",
                "translation",
                "abstract",
                "output",
                "correction",
                "headline",
            ),
            otherwise='Of a language a column: [data] columns = { text = "en", target = "de" }.',
            help="What is to be written.",
        ),
    )
    heavy = "tui_finetune.builtin.heads.text2text:Text2TextHead"
    shape: ClassVar[Shape] = "texts"
    metrics = ("chrf", "bleu", "rougeL")
    architectures = ("ForConditionalGeneration", "EncoderDecoderModel")
    form_fields = (
        FormField("data.columns.text", "Column of the texts that are read."),
        FormField("data.columns.target", "Column of the texts that are to be written."),
    )

    def __init__(self, settings: Settings | None = None) -> None:
        if settings is not None:
            self._settings = settings

    @property
    def settings(self) -> Settings:
        return getattr(self, "_settings", Settings())

    def variant(self, options: Mapping[str, Any]) -> Task:
        kinds = {"max_target_length": int, "generate_in_training": bool}
        given = {
            one.name: options[one.name]
            for one in fields(Settings)
            if isinstance(options.get(one.name), kinds.get(one.name, str))
        }
        return Text2Text(Settings(**given)) if given else self

    def options_model(self) -> type[BaseModel]:
        from tui_finetune.builtin.tasks.text_options import Text2TextOptions

        return Text2TextOptions

    def infer_labels(self, values: pa.ChunkedArray, class_names: Sequence[str] | None) -> LabelSet:
        return LabelSet.of(())

    def output_width(self, labels: LabelSet) -> int:
        return 1

    # Data -> model

    def encode(self, batch: Mapping[str, Sequence[Any]], encoder: Encoder, labels: LabelSet) -> dict[str, list[Any]]:
        """labels: the tokens of the target, as the tokenizer puts special ones around a text, an end at any rate."""
        sources = encoder.texts([f"{self.settings.prefix}{text}" for text in batch["text"]])
        cut = [one.length > len(one.ids) for one in sources]
        columns: dict[str, list[Any]] = {
            "input_ids": [one.ids for one in sources],
            "length": [one.length for one in sources],
            "truncated": cut,
        }
        if any(one.type_ids for one in sources):
            columns["token_type_ids"] = [one.type_ids for one in sources]
        if "target" in batch:
            before, after = self._around(encoder)
            room = max(0, self.settings.max_target_length - len(before) - len(after))
            own = [one.ids for one in encoder.whole(batch["target"], special=False)]
            columns["labels"] = [[*before, *ids[:room], *after] for ids in own]
            columns["truncated"] = [one or len(ids) > room for one, ids in zip(cut, own, strict=True)]
        return columns

    def _around(self, encoder: Encoder) -> tuple[list[int], list[int]]:
        """Tokens before and after a target."""
        whole, bare = encoder.whole([PROBE])[0].ids, encoder.whole([PROBE], special=False)[0].ids
        start = next(place for place in range(len(whole)) if whole[place : place + len(bare)] == bare)
        before, after = list(whole[:start]), list(whole[start + len(bare) :])
        source, target = self.settings.source_language, self.settings.target_language
        if source is not None and target is not None:
            old, new = _token(encoder, source), _token(encoder, target)
            before, after = ([new if one == old else one for one in part] for part in (before, after))
        if not after and encoder.chat.end:
            after = list(encoder.whole([encoder.chat.end], special=False)[0].ids)
        return before, after

    # Model -> person

    def decode(
        self,
        logits: Sequence[np.ndarray],
        rows: Mapping[str, Sequence[Any]],
        labels: LabelSet,
        options: Mapping[str, Any],
    ) -> Decoded:
        """`logits[i]` is of the type `WRITTEN`, one value. predicted and gold: texts."""
        said = [row["text"][0] for row in logits]
        losses = np.array([row["loss"][0] for row in logits], dtype=np.float64)
        targets = rows.get("target")
        gold = list(targets) if targets is not None and all(text is not None for text in targets) else None
        return Decoded(labels, said, gold, None, losses if gold is not None and np.isfinite(losses).all() else None)

    def prediction_schema(self, labels: LabelSet) -> pa.Schema:
        """gold and predicted: texts; chrf: of this row alone, from 0 to 100."""
        import pyarrow as pa

        return pa.schema(
            [pa.field("gold", pa.string()), pa.field("predicted", pa.string()), pa.field("chrf", pa.float32())]
        )

    def prediction_columns(self, decoded: Decoded) -> dict[str, list[Any]]:
        said, gold = list(decoded.predicted), decoded.gold
        return {
            "gold": [None] * len(said) if gold is None else list(gold),
            "predicted": said,
            "chrf": [None] * len(said) if gold is None else list(map(chrf, said, gold)),
        }

    def answer(self, decoded: Decoded, index: int, row: Mapping[str, Any]) -> dict[str, Any]:
        """text, and what was written: generated."""
        return {"text": row.get("text") or "", "generated": decoded.predicted[index] or ""}

    def show_answer(self, answer: Mapping[str, Any]) -> list[str]:
        return (answer["generated"] or "nothing").splitlines() or [""]

    def show_error(self, row: Mapping[str, Any]) -> list[str]:
        near = "" if row.get("chrf") is None else f"  chrF {row['chrf']:.1f}"
        return [row["text"] or "", f"predicted  {row['predicted'] or 'nothing'}{near}", f"gold       {row['gold']}"]

    def baselines(
        self,
        train: Mapping[str, Sequence[Any]],
        test: Mapping[str, Sequence[Any]],
        labels: LabelSet,
        metrics: Sequence[Metric],
    ) -> list[Baseline]:
        from tui_finetune.builtin.tasks.generation_baselines import generation_baselines

        return generation_baselines(train["text"], train["target"], test["text"], test["target"], metrics)

    def report(self, decoded: Decoded) -> dict[str, Any]:
        """`texts`: rows, those written letter by letter, the empty ones, letters written and letters there; and `parts`: the
        rows by the length of their targets."""
        if decoded.gold is None or any(text is None for text in decoded.predicted):
            return {}
        said, gold = list(decoded.predicted), list(decoded.gold)
        return {
            "texts": {
                "rows": len(said),
                "exact": sum(one.strip() == other.strip() for one, other in zip(said, gold, strict=True)),
                "empty": sum(not one.strip() for one in said),
                "written": sum(map(len, said)),
                "there": sum(map(len, gold)),
                "parts": _parts(said, gold),
            }
        }


def _token(encoder: Encoder, language: str) -> int:
    """The token of a language. The heavy half has refused one that the tokenizer does not have."""
    return encoder.whole([language], special=False)[0].ids[0]


def _parts(said: Sequence[str], gold: Sequence[str]) -> list[dict[str, Any]]:
    """Fourths of the rows by the letters of their targets: how near they are."""
    lengths = np.array([len(text) for text in gold])
    order = np.argsort(lengths, kind="stable")
    counts = [character_counts(*pair) for pair in zip(said, gold, strict=True)]
    return [
        {
            "from": int(lengths[part].min()),
            "to": int(lengths[part].max()),
            "rows": len(part),
            "chrf": chrf_of(np.sum([counts[place] for place in part], axis=0)),
            "written": sum(len(said[place]) for place in part) / max(1, int(lengths[part].sum())),
        }
        for part in (np.array_split(order, min(PARTS, len(order))) if len(order) else [])
    ]
