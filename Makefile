# Two commands on a fresh machine: `make run` and `make test`.
PYTHON ?= python3
VENV ?= .venv
EXAMPLES ?= 1
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: run test check unit soak docs man dist matrix bundle bundle-windows clean

$(VENV)/.installed: setup.cfg pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP_INSTALL) -e .
	touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	$(PIP_INSTALL) -e '.[test]'
	touch $@

# mypy knows no package_dir: it finds the package through this link to the root.
.types/employment_forecast:
	mkdir -p .types && ln -sfn .. $@

run: $(VENV)/.installed
	$(BIN)/forecast run --region 嘉定

# For another platform mypy checks everything anew, which `make soak` does; that every module loads
# on Windows is tested every day.
WINDOWS := $(BIN)/mypy --platform win32 --cache-dir .mypy_cache/win32

check: $(VENV)/.installed-test .types/employment_forecast
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# One thread each, as the command itself sets it: workers fill the cores, and threads that wait for
# others spin. Compiled tests are kept: rewriting their assertions costs seconds each time.
TEST_ENV := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE=

# Each worker marks the lines that it executes; their share is printed at the end.
unit: $(VENV)/.installed-test
	$(TEST_ENV) MEASURE_LINES=1 $(BIN)/pytest -n 2 --dist worksteal -m 'not soak' --durations=20

test: check unit

# What is too dear for every day, the campaigns at their full size and all examples of generated
# tests; SOAK=0.25 takes a quarter of the tries.
soak: $(VENV)/.installed-test $(VENV)/.installed-release .types/employment_forecast
	$(WINDOWS)
	$(TEST_ENV) ALL_EXAMPLES=1 $(BIN)/pytest -m 'soak or hypothesis' -v -s --durations=20

$(VENV)/.installed-docs: $(VENV)/.installed
	$(PIP_INSTALL) -e '.[docs]'
	touch $@

# The manual, readable offline: docs/_build/html/index.html. Its examples are run for it.
docs: $(VENV)/.installed-docs
	$(ANEW)
	$(BIN)/python -m sphinx -W --keep-going -q -b html -D run_examples=$(EXAMPLES) -d docs/_build/doctrees docs docs/_build/html

# The manual page forecast(1), installed by every wheel that is built after it.
man: $(VENV)/.installed
	$(BIN)/python -m employment_forecast.cli.release.manpage docs/generated/forecast.1

$(VENV)/.installed-release: $(VENV)/.installed
	$(PIP_INSTALL) -e '.[release]'
	touch $@

# Wheel and sdist, the same bytes for the same commit, checked: dist/*.whl, dist/*.tar.gz
dist: $(VENV)/.installed-release man
	rm -rf build
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct 2>/dev/null || echo 315532800) $(BIN)/python -m employment_forecast.cli.release.distributions --output dist
	$(BIN)/twine check --strict dist/employment_forecast-*.whl dist/employment_forecast-*.tar.gz

# The tests under every Python and both pandas that are supported; TESTS narrows them.
PYTHONS ?= 3.11 3.12 3.13
PANDAS ?= 2.3.3 $$(sed -n 's/^pandas==//p' constraints.txt)
TESTS ?= tests
matrix:
	for version in $(PYTHONS); do \
	  home=.matrix/$$version; test -x $$home/bin/python || python$$version -m venv $$home || exit 1; \
	  $$home/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]' || exit 1; \
	  for pandas in $(PANDAS); do \
	    $$home/bin/python -m pip install --quiet --disable-pip-version-check pandas==$$pandas || exit 1; \
	    echo "== $$($$home/bin/python -V), pandas $$pandas"; \
	    $$home/bin/python -m pytest -n 2 --dist worksteal -m 'not soak' $(TESTS) || exit 1; \
	  done; \
	done

# A manual that goes on from an earlier build has other bytes, and pages that are gone.
bundle bundle-windows: ANEW := rm -rf docs/_build

# Offline installer for this machine's Python and platform, with the manual: dist/*.tar.gz
bundle: docs man
	rm -rf build  # a module that is gone must not come back from an earlier build
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct 2>/dev/null || echo 315532800) $(BIN)/python -m employment_forecast.cli.release.offline_bundle --output dist

# The same for Windows, from its wheels: dist/*.zip
bundle-windows: docs man
	rm -rf build
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct 2>/dev/null || echo 315532800) $(BIN)/python -m employment_forecast.cli.release.windows_bundle --output dist

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache
