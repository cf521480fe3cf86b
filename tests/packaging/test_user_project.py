"""A wheel used from a project that has packages of its own called `api`, `jobs` and
`migrations`.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import httpx
import pytest

from tests.packaging.environments import run
from tests.ports import free_port
from tests.waiting import until

CONTRACT = """
name = "demand"
[key.shop]
type = "string"
[columns.sold]
role = "point"
[gate]
promote = "automatic"
[job]
function = "jobs.demand:mean_sold"
[job.inputs.sales]
source = "sales.csv"
static = true
"""
DEMAND = '''
import polars as pl

from jobs.rounding import PLACES


def mean_sold(context):
    """The mean of what each shop sold."""
    sales = context.input("sales").with_columns(pl.col("sold").cast(pl.Float64))
    return sales.group_by("shop").agg(pl.col("sold").mean().round(PLACES)).sort("shop")
'''


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with its own packages; those that must not be imported say so."""
    for package in ("api", "jobs", "migrations"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").touch()
    for package in ("api", "migrations"):
        (tmp_path / package / "__init__.py").write_text(
            f'raise ImportError("{package} of the user")'
        )
    (tmp_path / "jobs" / "demand.py").write_text(DEMAND)
    (tmp_path / "jobs" / "rounding.py").write_text("PLACES = 3\n")
    (tmp_path / "demand.toml").write_text(CONTRACT)
    (tmp_path / "sales.csv").write_text("shop,sold\nnorth,1\nnorth,2\nsouth,5\n")
    return tmp_path


@pytest.mark.stack
@pytest.mark.parametrize(
    "on_path", [pytest.param(False, id="working_directory"), pytest.param(True, id="PYTHONPATH")]
)
def test_a_project_with_packages_of_the_same_names(
    request: pytest.FixtureRequest, project: Path, on_path: bool
) -> None:
    """The store is made by our migrations, the user's job runs with its own modules, the service
    answers.
    """
    if on_path:  # with the packages of these tests, which are compiled already
        python: Path = request.getfixturevalue("lent_environment")
    else:
        python = request.getfixturevalue("environment")("jobs,api")
    estimates = python.with_name("estimates")
    variables = {"MLFLOW_DISABLE_TELEMETRY": "true"}
    if on_path:  # and without a record in MLflow, which takes as long as all else
        variables |= {"PYTHONPATH": str(project), "MLFLOW_TRACKING_URI": "http://127.0.0.1:9"}
    for words in (["init"], ["define", "demand.toml"], ["run", "demand"], ["migrate"]):
        run([estimates, *words, "--store", "store"], project, **variables)
    code = "from estimates import Store; print(Store('store')['demand'].resolve(1).provenance.code)"
    assert len(run([python, "-c", code], project, **variables).strip()) == 64
    port = free_port()
    serve = [estimates, "serve", "--store", "store", "--port", str(port)]
    process = subprocess.Popen(serve, cwd=project, env=variables, start_new_session=True)
    try:
        answer = _get(f"http://127.0.0.1:{port}/v1/sets/demand/estimates/north?ref=1", process)
    finally:
        process.terminate()
        process.wait(60)
    assert answer["estimate"] == {"shop": "north", "sold": 1.5}


def _get(url: str, process: subprocess.Popen[bytes]) -> dict[str, object]:
    """The answer of a service of another environment, once it listens."""

    def answer() -> dict[str, object] | None:
        assert process.poll() is None, "the service has ended"
        try:
            return httpx.get(url).raise_for_status().json()
        except httpx.TransportError:
            return None

    body = until(answer)
    assert body is not None
    return body
