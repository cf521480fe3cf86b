"""One line of what the benchmarks print: a measure and what it has to be."""

from __future__ import annotations

import msgspec


class Line(msgspec.Struct, frozen=True):
    """A measure beside its target.

    unit     `×` for a ratio, else such as `ms` or `MB`
    target   None: printed to be seen beside others
    at_most  whether the target is an upper bound; else it is a lower one
    """

    what: str
    measured: float
    unit: str
    target: float | None
    at_most: bool = False

    @property
    def ok(self) -> bool:
        """Whether the target, if there is one, is met."""
        if self.target is None:
            return True
        return self.measured <= self.target if self.at_most else self.measured >= self.target
