"""What is odd about labels: one spelled in several ways, rare ones, missing ones, one that is nearly all, sorted rows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tui_finetune.data.problems import listed
from tui_finetune.data.quality.finding import Finding, Rows, rows_word, share
from tui_finetune.data.quality.material import Material, Part

FEW, SOME = 10, 50
"""Rows of a label in train under which nothing much is learnt of it, and under which its figures have wide intervals."""
NEARLY_ALL = 0.9
"""Share of one label from which accuracy says nothing."""
FAR_APART = 100
"""Times that the commonest label may be as frequent as the rarest."""
SORTED_RATIO, SORTED_ROWS = 0.5, 50
"""Neighbours with different labels, as a share of those that a shuffled order has; rows from which it is looked at."""
PLAIN_LABEL = r"^[\w .+&,/()'-]+$"
"""Labels that give no trouble in file names and on command lines."""


def label_counts(part: Part) -> dict[str, int]:
    """Rows (of lists: entries) of each label of a split, the commonest first."""
    values = part.flat if part.flat is not None else part.labels
    if values is None:
        return {}
    found = pc.value_counts(values.drop_null()).to_pylist()
    return {one["values"]: one["counts"] for one in sorted(found, key=lambda one: (-one["counts"], one["values"]))}


def all_labels(data: Material) -> dict[str, dict[str, int]]:
    """`label_counts` of each split that has labels."""
    return {part.name: label_counts(part) for part in data.labelled}


def spellings(data: Material) -> list[Finding]:
    """Labels that are one label but for case, blanks, hyphens and underscores."""
    alike: dict[str, list[str]] = {}
    for label in dict.fromkeys(label for counts in all_labels(data).values() for label in counts):
        alike.setdefault(_plain(label), []).append(label)
    several = [sorted(labels) for plain, labels in alike.items() if plain and len(labels) > 1]
    if not several:
        return []
    told = "; ".join(" = ".join(repr(label) for label in labels) for labels in several[:5])
    return [
        Finding(
            "label_spellings",
            "bad",
            "one label spelled in several ways",
            f"Labels that look like the same one: {told}.",
            "They are learnt as different labels, and each has fewer rows than it should.",
            "Write them alike, in the file or by a preprocessor.",
            rows_with(data, [label for labels in several for label in labels]),
            figures={"labels": several},
        )
    ]


def _plain(label: str) -> str:
    """Without case, blanks, hyphens and underscores; empty for what has no letters: -1 is not 1. B-LOC is not B_LOC's tag."""
    if not any(sign.isalpha() for sign in label):
        return ""
    head, tail = (label[:2], label[2:]) if re.match(r"[BIES]-.", label) else ("", label)
    return head + re.sub(r"[\s_-]+", "", tail.casefold())


def absent_labels(data: Material) -> list[Finding]:
    """Labels that one split has and another lacks."""
    counts = all_labels(data)
    if data.train.name not in counts or len(counts) < 2:
        return []
    trained = counts[data.train.name]
    findings = []
    unknown = {name: [one for one in found if one not in trained] for name, found in counts.items()}
    if any(unknown.values()):
        told = "; ".join(f"{name}: {listed(found, 6)}" for name, found in unknown.items() if found)
        findings.append(
            Finding(
                "label_not_trained",
                "bad",
                f"label that {data.train.name} lacks",
                f"Labels without a row in {data.train.name}: {told}.",
                "What was never trained is never predicted: each of these rows is an error.",
                f"Bring rows of them into {data.train.name}, or mend a label that is mistyped.",
                rows_with(data, [label for found in unknown.values() for label in found]),
            )
        )
    missing = {name: [one for one in trained if one not in found] for name, found in counts.items()}
    if any(missing.values()):
        told = "; ".join(f"{name}: {listed(found, 6)}" for name, found in missing.items() if found)
        findings.append(
            Finding(
                "label_not_measured",
                "warn",
                "label without a row in another split",
                f"Labels of {data.train.name} that a split lacks: {told}.",
                "How well they are predicted is not measured there, and averages over labels leave them out.",
                "Draw the split by label in proportion (validation = 0.1), or add rows.",
                figures={"labels": missing},
            )
        )
    return findings


def rare_labels(data: Material) -> list[Finding]:
    """Labels with few rows in train."""
    counts = label_counts(data.train)
    if len(counts) < 2 or data.train.rows < 2 * FEW:
        return []
    unit = "entries" if data.train.flat is not None else "rows"
    rare = {label: count for label, count in counts.items() if count < SOME}
    if not rare:
        return []
    worst = min(rare.values())
    limit = FEW if worst < FEW else SOME
    told = {label: count for label, count in rare.items() if count < limit}
    names = listed([f"{label} {count:,}" for label, count in sorted(told.items(), key=lambda one: one[1])], 6)
    labels = "1 label has" if len(told) == 1 else f"{len(told):,} labels have"
    return [
        Finding(
            "rare_labels",
            "warn" if worst < FEW else "note",
            f"rare labels: under {limit} {unit}",
            f"{labels} under {limit} {unit} in {data.train.name}: {names}.",
            "Little is learnt of them, and their figures have wide intervals.",
            'More rows, class_weights = "balanced", or one label for several.',
            rows_with(data, list(told), only=data.train.name),
            figures={"labels": rare},
        )
    ]


def imbalance(data: Material) -> list[Finding]:
    """One label that is nearly all; or labels that are far from equally frequent."""
    counts = label_counts(data.train)
    total = sum(counts.values())
    if len(counts) < 2 or data.train.flat is not None:
        return []
    (most, high), (least, low) = next(iter(counts.items())), list(counts.items())[-1]
    if high / total < NEARLY_ALL and high / low < FAR_APART:
        return []
    return [
        Finding(
            "imbalance",
            "warn",
            "labels far from equally frequent",
            f"{most} has {high:,} rows ({share(high, total)}), {least} {low:,}: {high / low:,.0f} times.",
            f"Answering {most} to everything is right in {share(high, total)}: accuracy says little.",
            'Look at macro F1 or MCC; class_weights = "balanced", or sample the rows.',
            figures={"most": [most, high], "least": [least, low]},
        )
    ]


def missing_labels(data: Material) -> list[Finding]:
    """Rows without a label in a split that has labels; blank ones count."""
    rows = {}
    for part in data.labelled:
        absent = pc.or_kleene(pc.is_null(part.labels), pc.equal(pc.utf8_trim_whitespace(part.labels), ""))
        found = np.flatnonzero(np.asarray(pc.fill_null(absent, True)))
        if len(found) and part.flat is None:
            rows[part.name] = found.astype(np.int64)
    count = sum(map(len, rows.values()))
    if not count:
        return []
    return [
        Finding(
            "missing_labels",
            "warn",
            "no label",
            f"{rows_word(count)} without a label: {', '.join(f'{name} {len(one):,}' for name, one in rows.items())}.",
            "A run refuses them until it is told what to do.",
            "Label them, or options = { drop_missing = true }.",
            rows,
        )
    ]


def unlabelled(data: Material) -> list[Finding]:
    """Splits without any label beside those that have them."""
    names = [part.name for part in data.parts if part.labels is None]
    if not names or not data.labelled:
        return []
    return [
        Finding(
            "unlabelled_split",
            "note",
            "split without labels",
            f"Without labels: {listed(names)}.",
            "Nothing is measured on it; a run leaves it out.",
            "Take a share of train as the test: test = 0.1.",
        )
    ]


def odd_labels(data: Material) -> list[Finding]:
    """Label names with signs that file names and command lines take amiss, or blanks at an end."""
    if data.kind != "label":
        return []
    names = dict.fromkeys(label for counts in all_labels(data).values() for label in counts)
    odd = [name for name in names if not re.match(PLAIN_LABEL, name) or name != name.strip()]
    if not odd:
        return []
    return [
        Finding(
            "odd_labels",
            "note",
            "label names with odd characters",
            f"Label names with other signs than letters, digits and blanks: {listed([repr(one) for one in odd], 6)}.",
            "Nothing breaks here; file names and other tools may take them amiss.",
            "Leave them, or name them anew: data.label_names.",
            rows_with(data, odd),
        )
    ]


def order(data: Material) -> list[Finding]:
    """Rows that are sorted by label: neighbours differ far less than in a shuffled order."""
    part = data.train
    codes = data.labels.codes[: part.rows]
    codes = codes[codes >= 0]
    if data.kind != "label" or len(codes) < SORTED_ROWS:
        return []
    shares = np.bincount(codes) / len(codes)
    expected = (1 - float((shares**2).sum())) * (len(codes) - 1)
    changes = int((codes[1:] != codes[:-1]).sum())
    if expected < SORTED_ROWS / 4 or changes >= SORTED_RATIO * expected:
        return []
    return [
        Finding(
            "sorted_by_label",
            "note",
            "sorted by label",
            f"In {part.name} neighbours have different labels {changes:,} times; shuffled it would be {expected:,.0f}.",
            "A run shuffles and draws its shares by label, so nothing is lost here; whatever takes the first rows (a limit "
            "of other tools, a share without a draw) has few of the labels.",
            "Leave it, or shuffle the file.",
            figures={"changes": changes, "expected": round(expected)},
        )
    ]


def rows_with(data: Material, labels: Sequence[str], *, only: str | None = None) -> Mapping[str, Rows]:
    """Rows that have one of the labels."""
    found = {}
    wanted = pa.array(labels, pa.large_string())
    for part in data.labelled:
        if only not in (None, part.name):
            continue
        hits = np.asarray(pc.is_in(part.flat if part.flat is not None else part.labels, value_set=wanted))
        rows = np.flatnonzero(hits)
        if part.parents is not None:
            rows = np.unique(part.parents[rows])
        if len(rows):
            found[part.name] = rows.astype(np.int64)
    return found
