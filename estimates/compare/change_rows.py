"""Rows of changes as the JSON of a page, and that JSON as rows again."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import polars as pl

from estimates.contract.conform import DTYPES
from estimates.contract.contract import Contract, Pairing
from estimates.render.row_text import text_of
from estimates.stability.change_columns import VALUES, change_columns
from estimates.stability.paired_contract import by_step, with_pairing


def body(head: Mapping[str, str | int | None], rows: pl.DataFrame, contract: Contract) -> bytes:
    """The rows of changes as JSON, behind the fields of `head`."""
    listed = b",".join(row.encode() for row in _encoded(rows, contract))
    return msgspec.json.encode(head)[:-1] + b',"changes":[' + listed + b"]}"


def _encoded(rows: pl.DataFrame, contract: Contract) -> pl.Series:
    """Each row as JSON; key parts as text, so that they can be sent back in a batch or a path."""
    key = pl.concat_list([text_of(rows, name) for name in contract.key]).alias("key")
    cells = {
        of: [_as_json(rows, name).alias(part) for name, part in parts]
        for of, parts in _by_column(contract).items()
    }
    columns = pl.struct(pl.struct(parts).alias(of) for of, parts in cells.items()).alias("columns")
    return rows.select(pl.struct(key, "change", columns).struct.json_encode()).to_series()


def _as_json(rows: pl.DataFrame, name: str) -> pl.Expr:
    return text_of(rows, name) if rows.schema[name].is_temporal() else pl.col(name)


def decoded(json: bytes, contract: Contract) -> pl.DataFrame:
    """The rows of a page's JSON as the frame that they were made from."""
    listed = msgspec.json.decode(json, type=_Listed)
    contract = by_step(with_pairing(contract, listed.pairing))
    types = {
        name: _type(of, part, contract) for name, (of, part) in change_columns(contract).items()
    }
    structs = {
        of: pl.Struct({part: _read_as(types[name]) for name, part in parts})
        for of, parts in _by_column(contract).items()
    }
    schema = {"key": pl.List(pl.String()), "change": pl.String(), "columns": pl.Struct(structs)}
    rows = pl.read_ndjson(b"\n".join(listed.changes), schema=schema)
    keys = [
        _parsed(pl.col("key").list.get(at), DTYPES[column.type]).alias(name)
        for at, (name, column) in enumerate(contract.key.items())
    ]
    cells = [
        _parsed(pl.col("columns").struct.field(of).struct.field(part), types[name]).alias(name)
        for name, (of, part) in change_columns(contract).items()
    ]
    return rows.select(*keys, "change", *cells)


class _Listed(msgspec.Struct):
    pairing: Pairing
    changes: list[msgspec.Raw]


def _by_column(contract: Contract) -> dict[str, list[tuple[str, str]]]:
    """The columns of the answer, and what they tell, by the column of the contract that they tell
    of.
    """
    parts: dict[str, list[tuple[str, str]]] = {}
    for name, (of, part) in change_columns(contract).items():
        parts.setdefault(of, []).append((name, part))
    return parts


def _type(of: str, part: str, contract: Contract) -> pl.DataType:
    if part in VALUES:
        return DTYPES[contract.columns[of].kind]
    return pl.Boolean() if part == "material" else pl.Float64()


def _read_as(dtype: pl.DataType) -> pl.DataType:
    """The type in which JSON has a value."""
    return pl.String() if dtype.is_temporal() else dtype


def _parsed(cell: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """A cell of JSON in its type."""
    if dtype == pl.Date:
        return cell.str.to_date("%Y-%m-%d")
    if dtype.is_temporal():
        return cell.str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ", time_unit="us", time_zone="UTC")
    return cell.cast(dtype)
