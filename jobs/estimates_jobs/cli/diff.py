"""`estimates diff`: what changed from one version, or one file, to another.

Its JSON is the body that HTTP sends, byte for byte.
"""

from __future__ import annotations

from typing import Any

import click

from estimates.contract.contract import PAIRINGS
from estimates_jobs.cli.diff_output import show_tables, show_versions
from estimates_jobs.cli.diff_request import (
    CHANGES_ON_A_PAGE,
    WRITTEN_KINDS,
    DiffRequest,
    check_options,
    check_pairing,
    check_why,
    is_ref,
)
from estimates_jobs.cli.diff_tables import (
    file_and_version,
    naming_other_meanings,
    two_files,
)
from estimates_jobs.cli.interface.command import Options, columns_option, command
from estimates_jobs.cli.interface.failures import ANSWER_IS_NO
from estimates_jobs.cli.interface.table_options import table_options


@command(
    "estimates diff old.csv new.csv --key customer_id           # two files: no store, no contract",
    "estimates diff old.parquet new.csv --key shop,day --group shop --rtol 0.05",
    "estimates diff old.csv new.csv --key customer_id --changes --output changes.parquet",
    "estimates diff churn production next-week.csv              # a version against a file",
    "estimates diff sp500-close 3 4                             # two versions of a set",
    "estimates diff churn --against http://old:8000             # does the old service say the "
    "same?",
    "estimates diff sp500-close production latest",
    "estimates diff sp500-close 3 4 --pairing same_horizon      # tomorrow then against "
    "tomorrow now",
    "estimates diff churn 3 production --to-set churn-new       # versions of two sets with "
    "the same key",
    "estimates diff sp500-close 3 4 --format html > diff.html   # one page with pictures; also "
    "--format markdown",
    "estimates diff sp500-close 3 4 --format json | jq .columns.value.scalar.r",
    "estimates diff churn production latest --fail-on 'material > 1 %'   # exits 1 beyond it",
    "estimates diff sp500-close 3 4 --why                       # how much is data, how much "
    "parameters",
    "estimates diff sp500-close 3 4 --changes                   # key by key, what moved most "
    "first",
    "estimates diff sp500-close 3 4 --changes AAPL --by value.r --min-change 0.05",
    "estimates diff sp500-close 3 4 --changes --limit 10000 --format csv > changes.csv",
    forms=("csv", "markdown", "html"),
)
@click.argument("words", metavar="[SET FROM TO | OLD NEW] [KEY]...", nargs=-1)
@columns_option("--key", help="Two files: the columns that identify a row; the rest is guessed.")
@click.option(
    "--contract",
    metavar="FILE",
    help="Two files: what their columns are, in place of --key and guesses.",
)
@click.option(
    "--rtol",
    type=float,
    help="With --key: a change up to this share is not material. Default: 0.01; with --against "
    "1e-9.",
)
@click.option("--atol", type=float, help="Nor is one up to this much. Default: 0.")
@columns_option("--group", "groups", help="With --key: break the changes down by these columns.")
@columns_option(
    "--estimates", help="With --key: columns that are estimates, where their names do not say so."
)
@click.option(
    "--timezone",
    metavar="ZONE",
    help="Files: of times that name no zone. Default: the contract's, else UTC.",
)
@click.option(
    "--to-set",
    metavar="SET",
    help="TO is a version of this other set, whose key has to be the same.",
)
@click.option(
    "--against",
    metavar="URL-OR-TABLE",
    help="In place of FROM: what another service has in production, a file or SQL that begins with "
    "SELECT. TO is production where it is not said. Exits 1 when the two do not agree.",
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
    help="Sort the changes by, such as close.r. Default: d of the first point, else of the median.",
)
@click.option("--min-change", type=float, help="Leave out changes whose metric is smaller.")
@click.option("--limit", type=int, help=f"Changes on a page. Default: {CHANGES_ON_A_PAGE}.")
@click.option(
    "--cursor", metavar="TEXT", help="The next page of changes; printed at the end of each page."
)
@click.option(
    "--output",
    metavar="FILE",
    help=f"Write all changes to a file that ends in {', '.join(WRITTEN_KINDS)}.",
)
@click.option(
    "--fail-on",
    "fail_on",
    multiple=True,
    metavar="LIMIT",
    help="Exit 1 where a number of the report is beyond this, such as 'material > 1 %', 'removed "
    "> 0' or 'close.r.p95 > 0.2'; of several columns the worst counts.",
)
@table_options
def diff(options: Options, **arguments: Any) -> int:
    """How stable the estimates are: keys, changes per key, intervals, largest moves, from one
    version to another.

    Two files need no store: OLD NEW --key COLUMNS. CSV, JSON, Parquet and Arrow, also folders and
    globs, below s3:// and at https://; - is standard input.
    Columns that both have are compared; what they are is guessed from both files and said on
    standard error. No file is made.

    In a store: SET FROM TO. FROM and TO are version numbers, aliases or latest; a word with a dot,
    a slash or a capital letter is a file, which is read as the set's contract says (./scores, where
    it has none of them).

    With --changes key by key: old and new value, d = new - old, the change, and what
    else is measured. With --why, in a store: the job again with the new data and the old
    parameters, the old data and the new parameters, and with nothing changed, which tells how much
    is noise. Inputs and code must be those of the versions; where they are not, it says so. Nothing
    is stored. Exits 0 whether anything changed or not; with --fail-on 1 where it is beyond a limit.

    With --against at a cut-over: SET alone, or SET TO. The two agree when they have the same keys
    and no number differs by more than --atol and --rtol times the larger one (default: 1e-9).
    """
    request = DiffRequest(**arguments)
    if request.why:
        check_why(options, request)
        from estimates_jobs.cli.diff_why import show_why

        show_why(options, *request.words)
        return 0
    check_options(options, request)
    if request.against is not None:
        return _diff_against(options, request)
    if request.to_set is not None:
        show_versions(options, options.open_to_read()[request.words[0]], request)
    elif request.of_two_files:
        show_tables(options, two_files(request, options.tables), request.words[2:], request)
    else:
        _diff_in_store(options, request)
    return 0


def _diff_against(options: Options, request: DiffRequest) -> int:
    from estimates_jobs.cli.diff_against import against, agreement

    tables = against(options, request)
    outcome = agreement(tables, request.rtol, request.atol)
    show_tables(options, tables, request.prefix, request, outcome)
    return 0 if outcome.agrees else ANSWER_IS_NO


def _diff_in_store(options: Options, request: DiffRequest) -> None:
    set_name, old, new, *prefix = request.words
    with naming_other_meanings(set_name, old, new):
        if is_ref(old) and is_ref(new):
            show_versions(options, options.open_to_read()[set_name], request)
        else:
            check_pairing(request)
            tables = file_and_version(
                options.open_to_read(),
                set_name,
                old,
                new,
                options.tables,
                timezone=request.timezone,
            )
            show_tables(options, tables, prefix, request)
