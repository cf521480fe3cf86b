"""Requests to paste: curl lines that work on a store, with keys that are there."""

from __future__ import annotations

from datetime import timedelta
from shlex import quote as shell
from typing import NamedTuple
from urllib.parse import quote

import msgspec

from estimates.catalog.ref import PRODUCTION
from estimates.catalog.set_view import SetView
from estimates.instants import text as instant_text
from estimates.store.store import Store

_TICK = timedelta(microseconds=1)  # two events are at least this far apart


class Request(NamedTuple):
    """What a request is for, and the command that sends it."""

    title: str
    command: str


def example_requests(store: Store, url: str) -> list[Request]:
    """Requests for the first set that has something in production; [] where there is none."""
    for name, estimate_set in store.view().sets.items():
        if PRODUCTION in estimate_set.aliases:
            return _requests_of(store, name, estimate_set, f"{url}/v1/sets/{quote(name)}")
    return []


def _requests_of(store: Store, name: str, estimate_set: SetView, base: str) -> list[Request]:
    columns = list(estimate_set.contract_of(store.resolve(name)).key)
    rows = store[name].scan(limit=2).body["estimates"]
    if not rows:
        return []
    keys = [[row[column] for column in columns] for row in rows]
    path = "/".join(_segment(part) for part in keys[0])
    requests = [_get("one estimate", f"{base}/estimates/{path}")]
    if len(columns) > 1:
        query = f"{_segment(columns[0])}={_segment(keys[0][0])}"
        requests.append(_get(f"all of one {columns[0]}", f"{base}/estimates?{query}"))
    body = msgspec.json.encode({"keys": keys}).decode()
    return [
        *requests,
        _post("several estimates", f"{base}/estimates", body),
        _get("one key through the versions", f"{base}/history/{path}"),
        *_around_rollback(estimate_set, f"{base}/estimates/{path}"),
        *_last_diff(estimate_set, base),
    ]


def _around_rollback(estimate_set: SetView, estimate: str) -> list[Request]:
    """The same estimate just before and at the last rollback of production."""
    events = reversed(estimate_set.events)
    for event in events:
        if event.kind == "rolled_back" and event.alias == PRODUCTION:
            before = instant_text(event.at - _TICK)
            title = "as of just {} the rollback: version {}"
            return [
                _get(title.format("before", event.from_version), f"{estimate}?as_of={before}"),
                _get(
                    title.format("after", event.version),
                    f"{estimate}?as_of={instant_text(event.at)}",
                ),
            ]
    return []


def _last_diff(estimate_set: SetView, base: str) -> list[Request]:
    """The diff between the two versions of one shape that production pointed to last."""
    moves = reversed(estimate_set.moves[PRODUCTION])
    versions = [estimate_set.versions[number - 1] for number in dict.fromkeys(n for _, n in moves)]
    comparable = [version for version in versions if version.shape == versions[0].shape]
    if len(comparable) < 2:
        return []
    first, second = sorted(version.version for version in comparable[:2])
    return [_get("how stable the estimates are", f"{base}/diff?from={first}&to={second}")]


def _segment(part: object) -> str:
    return quote(str(part), safe="")


def _get(title: str, url: str) -> Request:
    return Request(title, f"curl -s {shell(url)}")


def _post(title: str, url: str, body: str) -> Request:
    header = "-H 'Content-Type: application/json'"
    return Request(title, f"curl -s {shell(url)} {header} -d {shell(body)}")
