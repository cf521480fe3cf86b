"""A set whose domain rolls on from day to day, and its versions."""

from __future__ import annotations

from datetime import date

import polars as pl

from estimates import instants
from estimates.catalog.records import InputDigest, Provenance
from estimates.store.store import Store

ROLLING = """\
name = "rolling"
[key.ticker]
type = "string"
[key.target_date]
type = "date"
target = true
[columns.value]
nullable = true
[domain]
kind = "rolling"
steps = 2
calendar = "daily"
values = { ticker = ["A", "B", "C"] }
allow_missing = 1.0
[gate]
profile = "exploratory"
[gate.checks]
nulls = { off = "not what is tested" }
null_share = { off = "not what is tested" }
"""


def publish_day(store: Store, day: int, values: dict[str, float | None]) -> None:
    """Publish and promote a version of the rolling set with data through the end of a day of
    January 2024.
    """
    through = instants.end_of_day(date(2024, 1, day))
    targets = [date(2024, 1, day + 1), date(2024, 1, day + 2)]
    rows = [(ticker, target, value) for ticker, value in values.items() for target in targets]
    schema = {"ticker": pl.String, "target_date": pl.Date, "value": pl.Float64}
    made = store.publish(
        "rolling",
        pl.DataFrame(rows, schema, orient="row"),
        Provenance(
            through,
            f"day {day}",
            inputs=(InputDigest("prices", "prices.csv", "0" * 64),),
            targets=tuple(target.isoformat() for target in targets),
        ),
    )
    store.promote("rolling", made.version, reason="test")
