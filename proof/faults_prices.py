"""Faults of the forecast closes: units, keys, dates, intervals, files that are not whole."""

from __future__ import annotations

import io

import polars as pl

from proof.fault import in_file

NUMBERS = ["value", "lower_80", "upper_80", "lower_95", "upper_95"]
KEY = ["ticker", "target_date"]
BANKS = ("BAC", "JPM")


def scaled(today: pl.DataFrame, by: float, where: pl.Expr | None = None) -> pl.DataFrame:
    """All estimates of some rows, or of all, times a factor."""
    rows = pl.lit(True) if where is None else where
    return today.with_columns(
        pl.when(rows).then(pl.col(n) * by).otherwise(pl.col(n)).alias(n) for n in NUMBERS
    )


def of(*tickers: str) -> pl.Expr:
    """The rows of some tickers."""
    return pl.col("ticker").is_in(list(tickers))


def first(rows: int) -> pl.Expr:
    """The first rows."""
    return pl.int_range(pl.len()) < rows


def renamed(today: pl.DataFrame, names: dict[str, str]) -> pl.DataFrame:
    """The rows of some tickers under the names of others, as far as both are there."""
    return today.with_columns(pl.col("ticker").replace(names))


def csv(today: pl.DataFrame) -> str:
    """The table as CSV."""
    return today.write_csv()


@in_file("prices")
def all_in_cents(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Every price times 100."""
    return scaled(today, 100)


@in_file("prices")
def all_in_hundreds(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Every price divided by 100."""
    return scaled(today, 0.01)


@in_file("prices")
def one_ticker_in_cents(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """One ticker of twenty times 100."""
    return scaled(today, 100, of("KO"))


@in_file("prices")
def one_ticker_in_hundreds(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """One ticker of twenty divided by 100."""
    return scaled(today, 0.01, of("UNH"))


@in_file("prices")
def one_key_in_cents(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """One key of two hundred times 100."""
    return scaled(today, 100, first(1))


@in_file("prices")
def one_key_in_hundreds(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """One key of two hundred divided by 100."""
    return scaled(today, 0.01, first(1))


@in_file("prices")
def a_broken_feed(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Three tickers ten times too high and two missing, as in the demo."""
    return scaled(today, 10, of("AAPL", "MSFT", "XOM")).filter(~of("JNJ", "PG"))


@in_file("prices")
def a_split_not_adjusted(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """One ticker at a quarter of its price: a 4-for-1 split of which the history knows nothing."""
    return scaled(today, 0.25, of("AAPL"))


@in_file("prices")
def banks_in_pounds(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """The currency changes for one group: two banks in GBP, at 0.80 to the dollar."""
    return scaled(today, 0.80, of(*BANKS))


@in_file(
    "prices",
    reason="6 % is what a stock moves on the day of its results; no limit that stops it would let "
    "real days through. Over all "
    "tickers it blocks (`all in euros`)",
)
def banks_in_euros(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """The currency changes for one group: two banks in EUR, at 0.94 to the dollar."""
    return scaled(today, 0.94, of(*BANKS))


@in_file("prices")
def all_in_euros(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Every price in EUR, at 0.94 to the dollar."""
    return scaled(today, 0.94)


@in_file("prices")
def logarithms(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """The model's logarithms were not turned back into prices."""
    return today.with_columns(pl.col(NUMBERS).log())


@in_file("prices")
def ends_swapped(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Lower and upper ends exchanged."""
    return today.with_columns(
        lower_80="upper_80", upper_80="lower_80", lower_95="upper_95", upper_95="lower_95"
    )


@in_file("prices")
def ends_of_one_key_swapped(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Lower and upper end of one interval of one key exchanged."""
    lower, upper = pl.col("lower_80"), pl.col("upper_80")
    return today.with_columns(
        pl.when(first(1)).then(upper).otherwise(lower).alias("lower_80"),
        pl.when(first(1)).then(lower).otherwise(upper).alias("upper_80"),
    )


@in_file("prices")
def levels_swapped(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """The 95 % interval in the columns of the 80 % interval, and the reverse."""
    return today.with_columns(
        lower_80="lower_95", lower_95="lower_80", upper_80="upper_95", upper_95="upper_80"
    )


@in_file("prices")
def a_lower_level_under_the_name_of_80(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """The job was run with a nominal level of 50 % where the contract promises 80 %."""
    return wider(today, 0.6745 / 1.2816, "80")


@in_file("prices")
def a_level_of_90_under_the_name_of_95(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """The job was run with a nominal level of 90 % where the contract promises 95 %."""
    return wider(today, 1.6449 / 1.96, "95")


@in_file("prices")
def one_level_for_both(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """The 80 % interval in the columns of the 95 % interval too."""
    return today.with_columns(lower_95="lower_80", upper_95="upper_80")


@in_file("prices")
def intervals_that_hide_errors(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Every interval three times as wide, so that nothing ever lies outside."""
    return wider(wider(today, 3, "80"), 3, "95")


@in_file("prices")
def intervals_half_as_wide_again(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Every interval 1.6 times as wide."""
    return wider(wider(today, 1.6, "80"), 1.6, "95")


@in_file("prices")
def intervals_far_too_narrow(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Every interval a third as wide: standard errors for standard deviations."""
    return wider(wider(today, 1 / 3, "80"), 1 / 3, "95")


@in_file("prices")
def wide_intervals_of_one_ticker(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """The intervals of one ticker of twenty three times as wide."""
    return wider(wider(today, 3, "80", of("KO")), 3, "95", of("KO"))


@in_file("prices")
def no_width(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """The intervals of one ticker of twenty have no width: its point in all columns."""
    return today.with_columns(
        pl.when(of("KO")).then(pl.col("value")).otherwise(n).alias(n) for n in NUMBERS
    )


@in_file("prices")
def a_point_outside(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """The point of one key lies above its interval."""
    return today.with_columns(
        value=pl.when(first(1)).then(pl.col("upper_80") * 1.001).otherwise("value")
    )


@in_file("prices")
def one_end_missing(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """One key has a lower end and no upper end."""
    return today.with_columns(upper_80=pl.when(first(1)).then(None).otherwise("upper_80"))


@in_file("prices")
def dates_a_day_late(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Every target date is a day later."""
    return today.with_columns(pl.col("target_date").dt.offset_by("1d"))


@in_file("prices")
def dates_in_another_time_zone(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Midnight in UTC became the evening before in New York, and that evening's date."""
    midnight = pl.col("target_date").cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    return today.with_columns(
        target_date=midnight.dt.convert_time_zone("America/New_York").dt.date()
    )


@in_file("prices")
def dates_as_timestamps(today: pl.DataFrame, before: pl.DataFrame) -> str:
    """Target dates were written as timestamps of New York."""
    midnight = (
        pl.col("target_date").cast(pl.Datetime("us")).dt.replace_time_zone("America/New_York")
    )
    return csv(today.with_columns(midnight))


@in_file("prices")
def values_of_the_next_target(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Each target has the estimates of the one after it, the last one its own."""
    shifted = (pl.coalesce(pl.col(n).shift(-1).over("ticker"), n).alias(n) for n in NUMBERS)
    return today.sort(KEY).with_columns(shifted)


@in_file("prices")
def one_ticker_copied_to_another(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """One ticker's values given to another: PEP has those of PG, which cost nearly as much."""
    others = today.filter(~of("PEP"))
    return pl.concat([others, renamed(today.filter(of("PG")), {"PG": "PEP"})])


@in_file("prices")
def two_tickers_exchanged(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Two tickers have each other's values: KO and PEP."""
    return renamed(today, {"KO": "PEP", "PEP": "KO"})


@in_file(
    "prices",
    reason="what costs the same within an ordinary day's move cannot be told apart by its numbers",
)
def two_tickers_of_one_price_exchanged(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Two tickers that cost nearly the same have each other's values: MRK and XOM."""
    return renamed(today, {"MRK": "XOM", "XOM": "MRK"})


@in_file("prices")
def shuffled_keys(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """The values lie beside the wrong keys, in no order."""
    return pl.concat(
        [today.select(KEY), today.drop(KEY).sample(fraction=1, shuffle=True, seed=5)],
        how="horizontal",
    )


@in_file("prices")
def off_by_one_row(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """The values stand one row below their keys."""
    values = today.sort(KEY).drop(KEY)
    return pl.concat(
        [today.sort(KEY).select(KEY), pl.concat([values.tail(1), values.head(-1)])],
        how="horizontal",
    )


@in_file("prices")
def yesterdays_file(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """A stale copy: yesterday's file arrives as today's."""
    return before


@in_file("prices")
def yesterdays_values_under_todays_keys(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Nobody computed: the estimates of the keys that yesterday had too are yesterday's."""
    return stale(today, before, pl.lit(True))


@in_file("prices")
def one_ticker_frozen(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """One ticker of twenty has yesterday's estimates."""
    return stale(today, before, of("GE"))


@in_file("prices")
def half_of_the_rows_from_yesterday(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Two runs in one file: half of the tickers were written by yesterday's."""
    return stale(today, before, pl.col("ticker") < "KO")


@in_file("prices")
def a_truncated_parquet_file(today: pl.DataFrame, before: pl.DataFrame) -> bytes:
    """A Parquet file of which the second half did not arrive."""
    buffer = io.BytesIO()
    today.write_parquet(buffer)
    return buffer.getvalue()[: buffer.tell() // 2]


@in_file("prices")
def a_csv_file_cut_within_a_line(today: pl.DataFrame, before: pl.DataFrame) -> str:
    """A CSV file that ends within a line."""
    return csv(today)[:-25]


@in_file("prices")
def a_csv_file_cut_after_a_line(today: pl.DataFrame, before: pl.DataFrame) -> str:
    """A CSV file of which the last ten lines did not arrive."""
    return csv(today.head(-10))


@in_file("prices")
def a_duplicated_partition(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """One ticker's rows are there twice."""
    return pl.concat([today, today.filter(of("KO"))])


@in_file("prices")
def a_join_that_multiplied_rows(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Every key twice, with other values: a join on half of the key."""
    return pl.concat([today, scaled(today, 1.01)])


@in_file("prices")
def the_text_nan(today: pl.DataFrame, before: pl.DataFrame) -> str:
    """One cell of a CSV file is the text NaN."""
    text = today.with_columns(pl.col("value").cast(pl.String))
    return csv(text.with_columns(value=pl.when(first(1)).then(pl.lit("NaN")).otherwise("value")))


@in_file("prices")
def the_text_of_no_number(today: pl.DataFrame, before: pl.DataFrame) -> str:
    """One cell of a CSV file is #DIV/0!."""
    text = today.with_columns(pl.col("value").cast(pl.String))
    return csv(
        text.with_columns(value=pl.when(first(1)).then(pl.lit("#DIV/0!")).otherwise("value"))
    )


@in_file("prices", reason="they are read as what they are: the version has the right numbers")
def decimal_commas(today: pl.DataFrame, before: pl.DataFrame) -> str:
    """Numbers with decimal commas, separated by semicolons."""
    return today.write_csv(separator=";", decimal_comma=True)


@in_file("prices")
def not_a_number(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """One estimate is NaN."""
    return today.with_columns(value=pl.when(first(1)).then(float("nan")).otherwise("value"))


@in_file("prices")
def infinite_ends(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """One upper end is infinite."""
    return today.with_columns(upper_95=pl.when(first(1)).then(float("inf")).otherwise("upper_95"))


@in_file("prices")
def no_estimates_for_one_ticker(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """One ticker's estimates are null."""
    return today.with_columns(pl.when(of("KO")).then(None).otherwise(n).alias(n) for n in NUMBERS)


@in_file("prices")
def a_missing_horizon(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """The last target date is not there."""
    return today.filter(pl.col("target_date") < pl.col("target_date").max())


@in_file("prices")
def a_missing_ticker(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """One ticker is not there."""
    return today.filter(~of("KO"))


@in_file("prices")
def a_foreign_ticker(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """A test ticker has slipped in."""
    return pl.concat([today, renamed(today.filter(of("KO")), {"KO": "TEST"})])


@in_file("prices")
def a_blank_behind_a_ticker(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """One ticker is written with a blank behind it."""
    return renamed(today, {"KO": "KO "})


@in_file("prices")
def a_null_in_a_key(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """One row says nothing about its ticker."""
    return today.with_columns(ticker=pl.when(first(1)).then(None).otherwise("ticker"))


@in_file("prices")
def a_header_and_nothing_else(today: pl.DataFrame, before: pl.DataFrame) -> str:
    """A CSV file with its header alone."""
    return csv(today.clear())


@in_file("prices")
def a_missing_column(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """The point is not there."""
    return today.drop("value")


@in_file("prices")
def a_new_column(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """A column that the contract does not know."""
    return today.with_columns(model=pl.lit("v2"))


@in_file("prices")
def a_negative_price(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """A sign error in one key of two hundred, 0.5 %, its ends in order."""
    turned = scaled(today, -1, first(1))
    ends = {"lower": "upper", "upper": "lower"}
    return turned.with_columns(
        pl.when(first(1))
        .then(pl.col(f"{ends[end]}_{level}"))
        .otherwise(f"{end}_{level}")
        .alias(f"{end}_{level}")
        for level in ("80", "95")
        for end in ends
    )


@in_file("prices")
def zero_for_no_estimate(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """One ticker's estimates are 0."""
    return scaled(today, 0, of("KO"))


@in_file("prices")
def the_mean_for_everybody(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """A model that falls back to the mean: the same for every key."""
    return today.with_columns(pl.col(NUMBERS).mean())


@in_file("prices")
def six_percent_too_high(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Every estimate 6 % too high."""
    return scaled(today, 1.06)


@in_file(
    "prices",
    reason="an ordinary trading day moves every estimate by as much; `accuracy_loss` shows it "
    "later",
)
def one_percent_too_high(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Every estimate 1 % too high."""
    return scaled(today, 1.01)


@in_file("prices")
def whole_dollars(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Points rounded to whole dollars, their ends too."""
    return today.with_columns(pl.col(NUMBERS).round(0))


def wider(today: pl.DataFrame, by: float, level: str, where: pl.Expr | None = None) -> pl.DataFrame:
    """An interval of another width around its point, in logarithms as the job makes it."""
    rows = pl.lit(True) if where is None else where
    names = (f"lower_{level}", f"upper_{level}")
    ends = {name: pl.col("value") * (pl.col(name) / pl.col("value")) ** by for name in names}
    return today.with_columns(
        pl.when(rows).then(end).otherwise(pl.col(name)).alias(name) for name, end in ends.items()
    )


def stale(today: pl.DataFrame, before: pl.DataFrame, where: pl.Expr) -> pl.DataFrame:
    """Today's table, with yesterday's estimates for some rows that yesterday had too."""
    return (
        today.join(before, on=KEY, how="left", suffix="_before")
        .with_columns(
            pl.when(where & pl.col(f"{n}_before").is_not_null())
            .then(f"{n}_before")
            .otherwise(n)
            .alias(n)
            for n in NUMBERS
        )
        .select(today.columns)
    )
