"""Delta and Iceberg tables at one of their versions, by their own libraries.

What they need to know of buckets and catalogs they take from the environment, as those libraries
do everywhere: AWS_…, `~/.pyiceberg.yaml`, PYICEBERG_CATALOG__….
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl

from estimates.errors import EstimatesError, InvalidError, UnavailableError
from estimates.extras import needs
from estimates.render.wording import first_line
from estimates_jobs.tables.stored_tables import StoredTable
from estimates_jobs.tables.table_sources import METADATA, is_bucket, names_below

# Polars warns of a planner that is not installed, unless it is told to use pyiceberg's.
os.environ.setdefault("POLARS_ICEBERG_PLANNER", "pyiceberg")


def delta(place: str, version: str | None) -> StoredTable:
    """A Delta table in a folder or a bucket; by default its newest version.

    Raises InvalidError: `bad_file` (no such version, a feature that cannot be read);
    UnavailableError `input_unreachable`.
    """
    with needs("delta"):
        from deltalake import DeltaTable

    with _answering(place):
        number = None if version is None else int(version)
        newest = DeltaTable(place)
        if number is not None and number > newest.version():
            raise InvalidError(
                "bad_file",
                f"{place}: there is no version {number}; the newest is {newest.version()}",
                remedy="name one up to this behind @, or none for the newest",
            )
        table = newest if number is None else DeltaTable(place, version=number)
        return StoredTable(place, str(table.version()), pl.scan_delta(table))


def iceberg(place: str, version: str | None) -> StoredTable:
    """An Iceberg table of a catalog, or in a folder or a bucket; by default its newest snapshot.

    Raises InvalidError: `bad_file` (no such catalog, table or snapshot); UnavailableError
    `input_unreachable`.
    """
    with needs("iceberg"):
        from pyiceberg.catalog import load_catalog
        from pyiceberg.table import StaticTable
        from pyiceberg.utils.config import Config

    with _answering(place):
        if place.startswith("iceberg://"):
            catalog, _, identifier = place.removeprefix("iceberg://").partition("/")
            settings: Any = Config().get_catalog_config(catalog) or {}  # as they are now
            table: Any = load_catalog(catalog, **settings).load_table(identifier)
        else:
            table = StaticTable.from_metadata(_metadata_file(place))
        snapshot = table.current_snapshot()
        if version is not None:
            snapshot = table.snapshot_by_id(int(version))
            if snapshot is None:
                known = [entry.snapshot_id for entry in table.history()]
                raise InvalidError(
                    "bad_file",
                    f"{place}: there is no snapshot {version}; the newest ones are "
                    f"{', '.join(map(str, known[-3:])) or 'none: the table is empty'}",
                    remedy="name one of these behind @, or none for the newest",
                )
        number = None if snapshot is None else snapshot.snapshot_id
        rows = pl.scan_iceberg(table, snapshot_id=number)
        return StoredTable(place, None if number is None else str(number), rows)


def _metadata_file(place: str) -> str:
    """The newest metadata of an Iceberg table in a folder: the highest number in a name.

    Raises InvalidError `bad_file`.
    """
    folder = f"{place.rstrip('/')}/metadata"
    names = (
        names_below(folder) if is_bucket(place) else [path.name for path in Path(folder).iterdir()]
    )
    numbered = {
        int(match[1]): name
        for name in sorted(names)
        if name.endswith(METADATA) and (match := re.match(r"v?(\d+)", name))
    }
    if not numbered:
        raise InvalidError(
            "bad_file",
            f"{place}: which of the Iceberg table's metadata is the newest cannot be told",
            remedy="name it by its catalog: iceberg://CATALOG/NAMESPACE.TABLE",
        )
    return f"{folder}/{numbered[max(numbered)]}"


@contextmanager
def _answering(place: str) -> Iterator[None]:
    """Turns what the libraries raise into our errors: those that another try may mend, and all
    others, whose first line says what is wrong.
    """
    try:
        yield
    except (EstimatesError, ModuleNotFoundError):
        raise
    except (ConnectionError, TimeoutError) as error:
        raise UnavailableError(
            "input_unreachable",
            f"{place}: cannot be reached: {first_line(error)}",
            remedy="try again; the same command goes on",
        ) from error
    except Exception as error:  # each library has dozens of its own, without a common ancestor
        raise InvalidError(
            "bad_file",
            f"{place}: cannot be read: {first_line(error)}",
            remedy="check the name, the version behind @, and who may read it",
        ) from error
