"""`python -m estimates_jobs.cli` is the same as `estimates`."""

from __future__ import annotations

from estimates_jobs.cli.start import main

main()
