"""What two versions of two sets are measured by: their keys have to agree."""

from __future__ import annotations

import hashlib

import msgspec

from estimates.catalog.records import Version
from estimates.catalog.view import View
from estimates.compare.diff_measure import Measure, measure_of
from estimates.compare.shared_contract import shared_contract
from estimates.contract.contract import Contract
from estimates.errors import ConflictError, InvalidError
from estimates.stability.contract_changes import describe_changes, schema_changes
from estimates.stability.family_reports import SchemaReport
from estimates.stability.paired_contract import with_pairing


def shared_measure(
    view: View, first: Version, second: Version, pairing: str | None
) -> tuple[Measure, SchemaReport]:
    """The newest contract of the first version's shape, in the columns that both sets have, and
    which columns only one has.

    Raises InvalidError (`other_keys`: other key columns or types; `bad_pairing`), ConflictError
    (`other_shape`: a column of both has another role, type, unit, level or quantile; no estimate is
    in both).
    """
    revision = view.set(first.set).newest_of(first.shape)
    contract = view.set(first.set).revision(revision)
    theirs = view.set(second.set)
    other = theirs.revision(theirs.newest_of(second.shape))
    if _key_of(contract) != _key_of(other):
        raise InvalidError(
            "other_keys",
            f"{first.set} has the key {_key_text(contract)} and {second.set} has "
            f"{_key_text(other)}",
            remedy="name a set with an equal key with --to-set",
        )
    schema = schema_changes(contract, other)
    if schema.changed:
        raise ConflictError(
            "other_shape",
            f"{first.set} and {second.set} promise different things of "
            f"{describe_changes(schema.changed)}",
            remedy="compare sets that promise the same of these columns",
        )
    measure = measure_of(with_pairing(shared_contract(contract, other), pairing), revision)
    digest = hashlib.sha256(msgspec.json.encode([measure.digest, schema])).hexdigest()
    measure = measure._replace(digest=digest)
    return measure.after([*view.set(first.set).erasures, *theirs.erasures]), schema


def _key_of(contract: Contract) -> list[tuple[str, str]]:
    return [(name, column.type) for name, column in contract.key.items()]


def _key_text(contract: Contract) -> str:
    return ", ".join(f"{name} ({kind})" for name, kind in _key_of(contract))
