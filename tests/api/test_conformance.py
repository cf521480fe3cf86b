"""In process and over HTTP: the same question, the same bytes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from estimates import EstimatesError, instants
from estimates.stability.pages.report_text import render_json
from estimates.store.estimate_set import EstimateSet
from estimates.store.store import Store
from tests.api.served import ODD, ODD_KEYS, path_of
from tests.builders import SET, TARGETS, TICKERS

pytest_plugins = ("tests.api.fixtures",)

KEYS = [(ticker, target.isoformat()) for ticker in (*TICKERS, "nobody") for target in TARGETS]
REFS = (1, 2, 3, 4, 5, 6, 7, "production", "latest", "nothing")


def times(store: Store) -> list[str]:
    """The moment of every event, and the microsecond before it."""
    moments = [instants.micros(event.at) for event in store.view().set(SET).events]
    return [
        instants.text(instants.from_micros(moment - before))
        for moment in moments
        for before in (0, 1)
    ]


def questions(store: Store) -> list[dict[str, Any]]:
    """Every ref, and every alias at every time."""
    named = [{"ref": ref} for ref in REFS]
    return named + [
        {"ref": ref, "as_of": at} for ref in ("production", "latest", 1) for at in times(store)
    ]


def assert_same(answer: httpx.Response, ask: Callable[[], bytes]) -> None:
    """Either the same bytes, or an error with the same code, message and details."""
    try:
        expected = ask()
    except EstimatesError as raised:
        error = raised
    else:
        assert (answer.status_code, answer.content) == (200, expected)
        return
    problem = answer.json()
    assert (problem["code"], problem["detail"]) == (error.code, error.message)
    assert {name: problem[name] for name in error.details} == error.details


@pytest.fixture
def closes(filled: Store) -> EstimateSet:
    """The set as a researcher holds it."""
    return filled[SET]


def test_one_estimate(server: httpx.Client, filled: Store, closes: EstimateSet) -> None:
    """Every key by every ref at every time, found or not."""
    for question in questions(filled):
        for key in (KEYS[0], KEYS[2], KEYS[-1]):
            answer = server.get(path_of(SET, *key), params=question)
            assert_same(
                answer, lambda key=key, question=question: closes.get(*key, **question).json
            )


def test_odd_keys_and_fields(server: httpx.Client, filled: Store) -> None:
    """Keys that try a URL, and chosen columns."""
    for step, key in enumerate(ODD_KEYS):
        expected = filled[ODD].get(key, step, fields=["score"]).json
        assert server.get(path_of(ODD, key, step), params={"fields": "score"}).content == expected


def test_a_batch(server: httpx.Client, filled: Store, closes: EstimateSet) -> None:
    """All keys at once, by every ref at every time."""
    for question in questions(filled):
        answer = server.post(f"/v1/sets/{SET}/estimates", json={"keys": KEYS, **question})
        assert_same(answer, lambda question=question: closes.get_many(KEYS, **question).json)


def test_a_leading_part(server: httpx.Client, filled: Store, closes: EstimateSet) -> None:
    """One ticker and all of them, page by page."""
    for question in questions(filled):
        answer = server.get(f"/v1/sets/{SET}/estimates", params=question | {"ticker": "BRK/B"})
        assert_same(answer, lambda question=question: closes.scan("BRK/B", **question).json)
    cursor = closes.scan(ref=1, limit=2).cursor
    answer = server.get(f"/v1/sets/{SET}/estimates", params={"limit": "2", "cursor": str(cursor)})
    assert answer.content == closes.scan(limit=2, cursor=cursor).json


@pytest.mark.parametrize("options", [{}, {"only": "promoted"}, {"fields": ["value"]}])
def test_a_history(
    server: httpx.Client, filled: Store, closes: EstimateSet, options: dict[str, Any]
) -> None:
    """Every key, whole, bounded and filtered."""
    sent = options | ({"fields": "value"} if "fields" in options else {})
    second, fourth = (
        instants.text(filled.view().set(SET).versions[n].published_at) for n in (1, 3)
    )
    for key in KEYS:
        for bounds in (
            {},
            {"since": second},
            {"until": fourth},
            {"since": second, "until": fourth},
        ):
            answer = server.get(path_of(SET, *key, route="history"), params=sent | bounds)
            assert answer.content == closes.history(*key, **options, **bounds).json


@pytest.mark.parametrize(
    ("a", "b"), [(1, 3), (3, 1), (1, 1), (4, 5), (1, "production"), ("latest", 2), (9, 1)]
)
def test_a_diff(server: httpx.Client, closes: EstimateSet, a: int | str, b: int | str) -> None:
    """The report of two refs is the report in process, as JSON."""
    answer = server.get(f"/v1/sets/{SET}/diff", params={"from": a, "to": b})
    assert_same(answer, lambda: render_json(closes.diff(a, b)))
