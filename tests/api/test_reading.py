"""Estimates by key over HTTP: paths, leading parts, batches, histories, pages."""

from __future__ import annotations

from typing import Any

import httpx
import jsonschema
import msgspec
import pytest
from litestar.testing import TestClient

from estimates import instants
from estimates.store.store import Store
from estimates_api.app import create_app
from tests.api.served import ODD, ODD_KEYS, path_of
from tests.builders import SET, define, publish

pytest_plugins = ("tests.api.fixtures",)


def get(client: TestClient[Any], path: str, **parameters: object) -> dict[str, Any]:
    """The body of a GET that succeeds."""
    answer = client.get(
        path, params={name.rstrip("_"): str(value) for name, value in parameters.items()}
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize(("step", "key"), list(enumerate(ODD_KEYS)))
def test_every_legal_key_works_in_a_path(client: TestClient[Any], step: int, key: str) -> None:
    """Slashes, percent signs, other alphabets and the names of routes are keys like any other."""
    assert get(client, path_of(ODD, key, step))["estimate"]["name"] == key
    assert get(client, path_of(ODD, key, step, route="history"))["key"] == [key, str(step)]


@pytest.mark.parametrize(("step", "key"), list(enumerate(ODD_KEYS)))
def test_every_legal_key_works_through_a_real_server(
    server: httpx.Client, step: int, key: str
) -> None:
    """What granian passes on as the raw path is decoded once, segment by segment."""
    assert server.get(path_of(ODD, key, step)).json()["estimate"]["name"] == key


def test_a_path_is_the_same_with_unreserved_characters_encoded(client: TestClient[Any]) -> None:
    """`%41` is the letter A (RFC 3986), `%2541` the key `%41`; a slash at the end counts for
    nothing.
    """
    assert (
        get(client, "/v1/sets/clos%65s/estimates/%41APL/2024-06-03/")["estimate"]["ticker"]
        == "AAPL"
    )
    assert get(client, "/v1/sets/odd/estimates/%2541/1")["estimate"]["name"] == "%41"


def test_one_estimate_follows_ref_and_fields(client: TestClient[Any]) -> None:
    """A version is named by number or alias, a column by name, and the key is always there."""
    path = path_of(SET, "BRK/B", "2024-06-03")
    assert get(client, path)["version"] == 4
    assert get(client, path, ref=1)["estimate"]["value"] == pytest.approx(100.04)
    assert get(client, path, ref="latest")["version"] == 4
    assert get(client, path, fields="note")["estimate"] == {
        "ticker": "BRK/B",
        "target_date": "2024-06-03",
        "note": None,
    }


def test_as_of_answers_before_and_after_a_rollback(client: TestClient[Any], filled: Store) -> None:
    """production at the time of each event is where that event left it; between two, where the
    earlier did.
    """
    moves = [event for event in filled.view().set(SET).events if event.alias == "production"]
    path = path_of(SET, "AAPL", "2024-06-03")
    assert [event.version for event in moves] == [1, 3, 1, 4]
    for event in moves:
        assert get(client, path, as_of=instants.text(event.at))["version"] == event.version
    just_before = instants.text(instants.from_micros(instants.micros(moves[2].at) - 1))
    assert get(client, path, as_of=just_before)["version"] == 3


def test_the_last_moment_of_an_answer_pins_the_next(client: TestClient[Any]) -> None:
    """Estimates-As-Of, passed back as as_of, gives the same bytes and the same moment."""
    path = path_of(SET, "AAPL", "2024-06-03")
    first = client.get(path)
    again = client.get(path, params={"as_of": first.headers["estimates-as-of"]})
    assert again.content == first.content
    assert again.headers["estimates-as-of"] == first.headers["estimates-as-of"]


def test_a_moment_newer_than_the_view_is_looked_up(client: TestClient[Any]) -> None:
    """as_of=now equals no as_of, though the view was read a moment ago."""
    path = path_of(SET, "AAPL", "2024-06-03")
    assert get(client, path, as_of=instants.text(instants.now())) == get(client, path)


def test_a_leading_part_gives_its_estimates(client: TestClient[Any]) -> None:
    """Query parameters named like the leading key columns select; none selects all."""
    assert [
        e["target_date"]
        for e in get(client, f"/v1/sets/{SET}/estimates", ticker="BRK/B")["estimates"]
    ] == [
        "2024-06-03",
        "2024-06-04",
    ]
    assert get(client, f"/v1/sets/{SET}/estimates")["total"] == 6
    assert get(client, f"/v1/sets/{SET}/estimates", ticker="nobody")["estimates"] == []


def test_pages_stay_with_their_version(client: TestClient[Any]) -> None:
    """Following `next` gives every row once, from the first page's version whatever ref says."""
    path, rows = f"/v1/sets/{SET}/estimates", []
    page = get(client, path, ref=1, limit=4)
    assert (page["total"], page["limit"]) == (6, 4)
    rows += page["estimates"]
    page = get(client, path, ref="production", limit=4, cursor=page["next"])
    rows += page["estimates"]
    assert page["version"] == 1
    assert page["next"] is None
    assert rows == get(client, path, ref=1)["estimates"]


def test_a_batch_keeps_its_order_and_says_what_is_missing(client: TestClient[Any]) -> None:
    """Each key has a result in its place; removed keys name the last version that had them."""
    keys = [
        ["BRK/B", "2024-06-04"],
        ["nobody", "2024-06-03"],
        ["AAPL", "2024-06-03"],
        ["BRK/B", "2024-06-04"],
    ]
    body = client.post(
        f"/v1/sets/{SET}/estimates", json={"keys": keys, "ref": 5, "fields": ["value"]}
    ).json()
    assert [result["status"] for result in body["results"]] == [
        "ok",
        "outside_domain",
        "removed",
        "ok",
    ]
    assert body["results"][2] == {
        "status": "removed",
        "key": ["AAPL", "2024-06-03"],
        "last_version": 4,
    }
    assert body["results"][0] == body["results"][3]
    assert body["version"] == 5


def test_a_batch_takes_integer_parts_as_numbers_or_text(client: TestClient[Any]) -> None:
    """A JSON number and its text name the same integer key part."""
    body = client.post(
        f"/v1/sets/{ODD}/estimates", json={"keys": [["batch", 0], ["batch", "0"], ["a/b", "02"]]}
    ).json()
    assert [result["status"] for result in body["results"]] == ["ok", "ok", "ok"]


def test_a_batch_of_nothing_is_an_answer(client: TestClient[Any]) -> None:
    """No keys, no results; the version is said all the same."""
    body = client.post(f"/v1/sets/{SET}/estimates", json={"keys": []}).json()
    assert body == {"set": SET, "version": 4, "results": []}


def test_history_tells_what_each_version_said(client: TestClient[Any], filled: Store) -> None:
    """Refused and rolled back versions are there with their state; a removed key is null; bounds
    and `only` select.
    """
    path = path_of(SET, "AAPL", "2024-06-03", route="history")
    entries = get(client, path)["history"]
    assert [entry["state"] for entry in entries] == [
        "superseded",
        "refused",
        "rolled_back",
        "production",
        "refused",
        "unjudged",
    ]
    assert entries[4]["estimate"] is None
    assert [entry["version"] for entry in get(client, path, only="promoted")["history"]] == [
        1,
        3,
        4,
    ]
    second = instants.text(filled.view().set(SET).versions[1].published_at)
    assert [
        entry["version"] for entry in get(client, path, since=second, until=second)["history"]
    ] == [2]


def test_a_history_says_what_became_of_a_number(client: TestClient[Any]) -> None:
    """The chain leaves refused versions out, and a version that lost the key counts against its
    availability.
    """
    path = path_of(SET, "AAPL", "2024-06-03", route="history")
    body = get(client, path, chain="true")
    shown = body["chain"]["value"]
    assert body | {"chain": None} == get(client, path) | {"chain": None}
    assert [step["version"] for step in shown["steps"]] == [1, 3, 4, 6]
    assert [step["first_d"] for step in shown["steps"]] == [None, 1.0, 2.0, 4.0]
    assert (shown["versions"], shown["n"], shown["availability"]) == (4, 4, 1.0)
    assert (shown["efficiency"], shown["turns"], shown["since_change"]) == (1.0, 0, 0)
    assert list(get(client, path, chain="true", fields="note")["chain"]) == []


def test_a_chain_is_json(client: TestClient[Any]) -> None:
    """What a history says beyond its rows has no form as a table."""
    path = path_of(SET, "AAPL", "2024-06-03", route="history")
    answer = client.get(path, params={"chain": "true"}, headers={"accept": "text/csv"})
    assert (answer.status_code, answer.json()["available"]) == (406, ["application/json"])


def test_versions_are_listed_newest_first_page_by_page(client: TestClient[Any]) -> None:
    """A page says how many there are and how to go on; a state selects."""
    path = f"/v1/sets/{SET}/versions"
    page = get(client, path, limit=4)
    assert [version["version"] for version in page["versions"]] == [6, 5, 4, 3]
    rest = get(client, path, limit=4, cursor=page["next"])
    assert [version["version"] for version in rest["versions"]] == [2, 1]
    assert rest["next"] is None
    refused = get(client, path, state="refused")
    assert ([version["version"] for version in refused["versions"]], refused["total"]) == (
        [5, 2],
        2,
    )


def test_a_version_shows_where_it_came_from(client: TestClient[Any]) -> None:
    """Provenance, state, aliases and times in production of a version, by number or alias."""
    shown = get(client, f"/v1/sets/{SET}/versions/production")
    assert shown["version"] == 4
    assert shown["aliases"] == ["production"]
    assert shown["production"][0]["to"] is None
    assert shown["provenance"]["run_id"] == "four"
    assert shown["provenance"]["inputs"][0]["name"] == "prices"
    assert get(client, f"/v1/sets/{SET}/versions/1")["state"] == "superseded"


def test_a_version_shows_its_waivers_in_force(store: Store) -> None:
    """Who excepted it from what, why and until when; also of equal content; no longer once taken
    back. Events tell.
    """
    define(store)
    publish(store, "one", 900.0)
    publish(store, "same", 900.0)
    waiver = store.waive(
        SET, "hard_bounds", 1, keys=[("AAPL", "2024-06-03")], reason="split", until="2100-01-01"
    )
    with TestClient(create_app(store)) as client:
        for number in (1, 2):
            [shown] = get(client, f"/v1/sets/{SET}/versions/{number}")["waivers"]
            assert shown == msgspec.json.decode(msgspec.json.encode(waiver))
        store.judge(SET, 1)
        store.unwaive(SET, waiver.id, reason="no split")
    with TestClient(create_app(store)) as client:
        assert get(client, f"/v1/sets/{SET}/versions/1")["waivers"] == []
        assert get(client, f"/v1/sets/{SET}/versions/1/verdict")["in_force"][0]["reason"] == "split"
        events = get(client, "/v1/events", after=waiver.id - 1)["events"]
        assert [event["kind"] for event in events] == ["waived", "judged", "unwaived"]
        assert events[0]["details"] == {
            "check": "hard_bounds",
            "keys": 1,
            "until": "2100-01-01T23:59:59.999999Z",
        }


def test_a_verdict_is_the_one_the_gate_stored(client: TestClient[Any], filled: Store) -> None:
    """The bytes are those of the stored verdict; the refused version's says which check failed."""
    answer = client.get(f"/v1/sets/{SET}/versions/2/verdict")
    assert answer.content == filled.catalog.verdict(SET, 2)
    assert answer.json()["blocks"] is True


def test_sets_show_contract_aliases_and_freshness(client: TestClient[Any]) -> None:
    """The list names every set; one set has its contract too."""
    assert [shown["name"] for shown in get(client, "/v1/sets")["sets"]] == [SET, ODD]
    shown = get(client, f"/v1/sets/{SET}")
    assert shown["aliases"]["production"]["version"] == 4
    assert shown["contract"]["columns"]["value"]["unit"] == "USD"
    assert shown["freshness"]["data_through"] == "2024-01-04T21:00:00Z"


@pytest.mark.parametrize("name", [SET, ODD])
def test_estimates_satisfy_the_schema_of_their_set(client: TestClient[Any], name: str) -> None:
    """Every estimate validates against …/schema, and a column more or of another type does not."""
    validator = jsonschema.Draft202012Validator(get(client, f"/v1/sets/{name}/schema"))
    rows = get(client, f"/v1/sets/{name}/estimates")["estimates"]
    for row in rows:
        validator.validate(row)
    assert not validator.is_valid(rows[0] | {"more": 1})
    assert not validator.is_valid(rows[0] | {next(iter(rows[0])): 7})


def test_events_are_a_feed_without_gaps(client: TestClient[Any], filled: Store) -> None:
    """Following `next` from the start gives every event once, in order, with actor and reason."""
    seen: list[dict[str, Any]] = []
    after: int | None = 0
    while after is not None:
        page = get(client, "/v1/events", after=after, limit=7)
        seen += page["events"]
        after = page["next"]
    assert [event["id"] for event in seen] == list(range(1, filled.view().last_event + 1))
    rollback = next(event for event in seen if event["kind"] == "rolled_back")
    assert (rollback["version"], rollback["from_version"], rollback["reason"]) == (
        1,
        3,
        "looked wrong",
    )
    assert get(client, "/v1/events", after=10_000)["events"] == []
