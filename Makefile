# One target a task. The first target that needs the environment makes it in .venv; it is made again
# when pyproject.toml or constraints.txt changes. Another interpreter: make test PYTHON=python3.12

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN    := .venv/bin
READY  := .venv/.ready

EXPERIMENT := high_trust_vs_adversarial

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint docs attack bench baseline clean

help:  ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1: /p' $(MAKEFILE_LIST) | awk -F': ' '{ printf "  make %-9s %s\n", $$1, $$2 }'

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev]'
	@touch $@

setup: $(READY)  ## make the environment, and nothing else

demo: $(READY)  ## run the headline experiment and write its report
	$(BIN)/trustsim run configs/$(EXPERIMENT).toml --out results/$(EXPERIMENT)

lint: $(READY)  ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: lint  ## everything that must hold before a change goes in
	$(BIN)/python -m pytest -n 2

docs: $(READY)  ## build the pages as a site, warnings being errors
	$(BIN)/sphinx-build -q -W --keep-going -b html docs docs/_build/html
	@echo "pages: docs/_build/html/contents.html"

attack: $(READY)  ## try to break it: hostile input, damage, kills, planted faults (an hour)
	TRUSTSIM_ATTACK=1500 TRUSTSIM_KILLS=8 $(BIN)/python -m pytest -n 2 tests/attack
	$(BIN)/python -m tests.attack.mutants --mutants 100 --jobs 2

bench: $(READY)  ## measure speed and size, and print a table
	$(BIN)/python -m benchmarks

baseline: $(READY)  ## accept the present numbers as the exact numeric baseline
	TRUSTSIM_UPDATE_BASELINE=1 $(BIN)/python -m pytest -p no:randomly tests/test_baseline.py

clean:  ## remove the environment and all caches (results stay)
	rm -rf .venv build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache docs/_build
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
