"""What answers from one version have in common: how long they may be kept, when they are stale."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from estimates import Store
from estimates.errors import NotFoundError
from estimates.reading.reader import Reader
from estimates_api.http import resolved_request
from estimates_api.http.parameters import MomentParameters
from estimates_api.http.representation import IMMUTABLE, JSON, REVALIDATE, Header
from estimates_api.http.resolved_request import ResolvedRequest, resolve
from tests.builders import SET, START, define, promoted

NOW = MomentParameters()
MAX_AGE = '[freshness]\nmax_age = "2d"\n'


@pytest.fixture
def reader(local_store: Store) -> Reader:
    """Reads a set of one version, whose data get too old after two days."""
    define(local_store, more=MAX_AGE)
    promoted(local_store, "one")
    return local_store.reader(local_store.view())


def resolved(reader: Reader, ref: str | int, moment: MomentParameters = NOW) -> ResolvedRequest:
    """A request for a version, resolved."""
    return resolve(lambda _as_of: reader, SET, ref, moment)


def values(head: list[Header], name: bytes) -> list[str]:
    """The values of a header, each time that it stands there."""
    return [value.decode() for key, value in head if key == name]


def set_clock(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    """It is this moment."""
    monkeypatch.setattr(resolved_request, "time", moment.timestamp)


@pytest.mark.parametrize(
    ("ref", "cache"),
    [(1, IMMUTABLE), ("1", IMMUTABLE), ("production", REVALIDATE), ("latest", REVALIDATE)],
)
def test_only_a_number_always_means_the_same(reader: Reader, ref: str | int, cache: str) -> None:
    """What a name means is asked again each time."""
    assert values(resolved(reader, ref).cached_head, b"cache-control") == [cache]


def test_data_are_stale_past_their_age_and_not_before(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Answers that were resolved long ago say so from then on, in each kind of answer."""
    request = resolved(reader, "production")
    last = START + timedelta(days=2)

    def marks() -> list[list[str]]:
        heads = (request.head, request.cached_head, [*request.estimate_of(b"{}").head])
        return [values(head, b"estimates-stale") for head in heads]

    set_clock(monkeypatch, last)
    assert marks() == [[], [], []]
    set_clock(monkeypatch, last + timedelta(microseconds=1))
    assert marks() == [["true"], ["true"], ["true"]]


def test_what_changes_with_time_is_not_kept(reader: Reader, local_store: Store) -> None:
    """With `standing` the body says whether data are stale: a year in a cache would freeze that."""
    request = resolved(reader, 1)
    for standing, cache in ((False, IMMUTABLE), (True, REVALIDATE)):
        page = request.page(local_store[SET].scan(ref=1), JSON, {}, standing=standing)
        assert values([*page.head], b"cache-control") == [cache]


def test_tags_name_content(reader: Reader) -> None:
    """Other bytes, other names and other forms have other tags; all are strong ones."""
    request = resolved(reader, 1)
    tags = [
        request.tag("data", "csv"),
        request.tag("data", "arrow"),
        request.content_tag(b"one"),
        request.content_tag(b"two"),
    ]
    assert len({*tags}) == len(tags)
    assert all(tag[0] == tag[-1] == '"' and tag.count('"') == 2 for tag in tags)


def test_requests_are_resolved_once(reader: Reader) -> None:
    """Clients repeat the same few; another shape is another question, and an error is no answer."""
    assert resolved(reader, "production") is resolved(reader, "production")
    assert resolved(reader, "production") is not resolved(reader, 1)
    for _ in range(2):
        with pytest.raises(NotFoundError):
            resolved(reader, "production", MomentParameters(shape=7))
