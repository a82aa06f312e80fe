"""What happened along the steps: letters, lines, and walking from one to the next."""

from __future__ import annotations

from typing import Any

from tui_finetune.live.charting import Charting
from tui_finetune.live.metrics import LOSS
from tui_finetune.live.series import History
from tui_finetune.live.spans import plain
from tui_finetune.live.timeline import Stop, bars, events, step_from, stop_at, stop_steps
from tui_finetune.runs.tail import Event


def event(name: str, **fields: Any) -> Event:
    return Event(name, 1.76e9, 1, fields.pop("attempt", 1), fields)


def steered() -> History:
    history = History([event("attempt", n=1, from_step=0), event("plan", steps=1_000)])
    history.feed(event("step", step=step, loss=1 / step) for step in range(20, 401, 20))
    history.feed(
        [
            event("evaluation", step=400, split="validation", metrics={"accuracy": 0.9}),
            event("checkpoint", step=400, path="checkpoints/checkpoint-400"),
            event("finding", id="f", rule="loss_spike", severity="bad", step=420, since=410, what="loss 4.1, usual 0.2",
                  figures={"loss": 4.1}, helps="a lower rate", act={"action": "rollback", "values": {"checkpoint": 400}}),
            event("applied", id="c", action="set", step=501, old={"learning_rate": 2e-5}, new={"learning_rate": 1e-5}),
            event("applied", id="p", action="pause", step=600),
        ]
    )  # fmt: skip
    history.feed(event("step", step=step, loss=1 / step) for step in range(420, 601, 20))
    return history


def stops(history: History) -> list[Stop]:
    found = [stop_at(history, step) for step in stop_steps(history)]
    assert None not in found
    return [one for one in found if one is not None]


def test_each_has_its_letter_and_its_words() -> None:
    history = steered()
    assert [(stop.step, stop.letters) for stop in stops(history)] == [(400, "vw"), (420, "!"), (501, "c"), (600, "p")]
    assert events(history) == [(400, "v"), (400, "w"), (420, "!"), (501, "c"), (600, "p")]
    assert bars(history) == [501]
    assert [stop.said for stop in stops(history)] == [
        "validation accuracy 0.900; checkpoint",
        "loss 4.1, usual 0.2",
        "learning_rate 2e-5 → 1e-5",
        "paused",
    ]


def test_a_later_attempt_takes_what_it_went_back_behind_with_it() -> None:
    history = steered()
    history.feed([event("attempt", n=2, from_step=400, rollback=True, attempt=2)])
    assert [(stop.step, stop.letters) for stop in stops(history)] == [(400, "vwr")]
    assert "attempt 2 begins, rolled back" in stops(history)[0].said
    assert history.changes == []
    assert history.findings["f"].over == 400
    assert history.open_findings == []


def test_from_one_to_the_next() -> None:
    found = stop_steps(steered())
    assert step_from(found, None, by=-1) == 600
    assert [step_from(found, step, by=-1) for step in (600, 501, 450)] == [501, 420, 420]
    assert step_from(found, 600, by=1) is None
    assert stop_at(steered(), 430) is None


def test_the_chart_reads_what_it_stands_on() -> None:
    history, charting = steered(), Charting()

    def head() -> str:
        return plain(charting.lines(LOSS, history, 80, 12, ascii=False)[0])

    assert head().startswith(" loss  ── training")
    assert charting.walk(-1, history)
    assert head() == " loss  step 600  p  paused"
    assert charting.walk(-1, history)
    assert head() == " loss  step 501  c  learning_rate 2e-5 → 1e-5"
    assert charting.walk(1, history)
    assert not charting.walk(1, history)
    charting.move_cursor(-1, history)
    assert "step 580: " in head(), "left and right read values again"
    charting.follow(history)
    assert head().startswith(" loss  ── training")
