# Two commands matter: `make gate` judges the stacks, `make test` tests the project. `make help` lists the rest.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:

# What a run takes from its environment; every one can be set on the command line.
export ENVIRONMENT_SUFFIX ?= dev
PYTHON ?= python3.11
# auto: validate with Terraform where it can be had; require: fail without it (CI does)
VALIDATE ?= auto
export CHECKPOINT_DISABLE := 1

# A make that ignores errors or runs nothing gives no verdict.
SHORT_FLAGS := $(filter-out ---% %=%,$(firstword -$(MAKEFLAGS)))
ifneq (,$(filter gate check verify deploy destroy,$(MAKECMDGOALS)))
ifneq (,$(strip $(foreach flag,i n q t,$(findstring $(flag),$(SHORT_FLAGS)))))
$(error make -i, -n, -q and -t give no verdict: run it without)
endif
endif

BIN := .venv/bin
REPORT := build/report
SIGNED = $(if $(KEY),--key $(KEY))

.PHONY: help gate synth check report verify diff test rehearse lambda deploy destroy outputs second-opinion mutants succession fuzz sbom bench bench-fleet policy lint types format docs lock lock-check clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

gate: .venv/run  ## synthesize, judge with our policies, Checkov and Terraform, write the control report [FRESH=1: take nothing from earlier runs]
	@$(BIN)/python -m pipeline --validate=$(VALIDATE) $(SIGNED) $(if $(FRESH),--no-cache)

synth: .venv/run  ## only synthesize the stacks into cdktf.out/
	@$(BIN)/python -m infra.main

check: .venv/run  ## only our own policies on what was synthesized: the fast path
	@$(BIN)/python -m policies check

report: .venv/run  ## write the control report on what the gate found last, the PDF included [KEY=file]
	@$(BIN)/python -m compliance report $(REPORT)/gate-result.json --output $(REPORT) $(SIGNED)

verify: .venv/run  ## recompute the control report from its inputs, and say what differs [PUBLIC_KEY=file]
	@$(BIN)/python -m compliance verify $(REPORT) $(if $(PUBLIC_KEY),--public-key $(PUBLIC_KEY))

diff: .venv/run  ## what changed between two reports: make diff OLD=folder [NEW=folder]
	@$(BIN)/python -m compliance diff $(OLD) $(or $(NEW),$(REPORT))

test: test-tools  ## run all tests
	@$(BIN)/python -m pytest

rehearse: .venv/dev  ## apply, plan again, judge and destroy against an emulator of AWS on loopback [STACK=portal]
	@$(BIN)/python -m rehearsal $(STACK)

deploy: .venv/run  ## judge, plan, judge the plan, apply exactly that plan: make deploy STACK=portal
	@$(BIN)/python -m deployment deploy $(STACK)

destroy: .venv/run  ## show what goes, ask, destroy: make destroy STACK=portal [YES=1; not for production]
	@$(BIN)/python -m deployment destroy $(STACK) $(if $(YES),--yes)

outputs: .venv/run  ## what a deployed stack gives out, as flat JSON: make outputs STACK=transactions
	@$(BIN)/python -m deployment outputs $(STACK)

lambda: .venv/run  ## build the zips of the Lambda functions and of the portal into build/packages/, with their digests
	@$(BIN)/python -m infra.packages

second-opinion: synth  ## our verdicts beside those of Checkov's nearest checks, on the stacks and on the fixtures
	@$(BIN)/python -m policies.second_opinion cdktf.out --samples tests/policies

mutants: synth  ## mutation score: change the stacks in every way that matters, and see what the policies notice
	@$(BIN)/python -m tests.mutants

succession: .venv/run build/succession/environment/installed  ## the same program on CDK Terrain, cdktf's successor: equal documents, equal verdicts
	@$(BIN)/python -m tests.succession --validate=$(VALIDATE)

fuzz: .venv/dev  ## readers must not crash, rewriting must not turn a failure into a pass [TARGET= SCALE= SEED=]
	@$(BIN)/python -m tests.fuzz $(TARGET) $(if $(SCALE),--scale $(SCALE)) $(if $(SEED),--seed $(SEED))

sbom: synth lambda  ## write the bill of materials (CycloneDX) and the table of licences into build/sbom/
	@$(BIN)/python -m sbom

bench: .venv/run  ## what the gate costs in time and memory, beside Checkov alone
	@$(BIN)/python -m tests.benchmarks

bench-fleet: .venv/dev  ## a fleet of 2,000 stacks by one Dask worker, by two, and by local processes: same bytes, how long, how much memory
	@$(BIN)/python -m tests.benchmarks.fleet --stacks 2000

policy: .venv/run  ## start a new policy: make policy NAME=a-claim FOLDER=alb TYPE=aws_lb ATTRIBUTE=name [VALUE= SEVERITY=]
	@$(BIN)/python -m policies.scaffold "$(NAME)" --folder "$(FOLDER)" --type "$(TYPE)" --attribute "$(ATTRIBUTE)" \
	  $(if $(VALUE),--value "$(VALUE)") $(if $(SEVERITY),--severity "$(SEVERITY)")

docs: .venv/run  ## write docs/catalogue.md and docs/profiles.md anew: the pages made from data
	@$(BIN)/python -m compliance catalogue
	@$(BIN)/python -m infra.profiles_page

lint: .venv/dev  ## style, import directions, requirement edges, generated pages
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports
	@$(BIN)/python -m compliance lint
	@$(BIN)/python -m compliance catalogue --check
	@$(BIN)/python -m infra.profiles_page --check

types: .venv/dev  ## mypy, strict
	@$(BIN)/mypy policies compliance pipeline deployment rehearsal sbom infra --exclude infra/application
	@$(BIN)/mypy lambda/rotate_database_secret lambda/check_region_health lambda/answer_health_check lambda/serve_transactions infra/application

format: .venv/dev  ## let ruff lay the code out
	@$(BIN)/ruff check --fix-only -q .
	@$(BIN)/ruff format -q .

lock: .venv/pipenv  ## resolve Pipfile anew into Pipfile.lock and the exported requirements
	@$(PIPENV) lock --categories "packages dev-packages node succession"
	@$(MAKE) --no-print-directory requirements.txt requirements-dev.txt requirements-node.txt requirements-succession.txt

lock-check: .venv/pipenv  ## Pipfile, lock and exported requirements say the same
	@$(PIPENV) verify
	@for file in requirements.txt requirements-dev.txt requirements-node.txt requirements-succession.txt; do \
	  diff -q <($(MAKE) -s --no-print-directory print-$$file) $$file >/dev/null || { echo "$$file is stale: run make lock" >&2; exit 1; }; done

clean:  ## remove everything that can be made again
	@rm -rf .venv build cdktf.out .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

# --- Set-up -------------------------------------------------------------------------------------------------------
# From hashes, so that nothing but what was locked gets in. pip compiles to bytecode while it installs, which the
# environment may forbid at run time: imports of the provider bindings are slow enough as it is.

.venv/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "make: Python 3.11 is needed; none is on PATH as $(PYTHON) (set PYTHON=...)" >&2; exit 3; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { echo "make: Python 3.11 is needed; $(PYTHON) is $$($(PYTHON) -V)" >&2; exit 3; }
	@echo "make: setting up .venv (once; about a minute)" >&2
	@$(PYTHON) -m venv .venv

INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r

.venv/run: requirements.txt requirements-node.txt | .venv/bin/python
	@$(INSTALL) requirements.txt 2> >(grep -v 'is ignored' >&2)
	@command -v "$${JSII_NODE:-node}" >/dev/null || { echo "make: no Node.js found, installing one into .venv" >&2; \
	  $(INSTALL) requirements-node.txt 2> >(grep -v 'is ignored' >&2); }
	@touch $@

.venv/dev: requirements-dev.txt .venv/run | .venv/bin/python
	@$(INSTALL) requirements-dev.txt 2> >(grep -v 'is ignored' >&2)
	@touch $@

# CDK Terrain has an environment of its own, in which nothing of cdktf is; some tests need it, too.
build/succession/environment/installed: requirements-succession.txt | .venv/run
	@rm -rf $(@D) && $(BIN)/python -m venv --without-pip $(@D)
	@PIP_PYTHON=$(@D)/bin/python $(INSTALL) requirements-succession.txt --no-compile 2> >(grep -v 'is ignored' >&2)
	@touch $@

# The functions are tested on real servers, the report in a real browser; without them those tests say so and are
# skipped (CI: fail). Debian's package of each, and what it brings that nothing else does.
.PHONY: test-tools
test-tools: .venv/dev
	@PATH="$$PATH:/usr/sbin:$$(echo /usr/lib/postgresql/*/bin | tr " " :)"; missing=; \
	for tool in mariadbd:mariadb-server initdb:postgresql redis-server:redis-server chromium:chromium jq:jq zsh:zsh; do \
	  command -v "$${tool%:*}" >/dev/null || missing="$$missing $${tool#*:}"; \
	done; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "make: installing for the tests:$$missing" >&2; \
	  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing; } >/dev/null; \
	else echo "make: to run every test, install:$$missing" >&2; fi

# pipenv resolves the lock and nothing else; it stays out of the environment that it locks.
PIPENV_VERSION := 2026.10.3
# A lock without host names: the index is a variable, set here to pip's own default where the environment has none.
PIPENV = PIPENV_IGNORE_VIRTUALENVS=1 PIP_INDEX_URL="$${PIP_INDEX_URL:-$$($(BIN)/python -c 'from pip._internal.models.index import PyPI; print(PyPI.simple_url)')}" .venv/pipenv/bin/pipenv

.venv/pipenv: | .venv/bin/python
	@$(PYTHON) -m venv $@ && $@/bin/pip install --quiet --disable-pip-version-check pipenv==$(PIPENV_VERSION) 2> >(grep -v 'is ignored' >&2)

EXPORT = $(PIPENV) requirements --hash --exclude-index 2>/dev/null
requirements.txt requirements-dev.txt requirements-node.txt requirements-succession.txt: Pipfile.lock
	@$(MAKE) -s --no-print-directory print-$@ > $@.new && mv $@.new $@
.PHONY: print-requirements.txt print-requirements-dev.txt print-requirements-node.txt print-requirements-succession.txt
print-requirements.txt: .venv/pipenv
	@$(EXPORT)
print-requirements-dev.txt: .venv/pipenv
	@$(EXPORT) --dev-only
print-requirements-node.txt: .venv/pipenv
	@$(EXPORT) --categories node
print-requirements-succession.txt: .venv/pipenv
	@$(EXPORT) --categories succession
