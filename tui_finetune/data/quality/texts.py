"""What is odd within single texts: nothing in them, encodings gone wrong, markup, invisible signs, other scripts, sameness."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tui_finetune.data.quality.finding import Finding, Rows, Severity, rows_word, share
from tui_finetune.data.quality.material import Material, Part

PIECE = 100_000
"""Rows that a pattern is looked for in at one go."""
MUCH = 0.01
"""Share of rows from which what is a note otherwise is a warning, and what is a warning is bad."""
ONE_SCRIPT = 0.9
"""Share of the commonest script from which rows in others are told."""
SAME_SIGNS = 40
"""Characters at the beginning or the end of texts that are compared."""
SAME_SHARE, SAME_ROWS = 0.05, 20
"""Distinct texts that have to begin or end alike to be told."""
TOO_LONG = 5
"""Times the length that 99 % keep to from which a text stands out."""
ENOUGH = 100
"""Rows from which an outlier can be told."""

_CP1252 = "€ƒ„…†‡ˆ‰Š‹Œ•˜™š›œžŸ"
MOJIBAKE = (
    "[\u0080-\u0084\u0086-\u009f]"  # C1 controls; not NEL, which ends a line on some systems
    f"|Ã[\u0080-\u00bf{_CP1252}]|Â[\u00a0-\u00bf]|â€[\u0080-\u00bf{_CP1252}“”’]|â‚¬|ðŸ|ï»¿|\ufffd"
)
TAGS = (
    r"(?i)</?(?:a|abbr|b|blockquote|body|br|code|div|em|font|h[1-6]|head|hr|html|i|iframe|img|li|link|meta|ol|p|pre|script"
    r"|span|strong|style|sub|sup|table|tbody|td|th|tr|u|ul)(?:\s[^<>]*)?/?>"
)
ENTITIES = r"&(?:[a-zA-Z]{2,8}|#[0-9]{2,7}|#[xX][0-9a-fA-F]{2,6});"
INVISIBLE = "[\u200b\u2060\ufeff\u00ad\u202a-\u202e\u2066-\u2069\u0001-\u0008\u000b\u000c\u000e-\u001e\u007f]"
LINE_ENDS = r"[\r\n]"
MIXED_WORDS = r"\p{Latin}\p{Cyrillic}|\p{Cyrillic}\p{Latin}|\p{Latin}\p{Greek}{2}|\p{Greek}{2}\p{Latin}"
PLACEHOLDER = r"(?i)^\s*(?:n/?a|#n/?a|nan|null|none|undefined|\[deleted\]|\[removed\]|[-–—.?_*]+)\s*$"
SCRIPTS = {
    "Latin": r"\p{Latin}",
    "Cyrillic": r"\p{Cyrillic}",
    "Greek": r"\p{Greek}",
    "Arabic": r"\p{Arabic}",
    "Hebrew": r"\p{Hebrew}",
    "Devanagari": r"\p{Devanagari}",
    "Bengali": r"\p{Bengali}",
    "Tamil": r"\p{Tamil}",
    "Thai": r"\p{Thai}",
    "Hangul": r"\p{Hangul}",
    "Japanese": r"[\p{Hiragana}\p{Katakana}]",
    "Han": r"\p{Han}",
    "Armenian": r"\p{Armenian}",
    "Georgian": r"\p{Georgian}",
}


@dataclass(frozen=True)
class Sought:
    """A pattern whose every hit is worth being told."""

    id: str
    title: str
    pattern: str
    told: str
    why: str
    mend: str
    least: Severity = "note"
    much: Severity = "warn"
    """Where a hundredth of the rows has it."""
    ascii: bool = True
    """Whether texts of nothing but ASCII can have it."""


SOUGHT = (
    Sought(
        "mojibake",
        "encodings gone wrong",
        MOJIBAKE,
        "read in another encoding than they were written in, or with signs lost",
        "The same word in two spellings; pieces of it are tokens that mean nothing.",
        'Read the source in its right encoding (options = { encoding = "…" }), or mend the texts by ftfy.',
        "warn",
        "warn",
        ascii=False,
    ),
    Sought(
        "html_tags",
        "HTML tags",
        TAGS,
        "with HTML tags in them",
        "Tokens that say nothing of the matter; where they stand with one label only, they give it away.",
        "Strip them in a preprocessor.",
    ),
    Sought(
        "html_entities",
        "HTML entities",
        ENTITIES,
        "with HTML entities (&amp; for &)",
        "A sign that is five tokens; other texts have the sign itself.",
        "Unescape them in a preprocessor.",
    ),
    Sought(
        "invisible",
        "invisible signs",
        INVISIBLE,
        "with signs that are not seen: zero width, direction, control characters",
        "Words that look alike are different tokens.",
        "Remove them in a preprocessor.",
    ),
    Sought(
        "mixed_words",
        "two scripts within a word",
        MIXED_WORDS,
        "with words of two scripts, where one letter was put for another that looks like it",
        "Such words are none that the model knows.",
        "Look whether it is meant; else mend the texts.",
        ascii=False,
    ),
    Sought(
        "line_ends",
        "line ends inside a text",
        LINE_ENDS,
        "of several lines",
        "Most models take a line end as a blank; nothing is lost.",
        "Leave them, unless line by line tools read the same file.",
        much="note",
    ),
    Sought(
        "placeholders",
        "texts that stand for none",
        PLACEHOLDER,
        "such as N/A, null or [deleted]",
        "They have a label and nothing to tell it by.",
        "Leave them out.",
    ),
)


def oddities(data: Material) -> list[Finding]:
    """Every pattern that is in some text."""
    return [found for sought in SOUGHT if (found := _sought(data, sought)) is not None]


def _sought(data: Material, sought: Sought) -> Finding | None:
    rows = rows_matching(data, sought.pattern, ascii=sought.ascii)
    count = sum(map(len, rows.values()))
    if not count:
        return None
    much = count >= MUCH * data.rows
    told = f"{rows_word(count)} ({share(count, data.rows)}) {sought.told}{_where(rows)}."
    severity = sought.much if much else sought.least
    pattern = "" if r"\p{" in sought.pattern else sought.pattern  # Python's own expressions know no scripts
    return Finding(sought.id, severity, sought.title, told, sought.why, sought.mend, rows, pattern)


def rows_matching(data: Material, pattern: str, *, ascii: bool = True) -> dict[str, Rows]:
    """Rows by split in whose texts the pattern is. ascii=False: only texts with other signs can have it."""
    found: dict[str, Rows] = {}
    for part in data.parts:
        starts = range(0, part.rows, PIECE)
        hits = [_matching(part.texts.slice(start, PIECE), pattern, ascii) + start for start in starts]
        rows = np.concatenate(hits) if hits else np.zeros(0, dtype=np.int64)
        if len(rows):
            found[part.name] = rows
    return found


def _matching(texts: pa.Array, pattern: str, ascii: bool) -> Rows:
    """Numbers of the texts that have the pattern."""
    within = None
    if not ascii:
        within = np.flatnonzero(~np.asarray(pc.fill_null(pc.string_is_ascii(texts), True)))
        texts = texts.take(pa.array(within))
    hits = np.flatnonzero(np.asarray(pc.fill_null(pc.match_substring_regex(texts, pattern), False))).astype(np.int64)
    return hits if within is None else within[hits].astype(np.int64)


def _where(rows: Mapping[str, Rows]) -> str:
    return "" if len(rows) == 1 else f" ({', '.join(f'{name} {len(one):,}' for name, one in rows.items())})"


def empty_texts(data: Material) -> list[Finding]:
    """Rows in which a text is missing or blank; of pairs, one of both."""
    rows = {part.name: found for part in data.parts if len(found := _empty(part))}
    count = sum(map(len, rows.values()))
    if not count:
        return []
    return [
        Finding(
            "empty_texts",
            "bad" if count >= MUCH * data.rows else "warn",
            "no text",
            f"{rows_word(count)} ({share(count, data.rows)}) without text{_where(rows)}.",
            "They have a label and nothing to tell it by; missing ones are refused by a run.",
            "Leave them out: options = { drop_missing = true }.",
            rows,
        )
    ]


def _empty(part: Part) -> Rows:
    lengths = (pc.utf8_length(pc.utf8_trim_whitespace(column)) for column in part.columns)
    blank = np.stack([np.asarray(pc.fill_null(pc.equal(length, 0), True)) for length in lengths])
    absent = blank.any(axis=0) if part.required else blank.all(axis=0)
    return np.flatnonzero(absent).astype(np.int64)


def main_scripts(part: Part) -> tuple[list[str], Rows]:
    """The scripts, and of each row the number of the one that most of its letters are of; -1 where it has none."""
    found = np.full(part.rows, -1, dtype=np.int64)
    for start in range(0, part.rows, PIECE):
        found[start : start + PIECE] = _scripts(part.texts.slice(start, PIECE))
    return list(SCRIPTS), found


def _scripts(texts: pa.Array) -> Rows:
    plain = np.asarray(pc.fill_null(pc.string_is_ascii(texts), True))
    latin = np.asarray(pc.fill_null(pc.match_substring_regex(texts, "[A-Za-z]"), False))
    found = np.where(latin, 0, -1).astype(np.int64)
    others = np.flatnonzero(~plain)
    if len(others):
        signs = texts.take(pa.array(others))
        counts = np.stack([_letters(signs, pattern) for pattern in SCRIPTS.values()])
        found[others] = np.where(counts.max(axis=0) > 0, counts.argmax(axis=0), -1)
    return found


def _letters(texts: pa.Array, pattern: str) -> Rows:
    return np.asarray(pc.fill_null(pc.count_substring_regex(texts, pattern), 0), dtype=np.int64)


def other_scripts(data: Material) -> list[Finding]:
    """Rows in another script than nearly all are in."""
    by_part = [main_scripts(part) for part in data.parts]
    counts = np.bincount(np.concatenate([found[found >= 0] for _, found in by_part]), minlength=len(SCRIPTS))
    main = int(counts.argmax())
    others = int(counts.sum() - counts[main])
    if not others or counts[main] < ONE_SCRIPT * counts.sum():
        return []
    found = {
        part.name: rows
        for part, (_, scripts) in zip(data.parts, by_part, strict=True)
        if len(rows := np.flatnonzero((scripts >= 0) & (scripts != main)).astype(np.int64))
    }
    names = list(SCRIPTS)
    told = ", ".join(f"{names[i]} {counts[i]:,}" for i in np.argsort(-counts) if i != main and counts[i])
    return [
        Finding(
            "other_scripts",
            "note",
            "another script than the rest",
            f"{rows_word(others)} mostly in another script than {names[main]}: {told}{_where(found)}.",
            "A model of one language sees unknown pieces in them.",
            "Look whether they belong; else leave them out.",
            found,
        )
    ]


def long_texts(data: Material) -> list[Finding]:
    """Texts that are far longer than nearly all."""
    lengths = [np.asarray(pc.fill_null(pc.utf8_length(part.texts), 0), dtype=np.int64) for part in data.parts]
    whole = np.concatenate(lengths)
    if len(whole) < ENOUGH:
        return []
    usual = max(float(np.percentile(whole, 99)), 1.0)
    rows = {
        part.name: found[np.argsort(-own[found], kind="stable")]
        for part, own in zip(data.parts, lengths, strict=True)
        if len(found := np.flatnonzero(own > TOO_LONG * usual).astype(np.int64))
    }
    count = sum(map(len, rows.values()))
    if not count:
        return []
    return [
        Finding(
            "long_texts",
            "note",
            "texts far longer than the rest",
            f"{rows_word(count)} over {TOO_LONG} times as long as 99 % are ({usual:,.0f} characters), "
            f"the longest {int(whole.max()):,}{_where(rows)}.",
            "They are cut, or make their whole batch long; often they are files or rows run together.",
            "Look whether they are one text; else split them or leave them out.",
            rows,
        )
    ]


def sameness(data: Material) -> list[Finding]:
    """Distinct texts that begin, or end, alike: boilerplate."""
    texts = data.texts.values
    texts = texts.filter(pc.greater_equal(pc.utf8_length(texts), 2 * SAME_SIGNS))
    least = max(SAME_ROWS, SAME_SHARE * len(data.texts.values))
    findings = []
    for where, start, stop in (("begin", 0, SAME_SIGNS), ("end", -SAME_SIGNS, None)):
        if not len(texts):
            break
        pieces = pc.utf8_slice_codeunits(texts, start, stop)
        commonest = max(pc.value_counts(pieces).to_pylist(), key=lambda one: one["counts"])
        if commonest["counts"] < least:
            continue
        match = pc.starts_with if where == "begin" else pc.ends_with
        rows = {part.name: _true(match(part.texts, commonest["values"])) for part in data.parts}
        rows = {name: found for name, found in rows.items() if len(found)}
        count = sum(map(len, rows.values()))
        findings.append(
            Finding(
                f"boilerplate_{where}",
                "note",
                f"texts that {where} alike",
                f"{rows_word(count)} ({share(count, data.rows)}) {where} with {commonest['values']!r}.",
                "It takes room of the maximum length and says nothing.",
                "Cut it off in a preprocessor.",
                rows,
            )
        )
    return findings


def _true(mask: pa.Array) -> Rows:
    return np.flatnonzero(np.asarray(pc.fill_null(mask, False))).astype(np.int64)
