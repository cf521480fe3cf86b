"""Tables of actual values: a file, or a query that DuckDB answers."""

from __future__ import annotations

import re

import polars as pl

from estimates import instants
from estimates.accuracy.observed import sources
from estimates.contract.contract import Contract
from estimates.contract.job_inputs import Input
from estimates_jobs.run.inputs import read_input
from estimates_jobs.tables.plain_text import plain_columns
from estimates_jobs.tables.table_files import read_table
from estimates_jobs.tables.text_options import TextOptions

_QUERY = re.compile(r"\s*(select|from|with)\s", re.IGNORECASE)


def read_actual_values(
    source: str, contract: Contract, options: TextOptions | None = None
) -> pl.DataFrame:
    """A file, or what else `read_table` reads, or the answer to SQL, which begins with SELECT,
    FROM or WITH.

    Columns of CSV stay text, numbers in plain form; `accuracy.read_actuals` reads them in the
    contract's types.
    Raises InvalidError: `no_file`, `bad_file`, `bad_value`, `ambiguous_number`, `bad_input` (SQL
    that DuckDB refuses); UnavailableError.
    """
    if not is_query(source):
        options = options or TextOptions()
        frame = read_table(source, options)
        observed = set(sources(contract, frame.columns).values())
        kept = [name for name in frame.columns if name not in observed or name in contract.key]
        return plain_columns(frame, kept, options, source)
    return read_query(source)


def is_query(source: str) -> bool:
    """Whether it is SQL, which begins with SELECT, FROM or WITH."""
    return _QUERY.match(source) is not None


def read_query(query: str) -> pl.DataFrame:
    """What DuckDB answers; raises InvalidError `bad_input`."""
    return read_input("actuals", Input(query=query, static=True), instants.now()).frame
