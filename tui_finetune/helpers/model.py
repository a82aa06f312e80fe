"""`python -m tui_finetune.helpers.model MODEL_DIR`: a model kept warm, asked and answering in JSON lines.

Requests come on standard input, one JSON object a line: `{"id": 1, "action": "predict", "rows": [{"text": "…"}]}`.
Everything on standard output is the protocol, docs/inference.md; what libraries print goes to standard error. The helper
ends at the end of its input, or when nobody has asked for a while.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import sys
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_finetune.errors import ExitCode, Problem, UserError
from tui_finetune.launch.devices import VISIBLE, show_only
from tui_finetune.paths import Home
from tui_finetune.runs import atomic

if TYPE_CHECKING:
    from tui_finetune.inference.predictor import Predictor
    from tui_finetune.inference.prepared_rows import PreparedRows

PROTOCOL = 1
IDLE_SECONDS = 600.0
PROGRESS_SECONDS = 0.1
"""At most so often is progress told."""
CHUNK = 1 << 16


class Output:
    """The protocol's stream. Standard output itself is turned to standard error, for native code's sake as well."""

    def __init__(self) -> None:
        sys.stdout.flush()
        # Lone surrogates of a text become JSON escapes.
        self._stream = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="backslashreplace")
        os.dup2(2, 1)
        sys.stdout = sys.stderr

    def write(self, event: str, **fields: Any) -> None:
        self._stream.write(atomic.dumps({**fields, "event": event}) + "\n")
        self._stream.flush()


class Idle(Exception):
    """Nobody asked for a while."""


def lines(descriptor: int, idle_seconds: float) -> Iterator[bytes]:
    """Whole lines as they come. Raises Idle when none has come for so long."""
    rest = b""
    while True:
        if not select.select([descriptor], [], [], idle_seconds)[0]:
            raise Idle
        chunk = os.read(descriptor, CHUNK)
        if not chunk:
            if rest.strip():
                yield rest
            return
        *whole, rest = (rest + chunk).split(b"\n")
        yield from whole


def serve(predictor: Predictor, output: Output, descriptor: int, idle_seconds: float) -> None:
    """Answers until the input ends."""
    for line in lines(descriptor, idle_seconds):
        if not line.strip():
            continue
        number = None
        try:
            request = _request(line)
            number = request.get("id")
            output.write("result", id=number, **_answer(predictor, request, output))
        except UserError as error:
            _tell(output, error.problems, error.exit_code, number)
        except BrokenPipeError:
            raise
        except Exception as error:  # noqa: BLE001 - told to whoever asked, with the traceback on stderr; the next request works
            traceback.print_exc()
            _tell(output, [Problem(f"{type(error).__name__}: {error}")], ExitCode.LAUNCH_FAILED, number)


def _request(line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError as error:
        raise UserError(f"a request is a JSON object on one line: {error}.") from error
    if not isinstance(found, dict):
        raise UserError("a request is a JSON object on one line.")
    return found


def _answer(predictor: Predictor, request: Mapping[str, Any], output: Output) -> dict[str, Any]:
    action, rows = request.get("action"), request.get("rows")
    if action == "save":
        return {"answers": _saved(predictor, request.get("folder"))}
    if action not in ("predict", "tokenize"):
        raise UserError(f"no action {action!r}; there are predict, tokenize and save.")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise UserError("rows: a list of objects is expected.")
    if action == "tokenize":
        return {"answers": predictor.tokenize(rows)}
    told = time.monotonic()

    def progress(what: str, done: int, total: int | None) -> None:
        nonlocal told
        if time.monotonic() - told >= PROGRESS_SECONDS:
            told = time.monotonic()
            output.write("progress", id=request.get("id"), what=what, done=done, total=total)

    return {"answers": predictor.predict(rows, progress)}


def _saved(predictor: Predictor, folder: object) -> list[str]:
    """Names of the files that the model was written into."""
    if not isinstance(folder, str) or not Path(folder).is_dir():
        raise UserError("folder: the path of a folder is expected.")
    predictor.save(Path(folder))
    return sorted(path.name for path in Path(folder).iterdir())


def _tell(output: Output, problems: Sequence[Problem], code: int, number: Any = None) -> None:
    output.write("error", id=number, problems=[problem.as_json() for problem in problems], exit_code=int(code))


def main(argv: Sequence[str] | None = None) -> int:
    given = _arguments().parse_args(argv)
    output = Output()
    _quiet(given.device)
    try:
        predictor = _load(given, output)
        output.write(
            "ready",
            protocol=PROTOCOL,
            pid=os.getpid(),
            task=predictor.card.task,
            labels=list(predictor.card.labels.names),
            max_length=predictor.card.max_length,
            device=predictor.device,
            preprocess=predictor.applied,
            not_applied=predictor.not_applied,
            choosing=predictor.choosing,
        )
        serve(predictor, output, sys.stdin.fileno(), given.idle)
    except UserError as error:
        _tell(output, error.problems, error.exit_code)
        return int(error.exit_code)
    except Idle:
        output.write("idle", seconds=given.idle)
    except (BrokenPipeError, KeyboardInterrupt):
        # Whoever asked is gone: there is nobody to tell, and nothing on disk to put in order.
        os._exit(ExitCode.OK)
    return ExitCode.OK


def _quiet(device: str) -> None:
    """Before torch is imported: which GPU it may see, no progress bars, no look at the network for a local folder."""
    show_only(device)
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    os.environ.setdefault("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")
    os.environ["TRANSFORMERS_VERBOSITY"] = "error"
    os.environ["TQDM_DISABLE"] = "1"
    os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
    os.environ["HF_HUB_OFFLINE"] = "1"


def _load(given: argparse.Namespace, output: Output) -> PreparedRows:
    from tui_finetune.inference.asked_options import with_options
    from tui_finetune.inference.model_folder import open_model_folder
    from tui_finetune.inference.prepared_rows import PreparedRows
    from tui_finetune.inference.torch_backend import TorchPredictor
    from tui_finetune.plugin_api.manager import load_catalog

    home = Home(given.home)
    catalog = load_catalog(home, plugin_dirs=tuple(given.plugin_dir), third_party=not given.no_plugins)
    trust = given.trust_remote_code
    folder = with_options(
        open_model_folder(given.model, catalog, home, trust_remote_code=trust), given.options, catalog
    )
    output.write("progress", id=None, what="loading torch and the model", done=0, total=None)
    cuda = bool(os.environ[VISIBLE])
    model = TorchPredictor(folder, cuda=cuda, batch_rows=given.batch_rows, trust_remote_code=trust)
    return PreparedRows(model, catalog)


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tui_finetune.helpers.model", description=__doc__)
    parser.add_argument("model", type=Path, help="folder of a trained model")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--device", default="cpu", help="cpu, auto or cuda:N")
    parser.add_argument("--batch-rows", type=int, default=32)
    parser.add_argument("--idle", type=float, default=IDLE_SECONDS, help="seconds without a request until it ends")
    parser.add_argument("--plugin-dir", type=Path, action="append", default=[])
    parser.add_argument("--no-plugins", action="store_true")
    parser.add_argument("--trust-remote-code", action="store_true")
    parser.add_argument("--options", help="options of the task for these answers, as JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main())
