"""S3a: the change as people say it, over all keys and by group."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from estimates.contract.contract import Contract
from estimates.contract.contract_file import parse_contract
from estimates.stability.diff import diff
from estimates.stability.report import ScalarReport

N = 40_000  # more than one block of a sample


def contract(column: str = "") -> Contract:
    """A point `v` with more said of it, broken down by `g`."""
    return parse_contract(
        f'name = "s"\n[key.k]\ntype = "integer"\n[columns.v]\n{column}\n'
        '[columns.g]\nrole = "attribute"\ntype = "string"\n[stability]\ngroups = ["g"]'
    )


def frames() -> tuple[pl.DataFrame, pl.DataFrame]:
    """Values around 1 to 10, each multiplied by something of its own."""
    rng = np.random.default_rng(4)
    a = rng.uniform(0.01, 0.5, N)
    b = a * rng.lognormal(0.0, 0.3, N)
    g = np.where(np.arange(N) % 3 == 0, "x", "y")
    old, new = (pl.DataFrame({"k": range(N), "v": x, "g": g}) for x in (a, b))
    return old, new


def scalar(of: Contract) -> ScalarReport:
    """What the report says of the number."""
    scalar_report = diff(*frames(), of).columns["v"].scalar
    assert scalar_report is not None
    return scalar_report


def test_amounts_move_relative_to_the_old_value() -> None:
    """The quantiles of |b − a| / max(|a|, s)."""
    report = scalar(contract("scale_floor = 0.02"))
    a, b = (frame["v"].to_numpy() for frame in frames())
    sizes = np.abs(b - a) / np.maximum(a, 0.02)
    assert report.plain is not None
    assert report.plain.measure == "relative"
    assert (report.plain.p50, report.plain.p95, report.plain.max) == pytest.approx(
        (*np.quantile(sizes, [0.5, 0.95]), sizes.max()), rel=1e-12
    )
    first = report.top[0]
    assert first.plain == pytest.approx((first.b - first.a) / first.a)


@pytest.mark.parametrize(
    ("column", "points"),
    [('unit = "share"', 100), ("min = 0\nmax = 1", 100), ('unit = "%"', 1)],
)
def test_probabilities_and_shares_move_in_points(column: str, points: float) -> None:
    """The quantiles of |b − a| in percentage points, by group too."""
    of = contract(column)
    report = diff(*frames(), of).columns["v"]
    a, b = frames()
    sizes = ((b["v"] - a["v"]).abs() * points).to_numpy()
    plain = report.scalar.plain if report.scalar else None
    assert plain is not None
    assert plain.measure == "points"
    assert plain.p95 == pytest.approx(np.quantile(sizes, 0.95), rel=1e-12)
    group = next(group for group in report.groups["g"] if group.value == "x")
    inside = sizes[(a["g"] == "x").to_numpy()]
    assert group.plain_p50 == pytest.approx(np.quantile(inside, 0.5), rel=1e-12)


def test_from_zero_has_no_relative_change() -> None:
    """A baseline of zeros has none; a single key of it neither."""
    of = contract()
    a, b = (pl.DataFrame({"k": [1, 2], "v": x, "g": ["x", "x"]}) for x in ([0.0, 0.0], [1.0, 0.0]))
    report = diff(a, b, of).columns["v"].scalar
    assert report is not None
    assert report.plain is None
    assert report.top[0].plain is None
