"""Tables of actual values: a file, a query that DuckDB answers, or a set whose versions are the
vintages of its values.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl

from estimates import instants
from estimates.accuracy.actuals import AS_OF, VINTAGE
from estimates.accuracy.observed import sources
from estimates.catalog.at import At
from estimates.catalog.ref import PRODUCTION
from estimates.contract.contract import Contract
from estimates.contract.job_inputs import Input
from estimates_jobs.run.inputs import read_input
from estimates_jobs.tables.plain_text import plain_columns
from estimates_jobs.tables.table_files import read_table
from estimates_jobs.tables.text_options import TextOptions

if TYPE_CHECKING:
    from estimates.store.store import Store

_QUERY = re.compile(r"\s*(select|from|with)\s", re.IGNORECASE)


def is_set_of(store: Store, source: str) -> bool:
    """Whether a word names a set of the store; a file of the same name is `./NAME`."""
    return source in store.view().sets


def read_actuals_of_set(store: Store, name: str, vintage: str | None) -> pl.DataFrame:
    """The values of the version that production of a set pointed to at a vintage, by default now,
    with the time from which it did as their vintage. Imported versions count from their claimed
    release.

    Raises NotFoundError (`nothing_promoted`, `before_first`, `expired`), InvalidError (`bad_time`),
    UnavailableError, CorruptError.
    """
    view = store.view()
    moment = view.present if vintage is None else instants.parse_through(vintage)
    moment = min(moment, view.present)
    version = view.resolve(name, At(PRODUCTION, moment, "released"))
    moves = view.set(name).released_moves[PRODUCTION]
    since = max(when for when, number in moves if when <= moment and number == version.version)
    own = [VINTAGE, AS_OF]
    return store.frame(version).drop(own, strict=False).with_columns(pl.lit(since).alias(VINTAGE))


def read_actual_values(
    source: str, contract: Contract, options: TextOptions | None = None
) -> pl.DataFrame:
    """A file, or what else `read_table` reads, or the answer to SQL, which begins with SELECT,
    FROM or WITH.

    Columns of CSV stay text, numbers in plain form; `actuals.read_actuals` reads them in the
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
