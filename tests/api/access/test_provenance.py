"""Where versions come from is told in outline to everybody who reads a set, and in full to whoever
may know it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from litestar.testing import TestClient

from estimates.access.access_rules import AccessRules
from estimates.access.grant import Grant
from estimates.access.principal import ReadRight, principal_of_words
from estimates.catalog.records import InputDigest
from estimates.contract.contract_file import parse_contract
from estimates.store.store import Store
from estimates_api.app import create_app
from estimates_api.desk import site
from tests.builders import SET, frame, make_store, provenance, source

_DIGEST = "b" * 64
_JOB = """
[job]
function = "acme.closes:job"
parameters = { tenant = "teal" }
[job.inputs.prices]
source = "/srv/teal/prices.csv"
static = true
[job.inputs.rates]
query = "SELECT * FROM '/srv/teal/rates.csv'"
static = true
"""
_KEY = "AAPL/2024-06-03"
_READERS: dict[str, tuple[tuple[ReadRight, ...], Grant]] = {
    "reader": (("read",), Grant(SET)),
    "auditor": (("provenance",), Grant(SET)),
    "narrow": (("read", "provenance"), Grant(SET, "ticker", ("AAPL",))),
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A set with a job, and a version of it in production."""
    store = make_store(tmp_path_factory.mktemp("provenance") / "store")
    text = source(more=_JOB)
    store.define(parse_contract(text), text)
    inputs = (
        InputDigest("prices", "/srv/teal/prices.csv", _DIGEST, 6),
        InputDigest("rates", "SELECT * FROM '/srv/teal/rates.csv'", _DIGEST, 6),
        InputDigest("other", "supply", _DIGEST, 6, "3", "supply"),
    )
    made = msgspec.structs.replace(
        provenance("one"), inputs=inputs, job="acme.closes:job", parameters={"tenant": "teal"}
    )
    store.publish(SET, frame(), made)
    store.judge(SET, 1)
    store.promote(SET, 1, reason="test")
    yield store
    store.catalog.engine.dispose()


def _paths(client: TestClient[Any]) -> list[str]:
    """Every route that answers with GET, filled in."""
    app: Any = client.app
    values = {
        "{set:str}": SET,
        "{ref:str}": "1",
        "{key:path}": f"/{_KEY}",
        "{digest:str}": "0" * 64,
        "{first:str}": "1",
        "{second:str}": "1",
    }
    paths = []
    for route in app.routes:
        path = route.path
        for name, value in values.items():
            path = path.replace(f"/{name}" if value.startswith("/") else name, value)
        paths.append(path)
    return paths


def _answers(client: TestClient[Any], **headers: str) -> dict[str, str]:
    """By path what it answers, without a query and with one that comparisons need."""
    return {
        path: "".join(
            client.get(path, headers=headers, params=query).text for query in ({}, {"from": "1"})
        )
        for path in _paths(client)
        if not path.startswith(("/schema", "/docs"))
    }


def test_nothing_by_default(store: Store) -> None:
    """No answer and no page says a parameter, a place or a query, but names and digests."""
    with TestClient(create_app(store)) as client:
        answers = _answers(client)
        assert [path for path, text in answers.items() if "teal" in text] == []
        version = client.get(f"/v1/sets/{SET}/versions/1").json()["provenance"]
        page = client.get(f"/sets/{SET}/versions/1").text
    assert version["hidden"] is True
    assert version["parameters"] == {"tenant": "hidden"}
    assert [(of["source"], of["digest"]) for of in version["inputs"]] == [
        ("hidden", _DIGEST),
        ("hidden", _DIGEST),
        ("supply", _DIGEST),
    ]
    assert "tenant" in page
    assert "--access" in page
    assert len(answers) > 30


def test_in_full(store: Store) -> None:
    """A service may say all of it, and needs to know nobody for that."""
    rules = AccessRules(provenance="full")
    assert rules.plain
    with TestClient(create_app(store, rules)) as client:
        shown = {path for path, text in _answers(client).items() if "teal" in text}
    assert shown == {
        f"/v1/sets/{SET}",
        f"/v1/sets/{SET}/versions/1",
        f"/v1/sets/{SET}/explain/{_KEY}",
        f"/sets/{SET}/versions/1",
        f"/sets/{SET}/diff/1/1",
    }


def test_to_whoever_may(store: Store) -> None:
    """A token that may `provenance` reads, and is told all of the sets that it reads as a whole."""
    secrets = {
        name: store.create_token(name, may=may, grants=[grant]).secret
        for name, (may, grant) in _READERS.items()
    }
    shown = {}
    with TestClient(create_app(store, AccessRules("tokens"))) as client:
        for name, secret in secrets.items():
            answers = _answers(client, authorization=f"Bearer {secret}")
            shown[name] = sum("teal" in text for text in answers.values())
            assert f'"name":"{SET}"' in answers[f"/v1/sets/{SET}"]
    assert shown == {"reader": 0, "auditor": 5, "narrow": 0}


def test_of_an_issuer() -> None:
    """A JWT says it by a word beside the sets that it reads."""
    principal = principal_of_words("ann", ["read:demand", "provenance"])
    assert principal.sees_provenance("demand")
    assert not principal.sees_provenance("supply")
    assert not principal_of_words("ann", ["provenance"]).sees_provenance("demand")


def test_of_files(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of pages have none of it, whatever a service on this machine may say."""
    (tmp_path / "full.toml").write_text('provenance = "full"\n')
    monkeypatch.setenv("ESTIMATES_ACCESS", str(tmp_path / "full.toml"))
    monkeypatch.setenv("ESTIMATES_STORE", str(store.root))
    assert asyncio.run(site._main(tmp_path / "pages", [SET])) > 5
    pages = [file.read_text(encoding="utf-8") for file in (tmp_path / "pages").glob("*.html")]
    assert not [page for page in pages if "teal" in page]
