"""Python, packages, torch as it answers, the demo's model, plugins."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tui_finetune.launch.doctor import software
from tui_finetune.paths import Home
from tui_finetune.plugin_api.manager import load_catalog


def test_this_python_is_told_with_its_place() -> None:
    found = software.python()
    assert found.level == "ok"
    assert found.facts["version"] in found.text


def test_packages_as_this_distribution_asks_for_them() -> None:
    found = list(software.packages())
    assert [f.level for f in found] == ["ok"], found
    assert "transformers 5.23" in found[0].text


def test_package_missing_or_of_another_version() -> None:
    asked = [
        "no-such-package>=1,<2",
        "click>=99",
        "pluggy>=1",
        'numpy>=99; python_version < "3"',
        'x>=1; extra == "demo"',
    ]
    missing, old, rest = software.packages(asked)
    assert (missing.level, old.level, rest.level) == ("problem", "problem", "ok")
    assert "no-such-package is not installed" in missing.text
    assert missing.fix == 'pip install "no-such-package<2,>=1"'
    assert "is installed; click>=99 is needed" in old.text
    assert rest.text == "1 others as they should be"


def test_run_from_a_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(software, "DISTRIBUTION", "no-such-distribution")
    (found,) = software.packages()
    assert found.level == "warning"


SEES_NOTHING: dict[str, object] = {
    "version": "2.13.0",
    "cuda_build": None,
    "rocm_build": None,
    "cuda": False,
    "devices": [],
    "bf16": False,
}


@pytest.mark.parametrize(
    ("answer", "gpus", "level", "words"),
    [
        ({}, 0, "ok", "CPU build, 2 threads"),
        ({}, 1, "warning", "cannot use the GPU"),
        ({"cuda_build": "12.8"}, 2, "warning", "though the driver lists 2"),
        ({"cuda_build": "12.8", "cuda": True, "devices": ["NVIDIA A10"]}, 1, "ok", "sees NVIDIA A10"),
    ],
)
def test_what_torch_sees(answer: dict[str, object], gpus: int, level: str, words: str) -> None:
    found = software.torch_finding(gpus, {**SEES_NOTHING, "threads": 2, **answer})
    assert found.level == level
    assert words in found.text


def test_torch_that_cannot_be_imported() -> None:
    found = software.torch_finding(0, {"error": "ImportError: libcudart.so.12: cannot open shared object file"})
    assert found.level == "problem"
    assert "libcudart" in found.text


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (subprocess.CompletedProcess([], 0, 'a notice\n{"version": "2"}\n', ""), {"version": "2"}),
        (subprocess.CompletedProcess([], 1, "", "Traceback\nImportError: no\n\n"), {"error": "ImportError: no"}),
        (subprocess.CompletedProcess([], -11, "", ""), {"error": "its process ended with code -11"}),
        (subprocess.TimeoutExpired([], 5), {"error": "no answer within 5 s"}),
    ],
)
def test_probe_of_torch_always_ends(
    monkeypatch: pytest.MonkeyPatch, answer: subprocess.CompletedProcess[str] | Exception, expected: dict[str, str]
) -> None:
    def run(*_: object, **__: object) -> subprocess.CompletedProcess[str]:
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(subprocess, "run", run)
    assert software.probe_torch(5.0) == expected


def test_demo_without_its_model(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    found = software.demo_model(home)
    assert found.level == "warning"
    assert "demo" in (found.fix or "")


def test_broken_plugin_is_named(home: Home, tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("raise RuntimeError('not today')")
    failed, working = software.plugins(load_catalog(home, plugin_dirs=[tmp_path]))
    assert failed.level == "warning"
    assert "not today" in failed.text
    assert "plugins show broken" in (failed.fix or "")
    assert "builtin" in working.text


def test_doctor_imports_no_torch(run_python: Callable[[str], subprocess.CompletedProcess[str]]) -> None:
    ran = run_python(
        "import json, sys\n"
        "from tui_finetune.launch.doctor import diagnose\n"
        "from tui_finetune.paths import Home\n"
        "from tui_finetune.plugin_api.manager import load_catalog\n"
        "home = Home.find('/tmp/never-made')\n"
        "names = [f.name for f in diagnose(home, load_catalog(home), torch=False)]\n"
        "print(json.dumps([names, sorted({'torch', 'transformers', 'datasets'} & set(sys.modules))]))"
    )
    names, heavy = json.loads(ran.stdout)
    assert {"python", "packages", "processor", "disk", "home", "logout", "hub"} <= set(names)
    assert heavy == []
