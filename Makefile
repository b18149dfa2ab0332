# Everything installs itself: a virtual environment with locked versions, and Debian packages where make runs as root.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
# benchmarks by another interpreter have a virtual environment of their own, named after it
ifdef BENCH_PYTHON
PYTHON := $(BENCH_PYTHON)
VENV := .venv-bench-$(patsubst -%,%,$(subst /,-,$(BENCH_PYTHON)))
endif
BIN := $(VENV)/bin
# what is installed: for running; for making dashboards beside it; for developing and testing too
RUN := $(VENV)/.installed
GRAFANA := $(VENV)/.installed-grafana
DEV := $(VENV)/.installed-dev
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
LOCKED := $(PIP_INSTALL) --require-hashes -r
UV := .venv-lock/bin/uv
PACKAGES := prometheus prometheus-alertmanager chromium faketime iproute2 nginx-light haproxy apache2-bin zsh gcc libc6-dev python3-dev
BENCH_PACKAGES := nginx-light wrk hey nghttp2-client gcc libc6-dev python3-dev
BENCH_ROUNDS ?= 5
# over several processes: tests of a group in one of them, in the order of tests/conftest.py
SPREAD := --dist loadgroup --no-loadscope-reorder
FAST := -m "not e2e and not slow and not processes" --ignore tests/e2e --ignore tests/calibration
# with compiled files kept, whatever the environment says: rewriting the tests' assertions costs each process 4 s
PYTEST := PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest $(SPREAD)
.DEFAULT_GOAL := help
.PHONY: help setup setup-dev core debian debian-bench install-debian loadtest node drill test test-fast coverage mutants fuzz calibrate bench bench-memory bench-statistics dependable soak audit lock test-lowest lint format clean validate

help: ## List all targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-17s %s\n", $$1, $$2}'

$(RUN): pyproject.toml requirements/run.txt bizra_load/engine/core_compiled.pyx bizra_load/engine/core_waking.pxi
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) \
	  || { echo "no virtual environment could be made: apt-get install -y python3-venv" >&2; exit 1; }
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed" >&2; exit 1; }
	$(LOCKED) requirements/run.txt --no-compile
	$(PIP_INSTALL) --no-deps --no-build-isolation -e . # with the locked setuptools and Cython
	@$(BIN)/python -m compileall -qq -j 0 -x '/tests?/' $(VENV)/lib bizra_load sla reports || true # on all cores, which pip does not
	@touch $@

$(GRAFANA): $(RUN) requirements/grafana.txt
	$(LOCKED) requirements/grafana.txt
	@touch $@

$(DEV): $(RUN) requirements/dev.txt
	$(LOCKED) requirements/dev.txt
	@touch $(GRAFANA) $@

setup: $(RUN) ## Install what running needs into .venv, in locked versions

setup-dev: $(DEV) ## The same with the tools for testing and developing

core: $(RUN) # where the compiler came after the set-up
	@ls bizra_load/engine/core_compiled.*.so >/dev/null 2>&1 || $(PIP_INSTALL) --no-deps --no-build-isolation -e .

debian: ## Install the Debian packages that the tests need (as root)
	@$(MAKE) --no-print-directory install-debian WANTED="$(PACKAGES)"

debian-bench: ## Install the Debian packages that the benchmarks need (as root)
	@$(MAKE) --no-print-directory install-debian WANTED="$(BENCH_PACKAGES)"

install-debian:
	@missing=""; for p in $(WANTED); do dpkg -s $$p >/dev/null 2>&1 || missing="$$missing $$p"; done; \
	if [ -n "$$missing" ]; then \
	  if [ "$$(id -u)" = 0 ]; then apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	  else echo "not root; needed: apt-get install -y --no-install-recommends$$missing" >&2; exit 1; fi; fi

# make itself ends with 2 whatever its recipe ends with: the run's own code is in the last line and in the run's folder
loadtest: setup ## The main job: load on the reference node (or ENDPOINT), verdict; exit code: the last line, runs/latest/exit-code
	@$(BIN)/bizra-load run $(ARGS); code=$$?; echo "exit code $$code"; exit $$code

validate: $(GRAFANA) ## Dashboard, load test, metrics, decision: all of a release's validation (without ENDPOINT a rehearsal)
	@$(BIN)/bizra-load validate $(ARGS)

node: setup ## The reference node on port 8080, metrics on 9464
	@$(BIN)/bizra-load node $(ARGS)

drill: setup debian ## Provoke all 12 alerts on the reference node under a real Prometheus (about 80 s)
	@$(BIN)/bizra-load alerts drill $(ARGS)

test: debian setup-dev core ## All tests, 8 at a time; those that judge latency alone
	$(PYTEST) -n 8 $(ARGS)

test-fast: debian setup-dev core ## The tests that start no processes and compute for no more than moments: about a minute
	$(PYTEST) -n $$(($$(nproc) + 1)) $(FAST) $(ARGS)

coverage: debian setup-dev core ## Branch coverage of all tests but those that judge latency, in every process; fails under the thresholds
	@rm -f .coverage .coverage.*
	@$(BIN)/coverage run -m pytest $(SPREAD) -n 4 -m "not quiet" $(ARGS); code=$$?; \
	$(BIN)/coverage combine --quiet && $(BIN)/python -m tests.coverage_table && exit $$code

fuzz: setup-dev ## A million inputs for all that comes from outside, and the count (20 minutes; ARGS="--seed N --only NAME"), then property tests
	$(BIN)/python -m tests.fuzzing $(ARGS)
	$(if $(ARGS),,$(BIN)/python -m tests.properties.fuzz)

mutants: setup-dev ## Which small changes of sla/ do the tests notice? At least 90 % (ARGS="sla/judgement/status.py --all")
	$(BIN)/python -m tests.mutants $(ARGS)

calibrate: setup-dev ## Coverage and false verdicts over 1,000 simulated runs a cell (about three hours; ARGS="--rows 3a,5 --runs 2000")
	$(BIN)/python -m tests.calibration.calibrate $(ARGS)

bench: debian-bench setup-dev core ## The generator beside its peers, its scaling, pacing, accuracy, the master, the node (about 45 minutes; BENCH_PYTHON=/usr/bin/python3.11)
	$(BIN)/python -m benchmarks.generator --rounds $(BENCH_ROUNDS)
	$(BIN)/python -m benchmarks.scaling
	$(BIN)/python -m benchmarks.drop_in --rounds $(BENCH_ROUNDS)
	$(BIN)/python -m benchmarks.pacing
	$(BIN)/python -m benchmarks.lag_phase
	$(BIN)/python -m benchmarks.together
	$(BIN)/python -m benchmarks.accuracy
	$(BIN)/python -m benchmarks.master
	$(BIN)/python -m benchmarks.node
	$(BIN)/python -m benchmarks.startup
	$(BIN)/python -m benchmarks.worker_start
	$(BIN)/python -m benchmarks.tables

bench-memory: setup-dev debian-bench ## Ten minutes at 10,000 ops/s: is memory flat?
	$(BIN)/python -m benchmarks.memory

bench-statistics: setup-dev ## Time and memory of the statistics
	$(BIN)/python -m benchmarks.statistics

dependable: setup-dev ## How often a rehearsal reaches the expected decision here, calm, busy and with faults (some hours; ARGS="--only NAME --runs N")
	$(BIN)/python -m tests.dependable $(ARGS)

soak: setup-dev ## SOAK_SECONDS=1800 at SOAK_OPS=2000 with seeded faults, then every invariant (half an hour)
	$(BIN)/python -m tests.soak

# dev.txt is the whole; the other two are parts of it, in the same versions
COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --annotation-style line \
  --custom-compile-command "make lock" pyproject.toml --group build

lock: $(UV) ## Renew requirements/*.txt from pyproject.toml, keeping versions (newest ones: ARGS=--upgrade)
	$(COMPILE) $(ARGS) --all-extras -o requirements/dev.txt
	$(COMPILE) -c requirements/dev.txt --extra grafana -o requirements/grafana.txt
	$(COMPILE) -c requirements/dev.txt -o requirements/run.txt

$(UV):
	@$(PYTHON) -m venv .venv-lock && .venv-lock/bin/pip install --quiet --disable-pip-version-check uv==0.13.9

test-lowest: $(UV) debian ## The fast tests on the lowest versions that pyproject.toml allows, in a virtual environment of its own
	@test -x .venv-lowest/bin/python || $(PYTHON) -m venv .venv-lowest
	$(UV) pip compile --quiet --resolution lowest-direct pyproject.toml --all-extras --group build -o .venv-lowest/lowest.txt
	$(UV) pip install --quiet --python .venv-lowest/bin/python -r .venv-lowest/lowest.txt
	$(UV) pip install --quiet --python .venv-lowest/bin/python --no-deps --no-build-isolation -e .
	.venv-lowest/bin/python -m pytest $(FAST) $(ARGS)

audit: setup ## Known vulnerabilities of the locked dependencies (pip-audit, in a virtual environment of its own)
	@test -x .venv-audit/bin/pip-audit || { $(PYTHON) -m venv .venv-audit && .venv-audit/bin/pip install --quiet --disable-pip-version-check pip-audit==2.10.1; }
	@.venv-audit/bin/pip-audit --strict --disable-pip --no-deps --timeout 20 --progress-spinner off -r requirements/run.txt \
	  || { echo "audit: a vulnerability was found, or the vulnerability service could not be asked (see above): not passed" >&2; exit 1; }

lint: setup-dev ## ruff, mypy, import directions, declared dependencies, dead code
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .
	$(BIN)/vulture
	$(BIN)/vulture bizra_load sla reports # what only tests use

format: setup-dev ## Format and mend what ruff can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean: ## Remove the virtual environment and caches; runs stay
	rm -rf bizra_load/engine/core_compiled.*so bizra_load/engine/core_compiled.c build $(VENV) .venv-bench-* .venv-lock .venv-lowest .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage .import_linter_cache *.egg-info
