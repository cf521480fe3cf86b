"""Two versions side by side: what differs between them first, what is the same in both after it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

from estimates_api.http.bodies import ProvenanceBody, VersionDetail

Kind = Literal["chip", "verdict", "time", "count", "text", "code"]


class Trait(NamedTuple):
    """Something that is known of both versions; `kind` says how it is written."""

    name: str
    kind: Kind
    first: Any
    second: Any

    @property
    def in_one_minute(self) -> bool:
        """Whether both are times that only their seconds tell apart."""
        moments = (self.first, self.second)
        if self.kind != "time" or None in moments:
            return False
        return len({f"{moment:%Y-%m-%d %H:%M}" for moment in moments}) == 1


def traits(first: VersionDetail, second: VersionDetail) -> tuple[list[Trait], list[Trait]]:
    """What differs between two versions, and what does not: how they stand, where they come from.

    What neither of them says is left out.
    """
    known = [*_standing(first, second), *_origin(first.provenance, second.provenance)]
    stated = [trait for trait in known if trait.first is not None or trait.second is not None]
    return (
        [trait for trait in stated if trait.first != trait.second],
        [trait for trait in stated if trait.first == trait.second],
    )


def _standing(a: VersionDetail, b: VersionDetail) -> Iterator[Trait]:
    yield Trait("State", "chip", a.state, b.state)
    yield Trait("Verdict", "verdict", a.blocks, b.blocks)
    yield Trait("Published", "time", a.published_at, b.published_at)
    yield Trait("Data through", "time", a.data_through, b.data_through)
    yield Trait("In production from", "time", _since(a), _since(b))
    yield Trait("Estimates", "count", a.rows, b.rows)
    yield Trait("Contract", "text", *(f"revision {v.contract_revision}" for v in (a, b)))


def _origin(a: ProvenanceBody, b: ProvenanceBody) -> Iterator[Trait]:
    yield Trait("Job", "text", a.job, b.job)
    yield Trait("Code", "code", a.code, b.code)
    yield Trait("Commit", "code", a.commit, b.commit)
    yield Trait("Seed", "text", a.seed, b.seed)
    yield from _each("Parameter", "text", a.parameters, b.parameters)
    yield from _each("Rows of", "count", *({i.name: i.rows for i in v.inputs} for v in (a, b)))
    digests = ({i.name: i.digest[:12] for i in v.inputs} for v in (a, b))
    yield from _each("SHA-256 of", "code", *digests)


def _each(what: str, kind: Kind, a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[Trait]:
    for name in dict.fromkeys((*a, *b)):
        yield Trait(f"{what} {name}", kind, a.get(name), b.get(name))


def _since(version: VersionDetail) -> Any:
    """When it came into production last."""
    return version.production[-1].from_ if version.production else None
