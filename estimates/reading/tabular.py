"""Answers as tables: the rows of an answer's JSON, as a polars frame in the contract's types, as
CSV and as Arrow.

one estimate, a page   the key, and the columns asked for
a batch                status, the key, the columns asked for, last_version; in the order asked
a history              version, published_at, data_through, state, production, the key, the columns
                       asked for; a version without the key has null in all the columns asked for.
                       By claimed releases also released_at; where a version has rows that are
                       carried over also carried_over, whether this one is

What stands beside the estimates yields to a column of the contract that has its name: it gets a `_`
in front.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec
import polars as pl

from estimates.contract.columns import ColumnType, parse_key_part
from estimates.contract.conform import DTYPES, kinds
from estimates.contract.contract import Contract
from estimates.errors import InvalidError
from estimates.render.formula_text import column_without_formulas, without_formula
from estimates.render.row_text import text_of

if TYPE_CHECKING:
    import pyarrow as pa
    from _typeshed import ReadableBuffer

TEXT_ROWS = 32_768  # that are text at a time
_TEXT = pl.String()
_SPAN = pl.Struct({"from": _TEXT, "to": _TEXT})


class _Rows(msgspec.Struct):
    """The parts of an answer that are rows; one of them is there."""

    estimate: msgspec.Raw = msgspec.Raw()
    estimates: list[msgspec.Raw] | None = None
    results: list[msgspec.Raw] | None = None
    history: list[msgspec.Raw] | None = None
    changes: list[msgspec.Raw] | None = None
    pairs: list[msgspec.Raw] | None = None
    key: tuple[str, ...] = ()


def ndjson(json: bytes) -> bytes:
    """The rows of an answer as they stand in its JSON, one a line."""
    return b"".join(bytes(row) + b"\n" for row in _listed(msgspec.json.decode(json, type=_Rows)))


def frame(json: bytes, contract: Contract, fields: Sequence[str] | None = None) -> pl.DataFrame:
    """The rows of an answer in the contract's types and order, exactly the values of the JSON.

    contract  of the version that answered, or another one of its shape
    fields    the columns that were asked for; None for all
    """
    rows = msgspec.json.decode(json, type=_Rows)
    columns = {
        name: kind
        for name, kind in kinds(contract).items()
        if fields is None or name in contract.key or name in fields
    }
    if rows.results is not None:
        return _batch(rows.results, list(contract.key), columns)
    if rows.history is not None:
        return _history(rows.history, contract, rows.key, columns)
    return _read(_listed(rows), _as_text(columns)).select(
        _parsed(pl.col(n), k).alias(n) for n, k in columns.items()
    )


def csv(frame: pl.DataFrame, *, header: bool = True, formulas: bool = True) -> bytes:
    """A frame as CSV: dates ISO, timestamps with `Z`, null as nothing, empty text as `""`, lists as
    JSON.

    formulas  False: texts and names of columns stay text in a spreadsheet (`formula_text`)
    """
    texts = frame.select([_csv_text(frame, name) for name in frame.columns])
    if not formulas:
        names = [name for name, dtype in texts.schema.items() if dtype == pl.String]
        texts = texts.with_columns(column_without_formulas(name) for name in names)
        texts = texts.rename(without_formula)
    return texts.write_csv(include_header=header).encode()


def csv_pieces(frames: Iterable[pl.DataFrame], *, formulas: bool = True) -> Iterator[bytes]:
    """Frames of the same columns as one CSV, piece by piece."""
    for number, frame in enumerate(frames):
        yield csv(frame.head(TEXT_ROWS), header=number == 0, formulas=formulas)
        for part in frame.slice(TEXT_ROWS).iter_slices(TEXT_ROWS):
            yield csv(part, header=False, formulas=formulas)


def check_arrow() -> None:
    """Whether tables can be written in pieces: before the first one is sent.

    Raises InvalidError (`no_arrow`) where PyArrow, which the demo does without, is not installed.
    """
    try:
        import pyarrow  # noqa: F401
    except ModuleNotFoundError:
        raise InvalidError(
            "no_arrow",
            "Arrow, and Parquet of chosen rows or of several parts, need PyArrow, which is not "
            "installed",
            remedy="pip install 'estimates-store[store]', or ask for CSV",
        ) from None


def arrow(frame: pl.DataFrame, metadata: Mapping[str, str]) -> bytes:
    """A frame as an Arrow IPC stream; `metadata` is that of its schema."""
    return b"".join(arrow_pieces([frame], metadata))


def arrow_pieces(frames: Iterable[pl.DataFrame], metadata: Mapping[str, str]) -> Iterator[bytes]:
    """Frames of the same columns as one Arrow IPC stream, piece by piece; nothing for no frames.

    In the types that every implementation of Arrow has: polars' own strings are views, which some
    cannot read. Raises InvalidError (`no_arrow`).
    """
    check_arrow()
    import pyarrow as pa  # takes a moment, and most processes never write Arrow

    sink, writer = io.BytesIO(), None
    for part in frames:
        table = part.to_arrow(compat_level=pl.CompatLevel.oldest())
        schema = pa.schema(
            [(field.name, _portable(field.type)) for field in table.schema], metadata=dict(metadata)
        )
        writer = writer or pa.ipc.new_stream(sink, schema)
        writer.write_table(table.cast(schema))
        yield sink.getvalue()
        sink.seek(0)
        sink.truncate()
    if writer is not None:
        writer.close()
        yield sink.getvalue()


def parquet_pieces(frames: Iterable[pl.DataFrame]) -> Iterator[bytes]:
    """Frames of the same columns as one Parquet file, piece by piece; nothing for no frames.

    Raises InvalidError (`no_arrow`).
    """
    check_arrow()
    import pyarrow.parquet as pq  # takes a moment, and most processes never write Parquet

    sink, writer = _Sink(), None
    for part in frames:
        table = part.to_arrow(compat_level=pl.CompatLevel.oldest())
        writer = writer or pq.ParquetWriter(sink, table.schema, compression="zstd")
        writer.write_table(table)
        yield sink.taken()
    if writer is not None:
        writer.close()
        yield sink.taken()


class _Sink(io.RawIOBase):
    """A file that is written once, from its beginning, and taken away piece by piece."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._size = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._size

    def write(self, content: ReadableBuffer) -> int:
        piece = bytes(content)
        self._pieces.append(piece)
        self._size += len(piece)
        return len(piece)

    def taken(self) -> bytes:
        """What was written since the last time."""
        content = b"".join(self._pieces)
        self._pieces.clear()
        return content


def _listed(rows: _Rows) -> list[msgspec.Raw]:
    if bytes(rows.estimate):
        return [rows.estimate]
    return rows.estimates or rows.results or rows.history or rows.changes or rows.pairs or []


def _read(rows: Sequence[msgspec.Raw], schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    return pl.read_ndjson(b"\n".join(rows), schema=schema)


def _batch(
    rows: Sequence[msgspec.Raw], key: Sequence[str], columns: Mapping[str, ColumnType]
) -> pl.DataFrame:
    """A key without an estimate stands as text in `key`."""
    fields = {"status": _TEXT, "key": pl.List(_TEXT), "last_version": pl.Int64()}
    read = _read(rows, {**fields, "estimate": pl.Struct(_as_text(columns))})
    cells = {name: pl.col("estimate").struct.field(name) for name in columns}
    for number, name in enumerate(key):
        missing = pl.col("key").list.get(number, null_on_oob=True)
        cells[name] = pl.coalesce(cells[name], missing.cast(_as_text(columns)[name]))
    return read.select(
        pl.col("status").alias(_free("status", columns)),
        *(_parsed(cell, columns[name]).alias(name) for name, cell in cells.items()),
        pl.col("last_version").alias(_free("last_version", columns)),
    )


def _history(
    rows: Sequence[msgspec.Raw],
    contract: Contract,
    key: Sequence[str],
    columns: Mapping[str, ColumnType],
) -> pl.DataFrame:
    times: dict[str, ColumnType] = {"published_at": "timestamp", "data_through": "timestamp"}
    if rows and "released_at" in msgspec.json.decode(rows[0]):  # asked by the claimed releases
        times["released_at"] = "timestamp"
    fields = {
        "version": pl.Int64(),
        **_as_text(times),
        "state": _TEXT,
        "production": pl.List(_SPAN),
        "carried_over": pl.Struct({"this": pl.Boolean()}),
    }
    read = _read(rows, {**fields, "estimate": pl.Struct(_as_text(columns))})
    ends = [
        _parsed(pl.element().struct.field(end), "timestamp").alias(end) for end in ("from", "to")
    ]
    entry = {
        name: _parsed(pl.col(name), times[name]) if name in times else pl.col(name)
        for name in fields
    }
    entry["production"] = pl.col("production").list.eval(pl.struct(ends))
    if read["carried_over"].null_count() < read.height:
        entry["carried_over"] = pl.col("carried_over").struct.field("this").fill_null(False)
    else:
        del entry["carried_over"]
    cells = {
        name: _parsed(pl.col("estimate").struct.field(name), kind) for name, kind in columns.items()
    }
    for (name, column), part in zip(contract.key.items(), key, strict=True):
        cells[name] = pl.lit(parse_key_part(column.type, part), DTYPES[column.type])
    free = {_free(name, columns): cell for name, cell in entry.items()}
    return read.select(cell.alias(name) for name, cell in (free | cells).items())


def _free(name: str, columns: Collection[str]) -> str:
    """The name, or one like it that no column has, not even in other letters."""
    while name in {column.lower() for column in columns}:
        name = f"_{name}"
    return name


def _as_text(columns: Mapping[str, ColumnType]) -> dict[str, pl.DataType]:
    """The types in which JSON has the columns."""
    return {
        name: _TEXT if DTYPES[kind].is_temporal() else DTYPES[kind]
        for name, kind in columns.items()
    }


def _parsed(cell: pl.Expr, kind: ColumnType) -> pl.Expr:
    """A cell of JSON in its type."""
    if kind == "date":
        return cell.str.to_date("%Y-%m-%d")
    if kind == "timestamp":
        return cell.str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ", time_unit="us", time_zone="UTC")
    return cell


def _csv_text(frame: pl.DataFrame, name: str) -> pl.Expr | pl.Series:
    dtype = frame.schema[name]
    if isinstance(dtype, pl.List):
        cells = frame.get_column(name).to_list()
        texts = [None if cell is None else msgspec.json.encode(cell).decode() for cell in cells]
        return pl.Series(name, texts, dtype=_TEXT)
    return text_of(frame, name).alias(name) if dtype.is_temporal() else pl.col(name)


def _portable(kind: pa.DataType) -> pa.DataType:
    """The type with 32-bit offsets in place of 64: answers are small."""
    import pyarrow as pa

    if pa.types.is_large_string(kind):
        return pa.string()
    if pa.types.is_large_list(kind):
        return pa.list_(_portable(kind.value_type))
    return kind
