# Everything a person runs. `make` alone lists it.
#
# The environment .venv carries marks (.made, .with-cpu, .with-test ...). A mark is
# written last, so a run that was interrupted leaves none and the next one finishes the
# work; with all marks in place and no newer pyproject.toml, nothing is done at all.

.POSIX:
.NOTPARALLEL:
.SUFFIXES:
.PHONY: help setup demo test check format bench vsix pictures clean

PYTHON = python3
VENV = .venv
PY = $(VENV)/bin/python
RUN = $(PY) -m fimble
CLIENT = vscode-client
NPM = npm --prefix $(CLIENT)

# The onnxruntime to use: `make setup EXTRA=gpu` once, and later runs keep it.
EXTRA := $(or $(EXTRA),$(shell cat $(VENV)/.extra 2>/dev/null),cpu)
OTHER := $(if $(filter gpu,$(EXTRA)),cpu,gpu)
WHEEL_cpu = onnxruntime
WHEEL_gpu = onnxruntime-gpu
ifeq ($(filter cpu gpu,$(EXTRA)),)
$(error EXTRA is "$(EXTRA)"; it can be cpu or gpu)
endif

# An environment that was copied here, or whose Python is gone, is made again.
ifneq ($(shell $(PY) -c "print(open('$(VENV)/.made').read().strip())" 2>/dev/null),$(CURDIR))
$(shell rm -f $(VENV)/.made $(VENV)/.with-*)
endif

PIP = $(PY) -m pip --disable-pip-version-check $(if $(CI),--quiet)
COMMA := ,

# $(call install,EXTRAS): .installing stands while pip works. Found at the start, it means that a
# half-installed package may lie about, which pip takes for a whole one: then all is made anew.
# A standing .with-cpu or .with-gpu keeps its time, or the marks that rest on it would count as old.
define install
	@test ! -e $(VENV)/.installing || { echo "The last installation was interrupted: starting afresh."; $(MAKE_VENV); }
	@touch $(VENV)/.installing
	@$(PIP) install --constraint constraints.txt --editable ".[$(EXTRA)$(addprefix $(COMMA),$(1))]"
	@rm -f $(VENV)/.installing
	@echo $(EXTRA) > $(VENV)/.extra
	@test -e $(VENV)/.with-$(EXTRA) || touch $(VENV)/.with-$(EXTRA)
endef

MAKE_VENV = rm -f $(VENV)/.with-* && $(PYTHON) -m venv --clear $(VENV) && printf '%s\n' "$(CURDIR)" > $(VENV)/.made

help:
	@echo "make setup   make .venv and install fimble (EXTRA=gpu for CUDA)"
	@echo "make demo    setup, fetch and prepare the model, show one suggestion"
	@echo "make test    run every test"
	@echo "make check   style, types, import contracts, dependencies"
	@echo "make format  let ruff rewrite the sources"
	@echo "make bench   measure the engine on this machine"
	@echo "make vsix    pack the extension for VS Code into $(CLIENT)/fimble.vsix (needs npm)"
	@echo "make pictures take the pictures in docs/images anew, in the real editors"
	@echo "make clean   remove .venv and the tools' caches (the model stays; 'fimble clean' removes it)"

setup: $(VENV)/.with-$(EXTRA)
	@echo "fimble is installed: $(VENV)/bin/fimble"

demo: setup
	@$(RUN) setup
	@$(RUN) demo

test: $(VENV)/.with-test
	@$(RUN) setup
	@$(PY) -m pytest $(ARGS)

check: $(VENV)/.with-dev $(CLIENT)/node_modules/.package-lock.json
	@echo "ruff check";            $(PY) -m ruff check --quiet .
	@echo "ruff format --check";   $(PY) -m ruff format --quiet --check . || { echo "run 'make format'"; exit 1; }
	@echo "mypy --strict";         $(PY) -m mypy
	@echo "lint-imports";          $(VENV)/bin/lint-imports
	@echo "deptry";                $(VENV)/bin/deptry .
	@echo "tsc, biome";            $(NPM) run --silent check

format: $(VENV)/.with-dev $(CLIENT)/node_modules/.package-lock.json
	@$(PY) -m ruff check --fix --quiet .
	@$(PY) -m ruff format .
	@$(NPM) run --silent format

vsix: $(VENV)/.with-test $(CLIENT)/node_modules/.package-lock.json
	@PYTHON="$(CURDIR)/$(PY)" $(NPM) run --silent pack

pictures: $(VENV)/.with-dev
	@$(RUN) setup
	@$(PY) -m tests.editors.pictures

bench: setup
	@$(RUN) setup
	@$(RUN) bench engine $(ARGS)

clean:
	rm -rf $(VENV) $(CLIENT)/node_modules $(CLIENT)/dist $(CLIENT)/fimble.vsix .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

$(CLIENT)/node_modules/.package-lock.json: $(CLIENT)/package-lock.json
	@command -v npm >/dev/null || { echo "The extension for VS Code needs npm (Node.js 20 or later)."; exit 1; }
	@echo "Installing what the extension is built with into $(CLIENT)/node_modules"
	@$(NPM) ci --no-audit --no-fund --loglevel=error
	@touch $@

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "fimble needs Python 3.11 or later as '$(PYTHON)'; name another: make setup PYTHON=python3.12"; exit 1; }
	@echo "Making the environment $(VENV) with $$($(PYTHON) --version)"
	@{ $(MAKE_VENV); } || { rm -f $@; \
	  echo "'$(PYTHON) -m venv' failed; on Debian and Ubuntu: apt install python3-venv"; exit 1; }

$(VENV)/.with-$(EXTRA): $(VENV)/.made pyproject.toml constraints.txt
	@echo "Installing fimble[$(EXTRA)] into $(VENV)"
	@if test -e $(VENV)/.with-$(OTHER); then $(PIP) uninstall --yes $(WHEEL_$(OTHER)) $(WHEEL_$(EXTRA)); fi
	@rm -f $(VENV)/.with-$(OTHER)
	$(call install)
	@touch $@

$(VENV)/.with-test: $(VENV)/.with-$(EXTRA)
	@echo "Installing what the tests need into $(VENV)"
	$(call install,test)
	@touch $@

$(VENV)/.with-dev: $(VENV)/.with-test
	@echo "Installing what the checks need into $(VENV)"
	$(call install,dev)
	@touch $@
