"""All sets of a service at one moment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Generic, TypeVar

S = TypeVar("S")


class Moment(Generic[S]):
    """All sets of a service at one moment: aliases and `latest` mean what they meant then."""

    def __init__(self, as_of: datetime, open_set: Callable[[str, datetime], S]) -> None:
        self.as_of = as_of
        self._open_set = open_set

    def __getitem__(self, name: str) -> S:
        """The set of that name at this moment."""
        return self._open_set(name, self.as_of)
