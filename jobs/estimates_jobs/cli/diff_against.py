"""`estimates diff SET --against`: whether a set and what is to be replaced by it, or replaces it,
say the same.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from estimates.catalog.ref import PRODUCTION
from estimates.render.wording import count
from estimates_jobs.cli.diff_request import DiffRequest, is_ref
from estimates_jobs.cli.diff_tables import check_files, read_file
from estimates_jobs.tables.actual_values import is_query, read_query

if TYPE_CHECKING:
    import polars as pl

    from estimates.compare.two_tables import TwoTables
    from estimates.contract.contract import Contract
    from estimates_jobs.cli.interface.command import Options
    from estimates_jobs.tables.text_options import TextOptions

SAME_TO = 1e-9  # relative: what another program's last digits may differ by


class Agreement(msgspec.Struct, frozen=True):
    """Whether two tables say the same.

    keys     in both; differ: those of them with a value that is not the same
    missing  keys of the set that the other one lacks; extra: keys that it has beside them
    """

    agrees: bool
    keys: int
    differ: int
    missing: int
    extra: int

    def text(self, other: str) -> str:
        """In a sentence."""
        if self.agrees:
            return f"agrees: {count(self.keys, 'key')}, and no value differs"
        parts = [f"{self.differ:,} of {count(self.keys, 'key')} differ"] if self.differ else []
        parts += [f"{count(self.missing, 'key')} not in {other}"] if self.missing else []
        parts += [f"{count(self.extra, 'key')} only in {other}"] if self.extra else []
        return f"does not agree: {'; '.join(parts)}"


def against(options: Options, request: DiffRequest) -> TwoTables:
    """The other table, and the version or the file of the set, under the set's contract.

    Raises those of `resolve`; InvalidError: `no_file`, `bad_file`, `bad_value`, `columns`,
    `column_type`, `bad_input`; UnavailableError.
    """
    from estimates.compare.table_diff import conforming
    from estimates.compare.two_tables import TwoTables
    from estimates_jobs.tables.table_files import with_timezone

    assert request.against is not None
    set_name, *words = request.words
    new = words[0] if words else PRODUCTION
    estimates = options.open_to_read()[set_name]
    contract = with_timezone(estimates.contract, request.timezone)
    other = _other(request.against, set_name, contract, options.tables)
    if is_ref(new):
        version = estimates.resolve(new)
        name: str | int = version.version
        own = estimates.frame(version.version)
    else:
        check_files(new)
        name = new
        own = read_file(new, contract, [], options.tables)
    return TwoTables(
        contract,
        conforming(other, contract, request.against),
        conforming(own, contract, str(name)),
        (request.against, name),
    )


def agreement(tables: TwoTables, rtol: float | None, atol: float | None) -> Agreement:
    """Whether all keys and values are the same, numbers up to a tolerance of the larger one; null
    is the same as null.
    """
    import polars as pl

    contract = tables.contract
    key = list(contract.key)
    names = [name for name in contract.columns if name in tables.a.columns]
    pairs = tables.a.join(tables.b, on=key, how="inner", suffix=_OTHER, nulls_equal=True)
    tests = [
        _differs(pairs.schema[name], name, SAME_TO if rtol is None else rtol, atol or 0.0)
        for name in names
    ]
    differ = pairs.filter(pl.any_horizontal(tests)).height if tests else 0
    missing, extra = tables.b.height - pairs.height, tables.a.height - pairs.height
    return Agreement(not (differ or missing or extra), pairs.height, differ, missing, extra)


_OTHER = "\0other"  # no column of a table has a NUL in its name


def _differs(dtype: pl.DataType, name: str, rtol: float, atol: float) -> pl.Expr:
    import polars as pl

    a, b = pl.col(name), pl.col(f"{name}{_OTHER}")
    if not dtype.is_float():
        return a.ne_missing(b)
    allowed = atol + rtol * pl.max_horizontal(a.abs(), b.abs())
    far = ((b - a).abs() > allowed).fill_null(False)
    return far | (a.is_null() != b.is_null())


def _other(word: str, set_name: str, contract: Contract, options: TextOptions) -> pl.DataFrame:
    """What a service answers in production, a query, or a table of a file."""
    from estimates_jobs.tables.table_files import typed

    if is_query(word):
        return typed(read_query(word), contract, options)
    if _is_service(word):
        from estimates.client import Client

        return Client(word)[set_name].frame()
    check_files(word)
    return read_file(word, contract, [], options)


def _is_service(word: str) -> bool:
    """Whether it is a URL, and not of a file, whose name has an ending."""
    address = urlsplit(word)
    return address.scheme in ("http", "https") and not PurePosixPath(address.path).suffix
