"""Versions of two sets side by side, where somebody asks for that by name: their keys have to agree."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import polars as pl

from estimates.catalog import Ref, View
from estimates.contract import Contract
from estimates.domain import OpenDomain
from estimates.errors import ConflictError, InvalidError
from estimates.records import Version
from estimates.stability.pairing import with_pairing
from estimates.stability.schema import schema_changes, told_changes
from estimates.two_tables import TwoTables


def two_sets(
    view: View,
    read: Callable[[Version], pl.DataFrame],
    first: tuple[str, Ref],
    second: tuple[str, Ref],
    pairing: str | None = None,
) -> TwoTables:
    """A version of the second set against one of the first, the baseline, whose newest contract of its shape measures.

    Columns that only one set has are named in the report and not compared. Raises those of `View.resolve`, InvalidError
    (`other_keys`: other key columns or types), ConflictError (`other_shape`: a column of both has another role, type,
    unit, level or quantile; no estimate is in both), InvalidError (`bad_pairing`).
    """
    a, b = (view.resolve(name, ref) for name, ref in (first, second))
    mine, theirs = (_measuring(view, version) for version in (a, b))
    keys = [[(name, column.type) for name, column in contract.key.items()] for contract in (mine, theirs)]
    if keys[0] != keys[1]:
        told = [", ".join(f"{name} ({kind})" for name, kind in key) for key in keys]
        raise InvalidError(
            "other_keys", f"{a.set} has the key {told[0]} and {b.set} has {told[1]}; only equal keys can be compared"
        )
    schema = schema_changes(mine, theirs)
    if schema.changed:
        told = told_changes(schema.changed)
        raise ConflictError("other_shape", f"{a.set} and {b.set} promise different things of {told}")
    contract = with_pairing(_narrowed(mine, set(theirs.columns), b.set), pairing)
    names = [*contract.key, *contract.columns]
    return TwoTables(
        contract,
        read(a).select(names),
        read(b).select(names),
        (f"{a.set} version {a.version}", f"{b.set} version {b.version}"),
        (a.data_through, b.data_through),
        schema=schema,
        of_two_sets=True,
    )


def _measuring(view: View, version: Version) -> Contract:
    """The newest contract of a version's shape."""
    found = view.set(version.set)
    return found.revision(found.newest_of(version.shape))


def _narrowed(contract: Contract, shared: set[str], other: str) -> Contract:
    """The contract of those columns alone."""
    columns = {
        name: msgspec.structs.replace(column, step=column.step if column.step in shared else None)
        for name, column in contract.columns.items()
        if name in shared
    }
    if all(column.role == "attribute" for column in columns.values()):
        raise ConflictError("other_shape", f"{contract.name} and {other} have no estimate column of the same name")
    known = {*contract.key, *columns}
    groups, ranked = (tuple(name for name in names if name in known) for names in _grouping(contract))
    stability = msgspec.structs.replace(contract.stability, groups=groups, rank_groups=ranked)
    return msgspec.structs.replace(contract, columns=columns, domain=OpenDomain(), stability=stability)


def _grouping(contract: Contract) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return contract.stability.groups, contract.stability.rank_groups
