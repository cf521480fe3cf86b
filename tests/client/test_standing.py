"""What programs see of answers whose data are old, whose set is retired; `max_age`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from estimates import instants
from estimates.client import Client
from estimates.errors import InvalidError, StaleError
from estimates.store.store import Store
from tests.api.served import serving
from tests.builders import SET, define, frame, make_store, provenance

KEY = ("AAPL", "2024-06-03")


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, str]]:
    """A store whose production saw data of three days ago, and its service."""
    store = make_store(tmp_path_factory.mktemp("old") / "store")
    define(store, more='[freshness]\nmax_age = "1d"\n')
    three_days = instants.now() - timedelta(days=3)
    store.publish(SET, frame(), replace(provenance("one"), data_through=three_days))
    store.promote(SET, 1, reason="first")
    store.retire(SET, reason="replaced")
    with serving(Path(store.root)) as url:
        yield store, url


def test_store_and_client_say_the_same(old: tuple[Store, str]) -> None:
    """An answer says that it is stale, from when on it was, and that its set is retired."""
    store, url = old
    here = store[SET].get(*KEY)
    with Client(url) as client:
        there = client[SET].get(*KEY)
        assert client.sets() == []
        assert client.sets(retired=True) == [SET]
        assert client[SET].get(*KEY, standing=True).body["stale"] is True
    assert there.standing == here.standing
    assert (here.stale, here.degraded) == (True, None)
    assert here.stale_from == store[SET].resolve().newest_data + timedelta(days=1)
    assert here.retired == store.view().set(SET).events[-1].at
    assert b"stale" not in here.json
    assert store[SET].scan(standing=True).body["stale"] is True


def test_a_client_refuses_what_is_too_old(old: tuple[Store, str]) -> None:
    """With `max_age` older data are an error with their time; by number they are an answer."""
    _, url = old
    with Client(url, max_age="2d") as client:
        closes = client[SET]
        for ask in (lambda: closes.get(*KEY), lambda: closes.get_many([KEY]), closes.scan):
            with pytest.raises(StaleError, match="older than max_age") as caught:
                ask()
            assert caught.value.code == "stale"
        assert closes.get(*KEY, ref=1).stale
        assert closes.get(*KEY, as_of=instants.now()).stale
    with Client(url, max_age="4d") as client:
        assert client[SET].get(*KEY).stale
    with pytest.raises(InvalidError, match="no duration; write 2d") as wrong:
        Client(url, max_age="2x")
    assert wrong.value.code == "bad_max_age"
