"""Versions of the example set for many trading days: what its job computes with the prices up to
each of them.

Only the job runs, without store, gate and tracking, so that a year takes minutes; every frame is
kept in a folder, and the same days again cost nothing.
"""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import polars as pl

from estimates import instants
from estimates.catalog.records import InputDigest, Provenance
from estimates.contract.columns import key_text
from estimates.contract.conform import conform
from estimates.contract.contract import Contract
from estimates.contract.contract_file import read_contract
from estimates.gate.candidate import Candidate
from estimates_jobs.builtin.forecast import forecast
from estimates_jobs.run.context import Context

# its prices are named from the folder that holds `examples/`
CONTRACT = "examples/sp500-close.toml"
PRICES = "examples/sp500_daily_close.parquet"
_FEW = 20  # days that are computed before other processes would have started


@cache
def contract() -> Contract:
    """The contract of the example set."""
    return read_contract(CONTRACT)


@cache
def sessions() -> list[date]:
    """Every trading day of the example's prices."""
    return pl.read_parquet(PRICES)["date"].unique().sort().to_list()


def compute(days: list[date], folder: Path) -> None:
    """Compute the days that the folder does not have yet; more than a few of them on all
    processors.
    """
    folder.mkdir(parents=True, exist_ok=True)
    wanted = [day for day in days if not _file(folder, day).exists()]
    if len(wanted) <= _FEW:
        for day in wanted:
            _compute(day, folder)
        return
    # polars' threads do not survive a fork
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
        for _ in pool.map(_compute, wanted, [folder] * len(wanted)):
            pass


def frame(day: date, folder: Path) -> pl.DataFrame:
    """A day's estimates, computed before."""
    return pl.read_parquet(_file(folder, day))


def version(day: date, folder: Path, number: int) -> Candidate:
    """A day's version as the store would hand it to the gate, published at its origin, the close of
    that day.
    """
    context = _context(day)
    return Candidate(
        frame(day, folder),
        contract().shape(),
        Provenance(
            context.data_through,
            f"day-{day}",
            inputs=_digests(),
            targets=tuple(key_text(target) for target in context.targets),
            job="forecast",
            code="proof",
        ),
        version=number,
        snapshot_id=f"day-{day}",
        published_at=context.data_through,
    )


def _compute(day: date, folder: Path) -> None:
    frame = conform(forecast(_context(day)), contract())
    part = _file(folder, day).with_suffix(".part")
    frame.write_parquet(part)
    part.rename(_file(folder, day))


@cache
def _context(day: date) -> Context:
    return Context(contract(), instants.end_of_day(day))


@cache
def _digests() -> tuple[InputDigest, ...]:
    """One file holds the prices of all days."""
    context = _context(sessions()[-1])
    context.input("prices")
    return context.digests


def _file(folder: Path, day: date) -> Path:
    return folder / f"{day}.parquet"
