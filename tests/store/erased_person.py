"""A person whose key is erased: her numbers, and versions that have them."""

from __future__ import annotations

import polars as pl

from estimates.store.store import Store
from tests.builders import SET, TARGETS, define, frame, provenance

PERSON = "BRK/B"
# Numbers that only this person has: nothing may hold them afterwards.
NUMBERS = (b"4711.625", b"4712.375")


def rows(level: float = 100.0, *, other: float = 0.0) -> pl.DataFrame:
    """Six rows of which two are the person's, with numbers of their own."""
    mine = pl.col("ticker") == PERSON
    first = pl.col("target_date") == TARGETS[0]
    number = pl.when(first).then(4711.625 + other).otherwise(4712.375 + other)
    return frame(level).with_columns(pl.when(mine).then(number).otherwise("value").alias("value"))


def fill(store: Store, more: str = "") -> None:
    """Three versions, of which the second is refused for what the person's numbers are."""
    define(store, maximum=5000.0, more=more)
    for number, level in enumerate((100.0, 101.0, 102.0)):
        store.publish(SET, rows(level), provenance(f"run {number}", number))
    store.promote(SET, 1, reason="first")
    define(store, maximum=500.0, more=more)
    store.judge(SET, 2)
    define(store, maximum=5000.0, more=more)
    store.promote(SET, 3, reason="next")
    for version in (1, 2, 3):
        store[SET].get(PERSON, TARGETS[0], ref=version)
    store[SET].diff(1, 3)
    store[SET].changes(1, 3)
