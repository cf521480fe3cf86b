"""The clock `released`: claimed times of release count only where they are asked for."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimates import instants
from estimates.catalog.at import At
from estimates.catalog.records import Alias, Event, Provenance, Version
from estimates.catalog.release_clock import released_moves
from estimates.catalog.set_view import SetView
from estimates.catalog.view import View
from estimates.errors import ConflictError, InvalidError, NotFoundError
from estimates.store.store import Store
from tests.builders import SET, START, define, frame, make_store, promoted, provenance
from tests.jobs.cli.calls import call

DAY = timedelta(days=1)
OPENED = datetime(2026, 1, 1, tzinfo=UTC)  # when the store of the made-up sets began
# For each version the day of its claim, counted back from OPENED; for each move the version it goes
# to.
claims = st.lists(st.none() | st.integers(1, 9), min_size=1, max_size=6)
paths = st.lists(st.integers(0, 5), max_size=12)


def made(claimed: list[int | None], path: list[int]) -> tuple[View, list[tuple[datetime, int]]]:
    """A view of a set whose production went along a path of versions, a day a move."""
    versions = [
        Version(
            "s",
            n,
            f"{n:064}",
            1,
            1,
            1,
            OPENED,
            Provenance(OPENED - 99 * DAY, f"r{n}"),
            day and OPENED - day * DAY,
        )
        for n, day in enumerate(claimed, 1)
    ]
    moves = [(OPENED + (i + 1) * DAY, step % len(claimed) + 1) for i, step in enumerate(path)]
    kind = {"kind": "promoted", "actor": "a", "alias": "production"}
    events = [
        Event(id=i, at=at, set="s", version=version, **kind)
        for i, (at, version) in enumerate(moves, 1)
    ]
    aliases = {"production": Alias("s", "production", moves[-1][1], moves[-1][0])} if moves else {}
    end = OPENED + 99 * DAY
    return View({"s": SetView([], versions, events, aliases)}, end, end, len(events)), moves


def named(view: View, as_of: datetime, clock: Any = None) -> int | None:
    """The version in production by a clock."""
    try:
        return view.resolve("s", At(as_of=as_of, clock=clock)).version
    except NotFoundError:
        return None


def in_force(moves: list[tuple[datetime, int, int]], at: datetime) -> int | None:
    """Of entries (time, order of recording, version) what was in force, by looking at all."""
    return max((entry for entry in moves if entry[0] <= at), default=(at, 0, None))[2]


@given(claims, paths)
def test_slow_reference(claimed: list[int | None], path: list[int]) -> None:
    """By the clock `released` a first move counts from its claim, others from their time, the last
    of them last.
    """
    view, moves = made(claimed, path)
    released: list[tuple[datetime, int, int]] = []
    for i, (at, version) in enumerate(moves):
        first, day = version not in [v for _, v in moves[:i]], claimed[version - 1]
        released.append(
            (OPENED - day * DAY if first and day is not None else at, len(released), version)
        )
        if in_force(released, at) != version:
            released.append((at, len(released), version))
    for half_days in range(-22, 30):
        at = OPENED + half_days * DAY / 2
        assert named(view, at, "released") == in_force(released, at)


@given(claims, paths)
def test_default_clock_knows_no_claim(claimed: list[int | None], path: list[int]) -> None:
    """Without a clock every answer is the same whether or not versions carry claims."""
    with_claims, without = made(claimed, path)[0], made([None] * len(claimed), path)[0]
    for half_days in range(-22, 30):
        at = OPENED + half_days * DAY / 2
        assert named(with_claims, at) == named(without, at)
        assert named(without, at, "released") == named(without, at)


@given(claims, paths)
def test_never_early_and_agrees_with_production(claimed: list[int | None], path: list[int]) -> None:
    """No version counts before its claim or, without one, its move; from the last move on both
    clocks agree.
    """
    view, moves = made(claimed, path)
    for half_days in range(-22, 30):
        at = OPENED + half_days * DAY / 2
        version = named(view, at, "released")
        if version is not None:
            day = claimed[version - 1]
            earliest = (
                min(moved for moved, v in moves if v == version)
                if day is None
                else OPENED - day * DAY
            )
            assert earliest <= at
        if moves and at >= moves[-1][0]:
            assert version == named(view, at)


def test_history_in_order() -> None:
    """A history imported in the order of its claims is in force from claim to claim; the import
    leaves no trace.
    """
    view, moves = made([9, 5, 2, None], [0, 1, 2, 3])
    history = released_moves(moves, view.set("s").versions)
    assert history == [
        (OPENED - 9 * DAY, 1),
        (OPENED - 5 * DAY, 2),
        (OPENED - 2 * DAY, 3),
        (moves[3][0], 4),
    ]


def imported(store: Store, run_id: str, level: float, day: int, claimed: datetime) -> Version:
    """Publish with a claim, and promote."""
    version = store.publish(SET, frame(level), provenance(run_id, day), released_at=claimed)
    store.judge(SET, version.version)
    store.promote(SET, version.version, reason="import")
    return version


def test_imported_answers(local_store: Store) -> None:
    """Reads by the clock `released` answer from imported versions and are marked; all others know
    nothing of them.
    """
    define(local_store)
    imported(local_store, "old", 100.0, 0, START + DAY)
    imported(local_store, "older", 101.0, 1, START + 3 * DAY)
    promoted(local_store, "live", 102.0, day=4)
    closes, then, key = local_store[SET], START + 2 * DAY, ("AAPL", "2024-06-03")
    answer = closes.get(*key, as_of=then, clock="released")
    assert (answer["value"], answer.imported, answer["version"]) == (100.03, True, 1)
    assert closes.get_many([key], as_of=then, clock="released").imported
    assert closes.scan("AAPL", as_of=then, clock="released").imported
    assert closes.frame(as_of=then, clock="released").equals(closes.frame(1))
    assert closes.resolve(as_of=START + DAY, clock="released").version == 1
    present = closes.get(*key, as_of=instants.now(), clock="released")
    assert (present["version"], present.imported) == (3, False)
    assert not closes.get(*key, ref=1).imported
    for as_of, clock in ((then, None), (START + DAY - DAY / 2, "released")):
        with pytest.raises(NotFoundError) as refused:
            closes.get(*key, as_of=as_of, clock=clock)
        assert refused.value.code == "before_first"


@pytest.mark.parametrize(
    "question",
    [
        {},
        {"ref": 1, "as_of": START},
        {"ref": "latest", "as_of": START},
        {"as_of": START, "clock": "sun"},
    ],
)
def test_bad_clock(local_store: Store, question: dict[str, Any]) -> None:
    """The clock is refused where it would be without effect, and so is one that does not exist."""
    define(local_store)
    promoted(local_store, "one")
    with pytest.raises(InvalidError) as refused:
        local_store[SET].get("AAPL", "2024-06-03", **({"clock": "released"} | question))
    assert refused.value.code == "bad_clock"


def test_claims_that_cannot_be(local_store: Store) -> None:
    """A claim after now or before the data, or without a zone, is refused, and nothing is
    published.
    """
    define(local_store)
    naive = START.replace(tzinfo=None)
    cases = (
        (instants.now() + DAY, "bad_released_at"),
        (START - DAY, "bad_released_at"),
        (naive, "bad_time"),
    )
    for claimed, code in cases:
        with pytest.raises(InvalidError) as refused:
            local_store.publish(SET, frame(), provenance("one"), released_at=claimed)
        assert refused.value.code == code
    assert local_store[SET].versions() == []
    version = local_store.publish(SET, frame(), provenance("one"), released_at=START)
    assert local_store[SET].versions()[0].released_at == version.released_at == START
    published = [event for event in local_store.view().set(SET).events if event.kind == "published"]
    assert published[0].details == {"run_id": "one", "released_at": instants.text(START)}


def test_same_run_other_claim(local_store: Store) -> None:
    """The same run again gives its version back; with another claim it is a conflict, never dropped
    silently.
    """
    define(local_store)
    first = local_store.publish(SET, frame(), provenance("one"), released_at=START)
    assert local_store.publish(SET, frame(), provenance("one"), released_at=START) == first
    with pytest.raises(ConflictError) as refused:
        local_store.publish(SET, frame(), provenance("one"))
    assert refused.value.code == "run_id_reused"
    assert "released_at" in msgspec.json.encode(refused.value.message).decode()


@pytest.mark.slow
def test_import_by_command(tmp_path: Path) -> None:
    """`publish --released-at` imports, what shows versions tells the claim, `--clock released`
    believes it.
    """
    store = make_store(tmp_path / "store")
    define(store, more='[gate]\npromote = "automatic"\n')
    frame(100.0).write_csv(tmp_path / "old.csv")
    words = ("publish", SET, tmp_path / "old.csv", "--through", "2024-01-01", "--store", store.root)
    early = call(*words, "--released-at", "2023-12-31T00:00:00Z", "--format", "json")
    assert (early.code, early.error["code"]) == (2, "bad_released_at")
    assert "publish" not in call(*words, "--released-at", "2999-01-01T00:00:00Z").err.splitlines()
    assert call("runs", SET, "--store", store.root, "--format", "json").json["runs"] == []
    assert call(*words, "--released-at", "2024-01-02T06:00:00Z").code == 0
    for command in ("versions", "log"):
        assert "claimed release" in call(command, SET, "--store", store.root).text
        assert "2024-01-02T06:00:00Z" in call(command, SET, "--store", store.root).text
    then = (
        "get",
        SET,
        "AAPL",
        "2024-06-03",
        "--as-of",
        "2024-01-03T00:00:00Z",
        "--store",
        store.root,
    )
    assert "its time of release is a claim" in call(*then, "--clock", "released").text
    assert call(*then, "--format", "json").error["code"] == "before_first"
    key = (SET, "AAPL", "2024-06-03", "--store", store.root)
    history = call("history", *key, "--clock", "released", "--format", "json")
    assert history.out == store[SET].history(*key[1:3], clock="released").json
    assert "claimed release" in call("history", *key, "--clock", "released").text
    assert "claimed release" not in call("history", *key).text
    assert re.search(r"claimed release +2024-01-02T06:00:00Z", call("explain", *key).text)
    store.catalog.engine.dispose()
