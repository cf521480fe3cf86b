"""Where faults happen: stores of seven sets, made from the examples, with a day's version about to
arrive.

prices    sp500-close, eight trading days: 20 tickers x the next ten sessions, two intervals
quantiles the same days as quantile functions, without intervals
scores    the two weeks of churn scores, with an interval, probabilities and a decision made from
          them
averages  moving averages of the real closes over 1 to 60 days: 1,200 keys, 25 days, a point alone
plans     the last close for each of the next sixty sessions, on two days: the simplest forecast
          there is
hub       a made-up hub's weekly quantiles of 53 places in the rising weeks of a season, under the
          contract that `estimates draft` proposes
categories the same hub's chances of falling and rising counts, under the contract that
          `estimates draft --hub` proposes
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import polars as pl

import estimates_migrations
from estimates import instants
from estimates.catalog.records import InputDigest, Provenance
from estimates.contract.conform import conform
from estimates.contract.contract_file import parse_contract
from estimates.store.open_store import catalog_url
from estimates.store.store import Store
from estimates_jobs.run.context import Context
from estimates_jobs.run.runner import read_candidate
from proof import forecasts
from tests import made_up_categories, made_up_hub

TODAY = date(2022, 12, 14)  # so that nine of its ten targets have become prices
DAYS = 8
QUANTILES = {
    "q025": "lower_95",
    "q10": "lower_80",
    "q50": "value",
    "q90": "upper_80",
    "q975": "upper_95",
}
LEAVES = 0.25  # from this probability on a customer is called

QUANTILES_CONTRACT = """
name = "closes-as-quantiles"
[key.ticker]
type = "string"
[key.target_date]
type = "date"
target = true
""" + "".join(
    f'[columns.{name}]\nrole = "quantile"\nquantile = 0.{name[1:]}\nmin = 0\n' for name in QUANTILES
)

SCORES_CONTRACT = """
name = "churn"
[key.customer_id]
type = "string"
[columns.segment]
role = "attribute"
type = "string"
[columns.churn_score]
min = 0
max = 1
[columns.churn_lower_90]
role = "lower"
level = 0.9
[columns.churn_upper_90]
role = "upper"
level = 0.9
[columns.log_odds]
role = "score"
[columns.p_leaves]
role = "probability"
label = "leaves"
[columns.p_stays]
role = "probability"
label = "stays"
[columns.decision]
role = "label"
labels = ["leaves", "stays"]
[domain]
kind = "open"
minimum = 450
[stability]
groups = ["segment"]
"""

PLANS_CONTRACT = """
name = "plans"
[key.ticker]
type = "string"
[key.target_date]
type = "date"
target = true
[columns.close]
unit = "USD"
"""

AVERAGES_CONTRACT = """
name = "averages"
[key.ticker]
type = "string"
[key.days]
type = "integer"
[columns.average]
unit = "USD"
soft_max = 600
[stability]
groups = ["ticker"]
[freshness]
max_age = "4d"
"""


@dataclass
class Scene:
    """A set whose newest version is in production, and the table that would be its next one.

    store, set     where, and the name of the set
    today, before  the next version's estimates, and those in production
    through, at    the last moment of today's data, and the moment of judgement
    folder, text   where files that arrive are put; the contract
    """

    store: Store
    set: str
    today: pl.DataFrame
    before: pl.DataFrame
    through: datetime
    folder: Path
    text: str

    @property
    def at(self) -> datetime:
        """An hour after the data end."""
        return self.through + timedelta(hours=1)

    @property
    def production(self) -> int:
        """The version in production."""
        return self.store.view().resolve(self.set).version

    def read(self, content: pl.DataFrame | str | bytes) -> tuple[pl.DataFrame, Provenance]:
        """A table or the bytes of a file as `estimates publish` reads them."""
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self.folder / "arrived"
        if isinstance(content, pl.DataFrame):
            content.write_parquet(file)
        else:
            file.write_bytes(content.encode() if isinstance(content, str) else content)
        frame, provenance = read_candidate(
            self.store, self.set, file, data_through=instants.text(self.through)
        )
        return frame, msgspec.structs.replace(provenance, code="proof")

    def publish(self, content: pl.DataFrame | None = None) -> int:
        """Publish today's table, or another; its version."""
        frame, provenance = self.read(self.today if content is None else content)
        return self.store.publish(self.set, frame, provenance, released_at=self.at).version

    def copy(self, folder: Path) -> Scene:
        """The same in a store of its own, for faults that damage it."""
        assert self.store.objects.folder is not None
        shutil.copytree(self.store.objects.folder, folder / "store")
        return replace(self, store=Store(folder / "store", actor="proof"), folder=folder / "files")


def prices(folder: Path) -> Scene:
    """Eight trading days of the example set; the last of them arrives."""
    days = _days()
    forecasts.compute(days, folder / "days")
    frames = [(instants.end_of_day(day), forecasts.frame(day, folder / "days")) for day in days]
    return _scene(folder, Path(forecasts.CONTRACT).read_text(), frames)


def quantiles(folder: Path) -> Scene:
    """The last three of these days as quantile functions."""
    days = _days()[-3:]
    forecasts.compute(days, folder / "days")
    keys = ["ticker", "target_date"]
    frames = [
        (
            instants.end_of_day(day),
            forecasts.frame(day, folder / "days").select(
                *keys, **{n: pl.col(c) for n, c in QUANTILES.items()}
            ),
        )
        for day in days
    ]
    example = Path(forecasts.CONTRACT).read_text()
    domain = "[domain]" + example.split("[domain]", 1)[1].split("[freshness]", 1)[0]
    return _scene(folder, QUANTILES_CONTRACT + domain, frames)


def scores(folder: Path) -> Scene:
    """Two weeks of churn scores."""
    weeks = [
        pl.read_csv(f"examples/{name}.csv", schema_overrides={"customer_id": pl.String})
        for name in _WEEKS
    ]
    through = [datetime(2026, 11, day, tzinfo=UTC) for day in (9, 16)]
    return _scene(folder, SCORES_CONTRACT, list(zip(through, map(_decided, weeks), strict=True)))


def averages(folder: Path) -> Scene:
    """Moving averages of the closes on 25 trading days, each version but the last promoted."""
    days = [day for day in forecasts.sessions() if day <= TODAY][-25:]
    closes = pl.read_parquet(forecasts.PRICES).sort("ticker", "date")
    rolled = closes.select(
        "date",
        "ticker",
        *(
            pl.col("close").rolling_mean(window).over("ticker").alias(str(window))
            for window in range(1, 61)
        ),
    )
    long = rolled.filter(pl.col("date").is_in(days)).unpivot(
        index=["date", "ticker"], variable_name="days", value_name="average"
    )
    parts = long.with_columns(pl.col("days").cast(pl.Int64)).partition_by(
        "date", as_dict=True, include_key=False
    )
    return _scene(
        folder, AVERAGES_CONTRACT, [(instants.end_of_day(day), parts[(day,)]) for day in days]
    )


def plans(folder: Path) -> Scene:
    """For each of the next sixty sessions the last close that is known, on two days."""
    days = forecasts.sessions()
    first = len(days) - 65
    closes = pl.read_parquet(forecasts.PRICES).rename({"date": "day"})
    targets = pl.DataFrame({"target_date": days[first + 2 : first + 62]})
    frames = [
        (
            instants.end_of_day(day),
            closes.filter(pl.col("day") == day).drop("day").join(targets, how="cross"),
        )
        for day in days[first : first + 2]
    ]
    return _scene(folder, PLANS_CONTRACT, frames)


def hub(folder: Path) -> Scene:
    """Six weeks of a made-up hub, as a wave rises; the last of them arrives."""
    weeks = list(made_up_hub.submissions(seasons=1))[5:11]
    text = made_up_hub.drafted(folder)
    return _scene(folder, text, [(week.through, made_up_hub.with_task(week)) for week in weeks])


def categories(folder: Path) -> Scene:
    """The same weeks' chances of categories."""
    weeks = list(made_up_hub.submissions(seasons=1))[5:11]
    text = made_up_categories.drafted(folder / "draft")
    frames = [(week.through, made_up_categories.categories(week)) for week in weeks]
    return _scene(folder, text, frames)


SCENES: dict[str, Callable[[Path], Scene]] = {
    "prices": prices,
    "quantiles": quantiles,
    "scores": scores,
    "averages": averages,
    "plans": plans,
    "hub": hub,
    "categories": categories,
}

_WEEKS = ("churn", "churn-next-week")


def _days() -> list[date]:
    return [day for day in forecasts.sessions() if day <= TODAY][-DAYS:]


def _decided(week: pl.DataFrame) -> pl.DataFrame:
    p = pl.col("churn_score")
    return week.with_columns(
        (p / (1 - p)).log().alias("log_odds"),
        p.alias("p_leaves"),
        (1 - p).alias("p_stays"),
        pl.when(p >= LEAVES).then(pl.lit("leaves")).otherwise(pl.lit("stays")).alias("decision"),
    )


def _scene(folder: Path, text: str, frames: list[tuple[datetime, pl.DataFrame]]) -> Scene:
    """A store in which all frames but the last were published, judged and promoted, one after
    another.
    """
    contract = parse_contract(text)
    root = folder / contract.name
    root.mkdir(parents=True)
    estimates_migrations.upgrade(catalog_url(root, None))
    store = Store(root, actor="proof")
    store.define(contract, text)
    for number, (through, frame) in enumerate(frames[:-1]):
        context = Context(contract, through)
        version = store.publish(
            contract.name,
            frame,
            Provenance(
                context.data_through,
                f"run-{number}",
                inputs=(InputDigest("file", f"day-{number}", f"{number:064x}"),),
                targets=tuple(str(target) for target in context.targets),
            ),
            released_at=context.data_through + timedelta(hours=1),
        )
        store.judge(
            contract.name, version.version, judged_at=context.data_through + timedelta(hours=1)
        )
        store.promote(contract.name, version.version, reason="proof")
    (_, before), (through, today) = frames[-2], frames[-1]
    at = Context(contract, through).data_through
    return Scene(
        store,
        contract.name,
        conform(today, contract),
        conform(before, contract),
        at,
        folder / "files",
        text,
    )
