"""The contract by which versions of two sets are compared."""

from __future__ import annotations

import msgspec

from estimates.contract.contract import Contract
from estimates.contract.domain import OpenDomain
from estimates.contract.roles import JUDGED
from estimates.errors import ConflictError


def shared_contract(contract: Contract, other: Contract) -> Contract:
    """The contract of the columns that another has too; raises ConflictError (`other_shape`)
    without an estimate.
    """
    shared = set(other.columns)
    columns = {
        name: msgspec.structs.replace(
            column,
            step=column.step if column.step in shared else None,
            from_samples=column.from_samples if column.from_samples in shared else None,
        )
        for name, column in contract.columns.items()
        if name in shared
    }
    if not any(column.role in JUDGED for column in columns.values()):
        raise ConflictError(
            "other_shape",
            f"{contract.name} and {other.name} have no estimate column of the same name",
            remedy="compare sets whose columns of estimates share a name",
        )
    known = {*contract.key, *columns}
    groups, ranked = (
        tuple(name for name in names if name in known) for names in _grouping(contract)
    )
    stability = msgspec.structs.replace(contract.stability, groups=groups, rank_groups=ranked)
    return msgspec.structs.replace(
        contract, columns=columns, domain=OpenDomain(), stability=stability
    )


def _grouping(contract: Contract) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return contract.stability.groups, contract.stability.rank_groups
