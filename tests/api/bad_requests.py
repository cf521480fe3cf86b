"""Bad requests, each with the status and code of its problem."""

from __future__ import annotations

import httpx

from tests.api.served import ODD, path_of
from tests.builders import SET

ONE = path_of(SET, "AAPL", "2024-06-03")
SCAN = f"/v1/sets/{SET}/estimates"
FUTURE = "2999-01-01T00:00:00Z"
BAD = [
    ("/nowhere", 404, "no_route"),
    ("/schema/nowhere", 404, "no_route"),
    (f"/v1/sets/{SET}/history", 404, "no_route"),
    ("/v1/sets/nope", 404, "unknown_set"),
    ("/v1/sets/nope/estimates/x", 404, "unknown_set"),
    ("/v1/sets/nope/versions", 404, "unknown_set"),
    (f"{ONE}?ref=77", 404, "unknown_version"),
    (f"{ONE}?ref={'9' * 5000}", 404, "unknown_version"),
    (f"{ONE}?ref=nope", 404, "unknown_alias"),
    (f"/v1/sets/{SET}/versions/6/verdict", 404, "no_verdict"),
    (f"/v1/sets/{SET}/schema?shape=9", 404, "unknown_shape"),
    (path_of(SET, "nobody", "2024-06-03"), 404, "outside_domain"),
    (f"{ONE}?ref=5", 404, "removed"),
    (f"{ONE}?as_of=2001-01-01T00:00:00Z", 404, "before_first"),
    (path_of(SET, "AAPL"), 400, "key_parts"),
    (path_of(SET, "AAPL", "2024-06-03", "x"), 400, "key_parts"),
    (path_of(SET, "AAPL", "soon"), 400, "bad_key_part"),
    (path_of(ODD, "batch", "9" * 30), 400, "bad_key_part"),
    (f"{SCAN}?ticker=AAPL&x=1", 400, "unknown_parameter"),
    (f"{ONE}?raf=1", 400, "unknown_parameter"),
    (f"{ONE}?ref=1&ref=2", 400, "repeated_parameter"),
    (f"{ONE}?fields=nope", 400, "unknown_field"),
    (f"{ONE}?as_of=2024-06-03", 400, "bad_time"),
    (f"{ONE}?as_of=2024-06-03T00:00:00+01:00", 400, "bad_time"),
    (f"{ONE}?as_of=0001-01-01T00:00:00%2B23:00", 400, "bad_time"),
    (f"{ONE}?as_of={FUTURE}", 400, "as_of_in_future"),
    (f"{ONE}?ref=1&as_of=2024-06-03T00:00:00Z", 400, "as_of_with_number"),
    (f"{ONE}?ref=1&shape=2", 400, "shape_with_number"),
    (f"{ONE}?shape=x", 400, "bad_parameter"),
    (f"{SCAN}?limit=0", 400, "bad_limit"),
    (f"{SCAN}?limit=10001", 400, "bad_limit"),
    (f"{SCAN}?limit=many", 400, "bad_parameter"),
    (f"{SCAN}?cursor=nope", 400, "bad_cursor"),
    (f"{SCAN}?ticker=%ff", 400, "bad_parameter"),
    (f"/v1/sets/{SET}/versions?cursor=x", 400, "bad_cursor"),
    (f"/v1/sets/{SET}/versions?limit=0", 400, "bad_limit"),
    (f"/v1/sets/{SET}/versions?state=nice", 400, "bad_parameter"),
    (f"/v1/sets/{SET}/diff", 400, "bad_parameter"),
    ("/v1/events?limit=0", 400, "bad_limit"),
    (f"{SCAN}/AAPL//2024-06-03", 400, "bad_path"),
    (f"{SCAN}/%ff/2024-06-03", 400, "bad_path"),
    (f"{SCAN}/{'A' * 16_384}/2024-06-03", 414, "url_too_long"),
    (f"{SCAN}?ticker={'A' * 16_384}", 414, "url_too_long"),
    (f"{SCAN}/%zz/2024-06-03", 400, "bad_path"),
    (f"{SCAN}/%00/2024-06-03", 404, "outside_domain"),
]


def assert_problem(answer: httpx.Response, status: int, code: str) -> None:
    """A problem of that status and code, in its media type."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert (body["status"], body["code"]) == (status, code)
    assert body["title"]
    assert body["detail"]
