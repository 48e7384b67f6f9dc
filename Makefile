# make run [ARGS="..."]: talk with the agent.
# make test [ARGS="..."]: all checks, and every test that does not take minutes; ARGS are pytest's, for one call of it.
# make catalogue: the catalogues of translations brought up to date with the code.
# make manual: the manual's pages into build/html and its man pages into build/man.
# make test-long: soak and stress, fresh systems, the distributions, then every test on every supported Python.
# make package: the distributions into dist, checked, installed and tried; their size and times beside the last release's.
# make check-package: the same of distributions that lie in dist already.
# Each installs what is missing first.
SOURCES := pyproject.toml constraints.txt .ci/setup
PYTHONS := 3.11 3.12 3.13
NEWEST := 3.14
SYSTEMS := darwin win32

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

.PHONY: run test check types $(SYSTEMS:%=types-%) catalogue manual package check-package test-long test-all test-$(NEWEST) $(PYTHONS:%=test-%)

run: .venv/.ready-run
	@.venv/bin/voice run $(ARGS)

test: check
	$(call all_tests,.venv)

check: .venv/.ready-test
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	$(MAKE) --no-print-directory -j 3 types $(SYSTEMS:%=types-%)

types:
	.venv/bin/mypy

# Types as another system has them, where parts of many files are never reached. Each has a cache of its own.
$(SYSTEMS:%=types-%): types-%:
	.venv/bin/mypy --platform $* --no-warn-unreachable --no-warn-unused-ignores --cache-dir .mypy_cache/$*

catalogue: .venv/.ready-test
	.venv/bin/python -m tests.language.catalogue

manual: .venv/.ready-test
	.venv/bin/python -m sphinx -W -n -q -b html docs build/html
	.venv/bin/python -m sphinx -W -n -q -b man docs build/man

package: .venv/.ready-package
	rm -rf dist
	.venv/bin/python -m hatchling build -d dist
	$(MAKE) --no-print-directory check-package

check-package: .venv/.ready-package
	VOICE_DIST=dist .venv/bin/python -m pytest -m long tests/packages
	.venv/bin/python -m tests.packages.figures dist/*.whl $(ARGS)

test-long: .venv/.ready-package
	.venv/bin/python -m pytest -m long
	$(MAKE) test-all

# Every test on every supported Python, each in an environment of its own; one that is not installed is an error.
test-all: $(PYTHONS:%=test-%) test-$(NEWEST)

# The newest one few systems have. Where this one has not, it is tested in a Debian that has, if one can be made; it has
# forgotten what was installed the last time, whatever lies in the checkout's environment.
test-$(NEWEST):
	@if .ci/setup find .venv-$(NEWEST) $(NEWEST) >/dev/null; then $(MAKE) test-here-$(NEWEST); \
	else .ci/debian sid "python3 python3-venv python3-dev" root make -W .ci/setup test-here-$(NEWEST) $(if $(ARGS),ARGS='$(ARGS)') || \
		{ status=$$?; [ $$status = 69 ] && echo "so nothing was tested on Python $(NEWEST)" >&2 || exit $$status; }; fi

test-here-%: .venv-%/.ready-test
	$(call all_tests,.venv-$*)

$(PYTHONS:%=test-%): test-%: .venv-%/.ready-test
	$(call all_tests,.venv-$*)

.venv/.ready-%: $(SOURCES)
	@.ci/setup $* .venv
	@touch $@

.venv-%/.ready-test: $(SOURCES)
	@.ci/setup test .venv-$* $*
	@touch $@
