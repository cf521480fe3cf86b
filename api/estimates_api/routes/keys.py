"""Looking for a key: the values of one of its columns, under those before it."""

from __future__ import annotations

from litestar.types import ASGIApp

from estimates.reading.key_values import KeyValues, key_values
from estimates_api.http.parameters import (
    DEFAULT_REF,
    AsOf,
    Begins,
    KeyLimit,
    LeadingKey,
    MomentParameters,
    QueryRef,
    SetName,
)
from estimates_api.http.resolved_request import resolve
from estimates_api.http.route import InjectedFollower, reading
from estimates_api.http.url_text import read_key
from estimates_api.serving.follower import Follower

_ANSWER = {"body": KeyValues, "description": "The values, in key order."}


@reading("/v1/sets/{set:str}/keys", **_ANSWER)
def keys(
    follower: InjectedFollower,
    set_name: SetName,
    ref: QueryRef = DEFAULT_REF,
    begins: Begins = "",
    limit: KeyLimit = 20,
    as_of: AsOf = None,
) -> ASGIApp:
    """The values of the first column of the key."""
    return _answer(follower, set_name, [], ref, begins, limit, as_of)


@reading("/v1/sets/{set:str}/keys/{key:path}", about="key", **_ANSWER)
def keys_under(
    follower: InjectedFollower,
    set_name: SetName,
    key: LeadingKey,
    ref: QueryRef = DEFAULT_REF,
    begins: Begins = "",
    limit: KeyLimit = 20,
    as_of: AsOf = None,
) -> ASGIApp:
    """The values of the column behind a leading part of the key."""
    return _answer(follower, set_name, read_key(key), ref, begins, limit, as_of)


def _answer(
    follower: Follower,
    name: str,
    parts: list[str],
    ref: str,
    begins: str,
    limit: int,
    as_of: str | None,
) -> ASGIApp:
    resolved = resolve(follower.at, name, ref, MomentParameters(as_of))
    return resolved.about(key_values(resolved.reading, parts, begins, limit))


ROUTES = [keys, keys_under]
