"""`predict`, as it is typed, with a helper that needs no model: what is read, shown, written, and refused."""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.fakes import FakeRun, finished_run
from tests.model_folders import model_folder
from tui_finetune.cli import output
from tui_finetune.cli.main import cli
from tui_finetune.cli.verbs.predict import bar, with_bars
from tui_finetune.errors import ExitCode, LaunchError, ModelError, NoSuchRun, UserError
from tui_finetune.inference.client import HelperSpec
from tui_finetune.inference.task_card import TaskCard
from tui_finetune.paths import Home
from tui_finetune.plugin_api import LabelSet

REPOSITORY = Path(__file__).resolve().parents[3]
Predict = Callable[..., str]


@pytest.fixture
def mode(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """How the fake helper behaves; it answers where nothing else is said."""

    def choose(name: str) -> None:
        command = [sys.executable, "-m", "tests.fake_helper", name]
        monkeypatch.setattr(HelperSpec, "command", lambda self: command)

    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    choose("answers")
    return choose


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = model_folder(tmp_path / "model")
    TaskCard("text-classification", "builtin", LabelSet.of(["long", "short"]), 16, columns={"text": "review"}).write(
        folder
    )
    return folder


@pytest.fixture
def predict(
    home: Home, mode: object, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Predict:
    """Runs the verb and returns what it printed; errors come out as they are raised."""

    def run(*words: object, stdin: bytes = b"") -> str:
        path = tmp_path / "stdin"
        path.write_bytes(stdin)
        with path.open() as file:
            monkeypatch.setattr(sys, "stdin", file)
            cli.main(["predict", *map(str, words), "--no-plugins"], standalone_mode=False)
        return capsys.readouterr().out

    return run


def run_with_model(home: Home, name: str = "mine", **recipe: str) -> FakeRun:
    run = finished_run(home, name)
    model_folder(run.paths.model)
    TaskCard("text-classification", "builtin", LabelSet.of(["long", "short"]), 16, run=run.id).write(run.paths.model)
    text = 'version = 1\ntask = "text-classification"\n[data]\nsource = "csv"\npath = "/a.csv"\n[model]\npath = "/m"\n'
    run.paths.recipe_toml.write_text(text + "".join(recipe.values()))
    return run


class TestTexts:
    def test_one(self, predict: Predict, model: Path) -> None:
        assert predict(model, "a long text") == (
            "long     0.750  ██████████████████\n"
            "  short  0.250  ██████\n"
        )  # fmt: skip

    def test_several_each_under_its_text(self, predict: Predict, model: Path) -> None:
        lines = predict(model, "a", "b\x1b[31m").splitlines()
        assert [lines[0], lines[3]] == ["a", "b␛[31m"]
        assert lines[1].startswith("  short   0.750")

    def test_json_is_a_list_in_order(self, predict: Predict, model: Path) -> None:
        found = json.loads(predict(model, "a", "a long text", "é😀", "--json"))
        assert [answer["text"] for answer in found] == ["a", "a long text", "é😀"]
        assert list(found[1]) == ["text", "label", "score", "scores"]
        assert found[1]["scores"] == {"long": 0.75, "short": 0.25}

    def test_scores_that_are_not_finite(self, predict: Predict, model: Path) -> None:
        assert json.loads(predict(model, "nan", "--json"))[0]["score"] == "nan"
        assert "nan" in predict(model, "nan")

    def test_pairs(self, predict: Predict, model: Path) -> None:
        found = json.loads(predict(model, "a", "b", "--pair", "x", "--json"))
        assert [answer["text_pair"] for answer in found] == ["x", "x"]
        assert predict(model, "a", "b", "--pair", "x").splitlines()[0] == "a  |  x"

    def test_lines_of_stdin(self, predict: Predict, model: Path) -> None:
        found = json.loads(predict(model, "-", "--json", stdin=b"one\n\na longer two\n"))
        assert [(a["text"], a["label"]) for a in found] == [("one", "short"), ("a longer two", "long")]
        assert predict(model, "-", stdin=b"one\n").splitlines()[0] == "one"

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            ([], "nothing to predict. Give a TEXT, - for lines from stdin, or --file."),
            ([""], "the text is empty."),
            (["a", " "], "text 2 is empty."),
            (["-"], "standard input is empty: a text on each line is expected."),
            (["-", "a"], "- stands alone"),
            (["-", "--pair", "x"], "--pair goes with TEXT."),
            (["a", "--file", "f.csv"], "TEXT and --file exclude each other."),
            (["a", "--column", "text=x"], "--column goes with --file."),
            (["--file", "f.csv"], "f.csv: no such file."),
            (["--file", "f.csv", "--column", "text"], "--column text: ROLE=NAME is expected, as in text=review."),
            (["a", "--device", "gpu"], "--device is gpu; cpu, auto or cuda:N are expected."),
            (["a", "--device", "cuda:7"], "no device cuda:7 on this machine."),
            (["a", "-o", "out.doc"], "answers are not written as '.doc'"),
        ],
    )
    def test_what_cannot_be(self, words: list[str], said: str, predict: Predict, model: Path) -> None:
        with pytest.raises(UserError) as caught:
            predict(model, *words)
        assert said in str(caught.value)
        assert caught.value.exit_code == ExitCode.USAGE


class TestFiles:
    @pytest.fixture
    def reviews(self, tmp_path: Path) -> Path:
        path = tmp_path / "reviews.csv"
        path.write_text("id,review,label\n1,a long review,x\n2,,y\n3,short,z\n")
        return path

    def test_to_stdout(self, predict: Predict, model: Path, reviews: Path) -> None:
        found = json.loads(predict(model, "--file", reviews, "--json"))
        assert [answer["label"] for answer in found] == ["long", None, "short"]
        assert found[1] == {"text": "", "label": None, "score": None, "scores": {}}
        assert "no text" in predict(model, "--file", reviews)

    def test_into_a_file_beside_the_other_columns(
        self, predict: Predict, model: Path, reviews: Path, tmp_path: Path
    ) -> None:
        target = tmp_path / "out.csv"
        assert f"{target} written: 3 rows in" in predict(model, "--file", reviews, "-o", target)
        rows = list(csv.DictReader(io.StringIO(target.read_text())))
        assert list(rows[0]) == ["id", "label_given", "text", "label", "score", "scores"]
        assert [(row["id"], row["label_given"], row["label"]) for row in rows] == [
            ("1", "x", "long"),
            ("2", "y", ""),
            ("3", "z", "short"),
        ]

    def test_json_tells_of_the_file(self, predict: Predict, model: Path, reviews: Path, tmp_path: Path) -> None:
        found = json.loads(predict(model, "--file", reviews, "-o", tmp_path / "out.jsonl", "--json"))
        assert (found["path"], found["rows"]) == (str(tmp_path / "out.jsonl"), 3)

    def test_many_rows_keep_their_order(self, predict: Predict, model: Path, tmp_path: Path) -> None:
        path = tmp_path / "many.txt"
        path.write_text("".join(f"{n}\n" for n in range(3000)))
        found = json.loads(predict(model, "--file", path, "--json"))
        assert [answer["text"] for answer in found] == [str(n) for n in range(3000)]

    def test_a_file_is_not_written_over_unasked_nor_itself(self, predict: Predict, model: Path, reviews: Path) -> None:
        with pytest.raises(UserError, match="is there already"):
            predict(model, "--file", reviews, "-o", reviews)
        with pytest.raises(UserError, match="is the file that is read"):
            predict(model, "--file", reviews, "-o", reviews, "--force")

    def test_a_helper_that_dies_leaves_nothing(
        self, predict: Predict, mode: Callable[[str], None], model: Path, reviews: Path, tmp_path: Path
    ) -> None:
        mode("dies-asked")
        before = {*os.listdir(tmp_path), "stdin"}
        with pytest.raises(LaunchError, match="ended by SIGKILL"):
            predict(model, "--file", reviews, "-o", tmp_path / "out.csv")
        assert set(os.listdir(tmp_path)) == before


class TestModels:
    def test_a_run_by_its_short_id_name_and_latest(self, predict: Predict, home: Home) -> None:
        run = run_with_model(home)
        for query in (run.short, run.id, "mine", "latest", run.paths.root, run.paths.model):
            assert json.loads(predict(query, "a", "--json"))[0]["label"] == "short"

    def test_latest_is_the_newest_with_a_model(self, predict: Predict, home: Home) -> None:
        run_with_model(home)
        FakeRun(home, "unfinished").begin().plan()
        FakeRun(home, "an evaluation", kind="evaluate")
        assert json.loads(predict("latest", "a", "--json"))

    def test_no_runs(self, predict: Predict) -> None:
        with pytest.raises(NoSuchRun, match="No run here has a model") as caught:
            predict("latest", "a")
        assert caught.value.exit_code == ExitCode.NO_SUCH_RUN

    def test_a_run_without_a_model_yet(self, predict: Predict, home: Home) -> None:
        run = FakeRun(home, "young").begin().plan()
        with pytest.raises(UserError, match=rf"young \({run.short}\) has no model yet: it is") as caught:
            predict("young", "a")
        assert caught.value.exit_code == ExitCode.USAGE
        run.close()

    def test_a_stopped_run_names_its_newest_whole_checkpoint(self, predict: Predict, home: Home) -> None:
        run = FakeRun(home, "young").begin().plan().checkpoint(5).checkpoint(9).checkpoint(12, whole=False)
        run.end("stopped", step=12)
        with pytest.raises(UserError) as caught:
            predict("young", "a")
        hint = f"resume {run.short} goes on with it. A checkpoint can be used as it is: {run.short}@9"
        assert hint in str(caught.value)

    def test_an_evaluation_names_the_run(self, predict: Predict, home: Home) -> None:
        FakeRun(home, "eval", kind="evaluate", of={"run": "20260101T000000-x-abcd"})
        with pytest.raises(UserError, match="is about run 20260101T000000-x-abcd: name that one"):
            predict("eval", "a")

    def test_a_broken_model_is_told_whole(self, predict: Predict, model: Path) -> None:
        (model / "model.safetensors").unlink()
        (model / "tokenizer.json").unlink()
        with pytest.raises(ModelError) as caught:
            predict(model, "a")
        assert len(caught.value.problems) == 2

    @pytest.mark.parametrize(
        ("query", "said", "code"),
        [
            ("nope", "No run 'nope'", ExitCode.NO_SUCH_RUN),
            ("./nope", "no folder ./nope", ExitCode.USAGE),
            ("a/nope", "no folder a/nope, and no model of that name in the Hub's cache", ExitCode.USAGE),
        ],
    )
    def test_what_is_neither(self, query: str, said: str, code: ExitCode, predict: Predict, home: Home) -> None:
        run_with_model(home)
        with pytest.raises(UserError) as caught:
            predict(query, "a")
        assert said in str(caught.value)
        assert caught.value.exit_code == code

    def test_a_folder_of_models_names_them(self, predict: Predict, model: Path) -> None:
        with pytest.raises(ModelError, match=r"has no config\.json: it is not a model\. Models below it: model\."):
            predict(model.parent, "a")

    def test_a_model_of_the_hub_in_the_cache(
        self, predict: Predict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
        folder = tmp_path / "hub" / "models--a--b"
        model_folder(folder / "snapshots" / ("0" * 40))
        (folder / "refs").mkdir()
        (folder / "refs" / "main").write_text("0" * 40)
        assert json.loads(predict("a/b", "x", "--json"))[0]["label"] == "short"

    def test_preprocessing_is_said_to_be_left_out(
        self, predict: Predict, home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        run = run_with_model(home, steps='[[preprocess]]\nuse = "strip-html"\n')
        (tmp_path / "a.txt").write_text("x\n")
        cli.main(["predict", run.short, "--file", str(tmp_path / "a.txt"), "--no-plugins"], standalone_mode=False)
        assert "Not applied to what is predicted: strip-html." in capsys.readouterr().err

    @pytest.mark.parametrize("trusted", [True, False])
    def test_code_is_run_where_training_ran_it(
        self, trusted: bool, predict: Predict, home: Home, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        run = run_with_model(home, trust=f"trust_remote_code = {str(trusted).lower()}\n")
        model_folder(run.paths.model, {"auto_map": {"AutoModel": "m.M"}})
        if trusted:
            assert json.loads(predict(run.short, "a", "--json"))
        else:
            with pytest.raises(ModelError, match="has auto_map"):
                predict(run.short, "a")


class TestBars:
    def test_aligned_and_only_where_there_is_a_score(self) -> None:
        lines = ["pos  0.900", "  a longer one  0.100", "nothing", "PER  Ada  0.990  (0-3)"]
        assert with_bars(lines) == [
            "pos             0.900  █████████████████████▋",
            "  a longer one  0.100  ██▍",
            "nothing",
            "PER  Ada  0.990  (0-3)",
        ]

    def test_labels_of_any_script_stay_in_line(self) -> None:
        found = with_bars(["日本  0.500", "a\x1b  0.500"])
        assert [line.index("0.500") for line in found] == [4, 6]

    @pytest.mark.parametrize(("share", "drawn"), [(0, ""), (1, "█" * 24), (0.001, ""), (0.0052, "▏"), (2, "█" * 24)])
    def test_a_bar(self, share: float, drawn: str) -> None:
        assert bar(share) == drawn


def test_a_json_list_is_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    cases: list[list[Any]] = [[], [1], [{"a": float("nan")}, "é\n"]]
    expected: list[list[Any]] = [[], [1], [{"a": "nan"}, "é\n"]]
    for given, wanted in zip(cases, expected, strict=True):
        with output.json_list() as item:
            for document in given:
                item(document)
        assert json.loads(capsys.readouterr().out) == wanted


def test_the_verb_is_listed_with_its_help(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["predict", "--help"])
    said: Mapping[str, str] = {"usage": capsys.readouterr().out}
    for part in ("RUN|MODEL", "--pair", "--file", "--column", "--output", "--json", "--home"):
        assert part in said["usage"]
