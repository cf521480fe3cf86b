"""A read file in a bucket, read by ranges: what one lookup needs of it is a few kilobytes.

Whatever is read is checked as in a mapped file: the header by its checksum and the part's digest,
keys and groups by theirs.
"""

from __future__ import annotations

from collections.abc import Callable

from estimates.errors import NotFoundError, RefusedError
from estimates.keys.search_keys import SearchKeys
from estimates.lookup.read_file import ReadFile
from estimates.lookup.read_file_layout import ROWS_AT, Array, Header, Table, damaged, decode_header

PIECE = 4096  # bytes that are fetched at least, and kept
LONG = 1 << 16  # bytes: what is longer is not kept
KEYS = 1 << 22  # bytes: keys up to so many are fetched at once, else piece by piece
TOGETHER = 1 << 20  # bytes: a request costs as much as so many more of them
FEW_KEYS = 8  # of a batch that is read by ranges
FEW_ROWS = 1000  # of a page that is

# The bytes of a file from one place up to another.
Fetch = Callable[[int, int], bytes]


class RemoteContent:
    """The bytes of a file in a bucket; slices of it are fetched when they are used.

    Raises CorruptError (`lookup_damaged`) where the file is shorter than its header says, or gone;
    UnavailableError (`storage`).
    """

    def __init__(self, name: str, fetch: Fetch) -> None:
        self.name = name
        self._fetch = fetch
        self._pieces: dict[int, bytes] = {}
        self._size = 0
        self._keys_at: int | None = None
        self._keys = b""
        self._groups = Table(0, 0, 0)

    def head(self) -> bytes:
        """What is before the rows."""
        return self._get(0, ROWS_AT)

    def limit(self, header: Header) -> None:
        """Say what the header says: how long the file is, and where keys and tables are."""
        self._size = header.size
        self._groups = header.groups
        keys_at = header.numbers_at + 4 * (header.groups.count + 1)
        self._keys_at = keys_at if header.size - keys_at <= KEYS else None

    def __getitem__(self, span: slice) -> bytes:
        start, stop = span.start, min(span.stop, self._size)
        if start >= stop:  # of a damaged table; no checksum is that of nothing
            return b""
        if self._keys_at is not None and start >= self._keys_at:
            self._keys = self._keys or self._get(self._keys_at, self._size)
            return self._keys[start - self._keys_at : stop - self._keys_at]
        first, end = start // PIECE, -(-stop // PIECE)
        pieces = self._pieces
        if stop - start > LONG:
            return self._get(start, stop)
        missing = [number for number in range(first, end) if number not in pieces]
        if missing:
            last = max(missing[-1], self._checksum_piece(missing[0], stop))
            at, to = missing[0] * PIECE, min((last + 1) * PIECE, self._size)
            content = self._get(at, to)
            for number in range(missing[0], last + 1):
                pieces[number] = content[number * PIECE - at : (number + 1) * PIECE - at]
        content = b"".join(pieces[number] for number in range(first, end))
        return content[start - first * PIECE : stop - first * PIECE]

    def _checksum_piece(self, first: int, stop: int) -> int:
        """Whoever reads where a group is wants its checksum next: the piece that has it, where that
        is not far; else −1.
        """
        table = self._groups
        if not table.offsets_at < stop <= table.checksums_at:
            return -1
        checksum = table.checksums_at + (stop - table.offsets_at) // 2 + 4
        return checksum // PIECE if checksum - first * PIECE <= TOGETHER else -1

    def _get(self, start: int, stop: int) -> bytes:
        try:
            content = self._fetch(start, stop)
        # so are ranges behind the end of a file; the whole is asked for next
        except (RefusedError, NotFoundError):  # or it was removed: no reader has to know
            content = b""
        if len(content) != stop - start:
            raise damaged(self.name, "its length")
        return content


class RemoteReadFile(ReadFile):
    """Answers as the file does, without being on this machine.

    fetch  reads a range of it
    whole  the file on this machine, opened; fetched where much is asked for at once
    uses   how often something was asked of it
    """

    def __init__(self, name: str, digest: str, fetch: Fetch, whole: Callable[[], ReadFile]) -> None:
        content = RemoteContent(name, fetch)
        header = decode_header(name, content.head(), digest, None)
        content.limit(header)
        self._take(name, content, header)
        self._whole = whole
        self.uses = 0

    def map_pages(self) -> None:
        """There are none."""

    def check(self) -> None:
        """Compare all that is stored with its checksums."""
        self._whole().check()

    def put_rows(self, keys: SearchKeys, numbers: Array, rows: list[bytes | None]) -> None:
        """Put the rows of some keys, by number, into a list of the rows of all."""
        if numbers.size > FEW_KEYS:
            self._whole().put_rows(keys, numbers, rows)
            return
        for number in numbers.tolist():
            rows[number] = self.get((keys.searches[number], keys.openings[number]))

    def read(self, numbers: range) -> bytes:
        """Consecutive rows."""
        return self._whole().read(numbers) if len(numbers) > FEW_ROWS else super().read(numbers)
