"""`python -m tui_finetune.worker RUN_DIR --attempt N --home HOME`: started by a launcher, in a session of its own."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from pathlib import Path

from tui_finetune.errors import UserError, cannot_write
from tui_finetune.launch.devices import machine_facts, show_only, visible_device
from tui_finetune.launch.handoff import ATTEMPT_TAKEN, NOT_BEGUN
from tui_finetune.paths import Home
from tui_finetune.runs.attempts import AttemptTaken
from tui_finetune.runs.layout import RunPaths
from tui_finetune.worker import lifecycle
from tui_finetune.worker.attempt import Attempt


def main(argv: list[str] | None = None) -> int:
    os.umask(0o077)
    given = _arguments().parse_args(argv)
    lifecycle.quiet_libraries()
    paths, home = RunPaths(given.run.absolute()), Home(given.home)
    from tui_finetune.config.write import read_resolved

    try:
        recipe = read_resolved(paths.recipe_toml)
        waits = recipe.run.queue or recipe.run.after is not None
        machine = machine_facts(visible_device(recipe.run.device) if waits else show_only(recipe.run.device))
        attempt = Attempt.claim(paths, given.attempt, device=recipe.run.device, machine=machine)
    except AttemptTaken as taken:
        return _not_begun(taken, ATTEMPT_TAKEN)
    except UserError as error:
        return _not_begun(error, NOT_BEGUN)
    except OSError as error:
        return _not_begun(cannot_write(paths.root, error), NOT_BEGUN)
    from tui_finetune.plugin_api.manager import load_catalog

    catalog = load_catalog(home, plugin_dirs=tuple(given.plugin_dir), third_party=not given.no_plugins)
    return int(lifecycle.work(paths, home, recipe, attempt, catalog, force=given.force))


def _not_begun(why: object, code: int) -> int:
    """Into stdout.log, whose last lines the launcher tells: nobody else is there to be told."""
    with contextlib.suppress(OSError):  # a full disk has no room for that either; the launcher looks at the disk
        print(why, file=sys.stderr, flush=True)  # noqa: T201
    return code


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tui_finetune.worker", description=__doc__)
    parser.add_argument("run", type=Path, help="the run directory")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--attempt", type=int, required=True, help="the number that the launcher saw to be next")
    parser.add_argument("--plugin-dir", type=Path, action="append", default=[])
    parser.add_argument("--no-plugins", action="store_true")
    parser.add_argument("--force", action="store_true", help="begin though pre-flight finds that it does not fit")
    return parser


if __name__ == "__main__":
    sys.exit(main())
