"""Why versions have no row for keys, column by column: for many keys what `VersionReader.statuses`
says of each.
"""

from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np
import polars as pl
from cachetools import LRUCache
from numpy.typing import NDArray

from estimates.catalog.records import Version
from estimates.contract.conform import DTYPES
from estimates.contract.domain import OpenDomain, ProductDomain, RollingDomain
from estimates.keys.key_digests import has_digest
from estimates.reading.reader import Reader
from estimates.reading.version_reader import LOOK_BACK, VersionReader
from estimates.render.row_text import text_of

FEW = 1000  # keys of one version, up to which reading them one by one takes less time
_NUMBER = "\x01number"  # no column of a contract has this name
Mask = NDArray[np.bool_]
# Some columns of a version, of the rows that fulfil a condition.
ReadColumns = Callable[[Version, Sequence[str], pl.Expr | None], pl.DataFrame]


class AbsentKeys:
    """The statuses of keys out of one frame, for one version after the other.

    keys  the key columns in the contract's types
    read  called for the keys of each version that production held before; the last few are
          remembered
    """

    def __init__(self, reader: Reader, keys: pl.DataFrame, read: ReadColumns) -> None:
        self._reader = reader
        self._keys = keys
        self._read = read
        self._masks: LRUCache[str, Mask] = LRUCache(LOOK_BACK + 1)

    def statuses(self, version: Version, absent: pl.DataFrame) -> pl.Series:
        """The status of each of some keys that the version has no row for; raises CorruptError."""
        version_reader = self._reader.of(version)
        if absent.height <= FEW:
            texts = [version_reader.form.texts(row) for row in absent.iter_rows()]
            return pl.Series(
                [status for status, _ in version_reader.statuses(texts)], dtype=pl.String
            )
        numbered = absent.join(self._numbered, on=absent.columns, how="left", maintain_order="left")
        numbers = numbered[_NUMBER].to_numpy()
        removed = np.zeros(absent.height, dtype=bool)
        for predecessor in self._reader.view.set(version.set).predecessors(version, LOOK_BACK):
            removed |= self._mask(predecessor)[numbers]
        texts = absent.select(text_of(absent, name).alias(name) for name in absent.columns)
        return pl.select(
            pl.when(_erased(version_reader, absent))
            .then(pl.lit("erased"))
            .when(_elapsed(version_reader, absent, texts))
            .then(pl.lit("elapsed"))
            .when(pl.Series(removed))
            .then(pl.lit("removed"))
            .when(_in_domain(version_reader, texts))
            .then(pl.lit("no_estimate"))
            .otherwise(pl.lit("outside_domain"))
        ).to_series()

    @cached_property
    def _numbered(self) -> pl.DataFrame:
        return self._keys.unique().with_row_index(_NUMBER)

    def _mask(self, version: Version) -> Mask:
        """Which of all keys a version has."""
        mask = self._masks.get(version.snapshot_id)
        if mask is None:
            names = self._keys.columns
            present = self._numbered.join(self._read(version, names, None), on=names, how="semi")
            mask = np.zeros(self._numbered.height, dtype=bool)
            mask[present[_NUMBER].to_numpy()] = True
            self._masks[version.snapshot_id] = mask
        return mask


def _erased(reader: VersionReader, keys: pl.DataFrame) -> pl.Series:
    erased = reader.erased
    if not erased.digests:
        return pl.repeat(False, keys.height, eager=True)
    return has_digest(keys, keys.columns, erased.prefix, erased.digests)


def _elapsed(reader: VersionReader, keys: pl.DataFrame, texts: pl.DataFrame) -> pl.Series:
    """In a rolling set, of what its domain lists: whether the version's data reach the target."""
    contract = reader.form.contract
    if not isinstance(contract.domain, RollingDomain) or contract.target is None:
        return pl.repeat(False, keys.height, eager=True)
    target = keys[contract.target].cast(DTYPES["timestamp"])
    return _listed(reader, texts) & (target <= reader.version.data_through)


def _in_domain(reader: VersionReader, texts: pl.DataFrame) -> pl.Series:
    contract = reader.form.contract
    domain = contract.domain
    if isinstance(domain, OpenDomain):
        return pl.repeat(False, texts.height, eager=True)
    if isinstance(domain, ProductDomain):
        return _listed(reader, texts)
    if isinstance(domain, RollingDomain):
        assert contract.target is not None
        return _listed(reader, texts) & texts[contract.target].is_in(
            list(reader.version.provenance.targets)
        )
    return pl.Series([reader.in_domain(parts) for parts in texts.iter_rows()], dtype=pl.Boolean)


def _listed(reader: VersionReader, texts: pl.DataFrame) -> pl.Series:
    """Whether each part is among the values that the domain lists for its column."""
    listed = pl.repeat(True, texts.height, eager=True)
    for column, values in zip(texts, reader.form.listed, strict=True):
        if values is not None:
            listed &= column.is_in(list(values))
    return listed
