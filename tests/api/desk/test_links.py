"""Links of pages: relative, percent-encoded, at the moment of the page."""

from __future__ import annotations

import pytest

from estimates_api.desk.links import Links, answer_path, key_path, segments, set_path


@pytest.mark.parametrize(
    ("parts", "path"),
    [
        (("a", 4), "a/4"),
        (("BRK/B", "ä b"), "BRK%2FB/%C3%A4%20b"),
        ((".", ".."), "%2E/%2E%2E"),
        (("...",), "..."),
    ],
)
def test_segments(parts: tuple[object, ...], path: str) -> None:
    """A slash stays inside its segment; a segment of dots is not taken out on the way."""
    assert segments(*parts) == path


def test_paths_of_a_set() -> None:
    """Its page, one below it, a key's, and the answer that the page is made of."""
    assert set_path("s", "versions", 3) == "/sets/s/versions/3"
    assert key_path("s", ["a b", "c"]) == "/sets/s/keys/a%20b/c"
    assert answer_path("s", "diff") == "/v1/sets/s/diff"


def test_links_climb_out_of_the_page() -> None:
    """As many steps up as the page has segments behind its first; none leads above the service."""
    assert Links("/", None).page("/sets/s") == "sets/s"
    assert Links("/sets/s/versions/3", None).page("/sets/s") == "../../../sets/s"
    assert Links("/sets", None).page("/") == "./"


def test_links_to_pages_keep_the_moment() -> None:
    """Unless the link names another one; links to anything else do not."""
    links = Links("/sets", "2024-06-03T00:00:00Z")
    assert links.page("/sets/s") == "sets/s?as_of=2024-06-03T00%3A00%3A00Z"
    assert links.page("/sets/s", as_of=None) == "sets/s"
    assert links.to("/desk/desk.css") == "desk/desk.css"
