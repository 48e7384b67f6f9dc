# make run [ARGS="..."]: talk with the agent.  make test: all checks and tests.  Both install what is missing first.
SOURCES := pyproject.toml constraints.txt .ci/setup
PYTHONS := 3.11 3.12 3.13

.PHONY: run test check test-all $(PYTHONS:%=test-%)

run: .venv/.ready-run
	@.venv/bin/voice run $(ARGS)

test: check
	.venv/bin/python -m pytest $(ARGS)

check: .venv/.ready-test
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy

# The tests on every supported Python, each in an environment of its own; one that is not installed is an error.
test-all: $(PYTHONS:%=test-%)

$(PYTHONS:%=test-%): test-%: .venv-%/.ready-test
	.venv-$*/bin/python -m pytest $(ARGS)

.venv/.ready-%: $(SOURCES)
	@.ci/setup $* .venv
	@touch $@

.venv-%/.ready-test: $(SOURCES)
	@.ci/setup test .venv-$* $*
	@touch $@
