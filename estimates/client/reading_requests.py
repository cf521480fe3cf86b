"""Reading one set of a service: its contract and versions, estimates by key, their history.

Each function is a plan: the method of that name of `RemoteSet` and `AsyncRemoteSet`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, TypeVar, Unpack

import msgspec

from estimates import instants
from estimates.catalog.at import NOW, At
from estimates.catalog.records import State, Version, VersionHead, VersionSummary
from estimates.catalog.ref import PRODUCTION, Ref
from estimates.catalog.release_clock import Clock
from estimates.client.plans import Plan, Reply
from estimates.client.problems import decoded
from estimates.client.set_requests import ARROW, PageHead, SetRequests
from estimates.client.urls import Parameters, Time, comma_list, key_part, segment, time_text
from estimates.contract.contract import Contract
from estimates.errors import InvalidError, NotFoundError
from estimates.extras import needs
from estimates.gate.verdict import Verdict
from estimates.reading.answer import Answer, Page
from estimates.reading.page_cursor import DEFAULT_LIMIT, MAX_LIMIT, cursor_version
from estimates.reading.row_request import RowOptions, row_query
from estimates.reading.standing import Standing

if TYPE_CHECKING:
    import polars as pl

    from estimates.gate.policy_table import PolicyInForce
    from estimates.keys.key_form import Key

A = TypeVar("A", bound=Answer)


class SetDetail(msgspec.Struct):
    """The newest contract of a set."""

    shape: int
    contract_revision: int
    contract: Contract


class _VersionPage(msgspec.Struct):
    next: str | None
    versions: list[VersionSummary]


def detail(requests: SetRequests) -> Plan[SetDetail]:
    """The newest contract, with the numbers of its shape and revision."""
    return decoded((yield from requests.get("")), SetDetail)


def contract(requests: SetRequests) -> Plan[Contract]:
    """The newest contract."""
    return (yield from detail(requests)).contract


def policy(requests: SetRequests) -> Plan[PolicyInForce]:
    """What each check of the gate is held to, and where each limit comes from."""
    with needs("store"):  # the checks themselves say what their limits are
        from estimates.gate.policy_table import policy_in_force

    newest = yield from detail(requests)
    return policy_in_force(newest.contract, newest.contract_revision)


def versions(requests: SetRequests) -> Plan[list[VersionSummary]]:
    """All versions, oldest first, without their provenance; at a moment, those published until
    then.
    """
    newest_first: list[VersionSummary] = []
    cursor: str | None = None
    while True:
        parameters = {"limit": MAX_LIMIT, "cursor": cursor}
        page = decoded((yield from requests.get("/versions", parameters)), _VersionPage)
        newest_first += page.versions
        cursor = page.next
        if cursor is None:
            break
    return [
        version
        for version in reversed(newest_first)
        if requests.as_of is None or version.published_at <= requests.as_of
    ]


def resolve(
    requests: SetRequests, ref: Ref = PRODUCTION, as_of: Time | None = None, clock: Clock = None
) -> Plan[Version]:
    """The version a ref names, now or as of a time."""
    parameters = requests.version_parameters(ref, as_of, clock)
    path = f"/versions/{segment(str(parameters.pop('ref')))}"
    return decoded((yield from requests.get(path, parameters)), Version)


def verdict(
    requests: SetRequests, ref: Ref = PRODUCTION, as_of: Time | None = None, clock: Clock = None
) -> Plan[Verdict]:
    """The newest verdict on the version a ref names; NotFoundError (`no_verdict`) where it was not
    judged.
    """
    parameters = requests.version_parameters(ref, as_of, clock)
    path = f"/versions/{segment(str(parameters.pop('ref')))}/verdict"
    return decoded((yield from requests.get(path, parameters)), Verdict)


def frame(
    requests: SetRequests, ref: Ref = PRODUCTION, as_of: Time | None = None, clock: Clock = None
) -> Plan[pl.DataFrame]:
    """All estimates of one version as a polars frame, sorted by key, each part checked against its
    digest. Raises as `resolve` does; CorruptError (`file_damaged`).
    """
    with needs("frames"):
        import polars as pl

    version = yield from resolve(requests, ref, as_of, clock)
    parts = yield from requests.rows(version.version)
    return pl.concat([pl.read_parquet(part) for part in parts])


def state(requests: SetRequests, version: Version | VersionHead) -> Plan[State]:
    """The derived state of a version, now.

    From the list of versions, which whoever may read only some keys may read too.
    """
    parameters = {"limit": 1, "cursor": str(version.version + 1)}
    page = decoded((yield from requests.get("/versions", parameters)), _VersionPage)
    return page.versions[0].state


def contract_of(
    requests: SetRequests, version: Version | VersionHead | VersionSummary
) -> Plan[Contract]:
    """The newest contract, for a version of its shape: keys, columns and units are then the
    version's; NotFoundError (`unknown_shape`) for another.
    """
    newest = yield from detail(requests)
    if newest.shape != version.shape:
        raise NotFoundError(
            "unknown_shape",
            f"{requests.name}: version {version.version} has shape {version.shape}, and the "
            f"service shows the newest contract only, whose shape is {newest.shape}",
            remedy="read a version of that shape, or open the store itself",
        )
    return newest.contract


def get(
    requests: SetRequests,
    /,
    *key: Any,
    ref: Ref = PRODUCTION,
    as_of: Time | None = None,
    fields: Sequence[str] | None = None,
    clock: Clock = None,
    standing: bool = False,
) -> Plan[Answer]:
    """One estimate; `answer["value"]` is its cell.

    standing  also of pages and batches: say in the JSON, too, whether the data are too old
    Raises StaleError (`stale`) where the client has a `max_age`.
    """
    reply = yield from requests.get(
        f"/estimates/{requests.key_path(key)}",
        requests.version_parameters(ref, as_of, clock),
        {"fields": comma_list(fields), "standing": "true" if standing else None},
    )
    requests.check_age(reply, ref, as_of)
    return _answer(requests, reply, fields)


def get_many(
    requests: SetRequests,
    keys: Sequence[Key],
    *,
    ref: Ref = PRODUCTION,
    as_of: Time | None = None,
    fields: Sequence[str] | None = None,
    clock: Clock = None,
    standing: bool = False,
) -> Plan[Answer]:
    """Many estimates in the order asked, each with its status; raises as `get` does."""
    parameters = requests.version_parameters(ref, as_of, clock)
    body: dict[str, Any] = {name: text for name, text in parameters.items() if text is not None}
    body["keys"] = [[key_part(requests.name, part) for part in key] for key in keys]
    if fields is not None:
        body["fields"] = list(fields)
    if standing:
        body["standing"] = True
    reply = yield from requests.service.post(
        f"{requests.path}/estimates", msgspec.json.encode(body)
    )
    requests.check_age(reply, ref, as_of)
    return _answer(requests, reply, fields)


def scan(
    requests: SetRequests,
    /,
    *prefix: Any,
    ref: Ref = PRODUCTION,
    as_of: Time | None = None,
    fields: Sequence[str] | None = None,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
    clock: Clock = None,
    standing: bool = False,
) -> Plan[Page]:
    """The estimates under a leading part of the key, a page at a time; a cursor stays with its
    version. Raises as `get` does.
    """
    if cursor is not None:
        ref = cursor_version(cursor)
        as_of = None
    named = requests.version_parameters(ref, as_of, clock)
    paging = {
        "fields": comma_list(fields),
        "limit": limit,
        "cursor": cursor,
        "standing": "true" if standing else None,
    }
    if not prefix:
        return (yield from _page(requests, named | paging, fields, as_of))
    # A prefix is sent under the names of the key columns, which depend on the version's shape. Most
    # of the time that is the shape that answered last, and before that the newest.
    shape = requests.service.shapes.get(requests.name)
    if shape is None:
        shape = (yield from detail(requests)).shape
    try:
        leading = yield from requests.prefix_parameters(prefix, shape)
        page = yield from _page(requests, leading | named | paging, fields, as_of)
        if page.version is not None and page.version.shape == shape:
            return page
    except InvalidError:
        pass  # perhaps the names are those of another shape
    # It is not: the version is looked up and asked by its number.
    version = yield from resolve(requests, ref, as_of, clock if cursor is None else None)
    leading = yield from requests.prefix_parameters(prefix, version.shape)
    page = yield from _page(requests, leading | {"ref": str(version.version)} | paging, fields)
    if clock is not None:
        page.mark_imported(version.released_at is not None)
    return page


def history(
    requests: SetRequests,
    /,
    *key: Any,
    since: Time | None = None,
    until: Time | None = None,
    only: Literal["promoted"] | None = None,
    fields: Sequence[str] | None = None,
    chain: bool = False,
    clock: Clock = None,
    shape: int | None = None,
    deadline: str | None = None,
    last: int | None = None,
) -> Plan[Answer]:
    """One key through the versions of production's shape, or of another, oldest first; at a moment,
    those published until then.

    chain  also what became of its numbers: a `through_time.chain.Chain` a column
    last   only so many versions, the newest
    """
    ends = [moment for moment in (instants.instant_of(until), requests.as_of) if moment is not None]
    parameters = {
        "since": time_text(since),
        "until": time_text(min(ends, default=None)),
        "only": only,
        "fields": comma_list(fields),
        "chain": "true" if chain else None,
        "clock": clock,
        "shape": shape,
        "deadline": deadline,
        "last": last,
    }
    reply = yield from requests.get(f"/history/{requests.key_path(key)}", parameters)
    return _marked(Answer(requests.name, None, reply.body, fields), reply)


def rows(
    requests: SetRequests,
    where: Mapping[str, Any] | None = None,
    *,
    at: At = NOW,
    **query: Unpack[RowOptions],
) -> Plan[pl.DataFrame]:
    """The rows whose keys lie in ranges, of one version or of many; `RowQuery` says what the
    options mean. See `EstimateSet.rows`.
    """
    with needs("frames"):
        import polars as pl

    request = row_query(where, query)
    parameters = requests.version_parameters(at.ref, at.as_of, at.clock)
    parameters |= {
        "fields": comma_list(request.fields),
        "order": comma_list(request.order) if request.order else None,
        "release": None if request.release is None else str(request.release),
        "lag": request.lag,
        "deadline": request.deadline,
    }
    path = f"/versions/{segment(str(parameters.pop('ref')))}/data"
    reply = yield from requests.get(path, request.where | parameters, media_type=ARROW)
    return pl.read_ipc_stream(reply.body)


def explain(
    requests: SetRequests, /, *key: Any, ref: Ref = PRODUCTION, as_of: Time | None = None
) -> Plan[Answer]:
    """Why an estimate is what it is: JSON of an `explanation.Explanation`."""
    reply = yield from requests.get(
        f"/explain/{requests.key_path(key)}", requests.version_parameters(ref, as_of)
    )
    return _answer(requests, reply)


def _answer(requests: SetRequests, reply: Reply, fields: Sequence[str] | None = None) -> Answer:
    version = requests.answering_version(reply)
    return _marked(Answer(requests.name, version, reply.body, fields), reply)


def _page(
    requests: SetRequests,
    parameters: Parameters,
    fields: Sequence[str] | None,
    as_of: Time | None = None,
) -> Plan[Page]:
    reply = yield from requests.get("/estimates", parameters)
    requests.check_age(reply, str(parameters["ref"]), as_of)
    page = decoded(reply, PageHead)
    version = requests.answering_version(reply)
    return _marked(Page(requests.name, version, reply.body, page.total, page.next, fields), reply)


def _marked(answer: A, reply: Reply) -> A:
    """The answer, with the mark of a claimed time of release, and how it stands."""
    answer.imported = reply.headers.get("estimates-imported") == "true"
    answer.standing = Standing(
        _moment(reply, "stale-from"),
        reply.headers.get("estimates-degraded"),
        _moment(reply, "retired"),
    )
    return answer


def _moment(reply: Reply, name: str) -> datetime | None:
    """The moment in a header; None where there is none."""
    text = reply.headers.get(f"estimates-{name}")
    return None if text is None else instants.parse(text)
