"""docs/cli.md shows the help of every command as it is; `python -m tests.docs.test_cli_docs` writes
it anew.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import click

from estimates_jobs.cli.commands import SECTIONS, cli
from estimates_jobs.cli.gate import COMMANDS, DEFAULT, GateGroup
from estimates_jobs.cli.interface.command import REMOTE, TABLES, Command
from estimates_jobs.cli.interface.group import LazyGroup

DOCUMENT = Path(__file__).parents[2] / "docs" / "cli.md"
MARK = "<!-- What follows is the help of each command: python -m tests.docs.test_cli_docs -->\n"


def reference() -> str:
    """The help of all commands as Markdown."""
    root = click.Context(cli, info_name="estimates", **cli.context_settings)
    parts: list[str] = []
    for section, commands in SECTIONS.items():
        parts.append(f"## {section}")
        for name, line in commands.items():
            command = cli.get_command(root, name)
            assert command is not None
            parts += [f"### {name}", line]
            if isinstance(command, GateGroup):
                parts += [_help(command, name, root), *_of_group(command, COMMANDS, name, root)]
            elif isinstance(command, LazyGroup):
                parts += _of_group(command, command.lines, name, root)
            else:
                parts.append(_help(command, name, root))
    return "\n\n".join(parts) + "\n"


def _of_group(
    group: click.Group, commands: Mapping[str, str], name: str, root: click.Context
) -> list[str]:
    """The help of its commands, but for the default one, whose help is the group's."""
    parent = click.Context(group, info_name=name, parent=root)
    parts: list[str] = []
    for below, line in commands.items():
        command = group.get_command(parent, below)
        assert command is not None
        parts += (
            [f"### {name} {below}", line, _help(command, below, parent)] if below != DEFAULT else []
        )
    return parts


def _help(command: click.Command, name: str, parent: click.Context) -> str:
    context = click.Context(
        command, info_name=name, parent=parent, terminal_width=100, max_content_width=100
    )
    text = command.get_help(context).split("Options of every command:")
    examples = text[1].split("Examples:")[1]
    return f"```\n{text[0].rstrip()}\n\nExamples:{examples.rstrip()}\n```"


def test_the_document_shows_every_command_and_option() -> None:
    """A command, an option or a sentence of help that changed must be in the document too."""
    shown = DOCUMENT.read_text().split(MARK)[1].strip()
    assert shown == reference().strip(), (
        "python -m tests.docs.test_cli_docs writes docs/cli.md anew"
    )


def test_the_document_names_the_shared_options_and_exit_codes() -> None:
    """What holds for every command is said once, at the top."""
    prose = DOCUMENT.read_text().split(MARK)[0]
    for expected in (
        "--store",
        "--format",
        "--debug",
        "ESTIMATES_STORE",
        "| 0 |",
        "| 1 |",
        "| 2 |",
        "| 3 |",
        "| 4 |",
    ):
        assert expected in prose, expected


def test_the_commands_with_tables_are_named() -> None:
    """The help of --format and the top of the document name every command that prints CSV."""
    root = click.Context(cli, info_name="estimates")
    names = [name for commands in SECTIONS.values() for name in commands]
    commands = {name: cli.get_command(root, name) for name in names}
    printing = {
        name
        for name, command in commands.items()
        if isinstance(command, Command) and "csv" in command.forms
    }
    assert set(re.findall(r"(?<!-)\b[a-z]+\b", TABLES)) - {"and"} == printing
    prose = " ".join(DOCUMENT.read_text().split(MARK)[0].split()).replace("`", "")
    for listed in (TABLES, REMOTE):
        for name in re.split(r", | and ", listed):
            assert name in prose, name


if __name__ == "__main__":
    DOCUMENT.write_text(DOCUMENT.read_text().split(MARK)[0] + MARK + "\n" + reference())
