"""What an author is told of a failure beside its traceback: the line, and what they may have meant."""

from __future__ import annotations

import pytest

from tests.unit.plugins.test_manager import loaded
from tui_finetune.paths import Home


@pytest.mark.parametrize(
    ("code", "line", "text", "said"),
    [
        ("labels = 1\nprint(lables)", 3, "print(lables)", "Did you mean labels?"),
        ("import math\nmath.sqtr(2)", 3, "math.sqtr(2)", "Did you mean sqrt?"),
        (
            "@hookimpl\ndef register_metrics():\n    return [Metric('half', 'labels', len, rnge=(0, 1))]",
            4,
            "return [Metric('half', 'labels', len, rnge=(0, 1))]",
            "got an unexpected keyword argument 'rnge'. Did you mean range?",
        ),
        ("def f(:", 2, "def f(:", "SyntaxError"),
        ("import json\njson.loads('no')", 3, "json.loads('no')", "JSONDecodeError"),
        ("@hookimpl\ndef register_metrics():\n    return [3]", 2, None, "a Metric is expected, not 3"),
    ],
)
def test_the_line_is_the_authors_own(home: Home, code: str, line: int, text: str | None, said: str) -> None:
    _, info = loaded(home, "failing_here", code)
    assert info.file == str(home.plugins / "failing_here.py")
    assert (info.line, info.code) == (line, text)
    assert said in (info.error or "")
    assert (info.error or "").count("Did you mean") <= 1


def test_one_that_works_says_what_it_is(home: Home) -> None:
    code = '"""Measures half.\n\nAnd more."""\n'
    (home.plugins / "tells.py").write_text(code + "from tui_finetune.plugin_api import hookimpl\n")
    from tui_finetune.plugin_api.manager import load_catalog

    info = load_catalog(home).plugin("tells")
    assert info is not None
    assert info.help == "Measures half."
    assert info.hooks == {}
    assert info.loaded_at > 0
