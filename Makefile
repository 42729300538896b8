# `make run` and `make test` set everything up first; a second set-up takes a moment. `make help` lists the rest.

PINS ?= default
DS ?= 2017-12-30
CONFIG ?= conf/complete_journey.yaml
ARGS ?=
SET ?= quick
DATA ?=
STAGE ?=

VENV := .venv$(if $(filter-out default,$(PINS)),-$(PINS))
# The first Python 3.11 that runs; else any Python, which then says in one line what is wrong with it.
PYTHON ?= $(firstword $(foreach python,python3.11 python3,$(shell $(python) -c 'import sys; print(sys.executable)' 2>/dev/null)))

.DEFAULT_GOAL := help
.PHONY: help set-up run experiments test cluster-test bench package clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

set-up:  ## virtual environment, compiled Horovod, Delta's jars (PINS=databricks-15.4 for the other pins)
	@test -n "$(PYTHON)" || { echo "set-up: Python 3.11 is needed and no Python is there: sudo apt-get install -y python3.11 python3.11-venv" >&2; exit 4; }
	@"$(PYTHON)" conf/environment/set_up.py $(PINS)

run: set-up  ## the whole pipeline, on the embedded data or another shop's: make run CONFIG=conf/my_shop.yaml DS=2026-11-21 ARGS="training.epochs=5"
	$(VENV)/bin/python jobs/run_pipeline.py --config $(CONFIG) --ds $(DS) $(ARGS)

experiments: set-up  ## every method and measure on several logs: make experiments SET=full DATA=FOLDER
	$(VENV)/bin/python jobs/run_experiments.py --plan conf/experiments/$(SET).yaml $(if $(DATA),--data $(DATA)) $(ARGS)

test: set-up  ## all tests: make test ARGS="tests/users -x"
	$(VENV)/bin/python -m pytest $(ARGS)

cluster-test: package  ## nights on a real Spark cluster of several hosts, with faults injected: make cluster-test ARGS="same_answer"
	$(VENV)/bin/python -m tests.cluster $(ARGS)

bench: set-up  ## how fast, each stage against a peer or a bound measured in the same run: make bench STAGE=scoring
	$(VENV)/bin/python -m tests.bench $(if $(STAGE),--stage $(STAGE)) $(ARGS)

package: set-up  ## dist/recsys.zip for spark-submit --py-files, and a wheel for Databricks
	rm -rf dist build
	$(VENV)/bin/python -m pip wheel -q --no-deps --no-build-isolation --no-cache-dir -w dist .
	rm -rf build *.egg-info
	cp dist/recsys-*.whl dist/recsys.zip

clean:  ## remove the virtual environments and what was built; var/ and the user's cache stay
	rm -rf .venv .venv-* dist build *.egg-info .pytest_cache .hypothesis spark-warehouse metastore_db derby.log
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
