"""The CRC-32 of read files."""

import zlib

from hypothesis import given
from hypothesis import strategies as st

from estimates.lookup.checksum import crc32


@given(st.binary(max_size=2000), st.integers(0, 2**32 - 1))
def test_it_is_that_of_zlib(content: bytes, before: int) -> None:
    """Read files that were written by one are read by the other."""
    assert crc32(content, before) == zlib.crc32(content, before)


def test_it_is_the_fast_one() -> None:
    """Where the extra `api` is installed, zlib-ng answers."""
    assert crc32.__module__ == "zlib_ng.zlib_ng"
