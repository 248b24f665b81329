# What a person at a terminal wants; each target sets up what it needs first.
.DEFAULT_GOAL := help
.PHONY: help setup demo clean-demo test test-fast chaos lint lock
unexport PYTHONDONTWRITEBYTECODE

help: ## Say what there is
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/make \1\t\2/p' Makefile | expand -t 18

setup: ## Install everything Tocsin runs on
	@ops/setup.sh

demo: setup ## Run everything on the sample newswire (ONCE=1: end when its alerts are raised)
	@.venv/bin/tocsin demo $(if $(ONCE),--once)

clean-demo: setup ## Forget what the demo stored
	@.venv/bin/tocsin demo --forget

test: ## Check the code and run every test
	@ops/setup.sh --tests
	@$(MAKE) --no-print-directory lint
	@.venv/bin/pytest

test-fast: setup lint ## Check the code and run the tests that need no service, model or browser
	@.venv/bin/pytest -m "not slow"

chaos: ## Kill, cut, fill and fool a consumer in every way, over and over (45 minutes)
	@ops/setup.sh --tests
	@.venv/bin/pytest tests/integration/faults --chaos --table docs/benchmarks/faults.md
	@cat docs/benchmarks/faults.md

lint: ## Style, types and layers
	@.venv/bin/ruff check --quiet
	@.venv/bin/ruff format --check --quiet
	@.venv/bin/mypy
	@.venv/bin/lint-imports

lock: setup ## Pin every package anew, from requirements.in
	@PATH="$$PATH:.tools/bin" uv pip compile --quiet --upgrade --python-version 3.11 \
		--no-header --no-annotate --no-emit-index-url --output-file requirements.lock \
		requirements.in
