"""The examples of every `--help`: those of the demo's set run on the demo's store, all others are
read as the command line reads them.

Times are a reader's own: in their place stands now.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import click
import pytest

from estimates import instants
from estimates_jobs.cli.commands import cli
from estimates_jobs.cli.interface.command import Command, Options
from estimates_jobs.demo.narration import SET
from estimates_jobs.demo.price_feed import examples_folder
from tests.jobs.cli.calls import call

pytest_plugins = ("tests.demo_store",)
_READING = (
    *("get", "explain", "history", "triangle", "score", "diff", "stability", "status", "versions"),
    *("runs", "log", "audit", "verify"),
)
# what examples name and a reader has of their own: other sets, other services
_OWN = (
    "churn",
    "http://",
    "sp500-naive",
    "demand",
    "flu",
    "load",
    "old.",
    "--head",
    "--why",
    "--follow",
)
_TIME = re.compile(r"2026-1\d-\d\d(?:T[0-9:]+Z)?")


def _commands() -> Iterator[tuple[str, Command]]:
    root = click.Context(cli, info_name="estimates", **cli.context_settings)
    for name in cli.list_commands(root):
        command = cli.get_command(root, name)
        if isinstance(command, click.Group):
            below = click.Context(command, info_name=name, parent=root)
            for other in command.list_commands(below):
                nested = command.get_command(below, other)
                assert isinstance(nested, Command)
                yield f"{name} {other}", nested
        else:
            assert isinstance(command, Command)
            yield name, command


EXAMPLES = [(name, line) for name, command in _commands() for line in command.examples]
ON_THE_DEMO = [
    line for name, line in EXAMPLES if name in _READING and not any(own in line for own in _OWN)
]


@pytest.mark.parametrize("line", ON_THE_DEMO)
def test_an_example_runs_on_the_demo(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    """It succeeds; a gate may answer no; what jq is given is there."""
    monkeypatch.setenv("ESTIMATES_STORE", str(demo / "store"))
    for file in ("closes.csv", "wanted.csv"):
        (tmp_path / file).symlink_to(demo / file)
    (tmp_path / "examples").symlink_to(examples_folder())
    monkeypatch.chdir(tmp_path)
    words, jq = _words(line, instants.text(instants.now()))
    called = call(*words)
    assert called.code in ((0, 1) if "--check" in words else (0,)), called.err
    if jq and shutil.which("jq"):
        shown = subprocess.run(["jq", *jq], input=called.out, capture_output=True, check=True)
        assert shown.stdout.strip() not in (b"", b"null")


def _words(line: str, now: str) -> tuple[list[str], list[str]]:
    """The words behind `estimates`, and those behind `jq`."""
    line = re.sub(r"\$\((estimates .*)\)", r" \1", line)  # what a shell would run first
    words = shlex.split(_TIME.sub(now, line), comments=True)
    jq = words[words.index("jq") + 1 :] if "jq" in words else []
    ends = [i for i, word in enumerate(words) if word in ("|", ">", "&&", "||")]
    return words[words.index("estimates") + 1 : min(ends, default=len(words))], jq


@pytest.mark.parametrize(("name", "line"), EXAMPLES)
def test_an_example_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, line: str
) -> None:
    """Its command, options and arguments are there, whatever files and sets it names."""
    monkeypatch.chdir(tmp_path)
    for file in re.findall(r"\S+\.(?:pem|toml)\b", line):
        Path(file).touch()
    week_on = instants.text(instants.now() + timedelta(days=7))
    words, _ = _words(line.replace("\\\n", " ").replace("$(cat last)", "1"), week_on)
    assert words, line
    context = click.Context(cli, info_name="estimates", obj=Options(), **cli.context_settings)
    command = cli.get_command(context, words[0])
    assert command is not None
    command.make_context(words[0], words[1:], parent=context)


def test_the_demo_has_what_its_examples_say() -> None:
    """Most commands that read have an example of the demo's set."""
    assert {line.split()[1] for line in ON_THE_DEMO if SET in line} >= {"get", "diff", "history"}
