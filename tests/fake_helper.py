"""A model helper without a model: `python -m tests.fake_helper MODE`. It answers with the length of each text."""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import Any


def say(event: str, **fields: Any) -> None:
    print(json.dumps({**fields, "event": event}), flush=True)


def answer(row: dict[str, Any]) -> dict[str, Any]:
    text = str(row.get("text", ""))
    if text == "nan":
        return {**row, "label": "long", "score": "nan", "scores": {"long": "nan", "short": "-inf"}}
    if "tokens" in row:
        start = text.find(" ") + 1
        found = {"label": "PER", "start": start, "end": len(text), "text": text[start:], "score": 0.5}
        return {"text": text, "entities": [found] if start else []}
    scores = {"long": 0.75, "short": 0.25} if len(text) > 5 else {"short": 0.75, "long": 0.25}
    return {**row, "label": next(iter(scores)), "score": 0.75, "scores": scores}


def tokens(row: dict[str, Any]) -> dict[str, Any]:
    words = f"{row.get('text', '')} {row.get('text_pair', '')}".split()
    return {"tokens": words[:8], "ids": list(range(len(words[:8]))), "length": len(words), "truncated": len(words) > 8}


def main(mode: str) -> int:
    if mode == "refuses":
        say("error", id=None, problems=[{"message": "no weights.", "key": "model.path"}], exit_code=2)
        return 2
    if mode == "dies-loading":
        print("Traceback: no such library", file=sys.stderr, flush=True)
        return 1
    if mode == "silent":
        signal.pause()
    say("progress", id=None, what="loading", done=0, total=None)
    say("ready", protocol=1, task="text-classification", labels=["long", "short"], max_length=8, device="cpu")
    if mode == "idle":
        say("idle", seconds=0)
        return 0
    for line in sys.stdin:
        request = json.loads(line)
        if mode == "dies-asked":
            print("out of luck", file=sys.stderr, flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
        if mode == "hangs-asked":
            signal.pause()
        if mode == "slow":
            while True:  # until somebody ends it
                say("progress", id=request["id"], what="predicting", done=1, total=2)
        if mode == "errs" and request["rows"][0].get("text") == "bad":
            say("error", id=request["id"], problems=[{"message": "cannot."}], exit_code=2)
            continue
        say("progress", id=request["id"], what="predicting", done=1, total=len(request["rows"]))
        give = tokens if request["action"] == "tokenize" else answer
        say("result", id=request["id"], answers=[give(row) for row in request["rows"]])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
