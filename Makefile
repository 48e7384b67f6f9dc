# make run [ARGS="..."]: talk with the agent.
# make test [ARGS="..."]: all checks, and every test that does not take minutes; ARGS are pytest's, for one call of it.
# make catalogue: the catalogues of translations brought up to date with the code.
# make manual: the manual's pages into build/html and its man pages into build/man.
# make test-long: soak and stress, then every test on every supported Python.
# Each installs what is missing first.
SOURCES := pyproject.toml constraints.txt .ci/setup
PYTHONS := 3.11 3.12 3.13

# What keeps two processors busy, but for a fifth of the time, in three processes; what listens to a sound card in real
# time in two, each with a card of its own; and a measurement of time alone. A file stays in one process, and so do the
# servers that its tests share.
BUSY := -n 3 --dist loadfile -m "not (soundcard or timing or long)"
PLAYING := -n 2 --dist loadfile -m "soundcard and not (timing or long)"
ALONE := -m "timing and not long"

# Whoever keeps Python from writing bytecode has every module compiled again in each of the hundreds of starts.
export PYTHONDONTWRITEBYTECODE :=

# All tests, or those that ARGS names, in one environment.
ifdef ARGS
all_tests = $(1)/bin/python -m pytest $(ARGS)
else
all_tests = status=0; for part in '$(BUSY)' '$(PLAYING)' '$(ALONE)'; do \
	eval "$(1)/bin/python -m pytest $$part" || status=$$?; done; exit $$status
endif

.PHONY: run test check catalogue manual test-long test-all $(PYTHONS:%=test-%)

run: .venv/.ready-run
	@.venv/bin/voice run $(ARGS)

test: check
	$(call all_tests,.venv)

check: .venv/.ready-test
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy

catalogue: .venv/.ready-test
	.venv/bin/python -m tests.language.catalogue

manual: .venv/.ready-test
	.venv/bin/python -m sphinx -W -n -q -b html docs build/html
	.venv/bin/python -m sphinx -W -n -q -b man docs build/man

test-long: .venv/.ready-test
	.venv/bin/python -m pytest -m long
	$(MAKE) test-all

# Every test on every supported Python, each in an environment of its own; one that is not installed is an error.
test-all: $(PYTHONS:%=test-%)

$(PYTHONS:%=test-%): test-%: .venv-%/.ready-test
	$(call all_tests,.venv-$*)

.venv/.ready-%: $(SOURCES)
	@.ci/setup $* .venv
	@touch $@

.venv-%/.ready-test: $(SOURCES)
	@.ci/setup test .venv-$* $*
	@touch $@
