"""The recipe: one declaration, of which form rows, `--set` keys, JSON Schema, reference page and messages are renderings.

Types are strict (`"16"` is not a whole number) and unknown keys are refused. What needs the catalog of plugins or the
tables of the arguments class is checked in `load.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from tui_finetune.config.health_table import HealthTable
from tui_finetune.config.table import Table

VERSION: Final = 1
"""Version of the recipe that this program reads."""

LabelValue = str | int | bool
PathOrSplit = float | str | list[str]
"""A fraction of train, a split's name, or a path (or several)."""

DEVICE = r"^(auto|cpu|cuda:\d+)$"


class OfTable(Table):
    """What the run is about or starts from: another run."""

    run: Annotated[str, Field(min_length=1, description="The run: id, unique beginning, last four, name, or latest.")]
    checkpoint: Annotated[
        int | None, Field(ge=0, description="Step of one of its checkpoints; without it the run's final model.")
    ] = None
    optimizer: Annotated[
        Literal["keep", "fresh"] | None,
        Field(
            description="With a checkpoint: keep goes on from it with optimizer, schedule, random numbers and place in the "
            "data; fresh begins at step 0 with its weights alone."
        ),
    ] = None


class RunTable(Table):
    """Where and how the run is done."""

    device: Annotated[
        str, Field(pattern=DEVICE, description="auto (the GPU with most free memory, else the CPU), cpu, or cuda:N.")
    ] = "auto"
    seed: Annotated[
        int, Field(ge=0, lt=2**32, description="Seed of everything that is drawn: split, sample, order, new weights.")
    ] = 42
    queue: Annotated[
        bool, Field(description="Wait until no other run of this home works on the device; else begin at once.")
    ] = False
    after: Annotated[
        str | None,
        Field(min_length=1, description="Wait until another run has finished: id, last four, name, or latest."),
    ] = None
    after_any: Annotated[
        bool, Field(description="Go on however the run in `after` ended; else only once it has finished.")
    ] = False
    auto_resume: Annotated[
        int,
        Field(ge=0, le=100, description="How often the next attempt begins by itself after it died or was pre-empted."),
    ] = 0
    notify: Annotated[
        list[str] | None,
        Field(
            description='Who is told when it ends or is not well: "bell", "desktop", "command: notify.sh", '
            '"webhook: env:NAME", "webhook: file:PATH"; without it the channels of settings.toml.'
        ),
    ] = None


class MixTable(Table):
    """A further set whose rows are trained on."""

    path: Annotated[str, Field(min_length=1, description="File, folder, glob or Hub id.")]
    subset: Annotated[str | None, Field(description="Where the source has several.")] = None
    split: Annotated[str, Field(min_length=1, description="Its split that is trained on.")] = "train"
    columns: Annotated[dict[str, str], Field(description="Role to column, where it calls them otherwise.")] = Field(
        default_factory=dict
    )
    weight: Annotated[
        float | None, Field(gt=0, allow_inf_nan=False, description="Its rows for each row of the main set; else all.")
    ] = None


class DataTable(Table):
    """What is trained on. `source` or `path` is required; the rest is found out and said."""

    source: Annotated[
        str | None, Field(description="Kind of data; found by a look at the path where it is left out.")
    ] = None
    path: Annotated[
        str | list[str] | None,
        Field(description="File, folder, glob, list of them, or Hub id. Relative to the recipe's folder."),
    ] = None
    subset: Annotated[str | None, Field(description="Where the source has several (Hub: configuration).")] = None
    revision: Annotated[str | None, Field(description="Hub: branch, tag or commit.")] = None
    split: Annotated[str, Field(min_length=1, description="Split that is trained on.")] = "train"
    validation: Annotated[
        PathOrSplit | None,
        Field(
            description="A fraction of train (stratified), a split's name, or a path (written with a slash or an ending). "
            "Without it the source's own validation split, else 10 % of train."
        ),
    ] = None
    test: Annotated[
        PathOrSplit | None,
        Field(
            description="Likewise. Without it the source's own test split; where there is none the final metrics are "
            "validation's, and say so."
        ),
    ] = None
    groups: Annotated[
        str | None,
        Field(
            min_length=1,
            description="Column whose equal values stay on one side when a share of train is taken: the author of a text, "
            "its document.",
        ),
    ] = None
    time: Annotated[
        str | None,
        Field(
            min_length=1, description="Column by which a share of train is its newest rows: a date, a number, a text."
        ),
    ] = None
    near_together: Annotated[
        bool,
        Field(
            description="Rows whose texts are the same or nearly so come to one side when a share of train is taken: what is "
            "measured was then not nearly trained on."
        ),
    ] = False
    split_file: Annotated[
        str | None,
        Field(
            min_length=1,
            description="CSV with the columns row_id and split, as `data split -o` writes it: which rows of the trained split "
            "are train, validation and test. Rows that it does not name are left out.",
        ),
    ] = None
    folds: Annotated[
        int | None,
        Field(
            ge=2,
            le=1000,
            description="Divide train into so many parts of like size, labels in proportion: `fold` is validation, the "
            "others are trained on. With groups or near_together what belongs together comes to one part.",
        ),
    ] = None
    fold: Annotated[
        int | None, Field(ge=1, description="Which of `folds` is held out, from 1; 1 where it is silent.")
    ] = None
    mix: Annotated[
        list[MixTable],
        Field(
            description="Further sets whose rows are trained on beside these, `weight` of them for each row of train, else all; "
            'validation and test stay those of `path`: [{ path = "old.csv", weight = 0.5 }]. Each has path, and where needed '
            "subset, split and columns."
        ),
    ] = Field(default_factory=list)
    columns: Annotated[
        dict[str, str],
        Field(description='Role to column, as in { text = "review", label = "stars" }; guessed where silent.'),
    ] = Field(default_factory=dict)
    labels: Annotated[
        list[LabelValue] | None,
        Field(
            min_length=1,
            description="The labels as they stand in the data, in the order of the model's outputs; else found in train.",
        ),
    ] = None
    label_names: Annotated[
        list[str] | None,
        Field(min_length=1, description="Names for `labels`, in the same order: what is shown and saved."),
    ] = None
    limit: Annotated[
        int | None,
        Field(ge=1, description="Train on a seeded sample of at most this many rows, taken after splitting."),
    ] = None
    limit_eval: Annotated[int | None, Field(ge=1, description="The same for validation and test, each.")] = None
    edits: Annotated[
        str | None,
        Field(
            min_length=1,
            description="File of edits that are put onto the rows before anything else: what `data edits` and the Data screen "
            "write. The source is not changed.",
        ),
    ] = None
    options: Annotated[dict[str, Any], Field(description="The source's own options.")] = Field(default_factory=dict)


class PreprocessStep(Table):
    """A transform of the rows, before they are split and encoded; steps are done in order."""

    use: Annotated[str, Field(min_length=1, description="Name of the preprocessor, from a plugin.")]
    options: Annotated[dict[str, Any], Field(description="The preprocessor's own options.")] = Field(
        default_factory=dict
    )


class ModelTable(Table):
    """The model that training starts from."""

    path: Annotated[
        str,
        Field(
            min_length=1,
            description="Hub id, folder, run:<run> for another run's model, or builtin:<name> for an installed one.",
        ),
    ]
    revision: Annotated[str | None, Field(description="Hub: branch, tag or commit.")] = None
    max_length: Annotated[
        int | None,
        Field(ge=2, description="Longest input in tokens, the rest is cut; without it the model's own, at most 512."),
    ] = None
    trust_remote_code: Annotated[bool, Field(description="Run code from the model's repository.")] = False
    freeze: Annotated[
        list[str],
        Field(
            description='Parts that are not trained, by name within the encoder: ["embeddings", "encoder.layer.0-2"].'
        ),
    ] = Field(default_factory=list)
    freeze_layers: Annotated[
        int | None,
        Field(ge=0, description="The embeddings and so many of the lowest layers are not trained."),
    ] = None
    unfreeze_every: Annotated[
        float | None,
        Field(
            gt=0,
            allow_inf_nan=False,
            description="Gradual unfreezing: training begins with the head alone, and each so many steps (below 1: this "
            "share of all steps) one more layer is trained, from the highest down, the embeddings last.",
        ),
    ] = None
    dropout: Annotated[
        float | None,
        Field(
            ge=0, lt=1, allow_inf_nan=False, description="Dropout of all parts while training; else the model's own."
        ),
    ] = None


class GroupTable(Table):
    """Parameters with a learning rate or a weight decay of their own."""

    match: Annotated[
        list[str],
        Field(min_length=1, description='Parts by name, as in model.freeze: ["encoder.layer.10-11", "pooler"].'),
    ]
    learning_rate: Annotated[
        float | None, Field(gt=0, allow_inf_nan=False, description="Their rate; a share of train.learning_rate then.")
    ] = None
    weight_decay: Annotated[float | None, Field(ge=0, allow_inf_nan=False, description="Their weight decay.")] = None


class OptimTable(Table):
    """What the arguments class has no field for."""

    head_learning_rate: Annotated[
        float | None,
        Field(gt=0, allow_inf_nan=False, description="Learning rate of the head and pooler; else train.learning_rate."),
    ] = None
    layer_decay: Annotated[
        float | None,
        Field(
            gt=0,
            le=1,
            allow_inf_nan=False,
            description="Layer-wise decay: the head has train.learning_rate, each layer this share of what the one above it has.",
        ),
    ] = None
    groups: Annotated[
        list[GroupTable],
        Field(
            description="Own rate or weight decay by pattern; the first group that names a parameter counts: "
            '[{ match = ["embeddings"], learning_rate = 1e-6 }].'
        ),
    ] = Field(default_factory=list)


class AdapterTable(Table):
    """A small adapter that is trained, with the head, in place of the model's own weights: by the package peft."""

    kind: Annotated[
        Literal["lora", "dora", "rslora", "ia3", "prompt", "prefix"],
        Field(
            description="lora; dora and rslora, its variants; ia3; prompt or prefix: virtual tokens before the input."
        ),
    ]
    rank: Annotated[int | None, Field(ge=1, description="Of lora, dora, rslora; else 8.")] = None
    alpha: Annotated[
        float | None, Field(gt=0, allow_inf_nan=False, description="Their scale is alpha / rank; else twice the rank.")
    ] = None
    dropout: Annotated[float | None, Field(ge=0, lt=1, allow_inf_nan=False, description="Before their matrices.")] = (
        None
    )
    targets: Annotated[
        list[str] | None,
        Field(
            min_length=1,
            description='Modules that get one, by the end of their names: ["query", "value"], or ["all-linear"]; without it '
            "those that peft has for the model.",
        ),
    ] = None
    tokens: Annotated[int | None, Field(ge=1, description="Virtual tokens of prompt and prefix; else 20.")] = None


class RegularizeTable(Table):
    """What is added to the loss, and which weights are kept; validation is measured without it."""

    r_drop: Annotated[
        float | None,
        Field(
            gt=0,
            allow_inf_nan=False,
            description="R-Drop: each batch twice with other dropout, and this times how far the answers are apart.",
        ),
    ] = None
    adversarial: Annotated[
        float | None,
        Field(
            gt=0,
            allow_inf_nan=False,
            description="FGM: each batch again with its embeddings moved so far in the direction in which the loss rises.",
        ),
    ] = None
    multi_sample_dropout: Annotated[
        int | None,
        Field(
            ge=2,
            le=64,
            description="The head so many times a batch, each time with other dropout, on what the encoder gives once; the "
            "mean of their losses.",
        ),
    ] = None
    average: Annotated[
        Literal["ema", "swa"] | None,
        Field(
            description="Weights averaged over the steps are evaluated and saved: ema, decaying; swa, the mean from a share "
            "of the run on."
        ),
    ] = None
    average_decay: Annotated[
        float | None, Field(gt=0, lt=1, description="Of ema: how much of the average stays at each step; else 0.999.")
    ] = None
    average_from: Annotated[
        float | None, Field(ge=0, lt=1, description="Of swa: the share of all steps after which it begins; else 0.75.")
    ] = None
    teacher: Annotated[
        str | None,
        Field(
            min_length=1,
            description="Knowledge distillation: run:<run>, or a folder with a trained model of the same labels and tokenizer.",
        ),
    ] = None
    teacher_weight: Annotated[
        float | None, Field(gt=0, le=1, description="Share of the teacher in the loss; else 0.5.")
    ] = None
    temperature: Annotated[
        float | None, Field(gt=0, allow_inf_nan=False, description="Softens both models' answers; else 2.")
    ] = None


class BatchingTable(Table):
    """How rows become batches."""

    order: Annotated[
        Literal["length", "random", "sequential"],
        Field(description="length: rows of like length together, in random order; random; sequential."),
    ] = "length"
    padding: Annotated[
        Literal["longest", "max_length"],
        Field(description="longest: to the longest row of the batch; max_length: always to model.max_length."),
    ] = "longest"
    tokens: Annotated[
        int | None,
        Field(
            ge=1,
            description="Batches of as many rows of like length as so many tokens hold, padding counted, in place of "
            "train.per_device_train_batch_size rows. Each row counts as much as with batches of equal size.",
        ),
    ] = None


class EvaluateTable(Table):
    """How the model is measured."""

    metrics: Annotated[
        list[str] | None, Field(min_length=1, description="Metric names, the main one first; else the task's own.")
    ] = None
    split: Annotated[
        str | None, Field(description="Recipes of kind evaluate: the split that is measured, else test.")
    ] = None
    patience: Annotated[
        int | None,
        Field(
            ge=1,
            description="Evaluations in a row without a better main metric, or train.metric_for_best_model, after which "
            "training ends.",
        ),
    ] = None
    threshold: Annotated[
        float | None,
        Field(
            ge=0, allow_inf_nan=False, description="By how much a metric has to be better, to count as better; else 0."
        ),
    ] = None


class ChangeTable(Table):
    """Settings that change while the run goes on, each at its step. `tui-finetune recipe RUN --with-changes` writes so
    what was steered by hand; the keys are those of the verb `set`, listed below.
    """

    at_step: Annotated[int, Field(ge=1, description="The first optimizer step with the new values.")]
    set: Annotated[
        dict[str, Any],
        Field(min_length=1, description='Key to value, or to a factor: { learning_rate = "x0.5" }.'),
    ]
    stretch: Annotated[
        bool, Field(description="Where the run becomes longer or shorter its schedule ends with it; false: as before.")
    ] = True
    reason: Annotated[str | None, Field(min_length=1, description="Why, for the history of the run.")] = None


class Recipe(Table):
    """A whole recipe. Required are task, data.source or data.path, and model.path."""

    version: Annotated[Literal[1], Field(description="Version of the recipe's form.")] = VERSION
    kind: Annotated[Literal["train", "evaluate"], Field(description="What the job is.")] = "train"
    name: Annotated[
        str | None, Field(min_length=1, max_length=100, description="Name of the run; without it from the data.")
    ] = None
    task: Annotated[str, Field(min_length=1, description="What the model is to do.")]
    of: Annotated[OfTable | None, Field(description="Another run, whose model this one starts from or measures.")] = (
        None
    )
    run: RunTable = Field(default_factory=RunTable)
    data: DataTable = Field(default_factory=DataTable)
    preprocess: list[PreprocessStep] = Field(default_factory=list)
    model: ModelTable
    optim: OptimTable = Field(default_factory=OptimTable)
    adapter: Annotated[
        AdapterTable | None, Field(description="What is trained in place of the model's own weights.")
    ] = None
    regularize: RegularizeTable = Field(default_factory=RegularizeTable)
    batching: BatchingTable = Field(default_factory=BatchingTable)
    train: Annotated[dict[str, Any], Field(description="Fields of the task's arguments class, by their own names.")] = (
        Field(default_factory=dict)
    )
    evaluate: EvaluateTable = Field(default_factory=EvaluateTable)
    task_options: Annotated[dict[str, Any], Field(description="The task's own options.")] = Field(default_factory=dict)
    health: HealthTable = Field(default_factory=HealthTable)
    change: list[ChangeTable] = Field(default_factory=list)
    resolved: Annotated[
        dict[str, Any],
        Field(description="What the check found out; written by the program into a run's recipe.toml only."),
    ] = Field(default_factory=dict)

    def resolved_with(
        self,
        *,
        columns: Mapping[str, str] | None = None,
        labels: Sequence[LabelValue] | None = None,
        label_names: Sequence[str] | None = None,
        metrics: Sequence[str] | None = None,
        source: str | None = None,
        data_revision: str | None = None,
        model_revision: str | None = None,
        model_path: str | None = None,
    ) -> Recipe:
        """A copy with what the check found out; None leaves what is there."""
        data = {
            "columns": dict(columns) if columns is not None else None,
            "labels": list(labels) if labels is not None else None,
            "label_names": list(label_names) if label_names is not None else None,
            "source": source,
            "revision": data_revision,
        }
        model = {"revision": model_revision, "path": model_path}
        evaluate = {} if metrics is None else {"metrics": list(metrics)}
        return self.model_copy(
            update={
                "data": self.data.model_copy(update={k: v for k, v in data.items() if v is not None}),
                "model": self.model.model_copy(update={k: v for k, v in model.items() if v is not None}),
                "evaluate": self.evaluate.model_copy(update=evaluate),
            }
        )


RESERVED: Final[dict[str, str]] = {
    "model.pooling": "the model's own pooling is used",
    "optim.optimizer": "the optimizers of the arguments class are there: train.optim",
    "optim.schedule": "the schedules of the arguments class are there: train.lr_scheduler_type",
    "adapter.bits": "weights are loaded as they are: 4 and 8 bits need bitsandbytes and a GPU, and are not tried yet",
    "export": "a run's model/ folder is a plain save_pretrained folder",
    "search": "one recipe is one run",
    "launch": "runs start on this machine",
}
"""Keys and tables whose names are taken, refused until they work; the reason says what there is instead."""

RESERVED_KINDS: Final[dict[str, str]] = {
    "predict": "tui-finetune predict needs no recipe",
    "export": "a run's model/ folder is a plain save_pretrained folder",
    "search": "one recipe is one run",
}
