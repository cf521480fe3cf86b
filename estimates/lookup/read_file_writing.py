"""Writing a read file: rows as JSON, cut into groups, their keys, their checksums."""

import secrets
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

import numpy as np
import polars as pl

from estimates.contract.shape import Shape
from estimates.keys.search_key import search_pieces
from estimates.lookup.checksum import crc32
from estimates.lookup.read_file_layout import (
    BEFORE,
    ROWS_AT,
    Array,
    Header,
    Table,
    encode_header,
)
from estimates.render.row_text import Piece, joined, json_pieces

GROUP = 8  # rows, about: what is checked for each lookup
BLOCK = 16  # groups, at least, whose keys are checked at a time
ENCODERS = 2  # threads that encode rows while a third one writes them
CHUNK = 1 << 15  # rows, about, encoded at a time
# Of a file so many keys at most are taken into memory, all that processes do not share of it.
MEMORY_KEYS = 1 << 18
MEMORY_BYTES = 1 << 24  # and so many bytes of them


def build(frame: pl.DataFrame, shape: Shape, digest: str, path: Path) -> None:
    """Write the read file of a snapshot's frame (sorted by key), at once or not at all; raises
    OSError, which names a file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # listed by nobody, so that no sweep takes it for a read file that no version needs
    unfinished = path.with_name(f"{path.name}#{secrets.randbelow(10**12)}")
    try:
        with unfinished.open("wb") as file:
            _write(file, frame, shape, digest)
        unfinished.replace(path)
    except OSError as error:
        if error.errno is not None and error.filename is None:  # as of a full disk
            error.filename = str(path)
        raise
    finally:
        unfinished.unlink(missing_ok=True)


def _write(file: BinaryIO, frame: pl.DataFrame, shape: Shape, digest: str) -> None:
    file.seek(ROWS_AT)  # the header's numbers are known only at the end
    starts = _group_starts(frame, shape.key_names)
    groups = _write_pieces(file, _encoded(frame, shape, starts))
    numbers = np.append(starts, frame.height).astype("<u4")
    numbers_at = _write_array(file, numbers)
    content, offsets = _first_keys(frame, shape.key_names, starts)
    block, all_in_memory = _block(offsets)
    blocks = _write_pieces(file, [(content.data, np.append(offsets[:-1:block], offsets[-1]))])
    header = Header(
        digest=digest,
        rows=frame.height,
        parts=len(shape.key),
        size=file.tell(),
        groups=groups,
        numbers_at=numbers_at,
        numbers_crc=crc32(numbers.data),
        blocks=blocks,
        block=block,
        all_in_memory=all_in_memory,
    )
    file.seek(0)
    file.write(encode_header(header))


def _group_starts(frame: pl.DataFrame, names: Sequence[str]) -> Array:
    """The number of the first row of each group.

    A run, the rows that share all but the last part of the key, is cut into groups of its own where
    it is long. Of the other runs those make a group that begin in the same eight rows.
    """
    if len(names) == 1 or not frame.height:
        return np.arange(0, frame.height, GROUP)
    changes = pl.any_horizontal(
        pl.col(name).ne_missing(pl.col(name).shift()) for name in names[:-1]
    )
    runs = frame.select(changes).to_series().arg_true().to_numpy().astype(np.int64)
    lengths = np.diff(runs, append=frame.height)
    long = lengths > 2 * GROUP
    counts = np.where(long, -(-lengths // GROUP), 1)
    within = np.arange(counts.sum()) - np.repeat(counts.cumsum() - counts, counts)
    starts = np.repeat(runs, counts) + within * GROUP
    begins_group = np.repeat(long, counts)
    begins_group[0] = True
    begins_group[1:] |= np.diff(starts // GROUP) > 0
    return starts[begins_group]


def _encoded(
    frame: pl.DataFrame, shape: Shape, starts: Array
) -> Iterator[tuple[memoryview, Array]]:
    """What `_encode` gives for each chunk, in order; some are encoded while others are written, to
    bound memory.
    """
    cuts = np.unique(
        np.append(np.searchsorted(starts, np.arange(0, frame.height, CHUNK)), len(starts))
    )
    with ThreadPoolExecutor(ENCODERS) as threads:
        ahead: deque[Future[tuple[memoryview, Array]]] = deque()
        for low, high in pairwise(cuts.tolist()):
            start = int(starts[low])
            stop = int(starts[high]) if high < len(starts) else frame.height
            ahead.append(
                threads.submit(
                    _encode, frame.slice(start, stop - start), shape, starts[low:high] - start
                )
            )
            if len(ahead) > ENCODERS:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()


def _encode(chunk: pl.DataFrame, shape: Shape, starts: Array) -> tuple[memoryview, Array]:
    """The bytes of some rows, and where in them each group begins and the last ends."""
    pieces = ["\n", *json_pieces(chunk, [*shape.key_names, *shape.column_names]), ","]
    content, offsets = _texts(chunk, pieces)
    return content, np.append(offsets[starts], offsets[-1])


def _first_keys(frame: pl.DataFrame, names: Sequence[str], starts: Array) -> tuple[Array, Array]:
    """The search keys of the first rows of all groups, a byte before each, and where each begins
    and the last ends.
    """
    rows = frame.select(names)[starts]
    content, offsets = _texts(rows, search_pieces(rows, names))
    keys = np.insert(np.frombuffer(content, np.uint8), offsets[:-1], BEFORE[0])
    return keys, offsets + np.arange(len(offsets))


def _block(offsets: Array) -> tuple[int, bool]:
    """How many groups make a block, and whether all keys are few enough for memory."""
    groups, lengths, block = len(offsets) - 1, np.diff(offsets), BLOCK
    while -(-groups // block) > MEMORY_KEYS or lengths[::block].sum() > MEMORY_BYTES:
        block *= 2
    return block, groups <= MEMORY_KEYS and int(offsets[-1]) <= MEMORY_BYTES


def _texts(frame: pl.DataFrame, pieces: Sequence[Piece]) -> tuple[memoryview, Array]:
    """The pieces of all rows one after the other, and where in them each row begins and the last
    ends.
    """
    texts = frame.select(joined(pieces)).to_series()
    offsets = np.zeros(len(texts) + 1, "<i8")
    np.cumsum(texts.str.len_bytes().to_numpy(), out=offsets[1:])
    return memoryview(texts.str.join("").cast(pl.Binary).item()), offsets


def _write_pieces(file: BinaryIO, parts: Iterable[tuple[memoryview, Array]]) -> Table:
    """Write pieces, given as contents and where in them each begins and the last ends, and their
    table.
    """
    offsets, checksums, end = [np.empty(0, "<u8")], [np.zeros(1, "<u4")], file.tell()
    for content, bounds in parts:
        file.write(content)
        checksum, ends = int(checksums[-1][-1]), pairwise(bounds.tolist())
        checksums.append(
            np.array([checksum := crc32(content[a:b], checksum) for a, b in ends], "<u4")
        )
        offsets.append(bounds[:-1] + end)
        end += len(content)
    starts = np.append(np.concatenate(offsets), end).astype("<u8")
    return Table(
        len(starts) - 1, _write_array(file, starts), _write_array(file, np.concatenate(checksums))
    )


def _write_array(file: BinaryIO, values: Array) -> int:
    """Write an array at the next multiple of 8 and say where that is."""
    file.write(b"\0" * (-file.tell() % 8))
    at = file.tell()
    file.write(values.data)
    return at
