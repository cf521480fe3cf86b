"""Faults of quantile functions, and of a set with neither intervals nor a target."""

from __future__ import annotations

import polars as pl

from proof.fault import in_file
from proof.faults_prices import of
from proof.scenes import QUANTILES

GRID = list(QUANTILES)


@in_file("quantiles")
def quantiles_reversed(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """The quantile columns in the opposite order."""
    return today.with_columns(
        pl.col(old).alias(new) for old, new in zip(GRID, reversed(GRID), strict=True)
    )


@in_file("quantiles")
def two_quantiles_exchanged(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Two neighbouring quantile columns exchanged."""
    return today.with_columns(q10="q025", q025="q10")


@in_file("quantiles")
def quantiles_of_other_levels(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Each column holds the next higher quantile, the last one twice."""
    return today.with_columns(
        pl.col(old).alias(new) for new, old in zip(GRID, [*GRID[1:], GRID[-1]], strict=True)
    )


@in_file("quantiles")
def twice_the_spread(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Every distribution twice as wide around its median."""
    middle = pl.col("q50")
    return today.with_columns((middle + 2 * (pl.col(name) - middle)).alias(name) for name in GRID)


@in_file("quantiles")
def distributions_around_another_forecast(
    today: pl.DataFrame, before: pl.DataFrame
) -> pl.DataFrame:
    """Two tickers of twenty too high by one and a half times the range that eight in ten closes
    should lie in.
    """
    spread = pl.when(of("KO", "PEP")).then(1.5 * (pl.col("q90") - pl.col("q10"))).otherwise(0.0)
    return today.with_columns(pl.col(name) + spread for name in GRID)


@in_file("quantiles")
def one_key_of_quantiles_in_cents(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """One key of two hundred times 100, in a set without a point."""
    first = pl.int_range(pl.len()) < 1
    return today.with_columns(
        pl.when(first).then(pl.col(n) * 100).otherwise(n).alias(n) for n in GRID
    )


@in_file("averages")
def averages_in_cents(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Every average times 100."""
    return today.with_columns(pl.col("average") * 100)


@in_file("averages")
def averages_of_one_ticker_in_hundreds(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """One ticker of twenty divided by 100, in a set without intervals."""
    return today.with_columns(
        average=pl.when(of("PFE")).then(pl.col("average") / 100).otherwise("average")
    )


@in_file("averages")
def averages_of_a_split_not_adjusted(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """One ticker at a quarter of its price, in a set without intervals."""
    return today.with_columns(
        average=pl.when(of("AAPL")).then(pl.col("average") / 4).otherwise("average")
    )


@in_file(
    "averages",
    reason="of sixty days one is new and one gone, 1.7 % of the keys, and an open domain asks for "
    "none; with the days in a "
    "`product` domain `domain_outside` blocks",
)
def a_key_off_by_one(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """The numbers of days were counted from 0."""
    return today.with_columns(pl.col("days") - 1)


@in_file("averages")
def averages_of_two_tickers_exchanged(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Two tickers have each other's values, 64 against 180 dollars."""
    return today.with_columns(pl.col("ticker").replace({"KO": "PEP", "PEP": "KO"}))


@in_file("averages")
def averages_of_another_universe(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Half of the tickers a third higher: closes adjusted for dividends beside closes that are
    not.
    """
    return today.with_columns(
        average=pl.when(pl.col("ticker") < "KO").then(pl.col("average") * 1.34).otherwise("average")
    )


@in_file(
    "averages",
    reason="5 % is an ordinary week of a stock; `unusual_change` says that the set itself has "
    "never "
    "moved so much, and the "
    "contract can give it `block = 0`",
)
def two_tickers_five_percent_too_high(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Two tickers of twenty 5 % too high, in a set without intervals."""
    return today.with_columns(
        average=pl.when(of("KO", "PEP")).then(pl.col("average") * 1.05).otherwise("average")
    )


@in_file(
    "averages",
    reason="one stock may fall by as much in a day, and without an interval nothing says what is "
    "usual for it; intervals, or "
    "`block` for `worst_group_change`, would",
)
def one_ticker_in_pounds(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """One ticker of twenty in GBP, at 0.80 to the dollar, in a set without intervals."""
    return today.with_columns(
        average=pl.when(of("JPM")).then(pl.col("average") * 0.8).otherwise("average")
    )


@in_file(
    "averages",
    reason="soft bounds ask for a look, hard ones (`max`) block",
)
def beyond_soft_bounds(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Averages of one ticker above the contract's soft bound."""
    return today.with_columns(
        average=pl.when(of("UNH")).then(pl.col("average") * 1.15).otherwise("average")
    )
