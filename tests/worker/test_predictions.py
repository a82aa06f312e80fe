"""What `predict` says is what transformers says of the same folder: pipeline, AutoModel and raw logits."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.waiting import wait_until
from tests.worker.tiny_models import LABELS, LONGEST, TEXTS, saved
from tui_finetune.errors import LaunchError, UserError
from tui_finetune.inference.client import HelperSpec, ModelHelper
from tui_finetune.paths import Home
from tui_finetune.plugin_api.manager import load_catalog
from tui_finetune.plugin_api.testing_heads import make_tiny_model

CLOSE = 1e-5
"""Padding and the size of a batch change the last digits."""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="module")
def classifier(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved("text-classification", base, tmp_path_factory.mktemp("classifier"))


@pytest.fixture(scope="module")
def tagger(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved("token-classification", base, tmp_path_factory.mktemp("tagger"))


@pytest.fixture(scope="module")
def module_home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def classify(classifier: Path, module_home: Home) -> Iterator[ModelHelper]:
    with ModelHelper(HelperSpec(classifier, module_home, third_party=False)) as helper:
        helper.start()
        yield helper


def scores_of(answer: dict[str, Any]) -> list[tuple[str, float]]:
    return list(answer["scores"].items())


class TestClassification:
    def test_as_the_pipeline_says(self, classify: ModelHelper, classifier: Path) -> None:
        from transformers import pipeline

        asked = pipeline("text-classification", model=str(classifier), top_k=None)
        expected = asked(TEXTS, truncation=True, max_length=LONGEST)
        answers = classify.predict([{"text": text} for text in TEXTS])
        assert len({answer["label"] for answer in answers}) > 1, "the test would not notice a mixed order"
        for text, answer, said in zip(TEXTS, answers, expected, strict=True):
            assert answer["text"] == text
            assert [name for name, _ in scores_of(answer)] == [one["label"] for one in said]
            assert [score for _, score in scores_of(answer)] == pytest.approx([one["score"] for one in said], abs=CLOSE)
            assert (answer["label"], answer["score"]) == scores_of(answer)[0]

    def test_as_the_loaded_model_says(self, classify: ModelHelper, classifier: Path) -> None:
        import torch
        from transformers import AutoModelForSequenceClassification, AutoTokenizer

        model = AutoModelForSequenceClassification.from_pretrained(classifier).eval()
        tokenizer = AutoTokenizer.from_pretrained(classifier)
        for answer in classify.predict([{"text": text} for text in TEXTS]):
            batch = tokenizer(answer["text"], truncation=True, max_length=LONGEST, return_tensors="pt")
            with torch.no_grad():
                scores = model(**batch).logits[0].softmax(-1)
            assert [answer["scores"][model.config.id2label[i]] for i in range(3)] == pytest.approx(
                scores.tolist(), abs=CLOSE
            )

    def test_pairs_and_single_texts_in_one_request(self, classify: ModelHelper, classifier: Path) -> None:
        from transformers import pipeline

        asked = pipeline("text-classification", model=str(classifier), top_k=None)
        rows = [{"text": "a", "text_pair": "b c"}, {"text": "alone"}, {"text": "x y z", "text_pair": "w"}]
        for row, answer in zip(rows, classify.predict(rows), strict=True):
            said = asked(row, truncation=True, max_length=LONGEST)
            assert answer["label"] == said[0]["label"]
            assert [score for _, score in scores_of(answer)] == pytest.approx([one["score"] for one in said], abs=CLOSE)
            assert answer.get("text_pair") == row.get("text_pair")

    def test_a_batch_says_what_each_alone_does(self, classify: ModelHelper) -> None:
        rows = [{"text": text * (n % 5 + 1)} for n, text in enumerate(TEXTS * 20)]
        together = classify.predict(rows)
        for row, answer in list(zip(rows, together, strict=True))[::13]:
            alone = classify.predict([row])[0]
            assert alone["label"] == answer["label"]
            assert alone["score"] == pytest.approx(answer["score"], abs=CLOSE)

    def test_tokens(self, classify: ModelHelper) -> None:
        short, long = classify.tokenize([{"text": "ab"}, {"text": "x" * 100}])
        assert short["tokens"] == ["[CLS]", "a", "##b", "[SEP]"]
        assert (short["length"], short["truncated"]) == (4, False)
        assert (len(long["ids"]), long["length"], long["truncated"]) == (LONGEST, 102, True)


def test_tags_are_those_of_the_raw_logits(tagger: Path, module_home: Home) -> None:
    import torch
    from transformers import AutoModelForTokenClassification, AutoTokenizer

    task = load_catalog(None, third_party=False).tasks["token-classification"]
    rows = [task.input_row(text) for text in ("Ada Lovelace met Charles, in London.", "one", "x y " * 30, "日本 é😀")]
    with ModelHelper(HelperSpec(tagger, module_home, third_party=False)) as helper:
        answers = helper.predict(rows)
    model = AutoModelForTokenClassification.from_pretrained(tagger).eval()
    tokenizer = AutoTokenizer.from_pretrained(tagger)
    found = 0
    for row, answer in zip(rows, answers, strict=True):
        batch = tokenizer(
            row["tokens"], is_split_into_words=True, truncation=True, max_length=LONGEST, return_tensors="pt"
        )
        with torch.no_grad():
            scores = model(**batch).logits[0].softmax(-1)
        tags, best = ["O"] * len(row["tokens"]), [0.0] * len(row["tokens"])
        for token, word in reversed(list(enumerate(batch.word_ids()))):
            if word is not None:
                tags[word] = model.config.id2label[int(scores[token].argmax())]
                best[word] = float(scores[token].max())
        for entity in answer["entities"]:
            assert answer["text"][entity["start"] : entity["end"]] == entity["text"]
            assert any(tag.endswith(entity["label"]) for tag in tags)
        begun = sum(tag.startswith("B-") for tag in tags)
        assert len(answer["entities"]) >= begun
        found += len(answer["entities"])
        singles = [e for e in answer["entities"] if e["text"] in row["tokens"] and row["tokens"].count(e["text"]) == 1]
        for entity in singles:
            assert entity["score"] == pytest.approx(best[row["tokens"].index(entity["text"])], abs=CLOSE)
    assert found > 0


class TestProcess:
    def test_nothing_but_the_protocol_on_stdout(self, classifier: Path, module_home: Home) -> None:
        """What libraries and plugins print, native code too, goes to standard error."""
        module_home.plugins.mkdir(parents=True, exist_ok=True)
        plugin = module_home.plugins / "talks.py"
        plugin.write_text("import os\nprint('hello from python')\nos.write(1, b'hello from C\\n')\n")
        request = json.dumps({"id": 7, "action": "predict", "rows": [{"text": "a \ud800"}]})
        lines = f"{request}\nno json\n[]\n{json.dumps({'id': 8, 'action': 'dance'})}\n{json.dumps({'id': 9})}"
        done = subprocess.run(
            HelperSpec(classifier, module_home).command(), input=lines, capture_output=True, text=True, timeout=120
        )
        plugin.unlink()
        assert done.returncode == 0, done.stderr
        events = [json.loads(line) for line in done.stdout.splitlines()]
        assert [event["event"] for event in events] == ["progress", "ready", "result", *["error"] * 4]
        assert events[2]["answers"][0]["text"] == "a \ud800"
        assert [event.get("id") for event in events[2:]] == [7, None, None, 8, 9]
        assert "hello from python" in done.stderr
        assert "hello from C" in done.stderr

    def test_idle_it_ends_and_starts_again_when_asked_and_killed_it_says_how(
        self, classifier: Path, module_home: Home
    ) -> None:
        spec = HelperSpec(classifier, module_home, third_party=False, idle_seconds=0.5)
        with ModelHelper(spec) as helper:
            helper.start()
            first = helper._process
            assert first is not None
            wait_until(lambda: first.poll() is not None, "the idle helper to end")
            assert first.returncode == 0
            assert helper.predict([{"text": "a"}])[0]["label"] in LABELS["text-classification"]
            assert helper.pid not in (None, first.pid)
            os.kill(helper.pid or 0, signal.SIGKILL)
            with pytest.raises(LaunchError, match="The model helper ended by SIGKILL"):
                helper.predict([{"text": "a"}])

    def test_weights_that_do_not_fit_are_the_persons_to_mend(
        self, classifier: Path, module_home: Home, tmp_path: Path
    ) -> None:
        import shutil

        folder = Path(shutil.copytree(classifier, tmp_path / "m"))
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps({**config, "vocab_size": 7}))
        with pytest.raises(UserError) as caught, ModelHelper(HelperSpec(folder, module_home)) as helper:
            helper.start()
        assert str(folder) in str(caught.value)
        assert "Traceback" not in str(caught.value)

    def test_its_own_process_needs_no_torch(self, classifier: Path, home: Home) -> None:
        """The verb's process stays light; only the helper loads what is heavy."""
        code = (
            "import sys\n"
            "from click.testing import CliRunner\n"
            "from tui_finetune.cli.main import cli\n"
            f"done = CliRunner().invoke(cli, ['predict', {str(classifier)!r}, 'a text', '--json', '--no-plugins'])\n"
            "print(done.output)\n"
            "print(*({'torch', 'transformers', 'datasets'} & sys.modules.keys()), 'light', file=sys.stderr)\n"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
        assert done.stderr.split()[-1:] == ["light"], done.stderr
        assert "torch" not in done.stderr
        assert json.loads(done.stdout)[0]["text"] == "a text"
