"""Which routes answer whom: one table of all routes and of kinds of readers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from litestar import Litestar, get
from litestar.testing import TestClient

from estimates.access.access_rules import AccessRules
from estimates.access.grant import Grant
from estimates.store.store import Store
from estimates_api.access.route_access import OPT
from estimates_api.app import create_app
from tests.api.served import ODD, fill
from tests.builders import SET, make_store
from tests.waiting import until

_APPLE = "AAPL/2024-06-03"
_GRANTS = {
    "all": [Grant()],
    "closes": [Grant(SET)],
    "apple": [Grant(SET, "ticker", ("AAPL",))],
    "value": [Grant(SET, columns=("value",))],
    "odd": [Grant(ODD)],
    "metrics": [],
}
READERS = (*_GRANTS, "nobody")
# Path → status for each of READERS.
TABLE = {
    "/health/live": (200,) * 7,
    "/health/ready": (200,) * 7,
    "/docs": (200,) * 7,
    "/openapi.json": (308,) * 7,
    "/schema/openapi.json": (200,) * 7,
    "/sign-in": (200,) * 7,
    "/desk/icon.svg": (200,) * 7,
    "/metrics": (403, 403, 403, 403, 403, 200, 401),
    "/v1/usage": (403, 403, 403, 403, 403, 403, 401),
    "/v1/sets": (200, 200, 200, 200, 200, 403, 401),
    "/v1/events": (200, 200, 200, 200, 200, 403, 401),
    f"/v1/sets/{SET}": (200, 200, 200, 200, 404, 403, 401),
    f"/v1/sets/{SET}/schema": (200, 200, 200, 200, 404, 403, 401),
    f"/v1/sets/{SET}/versions": (200, 200, 200, 200, 404, 403, 401),
    f"/v1/sets/{SET}/versions/4": (200, 200, 403, 403, 404, 403, 401),
    f"/v1/sets/{SET}/versions/4/verdict": (200, 200, 403, 403, 404, 403, 401),
    f"/v1/sets/{SET}/versions/4/data": (200, 200, 403, 403, 404, 403, 401),
    f"/v1/sets/{SET}/versions/4/ranking?by=value": (200, 200, 403, 403, 404, 403, 401),
    f"/v1/sets/{SET}/estimates/{_APPLE}": (200, 200, 200, 200, 404, 403, 401),
    f"/v1/sets/{SET}/estimates/BRK%2FB/2024-06-03": (200, 200, 404, 200, 404, 403, 401),
    f"/v1/sets/{SET}/estimates?ticker=AAPL": (200, 200, 200, 200, 404, 403, 401),
    f"/v1/sets/{SET}/estimates": (200, 200, 404, 200, 404, 403, 401),
    f"/v1/sets/{SET}/estimates?ticker=AAPL&value=1..": (200, 200, 200, 200, 404, 403, 401),
    f"/v1/sets/{SET}/estimates?ticker=AAPL&note=[a..b]": (200, 200, 200, 400, 404, 403, 401),
    f"/v1/sets/{SET}/history/{_APPLE}": (200, 200, 200, 403, 404, 403, 401),
    f"/v1/sets/{SET}/triangle/AAPL": (200, 200, 200, 403, 404, 403, 401),
    f"/v1/sets/{SET}/triangle": (200, 200, 403, 403, 404, 403, 401),
    f"/v1/sets/{SET}/explain/{_APPLE}": (200, 200, 403, 403, 404, 403, 401),
    f"/v1/sets/{SET}/diff?from=1": (200, 200, 403, 403, 404, 403, 401),
    f"/v1/sets/{SET}/diff/pictures?from=1": (200, 200, 403, 403, 404, 403, 401),
    f"/v1/sets/{SET}/diff/changes?from=1": (200, 200, 403, 403, 404, 403, 401),
    f"/v1/sets/{SET}/diff?from=1&other={ODD}": (400, 404, 404, 404, 404, 403, 401),
    f"/v1/sets/{SET}/stability": (200, 200, 403, 403, 404, 403, 401),
    f"/v1/sets/{SET}/accuracy": (200, 200, 403, 403, 404, 403, 401),
    f"/v1/sets/{SET}/frozen": (200, 200, 403, 403, 404, 403, 401),
    f"/v1/sets/{SET}/domains/{'0' * 64}": (404, 404, 403, 403, 404, 403, 401),
    f"/v1/sets/{SET}/keys": (200, 200, 403, 403, 404, 403, 401),
    f"/v1/sets/{SET}/keys/AAPL": (200, 200, 200, 403, 404, 403, 401),
    f"/v1/sets/{SET}/keys/ÆØÅ": (200, 200, 404, 403, 404, 403, 401),
    f"/v1/sets/{SET}/outcome/{_APPLE}": (404, 404, 403, 403, 404, 403, 401),
    f"/sets/{SET}/keys": (200, 200, 200, 200, 404, 403, 401),
    "/keys?q=A": (200, 200, 200, 200, 200, 403, 401),
    "/": (200, 200, 200, 200, 200, 403, 401),
    "/events": (200, 200, 200, 200, 200, 403, 401),
    f"/sets/{SET}": (200, 200, 200, 200, 404, 403, 401),
    f"/sets/{SET}/versions/4": (200, 200, 403, 403, 404, 403, 401),
    f"/sets/{SET}/verdicts/4": (200, 200, 403, 403, 404, 403, 401),
    f"/sets/{SET}/diff": (200, 200, 200, 200, 404, 403, 401),
    f"/sets/{SET}/diff/1/4": (200, 200, 403, 403, 404, 403, 401),
    f"/sets/{SET}/keys/{_APPLE}": (200, 200, 200, 403, 404, 403, 401),
    f"/sets/{SET}/stability": (200, 200, 403, 403, 404, 403, 401),
    f"/sets/{SET}/stability.svg": (200, 200, 200, 200, 404, 403, 401),
    f"/sets/{SET}/accuracy": (200, 200, 403, 403, 404, 403, 401),
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The store of `fill`."""
    store = make_store(tmp_path_factory.mktemp("access") / "store")
    fill(store)
    yield store
    store.catalog.engine.dispose()


@pytest.fixture(scope="module")
def secrets(store: Store) -> dict[str, str]:
    """The secret of each reader."""
    made = {
        name: store.create_token(
            name, may=("metrics",) if name == "metrics" else ("read",), grants=grants
        )
        for name, grants in _GRANTS.items()
    }
    return {name: token.secret for name, token in made.items()}


@pytest.fixture(scope="module")
def client(store: Store, secrets: dict[str, str]) -> Iterator[TestClient[Any]]:
    """The app over it, which wants a token."""
    app = create_app(store, AccessRules("tokens"))
    with TestClient(app, raise_server_exceptions=False) as client:
        until(lambda: client.get("/health/ready").status_code == 200)
        yield client


@pytest.fixture
def ask(client: TestClient[Any], secrets: dict[str, str]) -> Any:
    """Ask as one of the readers."""

    def answer(reader: str, path: str, **more: Any) -> Any:
        headers = {"authorization": f"Bearer {secrets[reader]}"} if reader in secrets else {}
        return client.get(path, headers=headers | more, follow_redirects=False)

    return answer


@pytest.mark.parametrize("path", TABLE)
def test_table(ask: Any, path: str) -> None:
    """Every route answers whoever may see all of its answer, and nobody else."""
    statuses = []
    for reader in READERS:
        answer = ask(reader, path)
        while answer.status_code == 202:
            answer = ask(reader, path)
        statuses.append(answer.status_code)
    assert tuple(statuses) == TABLE[path]


def test_table_is_whole(client: TestClient[Any]) -> None:
    """Every route stands in the table, and says what it is about unless that is a whole set."""
    app: Litestar = client.app
    paths = {path.partition("?")[0] for path in TABLE}
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            if "GET" not in handler.http_methods or "/schema" in route.path[:8]:
                continue
            why = f"{route.path}: TABLE says of each route what readers get of it"
            assert any(_fits(route.path, path) for path in paths), why
            assert OPT in handler.opt or "{set:str}" in route.path, route.path


def _fits(route: str, path: str) -> bool:
    parts, actual = route.split("/"), path.split("/")
    if parts[-1].endswith(":path}"):
        actual = [*actual[: len(parts) - 1], "/".join(actual[len(parts) - 1 :])]
    return len(parts) == len(actual) and all(
        part == other or (part.startswith("{") and other)
        for part, other in zip(parts, actual, strict=True)
    )


def test_what_is_hidden_looks_like_nothing(ask: Any) -> None:
    """A set that may not be read, and one that there is not, are refused in the same words."""
    hidden = ask("odd", f"/v1/sets/{SET}/estimates/{_APPLE}").json()
    nothing = ask("odd", f"/v1/sets/nothing/estimates/{_APPLE}").json()
    assert hidden["detail"].replace(SET, "nothing") == nothing["detail"]
    assert hidden["code"] == nothing["code"] == "unknown_set"
    assert SET not in nothing["detail"]


def test_the_search_for_keys(ask: Any) -> None:
    """A page that looks for keys shows none that may not be read."""
    assert "ÆØÅ" in ask("closes", f"/sets/{SET}/keys").text
    for reader in ("apple", "value"):
        assert "ÆØÅ" not in ask(reader, f"/sets/{SET}/keys").text
        assert "ÆØÅ" not in ask(reader, "/keys?q=Æ").text.replace('value="Æ"', "")


def test_lists_are_filtered(ask: Any) -> None:
    """Lists, feeds and pages have the sets that may be read, and no event of a token."""
    assert [entry["name"] for entry in ask("odd", "/v1/sets").json()["sets"]] == [ODD]
    assert {entry["set"] for entry in ask("odd", "/v1/events").json()["events"]} == {ODD}
    assert {entry["set"] for entry in ask("apple", "/v1/events").json()["events"]} == set()
    kinds = {entry["kind"] for entry in ask("all", "/v1/events?limit=1000").json()["events"]}
    assert "promoted" in kinds
    assert not kinds & {"token_created", "token_revoked"}
    page = ask("odd", "/").text
    assert f"sets/{ODD}" in page
    assert SET not in page


def test_columns(ask: Any) -> None:
    """Only granted columns are answered; others are unknown, whether they exist or not."""
    for path in (f"estimates/{_APPLE}", "estimates?ticker=AAPL"):
        body = ask("value", f"/v1/sets/{SET}/{path}").json()
        rows = body["estimates"] if "estimates" in body else [body["estimate"]]
        assert rows
        assert all(set(row) == {"ticker", "target_date", "value"} for row in rows)
    for column in ("note", "nothing"):
        answer = ask("value", f"/v1/sets/{SET}/estimates/{_APPLE}?fields=value,{column}")
        assert answer.status_code == 400
        assert answer.json()["code"] == "unknown_field"


@pytest.mark.parametrize(
    "query",
    [
        "ticker=BRK%2FB",
        "ticker=AAPL&ticker=BRK%2FB",
        "fields=value",
        "ticker=aapl",
        "%74icker=ÆØÅ",
        "ticker=AAPL..ÆØÅ",
        "target_date=2024-06-03",
    ],
)
def test_pages_stay_within(ask: Any, query: str) -> None:
    """No query reaches keys outside of a grant."""
    answer = ask("apple", f"/v1/sets/{SET}/estimates?{query}")
    assert answer.status_code in (400, 404), answer.text


def test_orders_stay_within(ask: Any) -> None:
    """Rows are ordered by columns that may be read, and by no other."""
    path = f"/v1/sets/{SET}/estimates?order="
    assert ask("value", path + "-value,ticker").status_code == 200
    for order in ("note", "-note", "value,note", "nothing"):
        assert ask("value", path + order).json()["code"] == "unknown_field"


def test_cursors_stay_within(ask: Any) -> None:
    """The cursor of a page over all keys does not lead out of a grant."""
    cursor = ask("all", f"/v1/sets/{SET}/estimates?limit=1").json()["next"]
    for query in (f"cursor={cursor}", f"ticker=AAPL&cursor={cursor}"):
        answer = ask("apple", f"/v1/sets/{SET}/estimates?{query}")
        keys = {row["ticker"] for row in answer.json().get("estimates", [])}
        assert keys <= {"AAPL"}


def test_batches(client: TestClient[Any], secrets: dict[str, str]) -> None:
    """A batch is answered where all of its keys may be read, with the columns that may be."""

    def batch(reader: str, **body: Any) -> Any:
        headers = {"authorization": f"Bearer {secrets[reader]}"}
        return client.post(f"/v1/sets/{SET}/estimates", json=body, headers=headers)

    apple, other = _APPLE.split("/"), ["BRK/B", "2024-06-03"]
    assert batch("apple", keys=[apple]).json()["results"][0]["status"] == "ok"
    assert batch("apple", keys=[apple, other]).json()["code"] == "outside_grant"
    row = batch("value", keys=[apple, other]).json()["results"][1]["estimate"]
    assert set(row) == {"ticker", "target_date", "value"}
    assert batch("value", keys=[apple], fields=["note"]).json()["code"] == "unknown_field"
    assert batch("odd", keys=[apple]).status_code == 404
    assert batch("all", keys=[apple, other]).status_code == 200


def test_no_shared_cache(ask: Any) -> None:
    """What only some may read is kept by no cache that several people share."""
    answer = ask("all", f"/v1/sets/{SET}/estimates/{_APPLE}?ref=4")
    assert answer.headers["cache-control"].startswith("private")


def test_wrong_secrets(client: TestClient[Any]) -> None:
    """A request without a token, and one with a wrong one, are told what to send."""
    missing = client.get("/v1/sets")
    assert missing.headers["www-authenticate"] == "Bearer"
    assert missing.json()["code"] == "no_token"
    assert "Authorization" in missing.json()["detail"]
    for value in ("Bearer est_wrong", "Bearer a.b.c", "Bearer \xff"):
        answer = client.get("/v1/sets", headers={b"authorization": value.encode("latin-1")})
        assert (answer.status_code, answer.json()["code"]) == (401, "bad_token")
    basic = client.get("/v1/sets", headers={"authorization": "Basic abc"})
    assert basic.json()["code"] == "no_token"


def test_no_answer_is_guessed(ask: Any) -> None:
    """Browsers are told to take every answer for what it says it is: answers, problems, pages."""
    for reader, path in (("all", f"/v1/sets/{SET}/estimates/{_APPLE}"), ("nobody", "/v1/sets")):
        assert ask(reader, path).headers.get_list("x-content-type-options") == ["nosniff"]
    for path in ("/", "/sets/nothing", f"/v1/sets/{SET}/versions/4/data"):
        assert ask("all", path).headers.get_list("x-content-type-options") == ["nosniff"]


def test_metrics_name_the_sets_of_a_tokens_grants(store: Store) -> None:
    """A token for the metrics of some sets says nothing of others; one without grants has all."""
    made = {
        name: store.create_token(f"{name} metrics", may=("metrics",), grants=grants).secret
        for name, grants in (("some", [Grant("od*")]), ("every", []))
    }
    seen = {}
    with TestClient(create_app(store, AccessRules("tokens"))) as client:
        for name, secret in made.items():
            headers = {"authorization": f"Bearer {secret}"}
            text = client.get("/metrics", headers=headers).text
            seen[name] = {of for of in (SET, ODD) if f'set="{of}"' in text}
            assert "estimates_requests" in text
            assert client.get("/v1/sets", headers=headers).status_code == 403
    assert seen == {"some": {ODD}, "every": {SET, ODD}}


def test_a_route_that_says_nothing_of_itself_answers_nobody(
    store: Store, secrets: dict[str, str]
) -> None:
    """Its path names no set and it declares nothing: whoever has to show a token is refused."""

    @get("/forgotten", sync_to_thread=False)
    def forgotten() -> str:
        return "all there is"

    app = create_app(store, AccessRules("tokens"))
    app.register(forgotten)
    with TestClient(app) as client:
        for secret in secrets.values():
            answer = client.get("/forgotten", headers={"authorization": f"Bearer {secret}"})
            assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")
        assert client.get("/forgotten").status_code == 401
