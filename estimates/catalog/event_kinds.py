"""What an event can be about; docs/spec.md, section 3, says who writes each."""

from typing import Literal

EventKind = Literal[
    "defined",
    "published",
    "judged",
    "promoted",
    "rolled_back",
    "tracked",
    "scored",
    "regraded",
    "waived",
    "unwaived",
    "expired",
    "hold_placed",
    "hold_released",
    "clock_repaired",
    "erased",
    "alias_removed",
    "retired",
    "unretired",
    "token_created",
    "token_revoked",
    "approval_requested",
    "approved",
    "approval_declined",
    "access_set",
]
