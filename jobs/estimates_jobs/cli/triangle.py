"""`estimates triangle`: how the estimates of a set get revised."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

import click
import polars as pl

from estimates.contract.columns import key_text
from estimates.render.change_text import plain_change, size
from estimates.render.wording import count, percent
from estimates.stability.through_time.revision_report import (
    Across,
    Chains,
    Middle,
    NewsOrNoise,
    Revisions,
    RevisionStatistics,
)
from estimates_jobs.cli.interface.command import Options, command, set_argument
from estimates_jobs.cli.interface.table_options import table_options
from estimates_jobs.cli.output import cells, terminal
from estimates_jobs.cli.output.cells import four_digits
from estimates_jobs.cli.output.chain_text import LEGEND, other_shapes, reason, with_reasons
from estimates_jobs.cli.output.frame_page import frame_page

if TYPE_CHECKING:
    from estimates.client import RemoteSet
    from estimates.contract.contract import Contract
    from estimates.store.estimate_set import EstimateSet
    from estimates_jobs.tables.text_options import TextOptions

_STEPS = re.compile(r"h\d+")  # a column of what was said so many steps before the target
_SHOWN = 20  # rows of the triangle on a page
_OF_STATISTICS = (
    "s.e.: standard error of the mean; RMS: root mean square; relative: all revisions as a share "
    "of all later estimates; noise/signal: how far revisions spread, beside estimates; autocorr.: "
    "of a revision with the one before"
)


@command(
    "estimates triangle sp500-close AAPL                  # a row a target date, a column a "
    "horizon",
    "estimates triangle sp500-close                       # how all estimates get revised",
    "estimates triangle sp500-close --actuals closes.csv  # was it news?",
    "estimates triangle sp500-close AAPL --across version --format csv > triangle.csv",
    forms=("csv", "html"),
)
@set_argument
@click.argument("key", metavar="[KEY]...", nargs=-1)
@click.option(
    "--column", metavar="NAME", help="The column. Default: the first point, else the median."
)
@click.option(
    "--across",
    type=click.Choice(["horizon", "version"]),
    help="Columns. Default: horizons if there are any.",
)
@click.option(
    "--actuals",
    metavar="FILE-OR-SQL",
    help="What became of the keys, as for score: was it news or noise?",
)
@table_options
def triangle(
    options: Options,
    set_name: str,
    key: tuple[str, ...],
    column: str | None,
    across: Across | None,
    actuals: str | None,
) -> None:
    """The revision triangle: a row a key, a column a horizon (or a version), and statistics of the
    revisions.

    Without a KEY, only the statistics, over all keys. CSV is the triangle, JSON both. The formulas
    are in docs/stability.md.
    """
    estimates = options.open_to_read()[set_name]
    frame = (
        estimates.triangle(*key, column=column, across=across)
        if key or options.csv or options.json or options.format == "html"
        else None
    )
    if options.csv:
        assert frame is not None
        terminal.csv_of(frame, no_formulas=options.no_formulas)
        return
    if options.format == "html":
        assert frame is not None
        title = _page_title(estimates.contract, set_name, key, column)
        terminal.html(frame_page(title, frame, *_legends(frame.columns)))
        return
    revisions = _revisions(estimates, key, column, actuals, options.tables)
    if options.json:
        from estimates.compare.vintages import triangle_json

        assert frame is not None
        terminal.body(options.with_notes(triangle_json(frame, revisions)))
        return
    _show_title(revisions, other_shapes(estimates.versions(), revisions.versions))
    if not revisions.keys:
        return
    if frame is not None:
        _show_triangle(frame, len(estimates.contract.key))
    _show_statistics(revisions)


def _revisions(
    estimates: EstimateSet | RemoteSet,
    key: tuple[str, ...],
    column: str | None,
    actuals: str | None,
    tables: TextOptions,
) -> Revisions:
    from estimates.store.estimate_set import EstimateSet

    if actuals is None:
        return estimates.revisions(*key, column=column)
    if not isinstance(estimates, EstimateSet):
        raise click.UsageError("--actuals needs the store itself: a service reads no files")
    from estimates_jobs.tables.actual_values import read_actual_values

    return estimates.revisions(
        *key, column=column, actuals=read_actual_values(actuals, estimates.contract, tables)
    )


def _show_title(revisions: Revisions, left_out: str | None) -> None:
    name = f"{revisions.set} {'/'.join(revisions.key)}".rstrip()
    size = f"{count(revisions.keys, 'key')} in {count(len(revisions.versions), 'version')}"
    terminal.line(f"{name}: {revisions.column}{_unit(revisions)}, {size}", "bold")
    if left_out is not None:
        terminal.line(left_out, "dim")
    if not revisions.keys:
        this_key = "this key with " if revisions.key else ""
        terminal.line(f"no version has {this_key}a number")


def _show_triangle(frame: pl.DataFrame, key_columns: int) -> None:
    """The newest rows; a number is as bright as it moved against the one before."""
    newest = frame.tail(_SHOWN)
    columns = [
        name
        for position, name in enumerate(newest.columns)
        if position < key_columns or newest[name].null_count() < newest.height
    ]
    rows: list[list[cells.Cell]] = []
    for row in newest.select(columns).iter_rows():
        before: float | None = None
        shown: list[cells.Cell] = [
            key_text(part) if isinstance(part, date) else part for part in row[:key_columns]
        ]
        for value in row[key_columns:]:
            shown.append("" if value is None else _shaded(before, value))
            before = before if value is None else value
        rows.append(shown)
    farthest_first = columns[key_columns:]  # of versions the oldest
    terminal.table(columns, rows, optional=farthest_first[:-2])
    for legend in _legends(farthest_first):
        terminal.line(legend, "dim")
    if frame.height > newest.height:
        terminal.line(
            f"the last {newest.height} of {frame.height:,} rows; all of them: --format csv", "dim"
        )


def _shaded(before: float | None, value: float) -> cells.Cell:
    change = 0.0 if before is None else plain_change(before, value) or 0.0
    colour = "green" if change > 0 else "red"
    style = "" if abs(change) < 0.01 else colour if abs(change) < 0.05 else f"bold {colour}"
    return four_digits(value, style)


def _show_statistics(revisions: Revisions) -> None:
    if not revisions.revisions:
        terminal.line("no key has two estimates: nothing was revised")
        return
    unit = _unit(revisions)
    terminal.section(f"revisions{unit}: the later estimate minus the one before")
    terminal.records(
        [_statistics_row(horizon) for horizon in revisions.revisions],
        optional=["autocorr.", "s.e.", "noise/signal"],
    )
    terminal.line(_OF_STATISTICS, "dim")
    if revisions.chains is not None:
        _show_chains(revisions.chains)
    if revisions.news_or_noise:
        terminal.section("news or noise: the actual value Y against the estimate P, R = Y − P")
        header = ["horizon", "n", "corr(R,P)", "corr(R,Y)", "alpha", "s.e.", "beta", "s.e.", ""]
        terminal.table(header, [_regression_row(horizon) for horizon in revisions.news_or_noise])


def _statistics_row(horizon: RevisionStatistics) -> dict[str, cells.Cell]:
    return {
        "horizon": "all" if horizon.horizon is None else horizon.horizon,
        "n": horizon.n,
        "mean": four_digits(horizon.mean),
        "s.e.": four_digits(horizon.mean_se),
        "mean abs.": four_digits(horizon.mean_absolute),
        "RMS": four_digits(horizon.root_mean_square),
        "relative": cells.right(percent(horizon.relative_mean_absolute)),
        "noise/signal": four_digits(horizon.noise_to_signal),
        "autocorr.": four_digits(horizon.autocorrelation),
    }


def _regression_row(horizon: NewsOrNoise) -> list[cells.Cell]:
    numbers = (
        horizon.corr_revision_estimate,
        horizon.corr_revision_actual,
        horizon.alpha,
        horizon.alpha_se,
        horizon.beta,
        horizon.beta_se,
    )
    first = "–" if horizon.horizon is None else horizon.horizon
    return [first, horizon.n, *map(four_digits, numbers), reason(horizon.reason or "")]


def _show_chains(chains: Chains) -> None:
    texts = {
        "availability": ("available", percent(chains.availability)),
        "previous_r": ("versus previous", _middle(chains.previous_plain, chains.measure)),
        "first_r": ("versus first", _middle(chains.first_plain, chains.measure)),
        "flip_share": ("flips", f"{percent(chains.flip_share)} of {chains.turns:,} turns"),
        "efficiency": ("path", _efficiency(chains.efficiency)),
        "autocorrelation": (
            "autocorrelation",
            f"{four_digits(chains.autocorrelation)}, {chains.pairs:,} pairs",
        ),
        "volatility": ("volatility", f"{percent(chains.volatility)} a version"),
    }
    terminal.section("of all keys together")
    terminal.pairs(with_reasons(texts, chains.reasons))
    terminal.line(LEGEND, "dim")


def _middle(quantiles: Middle | None, measure: str) -> str:
    if quantiles is None:
        return ""
    half = f"half of {quantiles.n:,} keys by at most {size(quantiles.p50, measure)}"
    return f"{half}, 19 of 20 by {size(quantiles.p95, measure)}"


def _efficiency(quantiles: Middle | None) -> str:
    if quantiles is None:
        return ""
    return f"half of {quantiles.n:,} keys at least {percent(quantiles.p50)} efficient"


def _unit(revisions: Revisions) -> str:
    return f" {revisions.unit}" if revisions.unit else ""


def _legends(columns: Sequence[str]) -> list[str]:
    by_step = any(map(_STEPS.fullmatch, columns[-1:]))
    return ["h3: said three steps before the target"] if by_step else []


def _page_title(contract: Contract, name: str, key: tuple[str, ...], column: str | None) -> str:
    from estimates.compare.vintages import triangle_column

    title = cells.column_title(triangle_column(contract, column), contract)
    return f"Triangle of {' '.join((name, *key))}: {title}"
