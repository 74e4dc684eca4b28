# Every verb of the project. Each set-up step is skipped when it is done.
# The system's Python if it will do: distributions build theirs optimised (docs/decisions/0033).
WILL_DO := import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for one in /usr/bin/python3 python3; do \
            "$$one" -c '$(WILL_DO)' 2>/dev/null && { echo "$$one"; exit; }; done; echo python3)
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
# Processes that share out the tests, each with its servers; a given server is used by one alone.
SHARED_BY ?= $(if $(DATABASE_URL)$(KAFKA_BOOTSTRAP_SERVERS),0,2)

.PHONY: help demo test test-faults soak mutants gate lint check bench sandbox doctor clean
.DEFAULT_GOAL := help

help: ## list the verbs
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20
	@echo "  variables: ONCE=1 (demo ends after its summary), REAL_LIMITS=1, ARGS='...' (for pytest, the demo, the sandbox)"

demo: $(READY) ## both ledgers, the whole road, one summary; Ctrl-C ends it
	$(BIN)/twinledger dev --demo $(if $(ONCE),--once) $(if $(REAL_LIMITS),--real-limits) $(ARGS)

test: $(READY) ## every test but the fault campaigns and the benches
	$(BIN)/pytest -n $(SHARED_BY) --dist loadfile --ignore=tests/faults --ignore=tests/bench --ignore=tests/gate $(ARGS)

test-faults: $(READY) ## kill -9, lost answers, doubled webhooks: the fault campaigns
	@if [ -d tests/faults ]; then $(BIN)/pytest tests/faults $(ARGS); else echo "no fault campaigns yet"; fi

soak: $(READY) ## N simulated edits on all sides, everything going wrong, in virtual time; SEED=1 plays one story
	$(BIN)/python -m tests.faults.simulation $(if $(N),--edits $(N)) $(if $(SEED),--seed $(SEED))

mutants: $(READY) ## each safeguard off in turn: what notices; ONLY=name,name
	$(BIN)/python -m tests.mutants $(if $(ONLY),--only '$(ONLY)')

gate: $(READY) ## before a release: every client of the vendors, arbitrary calls, 100,000 documents of money, 50 kills
	$(BIN)/pytest tests/contract/sandbox tests/gate $(ARGS)
	MONEY_N=100000 $(BIN)/pytest tests/money -s
	KILL_RUNS=50 MONEY_ROAD_N=1000 $(BIN)/pytest tests/faults/test_kills.py tests/faults/test_money.py

lint: $(READY) ## style, types, import direction, schema compatibility, mapping cases
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m twinledger.road.schema_lock --check
	$(BIN)/twinledger mappings test

check: lint test test-faults ## what CI runs

bench: $(READY) ## the figures of the road on this machine
	$(BIN)/python -m tests.bench $(ARGS)

sandbox: $(READY) ## FreshBooks and Zoho simulators alone
	$(BIN)/python -m twinledger.sandbox $(ARGS)

doctor: $(READY) ## what this machine has and what it lacks
	$(BIN)/twinledger doctor

clean: ## remove the environment and all local data
	rm -rf $(VENV) .twinledger

$(READY): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "error: $(PYTHON) is missing or older than Python 3.11"; \
	  echo "try: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { \
	  echo "error: $(PYTHON) cannot make environments"; echo "try: install its venv module (Debian: python3-venv)"; exit 1; }
	@echo "installing the pinned packages into $(VENV) (once), Python $$($(BIN)/python -c 'import sys; print(sys.version.split()[0], "of", sys.base_prefix)')"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -c 'import pathlib, sysconfig; \
	  pathlib.Path(sysconfig.get_path("purelib"), "twinledger.pth").write_text(str(pathlib.Path("services").resolve()) + "\n"); \
	  script = pathlib.Path("$(BIN)/twinledger"); \
	  script.write_text("#!" + str(pathlib.Path("$(BIN)/python").absolute()) + "\nfrom twinledger.cli.main import main\n\nmain()\n"); \
	  script.chmod(0o755)'
	@touch $(READY)
