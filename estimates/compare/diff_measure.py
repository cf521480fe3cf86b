"""What two versions are measured by: a contract, and a digest of what in it decides the numbers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

import msgspec

from estimates.catalog.records import Erasure, Version
from estimates.catalog.set_view import SetView
from estimates.contract.columns import Column
from estimates.contract.contract import Contract
from estimates.stability.paired_contract import with_pairing
from estimates.stability.report import METRICS_REVISION

# What only publishing and the gate look at.
_NOT_MEASURING = ("description", "owner", "domain", "freshness", "gate", "job", "retention")


class Measure(NamedTuple):
    """The contract that measures, its revision, and a digest of the parts of it that decide what a
    report says.

    headline  the contract for headlines alone: what belongs to a point moves with it, and is only
              carried along
    """

    contract: Contract
    revision: int
    digest: str
    headline: Contract

    def after(self, erasures: Iterable[Erasure]) -> Measure:
        """The same with another digest where something was erased: versions say less since."""
        ids = [erasure.id for erasure in erasures]
        return self._replace(digest=digest_of(self.digest, ids)) if ids else self


def measure_of(contract: Contract, revision: int) -> Measure:
    """A contract as a measure."""
    plain = Contract(contract.name, contract.key, contract.columns)
    defaults = {name: getattr(plain, name) for name in _NOT_MEASURING}
    # frozen_after says something of more versions than two
    policy = msgspec.structs.replace(contract.stability, frozen_after=None)
    decisive = msgspec.structs.replace(contract, **defaults, stability=policy)
    digest = hashlib.sha256(msgspec.json.encode(decisive)).hexdigest()
    carried = {
        name: Column(role="attribute", type=column.kind, rtol=column.rtol, atol=column.atol)
        if contract.point_of(column) and column.role != "samples"
        else column
        for name, column in contract.columns.items()
    }
    return Measure(contract, revision, digest, msgspec.structs.replace(contract, columns=carried))


def measure_for(version: Version, view: SetView, pairing: str | None = None) -> Measure:
    """The newest contract of a version's shape as a measure, with a pairing in place of its own.

    It measures whatever contract the version was published under, as in the gate. Raises
    InvalidError (`bad_pairing`).
    """
    revision = view.newest_of(version.shape)

    def make() -> Measure:
        measure = measure_of(with_pairing(view.revision(revision), pairing), revision)
        return measure.after(view.erasures)

    return view.memoize(("measure", revision, pairing), make)


def digest_of(*content: object) -> str:
    """The name under which something measured is cached: a digest of all that it depends on, of the
    revision of the metrics too.
    """
    encoded = msgspec.json.encode([METRICS_REVISION, *content])
    return hashlib.blake2b(encoded, digest_size=20).hexdigest()


@cache
def fields_digest(report: type[msgspec.Struct]) -> str:
    """A digest of the fields that a report has in this program."""
    return hashlib.sha256(msgspec.json.encode(msgspec.json.schema(report))).hexdigest()
