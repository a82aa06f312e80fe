"""Languages of the texts, by py3langid (Lui and Baldwin 2012, langid.py): n-grams of bytes, no network.

Short texts tell little: those of few letters, and those of which the model is not sure, are counted as `unsure`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tui_finetune.data.quality.finding import Finding, Rows, rows_word, share
from tui_finetune.data.quality.material import Material, Part
from tui_finetune.data.splitting import sample

LOOKED_AT = 4_000
"""Rows of a split; of more a drawn sample. Some 5,000 a second."""
BEGINNING = 400
"""Characters of a text that are looked at."""
TELLING = 40
"""Bytes of UTF-8 under which a text is not judged: a Chinese sign has three, and tells as much."""
SURE = 0.9
"""Least probability of a language. Of XQuAD's questions in 12 languages 85 % are above it, and 2 of these 5,093 are wrong."""
ONE_LANGUAGE = 0.9
"""Share of the sure rows from which the others are told; below it the set has several."""
MANY = 0.05
"""Share of the judged rows from which it is a warning."""
UNSURE = "unsure"
KNOWN = (
    "af am ar az be bg bn bs ca cs cy da de el en es et eu fa fi fr ga gl gu he hi hr hu hy id is it ja ka kk km kn ko ky la",
    "lb lo lt lv mk ml mn mr ms mt ne nl no or pa pl ps pt ro ru si sk sl sq sr sv sw ta te th tl tr uk ur vi xh zh zu",
)
"""ISO 639-1. The model knows more; the rarest of them are what it takes slang for."""


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    found = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    found.set_languages(" ".join(KNOWN).split())
    return found


class Spoken:
    """The looked-at rows of every split with their languages."""

    def __init__(self, data: Material) -> None:
        self.rows: dict[str, Rows] = {}
        self.languages: dict[str, list[str]] = {}
        for part in data.parts:
            self.rows[part.name], self.languages[part.name] = _spoken(part)

    def as_json(self) -> dict[str, dict[str, int]]:
        """Rows of each split by language, the commonest first."""
        return {split: dict(Counter(found).most_common()) for split, found in self.languages.items()}


def _spoken(part: Part) -> tuple[Rows, list[str]]:
    rows = np.asarray(
        sample(part.rows, LOOKED_AT, 0) if part.rows > LOOKED_AT else np.arange(part.rows), dtype=np.int64
    )
    texts = pc.utf8_slice_codeunits(part.texts.take(pa.array(rows)), 0, BEGINNING).to_pylist()
    return rows, [language(text) for text in texts]


def language(text: str | None) -> str:
    """ISO 639-1 code of a text, or `unsure`."""
    if text is None or len(text.encode()) < TELLING:
        return UNSURE
    code, probability = _identifier().classify(text)
    return str(code) if probability >= SURE else UNSURE


def other_languages(data: Material, spoken: Spoken) -> list[Finding]:
    """Rows in another language than nearly all are in."""
    counts = Counter(code for found in spoken.languages.values() for code in found if code != UNSURE)
    if not counts:
        return []
    main, most = counts.most_common(1)[0]
    others = counts.total() - most
    if not others or most < ONE_LANGUAGE * counts.total():
        return []
    rows: Mapping[str, Rows] = {
        split: at
        for split, found in spoken.languages.items()
        if len(at := spoken.rows[split][[code not in (main, UNSURE) for code in found]])
    }
    told = ", ".join(f"{code} {count:,}" for code, count in counts.most_common() if code != main)
    judged = sum(map(len, spoken.languages.values()))
    return [
        Finding(
            "other_languages",
            "warn" if others >= MANY * judged else "note",
            "another language than the rest",
            f"{rows_word(others)} ({share(others, judged)} of those looked at) in another language than {main}: {told}.",
            "A model of one language reads them as noise, and what tells their label is not learned.",
            "Look whether they belong; else leave them out, or take a multilingual model.",
            rows,
        )
    ]
