"""Who asks the service, and what they may do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Literal, get_args

import msgspec

from estimates.access.grant import Grant, parse_grant

ReadRight = Literal["read", "provenance", "metrics", "usage"]
READ_RIGHTS: tuple[ReadRight, ...] = get_args(ReadRight)


class Principal(msgspec.Struct, frozen=True):
    """Somebody who may read.

    name        of a person or a program, for people and for limits of the rate
    may         `read`: estimates and what is said of them; `provenance`: of sets that are read as a
                whole also the parameters of jobs, and where their inputs lie; `metrics`: /metrics;
                `usage`: who reads the sets of its grants
    grants      what may be read, and of which sets there are metrics and usage; each stands for
                itself
    expires_at  until when; None: its issuer says so
    """

    name: str
    may: tuple[ReadRight, ...] = ("read",)
    grants: tuple[Grant, ...] = ()
    expires_at: datetime | None = None

    def grants_of(self, set_name: str) -> list[Grant]:
        """The grants about a set; none where it may not be read at all."""
        if "read" not in self.may:
            return []
        return [grant for grant in self.grants if grant.covers(set_name)]

    def reads_whole(self, set_name: str) -> bool:
        """Whether every key and column of a set may be read."""
        return any(grant.whole for grant in self.grants_of(set_name))

    def sees_provenance(self, set_name: str) -> bool:
        """Whether the parameters of a set's job, and where its inputs lie, may be known."""
        return "provenance" in self.may and self.reads_whole(set_name)

    def watches(self, set_name: str) -> bool:
        """Whether the metrics of a set may be had: those of all sets where there are no grants."""
        if "metrics" not in self.may:
            return False
        return not self.grants or any(grant.covers(set_name) for grant in self.grants)

    def covers_whole(self, set_name: str) -> bool:
        """Whether some grant is about every key and column of a set, whatever it allows."""
        return any(grant.whole and grant.covers(set_name) for grant in self.grants)

    def visible(self, set_names: Iterable[str]) -> Iterator[str]:
        """The sets of which anything may be read."""
        return (name for name in set_names if self.grants_of(name))


def principal_of_words(name: str, words: Iterable[str]) -> Principal:
    """The principal that words of an issuer's claim describe: `provenance`, `metrics`, `usage`, and
    `read:` with a grant.

    Words that are neither are of other services, and count for nothing.
    Raises InvalidError (`bad_grant`).
    """
    may: list[ReadRight] = []
    grants: list[Grant] = []
    for word in words:
        right, _, grant = word.partition(":")
        if right == "read" and grant:
            grants.append(parse_grant(grant))
            right = "read"
        elif word not in ("provenance", "metrics", "usage"):
            continue
        if right in READ_RIGHTS and right not in may:
            may.append(right)
    return Principal(name, tuple(may), tuple(grants))
