"""Measure the promises of the read service, as ratios side by side in one run; exit 1 when one is
not kept.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.table import Table

from benchmarks import (
    cost,
    desk,
    diffing,
    gating,
    keeping,
    reading,
    replicas,
    scoring,
    series,
    serving,
    sharing,
    starting,
)
from benchmarks.line import Line

# What is measured, by name; each is given a folder of its own and whether the run is a quick one.
PARTS: dict[str, Callable[[Path, bool], Iterator[Line]]] = {
    "serving": lambda folder, quick: serving.single_lookups(
        folder, _rows(quick, 1), _effort(quick)
    ),
    "cost": lambda folder, quick: cost.lookups(folder, _rows(quick, 1), _effort(quick)),
    "desk": lambda folder, quick: desk.pages(folder, 1000 if quick else 10_000),
    "growth": lambda folder, quick: serving.growth(folder, _rows(quick, 10), _effort(quick)),
    "reading": lambda folder, quick: reading.reading(folder, _rows(quick, 10)),
    "replicas": lambda folder, quick: replicas.replicas(
        folder, _rows(quick, 10), 40 if quick else 365
    ),
    "starting": lambda folder, quick: starting.start(folder, 3),
    "diffing": lambda folder, quick: diffing.reports(folder, _rows(quick, 10)),
    "gating": lambda folder, quick: gating.gating(folder, _rows(quick, 10)),
    "sharing": lambda folder, quick: sharing.sharing(folder, _rows(quick, 10)),
    "scoring": lambda folder, quick: scoring.scoring(folder, 10 if quick else 85),
    "keeping": lambda folder, quick: keeping.keeping(
        folder, _rows(quick, 10), 1000 if quick else 10_000
    ),
    "series": lambda folder, quick: series.series(folder, 40 if quick else series.PAIRS),
}


def _rows(quick: bool, millions: int) -> int:
    return millions * (100_000 if quick else 1_000_000)


def _effort(quick: bool) -> serving.Effort:
    return serving.Effort(rounds=3, seconds=2.0) if quick else serving.Effort(rounds=5, seconds=4.0)


@click.command()
@click.option("--quick", is_flag=True, help="A tenth of the rows, and fewer rounds.")
@click.option(
    "--only",
    type=click.Choice(list(PARTS)),
    multiple=True,
    help="Only this part; may be given more than once.",
)
@click.option("--format", "form", type=click.Choice(["text", "markdown", "json"]), default="text")
def main(quick: bool, only: tuple[str, ...], form: str) -> None:
    """Print a line for each promise: what, measured, target, whether it is kept."""
    lines: list[Line] = []
    for name in only or PARTS:
        with tempfile.TemporaryDirectory() as folder:
            for line in PARTS[name](Path(folder), quick):
                lines.append(line)
                print(
                    f"{'kept' if line.ok else 'MISSED'}: {line.what}: {_measured(line)}",
                    file=sys.stderr,
                    flush=True,  # whatever it is that reads
                )
    _show(lines, form)
    sys.exit(0 if all(line.ok for line in lines) else 1)


def _show(lines: list[Line], form: str) -> None:
    if form == "json":
        print(
            msgspec.json.format(
                msgspec.json.encode(
                    [{**msgspec.to_builtins(line), "ok": line.ok} for line in lines]
                )
            ).decode()
        )
    elif form == "markdown":
        print("| what | measured | target | kept |\n|---|---|---|---|")
        for line in lines:
            print(
                f"| {line.what} | {_measured(line)} | {_target(line)} | "
                f"{_kept(line) if line.ok else '**no**'} |"
            )
    else:
        table = Table("what", "measured", "target", "kept")
        for line in lines:
            kept = _kept(line) if line.ok else "[red]no"
            table.add_row(line.what, _measured(line), _target(line), kept)
        Console().print(table)


def _kept(line: Line) -> str:
    return "–" if line.target is None else "yes"


def _measured(line: Line) -> str:
    return f"{line.measured:,.3g} {line.unit}".rstrip()


def _target(line: Line) -> str:
    if line.target is None:
        return "–"
    return f"{'≤' if line.at_most else '≥'} {line.target:,.3g} {line.unit}".rstrip()


if __name__ == "__main__":
    main()
