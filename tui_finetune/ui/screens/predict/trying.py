"""What is tried: which models answer, on which text, and what was kept. It asks the models and knows no widget."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from tui_finetune.evaluation.samples import Sample
from tui_finetune.live.kept import KEPT, Kept, keep
from tui_finetune.live.predict_page import Answered, ModelFacts, Side, Usable, needs_pair


class Asking(Protocol):
    """As `Models`."""

    def use(self, query: str) -> int: ...
    def ask(self, number: int, text: str, pair: str) -> None: ...
    def free(self, number: int) -> None: ...
    def read_samples(self, run_id: str) -> None: ...
    def write_history(self, kept: Sequence[Kept]) -> None: ...


class Trying:
    """One or two models and the text that both are given."""

    def __init__(self, models: Asking) -> None:
        self.sides: list[Side] = []
        self.kept: list[Kept] = []
        """The newest last."""
        self.usable: Sequence[Usable] | None = None
        """Models of runs; None until they were looked for."""
        self.samples: Sequence[Sample] = ()
        self.refused = ""
        """Why the model takes no such text."""
        self._models = models
        self._numbers: list[int] = []
        self._text = self._pair = ""
        self._sample = 0
        self._keeping = False
        """The answer that is waited for is to be kept."""

    @property
    def first(self) -> Side | None:
        return self.sides[0] if self.sides else None

    # Models

    def choose(self, place: int, query: str, name: str) -> None:
        """Puts a model in the first or second place; the one that was there is freed."""
        place = min(place, len(self.sides))
        if place < len(self.sides):
            self._models.free(self._numbers[place])
        self.sides[place : place + 1] = [Side(query, name)]
        self._numbers[place : place + 1] = [self._models.use(query)]
        if place == 0:
            self.samples = ()
        self._ask(place)

    def drop(self, place: int) -> None:
        """Frees a model for good."""
        if place < len(self.sides):
            self._models.free(self._numbers.pop(place))
            del self.sides[place]

    def free(self) -> None:
        """Ends all helpers; what is typed next starts them again."""
        for side, number in zip(self.sides, self._numbers, strict=True):
            if side.state != "failed":
                self._models.free(number)
                side.state = "free"

    def restart(self) -> None:
        """Starts those again that have failed, are free or are out of date; where none is, all of them."""
        wanted = [p for p, side in enumerate(self.sides) if side.state in ("failed", "free") or side.newer]
        for place in wanted or range(len(self.sides)):
            self._again(place)

    def _again(self, place: int) -> None:
        side = self.sides[place]
        name = side.facts.short if side.facts is not None else side.name
        self.choose(place, side.query, name)

    def _place(self, number: int) -> int | None:
        return self._numbers.index(number) if number in self._numbers else None

    def loaded(self, number: int, facts: ModelFacts) -> None:
        """A model is in memory. A second one that has other labels than the first goes."""
        place = self._place(number)
        if place is None:
            return
        side = self.sides[place]
        side.facts, side.state, side.problem = facts, "ready", ""
        if place == 0 and facts.run_id is not None:
            self._models.read_samples(facts.run_id)
        others = [one.facts for one in self.sides if one is not side and one.facts is not None]
        if any(set(other.labels) != set(facts.labels) for other in others):
            self.drop(1)

    def failed(self, number: int, problem: str) -> None:
        """A model cannot be loaded, or its helper has ended."""
        place = self._place(number)
        if place is not None:
            side = self.sides[place]
            side.state, side.problem = "failed", problem

    def run_ended(self, run_id: str, ended: float) -> bool:
        """The run has an end of that time: True where that makes a loaded model out of date."""
        changed = False
        for side in self.sides:
            facts = side.facts
            if facts is not None and facts.run_id == run_id and facts.made and ended > facts.made and not side.newer:
                side.newer = changed = True
        return changed

    # Texts

    def ask(self, text: str, pair: str) -> None:
        """Asks every model for this text."""
        self._text, self._pair, self.refused = text, pair, ""
        for place, side in enumerate(self.sides):
            if side.state == "free" and text.strip():
                self._again(place)
            else:
                self._ask(place)

    def _ask(self, place: int) -> None:
        side = self.sides[place]
        if self._text.strip() and side.state != "failed" and needs_pair(side, self._text, self._pair) is None:
            self._models.ask(self._numbers[place], self._text, self._pair)

    def answered(self, number: int, answered: Answered) -> Kept | None:
        """An answer came; what was kept where it was waited for."""
        place = self._place(number)
        if place is None:
            return None
        self.sides[place].answered = answered
        wanted = self._keeping and place == 0 and (answered.text, answered.pair) == (self._text, self._pair)
        return self._keep() if wanted else None

    def pair_known(self, pair: str) -> None:
        """The second field is there only now that the model is: what stands in it was not asked with the text."""
        if pair != self._pair and self._text.strip():
            self.ask(self._text, pair)

    def text_refused(self, number: int, problem: str, asked: tuple[str, str]) -> None:
        """asked: the text and its pair; where others are asked for by now, nobody waits for it."""
        if self._place(number) is not None and asked == (self._text, self._pair):
            self.refused = problem

    def keep(self, text: str, pair: str) -> Kept | None:
        """Keeps the answer for the text; where it has none yet, that of it which comes next, and None is returned."""
        answered = self.first.answered if self.first is not None else None
        if answered is not None and (answered.text, answered.pair) == (text, pair):
            return self._keep()
        self._keeping = True
        self.ask(text, pair)
        return None

    def _keep(self) -> Kept | None:
        self._keeping = False
        assert self.first is not None
        kept = keep(self.first)
        if kept is not None:
            same = (kept.query, kept.text, kept.pair)
            self.kept = [*(one for one in self.kept if (one.query, one.text, one.pair) != same), kept][-KEPT:]
            self._models.write_history(self.kept)
        return kept

    def history_read(self, kept: Sequence[Kept]) -> None:
        """What earlier times kept comes before what was kept since the start."""
        self.kept = [*kept, *self.kept][-KEPT:]

    def samples_read(self, run_id: str, samples: Sequence[Sample]) -> None:
        facts = self.first.facts if self.first is not None else None
        if facts is not None and facts.run_id == run_id:
            self.samples, self._sample = samples, 0

    @property
    def sample(self) -> Sample | None:
        """The text that an empty field offers."""
        return self.samples[self._sample % len(self.samples)] if self.samples else None

    def next_sample(self) -> None:
        """Another one is offered next time."""
        self._sample += 1
