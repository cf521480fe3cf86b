"""The check `hard_bounds`."""

from __future__ import annotations

import polars as pl

from tests.gate.cases import Setting, poke, simple


def test_passes() -> None:
    """A value at its bound passes."""
    result = poke("close", 5000.0).evaluate().check("hard_bounds")
    assert (result.status, result.value) == ("pass", 0)


def test_fails() -> None:
    """Two values above `max` count."""
    result = poke("close", 5000.1, 2).evaluate().check("hard_bounds")
    assert (result.status, result.value) == ("fail", 2)


def test_offenders_name_key_column_and_value() -> None:
    """An offender of a cell has the key as text, the column and the value with the bound it
    breaks.
    """
    [offender] = poke("close", 5000.5).evaluate().check("hard_bounds").offenders
    assert offender.key == ["AAPL", "2026-11-23"]
    assert offender.column == "close"
    assert offender.detail == "close = 5000.5: outside min 0, max 5000"


def test_offenders_are_the_first_hundred_and_all_are_counted() -> None:
    """Of 250 bad rows a hundred are named, in order of the key, and 250 counted."""
    content = pl.DataFrame(
        {"k": [f"{i:03}" for i in range(250)], "v": [-1.0 - i for i in range(250)]}
    )
    result = Setting(simple("min = 0"), content, None).evaluate().check("hard_bounds")
    assert (result.value, result.offending, len(result.offenders)) == (250, 250, 100)
    assert [offender.key for offender in result.offenders] == [[f"{i:03}"] for i in range(100)]
