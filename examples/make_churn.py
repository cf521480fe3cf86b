"""Make churn.csv and churn-next-week.csv: churn scores of customers who do not exist, for the
README's tour.

Two scorings of one customer base, a week apart. Every number comes from a seeded generator; run
this to make the same files again: `python examples/make_churn.py`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

CUSTOMERS = 500
GONE = 2  # leave in the week between, 0.4 %
NEW = 12  # come, 2.4 %
SEGMENTS = {"consumer": 0.6, "business": 0.3, "public": 0.1}


def customers(random: np.random.Generator) -> pl.DataFrame:
    """All who are customers in one of the two weeks."""
    count = CUSTOMERS + NEW
    numbers = np.sort(random.choice(99_999, size=count, replace=False) + 1)
    return pl.DataFrame(
        {
            "customer_id": [f"{number:06d}" for number in numbers],
            "segment": random.choice(list(SEGMENTS), size=count, p=list(SEGMENTS.values())),
            "log_odds": random.normal(-1.6, 0.9, size=count),
            "spread": random.uniform(0.35, 0.6, size=count),
        }
    )


def scored(people: pl.DataFrame) -> pl.DataFrame:
    """Churn probability with a 90 % interval, from log odds and their spread."""

    def probability(log_odds: pl.Expr) -> pl.Expr:
        return (1 / (1 + (-log_odds).exp())).round(4)

    odds, reach = pl.col("log_odds"), 1.645 * pl.col("spread")
    return people.select(
        "customer_id",
        "segment",
        probability(odds).alias("churn_score"),
        probability(odds - reach).alias("churn_lower_90"),
        probability(odds + reach).alias("churn_upper_90"),
    ).sort("customer_id")


def main() -> None:
    """Write both files beside this script."""
    random = np.random.default_rng(20261116)
    people = customers(random)
    new = random.choice(people.height, size=NEW, replace=False)
    gone = random.choice(np.setdiff1d(np.arange(people.height), new), size=GONE, replace=False)
    rows = np.arange(people.height)
    moved = people.with_columns(pl.col("log_odds") + random.normal(0, 0.03, size=people.height))
    folder = Path(__file__).parent
    scored(people[np.setdiff1d(rows, new)]).write_csv(folder / "churn.csv")
    scored(moved[np.setdiff1d(rows, gone)]).write_csv(folder / "churn-next-week.csv")


if __name__ == "__main__":
    main()
