"""What the OpenAPI document says of the bounds of parameters is what the service keeps to: all of
it, and nothing besides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar.testing import TestClient

from estimates.reading.version_reader import MAX_KEYS
from tests.api import openapi
from tests.api.bad_requests import assert_problem
from tests.builders import SET
from tests.examples import examples

pytest_plugins = ("tests.api.fixtures",)

PLACES = {"set": SET, "key": "AAPL/2024-06-03", "ref": "4", "digest": "0" * 64}
LEADING = {"key": "AAPL"}  # of routes that take a leading part of the key
NEEDED = {"from": "1", "to": "4", "by": "value"}
# What only counts together with another parameter.
TOGETHER = {"before": {"order": "newest"}, "clock": {"as_of": "NOW"}}
# Refusals of a value because of its size or its form, and of no other kind.
OF_A_BOUND = {
    *("bad_deadline", "bad_lag", "bad_limit", "bad_min_change", "bad_parameter", "bad_release"),
    *("bad_time", "internal"),
}
BEYOND = (-(10**30), -(2**63), -1, 0, 1, 2**31, 2**53, 2**63, 10**30)


class Bounded(NamedTuple):
    """A query parameter of a route, with its schema."""

    path: str
    name: str
    schema: dict[str, Any]
    needed: list[str]

    def kinds(self) -> set[str]:
        """The JSON types that it may have, null aside."""
        kinds = [each.get("type", []) for each in (self.schema, *self.schema.get("oneOf", ()))]
        flat = {kind for each in kinds for kind in ([each] if isinstance(each, str) else each)}
        return flat - {"null"}

    def ask(self, client: TestClient[Any], value: object) -> Any:
        """The answer where it has this value."""
        below = "/keys/" in self.path or "/triangle/" in self.path
        path = self.path.format(**(PLACES | LEADING if below else PLACES))
        query = {name: NEEDED[name] for name in self.needed if name != self.name}
        query |= {self.name: str(value)} | TOGETHER.get(self.name, {})
        if query.get("as_of") == "NOW":
            query["as_of"] = client.get(f"/v1/sets/{SET}").headers["estimates-as-of"]
            path = path.replace("/4", "/production")
        if self.name in ("release", "lag", "deadline"):
            path = path.replace("/4", "/production")
        answer = client.get(path, params=query)
        while answer.status_code == 202:
            answer = client.get(path, params=query)
        return answer


def parameters() -> Iterator[Bounded]:
    """All query parameters of the document."""
    for path, methods in openapi.checked_in()["paths"].items():
        listed = methods.get("get", {}).get("parameters", [])
        query = [each for each in listed if each["in"] == "query"]
        needed = [each["name"] for each in query if each.get("required")]
        for each in query:
            yield Bounded(path, each["name"], each["schema"], needed)


def edges(schema: dict[str, Any]) -> tuple[list[Any], list[Any]]:
    """Values just inside and just outside of the bounds of a number."""
    step = 1 if "integer" in str(schema) else 0.001
    least, most = schema.get("minimum"), schema.get("maximum")
    inside = [bound for bound in (least, most) if bound is not None]
    outside = [] if least is None else [least - step]
    return inside, outside if most is None else [*outside, most + step]


ALL = list(parameters())
NUMBERS = [each for each in ALL if each.kinds() & {"integer", "number"}]
CHOICES = [each for each in ALL if "enum" in each.schema]
FORMS = [each for each in ALL if "pattern" in each.schema]


def named(each: Bounded) -> str:
    """A parameter in the name of a test."""
    return f"{each.path.removeprefix('/v1')}?{each.name}"


def refused(answer: Any) -> bool:
    """Whether an answer refuses a value for its size or form."""
    return answer.status_code >= 400 and answer.json()["code"] in OF_A_BOUND


def test_bounds_are_there() -> None:
    """The document has the bounds that the code knows."""
    known = {
        (each.name, each.schema.get("minimum"), each.schema.get("maximum")) for each in NUMBERS
    }
    assert {
        ("limit", 1, 10_000),
        ("limit", 1, 200),
        ("last", 1, 10_000),
        ("last", 1, 1_000),
        ("last", 1, None),
        ("part", 1, None),
        ("min_change", 0, None),
    } <= known
    forms = {"release", "kind", "lag", "deadline", "vintage", "as_of", "since", "until"}
    assert {each.name for each in FORMS} == forms
    keys = openapi.checked_in()["components"]["schemas"]["Batch"]["properties"]["keys"]
    assert keys["maxItems"] == MAX_KEYS


@pytest.mark.parametrize("each", NUMBERS, ids=named)
def test_a_number_is_refused_outside_of_its_bounds_alone(
    client: TestClient[Any], each: Bounded
) -> None:
    """At its bounds and within them it is not refused for its size, however large it may be; just
    beyond them it is, as a problem.
    """
    inside, outside = edges(each.schema)
    least = each.schema.get("minimum", -(10**40))
    most = each.schema.get("maximum", 10**40)
    inside += [number for number in BEYOND if least <= number <= most]
    outside += [number for number in BEYOND if not least <= number <= most]
    assert [value for value in inside if refused(each.ask(client, value))] == []
    for value in outside:
        answer = each.ask(client, value)
        assert_problem(answer, 400, answer.json()["code"])
        assert answer.json()["code"] in OF_A_BOUND - {"internal"}


@pytest.mark.parametrize("each", CHOICES, ids=named)
def test_each_choice_is_taken_and_no_other(client: TestClient[Any], each: Bounded) -> None:
    """Every value that the document lists; one that it does not list is a problem."""
    chosen = [value for value in each.schema["enum"] if value is not None]
    assert [value for value in chosen if refused(each.ask(client, value))] == []
    for other in ("", chosen[0].upper(), f"{chosen[0]}x"):
        assert_problem(each.ask(client, other), 400, "bad_parameter")


@pytest.mark.parametrize("each", FORMS, ids=named)
def test_a_form_is_the_pattern(client: TestClient[Any], each: Bounded) -> None:
    """What the pattern makes is taken, but for days that no calendar has and for durations beyond
    100 years; what is longer by a character is not.
    """
    pattern = each.schema["pattern"]

    @examples(12)
    @given(st.from_regex(pattern.replace("$", r"\Z"), fullmatch=True))
    def check(text: str) -> None:
        assert refused(each.ask(client, text)) is not sensible(each.name, text)
        answer = each.ask(client, f"{text}_")
        assert_problem(answer, 400, answer.json()["code"])
        assert refused(answer)

    check()


def sensible(name: str, text: str) -> bool:
    """Whether the calendar has a time, in the years that there are, or a duration is shorter than
    100 years.
    """
    if name in ("as_of", "since", "until", "vintage"):
        try:
            datetime.fromisoformat(text.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            return False
        return True
    if name in ("lag", "deadline") and not text.startswith("D"):
        seconds = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
        parts = re.findall(r"([0-9]+)([wdhms])", text.lower())
        return sum(int(count) * seconds[unit] for count, unit in parts) <= 36_525 * 86_400
    return True


def test_a_stream_goes_on_after_a_number(client: TestClient[Any]) -> None:
    """`Last-Event-ID` is in the document, as digits or nothing; other texts are refused."""
    listed = openapi.checked_in()["paths"]["/v1/events"]["get"]["parameters"]
    (header,) = (each for each in listed if each["in"] == "header")
    assert (header["name"], header["schema"]["pattern"]) == ("Last-Event-ID", "^[0-9]*$")
    stream = {"accept": "text/event-stream"}
    for text in ("x", "-1", "1.0", "1_"):
        answer = client.get("/v1/events", headers=stream | {"last-event-id": text})
        assert_problem(answer, 400, "bad_parameter")


@pytest.mark.parametrize("count", [MAX_KEYS, MAX_KEYS + 1])
def test_a_batch_has_so_many_keys(client: TestClient[Any], count: int) -> None:
    """As many keys as `maxItems` says, and not one more."""
    body = b'{"keys":[' + b",".join([b'["A","2024-06-03"]'] * count) + b"]}"
    answer = client.post(
        f"/v1/sets/{SET}/estimates", content=body, headers={"content-type": "application/json"}
    )
    if count > MAX_KEYS:
        assert_problem(answer, 422, "too_many_keys")
    else:
        assert answer.status_code == 200
