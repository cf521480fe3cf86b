"""`estimates hold`, and where a hold is shown."""

from __future__ import annotations

from estimates.store.store import Store
from tests.builders import SET, define
from tests.jobs.cli.calls import call, ok


def test_a_hold_is_shown_where_people_look(store: Store) -> None:
    """Placed, it is in `status`, `versions`, `verify` and `log`; released, it is gone from all but
    the log.
    """
    place = ("--store", store.root)
    shown = ok("hold", SET, 2, "--reason", "case 7", *place).text
    number = store.view().set(SET).holds[0].id
    assert f"legal hold {number} is placed" in shown
    ok("hold", SET, "all", "--reason", "audit", *place)
    for command in (("status", SET), ("verify",), ("log", SET)):
        assert "case 7" in ok(*command, *place).text
    define(store, "other")
    assert "legal holds" in ok("status", *place).text.split("\n")[0]
    rows = ok("versions", SET, *place, "--format", "json").json["versions"]
    assert [len(row["legal_holds"]) for row in rows] == [1, 2, 1]
    assert "legal hold" in ok("versions", SET, *place).text
    released = ok("hold", SET, 2, "--reason", "closed", "--release", *place, "--format", "json")
    assert (released.json["kind"], released.json["details"]) == ("hold_released", {"hold": number})
    ok("hold", SET, "all", "--reason", "done", *place, "--release", number + 1)
    assert "case 7" not in ok("status", SET, *place).text
    assert f"version 2: legal hold {number} released" in ok("log", SET, *place).text


def test_a_wrong_hold_is_refused(store: Store) -> None:
    """What is no version, and a hold that does not stand, end with the code of wrong usage."""
    place = ("--reason", "x", "--store", store.root)
    assert call("hold", SET, "both", *place).code == 2
    called = call("hold", SET, "all", "--release", *place, "--format", "json")
    assert (called.code, called.error["code"]) == (2, "unknown_hold")
