"""The command that compares: diff. Its JSON is the body that HTTP sends, byte for byte."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from estimates.compare.change_page import full_name
from estimates.compare.queries import ChangeQuery
from estimates.contract.contract import PAIRINGS, Pairing
from estimates.errors import InvalidError
from estimates.stability.changes import check_change_query
from estimates.stability.pages.report_markdown import render_markdown
from estimates.stability.pages.report_text import render_json, render_text
from estimates.stability.pages.sections import PAIRED
from estimates.stability.paired_contract import by_step
from estimates_jobs.cli import show
from estimates_jobs.cli.changes import show_changes
from estimates_jobs.cli.columns import columns
from estimates_jobs.cli.command import PAGES, Options, command
from estimates_jobs.cli.two_files import (
    beside_version,
    guess_line,
    is_file,
    is_ref,
    other_readings,
    two_files,
)

if TYPE_CHECKING:
    import polars as pl

    from estimates.client import RemoteSet
    from estimates.compare.two_tables import TwoTables
    from estimates.stability.pages.pictures import Pictures
    from estimates.stability.report import Report
    from estimates.store.estimate_set import EstimateSet

_LIMIT = 1000  # changes on a page, as everywhere
_WRITERS = (".parquet", ".csv", ".arrow")
_FOR_FILES = (
    "--key and --contract are for two files: OLD NEW, and with --changes a KEY after them; "
    "SET FROM TO goes without, because the set's contract says the key"
)

_FOR_VERSIONS = "--pairing is for two versions: a file has no moment through which its data go"


class Wanted(msgspec.Struct, frozen=True):
    """Which changes are asked for: the options of --changes; None where one was not given."""

    by: str | None
    min_change: float | None
    limit: int | None
    cursor: str | None
    output: str | None

    @property
    def rows(self) -> int:
        """How many changes at most."""
        return _LIMIT if self.limit is None else self.limit

    @property
    def question(self) -> dict[str, Any]:
        """What decides which changes there are, and in which order."""
        return {"by": self.by, "min_change": self.min_change or 0.0}


_ANY = Wanted(None, None, None, None, None)


@command(
    "diff",
    examples=(
        "estimates diff old.csv new.csv --key customer_id           # two files: no store, no "
        "contract",
        "estimates diff old.parquet new.csv --key shop,day --group shop --rtol 0.05",
        "estimates diff old.csv new.csv --key customer_id --changes --output changes.parquet",
        "estimates diff churn production next-week.csv              # a version against a file",
        "estimates diff sp500-close 3 4                             # two versions of a set",
        "estimates diff sp500-close production latest",
        "estimates diff sp500-close 3 4 --pairing same_horizon      # tomorrow then against "
        "tomorrow now",
        "estimates diff churn 3 production --to-set churn-new       # versions of two sets with "
        "the same key",
        "estimates diff sp500-close 3 4 --format html > diff.html   # one page with pictures; also "
        "--format markdown",
        "estimates diff sp500-close 3 4 --format json | jq .columns.close.scalar.r",
        "estimates diff sp500-close 3 4 --why                       # how much is data, how much "
        "parameters",
        "estimates diff sp500-close 3 4 --changes                   # key by key, what moved most "
        "first",
        "estimates diff sp500-close 3 4 --changes AAPL --by close.r --min-change 0.05",
        "estimates diff sp500-close 3 4 --changes --limit 10000 --format csv > changes.csv",
    ),
    forms=("csv", "markdown", "html"),
)
@click.argument("words", metavar="[SET FROM TO | OLD NEW] [KEY]...", nargs=-1)
@columns("--key", help="Two files: the columns that identify a row; the rest is guessed.")
@click.option(
    "--contract",
    metavar="FILE",
    help="Two files: what their columns are, in place of --key and guesses.",
)
@click.option(
    "--rtol",
    type=float,
    help="With --key: a change up to this share is not material. Default: 0.01.",
)
@click.option("--atol", type=float, help="With --key: nor is one up to this much. Default: 0.")
@columns("--group", "groups", help="With --key: break the changes down by these columns.")
@click.option(
    "--to-set",
    metavar="SET",
    help="TO is a version of this other set, whose key has to be the same.",
)
@click.option(
    "--pairing",
    type=click.Choice(PAIRINGS),
    help="Which keys are compared, if not as the contract says.",
)
@click.option(
    "--changes",
    is_flag=True,
    help="The keys that changed, with how far; of a leading part of the KEY.",
)
@click.option(
    "--why",
    is_flag=True,
    help="Split the change into data and parameters: runs the job up to four times.",
)
@click.option(
    "--by",
    metavar="METRIC",
    help="Sort the changes by, such as close.r. Default: d of the first point.",
)
@click.option("--min-change", type=float, help="Leave out changes whose metric is smaller.")
@click.option("--limit", type=int, help=f"Changes on a page. Default: {_LIMIT}.")
@click.option(
    "--cursor", metavar="TEXT", help="The next page of changes; printed at the end of each page."
)
@click.option(
    "--output",
    metavar="FILE",
    help=f"Write all changes to a file that ends in {', '.join(_WRITERS)}.",
)
def diff(
    options: Options,
    words: tuple[str, ...],
    key: list[str] | None,
    contract: str | None,
    rtol: float | None,
    atol: float | None,
    groups: list[str] | None,
    to_set: str | None,
    pairing: Pairing | None,
    changes: bool,
    why: bool,
    **asked: Any,
) -> None:
    """How stable the estimates are: keys, changes per key, intervals, largest moves, from one
    version to another.

    Two files need no store: OLD NEW --key COLUMNS. CSV, Parquet and Arrow; - is standard input.
    Columns that both have are compared; what they are is guessed from both files and said on
    standard error. No file is made.

    In a store: SET FROM TO. FROM and TO are version numbers, aliases or latest; a word with a dot,
    a slash or a capital letter is a file, which is read as the set's contract says (./scores, where
    it has none of them).

    With --changes key by key: old and new value, d = new - old, r relative to their mean, and what
    else is measured. With --why, in a store: the job again with the new data and the old
    parameters, the old data and the new parameters, and with nothing changed, which tells how much
    is noise. Inputs and code must be those of the versions; where they are not, it says so. Nothing
    is stored. Exits 0 whether anything changed or not.
    """
    wanted = Wanted(**asked)
    if why:
        alone = (
            key is contract is rtol is atol is groups is to_set is pairing is None and not changes
        )
        _why(options, words, alone=alone, wanted=wanted)
        return
    _check_options(options, words, wanted, changes=changes)
    if to_set is not None:
        _check_other(words, to_set, alone=key is contract is rtol is atol is groups is None)
        estimates = options.open_to_read()[words[0]]
        if changes:
            _show_changes(options, estimates, words[1:3], words[3:], wanted, pairing, to_set)
        else:
            _show_versions(options, estimates, words[1:], pairing, to_set)
        return
    if key is not None or contract is not None or len(words) == 2:
        if contract is not None and not (key is rtol is atol is groups is None):
            raise click.UsageError(
                "--contract says the key, the tolerance and the groups: give it alone"
            )
        if len(words) > 2 and not (changes and is_file(words[0])):
            raise click.UsageError(_FOR_FILES)
        if pairing is not None:
            raise click.UsageError(_FOR_VERSIONS)
        tables = two_files(words[:2], key, contract, rtol=rtol, atol=atol, groups=groups or [])
        _show_tables(options, tables, words[2:], wanted, changes=changes)
        return
    if not (rtol is atol is groups is None):
        raise click.UsageError(
            "--rtol, --atol and --group belong to --key; in a store the contract says them"
        )
    set_name, old, new, *prefix = words
    with other_readings(set_name, old, new):
        if not (is_ref(old) and is_ref(new)):
            if pairing is not None:
                raise click.UsageError(_FOR_VERSIONS)
            tables = beside_version(options.open_to_read(), set_name, old, new)
            _show_tables(options, tables, prefix, wanted, changes=changes)
            return
        estimates = options.open_to_read()[set_name]
        if changes:
            _show_changes(options, estimates, words[1:3], prefix, wanted, pairing)
        else:
            _show_versions(options, estimates, (old, new, *prefix), pairing)


def _check_other(words: Sequence[str], other: str, *, alone: bool) -> None:
    if len(words) < 3 or not alone:
        raise click.UsageError(
            "--to-set goes with SET FROM TO; the contract of SET says key, tolerance and groups"
        )
    if other == words[0]:
        raise click.UsageError("TO is in SET already: leave --to-set out")


def _why(options: Options, words: Sequence[str], *, alone: bool, wanted: Wanted) -> None:
    if len(words) != 3 or not alone or wanted != _ANY or options.format not in ("text", "json"):
        raise click.UsageError("--why stands alone, after SET FROM TO, with --format text or json")
    files = [word for word in words[1:] if not is_ref(word)]
    if files:
        raise click.UsageError(
            f"--why compares two versions: it runs their jobs again; {files[0]} names a file"
        )
    from estimates_jobs.cli.why import show_why

    show_why(options, *words)


def _check_options(
    options: Options, words: Sequence[str], wanted: Wanted, *, changes: bool
) -> None:
    """Raises UsageError for too few words, and for options that do not go together."""
    if changes and options.format in PAGES:
        raise click.UsageError("--changes are printed as text, JSON or CSV, not as a page")
    if len(words) < 2:
        raise click.UsageError(
            "two files: OLD NEW --key COLUMNS; two versions of a set: SET FROM TO"
        )
    if not changes and (options.csv or wanted != _ANY):
        raise click.UsageError(
            "--by, --min-change, --limit, --cursor, --output and --format csv need --changes"
        )
    if wanted.output is not None:
        if wanted.limit is not None or wanted.cursor is not None:
            raise click.UsageError(
                "--output writes all changes: it takes neither --limit nor --cursor"
            )
        if Path(wanted.output).suffix not in _WRITERS:
            raise click.UsageError(f"--output: the name of the file ends in {', '.join(_WRITERS)}")


def _show_versions(
    options: Options,
    estimates: EstimateSet | RemoteSet,
    words: Sequence[str],
    pairing: Pairing | None,
    other: str | None = None,
) -> None:
    """The report of two versions, FROM and TO; the second may be one of another set."""
    if len(words) > 2:
        raise click.UsageError("a KEY needs --changes")
    old, new = words
    if options.format == "html":
        show.page(estimates.page(old, new, pairing=pairing, other=other))
    else:
        _show_report(options, estimates.diff(old, new, pairing=pairing, other=other))


def _show_report(
    options: Options, report: Report, pictures: Callable[[], Pictures] | None = None
) -> None:
    if options.json:
        show.body(render_json(report))
    elif options.format == "markdown":
        show.page(render_markdown(report))
    elif options.format == "html":
        from estimates.stability.pages.report_html import render_html

        show.page(render_html(report, None if report.identical or pictures is None else pictures()))
    else:
        show.page(render_text(report))


def _show_changes(
    options: Options,
    estimates: EstimateSet | RemoteSet,
    refs: Sequence[str],
    key: Sequence[str],
    wanted: Wanted,
    pairing: Pairing | None,
    other: str | None = None,
) -> None:
    """Changes between two versions, the second perhaps of another set: all of them into a file, or
    a page.
    """
    old, new = refs
    question = wanted.question | {"key": key, "pairing": pairing, "other": other}
    if wanted.output is not None:
        _write(estimates.changes(old, new, **question), wanted.output)
        return
    page = estimates.changes_page(old, new, limit=wanted.rows, cursor=wanted.cursor, **question)
    if options.json:
        show.body(page.json)
        return
    contract = estimates.contract_of_changes(page)
    rows = page.frame(contract)
    if options.csv:
        _show_csv(
            rows, page.total, None if page.cursor is None else f"next page: --cursor {page.cursor}"
        )
        return
    body = page.body
    first = body["from"] if other is not None else full_name(page.set, body["from"])
    what = f"{first} → {body['to']}{PAIRED.get(body['pairing'], '')}"
    show_changes(what, rows, page.total, body["by"], contract, key)
    if page.cursor is not None:
        show.line(f"next page: the same command with --cursor {page.cursor}")


def _show_tables(
    options: Options, tables: TwoTables, key: Sequence[str], wanted: Wanted, *, changes: bool
) -> None:
    """The report of two tables, or their changes."""
    if not options.json and tables.guessed:
        click.echo(guess_line(tables), err=True)
    if not changes:
        if key:
            raise click.UsageError("a KEY needs --changes")
        _show_report(options, tables.report(), tables.pictures)
        return
    if wanted.cursor is not None:
        raise click.UsageError(
            "--cursor goes on with versions; of files show more with --limit, or all with --output"
        )
    rows = tables.changes(ChangeQuery(wanted.by, wanted.min_change or 0.0, tuple(key)))
    if wanted.output is not None:
        _write(rows, wanted.output)
        return
    limit = wanted.rows
    if limit < 1:
        raise InvalidError("bad_limit", f"limit {limit} is less than 1")
    more = "show more with --limit, or all with --output" if rows.height > limit else None
    if options.csv:
        _show_csv(rows[:limit], rows.height, more)
        return
    by, _ = check_change_query(tables.contract, wanted.by, wanted.min_change or 0.0, key)
    if options.json:
        from estimates.compare.change_rows import body

        head = {"set": tables.set, "from": tables.names[0], "to": tables.names[1], "by": by}
        head |= {"pairing": tables.contract.stability.pairing}
        head |= {"total": rows.height, "limit": limit, "next": None}
        show.body(body(head, rows[:limit], by_step(tables.contract)))
        return
    what = (
        f"{tables.names[0]} → {tables.names[1]}{PAIRED.get(tables.contract.stability.pairing, '')}"
    )
    show_changes(what, rows[:limit], rows.height, by, tables.contract, key)
    if more is not None:
        show.line(more)


def _show_csv(rows: pl.DataFrame, total: int, more: str | None) -> None:
    from estimates.reading.tabular import csv

    show.body(csv(rows))
    if more is not None:
        click.echo(f"{total:,} changes in all; {more}", err=True)


def _write(rows: pl.DataFrame, file: str) -> None:
    """All changes as a file of the kind that its name ends in; raises InvalidError (`not_written`)."""
    import polars as pl

    from estimates.reading.tabular import csv

    try:
        if file.endswith(".csv"):
            Path(file).write_bytes(csv(rows))
        elif file.endswith(".parquet"):
            rows.write_parquet(file)
        else:
            rows.write_ipc(file, compat_level=pl.CompatLevel.oldest())
    except OSError as error:
        raise InvalidError(
            "not_written", f"{file}: cannot be written: {error.strerror or error}"
        ) from None
    click.echo(f"{rows.height:,} changes written to {file}", err=True)
