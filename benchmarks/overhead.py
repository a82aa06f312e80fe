"""Training through us against a bare Trainer script: same rows, arguments and losses; what do events and controls cost?

python -m benchmarks.overhead [--pairs 9] [--rows 960] [--write]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks import training
from benchmarks.common import PAIRS, Ratio, alternating, report
from benchmarks.reporter import seconds_a_step

MAX_LENGTH = 48
GOAL = 1.02


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=PAIRS)
    parser.add_argument("--rows", type=int, default=960)
    parser.add_argument("--write", action="store_true", help="put the result into docs/benchmarks.md")
    given = parser.parse_args()
    runs: dict[str, list[training.Trained]] = {"ours": [], "script": []}
    with tempfile.TemporaryDirectory(prefix="benchmark-") as name:
        folder = Path(name)
        data = training.write_rows(folder, given.rows)

        def ours() -> float:
            batching = {"order": "random", "padding": "longest"}
            runs["ours"].append(training.through_us(folder, data, max_length=MAX_LENGTH, batching=batching))
            return runs["ours"][-1].seconds

        def script() -> float:
            runs["script"].append(training.by_script(data, max_length=MAX_LENGTH))
            return runs["script"][-1].seconds

        ratio = Ratio.of(alternating(ours, script, given.pairs, what="overhead"))
    losses = {run.losses for both in runs.values() for run in both}
    if len(losses) != 1:
        sys.exit(f"the losses differ, so the two are not the same training: {losses}")
    steps = -(-given.rows // training.ARGUMENTS["per_device_train_batch_size"])
    per_step = min(run.seconds for run in runs["script"]) / steps
    own = seconds_a_step()
    report(
        "Training through us against a bare Trainer script",
        [
            f"{given.rows} rows, {steps} steps of MiniLM on the processor; "
            f"the {len(losses.pop())} logged losses are equal to the last digit.",
            "",
            f"- Time of `Trainer.train`, ours / script: **{ratio}**; goal: at most {GOAL}.",
            f"- The reporter's own time a step, measured alone: {1e6 * own:.0f} µs, {own / per_step:.2%} of the script's step.",
        ],
        write=given.write,
    )


if __name__ == "__main__":
    main()
