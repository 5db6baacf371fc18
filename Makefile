# Everything a newcomer types. `make help` lists it.
SHELL := /bin/bash
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help setup requirements up down status logs demo test test-rounding bench lint types docs clean

# The first Python that the package supports; `make PYTHON=/path/to/python3.12 …` chooses another.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 /usr/bin/python3; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && { command -v $$p; break; }; done)
UV := .venv-tools/bin/uv
# The same uv as pyproject's development tools.
UV_VERSION := $(shell sed -n 's/.*"uv==\([0-9.]*\)".*/\1/p' pyproject.toml)
AIRFLOW := .venv-airflow/bin
SPEECH := .venv-speech/bin
LOCAL := $(AIRFLOW)/python -m local
NAMES ?=

help:  ## This list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | column -t -s '|'

setup: .venv-airflow/.synced .venv-speech/.synced  ## System packages and both environments; instant when current

.venv-tools/.synced: pyproject.toml
	@[ -n "$(PYTHON)" ] || { echo "Python 3.11, 3.12 or 3.13 is needed and was not found; install one, or name it: make PYTHON=/path/to/python $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m local.packages
	$(PYTHON) -m venv --clear .venv-tools
	.venv-tools/bin/pip install -q --disable-pip-version-check uv==$(UV_VERSION)
	@touch $@

# $(1): extra; $(2): its requirements file. The package itself goes in editable, without its dependencies: those are
# pinned in the file.
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
requirements: .venv-tools/.synced  ## Compile the pinned requirements files from pyproject.toml
	$(COMPILE) --extra airflow -o requirements.txt
	$(COMPILE) --extra speech -o requirements-speech.txt

up: setup  ## Start the servers and wait until they are healthy (NAMES="postgres s3" for some)
	@$(LOCAL) up $(NAMES)

down:  ## Stop the servers and everything they have started
	@[ ! -x $(AIRFLOW)/python ] || $(LOCAL) down $(NAMES)

status: setup  ## Which servers run
	@$(LOCAL) status $(NAMES)

logs: setup  ## The end of each server's log (NAMES=scheduler for more of one)
	@$(LOCAL) logs $(NAMES)

demo: setup  ## Real recordings through real servers, from the bucket to the search hit
	@$(AIRFLOW)/python -m local.demo

ORCHESTRATION := include/mediaindex/orchestration
SPEECH_ROOMS := house test_settings.py timeline contract stages engines models runner exports evaluation cli config
AIRFLOW_ROOMS := catalog storage search feeds upkeep forecast orchestration dags docker local
present = $(wildcard $(addprefix tests/unit/,$(1)))
test: setup  ## Everything that must pass: lint, types, unit and integration tests on the real servers
	@$(MAKE) --no-print-directory lint types
	$(SPEECH)/mediaindex models fetch  # so that no test is skipped for want of one
	$(SPEECH)/mediaindex models fetch pyannote-segmentation-3.0  # what ours is compared with
	$(SPEECH)/python -m pytest -q --durations=15 $(call present,$(SPEECH_ROOMS)) tests/integration/speech
	@$(LOCAL) up
	@trap '$(LOCAL) down' EXIT; eval "$$($(LOCAL) env)"; \
		$(AIRFLOW)/python -m pytest -q --durations=15 $(call present,$(AIRFLOW_ROOMS)) tests/integration --ignore=tests/integration/speech

test-rounding: setup  ## The tests that use models, as other CPUs, thread counts and precisions compute (about an hour)
	$(SPEECH)/mediaindex models fetch  # so that no test is skipped for want of one
	$(SPEECH)/mediaindex models fetch pyannote-segmentation-3.0  # what ours is compared with
	@$(SPEECH)/python tests/rounding.py $(OPTIONS)

SPEECH_BENCHES := recognition diarization pipeline accuracy vocabulary entities sentence_ends memory fixed_cost
LONE_BENCHES := faults  # with servers of their own
SERVER_BENCHES := idle dag_parse catalog_load publish_hour discovery airflow_hour lanes
bench: setup  ## The figures of the README, measured on this machine: about two hours (BENCHES="pipeline" for some)
	@status=0; for bench in $(filter $(or $(BENCHES),%),$(SPEECH_BENCHES)); do \
		echo; echo "$$bench"; PYTHONPATH=. $(SPEECH)/python tests/bench/$$bench.py || status=1; done; \
	for bench in $(filter $(or $(BENCHES),%),$(LONE_BENCHES)); do \
		echo; echo "$$bench"; PYTHONPATH=. $(AIRFLOW)/python tests/bench/$$bench.py || status=1; done; \
	for bench in $(filter $(or $(BENCHES),%),$(SERVER_BENCHES)); do \
		[ -n "$$up" ] || { $(LOCAL) up && up=yes && trap '$(LOCAL) down' EXIT && eval "$$($(LOCAL) env)"; } || exit 1; \
		echo; echo "$$bench"; PYTHONPATH=. $(AIRFLOW)/python tests/bench/$$bench.py || status=1; done; exit $$status

lint: setup  ## ruff: rules and format
	@$(SPEECH)/ruff check .
	@$(SPEECH)/ruff format --check .

types: setup  ## mypy, strict, each room in the environment it lives in
	@$(SPEECH)/mypy $(filter-out $(ORCHESTRATION)/,$(dir $(wildcard include/mediaindex/*/__init__.py)))
	@$(AIRFLOW)/mypy local dags $(ORCHESTRATION)

.venv-docs/.synced: pyproject.toml .venv-tools/.synced
	@[ -x .venv-docs/bin/python ] || $(UV) venv -q --python $(PYTHON) .venv-docs
	VIRTUAL_ENV=.venv-docs $(UV) pip install -q --group docs
	@touch $@

docs: .venv-speech/.synced .venv-docs/.synced  ## The documentation, into site/: tables made from the code, then the pages; a dead link fails
	@$(SPEECH)/python docs/generate.py
	@NO_MKDOCS_2_WARNING=1 .venv-docs/bin/mkdocs build --strict --quiet

clean:  ## Stop the servers; delete their data, the environments and caches
	@[ ! -x $(AIRFLOW)/python ] || $(LOCAL) erase
	rm -rf .mediaindex .venv-tools .venv-airflow .venv-speech .venv-docs site .mypy_cache .ruff_cache .pytest_cache .hypothesis
