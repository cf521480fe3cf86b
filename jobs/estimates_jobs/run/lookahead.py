"""`--check-lookahead`: corrupt everything later than `data_through` and demand the same output.

Every file that an input names, by its source or in its query, is copied; in the copy, rows later
than `data_through` have every other column changed, and half of them are missing. Later is what the
input's time column says; in a file without that column (a static input, a file inside a query)
whatever date or timestamp column lies later. The job is imported anew and runs on the copies, in a
copy of the working directory.

Covered: what a job does with its inputs, static ones too; queries that look ahead before they are
filtered; files that an input names and the job opens itself by a relative path. Not covered: files
that no input names, files that the job opens by an absolute path, databases, the network, the
clock.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from datetime import datetime
from pathlib import Path

import duckdb
import msgspec
import polars as pl

from estimates.contract.conform import conform, name_keys
from estimates.contract.contract import Contract
from estimates.contract.duckdb_frames import frame_of, register
from estimates.contract.job_inputs import Input
from estimates.errors import EstimatesError, GateError
from estimates_jobs.run.calendars import Calendar
from estimates_jobs.run.context import Context
from estimates_jobs.run.inputs import (
    READERS,
    connect,
    known_limit,
    quoted,
    reader_of,
    source_files,
)
from estimates_jobs.run.job_function import Function, JobError
from estimates_jobs.run.references import with_values
from estimates_jobs.tables.table_files import read_table
from estimates_jobs.tables.table_sources import is_remote
from estimates_jobs.tables.table_words import is_stored_table
from estimates_jobs.tables.time_forms import time_form
from estimates_jobs.tables.typed_tables import typed_by_content

_LITERAL = re.compile(r"""'((?:[^']|'')*)'|"((?:[^"]|"")*)\"""")


class CorruptedRows(msgspec.Struct, frozen=True):
    """How many later rows were corrupted in how many files; 0 rows prove nothing."""

    files: int
    rows: int


def check_lookahead(function: Function, context: Context, frame: pl.DataFrame) -> CorruptedRows:
    """Run a job again without knowledge of the future; `context` and `frame` are those of the run
    to be checked.

    Raises GateError (`looks_ahead`) that names the input or the keys that differ.
    """
    contract = with_values(context.contract)
    files = _files(contract)
    with tempfile.TemporaryDirectory() as folder:
        mirror = Path(folder)
        rows = sum(
            _copy(path, _mirrored(mirror, path), times, context.data_through, context.calendar)
            for path, times in sorted(files.items())
        )
        with contextlib.chdir(_working_directory(mirror, list(files))):
            again = context.again(_on_copies(contract, mirror))
            _compare(function, context, frame, again)
    return CorruptedRows(len(files), rows)


def _compare(function: Function, context: Context, frame: pl.DataFrame, again: Context) -> None:
    """Run the job on the copies and demand the same inputs and the same output."""
    contract = context.contract
    function.reload()
    try:
        new = conform(function(again), contract)
    except (EstimatesError, JobError) as error:
        raise _looks_ahead(
            contract, f"without the data after data_through the job fails: {error}"
        ) from error
    digests = {digest.name: digest.digest for digest in again.digests}
    for digest in context.digests:
        if digests.get(digest.name) != digest.digest:
            raise _looks_ahead(
                contract,
                f"input {digest.name!r} depends on rows later than data_through: "
                f"{_hint(contract, digest.name)}",
            )
    old = conform(frame, contract)
    key = list(contract.key)
    only_old = old.join(new, on=old.columns, how="anti", nulls_equal=True)
    only_new = new.join(old, on=old.columns, how="anti", nulls_equal=True)
    differing = pl.concat([only_old, only_new]).select(key).unique(maintain_order=True)
    if differing.height:
        raise _looks_ahead(
            contract,
            f"the job looks ahead: without the data after data_through {differing.height} "
            f"keys are different: {name_keys(differing, key)}",
        )


def _looks_ahead(contract: Contract, reason: str) -> GateError:
    return GateError(
        "looks_ahead",
        f"{contract.name}: {reason}",
        remedy="let the job read through `context.input` alone, which ends at data_through",
    )


def _hint(contract: Contract, name: str) -> str:
    assert contract.job is not None
    if contract.job.inputs[name].static:
        return (
            "it is static, but has rows dated later; name the `time` column that says when a row "
            "was known"
        )
    return (
        "its query uses them before they are filtered out; aggregate inside the job, or by the "
        "time column"
    )


def _files(contract: Contract) -> dict[Path, set[str]]:
    """Every file that an input names, and the time columns of the inputs that name it."""
    files: dict[Path, set[str]] = {}
    for name, spec in (contract.job.inputs if contract.job else {}).items():
        for path in _files_of(name, spec):
            times = files.setdefault(Path(path).absolute(), set())
            if spec.time is not None:
                times.add(spec.time)
    return files


def _files_of(name: str, spec: Input) -> list[str]:
    where = f"input {name!r}"
    if spec.set is not None:
        return []  # a version that was there at data_through
    if spec.source is not None and (is_remote(spec.source) or is_stored_table(spec.source)):
        return []  # its rows are cut by the input's time column alone
    if spec.source is not None:
        return source_files(where, spec.source)
    literals = (single or double for single, double in _LITERAL.findall(spec.query or ""))
    return [
        path
        for text in literals
        if text.lower().endswith(tuple(READERS))
        for path in source_files(where, text.replace("''", "'"))
    ]


def _on_copies(contract: Contract, mirror: Path) -> Contract:
    """The contract with absolute paths turned into those of the copies."""
    assert contract.job is not None
    inputs = {
        name: msgspec.structs.replace(
            spec,
            source=spec.source and _mirrored_name(mirror, spec.source),
            query=spec.query
            and _LITERAL.sub(lambda match: _mirrored_literal(mirror, match), spec.query),
        )
        for name, spec in contract.job.inputs.items()
    }
    return msgspec.structs.replace(
        contract, job=msgspec.structs.replace(contract.job, inputs=inputs)
    )


def _mirrored_name(mirror: Path, path: str) -> str:
    return str(_mirrored(mirror, Path(path))) if Path(path).is_absolute() else path


def _mirrored_literal(mirror: Path, match: re.Match[str]) -> str:
    text = match.group(1) or match.group(2) or ""
    if not text.lower().endswith(tuple(READERS)):
        return match.group(0)
    quote = match.group(0)[0]
    return quote + _mirrored_name(mirror, text) + quote


def _mirrored(mirror: Path, path: Path) -> Path:
    """Where an absolute path lies in the copy."""
    return mirror.joinpath(*Path(os.path.normpath(path)).parts[1:])


def _working_directory(mirror: Path, files: list[Path]) -> Path:
    """A copy of the working directory, with links to everything but the files that were copied."""
    here = Path.cwd()
    folders = {here}
    for path in files:
        if path.is_relative_to(here):
            folders |= {folder for folder in path.parents if folder.is_relative_to(here)}
    for folder in sorted(folders):
        _mirrored(mirror, folder).mkdir(parents=True, exist_ok=True)
        for entry in folder.iterdir():
            copy = _mirrored(mirror, entry)
            if entry not in folders and not copy.exists():
                copy.symlink_to(entry)
    return _mirrored(mirror, here)


def _copy(
    path: Path, copy: Path, times: set[str], data_through: datetime, calendar: Calendar | None
) -> int:
    """Write a file's copy with later rows corrupted; returns how many there were."""
    copy.parent.mkdir(parents=True, exist_ok=True)
    reader = reader_of(str(path))
    by_duckdb = reader not in (None, "arrow")
    is_csv = by_duckdb and "read_csv" in str(reader)
    text = None if by_duckdb else read_table(path)
    is_text = is_csv or (text is not None and all(kind == pl.String for kind in text.dtypes))
    encoding = _encoding(path) if is_csv else None
    if encoding is not None:
        reader = f"{str(reader).removesuffix(')')}, encoding = '{encoding}')"
    with connect() as connection:
        if text is not None:
            original = text if reader else typed_by_content(str(path))
            register(connection, "original", original)
        else:
            connection.execute(f"CREATE TABLE original AS SELECT * FROM {reader}", [[str(path)]])
            _read_times(connection, times)
        types = {row[0]: row[1] for row in connection.execute("DESCRIBE original").fetchall()}
        later = _later(types, times, data_through, calendar)
        rows = connection.execute(f"SELECT count(*) FROM original WHERE {later}").fetchall()[0][0]
        # As text, so that what is not corrupted stays as it is written.
        if is_text and text is not None:
            register(connection, "written", text)
        elif is_csv:
            as_text = str(reader).replace("header = true", "header = true, all_varchar = true")
            connection.execute(f"CREATE TABLE written AS SELECT * FROM {as_text}", [[str(path)]])
        corrupted = _corrupted(types, later, "written" if is_text else None)
        if text is not None:  # whatever it is called: the content says what it is
            frame_of(connection.sql(corrupted)).write_ipc(copy)
        else:
            form = _format(connection, path, is_csv, encoding)
            connection.execute(f"COPY ({corrupted}) TO '{_escaped(copy)}' ({form})")
    if encoding is not None:
        copy.write_bytes(copy.read_text("utf-8").encode(encoding))
    return int(rows)


def _encoding(path: Path) -> str | None:
    """What a CSV file is written in that is no UTF-8: every file can be read as Latin-1."""
    if path.suffix == ".gz":
        return None
    try:
        path.read_text("utf-8")
    except UnicodeDecodeError:
        return "latin-1"
    return None


def _read_times(connection: duckdb.DuckDBPyConnection, times: set[str]) -> None:
    """Read columns of time that people wrote, which a query reads by a form of its own."""
    for name in times & {*connection.sql("SELECT * FROM original").columns}:
        text = frame_of(connection.sql(f"SELECT {quoted(name)} FROM original")).to_series()
        form = time_form(connection, text) if text.dtype == pl.String else None
        if form is not None:
            read = f"try_strptime(trim({quoted(name)}), '{form}') AS {quoted(name)}"
            connection.execute(
                f"CREATE OR REPLACE TABLE original AS SELECT * REPLACE ({read}) FROM original"
            )


def _later(
    types: dict[str, str], times: set[str], data_through: datetime, calendar: Calendar | None
) -> str:
    """The SQL condition for rows later than `data_through`: a declared time column, or else any
    that is a time.
    """
    limits = {
        name: limit
        for name, kind in types.items()
        if (limit := known_limit(kind, data_through, calendar))
    }
    columns = [name for name in limits if name in times] or list(limits)
    conditions = [f"coalesce(original.{quoted(name)} > {limits[name]}, false)" for name in columns]
    return " OR ".join(conditions) or "false"


def _corrupted(types: dict[str, str], later: str, written: str | None) -> str:
    """The SQL of the copy: later rows changed in every column but times, every second of them
    missing.
    """
    columns = []
    for name, kind in types.items():
        column = f"original.{quoted(name)}"
        changed, original = _change(column, kind), column
        if written is not None:
            original = f"{written}.{quoted(name)}"
            # a time stays as it is written, whatever form that has
            changed = original if changed == column else f"CAST({changed} AS VARCHAR)"
        columns.append(f"CASE WHEN {later} THEN {changed} ELSE {original} END AS {quoted(name)}")
    source = "original" if written is None else f"original POSITIONAL JOIN {written}"
    numbered = f"sum(CASE WHEN {later} THEN 1 ELSE 0 END) OVER (ROWS UNBOUNDED PRECEDING) % 2 = 1"
    return f"SELECT {', '.join(columns)} FROM {source} QUALIFY NOT ({later}) OR {numbered}"


def _change(column: str, kind: str) -> str:
    if kind == "DATE" or kind.startswith("TIMESTAMP"):
        return column
    if kind.startswith("DECIMAL"):
        return f"TRY_CAST(-{column} - 1 AS {kind})"
    if kind in ("DOUBLE", "FLOAT"):
        return f"-3 * {column} - 1"
    if kind.endswith("INT") or kind == "INTEGER" or kind == "UINTEGER":
        return f"~{column}"
    return {"VARCHAR": _other_text(column), "BOOLEAN": f"NOT {column}"}.get(kind, "NULL")


def _other_text(column: str) -> str:
    """Other digits where people wrote a number, which a query may read as one; else other text."""
    other_digits = f"translate({column}, '0123456789', '1234567891')"
    is_number = f"regexp_matches({column}, '^[-+]?\\d[\\d.,'' ]*$')"
    return f"CASE WHEN {is_number} THEN {other_digits} ELSE reverse({column}) || '?' END"


def _format(
    connection: duckdb.DuckDBPyConnection, path: Path, is_csv: bool, encoding: str | None
) -> str:
    if not is_csv:
        return "FORMAT parquet"
    sniffed = connection.execute(
        "SELECT Delimiter FROM sniff_csv(?, encoding = ?)", [str(path), encoding or "utf-8"]
    ).fetchall()
    return f"FORMAT csv, HEADER, DELIMITER '{_escaped(sniffed[0][0])}'"


def _escaped(text: object) -> str:
    return str(text).replace("'", "''")
