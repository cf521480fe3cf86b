"""`estimates usage`: who reads what over HTTP."""

from __future__ import annotations

from estimates_jobs.cli.interface.group import LazyGroup

usage = LazyGroup(
    "usage",
    help="Who reads which sets over HTTP, as counted by services that keep a record of it.",
    lines={
        "show": "The sets, their readers, and when they were read last; meant without a command.",
        "pull": "Fetch the record of a service, or of another machine's cache.",
    },
    default="show",
    examples=[
        "estimates usage",
        "estimates usage sp500-close --last 30d",
        "estimates usage pull https://estimates.example.com",
    ],
)
