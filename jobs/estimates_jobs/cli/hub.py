"""`estimates hub`: what a forecast hub needs of its pull requests."""

from __future__ import annotations

from estimates_jobs.cli.interface.group import LazyGroup

hub = LazyGroup(
    "hub",
    help="Look at what comes to a forecast hub.",
    lines={"check": "Look at a pull request of a hub before it is merged."},
    examples=["estimates hub check --changed-since origin/main"],
)
