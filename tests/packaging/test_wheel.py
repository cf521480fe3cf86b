"""The installed wheel, in environments that hold nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2]
CONTRACT = """
name = "scores"
[key.customer]
type = "string"
[columns.score]
role = "score"
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the source tree."""
    folder = tmp_path_factory.mktemp("wheel")
    _run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)], SOURCE)
    return next(folder.glob("*.whl"))


def _run(command: list[str], folder: Path, expected: int = 0) -> str:
    # The source tree must not be importable, so that what works works from the wheel.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == expected, done.stdout + done.stderr
    return done.stdout + done.stderr


def _environment(wheel: Path, extras: str, folder: Path) -> Path:
    """A new environment with the wheel and only what the extras need; the packages come from the
    installer's cache.
    """
    uv, python = str(Path(sys.executable).with_name("uv")), folder / "venv" / "bin" / "python"
    _run([uv, "venv", "--quiet", "--python", sys.executable, str(folder / "venv")], folder)
    install = [
        uv,
        "pip",
        "install",
        "--quiet",
        "--python",
        str(python),
        "--no-verify-hashes",
        "--constraints",
    ]
    _run([*install, str(SOURCE / "requirements" / "dev.txt"), f"{wheel}{extras}"], folder)
    return python


def _imports(python: Path, name: str, folder: Path) -> bool:
    return (
        subprocess.run(
            [python, "-c", f"import {name}"], cwd=folder, capture_output=True, check=False
        ).returncode
        == 0
    )


def test_the_wheel_carries_migrations_and_examples(wheel: Path) -> None:
    """Migrations and examples are inside the wheel, tests and benchmarks are not."""
    names = zipfile.ZipFile(wheel).namelist()
    assert "migrations/estimates_migrations/versions/0001_first.py" in names
    assert "jobs/examples/sp500-close.toml" in names
    assert "jobs/examples/sp500_daily_close.parquet" in names
    assert not [name for name in names if name.startswith(("tests/", "benchmarks/"))]


def test_a_reader_needs_neither_service_nor_mlflow(
    wheel: Path, tmp_path: Path, built_store: Path
) -> None:
    """The bare wheel reads a store, and says which extra a writing command needs."""
    python = _environment(wheel, "", tmp_path)
    assert not any(
        _imports(python, name, tmp_path)
        for name in ("litestar", "mlflow", "alembic", "statsforecast")
    )
    estimates = str(python.with_name("estimates"))
    assert '"score":0.5' in _run(
        [
            estimates,
            "get",
            "scores",
            "01",
            "--ref",
            "1",
            "--store",
            str(built_store),
            "--format",
            "json",
        ],
        tmp_path,
    )
    assert "estimates-store[jobs]" in _run(
        [estimates, "init", "--store", str(tmp_path / "new")], tmp_path, expected=2
    )


def test_the_service_needs_no_job_libraries(wheel: Path, tmp_path: Path, built_store: Path) -> None:
    """The wheel with the `api` extra answers over HTTP without mlflow, statsforecast or alembic."""
    python = _environment(wheel, "[api]", tmp_path)
    assert not any(
        _imports(python, name, tmp_path) for name in ("mlflow", "alembic", "statsforecast")
    )
    ask = (
        "from litestar.testing import TestClient; from estimates import Store; from "
        "estimates_api.app import create_app\n"
        f"with TestClient(create_app(Store({str(built_store)!r}))) as client:\n"
        "    print(client.get('/v1/sets/scores/estimates/01?ref=1').text)"
    )
    assert '"score":0.5' in _run([str(python), "-c", ask], tmp_path)


def test_the_demo_runs_from_the_wheel(wheel: Path, tmp_path: Path) -> None:
    """`estimates demo --no-serve` works from an installed wheel with its own migrations and
    examples.
    """
    python = _environment(wheel, "[jobs]", tmp_path)
    demo = [
        str(python.with_name("estimates")),
        "demo",
        "--no-serve",
        "--store",
        str(tmp_path / "store"),
    ]
    assert "refused" in _run(demo, tmp_path)


@pytest.fixture
def built_store(tmp_path: Path) -> Path:
    """A store with one published version, made by the source tree's own commands."""
    root = tmp_path / "built"
    (tmp_path / "scores.toml").write_text(CONTRACT)
    (tmp_path / "scores.csv").write_text("customer,score\n01,0.5\n02,0.25\n")
    estimates = str(Path(sys.executable).with_name("estimates"))
    for words in (["init"], ["define", "scores.toml"], ["publish", "scores", "scores.csv"]):
        _run([estimates, *words, "--store", str(root)], tmp_path)
    return root
