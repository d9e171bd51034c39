# Tenantcast. `make` alone lists the targets.
SHELL := /bin/sh
PYTHON ?= python3
AIRFLOW_PORT ?= 8080
ROWS ?= 1000000
export PYTHON AIRFLOW_PORT

.PHONY: help install demo test test-real soak lint format serve airflow bench lock clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' $(MAKEFILE_LIST) | awk -F '|' '{printf "  make %-10s %s\n", $$1, $$2}'

install: ## make .venv with the locked dependencies
	@scripts/install

demo: install ## simulate a SaaS, roll it up, publish it, and let Airflow do the last hour
	@exec .venv/bin/python scripts/demo

serve: install ## show the published dashboards on http://127.0.0.1:8765
	@exec .venv/bin/python -m pipeline serve

airflow: install ## run Airflow with the Dags on http://127.0.0.1:8080 until Ctrl-C
	@exec scripts/airflow-env scripts/airflow

test: install ## all tests that need nothing but .venv, after the checks of `make lint`
	@scripts/test

test-real: install ## the tests that need Debian's packages: PostgreSQL 15, Chromium, a whole Airflow
	@scripts/test-real

soak: install ## for long: 200 random histories, 200 kills, 200 publishes under faults, five minutes of eight schedulers at once
	@scripts/soak

lint: install ## ruff, mypy and sqlfluff
	@scripts/lint

format: install ## rewrite Python the way ruff wants it
	@.venv/bin/ruff format . && .venv/bin/ruff check --fix .

bench: install ## ratios measured side by side in one run; ROWS=10000000 for the full one
	@.venv/bin/python -m bench --rows $(ROWS)

lock: install ## renew the locked versions and hashes
	@scripts/lock

clean: ## remove .venv, everything under var/, and the tests' servers in memory
	rm -rf "/dev/shm/tenantcast-$$(id -u)-$$(pwd -P | tr -d '\n' | sha256sum | cut -c1-12)"
	rm -rf .venv var .mypy_cache .pytest_cache .ruff_cache .hypothesis
