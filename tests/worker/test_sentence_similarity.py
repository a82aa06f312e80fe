"""sentence-similarity on a tiny model: losses, files and figures against sentence-transformers, and a whole run."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.calling import Cli
from tests.worker.forked import ForkServer
from tui_finetune.builtin.rank_metrics import RANK_METRICS
from tui_finetune.builtin.tasks.sentence_similarity import SentenceSimilarity
from tui_finetune.builtin.tasks.text_retrieval import search_decoded
from tui_finetune.errors import ModelError
from tui_finetune.evaluation.measure import measure
from tui_finetune.inference.encoders import light_encoder
from tui_finetune.plugin_api import LabelSet, ModelRequest
from tui_finetune.plugin_api.heavy import resolve
from tui_finetune.plugin_api.testing_heads import make_tiny_model
from tui_finetune.runs.layout import RunPaths

TASK = SentenceSimilarity()
LENGTH = 16
TEXTS = ("a red box", "", "one two three four five six seven", "naïve 日本", "x")
ROWS: dict[str, list[Any]] = {
    "text": ["a red box", "the sea", "", "one two three four five six"],
    "text_pair": ["red boxes", "a sea", "nothing", "six five"],
    "negative": ["the sea", "a red box", "one", "blue"],
    "score": [1.0, 0.75, 0.0, 0.5],
}
WAYS: dict[str, tuple[str, dict[str, Any]]] = {
    "cosent": ("CoSENTLoss", {"scale": 7.0}),
    "cosine": ("CosineSimilarityLoss", {}),
    "contrastive": ("ContrastiveLoss", {"margin": 0.6}),
    "multiple_negatives": ("MultipleNegativesRankingLoss", {"scale": 7.0}),
    "symmetric": ("MultipleNegativesSymmetricRankingLoss", {"scale": 7.0}),
    "triplet": ("TripletLoss", {"margin": 0.6}),
}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("sentences") / "tiny")


def loaded(folder: Path, **options: Any) -> tuple[Any, Any]:
    head = resolve(TASK.heavy)(TASK)
    return head, head.load_model(ModelRequest(str(folder), LabelSet.of(()), options)).eval()


def vectors(folder: Path, texts: list[str], **options: Any) -> np.ndarray:
    """As predict has them."""
    import torch
    from transformers import AutoTokenizer

    head, model = loaded(folder, **options)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    encoded = TASK.encode({"text": texts}, light_encoder(folder, LENGTH), LabelSet.of(()))
    rows = [{name: encoded[name][at] for name in ("input_ids", *head.inputs)} for at in range(len(texts))]
    with torch.no_grad():
        return np.stack(
            head.score(model, head.collator(tokenizer, padding="longest", max_length=LENGTH)(rows), tokenizer)
        )


@pytest.mark.parametrize("pooling", ["mean", "cls", "max", "last"])
def test_sentence_transformers_loads_it_with_the_same_vectors(model: Path, tmp_path: Path, pooling: str) -> None:
    library = pytest.importorskip("sentence_transformers")
    from transformers import AutoModel, AutoTokenizer

    head, own = loaded(model, pooling=pooling)
    own.save_pretrained(tmp_path)
    AutoTokenizer.from_pretrained(model).save_pretrained(tmp_path)
    head.write_beside(tmp_path, LENGTH)
    wanted = vectors(tmp_path, list(TEXTS))
    theirs = library.SentenceTransformer(str(tmp_path), device="cpu")
    assert theirs.max_seq_length == LENGTH
    assert np.abs(theirs.encode(list(TEXTS)) - wanted).max() < 1e-6
    assert np.abs(vectors(model, list(TEXTS), pooling=pooling) - wanted).max() < 1e-6
    assert type(AutoModel.from_pretrained(tmp_path)).__name__ == "BertModel"


@pytest.mark.parametrize("way", WAYS)
def test_losses_are_those_of_sentence_transformers(model: Path, tmp_path: Path, way: str) -> None:
    library = pytest.importorskip("sentence_transformers")
    import torch
    from sentence_transformers.sentence_transformer import losses
    from transformers import AutoTokenizer

    kind, settings = WAYS[way]
    names = ["text", "text_pair", *(["negative"] if way in ("multiple_negatives", "triplet") else [])]
    rows = "scored" if way in ("cosent", "cosine", "contrastive") else "triplets" if len(names) == 3 else "pairs"
    options = {"rows": rows, "loss": "multiple_negatives" if way == "symmetric" else way, **settings}
    head, own = loaded(model, **options, symmetric=way == "symmetric")
    own.save_pretrained(tmp_path)
    tokenizer = AutoTokenizer.from_pretrained(model)
    tokenizer.save_pretrained(tmp_path)
    head.write_beside(tmp_path, LENGTH)
    data = {name: ROWS[name] for name in (*names, *(["score"] if rows == "scored" else []))}
    encoded = TASK.variant(options).encode(data, light_encoder(model, LENGTH), LabelSet.of(()))
    taken = [name for name in ("input_ids", *head.inputs, "labels") if name in encoded]
    batch = head.collator(tokenizer, padding="longest", max_length=LENGTH)(
        [{name: encoded[name][at] for name in taken} for at in range(4)]
    )
    theirs = library.SentenceTransformer(str(tmp_path), device="cpu").eval()
    if way == "triplet":
        settings = {"triplet_margin": settings["margin"], "distance_metric": losses.TripletDistanceMetric.COSINE}
    loss = getattr(losses, kind)(theirs, **settings)
    inputs = [theirs.preprocess(data[name]) for name in names]
    with torch.no_grad():
        assert own(**batch).loss.item() == pytest.approx(loss(inputs, batch["labels"]).item(), rel=1e-5)


def test_figures_of_a_search_are_those_of_sentence_transformers() -> None:
    pytest.importorskip("sentence_transformers")
    from sentence_transformers.sentence_transformer.evaluation import InformationRetrievalEvaluator

    draw = np.random.default_rng(3)
    first = [f"q{number}" for number in range(60)]
    second = [f"a{number}" for number in range(60)]
    one, other = draw.normal(size=(2, 60, 6))
    one, other = (v / np.linalg.norm(v, axis=1, keepdims=True) for v in (one, 0.7 * one + other))
    found = measure(search_decoded([first, second], [one, other], LabelSet.of(()), {}), RANK_METRICS)
    at = {**dict(zip(first, one, strict=True)), **dict(zip(second, other, strict=True))}

    class Known:
        similarity_fn_name = "cosine"

        @staticmethod
        def similarity(a: Any, b: Any) -> Any:
            import torch

            return torch.as_tensor(np.asarray(a)) @ torch.as_tensor(np.asarray(b)).T

        @staticmethod
        def encode(texts: list[str], **more: Any) -> Any:
            import torch

            return torch.as_tensor(np.stack([at[text] for text in texts]))

        encode_query = encode_document = encode

    evaluator = InformationRetrievalEvaluator(
        {text: text for text in first}, {text: text for text in second},
        {a: {b} for a, b in zip(first, second, strict=True)}, show_progress_bar=False,
        score_functions={"cosine": Known.similarity},
        precision_recall_at_k=[1, 5, 10], map_at_k=[100],
    )  # fmt: skip
    known: Any = Known()
    theirs: Any = evaluator.compute_all_metrics(known)["cosine"]
    wanted = {
        **{f"recall_at_{k}": theirs["recall@k"][k] for k in (1, 5, 10)},
        "mrr_at_10": theirs["mrr@k"][10],
        "ndcg_at_10": theirs["ndcg@k"][10],
        "map_at_100": theirs["map@k"][100],
    }
    assert {name: found[name] for name in wanted} == pytest.approx(wanted, abs=1e-6)
    assert 0.1 < found["recall_at_1"] < 0.9


class TestStartingPoints:
    def test_the_models_own_pooling_is_kept(self, model: Path, tmp_path: Path) -> None:
        head, own = loaded(model, pooling="cls")
        own.save_pretrained(tmp_path)
        assert loaded(tmp_path)[1].config.sentence_pooling == "cls"
        head.write_beside(tmp_path, LENGTH)
        config = json.loads((tmp_path / "config.json").read_text())
        del config["sentence_pooling"]
        (tmp_path / "config.json").write_text(json.dumps(config))
        assert loaded(tmp_path)[1].config.sentence_pooling == "cls"
        assert loaded(tmp_path, pooling="mean")[1].config.sentence_pooling == "mean"

    def test_further_modules_are_refused(self, model: Path) -> None:
        modules = [{"type": "sentence_transformers.models.Transformer"}, {"type": "sentence_transformers.models.Dense"}]
        (model / "modules.json").write_text(json.dumps(modules))
        try:
            with pytest.raises(ModelError, match="has a module Dense behind the encoder"):
                loaded(model)
        finally:
            (model / "modules.json").unlink()


WORDS = ("red", "round", "sweet", "blue", "square", "sour", "green", "flat", "loud")


def write_pairs(path: Path) -> None:
    draw = random.Random(1)
    lines = []
    for number in range(90):
        group = WORDS[3 * (number % 3) : 3 * (number % 3) + 3]
        one, other = (" ".join(draw.choices(group, k=draw.randint(2, 5))) for _ in range(2))
        lines.append(json.dumps({"anchor": f"{one} {number}", "positive": f"{other} no {number}"}))
    path.write_text("\n".join(lines))


RECIPE = """
task = "sentence-similarity"
name = "alike"
[run]
device = "cpu"
[data]
path = "rows.jsonl"
validation = 0.2
test = 0.2
[model]
path = "{model}"
max_length = {length}
[train]
learning_rate = 1e-3
per_device_train_batch_size = 8
num_train_epochs = 3
save_strategy = "steps"
save_steps = 5
[task_options]
rows = "pairs"
"""


@pytest.mark.slow
def test_a_run_from_pairs_to_vectors(workers: ForkServer, tiny_model: Path, tmp_path: Path, cli: Cli) -> None:
    """Trained, measured again, asked; sentence-transformers gives the same vectors and finds as much."""
    library = pytest.importorskip("sentence_transformers")
    import pyarrow.parquet as pq

    write_pairs(tmp_path / "rows.jsonl")
    (tmp_path / "run.toml").write_text(RECIPE.format(model=tiny_model, length=LENGTH))
    said = cli("train", str(tmp_path / "run.toml"), "--wait", "--json")
    assert said.code == 0, said.err
    run = said.json
    paths = RunPaths(Path(run["path"]))
    stored = pq.read_table(paths.evaluation("test") / "predictions.parquet").to_pylist()
    assert len(stored) == 18
    figures = run["metrics"]
    assert figures["test_recall_at_1"] == pytest.approx(np.mean([row["gold"] == row["predicted"] for row in stored]))
    assert figures["test_mrr_at_10"] == pytest.approx(
        np.mean([1 / row["rank"] if row["rank"] <= 10 else 0 for row in stored])
    )

    theirs = library.SentenceTransformer(str(paths.model), device="cpu")
    one, other = (theirs.encode([row[name] for row in stored]) for name in ("text", "text_pair"))
    assert [row["gold_score"] for row in stored] == pytest.approx((one * other).sum(axis=1), abs=1e-5)
    assert figures["test_recall_at_1"] == pytest.approx(np.mean((one @ other.T).argmax(axis=1) == np.arange(18)))

    again = cli("evaluate", run["id"], "--wait", "--json")
    assert again.code == 0, again.err
    assert again.json["metrics"]["test_mrr_at_10"] == pytest.approx(figures["test_mrr_at_10"])
    asked = cli("predict", run["id"], stored[0]["text"], "--json")
    assert asked.code == 0, asked.err
    assert asked.json[0]["embedding"] == pytest.approx(one[0], abs=1e-5)
    asked = cli("predict", run["id"], stored[0]["text"], "--pair", stored[0]["text_pair"], "--json")
    assert asked.json[0]["values"]["similarity"] == pytest.approx(stored[0]["gold_score"], abs=1e-5)
