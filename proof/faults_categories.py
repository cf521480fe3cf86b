"""Faults of a forecast hub's chances of categories, which move with what they are of; the policy is
the one that `estimates draft --hub` proposes.
"""

from __future__ import annotations

import polars as pl

from proof.fault import in_file
from tests.made_up_categories import COLUMNS


@in_file("categories")
def chances_in_percent(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Every chance times 100."""
    return today.with_columns(pl.col(COLUMNS) * 100)


@in_file("categories")
def chances_that_do_not_add_up(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """One category was left out of the sum."""
    return today.with_columns(p_stable=pl.lit(0.0))


@in_file("categories")
def the_most_likely_for_sure(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """A classifier's answers in the place of chances: 1 for the most likely category."""
    likely = pl.concat_list(COLUMNS).list.arg_max()
    return today.with_columns(
        (likely == number).cast(pl.Float64).alias(name) for number, name in enumerate(COLUMNS)
    )


@in_file("categories")
def equal_chances(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """A model that knows nothing: every category is as likely as any other."""
    return today.with_columns(pl.lit(1 / len(COLUMNS)).alias(name) for name in COLUMNS)
