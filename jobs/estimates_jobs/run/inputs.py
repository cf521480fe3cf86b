"""Inputs: tables as a run may see them, cut at `data_through`, in one order, with a digest.

When a row was known is what the input's `time` column says: a timestamp is that instant (without a
zone: UTC); a date is known on that date in UTC, or from the session's close where the set follows
an exchange; a row without a time is never known.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from glob import glob
from pathlib import Path

import duckdb
import msgspec
import polars as pl

from estimates import instants
from estimates.catalog.records import InputDigest
from estimates.contract.duckdb_frames import frame_of, register
from estimates.contract.job_inputs import Input
from estimates.contract.trusted_code import check_address
from estimates.errors import EstimatesError, InvalidError, UnavailableError
from estimates.redaction import redacted
from estimates_jobs.run.calendars import Calendar
from estimates_jobs.run.pinned_input import Pins, Reading
from estimates_jobs.tables.csv_files import column_names
from estimates_jobs.tables.stored_tables import StoredTable
from estimates_jobs.tables.table_files import collected, read_table
from estimates_jobs.tables.table_sources import is_remote, parts_of
from estimates_jobs.tables.table_words import opened, with_query
from estimates_jobs.tables.typed_tables import typed_by_content

READERS = {
    ".csv": "read_csv(?, header = true, sample_size = -1, union_by_name = true)",
    ".csv.gz": "read_csv(?, header = true, sample_size = -1, union_by_name = true)",
    ".tsv": "read_csv(?, header = true, sample_size = -1, union_by_name = true)",
    ".parquet": "read_parquet(?, union_by_name = true)",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".ipc": "arrow",
}
ReadFile = Callable[[str], pl.DataFrame]
# What DuckDB says of a file or an address that it may not read.
_REFUSED = re.compile(r"Permission denied|HTTP (code )?40[13]|40[13] \(?(Unauthorized|Forbidden)")
# One that is installed could fetch from the network.
_NO_EXTENSIONS = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}
_SLICE = 100_000  # rows that are turned into text at once for the digest


def read_input(
    name: str,
    spec: Input,
    data_through: datetime,
    calendar: Calendar | None = None,
    read: ReadFile | None = None,
    text: Sequence[str] = (),
    pins: Pins | None = None,
) -> Reading:
    """The rows of an input that were known at `data_through`, sorted by all columns.

    read  reads one file of a source in place of DuckDB, where types must not be guessed
    text  columns of CSV files whose type is not guessed: codes such as 250.10 and 1e5 stay as they
          are written
    pins  which versions of sources that count them are read, now and by a rerun; of a database the
          digest that its answer had
    The digest is the SHA-256 of column names, types and rows; the order of rows and of files does
    not change it.
    Raises InvalidError: `no_file`, `bad_input` (unreadable file or SQL, types that have no place in
    a frame), `no_column`, `time_type` (the time column is no date or timestamp); UnavailableError
    `input_unreachable`; RefusedError `host_not_allowed`.
    """
    pins = pins or Pins()
    check_address(spec.source or "", f"input {name!r}")
    with connect() as connection:
        try:
            stored = _stored(name, spec, pins)
            if stored is not None:
                register(connection, "stored", collected(stored.rows, stored.name))
                relation = connection.sql("SELECT * FROM stored")
            else:
                relation = _relation(connection, name, spec, read, text)
            frame = _known(relation, name, spec, data_through, calendar)
            register(
                connection, "dated", frame if spec.time is None else frame.drop_nulls(spec.time)
            )
            # sorts nested columns too
            rows = frame_of(connection.sql("SELECT * FROM dated ORDER BY ALL"))
            digest = InputDigest(
                name,
                redacted(str(spec.source or spec.query) if stored is None else stored.name),
                _digest(connection, rows),
                rows.height,
                None if stored is None else stored.version,
                newest=_newest(rows, spec, data_through, calendar),
            )
        except EstimatesError:
            raise
        except (duckdb.Error, pl.exceptions.PolarsError, OSError) as error:
            raise unreadable(f"input {name!r}", error) from error
    is_changed = stored is not None and stored.version is None and pins.differs(digest)
    return Reading(rows, digest, frame.height - rows.height, is_changed)


def _stored(name: str, spec: Input, pins: Pins) -> StoredTable | None:
    """The Delta or Iceberg table, or the database, that an input is; pinned to its version."""
    if spec.source is None:
        return None
    table = opened(with_query(spec.source, spec.query), pins.version(name))
    if table is not None and table.version is not None:
        pins.pin(name, table.version)
    return table


def connect() -> duckdb.DuckDBPyConnection:
    """A DuckDB in memory that computes the same thing every time: one thread, UTC, nothing fetched
    from the network.
    """
    connection = duckdb.connect(config={"threads": 1, **_NO_EXTENSIONS})
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET python_enable_replacements = false")
    return connection


def source_files(where: str, source: str) -> list[str]:
    """The files of a path, a folder or a glob, sorted; raises InvalidError `no_file`."""
    files = [part.name for part in parts_of(source)] if _is_there(source) else []
    if not files:
        raise InvalidError(
            "no_file",
            f"{where}: no file matches {source!r}",
            remedy=f"relative paths start at the working directory, {Path.cwd()}: run it from "
            "where the source lies, or write a whole path",
        )
    return files


def _is_there(source: str) -> bool:
    return any(path.is_file() or path.is_dir() for path in _matches(source))


def _matches(source: str) -> list[Path]:
    return [Path(source)] if Path(source).exists() else [*map(Path, glob(source, recursive=True))]


def reader_of(path: str) -> str | None:
    """How DuckDB reads a file, by its ending; None where the content says what it is."""
    return next((READERS[end] for end in READERS if path.lower().endswith(end)), None)


def unreadable(where: str, error: Exception) -> EstimatesError:
    """What a caller can do about a failed read: wait for what is out of reach, change everything
    else.
    """
    line = _message(error)
    missing = "No files found" in line or isinstance(error, FileNotFoundError)
    if isinstance(error, PermissionError) or _REFUSED.search(line):
        return InvalidError(
            "bad_input",
            f"{where}: may not be read: {line}",
            remedy="change its permissions, or who runs this",
        )
    if isinstance(error, OSError | duckdb.IOException | duckdb.ConnectionException) and not missing:
        return UnavailableError(
            "input_unreachable",
            f"{where}: cannot be reached: {line}",
            remedy="try again later, or name another source",
        )
    return InvalidError(
        "no_file" if missing else "bad_input",
        f"{where}: cannot be read: {line}",
        remedy="mend the file, or what [job.inputs] says of it",
    )


def _message(error: Exception) -> str:
    """What a library's error says, in one line: of a CSV file also the file, the line and the cell,
    without the settings that DuckDB lists after them.
    """
    text = str(error)
    cause = re.split(
        r"\nColumn \S+ is being|\nPossible \w+:|\nThe search space|\n\s*file = ", text, maxsplit=1
    )[0]
    lines = (line.strip() for line in cause.splitlines())
    message = "; ".join(line for line in lines if line.strip("^")) or type(error).__name__
    file = re.search(r"^\s*file = (.+)$", text, re.MULTILINE)
    if file is None:
        return message
    return f"{file[1].strip()}: {message}; mend the cell, or take the column as text in a query"


def _relation(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    spec: Input,
    read: ReadFile | None,
    text: Sequence[str],
) -> duckdb.DuckDBPyRelation:
    if spec.query is not None:
        # Wrapped, so that only a query passes; the line break ends a comment at its end.
        return connection.sql(f"SELECT * FROM ({spec.query.strip().rstrip(';')}\n)")
    assert spec.source is not None
    where = f"input {name!r}"
    if is_remote(spec.source) or Path(spec.source).is_dir():
        table = read(spec.source) if read else typed_by_content(spec.source, text)
        register(connection, "files", table)
        return connection.sql("SELECT * FROM files")
    files = source_files(where, spec.source)
    if read is None:
        readers = {reader_of(path) for path in files}
        if len(readers) > 1:
            raise InvalidError(
                "bad_input",
                f"{where}: {spec.source!r} matches files of different kinds: {', '.join(files)}",
                remedy="name those of one kind by a narrower pattern",
            )
        if None in readers:  # JSON, and what DuckDB does not unpack
            register(connection, "files", typed_by_content(spec.source, text))
            return connection.sql("SELECT * FROM files")
        if readers != {"arrow"}:
            relation = _typed_by_duckdb(connection, str(readers.pop()), files, text)
            if not files[0].endswith(".parquet"):
                _check_header(relation.columns, files)
            return relation
    register(connection, "files", pl.concat(map(read or read_table, files), how="diagonal"))
    return connection.sql("SELECT * FROM files")


def _typed_by_duckdb(
    connection: duckdb.DuckDBPyConnection, reader: str, files: list[str], text: Sequence[str]
) -> duckdb.DuckDBPyRelation:
    """Files with the types that DuckDB guesses, but for columns of text that they have."""
    if text and reader.startswith("read_csv"):
        options = reader.removesuffix(")")
        names = connection.sql(f"SELECT * FROM {options}, all_varchar = true)", params=[files])
        folders = {part.partition("=")[0] for part in Path(files[0]).parts if "=" in part}
        kinds: dict[str, dict[str, str]] = {}
        for name in set(text) & set(names.columns):
            kinds.setdefault("hive_types" if name in folders else "types", {})[name] = "VARCHAR"
        if kinds:
            typed = f"SELECT * FROM {options}{''.join(f', {kind} = ?' for kind in kinds)})"
            return connection.sql(typed, params=[files, *kinds.values()])
    return connection.sql(f"SELECT * FROM {reader}", params=[files])


def _check_header(columns: list[str], files: list[str]) -> None:
    """DuckDB passes over lines until all have as many cells as it likes, the header among them; so
    the columns have to be those of the files' first lines. Raises InvalidError `bad_file`.
    """
    for file in files:
        names = column_names(file)
        if not set(names) <= set(columns):
            read_table(file)  # says which line is to blame
            raise InvalidError(
                "bad_file",
                f"{file}: its first line names {', '.join(names)}, and what stands below is read "
                f"as {', '.join(columns)}",
                remedy="write the table again, every line with as many cells",
            )


def _known(
    relation: duckdb.DuckDBPyRelation,
    name: str,
    spec: Input,
    data_through: datetime,
    calendar: Calendar | None,
) -> pl.DataFrame:
    """The rows known at `data_through`, and those without a time, which the caller counts."""
    if spec.time is None:
        return frame_of(relation)
    return frame_of(_known_relation(relation, name, spec, data_through, calendar))


def _known_relation(
    relation: duckdb.DuckDBPyRelation,
    name: str,
    spec: Input,
    data_through: datetime,
    calendar: Calendar | None,
) -> duckdb.DuckDBPyRelation:
    assert spec.time is not None
    types = dict(zip(relation.columns, map(str, relation.types), strict=True))
    if spec.time not in types:
        raise InvalidError(
            "no_column",
            f"input {name!r}: there is no time column {spec.time!r}; columns: {', '.join(types)}",
            remedy=f"write one of these as time under [job.inputs.{name}]",
        )
    kind = types[spec.time]
    limit = known_limit(kind, data_through, calendar)
    if limit is None:
        is_text = kind == "VARCHAR"
        raise InvalidError(
            "time_type",
            f"input {name!r}: the time column {spec.time!r} is {'text' if is_text else kind}, "
            "not a date or a timestamp",
            remedy="write its dates as 2026-11-24, or cast it in a query",
        )
    column = quoted(spec.time)
    return relation.filter(f"{column} IS NULL OR {column} <= {limit}")


def newest_moment(
    name: str, spec: Input, now: datetime, calendar: Calendar | None = None
) -> datetime | None:
    """The moment of the newest row of an input that was known at `now`; None where it has no row,
    or no time. Raises what `read_input` does.
    """
    if spec.time is None:
        return None
    check_address(spec.source or "", f"input {name!r}")
    with connect() as connection:
        try:
            stored = _stored(name, spec, Pins())
            if stored is not None:
                register(connection, "stored", collected(stored.rows, stored.name))
                relation = connection.sql("SELECT * FROM stored")
            else:
                relation = _relation(connection, name, spec, None, ())
            column = _known_relation(relation, name, spec, now, calendar)
            newest = frame_of(column.max(quoted(spec.time)))
        except EstimatesError:
            raise
        except (duckdb.Error, pl.exceptions.PolarsError, OSError) as error:
            raise unreadable(f"input {name!r}", error) from error
    return _newest(newest.select(pl.first().alias(spec.time)), spec, now, calendar)


def _newest(
    rows: pl.DataFrame, spec: Input, data_through: datetime, calendar: Calendar | None
) -> datetime | None:
    """The moment of the newest row, of a date its end, at most `data_through`."""
    if spec.time is None:
        return None
    newest = rows[spec.time].max()
    if isinstance(newest, datetime):
        moment = newest if newest.tzinfo else newest.replace(tzinfo=UTC)
    elif isinstance(newest, date):
        moment = calendar.known_at(newest) if calendar else instants.end_of_day(newest)
    else:
        return None
    return min(moment.astimezone(UTC), data_through)


def known_limit(kind: str, data_through: datetime, calendar: Calendar | None) -> str | None:
    """The last value of a column of a DuckDB type that is known at `data_through`, in SQL; None
    where it is no time.
    """
    if kind == "DATE":
        in_utc = data_through.astimezone(UTC).date()
        day = calendar.known_through(data_through) if calendar else in_utc
        return f"DATE '{day.isoformat()}'"
    if not kind.startswith("TIMESTAMP"):
        return None
    moment = data_through.astimezone(UTC).replace(tzinfo=None).isoformat(" ")
    has_zone = kind == "TIMESTAMP WITH TIME ZONE"
    return f"TIMESTAMPTZ '{moment}+00'" if has_zone else f"TIMESTAMP '{moment}'"


def _digest(connection: duckdb.DuckDBPyConnection, frame: pl.DataFrame) -> str:
    """SHA-256 of names, types and rows as CSV: null is an empty field, text is quoted, floats are
    written exactly.
    """
    schema = [[name, str(dtype)] for name, dtype in frame.schema.items()]
    digest = hashlib.sha256(msgspec.json.encode(schema))
    nested = [
        name
        for name, dtype in frame.schema.items()
        if dtype.is_nested() or dtype in (pl.Binary, pl.Object)
    ]
    if nested:
        register(connection, "nested", frame)
        casts = ", ".join(f"{quoted(name)}::VARCHAR AS {quoted(name)}" for name in nested)
        frame = frame_of(connection.sql(f"SELECT * REPLACE ({casts}) FROM nested"))
    for part in frame.iter_slices(_SLICE):
        digest.update(part.write_csv(include_header=False, quote_style="non_numeric").encode())
    return digest.hexdigest()


def quoted(name: str) -> str:
    """An SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
