"""A table that lies in no plain file, at one version of its source."""

from __future__ import annotations

from typing import NamedTuple

import polars as pl


class StoredTable(NamedTuple):
    """A table of Delta, Iceberg or a database.

    name     the word for it, without version and password
    version  what is read, of sources that count versions
    rows     all of them; of Delta and Iceberg only what is asked of them is read
    """

    name: str
    version: str | None
    rows: pl.LazyFrame
