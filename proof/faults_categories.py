"""Faults of a forecast hub's chances of categories, which move with what they are of; the policy is
the one that `estimates draft --hub` proposes.
"""

from __future__ import annotations

import polars as pl

from proof.fault import in_file
from tests.made_up_categories import COLUMNS

_LATER = (
    "chances of a place move as much within a week where a wave turns, and nothing else of the "
    "table is wrong; `accuracy_loss` shows it with the next observations"
)


def _beside(today: pl.DataFrame, values: pl.DataFrame) -> pl.DataFrame:
    return pl.concat([today.drop(COLUMNS), values.select(COLUMNS)], how="horizontal")


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


@in_file("categories")
def the_mean_of_all_places(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """A model that falls back to how often each category is."""
    return today.with_columns(pl.col(COLUMNS).mean())


@in_file("categories", reason=_LATER)
def categories_turned_round(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """The columns in the opposite order: what falls is said to rise."""
    return today.with_columns(
        pl.col(old).alias(new) for old, new in zip(reversed(COLUMNS), COLUMNS, strict=True)
    )


@in_file("categories", reason=_LATER)
def chances_of_other_places(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """The chances lie beside the wrong keys, in no order."""
    return _beside(today, today.sample(fraction=1, shuffle=True, seed=5))


@in_file(
    "categories",
    reason="of 212 keys four; small places share their rounded chances by chance, too, so that "
    "this share only counts from a third of the keys on",
)
def chances_of_one_place_copied(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """One place's chances given to another as well."""
    others = today.filter(pl.col("location") != "45")
    copied = today.filter(location="04").with_columns(location=pl.lit("45"))
    return pl.concat([others, copied])


@in_file("categories")
def last_weeks_chances(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """A stale copy: last week's file arrives as this week's."""
    return before


@in_file("categories")
def last_weeks_chances_under_new_dates(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Nobody computed: the keys that last week had too have last week's chances."""
    key = ["location", "target_end_date"]
    return (
        today.join(before.select(*key, *COLUMNS), on=key, how="left", suffix="_old")
        .with_columns(pl.coalesce(f"{name}_old", name).alias(name) for name in COLUMNS)
        .select(today.columns)
    )


@in_file("categories")
def chances_of_half_of_the_places(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """The second half of the file did not arrive."""
    return today.head(today.height // 2)


@in_file("categories")
def chances_a_week_late(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Every target date is a week later."""
    return today.with_columns(pl.col("target_end_date").dt.offset_by("1w"))


@in_file("categories")
def chances_of_places_as_numbers(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Place codes lost their leading zeros."""
    return today.with_columns(pl.col("location").str.replace("^0", ""))


@in_file("categories")
def every_chance_twice(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """A submission was appended to itself."""
    return pl.concat([today, today])
