"""Output: tables and sentences for people, JSON for programs, progress on standard error.

On a terminal there are colours, eight digits, and a last column folded to its width. In a pipe
there are no colours and every value is whole.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import click
import msgspec

from estimates import instants

if TYPE_CHECKING:  # takes a moment to load, and a page or JSON is printed without it
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

Cell: TypeAlias = "str | int | float | bool | Text | None"
Say = Callable[[str], None]


class Advance(Protocol):
    """Moves a progress bar: what is being done, how much is done, of how much if that is known only
    now.
    """

    def __call__(self, text: str, done: int, total: int | None = None) -> None:
        """Show it."""


_NOT_A_TERMINAL = 100_000  # columns: as wide as it takes
_NARROWEST = 30  # columns that folded text keeps at least
_BAR = 8
_COLOURS = {
    "production": "bold green",
    "promoted": "green",
    "candidate": "cyan",
    "published": "cyan",
    "superseded": "dim",
    "expired": "dim",
    "refused": "red",
    "rejected": "red",
    "failed": "red",
    "rolled_back": "yellow",
    "rolled back": "yellow",
    "unjudged": "yellow",
    "running": "yellow",
    "pass": "green",
    "warn": "yellow",
    "fail": "bold red",
    "error": "bold red",
    "held": "bold yellow",
    "stale": "bold red",
}


def console(*, stderr: bool = False, width: int | None = None) -> Console:
    """The terminal, or an endlessly wide page where there is none."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    if width is None and not stream.isatty():
        width = _NOT_A_TERMINAL
    return Console(
        file=stream, width=width, highlight=False, soft_wrap=False, emoji=False, markup=False
    )


def line(text: str = "", colour: str | None = None) -> None:
    """One line of text; a terminal folds it between words."""
    from rich.text import Text

    console().print(Text(text, style=colour or ""))


def page(text: str) -> None:
    """Text that is laid out already."""
    click.echo(text, nl=not text.endswith("\n"))


def table(columns: Sequence[str], rows: Sequence[Sequence[Cell]], *, stderr: bool = False) -> None:
    """A table; numbers stand to the right, words that name a state have their colour, the last
    column may be folded.
    """
    from rich.table import Table

    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for position, name in enumerate(columns):
        numeric = any(_is_number(row[position]) for row in rows)
        folds = position == len(columns) - 1
        grid.add_column(
            name, justify="right" if numeric else "left", no_wrap=not folds, overflow="fold"
        )
    for row in rows:
        grid.add_row(*(_cell(cell) for cell in row))
    _print_trimmed(grid, _folds([row[-1] for row in rows]), stderr=stderr)


def facts(pairs: Sequence[tuple[str, Cell]]) -> None:
    """Names and values, one pair a line; pairs without a value are left out."""
    from rich.table import Table
    from rich.text import Text

    given = [(name, cell) for name, cell in pairs if cell is not None]
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, cell in given:
        grid.add_row(Text("  " + name), _cell(cell))
    _print_trimmed(grid, _folds([cell for _, cell in given]))


def value(content: object) -> None:
    """A value as JSON, indented."""
    click.echo(msgspec.json.format(msgspec.json.encode(content, enc_hook=str), indent=2))


def body(content: bytes) -> None:
    """The bytes of an answer, exactly; only a terminal gets an end of line."""
    stream = sys.stdout.buffer
    stream.write(content)
    if sys.stdout.isatty():
        stream.write(b"\n")
    stream.flush()


@contextmanager
def progress(*, quiet: bool = False) -> Iterator[Say]:
    """Says on standard error what is being done: in place on a terminal, as lines elsewhere;
    `quiet` says nothing.
    """
    if quiet:
        yield lambda _text: None
    elif not sys.stderr.isatty():
        yield lambda text: click.echo(text, err=True)
    else:
        from rich.text import Text

        with console(stderr=True).status(Text("…")) as status:
            yield lambda text: status.update(Text(text))


@contextmanager
def bar(total: int, *, quiet: bool = False) -> Iterator[Advance]:
    """A progress bar on a terminal's standard error, of `total` steps until a call says otherwise."""
    if quiet or not sys.stderr.isatty():
        yield _unseen
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
    )

    parts = (
        SpinnerColumn(),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*parts, console=console(stderr=True), transient=True) as shown:
        task = shown.add_task("", total=total)
        yield lambda text, done, total=None: shown.update(
            task, description=text, completed=done, total=total
        )


def when(instant: datetime | None) -> str:
    """An instant in full, so that it can be pasted after `--as-of`; nothing for none."""
    return "" if instant is None else instants.text(instant)


def age(duration: timedelta) -> str:
    """A duration in its two largest units: `3d 4h`, `12m 5s`, `0s`."""
    seconds = int(abs(duration.total_seconds()))
    sizes = (("y", 31_557_600), ("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))
    parts: list[str] = []
    for unit, size in sizes:
        count, seconds = divmod(seconds, size)
        if count or parts:
            parts.append(f"{count}{unit}")
    return " ".join(part for part in parts[:2] if part[0] != "0") or "0s"


def change(old: float | None, new: float | None) -> str:
    """How much a number moved, relative to the mean of old and new as in a diff; nothing when one
    is missing.
    """
    if old is None or new is None:
        return ""
    middle = (abs(old) + abs(new)) / 2
    return f"{(new - old) / middle:+.2%}" if middle else "+0.00%"


def bars(numbers: Sequence[float | None]) -> list[str]:
    """A bar for each number, as long as it is large; up and down look different."""
    largest = max((abs(number) for number in numbers if number is not None), default=0.0)
    return ["" if number is None or not largest else _bar(number / largest) for number in numbers]


def lengths(numbers: Sequence[float | None]) -> list[str]:
    """A bar for each number of at least 0, as long as it is large; the smallest trace of one is
    seen.
    """
    largest = max((number for number in numbers if number is not None), default=0.0)
    return [
        "█" * max(1, round(number / largest * _BAR)) if number and largest else ""
        for number in numbers
    ]


def number(value: Any) -> Cell:
    """A number that is no integer with six significant digits, as on a report; anything else as
    `plain`.
    """
    if not isinstance(value, float):
        return plain(value)
    from rich.text import Text

    from estimates.render.wording import number as six_digits

    return Text(six_digits(value), justify="right")


def plain(value: Any) -> Cell:
    """A value of a row as a cell: times in full, anything that is no plain value as its text."""
    if isinstance(value, datetime):
        return when(value)
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _unseen(text: str, done: int, total: int | None = None) -> None:
    """A bar that nobody sees."""


def _bar(share: float) -> str:
    return ("▲" if share > 0 else "▽") * round(abs(share) * _BAR)


def _cell(cell: Cell) -> Text:
    from rich.text import Text

    if isinstance(cell, Text):
        return cell
    if cell is None:
        return Text("–", style="dim")
    if isinstance(cell, bool):
        return Text("yes" if cell else "no")
    text = f"{cell:.8g}" if isinstance(cell, float) and sys.stdout.isatty() else str(cell)
    return Text(text, style=_COLOURS.get(text, ""))


def _folds(cells: Sequence[Cell]) -> int:
    return max(0, max((_cell(cell).cell_len for cell in cells), default=0) - _NARROWEST)


def _is_number(cell: Cell) -> bool:
    return (isinstance(cell, int | float) and not isinstance(cell, bool)) or getattr(
        cell, "justify", None
    ) == "right"


def _print_trimmed(grid: Table, folds: int, *, stderr: bool = False) -> None:
    """Print without the blanks at the ends of lines; `folds` is by how much the last column may
    become narrower.
    """
    whole = console(stderr=stderr, width=_NOT_A_TERMINAL).measure(grid).maximum
    # Wider than the terminal rather than cut: the terminal breaks such lines itself.
    target = console(stderr=stderr, width=max(console(stderr=stderr).width, whole - folds))
    with target.capture() as capture:
        target.print(grid)
    lines = [text.rstrip() for text in capture.get().strip("\n").splitlines()]
    click.echo(
        "\n".join(text for text in lines if text), err=stderr, color=target.is_terminal or None
    )
