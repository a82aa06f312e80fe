"""What columns are together, by their names and what they hold, whether or not a task takes them: chats, answers, scores …"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from tui_finetune.data.file_names import LANGUAGES
from tui_finetune.plugin_api import ROW_HASH, ROW_ID

if TYPE_CHECKING:
    import pyarrow as pa

SAMPLE = 2_000
CHATS = ("messages", "conversations", "conversation", "dialogue", "dialog", "chat")
PROMPTS = ("prompt", "instruction", "question", "query", "input", *CHATS)
OUTPUTS = ("output", "response", "completion", "answer", "target")
TEXTS = ("text", "sentence", "comment", "content", "tweet", "review")
LABELS = ("labels", "label_ids", "tags", "categories", "emotions", "topics")
SCORES = ("score", "similarity", "similarityscore", "relatedness", "relatednessscore", "goldscore", "rating")
SIDES = (
    ("source", "target"),
    ("src", "tgt"),
    ("document", "summary"),
    ("article", "highlights"),
    ("text", "summary"),
    ("dialogue", "summary"),
    ("input_text", "target_text"),
)
"""Names of a text and of the one that is made of it."""
FEWEST_WORDS = 3.0
"""Words that a sentence has in the mean; columns of fewer are names, years, genres."""

Roles = dict[str, str]


def roles_by_content(table: pa.Table) -> Roles:
    """Role to column of the first pattern that fits; nothing where none does."""
    facts = _Columns(table.slice(0, SAMPLE))
    return next((roles for pattern in PATTERNS if (roles := pattern(facts))), {})


class _Columns:
    """A table's columns as the patterns ask for them."""

    def __init__(self, table: pa.Table) -> None:
        self.table = table
        self.names: list[str] = [name for name in table.column_names if name not in (ROW_ID, ROW_HASH)]
        self.plain: dict[str, str] = {re.sub(r"[\s_-]", "", name.casefold()): name for name in reversed(self.names)}

    def one(self, names: Sequence[str], fits: Callable[[str], bool] = lambda name: True) -> str | None:
        """The first column that is called so and fits; of objects the part that holds the text."""
        for name in names:
            for tail in ("", ".value", ".content", ".text"):
                found = self.plain.get(re.sub(r"[\s_-]", "", name) + tail)
                if found is not None and fits(found):
                    return found
        return None

    def is_text(self, name: str) -> bool:
        import pyarrow as pa

        return bool(pa.types.is_string(self.table.schema.field(name).type))

    def is_number(self, name: str) -> bool:
        import pyarrow as pa

        kind = self.table.schema.field(name).type
        return bool(pa.types.is_floating(kind) or pa.types.is_integer(kind))

    def is_fraction(self, name: str) -> bool:
        import pyarrow as pa

        return bool(pa.types.is_floating(self.table.schema.field(name).type))

    def is_list(self, name: str) -> bool:
        import pyarrow as pa

        return bool(pa.types.is_list(self.table.schema.field(name).type))

    def is_chat(self, name: str) -> bool:
        import pyarrow as pa

        kind = self.table.schema.field(name).type
        return bool(pa.types.is_list(kind) and pa.types.is_struct(kind.value_type))

    def words(self, name: str) -> float:
        """Words of a text in the mean."""
        import pyarrow.compute as pc

        if not self.is_text(name):
            return 0.0
        blanks = pc.mean(pc.count_substring(self.table.column(name), " ")).as_py()
        return 0.0 if blanks is None else float(blanks) + 1

    def sentences(self) -> list[str]:
        return [name for name in self.names if self.words(name) >= FEWEST_WORDS]


def _preference(columns: _Columns) -> Roles:
    chosen, rejected = columns.one(["chosen"]), columns.one(["rejected"])
    if chosen is None or rejected is None:
        return {}
    prompt = columns.one(PROMPTS)
    return {**({"prompt": prompt} if prompt else {}), "chosen": chosen, "rejected": rejected}


def _messages(columns: _Columns) -> Roles:
    chat = columns.one(CHATS, columns.is_chat)
    if chat is None:
        return {}
    extra = {role: name for role in ("tools", "system") if (name := columns.one([role])) is not None}
    return {"messages": chat, **extra}


def _instruction(columns: _Columns) -> Roles:
    instruction, output = columns.one(["instruction"], columns.is_text), columns.one(OUTPUTS, columns.is_text)
    if instruction is None:
        instruction, output = columns.one(["prompt"], columns.is_text), columns.one(["completion", "response"])
    if instruction is None or output is None:
        return {}
    given = columns.one(["input"], columns.is_text)
    return {"instruction": instruction, **({"input": given} if given else {}), "output": output}


def _answers(columns: _Columns) -> Roles:
    found = {
        "question": columns.one(["question"], columns.is_text),
        "context": columns.one(["context", "passage"], columns.is_text),
        "answers": columns.one(["answers"]),
    }
    return {role: name for role, name in found.items() if name} if all(found.values()) else {}


def _choices(columns: _Columns) -> Roles:
    endings = [name for name in columns.names if re.fullmatch(r"(ending|choice|option)_?\d", name.casefold())]
    if len(endings) < 2:
        return {}
    context = columns.one(["sent1", "context", "question", "premise"], columns.is_text)
    question = columns.one(["sent2"], columns.is_text)
    label = columns.one(["label", "answer"])
    named = {"context": context, "question": question, "label": label}
    return {
        **{role: name for role, name in named.items() if name},
        **{f"choice{i}": name for i, name in enumerate(endings)},
    }


def _translation(columns: _Columns) -> Roles:
    for source, target in SIDES:
        first, second = columns.one([source], columns.is_text), columns.one([target], columns.is_text)
        if first and second and min(columns.words(first), columns.words(second)) >= FEWEST_WORDS:
            return {"source": first, "target": second}
    languages = [name for name in columns.names if name.casefold().rpartition(".")[2] in LANGUAGES]
    if len(languages) == 2 and all(map(columns.is_text, languages)) and _alone(columns, languages):
        first, second = sorted(languages, key=lambda name: not name.endswith("en"))
        return {"source": first, "target": second}
    return {}


def _alone(columns: _Columns, names: Sequence[str]) -> bool:
    """True where nothing stands beside the columns but an id."""
    return all(name in names or name.casefold() in ("id", "index", "idx") for name in columns.names)


def _many_labels(columns: _Columns) -> Roles:
    labels, text = columns.one(LABELS, columns.is_list), columns.one(TEXTS, columns.is_text)
    return {"text": text, "labels": labels} if text is not None and labels is not None else {}


def _score(columns: _Columns) -> Roles:
    headerless = all(re.fullmatch(r"column\d+", name) for name in columns.names)
    score = columns.one(SCORES, columns.is_number)
    if score is None and headerless:
        score = next((name for name in columns.names if columns.is_fraction(name)), None)
    if score is None:
        return {}
    text = columns.one(["sentence1", "text1"], columns.is_text)
    pair = columns.one(["sentence2", "text2"], columns.is_text)
    if text is None or pair is None:
        sentences = columns.sentences()
        if len(sentences) != 2:
            return {}
        text, pair = sentences
    return {"text": text, "text_pair": pair, "score": score}


def _text(columns: _Columns) -> Roles:
    return {"text": columns.names[0]} if len(columns.names) == 1 and columns.is_text(columns.names[0]) else {}


PATTERNS = (_preference, _messages, _answers, _instruction, _choices, _translation, _many_labels, _score, _text)
"""The more telling ones first."""
