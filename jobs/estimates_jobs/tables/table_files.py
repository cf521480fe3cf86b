"""Tables from files (CSV, Parquet, Arrow), and their text in a contract's types, so that "01" stays
"01".
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import polars as pl

from estimates.contract.columns import ColumnType
from estimates.contract.conform import kinds
from estimates.contract.contract import Contract
from estimates.contract.text_values import parsed
from estimates.errors import InvalidError
from estimates_jobs.tables import hubverse
from estimates_jobs.tables.csv_files import read_csv
from estimates_jobs.tables.typed_files import is_typed_file, read_typed_file


def read_table(path: str | Path) -> pl.DataFrame:
    """A CSV, Parquet or Arrow (IPC file or stream) file as a frame; the content decides which, not
    the file's name.

    CSV: UTF-8, the first line names the columns; separated by comma, semicolon, tab or bar,
    whichever splits the first line into most columns; every column is text, an empty cell (quoted
    or not) is null, rows keep their order.
    Raises InvalidError: `no_file`, `bad_file` (naming the line of a CSV file that is to blame).
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            start = file.read(8)
    except OSError as error:
        raise InvalidError(
            "no_file", f"{path}: cannot be read: {error.strerror or error}"
        ) from None
    if is_typed_file(start):
        with path.open("rb", buffering=0) as file:
            return read_typed_file(file, start, str(path))
    _check_text(path, start)
    return read_csv(path)


def read_keys(path: str | Path, contract: Contract) -> pl.DataFrame:
    """The key columns of a table, in the contract's order; raises InvalidError (`columns`) and
    those of `read_table`.
    """
    frame = read_table(path)
    missing = [name for name in contract.key if name not in frame.columns]
    if missing:
        raise InvalidError("columns", f"{path}: has no key column {', '.join(missing)}")
    return frame.select(list(contract.key))


def typed(frame: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    """The frame with its text columns parsed to the contract's types and decimals as floats;
    columns in any order.

    The hubverse long form (`output_type`, `output_type_id`, `value`) is pivoted to the contract's
    columns first. Columns that are missing or too many are left to
    `estimates.contract.conform.conform`, NaN and infinities too. Times without a zone are those of
    the contract's `timezone`.
    Raises InvalidError: `bad_value` (naming column, rows and values; row 1 follows the header),
    `output_type`.
    """
    wanted, zone = kinds(contract), contract.timezone
    if not hubverse.is_long(frame, contract):
        return _parsed(frame, wanted, zone)
    carried = {
        name: kind for name, kind in wanted.items() if name not in hubverse.pivoted(contract)
    }
    return hubverse.wide(_parsed(frame, carried | {"value": "float"}, zone), contract)


def with_timezone(contract: Contract, timezone: str | None) -> Contract:
    """The contract with another zone of times without one, where a person names it; raises
    InvalidError (`bad_timezone`).
    """
    return contract if timezone is None else msgspec.structs.replace(contract, timezone=timezone)


def moments_in(frame: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    """The frame with its columns of timestamps as moments, those without a zone being of the
    contract's; raises InvalidError (`bad_value`, `bad_timezone`).
    """
    wanted = kinds(contract)
    times: dict[str, ColumnType] = {n: wanted[n] for n in wanted if wanted[n] == "timestamp"}
    return _parsed(frame, times, contract.timezone)


def _check_text(path: Path, start: bytes) -> None:
    kinds_of_file = {
        b"\x1f\x8b": "is compressed with gzip; decompress it first",
        b"PK": "is a ZIP archive or an Excel workbook; save the sheet as CSV",
        b"\xff\xfe": "is UTF-16 text; save it as UTF-8",
        b"\xfe\xff": "is UTF-16 text; save it as UTF-8",
        b"\x28\xb5\x2f\xfd": "is compressed with Zstandard; decompress it first",
    }
    for magic, what in kinds_of_file.items():
        if start.startswith(magic):
            raise InvalidError("bad_file", f"{path}: {what}")
    if not start:
        raise InvalidError(
            "bad_file", f"{path}: is empty; a table starts with a line that names its columns"
        )


def _parsed(frame: pl.DataFrame, wanted: dict[str, ColumnType], zone: str | None) -> pl.DataFrame:
    present = [(name, kind) for name, kind in wanted.items() if name in frame.columns]
    return frame.with_columns(parsed(frame.get_column(name), kind, zone) for name, kind in present)
