"""Two aligned frames, read column by column as numbers and kinds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property

import numpy as np
import polars as pl

from estimates.contract.contract import Contract
from estimates.stability.alignment import Alignment, align
from estimates.stability.deltas import scale_floor, scale_floor_of_sorted
from estimates.stability.kernels.grouping import Grouping, grouping
from estimates.stability.kernels.selection import ascending
from estimates.stability.kernels.sorted_runs import SortedRuns
from estimates.stability.pairing import paired
from estimates.stability.shared_rows import SharedRows
from estimates.stability.value_kinds import (
    ABSENT,
    FINITE,
    KINDS,
    NULL,
    ColumnValues,
    all_finite,
    classify,
)


def align_versions(
    a: pl.DataFrame,
    b: pl.DataFrame,
    contract: Contract,
    through_a: datetime | None,
    through_b: datetime | None,
) -> AlignedVersions:
    """Two frames of one contract, row beside row; sorted by key before, they keep their order of
    rows.

    Raises InvalidError: `columns`, `column_type`, `null_key`, `duplicate_key`, `bad_pairing`.
    """
    steady = contract.stability.pairing == "same_key" or through_a == through_b
    a, b, contract = paired(a, b, contract, through_a, through_b)
    return AlignedVersions(align(a, b, contract, through_a, through_b), contract, steady)


class AlignedVersions:
    """The columns of both versions; each is classified once.

    contract  the one that the keys compared keep
    steady    whether a snapshot beside itself would have equal rows: False where its keys count
              from two origins
    shared    rows of both versions that are in neither frame, since they are equal
    """

    def __init__(
        self,
        alignment: Alignment,
        contract: Contract,
        steady: bool,
        shared: SharedRows | None = None,
    ) -> None:
        self.alignment = alignment
        self.contract = contract
        self.steady = steady
        self.shared = shared
        self._read: dict[tuple[str, str], ColumnValues] = {}
        self._common: dict[str, tuple[ColumnValues, ColumnValues]] = {}
        self._groups: dict[str, Grouping] = {}
        self._scales: dict[str, float | None] = {}

    def all_old(self, column: str) -> ColumnValues:
        """The column in A, all rows."""
        return self._values("a", column)

    def all_new(self, column: str) -> ColumnValues:
        """The column in B, all rows."""
        return self._values("b", column)

    def common(self, column: str) -> tuple[ColumnValues, ColumnValues]:
        """The column in A and in B, per common key."""
        if column not in self._common:
            sides = (
                self.all_old(column).take(self.alignment.rows_a),
                self.all_new(column).take(self.alignment.rows_b),
            )
            self._common[column] = sides
        return self._common[column]

    def forget(self, column: str) -> None:
        """Let go of the numbers of a column, which are read again when they are needed."""
        self._common.pop(column, None)
        for side in ("a", "b"):
            self._read.pop((side, column), None)

    def scale(self, column: str) -> float | None:
        """S0 of a number, over the keys where it is finite in both versions; None when there are
        none, too.
        """
        if column not in self._scales:  # threads may both find it, and find the same
            old, new = self.common(column)
            a = old.take(all_finite((old, new))).column
            declared = self.contract.columns[column].scale_floor
            if self.shared is not None:
                values = self.shared.columns[column].runs.with_more(ascending(np.asarray(a)))
                scale = scale_floor_of_sorted(values, declared) if len(values) else None
            else:
                scale = scale_floor(a, declared) if len(a) else None
            self._scales[column] = scale
        return self._scales[column]

    @property
    def common_rows(self) -> int:
        """Number of keys in both versions, shared ones too."""
        return self.alignment.common + (0 if self.shared is None else self.shared.rows)

    def comparable(self, column: str) -> bool:
        """Whether any key has a finite number in both versions."""
        old, new = self.common(column)
        return bool(self.alignment.common) and (
            (old.whole and new.whole) or bool((old.finite & new.finite).any())
        )

    def median_size(self, column: str) -> float:
        """The median |value| of a column in A, over all its rows; there is one."""
        if self.shared is None:
            typical = self.alignment.a[column].cast(pl.Float64).abs().median()
            assert isinstance(typical, float), "there is an old value"
            return typical
        return self._numbers(self.all_old(column), column).sizes().quantile(1, 2)

    def numbers_of_new(self, column: str) -> SortedRuns | None:
        """The finite numbers of a column in B in order, where versions share rows."""
        return None if self.shared is None else self._numbers(self.all_new(column), column)

    def has_distinct_column(self) -> bool:
        """Whether a column of floats is known to have another number in each row of B."""
        if self.shared is None:
            return False
        return any(
            self.shared.ties.get(("b", name)) == 0
            and self.alignment.b[name].dtype.is_float()
            and self.all_new(name).whole
            and not self.shared.kinds(name)[NULL]
            for name in self.contract.judged
        )

    def _numbers(self, values: ColumnValues, column: str) -> SortedRuns:
        assert self.shared is not None
        own = ascending(values.numbers[values.finite])
        return self.shared.columns[column].runs.with_more(own)

    def narrowed(self, alignment: Alignment) -> AlignedVersions:
        """The same frames with fewer common keys."""
        narrow = AlignedVersions(alignment, self.contract, self.steady)
        narrow._read = self._read
        return narrow

    def sort_groups(self, columns: Sequence[str]) -> list[Grouping | None]:
        """The groups of some columns, and the horizons: sorted once, before threads ask for them at
        the same time.
        """
        return [*map(self.grouping, columns), self.horizons]

    def grouping(self, column: str) -> Grouping:
        """The common keys by the value of a column in A; sorted once."""
        if column not in self._groups:
            self._groups[column] = grouping(self.alignment.old(column))
        return self._groups[column]

    @cached_property
    def horizons(self) -> Grouping | None:
        """The common keys by step after B's origin; None without a dated target."""
        return None if self.alignment.horizon is None else grouping(self.alignment.horizon)

    def transitions(
        self, column: str, old: ColumnValues, new: ColumnValues
    ) -> dict[str, dict[str, int]]:
        """The 6×6 counts of kind in A → kind in B: of the common keys (`old`, `new`), added and
        removed.
        """
        size = len(KINDS)
        counts = np.zeros((size, size), dtype=int)
        if old.whole and new.whole:
            counts[FINITE, FINITE] = len(old.kinds)
        else:
            counts += np.bincount(
                old.kinds * np.uint8(size) + new.kinds, minlength=size * size
            ).reshape(size, size)
        counts[ABSENT] += np.bincount(
            self.all_new(column).kinds[self.alignment.added], minlength=size
        )
        counts[:, ABSENT] += np.bincount(
            self.all_old(column).kinds[self.alignment.removed], minlength=size
        )
        if self.shared is not None:
            counts += np.diag(self.shared.kinds(column))
        return {a: {b: int(counts[i, j]) for j, b in enumerate(KINDS)} for i, a in enumerate(KINDS)}

    def _values(self, side: str, column: str) -> ColumnValues:
        if (side, column) not in self._read:
            frame = self.alignment.a if side == "a" else self.alignment.b
            values = classify(frame[column])
            if self.shared is not None:
                values = _within(values, self.shared.columns[column].runs)
            self._read[side, column] = values
        return self._read[side, column]


def _within(values: ColumnValues, others: SortedRuns) -> ColumnValues:
    """The same column, knowing the range of other values too."""
    if not len(others):
        return values
    ends = [*others.least_and_largest()]
    if values.finite.any():
        ends += [values.least, values.largest]
    return replace(values, least=min(ends), largest=max(ends))
