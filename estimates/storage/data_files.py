"""The data files of versions: the stored Parquet, verified, then read in pieces of a few megabytes
at most.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from estimates.storage import snapshot
from estimates.storage.copying import digest_of
from estimates.storage.manifests import Manifests
from estimates.storage.objects import Objects
from estimates.storage.parts import Part

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

PIECE = 1 << 20  # bytes
_ROWS = 1 << 16


class DataFile:
    """A verified Parquet file: its size in bytes, its SHA-256 in hexadecimal, and what is in it."""

    def __init__(self, objects: Objects, name: str, part: Part) -> None:
        self.size = part.size
        self.sha256 = part.sha256
        self._objects = objects
        self._name = name

    def pieces(self, start: int, stop: int) -> Iterator[bytes]:
        """The bytes from `start` up to `stop`, in pieces; raises UnavailableError (`storage`)."""
        for at in range(start, stop, PIECE):
            yield self._objects.get_range(self._name, at, min(at + PIECE, stop))

    @property
    def path(self) -> Path | None:
        """Where it is; None in a bucket."""
        folder = self._objects.folder
        return None if folder is None else folder / self._name


class SnapshotFiles:
    """The verified parts of a snapshot, in key order."""

    def __init__(self, parts: Sequence[DataFile]) -> None:
        self.parts = parts

    def only(self, number: int | None) -> SnapshotFiles:
        """One part, counted from 1; all for None."""
        return self if number is None else SnapshotFiles(self.parts[number - 1 : number])

    def paths(self) -> list[Path]:
        """Where the files are; none in a bucket."""
        return [file.path for file in self.parts if file.path is not None]

    def select(self, columns: Sequence[str], where: pl.Expr | None = None) -> pl.DataFrame:
        """Columns of the rows that fulfil a condition, in key order; nothing else is decoded."""
        rows = pl.scan_parquet(self.paths() or [_content(file) for file in self.parts])
        return (rows if where is None else rows.filter(where)).select(columns).collect()

    def frames(self) -> Iterator[pl.DataFrame]:
        """The rows in key order, some 65,000 at a time; at least one frame, maybe without rows."""
        for number, file in enumerate(self.parts):
            frames = _fetched(file) if file.path is None else _local(file.path)
            empty = next(frames)
            if number == 0:
                yield empty
            yield from frames


class DataFiles:
    """The data files of a store's versions; threads may share it."""

    def __init__(self, objects: Objects, manifests: Manifests) -> None:
        self._objects = objects
        self._manifests = manifests
        self._verified: dict[str, tuple[str, DataFile]] = {}
        self._locks: dict[str, threading.Lock] = {}

    def open(self, set_name: str, snapshot_id: str) -> SnapshotFiles:
        """A snapshot's files, each read through and compared with its digest before its first use
        here.

        Again when the storage says that it was written since. Raises CorruptError (`file_missing`,
        `file_damaged`, and those of the manifest), UnavailableError (`storage`).
        """
        manifest = self._manifests.get(set_name, snapshot_id)
        parts = [(manifest.name_of(set_name, part), part) for part in manifest.content()]
        return SnapshotFiles([self.open_part(name, part) for name, part in parts])

    def open_part(self, name: str, part: Part) -> DataFile:
        """One file, as `open` gives all; `name` is where it is, below the store's root."""
        # many who come at once cause one reading
        with self._locks.setdefault(name, threading.Lock()):
            stat = snapshot.check_size(self._objects, name, part)
            mark, file = self._verified.get(name, ("", None))
            if file is None or mark != stat.mark:
                file = DataFile(self._objects, name, part)
                if digest_of(self._objects, name) != part.sha256:
                    raise snapshot.damaged(self._objects, name, part, stat.size)
                self._verified[name] = stat.mark, file
            return file


def _local(path: Path) -> Iterator[pl.DataFrame]:
    """A frame without rows, then the rows of a file of this machine."""
    rows = pl.scan_parquet(path)
    yield rows.head(0).collect()
    for start in range(0, rows.select(pl.len()).collect().item(), _ROWS):
        yield rows.slice(start, _ROWS).collect()


def _fetched(file: DataFile) -> Iterator[pl.DataFrame]:
    """The same of a file in a bucket, which polars would hold in memory as a whole."""
    import pyarrow.parquet as pq  # takes a moment, and few processes need it

    parquet = pq.ParquetFile(_Readable(file), buffer_size=PIECE)
    yield pl.DataFrame(pl.from_arrow(parquet.schema_arrow.empty_table()))
    for batch in parquet.iter_batches(_ROWS):
        yield pl.DataFrame(pl.from_arrow(batch))


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


def _content(file: DataFile) -> io.BytesIO:
    return io.BytesIO(b"".join(file.pieces(0, file.size)))
