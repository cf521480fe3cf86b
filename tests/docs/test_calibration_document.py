"""docs/gate.md, "Limits for your own set": its commands run; `python -m
tests.docs.test_calibration_document STORE` writes what they print on the store of `just history`.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builders import define, make_store, promoted
from tests.jobs.cli.calls import call

DOCUMENT = Path(__file__).parents[2] / "docs" / "gate.md"
HEADING = "\n## Limits for your own set\n"
BLOCK = re.compile(r"```console\n\$ (estimates .+)\n(?:.*\n)*?```\n")


def section() -> str:
    """The part of the document that is about limits."""
    return DOCUMENT.read_text(encoding="utf-8").split(HEADING)[1].split("\n## ")[0]


def test_the_commands_of_the_document_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is answered; the one that needs a history says so of a short one."""
    store = make_store(tmp_path / "store")
    define(store, "sp500-close")
    promoted(store, "run-1", name="sp500-close")
    monkeypatch.setenv("ESTIMATES_STORE", str(store.root))
    commands = [shlex.split(match.split(" | ")[0])[1:] for match in BLOCK.findall(section())]
    assert [command[:2] for command in commands] == [
        ["gate", "policy"],
        ["gate", "backtest"],
        ["gate", "suggest"],
    ]
    codes = [call(*command).code for command in commands]
    assert codes == [0, 0, 2]
    assert "too_few_versions" in call(*commands[-1]).err
    store.catalog.engine.dispose()


def test_every_command_of_the_document_shows_what_it_printed() -> None:
    """No example is empty."""
    for match in BLOCK.finditer(section()):
        assert match.group(0).count("\n") > 3, match.group(1)


def written(text: str, store: str) -> str:
    """The document with what its commands print on a store."""

    def answer(match: re.Match[str]) -> str:
        environment = os.environ | {"ESTIMATES_STORE": store}
        done = subprocess.run(
            ["bash", "-c", match.group(1)], env=environment, capture_output=True, check=True
        )
        return f"```console\n$ {match.group(1)}\n{done.stdout.decode().rstrip()}\n```\n"

    before, after = text.split(HEADING)
    return before + HEADING + BLOCK.sub(answer, after)


if __name__ == "__main__":
    DOCUMENT.write_text(
        written(DOCUMENT.read_text(encoding="utf-8"), sys.argv[1]), encoding="utf-8"
    )
