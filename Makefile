# Everything a developer does. `make` lists it. Needs Python 3.11 or later, make, and the package registries.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
STATIC := src/lapwing/server/static/index.html
UI := $(shell find ui -type f -not -path '*/node_modules/*' -not -path '*/dist/*' 2>/dev/null)
EXAMPLE := examples/flights
# Empty is off. Tests start the command line and servers hundreds of times: without kept bytecode each compiles all anew.
export PYTHONDONTWRITEBYTECODE :=

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: $(BIN)/.ready $(STATIC) ## a virtual environment in .venv with lapwing in it, and the built UI

run: setup $(EXAMPLE)/data/.ready ## load the flights example, build its rollups, serve it at http://127.0.0.1:8600
	$(BIN)/lapwing -p $(EXAMPLE) build
	$(BIN)/lapwing -p $(EXAMPLE) serve

run-ads: setup ## make the ads example with its incidents, build its rollups, serve it at http://127.0.0.1:8600
	$(BIN)/python examples/ads/generate.py
	$(BIN)/lapwing -p examples/ads build
	$(BIN)/lapwing -p examples/ads serve

run-cloud: setup ## the ads example on emulators of BigQuery and Bigtable, built by Beam, served at http://127.0.0.1:8600
	$(BIN)/python -m tools.cloud

test: setup $(EXAMPLE)/data/.ready lint ## every check and test; starts the real services that tests need
	$(BIN)/pytest -m "not long" --numprocesses auto --dist loadfile

test-long: setup $(EXAMPLE)/data/.ready ## the tests that kill, fuzz and soak
	$(BIN)/pytest -m long

lint: $(BIN)/.ready ## ruff, mypy --strict and the layers of the house
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fix: $(BIN)/.ready ## let ruff mend what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(BIN)/.ready ## write the reference pages and types that are made from the code
	$(BIN)/python -m tools.reference
	$(BIN)/python -m tools.api_types

bench: setup ## the benchmarks, against their peers, small
	$(BIN)/python -m benchmarks.cached_read --small
	$(BIN)/python -m benchmarks.stores --small
	$(BIN)/python -m benchmarks.leaderboard --small
	$(BIN)/python -m benchmarks.windows --small
	$(BIN)/python -m benchmarks.prefix_search --small
	$(BIN)/python -m benchmarks.doors --small
	$(BIN)/python -m benchmarks.results --small
	$(BIN)/python -m benchmarks.dashboard --small
	$(BIN)/python -m benchmarks.route --small
	$(BIN)/python -m benchmarks.build --small
	$(BIN)/python -m benchmarks.alerts --injected --early --budget --ads --heavy-tails --small
	$(BIN)/python -m benchmarks.beam_build --small

lock: $(BIN)/.ready ## choose versions of the dependencies anew
	$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --upgrade \
	  --generate-hashes --no-emit-index-url --no-header --no-annotate --quiet --output-file requirements.lock

clean: ## remove what was made, except the environment
	rm -rf src/lapwing/server/static ui/node_modules $(EXAMPLE)/data $(EXAMPLE)/.lapwing

$(BIN)/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Lapwing needs Python 3.11 or later; $(PYTHON) is $$($(PYTHON) -V 2>&1). Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || \
	  { echo "$(PYTHON) can't make a virtual environment. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps -e .
	@touch $@

$(STATIC): $(UI) | $(BIN)/.ready
	$(BIN)/python -m tools.build_ui

$(EXAMPLE)/data/.ready: $(EXAMPLE)/prepare.py | $(BIN)/.ready
	$(BIN)/python $(EXAMPLE)/prepare.py
	@touch $@

.PHONY: help setup run run-ads run-cloud test test-long lint fix docs bench lock clean
.DEFAULT_GOAL := help
