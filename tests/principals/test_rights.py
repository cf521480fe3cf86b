"""Rights and kinds of events."""

from __future__ import annotations

import re
from typing import get_args

from estimates.catalog.event_kinds import EventKind
from estimates.principals.rights import ACCESS, RIGHTS, rights_of
from tests.teams import DOCS


def test_each_kind_of_event_asks_for_a_right() -> None:
    """A kind that is added asks for one; the access record is the root key's alone."""
    for kind in get_args(EventKind):
        rights = rights_of(kind)
        assert (rights is None) == (kind == ACCESS)
        assert set(rights or ()) <= set(RIGHTS)


def test_rights_are_those_of_the_specification() -> None:
    """The table of docs/spec.md, section 7: a right more would let others do it."""
    text = (DOCS / "spec.md").read_text()
    table = text[text.index("| kind | right, any of these |") :].split("\n\n")[0].splitlines()[2:]
    stated = dict[str, set[str]]()
    for line in table:
        kinds, rights = (cell.strip() for cell in line.strip("|").split("|"))
        for kind in re.findall("`([a-z_]+)`", kinds):
            stated[kind] = set(rights.split(", "))
    kinds = set(get_args(EventKind)) - {ACCESS}
    assert stated == {kind: set(rights_of(kind) or ()) for kind in kinds}
