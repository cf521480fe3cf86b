"""What the versions that a set promoted say about what is usual; read only when a check asks."""

from collections.abc import Callable

import msgspec
import polars as pl

FEWEST_MOVES = 20  # moves of production from which what is usual can be said


class ProductionHistory(msgspec.Struct, frozen=True):
    """The set before the candidate.

    material_shares  column → its share of materially changed keys in each move of production,
                     oldest first
    frames           the newest n versions that production held, up to the baseline, oldest first
    """

    material_shares: Callable[[], dict[str, list[float]]] = dict
    frames: Callable[[int], list[pl.DataFrame]] = lambda n: []
