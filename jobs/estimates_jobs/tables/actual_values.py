"""Tables of actual values: a file, or a query that DuckDB answers."""

from __future__ import annotations

import re

import polars as pl

from estimates import instants
from estimates.contract.job_inputs import Input
from estimates_jobs.run.inputs import read_input
from estimates_jobs.tables.table_files import read_table

_QUERY = re.compile(r"\s*(select|from|with)\s", re.IGNORECASE)


def read_actual_values(source: str) -> pl.DataFrame:
    """A CSV, Parquet or Arrow file by its name, or the answer to SQL, which begins with SELECT,
    FROM or WITH.

    Columns of CSV stay text, which `accuracy.read_actuals` reads in the contract's types.
    Raises InvalidError: `no_file`, `bad_file`, `bad_input` (SQL that DuckDB refuses);
    UnavailableError.
    """
    if _QUERY.match(source) is None:
        return read_table(source)
    return read_input("actuals", Input(query=source, static=True), instants.now()).frame
