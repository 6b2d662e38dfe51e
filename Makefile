# Everything lives in .venv; the machine is touched only where a Debian package is missing, and only by root.
# `make PYTHON=python3.12 …` picks another interpreter; ARGS="…" is passed on to `demo`, `test`, `fuzz` and `bench`.

PYTHON ?= python3
ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
# The stamp names the interpreter's version, so a distribution upgrade makes the environment anew.
VENV_STAMP := $(VENV)/.made-$(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
DEMO_STAMP := $(VENV)/.demo
DEV_STAMP := $(VENV)/.dev
# pip before 25.3 takes the pins of the build backend from the first name, later ones from the second.
PIP_INSTALL := PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt PIP_DISABLE_PIP_VERSION_CHECK=1 \
	$(BIN)/python -m pip install --quiet --no-input

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL: # two pips in one environment, or two apts on one machine, get in each other's way
.PHONY: help demo test fuzz check format generate bench test-compose clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | while IFS="$$(printf '\t')" read -r name text; do \
		printf '  make %-14s %s\n' "$$name" "$$text"; done

demo: $(DEMO_STAMP) ## watch an emulated plant live; Ctrl-C ends it
	@$(BIN)/opencombiner demo $(ARGS)

# Debian keeps mosquitto where not everybody's path leads.
test: export PATH := $(PATH):/usr/local/sbin:/usr/sbin
# One process more than cores: some tests wait for real time.
test: mosquitto $(DEV_STAMP) ## run the tests with coverage; ARGS="tests/config -k serial" runs some of them, without
	@$(BIN)/python -m pytest $(if $(ARGS),$(ARGS),--ignore=tests/architecture --numprocesses=$$(($$(nproc) + 1)) --dist=loadscope --no-loadscope-reorder --cov --cov-report=term:skip-covered)

fuzz: $(DEV_STAMP) ## give broken inputs to every parser for ten minutes; ARGS="--seconds 60 --target NAME"
	@$(BIN)/python -m tests.fuzz $(ARGS)

check: $(DEV_STAMP) ## judge format, lint, types, contracts, dead code, generated files, architecture
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/vulture
	@$(BIN)/python -m pytest tests/architecture tests/config/test_schema.py

format: $(DEV_STAMP) ## rewrite the code in the house format and mend what ruff can
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

generate: $(DEV_STAMP) ## write the generated files anew
	@$(BIN)/python docs/points.py
	@schema="$$($(BIN)/opencombiner schema)" && printf '%s\n' "$$schema" > config/data/site.schema.json
	@schema="$$($(BIN)/opencombiner hil schema)" && printf '%s\n' "$$schema" > config/data/scenario.schema.json

bench: export PATH := $(PATH):/usr/local/sbin:/usr/sbin
bench: mosquitto $(DEV_STAMP) ## measure the figures of docs/benchmarks.md in ten minutes; ARGS="day polls" measures some
	@$(BIN)/python -m benchmarks $(ARGS)

test-compose: ## build the containers, start them, break them, and see them recover
	@docker/test-compose

clean: ## remove the environment, caches and results
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage dist benchmarks/latest.json fuzz-failures
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# $(call debian,PACKAGE,PURPOSE): install PACKAGE as root, else say how.
define debian
if [ "$$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then \
	echo "$(2) needs $(1). On Debian and Raspberry Pi OS: sudo apt-get install $(1)" >&2; exit 1; \
fi; \
echo "$(2) needs $(1): installing it with apt-get."; \
export DEBIAN_FRONTEND=noninteractive; \
apt_install() { apt-get -o DPkg::Lock::Timeout=120 install -y -qq --no-install-recommends $(1) >/dev/null; }; \
apt_install 2>/dev/null || { apt-get -o DPkg::Lock::Timeout=120 update -qq && apt_install; }
endef

$(VENV_STAMP):
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is not here. On Debian: sudo apt-get install python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "OpenCombiner needs Python 3.11 or later; $(PYTHON) is $$($(PYTHON) -V 2>&1)." >&2; \
		echo "Name a later one, as in: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { $(call debian,python3-venv,The environment in $(VENV)); }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(DEMO_STAMP): $(VENV_STAMP) pyproject.toml constraints.txt
	@echo "Installing OpenCombiner into $(VENV); this takes a minute or two the first time."
	@$(PIP_INSTALL) --editable '.[demo]'
	@touch $@

$(DEV_STAMP): $(DEMO_STAMP)
	@echo "Installing the development tools into $(VENV)."
	@$(PIP_INSTALL) --editable '.[demo,dev]'
	@touch $@

.PHONY: mosquitto
mosquitto:
	@command -v mosquitto >/dev/null || { $(call debian,mosquitto,make test); }
