"""The options that say how tables are read."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from estimates_jobs.cli.interface.command import Options
from estimates_jobs.cli.interface.table_options import table_options, text_options
from estimates_jobs.tables.text_options import TextOptions


def read(*arguments: str, only: tuple[str, ...] = ()) -> TextOptions | str:
    """What a command with these options was given, or how it refused them."""
    taken: list[TextOptions] = []

    @click.command()
    @(text_options(*only) if only else table_options)
    @click.pass_context
    def command(context: click.Context) -> None:
        taken.append(context.ensure_object(Options).tables)

    result = CliRunner().invoke(command, list(arguments))
    return taken[0] if taken else result.output


@pytest.mark.parametrize(
    ("arguments", "name", "value"),
    [
        (["--null", " NA ", "--null", "-"], "nulls", ("NA", "-")),
        (["--delimiter", "tab"], "delimiter", "\t"),
        (["--delimiter", "\\t"], "delimiter", "\t"),
        (["--delimiter", ";"], "delimiter", ";"),
        (["--encoding", "Latin-1"], "encoding", "iso8859-1"),
        (["--decimal", ","], "decimal", ","),
        (["--comment", "#"], "comment", "#"),
        (["--ignore", "a, b", "--ignore", ""], "ignored", ("a", "b", "")),
        (
            ["--where", "shop = 1", "--where", "shop=2", "--where", "t=a=b"],
            "where",
            {"shop": ("1", "2"), "t": ("a=b",)},
        ),
    ],
)
def test_what_is_said(arguments: list[str], name: str, value: object) -> None:
    """Each option says one thing of the tables, and nothing else is changed by it."""
    tables = read(*arguments)
    assert isinstance(tables, TextOptions)
    assert getattr(tables, name) == value
    setattr(tables, name, getattr(TextOptions(), name))
    assert tables == TextOptions()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--delimiter", "ab"], "'ab' is not one character"),
        (["--delimiter", '"'], "is not one character that can separate cells"),
        (["--encoding", "klingon"], "there is no encoding 'klingon'"),
        (["--where", "shop"], "'shop' is not COLUMN=VALUE"),
        (["--decimal", ";"], "'.', ','"),
    ],
)
def test_what_is_refused(arguments: list[str], words: str) -> None:
    """With what would be right."""
    assert words in str(read(*arguments))


def test_some_of_them() -> None:
    """A command may have only those that make sense for it."""
    assert "No such option" in str(read("--null", "-", only=("delimiter",)))
    assert isinstance(read("--delimiter", ",", only=("delimiter",)), TextOptions)
