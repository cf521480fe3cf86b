"""The data files of versions: the stored Parquet, verified, then read in pieces of a few megabytes
at most.
"""

from __future__ import annotations

import hashlib
import io
import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import polars as pl

from estimates.storage import snapshot
from estimates.storage.objects import Objects
from estimates.storage.snapshot import File

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

PIECE = 1 << 20  # bytes
_ROWS = 1 << 16


class DataFile:
    """A verified Parquet file: its size in bytes, its SHA-256 in hexadecimal, and what is in it."""

    def __init__(self, objects: Objects, name: str, file: File) -> None:
        self.size = file.size
        self.sha256 = file.sha256
        self._objects = objects
        self._name = name

    def pieces(self, start: int, stop: int) -> Iterator[bytes]:
        """The bytes from `start` up to `stop`, in pieces; raises UnavailableError (`storage`)."""
        for at in range(start, stop, PIECE):
            yield self._objects.get_range(self._name, at, min(at + PIECE, stop))

    def select(self, columns: Sequence[str], where: pl.Expr | None = None) -> pl.DataFrame:
        """Columns of the rows that fulfil a condition, in key order; nothing else is decoded."""
        folder = self._objects.folder
        source = (
            io.BytesIO(b"".join(self.pieces(0, self.size)))
            if folder is None
            else folder / self._name
        )
        rows = pl.scan_parquet(source)
        return (rows if where is None else rows.filter(where)).select(columns).collect()

    def frames(self) -> Iterator[pl.DataFrame]:
        """The rows in key order, some 65,000 at a time; at least one frame, maybe without rows."""
        import pyarrow.parquet as pq  # takes a moment, and few processes need it

        parquet = pq.ParquetFile(_Readable(self), buffer_size=PIECE)
        yield pl.DataFrame(pl.from_arrow(parquet.schema_arrow.empty_table()))
        for batch in parquet.iter_batches(_ROWS):
            yield pl.DataFrame(pl.from_arrow(batch))


class DataFiles:
    """The data files of a store's versions; threads may share it."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._verified: dict[str, tuple[str, DataFile]] = {}
        self._locks: dict[str, threading.Lock] = {}

    def open(self, set_name: str, snapshot_id: str) -> DataFile:
        """A snapshot's data file, read through and compared with its digest before its first use
        here.

        Again when the storage says that it was written since. Raises CorruptError (`file_missing`,
        `file_damaged`, and those of the manifest), UnavailableError (`storage`).
        """
        # many who come at once cause one reading
        with self._locks.setdefault(snapshot_id, threading.Lock()):
            name = snapshot.parquet_name(set_name, snapshot_id)
            stat = self._objects.stat(name)
            if stat is None:
                raise snapshot.missing(self._objects, name)
            mark, file = self._verified.get(snapshot_id, ("", None))
            if file is None or mark != stat.mark:
                recorded = snapshot.read_manifest(self._objects, set_name, snapshot_id).files[0]
                file = DataFile(self._objects, name, recorded)
                if stat.size != recorded.size or _digest(file) != recorded.sha256:
                    raise snapshot.damaged(self._objects, name, recorded, stat.size)
                self._verified[snapshot_id] = stat.mark, file
            return file


class _Readable(io.RawIOBase):
    """A data file as a file of Python."""

    def __init__(self, file: DataFile) -> None:
        self._file = file
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + (0, self._at, self._file.size)[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer)
        start = self._at
        for piece in self._file.pieces(start, min(start + len(view), self._file.size)):
            view[self._at - start :][: len(piece)] = piece
            self._at += len(piece)
        return self._at - start


def _digest(file: DataFile) -> str:
    digest = hashlib.sha256()
    for piece in file.pieces(0, file.size):
        digest.update(piece)
    return digest.hexdigest()
