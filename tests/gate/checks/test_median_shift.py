"""The check `median_shift`."""

from __future__ import annotations

import math

import polars as pl
import pytest

from estimates.gate.pages.verdict_text import render_text
from tests.gate.cases import Setting, frame, simple

ROWS = pl.DataFrame({"k": ["a", "b", "c", "d"], "v": [100.0, 200.0, 300.0, 400.0]})


def test_passes() -> None:
    """Everything up by 1 %: g is the logarithm of the ratio."""
    result = (
        Setting(simple(), ROWS.with_columns(pl.col("v") * 1.01), ROWS)
        .evaluate()
        .check("median_shift")
    )
    assert result.status == "pass"
    assert result.value == pytest.approx(math.log(1.01), abs=1e-5)


def test_fails() -> None:
    """Everything down by 6 %: the size of g counts."""
    result = (
        Setting(simple(), ROWS.with_columns(pl.col("v") * 0.94), ROWS)
        .evaluate()
        .check("median_shift")
    )
    assert result.status == "fail"
    assert result.value == pytest.approx(-math.log(0.94), abs=1e-5)


def test_people_read_how_far_half_of_the_keys_went() -> None:
    """Relative to the old value, up or down, and not as g; its legend is beside g."""
    up, down = (Setting(frame=frame(factor)).evaluate() for factor in (1.1, 0.8))
    assert up.check("median_shift").message == "half of the keys rose by 10.0 % or more in close"
    assert down.check("median_shift").message == "half of the keys fell by 20.0 % or more in close"
    page = render_text(up)
    assert "value g 0.09531 (×1.1); blocks above g 0.05 (×1.05)" in page
    assert "g, the symmetric change of limits" in page
