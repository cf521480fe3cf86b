"""`estimates promote` on real stores."""

from __future__ import annotations

from estimates.store.store import Store
from tests.builders import SET
from tests.jobs.cli.calls import call, ok


def test_promote_and_rollback_print_the_move_and_keep_the_reason(store: Store) -> None:
    """Both are events with a reason; a rollback holds, and says how to go on."""
    moved = ok(
        "promote", SET, 2, "--reason", "looked at it", "--store", store.root, "--format", "json"
    ).json
    assert (moved["kind"], moved["version"], moved["from_version"], moved["reason"]) == (
        "promoted",
        2,
        1,
        "looked at it",
    )
    shown = ok("rollback", SET, "--reason", "wrong after all", "--store", store.root).text
    assert "production is version 1, before it was 2" in shown
    assert "held" in shown
    assert store.view().set(SET).aliases["production"].held


def test_promote_of_a_blocked_version_exits_1_and_names_the_checks(store: Store) -> None:
    """The gate's no is exit code 1; production stays."""
    called = call(
        "promote", SET, 3, "--reason", "please", "--store", store.root, "--format", "json"
    )
    assert (called.code, called.error["code"]) == (1, "blocked")
    assert "hard_bounds" in called.error["message"]
    assert store.resolve(SET).version == 1


def test_promote_moves_another_alias(store: Store) -> None:
    """An alias of one's own is a ref for readers."""
    ok("promote", SET, 2, "--reason", "try it", "--alias", "staging", "--store", store.root)
    assert (
        ok("get", SET, "AAPL", "--ref", "staging", "--store", store.root, "--format", "json").json[
            "version"
        ]
        == 2
    )


def test_a_repeated_move_says_that_it_stands(store: Store) -> None:
    """Whoever lost the answer gets it: the event, and for a rollback how to go further."""
    moves = [
        (("promote", SET, 2, "--reason", "looked at it"), "the same command, which is done once"),
        (("rollback", SET, "--reason", "wrong"), "further back: another --reason, or --to VERSION"),
    ]
    for command, said in moves:
        first = ok(*command, "--store", store.root, "--format", "json").json
        again = ok(*command, "--store", store.root).text
        assert f"by event {first['id']}" in " ".join(again.split())
        assert said in " ".join(again.split())
        assert ok(*command, "--store", store.root, "--format", "json").json == first
