"""Tables that lie in no plain files: Delta, Iceberg, databases. One word names each, in contracts
and on the command line:

    warehouse/sales              a Delta or an Iceberg table in its folder, also below s3://
    iceberg://prod/shop.sales    a table of an Iceberg catalog that pyiceberg knows
    postgresql://host/db?table=shop.sales    or …?query=SQL, to the end of the word

The first two may end in `@` and a version: 12 of a Delta table, the id of an Iceberg snapshot.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from estimates.contract.job_inputs import is_database
from estimates_jobs.tables.stored_tables import StoredTable
from estimates_jobs.tables.table_sources import METADATA, is_bucket, names_below

_PINNED = re.compile(r"(.+)@([0-9]+)", re.DOTALL)


def opened(word: str, version: str | None = None) -> StoredTable | None:
    """The table that a word names, at a version; None where it names plain files.

    version  one that was read before; it counts for nothing where the word itself names one
    Raises InvalidError: `no_file`, `bad_file`, `bad_input`; UnavailableError `input_unreachable`;
    ModuleNotFoundError that names the extra.
    """
    if is_database(word):
        from estimates_jobs.tables.database_tables import database_table

        return database_table(word)
    place, pinned = pinned_word(word)
    kind = _kind(place)
    if kind is None:
        return None
    from estimates_jobs.tables import lake_tables

    read = lake_tables.delta if kind == "delta" else lake_tables.iceberg
    return read(place, pinned or version)


def with_query(source: str, query: str | None) -> str:
    """The word for a query to a database."""
    if query is None:
        return source
    return f"{source}{'&' if urlsplit(source).query else '?'}query={query.strip()}"


def is_stored_table(word: str) -> bool:
    """Whether a word names a table of a database, Delta or Iceberg."""
    return is_database(word) or _kind(pinned_word(word)[0]) is not None


def pinned_word(word: str) -> tuple[str, str | None]:
    """A word without its version, and the version; a file may have an `@` in its name."""
    match = _PINNED.fullmatch(word)
    return (word, None) if match is None or Path(word).exists() else (match[1], match[2])


def _kind(place: str) -> Literal["delta", "iceberg"] | None:
    if place.startswith("iceberg://"):
        return "iceberg"
    if is_bucket(place):
        return _bucket_kind(place)
    folder = Path(place)
    if not folder.is_dir():
        return None
    if (folder / "_delta_log").is_dir():
        return "delta"
    return "iceberg" if any((folder / "metadata").glob(f"*{METADATA}")) else None


def _bucket_kind(place: str) -> Literal["delta", "iceberg"] | None:
    if names_below(f"{place.rstrip('/')}/_delta_log"):
        return "delta"
    metadata = names_below(f"{place.rstrip('/')}/metadata")
    return "iceberg" if any(name.endswith(METADATA) for name in metadata) else None
