"""What `estimates diff` prints or writes: a report, or changes key by key."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import click
import msgspec

from estimates.compare.change_page import full_name
from estimates.compare.queries import ChangeQuery
from estimates.errors import InvalidError
from estimates.stability.changes import check_change_query
from estimates.stability.pages.report_markdown import render_markdown
from estimates.stability.pages.report_text import render_json, render_text
from estimates.stability.pages.sections import PAIRED
from estimates.stability.paired_contract import by_step
from estimates_jobs.cli.diff_limits import check_limits
from estimates_jobs.cli.diff_request import DiffRequest
from estimates_jobs.cli.diff_tables import guess_line
from estimates_jobs.cli.interface.command import Options
from estimates_jobs.cli.output import terminal
from estimates_jobs.cli.output.change_table import show_changes
from estimates_jobs.cli.output.dated_page import dated_page
from estimates_jobs.cli.output.file_writing import writing
from estimates_jobs.cli.output.notices import notice

if TYPE_CHECKING:
    import polars as pl

    from estimates.client import RemoteSet
    from estimates.compare.two_tables import TwoTables
    from estimates.stability.pages.pictures import Pictures
    from estimates.stability.report import Report
    from estimates.store.estimate_set import EstimateSet
    from estimates_jobs.cli.diff_against import Agreement


def show_versions(
    options: Options, estimates: EstimateSet | RemoteSet, request: DiffRequest
) -> None:
    """The report of two versions, FROM and TO, or their changes; TO may be one of another set."""
    _, old, new, *prefix = request.words
    if request.changes:
        _show_changes_of_versions(options, estimates, request)
        return
    _check_no_key(prefix)
    pairing, other = request.pairing, request.to_set
    if options.format == "html":
        page = estimates.page(old, new, pairing=pairing, other=other)
        terminal.html(page if other else dated_page(page, estimates, (old, new)))
        if request.fail_on:
            check_limits(request.fail_on, estimates.diff(old, new, pairing=pairing, other=other))
    else:
        report = estimates.diff(old, new, pairing=pairing, other=other)
        _show_report(options, report)
        check_limits(request.fail_on, report)


def show_tables(
    options: Options,
    tables: TwoTables,
    prefix: Sequence[str],
    request: DiffRequest,
    agreement: Agreement | None = None,
) -> None:
    """The report of two tables, or their changes; `prefix` is a leading part of a key,
    `agreement` whether they agree.
    """
    if not options.json and tables.guessed:
        notice(guess_line(tables))
    if request.changes:
        _show_changes_of_tables(options, tables, prefix, request)
    else:
        _check_no_key(prefix)
        report = tables.report()
        _show_report(options, report, tables.pictures, agreement)
        check_limits(request.fail_on, report)
    if agreement is not None and not options.json:
        sentence = agreement.text(str(tables.names[0]))
        (terminal.page if options.format == "text" else notice)(sentence)


def _check_no_key(prefix: Sequence[str]) -> None:
    if prefix:
        raise click.UsageError("a KEY needs --changes")


def _show_report(
    options: Options,
    report: Report,
    pictures: Callable[[], Pictures] | None = None,
    agreement: Agreement | None = None,
) -> None:
    if options.json:
        body = render_json(report)
        if agreement is not None:
            content = msgspec.json.decode(body) | {"agreement": agreement}
            body = msgspec.json.format(msgspec.json.encode(content), indent=2)
        terminal.body(options.with_notes(body))
    elif options.format == "markdown":
        terminal.page(render_markdown(report))
    elif options.format == "html":
        from estimates.stability.pages.report_html import render_html

        drawn = None if report.identical or pictures is None else pictures()
        terminal.html(render_html(report, drawn))
    else:
        terminal.report(lambda: render_text(report))


def _show_changes_of_versions(
    options: Options, estimates: EstimateSet | RemoteSet, request: DiffRequest
) -> None:
    """All changes into a file, or a page of them."""
    _, old, new, *prefix = request.words
    query = {
        "by": request.by,
        "min_change": request.smallest_change,
        "key": prefix,
        "pairing": request.pairing,
        "other": request.to_set,
    }
    if request.output is not None:
        _write(options, estimates.changes(old, new, **query), request.output)
        return
    page = estimates.changes_page(old, new, limit=request.rows, cursor=request.cursor, **query)
    if options.json:
        terminal.body(page.json)
        return
    contract = estimates.contract_of_changes(page)
    rows = page.frame(contract)
    if options.csv:
        _show_csv(options, rows, page.total, page.cursor and f"next page: --cursor {page.cursor}")
        return
    body = page.body
    first = full_name(page.set, body["from"]) if request.to_set is None else body["from"]
    title = f"{first} → {body['to']}{PAIRED.get(body['pairing'], '')}"
    show_changes(title, rows, page.total, body["by"], contract, prefix)
    if page.cursor is not None:
        terminal.line(f"next page: the same command with --cursor {page.cursor}")


def _show_changes_of_tables(
    options: Options, tables: TwoTables, prefix: Sequence[str], request: DiffRequest
) -> None:
    if request.cursor is not None:
        raise click.UsageError(
            "--cursor goes on with versions; of files show more with --limit, or all with --output"
        )
    rows = tables.changes(ChangeQuery(request.by, request.smallest_change, tuple(prefix)))
    if request.output is not None:
        _write(options, rows, request.output)
        return
    limit = request.rows
    if limit < 1:
        raise InvalidError(
            "bad_limit", f"limit {limit} is less than 1", remedy="give one of at least 1"
        )
    more = "show more with --limit, or all with --output" if rows.height > limit else None
    if options.csv:
        _show_csv(options, rows[:limit], rows.height, more)
        return
    contract, (old, new) = tables.contract, tables.names
    pairing = contract.stability.pairing
    by, _ = check_change_query(contract, request.by, request.smallest_change, prefix)
    if options.json:
        from estimates.compare.change_rows import body

        head = {"set": tables.set, "from": old, "to": new, "by": by, "pairing": pairing}
        head |= {"total": rows.height, "limit": limit, "next": None}
        terminal.body(options.with_notes(body(head, rows[:limit], by_step(contract))))
        return
    title = f"{old} → {new}{PAIRED.get(pairing, '')}"
    show_changes(title, rows[:limit], rows.height, by, contract, prefix)
    if more is not None:
        terminal.line(more)


def _show_csv(options: Options, rows: pl.DataFrame, total: int, more: str | None) -> None:
    terminal.csv_of(rows, no_formulas=options.no_formulas)
    if more is not None:
        notice(f"{total:,} changes in all; {more}")


def _write(options: Options, rows: pl.DataFrame, file: str) -> None:
    """All changes as a file of the kind that its name ends in."""
    import polars as pl

    from estimates.reading.tabular import csv

    with writing(file) as path:
        if path.suffix == ".csv":
            path.write_bytes(csv(rows, formulas=not options.no_formulas))
        elif path.suffix == ".parquet":
            rows.write_parquet(path)
        else:
            rows.write_ipc(path, compat_level=pl.CompatLevel.oldest())
    notice(f"{rows.height:,} changes written to {file}")
