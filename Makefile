# Two commands do all the set-up: `make demo` and `make test`. `make test-all` runs the slow tests too.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test test-all fuzz format clean

demo: $(VENV)/.ready
	$(BIN)/python examples/demo.py demo

test: $(VENV)/.ready-dev
	BIN=$(BIN) scripts/check.sh

test-all: $(VENV)/.ready-dev
	BIN=$(BIN) scripts/check.sh --all

# An hour; `make fuzz SECONDS=600` for less. Files that show a fault are kept in fuzz-found.
SECONDS ?= 3600
fuzz: $(VENV)/.ready-dev
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.fuzz $(SECONDS)

format: $(VENV)/.ready-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "untrained needs Python 3.11 or newer; $(PYTHON) is older: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.ready: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.ready-dev: $(VENV)/.ready
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) demo dist
