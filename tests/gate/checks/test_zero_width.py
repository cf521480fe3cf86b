"""The check `zero_width`."""

from __future__ import annotations

import polars as pl
import pytest

from tests.gate.cases import Setting, edit, many_setting
from tests.gate.faulty_settings import without_width


def test_passes() -> None:
    """Intervals with a width pass."""
    result = Setting().evaluate().check("zero_width")
    assert (result.status, result.value) == ("pass", 0)


def test_warns() -> None:
    """Two intervals of a thousand without width are a share of 0.2 %."""
    result = many_setting(without_width).evaluate().check("zero_width")
    assert result.status == "warn"
    assert result.value == pytest.approx(0.002)


def test_a_distribution_that_is_one_number_is_warned_of() -> None:
    """Where all quantiles of a row are the same, and nowhere else; nothing is blocked."""
    clean = Setting().evaluate().check("equal_quantiles")
    assert (clean.status, clean.value) == ("pass", 0)
    flat = edit(q10=pl.lit(7.0), q50=pl.lit(7.0), q90=pl.lit(7.0)).evaluate()
    result = flat.check("equal_quantiles")
    assert (result.status, result.value) == ("warn", 1)
    assert "all 3 quantiles are the same" in result.offenders[0].detail
