"""The options that say how a command's tables are read."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from typing import Any

import click

from estimates_jobs.cli.interface.command import Options

_TAB = ("tab", "\\t")


def table_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command `--null`, `--decimal`, `--encoding`, `--comment`, `--delimiter`, `--where`,
    `--ignore`; what they say lies in `Options.tables`.
    """
    return text_options(*_options())(function)


def text_options(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command some of these options, by what they are called in `TextOptions`."""

    def declare(function: Callable[..., Any]) -> Callable[..., Any]:
        options = _options()
        for name in reversed(names):
            function = options[name](function)
        return function

    return declare


def _options() -> dict[str, Callable[[Any], Any]]:
    options = [
        _option(
            "nulls",
            "--null",
            metavar="WORD",
            multiple=True,
            convert=lambda words: tuple(word.strip() for word in words),
            help="Text files: this word stands for no value, in every column; may be given "
            "several times. In columns of numbers NA, N/A, NULL, . and the like always do.",
        ),
        _option(
            "decimal",
            "--decimal",
            type=click.Choice([".", ","]),
            help="Text files: what stands before the fraction of a number; the other one groups "
            "thousands. Default: what at least 95 % of a column's cells show.",
        ),
        _option(
            "encoding",
            "--encoding",
            metavar="NAME",
            convert=_encoding,
            help="Text files: their encoding, such as latin-1 or cp1252. Default: UTF-8, or what "
            "a byte order mark says.",
        ),
        _option(
            "comment",
            "--comment",
            metavar="TEXT",
            help="CSV: lines that begin with this are left out, anywhere. Default: only lines "
            "with # above the header.",
        ),
        _option(
            "delimiter",
            "--delimiter",
            metavar="CHARACTER",
            convert=_delimiter,
            help="CSV: what separates cells; also tab. Default: comma, semicolon, tab or bar, "
            "whichever fits.",
        ),
        _option(
            "where",
            "--where",
            metavar="COLUMN=VALUE",
            multiple=True,
            convert=_conditions,
            help="Files: only the rows with this value; of a column given several times, with one "
            "of its values.",
        ),
        _option(
            "ignored",
            "--ignore",
            metavar="A,B",
            multiple=True,
            convert=lambda texts: tuple(name.strip() for text in texts for name in text.split(",")),
            help='Files: leave these columns out; "" is a column without a name, such as an index.',
        ),
    ]
    return dict(options)


def _option(
    name: str, *declarations: str, convert: Callable[[Any], Any] | None = None, **attributes: Any
) -> tuple[str, Callable[[Any], Any]]:
    def remember(context: click.Context, _parameter: click.Parameter, value: Any) -> None:
        if value:
            options = context.ensure_object(Options)
            setattr(options.tables, name, value if convert is None else convert(value))

    option = click.option(*declarations, name, expose_value=False, callback=remember, **attributes)
    return name, option


def _conditions(texts: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    conditions: dict[str, tuple[str, ...]] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise click.BadParameter(f"{text!r} is not COLUMN=VALUE, such as 'target=wk inc flu'")
        conditions[name.strip()] = (*conditions.get(name.strip(), ()), value.strip())
    return conditions


def _encoding(name: str) -> str:
    try:
        return codecs.lookup(name).name
    except LookupError:
        raise click.BadParameter(
            f"there is no encoding {name!r}; such as utf-8, latin-1, cp1252, utf-16"
        ) from None


def _delimiter(text: str) -> str:
    if text in _TAB:
        return "\t"
    if len(text) != 1 or text in '"\r\n':
        raise click.BadParameter(f"{text!r} is not one character that can separate cells")
    return text
