"""The price feed of the demo: real prices, a file a day, one broken, the last cut off."""

from __future__ import annotations

from datetime import date, time
from pathlib import Path
from typing import NamedTuple

import polars as pl

from estimates.errors import InvalidError

FIRST_DAY = date(2021, 12, 16)
DAYS = 9
BROKEN_DAY = 4  # the fifth
ARRIVED = 12  # rows of the last day's file, of 20
KNOWN_UNTIL = date(2022, 1, 12)  # what came of everything that the week estimates
RELEASED = time(22, 0)  # in UTC: an hour after the close each version came out, the week says
TEN_TIMES = ("AAPL", "MSFT", "XOM")
MISSING = ("JNJ", "PG")
CONTRACT = "sp500-close.toml"
ACTUAL_CONTRACT = "sp500-actual.toml"
PRICES = "sp500_daily_close.parquet"


class Feed(NamedTuple):
    """The folder of price files and what goes into it: the history, then one file a day."""

    folder: Path
    prices: pl.DataFrame
    days: list[date]

    @classmethod
    def of(cls, folder: Path) -> Feed:
        """The feed of the demo's days, in a folder; raises InvalidError (`no_examples`)."""
        prices = pl.read_parquet(examples_folder() / PRICES)
        days = prices["date"].unique().sort()
        return cls(folder, prices, days.filter(days >= FIRST_DAY).head(DAYS).to_list())

    def deliver(self, position: int) -> None:
        """Put the files of the days up to this one in place; a broken file is replaced on the day
        after it.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self.prices.filter(pl.col("date") < self.days[0]).write_csv(self.folder / "history.csv")
        for number, day in enumerate(self.days[: position + 1]):
            rows = self.prices.filter(pl.col("date") == day)
            if number == BROKEN_DAY:
                broken = damaged(rows)
                broken.write_csv(self.broken_file)
                rows = broken if position == BROKEN_DAY else rows
            if number == len(self.days) - 1:
                rows = rows.head(ARRIVED)
            rows.write_csv(self.folder / f"{day}.csv")

    def deliver_outcomes(self, file: Path) -> None:
        """Write the closes as they came in the end, those that were estimated among them."""
        self.prices.filter(pl.col("date") <= KNOWN_UNTIL).write_csv(file)

    @property
    def left_out(self) -> list[str]:
        """The tickers that the last day's file lacks."""
        tickers = self.prices.filter(pl.col("date") == self.days[-1])["ticker"]
        return tickers[ARRIVED:].to_list()

    @property
    def broken_file(self) -> Path:
        """A copy of the broken file for people, under a name that the job does not read."""
        return self.folder / f"{self.broken_day}.csv.broken"

    @property
    def broken_day(self) -> date:
        """The day whose file is broken."""
        return self.days[BROKEN_DAY]


def damaged(prices: pl.DataFrame) -> pl.DataFrame:
    """A day's prices as a broken feed delivers them: some off by a factor of 10, some not there."""
    wrong = pl.when(pl.col("ticker").is_in(TEN_TIMES)).then(10 * pl.col("close")).otherwise("close")
    return prices.filter(~pl.col("ticker").is_in(MISSING)).with_columns(wrong.alias("close"))


def examples_folder() -> Path:
    """The folder of examples: in the installed package, or at the root of the source tree.

    Raises InvalidError (`no_examples`).
    """
    package, root = Path(__file__).parents[1], Path(__file__).parents[3]
    for folder in (package / "examples", root / "examples"):
        if (folder / CONTRACT).exists():
            return folder
    raise InvalidError(
        "no_examples",
        f"{package}: the examples were not installed with this package",
        remedy="install estimates-store again, with its examples",
    )
