# Two commands from a fresh clone: `make serve` and `make test`.
PYTHON ?= python3
# Extra arguments for the one step that installs torch, for machines where its CPU build lies elsewhere.
TORCH_PIP_ARGS ?=
HOST ?= 127.0.0.1
PORT ?= 8000
BIN := .venv/bin
# Modules are compiled when first used: most never are.
PIP := $(BIN)/pip install --quiet --no-compile --disable-pip-version-check -c constraints.txt

# What `make test` runs of the tests.
USUAL := not proof and not soak and not install and not thorough

.PHONY: serve test early proof thorough soak wheel index check lint types layers tests tools clean

serve: .venv/.serving
	@$(BIN)/nelm build --if-needed
	@$(BIN)/nelm serve --host $(HOST) --port $(PORT)

index: .venv/.serving
	@$(BIN)/nelm build --if-needed

# What does not wait for one another runs side by side.
test:
	@$(MAKE) --no-print-directory -j3 -Oline tools index lint types layers early
	@$(MAKE) --no-print-directory tests

.venv/.torch: constraints.txt
	@echo "Setting up .venv (once; a few minutes)"
	@$(PYTHON) -m venv .venv
	@$(PIP) $(TORCH_PIP_ARGS) torch==2.13.0
	@touch $@

.venv/.serving: .venv/.torch pyproject.toml
	@$(PIP) --editable '.[build,mcp]'
	@touch $@

.venv/.testing: .venv/.serving
	@$(PIP) --editable '.[build,mcp,dev]'
	@touch $@

tools:
	@sh tests/tools.sh

lint: .venv/.testing
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: .venv/.testing
	@$(BIN)/mypy

layers: .venv/.testing
	@$(BIN)/lint-imports

early: .venv/.testing tools
	@$(BIN)/python -m pytest -m "early and $(USUAL)"

tests: .venv/.testing
	@$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder --durations=10 -m "not early and $(USUAL)"

proof: .venv/.testing index
	@$(BIN)/python -m pytest -m proof --durations=0 tests/proof

thorough: .venv/.testing index tools
	@$(BIN)/python -m pytest -n 2 --dist loadfile -m thorough

wheel: .venv/.testing index
	@$(BIN)/python -m pytest -m install tests/web/test_wheel.py

soak: .venv/.testing index tools
	@$(BIN)/nelm bench http --requests 25000
	@$(BIN)/python -m pytest -m soak --durations=0 tests/web/store tests/web/test_kill.py tests/web/slack

clean:
	rm -rf .venv var dist
