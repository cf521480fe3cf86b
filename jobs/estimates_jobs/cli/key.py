"""`estimates key`: the key that signs what one does."""

from __future__ import annotations

from estimates_jobs.cli.interface.group import LazyGroup

key = LazyGroup(
    "key",
    help="The key that signs what you do, where the store has an access record.",
    lines={
        "create": "Make a key; its public half is printed.",
        "show": "Your public key, and what it may do in this store.",
    },
    examples=["estimates key create", "estimates key show"],
)
