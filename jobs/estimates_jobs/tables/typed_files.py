"""Parquet and Arrow files as frames.

Polars reads nearly all of them. What it does not know (decimals of 256 bits, intervals, zones such
as +05:30) it refuses, or it ends in a panic, which its library writes to the terminal; so that is
shut off while it reads, and pyarrow reads such a file column by column.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import IO

import polars as pl

from estimates.contract.arrow_tables import frame_of_arrow
from estimates.errors import InvalidError
from estimates.render.wording import first_line
from estimates_jobs.tables.table_sources import SWOLLEN_BYTES, SWOLLEN_TIMES

PARQUET = b"PAR1"  # how such a file begins
_CELL_BYTES = 8
_BY_POLARS: dict[bytes, Callable[[IO[bytes]], pl.DataFrame]] = {
    PARQUET: pl.read_parquet,
    b"ARROW1": pl.read_ipc,
    b"\xff\xff\xff\xff": pl.read_ipc_stream,
}


def is_typed_file(start: bytes) -> bool:
    """Whether a file that begins so is a Parquet or an Arrow file."""
    return start.startswith(tuple(_BY_POLARS))


def read_typed_file(file: IO[bytes], start: bytes, where: str) -> pl.DataFrame:
    """A Parquet or an Arrow file (IPC file or stream), its columns as they are stored.

    file   open at its beginning; of a local one no path, which polars would take for a pattern
    start  its first bytes; `where`: its name, for errors
    Raises InvalidError `bad_file` for one that is damaged, or of a type that nothing here reads.
    """
    magic = next(magic for magic in _BY_POLARS if start.startswith(magic))
    if magic == PARQUET:
        _refuse_swollen(file, where)
    with (
        suppress(pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError),
        _terminal_shut_off(),
    ):
        return _BY_POLARS[magic](file)
    file.seek(0)
    return _by_arrow(file, magic, where)


def _refuse_swollen(file: IO[bytes], where: str) -> None:
    """Refuse a file of which much more memory would be needed than tables with keys ever do: 200
    million equal rows take 2 MB in Parquet.
    """
    with suppress(pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError):
        with _terminal_shut_off():
            metadata = pl.scan_parquet(file)
            rows = metadata.select(pl.len()).collect().item()
            columns = len(metadata.collect_schema())
        needed = rows * columns * _CELL_BYTES
        size = file.seek(0, io.SEEK_END)
        if needed > SWOLLEN_BYTES and needed > SWOLLEN_TIMES * size:
            raise InvalidError(
                "bad_file",
                f"{where}: says that it has {rows:,} rows of {columns} columns in {size:,} bytes: "
                "such rows are all the same",
                remedy="look at what wrote it; a table has one row a key",
            )
    file.seek(0)


def _by_arrow(file: IO[bytes], magic: bytes, where: str) -> pl.DataFrame:
    import pyarrow as pa  # takes a moment, and few files need it
    from pyarrow import ipc, parquet

    try:
        if magic == PARQUET:
            opened = parquet.ParquetFile(file)
            columns = [opened.schema.column(i) for i in range(len(opened.schema))]
            intervals = {c.path for c in columns if c.converted_type == "INTERVAL"}
            return frame_of_arrow(opened.read(), intervals)
        reader = ipc.open_file(file) if magic == b"ARROW1" else ipc.open_stream(file)
        return frame_of_arrow(reader.read_all())
    except NotImplementedError as error:  # also pyarrow's own
        raise InvalidError(
            "bad_file",
            f"{where}: cannot be read: {first_line(error)}",
            remedy="write the table again without that column, or as CSV",
        ) from None
    except (OSError, pa.ArrowException, pl.exceptions.PolarsError) as error:
        raise InvalidError(
            "bad_file",
            f"{where}: is damaged: {first_line(error)}",
            remedy="write or fetch it again",
        ) from None


@contextmanager
def _terminal_shut_off() -> Iterator[None]:
    """Nothing that a library writes to standard error past Python is seen."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
