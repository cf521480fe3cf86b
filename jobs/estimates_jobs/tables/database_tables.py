"""Tables of databases, and answers to their SQL.

PostgreSQL sends CSV (`COPY`), which is read a hundred times as fast as rows one by one; any other
database for which SQLAlchemy finds a driver sends rows. Nothing is written: the transaction is read
only where the database knows that.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

import polars as pl
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from estimates.contract.job_inputs import is_database
from estimates.errors import InvalidError, UnavailableError
from estimates.extras import needs
from estimates.render.wording import first_line
from estimates_jobs.tables.spooled_frames import SpooledFrames
from estimates_jobs.tables.stored_tables import StoredTable

_QUERY = re.compile(r"(.*?)[?&]query=(.*)", re.DOTALL)
_ROWS = 100_000  # rows that are fetched at once
_BYTES = 32 << 20  # of CSV that are parsed at once
_CONNECT_S = 10
# By the URL without its password, what passwords this process was given.
_PASSWORDS: dict[str, str] = {}
# PostgreSQL's numbers of types, and what they are in a frame; all others are text.
_TYPES: dict[int, pl.DataType | type[pl.DataType]] = {
    16: pl.Boolean,
    17: pl.Binary,
    20: pl.Int64,
    21: pl.Int16,
    23: pl.Int32,
    26: pl.Int64,
    700: pl.Float32,
    701: pl.Float64,
    1082: pl.Date,
    1114: pl.Datetime("us"),
    1184: pl.Datetime("us", "UTC"),
    1700: pl.Decimal,
}


class _Address(NamedTuple):
    """Where a table lies: the URL to connect to, and the table or the SQL there."""

    url: str
    table: str | None
    query: str | None


def without_password(word: str) -> str:
    """A word without the password that it has as a database's URL; the password is kept for when
    the word is read, and goes nowhere else.
    """
    if not is_database(word):
        return word
    address = urlsplit(word)
    if not address.password:
        return word
    user = address.netloc.rpartition("@")[0].partition(":")[0]
    shown = word.replace(address.netloc, f"{user}@{address.netloc.rpartition('@')[2]}", 1)
    _PASSWORDS[shown] = unquote(address.password)
    return shown


def database_table(word: str) -> StoredTable:
    """The rows of a table of a database, or of the answer to its SQL; a database counts no
    versions.

    Raises InvalidError: `bad_input` (what it refuses, or a word that names no table), `no_file`;
    UnavailableError `input_unreachable`.
    """
    shown = without_password(word)
    address = _address(shown)
    if address.url.startswith(("postgres:", "postgresql")):
        return StoredTable(
            shown, None, _copied(shown, address.url, _sql(address, postgresql.dialect()))
        )
    answer = SpooledFrames()
    with _answering(shown):
        engine = _engine(shown, sa.make_url(address.url))
        with engine.connect().execution_options(stream_results=True) as connection:
            result = connection.exec_driver_sql(_sql(address, engine.dialect))
            names = _unrepeated(shown, list(result.keys()))
            while batch := result.fetchmany(_ROWS):
                answer.add(_frame_of_rows([tuple(row) for row in batch], names))
    return StoredTable(shown, None, answer.rows(_frame_of_rows([], names)))


def _sql(address: _Address, dialect: sa.Dialect) -> str:
    if address.query is not None:
        query = address.query.strip().rstrip(";")
        return f"SELECT * FROM ({query}\n) q"  # the line break ends a comment at its end
    quoted = map(dialect.identifier_preparer.quote_identifier, (address.table or "").split("."))
    return f"SELECT * FROM {'.'.join(quoted)}"


def _engine(shown: str, url: sa.URL) -> sa.Engine:
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        raise InvalidError(  # else SQLite would make one
            "no_file",
            f"{shown}: there is no database {url.database}",
            remedy="a path from here follows three slashes, a whole one four",
        )
    return sa.create_engine(url, poolclass=sa.NullPool)


def _address(shown: str) -> _Address:
    url, query = shown, None
    if match := _QUERY.fullmatch(shown):
        url, query = match[1], match[2]
        query = query if re.search(r"\s", query) else unquote(query.replace("+", " "))
    parts = urlsplit(url)
    options = parse_qsl(parts.query, keep_blank_values=True)
    table = dict(options).get("table")
    if (table is None) == (query is None):
        raise InvalidError(
            "bad_input",
            f"{shown}: which table is meant?",
            remedy="end the URL in ?table=NAME, or in ?query=SQL",
        )
    netloc = parts.netloc
    if (password := _PASSWORDS.get(shown)) is not None:
        user, _, host = netloc.rpartition("@")
        netloc = f"{user}:{_escaped(password)}@{host}"
    others = urlencode([(name, value) for name, value in options if name != "table"])
    place = f"{parts.scheme}://{netloc}{parts.path}"
    return _Address(place + (f"?{others}" if others else ""), table, query)


def _escaped(password: str) -> str:
    return "".join(c if c.isalnum() else f"%{byte:02X}" for c in password for byte in c.encode())


def _copied(shown: str, url: str, sql: str) -> pl.LazyFrame:
    """What PostgreSQL answers to SQL, by COPY."""
    with needs("postgres"):
        import psycopg

    uri = re.sub(r"^postgres(ql)?(\+\w+)?:", "postgresql:", url)
    answer, content = SpooledFrames(), io.BytesIO()
    with (
        _answering(shown),
        psycopg.connect(uri, connect_timeout=_CONNECT_S, application_name="estimates") as session,
    ):
        session.read_only = True
        session.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        session.execute("SET datestyle TO ISO")
        session.execute("SET timezone TO 'UTC'")
        copy = f"COPY ({sql}\n) TO STDOUT CSV"
        described = session.execute(f"SELECT * FROM ({sql}\n) q LIMIT 0".encode()).description
        columns = [(column.name, column.type_code, column.scale) for column in described or ()]
        with session.cursor() as cursor, cursor.copy(copy.encode()) as rows:
            for block in rows:  # whole rows
                content.write(block)
                if content.tell() > _BYTES:
                    answer.add(_parsed(shown, content, columns))
                    content = io.BytesIO()
    last = _parsed(shown, content, columns)
    if last.height:
        answer.add(last)
    return answer.rows(last)


def _parsed(
    shown: str, content: io.BytesIO, columns: list[tuple[str, int, int | None]]
) -> pl.DataFrame:
    """CSV of PostgreSQL in the types of its columns; an empty cell is null, a quoted one text."""
    names = [name for name, _, _ in columns]
    if not content.tell():
        text = pl.DataFrame(schema=dict.fromkeys(names, pl.String))
    else:
        content.seek(0)
        schema = {f"{number}": pl.String for number in range(len(names))}
        text = pl.read_csv(content, has_header=False, schema=schema, infer_schema=False)
        text.columns = _unrepeated(shown, names)
    try:
        return text.select(
            _typed(text.get_column(name), _TYPES.get(oid, pl.String), scale)
            for name, oid, scale in columns
        )
    except pl.exceptions.PolarsError as error:
        raise InvalidError(
            "bad_input",
            f"{shown}: {first_line(error)}",
            remedy="leave such values out, or cast them in a query",
        ) from None


def _unrepeated(shown: str, names: list[str]) -> list[str]:
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise InvalidError(
            "bad_input",
            f"{shown}: has two columns {', '.join(sorted(twice))}",
            remedy="name them apart in the query: SELECT a.id, b.id AS other_id",
        )
    return names


def _typed(text: pl.Series, dtype: Any, scale: int | None) -> pl.Series:
    if dtype == pl.String:
        return text
    if dtype == pl.Boolean:
        return text == "t"
    if dtype == pl.Binary:
        return text.str.slice(2).str.decode("hex")
    if dtype == pl.Date:
        return text.str.to_date("%Y-%m-%d")
    if dtype == pl.Decimal:
        return _decimals(text, scale)
    if isinstance(dtype, pl.Datetime):
        moments = text.str.strip_suffix("+00").str.to_datetime("%Y-%m-%d %H:%M:%S%.f")
        return moments.dt.cast_time_unit("us").dt.replace_time_zone(dtype.time_zone)
    return text.cast(dtype)


def _decimals(text: pl.Series, scale: int | None) -> pl.Series:
    """Decimals as such, as far as 38 digits hold them; NaN and what is longer as floats."""
    if scale is None:
        digits = text.str.extract(r"\.(\d+)$").str.len_chars().max()
        scale = digits if isinstance(digits, int) else 0
    decimals = text.cast(pl.Decimal(38, scale), strict=False) if scale <= 38 else None
    is_exact = decimals is not None and decimals.null_count() == text.null_count()
    return decimals if decimals is not None and is_exact else text.cast(pl.Float64)


def _frame_of_rows(rows: list[tuple[Any, ...]], names: list[str]) -> pl.DataFrame:
    frame = pl.DataFrame(rows, schema=names, orient="row", infer_schema_length=None, strict=False)
    return frame.with_columns(
        pl.Series(name, [None if value is None else str(value) for value in frame[name]], pl.String)
        for name, dtype in frame.schema.items()
        if dtype == pl.Object
    )


@contextmanager
def _answering(shown: str) -> Iterator[None]:
    """Turns what drivers raise into our errors; none of their texts holds a password."""
    try:
        yield
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise InvalidError(
            "bad_input",
            f"{shown}: no driver for it is installed: {first_line(error)}",
            remedy="install the database's package for SQLAlchemy",
        ) from None
    except SQLAlchemyError as error:
        raise _error(shown, getattr(error, "orig", None) or error) from None
    except Exception as error:
        if type(error).__module__.partition(".")[0] != "psycopg":
            raise
        raise _error(shown, error) from None


def _error(shown: str, error: BaseException) -> InvalidError | UnavailableError:
    """Whether another try may help: an operational error does not say that a login, a database or
    a table is wrong.
    """
    state = getattr(error, "sqlstate", None)
    is_passing = type(error).__name__ == "OperationalError" and not (
        "FATAL:" in str(error) or "no such" in str(error) or "syntax" in str(error)
    )
    if (state or "").startswith(("08", "53", "57")) or (state is None and is_passing):
        return UnavailableError(
            "input_unreachable",
            f"{shown}: {first_line(error)}",
            remedy="check host and port, then try again",
        )
    return InvalidError(
        "bad_input",
        f"{shown}: {first_line(error)}",
        remedy="mend the name or the query; logins come from PGPASSWORD, PGSERVICE or ~/.pgpass",
    )
