set shell := ["bash", "-euo", "pipefail", "-c"]
export PATH := justfile_directory() / ".venv/bin:" + env("PATH")
export MLFLOW_DISABLE_TELEMETRY := "true"
store := env("ESTIMATES_STORE", "demo-store")
unit_tests := "tests/test_house.py tests/test_instants.py tests/contract tests/keys tests/guess tests/catalog tests/storage tests/lookup tests/render tests/stability tests/accuracy tests/gate tests/client"

# List the tasks
default:
    @just --list --unsorted

# Make .venv, the only place where anything is installed, from the hash-locked requirements
setup:
    @test -x .venv/bin/uv || (python3 -m venv .venv && .venv/bin/pip install --quiet --require-hashes -r requirements/uv.txt)
    @uv pip sync --quiet --python .venv/bin/python --require-hashes --compile-bytecode requirements/dev.txt
    @uv pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable .

# A team's week on real prices, then the service on http://127.0.0.1:8000
demo *options: setup
    estimates demo {{ options }}

# Two years of weekly versions of the example set, in two minutes; docs/stability.md looks at them
history folder="history-store": setup
    python examples/weekly_versions.py {{ folder }}

# Everything CI runs: format, lint, types, import directions, tests
test: setup datacompy check

# The environment of datacompy, which diffs are compared with
datacompy: setup
    @test -x .venv-datacompy/bin/python || uv venv --quiet --python .venv/bin/python .venv-datacompy
    @uv pip sync --quiet --python .venv-datacompy/bin/python --require-hashes requirements/datacompy.txt

# The same as `test`, without setting up first
check:
    ruff format --check .
    ruff check .
    pyrefly check --summary=none
    lint-imports --no-cache
    pytest -n 2 --dist worksteal -m "not stack"

# Unit tests, under a minute
test-fast: setup
    pytest -n 2 --dist worksteal -m "not slow and not stack" {{ unit_tests }}

# What takes longer than `test` may: doubled suites, every extra from a wheel; its last run is kept in proof/stack.md
test-stack: setup
    python -m proof.stack

# Write docs/checks.md from the registry
checks: setup
    python -c 'from estimates.gate.pages import checks_reference; print(checks_reference.page(), end="")' > docs/checks.md

# Do every fault to real versions and write proof/faults.md
faults: setup
    python -m proof.fault_table

# Judge two years of real days, on which nothing was wrong, and write proof/false_alarms.md; ten minutes, then two
false-alarms folder="replay-days": setup
    python -m proof.false_alarms {{ folder }}

# Break the gate in more than 300 ways, run its tests on each and write proof/mutants.md; some ten minutes
mutate: setup
    python -m proof.mutants

# The tests with many more generated examples
nightly: setup
    HYPOTHESIS_PROFILE=nightly pytest -n 2 --dist worksteal

# Flip, kill, fill and break real stores for hours, and write docs/reliability.md
soak *options: setup
    python -m tests.soak {{ options }}

# Ask the service whatever its OpenAPI document allows and forbids, for some minutes
fuzz: setup
    HYPOTHESIS_PROFILE=nightly pytest tests/api/test_fuzz.py

# Serve a store on http://127.0.0.1:8000
serve *options: setup
    estimates serve --store {{ store }} {{ options }}

# Bring a store's catalog to the newest schema
migrate: setup
    estimates migrate --store {{ store }}

# Open the MLflow UI of a store on http://127.0.0.1:5000
mlflow: setup
    mlflow server --workers 1 --host 127.0.0.1 --port 5000 --backend-store-uri sqlite:///{{ store }}/mlflow.db --default-artifact-root {{ store }}/mlflow-artifacts

# Measure, as ratios side by side
bench: setup datacompy
    python -m benchmarks

# Measure beside Redis, PostgreSQL, DuckDB and Feast, which get an environment of their own
bench-peers *options: setup
    @test -x .venv-peers/bin/python || uv venv --quiet --python .venv/bin/python .venv-peers
    @uv pip sync --quiet --python .venv-peers/bin/python --require-hashes requirements/peers.txt
    python -m benchmarks.peers {{ options }}

# Lock the dependencies again, with hashes and without any index
lock: setup
    uv pip compile requirements/uv.in --generate-hashes --no-emit-index-url --python-version 3.11 --universal --quiet --upgrade --custom-compile-command "just lock" --output-file requirements/uv.txt
    uv pip compile pyproject.toml --extra dev --generate-hashes --no-emit-index-url --python-version 3.11 --universal --quiet --upgrade --custom-compile-command "just lock" --output-file requirements/dev.txt
    uv pip compile requirements/datacompy.in --generate-hashes --no-emit-index-url --python-version 3.11 --universal --quiet --upgrade --custom-compile-command "just lock" --output-file requirements/datacompy.txt
    uv pip compile requirements/peers.in --generate-hashes --no-emit-index-url --python-version 3.11 --universal --quiet --upgrade --custom-compile-command "just lock" --output-file requirements/peers.txt
