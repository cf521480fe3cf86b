"""What is said about the service is true: the OpenAPI document, docs/http.md, the page at /docs."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient

from tests.api import openapi
from tests.api.bad_requests import BAD

pytest_plugins = ("tests.api.fixtures",)

ROOT = Path(__file__).parents[2]
HTTP_MD = (ROOT / "docs" / "http.md").read_text()
EXAMPLES = re.findall(
    r"```http\n(GET|POST) (\S+)\n([^`]*)```\n```json\n(.*?)```", HTTP_MD, re.DOTALL
)
_VOLATILE = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z|(?:[0-9a-f]{32}){1,2}|Wz[\w-]{8,}")


def broken(old: Any, new: Any, where: str = "") -> list[str]:
    """What a client that knows the old document would miss in the new one: gone, or not the same
    any more.
    """
    if isinstance(old, dict) and isinstance(new, dict):
        gone = [f"{where}/{name}" for name in old if name not in new]
        return gone + [
            fault
            for name in old
            if name in new
            for fault in broken(old[name], new[name], f"{where}/{name}")
        ]
    if where.endswith(("/description", "/summary")):
        return []
    if (
        isinstance(old, list)
        and isinstance(new, list)
        and all(isinstance(item, str) for item in old)
    ):
        return [f"{where}/{item}" for item in old if item not in new]
    return [] if old == new else [where]


def contained(expected: Any, actual: Any) -> bool:
    """Whether an answer has what an example shows; times and digests are whatever they are."""
    if isinstance(expected, dict):
        return isinstance(actual, dict) and all(
            n in actual and contained(v, actual[n]) for n, v in expected.items()
        )
    if isinstance(expected, list):
        return isinstance(actual, list) and all(
            contained(*pair) for pair in zip(expected, actual, strict=False)
        )
    if isinstance(expected, str) and isinstance(actual, str) and _VOLATILE.fullmatch(expected):
        return _VOLATILE.fullmatch(actual) is not None
    return expected == actual


def test_no_route_or_field_is_removed_or_retyped() -> None:
    """What the checked-in document promises is promised still."""
    assert broken(openapi.checked_in(), openapi.current()) == []


def test_the_checked_in_document_is_complete() -> None:
    """What was added is checked in; `python -m tests.api.openapi` does it."""
    assert openapi.current() == openapi.checked_in(), "python -m tests.api.openapi writes it anew"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("paths", "/v1/sets/{set}/diff"), None),
        (("paths", "/v1/sets/{set}/estimates", "post"), None),
        (("paths", "/v1/sets/{set}/estimates/{key}", "get", "responses", "410"), None),
        (("components", "schemas", "EstimateBody", "properties", "version"), None),
        (("components", "schemas", "EstimateBody", "properties", "version", "type"), "string"),
        (("components", "schemas", "Report", "properties", "from"), None),
    ],
)
def test_a_broken_promise_is_noticed(path: tuple[str, ...], value: object) -> None:
    """A removed or retyped route, answer or field is found by the comparison."""
    old = openapi.checked_in()
    new = copy.deepcopy(old)
    place = new
    for name in path[:-1]:
        place = place[name]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    assert broken(old, new) == ["/" + "/".join(path)]


def test_the_served_document_is_the_checked_in_one(client: TestClient[Any]) -> None:
    """Clients get at /schema/openapi.json what the repository shows."""
    assert client.get("/schema/openapi.json").json() == openapi.checked_in()


def test_answers_have_documented_statuses(client: TestClient[Any]) -> None:
    """Every bad request that the tests know is answered with a status that its route documents."""
    paths = openapi.checked_in()["paths"]
    for request, status, _ in BAD:
        route = next(
            (r for r in paths if re.fullmatch(_pattern(r), request.partition("?")[0])), None
        )
        if route is not None:
            assert str(status) in paths[route]["get"]["responses"], request


def _pattern(route: str) -> str:
    return (
        route.replace("{key}", ".+")
        .replace("{set}", "[^/]+")
        .replace("{ref}", "[^/]+")
        .replace("{digest}", "[^/]+")
    )


def test_every_route_is_described_with_an_example() -> None:
    """Each route of the document has a heading in docs/http.md, followed by a request to it and its
    answer.
    """
    sections = dict(
        re.findall(r"^### (\w+ /\S+)\n(.*?)(?=^##|\Z)", HTTP_MD, re.DOTALL | re.MULTILINE)
    )
    routes = {
        f"{m.upper()} {path}"
        for path, methods in openapi.checked_in()["paths"].items()
        for m in methods
    }
    assert set(sections) == routes
    for route, text in sections.items():
        method, path = route.split()
        request = re.search(r"```http\n(\w+) ([^\s?]+).*?```\n```(?:json|text)\n", text, re.DOTALL)
        assert request, f"{route} has no example"
        assert (request[1], bool(re.fullmatch(_pattern(path), request[2]))) == (method, True)


@pytest.mark.parametrize(
    ("method", "path", "body", "answer"), EXAMPLES, ids=[f"{e[0]} {e[1]}" for e in EXAMPLES]
)
def test_the_examples_are_true(
    client: TestClient[Any], method: str, path: str, body: str, answer: str
) -> None:
    """Asked again, an example's request gives what the example shows."""
    response = client.request(
        method, path, content=body or None, headers={"content-type": "application/json"}
    ).json()
    assert contained(json.loads(answer), response), response


def test_every_code_is_listed() -> None:
    """The codes that api/ raises, and those that bad requests get, are in the table of
    docs/http.md.
    """
    sources = "".join(file.read_text() for file in sorted((ROOT / "api").rglob("*.py")))
    raised = re.findall(r"(?:\w+Error|problem)\(\s*(?:[\w.]+, )?\"(\w+)\"", sources)
    assert {"bad_path", "no_part", "internal", "bad_body", "not_ready"} <= set(raised)
    listed = set(re.findall(r"`(\w+)`", HTTP_MD[HTTP_MD.index("| status | code |") :]))
    assert {*raised, *(code for _, _, code in BAD)} - listed == set()


def test_the_page_loads_nothing_from_elsewhere(client: TestClient[Any]) -> None:
    """/docs names no other host, and its policy forbids what its text does not."""
    page = client.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert re.findall(r"(?:https?:)?//[a-z0-9]", page.text) == []
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "/schema/openapi.json" in page.text
