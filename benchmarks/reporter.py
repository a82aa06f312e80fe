"""Reporter, health watch, control poll, heartbeat and steering alone: what they do in a step, without a model, so that no
noise of training hides it."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

STEPS = 2000
LOG_EVERY = 5


def seconds_a_step() -> float:
    """Seconds that the callbacks of one step take, logging every fifth as the overhead benchmark does."""
    from transformers import TrainerControl, TrainerState, TrainingArguments

    from tui_finetune.config.health_table import HealthTable
    from tui_finetune.paths import Home
    from tui_finetune.runs.store import RunStore
    from tui_finetune.worker.attempt import Attempt
    from tui_finetune.worker.controls import Controls
    from tui_finetune.worker.health import Health
    from tui_finetune.worker.reporter import RunReporter
    from tui_finetune.worker.steering.steering import Steering

    with tempfile.TemporaryDirectory(prefix="benchmark-") as name:
        home = Home(Path(name)).ensure()
        paths = RunStore(home).create("reporter", kind="train", task=None, of=None)
        attempt = Attempt.claim(paths, 1, device="cpu")
        attempt.begin(0)
        controls = Controls(attempt, trains=True)
        controls.start()
        steering = Steering(attempt, controls)
        reporter = RunReporter(attempt=attempt, controls=controls, health=Health(attempt, controls, HealthTable()))
        arguments = TrainingArguments(output_dir=os.devnull, report_to="none", use_cpu=True)
        state, control = TrainerState(max_steps=STEPS), TrainerControl()
        reporter.on_train_begin(arguments, state, control)
        started = time.perf_counter()
        for step in range(1, STEPS + 1):
            steering.take_up(step)
            state.global_step, state.epoch = step, step / STEPS
            reporter.on_step_end(arguments, state, control)
            if step % LOG_EVERY == 0:
                values = {
                    "loss": 0.5,
                    "grad_norm": 1.0,
                    "learning_rate": 1e-5,
                    "losses": [0.5] * LOG_EVERY,
                    "tokens": 900.0,
                }
                reporter.on_log(arguments, state, control, logs=values)
        taken = time.perf_counter() - started
        controls.close()
        attempt.end("finished")
    return taken / STEPS


if __name__ == "__main__":
    print(f"{1e6 * seconds_a_step():.1f} µs a step")
