"""All keys that changed, as most tests look at them."""

from __future__ import annotations

from typing import Any

import polars as pl

from estimates.contract.contract import Contract
from estimates.stability.changes import first_changes


def changed_keys(
    a: pl.DataFrame, b: pl.DataFrame, contract: Contract, **options: Any
) -> pl.DataFrame:
    """The rows of `first_changes`, however many there are."""
    return first_changes(a, b, contract, None, **options).rows
