"""Each rule with something planted that it must find, as what and since when, and be done with when it is over."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from tests.unit.live.health.series import FACTS, GB, Told, falling, flat
from tui_finetune.live.health.facts import Idle, Sample, Share


def test_a_loss_that_is_no_number_is_found_at_its_own_step() -> None:
    told = Told()
    told.watch.saved([200], 10)
    told.train([*falling(316), math.nan, 0.0, 0.0, 0.0])
    found = told.one("loss_nan")
    assert (found.what, found.since, found.severity) == ("loss is nan at step 317", 317, "bad")
    assert found.act is not None
    assert (found.act.action, found.act.values["checkpoint"]) == ("rollback", 200)
    assert found.act.values["set"] == {"learning_rate": "x0.5"}


def test_an_infinite_gradient_norm_spoils_the_weights_before_the_loss_tells() -> None:
    told = Told().train(falling(40), norms=lambda step: math.inf if step == 33 else 2.0)
    assert told.one("loss_nan").what == "gradient norm is inf at step 33"


def test_without_a_checkpoint_before_it_there_is_nothing_to_go_back_to() -> None:
    assert Told().train([1.4, math.inf]).one("loss_nan").act is None


def test_in_fp16_the_scaler_may_skip_some_steps_and_not_for_ever() -> None:
    told = Told(replace(FACTS, precision="fp16"))
    told.train(falling(100), norms=lambda step: math.inf if step <= 16 or step in (60, 61) else 2.0)
    assert told.rules == []
    told.train(flat(30, 0.3), first=101, norms=lambda step: math.inf)
    assert told.one("loss_nan").since == 121


def test_a_jump_that_unlearns_half_is_found_and_over_when_it_came_down() -> None:
    calm = falling(400)
    told = Told()
    told.watch.saved([300, 350], 10)
    told.train([*calm, *[3.0] * 30])
    found = told.one("loss_spike")
    assert 399 <= found.since <= 405
    assert found.figures["loss"] == 3.0
    assert found.act is not None
    assert found.act.values["checkpoint"] == 350
    assert told.over == []
    told.train(calm[-60:], first=431)
    assert told.over == ["loss_spike"]


def test_a_loss_twice_that_of_the_beginning_is_found_though_it_rose_slowly() -> None:
    told = Told(replace(FACTS, guess_loss=None)).train([1.3 * 1.004**step for step in range(400)])
    assert told.one("loss_spike").what.endswith("it began with 1.324")


def test_an_explosion_of_gradients_needs_ten_steps_and_a_loss_above_the_usual() -> None:
    losses = [*falling(300), *[0.6] * 20]
    told = Told().train(losses, norms=lambda step: 400.0 if step > 300 else 2.0 + step % 3)
    found = told.one("gradient_explosion")
    assert float(found.figures["times_the_usual"] or 0) > 10
    assert 298 <= found.since <= 306
    told.train(flat(30, 0.3), first=321, norms=lambda step: 2.0)
    assert told.over == ["gradient_explosion"]


def test_gradients_too_small_for_the_optimizer_while_the_loss_is_high() -> None:
    told = Told().train([1.38] * 80, norms=lambda step: 1e-9)
    assert told.one("gradient_vanishing").since == 1


def test_a_loss_that_does_not_move_is_found_after_the_warm_up_and_a_quarter_of_the_run() -> None:
    told = Told(replace(FACTS, guess_loss=None, steps=2000, warmup_steps=100))
    told.train(flat(490, 1.39))
    assert told.rules == []
    told.train(flat(20, 1.39), first=491)
    assert told.one("loss_flat").what.startswith("loss does not fall: 1.")


def test_a_loss_no_better_than_guessing_is_found_though_it_fell_to_there() -> None:
    told = Told().train([2.5 * math.exp(-step / 20) + math.log(4) + 0.01 * (-1) ** step for step in range(500)])
    found = told.one("loss_flat")
    assert found.what == "loss 1.386, and always guessing by frequency costs 1.386"
    told.train(flat(200, 0.7), first=501)
    assert told.over == ["loss_flat"]


def test_validation_that_turns_while_training_falls() -> None:
    told, losses = Told(), falling(500, start=1.4, end=0.05, spread=0.1)
    for place, (loss, accuracy) in enumerate([(0.9, 0.6), (0.7, 0.72), (0.74, 0.72), (0.85, 0.71), (1.0, 0.71)]):
        told.train(losses[100 * place : 100 * place + 100], first=100 * place + 1)
        told.watch.saved([200], 10)
        told.evaluate(100 * place + 100, loss, accuracy)
        assert told.rules == ([] if place < 3 else ["overfitting"])
    found = told.one("overfitting")
    assert found.since == 200
    assert "checkpoint-200 has the lowest" in found.helps
    assert found.act is not None
    assert found.act.action == "stop"


def test_one_answer_for_everything_twice_in_a_row() -> None:
    share = Share("neg", 1.0, 0.5, 500)
    told = Told().train(falling(400)).evaluate(100, 0.69, 0.5, share).evaluate(200, 0.69, 0.5, share)
    assert told.rules == []  # not before a quarter of the run
    told.evaluate(300, 0.69, 0.5, share)
    assert told.one("one_class").what == "100 % of validation is given the label neg, 50 % of it has it"
    told.evaluate(400, 0.5, 0.8, Share("neg", 0.6, 0.5, 500))
    assert told.over == ["one_class"]


def test_texts_that_are_all_cut() -> None:
    found = Told(replace(FACTS, truncated=7_900)).one("all_truncated")
    assert found.what == "7,900 of 8,000 training rows are longer than model.max_length, 128 tokens"


def test_rows_and_steps_without_a_label_that_counts() -> None:
    assert Told(replace(FACTS, without_label=2_000)).one("labels_ignored").since == 1
    told = Told().train(falling(40), labels=lambda step: 0 if step == 23 else 400)
    assert told.one("labels_ignored").what == "step 23 had no label that counts"


def test_a_device_that_waits_for_batches() -> None:
    told = Told().train(falling(150), waited=0.1)
    assert told.one("slow_input").what == "50 % of the time goes into waiting for batches"
    told.train(flat(200, 0.3), first=151, waited=0.001)
    assert told.over == ["slow_input"]


def test_a_gpu_that_is_busy_does_not_wait_and_one_that_is_not_does() -> None:
    facts = replace(FACTS, device="cuda")
    busy = Told(facts).sample(40, lambda at: Sample(at, utilisation=97.0)).train(falling(150), waited=0.1)
    assert busy.rules == []
    idle = Told(facts).sample(40, lambda at: Sample(at, utilisation=41.0)).train(falling(150), waited=0.1)
    assert idle.one("slow_input").figures["device_busy_percent"] == 41.0


def test_half_the_speed_for_a_minute() -> None:
    told = Told(replace(FACTS, steps=5000)).train(flat(1500, 0.5), every=20)
    told.train(flat(500, 0.5), first=1501, every=20, seconds=0.5)
    assert told.one("slow_steps").what == "2,000 tokens/s, before 5,000"
    told.train(flat(600, 0.5), first=2001, every=20)
    assert told.over == ["slow_steps"]


def test_a_change_of_shape_makes_the_usual_speed_anew() -> None:
    told = Told(replace(FACTS, steps=5000)).train(flat(1500, 0.5), every=20)
    told.take(told.watch.changed())
    told.train(flat(1500, 0.5), first=1501, every=20, seconds=0.5)
    assert told.rules == []


def test_a_gpu_that_says_it_is_too_hot() -> None:
    told = Told(replace(FACTS, device="cuda"))
    told.sample(300, lambda at: Sample(at, utilisation=99.0, clock_mhz=1980.0))
    told.sample(40, lambda at: Sample(at, utilisation=99.0, clock_mhz=990.0, temperature=92.0, slowed_by=("heat",)))
    assert told.one("throttled").what == "the device runs at 990 MHz, usual 1980 MHz, for heat"
    told.sample(70, lambda at: Sample(at, utilisation=99.0, clock_mhz=1980.0))
    assert told.over == ["throttled"]


def test_a_processor_whose_clock_fell_while_it_is_busy() -> None:
    told = Told().sample(320, lambda at: Sample(at, cpu_percent=180.0, clock_mhz=2900.0))
    told.sample(80, lambda at: Sample(at, cpu_percent=180.0, clock_mhz=1200.0))
    assert told.one("throttled").figures["clock_mhz"] == 1200.0


@pytest.mark.parametrize("place", ["host", "device"])
def test_memory_that_grows_every_minute_and_is_full_before_the_end(place: str) -> None:
    told = Told(replace(FACTS, steps=100_000)).train(falling(300))

    def creeping(at: float) -> Sample:
        used = 4 * GB + at * 2e6
        return Sample(at, **{f"{place}_bytes": used, f"{place}_free_bytes": 20 * GB - used})  # type: ignore[arg-type]

    told.sample(500, creeping)
    found = told.one("memory_creep")
    assert "grows by 120 MB a minute" in found.what
    assert found.act is not None
    assert found.act.action == "save"


def test_a_disk_that_fills_before_the_end() -> None:
    told = Told(replace(FACTS, steps=100_000)).train(falling(300))
    told.sample(500, lambda at: Sample(at, disk_free_bytes=30 * GB - at * 5e6))
    assert "300 MB less a minute" in told.one("disk_filling").what


def test_a_disk_without_room_for_the_next_checkpoint() -> None:
    told = Told()
    told.watch.saved([100], int(2 * GB))
    told.sample(20, lambda at: Sample(at, disk_free_bytes=1.5 * GB))
    assert told.one("disk_filling").severity == "bad"
    told.sample(200, lambda at: Sample(at, disk_free_bytes=9 * GB))
    assert told.over == ["disk_filling"]


def test_no_progress_for_longer_than_the_phase_allows() -> None:
    told = Told()
    for seconds in (10.0, 590.0, 605.0, 700.0):
        told.take(told.watch.idle(Idle("training", seconds, 600.0)))
    assert told.one("hanging").what == "no progress for 10 m, training"
    told.take(told.watch.idle(Idle("training", 1.0, 600.0)))
    assert told.over == ["hanging"]


def test_a_threshold_of_the_recipe_moves_the_rule() -> None:
    told = Told(hanging_seconds=30.0)
    told.take(told.watch.idle(Idle("training", 40.0, 600.0)))
    assert told.one("hanging").figures["seconds"] == 40.0
