"""Rules on what reaches the model: texts that are all cut, labels that do not count."""

from __future__ import annotations

from tui_finetune.live import words
from tui_finetune.live.health.facts import Now, Steps
from tui_finetune.live.health.finding import Found
from tui_finetune.live.health.rule import Limits, Rule


class AllTruncated(Rule):
    """Nearly every training text is longer than model.max_length: the model sees no text's end."""

    name = "all_truncated"

    def begin(self, now: Now) -> None:
        facts = now.facts
        if not facts.rows or 100 * facts.truncated < self.limit("percent") * facts.rows:
            self.found = None
            return
        self.found = Found(
            rule=self.name,
            what=f"{facts.truncated:,} of {facts.rows:,} training rows are longer than model.max_length, "
            f"{facts.max_length} tokens",
            since=1,
            figures={"cut": float(facts.truncated), "rows": float(facts.rows), "max_length": facts.max_length},
            helps="A larger model.max_length, as far as the model and the memory go; or a preprocessing step that keeps the "
            "part which tells the label.",
        )


class LabelsIgnored(Rule):
    """Rows of which no label counts (all are -100), or a whole step without one: its mean loss is 0 divided by 0."""

    name = "labels_ignored"
    kept = ("empty",)

    def __init__(self, limits: Limits) -> None:
        super().__init__(limits)
        self.empty = 0

    def begin(self, now: Now) -> None:
        facts = now.facts
        if facts.rows and 100 * facts.without_label >= self.limit("percent") * facts.rows:
            share = words.share(facts.without_label, facts.rows)
            self.found = self._finding(
                1,
                f"{facts.without_label:,} of {facts.rows:,} training rows ({share}) have no label that counts",
                {"rows_without": float(facts.without_label), "rows": float(facts.rows)},
            )

    def steps(self, seen: Steps, now: Now) -> None:
        first = seen.step - len(seen.labels) + 1
        empty = [first + place for place, count in enumerate(seen.labels) if count == 0]
        self.empty += len(empty)
        if empty and self.found is None:
            self.found = self._finding(
                empty[0], f"step {empty[0]:,} had no label that counts", {"steps_without": float(self.empty)}
            )

    def _finding(self, since: int, what: str, figures: dict[str, float]) -> Found:
        return Found(
            rule=self.name,
            what=what,
            since=since,
            figures=dict(figures),
            helps="Labels that are not in the label set, or words that were all cut at model.max_length, count as nothing: look "
            "at such rows in Data, and at data.labels and model.max_length.",
        )
