"""Requests to paste: curl lines that work on a store, with keys that are there."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from shlex import quote as shell
from typing import NamedTuple

import msgspec

from estimates import Store
from estimates.catalog.ref import PRODUCTION
from estimates.catalog.set_view import SetView
from estimates.client.urls import segment
from estimates.client.urls import url as url_of
from estimates.errors import EstimatesError
from estimates.instants import text as instant_text

_TOKEN = '-H "Authorization: Bearer $ESTIMATES_TOKEN"'
_TICK = timedelta(microseconds=1)  # two events are at least this far apart


class Request(NamedTuple):
    """What a request is for, and the command that sends it."""

    title: str
    command: str


class Page(NamedTuple):
    """What a page shows, and its URL."""

    title: str
    url: str


def pages(store: Store, url: str) -> list[Page]:
    """The pages to look at first: the desk, the set with most versions and its last change, the
    reference. While the store cannot be read, those of no set.
    """
    name, estimate_set = "", None
    with suppress(EstimatesError):
        name, estimate_set = _main_set(store)
    shown = [Page("every set", f"{url}/")]
    if estimate_set is not None:
        place = f"{url}/sets/{segment(name)}"
        shown.append(Page(name, place))
        versions = _last_two(estimate_set)
        if versions is not None:
            shown.append(Page("what changed", f"{place}/diff/{versions[0]}/{versions[1]}"))
    return [*shown, Page("the API", f"{url}/docs")]


def _main_set(store: Store) -> tuple[str, SetView | None]:
    """Of the sets that have something in production the one with most versions; None where there
    is none.
    """
    sets = {n: s for n, s in store.view().sets.items() if PRODUCTION in s.aliases}
    name = max(sets, key=lambda name: len(sets[name].versions), default="")
    return name, sets.get(name)


def example_requests(store: Store, url: str, *, tokens: bool = False) -> list[Request]:
    """Requests for the set in production that has most versions; [] where there is none.

    tokens  whether each of them has to send a token
    """
    name, estimate_set = _main_set(store)
    if estimate_set is None:
        return []
    requests = _requests_of(store, name, estimate_set, f"{url}/v1/sets/{segment(name)}")
    token = f" {_TOKEN}" if tokens else ""
    return [Request(title, f"{command}{token}") for title, command in requests]


def _requests_of(store: Store, name: str, estimate_set: SetView, base: str) -> list[Request]:
    columns = list(estimate_set.contract_of(store.resolve(name)).key)
    rows = store[name].scan(limit=2).body["estimates"]
    if not rows:
        return []
    keys = [[row[column] for column in columns] for row in rows]
    path = "/".join(segment(str(part)) for part in keys[0])
    requests = [_get("one estimate", f"{base}/estimates/{path}")]
    if len(columns) > 1:
        of_one = url_of(f"{base}/estimates", {columns[0]: keys[0][0]})
        requests.append(_get(f"all of one {columns[0]}", of_one))
    body = msgspec.json.encode({"keys": keys}).decode()
    return [
        *requests,
        _post("several estimates", f"{base}/estimates", body),
        _get("one key through the versions", f"{base}/history/{path}"),
        *_before_rollback(estimate_set, f"{base}/estimates/{path}"),
        *_last_diff(estimate_set, base),
    ]


def _before_rollback(estimate_set: SetView, estimate: str) -> list[Request]:
    """The same estimate just before the last rollback of production."""
    events = reversed(estimate_set.events)
    for event in events:
        if event.kind == "rolled_back" and event.alias == PRODUCTION:
            title = f"as of just before the rollback: version {event.from_version}"
            return [_get(title, estimate, as_of=instant_text(event.at - _TICK))]
    return []


def _last_diff(estimate_set: SetView, base: str) -> list[Request]:
    versions = _last_two(estimate_set)
    if versions is None:
        return []
    query = f"from={versions[0]}&to={versions[1]}"
    return [_get("how stable the estimates are", f"{base}/diff?{query}")]


def _last_two(estimate_set: SetView) -> tuple[int, int] | None:
    """The two versions of one shape that production pointed to last, the older first."""
    moves = reversed(estimate_set.moves[PRODUCTION])
    versions = [
        estimate_set.versions[number - 1] for number in dict.fromkeys(n for _, n in moves if n)
    ]
    comparable = [version.version for version in versions if version.shape == versions[0].shape]
    if len(comparable) < 2:
        return None
    return min(comparable[:2]), max(comparable[:2])


def _get(title: str, url: str, **query: str) -> Request:
    """`query` stands before the URL: a long line can be folded between them."""
    more = "".join(f"-d {name}={value} " for name, value in query.items())
    return Request(title, f"curl -s{'G ' if query else ' '}{more}{shell(url)}")


def _post(title: str, url: str, body: str) -> Request:
    return Request(title, f"curl -s {shell(url)} -d {shell(body)}")
