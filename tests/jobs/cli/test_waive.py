"""`estimates waive` on real stores."""

from __future__ import annotations

from estimates.store.store import Store
from tests.builders import SET
from tests.jobs.cli.calls import call, ok


def test_a_waiver_is_given_shown_and_taken_back(store: Store) -> None:
    """Waive, promote, unwaive; versions, gate and log tell of it, and a key stands as in a path."""
    at = ("--store", store.root)
    until = ("--reason", "split", "--until", "2100-01-01")
    keyed = ok(
        "waive", SET, "hard_bounds", "--version", 3, "--keys", "BRK%2FB/2024-06-03", *until, *at
    )
    assert "BRK/B/2024-06-03" in keyed.text
    assert "next: estimates promote closes 3" in keyed.text
    assert "without the waived keys" in call("gate", SET, 3, *at).text
    for check in ("hard_bounds", "p95_change", "jumps", "median_shift"):
        waiver = ok("waive", SET, check, "--version", 3, *until, *at, "--format", "json").json
    assert (waiver["check"], waiver["keys"], waiver["until"]) == (
        "median_shift",
        None,
        "2100-01-01T23:59:59.999999Z",
    )
    judged = ok("gate", SET, 3, *at).text
    assert f"waiver {waiver['id']} by " in judged
    assert "until 2100-01-01T23:59:59.999999Z, all keys: split" in judged
    assert "hard_bounds, p95_change, jumps, median_shift" in ok("versions", SET, *at).text
    rows = ok("versions", SET, *at, "--format", "json").json["versions"]
    assert [len(row["waivers"]) for row in rows] == [5, 0, 0]
    moved = ok("promote", SET, 3, "--reason", "split", *at, "--format", "json").json
    assert waiver["id"] in moved["details"]["waivers"]
    page = ok("explain", SET, "AAPL", "2024-06-03", *at).text
    assert f"waiver {waiver['id']} by " in page
    assert "waived: median_shift until" in page
    back = ok("unwaive", SET, waiver["id"], "--reason", "no split", *at).text
    assert "production stays version 3" in back
    assert "median_shift" not in back.split("\n", 1)[1]
    log = ok("log", SET, *at).text
    assert "version 3: hard_bounds waived until 2100-01-01T23:59:59.999999Z for 1 key" in log
    assert f"version 3: waiver {waiver['id']} of median_shift taken back" in log


def test_waivers_that_cannot_be_are_wrong_input(store: Store) -> None:
    """Exit code 2 and what is allowed; a key that is no text is refused, not mended."""
    until = (
        "--reason",
        "split",
        "--until",
        "2100-01-01",
        "--store",
        store.root,
        "--format",
        "json",
    )
    refused = call("waive", SET, "schema", "--version", 3, *until)
    assert (refused.code, refused.error["code"]) == (2, "unwaivable")
    assert "hard_bounds" in refused.error["message"]
    assert (
        call("waive", SET, "hard_bounds", "--version", 3, "--keys", "AAPL", *until).error["code"]
        == "key_parts"
    )
    assert (
        call("waive", SET, "hard_bounds", "--version", 3, "--keys", "%FF/2024-06-03", *until).code
        == 2
    )
    assert call("unwaive", SET, 1, "--reason", "x", "--store", store.root).code == 2
