"""docs/operations.md is walked through as written, each drill after the one before."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from estimates_jobs.cli.commands import cli
from estimates_jobs.cli.interface.command import Options
from tests.jobs.cli.calls import call

PAGE = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```bash\n(.*?)^```", re.MULTILINE | re.DOTALL)
REFUSED = re.compile(r"\s+# \[(\w+)\]$")  # the code of an error, or the exit code


def lines() -> list[str]:
    """Every line of every block, in order."""
    return [line for block in BLOCK.findall(PAGE) for line in block.splitlines()]


@pytest.mark.slow
def test_the_walk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each command does what the page says: it succeeds, or refuses with the code beside it."""
    monkeypatch.chdir(tmp_path)
    for variable in ("ESTIMATES_STORE", "ESTIMATES_CATALOG", "ESTIMATES_CACHE"):
        monkeypatch.delenv(variable, raising=False)
    printed: list[str] = []
    for line in lines():
        refused = REFUSED.search(line)
        command = REFUSED.sub("", line).replace("/mnt/backup", str(tmp_path / "backup"))
        if not command.startswith("estimates "):
            subprocess.run(["bash", "-euc", command], check=True)
            continue
        command, _, file = command.partition(" > ")
        called = call(*shlex.split(command)[1:])
        if file:
            (tmp_path / file).write_bytes(called.out)
        if refused is None:
            assert called.code == 0, (line, called.text, called.err)
        elif refused[1].isdecimal():
            assert called.code == int(refused[1]), line
        else:
            assert f"[{refused[1]}]" in called.err, line
        printed.append(called.text)
    assert printed[-1] == "3 versions, every file and every record matches its digest\n"


IN_TABLES = re.compile(r"`estimates ([^`]+)`")
ALARMS = [
    command
    for line in PAGE.splitlines()
    if line.startswith("| ")
    for command in IN_TABLES.findall(line)
]


@pytest.mark.parametrize("text", sorted({*ALARMS}))
def test_what_to_do_is_a_command(text: str) -> None:
    """What the tables of statuses and alarms say to run has the arguments that it takes."""
    name, *words = shlex.split(text.replace("VERSION", "7").replace("--from", ""))
    context = click.Context(cli, info_name="estimates", obj=Options(), **cli.context_settings)
    command = cli.get_command(context, name)
    assert command is not None
    if words:
        command.make_context(name, words, parent=context)


def test_every_drill_ends_well() -> None:
    """Each section about a loss has commands, and the last one shows that all is well."""
    sections = [section for section in PAGE.split("\n## ") if "```bash" in section]
    drills = [section for section in sections if section.startswith(("The ", "An ", "A file"))]
    assert len(drills) == 5
    for drill in drills:
        last = BLOCK.findall(drill)[-1].splitlines()[-1]
        assert last.startswith(("estimates verify", "estimates get", "estimates publish")), drill


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_the_unit(tmp_path: Path) -> None:
    """systemd finds nothing to say of the unit, and its command is one that there is."""
    [unit] = re.findall(r"^```ini\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    [started] = re.findall(r"^ExecStart=/opt/estimates/bin/estimates (.*)$", unit, re.MULTILINE)
    name, *arguments = shlex.split(started)
    context = click.Context(cli, info_name="estimates", obj=Options(), **cli.context_settings)
    command = cli.get_command(context, name)
    assert command is not None
    # below that context: a command keeps what it shows of --help, for tests that come later, too
    command.make_context(name, arguments, parent=context)
    file = tmp_path / "estimates.service"
    python = Path(sys.executable)  # what is started has to be there
    file.write_text(
        unit.replace("/opt/estimates/bin/estimates", str(python)).replace("User=estimates\n", "")
    )
    done = subprocess.run(
        ["systemd-analyze", "verify", str(file)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
