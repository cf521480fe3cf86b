"""Who may import whom: the arrows, one place for each foreign system, and a library that loads
little.
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.trees import tree_of

pytestmark = pytest.mark.usefixtures("trees_stay")
PROJECT = Path(__file__).parents[2]
PACKAGES = ("estimates", "api", "jobs", "migrations")
# A foreign system, and the only places that know it.
HOMES = {
    "obstore": ("estimates/storage/objects.py", "estimates/storage/storage_errors.py"),
    "sqlalchemy": (
        "estimates/catalog/",
        "migrations/",
        "jobs/estimates_jobs/tables/database_tables.py",
    ),
    "alembic": ("migrations/",),
    "litestar": ("api/",),
    "granian": ("api/estimates_api/server.py", "jobs/estimates_jobs/cli/interface/server.py"),
    "opentelemetry": ("api/estimates_api/serving/telemetry.py",),
    "mlflow": ("jobs/estimates_jobs/tracking/client_record.py",),
    "statsforecast": (
        "jobs/estimates_jobs/builtin/forecast.py",
        "jobs/estimates_jobs/scaffold/model_choice.py",
    ),
    "exchange_calendars": ("jobs/estimates_jobs/run/calendars.py",),
    "httpx": (
        "estimates/client/",
        "jobs/estimates_jobs/notify/delivery.py",
        "api/estimates_api/access/issuer.py",
    ),
    "cryptography": ("estimates/principals/",),
    "jwt": ("api/estimates_api/access/issuer.py",),
    "click": ("jobs/estimates_jobs/cli/", "jobs/estimates_jobs/demo/"),
    "altair": ("estimates/render/vega.py",),
    "vl_convert": ("estimates/render/vega.py",),
    "zlib_ng": ("estimates/lookup/checksum.py",),
    "markdown_it": ("api/estimates_api/desk/markdown.py",),
    "rich": ("jobs/estimates_jobs/cli/", "jobs/estimates_jobs/demo/"),
}


def imported(file: Path) -> set[str]:
    """The top-level names that a file imports, anywhere in it."""
    names: set[str] = set()
    for node in ast.walk(tree_of(file)):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


def sources() -> Iterator[tuple[str, Path]]:
    """The project's own files by path from the project's folder."""
    for package in PACKAGES:
        for file in sorted((PROJECT / package).rglob("*.py")):
            yield file.relative_to(PROJECT).as_posix(), file


def test_one_foreign_system_one_place() -> None:
    """Each foreign system is imported in the places that are its home, and nowhere else."""
    strangers = [
        (path, system)
        for path, file in sources()
        for system in imported(file) & HOMES.keys()
        if not path.startswith(HOMES[system])
    ]
    assert strangers == []


def test_the_library_neither_prints_nor_reads_the_environment() -> None:
    """No print, and os.environ in settings.py only."""
    for path, file in sources():
        if path.startswith("estimates/"):
            text = file.read_text()
            calls = [node.func for node in ast.walk(tree_of(file)) if isinstance(node, ast.Call)]
            assert not [
                call for call in calls if isinstance(call, ast.Name) and call.id == "print"
            ], path
            assert path == "estimates/settings.py" or not re.search(r"\benviron\b|getenv", text), (
                path
            )


def loaded(code: str) -> set[str]:
    """The modules that a fresh interpreter has loaded after some code."""
    program = (
        "import json, sys\nbefore = "
        f"set(sys.modules)\n{code}\nprint(json.dumps(sorted(set(sys.modules) - before)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stdout))


def test_importing_the_library_loads_little() -> None:
    """`import estimates` loads nothing but itself; names are loaded when they are used."""
    names = {name.split(".")[0] for name in loaded("import estimates")}
    assert names - set(sys.stdlib_module_names) == {"estimates"}
    assert "sqlalchemy" in loaded("import estimates; estimates.Store")


@pytest.mark.parametrize(
    ("code", "never"),
    [
        (
            "import estimates.store.store, estimates.store.sweep",
            {"mlflow", "alembic", "litestar", "statsforecast", "pandas"},
        ),
        (
            "import estimates_api.app",
            {
                "mlflow",
                "alembic",
                "statsforecast",
                "pandas",
                "exchange_calendars",
                "altair",
                "estimates_jobs",
                "estimates_migrations",
            },
        ),
        (
            "import estimates_jobs.run.runner",  # publishing: of tracking it needs no client
            {"httpx", "mlflow", "alembic", "statsforecast", "pandas", "altair"},
        ),
        (
            "import estimates_jobs.cli",
            {
                "altair",
                "mlflow",
                "alembic",
                "statsforecast",
                "pandas",
                "litestar",
                "polars",
                "sqlalchemy",
            },
        ),
        (
            "import estimates_jobs.run.runner",
            {"mlflow", "alembic", "statsforecast", "litestar", "estimates_api"},
        ),
    ],
)
def test_what_is_never_loaded(code: str, never: set[str]) -> None:
    """Each part loads what it needs and none of the heavy rest."""
    assert loaded(code) & never == set()


def test_every_public_name_has_a_home() -> None:
    """Each name that `estimates` offers is found where it says that it is."""
    import estimates

    for name in estimates.__all__:
        assert getattr(estimates, name) is not None
