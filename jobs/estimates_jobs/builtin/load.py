"""The load job: a table computed elsewhere becomes a version, with the contract's types."""

from __future__ import annotations

import polars as pl

from estimates.contract.job_inputs import Input
from estimates.contract.text_values import parsed, values_of
from estimates.errors import InvalidError
from estimates_jobs.run.context import Context
from estimates_jobs.tables.table_files import read_table, typed

# The digest of its sources when it was first released, which versions name as the code of their
# run; write another text here when the same inputs give another frame.
REVISION = "02633d1ceec8f09a92387abdf39740d91369f665b792d8d3e6057be6964d00f6"


def load(context: Context) -> pl.DataFrame:
    """The contract's one input as a frame: CSV, Parquet or Arrow files, or a DuckDB query.

    Files of text get the contract's types, so that "01" stays "01"; a query says its types itself.
    Columns come in any order; the hubverse long form is pivoted. A `time` column that the contract
    does not have only selects the rows.
    Raises InvalidError: `one_input`, and those of `read_table`, `typed` and `Context.input`.
    """
    contract = context.contract
    inputs = contract.job.inputs if contract.job else {}
    if len(inputs) != 1:
        raise InvalidError(
            "one_input",
            f"{contract.name}: the job load needs exactly one input, and the contract has "
            f"{', '.join(inputs) or 'none'}",
            remedy='write inputs.table = { source = "FILE", static = true } under [job]',
        )
    ((name, spec),) = inputs.items()
    frame = context.input(name, read=lambda path: _read(path, spec, contract.timezone))
    if spec.time is not None and spec.time not in {*contract.key, *contract.columns}:
        # before the pivot: as one more column it would set apart the rows of a task in the long
        # form
        frame = frame.drop(spec.time)
    return typed(frame, contract)


def _read(path: str, spec: Input, zone: str | None) -> pl.DataFrame:
    """One file; text that selects rows by time is read as dates, or else as timestamps."""
    table = read_table(path)
    if spec.time is None or table.schema.get(spec.time) != pl.String:
        return table
    times = table.get_column(spec.time)
    dates = values_of(times, "date").null_count() == times.null_count()
    return table.with_columns(parsed(times, "date" if dates else "timestamp", zone))
