"""The program `estimates`. Where only the base is installed it says what it needs."""

from __future__ import annotations

import sys
from typing import NoReturn

from estimates.extras import needs


def main() -> NoReturn:
    """Run the command that the arguments name; exits with its code, or 2 without packages."""
    try:
        with needs("store"):
            from estimates_jobs.cli.entry import run
    except ModuleNotFoundError as error:
        print(f"error: {error.msg}  [not_installed]", file=sys.stderr)
        sys.exit(2)
    sys.exit(run(sys.argv[1:]))
