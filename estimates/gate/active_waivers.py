"""Waivers: exceptions that a person made, with a reason and an end, for one version's content and
one check.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

import msgspec
import polars as pl

from estimates.catalog.records import Waiver
from estimates.contract.columns import parse_key_part
from estimates.contract.conform import schema
from estimates.gate.check import Measure
from estimates.gate.evaluation_context import Case
from estimates.gate.verdict import Offender


def waivers(case: Case) -> Measure:
    """Protects from exceptions that were never valid, or are not any more. Metric: waivers that
    cannot count.

    That is a waiver of other content, of a check that does not exist (any more) or that every
    version must pass, and one that names keys that the contract cannot have, or of a check that is
    not about single keys. One that is over counts for nothing and is none. Block above 0. Source:
    gate.md 42.
    """
    wrong = [(waiver, why) for waiver in case.waivers if (why := fault(waiver, case))]
    message = (
        f"{len(case.waivers)} waivers in force"
        if not wrong
        else f"{len(wrong)} waivers that cannot count"
    )
    offenders = [
        Offender(None, None, f"waiver {waiver.id} of {waiver.check}: {why}")
        for waiver, why in wrong
    ]
    return Measure(len(wrong), len(case.waivers), message, offenders=offenders)


def in_force(exceptions: Sequence[Waiver], at: datetime) -> list[Waiver]:
    """Those that are not over at a moment, by id; a waiver counts until its end, which is not part
    of it.
    """
    return sorted(
        (waiver for waiver in exceptions if at < waiver.until), key=lambda waiver: waiver.id
    )


def digest(held: Sequence[Waiver]) -> str:
    """SHA-256 of the waivers in force: what a verdict is bound to."""
    return hashlib.sha256(msgspec.json.encode(list(held))).hexdigest()


def rows(keys: Sequence[Sequence[str]], case: Case) -> pl.DataFrame:
    """Keys given as text, in the contract's types."""
    types = schema(case.contract)
    return pl.DataFrame(
        {
            name: pl.Series(
                [parse_key_part(column.type, key[i]) for key in keys], dtype=types[name]
            )
            for i, (name, column) in enumerate(case.contract.key.items())
        }
    )


def fault(waiver: Waiver, case: Case) -> str | None:
    """Why a waiver counts for nothing in this case; None when it counts."""
    if waiver.snapshot_id != case.candidate.snapshot_id:
        return "it was given for other content"
    check = case.checks.get(waiver.check)
    if check is None:
        return "there is no such check"
    if not check.waivable:
        return "every version must pass this check"
    if waiver.keys is None:
        return None
    if not check.by_key:
        return "it names keys, and this check is about the version as a whole"
    try:
        if all(len(key) == len(case.key) for key in waiver.keys) and rows(waiver.keys, case).height:
            return None
    except (ValueError, OverflowError):
        pass
    return "its keys are not keys of the contract"
