"""Comparing versions of a service: diffs, changes, the triangle, stability and accuracy.

Each function is a plan: the method of that name of `RemoteSet` and `AsyncRemoteSet`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

from estimates.accuracy.accuracy_report import LAST_SCORED, SetAccuracy
from estimates.catalog.ref import PRODUCTION, Ref
from estimates.client.plans import Plan
from estimates.client.problems import decoded
from estimates.client.reading_requests import contract_of, resolve
from estimates.client.set_requests import ARROW, PageHead, SetRequests, is_number
from estimates.client.urls import Parameters, Time, time_text
from estimates.compare.change_page import ChangeCursor, ChangePage
from estimates.compare.frozen_keys import FrozenKeys
from estimates.compare.queries import PairOptions
from estimates.compare.series_report import DEFAULT_LAST, Series
from estimates.compare.shared_contract import shared_contract
from estimates.contract.contract import Contract
from estimates.errors import InvalidError
from estimates.extras import needs
from estimates.reading.page_cursor import DEFAULT_LIMIT, MAX_LIMIT, decode_cursor
from estimates.stability.report import Report
from estimates.stability.through_time.revision_report import Across, Revisions

if TYPE_CHECKING:
    import polars as pl

    from estimates.keys.key_form import Key


def diff(
    requests: SetRequests,
    a: Ref,
    b: Ref = PRODUCTION,
    **pair: Unpack[PairOptions],
) -> Plan[Report]:
    """How version `b`, of an `other` set if one is named, differs from version `a`; 12 significant
    digits.
    """
    parameters = requests.pair_parameters(a, b, pair)
    return decoded((yield from requests.get("/diff", parameters)), Report)


def page(
    requests: SetRequests,
    a: Ref,
    b: Ref = PRODUCTION,
    **pair: Unpack[PairOptions],
) -> Plan[str]:
    """The report of `diff` as one HTML page with pictures."""
    parameters = requests.pair_parameters(a, b, pair)
    return (yield from requests.get("/diff", parameters, media_type="text/html")).body.decode()


def changes(
    requests: SetRequests,
    a: Ref,
    b: Ref = PRODUCTION,
    *,
    key: Key = (),
    by: str | None = None,
    min_change: float = 0.0,
    **pair: Unpack[PairOptions],
) -> Plan[pl.DataFrame]:
    """What changed key by key from version `a` to version `b`, what moved most first: a row a
    key.
    """
    with needs("frames"):
        import polars as pl

    parameters = requests.pair_parameters(a, b, pair)
    parameters |= {"by": by, "min_change": min_change}
    frames: list[pl.DataFrame] = []
    cursor: str | None = None
    contract: Contract | None = None
    while not frames or cursor is not None:
        page = yield from _change_page(requests, parameters, key, MAX_LIMIT, cursor)
        contract = contract or (yield from contract_of_changes(requests, page))
        frames.append(page.frame(contract))
        cursor = page.cursor
    return pl.concat(frames)


def changes_page(
    requests: SetRequests,
    a: Ref,
    b: Ref = PRODUCTION,
    *,
    key: Key = (),
    by: str | None = None,
    min_change: float = 0.0,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
    **pair: Unpack[PairOptions],
) -> Plan[ChangePage]:
    """A page of `changes`; a cursor stays with its versions."""
    parameters = requests.pair_parameters(a, b, pair)
    parameters |= {"by": by, "min_change": min_change}
    return (yield from _change_page(requests, parameters, key, limit, cursor))


def contract_of_changes(requests: SetRequests, page: ChangePage) -> Plan[Contract]:
    """The contract that a page of changes is read with; of two sets, that of the columns which both
    have.
    """
    assert page.version is not None
    if page.set:
        return (yield from contract_of(requests, page.version))
    baseline = yield from resolve(requests, page.first(requests.name))
    contract = yield from contract_of(requests, baseline)
    other = SetRequests(requests.service, page.version.set, requests.as_of)
    return shared_contract(contract, (yield from contract_of(other, page.version)))


def triangle(
    requests: SetRequests, /, *key: Any, column: str | None = None, across: Across | None = None
) -> Plan[pl.DataFrame]:
    """The revision triangle of a column: a row a key, a column a horizon (`h5`) or, without, a
    version (`v5`).
    """
    with needs("frames"):
        import polars as pl

    parameters = {"column": column, "across": across}
    reply = yield from requests.get(_triangle_path(requests, key), parameters, media_type=ARROW)
    return pl.read_ipc_stream(reply.body)


def revisions(requests: SetRequests, /, *key: Any, column: str | None = None) -> Plan[Revisions]:
    """How the estimates of a column are revised; numbers have 12 significant digits."""
    reply = yield from requests.get(_triangle_path(requests, key), {"column": column})
    return decoded(reply, Revisions)


def stability(
    requests: SetRequests, last: int = DEFAULT_LAST, *, as_of: Time | None = None
) -> Plan[Series]:
    """What each of the last moves of production changed, rollbacks too, oldest first; `.frame()` is
    a table.
    """
    moment = time_text(requests.as_of if as_of is None else as_of)
    parameters = {"last": last, "as_of": moment}
    return decoded((yield from requests.get("/stability", parameters)), Series)


def frozen(
    requests: SetRequests, last: int | None = None, *, as_of: Time | None = None
) -> Plan[FrozenKeys]:
    """Which keys have the same estimates, to the last bit, in each of the last versions that
    production pointed to.

    last  how many, from 2 to 100; default: what the contract says with `frozen_after`, else 5
    """
    moment = time_text(requests.as_of if as_of is None else as_of)
    return decoded(
        (yield from requests.get("/frozen", {"last": last, "as_of": moment})), FrozenKeys
    )


def accuracy(
    requests: SetRequests,
    version: int | None = None,
    *,
    last: int = LAST_SCORED,
    vintage: Time | None = None,
) -> Plan[SetAccuracy]:
    """The newest stored scores of one version, or of the `last` versions that have any, whatever
    the moment: scores come later than what they are about.

    vintage  the one that was asked for when they were scored; default: the newest values, else the
             latest vintage that was scored
    """
    parameters: Parameters = {"last": last} if version is None else {"version": version}
    parameters |= {"vintage": vintage if isinstance(vintage, str) else time_text(vintage)}
    return decoded((yield from requests.get("/accuracy", parameters)), SetAccuracy)


def _change_page(
    requests: SetRequests, parameters: Parameters, key: Key, limit: int, cursor: str | None
) -> Plan[ChangePage]:
    """A page of changes; a leading part of the key is sent under the names of the versions' key
    columns.
    """
    parameters = parameters | {"limit": limit, "cursor": cursor}
    leading: Parameters = {}
    if key:
        ref = (
            str(parameters["from"]) if cursor is None else decode_cursor(cursor, ChangeCursor).first
        )
        version = yield from resolve(requests, ref, None if is_number(ref) else parameters["as_of"])
        leading = yield from requests.prefix_parameters(key, version.shape)
    taken = sorted(leading.keys() & parameters.keys())
    if taken:
        raise InvalidError(
            "key_parts",
            f"{requests.name}: {taken[0]!r} is a parameter of the route, not a key column",
            remedy="leave the key out",
        )
    reply = yield from requests.get("/diff/changes", leading, parameters)
    head = decoded(reply, PageHead)
    other = parameters["other"]
    version = requests.answering_version(reply, other)
    set_name = requests.name if other is None else ""
    return ChangePage(set_name, version, reply.body, head.total, head.next)


def _triangle_path(requests: SetRequests, key: Key) -> str:
    return f"/triangle/{requests.key_path(key)}" if key else "/triangle"
