"""Faults of a forecast hub's weekly quantiles, where half of all medians move by a third in a week;
the policy is the one that `estimates draft` proposes.
"""

from __future__ import annotations

import polars as pl

from proof.fault import in_file
from proof.faults_places import OTHER, of
from tests.made_up_hub import QUANTILES

_LARGE = "02"  # a place of some thousand admissions


def _scaled(today: pl.DataFrame, factor: float, rows: pl.Expr | None = None) -> pl.DataFrame:
    rows = pl.lit(True) if rows is None else rows
    return today.with_columns(
        pl.when(rows).then(pl.col(name) * factor).otherwise(name).alias(name) for name in QUANTILES
    )


def _spread(today: pl.DataFrame, factor: float) -> pl.DataFrame:
    middle = pl.col("q0.5")
    return today.with_columns(
        (middle + factor * (pl.col(name) - middle)).clip(0).alias(name) for name in QUANTILES
    )


@in_file("hub")
def counts_in_hundreds(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Every quantile divided by 100."""
    return _scaled(today, 0.01)


@in_file("hub")
def counts_ten_times_too_high(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Every quantile times 10."""
    return _scaled(today, 10)


@in_file("hub")
def counts_as_logarithms(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """The model's log(1 + x) was not turned back into counts."""
    return today.with_columns(pl.col(QUANTILES).log1p())


@in_file("hub")
def a_place_in_hundreds(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """One large place of 53 divided by 100."""
    return _scaled(today, 0.01, of(_LARGE))


@in_file("hub")
def a_place_times_100(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """One place of 53 times 100."""
    return _scaled(today, 100, of(OTHER))


@in_file("hub")
def a_key_times_100(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """One target of one place times 100."""
    return _scaled(today, 100, of(OTHER) & (pl.col("horizon") == 1))


@in_file("hub")
def the_nation_as_one_of_its_parts(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """The national series has the numbers of a small place."""
    parts = today.filter(~of("US"))
    nation = parts.filter(of("03")).with_columns(location=pl.lit("US"))
    return pl.concat([parts, nation])


@in_file("hub")
def two_places_exchanged(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """A large and a small place have each other's numbers."""
    return today.with_columns(pl.col("location").replace({_LARGE: "03", "03": _LARGE}))


@in_file("hub")
def spreads_twice_as_wide(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Every distribution twice as wide around its median."""
    return _spread(today, 2)


@in_file("hub")
def spreads_half_as_wide(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Every distribution half as wide around its median."""
    return _spread(today, 0.5)


@in_file("hub")
def the_median_in_all_quantiles(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Every distribution is a point."""
    return _spread(today, 0)


@in_file(
    "hub",
    reason="its own level moves by as much in two weeks, and nothing but its width is wrong; "
    "`coverage_error` shows it later",
)
def the_spread_of_one_place(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """The distributions of one place of 53 three times as wide."""
    wide = _spread(today, 3).filter(of(OTHER))
    return pl.concat([today.filter(~of(OTHER)), wide])


@in_file("hub")
def zeros_for_one_place(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """One large place has 0 where there is no estimate."""
    return _scaled(today, 0, of(_LARGE))


@in_file("hub")
def zeros_for_all(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """All estimates are 0."""
    return _scaled(today, 0)


@in_file("hub")
def a_sign_error_in_one_place(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """The quantiles of one place below 0, in order."""
    turned = (
        pl.when(of(OTHER)).then(-pl.col(old)).otherwise(new).alias(new)
        for old, new in zip(reversed(QUANTILES), QUANTILES, strict=True)
    )
    return today.with_columns(turned)


@in_file("hub")
def the_mean_for_a_tenth(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Every tenth place has one and the same distribution: its data were missing."""
    tenth = pl.col("location").is_in([f"{i:02}" for i in range(5, 53, 10)])
    return today.with_columns(
        pl.when(tenth).then(pl.col(name).mean()).otherwise(name).alias(name) for name in QUANTILES
    )


@in_file(
    "hub",
    reason="1.9 % of the keys, and a draft of one file asks for none; with the places as the "
    "`values` of a domain `domain_missing` blocks",
)
def one_place_missing(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """One place of 53 is not there."""
    return today.filter(~of(OTHER))
