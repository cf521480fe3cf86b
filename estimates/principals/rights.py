"""Rights, and which of them each kind of event asks for."""

from __future__ import annotations

from typing import Literal, get_args

Right = Literal[
    "define",
    "publish",
    "promote",
    "roll_back",
    "waive",
    "override",
    "approve",
    "erase",
    "expire",
    "hold",
    "retire",
    "tokens",
    "repair_clock",
]
RIGHTS: tuple[Right, ...] = get_args(Right)
ACCESS = "access_set"  # what the root keys alone may do
# Any of these is enough. Who promotes may have to judge again.
_RIGHTS_OF: dict[str, tuple[Right, ...]] = {
    "defined": ("define",),
    "published": ("publish",),
    "judged": ("publish", "promote"),
    "tracked": ("publish",),
    "scored": ("publish",),
    "regraded": ("publish",),
    "promoted": ("promote",),
    "alias_removed": ("promote",),
    "rolled_back": ("roll_back",),
    "waived": ("waive",),
    "unwaived": ("waive",),
    "expired": ("expire",),
    "hold_placed": ("hold",),
    "hold_released": ("hold",),
    "erased": ("erase",),
    "retired": ("retire",),
    "unretired": ("retire",),
    "token_created": ("tokens",),
    "token_revoked": ("tokens",),
    "clock_repaired": ("repair_clock",),
    # What is carried out with the last approval asks for its own right, too.
    "approval_requested": ("define", "publish", "promote", "waive"),
    "approved": ("approve",),
    # Whoever may ask may take their own request back; others' are for the contract's approvers.
    "approval_declined": ("approve", "define", "publish", "promote", "waive"),
}


def rights_of(kind: str) -> tuple[Right, ...] | None:
    """The rights that allow a kind of event; None for one that this program does not know, which
    has no effect here and which any principal may sign.
    """
    return _RIGHTS_OF.get(kind)
