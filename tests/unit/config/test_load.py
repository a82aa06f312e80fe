"""Reading recipes: defaults, options, paths, further training, and files that are something else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.config.conftest import LEAST
from tui_finetune.config.load import Loaded, load_recipe
from tui_finetune.errors import Problem, RecipeError
from tui_finetune.plugin_api.manager import Catalog

Read = Callable[..., Loaded]
Told = Callable[..., list[str]]


def test_the_shortest_recipe(read: Read) -> None:
    loaded = read(LEAST)
    recipe = loaded.recipe
    assert (recipe.version, recipe.kind, recipe.name, recipe.task) == (1, "train", "imdb", "text-classification")
    assert (recipe.run.device, recipe.run.seed, recipe.data.split) == ("auto", 42, "train")
    assert (recipe.batching.order, recipe.batching.padding) == ("length", "longest")
    assert recipe.model.path == "google-bert/bert-base-uncased"
    assert loaded.request == LEAST.encode()
    assert loaded.lines["model.path"] == 3


def test_a_text_without_a_file(catalog: Catalog) -> None:
    assert load_recipe(None, LEAST.encode(), catalog=catalog).path is None


def test_sets_alone_are_a_recipe(catalog: Catalog) -> None:
    sets = [
        "task=text-classification",
        "data.path=stanfordnlp/imdb",
        "model.path=run:latest",
        "train.learning_rate=3e-5",
    ]
    recipe = load_recipe(None, sets=sets, catalog=catalog).recipe
    assert recipe.model.path == "run:latest"
    assert recipe.train == {"learning_rate": 3e-5}


def test_problems_that_are_found_later_get_their_place(read: Read) -> None:
    loaded = read(LEAST, "data.test=tset")
    assert (
        str(loaded.placed(Problem("no such model.", "model.path")))
        == "sample.toml: model.path: no such model. (line 3)"
    )
    assert str(loaded.placed(Problem("no split.", "data.test"))) == "--set: data.test: no split."
    assert (
        str(loaded.placed(Problem("ragged.", "data.path", file="a.csv", line=7)))
        == "a.csv: data.path: ragged. (line 7)"
    )
    assert str(loaded.placed(Problem("no room."))) == "no room."


def test_options_are_filled_in_by_their_owner(read: Read) -> None:
    steps = 'preprocess = [{ use = "set-case" }, { use = "set-case", options = { upper = true } }]\n'
    recipe = read(LEAST + 'data.source = "sql"\n' + steps).recipe
    assert recipe.data.options == {"upper": False, "keep": []}
    assert [step.options["upper"] for step in recipe.preprocess] == [False, True]


def test_a_byte_order_mark_and_windows_line_ends_are_read(read: Read, told: Told) -> None:
    text = b"\xef\xbb\xbf" + LEAST.replace("\n", "\r\n").encode()
    assert read(text).recipe.task == "text-classification"
    (problem,) = told(text + b"zzz = 1\r\n")
    assert problem.endswith("(line 4)")


class TestPaths:
    def test_are_relative_to_the_recipes_folder(
        self, read: Read, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "elsewhere").mkdir()
        monkeypatch.chdir(tmp_path / "elsewhere")
        text = (
            LEAST.replace("stanfordnlp/imdb", "data/a.csv")
            + 'data.test = ["t/a.csv", "../b.csv"]\ndata.validation = "v.csv"\n'
        )
        data = read(text).recipe.data
        assert data.path == str(tmp_path / "data/a.csv")
        assert data.validation == str(tmp_path / "v.csv")
        assert data.test == [str(tmp_path / "t/a.csv"), str(tmp_path.parent / "b.csv")]

    def test_of_a_set_are_relative_to_the_current_folder(
        self, read: Read, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        here = tmp_path / "here"
        here.mkdir()
        monkeypatch.chdir(here)
        data = read(LEAST + 'data.test = "t.csv"\n', "data.path=a.csv").recipe.data
        assert (data.path, data.test) == (str(here / "a.csv"), str(tmp_path / "t.csv"))

    @pytest.mark.parametrize("path", ["stanfordnlp/imdb", "imdb", "https://example.org/a.csv"])
    def test_what_is_no_place_here_stays(self, path: str, read: Read) -> None:
        assert read(LEAST.replace("stanfordnlp/imdb", path)).recipe.data.path == path

    @pytest.mark.parametrize("path", ["./imdb", "a/b/c", "*.csv", "texts/*", "../x", "x.tsv", "there"])
    def test_what_means_a_place_here_becomes_absolute(self, path: str, read: Read, tmp_path: Path) -> None:
        (tmp_path / "there").mkdir()
        found = read(LEAST.replace("stanfordnlp/imdb", path)).recipe.data.path
        assert isinstance(found, str)
        assert Path(found).is_absolute()

    def test_the_hub_is_never_a_place_here(self, read: Read, tmp_path: Path) -> None:
        (tmp_path / "stanfordnlp" / "imdb").mkdir(parents=True)
        assert read(LEAST + 'data.source = "hub"\ndata.test = "test.csv"\n').recipe.data.path == "stanfordnlp/imdb"
        assert read(LEAST).recipe.data.path == str(tmp_path / "stanfordnlp/imdb")

    def test_names_of_splits_stay(self, read: Read) -> None:
        data = read(LEAST + 'data.validation = "validation"\ndata.test = "test"\n').recipe.data
        assert (data.validation, data.test) == ("validation", "test")

    def test_home_is_understood(self, read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HOME", "/somebody")
        assert read(LEAST.replace("stanfordnlp/imdb", "~/a.csv")).recipe.data.path == "/somebody/a.csv"

    def test_a_model_is_a_folder_only_where_there_is_one(self, read: Read, tmp_path: Path) -> None:
        text = LEAST.replace("google-bert/bert-base-uncased", "mine")
        assert read(text).recipe.model.path == "mine"
        (tmp_path / "mine").mkdir()
        assert read(text).recipe.model.path == str(tmp_path / "mine")
        assert read(text.replace("mine", "./absent")).recipe.model.path == str(tmp_path / "absent")

    @pytest.mark.parametrize("path", ["run:latest", "builtin:all-MiniLM-L6-v2"])
    def test_models_by_scheme_stay(self, path: str, read: Read) -> None:
        assert read(LEAST.replace("google-bert/bert-base-uncased", path)).recipe.model.path == path

    def test_a_name_that_is_not_utf8_is_refused(self, tmp_path: Path, catalog: Catalog) -> None:
        folder = tmp_path / "caf\udce9"
        folder.mkdir()
        (folder / "r.toml").write_text(LEAST.replace("stanfordnlp/imdb", "a.csv"))
        with pytest.raises(RecipeError, match="is not a UTF-8 name"):
            load_recipe(folder / "r.toml", catalog=catalog)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("stanfordnlp/imdb", "imdb"),
        ("/w/reviews/train.csv", "reviews"),
        ("/w/reviews/train-*.parquet", "reviews"),
        ("/w/reviews/*.csv", "reviews"),
        ("reviews.tar.gz", "reviews"),
    ],
)
def test_a_run_without_a_name_is_called_as_its_data(path: str, name: str, read: Read) -> None:
    assert read(LEAST.replace("stanfordnlp/imdb", path)).recipe.name == name


def test_a_source_without_a_path_names_the_run(read: Read) -> None:
    text = LEAST.replace('data.path = "stanfordnlp/imdb"', 'data.source = "stdlib-docs"')
    assert read(text).recipe.name == "stdlib-docs"


class TestFurtherTraining:
    def test_of_names_the_model_to_start_from(self, read: Read) -> None:
        text = 'task = "text-classification"\ndata.path = "a/b"\nof = { run = "k3f9" }\n'
        recipe = read(text).recipe
        assert recipe.model.path == "run:k3f9"
        assert recipe.of is not None
        assert recipe.of.run == "k3f9"

    def test_one_of_its_checkpoints(self, read: Read) -> None:
        text = 'task = "text-classification"\ndata.path = "a/b"\nof = { run = "k3f9", checkpoint = 3 }\n'
        recipe = read(text).recipe
        assert recipe.model.path == "run:k3f9"
        assert recipe.of is not None
        assert recipe.of.checkpoint == 3

    def test_but_it_can_be_evaluated(self, read: Read) -> None:
        text = 'kind = "evaluate"\ntask = "text-classification"\ndata.path = "a/b"\nof = { run = "k3f9", checkpoint = 3 }\n'
        recipe = read(text + 'evaluate.split = "test"\n').recipe
        assert (recipe.kind, recipe.evaluate.split) == ("evaluate", "test")
        assert recipe.of is not None
        assert recipe.of.checkpoint == 3


class TestOtherFiles:
    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ('task = "a\n', 'not TOML: a text without its closing quote: task = "a (line 1)'),
            ("task = \n", "not TOML: no value that TOML knows; a text is written in quotes: task = (line 1)"),
            ("\ntask: x\n", "not TOML: Expected '=' after a key in a key/value pair: task: x (line 2)"),
            ("a = 1\na = 2\n", "not TOML: this key has a value already: a = 2 (line 2)"),
            ("[a]\n[a]\n", "not TOML: this table is there already: [a] (line 2)"),
            ("a = 1\n\x00\n", "not TOML"),
            ("text,label\nfine,1\n", "not TOML"),
            ("a = [1, 2\n", "not TOML: a list without its closing ]"),
        ],
    )
    def test_not_toml(self, text: str, words: str, told: Told) -> None:
        (problem,) = told(text)
        assert problem.startswith(f"sample.toml: {words}")
        assert "nvalid" not in problem

    def test_not_utf8(self, told: Told) -> None:
        assert told(b'a = 1\ntask = "caf\xe9"\n') == [
            "sample.toml: byte 0xe9 is not UTF-8. Save the file as UTF-8. (line 2)"
        ]

    @pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n"])
    def test_empty(self, text: str, told: Told) -> None:
        assert told(text) == ["sample.toml: holds no key. tui-finetune config new writes a recipe to begin with."]

    def test_a_folder_names_the_recipes_in_it(self, tmp_path: Path, catalog: Catalog) -> None:
        (tmp_path / "mine.toml").write_text(LEAST)
        with pytest.raises(RecipeError, match=r"is a folder; expected a recipe. There are: mine.toml."):
            load_recipe(tmp_path, catalog=catalog)

    def test_an_absent_file_names_the_recipes_beside_it(self, tmp_path: Path, catalog: Catalog) -> None:
        (tmp_path / "mine.toml").write_text(LEAST)
        with pytest.raises(RecipeError, match=r"zzz.toml: no such file. There are: mine.toml."):
            load_recipe(tmp_path / "zzz.toml", catalog=catalog)
        with pytest.raises(RecipeError, match=r"mine.tml: no such file. Did you mean mine.toml\?"):
            load_recipe(tmp_path / "mine.tml", catalog=catalog)

    @pytest.mark.parametrize("content", [b"text,label\ngood,1\n", b"PAR1\xff\x00", b"x" * 5_000_000])
    def test_data_in_the_place_of_a_recipe(self, content: bytes, tmp_path: Path, catalog: Catalog) -> None:
        data = tmp_path / "tickets.csv"
        data.write_bytes(content)
        with pytest.raises(RecipeError) as refused:
            load_recipe(data, catalog=catalog)
        assert str(refused.value) == (
            f"{data} is not TOML, so it is no recipe. If it is your data, "
            f"tui-finetune config new --data {data} -o recipe.toml writes a recipe for it."
        )

    def test_a_huge_file_is_not_read_whole(self, tmp_path: Path, catalog: Catalog) -> None:
        path = tmp_path / "big.toml"
        with path.open("wb") as file:
            file.truncate(5_000_000_000)
        with pytest.raises(RecipeError, match="more than 4 MB"):
            load_recipe(path, catalog=catalog)

    def test_nested_too_deeply(self, told: Told) -> None:
        (problem,) = told("a = " + "[" * 100_000 + "\n")
        assert problem.startswith("sample.toml: ")


def test_reading_imports_nothing_heavy(run_python: Callable[[str], object]) -> None:
    statements = (
        "from pathlib import Path; from tui_finetune.config.load import load_recipe; import sys\n"
        "from tui_finetune.plugin_api.manager import load_catalog\n"
        f"load_recipe(None, {LEAST.encode()!r}, catalog=load_catalog(None, third_party=False))\n"
        "print(sorted({'torch', 'transformers', 'datasets', 'evaluate', 'pyarrow'} & set(sys.modules)))"
    )
    done = run_python(statements)
    assert getattr(done, "stdout", "").strip() == "[]", getattr(done, "stderr", "")
