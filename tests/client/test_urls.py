"""URLs from names, keys and parameters."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from estimates.client.urls import comma_list, key_part, segment, time_text, url
from tests.builders import code_of


def test_parameters_are_encoded_once_and_none_is_left_out() -> None:
    """Any text comes back as it was; without parameters the path stands alone."""
    assert url("/v1/sets", {"a b": "c&d/é", "n": 5}, {"x": None}) == (
        "/v1/sets?a%20b=c%26d%2F%C3%A9&n=5"
    )
    assert url("/v1/sets", {"x": None}) == "/v1/sets"


@pytest.mark.parametrize(
    ("text", "encoded"),
    [("BRK/B", "BRK%2FB"), (".", "%2E"), ("..", "%2E%2E"), ("a.b", "a.b"), ("%2F", "%252F")],
)
def test_a_segment_is_one_segment(text: str, encoded: str) -> None:
    """Slashes, and dots that proxies take out of paths, are encoded."""
    assert segment(text) == encoded


@pytest.mark.parametrize(
    ("part", "text"),
    [
        ("AAPL", "AAPL"),
        (7, "7"),
        (date(2024, 6, 3), "2024-06-03"),
        (datetime(2024, 6, 3, 12, tzinfo=UTC), "2024-06-03T12:00:00Z"),
    ],
)
def test_parts_of_keys_have_one_text(part: object, text: str) -> None:
    """Text, integers, dates and moments, as the service writes them."""
    assert key_part("ticker", part) == text


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: segment(""), "bad_path"),
        (lambda: key_part("ticker", None), "bad_key_part"),
        (lambda: key_part("ticker", 1.5), "bad_key_part"),
        (lambda: key_part("ticker", True), "bad_key_part"),
        (lambda: key_part("at", datetime(2024, 6, 3)), "bad_key_part"),  # no zone
        (lambda: key_part("ticker", "\ud800"), "bad_key_part"),
        (lambda: url("/v1", {"a": "\ud800"}), "bad_parameter"),
        (lambda: time_text("yesterday"), "bad_time"),
    ],
)
def test_what_cannot_be_sent_is_refused(call: Callable[[], object], code: str) -> None:
    """Before anything is sent, by a code of its own."""
    assert code_of(call) == code


def test_times_and_lists() -> None:
    """A moment in UTC, names with commas; None stays None."""
    assert time_text("2024-06-03T14:00:00+02:00") == "2024-06-03T12:00:00Z"
    assert (time_text(None), comma_list(None), comma_list(["a", "b"])) == (None, None, "a,b")
