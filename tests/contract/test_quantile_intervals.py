"""The intervals that quantiles are."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from estimates.contract.contract import Contract
from estimates.contract.contract_file import parse_contract
from estimates.gate.from_report import wide_intervals
from estimates.stability.diff import diff
from tests.accuracy.scored import items, scored

LEVELS = [0.01, 0.025, *(round(0.05 * i, 2) for i in range(1, 20)), 0.975, 0.99]
NAMES = {f"q{level:g}": level for level in LEVELS}


def source(levels: dict[str, float], more: str = "") -> str:
    """A contract of quantiles."""
    return (
        'name = "flu"\n[key.item]\ntype = "string"\n'
        + "".join(
            f'[columns."{name}"]\nrole = "quantile"\nquantile = {level}\n'
            for name, level in levels.items()
        )
        + more
    )


def levels_of(contract: Contract) -> list[float]:
    """Of all intervals, by level."""
    return [interval.level for interval in contract.all_intervals()]


def test_23_quantiles_are_eleven_intervals() -> None:
    """Each pair around the median is one, at its level to the last digit."""
    contract = parse_contract(source(NAMES))
    assert contract.intervals() == []
    assert levels_of(contract) == [*(round(0.1 * i, 1) for i in range(1, 10)), 0.95, 0.98]
    half = next(i for i in contract.all_intervals() if i.level == 0.5)
    assert (half.lower, half.upper, half.from_quantiles) == ("q0.25", "q0.75", True)


def test_quantiles_without_a_partner_are_no_interval() -> None:
    """A lone quantile and the median pair with nothing."""
    assert levels_of(parse_contract(source({"a": 0.1, "b": 0.5, "c": 0.8}))) == []


def test_a_declared_interval_goes_before_quantiles_of_its_level() -> None:
    """Of one level the declared columns count, and points should stay in those alone."""
    more = '[columns.p]\n[columns.l]\nrole = "lower"\nlevel = 0.8\n[columns.u]\nrole = "upper"\n'
    levels = {"a": 0.1, "b": 0.25, "c": 0.75, "d": 0.9}
    contract = parse_contract(source(levels, f"{more}level = 0.8\n"))
    assert [(i.level, i.lower) for i in contract.all_intervals()] == [(0.5, "b"), (0.8, "l")]
    assert [i.lower for i in wide_intervals(contract)] == ["l"]
    pointed = parse_contract(source(levels, "[columns.p]\n"))
    assert [i.lower for i in wide_intervals(pointed)] == ["a"]


def test_coverage_and_interval_scores_come_from_quantiles() -> None:
    """Of every level they are what plain Python counts."""
    random = np.random.default_rng(3)
    n = 50
    values = np.sort(random.normal(0, 5, (n, len(LEVELS))), axis=1)
    frame = pl.DataFrame({"item": items(n)} | {q: values[:, i] for i, q in enumerate(NAMES)})
    y = random.normal(0, 4, n)
    scores = scored(source(NAMES), frame, pl.DataFrame({"item": items(n), "value": y}))
    intervals = scores.columns["value"].intervals
    assert len(intervals) == 11
    for interval in intervals:
        low, high = frame[interval.lower].to_list(), frame[interval.upper].to_list()
        rows = list(zip(low, high, y, strict=True))
        rate = 2 / (1 - interval.level)
        score = sum(b - a + rate * max(a - x, 0) + rate * max(x - b, 0) for a, b, x in rows) / n
        assert interval.covered == sum(a <= x <= b for a, b, x in rows) / n
        assert interval.score == pytest.approx(score, rel=1e-9)


def test_reports_have_the_intervals_of_quantiles() -> None:
    """Widths, overlap and order of each pair, and no complaint of a mean outside a narrow one."""
    contract = parse_contract(source({"a": 0.25, "b": 0.5, "c": 0.75}, "[columns.mean]\n"))
    a = pl.DataFrame({"item": items(4), "a": 1.0, "b": 2.0, "c": 3.0, "mean": 9.0})
    b = a.with_columns(a=pl.lit(0.0), c=pl.Series([4.0, 4.0, 4.0, 0.0]))
    report = diff(a, b, contract)
    (interval,) = report.intervals
    assert (interval.level, interval.from_quantiles) == (0.5, True)
    assert interval.order_to.zero_width == 1
    assert interval.order_to.lower_above_point is None
    assert interval.width_change is not None
    assert interval.width_change.p50 == pytest.approx(np.log(2))


def test_the_median_stands_for_a_row_without_a_point() -> None:
    """The quantile nearest to it, a point before it, else the first estimate."""
    assert parse_contract(source(NAMES)).main == "q0.5"
    assert parse_contract(source({"a": 0.1, "b": 0.4, "c": 0.9})).main == "b"
    assert parse_contract(source(NAMES, "[columns.mean]\n")).main == "mean"
    label = 'name = "x"\n[key.i]\ntype = "string"\n[columns.kind]\nrole = "label"\n'
    assert parse_contract(label).main == "kind"
