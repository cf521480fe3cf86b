"""`python -m jobs.cli` is the same as `estimates`."""

from __future__ import annotations

from jobs.cli.entry import main

main()
