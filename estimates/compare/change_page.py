"""Pages of changes as JSON, as tables again, and the cursors that lead from one page to the next."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

import msgspec
import polars as pl

from estimates.catalog.records import Version
from estimates.contract.conform import DTYPES
from estimates.contract.contract import Contract, Pairing
from estimates.errors import InvalidError
from estimates.reading.answer import Page
from estimates.reading.version_reader import MAX_LIMIT
from estimates.render.row_text import text_of
from estimates.stability.changes import VALUES, columns
from estimates.stability.pairing import by_step, with_pairing


class ChangeQuestion(msgspec.Struct, frozen=True):
    """Which changes are asked for, and in which order; what was left out is filled in.

    by          the metric they are sorted by; None in a set that has none
    min_change  the least size of the metric
    prefix      leading parts of the key, as text
    """

    by: str | None
    min_change: float
    prefix: tuple[str, ...]


class ChangeCursor(msgspec.Struct, frozen=True, array_like=True):
    """Where a page begins: the numbers of both versions, the row, and a mark of all that decides
    what stands there.
    """

    first: int
    second: int
    row: int
    mark: int


class ChangePage(Page):
    """One page of changes; `version` is the one they lead to, `cursor` asks for the next page,
    `total` counts all.

    Of versions of two sets `set` is empty, and the body says `from` and `to` with the names of
    their sets.
    """

    def frame(self, contract: Contract) -> pl.DataFrame:
        """The rows as `estimates.stability.changes` has them; `contract` is what
        `contract_of_changes` gives.
        """
        return _decoded(self.json, contract)

    def first(self, name: str) -> int:
        """The number of the version of set `name` that the changes lead from."""
        return int(str(self.body["from"]).removeprefix(named(name, "")))


def named(name: str, version: object) -> str:
    """A version as it is told where there are two sets."""
    return f"{name} version {version}"


def encode_cursor(cursor: ChangeCursor) -> str:
    """A cursor as text for a URL."""
    return base64.urlsafe_b64encode(msgspec.json.encode(cursor)).decode().rstrip("=")


def decode_cursor(text: str) -> ChangeCursor:
    """The inverse of `encode_cursor`; raises InvalidError (`bad_cursor`)."""
    try:
        padded = text + "=" * (-len(text) % 4)
        return msgspec.json.decode(
            base64.b64decode(padded, altchars=b"-_", validate=True), type=ChangeCursor
        )
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        raise InvalidError(
            "bad_cursor", "this cursor was not made by this service; start again without it"
        ) from None


def page(
    told: tuple[str, str | int, str | int],
    second: Version,
    contract: Contract,
    question: ChangeQuestion,
    rows: pl.DataFrame,
    *,
    limit: int,
    start: ChangeCursor,
) -> ChangePage:
    """The rows from `start` on, at most `limit`; `told` is what the page says of the set and of
    both versions.

    `{"set":…,"from":…,"to":…,"by":…,"pairing":…,"total":…,"limit":…,"next":cursor or
    null,"changes":[{"key":[…], "change":…,"columns":{NAME:{"a":…,"b":…,"d":…,…},…}},…]}`. Raises
    InvalidError (`bad_limit`).
    """
    if not 1 <= limit <= MAX_LIMIT:
        raise InvalidError("bad_limit", f"limit {limit} is not between 1 and {MAX_LIMIT}")
    stop = start.row + limit
    following = (
        encode_cursor(msgspec.structs.replace(start, row=stop)) if stop < rows.height else None
    )
    head = {
        **dict(zip(("set", "from", "to"), told, strict=True)),
        "by": question.by,
        "pairing": contract.stability.pairing,
        "total": rows.height,
        "limit": limit,
        "next": following,
    }
    return ChangePage(
        told[0], second, body(head, rows[start.row : stop], contract), rows.height, following
    )


def body(head: Mapping[str, str | int | None], rows: pl.DataFrame, contract: Contract) -> bytes:
    """The rows of changes as JSON, below the facts of `head`."""
    listed = b",".join(row.encode() for row in _encoded(rows, contract))
    return msgspec.json.encode(head)[:-1] + b',"changes":[' + listed + b"]}"


def _encoded(rows: pl.DataFrame, contract: Contract) -> pl.Series:
    """Each row as JSON; key parts as text, so that they can be sent back in a batch or a path."""
    key = pl.concat_list([text_of(rows, name) for name in contract.key]).alias("key")
    cells = {
        of: [_as_json(rows, name).alias(part) for name, part in parts]
        for of, parts in _by_column(contract).items()
    }
    told = pl.struct(pl.struct(parts).alias(of) for of, parts in cells.items()).alias("columns")
    return rows.select(pl.struct(key, "change", told).struct.json_encode()).to_series()


def _as_json(rows: pl.DataFrame, name: str) -> pl.Expr:
    return text_of(rows, name) if rows.schema[name].is_temporal() else pl.col(name)


def _decoded(json: bytes, contract: Contract) -> pl.DataFrame:
    """The rows of a page's JSON as the frame that they were made from."""
    listed = msgspec.json.decode(json, type=_Listed)
    contract = by_step(with_pairing(contract, listed.pairing))
    types = {name: _type(of, part, contract) for name, (of, part) in columns(contract).items()}
    told = {
        of: pl.Struct({part: _read_as(types[name]) for name, part in parts})
        for of, parts in _by_column(contract).items()
    }
    schema = {"key": pl.List(pl.String()), "change": pl.String(), "columns": pl.Struct(told)}
    rows = pl.read_ndjson(b"\n".join(listed.changes), schema=schema)
    keys = [
        _parsed(pl.col("key").list.get(at), DTYPES[column.type]).alias(name)
        for at, (name, column) in enumerate(contract.key.items())
    ]
    cells = [
        _parsed(pl.col("columns").struct.field(of).struct.field(part), types[name]).alias(name)
        for name, (of, part) in columns(contract).items()
    ]
    return rows.select(*keys, "change", *cells)


class _Listed(msgspec.Struct):
    pairing: Pairing
    changes: list[msgspec.Raw]


def _by_column(contract: Contract) -> dict[str, list[tuple[str, str]]]:
    """The columns of the answer, and what they tell, by the column of the contract that they tell
    of.
    """
    found: dict[str, list[tuple[str, str]]] = {}
    for name, (of, part) in columns(contract).items():
        found.setdefault(of, []).append((name, part))
    return found


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
