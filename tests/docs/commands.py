"""The blocks of a guide, and its commands as a reader types them."""

from __future__ import annotations

import re
import shlex

from tests.jobs.cli.calls import call

BLOCK = re.compile(r"^```(\w+) ?(\S*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def typed(commands: str) -> str:
    """What commands print, one a line, on both outputs, with `exit N` after one that fails."""
    printed = ""
    for command in commands.splitlines():
        words = shlex.split(command, comments=True)
        assert words[0] == "estimates"
        called = call(*words[1:])
        printed += called.text + called.err + (f"exit {called.code}\n" if called.code else "")
    return printed
