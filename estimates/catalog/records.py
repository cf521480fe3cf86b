"""What the catalog holds, as Structs: versions, aliases, events, runs. All times are aware UTC
datetimes.
"""

from datetime import datetime
from typing import Any, Literal, Self

import msgspec

from estimates.errors import InvalidError
from estimates.render.notebook import rendered

State = Literal[
    "expired", "production", "rolled_back", "superseded", "refused", "candidate", "unjudged"
]


class InputDigest(msgspec.Struct, frozen=True, omit_defaults=True):
    """An input as a run saw it: its name, where it came from, SHA-256 of its content and its number
    of rows.

    version  which version of its source the run read, where the source counts versions: that of a
             set or of a Delta table, the snapshot of an Iceberg table
    set      the set of this store that it is a version of; its digest is then the snapshot's id
    newest  the moment of its newest row, by the column that its `time` names; a date stands for all
            of that day, or for a session's close. None where the input has no time or no row
    """

    name: str
    source: str
    digest: str
    rows: int | None = None
    version: str | None = None
    set: str | None = None
    newest: datetime | None = None


class CarriedOver(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which groups of a version are not its own: they keep the rows that production had.

    by, groups  the column, and its values as text, sorted
    rows        how many rows they are
    of, since   the refused version that all other rows are of, and the version in production that
                these are of
    reason      of the person who did it; None where the contract allows it
    """

    by: str
    groups: tuple[str, ...]
    rows: int
    of: int
    since: int
    reason: str | None = None


class Provenance(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a version came from.

    data_through  the last moment of input data the run could see
    targets       for rolling domains: the target of each step, in order, as text
    code          revision of the code of the job and of its own modules (docs/spec.md); seed, job,
                  parameters as the run had them
    warnings      what the job said about series it could not do
    carried_over  the groups that keep production's rows; None: all rows are the run's
    commit        the commit of git that the job's code was at, with `+` behind it where tracked
                  files differed from it
    """

    data_through: datetime
    run_id: str
    inputs: tuple[InputDigest, ...] = ()
    targets: tuple[str, ...] = ()
    job: str | None = None
    parameters: dict[str, Any] = {}
    code: str | None = None
    seed: int | None = None
    warnings: tuple[str, ...] = ()
    carried_over: CarriedOver | None = None
    commit: str | None = None

    def __post_init__(self) -> None:
        if self.data_through.tzinfo is None:
            raise InvalidError(
                "bad_time",
                f"data_through {self.data_through} has no time zone",
                remedy="give it one, such as tzinfo=UTC",
            )
        if not self.run_id.strip():
            raise InvalidError(
                "bad_run_id",
                "a run_id may not be empty",
                remedy="leave it out for a new one, or write a name",
            )

    @property
    def newest_data(self) -> datetime:
        """How new the data are that the run saw: the oldest among the newest times of its inputs,
        at most `data_through`, which it is where no input says a time.
        """
        newest = (entry.newest for entry in self.inputs if entry.newest is not None)
        return min((self.data_through, *newest))


class Version(msgspec.Struct, frozen=True):
    """One version of a set: a dense number that names a snapshot."""

    set: str
    version: int
    snapshot_id: str
    shape: int
    contract_revision: int
    rows: int
    published_at: datetime
    provenance: Provenance
    released_at: datetime | None = None
    expired_at: datetime | None = None
    mlflow_run: str | None = None

    def __repr__(self) -> str:
        return (
            f"Version({self.set} {self.version}: {self.rows:,} rows, "
            f"published {self.published_at:%Y-%m-%d %H:%M}, data through "
            f"{self.data_through:%Y-%m-%d %H:%M} UTC)"
        )

    def _repr_html_(self) -> str:
        row = {
            "version": self.version,
            "rows": self.rows,
            "published": self.published_at,
            "data through": self.data_through,
            "run": self.provenance.run_id,
            "shape": self.shape,
        }
        return rendered("render.notebook", "fragment", f"{self.set} version {self.version}", [row])

    @property
    def data_through(self) -> datetime:
        """The last moment of input data the run could see."""
        return self.provenance.data_through

    def is_behind(self, other: Self) -> bool:
        """Whether another version saw newer data."""
        return self.data_through < other.data_through

    @property
    def newest_data(self) -> datetime:
        """How new the data are that the run saw; see `Provenance`."""
        return self.provenance.newest_data


class VersionSummary(msgspec.Struct, frozen=True):
    """A version in the list of versions.

    blocks  whether its newest verdict blocks; null without a verdict
    """

    version: int
    state: State
    snapshot_id: str
    shape: int
    contract_revision: int
    rows: int
    published_at: datetime
    data_through: datetime
    released_at: datetime | None
    expired_at: datetime | None
    blocks: bool | None
    mlflow_run: str | None

    def __repr__(self) -> str:
        return (
            f"VersionSummary({self.version} {self.state}: {self.rows:,} rows, published "
            f"{self.published_at:%Y-%m-%d %H:%M}, data through {self.data_through:%Y-%m-%d %H:%M} "
            "UTC)"
        )


# What a version's place in time depends on is in both.
VersionInTime = Version | VersionSummary


class VersionHead(msgspec.Struct, frozen=True):
    """What an answer over HTTP says of the version it came from, in the words of `Version`."""

    set: str
    version: int
    shape: int
    published_at: datetime
    data_through: datetime

    def __repr__(self) -> str:
        return (
            f"VersionHead({self.set} {self.version}: published {self.published_at:%Y-%m-%d %H:%M}, "
            f"data through {self.data_through:%Y-%m-%d %H:%M} UTC)"
        )


class Expiry(msgspec.Struct, frozen=True):
    """When a version gave up its files, who did it, and why: the rules of a retention, or what a
    person said.
    """

    version: int
    at: datetime
    actor: str
    reason: str | None


class Alias(msgspec.Struct, frozen=True):
    """A mutable name for a version; `held` stops automatic promotion until a person promotes.

    moved_at  as recorded: what a repair of the clock made of it, `SetView.moves` says
    """

    set: str
    alias: str
    version: int
    moved_at: datetime
    held: bool = False


class Event(msgspec.Struct, frozen=True, omit_defaults=True):
    """One entry of the append-only log; ids are gapless over all sets and times strictly increase.

    set           empty for what is about the store as a whole (the clock, tokens)
    kind          an EventKind, or what a later release wrote: read as any other, and of no effect
    version       the version it is about (promoted, rolled_back: the one the alias points to
                  afterwards)
    from_version  where the alias pointed before
    blocks        for `judged`: whether the verdict blocks
    actor         the user of the operating system who did it; where the store has an access record
                  the principal, whose signature proves it
    claimed       on whose behalf, as the actor says: nothing proves it
    """

    id: int
    at: datetime
    set: str
    kind: str
    actor: str
    version: int | None = None
    alias: str | None = None
    from_version: int | None = None
    reason: str | None = None
    automatic: bool = False
    blocks: bool | None = None
    details: dict[str, Any] = {}
    claimed: str | None = None

    def __repr__(self) -> str:
        about = " ".join(str(part) for part in (self.kind, self.set, self.version or "") if part)
        because = "" if self.reason is None else f": {self.reason}"
        return f"Event({self.id} {about}, {self.at:%Y-%m-%d %H:%M} UTC by {self.who}{because})"

    @property
    def who(self) -> str:
        """Who did it, with the claim beside it."""
        return self.actor if self.claimed is None else f"{self.actor}, as {self.claimed}"


class LogHead(msgspec.Struct, frozen=True):
    """Where the log of a store ends. Whoever keeps it elsewhere notices later that anything before
    it was changed.

    event   id of the newest event, 0 before the first; digest: its link in the chain
    """

    store: str
    event: int
    digest: str

    def text(self) -> str:
        """As one word, `57:9f86…`, which `estimates audit --head` takes."""
        return f"{self.event}:{self.digest}"


class Judged(msgspec.Struct, frozen=True):
    """A verdict as stored: `text` is JSON (`estimates.gate.verdict.Verdict`), to the last line
    break; `event` is the id of its event.
    """

    event: int
    set: str
    version: int
    blocks: bool
    text: str


class Scored(msgspec.Struct, frozen=True):
    """Scores of a version as stored: `body` is JSON (`estimates.accuracy.Scores`), `event` the id
    of its event.

    actuals  digest of the actual values used; vintage: the newest vintage among them, None where
             they have none
    """

    event: int
    set: str
    version: int
    contract_revision: int
    actuals: str
    vintage: str | None
    scored_at: datetime
    body: msgspec.Raw


class Waiver(msgspec.Struct, frozen=True):
    """One exception of one check for one version's content, made by a person; `id` is the id of its
    event.

    keys   the keys (parts as text) that the check leaves out; None: the check as a whole
    until  from then on it counts for nothing
    """

    id: int
    set: str
    version: int
    snapshot_id: str
    check: str
    keys: list[list[str]] | None
    reason: str
    actor: str
    at: datetime
    until: datetime


class LegalHold(msgspec.Struct, frozen=True):
    """What nothing may expire or delete while it stands; `id` is the id of its event.

    version  None: every version of the set, later ones too, and all of its files
    """

    id: int
    set: str
    version: int | None
    reason: str
    actor: str
    at: datetime


class ErasedPart(msgspec.Struct, frozen=True, omit_defaults=True):
    """A part of snapshots whose rows of erased keys went.

    part        its digest
    by          the digest of the part that is read in its place
    size, rows  of that part
    """

    part: str
    by: str
    size: int
    rows: int


class Erasure(msgspec.Struct, frozen=True):
    """Keys of a set whose numbers were erased from every version; `id` is the id of its event.

    key_digests  what stands for each key, or leading part of one: `ErasedKeys.digest`
    replaced     the parts of snapshots that had rows of them
    verdicts     the verdicts that named them: id of the event, as text, and the digest of what is
                 left
    """

    id: int
    set: str
    key_digests: list[str]
    replaced: list[ErasedPart]
    verdicts: dict[str, str]
    reason: str
    actor: str
    at: datetime


class ContractRevision(msgspec.Struct, frozen=True):
    """A registered contract: revisions count 1, 2, … per set; revisions of equal shape share a
    shape number.
    """

    set: str
    revision: int
    shape: int
    defined_at: datetime
    actor: str
    body: msgspec.Raw
    source: str
