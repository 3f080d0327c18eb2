# The words a person types; CI types the same.
# Python 3.11 or newer and make are all that a fresh machine needs.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
FLAGS ?=
MILLIONS ?= 30
BENCH_DIR ?= .bench

export Q  # read by the shell as a value, so that nothing in a question is run
export DATA_DIR ?= data
export WAREHOUSE_PATH ?= warehouse.duckdb

.DEFAULT_GOAL := help
.PHONY: help setup run refresh dashboard ask eval test bench lint format docs sample-data clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/dev ## Set up .venv with everything that runs, tests and lints

run: $(VENV)/run refresh dashboard ## Set up, refresh the warehouse and open the dashboard

refresh: $(VENV)/run ## Build the warehouse from DATA_DIR, test it, publish it (FLAGS="--full-refresh --accept")
	$(BIN)/python -m pipeline refresh $(FLAGS)

dashboard: $(VENV)/run ## Open the dashboard over the published warehouse
	$(BIN)/streamlit run dashboard.py $(FLAGS)

ask: $(VENV)/run ## Ask the warehouse a question (Q="which month had the highest churn rate?")
	@$(BIN)/python -m app.ask "$$Q"

eval: $(VENV)/run ## Score the ask box on the reviewed questions (FLAGS="--reader model" for a configured model)
	$(BIN)/python -m app.ask.evaluation $(FLAGS)

# A third of the time of a test is waiting: three at a time keep two cores busy.
test: $(VENV)/dev ## Run every test
	$(BIN)/pytest -n 3 --dist loadgroup $(FLAGS)

bench: $(VENV)/dev ## Measure refreshes, page queries and load on generated data (MILLIONS=30 BENCH_DIR=.bench)
	$(BIN)/python benchmarks/refresh.py $(BENCH_DIR) --millions $(MILLIONS)
	$(BIN)/python benchmarks/page_queries.py $(BENCH_DIR)/ledger/warehouse.duckdb
	$(BIN)/python benchmarks/dashboard_load.py $(BENCH_DIR)/ledger/warehouse.duckdb

lint: $(VENV)/dev ## Check style, types, SQL, workflows, Dockerfile and scripts
	$(BIN)/ruff check . .github
	$(BIN)/ruff format --check . .github
	$(BIN)/mypy . .github/scripts
	cd analytics_dbt && ../$(BIN)/sqlfluff lint --disable-progress-bar models tests
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/hadolint Dockerfile
	$(BIN)/shellcheck .github/scripts/*.sh .ci/run

format: $(VENV)/dev ## Put Python and SQL into the house style
	$(BIN)/ruff check --fix . .github
	$(BIN)/ruff format . .github
	cd analytics_dbt && ../$(BIN)/sqlfluff fix --disable-progress-bar models tests

docs: $(VENV)/run ## Build and serve the dbt documentation
	cd analytics_dbt && ../$(BIN)/dbt build --quiet && ../$(BIN)/dbt docs generate && ../$(BIN)/dbt docs serve

sample-data: $(VENV)/run ## Generate the sample into DATA_DIR (FLAGS="--users 500 --days 200 --seed 7")
	$(BIN)/python -m pipeline sample-data $(FLAGS)

clean: ## Remove what the other targets made, except the published warehouse
	rm -rf $(VENV) .warehouse analytics_dbt/target analytics_dbt/logs
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	$(PYTHON) -c 'import sys; assert sys.version_info >= (3, 11), "Python 3.11 or newer is needed, this is " + sys.version'
	$(PYTHON) -m venv $(VENV)

$(VENV)/run: requirements.txt | $(BIN)/python
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/dev: requirements.txt requirements-dev.txt | $(BIN)/python
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@ $(VENV)/run
