"""Faults of a forecast hub's submissions that do not hang on what is forecast: they are put into
its weekly quantiles and into its chances of categories alike.
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from proof.fault import Change, in_file
from tests import made_up_categories
from tests.made_up_hub import KEY, QUANTILES

OTHER = "45"  # a place of some hundred admissions
_OF_TARGETS = {"hub": QUANTILES, "categories": made_up_categories.COLUMNS}


def of(*places: str) -> pl.Expr:
    """Whether a row is of one of some places."""
    return pl.col("location").is_in(places)


def in_both(of_chances: str | None = None) -> Callable[[Change], Change]:
    """Register a fault for each of the hub's targets; `of_chances`: why that of chances is let
    through, where it is.
    """

    def register(change: Change) -> Change:
        return in_file("categories", of_chances)(in_file("hub")(change))

    return register


def _estimates(rows: pl.DataFrame) -> list[str]:
    return next(names for names in _OF_TARGETS.values() if names[0] in rows.columns)


def _beside(today: pl.DataFrame, values: pl.DataFrame) -> pl.DataFrame:
    names = _estimates(today)
    return pl.concat([today.drop(names), values.select(names)], how="horizontal")


@in_both(
    "chances of a place move as much within a week where a wave turns, and nothing else of the "
    "table is wrong; `accuracy_loss` shows it with the next observations"
)
def columns_turned_round(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """The columns in the opposite order: what falls is said to rise."""
    names = _estimates(today)
    return today.with_columns(
        pl.col(old).alias(new) for old, new in zip(reversed(names), names, strict=True)
    )


@in_both()
def places_shuffled(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """The numbers lie beside the wrong keys, in no order."""
    return _beside(today, today.sample(fraction=1, shuffle=True, seed=5))


@in_both()
def places_off_by_one_row(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """The numbers stand four rows below their keys: each place has those of the one before."""
    return _beside(today, pl.concat([today.tail(4), today.head(-4)]))


@in_both(
    "of 212 keys four; small places share their rounded chances by chance, too, so that this share "
    "only counts from a third of the keys on"
)
def one_place_copied_to_another(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """One place's numbers given to another as well."""
    copied = today.filter(of("04")).with_columns(location=pl.lit(OTHER))
    return pl.concat([today.filter(~of(OTHER)), copied])


@in_both()
def the_mean_for_every_place(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """A model that falls back to the mean: the same for every key."""
    return today.with_columns(pl.col(_estimates(today)).mean())


@in_both()
def last_weeks_submission(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """A stale copy: last week's file arrives as this week's."""
    return before


@in_both()
def last_weeks_numbers_under_new_dates(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Nobody computed: the keys that last week had too have last week's numbers."""
    names = _estimates(today)
    return (
        today.join(before.select(*KEY, *names), on=KEY, how="left", suffix="_old")
        .with_columns(pl.coalesce(f"{name}_old", name).alias(name) for name in names)
        .select(today.columns)
    )


@in_both()
def half_of_the_places(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """The second half of the file did not arrive."""
    return today.head(today.height // 2)


@in_both()
def targets_a_week_late(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Every target date is a week later."""
    return today.with_columns(pl.col("target_end_date").dt.offset_by("1w"))


@in_both()
def places_as_numbers(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Place codes lost their leading zeros."""
    return today.with_columns(pl.col("location").str.replace("^0", ""))


@in_both()
def every_place_twice(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """A submission was appended to itself."""
    return pl.concat([today, today])
