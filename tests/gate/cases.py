"""A contract that asks for every check, and a candidate and a baseline that pass them all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

import polars as pl

from estimates.accuracy.actuals import read_actuals
from estimates.catalog.records import InputDigest, Provenance
from estimates.contract.columns import key_text
from estimates.contract.contract import Contract
from estimates.contract.contract_file import parse_contract
from estimates.gate.candidate import Candidate
from estimates.gate.evaluation import evaluate
from estimates.gate.offender_table import Offenders
from estimates.gate.production_history import ProductionHistory
from estimates.gate.verdict import CheckResult, Verdict

THROUGH = datetime(2026, 11, 20, 21, tzinfo=UTC)
JUDGED = THROUGH + timedelta(hours=3)
TICKERS = ("AAPL", "AMZN", "BAC", "CVX", "DIS")
TARGETS = tuple(date(2026, 11, day) for day in (23, 24, 25, 26, 27))

CONTRACT = """
name = "prices"
[key.ticker]
type = "string"
[key.target_date]
type = "date"
target = true
[columns.close]
unit = "USD"
min = 0
max = 5000
soft_max = 2000
[columns.lower_80]
role = "lower"
level = 0.8
[columns.upper_80]
role = "upper"
level = 0.8
[columns.q10]
role = "quantile"
quantile = 0.1
[columns.q50]
role = "quantile"
quantile = 0.5
[columns.q90]
role = "quantile"
quantile = 0.9
[columns.move]
role = "label"
labels = ["up", "down"]
[columns.p_up]
role = "probability"
label = "up"
[columns.p_down]
role = "probability"
label = "down"
[columns.trend]
role = "score"
nullable = true
[columns.sector]
role = "attribute"
type = "string"
[domain]
kind = "rolling"
steps = 5
calendar = "weekdays"
values = { ticker = ["AAPL", "AMZN", "BAC", "CVX", "DIS"] }
[freshness]
max_age = "24h"
[job]
function = "forecast"
parameters = { seed = 7 }
[job.inputs.prices]
source = "prices.csv"
time = "date"
"""


def contract(old: str = "", new: str = "", more: str = "") -> Contract:
    """The contract, one text replaced by another wherever it stands; `more` is TOML put behind
    it.
    """
    assert old in CONTRACT
    return parse_contract((CONTRACT.replace(old, new) if old else CONTRACT) + more)


def simple(columns: str = "", more: str = "") -> Contract:
    """A contract of one string key `k` and one point `v`."""
    return parse_contract(
        f'name = "simple"\n[key.k]\ntype = "string"\n[columns.v]\n{columns}\n{more}'
    )


def frame(factor: float = 1.0) -> pl.DataFrame:
    """25 estimates, none like another, sorted by key."""
    rows: list[dict[str, Any]] = []
    for i, ticker in enumerate(TICKERS):
        for j, target in enumerate(TARGETS):
            close = factor * (100 + 40 * i + j)
            share = 0.3 + 0.01 * (5 * i + j)
            rows.append(
                {
                    "ticker": ticker,
                    "target_date": target,
                    "close": close,
                    "lower_80": close * 0.97,
                    "upper_80": close * 1.03,
                    "q10": close * 0.96,
                    "q50": close,
                    "q90": close * 1.04,
                    "move": "up" if share > 0.4 else "down",
                    "p_up": share,
                    "p_down": 1 - share,
                    "trend": None if i == j == 0 else (i - 1.7) * factor + 0.01 * j,
                    "sector": "tech" if i < 2 else "other",
                }
            )
    return pl.DataFrame(rows)


def provenance(**changed: Any) -> Provenance:
    """Lineage with everything that the contract's job declares."""
    fields: dict[str, Any] = {
        "data_through": THROUGH,
        "run_id": "run-1",
        "inputs": (InputDigest("prices", "prices.csv", "0" * 64),),
        "targets": tuple(target.isoformat() for target in TARGETS),
        "job": "forecast",
        "code": "abc1234",
        "seed": 7,
    }
    return Provenance(**(fields | changed))


def stored(content: pl.DataFrame, of: Contract, version: int = 2, **changed: Any) -> Candidate:
    """A stored version as the store hands it to the gate; its manifest agrees with its content."""
    fields: dict[str, Any] = {
        "frame": content,
        "shape": of.shape(),
        "provenance": provenance(),
        "version": version,
        "snapshot_id": f"snapshot-{version}",
        "published_at": THROUGH + timedelta(hours=1),
        "rows": content.height,
    }
    return Candidate(**(fields | changed))


@dataclass
class Setting:
    """What a test changes before the judgement: contract, frames, and any field of the
    candidate.
    """

    contract: Contract = field(default_factory=lambda: contract())
    frame: pl.DataFrame = field(default_factory=lambda: frame(1.001))
    baseline: pl.DataFrame | None = field(default_factory=lambda: frame())
    file: bool = False
    candidate: dict[str, Any] = field(default_factory=dict)
    baseline_reason: str | None = None
    judged_at: datetime = JUDGED
    history: ProductionHistory | None = None
    actuals: pl.DataFrame | None = None
    functions: bool = True

    def evaluate(self, offenders: Offenders | None = None) -> Verdict:
        """The verdict of the gate; `offenders` takes them all."""
        candidate = (
            Candidate(
                **(
                    {"frame": self.frame, "shape": None, "provenance": provenance()}
                    | self.candidate
                )
            )
            if self.file
            else stored(self.frame, self.contract, **self.candidate)
        )
        baseline = (
            None if self.baseline is None else stored(self.baseline, self.contract, version=1)
        )
        return evaluate(
            self.contract,
            candidate,
            baseline,
            judged_at=self.judged_at,
            contract_revision=1,
            baseline_reason=self.baseline_reason,
            history=self.history,
            actuals=None if self.actuals is None else read_actuals(self.actuals, self.contract),
            offenders=offenders,
            functions=self.functions,
        )


@cache
def clean_verdict() -> Verdict:
    """What the gate says where a test changes nothing; judged once."""
    return Setting().evaluate()


def assert_whole(verdict: Verdict, offenders: pl.DataFrame, key: list[str]) -> None:
    """The table of offenders has as many rows of each check as the verdict counts, and first those
    that it names.
    """
    names = [check.name for check in verdict.checks]
    order = [names.index(name) for name in offenders["check"]]
    assert order == sorted(order)
    for check in verdict.checks:
        mine = offenders.filter(check=check.name)
        assert mine.height == check.offending, check.name
        assert len(check.offenders) == min(100, check.offending), check.name
        assert set(mine.select("number", "status").rows()) <= {(check.number, check.status)}
        first = mine.head(100).select(*key, "column").rows()
        expected = [
            (["null" if part is None else key_text(part) for part in row[:-1]], row[-1])
            for row in first
        ]
        assert [
            (offender.key or ["null"] * len(key), offender.column) for offender in check.offenders
        ] == expected, check.name


def poked(content: pl.DataFrame, column: str, value: Any, rows: int = 1) -> pl.DataFrame:
    """The frame with the first cells of a column replaced by a value."""
    dtype = content.schema[column]
    first = pl.int_range(pl.len()) < rows
    return content.with_columns(
        pl.when(first).then(pl.lit(value, dtype)).otherwise(pl.col(column)).alias(column)
    )


def file(content: pl.DataFrame) -> Setting:
    """A raw frame before publishing."""
    return Setting(frame=content, file=True)


def edit(**columns: pl.Expr) -> Setting:
    """The clean candidate with columns replaced."""
    return Setting(frame=frame(1.001).with_columns(**columns))


def poke(column: str, value: Any, rows: int = 1, **more: Any) -> Setting:
    """The clean candidate with its first cells replaced."""
    return Setting(frame=poked(frame(1.001), column, value, rows), **more)


def off_by_ten(rows: int) -> pl.DataFrame:
    """The clean candidate, the first rows' prices in another unit, still consistent with
    themselves.
    """
    prices = ["close", "lower_80", "upper_80", "q10", "q50", "q90"]
    first = pl.int_range(pl.len()) < rows
    return frame(1.001).with_columns(
        pl.when(first).then(pl.col(n) * 10).otherwise(pl.col(n)).alias(n) for n in prices
    )


def wider() -> pl.DataFrame:
    """The clean candidate with intervals a tenth wider, which warns."""
    return frame(1.001).with_columns(lower_80=pl.col("close") * 0.9637)


MANY = """
name = "many"
[key.k]
type = "integer"
[columns.v]
[columns.low]
role = "lower"
level = 0.8
[columns.high]
role = "upper"
level = 0.8
[columns.label]
role = "label"
[columns.group]
role = "attribute"
type = "string"
[stability]
groups = ["group"]
"""


def many(more: str = "") -> Contract:
    """A contract of one integer key with a point, its interval, a label and a group."""
    return parse_contract(MANY + more)


def many_rows(n: int = 1000) -> pl.DataFrame:
    """n estimates from 100 to 1,100 in no order of the key, with intervals of a tenth; labels and
    groups in halves.
    """
    k = pl.Series("k", range(n))
    v = 100.0 + 1000.0 * ((k * 7919) % n) / n
    label = pl.Series(["yes" if i % 2 else "no" for i in range(n)])
    group = pl.Series(["a" if i < n // 2 else "b" for i in range(n)])
    return pl.DataFrame(
        {"k": k, "v": v, "low": v * 0.9, "high": v * 1.1, "label": label, "group": group}
    )


def many_setting(
    change: Callable[[pl.DataFrame], pl.DataFrame], n: int = 1000, **more: Any
) -> Setting:
    """The baseline of `many_rows` and a candidate that is changed from one slightly moved."""
    moved = many_rows(n).with_columns(pl.col("v", "low", "high") * 1.001)
    return Setting(
        **({"contract": many(), "frame": change(moved), "baseline": many_rows(n)} | more)
    )


def outcomes(n: int = 1000) -> pl.DataFrame:
    """What was observed of `many_rows`: values of which 80 % lie in the interval, labels as they
    were.
    """
    rows = many_rows(n)
    off = pl.when(pl.col("k") % 10 < 8).then(1.05).otherwise(1.2)
    return rows.select("k", v=pl.col("v") * off, label="label")


def check_of(name: str, content: pl.DataFrame, of: Any, **changed: Any) -> CheckResult:
    """The result of one check for a first version."""
    return Setting(of, content, None, candidate=changed).evaluate().check(name)
