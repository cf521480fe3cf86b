"""`estimates stability`: how stable a set was through time."""

from __future__ import annotations

import click

from estimates.compare.series_report import DEFAULT_LAST, ColumnMove, PairMove, Series
from estimates.contract.contract import Contract
from estimates.render.change_text import size
from estimates.render.html import document, escaped, table
from estimates.render.section import Section
from estimates.render.wording import count, number, percent, signed_number
from estimates.stability.headline import main_columns
from estimates_jobs.cli.interface.command import Options, command, set_argument
from estimates_jobs.cli.output import cells, terminal
from estimates_jobs.cli.stability_frozen import show_frozen

_MOST = 10  # columns with a table each, on a terminal
_WHEN = "moved at"
_LAST = ("keys", "added", "removed", "frozen", _WHEN)  # on a page
_REASONS = {
    "other_shape": "not comparable: another shape",
    "expired": "not comparable: a version has expired",
}


@command(
    "estimates stability sp500-close",
    "estimates stability sp500-close --last 250 --format csv > stability.csv",
    "estimates stability sp500-close --as-of 2026-11-24T16:00:00Z",
    "estimates stability sp500-close --frozen --last 3   # what says the same three times",
    forms=("csv", "html"),
)
@set_argument
@click.option(
    "--frozen",
    "stands_still",
    is_flag=True,
    help="The keys that stand still: the same estimates, to the last digit, in each of the last "
    "versions in production.",
)
@click.option(
    "--last",
    type=int,
    help=f"So many moves of production; default: {DEFAULT_LAST}. With --frozen so many versions; "
    "default: what the contract says with frozen_after, else 5.",
)
@click.option(
    "--as-of", metavar="TIME", help="The moves until this time, such as 2026-11-24T16:00:00Z."
)
def stability(
    options: Options, set_name: str, stands_still: bool, last: int | None, as_of: str | None
) -> None:
    """How stable through time: what each move of production changed, from one version to the next,
    rollbacks too.

    Changes are relative to the old value, those of probabilities and shares in percentage points;
    the bars show the 95 % quantile.
    """
    estimates = options.open_to_read()[set_name]
    if stands_still:
        show_frozen(options, estimates.frozen(last, as_of=as_of), estimates.contract)
        return
    series = estimates.stability(DEFAULT_LAST if last is None else last, as_of=as_of)
    if options.json:
        terminal.body(series.json)
    elif options.csv:
        terminal.csv_of(series.frame(), no_formulas=options.no_formulas)
    elif options.format == "html":
        terminal.html(_page(series, estimates.contract))
    else:
        _show(series, estimates.contract)


def _show(series: Series, contract: Contract) -> None:
    """A table for each estimate column: when production moved, from where to where, and how far the
    values did.
    """
    pairs = series.pairs
    terminal.line(f"{series.set}, {len(pairs)} of {series.total} moves of production", "bold")
    if not pairs:
        terminal.line("production has not moved from one version to another yet")
        return
    for legend in _legends(contract):
        terminal.line(legend, "dim")
    has_frozen = contract.stability.frozen_after is not None
    names = list(dict.fromkeys(name for pair in pairs for name in pair.columns))
    shown = names
    if len(names) > _MOST:
        shown = main_columns({name: contract.columns[name].role for name in names})[:_MOST]
    for name in shown or [""]:
        if name:
            terminal.section(cells.column_title(name, contract))
        terminal.records(
            _records(pairs, name, has_frozen=has_frozen),
            optional=["added", "removed", "frozen", "sign flips", "mean change", "keys", _WHEN],
        )
    if len(shown) < len(names):
        more = count(len(names) - len(shown), "more column")
        terminal.line()
        terminal.line(f"and {more}: --format html or csv", "dim")


def _page(series: Series, contract: Contract) -> str:
    """The same tables as a page of HTML."""
    pairs = series.pairs
    names = dict.fromkeys(name for pair in pairs for name in pair.columns)
    has_frozen = contract.stability.frozen_after is not None
    sections: list[Section] = []
    for name in names or [""] if pairs else []:
        rows = _records(pairs, name, has_frozen=has_frozen)
        title = cells.column_title(name, contract) if name else "moves"
        # what a narrow page shows without scrolling comes first
        header = sorted(rows[0], key=lambda name: name in _LAST)
        grid = [
            [f"{pair.promoted_at:%Y-%m-%d %H:%MZ}" if n == _WHEN else str(row[n]) for n in header]
            for row, pair in zip(rows, pairs, strict=True)
        ]
        sections.append(Section(name, title, header=header, rows=grid, left=0))
    legends = "".join(f"<p>{escaped(legend)}</p>" for legend in _legends(contract))
    moves = f"{len(pairs)} of {count(series.total, 'move')} of production"
    tables = "\n".join(table(section, whole=True) for section in sections)
    title = f"Stability of {series.set}"
    head = f"<header><p>{escaped(moves)}</p><h1>{escaped(title)}</h1></header>"
    return document(title, f"{head}\n{legends}\n{tables}")


def _legends(contract: Contract) -> list[str]:
    """What the words of the tables mean, a line each."""
    policy = contract.stability
    more = f" + {number(policy.atol)}" if policy.atol else ""
    legends = [
        "median, 95 %: half of the keys moved by less, 1 in 20 by more, relative to the old value "
        "or in percentage points (pp)",
        f"material: moved by more than {percent(policy.rtol)}{more}",
    ]
    if policy.frozen_after is not None:
        legends.append(
            f"frozen: the share of keys whose estimates are the same in {policy.frozen_after} "
            "versions in a row"
        )
    return legends


def _records(pairs: list[PairMove], name: str, *, has_frozen: bool) -> list[dict[str, cells.Cell]]:
    columns = [pair.columns.get(name) for pair in pairs]
    is_label = any(column is not None and column.churn is not None for column in columns)
    bars = cells.size_bars(
        [
            None if column is None else column.plain_p95 if column.churn is None else column.churn
            for column in columns
        ]
    )
    return [
        {
            _WHEN: cells.instant(pair.promoted_at),
            "from": pair.from_,
            "to": pair.to,
            "keys": pair.common,
            "added": pair.added,
            "removed": pair.removed,
            **({"frozen": percent(pair.frozen_share)} if has_frozen else {}),
            **_metrics(column, is_label=is_label),
            "": "  ".join(filter(None, (bar, _note(pair)))),
        }
        for pair, column, bar in zip(pairs, columns, bars, strict=True)
    ]


def _metrics(column: ColumnMove | None, *, is_label: bool) -> dict[str, cells.Cell]:
    if is_label:
        return {"churn": "–" if column is None else percent(column.churn)}
    return {
        "median": "–" if column is None else _size(column, column.plain_p50),
        "95 %": "–" if column is None else _size(column, column.plain_p95),
        "material": "–" if column is None else percent(column.material_share),
        "mean change": "–" if column is None else signed_number(column.mean_revision),
        "sign flips": "–" if column is None else percent(column.sign_flip_share),
    }


def _size(column: ColumnMove, value: float | None) -> str:
    return size(value, column.measure or "relative")


def _note(pair: PairMove) -> str:
    notes = ["rolled back"] if pair.move == "rolled_back" else []
    if pair.move == "promoted" and pair.to < pair.from_:
        notes.append("an older version")
    if pair.reason is not None:
        notes.append(_REASONS.get(pair.reason, f"cannot be read: {pair.reason}"))
    if pair.identical:
        notes.append("identical")
    return ", ".join(notes)
