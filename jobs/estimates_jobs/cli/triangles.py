"""The command that shows the revision triangle of a set and how its estimates get revised."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import click
import polars as pl
from rich.text import Text

from estimates.contract.columns import key_text
from estimates.reading.tabular import csv
from estimates.render.wording import count
from estimates.stability.through_time.revision_report import (
    Across,
    Middle,
    NewsOrNoise,
    Revisions,
    RevisionStatistics,
)
from estimates_jobs.cli import show
from estimates_jobs.cli.chains import other_shapes, reason
from estimates_jobs.cli.command import Options, command

if TYPE_CHECKING:
    from estimates.client import RemoteSet
    from estimates.store.estimate_set import EstimateSet

_SHOWN = 20  # rows of the triangle on a page


@command(
    "triangle",
    examples=(
        "estimates triangle sp500-close AAPL                  # a row a target date, a column a "
        "horizon",
        "estimates triangle sp500-close                       # how all estimates get revised",
        "estimates triangle sp500-close --actuals closes.csv  # was it news?",
        "estimates triangle sp500-close AAPL --across version --format csv > triangle.csv",
    ),
    forms=("csv",),
)
@click.argument("set_name", metavar="SET")
@click.argument("key", metavar="[KEY]...", nargs=-1)
@click.option("--column", metavar="NAME", help="The column. Default: the first point.")
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
        if key or options.csv or options.json
        else None
    )
    if options.csv:
        assert frame is not None
        show.body(csv(frame))
        return
    found = _revisions(estimates, key, column, actuals)
    if options.json:
        from estimates.compare.vintages import triangle_json

        assert frame is not None
        show.body(triangle_json(frame, found))
        return
    _show(
        found,
        frame,
        len(estimates.contract.key),
        other_shapes(estimates.versions(), found.versions),
    )


def _revisions(
    estimates: EstimateSet | RemoteSet,
    key: tuple[str, ...],
    column: str | None,
    actuals: str | None,
) -> Revisions:
    from estimates.store.estimate_set import EstimateSet

    if not isinstance(estimates, EstimateSet):
        if actuals is not None:
            raise click.UsageError("--actuals needs the store itself: a service reads no files")
        return estimates.revisions(*key, column=column)
    if actuals is None:
        return estimates.revisions(*key, column=column)
    from estimates_jobs.tables.actual_values import read_actual_values

    return estimates.revisions(*key, column=column, actuals=read_actual_values(actuals))


def _show(found: Revisions, frame: pl.DataFrame | None, parts: int, hidden: str | None) -> None:
    of = "/".join(found.key)
    name = f"{found.set} {of}".rstrip()
    unit = f" {found.unit}" if found.unit else ""
    counted = f"{count(found.keys, 'key')} in {count(len(found.versions), 'version')}"
    show.line(f"{name}: {found.column}{unit}, {counted}", "bold")
    if hidden is not None:
        show.line(hidden, "dim")
    if not found.keys:
        show.line(
            "no version has this key with a number" if found.key else "no version has a number"
        )
        return
    if frame is not None:
        _show_triangle(frame, parts)
    if not found.revisions:
        show.line("no key has two estimates: nothing was revised")
        return
    show.line()
    show.line(f"revisions{unit}: the later estimate minus the one before", "bold")
    header = [
        "horizon",
        "n",
        "mean",
        "s.e.",
        "mean abs.",
        "RMS",
        "relative",
        "noise/signal",
        "autocorr.",
    ]
    show.table(header, [_row(one) for one in found.revisions])
    _show_chains(found)
    if found.news_or_noise:
        show.line()
        show.line("news or noise: the actual value Y against the estimate P, R = Y − P", "bold")
        header = ["horizon", "n", "corr(R,P)", "corr(R,Y)", "alpha", "s.e.", "beta", "s.e.", ""]
        show.table(header, [_regression(one) for one in found.news_or_noise])


def _show_triangle(frame: pl.DataFrame, parts: int) -> None:
    """The newest rows; a number is as bright as it moved against the one before."""
    last = frame.tail(_SHOWN)
    columns = [
        name
        for name in last.columns
        if name in last.columns[:parts] or last[name].null_count() < last.height
    ]
    rows: list[list[show.Cell]] = []
    for row in last.select(columns).iter_rows():
        before: float | None = None
        cells: list[show.Cell] = [
            key_text(part) if isinstance(part, date) else part for part in row[:parts]
        ]
        for value in row[parts:]:
            cells.append("" if value is None else _shaded(before, value))
            before = value if value is not None else before
        rows.append(cells)
    show.table(columns, rows)
    if frame.height > last.height:
        show.line(
            f"the last {last.height} of {frame.height:,} rows; all of them: --format csv", "dim"
        )


def _shaded(before: float | None, value: float) -> Text:
    middle = 0.0 if before is None else (abs(before) + abs(value)) / 2
    moved = 0.0 if before is None or not middle else (value - before) / middle
    colour = "green" if moved > 0 else "red"
    style = "" if abs(moved) < 0.01 else colour if abs(moved) < 0.05 else f"bold {colour}"
    return Text(_number(value), style=style, justify="right")


def _show_chains(found: Revisions) -> None:
    chains = found.chains
    if chains is None:
        return
    show.line()
    show.line("of all keys together", "bold")
    why = chains.reasons

    def told(metric: str, text: str) -> str:
        return f"–  ({reason(why[metric])})" if metric in why else text

    show.facts(
        [
            ("available", told("availability", _percent(chains.availability))),
            ("versus previous", told("previous_r", _middle(chains.previous_r))),
            ("versus first", told("first_r", _middle(chains.first_r))),
            ("flips", told("flip_share", f"{_percent(chains.flip_share)} of {chains.turns:,} turns")),
            ("path", told("efficiency", _efficiency(chains.efficiency))),
            ("autocorrelation", told("autocorrelation", f"{_number(chains.autocorrelation)}, "
                                                        f"{chains.pairs:,} pairs")),
            ("volatility", told("volatility", f"{_percent(chains.volatility)} a version")),
        ]
    )  # fmt: skip


def _row(one: RevisionStatistics) -> list[show.Cell]:
    return [
        "all" if one.horizon is None else one.horizon,
        one.n,
        *map(_number, (one.mean, one.mean_se, one.mean_absolute, one.root_mean_square)),
        _percent(one.relative_mean_absolute),
        _number(one.noise_to_signal),
        _number(one.autocorrelation),
    ]


def _regression(one: NewsOrNoise) -> list[show.Cell]:
    numbers: list[Any] = [
        one.corr_revision_estimate, one.corr_revision_actual, one.alpha, one.alpha_se, one.beta, one.beta_se,
    ]  # fmt: skip
    return [
        "–" if one.horizon is None else one.horizon,
        one.n,
        *map(_number, numbers),
        reason(one.reason or ""),
    ]


def _middle(found: Middle | None) -> str:
    return (
        ""
        if found is None
        else f"half of {found.n:,} keys by at most {found.p50:.2%}, 19 of 20 by {found.p95:.2%}"
    )


def _efficiency(found: Middle | None) -> str:
    return "" if found is None else f"half of {found.n:,} keys at least {found.p50:.1%} efficient"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.2%}"
