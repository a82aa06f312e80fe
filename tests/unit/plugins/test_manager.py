"""Loading and calling plugins: each alone, and a broken one costs only itself."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tui_finetune.errors import UserError
from tui_finetune.paths import Home
from tui_finetune.plugin_api.manager import GIVE_UP_AFTER, Catalog, PluginInfo, load_catalog

HEAD = "from tui_finetune.plugin_api import *\n"

METRIC = """
@hookimpl
def register_metrics():
    return [Metric("half", "labels", lambda decoded: 0.5, help="half")]
"""
SOURCE = """
class Nothing(Source):
    name = "nothing"
    help = "nothing"
    def open(self, request, progress=no_progress):
        raise DataError("nothing there")

@hookimpl
def register_datasets():
    return [Nothing()]
"""
PREPROCESSOR = """
class Upper(Preprocessor):
    name = "upper"
    def apply(self, row, options):
        return row

@hookimpl
def register_preprocessors():
    return (Upper(),)
"""
TASK = """
from tui_finetune.builtin.tasks.text_classification import TextClassification

class Emotion(TextClassification):
    name = "emotion"

@hookimpl
def register_tasks():
    return [Emotion()]
"""


def write(home: Home, name: str, code: str) -> Path:
    """A plugin file in the home's folder."""
    path = home.plugins / f"{name}.py"
    path.write_text(HEAD + textwrap.dedent(code), encoding="utf-8")
    return path


def loaded(home: Home, name: str, code: str) -> tuple[Catalog, PluginInfo]:
    write(home, name, code)
    catalog = load_catalog(home)
    info = catalog.plugin(name)
    assert info is not None
    return catalog, info


def assert_rest_works(catalog: Catalog) -> None:
    assert catalog.plugins[0].name == "builtin"
    assert catalog.plugins[0].health == "works", catalog.plugins[0].traceback
    assert "text-classification" in catalog.tasks
    assert {"accuracy", "f1"} <= catalog.metrics.keys()


# What each hook adds


def test_hook_register_metrics(home: Home) -> None:
    catalog, info = loaded(home, "hook_metrics", METRIC)
    assert catalog.metrics["half"].help == "half"
    assert info.gives == {"metrics": ["half"]}
    assert catalog.owner("metrics", "half") is info


def test_hook_register_datasets(home: Home) -> None:
    catalog, _ = loaded(home, "hook_datasets", SOURCE)
    assert catalog.require("source", "nothing").help == "nothing"


def test_hook_register_preprocessors(home: Home) -> None:
    catalog, _ = loaded(home, "hook_preprocessors", PREPROCESSOR)
    assert catalog.preprocessors["upper"].apply({"a": 1}, {}) == {"a": 1}


def test_hook_register_tasks(home: Home) -> None:
    catalog, _ = loaded(home, "hook_tasks", TASK)
    assert catalog.tasks["emotion"].heavy.endswith(":TextClassificationHead")
    assert_rest_works(catalog)


def test_hook_training_callbacks(home: Home) -> None:
    code = "@hookimpl\ndef training_callbacks(recipe):\n    return [recipe['name']]"
    catalog, info = loaded(home, "hook_callbacks", code)
    assert catalog.training_callbacks({"name": "imdb"}) == ["imdb"]
    assert info.gives == {"hooks": ["training_callbacks"]}


def test_hook_run_event(home: Home) -> None:
    code = "told = []\n@hookimpl\ndef run_event(event):\n    told.append(event['event'])"
    catalog, _ = loaded(home, "hook_event", code)
    catalog.run_event("/runs/x", {"event": "end"})
    assert sys.modules["hook_event"].told == ["end"]


# What goes wrong


@pytest.mark.parametrize(
    ("code", "hook", "said"),
    [
        ("raise RuntimeError('no luck')", "import", "RuntimeError: no luck"),
        ("raise SystemExit(3)", "import", "SystemExit: 3"),
        ("def f(:", "import", "SyntaxError"),
        ("import a_module_that_is_not_there", "import", "ModuleNotFoundError"),
        (
            "@hookimpl\ndef register_task(): return []",
            "register",
            "register_task is not a hook. Did you mean register_tasks?",
        ),
        ("@hookimpl\ndef register_tasks(labels): return []", "register", "labels"),
        ("@hookimpl(wrapper=True)\ndef register_tasks():\n    return (yield)", "register", "wrapper"),
        *(
            (f"@hookimpl\ndef {hook}():\n    raise KeyError('inside')", hook, "KeyError: 'inside'")
            for hook in ("register_tasks", "register_datasets", "register_preprocessors", "register_metrics")
        ),
        ("@hookimpl\ndef register_tasks(): return 'emotion'", "register_tasks", "a list is expected, not str"),
        ("@hookimpl\ndef register_tasks(): return [Task]", "register_tasks", "give an instance, Task()"),
        ("@hookimpl\ndef register_metrics(): return [3]", "register_metrics", "a Metric is expected, not 3"),
        (TASK.replace('"emotion"', '"my emotion"'), "register_tasks", "letters, digits"),
        (TASK.replace('"emotion"', '"emotion"; heavy = "nowhere"'), "register_tasks", "package.module:attribute"),
        (METRIC.replace('"labels"', '"words"'), "register_metrics", "shape is 'words'"),
    ],
)
def test_a_broken_plugin_is_named_with_its_traceback_and_the_rest_works(
    home: Home, code: str, hook: str, said: str
) -> None:
    write(home, "aaa_good", METRIC)
    write(home, "zzz_good", PREPROCESSOR)
    catalog, info = loaded(home, "broken_one", code)
    assert (info.health, info.hook) == ("failed", hook)
    assert info.error is not None
    assert said in info.error
    assert "\n" not in info.error
    assert info.traceback
    assert info.gives == {}
    assert_rest_works(catalog)
    assert "half" in catalog.metrics
    assert "upper" in catalog.preprocessors


def test_nothing_of_a_plugin_is_kept_when_one_of_its_hooks_fails(home: Home) -> None:
    catalog, info = loaded(home, "half_broken", METRIC + "\n@hookimpl\ndef register_preprocessors():\n    return 1 / 0")
    assert info.health == "failed"
    assert "half" not in catalog.metrics


@pytest.mark.parametrize("hook", ["training_callbacks", "run_event"])
def test_a_hook_that_acts_may_fail_and_the_others_are_called(home: Home, hook: str) -> None:
    write(home, "aaa_raises", f"@hookimpl\ndef {hook}(): raise ValueError('inside')")
    write(home, "bbb_exits", f"@hookimpl\ndef {hook}(): raise SystemExit")
    write(home, "ccc_works", f"called = []\n@hookimpl\ndef {hook}():\n    called.append(1)\n    return [1]")
    catalog = load_catalog(home)
    if hook == "run_event":
        catalog.run_event("run", {})
    else:
        assert catalog.training_callbacks({}) == [1]
    assert sys.modules["ccc_works"].called == [1]
    assert [(info.name, info.hook) for info in catalog.failed] == [("aaa_raises", hook), ("bbb_exits", hook)]


def test_a_listener_that_always_fails_is_given_up(home: Home) -> None:
    catalog, _ = loaded(home, "always_fails", "calls = []\n@hookimpl\ndef run_event():\n    calls.append(1)\n    1 / 0")
    for _ in range(GIVE_UP_AFTER + 5):
        catalog.run_event("run", {})
    assert len(sys.modules["always_fails"].calls) == GIVE_UP_AFTER


def test_the_traceback_begins_in_the_plugins_own_code(home: Home) -> None:
    _, info = loaded(home, "traced", "def inner():\n    raise ValueError('inside')\ninner()")
    assert info.traceback is not None
    assert "traced.py" in info.traceback
    assert "manager.py" not in info.traceback
    assert "importlib" not in info.traceback


# Names


def test_the_first_of_two_names_stays_and_the_second_is_told(home: Home) -> None:
    write(home, "aaa_first", METRIC)
    catalog, second = loaded(home, "bbb_second", METRIC.replace("0.5", "0.7"))
    owner = catalog.owner("metrics", "half")
    assert owner is not None
    assert owner.name == "aaa_first"
    assert second.health == "works"
    assert second.notes == ["metric half is left out: aaa_first has that name."]


def test_builtin_names_cannot_be_taken(home: Home) -> None:
    catalog, info = loaded(home, "taker", TASK.replace('"emotion"', '"text-classification"'))
    assert type(catalog.tasks["text-classification"]).__name__ == "TextClassification"
    assert info.notes


def test_a_metric_name_stands_for_one_figure_a_shape(home: Home) -> None:
    catalog = load_catalog(home)
    labels = catalog.metrics_for(catalog.tasks["text-classification"], ["f1"])
    tags = catalog.metrics_for(catalog.tasks["token-classification"], ["f1"])
    assert (labels[0].shape, tags[0].shape) == ("labels", "tags")
    assert catalog.metrics_for(catalog.tasks["token-classification"])[0].name == "f1"


def test_metrics_that_are_unknown_or_do_not_fit_are_all_told(home: Home) -> None:
    catalog = load_catalog(home)
    with pytest.raises(UserError) as error:
        catalog.metrics_for(catalog.tasks["token-classification"], ["f1", "acuracy", "f1_weighted"])
    assert len(error.value.problems) == 2
    assert "Did you mean accuracy?" in str(error.value)
    assert "'f1_weighted' does not fit token-classification" in str(error.value)


def test_a_missing_name_is_told_with_its_nearest_spelling_and_what_failed(home: Home) -> None:
    write(home, "emotion_head", "raise RuntimeError('no luck')")
    catalog = load_catalog(home)
    with pytest.raises(UserError, match="Did you mean text-classification") as error:
        catalog.require("tasks", "text-clasification")
    assert "emotion_head (failed in import: RuntimeError: no luck)" in str(error.value)


# Where plugins are found


def test_without_third_parties_they_are_listed_and_not_imported(home: Home) -> None:
    write(home, "not_imported", "raise AssertionError('imported')")
    catalog = load_catalog(home, third_party=False)
    info = catalog.plugin("not_imported")
    assert info is not None
    assert info.health == "off"
    assert_rest_works(catalog)
    with pytest.raises(UserError, match=r"not_imported \(off\)"):
        catalog.require("tasks", "emotion")


def test_plugin_dir_adds_files_and_packages(home: Home, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    (folder / "packaged_plugin").mkdir(parents=True)
    (folder / "packaged_plugin" / "__init__.py").write_text(HEAD + "from packaged_plugin.inner import VALUE\n" + METRIC)
    (folder / "packaged_plugin" / "inner.py").write_text("VALUE = 1")
    (folder / "lone_plugin.py").write_text(HEAD + PREPROCESSOR)
    catalog = load_catalog(home, plugin_dirs=[folder])
    assert catalog.failed == []
    assert "half" in catalog.metrics
    assert "upper" in catalog.preprocessors


def test_a_plugin_dir_that_is_not_there_is_a_failed_entry(home: Home, tmp_path: Path) -> None:
    catalog = load_catalog(home, plugin_dirs=[tmp_path / "nowhere"])
    assert [info.hook for info in catalog.failed] == ["search"]
    assert_rest_works(catalog)


def test_a_heavy_sibling_is_no_plugin_and_can_be_resolved(home: Home) -> None:
    from tui_finetune.plugin_api.heavy import resolve

    (home.plugins / "emoter_heavy.py").write_text("class Head: value = 7")
    write(home, "emoter", TASK.replace('name = "emotion"', 'name = "emotion"; heavy = "emoter_heavy:Head"'))
    catalog = load_catalog(home)
    assert [info.name for info in catalog.plugins[1:] if "plugins/" in info.origin] == ["emoter"]
    assert resolve(catalog.tasks["emotion"].heavy).value == 7


def test_other_files_of_a_plugin_folder_are_no_modules(
    home: Home, run_python: Callable[[str], CompletedProcess[str]]
) -> None:
    """A file there must not stand in for an optional package that a library looks for."""
    write(home, "real_plugin", METRIC)
    (home.plugins / "_helper.py").write_text("")
    (home.plugins / "stray_heavy.txt").write_text("")
    done = run_python(
        "from tui_finetune.paths import Home\nfrom tui_finetune.plugin_api.manager import load_catalog\n"
        "load_catalog(Home.find())\nimport importlib.util\nprint(importlib.util.find_spec('_helper'))"
    )
    assert done.stdout.strip() == "None", done.stderr


@pytest.mark.parametrize("name", ["json", "pluggy", "not-a-name"])
def test_a_file_with_the_name_of_a_module_is_refused(home: Home, name: str) -> None:
    catalog, info = loaded(home, name, METRIC)
    assert info.health == "failed"
    assert info.error is not None
    assert "name" in info.error
    assert_rest_works(catalog)
    import json

    assert json.__file__ is not None
    assert "plugins" not in json.__file__


def test_a_name_twice_keeps_the_first(home: Home, tmp_path: Path) -> None:
    write(home, "same_name", METRIC)
    folder = tmp_path / "other"
    folder.mkdir()
    (folder / "same_name.py").write_text(HEAD + PREPROCESSOR)
    catalog = load_catalog(home, plugin_dirs=[folder])
    info = catalog.plugin("same_name")
    assert info is not None
    assert info.gives == {"metrics": ["half"]}
    assert "left out" in info.notes[0]


def installed_plugin(site: Path, distribution: str, module: str, code: str) -> None:
    """A distribution with an entry point, as pip leaves it."""
    (site / f"{module}.py").write_text(HEAD + code)
    info = site / f"{distribution}-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text(f"[tui_finetune]\nmain = {module}\n")


def test_installed_distributions_are_loaded_one_by_one(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed_plugin(tmp_path, "broken_dist", "broken_dist_module", "raise RuntimeError('no luck')")
    installed_plugin(tmp_path, "good_dist", "good_dist_module", METRIC)
    monkeypatch.syspath_prepend(str(tmp_path))
    catalog = load_catalog(home)
    good, broken = catalog.plugin("good_dist"), catalog.plugin("broken_dist")
    assert good is not None
    assert broken is not None
    assert (good.version, good.health, broken.health) == ("1.2", "works", "failed")
    assert catalog.plugin("main") is None


@pytest.mark.parametrize("entry", ["", "absolute"])
def test_the_current_directory_is_never_searched(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entry: str
) -> None:
    installed_plugin(tmp_path, "evil_dist", "evil_dist_module", "raise AssertionError('imported')")
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "evil_file.py").write_text("raise AssertionError('imported')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [entry and str(tmp_path), *sys.path])
    catalog = load_catalog(home)
    assert [info.name for info in catalog.plugins if "evil" in info.name] == []


def test_builtin_loads_from_a_source_tree_without_metadata(run_python: Callable[[str], CompletedProcess[str]]) -> None:
    done = run_python(
        "import importlib.metadata as m\nm.distributions = lambda **k: iter(())\n"
        "from tui_finetune.plugin_api.manager import load_catalog\nprint(*load_catalog(None).tasks)"
    )
    assert "text-classification" in done.stdout, done.stderr


def test_loading_imports_nothing_heavy(run_python: Callable[[str], CompletedProcess[str]]) -> None:
    done = run_python(
        "import sys\nfrom tui_finetune.plugin_api.manager import load_catalog\nload_catalog(None)\n"
        "import tui_finetune.evaluation.predictions, tui_finetune.evaluation.reports, tui_finetune.evaluation.rendering\n"
        "import tui_finetune.evaluation.evaluate_metric, tui_finetune.plugin_api.testing_heads\n"
        "import tui_finetune.builtin.heads.text_classification, tui_finetune.builtin.heads.token_classification\n"
        "print(*[n for n in ('torch', 'transformers', 'datasets', 'evaluate', 'sklearn', 'pyarrow') if n in sys.modules])"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ""
