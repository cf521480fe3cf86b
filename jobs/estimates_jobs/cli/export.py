"""`estimates export`: a whole version, or some of its rows, as a file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from estimates.catalog.at import At
from estimates.catalog.release_clock import Clock
from estimates.errors import InvalidError
from estimates.instants import instant_of
from estimates.render.wording import count
from estimates_jobs.cli.interface.command import (
    Options,
    as_of_option,
    clock_option,
    columns_option,
    command,
    no_formulas_option,
    set_argument,
)
from estimates_jobs.cli.output import terminal
from estimates_jobs.cli.output.claimed_releases import unread_claims

if TYPE_CHECKING:
    import polars as pl

_FORMS = ("parquet", "csv", "arrow", "ndjson")


@command(
    "estimates export sp500-close -o production.parquet",
    "estimates export sp500-close --ref 3 -o third.csv",
    "estimates export sp500-close -o for-excel.csv --no-formulas    # its texts stay text there",
    "estimates export sp500-close --where target_date=2021-12-29..2021-12-31 --order -value -o -",
    "estimates export sp500-close --release first -o first.arrow    # of each key the first",
    "estimates export sp500-close --lag 2d -o said.csv              # with data of two days before",
    "estimates export sp500-close --deadline D-1T06:00 --clock released -o said.csv   # six "
    "o'clock the day before",
)
@set_argument
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    required=True,
    help="Where to: .parquet, .csv, .arrow or .ndjson; - is CSV on standard output.",
)
@no_formulas_option
@click.option("--ref", default="production", show_default=True, help="Number, alias, or latest.")
@as_of_option
@columns_option("--fields", help="Only these columns, besides the key.")
@click.option(
    "--where",
    metavar="COLUMN=RANGE",
    multiple=True,
    help="Only keys in a range: day=2026-12-01..2026-12-07, step=5.., shop=A12, 'shop=[A..C]'.",
)
@columns_option("--order", help="Sort by these columns; -value from the largest.")
@click.option("--release", metavar="WHICH", help="first, latest or a number: of each key.")
@click.option("--lag", metavar="TIME", help="7d: from data that end so long before the target.")
@click.option("--deadline", metavar="TIME", help="D-1T06:00 or PT36H: said so long before it.")
@clock_option("released: times go by the claimed times of release of imported versions.")
def export(
    options: Options,
    set_name: str,
    output: str,
    ref: str,
    as_of: str | None,
    fields: list[str] | None,
    where: tuple[str, ...],
    order: list[str] | None,
    clock: Clock,
    **which: Any,
) -> None:
    """A whole version as a file, or some of its rows; with --release, --lag or --deadline of each
    key what was known when, with the version.

    A file that is there is replaced when the new one is whole.
    """
    form = "csv" if output == "-" else _form(output)
    estimates = options.open_to_read()[set_name]
    at = At(ref, instant_of(as_of), clock)
    ranges = dict(_range(text) for text in where)
    rows = estimates.rows(ranges, at=at, fields=fields, order=order or [], **which)
    if output == "-":
        terminal.raw(_bytes(options, rows, form))
        return
    _replace(Path(output), _bytes(options, rows, form))
    if options.json:
        terminal.json({"set": set_name, "rows": rows.height, "file": output})
    else:
        terminal.line(f"{count(rows.height, 'row')} of {set_name} in {output}")
        unread = None if rows.height else unread_claims(estimates.versions(), clock)
        if unread is not None and which["deadline"] is not None:
            terminal.line(unread, "dim")


def _form(output: str) -> str:
    suffix = Path(output).suffix.removeprefix(".").lower()
    form = {"jsonl": "ndjson", "ipc": "arrow", "pq": "parquet"}.get(suffix, suffix)
    if form not in _FORMS:
        raise click.UsageError(f"{output}: name a file that ends in .{', .'.join(_FORMS)}")
    return form


def _range(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise click.UsageError(f"--where {text}: write COLUMN=VALUE or COLUMN=FROM..TO")
    return name, value


def _bytes(options: Options, rows: pl.DataFrame, form: str) -> bytes:
    import io

    from estimates.reading import tabular

    if form == "csv":
        return tabular.csv(rows, formulas=not options.no_formulas)
    file = io.BytesIO()
    if form == "parquet":
        rows.write_parquet(file)
    elif form == "arrow":
        rows.write_ipc(file)
    else:
        rows.write_ndjson(file)
    return file.getvalue()


def _replace(path: Path, content: bytes) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise InvalidError(
            "no_file",
            f"{path}: cannot be written: {error.strerror or error}",
            remedy="name a folder that is there and that you may write to",
        ) from None
