"""Tables from files (CSV, JSON, Parquet, Arrow), and their text in a contract's types, so that "01"
stays "01".
"""

from __future__ import annotations

import hashlib
import io
import re
from pathlib import Path
from typing import NamedTuple

import msgspec
import polars as pl
from polars import selectors

from estimates.contract.columns import ColumnType
from estimates.contract.conform import kinds
from estimates.contract.contract import Contract
from estimates.contract.number_text import NumberOptions
from estimates.contract.own_rows import own_rows
from estimates.contract.sample_columns import with_sample_quantiles
from estimates.contract.stored_values import beyond_64_bits
from estimates.contract.text_values import parsed
from estimates.errors import InvalidError
from estimates.instants import check_zone
from estimates.render.wording import first_line
from estimates_jobs.tables import hubverse
from estimates_jobs.tables.csv_files import read_csv
from estimates_jobs.tables.json_files import looks_like_json, read_json
from estimates_jobs.tables.plain_text import nearest
from estimates_jobs.tables.sample_tables import draw_column, numbered_columns, with_samples
from estimates_jobs.tables.stored_tables import StoredTable
from estimates_jobs.tables.table_sources import Part, decompressed, digest_of, parts_of
from estimates_jobs.tables.table_words import opened
from estimates_jobs.tables.text_options import TextOptions
from estimates_jobs.tables.typed_files import is_typed_file, read_typed_file

_PARQUET_NAME = re.compile(r"[^/\s]+\.parquet")
_INDEX = "__index_level_0__"  # what pandas calls an index without a name, and leaves out itself


class Table(NamedTuple):
    """A frame, and the SHA-256 of the files or rows that it was read from.

    version  of its source, where that counts versions
    """

    frame: pl.DataFrame
    digest: str
    version: str | None = None


def read_table(source: str | Path, options: TextOptions | None = None) -> pl.DataFrame:
    """A table as a frame: CSV, JSON (an array or an object a line), Parquet or Arrow (IPC file or
    stream), each also compressed with gzip, Zstandard or bzip2; the content decides which, not the
    name.

    source   a file, a folder, a glob, both also below `s3://bucket/`, or one file at `https://`;
             folders `name=value` are columns; or what `stored_tables` names: a table of Delta,
             Iceberg or a database
    options  what a person says of the text; what is read as something else than it stands there is
             noted in them
    Every column of CSV is text; an empty cell is null, a quoted empty one is empty text; rows keep
    their order.
    Raises InvalidError: `no_file`, `bad_file` (naming the line that is to blame); UnavailableError
    and RefusedError of a bucket.
    """
    word, options = str(source), options or TextOptions()
    stored = opened(word)
    if stored is not None:
        return _of_stored(stored, options)
    return read_parts(parts_of(word), options, word)


def read_with_digest(
    source: str | Path, options: TextOptions | None = None, version: str | None = None
) -> Table:
    """The same, and its digest.

    version  that of the source which was read before, unless the source itself names one
    """
    word, options = str(source), options or TextOptions()
    stored = opened(word, version)
    if stored is not None:
        frame = _of_stored(stored, options)
        return Table(frame, rows_digest(frame), stored.version)
    parts = parts_of(word)
    return Table(read_parts(parts, options, word), digest_of(parts))


def rows_digest(frame: pl.DataFrame) -> str:
    """SHA-256 of a table's rows, whatever their order."""
    sortable = [name for name, dtype in frame.schema.items() if not dtype.is_nested()]
    content = io.BytesIO()
    frame.sort(sortable, nulls_last=True).write_ipc(content)
    return hashlib.sha256(content.getbuffer()).hexdigest()


def _of_stored(stored: StoredTable, options: TextOptions) -> pl.DataFrame:
    return cleaned(collected(stored.rows, stored.name), options, stored.name)


def collected(rows: pl.LazyFrame, where: str) -> pl.DataFrame:
    """The rows, read now; raises InvalidError (`bad_file`) where polars cannot."""
    try:
        return rows.collect()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise file_gone(where, error) or InvalidError(
            "bad_file",
            f"{where}: cannot be read: {first_line(error)}",
            remedy="check who may read its files, and that they are there",
        ) from error


def file_gone(where: str, error: BaseException) -> InvalidError | None:
    """The error where a table of Delta or Iceberg lacks a file that it names; None of others."""
    text = str(error)
    if not isinstance(error, FileNotFoundError) and "not found" not in text:
        return None
    name = _PARQUET_NAME.search(text)
    return InvalidError(
        "bad_file",
        f"{where}: a file of this version is gone" + (f": {name[0]}" if name else ""),
        remedy="VACUUM and expired snapshots take the files of old versions away: name a newer "
        "version behind @, or none for the newest",
    )


def read_keys(
    path: str | Path, contract: Contract, options: TextOptions | None = None
) -> pl.DataFrame:
    """The key columns of a table, in the contract's order; raises InvalidError (`columns`) and
    those of `read_table`.
    """
    frame = read_table(path, options)
    missing = [name for name in contract.key if name not in frame.columns]
    if missing:
        raise InvalidError(
            "columns",
            f"{path}: has no key column {', '.join(missing)}",
            remedy="name the key columns as the contract does",
        )
    return frame.select(list(contract.key))


def typed(
    frame: pl.DataFrame, contract: Contract, options: TextOptions | None = None
) -> pl.DataFrame:
    """The frame with its text columns parsed to the contract's types and decimals as floats;
    columns in any order.

    options  with them numbers are read as people write them, too (`number_text`), but for those
             of the key; what that changed is noted in them
    Rows that `[load.where]` does not choose are left out, and so are columns that only chose rows.
    The hubverse long form (`output_type`, `output_type_id`, `value`) is pivoted to the contract's
    columns first, and draws in columns or rows of their own become lists. Columns that are missing
    or too many are left to `estimates.contract.conform.conform`, NaN and infinities too. Times
    without a zone are those of the contract's `timezone`.
    Raises InvalidError: `bad_value` (naming column, rows and values; row 1 follows the header),
    `ambiguous_number`, `output_type`, `no_rows`.
    """
    wanted = kinds(contract)
    frame = _own(frame, contract, options or TextOptions())
    frame = hubverse.renewed(frame, contract)
    if not hubverse.is_long(frame, contract):
        frame = with_samples(_parsed_draws(frame, contract, options), contract)
        return with_sample_quantiles(_parsed(frame, wanted, contract, options), contract)
    carried = {
        name: kind for name, kind in wanted.items() if name not in hubverse.pivoted(contract)
    }
    frame = _parsed(frame, carried | {"value": "float"}, contract, options)
    return with_sample_quantiles(hubverse.wide(frame, contract), contract)


def _parsed_draws(
    frame: pl.DataFrame, contract: Contract, options: TextOptions | None
) -> pl.DataFrame:
    """The frame with the numbers that its columns of draws hold, where it has such columns."""
    draw = draw_column(frame, contract) if contract.samples else None
    if draw is None and set(contract.samples) <= set(frame.columns):
        return frame
    own = {*contract.key, *contract.columns} - {*contract.samples}
    texts = [n for n in frame.columns if n not in own and frame.schema[n] == pl.String]
    numbered = [n for family in numbered_columns(frame, own).values() for n in family]
    numbers = texts if draw is not None else [name for name in texts if name in numbered]
    kinds_of: dict[str, ColumnType] = {name: "float" for name in numbers if name != draw}
    return _parsed(frame, kinds_of, contract, options)


def _own(frame: pl.DataFrame, contract: Contract, options: TextOptions) -> pl.DataFrame:
    """The rows that are the set's, without the columns that only said which these are."""
    of_set = {*contract.key, *contract.columns}
    # a table with the columns of the set and no others is an export of it: all rows are its own
    where = {} if set(frame.columns) == of_set else contract.load.where
    own = own_rows(frame, where, contract.name, options.note_used)
    chosen_by = {*contract.load.where, *options.where}
    extra = chosen_by - {*contract.key, *contract.columns, *hubverse.LONG}
    return own.drop(*extra, *contract.load.ignore, strict=False)


def with_timezone(contract: Contract, timezone: str | None) -> Contract:
    """The contract with another zone of times without one, where a person names it; raises
    InvalidError (`bad_timezone`).
    """
    if timezone is None:
        return contract
    check_zone(timezone)
    return msgspec.structs.replace(contract, timezone=timezone)


def moments_in(frame: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    """The frame with its columns of timestamps as moments, those without a zone being of the
    contract's; raises InvalidError (`bad_value`, `bad_timezone`).
    """
    wanted = kinds(contract)
    times: dict[str, ColumnType] = {n: wanted[n] for n in wanted if wanted[n] == "timestamp"}
    return _parsed(frame, times, contract, None)


def read_parts(parts: list[Part], options: TextOptions, source: str) -> pl.DataFrame:
    """The table that is made of these files; `source` names it in errors. Raises what `read_table`
    raises.
    """
    frames = [_read_part(part, options) for part in parts]
    frame = frames[0] if len(frames) == 1 else _joined(parts, frames, source)
    if len(parts) > 1:
        options.parts[source] = [
            (part.name, frame.height) for part, frame in zip(parts, frames, strict=True)
        ]
    return cleaned(frame, options, source)


def cleaned(frame: pl.DataFrame, options: TextOptions, source: str) -> pl.DataFrame:
    """A table without what a person says is no part of it: rows, columns, words for null."""
    if _INDEX in frame.columns and _INDEX not in options.ignored:
        options.note(
            f"{source}: {_INDEX} is left out, the index of pandas that has no name; one with a "
            "name is a column"
        )
    own = own_rows(frame, options.where, source, options.note_used)
    if own.height < frame.height:
        options.parts.pop(source, None)  # rows are counted among the set's own
    frame = own.drop(_INDEX, *options.ignored, strict=False)
    if options.nulls:
        bare = selectors.string().str.strip_chars()
        kept = ~bare.is_in(list(options.nulls))
        frame = frame.with_columns(pl.when(kept).then(selectors.string()))
    return frame


def _joined(parts: list[Part], frames: list[pl.DataFrame], source: str) -> pl.DataFrame:
    """The rows of all parts, which have to have the same columns of the same kinds."""
    first = frames[0]
    for part, frame in zip(parts, frames, strict=True):
        missing = [name for name in first.columns if name not in frame.columns]
        extra = [name for name in frame.columns if name not in first.columns]
        other = [
            name
            for name in first.columns
            if name in frame.columns and _kind(frame.schema[name]) != _kind(first.schema[name])
        ]
        if missing or extra or other:
            what = [f"has no column {', '.join(missing)}"] if missing else []
            what += [f"has also {', '.join(extra)}"] if extra else []
            what += [f"has other types in {', '.join(other)}"] if other else []
            raise InvalidError(
                "bad_file",
                f"{source}: its files are no parts of one table: {part.name} "
                f"{' and '.join(what)}, and {parts[0].name} differs",
                remedy="name those that belong together by a glob",
            )
    aligned = [frame.select(first.columns) for frame in frames]
    return pl.concat(aligned, how="vertical_relaxed")


def _kind(dtype: pl.DataType) -> str:
    """What the types of a column have to share in all parts; numbers may be wider in one."""
    return "number" if dtype.is_numeric() else str(dtype)


def _read_part(part: Part, options: TextOptions) -> pl.DataFrame:
    frame = _read_file(part, options)
    values = {name: text for name, text in part.values.items() if name not in frame.columns}
    options.folders.update(values)
    return frame.with_columns(pl.lit(text, pl.String).alias(name) for name, text in values.items())


def _read_file(part: Part, options: TextOptions) -> pl.DataFrame:
    if part.path is not None and is_typed_file(start := start_of(part.path)):
        with part.path.open("rb", buffering=0) as file:
            return read_typed_file(file, start, part.name)
    content = decompressed(part.content, part.name)
    if is_typed_file(content):
        return read_typed_file(io.BytesIO(content), content[:8], part.name)
    if looks_like_json(content[:64]):
        return read_json(content, part.name)
    _check_text(part.name, content[:8])
    return read_csv(content, part.name, options)


def start_of(path: Path) -> bytes:
    """The first bytes of a file, which tell its kind; raises InvalidError `no_file`."""
    try:
        with path.open("rb") as file:
            return file.read(8)
    except OSError as error:
        raise InvalidError(
            "no_file",
            f"{path}: cannot be read: {error.strerror or error}",
            remedy="name a file that is there and that you may read",
        ) from None


def _check_text(name: str, start: bytes) -> None:
    if start.startswith(b"PK"):
        raise InvalidError(
            "bad_file",
            f"{name}: is a ZIP archive or an Excel workbook",
            remedy="save the sheet as CSV, or unpack the archive",
        )
    if not start:
        raise InvalidError(
            "bad_file",
            f"{name}: is empty",
            remedy="write a line that names its columns, and its rows below",
        )


def _parsed(
    frame: pl.DataFrame,
    wanted: dict[str, ColumnType],
    contract: Contract,
    options: TextOptions | None,
) -> pl.DataFrame:
    numbers = None if options is None else NumberOptions(options.decimal, options.notes)
    present = set(frame.columns)  # made anew each time, and long where columns are many
    if options is not None:
        frame = frame.with_columns(
            nearest(series, options, contract.name)
            for series in frame
            if wanted.get(series.name) == "float" and beyond_64_bits(series)
        )
    return frame.with_columns(
        parsed(
            frame.get_column(name),
            kind,
            contract.timezone,
            None if name in contract.key else numbers,
        )
        for name, kind in wanted.items()
        if name in present
    )
