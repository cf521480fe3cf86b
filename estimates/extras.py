"""Which extra of the distribution brings a package, said where the package is missing.

The base needs msgspec alone; everything else is asked for: `pip install 'estimates-store[client]'`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

DISTRIBUTION = "estimates-store"
# The smallest extra that has the package.
_EXTRA_OF_PACKAGE = {
    "alembic": "jobs",
    "altair": "charts",
    "cachetools": "store",
    "click": "store",
    "cryptography": "signatures",
    "deltalake": "delta",
    "duckdb": "store",
    "exchange_calendars": "jobs",
    "granian": "api",
    "httpx": "client",
    "jsonschema": "hub",
    "jwt": "oidc",
    "litestar": "api",
    "mlflow": "jobs",
    "numpy": "store",
    "openlineage": "openlineage",
    "obstore": "store",
    "polars": "frames",
    "prometheus_client": "api",
    "psycopg": "postgres",
    "pyarrow": "store",
    "pyiceberg": "iceberg",
    "rich": "store",
    "scipy": "accuracy",
    "sqlalchemy": "store",
    "statsforecast": "jobs",
    "vl_convert": "charts",
    "yaml": "hub",
}


def install(extra: str) -> str:
    """The command that installs an extra."""
    return f"pip install '{DISTRIBUTION}[{extra}]'"


def missing_package(error: ModuleNotFoundError) -> str | None:
    """What to install for a module that was not found; None when no extra brings it."""
    extra = _EXTRA_OF_PACKAGE.get((error.name or "").partition(".")[0])
    if extra is None:
        return None
    if DISTRIBUTION in error.msg:  # `needs` has said it
        return error.msg
    return f"this needs {error.name}: {install(extra)}"


@contextmanager
def needs(extra: str) -> Iterator[None]:
    """Import within this what an extra brings.

    Raises ModuleNotFoundError that says which extra to install, where a package is missing.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if missing_package(error) is None:
            raise
        message = f"this needs {error.name}: {install(extra)}"
        raise ModuleNotFoundError(message, name=error.name) from error
