"""The check `psi`."""

from __future__ import annotations

import math

import polars as pl
import pytest

from tests.gate.cases import many_setting


def all_in_the_last_bin() -> float:
    """The index of 1,000 keys, a tenth in each of ten bins, that all come to lie in the last."""
    was, other, last = 100.5 / 1005, 0.5 / 1005, 1000.5 / 1005
    return 9 * (other - was) * math.log(other / was) + (last - was) * math.log(last / was)


def test_passes() -> None:
    """The same distribution has an index of about 0."""
    result = many_setting(lambda rows: rows).evaluate().check("psi")
    assert result.status == "pass"
    assert result.value == pytest.approx(0, abs=1e-3)


def test_warns() -> None:
    """All keys in the topmost decile: the index of ten bins, half a key added to each."""
    result = many_setting(lambda rows: rows.with_columns(v=pl.lit(5000.0))).evaluate().check("psi")
    assert result.status == "warn"
    assert result.value == pytest.approx(all_in_the_last_bin())
