# Two commands matter: make demo and make test. Each first makes .venv as `make install` does.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: install demo run test check test-real bench clean

install: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "make install: Python 3.11 or newer is needed; say PYTHON=python3.12 make install"; exit 1; }
	@echo "== 1 of 2: making $(VENV)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
		{ echo "make install: the virtual environment could not be made; on Debian or Ubuntu: apt install python3-venv"; exit 1; }
	@echo "== 2 of 2: installing Wardkeeper and what it needs (several minutes the first time)"
	@PIP_CONSTRAINT=constraints.txt $(BIN)/python -m pip install --disable-pip-version-check --progress-bar on \
		-c constraints.txt -e '.[judge,dev]' > $(VENV)/install.log 2>&1 || \
		{ tail -n 15 $(VENV)/install.log; echo "make install: installing failed; all of it is in $(VENV)/install.log. Is the network there? Then say make install again"; exit 1; }
	@touch $(STAMP)

demo: install
	@$(BIN)/python -m wardkeeper demo

run: install
	@$(BIN)/python -m wardkeeper run

check: install
	@echo "== ruff"; $(BIN)/ruff check . && $(BIN)/ruff format --check .
	@echo "== mypy"; $(BIN)/mypy
	@echo "== imports"; $(BIN)/lint-imports --no-cache

test: check
	@$(BIN)/python tests/run.py

test-real: install
	@test -n "$(RIG)" || { echo "make test-real: say RIG=<folder of a set-up Bluesky network>"; exit 1; }
	@RIG="$(RIG)" $(BIN)/python -m pytest -m real tests/real

bench: install
	@$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) var build dist
