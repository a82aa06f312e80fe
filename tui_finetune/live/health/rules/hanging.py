"""The rule on standing still: the process lives and beats, but no step, batch or row is done."""

from __future__ import annotations

from tui_finetune.live import words
from tui_finetune.live.health.facts import Idle, Now
from tui_finetune.live.health.finding import Act, Found
from tui_finetune.live.health.rule import Rule


class Hanging(Rule):
    """Nothing went on for longer than the phase allows: mostly a loader, a network disk, or native code that waits."""

    name = "hanging"

    def idle(self, seen: Idle, now: Now) -> None:
        limit = self.limits["hanging_seconds"] or seen.limit
        if seen.seconds < limit:
            self.found = None
        elif self.found is None:
            what = f"no progress for {words.coarse(seen.seconds)}, {seen.phase or 'working'}"
            self.found = Found(
                rule=self.name,
                what=what,
                since=now.step if seen.step is None else seen.step,
                severity="bad",
                figures={"seconds": seen.seconds, "phase": seen.phase},
                helps="stdout.log shows where every thread stands. Loader workers (train.dataloader_num_workers = 0), a network "
                "disk, or a device that does not answer; an abort and a resume from the newest checkpoint go on.",
                act=Act("abort", {"reason": what}),
            )
