"""The check `width_change`."""

from __future__ import annotations

import polars as pl
import pytest

from tests.gate.cases import Setting, frame, many_setting, provenance
from tests.gate.faulty_settings import widened


def test_passes() -> None:
    """Widths grow with the values, by 0.1 %."""
    result = many_setting(lambda rows: rows).evaluate().check("width_change")
    assert result.status == "pass"
    assert result.value == pytest.approx(1.001)


def test_fails() -> None:
    """Intervals three times as wide, of values 0.1 % larger."""
    result = widened(3.0).evaluate().check("width_change")
    assert result.status == "fail"
    assert result.value == pytest.approx(3.003)


def test_fails_for_narrow_intervals() -> None:
    """Of a ratio below 1 the inverse counts."""
    result = widened(0.5).evaluate().check("width_change")
    assert result.status == "fail"
    assert result.value == pytest.approx(1 / 0.5005)


@pytest.mark.parametrize("by", [1.09, 1.2])
def test_widths_of_one_step_are_compared(by: float) -> None:
    """Each target's interval is narrower a day later, which is no change of width; a wider one for
    tomorrow is.
    """
    step = pl.col("target_date").rank("dense").sqrt()
    grown = frame().with_columns(
        lower_80=pl.col("close") * (1 - 0.01 * step), upper_80=pl.col("close") * (1 + 0.01 * step)
    )
    later = grown.with_columns(
        pl.col("target_date").dt.offset_by("1d"),
        pl.col("upper_80") + (by - 1) * (pl.col("upper_80") - pl.col("lower_80")),
    )
    setting = Setting(
        frame=later,
        baseline=grown,
        candidate={
            "provenance": provenance(
                targets=tuple(day.isoformat() for day in later["target_date"].unique().sort())
            )
        },
    )
    widths = setting.evaluate().check("width_change")
    assert widths.value == pytest.approx(by)
    assert widths.status == ("pass" if by < 1.1 else "fail")
    assert widths.n == 25
