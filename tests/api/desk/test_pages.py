"""The pages of the desk: they say what the answers under /v1 say, and lead everywhere."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

import polars as pl
import pytest
from litestar.testing import TestClient

from estimates.contract.contract_file import parse_contract
from estimates.errors import InvalidError
from estimates.store.store import Store
from estimates_api.app import create_app
from estimates_api.desk.desk_page import POLICY, SCRIPT_NAME, read_moment
from tests.api.desk.read_page import ReadPage
from tests.api.served import fill, path_of
from tests.builders import provenance

pytest_plugins = ("tests.api.fixtures",)

PAGES = (
    "/",
    "/events",
    "/events?set=closes&kind=judged",
    "/sets/closes",
    "/sets/closes/versions/4",
    "/sets/closes/versions/production",
    "/sets/closes/verdicts/2",
    "/sets/closes/diff",
    "/sets/closes/diff/1/4",
    "/sets/closes/stability",
    "/sets/closes/accuracy",
    "/sets/closes/verdicts/5",
    "/sets/closes/keys/AAPL/2024-06-03",
    "/sets/odd/keys/a%2Fb/2",
)


def page(client: TestClient[Any], path: str) -> ReadPage:
    """A page that answers 200, once nothing of it is being computed any more."""
    response = client.get(path)
    while response.status_code == 202:
        response = client.get(path)
    assert response.status_code == 200, (path, response.text[-2000:])
    return ReadPage(path, response.text)


def numbers_in(answer: Any) -> list[Any]:
    """All numbers of a JSON answer."""
    if isinstance(answer, dict):
        return [number for value in answer.values() for number in numbers_in(value)]
    if isinstance(answer, list):
        return [number for value in answer for number in numbers_in(value)]
    return [answer] if isinstance(answer, int | float) and not isinstance(answer, bool) else []


@pytest.mark.parametrize("path", PAGES)
def test_a_page_forbids_all_but_its_own_files(client: TestClient[Any], path: str) -> None:
    """Each page has a strict policy, one script of its own, no inline style, one language and
    heading.
    """
    response = client.get(path)
    assert response.headers["content-security-policy"] == POLICY
    read = ReadPage(path, response.text)
    assert [link for link in read.links if link.endswith(".js")] == [f"/desk/{SCRIPT_NAME}"]
    assert read.tags.count("script") == 1
    assert "unsafe" not in POLICY
    assert not {"style", "onclick", "onload"} & {name for name, _ in read.attributes}
    assert read.tags.count("h1") == 1
    assert {"main", "nav", "footer"} <= set(read.tags)
    assert ("lang", "en") in read.attributes


@pytest.mark.parametrize(
    ("path", "answers"),
    [
        ("/sets/closes/versions/4", ["/v1/sets/closes/estimates?ref=4"]),
        ("/sets/odd/versions/1", ["/v1/sets/odd/estimates?ref=1"]),
        (
            "/sets/closes/diff/1/4",
            ["/v1/sets/closes/diff/changes?from=1&to=4"],
        ),
    ],
)
def test_a_table_has_each_number_of_its_answer(
    client: TestClient[Any], path: str, answers: list[str]
) -> None:
    """The estimates and changes of an answer stand on the page, to the last digit."""
    shown = page(client, path).numbers
    for url in answers:
        rows = client.get(url).json()
        rows = rows.get("estimates") or [
            {name: column.get(part) for name, column in change["columns"].items()}
            for change in rows["changes"]
            for part in ("a", "b", "d", "plain")
        ]
        values = [n for row in rows for n in row.values() if isinstance(n, float)]
        assert values
        missing = [value for value in values if value not in shown]
        assert missing == []


@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_no_number_of_its_own(client: TestClient[Any], path: str) -> None:
    """Each number and time of a page stands in one of the answers that its foot links."""
    read = page(client, path)
    links = [link for link in read.links if link.startswith(("/v1/", "/health"))]
    responses = [client.get(link) for link in links if "/data" not in link]
    known = numbers_in([response.json() for response in responses])
    texts = str(
        [(response.text, response.headers.get("estimates-as-of")) for response in responses]
    )
    assert [number for number in read.numbers if number not in known] == []
    assert [time for time in read.times if time not in texts] == []


@pytest.mark.slow
def test_every_link_leads_somewhere(client: TestClient[Any]) -> None:
    """From `/` by links alone every page is reached, and none of its links is broken."""
    seen: set[str] = set()
    waiting = ["/"]
    drawn = 0
    while waiting:
        link = waiting.pop()
        path = link.partition("?")[0]
        drawn += "/diff/" in path and path not in seen
        if path in seen or ("/diff/" in path and drawn > 3):  # each is drawn by a process
            continue
        seen.add(path)
        response = client.get(link)
        assert response.status_code in (200, 202), link
        if "stability.svg" in link:
            assert response.headers["content-type"] == "image/svg+xml"
            assert b"<polyline" in response.content or "odd" in link
        if response.headers["content-type"].startswith("text/html"):
            waiting += ReadPage(link, response.text).links
    kinds = {re.sub(r"/(versions|verdicts|diff|keys)/.*", r"/\1/", path) for path in seen}
    assert {
        "/events",
        *(f"/sets/closes/{part}" for part in ("versions/", "verdicts/", "diff/", "keys/")),
        *(f"/sets/closes/{part}" for part in ("stability", "accuracy")),
    } <= kinds


def test_a_bar_leads_to_its_keys(client: TestClient[Any]) -> None:
    """Every bar and square of a diff leads to as many changes as it says."""
    read = page(client, "/sets/closes/diff/1/4")
    bars = [link for link in read.links if "within=" in link and "by=" in link]
    assert bars
    total = 0
    for link in dict.fromkeys(bars):
        query = link.partition("?")[2]
        url = f"/v1/sets/closes/diff/changes?from=1&to=4&{query}"
        total += client.get(url).json()["total"]
    assert total == client.get("/v1/sets/closes/diff/changes?from=1&to=4").json()["total"]
    assert page(client, bars[0]).text.count("changed") >= 1


def test_problems_are_pages(client: TestClient[Any]) -> None:
    """What does not exist is a page with the status and the words of the answer, which leads back
    to the set, if there is one.
    """
    for path, status, code in (
        ("/sets/nope", 404, "unknown_set"),
        ("/sets/closes/versions/99", 404, "unknown_version"),
        ("/sets/closes/versions/4?color=red", 400, "unknown_parameter"),
        ("/sets/closes?as_of=yesterday", 400, "bad_time"),
        ("/sets/closes/verdicts/6", 404, "no_verdict"),
    ):
        response = client.get(path)
        read = ReadPage(path, response.text)
        assert (response.status_code, code in read.text) == (status, True), path
        assert ("/sets/closes" in read.links) == (code != "unknown_set")
        assert response.headers["content-type"].startswith("text/html")
        assert response.headers["content-security-policy"] == POLICY


def test_a_browser_that_is_lost_gets_a_page(client: TestClient[Any]) -> None:
    """Where there is nothing a browser gets a page with a way back, a program a problem."""
    lost = client.get("/nowhere/else", headers={"accept": "text/html,*/*;q=0.8"})
    assert (lost.status_code, lost.headers["content-security-policy"]) == (404, POLICY)
    assert "/" in ReadPage("/nowhere/else", lost.text).links
    for path, accept in (("/nowhere", "*/*"), ("/v1/nowhere", "text/html")):
        response = client.get(path, headers={"accept": accept})
        assert response.json()["code"] == "no_route"


def test_a_verdict_shows_what_each_check_said_before(client: TestClient[Any]) -> None:
    """Beside a check that fails stand its values of earlier verdicts, each a link."""
    read = page(client, "/sets/closes/verdicts/5")
    before = [link for link in read.links if link.startswith("/sets/closes/verdicts/")]
    assert {"/sets/closes/verdicts/4", "/sets/closes/verdicts/5"} <= set(before)


@pytest.mark.parametrize("version", [2, 5])
def test_what_a_check_names_has_no_empty_column(client: TestClient[Any], version: int) -> None:
    """Where nothing that it names is a key, or of a column, there is no column for that."""
    html = client.get(f"/sets/closes/verdicts/{version}").text
    tables = re.findall(r'<table class="list">(.*?)</table>', html, re.DOTALL)
    assert tables
    for table in tables:
        titles = re.findall(r"<th[ >]", table)
        rows = [re.findall(r"<td.*?>(.*?)</td>", row, re.DOTALL) for row in table.split("<tr>")[2:]]
        assert {len(row) for row in rows} == {len(titles)}
        assert all(any(cell.strip() for cell in column) for column in zip(*rows, strict=True))


def test_the_worst_set_comes_first(client: TestClient[Any]) -> None:
    """The catalogue names what each set needs, and a set that needs nothing comes last."""
    read = page(client, "/")
    assert read.text.index("closes") < read.text.index("odd")
    assert "version 6 is not judged" in read.text
    assert "1 of 2 sets needs somebody" in read.text
    assert "closes" not in page(client, "/?q=ODD+score").text.partition("Show")[2]


def test_a_page_is_of_a_moment(client: TestClient[Any]) -> None:
    """With `as_of` a page shows what was known then, and all its links keep the moment."""
    moves = client.get("/v1/events?set=closes&kind=promoted").json()["events"]
    then = moves[0]["at"]
    read = page(client, f"/sets/closes?as_of={then}")
    assert "version 4" not in read.text
    assert f"/sets/closes/versions/1?as_of={then.replace(':', '%3A')}" in read.links
    inside = [link for link in read.links if link.startswith(("/sets/", "/events"))]
    assert [link for link in inside if "as_of=" not in link] == ["/sets/closes"]  # Show now


def test_the_form_of_the_moment_means_utc() -> None:
    """The browser's field knows no offset; what is written with one is read as elsewhere."""
    assert read_moment("2026-11-24T16:00") == "2026-11-24T16:00:00Z"
    assert read_moment("2026-11-24T16:00:00+01:00") == "2026-11-24T15:00:00Z"
    assert read_moment("") is None
    with pytest.raises(InvalidError, match="bare date"):
        read_moment("2026-11-24")


def test_two_menus_lead_to_two_versions(client: TestClient[Any]) -> None:
    """What the form of two versions sends leads to their page."""
    response = client.get("/sets/closes/diff?from=1&to=4&pairing=", follow_redirects=False)
    assert response.status_code == 303
    assert response.headers["location"] == "../../sets/closes/diff/1/4"


def test_what_was_never_in_production_is_shown_on_request(client: TestClient[Any]) -> None:
    """A refused version's outlier is not in the picture unless it is asked for."""
    usual = page(client, "/sets/closes/keys/AAPL/2024-06-03")
    whole = page(client, "/sets/closes/keys/AAPL/2024-06-03?all=1")
    history = client.get(path_of("closes", "AAPL", "2024-06-03", route="history")).json()["history"]
    refused = next(entry for entry in history if entry["state"] == "refused")
    assert refused["estimate"]["value"] not in usual.numbers
    assert refused["estimate"]["value"] in whole.numbers


@pytest.mark.parametrize("order", ["largest", "smallest"])
def test_a_version_is_sorted_by_any_column(client: TestClient[Any], order: str) -> None:
    """The table shows what the ranking answers, page after page: every estimate once, in order."""
    url = f"/v1/sets/odd/versions/1/ranking?by=score&order={order}&limit=4"
    ranked: list[float] = []
    answer = client.get(url).json()
    ranked += [row["score"] for row in answer["estimates"]]
    while answer["next"]:
        answer = client.get(f"{url}&cursor={answer['next']}").json()
        ranked += [row["score"] for row in answer["estimates"]]
    plain = client.get("/v1/sets/odd/estimates").json()["estimates"]
    scores = sorted((row["score"] for row in plain), reverse=order == "largest")
    assert ranked == scores
    shown = page(client, f"/sets/odd/versions/1?by=score&order={order}").numbers
    assert [number for number in shown if number in scores] == scores


def test_changes_are_sorted_by_every_metric(client: TestClient[Any]) -> None:
    """Each metric that the form offers is one that the answer sorts by, and the table follows."""
    page = client.get("/sets/closes/diff/1/4").text
    form = page[page.index('<select id="by"') :]
    offered = re.findall(r"<option[^>]*>([^<]*)<", form[: form.index("</select>")])
    assert {"value.d", "value.r", "value.plain"} <= set(offered)
    for metric in offered:
        answer = client.get(f"/v1/sets/closes/diff/changes?from=1&to=4&by={metric}&limit=50")
        assert answer.json()["by"] == metric
        assert (
            f"the largest by <bdi>{metric}</bdi>"
            in client.get(f"/sets/closes/diff/1/4?by={metric}").text
        )


def test_a_ranking_names_a_column(client: TestClient[Any]) -> None:
    """What is no column, and a cursor of another question, are refused with what to do."""
    url = "/v1/sets/odd/versions/1/ranking"
    assert client.get(f"{url}?by=scores").json()["code"] == "unknown_field"
    assert client.get(url).json()["code"] == "bad_parameter"
    following = client.get(f"{url}?by=score&limit=2").json()["next"]
    assert client.get(f"{url}?by=step&cursor={following}").json()["code"] == "bad_cursor"


def test_sets_that_need_somebody_stand_first(local_store: Store) -> None:
    """A set whose newest versions wait stands above one that is fine, whatever their names."""
    fill(local_store)
    fine = 'name = "a"\n[key.k]\ntype = "string"\n[columns.v]\n'
    local_store.define(parse_contract(fine), fine)
    local_store.publish("a", pl.DataFrame({"k": ["x", "y"], "v": [1.0, 2.0]}), provenance("first"))
    local_store.judge("a", 1)
    local_store.promote("a", 1, reason="test")
    with TestClient(create_app(local_store)) as client:
        links = page(client, "/").links
    assert links.index("/sets/closes") < links.index("/sets/a")


def test_a_version_is_filtered(client: TestClient[Any]) -> None:
    """By any part of the key and the values of a column, sorted too; downloads are filtered
    alike.
    """
    read = page(client, "/sets/closes/versions/4?k2=2024-06-04&of=value&low=102.01&by=value")
    url = "/v1/sets/closes/estimates?ref=4&target_date=2024-06-04&value=102.01..&order=-value"
    values = [row["value"] for row in client.get(url).json()["estimates"]]
    assert len(values) == 2
    assert [number for number in read.numbers if 100 < number < 110] == values
    downloads = [link for link in read.links if "/data" in link]
    assert downloads
    assert all("value=[102.01..]" in unquote(link) for link in downloads)
    of_texts = page(client, "/sets/closes/versions/4?of=note&low=a&high=b").links
    assert any("note=[a..b]" in unquote(link) for link in of_texts)


def test_what_differs_stands_first(client: TestClient[Any]) -> None:
    """Of two versions what differs is a table, what is the same in both comes folded after it."""
    text = client.get("/sets/closes/diff/1/4").text
    different, same = text.index("What differs"), text.index("The same in both")
    assert different < text.index('scope="row"><bdi>Data through') < same
    assert same < text.index('scope="row"><bdi>Contract')


def test_changes_are_chosen_by_any_part_of_the_key(client: TestClient[Any]) -> None:
    """A part that does not lead is a bound of the answer."""
    read = page(client, "/sets/closes/diff/1/4?k2=2024-06-03")
    keys = {link for link in read.links if "/keys/" in link}
    assert len(keys) == 3
    assert all("2024-06-03" in link for link in keys)


def test_events_of_somebody(client: TestClient[Any]) -> None:
    """The feed is filtered by who did it, and by kinds that belong together."""
    log = client.get("/v1/events?actor=tester&limit=1000").json()["events"]
    assert {event["actor"] for event in log} == {"tester"}
    assert client.get("/v1/events?actor=nobody").json()["events"] == []
    assert "Nothing of this kind" in page(client, "/events?actor=nobody").text
    assert "rolled back from" in page(client, "/events?kind=promoted,rolled_back").text


def test_a_horizon_leads_to_its_keys(client: TestClient[Any]) -> None:
    """The bar of a horizon leads to the changes at it, and the page says which they are."""
    links = page(client, "/sets/closes/diff/1/4").links
    bars = [link for link in links if "horizon" in link]
    assert len(set(bars)) == 2
    read = page(client, bars[0])
    assert "that was clicked: horizon 1" in read.text
    assert len({link for link in read.links if "/keys/" in link}) == 3
