"""The header of a read file, and pieces that are checked as they are loaded."""

from __future__ import annotations

import struct

import msgspec
import pytest

from estimates.errors import CorruptError
from estimates.lookup.checksum import crc32
from estimates.lookup.read_file_layout import (
    MAGIC,
    PREFIX,
    ROWS_AT,
    Header,
    Pieces,
    RemoteNumbers,
    Table,
    decode_header,
    encode_header,
    is_mapped,
)

_DIGEST = "d" * 64
_TABLE = Table(3, 100, 200)
HEADER = Header(_DIGEST, 24, 2, 4096, _TABLE, 300, 7, _TABLE, 16, True)


def code(content: bytes, digest: str = _DIGEST, size: int | None = 4096) -> str | None:
    """How a header is refused."""
    try:
        decode_header("f", content, digest, size)
    except CorruptError as error:
        return error.code
    return None


def test_a_header_is_what_was_written() -> None:
    """It fits before the rows, whatever follows it."""
    content = encode_header(HEADER)
    assert len(content) <= ROWS_AT
    assert decode_header("f", content + b"\n{rows", _DIGEST, 4096) == HEADER
    assert decode_header("f", content, _DIGEST, None) == HEADER


@pytest.mark.parametrize("at", [0, 8, 12, PREFIX.size, PREFIX.size + 40])
def test_a_damaged_header(at: int) -> None:
    """A bit of its magic, its length, its checksum or its content."""
    content = bytearray(encode_header(HEADER))
    content[at] ^= 1
    assert code(bytes(content)) == "lookup_damaged"


def test_a_header_of_something_else() -> None:
    """Of another part, of a file that was cut, of another revision, cut itself."""
    content = encode_header(HEADER)
    other = msgspec.json.encode({"digest": _DIGEST})
    revised = PREFIX.pack(MAGIC[:-1] + b"9", len(other), crc32(other)) + other
    assert code(content, digest="e" * 64) == "lookup_damaged"
    assert code(content, size=4095) == "lookup_damaged"
    assert code(revised) == code(content[:10]) == code(b"") == "lookup_damaged"


def pieces(content: bytes, *ends: int) -> Pieces:
    """Pieces of a content that end there, with what says where they are behind it."""
    offsets = struct.pack(f"<{len(ends) + 1}Q", 0, *ends)
    checksums = struct.pack(f"<{len(ends) + 1}I", *(crc32(content[:end]) for end in (0, *ends)))
    table = Table(len(ends), len(content), len(content) + len(offsets))
    return Pieces("f", content + offsets + checksums, table, "group")


def test_pieces_that_follow_each_other_are_one_slice() -> None:
    """Any run of them, checked as one."""
    loaded = pieces(b"abcdefghi", 3, 5, 9)
    assert loaded.count == 3
    assert loaded.load(0, 3) == b"abcdefghi"
    assert loaded.load(1, 2) == b"de"
    assert loaded.load(1, 1) == b""


def test_damage_is_never_read() -> None:
    """In the runs that have it; the others are read."""
    good = pieces(b"abcdefghi", 3, 5, 9)
    good._content = good._content.replace(b"de", b"dx")
    assert (good.load(0, 1), good.load(2, 3)) == (b"abc", b"fghi")
    for run in ((1, 2), (0, 2), (1, 3)):
        with pytest.raises(CorruptError, match="group"):
            good.load(*run)


def test_numbers_elsewhere_are_read_one_by_one() -> None:
    """What is no mapped file: a few bytes for each number."""
    content = b"...." + struct.pack("<3Q", 5, 6, 2**40)
    numbers = RemoteNumbers(content, 4, 3, "Q")
    assert (len(numbers), numbers[0], numbers[2]) == (3, 5, 2**40)
    assert not is_mapped(content)
