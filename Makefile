.PHONY: run test check setup
setup: .venv/.installed
.venv/.installed: pyproject.toml
	python3 -m venv .venv
	.venv/bin/pip install --quiet -e '.[local,dev]'
	touch $@
run: setup
	.venv/bin/voice run $(ARGS)
check: setup
	.venv/bin/ruff check engine tests
test: check
	.venv/bin/python -m pytest
