"""`estimates access`: who may write what."""

from __future__ import annotations

from estimates_jobs.cli.interface.group import LazyGroup

access = LazyGroup(
    "access",
    help="Who may write what: the access record, which the store's root key signs.",
    lines={
        "set": "Set who may do what from now on.",
        "show": "The access record in force, as the file that sets it.",
    },
    examples=[
        "estimates access show > access.toml",
        'estimates access set access.toml --key root.pem --reason "anna joins the team"',
    ],
)
