# Needs Python >= 3.11 and make; everything else it brings: an installer in .tools, an environment in .venv.

# PYTHON=/path/to/python chooses another; ARGS goes to whatever is run: make demo ARGS=--once
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11) or print(sys.executable))' 2>/dev/null && break; done)
ARGS ?=

export UV_PYTHON_DOWNLOADS = never
# Trust whom the machine trusts, where it says whom: a network may have an authority of its own.
CERTIFICATES := $(firstword $(wildcard /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem))
ifneq ($(CERTIFICATES),)
export UV_SYSTEM_CERTS ?= true
export NODE_EXTRA_CA_CERTS ?= $(CERTIFICATES)
endif
unexport UV_PROJECT_ENVIRONMENT VIRTUAL_ENV PYTHONPATH
# Compiling all that a command imports anew at each start would cost three times the start itself.
unexport PYTHONDONTWRITEBYTECODE
export UV_COMPILE_BYTECODE = true

.NOTPARALLEL:
.PHONY: help setup dev system demo check test mutants kit format clean

help:
	@echo 'make setup    make .venv/bin/record-ledger'
	@echo 'make demo     set up, tell the story, and serve     (ARGS=--once: end after the story)'
	@echo 'make test     all checks and all tests              (ARGS=...: for pytest; THOROUGH=1: more of what is tried by lot)'
	@echo 'make mutants  change the disclosure rule and the guard in every small way; half an hour or more'
	@echo 'make kit      compile the pages’ style, module and font anew, from npm packages'
	@echo 'make check    style, types and import contracts'
	@echo 'make format   put the code in the house style'
	@echo 'make clean    remove what these made here; never a ledger'

setup: .venv/made
dev: .venv/made-for-development

demo: setup
	.venv/bin/record-ledger demo $(ARGS)

check: dev
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/lint-imports

test: system check
	.venv/bin/pytest $(ARGS)

# See docs/reference/mutants.md. mutmut stays out of the lock file: it is for this alone.
mutants: dev
	.tools/bin/uv run --frozen --with mutmut==3.8.1 mutmut run
	.tools/bin/uv run --frozen --with mutmut==3.8.1 mutmut results
	.venv/bin/python -m tests.mutants.by_hand

# What it makes is committed, so that installing needs no Node; the Node that it needs comes with the environment.
kit: dev
	.venv/bin/python -m api.pages.kit.build

format: dev
	.venv/bin/ruff check --fix
	.venv/bin/ruff format

# What the tests need that no Python package has; see the list in the script.
system:
	@PYTHON='$(PYTHON)' .ci/system test

clean:
	rm -rf .venv .tools .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

.tools/made: .ci/uv.txt
	@test -n '$(PYTHON)' || { echo 'No Python 3.11 or later was found. Install one, or name it: make PYTHON=/path/to/python' >&2; exit 1; }
	@PYTHON='$(PYTHON)' .ci/system setup
	'$(PYTHON)' -m venv --clear .tools
	.tools/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r .ci/uv.txt
	@touch $@

# --frozen: exactly what the lock file says, by hash. --inexact: leaves what development has added.
.venv/made: .tools/made pyproject.toml uv.lock
	.tools/bin/uv sync --quiet --frozen --no-dev --inexact --python '$(PYTHON)'
	@touch $@

.venv/made-for-development: .tools/made pyproject.toml uv.lock
	.tools/bin/uv sync --quiet --frozen --python '$(PYTHON)'
	@touch .venv/made $@
