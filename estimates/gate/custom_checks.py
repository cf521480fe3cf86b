"""Checks of a set's own: a Python function or a DuckDB query that the contract names."""

from __future__ import annotations

import hashlib
import importlib
import inspect
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl

from estimates.contract.conform import schema
from estimates.contract.contract import Contract
from estimates.contract.gate_policy import CustomCheck
from estimates.errors import InvalidError
from estimates.gate.cells import missing
from estimates.gate.check import OWN, ROWS, Check, Measure, Skip
from estimates.gate.evaluation_context import Case


def checks(contract: Contract) -> list[Check]:
    """The checks that a contract adds, by name; numbers count from 101."""
    return [
        _check(OWN + i, name, own)
        for i, (name, own) in enumerate(sorted(contract.gate.custom.items()))
    ]


def revisions(contract: Contract) -> dict[str, str]:
    """SHA-256 of the source of each module that holds a check, by name of the check; left out where
    there is none.
    """
    found: dict[str, str] = {}
    for name, own in sorted(contract.gate.custom.items()):
        if own.function is not None:
            try:
                source = inspect.getsource(importlib.import_module(own.function.partition(":")[0]))
            except Exception:  # the check itself says so, as an error
                continue
            found[name] = hashlib.sha256(source.encode()).hexdigest()
    return found


def _check(number: int, name: str, own: CustomCheck) -> Check:
    needs = own.sql is not None and re.search(
        r"\bbaseline\b", f"{own.sql} {own.offenders or ''}", re.IGNORECASE
    )
    return Check(
        number,
        name,
        own.title or name,
        3 if needs else 2,
        _by_query(own) if own.sql is not None else _by_function(own),
        own.unit,
        own.warn,
        own.block,
        worse=own.worse,
        depends_on=ROWS,
    )


def _by_function(own: CustomCheck) -> Callable[[Case], Measure | Skip]:
    """`function(candidate, baseline, contract)` gives (value, limit, offenders), or None for
    nothing to say.
    """

    def measure(case: Case) -> Measure | Skip:
        assert own.function is not None
        # Clones cost nothing, and what a function does to its frames in place is its own affair.
        before = None if case.baseline is None else case.before.clone()
        answer = _named(own.function)(case.frame.clone(), before, case.contract)
        if answer is None:
            return Skip("nothing_to_say")
        try:
            value, limit, offenders = answer
        except (TypeError, ValueError):
            raise InvalidError(
                "bad_check",
                f"{own.function} gave {answer!r:.100}, not (value, limit, offenders) or None",
            ) from None
        return _measure(
            case, float(value), offenders, None if limit is None else float(limit), own.function
        )

    return measure


def _by_query(own: CustomCheck) -> Callable[[Case], Measure | Skip]:
    def measure(case: Case) -> Measure | Skip:
        assert own.sql is not None
        tables = {"candidate": case.frame}
        if case.baseline is not None:
            tables["baseline"] = case.before
        found = _query(tables, own.sql)
        if found.shape != (1, 1):
            raise InvalidError(
                "bad_check",
                f"its query gave {found.height} rows of {found.width} columns, not one number",
            )
        value = found.item()
        if value is None:
            raise InvalidError("bad_check", "its query gave NULL")
        offenders = None if own.offenders is None else _query(tables, own.offenders)
        return _measure(case, float(value), offenders, None, "its query for offenders")

    return measure


def _measure(case: Case, value: float, offenders: Any, limit: float | None, where: str) -> Measure:
    rows = pl.DataFrame(offenders) if offenders is not None else pl.DataFrame()
    if rows.height and not set(case.key) <= set(rows.columns):
        raise InvalidError(
            "bad_check",
            f"{where} gave offenders with the columns {', '.join(rows.columns)}; the key is "
            f"{', '.join(case.key)}",
        )
    lots = (
        missing(case, _keys(case, rows, where).sort(case.key), "named by the check")
        if rows.height
        else []
    )
    n = case.frame.height
    return Measure(value, n, f"{value:.6g}", lots=lots, block=limit)


def _keys(case: Case, rows: pl.DataFrame, where: str) -> pl.DataFrame:
    """The keys of offenders in the contract's types."""
    wanted = {name: dtype for name, dtype in schema(case.contract).items() if name in case.key}
    try:
        keys = rows.select(pl.col(name).cast(dtype) for name, dtype in wanted.items())
    except pl.exceptions.PolarsError:
        keys = None
    if keys is None or keys.schema != wanted:  # a struct stays one
        given, asked = (
            ", ".join(f"{name} ({types[name]})" for name in case.key)
            for types in (rows.schema, wanted)
        )
        raise InvalidError(
            "bad_check",
            f"{where} gave offenders that are no keys: {given}; the contract says {asked}",
        )
    return keys


def _query(tables: dict[str, pl.DataFrame], sql: str) -> pl.DataFrame:
    import duckdb

    # One thread: sums of floats must not depend on how rows were shared out.
    settings = (
        "SET threads = 1; SET TimeZone = 'UTC'; SET enable_external_access = false; SET "
        "lock_configuration = true"
    )
    with duckdb.connect() as connection:
        connection.execute(settings)
        for name, frame in tables.items():
            connection.register(name, frame.to_arrow())
        try:
            return connection.sql(sql).pl()
        except duckdb.Error as error:
            raise InvalidError("bad_check", f"DuckDB: {error}") from None


def _named(function: str) -> Callable[..., Any]:
    """A function by `module:function`, from sys.path or the working directory."""
    module, _, name = function.partition(":")
    # Last, so that no file that happens to lie in the working directory hides a package.
    if str(Path.cwd()) not in sys.path:
        sys.path.append(str(Path.cwd()))
    importlib.invalidate_caches()
    try:
        found = getattr(importlib.import_module(module), name, None)
    except ModuleNotFoundError as error:
        raise InvalidError("bad_check", f"{function}: there is no module {error.name}") from None
    if not callable(found):
        raise InvalidError("bad_check", f"{function}: the module has no such function")
    return found
