"""Several processes at once on one store, on SQLite and PostgreSQL: nothing is lost, one wins, the
others are told.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from estimates.errors import GateError
from estimates.store.store import Store
from estimates.store.sweep import sweep
from estimates.store.verify import verify
from tests.builders import SET, define, promoted, publish
from tests.conftest import everywhere
from tests.invariants import check_all

PROJECT = Path(__file__).parents[2]
Race = Callable[..., list[list[Any]]]


pytestmark = everywhere


@pytest.fixture(scope="module")
def server() -> Iterator[subprocess.Popen[str]]:
    """A process that has imported everything and forks racing ones."""
    command = [sys.executable, "-m", "tests.store.race_child"]
    with subprocess.Popen(
        command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


@pytest.fixture
def race(store: Store, catalog: str | None, server: subprocess.Popen[str]) -> Race:
    """Lets a process for each work go at the same moment, and gives what each tells."""

    def run(*works: str, times: int = 1) -> list[list[Any]]:
        assert server.stdin is not None
        assert server.stdout is not None
        command = {
            "root": store.root,
            "catalog": catalog,
            "cache": str(store.read_files.folder),
            "works": works,
            "times": times,
            "environment": {
                name: value for name, value in os.environ.items() if name.startswith("AWS_")
            },
        }
        print(json.dumps(command), file=server.stdin, flush=True)
        answers = json.loads(server.stdout.readline())
        assert all(isinstance(answer, list) for answer in answers), answers
        return answers

    return run


@pytest.mark.parametrize("processes", [2, 4])
def test_publishing_and_promoting_at_once(store: Store, race: Race, processes: int) -> None:
    """Numbers are dense, events gapless, and every promotion either is in the log or was told why
    not.
    """
    define(store)
    outcomes = [
        outcome for answers in race(*["release"] * processes, times=3) for outcome in answers
    ]
    check_all(store)
    assert sorted(version for version, _ in outcomes) == list(range(1, 3 * processes + 1))
    moves = [event.version for event in store.view().set(SET).events if event.kind == "promoted"]
    assert sorted(version for version, code in outcomes if code is None) == moves
    assert {code for _, code in outcomes} <= {None, "moved", "lower_version"}


@pytest.mark.parametrize("processes", [2, 4])
def test_one_promotion_wins(store: Store, race: Race, processes: int) -> None:
    """Of promotions that saw the same alias one succeeds; the others are told that it moved, and
    leave no trace.
    """
    define(store)
    promoted(store, "first")
    for i in range(processes):
        publish(store, f"candidate-{i}", 100.1 + i / 10)
    codes = [answers[0] for answers in race(*["move"] * processes)]
    assert sorted(codes, key=str) == [None] + ["moved"] * (processes - 1)
    check_all(store)
    assert store.resolve(SET).version == codes.index(None) + 2


def test_the_same_run_twice_makes_one_version(store: Store, race: Race) -> None:
    """Two processes with the same run_id and content get the same version."""
    define(store)
    first, second = race("same_run", "same_run", times=5)
    assert first == second == [1, 2, 3, 4, 5]
    check_all(store)
    assert len(store.view().set(SET).versions) == 5


@pytest.mark.parametrize("times", [5, pytest.param(12, marks=pytest.mark.stack)])
def test_nothing_is_promoted_while_its_waiver_is_taken_back(
    store: Store, race: Race, times: int
) -> None:
    """Waivers are given and taken back while two promote: each promotion rests on one in force."""
    define(store)
    promoted(store, "first", 499.9)
    publish(store, "blocked", 500.1)
    assert [check.name for check in store.judge(SET, 2).failing()] == ["hard_bounds"]
    answers = race("waivers", "insist", "insist", times=times)
    check_all(store)  # the invariant: each promotion rests on waivers in force
    codes = answers[1] + answers[2]
    assert set(codes) <= {None, "blocked", "waivers_changed"}
    view = store.view().set(SET)
    assert view.waivers == []
    moves = [event for event in view.events if event.kind == "promoted" and event.version == 2]
    assert len(moves) == codes.count(None)
    assert all(event.details["waivers"] for event in moves)


@pytest.mark.parametrize("times", [5, pytest.param(12, marks=pytest.mark.stack)])
def test_sweeps_never_take_what_is_published(store: Store, race: Race, times: int) -> None:
    """Two publishers use and give up the same content while two sweeps delete it: nothing published
    loses files.
    """
    define(store)
    answers = race("recycle", "recycle", "sweeps", "sweeps", times=times)
    assert sorted(answers[0] + answers[1]) == list(range(1, 2 * times + 1))
    check_all(store)
    assert verify(store) == []
    sweep(store, grace=timedelta(0))
    check_all(store)
    stored = {name.split("/")[3] for name in store.objects.names(f"sets/{SET}/snapshots")}
    assert stored == {v.snapshot_id for v in store.view().set(SET).versions if v.expired_at is None}


@pytest.mark.parametrize("approvals", [1, 2])
def test_approving_at_once(store: Store, race: Race, approvals: int) -> None:
    """Of four who approve as many count as it takes; what waits is done once, all others are told
    that it was.
    """
    more = f'[gate]\napprovals = {approvals}\napprovers = ["approver-*"]\n'
    define(store, more=more)
    publish(store, "monday")
    with pytest.raises(GateError):
        store.promote(SET, 1, reason="good")
    codes = [code for (code,) in race(*["approve"] * 4)]
    assert sorted(map(str, codes)) == ["None"] * approvals + ["request_over"] * (4 - approvals)
    kinds = [event.kind for event in store.view().set(SET).events]
    assert (kinds.count("approved"), kinds.count("promoted")) == (approvals, 1)
    check_all(store)
