set shell := ["bash", "-euo", "pipefail", "-c"]
export PATH := justfile_directory() / ".venv/bin:" + env("PATH")
export MLFLOW_DISABLE_TELEMETRY := "true"
store := env("ESTIMATES_STORE", "demo-store")
unit_tests := "tests/test_house.py tests/test_instants.py tests/contract tests/keys tests/guess tests/catalog tests/storage tests/lookup tests/render tests/stability tests/accuracy tests/gate tests/client"

# List the tasks
default:
    @just --list --unsorted

# Make .venv, the only place where anything is installed: what a user needs, from hash-locked requirements
setup: uv
    @cmp -s requirements/user.txt .venv/user.txt || echo "Installing into .venv what estimates needs: about 300 MB to fetch, 1 GB on the disk" >&2
    @uv pip install --python .venv/bin/python --require-hashes -r requirements/user.txt
    @uv pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable .
    @cp requirements/user.txt requirements/demo.txt .venv/

# The same with all that the tasks below need: test servers, linters, MLflow's pages
develop: uv
    @.venv/bin/pytest --version > /dev/null 2>&1 || echo "Installing into .venv what developing needs: 1.6 GB on the disk" >&2
    @uv pip sync --python .venv/bin/python --require-hashes --compile-bytecode requirements/dev.txt
    @uv pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable .
    @cp requirements/user.txt requirements/demo.txt .venv/

[private]
uv:
    @test -x .venv/bin/uv || (python3 -m venv .venv && .venv/bin/pip install --quiet --require-hashes -r requirements/uv.txt)

# A team's week on real prices, then the service on http://127.0.0.1:8000
demo *options: look
    @estimates demo {{ options }}

# What the demo needs and no more, by pip, which is there
[private]
look:
    @test -x .venv/bin/pip || python3 -m venv .venv
    @cmp -s requirements/demo.txt .venv/demo.txt || { echo "Installing into .venv what the demo needs, 51 packages: 140 MB to fetch, 480 MB on the disk" >&2; .venv/bin/pip install --disable-pip-version-check --no-compile --require-hashes -r requirements/demo.txt; .venv/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .; cp requirements/demo.txt .venv/; }

# Two years of weekly versions of the example set, in two minutes; docs/stability.md looks at them
history folder="history-store": setup
    python examples/weekly_versions.py {{ folder }}

# Everything CI runs: format, lint, types, import directions, tests
test: develop datacompy check

# The environment of datacompy, which diffs are compared with
datacompy: develop
    @test -x .venv-datacompy/bin/python || uv venv --quiet --python .venv/bin/python .venv-datacompy
    @uv pip sync --quiet --python .venv-datacompy/bin/python --require-hashes requirements/datacompy.txt

# The same as `test`, without setting up first
check:
    ruff format --check .
    ruff check .
    pyrefly check --summary=none
    lint-imports --no-cache
    pytest -n 3 --dist worksteal -m "not stack" --reruns 1 --rerun-show-tracebacks -rfER

# Unit tests, under a minute
test-fast: develop
    pytest -n 2 --dist worksteal -m "not slow and not stack" {{ unit_tests }}

# What takes longer than `test` may: doubled suites, every extra from a wheel; its last run is kept in proof/stack.md
test-stack: develop
    python -m proof.stack

# Write docs/checks.md from the registry
checks: develop
    python -c 'from estimates.gate.pages import checks_reference; print(checks_reference.page(), end="")' > docs/checks.md

# Do every fault to real versions and write proof/faults.md
faults: develop
    python -m proof.fault_table

# Judge two years of real days, on which nothing was wrong, and write proof/false_alarms.md; ten minutes, then two
false-alarms folder="replay-days": setup
    python -m proof.false_alarms {{ folder }}

# Break the gate in more than 300 ways, run its tests on each and write proof/mutants.md; some ten minutes
mutate: develop
    python -m proof.mutants

# The tests with many more generated examples
nightly: develop
    HYPOTHESIS_PROFILE=nightly pytest -n 2 --dist worksteal

# Flip, kill, fill and break real stores for hours, and write docs/reliability.md
soak *options: develop
    python -m tests.soak {{ options }}

# Ask the service whatever its OpenAPI document allows and forbids, for some minutes
fuzz: develop
    HYPOTHESIS_PROFILE=nightly pytest tests/api/test_fuzz.py

# Take the pictures of the desk in docs/images, of the demo's store; needs chromium
screenshots: develop
    python -m tests.api.desk.screenshots docs/images

# Serve a store on http://127.0.0.1:8000
serve *options: setup
    estimates serve --store {{ store }} {{ options }}

# Bring a store's catalog to the newest schema
migrate: setup
    estimates migrate --store {{ store }}

# The licences, known vulnerabilities and a CycloneDX bill of what users install; --advisories PLACE looks offline
audit *options: develop
    @test -x .venv-audit/bin/python || uv venv --quiet --python .venv/bin/python .venv-audit
    @uv pip sync --quiet --python .venv-audit/bin/python --require-hashes requirements/audit.txt
    @python -m proof.audit {{ options }}

# Open the MLflow UI of a store on http://127.0.0.1:5000
mlflow: develop
    mlflow server --workers 1 --host 127.0.0.1 --port 5000 --backend-store-uri sqlite:///{{ store }}/mlflow.db --default-artifact-root {{ store }}/mlflow-artifacts

# Measure, as ratios side by side
bench: develop datacompy
    python -m benchmarks

# Measure a set of 100 million keys, step by step; under 30 minutes, some 13 GB of disk
bench-large *options: setup
    python -m benchmarks.large {{ options }}

# Measure beside Redis, PostgreSQL, DuckDB and Feast, which get an environment of their own
bench-peers *options: develop
    @test -x .venv-peers/bin/python || uv venv --quiet --python .venv/bin/python .venv-peers
    @uv pip sync --quiet --python .venv-peers/bin/python --require-hashes requirements/peers.txt
    python -m benchmarks.peers {{ options }}

# Lock the dependencies again, with hashes and without any index
lock: develop
    uv pip compile requirements/uv.in --generate-hashes --no-emit-index-url --python-version 3.11 --universal --quiet --upgrade --custom-compile-command "just lock" --output-file requirements/uv.txt
    uv pip compile pyproject.toml --extra dev --generate-hashes --no-emit-index-url --python-version 3.11 --universal --quiet --upgrade --custom-compile-command "just lock" --output-file requirements/dev.txt
    uv pip compile pyproject.toml requirements/user.in --extra api --extra charts --extra hub --extra jobs --constraint requirements/dev.txt --generate-hashes --no-emit-index-url --python-version 3.11 --universal --quiet --custom-compile-command "just lock" --output-file requirements/user.txt
    uv pip compile requirements/demo.in --constraint requirements/dev.txt --generate-hashes --no-emit-index-url --python-version 3.11 --universal --quiet --custom-compile-command "just lock" --output-file requirements/demo.txt
    uv pip compile requirements/datacompy.in --generate-hashes --no-emit-index-url --python-version 3.11 --universal --quiet --upgrade --custom-compile-command "just lock" --output-file requirements/datacompy.txt
    uv pip compile requirements/peers.in --generate-hashes --no-emit-index-url --python-version 3.11 --universal --quiet --upgrade --custom-compile-command "just lock" --output-file requirements/peers.txt
    uv pip compile pyproject.toml --extra accuracy --extra api --extra charts --extra client --extra delta --extra frames --extra hub --extra iceberg --extra jobs --extra oidc --extra openlineage --extra otel --extra postgres --extra signatures --extra store --constraint requirements/dev.txt --generate-hashes --no-emit-index-url --python-version 3.11 --universal --quiet --custom-compile-command "just lock" --output-file requirements/extras.txt
    uv pip compile requirements/audit.in --generate-hashes --no-emit-index-url --python-version 3.11 --universal --quiet --upgrade --custom-compile-command "just lock" --output-file requirements/audit.txt
