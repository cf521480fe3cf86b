"""`estimates token`: who may read over HTTP."""

from __future__ import annotations

from estimates_jobs.cli.interface.group import LazyGroup

token = LazyGroup(
    "token",
    help="Who may read over HTTP: secrets that programs and people send with their requests.",
    lines={
        "create": "Make a token; its secret is printed once.",
        "list": "The tokens that were made, and what each may read.",
        "revoke": "Make a token count no longer.",
    },
    examples=[
        "estimates token create shop-app --set demand --expires 90d",
        "estimates token list",
        'estimates token revoke 57 --reason "left the team"',
    ],
)
