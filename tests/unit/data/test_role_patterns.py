"""What columns are together, where no task of ours takes them."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from tui_finetune.data.role_patterns import roles_by_content

CHAT = [[{"role": "user", "content": "hello"}, {"role": "assistant", "content": "hi"}]]
SHARE_GPT = [[{"from": "human", "value": "hello"}]]
SENTENCE = ["the cat sat on the mat"]


@pytest.mark.parametrize(
    ("columns", "roles"),
    [
        ({"messages": CHAT}, {"messages": "messages"}),
        ({"conversations": SHARE_GPT, "tools": ["[]"]}, {"messages": "conversations", "tools": "tools"}),
        (
            {"conversations": SHARE_GPT, "chosen.value": ["a"], "rejected.value": ["b"]},
            {"prompt": "conversations", "chosen": "chosen.value", "rejected": "rejected.value"},
        ),
        ({"chosen": ["a"], "rejected": ["b"]}, {"chosen": "chosen", "rejected": "rejected"}),
        (
            {"instruction": ["do"], "input": [""], "output": ["done"]},
            {"instruction": "instruction", "input": "input", "output": "output"},
        ),
        (
            {"id": ["1"], "question": ["who"], "context": ["Ann"], "answers": [["Ann"]]},
            {"question": "question", "context": "context", "answers": "answers"},
        ),
        (
            {"question": ["who"], "context": ["Ann"], "answers.text": [["Ann"]], "answers.answer_start": [[0]]},
            {"question": "question", "context": "context", "answers": "answers.text"},
        ),
        (
            {"sent1": ["a b"], "sent2": ["c"], "ending0": ["d"], "ending1": ["e"], "label": [1]},
            {"context": "sent1", "question": "sent2", "label": "label", "choice0": "ending0", "choice1": "ending1"},
        ),
        ({"de": ["ja"], "en": ["yes"]}, {"source": "en", "target": "de"}),
        (
            {"translation.en": ["yes"], "translation.ro": ["da"]},
            {"source": "translation.en", "target": "translation.ro"},
        ),
        ({"document": SENTENCE, "summary": SENTENCE}, {"source": "document", "target": "summary"}),
        ({"text": SENTENCE, "labels": [[1, 2]], "id": ["x"]}, {"text": "text", "labels": "labels"}),
        (
            {"sentence1": ["a"], "sentence2": ["b"], "score": [2.5]},
            {"text": "sentence1", "text_pair": "sentence2", "score": "score"},
        ),
        (
            {"column1": ["news"], "column2": [2012], "column3": [2.5], "column4": SENTENCE, "column5": SENTENCE},
            {"text": "column4", "text_pair": "column5", "score": "column3"},
        ),
        ({"text": SENTENCE}, {"text": "text"}),
        ({"text": SENTENCE, "label": [1]}, {}),
        ({"sentence1": SENTENCE, "sentence2": SENTENCE, "label": [1]}, {}),
        ({"tokens": [["a"]], "tags": [["O"]]}, {}),
        ({"id": [1], "keyword": ["fire"], "text": SENTENCE, "target": [1]}, {}),
        ({"review": SENTENCE, "rating": [4]}, {}),
    ],
)
def test_roles_by_content(columns: dict[str, list[Any]], roles: dict[str, str]) -> None:
    assert roles_by_content(pa.table(columns)) == roles
