# The commands of development; `make help` lists them.
SHELL := /bin/bash
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
# The commands start hundreds of processes; without bytecode each of them would compile the libraries again.
unexport PYTHONDONTWRITEBYTECODE
.PHONY: help setup requirements up down status logs demo models test test-rounding chosen unit integration integration-speech integration-servers e2e bench lint types docs clean

# The first supported Python; `make PYTHON=/path/to/python3.12 setup` selects another.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 /usr/bin/python3; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && { command -v $$p; break; }; done)
UV := .venv-tools/bin/uv
# The same uv as pyproject's development tools.
UV_VERSION := $(shell sed -n 's/.*"uv==\([0-9.]*\)".*/\1/p' pyproject.toml)
AIRFLOW := .venv-airflow/bin
SPEECH := .venv-speech/bin
LOCAL := $(AIRFLOW)/python -m local
NAMES ?=

help:  ## List the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | column -t -s '|'

setup: .venv-airflow/.synced .venv-speech/.synced  ## Install system packages and both environments; does nothing if they are current

.venv-tools/.synced: pyproject.toml
	@[ -n "$(PYTHON)" ] || { echo "Python 3.11, 3.12 or 3.13 is missing; install one, or set its path: make PYTHON=/path/to/python $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m local.packages
	$(PYTHON) -m venv --clear .venv-tools
	.venv-tools/bin/pip install -q --disable-pip-version-check uv==$(UV_VERSION)
	@touch $@

# $(1): extra; $(2): its requirements file, which pins all dependencies, so the package itself is installed without them.
define environment
.venv-$(1)/.synced: $(2) pyproject.toml .venv-tools/.synced
	@[ -x .venv-$(1)/bin/python ] || $(UV) venv -q --python $(PYTHON) .venv-$(1)
	@echo "Environment .venv-$(1): synchronising with $(2)"
	VIRTUAL_ENV=.venv-$(1) $(UV) pip sync -q $(2)
	VIRTUAL_ENV=.venv-$(1) $(UV) pip install -q --constraint $(2) --group dev
	VIRTUAL_ENV=.venv-$(1) $(UV) pip install -q --no-deps --editable .
	@touch $$@
endef
$(eval $(call environment,airflow,requirements.txt))
$(eval $(call environment,speech,requirements-speech.txt))

COMPILE := $(UV) pip compile pyproject.toml --universal --python-version 3.11 --no-emit-index-url \
	--custom-compile-command "make requirements" -q
requirements: .venv-tools/.synced  ## Compile the requirements files from pyproject.toml
	$(COMPILE) --extra airflow -o requirements.txt
	$(COMPILE) --extra speech -o requirements-speech.txt

up: setup  ## Start the servers and wait until they are healthy; NAMES="postgres s3" starts only these
	@$(LOCAL) up $(NAMES)

down:  ## Stop the servers and all processes that they started
	@[ ! -x $(AIRFLOW)/python ] || $(LOCAL) down $(NAMES)

status: setup  ## Show which servers run
	@$(LOCAL) status $(NAMES)

logs: setup  ## Show the end of each server's log; NAMES=scheduler shows more of one
	@$(LOCAL) logs $(NAMES)

demo: setup  ## Index sample recordings with real servers, from the bucket to the search hit
	@$(AIRFLOW)/python -m local.demo

ORCHESTRATION := include/mediaindex/orchestration
SPEECH_ROOMS := house timeline contract stages engines models runner exports evaluation cli config
AIRFLOW_ROOMS := catalog storage search feeds upkeep forecast orchestration dags docker local
present = $(wildcard $(addprefix tests/unit/,$(1)))
SPEECH_UNIT := $(wildcard tests/unit/test_*.py) $(call present,$(SPEECH_ROOMS))
AIRFLOW_UNIT := $(call present,$(AIRFLOW_ROOMS))
SPEECH_INTEGRATION := tests/integration/speech
SERVER_INTEGRATION := $(filter-out $(SPEECH_INTEGRATION),$(patsubst %/,%,$(wildcard tests/integration/*/)))
PYTEST := -m pytest -q --durations=10
AT_ONCE := -n 2 --dist loadfile  # one process per core; a file stays together, with the models that it loads
# Starts the servers and stops them at the end, also if not all of them start, unless another target has started them.
served = [ -n "$$MEDIAINDEX_DATABASE_URL" ] || { trap '$(LOCAL) down' EXIT && $(LOCAL) up && eval "$$($(LOCAL) env)"; } || exit 1;

test: setup  ## Run lint, type checks, and the three layers below; TESTS="PATH" runs only these
ifdef TESTS
	@$(MAKE) --no-print-directory chosen
else
	@$(MAKE) --no-print-directory lint types unit integration-speech
	@$(served) $(MAKE) --no-print-directory integration-servers e2e
endif

models: setup
	$(SPEECH)/mediaindex models fetch
	$(SPEECH)/mediaindex models fetch pyannote-segmentation-3.0  # the reference for this project's diarization

unit: models  ## Run the tests that need no servers
	$(SPEECH)/python $(PYTEST) $(AT_ONCE) $(SPEECH_UNIT)
	$(AIRFLOW)/python $(PYTEST) $(AT_ONCE) $(AIRFLOW_UNIT)

integration: integration-speech integration-servers  ## Run the tests with models on speech, and with servers

integration-speech: models
	$(SPEECH)/python $(PYTEST) $(AT_ONCE) $(SPEECH_INTEGRATION)

integration-servers: models
	@$(served) $(AIRFLOW)/python $(PYTEST) $(AT_ONCE) $(SERVER_INTEGRATION)

e2e: models  ## Run the whole pipeline: recordings through Airflow into the search, and processes that die
	@$(served) $(AIRFLOW)/python $(PYTEST) tests/e2e

# TESTS by environment. A folder above the rooms stands for all tests in it.
WHOLE_tests/unit := $(SPEECH_UNIT) $(AIRFLOW_UNIT)
WHOLE_tests/integration := $(SPEECH_INTEGRATION) $(SERVER_INTEGRATION)
WHOLE_tests := $(WHOLE_tests/unit) $(WHOLE_tests/integration) tests/e2e
PATHS := $(foreach path,$(patsubst %/,%,$(TESTS)),$(or $(WHOLE_$(path)),$(path)))
IN_SPEECH := $(addsuffix %,$(SPEECH_UNIT) $(SPEECH_INTEGRATION))
SPEECH_PATHS := $(filter $(IN_SPEECH),$(PATHS))
AIRFLOW_PATHS := $(filter-out $(IN_SPEECH),$(PATHS))
SERVED_PATHS := $(filter tests/integration/% tests/e2e%,$(AIRFLOW_PATHS))
chosen: $(if $(SPEECH_PATHS)$(SERVED_PATHS),models,setup)
ifneq ($(SPEECH_PATHS),)
	$(SPEECH)/python $(PYTEST) $(SPEECH_PATHS)
endif
ifneq ($(AIRFLOW_PATHS),)
	@$(if $(SERVED_PATHS),$(served)) $(AIRFLOW)/python $(PYTEST) $(AIRFLOW_PATHS)
endif

test-rounding: models  ## Run the tests that use models with the rounding of other CPUs, thread counts and precisions (about an hour)
	@$(SPEECH)/python tests/rounding.py $(OPTIONS)

SPEECH_BENCHES := recognition diarization pipeline accuracy vocabulary entities sentence_ends memory fixed_cost media hostile
LONE_BENCHES := faults  # these start their own servers
SERVER_BENCHES := idle dag_parse catalog_load publish_hour discovery airflow_hour lanes
bench: models  ## Measure the figures of the documentation on this machine (about two hours); BENCHES="pipeline" runs only these
	@status=0; for bench in $(filter $(or $(BENCHES),%),$(SPEECH_BENCHES)); do \
		echo; echo "$$bench"; PYTHONPATH=. $(SPEECH)/python tests/bench/$$bench.py || status=1; done; \
	for bench in $(filter $(or $(BENCHES),%),$(LONE_BENCHES)); do \
		echo; echo "$$bench"; PYTHONPATH=. $(AIRFLOW)/python tests/bench/$$bench.py || status=1; done; \
	for bench in $(filter $(or $(BENCHES),%),$(SERVER_BENCHES)); do \
		[ -n "$$up" ] || { trap '$(LOCAL) down' EXIT && $(LOCAL) up && up=yes && eval "$$($(LOCAL) env)"; } || exit 1; \
		echo; echo "$$bench"; PYTHONPATH=. $(AIRFLOW)/python tests/bench/$$bench.py || status=1; done; exit $$status

lint: setup  ## Check rules and format with ruff
	@$(SPEECH)/ruff check .
	@$(SPEECH)/ruff format --check .

types: setup  ## Check types with mypy, each package and its tests in their environment
	@$(SPEECH)/mypy $(filter-out $(ORCHESTRATION)/,$(dir $(wildcard include/mediaindex/*/__init__.py))) \
		$(sort $(wildcard tests/unit/test_*.py) $(call present,$(SPEECH_ROOMS))) tests/integration/speech \
		$(patsubst %,tests/bench/%.py,$(SPEECH_BENCHES))
	@$(AIRFLOW)/mypy local dags $(ORCHESTRATION) $(call present,$(AIRFLOW_ROOMS)) tests/builders \
		$(filter-out tests/integration/speech/,$(wildcard tests/integration/*/ tests/e2e/)) \
		$(patsubst %,tests/bench/%.py,$(LONE_BENCHES) $(SERVER_BENCHES))

.venv-docs/.synced: pyproject.toml .venv-tools/.synced
	@[ -x .venv-docs/bin/python ] || $(UV) venv -q --python $(PYTHON) .venv-docs
	VIRTUAL_ENV=.venv-docs $(UV) pip install -q --group docs
	@touch $@

docs: .venv-speech/.synced .venv-docs/.synced  ## Build the documentation into site/: first tables from the code, then the pages; fails for a dead link
	@$(SPEECH)/python docs/generate.py
	@NO_MKDOCS_2_WARNING=1 .venv-docs/bin/mkdocs build --strict --quiet

clean:  ## Stop the servers; delete their data, the environments and caches
	@[ ! -x $(AIRFLOW)/python ] || $(LOCAL) erase
	rm -rf .mediaindex .venv-tools .venv-airflow .venv-speech .venv-docs site .mypy_cache .ruff_cache .pytest_cache .hypothesis
