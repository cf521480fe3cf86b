"""The check `zero_width`."""

from __future__ import annotations

import polars as pl
import pytest

from estimates.contract.contract_file import parse_contract
from tests.gate.cases import Setting, clean_verdict, edit, many_setting
from tests.gate.faulty_settings import without_width


def test_passes() -> None:
    """Intervals with a width pass."""
    result = clean_verdict().check("zero_width")
    assert (result.status, result.value) == ("pass", 0)


def test_warns() -> None:
    """Two intervals of a thousand without width are a share of 0.2 %."""
    result = many_setting(without_width).evaluate().check("zero_width")
    assert result.status == "warn"
    assert result.value == pytest.approx(0.002)


def test_a_distribution_that_is_one_number_is_warned_of() -> None:
    """Where all quantiles of a row are the same, and nowhere else; nothing is blocked."""
    clean = clean_verdict().check("equal_quantiles")
    assert (clean.status, clean.value) == ("pass", 0)
    flat = edit(q10=pl.lit(7.0), q50=pl.lit(7.0), q90=pl.lit(7.0)).evaluate()
    result = flat.check("equal_quantiles")
    assert (result.status, result.value) == ("warn", 1)
    assert "all 3 quantiles are the same" in result.offenders[0].detail


@pytest.mark.parametrize(
    ("cells", "value", "why"),
    [
        ((7.0, 7.0, 7.0, 7.0, 8.0), 1, "the 90 % interval has no width"),  # 5 % to 95 % of five
        ((6.0, 7.0, 7.0, 7.0, 8.0), 0, ""),  # whole numbers share the ends of narrow pairs
        ((0.0, 0.0, 0.0, 0.0, 8.0), 0, ""),  # no cases in a small place
        ((7.0, 7.0, 7.0, 7.0, 7.0), 1, "all 5 quantiles are the same"),
    ],
)
def test_wide_pairs_of_quantiles_have_a_width(
    cells: tuple[float, ...], value: float, why: str
) -> None:
    """From 80 % on a pair without width is warned of, if it is at no natural bound; a row counts
    once.
    """
    levels = [0.05, 0.3, 0.7, 0.95, 0.99]
    source = f'name = "flu"\n[key.item]\ntype = "string"\n[columns.q]\nquantiles = {levels}\n'
    values = {f"q{level:g}": [cell] * 2 for level, cell in zip(levels, cells, strict=True)}
    frame = pl.DataFrame({"item": ["a", "b"]} | values)
    setting = Setting(contract=parse_contract(source), frame=frame, baseline=None, file=True)
    result = setting.evaluate().check("equal_quantiles")
    assert (result.value, result.status) == (value, "warn" if value else "pass")
    assert all(why in offender.detail for offender in result.offenders)
