"""Each extra alone, from a wheel: what it promises works, what it does not promise names its
extra.
"""

from __future__ import annotations

import sys
from pathlib import Path

import httpx
import pytest

from tests.packaging.conftest import Environment
from tests.packaging.environments import SOURCE, run

pytest_plugins = ("tests.api.fixtures",)

CONTRACT = """
name = "scores"
[key.customer]
type = "string"
[columns.score]
role = "score"
"""
READS = Path(__file__).with_name("client_reads.py")


@pytest.fixture
def built_store(tmp_path: Path) -> Path:
    """A store with one published version, made by the source tree's own commands."""
    root = tmp_path / "built"
    (tmp_path / "scores.toml").write_text(CONTRACT)
    (tmp_path / "scores.csv").write_text("customer,score\n01,0.5\n02,0.25\n")
    estimates = Path(sys.executable).with_name("estimates")
    for words in (["init"], ["define", "scores.toml"], ["publish", "scores", "scores.csv"]):
        run([estimates, *words, "--store", root], tmp_path)
    return root


def command(python: Path) -> Path:
    """The command `estimates` of an environment."""
    return python.with_name("estimates")


def importable(python: Path, names: tuple[str, ...], folder: Path) -> set[str]:
    """Which of some modules an environment has."""
    code = "import importlib.util, sys; print(*filter(importlib.util.find_spec, sys.argv[1:]))"
    return set(run([python, "-c", code, *names], folder).split())


def test_the_base_is_msgspec(environment: Environment, tmp_path: Path) -> None:
    """Without extras `import estimates` works, contracts are read, and the rest names its extra."""
    python = environment("")
    (tmp_path / "scores.toml").write_text(CONTRACT)
    read = "import estimates; print(estimates.read_contract('scores.toml').name)"
    assert run([python, "-c", read], tmp_path) == "scores\n"
    for code, extra in (
        ("import estimates; estimates.Store", "store"),
        ("import estimates; estimates.diff", "store"),
        ("import estimates.client", "client"),
    ):
        assert f"pip install 'estimates-store[{extra}]'" in run(
            [python, "-c", code], tmp_path, expected=1
        )
    said = run([command(python), "get", "scores", "01"], tmp_path, expected=2)
    needed = "error: this needs click: pip install 'estimates-store[store]'  [not_installed]\n"
    assert said == needed


def test_a_client_reads_every_route(
    environment: Environment, server: httpx.Client, tmp_path: Path
) -> None:
    """With httpx and msgspec every method of both clients answers, but for those that give frames
    or judge, which name their extra.
    """
    said = run([environment("client"), READS, str(server.base_url), "client"], tmp_path)
    assert said == "read\n"


def test_a_client_with_frames(
    environment: Environment, server: httpx.Client, tmp_path: Path
) -> None:
    """With polars, and without NumPy, methods give frames too."""
    python = environment("client,frames")
    assert importable(python, ("numpy", "duckdb", "pyarrow"), tmp_path) == set()
    assert run([python, READS, str(server.base_url), "frames"], tmp_path) == "read\n"


def test_a_client_is_imported_quickly(environment: Environment, tmp_path: Path) -> None:
    """`import estimates.client` takes less than 0.15 s of processor time; on a slow or busy machine
    less than two and a half times what httpx takes there.
    """
    code = "import time; start = time.process_time(); import {}; print(time.process_time() - start)"

    def fastest(module: str) -> float:
        command = [environment("client"), "-c", code.format(module)]
        return min(float(run(command, tmp_path)) for _ in range(6))

    assert fastest("estimates.client") < max(0.15, 2.5 * fastest("httpx"))


@pytest.mark.stack
def test_a_store_is_read_and_written(
    environment: Environment, built_store: Path, tmp_path: Path
) -> None:
    """[store] reads, publishes and judges; migrations, a service and SciPy name their extras."""
    python = environment("store")
    estimates = command(python)
    heavy = ("litestar", "mlflow", "alembic", "statsforecast", "scipy", "httpx")
    assert importable(python, heavy, tmp_path) == set()
    ask = ["get", "scores", "01", "--ref", "1", "--format", "json", "--store", str(built_store)]
    assert '"score":0.5' in run([estimates, *ask], tmp_path)
    publish = [estimates, "publish", "scores", "scores.csv", "--store", built_store]
    assert "version 2 without a baseline: passes" in run([*publish, "--run-id", "again"], tmp_path)
    for words, extra in (
        (["init", "--store", "new"], "jobs"),
        (["serve", "--store", str(built_store)], "api"),
        (["get", "scores", "01", "--store", "http://127.0.0.1:1"], "client"),
    ):
        said = run([estimates, *words], tmp_path, expected=2)
        assert f"pip install 'estimates-store[{extra}]'" in said
        assert said.count("\n") == 1
    assert "estimates-store[postgres]" in run(
        [estimates, "status", "--store", built_store],
        tmp_path,
        expected=2,
        ESTIMATES_CATALOG="postgresql+psycopg://nobody@127.0.0.1:1/none",
    )


@pytest.mark.stack
def test_accuracy_has_scipy(environment: Environment, tmp_path: Path) -> None:
    """[accuracy] compares two sets; [store] says that it takes that."""
    code = (
        "import numpy as np; from estimates.accuracy.diebold_mariano import statistic_of\n"
        "print(statistic_of(np.arange(30.0) % 7 - 2, 0)[2])"
    )
    assert run([environment("accuracy"), "-c", code], tmp_path) == "None\n"
    said = run([environment("store"), "-c", code], tmp_path, expected=1)
    assert "pip install 'estimates-store[accuracy]'" in said


@pytest.mark.stack
def test_the_service_needs_no_job_libraries(
    environment: Environment, built_store: Path, tmp_path: Path
) -> None:
    """[api] answers over HTTP without mlflow, statsforecast or alembic."""
    python = environment("api")
    assert importable(python, ("mlflow", "alembic", "statsforecast"), tmp_path) == set()
    ask = (
        "from litestar.testing import TestClient; from estimates import Store; from "
        "estimates_api.app import create_app\n"
        f"with TestClient(create_app(Store({str(built_store)!r}))) as client:\n"
        "    print(client.get('/v1/sets/scores/estimates/01?ref=1').text)"
    )
    assert '"score":0.5' in run([python, "-c", ask], tmp_path)


@pytest.mark.stack
def test_the_demo_runs_from_the_wheel(environment: Environment, tmp_path: Path) -> None:
    """[jobs] runs `estimates demo --no-serve` with the wheel's own migrations and examples."""
    demo = [command(environment("jobs")), "demo", "--no-serve", "--store", tmp_path / "store"]
    assert "refused" in run(demo, tmp_path)


@pytest.mark.stack
def test_charts_are_drawn(environment: Environment, tmp_path: Path) -> None:
    """[charts] makes pages with pictures; [store] says that it takes that."""
    (tmp_path / "a.csv").write_text("customer,score\n01,0.5\n02,0.25\n")
    (tmp_path / "b.csv").write_text("customer,score\n01,0.75\n02,0.25\n")
    diff = ["diff", "a.csv", "b.csv", "--key", "customer", "--format", "html"]
    assert "<svg" in run([command(environment("charts")), *diff], tmp_path)
    said = run([command(environment("store")), *diff], tmp_path, expected=2)
    assert "pip install 'estimates-store[charts]'" in said


@pytest.mark.stack
def test_postgres_has_its_driver(environment: Environment, tmp_path: Path) -> None:
    """[postgres] tries to reach the server; nobody is there, which is its own error."""
    status = [command(environment("postgres")), "status", "--store", tmp_path]
    url = "postgresql+psycopg://nobody@127.0.0.1:1/none"
    said = run(status, SOURCE, expected=3, ESTIMATES_CATALOG=url)
    assert "pip install" not in said
