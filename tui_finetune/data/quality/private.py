"""Personal data and secrets in texts: counted here, shown masked, sent nowhere."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

from tui_finetune.data.quality.finding import Finding, Rows, Severity, rows_word, share
from tui_finetune.data.quality.material import Material
from tui_finetune.data.quality.texts import rows_matching

EMAIL = r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}"
PHONE = r"\+\d{1,3}[ .-]?\(?\d{2,4}\)?(?:[ .-]?\d{2,4}){2,4}\b|\(\d{3}\) ?\d{3}[ .-]\d{4}\b|\b\d{3}[.-]\d{3}[.-]\d{4}\b"
CARD = r"\b\d(?:[ -]?\d){12,18}\b"
IBAN = r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b"
SOCIAL = r"\b\d{3}-\d{2}-\d{4}\b"
KEYS = (
    r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}|\bxox[abprs]-[0-9A-Za-z-]{10,}|\bAIza[0-9A-Za-z_-]{35}"
    r"|\bhf_[A-Za-z]{30,}|\bsk-[A-Za-z0-9_-]{20,}|-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"|\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\."
)

PATTERNS = (KEYS, IBAN, EMAIL, CARD, PHONE, SOCIAL)


def private_data(data: Material) -> list[Finding]:
    """E-mail addresses, telephone numbers, numbers of cards, accounts and people, keys."""
    found = [
        _finding(data, "emails", "e-mail addresses", EMAIL, "note"),
        _finding(data, "phones", "telephone numbers", PHONE, "note"),
        _finding(data, "cards", "card numbers", CARD, "warn", _has_card),
        _finding(data, "accounts", "bank accounts", IBAN, "warn", _has_iban),
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


def _has_card(text: str) -> bool:
    return any(_card(re.sub(r"\D", "", found)) for found in re.findall(CARD, text))


def _card(digits: str) -> bool:
    """True where beginning, length and last digit are those of a card that is issued (ISO 7812)."""
    if len(digits) == 15:
        return digits[:2] in ("34", "37") and luhn(digits)
    issued = digits[0] in "456" or (digits[0] == "2" and 2221 <= int(digits[:4]) <= 2720)
    return len(digits) == 16 and issued and luhn(digits)


def _has_iban(text: str) -> bool:
    return any(_iban(re.sub(r"\s", "", found)) for found in re.findall(IBAN, text))


def luhn(digits: str) -> bool:
    """True where the last digit of a card's number fits the others; numbers of one digit only are none."""
    if len(set(digits)) < 2:
        return False
    doubled = [int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def _iban(account: str) -> bool:
    """True where the check digits of ISO 13616 fit."""
    turned = account[4:] + account[:4]
    return 15 <= len(account) <= 34 and int("".join(str(int(sign, 36)) for sign in turned)) % 97 == 1


def masked(text: str) -> str:
    """All that is private by its form with every letter and digit hidden but the first."""

    def hide(match: re.Match[str]) -> str:
        return match.group()[:1] + re.sub(r"\w", "•", match.group()[1:])

    for pattern in PATTERNS:
        text = re.sub(pattern, hide, text)
    return text
