"""One reading interface: in process, through both clients and by hand over HTTP, the same bytes and
the same errors.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import httpx
import pytest

from estimates import instants
from estimates.client import Client
from estimates.store.store import Store
from tests.api.served import ODD, ODD_KEYS
from tests.builders import SET, TARGETS, TICKERS
from tests.client.faces import (
    FACES,
    Face,
    frames_in_process,
    http_arrow,
    in_process,
    outcome,
    raw_http,
)

pytestmark = pytest.mark.slow

pytest_plugins = ("tests.api.fixtures",)

KEYS = [(ticker, target.isoformat()) for ticker in (*TICKERS, "nobody") for target in TARGETS]
REFS = (1, 2, 3, 4, 5, 6, 7, "4", "production", "latest", "nothing")


@pytest.fixture(scope="module", params=FACES, ids=lambda face: face.__name__)
def face(request: pytest.FixtureRequest, filled: Store, server: httpx.Client) -> Iterator[Face]:
    """One way to ask a service; what it answers is compared with the store itself."""
    with request.param(filled, str(server.base_url)) as opened:
        yield opened


@pytest.fixture(scope="module")
def answers() -> dict[str, bytes | tuple[str, str]]:
    """What the store in process answered, by the question: every way is asked the same ones."""
    return {}


@pytest.fixture
def same(
    face: Face,
    filled: Store,
    request: pytest.FixtureRequest,
    answers: dict[str, bytes | tuple[str, str]],
) -> Any:
    """Asserts that this way answers like the store in process; HTTP by hand has codes, but no
    classes of errors.
    """
    face_name = request.node.callspec.params["face"]
    by_hand, reference = (
        face_name in (raw_http, http_arrow),
        frames_in_process if face_name is http_arrow else in_process,
    )

    def check(set_name: str, method: str, *arguments: Any, **named: Any) -> Any:
        question = repr((reference, set_name, method, arguments, named))
        if question not in answers:
            with reference(filled, "") as store:
                answers[question] = outcome(store, set_name, method, *arguments, **named)
        expected = answers[question]
        got = outcome(face, set_name, method, *arguments, **named)
        if by_hand and isinstance(expected, tuple):
            assert got[1] == expected[1]
        else:
            assert got == expected
        return got

    return check


@pytest.fixture
def questions(filled: Store) -> list[dict[str, Any]]:
    """Every ref, and aliases and a number at the moment of every event and the microsecond before
    it.
    """
    moments = [instants.micros(event.at) for event in filled.view().set(SET).events]
    times = [
        instants.text(instants.from_micros(moment - before))
        for moment in moments
        for before in (0, 1)
    ]
    named: list[dict[str, Any]] = [{"ref": ref} for ref in REFS]
    return named + [
        {"ref": ref, "as_of": at} for ref in ("production", "latest", 1) for at in times
    ]


def test_one_estimate(same: Any, questions: list[dict[str, Any]]) -> None:
    """Keys by every ref at every time, found, removed and never there."""
    for question in questions:
        for key in (KEYS[0], KEYS[2], KEYS[-1]):
            same(SET, "get", *key, **question)


def test_chosen_fields(same: Any) -> None:
    """Known columns, a key column, an unknown one; single and many."""
    for fields in (["value"], ["note", "value"], ["ticker"], [], ["nope"]):
        same(SET, "get", *KEYS[0], fields=fields)
        same(SET, "get_many", KEYS, fields=fields)
        same(SET, "history", *KEYS[0], fields=fields)
        same(SET, "scan", "AAPL", fields=fields)


def test_an_explanation(same: Any, questions: list[dict[str, Any]]) -> None:
    """Keys by every ref at every time, found, removed and never there."""
    for question in questions:
        for key in (KEYS[0], KEYS[-1]):
            same(SET, "explain", *key, **question)


def test_a_batch(same: Any, questions: list[dict[str, Any]]) -> None:
    """All keys, one of them twice, by every ref at every time; no keys at all."""
    for question in questions:
        same(SET, "get_many", [*KEYS, KEYS[0]], **question)
    assert isinstance(same(SET, "get_many", []), bytes)


def test_a_leading_part(same: Any, questions: list[dict[str, Any]]) -> None:
    """All estimates and one ticker by every ref at every time; a whole key, a ticker without any, a
    bad part.
    """
    for question in questions:
        for prefix in ((), ("BRK/B",)):
            same(SET, "scan", *prefix, **question)
    for prefix in (KEYS[0], ("nobody",), ("AAPL", "tomorrow")):
        same(SET, "scan", *prefix)


def test_stability_through_time(same: Any, questions: list[dict[str, Any]]) -> None:
    """The moves of production, some and all of them, at every time; a set where it never moved, a
    wrong number.
    """
    for last in ((), (1,), (2,), (10_000,), (0,)):
        same(SET, "stability", *last)
    for question in questions:
        if question.get("ref") == "production":
            same(
                SET,
                "stability",
                **{name: value for name, value in question.items() if name == "as_of"},
            )
    same(ODD, "stability")


def test_keys_that_stand_still(same: Any, questions: list[dict[str, Any]]) -> None:
    """Those of the last versions in production, as many as are asked for, at every time; a set
    where it never moved, a wrong number.
    """
    for last in ((), (2,), (1,)):
        same(SET, "frozen", *last)
    for question in questions:
        if question.get("ref") == "production":
            as_of = {name: value for name, value in question.items() if name == "as_of"}
            same(SET, "frozen", 2, **as_of)
    same(ODD, "frozen")


def test_pages(same: Any, filled: Store) -> None:
    """A cursor goes on where the page ended, whatever ref comes with it; limits and cursors that
    cannot be.
    """
    for prefix in ((), ("ÆØÅ",)):
        cursor = filled[SET].scan(*prefix, ref=1, limit=1).cursor
        assert cursor
        same(SET, "scan", *prefix, limit=1, cursor=cursor)
        same(SET, "scan", *prefix, limit=1, cursor=cursor, ref="nothing")
    for wrong in ({"limit": 0}, {"limit": 10_001}, {"cursor": "AAAA"}, {"cursor": cursor}):
        assert isinstance(same(SET, "scan", "AAPL", **wrong), tuple)


def test_a_history(same: Any, filled: Store) -> None:
    """Every key, whole, bounded and filtered."""
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
            same(SET, "history", *key, **bounds)
            same(SET, "history", *key, only="promoted", **bounds)
            same(SET, "history", *key, chain=True, **bounds)


@pytest.mark.parametrize(
    ("a", "b"), [(1, 3), (3, 1), (1, 1), (4, 5), (1, "production"), ("latest", 2), (9, 1)]
)
def test_a_diff(same: Any, a: int | str, b: int | str) -> None:
    """The report of two refs."""
    same(SET, "diff", a, b)
    for pairing in ("same_horizon", "same_target"):
        same(SET, "diff", a, b, pairing=pairing)
        same(SET, "changes_page", a, b, pairing=pairing, limit=2)


def test_keys_that_try_a_url(same: Any) -> None:
    """Slashes, percent signs, spaces, plus signs, other alphabets: found, alone and in a batch."""
    for step, key in enumerate(ODD_KEYS):
        for method in ("get", "history", "scan"):
            assert isinstance(same(ODD, method, key, step), bytes)
        assert isinstance(same(ODD, "scan", key), bytes)
    same(ODD, "get_many", [(key, step) for step, key in enumerate(ODD_KEYS)])


@pytest.mark.parametrize("key", ["nul\0", "q?", "x y", "%2e%2e", "%zz", "\\", "\n", "é"])
def test_odd_keys_that_are_not_there(same: Any, key: str) -> None:
    """What no key is called is not found, and never another page of the service."""
    for method in ("get", "scan"):
        same(ODD, method, key, 1)


def test_typed_key_parts(face: Face) -> None:
    """A date and an integer name the same keys as their text."""
    text = outcome(face, SET, "get", "AAPL", "2024-06-03")
    assert isinstance(text, bytes)
    assert outcome(face, SET, "get", "AAPL", date(2024, 6, 3)) == text
    assert outcome(face, ODD, "get", "batch", "0") == outcome(face, ODD, "get", "batch", 0)


@pytest.mark.parametrize(
    "key",
    [
        ("AAPL",),
        ("AAPL", "2024-06-03", "x"),
        ("AAPL", "tomorrow"),
        ("AAPL", "2024-02-30"),
        ("AAPL", "20240603"),
    ],
)
def test_keys_that_are_wrong(same: Any, key: tuple[str, ...]) -> None:
    """Too few parts, too many, and parts of the wrong type are errors, never empty answers."""
    assert isinstance(same(SET, "get", *key), tuple)
    assert isinstance(same(SET, "history", *key), tuple)
    if len(key) != 2:
        assert isinstance(same(SET, "get_many", [key]), tuple)


@pytest.mark.parametrize(
    "as_of",
    [
        "2024-01-01",
        "yesterday",
        "2024-01-01T00:00:00",
        "2999-01-01T00:00:00Z",
        "2001-01-01T00:00:00+02:00",
    ],
)
def test_times_that_are_wrong(same: Any, as_of: str) -> None:
    """Bare dates, times without an offset, the future and times before the first version."""
    for method, key in (("get", KEYS[0]), ("get_many", ([KEYS[0]],)), ("scan", KEYS[0][:1])):
        assert isinstance(same(SET, method, *key, as_of=as_of), tuple)


def test_frames(filled: Store, server: httpx.Client) -> None:
    """An answer of a client is the same polars frame as the store's, also where no row tells its
    columns.
    """
    with Client(str(server.base_url)) as client:
        ours, theirs = filled[SET], client[SET]
        for fields in (None, [], ["note"]):
            for method, arguments in (
                ("get", KEYS[0]),
                ("scan", ("nobody",)),
                ("get_many", ([KEYS[-1]],)),
                ("history", KEYS[0]),
            ):
                expected = getattr(ours, method)(*arguments, fields=fields).frame(ours.contract)
                assert (
                    getattr(theirs, method)(*arguments, fields=fields)
                    .frame(theirs.contract)
                    .equals(expected)
                )
