"""The Range header: which bytes of a file it names."""

from __future__ import annotations

import pytest

from estimates.errors import InvalidError
from estimates_api.http.ranges import byte_range


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"bytes=0-3", range(4)),
        (b"bytes=4-", range(4, 10)),
        (b"bytes=-3", range(7, 10)),
        (b"bytes=-99", range(10)),
        (b"bytes=8-99", range(8, 10)),
        (b"BYTES= 0-0 ", range(1)),
    ],
)
def test_a_range_of_ten_bytes(text: bytes, expected: range) -> None:
    """From, to and suffix are cut to what the file has."""
    assert byte_range(text, 10) == expected


@pytest.mark.parametrize("text", [b"items=0-1", b"bytes=0-1,3-4", b"bytes=3-1", b"bytes=-", b""])
def test_other_headers_are_ignored(text: bytes) -> None:
    """Another unit, several ranges and what is no range send the whole file."""
    assert byte_range(text, 10) is None


@pytest.mark.parametrize(
    ("text", "size"), [(b"bytes=10-", 10), (b"bytes=-0", 10), (b"bytes=0-", 0)]
)
def test_a_range_outside_the_file(text: bytes, size: int) -> None:
    """Where nothing of the file is in the range, that is an error that says the size."""
    with pytest.raises(InvalidError) as caught:
        byte_range(text, size)
    assert (caught.value.code, caught.value.details["size"]) == ("bad_range", size)
