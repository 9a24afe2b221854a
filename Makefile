# Every target does its own set-up: a clean clone, Python >= 3.11 and make are enough.
# stdout belongs to the programs; what set-up has to say goes to stderr. (`make -C` adds
# two lines about the directory before it reads this file: give it -s as well.)

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BEANCOUNT := $(VENV)/beancount
PIP_INSTALL := $(BIN)/python -m pip install --disable-pip-version-check \
	--only-binary :all: --require-hashes
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --no-header

.PHONY: help install install-dev install-beancount demo desk stop format test checks test-long lock clean
.DEFAULT_GOAL := help

help:
	@echo 'make demo            run 50 fictional claims to their end and show the result'
	@echo 'make demo JSON=1     the same as one JSON object; everything stops afterwards'
	@echo 'make desk            only the web desk of this installation, until Ctrl-C'
	@echo 'make stop            stop what the demo left running: desk, worker, server'
	@echo 'make install         only build .venv from requirements.lock'
	@echo 'make test            format, lint, types, import contracts, tests'
	@echo 'make test-long       the long sweeps, faults and fuzzing'
	@echo 'make format          let ruff format and mend what it can'
	@echo 'make lock            resolve the lock files anew from the .in files'
	@echo 'make clean           remove .venv and caches (never .claimthread, your data)'

# A stamp holds a copy of the lock it was made from, so that a changed lock installs
# again even when checkouts have shuffled file times.
define install_lock
	@if cmp -s $(1) $(2); then :; else \
	  echo "Installing $(1) into $(VENV) (the first time takes about a minute)" >&2; \
	  $(PIP_INSTALL) -r $(1) >&2 && cp $(1) $(2); \
	fi
endef

install: $(BIN)/pip
	$(call install_lock,requirements.lock,$(VENV)/installed.lock)

install-dev: $(BIN)/pip
	$(call install_lock,requirements-dev.lock,$(VENV)/installed-dev.lock)

# bean-check is GPL: a program beside ours that one test runs, in a place of its own.
install-beancount: install-dev
	@test -x $(BEANCOUNT)/bin/pip || $(BIN)/python -m venv $(BEANCOUNT) >&2
	@if cmp -s requirements-beancount.lock $(BEANCOUNT)/installed.lock; then :; else \
	  $(BEANCOUNT)/bin/python -m pip install --disable-pip-version-check \
	    --only-binary :all: --require-hashes -r requirements-beancount.lock >&2 && \
	  cp requirements-beancount.lock $(BEANCOUNT)/installed.lock; \
	fi

# pip is the last thing that venv writes: a broken-off set-up starts again.
$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo 'Claimthread needs Python 3.11 or newer. Nothing was installed.' \
	    'Name one: make PYTHON=python3.11 <target>' >&2; exit 1; }
	@echo 'Creating $(VENV)' >&2
	@$(PYTHON) -m venv $(VENV) >&2

demo: install
	@$(BIN)/python -m cli.demo $(if $(JSON),--json)

desk: install
	@$(BIN)/python -m desk $(if $(PORT),--port $(PORT))

stop: install
	@$(BIN)/python -m cli.demo --stop

format: install-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

checks: install-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .
	$(BIN)/lint-imports

# Types and contracts first: they are quicker than the tests.
test: checks install-beancount
	$(BIN)/python -m pytest -n 2 -m 'not long'

# pytest's exit 5 says that no test carries the mark: nothing failed.
test-long: install-dev
	@$(BIN)/python -m pytest -n 2 -m long || { code=$$?; \
	  [ $$code -eq 5 ] || exit $$code; echo 'There is no long test yet.'; }

lock: install-dev
	$(LOCK) --upgrade requirements.in -o requirements.lock
	$(LOCK) --upgrade requirements-dev.in -o requirements-dev.lock
	$(LOCK) --upgrade requirements-beancount.in -o requirements-beancount.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
