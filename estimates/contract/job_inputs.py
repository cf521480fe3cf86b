"""What computes the estimates of a set: its job, and the tables that the job reads."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from estimates.contract.columns import Part, refuse

# What the URL of a database begins with, before the name of a driver: SQLAlchemy's dialects.
_DIALECTS = (
    "bigquery|clickhouse|clickhousedb|databricks|duckdb|mariadb|mssql|mysql|oracle|postgres"
    "|postgresql|redshift|snowflake|sqlite|trino"
)
_DATABASE = re.compile(rf"({_DIALECTS})(\+\w+)?://")
_VARIABLE = re.compile(r"env:([A-Za-z_][A-Za-z0-9_]*)")


def variable_of(content: Any) -> str | None:
    """The variable of the environment that a text refers to by `env:NAME`; None where it is no
    such text. Its value is known to a run alone.
    """
    match = _VARIABLE.fullmatch(content) if isinstance(content, str) else None
    return None if match is None else match[1]


def is_database(source: str) -> bool:
    """Whether a source is the URL of a database, such as `postgresql://host/name?table=sales`."""
    return _DATABASE.match(source) is not None


def _database_problems(source: str, query: str | None) -> Iterator[str]:
    address = urlsplit(source)
    options = dict(parse_qsl(address.query))
    if address.password or "password" in options:
        yield (
            "a contract is read by many: leave the password out of 'source'; a run takes it from "
            "the environment (PGPASSWORD, PGSERVICE) or from ~/.pgpass"
        )
    named = [query, options.get("table"), options.get("query")]
    if named.count(None) != 2:
        yield "a database needs one table, '…?table=NAME', or one query, '…?query=SQL' or 'query'"


class Input(Part, frozen=True):
    """One input of a job: a table, a query, or a set of the same store.

    source  a file, a folder or a glob of any form of table, relative to the working directory of
            the run; a Delta or Iceberg table; a database; `env:NAME`, the variable that names it
    query   DuckDB SQL instead of a source; beside a database, SQL of that
    set     the version of another set that was in production at `data_through`
    time    the column that says when a row became known; rows after `data_through` are filtered out
    static  true: the input has no time and is passed whole
    """

    source: str | None = None
    query: str | None = None
    set: str | None = None
    time: str | None = None
    static: bool = False

    def __post_init__(self) -> None:
        if self.source is not None and is_database(self.source):
            refuse(*_database_problems(self.source, self.query))
        elif variable_of(self.source) is not None and self.set is None:
            pass  # of a database, perhaps; the run knows
        elif [self.source, self.query, self.set].count(None) != 2:
            raise ValueError("an input names one of 'source', 'query' and 'set'")
        if self.set is not None:
            if self.time is not None or self.static:
                raise ValueError(
                    "a set has neither 'time' nor 'static': the version is passed that was in "
                    "production at data_through"
                )
        elif (self.time is None) != self.static:
            raise ValueError(
                "an input names its 'time' column, or says static = true; a job must not look "
                "ahead by accident"
            )


BUILTIN_JOBS = ("forecast", "load")  # jobs that come with the distribution and need no module


class Job(Part, frozen=True):
    """What computes the estimates: `module:function`, or the name of a built-in job; its parameters
    and inputs. A parameter may be `env:NAME`.
    """

    function: str
    parameters: dict[str, Any] = msgspec.field(default_factory=dict)
    inputs: dict[str, Input] = msgspec.field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.function not in BUILTIN_JOBS and not re.fullmatch(r"[\w.]+:\w+", self.function):
            raise ValueError(
                f"{self.function!r} does not name a function; write module:function, "
                f"or a built-in job: {' or '.join(BUILTIN_JOBS)}"
            )
