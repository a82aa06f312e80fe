"""Switching plugins off and on, and loading them again after their authors changed them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.unit.plugins.test_manager import HEAD, METRIC, PREPROCESSOR, assert_rest_works, installed_plugin, write
from tui_finetune.data.helper import plugin_places
from tui_finetune.errors import UserError
from tui_finetune.paths import Home
from tui_finetune.plugin_api.manager import load_catalog
from tui_finetune.plugin_api.switches import read_off, switch


def test_a_plugin_that_is_off_is_listed_and_not_imported(home: Home) -> None:
    write(home, "not_wanted", "raise AssertionError('imported')")
    assert switch(home, "not_wanted", on=False)
    assert not switch(home, "not_wanted", on=False), "it is off already"
    catalog = load_catalog(home)
    info = catalog.plugin("not_wanted")
    assert info is not None
    assert (info.health, info.off_because) == ("off", "switched off")
    assert_rest_works(catalog)
    with pytest.raises(UserError, match=r"not_wanted \(off\)"):
        catalog.require("tasks", "emotion")


def test_on_again_it_is_there_again(home: Home) -> None:
    write(home, "back_again", METRIC)
    switch(home, "back_again", on=False)
    switch(home, "other", on=False)
    assert switch(home, "back_again", on=True)
    assert read_off(home) == {"other"}
    assert "half" in load_catalog(home).metrics


def test_the_list_is_a_file_that_a_person_can_write(home: Home) -> None:
    home.plugins_off.write_text("# mine\n\n  one  # because\ntwo\n")
    assert read_off(home) == {"one", "two"}
    switch(home, "one", on=True)
    assert home.plugins_off.read_text().splitlines()[1:] == ["two"]
    assert home.plugins_off.stat().st_mode & 0o777 == 0o600


def test_builtin_cannot_be_off(home: Home) -> None:
    switch(home, "builtin", on=False)
    assert_rest_works(load_catalog(home))


def test_a_list_that_cannot_be_read_is_a_failed_entry(home: Home) -> None:
    home.plugins_off.mkdir()
    catalog = load_catalog(home)
    assert [(info.name, info.hook) for info in catalog.failed] == [("plugins-off.txt", "search")]
    assert plugin_places(catalog)["folders"] == []


def test_helpers_leave_off_what_is_off(home: Home) -> None:
    write(home, "helped", PREPROCESSOR)
    write(home, "switched", PREPROCESSOR)
    switch(home, "switched", on=False)
    places = plugin_places(load_catalog(home))
    assert places == {"folders": [str(home.plugins)], "third_party": True, "off": ["switched"]}
    assert plugin_places(load_catalog(home, third_party=False))["third_party"] is False


def test_a_file_is_loaded_as_it_is_now(home: Home) -> None:
    """Also where it was saved twice within the same second, at the same size."""
    path = write(home, "mended", METRIC)
    assert load_catalog(home).metrics["half"].compute(None) == 0.5  # type: ignore[arg-type]
    before = path.stat()
    write(home, "mended", METRIC.replace("0.5", "0.7"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert load_catalog(home).metrics["half"].compute(None) == 0.7  # type: ignore[arg-type]
    assert not list(home.plugins.rglob("*.pyc"))


def test_an_installed_one_is_imported_again_only_when_asked(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed_plugin(tmp_path, "mended_dist", "mended_dist_module", METRIC)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    info = load_catalog(home).plugin("mended_dist")
    assert info is not None
    assert info.place == str(tmp_path / "mended_dist_module.py")
    (tmp_path / "mended_dist_module.py").write_text(HEAD + PREPROCESSOR)
    assert "half" in load_catalog(home).metrics
    again = load_catalog(home, afresh=True)
    assert "half" not in again.metrics
    assert "upper" in again.preprocessors
    assert_rest_works(again)
