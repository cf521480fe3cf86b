"""What the gate looks at: a stored version, or a file before anything is published; a baseline has
the same form.
"""

from collections.abc import Callable
from datetime import datetime

import msgspec
import polars as pl

from estimates.catalog.records import Provenance
from estimates.contract.contract import Shape


class Candidate(msgspec.Struct):
    """One side of a judgement.

    frame         stored: as read from Parquet; file: as read, before `conform`; None when it cannot
                  be read
    shape         the manifest's shape; None for a file
    provenance    where it came from; None makes the lineage check fail
    version, snapshot_id, published_at, mlflow_run    None for a file
    rows          the manifest's row count; None for a file
    faults        what the store found wrong: keys `manifest`, `content`, `parquet`, each with a
                  message
    domain_keys   the listed keys of a `file` domain, one column a key column, in the contract's
                  types
    of_erased     which rows of a frame of keys are of erased ones, which no version can have; None
                  where there are none
    """

    frame: pl.DataFrame | None
    shape: Shape | None
    provenance: Provenance | None
    version: int | None = None
    snapshot_id: str | None = None
    published_at: datetime | None = None
    mlflow_run: str | None = None
    rows: int | None = None
    faults: dict[str, str] = {}
    domain_keys: pl.DataFrame | None = None
    of_erased: Callable[[pl.DataFrame], pl.Series] | None = None

    @property
    def stored(self) -> bool:
        """False for a file that is judged before it is published."""
        return self.version is not None
