"""Which keys of two versions belong together: the same key, the same target, or the same step after
each origin.
"""

from __future__ import annotations

from datetime import datetime

import numpy as np
import polars as pl

from estimates import instants
from estimates.contract.conform import DTYPES
from estimates.contract.contract import Contract
from estimates.errors import InvalidError
from estimates.stability.paired_contract import by_step


def paired(
    a: pl.DataFrame,
    b: pl.DataFrame,
    contract: Contract,
    through_a: datetime | None,
    through_b: datetime | None,
) -> tuple[pl.DataFrame, pl.DataFrame, Contract]:
    """Two frames in which rows that belong together have the same key, and the contract that these
    keys keep.

    `same_horizon` with a dated target: it becomes the step after the version's own origin, 1 being
    the first of all targets of both versions beyond it, 0 the last one not beyond. `same_target`
    with steps: those of A become steps after the origin of B. Otherwise both are as they were.
    Raises InvalidError (`bad_pairing`) for an origin that is not known.
    """
    pairing, target = contract.stability.pairing, contract.target
    if pairing == "same_key" or target is None:
        return a, b, contract
    stepped = contract.key[target].type == "integer"
    if stepped == (pairing == "same_horizon"):
        return a, b, contract
    if any(frame.schema.get(target) != DTYPES[contract.key[target].type] for frame in (a, b)):
        return a, b, contract  # aligning says what is wrong with it
    if through_a is None or through_b is None:
        raise InvalidError(
            "bad_pairing",
            f"{contract.name}: {pairing} needs to know through when both versions saw data",
            remedy="use same_key",
        )
    if stepped:
        shift = _steps_between(contract, through_a, through_b)
        return a.with_columns(pl.col(target) - shift), b, contract
    targets = pl.concat([a[target].unique(), b[target].unique()]).unique().drop_nulls().sort()
    a, b = (_stepped(f, target, targets, at) for f, at in ((a, through_a), (b, through_b)))
    return a, b, by_step(contract)


def _stepped(
    frame: pl.DataFrame, target: str, targets: pl.Series, through: datetime
) -> pl.DataFrame:
    """The frame with steps in place of its targets, of all the targets there are."""
    reached = np.datetime64(instants.micros(through), "us")
    first = int((targets.to_numpy().astype("datetime64[us]") <= reached).sum())
    steps = pl.int_range(1 - first, len(targets) - first + 1, eager=True)
    return frame.with_columns(
        pl.col(target).replace_strict(targets, steps, default=None, return_dtype=pl.Int64)
    )


def _steps_between(contract: Contract, through_a: datetime, through_b: datetime) -> int:
    """How many steps the origin moved on, to the nearest whole one."""
    length = contract.stability.step_duration
    assert length is not None, "a contract with this pairing says how long a step is"
    return round((through_b - through_a) / length)
