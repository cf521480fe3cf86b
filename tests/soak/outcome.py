"""What was seen after one fault."""

from __future__ import annotations

from typing import NamedTuple


class Outcome(NamedTuple):
    """A fault, what was seen, and where it was, for whoever wants to see it again."""

    fault: str
    seen: str
    where: str = ""
