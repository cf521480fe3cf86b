"""The shape of a contract: what must be equal for two versions to be comparable."""

import hashlib
from collections.abc import Collection, Iterator

import msgspec

from estimates.contract.columns import ColumnType, KeyType
from estimates.contract.roles import Role


class Interval(msgspec.Struct, frozen=True):
    """A prediction interval: names of its point (or "" without one), lower and upper columns, and
    its nominal level.

    from_quantiles  whether its ends are two quantiles, and nothing in the contract declares it
    """

    point: str
    level: float
    lower: str
    upper: str
    from_quantiles: bool = False


class ShapeKey(msgspec.Struct, frozen=True):
    """Name and type of a key column."""

    name: str
    type: KeyType


class ShapeColumn(msgspec.Struct, frozen=True, omit_defaults=True):
    """What must agree for two columns to be comparable."""

    name: str
    type: ColumnType
    role: Role
    unit: str | None = None
    level: float | None = None
    quantile: float | None = None
    label: str | None = None
    of: str | None = None


class Shape(msgspec.Struct, frozen=True):
    """Keys in order and estimate columns; equal digests are comparable, whatever the order of
    estimate columns.
    """

    key: tuple[ShapeKey, ...]
    columns: tuple[ShapeColumn, ...]

    @property
    def key_names(self) -> list[str]:
        """The key columns, in order."""
        return [column.name for column in self.key]

    @property
    def column_names(self) -> list[str]:
        """The estimate columns, in order."""
        return [column.name for column in self.columns]

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical form, hexadecimal."""
        canonical = Shape(self.key, tuple(sorted(self.columns, key=lambda column: column.name)))
        return hashlib.sha256(msgspec.json.encode(canonical, order="deterministic")).hexdigest()


def quantile_pairs(quantiles: Collection[tuple[str, float, str]]) -> Iterator[Interval]:
    """The pairs of quantiles of a point that lie around its median.

    quantiles  point, level and column of each
    """
    for point, low, lower in quantiles:
        for other, high, upper in quantiles:
            if point == other and low < 0.5 and abs(low + high - 1) < 1e-9:
                yield Interval(point, round(high - low, 12), lower, upper, from_quantiles=True)
