"""Rights and kinds of events."""

from __future__ import annotations

from typing import get_args

from estimates.catalog.event_kinds import EventKind
from estimates.principals.rights import ACCESS, RIGHTS, rights_of


def test_each_kind_of_event_asks_for_a_right() -> None:
    """A kind that is added asks for one; the access record is the root key's alone."""
    for kind in get_args(EventKind):
        rights = rights_of(kind)
        assert (rights is None) == (kind == ACCESS)
        assert set(rights or ()) <= set(RIGHTS)
