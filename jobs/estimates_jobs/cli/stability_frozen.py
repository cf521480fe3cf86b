"""What `estimates stability --frozen` prints: the keys that stand still."""

from __future__ import annotations

import polars as pl

from estimates.compare.frozen_keys import FrozenKeys
from estimates.contract.contract import Contract
from estimates.render.html import document, escaped, table
from estimates.render.section import Section
from estimates.render.wording import count, percent
from estimates_jobs.cli.interface.command import Options
from estimates_jobs.cli.output import terminal
from estimates_jobs.cli.output.cells import Cell

_REASONS = {
    "too_few_versions": "production has not pointed to so many versions of this shape yet",
    "no_comparable_keys": "these versions have no key in common",
    "expired": "the files of one of these versions are gone",
}


def show_frozen(options: Options, answer: FrozenKeys, contract: Contract) -> None:
    """A line that says how many there are, then a row a key; the first 100."""
    rows: list[dict[str, Cell]] = [dict(zip(contract.key, key, strict=True)) for key in answer.keys]
    if options.json:
        terminal.body(answer.json)
    elif options.csv:
        frame = pl.DataFrame(
            answer.keys, schema=dict.fromkeys(contract.key, pl.String), orient="row"
        )
        terminal.csv_of(frame, no_formulas=options.no_formulas)
    elif options.format == "html":
        title = f"Keys of {answer.set} that stand still"
        header = [*contract.key]
        grid = [[str(part) for part in key] for key in answer.keys]
        section = Section("frozen", "", header=header, rows=grid, left=len(header))
        keys = table(section, whole=True) if grid else ""
        paragraph = f"<p>{escaped(_sentence(answer))}</p>"
        terminal.html(
            document(title, f"<header><h1>{escaped(title)}</h1></header>\n{paragraph}\n{keys}")
        )
    else:
        terminal.line(_sentence(answer), "bold")
        if rows:
            terminal.records(rows)
        if answer.frozen and answer.frozen > len(rows):
            terminal.line(f"the first {len(rows)} by key", "dim")


def _sentence(answer: FrozenKeys) -> str:
    versions = (
        f"versions {', '.join(map(str, answer.versions))}" if answer.versions else "no version"
    )
    if answer.reason is not None:
        return f"{answer.set}, {versions}: {_REASONS.get(answer.reason, answer.reason)}"
    of_all = f"{answer.frozen or 'none'} of {count(answer.n, 'key')}"
    share = f" ({percent(answer.frozen_share)})" if answer.frozen else ""
    verb = "has" if answer.frozen in (0, 1) else "have"
    return (
        f"{answer.set}: {of_all}{share} {verb} the same estimates, to the last digit, in {versions}"
    )
