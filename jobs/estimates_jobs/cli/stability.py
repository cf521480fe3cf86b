"""The command that tells how stable a set was through time."""

from __future__ import annotations

import click

from estimates.compare.series_report import DEFAULT_LAST, PairMove, Series
from estimates.contract.contract import Contract
from estimates.reading.tabular import csv
from estimates.render.wording import number, percent
from estimates_jobs.cli import show
from estimates_jobs.cli.command import Options, command

_REASONS = {
    "other_shape": "not comparable: another shape",
    "expired": "not comparable: a version has expired",
}


@command(
    "stability",
    examples=(
        "estimates stability sp500-close",
        "estimates stability sp500-close --last 250 --format csv > stability.csv",
        "estimates stability sp500-close --as-of 2026-11-24T16:00:00Z",
    ),
    forms=("csv",),
)
@click.argument("set_name", metavar="SET")
@click.option(
    "--last", type=int, default=DEFAULT_LAST, show_default=True, help="So many moves of production."
)
@click.option(
    "--as-of", metavar="TIME", help="The moves until this time, such as 2026-11-24T16:00:00Z."
)
def stability(options: Options, set_name: str, last: int, as_of: str | None) -> None:
    """How stable through time: what each move of production changed, from one version to the next,
    rollbacks too.

    Changes are relative to the mean of old and new; the bars show the 95 % quantile.
    """
    estimates = options.open_to_read()[set_name]
    series = estimates.stability(last, as_of=as_of)
    if options.json:
        show.body(series.json)
    elif options.csv:
        show.body(csv(series.frame()))
    else:
        show_series(series, estimates.contract)


def show_series(series: Series, contract: Contract) -> None:
    """A table for each estimate column: when production moved, from where to where, and how far the
    values did.
    """
    pairs = series.pairs
    show.line(f"{series.set}, {len(pairs)} of {series.total} moves of production", "bold")
    if not pairs:
        show.line("production has not moved from one version to another yet")
        return
    in_a_row = contract.stability.frozen_after
    if in_a_row is not None:
        show.line(
            f"frozen: the share of keys whose estimates are the same in {in_a_row} versions "
            "in a row"
        )
    names = list(dict.fromkeys(name for pair in pairs for name in pair.columns))
    for name in names or [""]:
        column = contract.columns.get(name)
        if name:
            show.line()
            show.line(
                f"{name} [{column.unit}]" if column is not None and column.unit else name, "bold"
            )
        _show_column(pairs, name, frozen=in_a_row is not None)


def _show_column(pairs: list[PairMove], name: str, *, frozen: bool) -> None:
    sizes = [_size(pair, name) for pair in pairs]
    is_label = any(pair.columns[name].churn is not None for pair in pairs if name in pair.columns)
    header = ["moved at", "from", "to", "keys", "added", "removed"]
    header += ["frozen"] if frozen else []
    header += ["churn"] if is_label else ["median", "95 %", "material", "mean change", "sign flips"]
    rows = [
        [
            show.when(pair.promoted_at),
            pair.from_,
            pair.to,
            pair.common,
            pair.added,
            pair.removed,
            *([percent(pair.frozen_share)] if frozen else []),
            *_cells(pair, name, is_label=is_label),
            "  ".join(part for part in (bar, _note(pair)) if part),
        ]
        for pair, bar in zip(pairs, show.lengths(sizes), strict=True)
    ]
    show.table([*header, ""], rows)


def _cells(pair: PairMove, name: str, *, is_label: bool) -> list[str]:
    column = pair.columns.get(name)
    if column is None:
        return ["–"] * (1 if is_label else 5)
    if is_label:
        return [percent(column.churn)]
    shares = [percent(share) for share in (column.r_p50, column.r_p95, column.material_share)]
    return [*shares, number(column.mean_revision), percent(column.sign_flip_share)]


def _size(pair: PairMove, name: str) -> float | None:
    column = pair.columns.get(name)
    return None if column is None else column.r_p95 if column.churn is None else column.churn


def _note(pair: PairMove) -> str:
    notes = ["rolled back"] if pair.move == "rolled_back" else []
    if pair.move == "promoted" and pair.to < pair.from_:
        notes.append("an older version")
    if pair.reason is not None:
        notes.append(_REASONS.get(pair.reason, f"cannot be read: {pair.reason}"))
    if pair.identical:
        notes.append("identical")
    return ", ".join(notes)
