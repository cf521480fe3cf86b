"""Which target each horizon of a report stands for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import polars as pl

from estimates.contract.columns import key_text
from estimates.contract.contract import Contract
from estimates.stability.alignment import dated_target, later_targets


class HorizonTargets(NamedTuple):
    """The target column of the changes, and the targets after the newer version's origin, in order;
    None where the column says the horizon itself.
    """

    column: str
    later: Sequence[object] | None

    def text(self, horizon: str) -> str | None:
        """The target of a horizon, as text; None for one that there is not."""
        if self.later is None:
            return horizon
        place = int(horizon[:9]) if horizon.isascii() and horizon.isdecimal() else 0
        return key_text(self.later[place - 1]) if 0 < place <= len(self.later) else None


def horizon_targets(
    contract: Contract, a: pl.DataFrame, b: pl.DataFrame, through_b: datetime | None
) -> HorizonTargets | None:
    """What the horizons of a report of `a` and `b` stand for; None where it has none."""
    target, pairing = contract.target, contract.stability.pairing
    if target is None:
        return None
    if dated_target(contract) is None:
        return None if pairing == "same_key" else HorizonTargets(target, None)
    if pairing == "same_horizon":
        return HorizonTargets(target, None)
    if through_b is None:
        return None
    return HorizonTargets(target, later_targets(a[target], b[target], through_b).to_list())
