"""Versions of one column of numbers, and their diff."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from estimates.contract.contract import Contract
from estimates.contract.contract_file import parse_contract
from estimates.stability.diff import diff
from estimates.stability.report import Report, ScalarReport

Value = float | None


def contract(column: str = "", rest: str = "") -> Contract:
    """One point column `value` under the key `id`."""
    return parse_contract(
        f'name = "set"\n[key.id]\ntype = "string"\n[columns.value]\n{column}\n{rest}'
    )


def frame(values: Sequence[Value], names: Sequence[str] | None = None) -> pl.DataFrame:
    """A frame of that contract with keys k0000, k0001, … or the names given."""
    ids = [f"k{i:04}" for i in range(len(values))] if names is None else list(names)
    return pl.DataFrame(
        {"id": ids, "value": list(values)},
        schema={"id": pl.String, "value": pl.Float64},
        strict=False,
    )


def compare(a: Sequence[Value], b: Sequence[Value], column: str = "") -> Report:
    """The diff of two versions with these values."""
    return diff(frame(a), frame(b), contract(column))


def scalar(report: Report) -> ScalarReport:
    """The scalar metrics of `value`."""
    measured = report.columns["value"].scalar
    assert measured is not None
    return measured
