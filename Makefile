# `make run` talks, `make test` tests; both set up what is missing first.

PYTHON ?=
VENV ?= .venv

.PHONY: run test check test-all setup clean

run: setup
	$(VENV)/bin/voice run $(ARGS)

test: check
	$(VENV)/bin/python -m pytest $(ARGS)

check: setup
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

test-all:
	for version in 3.11 3.12 3.13; do \
		$(MAKE) test VENV=.venv-$$version PYTHON=python$$version || exit 1; \
	done

setup: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml constraints.txt .ci/setup
	.ci/setup $(VENV) $(PYTHON)

clean:
	rm -rf .venv .venv-3.*
