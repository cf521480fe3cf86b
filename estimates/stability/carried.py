"""Columns that are carried along and are no estimates: on how many keys they differ."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from estimates.render.wording import percent
from estimates.stability.aligned import AlignedVersions
from estimates.stability.report import Carried

_NAMED = 3  # columns


def measure(pair: AlignedVersions, *, identical: bool) -> dict[str, Carried]:
    """On how many of the common keys each attribute of the contract differs."""
    names = pair.contract.of_role("attribute")
    n = pair.common_rows
    if not names or not n:
        return {}
    if identical:
        return {name: Carried(n, 0, 0.0) for name in names}
    old, new = pair.alignment.common_rows(names)
    places = range(len(names))
    old = old.rename({name: f"old {place}" for place, name in enumerate(names)})
    new = new.rename({name: f"new {place}" for place, name in enumerate(names)})
    numbers = pl.concat([old, new], how="horizontal").select(  # all at once: there may be many
        pl.col(f"old {place}").ne_missing(pl.col(f"new {place}")).sum().alias(f"{place}")
        for place in places
    )
    counted = zip(names, numbers.row(0), strict=True)
    return {name: Carried(n, number, number / n) for name, number in counted}


def clause(carried: Mapping[str, Carried]) -> str:
    """Which of them differ, for a headline: the first ones, the worst where there are many."""
    differ = {name: column.differ_share for name, column in carried.items() if column.differ}
    if not differ:
        return ""
    names = list(differ)
    if len(names) > _NAMED:
        names.sort(key=lambda name: -differ[name])
    parts = [f"{names[0]}, carried along, differs on {percent(differ[names[0]])} of keys"]
    parts += [f"{name} on {percent(differ[name])}" for name in names[1:_NAMED]]
    if len(names) > _NAMED:
        parts.append(f"and {len(names) - _NAMED} more")
    return ", ".join(parts)
