"""The form of an answer: what Accept and Accept-Encoding choose, and the tags of both."""

from __future__ import annotations

import gzip
from typing import Any

import pytest

from estimates.errors import InvalidError
from estimates_api.http.representation import (
    _best_offer,
    _takes_gzip,
    best_offer,
    content_tag,
    entity_tag,
    gzipped,
    known_tag,
    names_tag,
    negotiated,
    tag_of_gzip,
    takes_gzip,
)

OFFERED = ("application/json", "text/csv")


def scope(*headers: tuple[bytes, bytes]) -> Any:
    """A request with these headers."""
    return {"type": "http", "headers": list(headers)}


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (b"*/*", "application/json"),
        (b"text/csv", "text/csv"),
        (b"text/*", "text/csv"),
        (b"text/csv;q=0.5, application/json;q=0.4", "text/csv"),
        (b"text/csv;q=0, */*", "application/json"),
        (b"image/png", None),
        (b"application/json;q=0", None),
    ],
)
def test_the_highest_quality_is_chosen(accept: bytes, expected: str | None) -> None:
    """The most specific range that fits a type counts; of equals the first one offered."""
    assert best_offer(accept, OFFERED) == expected


def test_without_accept_the_first_offer() -> None:
    """And an Accept that takes none of them is an error that names them."""
    assert negotiated(scope(), OFFERED) == OFFERED[0]
    assert negotiated(scope((b"accept", b"text/csv")), OFFERED) == "text/csv"
    with pytest.raises(InvalidError) as caught:
        negotiated(scope((b"accept", b"image/png")), OFFERED)
    assert caught.value.code == "not_acceptable"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (b"gzip", True),
        (b"gzip, br", True),
        (b"x-gzip", True),
        (b"*", True),
        (b"", False),
        (b"br", False),
        (b"gzip;q=0", False),
        (b"gzip;q=0.1, identity", False),
        (b"gzip;q=0.5, identity;q=0.5", True),
    ],
)
def test_who_takes_gzip(header: bytes, expected: bool) -> None:
    """Whoever ranks it at least as high as no coding."""
    assert takes_gzip(header) is expected


def test_compressed_pieces_are_one_gzip_file() -> None:
    """They give the content back, and the same bytes every time."""
    pieces = [b"a" * 1000, b"", b"b" * 1000]
    once, again = (b"".join(gzipped(iter(pieces))) for _ in range(2))
    assert gzip.decompress(once) == b"".join(pieces)
    assert once == again
    assert len(once) < 100


def test_compressed_bytes_have_a_tag_of_their_own() -> None:
    """A client that has the compressed answer has it only while it takes gzip."""
    tag = entity_tag("a", 1)
    assert tag_of_gzip(tag) == f'{tag[:-1]}-gzip"'
    has_gzip = (b"if-none-match", tag_of_gzip(tag).encode())
    assert known_tag(scope(has_gzip, (b"accept-encoding", b"gzip")), tag) == tag_of_gzip(tag)
    assert known_tag(scope(has_gzip), tag) is None
    assert known_tag(scope((b"if-none-match", tag.encode())), tag) == tag


def test_tags_name_their_content() -> None:
    """Equal content has one tag; If-None-Match knows weak tags, lists and the star."""
    assert content_tag(b"x") == content_tag(b"x") != content_tag(b"y")
    tag = content_tag(b"x").encode()
    for header in (tag, b"W/" + tag, b'"other", ' + tag, b"*"):
        assert names_tag(scope((b"if-none-match", header)), tag)
    assert not names_tag(scope((b"if-none-match", b'"other"')), tag)
    assert not names_tag(scope(), tag)


def test_headers_that_are_long_are_not_remembered() -> None:
    """A client may send 400 KB of them: a thousand such would fill the memory of a worker."""

    def remembered() -> list[int]:
        return [read.cache_info().currsize for read in (_best_offer, _takes_gzip)]

    before, more = remembered(), b", a/b" * 1000
    assert best_offer(b"text/csv" + more, OFFERED) == "text/csv"
    assert takes_gzip(b"gzip" + more)
    assert remembered() == before
