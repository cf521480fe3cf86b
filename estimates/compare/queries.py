"""Which two versions are compared, and which of their changes are listed."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypedDict

import msgspec

from estimates import instants
from estimates.catalog.ref import PRODUCTION, Ref
from estimates.contract.contract import Pairing


class DiffQuery(msgspec.Struct, frozen=True):
    """Version `b` against version `a`, the baseline.

    as_of    what aliases and `latest` meant then; a version number means the same at all times
    pairing  which keys are compared with which, in place of what the contract says
    other    the set that `b` is a version of; its keys have to be the same
    """

    a: Ref
    b: Ref = PRODUCTION
    as_of: datetime | None = None
    pairing: Pairing | None = None
    other: str | None = None


class PairOptions(TypedDict, total=False):
    """The same fields of a `DiffQuery` as keyword arguments, `as_of` also as text."""

    as_of: datetime | str | None
    pairing: Pairing | None
    other: str | None


def diff_query(a: Ref, b: Ref, pair: PairOptions) -> DiffQuery:
    """The query of two refs and these options; raises InvalidError (`bad_time`)."""
    fields: dict[str, Any] = {**pair, "as_of": instants.instant_of(pair.get("as_of"))}
    return DiffQuery(a, b, **fields)


class ChangeQuery(msgspec.Struct, frozen=True):
    """Which changes, in which order.

    by          the metric to sort by, such as `close.r`; None: `d` of the contract's main column
    min_change  leaves out keys whose metric is smaller; keys without the metric (added, a lost
                value) stay
    prefix      a leading part of the key: only keys under it
    within      only changes within these bounds, as JSON: see `change_bounds`
    """

    by: str | None = None
    min_change: float = 0.0
    prefix: tuple[Any, ...] = ()
    within: str = ""
