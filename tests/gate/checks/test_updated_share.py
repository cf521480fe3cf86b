"""The check `updated_share`."""

from __future__ import annotations

import polars as pl

from tests.gate.cases import Setting, contract, frame

HALF = "\n[gate.checks.updated_share]\nwarn = 0.9\nblock = 0.3\n"
BAND = "\n[gate.checks.updated_share]\nusual = [0.5, 0.9]\n"


def moved(keys: int, more: str) -> Setting:
    """A version of which so many of 25 keys moved in all their numbers."""
    new = frame(1.01).head(keys)
    return Setting(contract(more=more), frame=pl.concat([new, frame().tail(25 - keys)]))


def test_passes() -> None:
    """Without limits the share is reported."""
    result = moved(20, "").evaluate().check("updated_share")
    assert (result.status, result.value, result.n) == ("pass", 0.8, 25)
    assert result.message.startswith("20 of 25 keys have another ")


def test_warns() -> None:
    """Too few keys warn by the contract's limit, and too few or too many by its band."""
    assert moved(20, HALF).evaluate().check("updated_share").status == "warn"
    few, usual, many = (
        moved(keys, BAND).evaluate().check("updated_share") for keys in (10, 20, 25)
    )
    assert [few.status, usual.status, many.status] == ["warn", "pass", "warn"]
    assert few.message.endswith("below what is usual here")
    assert many.message.endswith("above what is usual here")


def test_fails() -> None:
    """A blocking limit refuses a job that stands still; so does a band that may block."""
    assert moved(5, HALF).evaluate().check("updated_share").status == "fail"
    blocking = BAND + 'severity = "block"\n'
    assert moved(5, blocking).evaluate().check("updated_share").status == "fail"


def test_a_tolerated_difference_is_no_move() -> None:
    """What lies within a column's `rtol` has not moved."""
    of = contract('unit = "USD"', 'unit = "USD"\nrtol = 0.02')
    result = Setting(of, frame=frame().with_columns(pl.col("close") * 1.01)).evaluate()
    assert result.check("updated_share").value == 0
