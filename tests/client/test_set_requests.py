"""Paths and parameters of a set's routes, and what is checked of an answer, without a network."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from estimates import instants
from estimates.client.plans import Reply
from estimates.client.service_requests import ServiceRequests
from estimates.client.set_requests import PARQUET, SetRequests, read_max_age
from estimates.errors import CorruptError, EstimatesError, InvalidError, StaleError
from tests.client.played import play, reply

MOMENT = datetime(2026, 1, 5, tzinfo=UTC)


def requests(
    name: str = "s", *, max_age: timedelta | None = None, as_of: datetime | None = None
) -> SetRequests:
    """Those to a set."""
    return SetRequests(ServiceRequests("http://service", 1.0, 1.0, max_age), name, as_of)


def part(body: bytes, digest: bytes | None = None, **headers: str) -> Reply:
    """A part of a version as a Parquet file with its digest."""
    sent = base64.b64encode(hashlib.sha256(body if digest is None else digest).digest()).decode()
    return reply(body, content_type=PARQUET, repr_digest=f"sha-256=:{sent}:", **headers)


def test_the_parts_of_a_version_are_asked_for_one_by_one() -> None:
    """The first says how many there are; of an older service it is the only one."""
    replies = [part(b"1", estimates_parts="3"), part(b"2"), part(b"3")]
    parts, sent, _ = play(requests("a b").rows(7), replies)
    assert parts == [b"1", b"2", b"3"]
    assert [request.url for request in sent] == [
        f"/v1/sets/a%20b/versions/7/data?part={number}" for number in (1, 2, 3)
    ]
    assert play(requests().rows(7), [part(b"1")])[0] == [b"1"]


@pytest.mark.parametrize("count", ["", "many", "-1", "2.0", "²"])
def test_a_number_of_parts_that_is_none_is_not_the_services(count: str) -> None:
    """Nothing is read then."""
    with pytest.raises(EstimatesError) as caught:
        play(requests().rows(7), [part(b"1", estimates_parts=count)])
    assert caught.value.code == "not_the_service"


def test_a_file_that_is_not_what_was_sent_is_damaged() -> None:
    """By its digest; without one, too."""
    bare = reply(b"1", content_type=PARQUET)
    for damaged in (part(b"1", b"2"), bare):
        with pytest.raises(CorruptError, match="does not match its digest") as caught:
            play(requests().parquet("/domains/x"), [damaged])
        assert caught.value.code == "file_damaged"


def test_a_number_is_never_pinned_to_the_clients_moment() -> None:
    """An alias is, and a moment that is asked for goes before it."""
    pinned = requests(as_of=MOMENT)
    assert pinned.version_parameters("production")["as_of"] == "2026-01-05T00:00:00Z"
    assert pinned.version_parameters(3)["as_of"] is None
    assert pinned.version_parameters("3")["as_of"] is None
    later = MOMENT + timedelta(days=1)
    assert pinned.version_parameters("latest", later)["as_of"] == "2026-01-06T00:00:00Z"
    assert pinned.pair_parameters(1, 2, {})["as_of"] is None
    assert pinned.pair_parameters(1, "production", {})["as_of"] == "2026-01-05T00:00:00Z"


def test_key_parts_are_whole_segments_of_a_path() -> None:
    """Whatever is in them; a key without parts is none."""
    assert requests().key_path(("a/b", 7, MOMENT)) == "a%2Fb/7/2026-01-05T00%3A00%3A00Z"
    with pytest.raises(InvalidError, match="the key is missing") as caught:
        requests().key_path(())
    assert caught.value.code == "key_parts"


def test_the_columns_of_a_shape_are_asked_for_once() -> None:
    """They never change; too many parts are refused by name."""
    of = requests()
    schema = reply(b'{"required":["shop","day"]}')
    first, sent, _ = play(of.prefix_parameters(("a",), 2), [schema])
    assert (first, sent[0].url) == ({"shop": "a"}, "/v1/sets/s/schema?shape=2")
    assert play(of.prefix_parameters(("a", 1), 2), [])[:2] == ({"shop": "a", "day": "1"}, [])
    with pytest.raises(InvalidError, match="shop") as caught:
        play(of.prefix_parameters(("a", 1, 2), 2), [])
    assert caught.value.code == "key_parts"


def old(age: timedelta, **headers: str) -> Reply:
    """An answer whose newest data are so old."""
    return reply(estimates_data_through=instants.text(instants.now() - age), **headers)


def test_data_that_are_too_old_are_refused() -> None:
    """By the newest data where an answer says them; not what was asked for as it was then."""
    of = requests(max_age=timedelta(hours=2))
    of.check_age(old(timedelta(hours=1)), "production", None)
    with pytest.raises(StaleError, match=r"version 3 are of .*, older than max_age"):
        of.check_age(old(timedelta(hours=3)), "production", None)
    dead = instants.text(instants.now() - timedelta(days=9))
    with pytest.raises(StaleError, match=dead):
        of.check_age(old(timedelta(0), estimates_newest_data=dead), "latest", None)
    for ref, as_of in ((3, None), ("3", None), ("production", MOMENT)):
        of.check_age(old(timedelta(hours=3)), ref, as_of)
    requests().check_age(old(timedelta(days=999)), "production", None)
    pinned = requests(max_age=timedelta(hours=2), as_of=MOMENT)
    pinned.check_age(old(timedelta(hours=3)), "production", None)
    of.check_age(Reply(200, {}, b""), "production", None)  # a history says no age


@pytest.mark.parametrize(
    "broken",
    [
        {"estimates_version": "three"},
        {"estimates_shape": ""},
        {"estimates_published_at": "yesterday"},
        {"estimates_data_through": "2026-01-01"},
    ],
)
def test_an_answer_names_the_version_that_gave_it(broken: dict[str, str]) -> None:
    """Its shape is remembered; headers that say nothing are somebody else's."""
    of = requests()
    version = of.answering_version(reply())
    assert (version.set, version.version, version.shape) == ("s", 3, 2)
    assert of.answering_version(reply(), "other").set == "other"
    assert of.service.shapes == {"s": 2, "other": 2}
    with pytest.raises(EstimatesError) as caught:
        of.answering_version(reply(**broken))
    assert caught.value.code == "not_the_service"


@pytest.mark.parametrize(("text", "hours"), [("2d", 48), ("1d12h", 36), ("90m", 1.5)])
def test_an_age_is_a_duration(text: str, hours: float) -> None:
    """As contracts write it."""
    assert read_max_age(text) == timedelta(hours=hours)


@pytest.mark.parametrize("text", ["", "2", "-1d", "1.5d", "101y", "999999999999w", 7])
def test_what_is_no_duration_is_refused(text: Any) -> None:
    """With how to write one."""
    with pytest.raises(InvalidError, match="write 2d, 36h or 90m") as caught:
        read_max_age(text)
    assert caught.value.code == "bad_max_age"
