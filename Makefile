# Everything sets itself up in a virtual environment in the tree: Python >= 3.11 with venv, git and make will do.
PYTHON ?= python3
MINUTES ?= 10
TESTS ?= -m 'not slow and not torture'
# One more than there are cores: the end-to-end tests wait for servers much of their time.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 1)')
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help demo run setup test lint types imports unit torture snapshots bench screenshots readme fmt wheel clean

help: ## Show what can be made
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "patchdesk needs Python 3.11 or later; set PYTHON=python3.x" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

setup: $(READY) ## Make the virtual environment

demo: $(READY) ## Open the archive that ships with the program
	@$(BIN)/patchdesk demo

test: lint types imports unit ## All checks and all tests

lint: $(READY) ## Format and lint checks
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/codespell

fmt: $(READY) ## Format, and fix what ruff can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

types: $(READY) ## Type checks
	$(BIN)/mypy

imports: $(READY) ## Who may import whom
	$(BIN)/lint-imports

unit: $(READY) ## The tests alone, each once; those marked slow are part of `make torture`
	$(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(TESTS)

# Atheris has no wheel for every Python; without it hypothesis runs longer, and says so.
torture: $(READY) ## Parsers under a fuzzer, MINUTES for each (10), and monsters at full size
	@$(BIN)/python -c 'import atheris' 2>/dev/null || $(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[torture]' || true
	@$(BIN)/python -m tests.torture --minutes $(MINUTES)

snapshots: $(READY) ## Accept the screens as they look now
	$(BIN)/pytest tests/tui --snapshot-update

bench: $(READY) ## Measure, beside the peers; with COMPARE=REV, that revision and this tree; SUITES= names some
	$(BIN)/python -m tests.bench $(if $(COMPARE),--compare $(COMPARE)) $(SUITES)

screenshots: $(READY) ## Make the pictures again
	$(BIN)/python screenshots/make.py $(SCENES)

readme: $(READY) ## Write the table of keys in README from the registry
	$(BIN)/python -c 'from pathlib import Path; from tui.cli.manual import with_keys; p = Path("README.md"); p.write_text(with_keys(p.read_text()))'

wheel: $(READY) ## Build the wheel
	$(BIN)/python -m build --wheel --no-isolation

clean: ## Remove what was built
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .torture snapshot_report.html
