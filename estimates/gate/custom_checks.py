"""Checks of a set's own: a Python function or a DuckDB query that the contract names."""

import re
from collections.abc import Callable, Mapping
from threading import Timer
from typing import Any

import polars as pl

from estimates.contract import duckdb_frames
from estimates.contract.conform import key_schema, schema
from estimates.contract.contract import Contract
from estimates.contract.gate_policy import CustomCheck
from estimates.errors import InvalidError
from estimates.gate.broken_rules import whole_rows
from estimates.gate.check import FIRST_CUSTOM_NUMBER, ROWS_READABLE, Check, Measure, Skip
from estimates.gate.check_functions import loaded
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.offenders import OffenderGroup

# One thread: sums of floats must not depend on how rows were shared out.
_SETTINGS = (
    "SET threads = 1; SET TimeZone = 'UTC'; SET temp_directory = ''; "
    "SET enable_external_access = false; SET memory_limit = '4GB'; SET lock_configuration = true"
)
QUERY_S = 120.0  # that the SQL of a check may take
ANSWER_CELLS = 50_000_000  # that its answer may have, which DuckDB's limit does not count


_NUMBERS = frozenset(
    (
        "TINYINT",
        "SMALLINT",
        "INTEGER",
        "BIGINT",
        "UTINYINT",
        "USMALLINT",
        "UINTEGER",
        "UBIGINT",
        "FLOAT",
        "DOUBLE",
        "BOOLEAN",
    )
)


def custom_checks(contract: Contract) -> list[Check]:
    """The checks that a contract adds, by name; numbers count from 101."""
    declared = sorted(contract.gate.custom.items())
    return [
        _check(number, name, custom)
        for number, (name, custom) in enumerate(declared, start=FIRST_CUSTOM_NUMBER)
    ]


def unusable_queries(custom: CustomCheck, contract: Contract) -> str | None:
    """What is wrong with the SQL of a check, as the end of its path and a sentence: it is bound to
    tables with the contract's columns and no rows. None where it is fine, or no SQL.
    """
    if custom.sql is None:
        return None
    import duckdb

    with duckdb.connect() as connection:
        connection.execute(_SETTINGS)
        empty = pl.DataFrame(schema=schema(contract))
        for name in ("candidate", "baseline"):
            duckdb_frames.register(connection, name, empty)
        for field, sql in (("sql", custom.sql), ("offenders", custom.offenders)):
            if sql is None:
                continue
            try:
                answer = connection.sql(sql)
            except duckdb.Error as error:
                lines = str(error).partition("\n\n")[0].splitlines()  # its guess, without the query
                return f".{field}: {'; '.join(lines)}"
            problem = _number_problem(answer) if field == "sql" else _key_problem(answer, contract)
            if problem:
                return f".{field}: {problem}"
    return None


def _number_problem(answer: Any) -> str | None:
    if answer is None:
        return "it is no query; write SELECT and one number"
    types = [str(kind) for kind in answer.types]
    if len(types) != 1:
        return f"it gives {len(types)} columns ({', '.join(answer.columns)}); write one number"
    number = types[0].startswith(("DECIMAL", "HUGEINT", "UHUGEINT")) or types[0] in _NUMBERS
    return None if number else f"it gives {types[0]}; write a query that gives one number"


def _key_problem(answer: Any, contract: Contract) -> str | None:
    columns: list[str] = [] if answer is None else answer.columns
    missing = [name for name in contract.key if name not in columns]
    return f"it has no column {missing[0]!r}; it must give the key" if missing else None


def _check(number: int, name: str, custom: CustomCheck) -> Check:
    queries = "" if custom.sql is None else f"{custom.sql} {custom.offenders or ''}"
    reads_baseline = re.search(r"\bbaseline\b", queries, re.IGNORECASE)
    return Check(
        number,
        name,
        custom.title or name,
        3 if reads_baseline else 2,
        _by_function(custom) if custom.sql is None else _by_query(custom),
        unit=custom.unit,
        warn=custom.warn,
        block=custom.block,
        worse=custom.worse,
        depends_on=ROWS_READABLE,
    )


def _by_function(custom: CustomCheck) -> Callable[[EvaluationContext], Measure]:
    """`function(candidate, baseline, contract)` gives (value, limit, offenders), or None for
    nothing to say.
    """

    def measure(context: EvaluationContext) -> Measure:
        name = custom.function
        assert name is not None
        # Clones cost nothing, and what a function does to its frames in place is its own affair.
        before = None if context.baseline is None else context.baseline_frame.clone()
        answer = loaded(custom)(context.frame.clone(), before, context.contract)
        if answer is None:
            raise Skip("nothing_to_say")
        try:
            value, limit, offenders = answer
        except (TypeError, ValueError):
            raise InvalidError(
                "bad_check",
                f"{name} gave {answer!r:.100}, not (value, limit, offenders) or None",
            ) from None
        block = None if limit is None else float(limit)
        return _measure(context, float(value), offenders, block, name)

    return measure


def _by_query(custom: CustomCheck) -> Callable[[EvaluationContext], Measure]:
    def measure(context: EvaluationContext) -> Measure:
        assert custom.sql is not None
        tables = {"candidate": context.frame}
        if context.baseline is not None:
            tables["baseline"] = context.baseline_frame
        answer = _query(tables, custom.sql)
        if answer.shape != (1, 1):
            raise InvalidError(
                "bad_check",
                f"its query gave {answer.height} rows of {answer.width} columns, not one number",
            )
        value = answer.item()
        if value is None:
            raise InvalidError("bad_check", "its query gave NULL")
        offenders = None if custom.offenders is None else _query(tables, custom.offenders)
        return _measure(context, float(value), offenders, None, "its query for offenders")

    return measure


def _measure(
    context: EvaluationContext, value: float, offenders: Any, limit: float | None, author: str
) -> Measure:
    rows = pl.DataFrame(offenders) if offenders is not None else pl.DataFrame()
    if rows.height and not set(context.key) <= set(rows.columns):
        raise InvalidError(
            "bad_check",
            f"{author} gave offenders with the columns {', '.join(rows.columns)}",
            remedy=f"the key is {', '.join(context.key)}",
        )
    groups: list[OffenderGroup] = []
    if rows.height:
        keys = _typed_keys(context, rows, author).sort(context.key)
        groups = [whole_rows(context, keys, "named by the check")]
    n = context.frame.height
    return Measure(value, n, f"{value:.6g}", offender_groups=groups, block=limit)


def _typed_keys(context: EvaluationContext, rows: pl.DataFrame, author: str) -> pl.DataFrame:
    """The keys of offenders in the contract's types."""
    key_types = key_schema(context.contract)
    try:
        keys = rows.select(pl.col(name).cast(dtype) for name, dtype in key_types.items())
    except pl.exceptions.PolarsError:
        keys = None
    if keys is None or keys.schema != key_types:  # a struct stays one
        have, want = _type_text(context.key, rows.schema), _type_text(context.key, key_types)
        raise InvalidError(
            "bad_check",
            f"{author} gave offenders that are no keys: {have}",
            remedy=f"the contract says {want}",
        )
    return keys


def _type_text(names: list[str], types: Mapping[str, pl.DataType]) -> str:
    return ", ".join(f"{name} ({types[name]})" for name in names)


def _query(tables: dict[str, pl.DataFrame], sql: str) -> pl.DataFrame:
    import duckdb

    with duckdb.connect() as connection:
        connection.execute(_SETTINGS)
        for name, frame in tables.items():
            duckdb_frames.register(connection, name, frame)
        ending = Timer(QUERY_S, connection.interrupt)
        ending.start()
        try:
            return _answer(connection.sql(sql))
        except duckdb.InterruptException:
            message = f"the query took longer than {QUERY_S:g} s"
            raise InvalidError("bad_check", message, remedy="write one that takes less") from None
        except duckdb.OutOfMemoryException:
            message = "the query needs more than 4 GB of memory"
            raise InvalidError("bad_check", message, remedy="write one that needs less") from None
        except duckdb.Error as error:
            raise InvalidError("bad_check", f"DuckDB: {error}") from None
        finally:
            ending.cancel()


def _answer(relation: Any) -> pl.DataFrame:
    """The rows of a query, of which no more are read than an answer may have."""
    most = ANSWER_CELLS // max(1, len(relation.columns))
    answer = duckdb_frames.frame_of(relation.limit(most + 1))
    if answer.height > most:
        message = f"the query gives more than {most:,} rows"
        raise InvalidError("bad_check", message, remedy="write one that gives less")
    return answer
