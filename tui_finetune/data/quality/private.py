"""Personal data and secrets in texts: counted here, shown masked, sent nowhere."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tui_finetune.data.private_forms import CARD, EMAIL, IBAN, KEYS, PHONE, SOCIAL, has_account, has_card
from tui_finetune.data.quality.finding import Finding, Rows, Severity, rows_word, share
from tui_finetune.data.quality.material import Material
from tui_finetune.data.quality.texts import rows_matching


def private_data(data: Material) -> list[Finding]:
    """E-mail addresses, telephone numbers, numbers of cards, accounts and people, keys."""
    found = [
        _finding(data, "emails", "e-mail addresses", EMAIL, "note"),
        _finding(data, "phones", "telephone numbers", PHONE, "note"),
        _finding(data, "cards", "card numbers", CARD, "warn", has_card),
        _finding(data, "accounts", "bank accounts", IBAN, "warn", has_account),
        _finding(data, "social_numbers", "social security numbers", SOCIAL, "warn"),
        _finding(data, "keys", "keys and tokens", KEYS, "warn"),
    ]
    return [finding for finding in found if finding is not None]


def _finding(
    data: Material,
    id: str,
    title: str,
    pattern: str,
    severity: Severity,
    certain: Callable[[str], bool] | None = None,
) -> Finding | None:
    """certain: looks at the few texts that the pattern found whether it is one."""
    rows = rows_matching(data, pattern)
    if certain is not None:
        rows = {name: _certain(data, name, found, certain) for name, found in rows.items()}
    rows = {name: found for name, found in rows.items() if len(found)}
    count = sum(map(len, rows.values()))
    if not count:
        return None
    return Finding(
        id,
        severity,
        title,
        f"{rows_word(count)} ({share(count, data.rows)}) hold what looks like {title}.",
        "A model may learn them by heart and say them to others; often they must not leave the place where they lie.",
        "Mask them in a preprocessor before training.",
        rows,
        pattern,
        masked=True,
    )


def _certain(data: Material, name: str, rows: Rows, certain: Callable[[str], bool]) -> Rows:
    part = next(part for part in data.parts if part.name == name)
    kept = [row for row, text in zip(rows, part.texts.take(rows).to_pylist(), strict=True) if certain(text)]
    return np.asarray(kept, dtype=np.int64)
