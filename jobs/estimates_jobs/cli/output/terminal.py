"""Lines, tables and pairs for people, JSON and bytes for programs.

On a terminal there are colours, eight digits, short times, and nothing is wider than it. In a pipe
there are no colours and every value is whole.

All that commands print passes here, or through `notices` to standard error: nothing that a key, a
reason or a file has in it gives a terminal orders. What is for people, and JSON, shows control
characters, marks that turn the direction and what draws nothing as escapes; tables for programs
are exact where they do not go to a terminal.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import click
import msgspec

from estimates.render.terminal import folded, narrow_pages
from estimates.render.wording import visible, visible_html, visible_json, visible_lines
from estimates_jobs.cli.output.cells import Cell
from estimates_jobs.cli.output.columns import GAP, column_widths, folded_text, longest_unit
from estimates_jobs.cli.output.page_text import styled

if TYPE_CHECKING:
    import polars as pl
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

_NOT_A_TERMINAL = 100_000  # columns: as wide as it takes

_NARROWEST = 30  # columns that folded text has at least

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
    """One line of text; a terminal folds it between words, and indents what is folded of a line
    that is indented itself.
    """
    from rich.text import Text

    text = visible(text)
    target = console()
    indent = len(text) - len(text.lstrip(" "))
    content = Text(text[indent:], style=colour or "")
    room = target.width - indent
    if indent and content.cell_len > room:
        room -= 4
    parts = folded_text(content, room).split("\n")
    for number, part in enumerate(parts or [Text()]):
        before = " " * (indent + 4 if number and indent else indent)
        target.print(Text(before) + part, soft_wrap=True)


def section(title: str) -> None:
    """The title of a section, below an empty line."""
    line()
    line(title, "bold")


def page(text: str) -> None:
    """Text that is laid out already, for programs or to be pasted."""
    text = visible_lines(text)
    click.echo(text, nl=not text.endswith("\n"))


def html(text: str) -> None:
    """A page for a browser, which shows what it shows; nothing in it gives a terminal orders."""
    click.echo(visible_html(text), nl=not text.endswith("\n"))


def command(text: str) -> None:
    """A command to paste; a terminal folds it between words, with backslashes."""
    from rich.text import Text

    target = console()
    lines = folded(visible(text), target.width)
    target.print(Text("\n".join(lines), style="bold cyan"), soft_wrap=True)


def report(render: Callable[[], str]) -> None:
    """A page of text for people: on a terminal rendered for its width, folded between words, with
    headings and colours.
    """
    if not sys.stdout.isatty():
        page(render())
        return
    target = console()
    with narrow_pages(target.width):
        text = render()
    target.print(styled(visible_lines(text), target.width), end="", soft_wrap=True)


def table(
    columns: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    *,
    optional: Sequence[str | tuple[str, ...]] = (),
    stderr: bool = False,
) -> None:
    """A table; numbers stand to the right, words that name a state have their colour, the last
    column may be folded.

    optional  columns that a narrow terminal does without, the first of them first; a tuple goes
              together
    On a terminal that is too narrow even so all columns are folded between words, with and then
    without the optional ones, and where words are too long each row becomes a block of lines.
    """
    from rich.text import Text

    page = console(stderr=stderr)
    groups = [(names,) if isinstance(names, str) else names for names in optional]
    tries = [(n, False) for n in range(len(groups) + 1)]
    for n, folds in dict.fromkeys([*tries, (0, True), (len(groups), True)]):
        hidden = [name for names in groups[:n] for name in names if name in columns]
        kept = [i for i, name in enumerate(columns) if name not in hidden]
        titles = [Text(visible(columns[i])) for i in kept]
        grid = [[_styled(row[i]) for i in kept] for row in rows]
        widths = _widths(titles, grid, page.width, folds=folds)
        if widths is None:
            continue
        numeric = [any(_is_number(row[i]) for row in rows) for i in kept]
        _print_grid(titles, grid, widths, numeric, stderr=stderr)
        if hidden:
            left_out = Text(f"no room here for: {visible(', '.join(hidden))}", style="dim")
            page.print(folded_text(left_out, page.width), soft_wrap=True)
        return
    _print_blocks(columns, rows, stderr=stderr)


def _widths(
    titles: Sequence[Text], grid: Sequence[Sequence[Text]], width: int, *, folds: bool
) -> list[int] | None:
    """folds: whether all columns may be folded, and not the last one alone."""
    columns = [[title, *(row[i] for row in grid)] for i, title in enumerate(titles)]
    natural = [max(cell.cell_len for cell in column) for column in columns]
    least = [max(map(longest_unit, column)) for column in columns]
    if not folds:
        least = [*natural[:-1], max(least[-1], min(natural[-1], _NARROWEST))]
    return column_widths(natural, least, width)


def _print_grid(
    titles: Sequence[Text],
    grid: Sequence[Sequence[Text]],
    widths: Sequence[int],
    numeric: Sequence[bool],
    *,
    stderr: bool,
) -> None:
    from rich.table import Table

    page = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="bold")
    for title, width, is_number in zip(titles, widths, numeric, strict=True):
        justify = "right" if is_number else "left"
        page.add_column(folded_text(title, width), width=width, justify=justify, no_wrap=True)
    for row in grid:
        page.add_row(*(folded_text(cell, w) for cell, w in zip(row, widths, strict=True)))
    _print_trimmed(page, sum(widths) + GAP * len(widths), stderr=stderr)


def _print_blocks(
    columns: Sequence[str], rows: Sequence[Sequence[Cell]], *, stderr: bool = False
) -> None:
    """Each row as lines of name and value, without those that are empty in all rows."""
    shown = [n for n in range(len(columns)) if any(row[n] not in (None, "") for row in rows)]
    for number, row in enumerate(rows):
        if number:
            click.echo(err=stderr)
        pairs([(columns[n], row[n]) for n in shown if row[n] not in (None, "")], stderr=stderr)


def records(
    rows: Sequence[Mapping[str, Cell]], *, optional: Sequence[str | tuple[str, ...]] = ()
) -> None:
    """A table of at least one row; each row has the same names, which are the columns' titles."""
    table(list(rows[0]), [list(row.values()) for row in rows], optional=optional)


def pairs(named_cells: Sequence[tuple[str, Cell]], *, stderr: bool = False) -> None:
    """Names and values, one pair a line; pairs without a value are left out.

    A value that does not fit beside its name, and either is one word, such as a digest, which is
    never broken, or has too little room there to be folded, has the next lines to itself.
    """
    from rich.text import Text

    shown = [(visible(name), _styled(cell)) for name, cell in named_cells if cell is not None]
    widest = max((len(name) for name, _ in shown), default=0)
    width = console(stderr=stderr).width
    room = width - widest - 4
    beside: list[tuple[str, Text]] = []
    for name, text in shown:
        if text.cell_len <= room or (" " in text.plain and room >= _NARROWEST):
            beside.append((name, text))
            continue
        _print_pairs(beside, widest, stderr=stderr)
        beside = []
        _print_pairs([(name, Text(""))], widest, stderr=stderr)
        click.echo("\n".join(folded(f"    {text.plain}", width)), err=stderr)
    _print_pairs(beside, widest, stderr=stderr)


def _print_pairs(named_texts: Sequence[tuple[str, Text]], widest: int, *, stderr: bool) -> None:
    from rich.text import Text

    target = console(stderr=stderr)
    for name, text in named_texts:
        lines = folded_text(text, target.width - widest - 4).split("\n", allow_blank=True)
        for number, part in enumerate(lines):
            before = Text(f"  {'' if number else name:<{widest}}  ", style="dim")
            whole = before + part if part.plain else before
            whole.rstrip()
            target.print(whole, soft_wrap=True)


def json(content: object) -> None:
    """A value as indented JSON."""
    body(msgspec.json.format(msgspec.json.encode(content, enc_hook=str), indent=2) + b"\n")


def body(content: bytes) -> None:
    """The JSON of an answer, byte for byte but for what is escaped."""
    _write(visible_json(content))


def raw(content: bytes) -> None:
    """The bytes of a table, exactly; on a terminal its characters as lines for people."""
    if sys.stdout.isatty():
        content = visible_lines(content.decode(errors="replace")).encode()
    _write(content)


def _write(content: bytes) -> None:
    """To standard output; only a terminal gets an end of line that is missing."""
    stream = sys.stdout.buffer
    stream.write(content)
    if sys.stdout.isatty() and not content.endswith(b"\n"):
        stream.write(b"\n")
    stream.flush()


def _styled(cell: Cell) -> Text:
    from rich.text import Text

    if isinstance(cell, Text):
        plain = visible(cell.plain)
        shown = Text(plain, style=cell.style, justify=cell.justify)
        return cell if plain == cell.plain else shown
    if cell is None:
        return Text("–", style="dim")
    if isinstance(cell, bool):
        return Text("yes" if cell else "no")
    text = f"{cell:.8g}" if isinstance(cell, float) and sys.stdout.isatty() else str(cell)
    return Text(visible(text), style=_COLOURS.get(text, ""))


def _is_number(cell: Cell) -> bool:
    return (isinstance(cell, int | float) and not isinstance(cell, bool)) or getattr(
        cell, "justify", None
    ) == "right"


def _print_trimmed(grid: Table, width: int, *, stderr: bool = False) -> None:
    """Print a grid of some width without the blanks at the ends of lines."""
    target = console(stderr=stderr, width=width)
    with target.capture() as capture:
        target.print(grid)
    lines = [text.rstrip() for text in capture.get().strip("\n").splitlines()]
    click.echo(
        "\n".join(text for text in lines if text), err=stderr, color=target.is_terminal or None
    )


def csv_of(frame: pl.DataFrame, *, no_formulas: bool) -> None:
    """A frame as CSV; `no_formulas`: its texts stay text in a spreadsheet."""
    from estimates.reading import tabular

    raw(tabular.csv(frame, formulas=not no_formulas))


def csv(rows: Iterable[Mapping[str, object]], *, no_formulas: bool) -> None:
    """Records as CSV: times with `Z`, null as nothing, the fields of a part as `part.field`, lists
    as JSON; `no_formulas`: their texts stay text in a spreadsheet.
    """
    import csv as writer
    import io

    flat = [_flat(msgspec.to_builtins(row)) for row in rows]
    if no_formulas:
        from estimates.render.formula_text import without_formula

        texts = [{n: v for n, v in row.items() if isinstance(v, str)} for row in flat]
        flat = [
            row | {name: without_formula(text) for name, text in of.items()}
            for row, of in zip(flat, texts, strict=True)
        ]
    sink = io.StringIO()
    if flat:
        names = dict.fromkeys(name for row in flat for name in row)
        lines = writer.DictWriter(sink, list(names), restval="", lineterminator="\n")
        lines.writeheader()
        lines.writerows(flat)
    raw(sink.getvalue().encode())


def _flat(row: Mapping[str, object]) -> dict[str, object]:
    cells: dict[str, object] = {}
    for name, value in row.items():
        if isinstance(value, dict):
            cells |= {f"{name}.{part}": _csv_cell(inner) for part, inner in value.items()}
        else:
            cells[name] = _csv_cell(value)
    return cells


def _csv_cell(value: object) -> object:
    plain = isinstance(value, str | float | int) and not isinstance(value, bool)
    return "" if value is None else value if plain else msgspec.json.encode(value).decode()
