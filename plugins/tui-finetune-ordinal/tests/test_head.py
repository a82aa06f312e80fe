"""The heavy half on a tiny encoder: forward, backward, saved, loaded again, as our classes and by the Auto classes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tui_finetune_ordinal.task import OrdinalClassification

from tui_finetune.plugin_api import LabelSet, ModelRequest
from tui_finetune.plugin_api.testing_heads import check_head, make_tiny_model

TASK = OrdinalClassification()
LEVELS = LabelSet.of([1, 2, 3, 4, 5])


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("base"))


def test_head_lives(base: Path, tmp_path: Path) -> None:
    check_head(TASK, base, tmp_path)


def test_thresholds_rise_and_start_evenly_spaced(base: Path) -> None:
    from tui_finetune_ordinal.heads import OrdinalHead

    model = OrdinalHead(TASK).load_model(ModelRequest(str(base), LEVELS, {"spacing": 2.0}))
    np.testing.assert_allclose(model.thresholds().detach().numpy(), [-3.0, -1.0, 1.0, 3.0], atol=1e-5)


def test_the_encoders_weights_are_those_of_the_base(base: Path) -> None:
    import torch
    from transformers import AutoModel
    from tui_finetune_ordinal.heads import OrdinalHead

    model = OrdinalHead(TASK).load_model(ModelRequest(str(base), LEVELS, {}))
    expected = AutoModel.from_pretrained(base).state_dict()
    assert all(torch.equal(value, expected[name]) for name, value in model.base_model.state_dict().items())


def test_the_saved_folder_is_one_that_the_library_loads(base: Path, tmp_path: Path) -> None:
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer
    from tui_finetune_ordinal.heads import EncoderForOrdinalClassification, OrdinalHead

    model = OrdinalHead(TASK).load_model(ModelRequest(str(base), LEVELS, {}))
    model.save_pretrained(tmp_path)
    AutoTokenizer.from_pretrained(base).save_pretrained(tmp_path)
    batch = AutoTokenizer.from_pretrained(tmp_path)(["a fine thing"], return_tensors="pt")
    loaded = AutoModelForSequenceClassification.from_pretrained(tmp_path)
    assert isinstance(loaded, EncoderForOrdinalClassification)
    with torch.no_grad():
        assert torch.equal(loaded(**batch).logits, model.eval()(**batch).logits)


def test_another_number_of_levels_gets_a_new_head_on_the_trained_encoder(base: Path, tmp_path: Path) -> None:
    import torch
    from tui_finetune_ordinal.heads import OrdinalHead

    head = OrdinalHead(TASK)
    model = head.load_model(ModelRequest(str(base), LEVELS, {}))
    model.save_pretrained(tmp_path)
    again = head.load_model(ModelRequest(str(tmp_path), LabelSet.of([0, 1, 2]), {}, new_head=True))
    assert again.thresholds().shape == (2,)
    np.testing.assert_allclose(again.thresholds().detach().numpy(), [-0.5, 0.5], atol=1e-5)
    assert not torch.equal(again.level.weight, model.level.weight)
    saved = model.base_model.state_dict()
    assert all(torch.equal(value, saved[name]) for name, value in again.base_model.state_dict().items())


def test_it_learns_the_order(base: Path) -> None:
    """Some steps on two words: the level of the better one comes out above the other's."""
    import torch
    from tui_finetune_ordinal.heads import OrdinalHead

    torch.manual_seed(0)
    model = OrdinalHead(TASK).load_model(ModelRequest(str(base), LEVELS, {}))
    ids = torch.tensor([[1, 20, 2], [1, 60, 2]])
    mask, labels = torch.ones_like(ids), torch.tensor([0, 4])
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    for _ in range(60):
        optimizer.zero_grad()
        model(input_ids=ids, attention_mask=mask, labels=labels).loss.backward()
        optimizer.step()
    with torch.no_grad():
        logits = model.eval()(input_ids=ids, attention_mask=mask).logits.numpy()
    assert TASK.decode(list(logits), {"labels": [0, 4]}, LEVELS, {}).predicted == [0, 4]
    thresholds = model.thresholds().detach().numpy()
    assert (np.diff(thresholds) > 0).all()
