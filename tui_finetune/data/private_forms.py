"""Personal data and secrets by their form: what they look like, which are certain, and texts with them hidden."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

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


def has_card(text: str) -> bool:
    """True where one of what looks like a card's number is one."""
    return any(_card(re.sub(r"\D", "", found)) for found in re.findall(CARD, text))


def _card(digits: str) -> bool:
    """True where beginning, length and last digit are those of a card that is issued (ISO 7812)."""
    if len(digits) == 15:
        return digits[:2] in ("34", "37") and luhn(digits)
    issued = digits[0] in "456" or (digits[0] == "2" and 2221 <= int(digits[:4]) <= 2720)
    return len(digits) == 16 and issued and luhn(digits)


def has_account(text: str) -> bool:
    """True where one of what looks like a bank account is one."""
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


Certain = Callable[[str], bool]
FORMS: dict[str, tuple[str, Certain | None]] = {
    "key": (KEYS, None),
    "account": (IBAN, has_account),
    "email": (EMAIL, None),
    "card": (CARD, has_card),
    "phone": (PHONE, None),
    "social_number": (SOCIAL, None),
}
"""Kind to its pattern, and what tells a real one from other numbers of that form. In the order in which they are hidden."""


def masked(text: str) -> str:
    """All that is private by its form with every letter and digit hidden but the first."""

    def hide(match: re.Match[str]) -> str:
        return match.group()[:1] + re.sub(r"\w", "•", match.group()[1:])

    for pattern, _ in FORMS.values():
        text = re.sub(pattern, hide, text)
    return text


def replaced(text: str, kinds: Sequence[str], mask: Callable[[str], str]) -> str:
    """The text with each `mask(kind)` in place of what is private of these kinds; numbers that only look so stay."""
    for kind, (pattern, certain) in FORMS.items():
        if kind in kinds:

            def put(match: re.Match[str], kind: str = kind, certain: Certain | None = certain) -> str:
                return mask(kind) if certain is None or certain(match.group()) else match.group()

            text = re.sub(pattern, put, text)
    return text
