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
    """What is asked, and the command that asks it."""

    what: str
    command: str


def example_requests(store: Store, url: str) -> list[Request]:
    """Requests for the first set that has something in production; [] where there is none."""
    for name, found in store.view().sets.items():
        if PRODUCTION in found.aliases:
            return _of_set(store, name, found, f"{url}/v1/sets/{quote(name)}")
    return []


def _of_set(store: Store, name: str, found: SetView, base: str) -> list[Request]:
    columns = list(found.contract_of(store.resolve(name)).key)
    keys = [
        [row[column] for column in columns] for row in store[name].scan(limit=2).body["estimates"]
    ]
    if not keys:
        return []
    path = "/".join(_segment(part) for part in keys[0])
    requests = [_get("one estimate", f"{base}/estimates/{path}")]
    if len(columns) > 1:
        asked = f"{base}/estimates?{_segment(columns[0])}={_segment(keys[0][0])}"
        requests.append(_get(f"all of one {columns[0]}", asked))
    requests.append(
        _post(
            "several estimates", f"{base}/estimates", msgspec.json.encode({"keys": keys}).decode()
        )
    )
    requests.append(_get("one key through the versions", f"{base}/history/{path}"))
    requests += _around_rollback(found, f"{base}/estimates/{path}")
    return requests + _last_diff(found, base)


def _around_rollback(found: SetView, estimate: str) -> list[Request]:
    """The same estimate just before and at the last rollback of production."""
    moved = next(
        (e for e in reversed(found.events) if e.kind == "rolled_back" and e.alias == PRODUCTION),
        None,
    )
    if moved is None:
        return []
    moments = ((moved.from_version, moved.at - _TICK, "before"), (moved.version, moved.at, "after"))
    return [
        _get(
            f"as of just {when} the rollback: version {version}",
            f"{estimate}?as_of={instant_text(at)}",
        )
        for version, at, when in moments
    ]


def _last_diff(found: SetView, base: str) -> list[Request]:
    """The diff between the two versions of one shape that production pointed to last."""
    held = list(dict.fromkeys(number for _, number in reversed(found.moves[PRODUCTION])))
    same = [n for n in held if found.versions[n - 1].shape == found.versions[held[0] - 1].shape]
    if len(same) < 2:
        return []
    first, second = sorted(same[:2])
    return [_get("how stable the estimates are", f"{base}/diff?from={first}&to={second}")]


def _segment(part: object) -> str:
    return quote(str(part), safe="")


def _get(what: str, url: str) -> Request:
    return Request(what, f"curl -s {shell(url)}")


def _post(what: str, url: str, body: str) -> Request:
    return Request(
        what, f"curl -s {shell(url)} -H 'Content-Type: application/json' -d {shell(body)}"
    )
