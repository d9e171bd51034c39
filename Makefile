# Tenantcast. `make` alone lists the targets.
SHELL := /bin/sh
PYTHON ?= python3
RUN := .venv/bin/python
export PYTHON

.PHONY: help install demo test test-real lint format airflow serve bench lock clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

install: ## make .venv with the locked dependencies
	@scripts/install

lock: install ## renew requirements.txt and scripts/uv.txt from requirements.in
	@scripts/lock
