"""`python -m estimates_jobs.cli` is the same as `estimates`."""

from __future__ import annotations

from estimates_jobs.cli.entry import main

main()
