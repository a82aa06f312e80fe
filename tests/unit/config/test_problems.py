"""Every mistake of a recipe is told at once: file, key, nearest spelling, line."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.unit.config.conftest import LEAST
from tui_finetune.config import arguments, elsewhere
from tui_finetune.config.schema import RESERVED, RESERVED_KINDS

Told = Callable[..., list[str]]

SIX = """\
version = 1
task = "text-clasification"

[data]
path = "stanfordnlp/imdb"
colums = { text = "text" }
validation = 1.5

[model]
path = "google-bert/bert-base-uncased"
max_length = "512"

[train]
learning_rate = 2e-5
weigth_decay = 0.01
seed = 3

[[preprocess]]
use = "set-case"
options = { uper = true }
"""


def test_all_mistakes_come_at_once_with_their_lines(told: Told) -> None:
    assert told(SIX) == [
        "sample.toml: task: no task 'text-clasification'. Did you mean text-classification? (line 2)",
        "sample.toml: data.colums: not a setting. Did you mean columns? (line 6)",
        "sample.toml: data.validation: is 1.5; a fraction lies between 0 and 1. (line 7)",
        'sample.toml: model.max_length: is "512"; expected a whole number. Write it without the quotes. (line 11)',
        "sample.toml: train.weigth_decay: not a setting. Did you mean weight_decay? (line 15)",
        "sample.toml: train.seed: not set here: use [run] seed. (line 16)",
        "sample.toml: preprocess.0.options.uper: not a setting. Did you mean upper? (line 20)",
    ]


def test_a_slip_in_a_tables_name_hides_nothing_inside_it(told: Told) -> None:
    text = LEAST + '[trian]\nweigth_decay = 0.1\nlearning_rate = "x"\n[modle]\nmax_lenght = 1\n[train]\nfp16 = 3\n'
    assert told(text) == [
        "sample.toml: trian: not a setting. Did you mean train? (line 4)",
        "sample.toml: trian.weigth_decay: not a setting. Did you mean weight_decay? (line 5)",
        'sample.toml: trian.learning_rate: is "x"; expected a number. (line 6)',
        "sample.toml: modle: not a setting. Did you mean model? (line 7)",
        "sample.toml: modle.max_lenght: not a setting. Did you mean max_length? (line 8)",
        "sample.toml: modle.max_lenght: is 1, must be at least 2. (line 8)",
        "sample.toml: train.fp16: is 3; expected true or false. (line 10)",
    ]


def test_an_unknown_task_is_checked_further_as_the_nearest(told: Told) -> None:
    text = LEAST.replace("text-classification", "token-clasification") + 'data.columns.txt = "x"\n'
    problems = told(text + 'evaluate.metrics = ["matthews_correlation"]\n')
    assert any("token-classification reads no 'txt'" in line for line in problems)
    assert any("metric 'matthews_correlation' does not fit token-classification" in line for line in problems)


def test_a_task_like_no_other_still_has_its_train_table_checked(told: Told) -> None:
    problems = told('task = "zzzz"\ndata.path = "a/b"\nmodel.path = "m"\n[train]\nweigth_decay = 0.1\n')
    assert len(problems) == 2


def test_what_is_missing_is_named(told: Told) -> None:
    assert told("version = 1\n") == [
        "sample.toml: task: is missing. What the model is to do.",
        "sample.toml: model: is missing.",
        'sample.toml: data: source or path is missing. As in path = "reviews.csv".',
    ]


@pytest.mark.parametrize("key", sorted(RESERVED))
def test_reserved_keys_are_refused_with_their_reason(key: str, told: Told) -> None:
    table, _, name = key.rpartition(".")
    text = LEAST + (f"[{table}]\n{name} = 1\n" if table not in ("", "data", "model") else f"{key} = 1\n")
    line = 5 if table not in ("", "data", "model") else 4
    assert f"sample.toml: {key}: not yet: {RESERVED[key]}. (line {line})" in told(text)


@pytest.mark.parametrize("kind", sorted(RESERVED_KINDS))
def test_reserved_kinds_are_refused_with_their_reason(kind: str, told: Told) -> None:
    assert told(f'kind = "{kind}"\n{LEAST}') == [
        f'sample.toml: kind: "{kind}" has no recipes yet: {RESERVED_KINDS[kind]}. (line 1)'
    ]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("version = 2", "is 2; this program reads 1. A newer tui-finetune reads it."),
        ('kind = "trian"', 'is "trian"; expected one of train, evaluate. Did you mean train?'),
        ('name = ""', "is empty."),
        ('run.device = "gpu"', 'is "gpu"; expected auto'),
        ("run.seed = -1", "is -1, must be at least 0."),
        ("run.seed = 1.5", "is 1.5; expected a whole number."),
        ("run.seed = true", "is true; expected a whole number."),
        ("run = 3", "is 3; expected a table."),
        ("data.split = 3", "is 3; expected a text."),
        ("data.limit = 0", "is 0, must be at least 1."),
        ("data.labels = []", "is empty."),
        ("data.labels = [1.5, 2]", "is 1.5; expected a text or a whole number or true or false."),
        ("data.labels = [1, 1]", "names something twice."),
        ("data.label_names = ['a', 'b']", "names labels that are not given."),
        ("data.test = 0", "a fraction lies between 0 and 1."),
        ("data.test = 2024-01-01", "is the date or time 2024-01-01; expected a number or a text or a list of texts."),
        ("data.columns.txt = 'a'", "text-classification reads no 'txt'. Did you mean text?"),
        ('data.source = "csw"', "no source 'csw'. Did you mean csv?"),
        ("model.trust_remote_code = 'yes'", 'is "yes"; expected true or false.'),
        ("model.freeze = 'embeddings'", 'is "embeddings"; expected a list of texts.'),
        ("optim.head_learning_rate = 0", "is 0, must be above 0."),
        ("optim.head_learning_rate = nan", "must be a finite number."),
        ("model.freeze_layers = -1", "is -1, must be at least 0."),
        ("model.unfreeze_every = 1.5", "is 1.5; a whole number of steps, or a share of all steps below 1."),
        ("optim.layer_decay = 1.5", "is 1.5, must be at most 1."),
        ("optim.groups = [{ learning_rate = 1 }]", "optim.groups.0.match: is missing."),
        ('optim.groups = [{ match = ["a"] }]', "has nothing of its own. Give learning_rate, weight_decay or both."),
        ('optim.groups = [{ match = ["a"], learning_rat = 1 }]', "Did you mean learning_rate?"),
        ('adapter.kind = "lore"', "Did you mean lora?"),
        ("adapter.rank = 8", "adapter.kind: is missing."),
        ('adapter = { kind = "ia3", rank = 4 }', "adapter.rank: goes with lora, dora, rslora, not with ia3."),
        ('adapter = { kind = "lora", tokens = 4 }', "adapter.tokens: goes with prompt, prefix, not with lora."),
        ('adapter = { kind = "lora", targets = [] }', "is empty."),
        ("regularize.r_drop = 0", "is 0, must be above 0."),
        ("regularize.temperature = 3", "goes with regularize.teacher."),
        (
            'regularize = { average = "swa", average_decay = 0.9 }',
            'average_decay: goes with regularize.average = "ema".',
        ),
        ('regularize.adversarial = 1.0\nadapter.kind = "lora"', "regularize.adversarial: moves the embeddings along"),
        ('batching.order = "lenght"', "Did you mean length?"),
        ('batching.padding = "no"', "expected one of longest, max_length."),
        ("batching.tokens = 0", "is 0, must be at least 1."),
        ('batching = { tokens = 512, order = "random" }', 'order: "random" does not go with batching.tokens.'),
        (
            "train.per_device_train_batch_size = 8\nbatching.tokens = 512",
            "does not go with batching.tokens, which makes",
        ),
        ("evaluate.metrics = []", "is empty."),
        ('evaluate.metrics = ["acuracy"]', "no metric 'acuracy'. Did you mean accuracy?"),
        ("task_options.x = 1", "not a setting. There are: problem_type, class_weights,"),
        ("preprocess = [{ use = 'set-case', options = { width = 0 } }]", "is 0, must be above 0."),
        ("preprocess = [{}]", "is missing."),
        ("preprocess = 1", "expected a list"),
        ("resolved = {}", "written by the program"),
        ("zzz = 1", "not a setting."),
    ],
)
def test_a_mistake_is_told_in_plain_words(line: str, words: str, told: Told) -> None:
    problems = told(LEAST + line + "\n")
    assert len(problems) == 1
    assert words in problems[0]
    assert problems[0].startswith(f"sample.toml: {line.split(' = ')[0].split('.')[0]}")
    assert problems[0].endswith("(line 4)")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("learning_rate = 0", "is 0, must be above 0."),
        ("learning_rate = inf", "must be a finite number."),
        ('learning_rate = "2e-5"', "Write it without the quotes."),
        ("per_device_train_batch_size = 0", "is 0, must be at least 1."),
        ("per_device_train_batch_size = 8.0", "is 8; expected a whole number."),
        ("num_train_epochs = -1", "must be above 0."),
        ("max_steps = 0", "is 0; a number of steps, or leave it out."),
        ("weight_decay = -0.1", "must be at least 0."),
        ("logging_steps = 2.5", "a whole number of steps, or a share of all steps below 1."),
        ("label_smoothing_factor = 1.0", "must be below 1."),
        ('bf16 = "true"', "Write true without the quotes."),
        ("bf16 = 1", "expected true or false."),
        ('lr_scheduler_type = "cosin"', "Did you mean cosine?"),
        ('eval_strategy = "sometimes"', "There are: no, steps, epoch."),
        ("evaluation_strategy = 'epoch'", "Here it is train.eval_strategy."),
        ("warmup_ratio = 0.1", "Here it is train.warmup_steps"),
        ("group_by_length = true", 'Here it is batching.order = "length".'),
        ("output_dir = 'x'", "not set here: the run directory holds everything"),
        ("hub_model_id = 'x'", "not set here: nothing is sent to the Hub"),
        ("do_train = true", "not set here: the verb says what is done"),
        ("use_cpu = true", 'not set here: [run] device = "cpu" does it.'),
        ("train_sampling_strategy = 'random'", "not set here: use [batching] order."),
        ("auto_find_batch_size = true", "[batching]"),
        ("metric_for_best_model = 'acuracy'", 'is "acuracy", which is not measured. Did you mean accuracy?'),
        ("metric_for_best_model = 'recall'", "There are: accuracy, f1, loss; evaluate.metrics adds others."),
        ("qwertzuiop = 1", "docs/configuration.md lists all."),
    ],
)
def test_a_mistake_in_train_is_told_in_plain_words(line: str, words: str, told: Told) -> None:
    problems = told(LEAST + "[train]\n" + line + "\n")
    assert len(problems) == 1
    assert words in problems[0]
    assert problems[0].startswith(f"sample.toml: train.{line.split(' = ')[0]}: ")
    assert problems[0].endswith("(line 5)")


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("fp16 = true\nbf16 = true", "cannot both be true"),
        (
            "load_best_model_at_end = true\neval_strategy = 'steps'\nsave_strategy = 'epoch'",
            "needs an evaluation wherever",
        ),
    ],
)
def test_fields_of_train_that_exclude_each_other(lines: str, words: str, told: Told) -> None:
    (problem,) = told(LEAST + "[train]\n" + lines + "\n")
    assert words in problem


def test_fractions_that_leave_nothing_to_train_on(told: Told) -> None:
    (problem,) = told(LEAST + "data.validation = 0.6\ndata.test = 0.4\n")
    assert "leave no row to train on" in problem


def test_a_share_is_taken_by_groups_or_by_time(told: Told) -> None:
    (problem,) = told(LEAST + 'data.groups = "author"\ndata.time = "day"\n')
    assert problem.startswith("sample.toml: data.time: A share of train is taken by groups or by time, not by both.")


def test_a_source_that_needs_a_path_asks_for_it(told: Told) -> None:
    (problem,) = told('task = "text-classification"\nmodel.path = "m"\n[data]\nsource = "csv"\n')
    assert problem == "sample.toml: data.path: is missing. Source csv reads from a path. (line 3)"


def test_names_of_labels_go_with_labels(told: Told) -> None:
    (problem,) = told(LEAST + "data.labels = [0, 1]\ndata.label_names = ['a', 'b', 'c']\n")
    assert "has 3 names for 2 labels." in problem


def test_of_and_a_model_path_are_one_too_many(told: Told) -> None:
    (problem,) = told(LEAST + 'of = { run = "latest" }\n')
    assert problem == "sample.toml: of: model.path names a model too. Leave one of them out. (line 4)"


def test_a_mistake_of_a_set_is_told_as_such(told: Told) -> None:
    assert told(
        LEAST, "train.weigth_decay=1", "foo", "run.seed=x", "data.path.x=1", "=3", "task=text-clasification"
    ) == [
        "--set: 'foo' has no '='. Write --set train.learning_rate=3e-5.",
        "--set: data.path: is a single value and has no 'x'.",
        "--set: '' is not a key. Write --set train.learning_rate=3e-5.",
        '--set: run.seed: is "x"; expected a whole number.',
        "--set: task: no task 'text-clasification'. Did you mean text-classification?",
        "--set: train.weigth_decay: not a setting. Did you mean weight_decay?",
    ]


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("learning_rate", "Did you mean train.learning_rate?"),
        ("model.learning_rate", "Did you mean train.learning_rate?"),
        ("learnin_rate", "Did you mean train.learning_rate?"),
        ("path", "Did you mean data.path or model.path?"),
        ("lr", "Here it is train.learning_rate."),
        ("train.batch_size", "Here it is train.per_device_train_batch_size."),
        ("train.max_length", "Here it is model.max_length."),
        ("base_model", "Here it is model.path."),
    ],
)
def test_a_key_in_another_s_place_or_words_is_told_where_it_belongs(key: str, meant: str, told: Told) -> None:
    assert told(LEAST, f"{key}=1") == [f"--set: {key}: not a setting. {meant}"]


def test_what_other_programs_call_it_is_a_setting_here() -> None:
    known = elsewhere._by_name(arguments.table(arguments.DEFAULT_CLASS))
    for word, place in elsewhere.WORDS.items():
        key = re.split("[, ]", place)[0]
        assert key.startswith("data.columns.") or key in known[key.rpartition(".")[2]], f"{word}: {place}"


def test_what_trains_something_else_than_the_task_is_refused(told: Told) -> None:
    options = '[train]\nlabel_smoothing_factor = 0.1\n[task_options]\nproblem_type = "multi_label_classification"\n'
    assert any("train.label_smoothing_factor" in one and "yes or no" in one for one in told(LEAST + options))
