"""Reading: statuses, partial keys, cursors, as_of; each answer from one version, or an error with a
code.
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import polars as pl
import pytest

from estimates import instants
from estimates.contract.contract_file import parse_contract
from estimates.errors import InvalidError, NotFoundError
from estimates.store.store import Store
from tests.builders import (
    SET,
    TARGETS,
    TICKERS,
    code_of,
    define,
    frame,
    make_store,
    promoted,
    provenance,
    publish,
)
from tests.reading.rolling_set import ROLLING, publish_day


@pytest.fixture
def rolling(local_store: Store) -> Store:
    """Two days of a rolling set: B is null on the second day, C is gone."""
    local_store.define(parse_contract(ROLLING), ROLLING)
    publish_day(local_store, 10, {"A": 1.0, "B": 2.0, "C": 3.0})
    publish_day(local_store, 11, {"A": 1.1, "B": None})
    return local_store


def fill(store: Store) -> Store:
    """Two promoted versions and one candidate."""
    define(store)
    promoted(store, "first", 100.0)
    promoted(store, "second", 100.1, day=1)
    publish(store, "third", 100.2, day=2)
    return store


@pytest.fixture
def closes(local_store: Store) -> Store:
    """A store of one's own."""
    return fill(local_store)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A store for tests that only read."""
    return fill(make_store(tmp_path_factory.mktemp("reader") / "store"))


def test_statuses_of_a_batch(rolling: Store) -> None:
    """A batch keeps its order and says for each key why there is no number."""
    keys = [
        ("C", "2024-01-12"),
        ("A", "2024-01-12"),
        ("B", "2024-01-13"),
        ("A", "2024-01-11"),
        ("C", "2024-01-13"),
        ("X", "2024-01-12"),
        ("A", "2024-01-20"),
    ]
    answer = rolling["rolling"].get_many(keys)
    statuses = [(result["status"], result.get("last_version")) for result in answer.body["results"]]
    assert statuses == [
        ("removed", 1),
        ("ok", None),
        ("no_estimate", None),
        ("elapsed", None),
        ("no_estimate", None),
        ("outside_domain", None),
        ("outside_domain", None),
    ]
    assert answer.body["version"] == 2
    assert answer.body["results"][2]["estimate"]["value"] is None


@pytest.mark.parametrize(
    ("key", "code"),
    [
        (("C", "2024-01-12"), "removed"),
        (("A", "2024-01-11"), "elapsed"),
        (("C", "2024-01-13"), "no_estimate"),
        (("X", "2024-01-12"), "outside_domain"),
    ],
)
def test_status_of_one_key(rolling: Store, key: tuple[str, str], code: str) -> None:
    """One key without an estimate is a NotFoundError whose code is its status and which names the
    version.
    """
    with pytest.raises(NotFoundError) as caught:
        rolling["rolling"].get(*key)
    assert caught.value.code == code
    assert caught.value.details["version"] == 2


def test_a_rolled_back_version_still_has_its_numbers(rolling: Store) -> None:
    """After a rollback the old version answers again, its targets not elapsed by its own data."""
    rolling.rollback("rolling", reason="bad")
    assert rolling["rolling"].get("A", "2024-01-11")["value"] == 1.0
    assert rolling["rolling"].get("A", "2024-01-12", ref=2)["value"] == 1.1


@pytest.mark.parametrize(
    ("key", "code"),
    [
        (("AAPL",), "key_parts"),
        ((), "key_parts"),
        (("AAPL", "2024-06-03", "x"), "key_parts"),
        (("AAPL", "2024-6-3"), "bad_key_part"),
        (("AAPL", "2024-02-30"), "bad_key_part"),
        (("AAPL", 5), "bad_key_part"),
        (("AAPL", None), "bad_key_part"),
        ((None, TARGETS[0]), "bad_key_part"),
        ((True, TARGETS[0]), "bad_key_part"),
        ((1.5, TARGETS[0]), "bad_key_part"),
        (("\ud800", TARGETS[0]), "bad_key_part"),
        (("AAPL", datetime(2024, 6, 3)), "bad_key_part"),
    ],
)
def test_bad_keys(shared: Store, key: tuple[Any, ...], code: str) -> None:
    """A key with too few, too many or unreadable parts is an InvalidError, in a batch too."""
    with pytest.raises(InvalidError) as caught:
        shared[SET].get(*key)
    assert caught.value.code == code
    assert code_of(lambda: shared[SET].get_many([("AAPL", TARGETS[0]), key])) == code


def test_typed_parts_and_texts_are_the_same_key(shared: Store) -> None:
    """A date and its text give the same bytes."""
    assert shared[SET].get("ÆØÅ", TARGETS[0]).json == shared[SET].get("ÆØÅ", "2024-06-03").json


def test_one_moment_has_one_text(local_store: Store) -> None:
    """A timestamp key answers whatever the offset and the digits it is written with."""
    text = 'name = "hours"\n[key.at]\ntype = "timestamp"\n[columns.value]\n'
    local_store.define(parse_contract(text), text)
    moment = datetime(2024, 1, 1, 12, tzinfo=UTC)
    made = pl.DataFrame({"at": [moment, moment + timedelta(microseconds=5)], "value": [1.0, 2.0]})
    local_store.publish("hours", made, provenance("run"))
    there = moment.astimezone(timezone(timedelta(hours=2)))
    hours = local_store["hours"]
    for key in (
        moment,
        there,
        "2024-01-01T12:00:00Z",
        "2024-01-01T14:00:00+02:00",
        "2024-01-01T12:00:00.000Z",
    ):
        assert hours.get(key, ref=1)["value"] == 1.0
    assert (
        hours.get("2024-01-01T12:00:00.000005Z", ref=1).body["estimate"]["at"]
        == "2024-01-01T12:00:00.000005Z"
    )


def test_partial_keys(shared: Store) -> None:
    """A leading part of the key gives its rows in key order, no part gives all."""
    page = shared[SET].scan("BRK/B")
    assert [row["target_date"] for row in page.body["estimates"]] == ["2024-06-03", "2024-06-04"]
    assert (page.total, page.cursor) == (2, None)
    everything = shared[SET].scan()
    assert [row["ticker"] for row in everything.body["estimates"]] == [
        t for t in TICKERS for _ in range(2)
    ]
    assert shared[SET].scan("BRK").body["estimates"] == []


@pytest.mark.parametrize("limit", range(1, 8))
def test_pages_join_up(shared: Store, limit: int) -> None:
    """Whatever the page size, the pages together are the scan, each row once."""
    page = shared[SET].scan(limit=limit)
    rows = page.body["estimates"]
    while page.cursor is not None:
        assert page.body["next"] == page.cursor
        page = shared[SET].scan(limit=limit, cursor=page.cursor)
        assert 1 <= len(page.body["estimates"]) <= limit
        rows += page.body["estimates"]
    assert rows == shared[SET].scan().body["estimates"]
    assert page.total == len(rows)


def test_a_cursor_stays_with_its_version(closes: Store) -> None:
    """Pages after a promotion or rollback still come from the version of the first page."""
    first = closes[SET].scan(limit=4)
    closes.promote(SET, 3, reason="test")
    rest = closes[SET].scan(limit=4, cursor=first.cursor)
    assert (first.body["version"], rest.body["version"]) == (2, 2)
    whole = closes[SET].scan(ref=2).body["estimates"]
    assert first.body["estimates"] + rest.body["estimates"] == whole


def _cursor(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    ("cursor", "code"),
    [
        ("", "bad_cursor"),
        ("nonsense", "bad_cursor"),
        ("ø", "bad_cursor"),
        (_cursor("[]"), "bad_cursor"),
        (_cursor('["2",4,0]'), "bad_cursor"),
        (_cursor("[2,4]"), "bad_cursor"),
        (_cursor("[2,4,1]"), "bad_cursor"),
        (_cursor("[2,-1,0]"), "bad_cursor"),
        (_cursor("[2,600,0]"), "bad_cursor"),
        (_cursor("[2,6,0]"), "bad_cursor"),
        (_cursor("[99,0,0]"), "unknown_version"),
        (_cursor("[-2,0,0]"), "unknown_version"),
        (_cursor(f"[{10**30},0,0]"), "unknown_version"),
    ],
)
def test_forged_cursors(shared: Store, cursor: str, code: str) -> None:
    """A cursor that was not given out is refused, or names a version that does not exist."""
    assert code_of(lambda: shared[SET].scan(cursor=cursor)) == code


def test_a_cursor_belongs_to_its_question(shared: Store) -> None:
    """The cursor of one prefix is refused for another."""
    cursor = shared[SET].scan("AAPL", limit=1).cursor
    assert cursor is not None
    assert code_of(lambda: shared[SET].scan("BRK/B", cursor=cursor)) == "bad_cursor"
    assert len(shared[SET].scan("AAPL", cursor=cursor).body["estimates"]) == 1


@pytest.mark.parametrize("limit", [0, -1, 10_001])
def test_limits_are_said(shared: Store, limit: int) -> None:
    """A limit outside what is allowed is refused, never cut silently."""
    assert code_of(lambda: shared[SET].scan(limit=limit)) == "bad_limit"


def test_fields(shared: Store) -> None:
    """Fields keep the key and the columns asked for, in contract order; an unknown one is
    refused.
    """
    answer = shared[SET].get("AAPL", TARGETS[0], fields=["value"])
    assert list(answer.body["estimate"]) == ["ticker", "target_date", "value"]
    assert (
        code_of(lambda: shared[SET].get("AAPL", TARGETS[0], fields=["nothing"])) == "unknown_field"
    )
    assert code_of(lambda: shared[SET].scan(fields=["nothing"])) == "unknown_field"


def test_as_of_now_is_no_as_of(shared: Store) -> None:
    """The law of time: as_of = now gives the same bytes as no as_of, for every ref."""
    for ref in ("production", "latest"):
        for as_of in (instants.now(), shared.view().moment, instants.text(instants.now())):
            assert shared[SET].scan(ref=ref, as_of=as_of).json == shared[SET].scan(ref=ref).json


def test_a_moment_answers_the_same_for_ever(closes: Store) -> None:
    """What was read at a view's moment is read again with that moment as as_of, whatever happens
    later.
    """
    moment = closes.view().moment
    before = {ref: closes[SET].scan(ref=ref).json for ref in ("production", "latest")}
    closes.promote(SET, 3, reason="test")
    closes.rollback(SET, reason="bad")
    promoted(closes, "fourth", 100.3, day=3)
    for ref, json in before.items():
        assert closes[SET].scan(ref=ref, as_of=moment).json == json
        assert closes[SET].resolve(ref, moment).published_at <= moment


@pytest.mark.parametrize(
    "as_of",
    [
        "2026-11-24",
        "2026-11-24T12:00:00",
        "2026-11-24T12:00:00 01:00",
        "",
        "now",
        datetime(2026, 1, 1),
    ],
)
def test_bad_times(shared: Store, as_of: Any) -> None:
    """A bare date, a time without zone, a space for a plus: an InvalidError that says what to
    write.
    """
    assert code_of(lambda: shared[SET].get("AAPL", TARGETS[0], as_of=as_of)) == "bad_time"
    assert code_of(lambda: shared[SET].history("AAPL", TARGETS[0], since=as_of)) == "bad_time"


def test_history(closes: Store) -> None:
    """One key through the versions: state, when it was production, its numbers; absent in a version
    is null.
    """
    without = frame(100.3).filter(pl.col("ticker") != "AAPL")
    closes.publish(SET, without, provenance("fourth", 3))
    closes.rollback(SET, reason="bad")
    entries = closes[SET].history("AAPL", TARGETS[0]).body["history"]
    assert [entry["version"] for entry in entries] == [1, 2, 3, 4]
    assert [entry["state"] for entry in entries] == [
        "production",
        "rolled_back",
        "unjudged",
        "unjudged",
    ]
    assert [len(entry["production"]) for entry in entries] == [2, 1, 0, 0]
    assert entries[0]["production"][1]["to"] is None
    assert entries[3]["estimate"] is None
    for entry, version in zip(entries[:3], (1, 2, 3), strict=True):
        assert (
            entry["estimate"] == closes[SET].get("AAPL", TARGETS[0], ref=version).body["estimate"]
        )


def test_history_between_and_promoted_only(shared: Store) -> None:
    """`since` and `until` are inclusive; `promoted` keeps what production ever pointed to."""
    second = shared[SET].versions()[1].published_at
    bounded = shared[SET].history("AAPL", TARGETS[0], since=second, until=second).body["history"]
    assert [entry["version"] for entry in bounded] == [2]
    only = shared[SET].history("AAPL", TARGETS[0], only="promoted").body["history"]
    assert [entry["version"] for entry in only] == [1, 2]


def test_the_newest_of_a_history(shared: Store) -> None:
    """`last` counts from the newest, the chain too; it is at least 1."""
    last = shared[SET].history("AAPL", TARGETS[0], last=1, chain=True).body
    assert [entry["version"] for entry in last["history"]] == [3]
    assert last["chain"]["value"]["versions"] == 1
    assert code_of(lambda: shared[SET].history("AAPL", TARGETS[0], last=0)) == "bad_limit"


def test_an_answer_says_where_it_came_from(shared: Store) -> None:
    """Set and version are in the body and on the answer; columns can be taken from the answer."""
    answer = shared[SET].get("AAPL", TARGETS[0])
    assert answer.body == {
        "set": SET,
        "version": 2,
        "estimate": {
            "ticker": "AAPL",
            "target_date": "2024-06-03",
            "value": answer["value"],
            "note": None,
        },
    }
    assert answer.version is not None
    assert (answer.set, answer.version.version) == (SET, 2)


@pytest.mark.parametrize("ref", [None, 2.0, ("1",)])
def test_what_is_no_ref(shared: Store, ref: Any) -> None:
    """Neither a number nor a text: an InvalidError, wherever a ref is asked for."""
    closes = shared[SET]
    for ask in (
        lambda: closes.diff(1, ref),
        lambda: closes.diff(ref),
        lambda: closes.changes_page(ref, 1),
    ):
        assert code_of(ask) == "bad_ref"
    assert code_of(lambda: closes.get("AAPL", TARGETS[0], ref=ref)) == "bad_ref"
