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
from estimates.contract.contract import Contract, Input
from estimates.errors import EstimatesError, GateError
from estimates_jobs.run.calendars import Calendar
from estimates_jobs.run.context import Context
from estimates_jobs.run.inputs import READERS, connect, file_kind, known_limit, quoted, source_files
from estimates_jobs.run.job_function import Function, JobError
from estimates_jobs.tables.table_files import read_table

_LITERAL = re.compile(r"""'((?:[^']|'')*)'|"((?:[^"]|"")*)\"""")


class Checked(msgspec.Struct, frozen=True):
    """How many later rows were corrupted in how many files; 0 rows prove nothing."""

    files: int
    rows: int


def check_lookahead(function: Function, context: Context, frame: pl.DataFrame) -> Checked:
    """Run a job again without knowledge of the future; `context` and `frame` are those of the run
    to be checked.

    Raises GateError (`looks_ahead`) that names the input or the keys that differ.
    """
    contract = context.contract
    files = _files(contract)
    with tempfile.TemporaryDirectory() as folder:
        mirror = Path(folder)
        rows = 0
        for path, times in sorted(files.items()):
            rows += _copy(
                path, _mirrored(mirror, path), times, context.data_through, context.calendar
            )
        with contextlib.chdir(_working_directory(mirror, list(files))):
            _compare(
                function,
                context,
                frame,
                Context(_on_copies(contract, mirror), context.data_through),
            )
    return Checked(len(files), rows)


def _compare(function: Function, context: Context, frame: pl.DataFrame, blind: Context) -> None:
    name = context.contract.name
    function.reload()
    try:
        again = conform(function(blind), context.contract)
    except (EstimatesError, JobError) as error:
        raise GateError(
            "looks_ahead", f"{name}: without the data after data_through the job fails: {error}"
        ) from error
    seen = {digest.name: digest.digest for digest in blind.digests}
    for digest in context.digests:
        if seen.get(digest.name) != digest.digest:
            raise GateError(
                "looks_ahead",
                f"{name}: input {digest.name!r} depends on rows later than data_through: "
                f"{_why(context, digest.name)}",
            )
    before, key = conform(frame, context.contract), list(context.contract.key)
    differing = pl.concat(
        [before.join(again, on=before.columns, how="anti", nulls_equal=True),
         again.join(before, on=before.columns, how="anti", nulls_equal=True)]
    ).select(key).unique(maintain_order=True)  # fmt: skip
    if differing.height:
        raise GateError(
            "looks_ahead",
            f"{name}: the job looks ahead: without the data after data_through {differing.height} "
            "keys are different: "
            f"{name_keys(differing, key)}",
        )


def _why(context: Context, name: str) -> str:
    assert context.contract.job is not None
    if context.contract.job.inputs[name].static:
        return "it is static, but has rows dated later; name the `time` column that says when a row was known"
    return "its query uses them before they are filtered out; aggregate inside the job, or by the time column"


def _files(contract: Contract) -> dict[Path, set[str]]:
    """Every file that an input names, and the time columns of the inputs that name it."""
    found: dict[Path, set[str]] = {}
    for name, spec in (contract.job.inputs if contract.job else {}).items():
        for path in _named(name, spec):
            times = found.setdefault(Path(path).absolute(), set())
            if spec.time is not None:
                times.add(spec.time)
    return found


def _named(name: str, spec: Input) -> list[str]:
    if spec.source is not None:
        return source_files(f"input {name!r}", spec.source)
    literals = [single or double for single, double in _LITERAL.findall(spec.query or "")]
    named = [text for text in literals if text.lower().endswith(tuple(READERS))]
    return [
        path for text in named for path in source_files(f"input {name!r}", text.replace("''", "'"))
    ]


def _on_copies(contract: Contract, mirror: Path) -> Contract:
    """The contract with absolute paths turned into those of the copies."""
    assert contract.job is not None
    inputs: dict[str, Input] = {}
    for name, spec in contract.job.inputs.items():
        if spec.source is not None:
            inputs[name] = msgspec.structs.replace(spec, source=_moved(mirror, spec.source))
        else:
            query = _LITERAL.sub(lambda match: _moved_literal(mirror, match), spec.query or "")
            inputs[name] = msgspec.structs.replace(spec, query=query)
    return msgspec.structs.replace(
        contract, job=msgspec.structs.replace(contract.job, inputs=inputs)
    )


def _moved(mirror: Path, path: str) -> str:
    return str(_mirrored(mirror, Path(path))) if Path(path).is_absolute() else path


def _moved_literal(mirror: Path, match: re.Match[str]) -> str:
    text = match.group(1) or match.group(2) or ""
    if not text.lower().endswith(tuple(READERS)):
        return match.group(0)
    quote = match.group(0)[0]
    return quote + _moved(mirror, text) + quote


def _mirrored(mirror: Path, path: Path) -> Path:
    """Where an absolute path lies in the copy."""
    return mirror.joinpath(*Path(os.path.normpath(path)).parts[1:])


def _working_directory(mirror: Path, files: list[Path]) -> Path:
    """A copy of the working directory: links to what is in it, but for the files that were copied."""
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
    kind = file_kind("look-ahead check", str(path))
    with connect() as connection:
        if READERS[kind] == "arrow":
            connection.register("original", read_table(path))
        else:
            connection.execute(
                f"CREATE TABLE original AS SELECT * FROM {READERS[kind]}", [[str(path)]]
            )
        types = {row[0]: row[1] for row in connection.execute("DESCRIBE original").fetchall()}
        later = _later(types, times, data_through, calendar)
        rows = connection.execute(f"SELECT count(*) FROM original WHERE {later}").fetchall()[0][0]
        csv = "read_csv" in READERS[kind]
        if csv:
            # As text, so that what is not corrupted stays as it is written.
            connection.execute(
                f"CREATE TABLE written AS SELECT * FROM {_as_text(kind)}", [[str(path)]]
            )
        corrupted = _corrupted(types, later, "written" if csv else None)
        if READERS[kind] == "arrow":
            connection.sql(corrupted).pl().write_ipc(copy)
        else:
            connection.execute(
                f"COPY ({corrupted}) TO '{_escaped(copy)}' ({_format(connection, path, csv)})"
            )
    return int(rows)


def _as_text(kind: str) -> str:
    return READERS[kind].replace("header = true", "header = true, all_varchar = true")


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
    declared = [name for name in limits if name in times] or list(limits)
    conditions = [f"coalesce(original.{quoted(name)} > {limits[name]}, false)" for name in declared]
    return " OR ".join(conditions) or "false"


def _corrupted(types: dict[str, str], later: str, written: str | None) -> str:
    """The SQL of the copy: later rows changed in every column but times, every second of them
    missing.
    """
    columns = []
    for name, kind in types.items():
        column = f"original.{quoted(name)}"
        change, keep = _change(column, kind), column
        if written is not None:
            change, keep = f"CAST({change} AS VARCHAR)", f"{written}.{quoted(name)}"
        columns.append(f"CASE WHEN {later} THEN {change} ELSE {keep} END AS {quoted(name)}")
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
    return {"VARCHAR": f"reverse({column}) || '?'", "BOOLEAN": f"NOT {column}"}.get(kind, "NULL")


def _format(connection: duckdb.DuckDBPyConnection, path: Path, csv: bool) -> str:
    if not csv:
        return "FORMAT parquet"
    delimiter = connection.execute("SELECT Delimiter FROM sniff_csv(?)", [str(path)]).fetchall()[0][
        0
    ]
    return f"FORMAT csv, HEADER, DELIMITER '{_escaped(delimiter)}'"


def _escaped(text: object) -> str:
    return str(text).replace("'", "''")
