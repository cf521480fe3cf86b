"""What a drafted contract says of the target and of the domain."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from estimates.contract.contract import Contract, OpenDomain
from estimates.contract.contract_file import parse_contract
from estimates.contract.domain import RollingDomain
from estimates_jobs.tables.contract_draft import draft

NOW = datetime(2026, 3, 6, 15, tzinfo=UTC)  # a Friday


def forecast(
    days: list[date], series: tuple[str, ...] = ("a", "b"), **more: object
) -> pl.DataFrame:
    """An estimate of each series for each day."""
    rows = [{"unique_id": s, "ds": d, "value": 1.5} for s in series for d in days]
    return pl.DataFrame(rows).with_columns(pl.lit(value).alias(n) for n, value in more.items())


def days(first: date, count: int, step: int = 1) -> list[date]:
    """So many days, so far apart."""
    return [first + timedelta(days=step * i) for i in range(count)]


def drafted(frame: pl.DataFrame, folder: Path, key: str = "unique_id,ds") -> tuple[Contract, str]:
    """The drafted contract, and its text."""
    path = folder / "forecast.parquet"
    frame.write_parquet(path)
    text = draft(path, key.split(","), now=NOW).contract
    return parse_contract(text), text


@pytest.mark.parametrize(
    ("targets", "calendar"),
    [
        (days(date(2026, 3, 7), 5), "daily"),
        (days(date(2026, 3, 9), 5), "weekdays"),
        (days(date(2026, 3, 9), 4, 7), "weekly"),
        ([date(2026, 4, 1), date(2026, 5, 1)], "monthly"),
    ],
)
def test_targets_ahead_have_a_domain(tmp_path: Path, targets: list[date], calendar: str) -> None:
    """All series for the next steps of a calendar: target and domain are said, not suggested."""
    contract, _ = drafted(forecast(targets), tmp_path)
    assert contract.target == "ds"
    values: dict[str, tuple[str | int, ...]] = {"unique_id": ("a", "b")}
    assert contract.domain == RollingDomain(len(targets), calendar, values)


def test_a_domain_that_begins_later_is_a_comment(tmp_path: Path) -> None:
    """A version published now would lack keys, so the domain is only shown."""
    contract, text = drafted(forecast(days(date(2026, 3, 20), 5)), tmp_path)
    assert contract.target == "ds"
    assert contract.domain == OpenDomain()
    assert '#   calendar = "daily"' in text


@pytest.mark.parametrize(
    "frame",
    [
        forecast(days(date(2026, 3, 7), 5)).slice(1),
        forecast([date(2026, 3, 7), date(2026, 3, 10)]),
        forecast(days(date(2026, 3, 1), 10)),
    ],
    ids=["a key is missing", "no calendar", "history too"],
)
def test_targets_without_a_domain(tmp_path: Path, frame: pl.DataFrame) -> None:
    """The target is said, and any key may come."""
    contract, _ = drafted(frame, tmp_path)
    assert contract.target == "ds"
    assert contract.domain == OpenDomain()


def test_a_cutoff_says_what_is_ahead(tmp_path: Path) -> None:
    """Targets after the only cutoff are ahead, whatever day it is; of several nothing is said."""
    past = days(date(2020, 1, 2), 5)
    assert drafted(forecast(past), tmp_path)[0].target is None
    contract, text = drafted(forecast(past, cutoff=date(2020, 1, 1)), tmp_path)
    assert contract.target == "ds"
    assert "go through 2020-01-01" in text
    folds = [forecast(past, cutoff=date(2020, 1, day)) for day in (1, 2)]
    assert drafted(pl.concat(folds), tmp_path, "unique_id,ds,cutoff")[0].target is None


def test_the_last_observation_says_what_is_ahead(tmp_path: Path) -> None:
    """A table with observations beside its forecasts says how far they go."""
    past = days(date(2020, 1, 1), 5)
    seen = forecast(past).with_columns(y=pl.when(pl.col("ds") < date(2020, 1, 3)).then(1.0))
    contract, text = drafted(seen, tmp_path)
    assert contract.target == "ds"
    assert "it runs beyond 2020-01-02, the last day of data" in text


def test_when_a_forecast_was_made_is_no_target(tmp_path: Path) -> None:
    """Beside `target_end_date`, `forecast_date` says how far the data go, wherever it stands."""
    made = date(2026, 3, 6)
    frame = pl.DataFrame(
        {"forecast_date": [made, made], "target_end_date": days(date(2026, 3, 14), 2, 7)}
    ).with_columns(value=pl.Series([1.5, 2.5]))
    contract, text = drafted(frame, tmp_path, "forecast_date,target_end_date")
    assert contract.target == "target_end_date"
    assert "it runs beyond 2026-03-06" in text
