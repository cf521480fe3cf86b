"""What one column is taken for, and how often a rule has to hold for it."""

from collections.abc import Callable

import msgspec
import polars as pl

from estimates.contract.roles import Role
from estimates.guess.column_types import NEARLY

# Whether a rule holds, from the rows on which it does; null where a row has nothing to compare.
Holds = Callable[[pl.Series], bool]


class Guess(msgspec.Struct):
    """What a column may be, and why; fields as in `estimates.contract.Column`.

    stem     what its name shares with that of its point
    assumed  the level is a tool's usual one: nothing in the table says it
    doubt    a number that is carried along although it could be an estimate
    """

    role: Role
    why: str
    level: float | None = None
    quantile: float | None = None
    draws: int | None = None
    label: str | None = None
    stem: tuple[str, ...] = ()
    of: str | None = None
    assumed: bool = False
    doubt: bool = False


def everywhere(keeps: pl.Series) -> bool:
    """A rule holds when no row breaks it."""
    return bool(keeps.all())


def nearly_everywhere(first: int = 0) -> Holds:
    """A rule holds when 95 % of the rows of one table keep it: of the first so many rows, or of all
    others.
    """

    def holds(keeps: pl.Series) -> bool:
        parts = [part for part in (keeps[:first], keeps[first:]) if part.null_count() < len(part)]
        return (
            not parts
            or max(part.sum() / (len(part) - part.null_count()) for part in parts) >= NEARLY
        )

    return holds
