"""The report of two versions of one snapshot: nothing is read, because nothing can have changed."""

from __future__ import annotations

from estimates.contract.contract import Contract
from estimates.stability.headline import headline
from estimates.stability.report import KeysReport, Report


def unchanged(
    contract: Contract,
    rows: int,
    *,
    name_a: str | int,
    name_b: str | int,
    headline_only: bool = False,
) -> Report:
    """What `diff` says of a snapshot of so many rows and itself, without its columns and intervals.

    Every change in these would be 0 and every share of equal rows 1. Not for contracts with a dated
    target: which of their keys have elapsed stands in the rows.
    """
    keys = KeysReport(
        n_from=rows,
        n_to=rows,
        common=rows,
        added=0,
        removed=0,
        elapsed=None,
        advanced=None,
        added_share=0.0,
        removed_share=0.0,
        key_jaccard=1.0,
        identical_share=1.0 if rows else None,
        added_keys=[],
        removed_keys=[],
        reason=None if rows else "no_comparable_keys",
    )
    return Report(
        set=contract.name,
        from_=name_a,
        to=name_b,
        identical=True,
        headline=headline(keys, {}, identical=True),
        keys=keys,
        columns={},
        intervals=[],
        rtol=contract.stability.rtol,
        atol=contract.stability.atol,
        pairing=contract.stability.pairing,
        headline_only=headline_only,
    )
