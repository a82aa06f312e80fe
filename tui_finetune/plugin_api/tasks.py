"""Task heads, the light half: what a task is called, reads, predicts and is measured by. No torch, ever.

The heavy half (model class, collator, logits) is named by `Task.heavy` and resolved in worker and helpers only:
see `tui_finetune.plugin_api.heavy`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from pydantic import BaseModel

    from tui_finetune.errors import Problem
    from tui_finetune.plugin_api.chat import Chat

RoleKind = Literal["text", "label", "labels", "words", "tags", "number", "answers", "messages"]
Shape = Literal["labels", "tags", "numbers", "multilabels", "answers", "tokens", "preferences", "ranks", "texts"]
"""What a prediction of a row is: a label id; a tag id a word; a number or a list of numbers; a list of label ids; a text; how
many of its tokens were foretold; how much higher the preferred of two answers is rated than the other; the places in a search of
what belongs to a text; a text that was written."""
UNLABELLED: tuple[RoleKind, ...] = ("number", "answers", "messages", "text")
"""Kinds of gold that are not looked up among the labels: these only name what the model gives."""
READ = ("text", "text_pair", "question", "context", "prompt", "chosen", "rejected")
"""Roles whose texts stand for a row where it is shown in a line: the first of a pair, then the second."""
BY_TOKEN: tuple[Shape, ...] = ("tags", "answers", "tokens")
"""Shapes whose model gives numbers for each token."""
LabelValue = str | int | bool


@dataclass(frozen=True)
class Role:
    """A column that a task reads, by its part in the task."""

    name: str
    """`text`, `text_pair`, `label`, `tokens`, `tags`: key of `[data] columns`, and the column's name from then on."""
    kind: RoleKind
    """text: string; label: string, integer or boolean; labels: a list of labels, or a text of them with `separator` between;
    words: list of strings; tags: list of labels, one a word; number: float, or a list of floats; answers: SQuAD's, a struct of
    lists `text` and `answer_start` or a list of structs of these; messages: a conversation, as
    `tui_finetune.plugin_api.conversations` keeps it, or a text."""
    required: bool = True
    gold: bool = False
    """True for what is to be predicted: absent when predicting."""
    usual_names: tuple[str, ...] = ()
    """Column names by which it is guessed, likeliest first."""
    help: str = ""
    separator: str = ","
    """Of kind labels: what stands between them where they are one text."""
    missing_is_none: bool = False
    """Of kind labels: a row without a value is one without a label; of kind text: it has an empty one."""
    otherwise: str = ""
    """Said where there is no such column: what to set instead."""
    by_name: bool = False
    """Guessed by its names only, not by what columns hold."""


@dataclass(frozen=True)
class LabelSet:
    """The labels of a run, in order: position = id of the model's output. Written into the recipe as `[data] labels`."""

    names: tuple[str, ...]
    """Shown and saved in config.json as id2label."""
    values: tuple[LabelValue, ...]
    """As they stand in the data; parallel to `names`."""

    @classmethod
    def of(cls, values: Sequence[LabelValue], names: Sequence[str] | None = None) -> LabelSet:
        """A label set of raw values in the given order; names default to `str`, booleans to `false` and `true`."""
        if names is None:
            names = [str(v).lower() if isinstance(v, bool) else str(v) for v in values]
        return cls(tuple(names), tuple(values))

    def __len__(self) -> int:
        return len(self.names)

    def ids(self) -> dict[LabelValue, int]:
        """Raw value to id; booleans and integers do not collide with strings."""
        return {value: index for index, value in enumerate(self.values)}

    def id_of(self, value: object) -> int | None:
        """Id of a raw value, of its name, or None: `1`, `"1"` and a class name all find their label."""
        for index, (raw, name) in enumerate(zip(self.values, self.names, strict=True)):
            if (value == raw and isinstance(value, bool) == isinstance(raw, bool)) or value == name:
                return index
        return None


class Encoded(Protocol):
    """Tokens of one input."""

    ids: list[int]
    type_ids: list[int]
    word_ids: list[int | None]
    """Per token the index of its word (of the given words, or as the tokenizer splits), None for special tokens."""
    offsets: list[tuple[int, int]]
    """Per token start and end in characters of its text; (0, 0) for special tokens."""
    length: int
    """Tokens before anything was cut, special tokens included."""
    sequence_ids: list[int | None]
    """Of windows, per token: 0 for the first text, 1 for the second, None for special tokens. Empty elsewhere."""


class Encoder(Protocol):
    """A tokenizer, light (`tokenizers`) or heavy (transformers): the same result from both, which a test compares."""

    max_length: int

    def texts(self, texts: Sequence[str], pairs: Sequence[str] | None = None) -> list[Encoded]:
        """Single texts or pairs, cut to max_length (longest first for pairs), special tokens added, no padding."""

    def words(self, words: Sequence[Sequence[str]]) -> list[Encoded]:
        """Texts given as words; word_ids refer to them."""

    def windows(self, texts: Sequence[str], pairs: Sequence[str], stride: int) -> list[list[Encoded]]:
        """Pairs as windows of max_length over the second text, the first in front of each; nothing of the second is cut.

        Each window begins with the last `stride` tokens of the one before. See `tui_finetune.plugin_api.windows`.
        """

    def word_windows(self, words: Sequence[Sequence[str]], stride: int) -> list[list[Encoded]]:
        """Texts given as words as windows of max_length; word_ids are those of the whole text."""

    def whole(self, texts: Sequence[str], *, special: bool = True) -> list[Encoded]:
        """Texts of any length, nothing cut. special: with the special tokens that the tokenizer puts around a text."""

    @property
    def chat(self) -> Chat:
        """The tokenizer's chat template and special tokens: see `tui_finetune.plugin_api.chat`."""


@dataclass(frozen=True)
class Decoded:
    """Predictions of some rows in the units that metrics take, parallel to the rows."""

    labels: LabelSet
    predicted: Sequence[Any]
    """A label id a row; a list of tag ids (one a word); a float or a list of them; a list of label ids, in their order; a text,
    empty where there is no answer; of tokens the number of those of which the likeliest was the right one."""
    gold: Sequence[Any] | None = None
    """Likewise, or None where there is none. Of answers: the list of texts that are right, empty where none is. Of tokens the
    number of those that were to be predicted."""
    scores: Sequence[Any] | None = None
    """Per row: probabilities of all labels [labels]; for tags [words, labels]; for tokens what the task shows of them."""
    losses: np.ndarray | None = None
    """Loss of each row, where gold is known; shape [rows]. Of tokens the mean over those of the row that were to be predicted."""
    sizes: np.ndarray | None = None
    """Of tokens: bytes of text (UTF-8) that those of each row that were to be predicted stand for; shape [rows]."""


@dataclass(frozen=True)
class Metric:
    """A number about predictions, as a pure numpy function."""

    name: str
    shape: Shape
    """Which `Decoded` it takes."""
    compute: MetricFunction
    """The number, or nan where it is undefined for this input."""
    range: tuple[float, float] = (0.0, 1.0)
    greater_is_better: bool = True
    help: str = ""
    """What it is, when it is undefined, and its source."""


class MetricFunction(Protocol):
    def __call__(self, decoded: Decoded, /) -> float: ...


@dataclass(frozen=True)
class Baseline:
    """What a trivial method reaches on the same split."""

    name: str
    """`majority`, `tfidf`."""
    metrics: Mapping[str, float]
    help: str = ""


@dataclass(frozen=True)
class FormField:
    """A field that the task adds to a form beside its options: recipe key and a sentence."""

    key: str
    help: str = ""


class Task(ABC):
    """A task head, light half. One instance is registered; it holds no state."""

    name: ClassVar[str]
    """`text-classification`: key of the recipe; the Hub's pipeline tag where there is one."""
    title: ClassVar[str] = ""
    help: ClassVar[str] = ""
    pipeline_tag: ClassVar[str | None] = None
    roles: ClassVar[tuple[Role, ...]]
    heavy: ClassVar[str]
    """`package.module:attribute` of a HeavyTask subclass."""
    arguments_class: ClassVar[str] = "transformers.TrainingArguments"
    shape: ClassVar[Shape]
    """Which metrics fit."""
    metrics: ClassVar[tuple[str, ...]]
    """Names of the default metrics, the main one first; `metric_for_best_model` is the main one."""
    architectures: ClassVar[tuple[str, ...]] = ()
    """Endings of class names in config.json that mean a model of this task: `ForSequenceClassification`."""
    form_fields: ClassVar[tuple[FormField, ...]] = ()
    windowed: ClassVar[bool] = False
    """A row that is longer than the model reads is read in windows, not cut."""
    typed_pair: ClassVar[Literal["optional", "yes"] | None] = None
    """Whether a person types a second text to predict; None where the roles tell."""
    together: ClassVar[bool] = False
    """What is said of a row hangs on the other rows of its split: all of them are decoded at once."""
    argument_defaults: ClassVar[Mapping[str, Any]] = {}
    """Values of `[train]` where the recipe has none, and the arguments class would take others than this program does."""
    packages: ClassVar[tuple[str, ...]] = ()
    """What has to be installed beside this program for the heavy half: names of modules."""
    refused_arguments: ClassVar[Mapping[str, str]] = {}
    """Keys of `[train]` that would train something else than the task, and why: `label_smoothing_factor`."""

    def variant(self, options: Mapping[str, Any]) -> Task:
        """The task as these `[task_options]` have it; another object of the same name where they change its shape or roles.

        `options` may be as somebody wrote them: values of a wrong type are told elsewhere.
        """
        return self

    def variants(self) -> tuple[Mapping[str, Any], ...]:
        """Options of the variants that are tried where the task is guessed from columns, likeliest first."""
        return ({},)

    def options_of(self, config: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Options for a model that was trained elsewhere, by its config.json, whose architecture is the task's; None where it
        is for something else."""
        return {}

    def options_model(self) -> type[BaseModel] | None:
        """Pydantic model (extra="forbid") of `[task_options]`, or None when there are none."""
        return None

    def default_metrics(self, labels: LabelSet) -> tuple[str, ...]:
        """Names of the default metrics for a label set, the main one first, where the labels make a difference."""
        return self.metrics

    @property
    def gold_role(self) -> Role | None:
        return next((role for role in self.roles if role.gold), None)

    def role(self, name: str) -> Role | None:
        return next((role for role in self.roles if role.name == name), None)

    # Data -> model

    def row_problems(self, rows: Mapping[str, Sequence[Any]], labels: LabelSet) -> list[Problem]:
        """What is wrong with the rows of a split (by role, and `row_id`) beyond what columns and labels are looked at for."""
        return []

    @abstractmethod
    def infer_labels(self, values: pa.ChunkedArray, class_names: Sequence[str] | None) -> LabelSet:
        """The label set from the gold column of train (role kind label: scalars; tags: lists). Order is stable.

        Raises DataError where the values cannot be labels (floats, thousands of distinct texts, one label only).
        """

    @abstractmethod
    def encode(self, batch: Mapping[str, Sequence[Any]], encoder: Encoder, labels: LabelSet) -> dict[str, list[Any]]:
        """Model inputs of rows given by role: `input_ids`, `token_type_ids`, `labels` (only where gold is in the batch),
        `length` (tokens before cutting), `truncated` (bool), and what `decode` needs again (for instance `word_starts`).

        A value a row; or, where a row may give several features, a value a feature with the column `ROW_INDEX`.
        """

    # Model -> person

    def output_width(self, labels: LabelSet) -> int:
        """Numbers that the model gives a row (or a token): one a label, unless the head has another shape."""
        return len(labels)

    @abstractmethod
    def decode(
        self,
        logits: Sequence[np.ndarray],
        rows: Mapping[str, Sequence[Any]],
        labels: LabelSet,
        options: Mapping[str, Any],
    ) -> Decoded:
        """Predictions from the model's raw output. `logits[i]` belongs to row i without padding: [labels], or
        [tokens, labels]. `rows` holds the columns of `encode` and the role columns. With gold in `rows`, also losses.

        Where `encode` gave several features a row, `logits` and the columns of `encode` are by feature, the role columns by
        row, and `rows[ROW_INDEX]` tells which feature is of which row; what is decoded is by row."""

    def tuned(self, decoded: Decoded, options: Mapping[str, Any]) -> dict[str, Any]:
        """The options with what is tuned on validation, for instance thresholds; `options` themselves where nothing is.

        `decoded` is validation, with gold and scores. What comes back goes into `decode` and is kept with the model.
        """
        return dict(options)

    @abstractmethod
    def prediction_schema(self, labels: LabelSet) -> pa.Schema:
        """Arrow fields gold, predicted, score, scores of predictions.parquet (the common ones are added around them)."""

    @abstractmethod
    def prediction_columns(self, decoded: Decoded) -> dict[str, list[Any]]:
        """The columns of `prediction_schema`, one value a row."""

    @abstractmethod
    def answer(self, decoded: Decoded, index: int, row: Mapping[str, Any]) -> dict[str, Any]:
        """One prediction as JSON: `text`, and `label`, `score`, `scores`, or `entities` with character offsets."""

    @abstractmethod
    def show_answer(self, answer: Mapping[str, Any]) -> list[str]:
        """An answer as raw lines for a person; the caller makes them Shown."""

    @abstractmethod
    def show_error(self, row: Mapping[str, Any]) -> list[str]:
        """A row of predictions.parquet that is wrong, as raw lines: what was there, what was said."""

    def baselines(
        self,
        train: Mapping[str, Sequence[Any]],
        test: Mapping[str, Sequence[Any]],
        labels: LabelSet,
        metrics: Sequence[Metric],
    ) -> list[Baseline]:
        """Trivial methods on the same rows (by role), measured by the same metrics; none by default."""
        return []

    def report(self, decoded: Decoded) -> dict[str, Any]:
        """Figures beyond the metrics, as JSON, for evaluations/: per class, confusion counts, entities by type."""
        return {}

    def input_row(self, text: str, pair: str | None = None) -> dict[str, Any]:
        """A row by role from what a person typed into predict. Raises UserError where the task takes no such text."""
        return {"text": text} if pair is None else {"text": text, "text_pair": pair}
