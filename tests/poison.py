"""Texts that must not reach a terminal as they are, and what may: for tests of everything that shows text from outside."""

from __future__ import annotations

import re

CORPUS: dict[str, str] = {
    "escape": "a\x1b[31mred\x1b[2J\x1b[H",
    "cursor": "a\x1b[10A\x1b[1;1Hover",
    "title": "a\x1b]0;title\x07b",
    "link": "a\x1b]8;;http://example.invalid\x1b\\link\x1b]8;;\x1b\\",
    "clipboard": "a\x1b]52;c;cm0gLXJmIH4=\x07b",
    "device": 'a\x1b[c\x1b[6n\x1bP$q"p\x1b\\b',
    "c1": "a\x9b31mb\x9d52;c;YQ\x9cc\x90d\x85e",
    "bidi": "a\u202egnp.exe\u202c\u2066b\u2069\u200f\u061c",
    "markup": "[@click=app.quit]click[/] [bold]b[/bold] [/x] [red",
    "rich": "[link=http://example.invalid]x[/link] \\[ ]",
    "zero width": "a\u200bb\u2060c\ufeffd\u200cz",
    "combining": "a" + "\u0301" * 300 + "b",
    "emoji": "👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽 🇩🇪 ☠️",
    "cjk": "模型在训练时不能崩溃。" * 5,
    "rtl": "שלום עולם مرحبا بالعالم",
    "nul": "a\x00b\x07c\x08d\x0ee\x7ff",
    "lines": "one\ntwo\r\nthree\rfour\u2028five\x0bsix\x0cseven",
    "tabs": "a\tb\t\tc",
    "surrogate": "a\udc9bb\ud800c",
    "long": "x" * 100_000,
    "long words": "word " * 20_000,
}
"""By what is wrong with it. Every text is a whole text of a data set, a log, a name, a label."""
BAD_BYTES = b"a\x9b31m\xff\xfe\xc3(\x1b]52;c;YQ==\x07\xed\xa0\x80b\x00c"
"""What is no UTF-8, for files."""

SIGN = "POISON"
"""Stands before each, so that a test can see that it was shown at all."""
FORBIDDEN = re.compile(
    "[\x00-\x08\x0b-\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029\u200b\u2060\ufeff]"
)
"""Characters that do something to a terminal, or hide something from its person."""
_INTERFACE = re.compile(
    "\x1b(?:"
    r"\[[0-9;]*m|\[[0-9;]*H|\[[0-9]*[ABCDGJK]"  # colours, cursor, clearing
    r"|\[\?(?:25|1000|1004|1006|1049|2004|2026|2048|7)[hl]|\[\?(?:2026|2048)\$p"  # modes, asked for and set
    r"|\[6n"  # whether it is behind
    r"|\[>[0-9]+u|\[<u"  # the keyboard protocol
    "|]22;[a-z]*\x07"  # the shape of the mouse's pointer
    ")"
)
"""What the interface itself sends."""


def poisoned(name: str) -> str:
    return f"{SIGN} {CORPUS[name]}"


def harm(written: bytes) -> list[str]:
    """What in the bytes that reached a terminal should not be there, with what stands around it."""
    text = _INTERFACE.sub("", written.decode("utf-8", "replace")).replace("\r\n", "\n").replace("\r", "")
    return [repr(text[max(0, one.start() - 30) : one.end() + 30]) for one in FORBIDDEN.finditer(text)][:5]


def harm_in_text(printed: str) -> list[str]:
    """The same of what a verb has printed: no sequence at all."""
    return [repr(printed[max(0, one.start() - 30) : one.end() + 30]) for one in FORBIDDEN.finditer(printed)][:5]
