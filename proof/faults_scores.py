"""Faults of the churn scores: probabilities, decisions, scores with a sign, customers who come and
go.
"""

from __future__ import annotations

import polars as pl

from proof.fault import in_file

ESTIMATES = [
    "churn_score",
    "churn_lower_90",
    "churn_upper_90",
    "log_odds",
    "p_leaves",
    "p_stays",
    "decision",
]
NUMBERS = ESTIMATES[:-1]


def every(nth: int) -> pl.Expr:
    """Every so many-th row."""
    return pl.int_range(pl.len()) % nth == 0


def turned(today: pl.DataFrame, where: pl.Expr) -> pl.DataFrame:
    """The decisions of some customers turned around."""
    other = (
        pl.when(pl.col("decision") == "leaves").then(pl.lit("stays")).otherwise(pl.lit("leaves"))
    )
    return today.with_columns(decision=pl.when(where).then(other).otherwise("decision"))


@in_file("scores")
def last_weeks_file(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """A stale copy: last week's file arrives as this week's, and its domain is open."""
    return before


@in_file("scores")
def a_sign_error_in_half_a_percent(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """A sign error in a subset of 0.5 % of a score that may be negative."""
    return today.with_columns(
        log_odds=pl.when(every(200)).then(-pl.col("log_odds")).otherwise("log_odds")
    )


@in_file("scores")
def a_sign_error_in_all(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """The odds of staying for those of leaving."""
    return today.with_columns(log_odds=-pl.col("log_odds"))


@in_file("scores")
def probabilities_in_percent(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Probabilities times 100."""
    return today.with_columns(pl.col("p_leaves", "p_stays") * 100)


@in_file("scores")
def scores_in_hundredths(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """The point and its interval divided by 100."""
    return today.with_columns(pl.col("churn_score", "churn_lower_90", "churn_upper_90") / 100)


@in_file("scores")
def probabilities_exchanged(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """The probability to stay in the column of the probability to leave."""
    return today.with_columns(p_leaves="p_stays", p_stays="p_leaves")


@in_file("scores")
def probabilities_that_do_not_add_up(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """One of two probabilities rounded to two decimals."""
    return today.with_columns(pl.col("p_stays").round(2))


@in_file("scores")
def an_unknown_decision(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """One decision in another language."""
    return today.with_columns(
        decision=pl.when(every(1000)).then(pl.lit("bleibt")).otherwise("decision")
    )


@in_file("scores")
def another_threshold(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Decisions made from 0.15 on in place of 0.25."""
    return today.with_columns(
        decision=pl.when(pl.col("p_leaves") >= 0.15)
        .then(pl.lit("leaves"))
        .otherwise(pl.lit("stays"))
    )


@in_file("scores")
def decisions_of_a_group_turned(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """The decisions of the smallest segment, a tenth of the customers, are the wrong way round."""
    return turned(today, pl.col("segment") == "public")


@in_file("scores")
def nobody_leaves(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """A class dies out: everybody stays."""
    return today.with_columns(decision=pl.lit("stays"))


@in_file("scores")
def shuffled_customers(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """The estimates lie beside the wrong customers, their distribution the same."""
    values = today.select(ESTIMATES).sample(fraction=1, shuffle=True, seed=5)
    return pl.concat([today.drop(ESTIMATES), values], how="horizontal")


@in_file("scores")
def a_tenth_of_the_customers_shuffled(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Every tenth customer has the estimates of another one."""
    rows = today.with_row_index("row")
    some = rows.filter(every(10))
    mixed = pl.concat(
        [some.drop(ESTIMATES), some.select(ESTIMATES).sample(fraction=1, shuffle=True, seed=5)],
        how="horizontal",
    )
    return pl.concat([rows.filter(~every(10)), mixed.select(rows.columns)]).sort("row").drop("row")


@in_file("scores")
def the_top_exchanged(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """The ten customers most likely to leave have the estimates of the ten least likely ones."""
    ordered = today.sort("churn_score", descending=True)
    middle = ordered.slice(10, ordered.height - 20)
    values = pl.concat([ordered.tail(10), middle, ordered.head(10)]).select(ESTIMATES)
    return pl.concat([ordered.drop(ESTIMATES), values], how="horizontal")


@in_file("scores")
def a_default_for_a_twentieth(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Every twentieth customer has one and the same estimate, the mean: features were missing."""
    means = {name: pl.col(name).mean() for name in NUMBERS}
    return today.with_columns(
        pl.when(every(20)).then(mean).otherwise(name).alias(name) for name, mean in means.items()
    )


@in_file("scores")
def one_segment_moves(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """The scores of one segment are twice as high: its features came from another source."""
    doubled = pl.min_horizontal(pl.col("churn_score") * 2, pl.col("churn_upper_90"))
    return today.with_columns(
        churn_score=pl.when(pl.col("segment") == "public").then(doubled).otherwise("churn_score")
    )


@in_file("scores")
def a_twentieth_of_the_customers_gone(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Every twentieth customer is not there."""
    return today.filter(~every(20))


@in_file(
    "scores",
    reason="customers do leave: 0.4 % in the ordinary week of the example; 2 % block, and whoever "
    "knows better says so in "
    "`removed_keys` or lists the keys in a domain",
)
def one_percent_of_the_customers_gone(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Every hundredth customer is not there."""
    return today.filter(~every(100))


@in_file("scores")
def half_a_table(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """The second half did not arrive."""
    return today.head(today.height // 2)


@in_file("scores")
def test_accounts(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """A quarter more customers: test accounts with the estimates of real ones."""
    accounts = today.head(today.height // 4).with_columns(
        customer_id=pl.lit("test-") + pl.col("customer_id")
    )
    return pl.concat([today, accounts])


@in_file("scores")
def numbers_of_customers(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Customer numbers became integers and lost their leading zeros."""
    return today.with_columns(pl.col("customer_id").cast(pl.Int64).cast(pl.String))


@in_file("scores")
def the_same_score_for_all(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """A model that answers the same to everything."""
    return today.with_columns(pl.col(NUMBERS).mean())
