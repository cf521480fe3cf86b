"""Keys of a table whose time has come when its data end: they are neither compared nor scored."""

from __future__ import annotations

from datetime import datetime

import polars as pl

from estimates import instants
from estimates.accuracy.match import dated_target, moment_of
from estimates.contract.contract import Contract
from estimates.render.wording import count


def elapsed_keys(frame: pl.DataFrame, contract: Contract, through: datetime) -> int:
    """How many rows have a target that is not after the last moment of data; none where targets
    have no dates. `frame` is in the contract's types.
    """
    target = dated_target(contract)
    if target is None or target not in frame.columns:
        return 0
    if not frame.schema[target].is_temporal():
        return 0
    seen = moment_of(frame.schema[target], target) <= through
    return int(frame.select(seen.sum()).item() or 0)


def elapsed_sentence(elapsed: int, rows: int, through: datetime) -> str:
    """How many of the keys elapse, and why."""
    verb = "elapses" if elapsed == 1 else "elapse"
    return (
        f"{elapsed:,} of {count(rows, 'key')} {verb}: the target is not after "
        f"{instants.text(through)}, through which the data go (--through), so that "
        f"{'it is' if elapsed == 1 else 'they are'} neither compared nor scored"
    )
