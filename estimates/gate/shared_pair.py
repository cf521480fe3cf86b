"""What the gate asks of a candidate and a baseline that share rows, so as not to look at these."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, Protocol

import polars as pl

from estimates.contract.contract import Contract

if TYPE_CHECKING:  # loaded where versions are compared
    from estimates.stability.aligned import AlignedVersions


class SharedPair(Protocol):
    """Baseline and candidate, of one set and one shape.

    Rows are those of the files: of the contract's columns where `pair` does not raise. Whatever
    reads raises CorruptError, NotFoundError (`expired`).
    """

    @property
    def rows(self) -> tuple[int, int]:
        """How many rows each has."""
        ...

    @property
    def unshared_rows(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The rows of each that are not shared, sorted by key."""
        ...

    def all_rows(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        """All rows of each."""
        ...

    def pair(self, contract: Contract) -> AlignedVersions:
        """Both, row beside row, without the rows that are shared; raises NeedsAllRows."""
        ...

    def count(self, rules: Sequence[pl.Expr]) -> list[int]:
        """How many of the shared rows fulfil each condition."""
        ...

    def duplicates(self, side: Literal["a", "b"], columns: list[str]) -> pl.DataFrame:
        """The rows of the baseline (`a`) or the candidate (`b`) whose values in some columns, not
        all null, another of its rows has too; in key order.
        """
        ...

    def remember(self, pair: AlignedVersions) -> None:
        """Keep what a report found out, for the next one."""
        ...
