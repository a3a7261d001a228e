# What can be done here: `make help`. Needs make (3.81 or later) and Python 3.11 or later, nothing else.
#
#   PYTHON=/path/to/python3.12   the Python that the virtual environment is made with (else the first that is found)
#   TORCH_INDEX=URL              where torch comes from; `none`: from pip's own index, whatever this machine is
#   AT=path/to/file.py:12:8      `make run` completes there
#   ARGS=...                     more arguments for pytest (test, test-editors, fuzz) or for midspan bench

SHELL := /bin/sh
.SUFFIXES:
.NOTPARALLEL:
.PHONY: help run models test check test-editors fuzz docs bench peers clean

BIN := .venv/bin
LOG := .venv/install.log
ROOMS := server completion context host evaluation cli
SOURCES := $(ROOMS) tests setup.py

help:
	@echo "make run                 set up, fetch the default model, show ghost text at three places in examples/"
	@echo "make run AT=FILE:12:8    the same, at line 12, column 8 of a file of yours"
	@echo "make test                everything that CI runs: make check, then all tests"
	@echo "make check               lint, format, types and import rules; shows every failure"
	@echo "make test-editors        the tests that drive real editors"
	@echo "make fuzz                the property tests with other seeds and more examples (SEED=n repeats a run)"
	@echo "make docs                write the pages anew that are made from the code"
	@echo "make bench               the language server, the engine, what editors cost, measured on this machine"
	@echo "make peers               build what midspan bench typing --against compares with (15 minutes, once)"
	@echo "make clean               remove .venv and what was built (models stay: midspan clean removes them)"

# ---------------------------------------------------------------------------------------------------- what to do

run: $(BIN)/.host models
ifdef AT
	@$(BIN)/midspan complete "$(AT)"
else
	@$(BIN)/midspan demo
endif

models: $(BIN)/.host
	@$(BIN)/midspan models add default

test: $(BIN)/.dev
	@failed=""; \
	$(MAKE) --no-print-directory check || failed="$$failed check"; \
	$(BIN)/midspan models add default || failed="$$failed model"; \
	MIDSPAN_NEED_MODEL=1 $(BIN)/python -m pytest -q -n 2 --dist loadfile $(ARGS) || failed="$$failed tests"; \
	[ -z "$$failed" ] || { echo "make test: failed:$$failed" >&2; exit 1; }

# Every check runs, whatever the ones before it said.
check: $(BIN)/.dev .links/.made
	@failed=""; \
	$(BIN)/ruff check -q $(SOURCES) || failed="$$failed lint"; \
	$(BIN)/ruff format -q --check $(SOURCES) || failed="$$failed format"; \
	$(BIN)/mypy --no-error-summary || failed="$$failed types"; \
	$(BIN)/python -m pytest -q --no-header tests/test_layers.py || failed="$$failed layers"; \
	[ -z "$$failed" ] || { echo "make check: failed:$$failed" >&2; exit 1; }

test-editors: $(BIN)/.dev models
	@MIDSPAN_NEED_MODEL=1 $(BIN)/python -m pytest tests/editors $(ARGS)

SEED ?= $(shell date +%s)
fuzz: seed := $(SEED)
fuzz: $(BIN)/.dev
	@echo "make fuzz SEED=$(seed) repeats this run"
	@MIDSPAN_SEED=$(seed) $(BIN)/python -m pytest -q -m fuzz --hypothesis-profile=fuzz --hypothesis-seed=$(seed) \
	  --timeout=3600 $(ARGS)

# The pages that are made from the code: settings, and the code map of the architecture.
docs: $(BIN)/.dev
	@$(BIN)/python -m midspan.completion.settings_docs >docs/.new && mv docs/.new docs/configuration.md
	@$(BIN)/python tests/code_map.py
	@$(BIN)/python tests/vscode_settings.py

bench: $(BIN)/.dev models
	@$(if $(ARGS),$(BIN)/midspan bench $(ARGS),$(foreach what,server engine editors,$(BIN)/midspan bench $(what) &&) true)

# What `midspan bench typing --against ...` compares with: llama.cpp, built for this processor (15 minutes, once).
peers: $(BIN)/.dev models
	@$(BIN)/python -m midspan.evaluation.peers

clean:
	rm -rf .venv .links build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# -------------------------------------------------------------------------------------------------------- set up
# A stamp file stands for each thing that was done, so that a second run has nothing to do.

# A command may exist and yet not run (version managers leave such stubs), so each is tried.
CANDIDATES := python3.13 python3.12 python3.11 python3.14 python3 python
IS_FIT := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))

$(BIN)/python:
	@for python in $(or $(PYTHON),$(CANDIDATES)); do \
	  if $$python -c "$(IS_FIT)" >/dev/null 2>&1; then \
	    echo "Making .venv with $$($$python --version 2>&1)"; \
	    rm -rf .venv && exec $$python -m venv .venv; \
	  fi; \
	done; \
	echo "midspan needs Python 3.11 or later with its venv module; this is none: $(or $(PYTHON),$(CANDIDATES))" >&2; \
	echo "Install one (https://www.python.org/downloads; Debian, Ubuntu: apt install python3 python3-venv)" >&2; \
	echo "or name the one you have: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)" >&2; \
	exit 1

# $(call install,what,pip's arguments): pip's own words are shown only if it fails; a dot a second for who looks on.
define install
	@echo "Installing $(1) into .venv (log: $(LOG))"
	@$(BIN)/python -m pip install --disable-pip-version-check --no-input --progress-bar off -c constraints.txt $(2) \
	  >$(LOG) 2>&1 & pid=$$!; \
	while kill -0 $$pid 2>/dev/null; do [ ! -t 1 ] || printf .; sleep 1; done; \
	[ ! -t 1 ] || echo; \
	wait $$pid || { \
	  grep -E "ERROR|error:|Retry[(]total=0|No space|denied" $(LOG) | tail -n 12 >&2; \
	  echo "Installing failed; $(LOG) has the whole story. Mend what it names and repeat the command." >&2; exit 1; }
endef
WITH_HOST := -e '.[host]'
WITH_TESTS := -e '.[host,eval,dev]'

$(BIN)/.host: pyproject.toml setup.py constraints.txt $(BIN)/.torch
	$(call install,the language server and the model engine (minutes at first),$(WITH_HOST))
	@touch $@

$(BIN)/.dev: pyproject.toml setup.py constraints.txt $(BIN)/.torch
	$(call install,the language server and the model engine and the test tools (minutes at first),$(WITH_TESTS))
	@touch $(BIN)/.host $@

# The package index has torch for Linux with CUDA only: gigabytes that a machine without an NVIDIA GPU has no use for.
# There, torch comes from PyTorch's own index if that answers and no index of yours is set.
CPU_INDEX := https://download.pytorch.org/whl/cpu
ANSWERS := import sys, urllib.request; urllib.request.urlopen(sys.argv[1] + '/torch/', timeout=5)
$(BIN)/.torch: constraints.txt | $(BIN)/python
	@index="$(TORCH_INDEX)"; \
	if [ -z "$$index$$PIP_INDEX_URL" ] && [ "$$(uname -sm)" = "Linux x86_64" ] && ! command -v nvidia-smi >/dev/null && \
	  $(BIN)/python -c "$(ANSWERS)" $(CPU_INDEX) >/dev/null 2>&1; then index=$(CPU_INDEX); fi; \
	case "$$index" in ""|none) : ;; *) \
	  $(MAKE) --no-print-directory install-torch INDEX="$$index" ;; \
	esac
	@touch $@

.PHONY: install-torch
install-torch:
	$(call install,torch from $(INDEX),--extra-index-url "$(INDEX)" torch)

# Type checkers can't see through an editable install: they find the rooms as midspan/ROOM here.
.links/.made: setup.py
	@mkdir -p .links/midspan
	@for room in $(ROOMS); do ln -sfn "../../$$room" ".links/midspan/$$room"; done
	@touch $@
