"""Scoring all weekly versions of a hub's model against a plain polars script that does the same."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.line import Line
from benchmarks.stores import make_store
from estimates import Store
from estimates.catalog.records import Provenance
from estimates.contract.contract_file import parse_contract

PLACES, HORIZONS, STATES = 5_000, 4, 50
LEVELS = [0.01, 0.025, *(round(0.05 * i, 2) for i in range(1, 20)), 0.975, 0.99]
COLUMNS = {f"q{1000 * level:03.0f}": level for level in LEVELS}
FIRST = date(2024, 1, 3)
START = datetime(2024, 1, 3, tzinfo=UTC)
ROUNDS = 3


def contract_source() -> str:
    """A weekly set of 23 quantiles by place and date, with states as groups."""
    quantiles = "".join(
        f'[columns.{name}]\nrole = "quantile"\nquantile = {level}\n'
        for name, level in COLUMNS.items()
    )
    return (
        'name = "hub"\n[key.place]\ntype = "string"\n[key.day]\ntype = "date"\ntarget = true\n'
        f'[columns.state]\nrole = "attribute"\ntype = "string"\n{quantiles}'
        '[stability]\ngroups = ["state"]\n[gate]\nprofile = "exploratory"\n'
    )


def forecasts(week: int, places: int) -> pl.DataFrame:
    """Each place's next weeks, as a version of that week says."""
    random = np.random.default_rng(week)
    rows = places * HORIZONS
    centre = random.lognormal(3, 1, rows)
    spread = np.abs(np.sort(random.standard_normal((rows, len(COLUMNS))), axis=1))
    quantiles = centre[:, None] + np.cumsum(spread, axis=1)
    days = [FIRST + timedelta(weeks=week + step) for step in range(1, HORIZONS + 1)]
    keys = {"place": [f"P{i:05d}" for i in range(places) for _ in days], "day": days * places}
    states = {"state": [f"S{i % STATES:02d}" for i in range(places) for _ in days]}
    columns = {name: quantiles[:, i] for i, name in enumerate(COLUMNS)}
    return pl.DataFrame(keys | states | columns)


def truth(weeks: int, places: int) -> pl.DataFrame:
    """What happened, of all places and weeks."""
    days = [FIRST + timedelta(weeks=week) for week in range(weeks + HORIZONS + 1)]
    keys = {"place": [f"P{i:05d}" for i in range(places) for _ in days], "day": days * places}
    values = np.random.default_rng(0).lognormal(3.5, 1, places * len(days))
    return pl.DataFrame(keys | {"value": values})


def scoring(folder: Path, weeks: int, places: int = PLACES) -> Iterator[Line]:
    """Processor time of `score` over so many versions, and of the script."""
    store = _store(folder / "store", weeks, places)
    files = _files(folder, weeks, places)
    actual = truth(weeks, places)
    actual.write_parquet(folder / "truth.parquet")
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(ROUNDS):
        start = time.process_time()
        _script(files, folder / "truth.parquet")
        theirs.append(time.process_time() - start)
        start = time.process_time()
        store["hub"].score(actual.with_columns(value=pl.col("value") + len(ours) * 1e-6))
        ours.append(time.process_time() - start)
    what = (
        f"scoring {weeks} versions × {places * HORIZONS:,} rows × {len(COLUMNS)} quantiles "
        f"({min(ours):.1f} s of processor) / a plain polars script ({min(theirs):.1f} s)"
    )
    yield Line(what, min(ours) / min(theirs), "×", 3.0, at_most=True)


def _store(root: Path, weeks: int, places: int) -> Store:
    store = make_store(root)
    text = contract_source()
    store.define(parse_contract(text), text)
    for week in range(1, weeks + 1):
        provenance = Provenance(START + timedelta(weeks=week), f"run-{week}")
        store.publish("hub", forecasts(week, places), provenance)
        store.judge("hub", week)
        store.promote("hub", week, reason="bench")
    return store


def _files(folder: Path, weeks: int, places: int) -> list[Path]:
    files = [folder / f"week-{week}.parquet" for week in range(1, weeks + 1)]
    for week, file in enumerate(files, start=1):
        forecasts(week, places).write_parquet(file)
    return files


def _script(files: list[Path], actual: Path) -> pl.DataFrame:
    """WIS, its parts, coverage of eleven intervals and of every quantile, by horizon and by state,
    as an analyst would write it.
    """
    happened = pl.read_parquet(actual)
    names = list(COLUMNS)
    y = pl.col("value")
    inner = len(names) // 2
    pinball = [
        2 * pl.max_horizontal((1 - level) * (pl.col(name) - y), level * (y - pl.col(name)))
        for name, level in COLUMNS.items()
    ]
    pairs = [(names[i], names[-1 - i], LEVELS[i]) for i in range(inner)]
    losses = {
        "wis": pl.sum_horizontal(pinball) / len(names),
        "mae": (pl.col(names[inner]) - y).abs(),
        "dispersion": pl.sum_horizontal(
            2 * level * (pl.col(high) - pl.col(low)) for low, high, level in pairs
        )
        / len(names),
        "below": pl.sum_horizontal(2 * (pl.col(low) - y).clip(0) for low, _, _ in pairs),
        "above": pl.sum_horizontal(2 * (y - pl.col(high)).clip(0) for _, high, _ in pairs),
    }
    losses |= {f"in_{low}": y.is_between(low, high).cast(float) for low, high, _ in pairs}
    losses |= {f"below_{name}": (y <= pl.col(name)).cast(float) for name in names}
    parts: list[pl.DataFrame] = []
    for file in files:
        rows = pl.read_parquet(file).join(happened, on=["place", "day"])
        rows = rows.with_columns(pl.col("day").rank("dense").alias("horizon"))
        scores = rows.select("state", "horizon", **losses)
        means = pl.col(*losses).mean()
        parts += [
            scores.select(means),
            scores.group_by("horizon").agg(means).sort("horizon").drop("horizon"),
            scores.group_by("state").agg(means).sort("state").drop("state"),
        ]
    return pl.concat(parts)
