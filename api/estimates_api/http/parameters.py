"""The parameters of paths and queries: name, type and description of each, once.

A Struct below is the table of a route's query parameters. The framework documents and reads them
as a dependency (`Provide(Struct)`); the fast path reads the same Struct with `msgspec.convert`.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

import msgspec
from litestar.params import PathParameter, QueryParameter

from estimates.catalog.records import State
from estimates.catalog.ref import PRODUCTION
from estimates.compare.series_report import MAX_LAST
from estimates.contract.contract import Pairing
from estimates.instants import TIME_FORM, TIME_OR_DAY_FORM
from estimates.reading.deadline import DEADLINE_FORM, SPAN_FORM
from estimates.reading.key_values import MOST as MOST_VALUES
from estimates.reading.page_cursor import DEFAULT_LIMIT, MAX_LIMIT
from estimates.reading.row_query import WHICH_RELEASE
from estimates.stability.through_time.revision_report import Across
from estimates.store.scoring import MOST as MOST_SCORED

_TIME = {"format": "date-time", "pattern": f"^({TIME_FORM})$"}


def _path(name: str, description: str) -> PathParameter:
    return PathParameter(name=name, description=description)


def query(name: str, description: str, **schema: object) -> QueryParameter:
    """A query parameter with these members of its schema."""
    return QueryParameter(name=name, description=description, schema_extra=schema or None)


SetName = Annotated[str, _path("set", "Name of the estimate set.")]
PathRef = Annotated[
    str, _path("ref", "A version number, an alias such as `production`, or `latest`.")
]
DomainDigest = Annotated[
    str, _path("digest", "SHA-256 of the listed keys: `domain.digest` of the contract.")
]
KeyPath = Annotated[
    str,
    _path(
        "key",
        "The key, one path segment per key column in the order of the contract; each "
        "segment percent-encoded UTF-8, `/` as `%2F`.",
    ),
]
LeadingKey = Annotated[
    str, _path("key", "A leading part of the key, one path segment per key column.")
]
QueryRef = Annotated[
    str, query("ref", "A version number, an alias such as `production`, or `latest`.")
]
AsOf = Annotated[
    str | None,
    query(
        "as_of",
        "Answer as the ref resolved at this time, inclusive; ends in `Z` or an offset. "
        "Pass an `Estimates-As-Of` header back to pin several requests to one moment.",
        **_TIME,
    ),
]
Then = Annotated[
    str | None,
    query(
        "as_of", "Answer what was known at this time, inclusive; ends in `Z` or an offset.", **_TIME
    ),
]
ByClock = Annotated[
    Literal["released"] | None,
    query(
        "clock",
        "`released`: read `as_of` by the claimed times of release of imported "
        "versions. The answer has `Estimates-Imported: true` where it rests on such a claim.",
    ),
]
ShapeNumber = Annotated[
    int | None,
    query("shape", "With an alias: answer from the last version of this shape it named."),
]
PartNumber = Annotated[
    int | None,
    query(
        "part",
        "Only the rows of one part, counted from 1; the header `estimates-parts` says how many "
        "there are.",
        minimum=1,
    ),
]
HistoryShape = Annotated[
    int | None, query("shape", "Tell of the versions of this shape; default: of production's.")
]
SchemaShape = Annotated[
    int | None, query("shape", "The newest contract of this shape; default: the newest of all.")
]
Fields = Annotated[
    str | None, query("fields", "Columns to answer, separated by commas; the key is always there.")
]
Integers = Annotated[
    Literal["string"] | None,
    query(
        "integers",
        "`string`: integers as strings in JSON and NDJSON, for readers such as JavaScript whose "
        "numbers hold integers up to 2^53.",
    ),
]
WithStanding = Annotated[
    bool,
    query(
        "standing",
        "`true`: also in JSON whether the data are too old (`stale`, `stale_from`), an earlier "
        "version answers (`degraded`), or the set is retired (`retired`).",
    ),
]
NoFormulas = Annotated[
    bool,
    query(
        "no_formulas",
        "`true`: in CSV, text that a spreadsheet would take for a formula has an apostrophe in "
        "front.",
    ),
]
RowOrder = Annotated[
    str | None,
    query(
        "order",
        "Columns to sort by, separated by commas, `-value` from the largest; default: the key.",
    ),
]
Release = Annotated[
    str | None,
    query(
        "release",
        "`first`, `latest`, or a number from 1: for each key, of the versions that were in "
        "production the first that has it, the newest, the n-th. Rows say their `version`.",
        pattern=f"^({WHICH_RELEASE})$",
    ),
]
Lag = Annotated[
    str | None,
    query(
        "lag",
        "A duration such as `7d`, 100 years at most: for each key the newest version whose data "
        "end at least so long before its target. Rows say their `version`.",
        pattern=f"^({SPAN_FORM})$",
    ),
]
BeforeTarget = Annotated[
    str | None,
    query(
        "deadline",
        "`D-1T06:00`, six o'clock of the day before in the contract's time zone, or `PT36H`: what "
        "production said at that moment before each target. Rows say their `version`.",
        pattern=f"^({DEADLINE_FORM})$",
    ),
]
KeyDeadline = Annotated[
    str | None,
    query(
        "deadline",
        "Only versions published until a moment before the key's target: `D-1T06:00`, `PT36H`.",
        pattern=f"^({DEADLINE_FORM})$",
    ),
]
Limit = Annotated[int, query("limit", "Entries a page at most.", minimum=1, maximum=MAX_LIMIT)]
Cursor = Annotated[str | None, query("cursor", "`next` of the page before.")]
Begins = Annotated[str, query("begins", "Only values that begin with this text.")]
KeyLimit = Annotated[int, query("limit", "Values at most.", minimum=1, maximum=MOST_VALUES)]
Since = Annotated[str | None, query("since", "Published at this time or later.", **_TIME)]
Until = Annotated[str | None, query("until", "Published at this time or earlier.", **_TIME)]
Only = Annotated[
    Literal["promoted"] | None,
    query("only", "`promoted`: only versions that production ever pointed to."),
]
Chained = Annotated[
    bool,
    query(
        "chain",
        "`true`: also what became of each number from version to version; "
        "docs/stability.md, V. JSON only.",
    ),
]
WithRetired = Annotated[
    bool, query("retired", "`true`: also sets that are retired, which are left out else.")
]
SinceDay = Annotated[
    date | None, query("since", "The first day, in UTC. Default: all that is kept.")
]
StateFilter = Annotated[State | None, query("state", "Only versions in this state.")]
Form = Annotated[
    Literal["parquet", "arrow", "csv", "ndjson"] | None,
    query("format", "For clients that cannot say in `Accept` what they want."),
]
FromRef = Annotated[str, query("from", "The version to compare from: number or alias.")]
ToRef = Annotated[str, query("to", "The version to compare with: number or alias.")]
ChangeMetric = Annotated[
    str | None,
    query(
        "by",
        "The metric to sort by, such as `value.r`; docs/stability.md lists them. "
        "Default: `d` of the first point, else of the median.",
    ),
]
MinChange = Annotated[
    float,
    query(
        "min_change",
        "Leave out keys whose metric is smaller; keys without it (added, removed, …) always stay.",
        minimum=0,
    ),
]
Bounds = Annotated[
    str | None,
    query(
        "within",
        'Only changes within bounds, as JSON: `[["value.r", -0.02, -0.01], ["ticker", "AAPL"]]`.',
    ),
]
PairedBy = Annotated[
    Pairing | None,
    query(
        "pairing",
        "Which keys are compared, in place of the contract's `stability.pairing`: "
        "those that are equal, the same step after each version's origin, or the same target.",
    ),
]
OtherSet = Annotated[
    str | None,
    query("other", "`to` is a version of this other set, whose key has to be the same."),
]
ColumnName = Annotated[
    str | None,
    query("column", "The number that is shown. Default: the first point, else the median."),
]
AcrossColumns = Annotated[
    Across | None,
    query(
        "across",
        "What the columns are. Default: horizons where there is a dated target, else versions.",
    ),
]
RankedBy = Annotated[str, query("by", "The column to order by.")]
RankingOrder = Annotated[
    Literal["largest", "smallest"],
    query("order", "Whether the largest or the smallest come first."),
]
LastVersions = Annotated[
    int | None, query("last", "Only so many versions, counted from the newest.", minimum=1)
]

Last = Annotated[
    int,
    query(
        "last",
        "So many moves of production at most, counted from the newest.",
        minimum=1,
        maximum=MAX_LAST,
    ),
]

LastInProduction = Annotated[
    int | None,
    query(
        "last",
        "So many versions in production at most, counted from the newest. "
        "Default: the contract's `frozen_after`, else 5.",
        minimum=2,
        maximum=100,
    ),
]

ScoredVersion = Annotated[int | None, query("version", "Only the scores of this version.")]
ScoredVintage = Annotated[
    str | None,
    query(
        "vintage",
        "Scores by what was known then, a date or an instant as it was scored with. "
        "Default: by the newest values, else the latest vintage that was scored.",
        pattern=f"^({TIME_OR_DAY_FORM})$",
    ),
]
LastScored = Annotated[
    int,
    query(
        "last",
        "So many versions at most, the newest that were scored.",
        minimum=1,
        maximum=MOST_SCORED,
    ),
]

DEFAULT_REF = PRODUCTION


class MomentParameters(msgspec.Struct, frozen=True):
    """What a ref is resolved at."""

    as_of: AsOf = None
    shape: ShapeNumber = None
    clock: ByClock = None


class DataParameters(msgspec.Struct, frozen=True):
    """What the ref of a whole version is resolved at, the file's format, and which rows it has;
    further parameters are named like key columns.
    """

    as_of: AsOf = None
    shape: ShapeNumber = None
    form: Form = None
    part: PartNumber = None
    clock: ByClock = None
    fields: Fields = None
    order: RowOrder = None
    release: Release = None
    lag: Lag = None
    deadline: BeforeTarget = None
    no_formulas: NoFormulas = False


class EstimateParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A lookup of one estimate: which version, which columns."""

    ref: QueryRef = DEFAULT_REF
    as_of: AsOf = None
    shape: ShapeNumber = None
    fields: Fields = None
    clock: ByClock = None
    integers: Integers = None
    standing: WithStanding = False
    no_formulas: NoFormulas = False


class PageParameters(msgspec.Struct, frozen=True):
    """A page of estimates; further parameters are named like key columns."""

    ref: QueryRef = DEFAULT_REF
    as_of: AsOf = None
    shape: ShapeNumber = None
    fields: Fields = None
    limit: Limit = DEFAULT_LIMIT
    cursor: Cursor = None
    clock: ByClock = None
    integers: Integers = None
    standing: WithStanding = False
    order: RowOrder = None
    release: Release = None
    lag: Lag = None
    deadline: BeforeTarget = None
    no_formulas: NoFormulas = False


class RankingParameters(msgspec.Struct, frozen=True):
    """A page of the estimates of a version by the size of one column."""

    order: RankingOrder = "largest"
    limit: Limit = DEFAULT_LIMIT
    cursor: Cursor = None
    as_of: AsOf = None


class DiffParameters(msgspec.Struct, frozen=True):
    """What is compared with the version `from`, and how their keys are paired."""

    to_ref: ToRef = DEFAULT_REF
    as_of: AsOf = None
    pairing: PairedBy = None
    other: OtherSet = None


class ChangesParameters(msgspec.Struct, frozen=True):
    """A page of changes; further parameters are named like key columns."""

    to_ref: ToRef = DEFAULT_REF
    as_of: AsOf = None
    by: ChangeMetric = None
    min_change: MinChange = 0.0
    within: Bounds = None
    limit: Limit = DEFAULT_LIMIT
    cursor: Cursor = None
    pairing: PairedBy = None
    other: OtherSet = None
    no_formulas: NoFormulas = False
