"""Which rows of a version are drawn, and as what."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest

from estimates.contract.contract_file import parse_contract
from estimates.errors import InvalidError
from estimates.store.estimate_set import EstimateSet
from estimates.store.store import Store
from tests.builders import SET, define, promoted, provenance

LOAD = """
name = "load"
[key.issued]
type = "timestamp"
[key.step]
type = "integer"
[columns.load]
unit = "MW"
[columns.low]
role = "lower"
level = 0.5
[columns.high]
role = "upper"
level = 0.5
[columns.lowest]
role = "lower"
level = 0.9
[columns.highest]
role = "upper"
level = 0.9
"""
ISSUED = [datetime(2024, 1, 1, hour, 30, 0, 5, tzinfo=UTC) for hour in (0, 6)]


@pytest.fixture
def load(local_store: Store) -> EstimateSet:
    """Two issues of three steps, with two intervals."""
    local_store.define(parse_contract(LOAD), LOAD)
    rows = pl.DataFrame({"issued": ISSUED}).join(pl.DataFrame({"step": [1, 2, 3]}), how="cross")
    ends = {"low": -1, "high": 1, "lowest": -2, "highest": 2}
    rows = rows.with_columns(load=pl.col("step") * 10.0).with_columns(
        pl.col("load").add(by).alias(name) for name, by in ends.items()
    )
    local_store.publish("load", rows, provenance("r1"))
    local_store.judge("load", 1)
    local_store.promote("load", 1, reason="test")
    return local_store["load"]


def points(chart: Any) -> list[dict[str, Any]]:
    """What a chart draws."""
    return list(chart.to_dict()["data"]["values"])


@pytest.mark.parametrize("part", [ISSUED[1], "2024-01-01T06:30:00.000005Z"])
def test_a_leading_part_may_be_a_moment(load: EstimateSet, part: object) -> None:
    """Typed or as text, as for every other read."""
    assert [row["value"] for row in points(load.plot(part))] == [10.0, 20.0, 30.0]
    assert [row["x"] for row in points(load.plot(part, "2"))] == ["2"]
    assert len(points(load.plot())) == 6


def test_the_band_is_the_widest_interval(load: EstimateSet) -> None:
    """Of the number that is drawn; an end of one has none."""
    first = points(load.plot(ISSUED[0]))[0]
    assert (first["lower"], first["upper"]) == (8.0, 12.0)
    title = load.plot().to_dict()["layer"][1]["encoding"]["y"]["title"]
    assert title == "load [MW], version 1"
    assert "lower" not in points(load.plot(column="low"))[0]


def test_days_and_a_key_of_one_part_are_drawn(local_store: Store) -> None:
    """A day over its own axis; a single key column has one line."""
    define(local_store)
    promoted(local_store, "r1")
    rows = points(local_store[SET].plot("AAPL", date(2024, 6, 3)))
    assert [(row["x"], row["series"]) for row in rows] == [("2024-06-03", "AAPL")]
    toml = 'name = "one"\n[key.k]\ntype = "string"\n[columns.v]\n'
    local_store.define(parse_contract(toml), toml)
    local_store.publish("one", pl.DataFrame({"k": ["a", "b"], "v": [1.0, 2.0]}), provenance("r1"))
    rows = points(local_store["one"].plot(ref=1))
    assert [(row["x"], row["series"], row["value"]) for row in rows] == [
        ("a", "", 1.0),
        ("b", "", 2.0),
    ]


@pytest.mark.parametrize(
    ("prefix", "column", "code"),
    [
        (("noon",), None, "bad_key_part"),
        ((ISSUED[0], 1, 1), None, "key_parts"),
        ((), "loud", "unknown_field"),
    ],
)
def test_what_is_not_there_is_refused(
    load: EstimateSet, prefix: tuple[Any, ...], column: str | None, code: str
) -> None:
    """Nothing is drawn of a key or a column that the set cannot have."""
    with pytest.raises(InvalidError) as caught:
        load.plot(*prefix, column=column)
    assert caught.value.code == code
