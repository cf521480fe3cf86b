"""Who may do what by a record, and which records are none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from estimates.principals.access_record import (
    KnownPrincipal,
    covers,
    parse_access,
    record_of_details,
)
from tests.builders import code_of
from tests.principals.signed import ALL, Keys


@pytest.mark.parametrize(
    ("pattern", "name", "is_covered"),
    [
        ("demand", "demand", True),
        ("demand", "demand2", False),
        ("demand", "deman", False),
        ("demand*", "demand2", True),
        ("demand*", "demand", True),
        ("demand*", "other", False),
        ("*", "", True),
        ("demand*", "", False),
        ("", "demand", False),
    ],
)
def test_a_pattern_covers_a_name_or_a_beginning(pattern: str, name: str, is_covered: bool) -> None:
    """The store as a whole, which has no name, takes `*` alone."""
    assert covers(pattern, name) is is_covered


@pytest.mark.parametrize(
    ("kind", "name", "is_allowed"),
    [
        ("promoted", "demand", True),
        ("promoted", "other", False),
        ("alias_removed", "demand", True),
        ("judged", "demand", True),
        ("rolled_back", "demand", False),
        ("published", "demand", False),
        ("approved", "demand", False),
        ("of_a_later_release", "other", True),
    ],
)
def test_a_right_lets_its_kinds_of_events(kind: str, name: str, is_allowed: bool) -> None:
    """In its sets; a kind that this program does not know has no effect, and any may sign it."""
    known = KnownPrincipal(("k",), {"promote": ("demand",)})
    assert known.is_allowed(kind, name) is is_allowed


def test_a_key_is_one_principals(tmp_path: Path) -> None:
    """A file in which a key stands twice, also as root and principal, is refused."""
    keys = Keys(tmp_path)
    text = f'root = ["{keys.public("root")}"]\n[principals.ana]\nkeys = ["%s"]\n'
    assert parse_access(text % keys.public("ana"), "f").name_of(keys.public("ana")) == "ana"
    twice = (text + '[principals.bea]\nkeys = ["%s"]\n') % (keys.public("ana"), keys.public("ana"))
    for wrong in (text % keys.public("root"), twice):
        assert code_of(lambda wrong=wrong: parse_access(wrong, "f")) == "bad_access_record"
    assert code_of(lambda: parse_access(text % "ed25519:no", "f")) == "bad_key_text"


@pytest.mark.parametrize(
    "change",
    [
        lambda record: record | {"root": ["ed25519:no"]},
        lambda record: record | {"principals": {"ana": {"keys": ["no"], "may": {}}}},
        lambda record: record | {"more": 1},
        lambda record: None,
    ],
)
def test_what_cannot_be_read_is_no_record(
    tmp_path: Path, change: Callable[[dict[str, Any]], object]
) -> None:
    """Of an event; one that knows more rights is."""
    keys = Keys(tmp_path)
    details = keys.record({"ana": {**ALL, "of_a_later_release": ("*",)}}).details()
    assert record_of_details({"record": details}) is not None
    assert record_of_details({"record": change(details)}) is None
