"""Which sets are made of which: what a version read of other sets, and who reads a set."""

from __future__ import annotations

import msgspec

from estimates.catalog.records import State, Version
from estimates.catalog.view import View


class SetRead(msgspec.Struct, frozen=True):
    """A version of another set that a version was made of.

    input       what the job calls it
    state       of the version that was read, now
    production  the version that production of that set points to now; None: nothing
    """

    input: str
    set: str
    version: int
    state: State
    production: int | None


class ReadBy(msgspec.Struct, frozen=True):
    """A version in production that was made of a version of this set: `read`."""

    set: str
    version: int
    read: int


def sets_read(view: View, version: Version) -> list[SetRead]:
    """What a version read of other sets, by input; sets that are not there any more left out."""
    edges: list[SetRead] = []
    for source in version.provenance.inputs:
        of_set = view.sets.get(source.set or "")
        if of_set is None or source.version is None:
            continue
        read, production = of_set.versions[int(source.version) - 1], of_set.production
        edges.append(
            SetRead(
                source.name,
                read.set,
                read.version,
                view.state(read),
                None if production is None else production.version,
            )
        )
    return edges


def read_by(view: View, name: str) -> list[ReadBy]:
    """The versions in production of other sets that were made of this one, by set."""
    return [
        ReadBy(other, version.version, int(source.version))
        for other, of_set in sorted(view.sets.items())
        if other != name and (version := of_set.production) is not None
        for source in version.provenance.inputs
        if source.set == name and source.version is not None
    ]
