"""`estimates get`: estimates by their keys. Its JSON is the body that HTTP sends, byte for byte."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from estimates import instants
from estimates.catalog.release_clock import Clock
from estimates.contract.contract import Contract
from estimates.errors import InvalidError
from estimates.reading.answer import Answer, Page
from estimates.reading.page_cursor import DEFAULT_LIMIT
from estimates.store.estimate_set import EstimateSet
from estimates_jobs.cli.interface.command import (
    Options,
    as_of_option,
    clock_option,
    columns_option,
    command,
    set_argument,
)
from estimates_jobs.cli.interface.near_keys import naming_near_keys
from estimates_jobs.cli.interface.table_options import table_options
from estimates_jobs.cli.output import cells, terminal

if TYPE_CHECKING:
    from estimates.client import RemoteSet
    from estimates_jobs.tables.text_options import TextOptions

_REF = "Version number, alias, or latest (the newest that the gate lets through)."


@command(
    "estimates get sp500-close AAPL 2021-12-30",
    "estimates get sp500-close AAPL                              # all target dates of one ticker",
    "estimates get sp500-close AAPL 2021-12-30 --ref 3 --fields value",
    "estimates get sp500-close AAPL 2021-12-30 --as-of 2026-11-24T16:00:00Z",
    "estimates get sp500-close --keys wanted.csv --format json   # many; also "
    '[["AAPL","2021-12-30"]] as JSON',
    "estimates get sp500-close AAPL --format csv",
    forms=("csv",),
)
@set_argument
@click.argument("key", metavar="[KEY]...", nargs=-1)
@click.option("--ref", default="production", show_default=True, help=_REF)
@as_of_option
@clock_option("released: read --as-of by the claimed times of release of imported versions.")
@columns_option("--fields", help="Only these columns, besides the key.")
@click.option(
    "--keys",
    metavar="FILE",
    help="Many keys: a table with the key columns, or a JSON list; - reads JSON.",
)
@click.option(
    "--limit",
    type=int,
    default=DEFAULT_LIMIT,
    show_default=True,
    help="Rows on a page of a partial key.",
)
@click.option("--cursor", metavar="TEXT", help="The next page; printed at the end of each page.")
@click.option(
    "--standing",
    is_flag=True,
    help="Also in JSON: stale, stale_from, degraded, retired. Text says them where they are so.",
)
@table_options
def get(
    options: Options,
    set_name: str,
    key: tuple[str, ...],
    ref: str,
    as_of: str | None,
    clock: Clock,
    fields: list[str] | None,
    keys: str | None,
    limit: int,
    cursor: str | None,
    standing: bool,
) -> None:
    """One estimate by its whole key, all estimates under a leading part of the key, or many with
    --keys.

    The answer comes from one version and says which. A word of the KEY is one key column, in the
    contract's order.
    """
    estimates = options.open_to_read()[set_name]
    if key and keys is not None:
        raise click.UsageError("give a KEY or --keys, not both")
    contract = estimates.contract
    if keys is not None:
        chosen = keys_of_file(keys, contract, options.tables)
        answer = estimates.get_many(
            chosen, ref=ref, as_of=as_of, clock=clock, fields=fields, standing=standing
        )
    elif len(key) >= len(contract.key):
        with naming_near_keys(estimates):
            answer = estimates.get(
                *key, ref=ref, as_of=as_of, clock=clock, fields=fields, standing=standing
            )
    else:
        answer = estimates.scan(
            *key,
            ref=ref,
            as_of=as_of,
            clock=clock,
            fields=fields,
            limit=limit,
            cursor=cursor,
            standing=standing,
        )
    if options.json:
        terminal.body(answer.json)
    elif options.csv:
        assert answer.version is not None
        terminal.csv_of(
            answer.frame(estimates.contract_of(answer.version)), no_formulas=options.no_formulas
        )
    else:
        _show(answer, estimates)


def _show(answer: Answer, estimates: EstimateSet | RemoteSet) -> None:
    version = answer.version
    assert version is not None
    contract = estimates.contract_of(version)
    state = estimates.state(version).replace("_", " ")
    imported = ", imported: its time of release is a claim" if answer.imported else ""
    source = (
        f"{version.set} version {version.version} ({state}), data through "
        f"{cells.instant(version.data_through)}{imported}"
    )
    if (newest := answer.body.get("newest_data")) is not None:
        source += f", newest data of {cells.instant(instants.parse(newest))}"
    source += _carried_over(answer) + _standing(answer)
    if isinstance(answer, Page):
        _show_page(answer, source, contract)
    elif "estimate" in answer.body:
        _show_estimate(answer, source, contract)
    else:
        _show_many(answer, source, contract)


def _standing(answer: Answer) -> str:
    """What is wrong with the whole answer: too old, of an earlier version, of a retired set."""
    marks: list[str] = []
    if answer.stale and answer.stale_from is not None:
        marks.append(f"STALE since {cells.instant(answer.stale_from)}")
    if answer.degraded:
        marks.append(f"DEGRADED: production cannot be read ({answer.degraded})")
    if answer.retired is not None:
        marks.append(f"RETIRED since {cells.instant(answer.retired)}")
    return "".join(f"; {mark}" for mark in marks)


def _carried_over(answer: Answer) -> str:
    """That the rows are not all of this version's run; of one estimate, whether it is not."""
    mark = answer.body.get("carried_over")
    if mark is None or mark.get("this") is False:
        return ""
    if mark.get("this"):
        return f"; carried over from version {mark['since']}"
    groups = ", ".join(mark["groups"])
    return f"; {mark['by']} {groups} carried over from version {mark['since']}"


def _show_estimate(answer: Answer, source: str, contract: Contract) -> None:
    terminal.line(source, "bold")
    terminal.pairs(
        [
            (
                cells.column_title(name, contract),
                "–  (no estimate)" if value is None else cells.plain(value),
            )
            for name, value in answer.body["estimate"].items()
        ]
    )


def _show_page(page: Page, source: str, contract: Contract) -> None:
    rows = page.body["estimates"]
    terminal.line(f"{source}, {len(rows)} of {page.total} estimates", "bold")
    _show_rows(rows, contract)
    if page.cursor is not None:
        terminal.line(f"next page: the same command with --cursor {page.cursor}")


def _show_many(answer: Answer, source: str, contract: Contract) -> None:
    results = answer.body["results"]
    having = sum(result["status"] == "ok" for result in results)
    terminal.line(f"{source}, {having} of {len(results)} keys have an estimate", "bold")
    rows = [
        (result.get("estimate") or dict(zip(contract.key, result.get("key", ()), strict=False)))
        | {"status": result["status"]}
        for result in results
    ]
    _show_rows(rows, contract, "status")


def _show_rows(rows: list[dict[str, Any]], contract: Contract, *more: str) -> None:
    names = [*contract.key, *cells.present_columns(rows, contract), *more]
    terminal.table(
        [cells.column_title(name, contract) for name in names],
        [[cells.plain(row.get(name)) for name in names] for row in rows],
        optional=cells.less_needed(names, contract),
    )


def keys_of_file(
    path: str, contract: Contract, options: TextOptions | None = None
) -> list[list[Any]]:
    """Keys from a JSON list of lists (or the body of an HTTP batch), or from the key columns of a
    table.

    options  how the text of a table is read
    Raises InvalidError (`no_file`, `bad_keys`, `null_key`).
    """
    if path != "-" and not path.endswith(".json"):
        return _keys_of_table(path, contract, options)
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text()
        content = msgspec.json.decode(text)
        keys = content["keys"] if isinstance(content, dict) else content
        return msgspec.convert(keys, list[list[str | int]])
    except OSError as error:
        reason = error.strerror or error
        raise InvalidError(
            "no_file",
            f"{path}: cannot be read: {reason}",
            remedy="name a file that is there and that you may read",
        ) from None
    except (msgspec.MsgspecError, UnicodeDecodeError, KeyError) as error:
        raise InvalidError(
            "bad_keys",
            f"{path}: not a JSON list of keys: {error}",
            remedy='write it as [["AAPL", "2021-12-30"]]',
        ) from None


def _keys_of_table(path: str, contract: Contract, options: TextOptions | None) -> list[list[Any]]:
    from estimates_jobs.tables.table_files import read_keys

    keys = read_keys(path, contract, options)
    empty = keys.height - keys.drop_nulls().height
    if empty:
        raise InvalidError(
            "null_key",
            f"{path}: {empty} rows have an empty key column",
            remedy="fill them in, or leave these rows out",
        )
    return [list(row) for row in keys.iter_rows()]
