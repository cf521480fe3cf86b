"""What the JSON answers look like. `estimates.reading.reader` puts data answers together; here they
are documented.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

from estimates.catalog.freshness import Freshness
from estimates.catalog.records import (
    CarriedOver,
    Expiry,
    InputDigest,
    LegalHold,
    LogHead,
    State,
    VersionSummary,
    Waiver,
)
from estimates.catalog.sets_read import ReadBy, SetRead
from estimates.contract.contract import Pairing
from estimates.gate.open_requests import OpenRequest
from estimates.reading.version_reader import MAX_KEYS
from estimates.stability.through_time.revision_report import Chain, Revisions
from estimates_api.http.standing_bodies import RetirementBody, StandingBody

KeyPart = str | int
# Said in the document, and checked where keys are read, which says it better.
_MOST_KEYS = {"extra": {"max_items": MAX_KEYS}}


class AliasBody(msgspec.Struct, frozen=True):
    """Where an alias points; a held one is not moved automatically until a person promotes."""

    version: int
    moved_at: datetime
    held: bool


class SetSummary(msgspec.Struct, frozen=True):
    """A set in the list of sets.

    columns  of an estimate, beside the key
    tags     words by which people look for it
    newest   the version that was published last; null before the first
    retired  it takes no new versions; null while it does
    requests what waits for approvals, oldest first
    family   which family the set is a member of, or is itself; null for any other set
    """

    name: str
    description: str
    owner: str
    key: list[str]
    shape: int
    versions: int
    aliases: dict[str, AliasBody]
    freshness: Freshness
    columns: list[str]
    tags: list[str]
    newest: VersionSummary | None
    retired: RetirementBody | None
    requests: list[OpenRequest]
    family: str | None


class SetList(msgspec.Struct, frozen=True):
    """All sets, sorted by name, and where the log of the store ends: kept elsewhere, `head` proves
    later whether the log was rewritten.
    """

    sets: list[SetSummary]
    head: LogHead


class SetDetail(SetSummary, frozen=True):
    """A set with its newest contract.

    inputs   the versions of other sets that production was made of
    read_by  the versions in production of other sets that were made of this one
    """

    contract_revision: int
    defined_at: datetime
    contract: dict[str, Any]
    inputs: list[SetRead]
    read_by: list[ReadBy]


class VersionList(msgspec.Struct, frozen=True):
    """A page of versions, newest first; `total` counts those that match, `next` is the cursor of
    the next page.
    """

    set: str
    total: int
    limit: int
    next: str | None
    versions: list[VersionSummary]


class Span(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """A time in production; `to` is null while it lasts."""

    from_: datetime
    to: datetime | None


class ProvenanceBody(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a version came from.

    carried_over  the groups that keep production's rows, where there are any
    hidden        there, and true: values of parameters, and sources of inputs that are no sets, are
                  `hidden` from this reader
    """

    run_id: str
    data_through: datetime
    inputs: list[InputDigest]
    targets: list[str]
    job: str | None
    parameters: dict[str, Any]
    code: str | None
    seed: int | None
    warnings: list[str]
    carried_over: CarriedOver | None = None
    commit: str | None = None
    hidden: bool = False


class VersionDetail(VersionSummary, frozen=True):
    """A version with its provenance, the aliases that point to it, its times in production, its
    waivers in force, the legal holds that keep it.

    expiry  when and why its files went; null while they are there
    """

    set: str
    aliases: list[str]
    production: list[Span]
    waivers: list[Waiver]
    legal_holds: list[LegalHold]
    expiry: Expiry | None
    provenance: ProvenanceBody


class CarriedOverBody(msgspec.Struct, frozen=True):
    """Which estimates are not of this version's run: those of some groups keep the rows that
    production had.

    by, groups  the column, and its values as text
    since       the version that these rows are of
    this        of a single estimate: whether it is one of them
    """

    by: str
    groups: list[str]
    since: int
    this: bool | msgspec.UnsetType = msgspec.UNSET


class EstimateBody(StandingBody, frozen=True):
    """One estimate: the key and the columns of the contract.

    imported     by the clock `released` only: whether the version's time of release is a claim;
                 also of pages and batches
    newest_data  how new the data are that the version saw, where that is earlier than its
                 `data_through`; also of pages and batches
    """

    set: str
    version: int
    estimate: dict[str, Any]
    imported: bool | msgspec.UnsetType = msgspec.UNSET
    newest_data: datetime | msgspec.UnsetType = msgspec.UNSET
    carried_over: CarriedOverBody | msgspec.UnsetType = msgspec.UNSET


class EstimatePage(StandingBody, frozen=True):
    """Estimates under a leading part of the key, in key order; `total` counts them all, `next` is a
    cursor.
    """

    set: str
    version: int
    total: int
    limit: int
    next: str | None
    estimates: list[dict[str, Any]]
    imported: bool | msgspec.UnsetType = msgspec.UNSET
    newest_data: datetime | msgspec.UnsetType = msgspec.UNSET
    carried_over: CarriedOverBody | msgspec.UnsetType = msgspec.UNSET


class Ranking(msgspec.Struct, frozen=True):
    """Estimates of a version by the size of the column `by`; `total` counts them all."""

    set: str
    version: int
    by: str
    order: Literal["largest", "smallest"]
    total: int
    limit: int
    next: str | None
    estimates: list[dict[str, Any]]


class Batch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which estimates to answer, in this order; integer key parts may be JSON numbers."""

    keys: Annotated[list[list[KeyPart]], msgspec.Meta(extra_json_schema=_MOST_KEYS)]
    ref: KeyPart = "production"
    as_of: str | None = None
    shape: int | None = None
    fields: list[str] | None = None
    clock: Literal["released"] | None = None
    integers: Literal["string"] | None = None
    standing: bool = False
    no_formulas: bool = False


class Result(msgspec.Struct, frozen=True, omit_defaults=True):
    """One key of a batch: with `ok` and null `no_estimate` the estimate, else the key.

    last_version  for `removed`: the last version in production that had the key
    """

    status: Literal["ok", "erased", "no_estimate", "elapsed", "removed", "outside_domain"]
    estimate: dict[str, Any] | None = None
    key: list[str] | None = None
    last_version: int | None = None


class BatchBody(StandingBody, frozen=True):
    """The estimates of a batch, in the order asked."""

    set: str
    version: int
    results: list[Result]
    imported: bool | msgspec.UnsetType = msgspec.UNSET
    newest_data: datetime | msgspec.UnsetType = msgspec.UNSET
    carried_over: CarriedOverBody | msgspec.UnsetType = msgspec.UNSET


class HistoryEntry(msgspec.Struct, frozen=True):
    """What one version said about the key; `estimate` is null when it had no row for it.

    released_at, imported  by the clock `released` only: the claimed time of release, and whether
                           there is one
    """

    version: int
    published_at: datetime
    data_through: datetime
    state: State
    production: list[Span]
    estimate: dict[str, Any] | None
    released_at: datetime | msgspec.UnsetType | None = msgspec.UNSET
    imported: bool | msgspec.UnsetType = msgspec.UNSET
    carried_over: CarriedOverBody | msgspec.UnsetType = msgspec.UNSET


class ErasedBody(msgspec.Struct, frozen=True):
    """When the numbers of a key were erased from all versions, by whom and why."""

    at: datetime
    actor: str
    reason: str


class HistoryBody(msgspec.Struct, frozen=True, omit_defaults=True):
    """One key through the versions, oldest first; `chain` by column, when it was asked for.

    expired  the versions that are left out because their files are gone, with when and why
    erased   of a key whose numbers were erased: every estimate is null
    """

    set: str
    key: list[str]
    history: list[HistoryEntry]
    expired: list[Expiry] = []
    erased: ErasedBody | None = None
    chain: dict[str, Chain] | None = None


class ChangeBody(msgspec.Struct, frozen=True):
    """What happened to one key.

    change   what kind of change it is
    columns  by column of the contract: `a` and `b`, the old and new value; for a number that is an
             estimate also `d` = b − a, `r`, `g`, `material`; at its point also `z_80` and
             `width_change_80` for an 80 % interval
    """

    key: list[str]
    change: Literal["changed", "kind_loss", "kind_gain", "added", "removed", "elapsed", "advanced"]
    columns: dict[str, dict[str, Any]]


class ChangeList(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """Changes from one version to another, by falling size of the metric `by`; `total` counts them
    all.

    Of versions of two sets `set` is empty, and `from` and `to` are written as `closes version 1`.
    """

    set: str
    from_: int | str
    to: int | str
    by: str | None
    pairing: Pairing
    total: int
    limit: int
    next: str | None
    changes: list[ChangeBody]


class TriangleBody(Revisions, frozen=True):
    """The statistics of revisions, and the triangle: names of its columns, key columns first, and
    its rows.

    A column is a horizon, `h5` … `h1`, or a version, `v1` …; null where nothing was said.
    """

    columns: list[str]
    triangle: list[list[str | float | None]]  # whole numbers too


class EventBody(msgspec.Struct, frozen=True):
    """One entry of the event log; `version` is where the alias points afterwards, or what was
    published or judged; `claimed`, where it is there, on whose behalf the actor claims to act.
    Later releases add kinds.
    """

    id: int
    at: datetime
    set: str
    kind: str
    actor: str
    version: int | None
    alias: str | None
    from_version: int | None
    reason: str | None
    automatic: bool
    blocks: bool | None
    details: dict[str, Any]
    claimed: str | msgspec.UnsetType = msgspec.UNSET


class EventList(msgspec.Struct, frozen=True):
    """Events in order; `next` is the id to pass as `after` for the rest, null when there is none
    yet. With the newest first it is the id to pass as `before`.
    """

    last_event: int
    limit: int
    next: int | None
    events: list[EventBody]


class Problem(msgspec.Struct, frozen=True):
    """An error (RFC 9457); `code` is stable, and there may be further members that depend on it."""

    title: str
    status: int
    code: str
    detail: str
