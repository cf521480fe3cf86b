"""The commands and what each is for."""

from __future__ import annotations

import ast
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from estimates_jobs.cli import commands
from estimates_jobs.cli.commands import SECTIONS, cli

NAMES = [name for section in SECTIONS.values() for name in section]


def test_each_command_is_a_file_of_its_name() -> None:
    """Whoever reads the list finds it; none stands in two sections."""
    assert len(set(NAMES)) == len(NAMES)
    folder = Path(commands.__file__).parent
    for name in NAMES:
        tree = ast.parse((folder / f"{name.replace('-', '_')}.py").read_text(encoding="utf-8"))
        bound = {getattr(node, "name", None) for node in tree.body}
        bound |= {
            t.id
            for n in tree.body
            if isinstance(n, ast.Assign)
            for t in n.targets
            if isinstance(t, ast.Name)
        }
        assert name.replace("-", "_") in bound


@pytest.mark.parametrize(
    ("typed", "hint"),
    [("pubish", "did you mean publish?"), ("xyzzy", "there is no command 'xyzzy'\n")],
)
def test_a_misspelt_command(typed: str, hint: str) -> None:
    """Is answered with those that are near, if any is."""
    result = CliRunner().invoke(cli, [typed])
    assert result.exit_code == 2
    assert hint in result.output


def test_no_command_of_that_name() -> None:
    """Nothing is imported to find that out."""
    assert cli.get_command(click.Context(cli), "no_such_command") is None
