"""Waivers: who may except what, for how long, what a verdict makes of it, and that promotion
rechecks them.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimates import instants
from estimates.catalog.records import Version, Waiver
from estimates.contract.contract_file import parse_contract
from estimates.errors import ConflictError, EstimatesError, GateError
from estimates.gate.active_waivers import key_rows
from estimates.gate.evaluation import evaluate
from estimates.gate.pages.verdict_text import render_text
from estimates.gate.registry import CHECKS
from estimates.gate.verdict import Verdict
from estimates.store.judge import Judgement
from estimates.store.sampled_reads import check_sampled_reads
from estimates.store.store import Store
from estimates.store.verify import verify
from estimates.store.waive import waived_keys
from tests.builders import SET, TARGETS, TICKERS, define, frame, promoted, provenance, publish
from tests.examples import examples
from tests.gate.cases import JUDGED, Setting, contract, off_by_ten, stored
from tests.invariants import check_all

JUMP = ("hard_bounds", "p95_change", "jumps", "median_shift")
LATER = "2100-01-01"


@pytest.fixture
def jumped(store: Store) -> tuple[Store, Version]:
    """Version 1 in production, version 2 far from it and out of bounds."""
    define(store)
    promoted(store, "monday", 100.0)
    return store, publish(store, "tuesday", 900.0, day=1)


def waive_all(store: Store, version: int, until: datetime | str = LATER) -> list[Waiver]:
    """Everything that the jump fails, waived as a whole."""
    return [store.waive(SET, check, version, reason="split", until=until) for check in JUMP]


def code_of(act: Any) -> str | None:
    """The code of the error that an action ends with."""
    try:
        act()
    except EstimatesError as error:
        return error.code
    return None


# -- what is recorded
# --------------------------------------------------------------------------------------------------


def test_a_waiver_is_recorded_with_who_when_why_and_its_limits(
    jumped: tuple[Store, Version],
) -> None:
    """The waiver, its event and its row in the view agree; its id is that of the event."""
    store, version = jumped
    keys = [("BRK/B", TARGETS[1]), ["AAPL", "2024-06-03"], ("AAPL", TARGETS[0])]
    waiver = store.waive(SET, "hard_bounds", 2, keys=keys, reason="split", until="2100-01-01")
    event = store.view().set(SET).events[-1]
    assert (event.kind, event.id, event.version, event.actor, event.at) == (
        "waived",
        waiver.id,
        2,
        "tester",
        waiver.at,
    )
    assert event.reason == waiver.reason == "split"
    assert event.details == {
        "check": "hard_bounds",
        "keys": 2,
        "until": "2100-01-01T23:59:59.999999Z",
    }
    assert waiver.keys == [["AAPL", "2024-06-03"], ["BRK/B", "2024-06-04"]]
    assert waiver.until == datetime(2100, 1, 2, tzinfo=UTC) - timedelta(microseconds=1)
    assert waiver.snapshot_id == version.snapshot_id
    assert store.view().set(SET).waivers == [waiver]
    check_all(store)


def test_a_waiver_is_copied_beside_the_snapshots(jumped: tuple[Store, Version]) -> None:
    """Its event's file holds it with its keys, as it was given, also after it was taken back."""
    store, _ = jumped
    waiver = store.waive(
        SET, "hard_bounds", 2, keys=[("AAPL", TARGETS[0])], reason="split", until=LATER
    )
    store.unwaive(SET, waiver.id, reason="no")
    assert verify(store) == []
    copied = json.loads(store.objects.get(f"log/{waiver.id:012d}.json"))
    assert msgspec.convert(copied["records"]["waiver"], Waiver) == waiver


REFUSALS: list[tuple[dict[str, Any], str]] = [
    ({"check": "nosuch"}, "unknown_check"),
    ({"check": "schema"}, "unwaivable"),
    ({"check": "freshness", "keys": [("AAPL", TARGETS[0])]}, "not_by_key"),
    ({"keys": []}, "no_keys"),
    ({"keys": [("AAPL",)]}, "key_parts"),
    ({"keys": [("AAPL", "June")]}, "bad_key_part"),
    ({"reason": "  "}, "reason_needed"),
    ({"until": "2020-01-01"}, "bad_until"),
    ({"until": "2100-13-01"}, "bad_time"),
    ({"until": "2100-01-01T00:00:00"}, "bad_time"),
    ({"until": datetime(2100, 1, 1)}, "bad_time"),
    ({"version": 7}, "unknown_version"),
]


@pytest.mark.parametrize(
    ("changed", "code"), REFUSALS, ids=[f"{code}-{i}" for i, (_, code) in enumerate(REFUSALS)]
)
def test_what_cannot_be_waived_is_refused(
    local_store: Store, changed: dict[str, Any], code: str
) -> None:
    """Each wrong waiver has its code, and nothing is recorded."""
    define(local_store)
    promoted(local_store, "monday")
    before = local_store.catalog.last_event()
    fields = {"check": "hard_bounds", "version": 1, "reason": "split", "until": LATER} | changed
    check, version = fields.pop("check"), fields.pop("version")
    with pytest.raises(EstimatesError) as caught:
        local_store.waive(SET, check, version, **fields)
    assert caught.value.code == code
    assert local_store.catalog.last_event() == before


def test_every_check_that_every_version_must_pass_is_unwaivable() -> None:
    """◆ in docs/checks.md means it: and the message lists what can be waived."""
    of = contract()
    for check in CHECKS:
        code = code_of(lambda name=check.name: waived_keys(of, name, None, "because"))
        assert code == (None if check.waivable else "unwaivable")


def test_checks_of_the_set_can_be_waived() -> None:
    """A check that the contract adds is one of the checks there are."""
    own = contract(more='[gate.custom.halves]\nsql = "SELECT 1"\nblock = 0\n')
    assert waived_keys(own, "halves", None, "because") is None
    assert code_of(lambda: waived_keys(contract(), "halves", None, "because")) == "unknown_check"


# -- what a verdict makes of it
# ----------------------------------------------------------------------------------------


def given_for(check: str, keys: list[list[str]] | None, number: int = 1, **changed: Any) -> Waiver:
    """A waiver of the clean candidate's content."""
    fields: dict[str, Any] = {
        "id": number,
        "set": "prices",
        "version": 2,
        "snapshot_id": "snapshot-2",
        "check": check,
    }
    fields |= {
        "keys": keys,
        "reason": "split",
        "actor": "ann",
        "at": JUDGED,
        "until": JUDGED + timedelta(days=1),
    }
    return Waiver(**(fields | changed))


def judged(setting: Setting, *waivers: Waiver) -> Verdict:
    """The verdict of a setting with waivers."""
    candidate = stored(setting.frame, setting.contract)
    assert setting.baseline is not None
    baseline = stored(setting.baseline, setting.contract, version=1)
    return evaluate(
        setting.contract,
        candidate,
        baseline,
        judged_at=JUDGED,
        contract_revision=1,
        waivers=waivers,
    )


def test_a_whole_check_is_waived_and_the_verdict_says_by_which() -> None:
    """The value stays, the status is `waived`, and it blocks no more; the text names who, why and
    until when.
    """
    setting = Setting(frame=off_by_ten(25))
    blocking = [check.name for check in judged(setting).failing()]
    waivers = [given_for(name, None, number) for number, name in enumerate(blocking, 1)]
    verdict = judged(setting, *waivers)
    assert not verdict.blocks
    for name, waiver in zip(blocking, waivers, strict=True):
        check = verdict.check(name)
        assert (check.status, check.waived_by) == ("waived", [waiver.id])
        assert check.value == judged(setting).check(name).value
    assert verdict.in_force == waivers
    assert "waiver 1 by ann until 2026-11-22T00:00:00Z, all keys: split" in render_text(verdict)


def test_an_end_is_the_first_moment_at_which_a_waiver_counts_for_nothing() -> None:
    """At its end a waiver is over; a microsecond before it holds."""
    setting = Setting(frame=off_by_ten(25))
    tick = timedelta(microseconds=1)
    assert judged(setting, given_for("hard_bounds", None, until=JUDGED)).in_force == []
    assert len(judged(setting, given_for("hard_bounds", None, until=JUDGED + tick)).in_force) == 1


WRONG: list[tuple[Waiver, str]] = [
    (given_for("p95_change", None, snapshot_id="another"), "given for other content"),
    (given_for("gone", None), "no such check"),
    (given_for("schema", None), "every version must pass"),
    (given_for("freshness", [["AAPL", "2026-11-23"]]), "version as a whole"),
    (given_for("p95_change", [["AAPL"]]), "not keys of the contract"),
    (given_for("p95_change", [["AAPL", "soon"]]), "not keys of the contract"),
    (given_for("p95_change", [["AAPL", "2026-11-23", "more"]]), "not keys of the contract"),
]


@pytest.mark.parametrize(("waiver", "words"), WRONG, ids=[words for _, words in WRONG])
def test_a_waiver_that_cannot_count_blocks(waiver: Waiver, words: str) -> None:
    """Check 42 names it, and it lets nothing through."""
    verdict = judged(Setting(frame=off_by_ten(25)), waiver)
    assert verdict.check("waivers").status == "fail"
    assert words in verdict.check("waivers").offenders[0].detail
    assert "waived" not in {check.status for check in verdict.checks}


@examples(12)
@given(
    factors=st.lists(st.sampled_from((1.0, 1.0, 1.001, 1.4, 60.0)), min_size=25, max_size=25),
    keys=st.sets(st.integers(0, 24)),
)
def test_waived_keys_are_left_out_and_the_rest_is_judged(
    factors: list[float], keys: set[int]
) -> None:
    """A check with waived keys lets through exactly what it lets through of the other keys
    alone.
    """
    base = Setting().frame
    columns = ["close", "lower_80", "upper_80", "q10", "q50", "q90"]
    content = base.with_columns(pl.col(name) * pl.Series(factors) for name in columns)
    named = [
        [ticker, target.isoformat()]
        for ticker, target in base.select("ticker", "target_date").rows()
    ]
    waived = [named[i] for i in sorted(keys)]
    setting = Setting(frame=content)
    plain, verdict = (
        judged(setting),
        judged(setting, *([given_for("hard_bounds", waived)] if waived else [])),
    )
    high = [i for i, close in enumerate(content["close"]) if close > 5000]
    expected = "pass" if not high else "waived" if set(high) <= keys else "fail"
    assert verdict.check("hard_bounds").status == expected
    assert verdict.check("hard_bounds").value == plain.check("hard_bounds").value == len(high)
    assert verdict.blocks == plain.blocks or expected == "waived"


KEYED = parse_contract(
    'name = "keyed"\n[key.s]\ntype = "string"\n[key.i]\ntype = "integer"\n[key.d]\ntype = '
    '"date"\n[key.t]\n'
    'type = "timestamp"\n[columns.v]\n'
)
parts = st.tuples(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
    st.integers(-(2**63), 2**63 - 1),
    st.dates(),
    st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),
)


@given(keys=st.lists(parts, min_size=1, max_size=5))
def test_keys_of_every_type_come_back_as_they_were_given(
    keys: list[tuple[str, int, date, datetime]],
) -> None:
    """Typed keys to text, once and sorted, and back to rows of the contract's types: the
    same keys.
    """
    texts = waived_keys(KEYED, "nan", keys, "because")
    assert texts is not None
    assert texts == sorted(texts)
    back = key_rows(texts, KEYED)
    assert sorted(back.rows()) == sorted(set(keys))
    assert waived_keys(KEYED, "nan", texts, "because") == texts


# -- promotion rechecks
# ------------------------------------------------------------------------------------------------


def test_a_new_waiver_lets_a_blocked_version_through(jumped: tuple[Store, Version]) -> None:
    """Promotion judges again because the verdict was given without it, and its event names what it
    rested on.
    """
    store, _ = jumped
    assert store.judge(SET, 2).blocks
    waivers = waive_all(store, 2)
    unused = store.waive(SET, "sign_flips", 2, reason="not needed", until=LATER)
    event = store.promote(SET, 2, reason="looked at it")
    assert event.details["waivers"] == [waiver.id for waiver in waivers]
    verdict = store.verdict(SET, 2)
    assert verdict is not None
    assert verdict.in_force == [*waivers, unused]
    check_all(store)


def test_a_part_of_what_fails_is_not_enough(jumped: tuple[Store, Version]) -> None:
    """Each check that fails needs its own waiver; there is no force."""
    store, _ = jumped
    store.waive(SET, "p95_change", 2, reason="split", until=LATER)
    with pytest.raises(GateError) as caught:
        store.promote(SET, 2, reason="please")
    assert caught.value.details["checks"] == "hard_bounds, jumps, median_shift"


def test_a_waiver_that_is_over_blocks_what_passed(
    jumped: tuple[Store, Version], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A verdict that rests on a waiver is worth nothing once that is over; what is in production
    stays.
    """
    store, _ = jumped
    waive_all(store, 2, instants.now() + timedelta(hours=1))
    assert not store.judge(SET, 2).blocks
    monkeypatch.setattr("estimates.catalog.clock.AGREEMENT", timedelta(days=1))
    clock = instants.now
    monkeypatch.setattr(instants, "now", lambda: clock() + timedelta(hours=2))
    assert code_of(lambda: store.promote(SET, 2, reason="please")) == "blocked"
    waive_all(store, 2, instants.now() + timedelta(hours=1))
    store.promote(SET, 2, reason="please")
    monkeypatch.setattr(instants, "now", lambda: clock() + timedelta(hours=4))
    assert store.resolve(SET).version == 2
    check_all(store)


def test_what_is_taken_back_counts_no_more(jumped: tuple[Store, Version]) -> None:
    """Taking a waiver back is an event with a reason; it can be done once, before the end, in its
    own set.
    """
    store, _ = jumped
    waivers = waive_all(store, 2)
    assert not store.judge(SET, 2).blocks
    event = store.unwaive(SET, waivers[0].id, reason="it was no split")
    assert (event.kind, event.version, event.reason) == ("unwaived", 2, "it was no split")
    assert event.details == {"waiver": waivers[0].id, "check": "hard_bounds"}
    assert code_of(lambda: store.promote(SET, 2, reason="please")) == "blocked"
    assert code_of(lambda: store.unwaive(SET, waivers[0].id, reason="again")) == "waiver_over"
    assert code_of(lambda: store.unwaive(SET, 1, reason="no waiver")) == "unknown_waiver"
    assert code_of(lambda: store.unwaive(SET, waivers[1].id, reason=" ")) == "reason_needed"
    define(store, "other")
    assert (
        code_of(lambda: store.unwaive("other", waivers[1].id, reason="not theirs"))
        == "unknown_waiver"
    )
    check_all(store)


@pytest.mark.parametrize("late", ["taken back", "over", "given"])
def test_what_changes_between_judging_and_promoting_does_not_slip_through(
    jumped: tuple[Store, Version], monkeypatch: pytest.MonkeyPatch, late: str
) -> None:
    """The promote transaction refuses when the waivers in force are not those of the verdict."""
    store, _ = jumped
    waivers = waive_all(store, 2, instants.now() + timedelta(hours=1))
    monkeypatch.setattr("estimates.catalog.clock.AGREEMENT", timedelta(days=1))
    clock = instants.now

    def meanwhile(store: Store, version: Version, judgement: Judgement) -> int:
        if late == "taken back":
            Store(
                store.root, catalog=store.catalog.engine.url.render_as_string(hide_password=False)
            ).unwaive(SET, waivers[0].id, reason="stop")
        elif late == "over":
            monkeypatch.setattr(instants, "now", lambda: clock() + timedelta(hours=2))
        else:
            store.waive(SET, "sign_flips", 2, reason="more", until=LATER)
        return check_sampled_reads(store, version, judgement)

    monkeypatch.setattr("estimates.store.promote.check_sampled_reads", meanwhile)
    with pytest.raises(ConflictError) as caught:
        store.promote(SET, 2, reason="please")
    assert caught.value.code == "waivers_changed"
    assert store.resolve(SET).version == 1
    check_all(store)


def test_a_waiver_is_for_content(jumped: tuple[Store, Version]) -> None:
    """The same content published again is excepted, other content is not; a file never is."""
    store, _ = jumped
    waive_all(store, 2)
    same = publish(store, "again", 900.0, day=2)
    other = publish(store, "other", 901.0, day=2)
    assert not store.judge(SET, same.version).blocks
    assert store.judge(SET, other.version).blocks
    assert store.judge_frame(SET, frame(900.0), provenance("file", 2)).blocks
    store.promote(SET, same.version, reason="the same")
    check_all(store)


def test_rollback_needs_no_waiver(jumped: tuple[Store, Version]) -> None:
    """What was promoted under a waiver can be rolled back to when the waiver is gone."""
    store, _ = jumped
    waivers = waive_all(store, 2)
    store.promote(SET, 2, reason="split")
    publish(store, "wednesday", 900.5, day=2)
    store.waive(SET, "hard_bounds", 3, reason="split", until=LATER)
    store.promote(SET, 3, reason="split")
    for waiver in waivers:
        store.unwaive(SET, waiver.id, reason="no")
    assert store.rollback(SET, reason="bad").version == 2
    check_all(store)


def test_a_waiver_of_a_check_that_is_gone_blocks_until_it_is_taken_back(local_store: Store) -> None:
    """The contract drops a check of its own: check 42 says which waiver has nothing to except any
    more.
    """
    define(
        local_store,
        more='[gate.custom.small]\nsql = "SELECT max(value) FROM candidate"\nblock = 50\n',
    )
    publish(local_store, "monday")
    waiver = local_store.waive(SET, "small", 1, reason="first", until=LATER)
    assert not local_store.judge(SET, 1).blocks
    define(local_store)
    verdict = local_store.judge(SET, 1)
    assert [check.name for check in verdict.failing()] == ["waivers"]
    local_store.unwaive(SET, waiver.id, reason="the check is gone")
    assert not local_store.judge(SET, 1).blocks


def test_keys_that_are_waived_let_the_rest_be_judged(local_store: Store, tmp_path: Path) -> None:
    """End to end: the keys that break a bound are waived by name, and one more key that breaks it
    blocks.
    """
    define(local_store)
    first = pl.int_range(pl.len()) < 1
    content = (
        frame()
        .sort("ticker", "target_date")
        .with_columns(value=pl.when(first).then(-1.0).otherwise("value"))
    )
    local_store.publish(SET, content, provenance("monday"))
    assert [check.name for check in local_store.judge(SET, 1).failing()] == ["hard_bounds"]
    local_store.waive(
        SET, "hard_bounds", 1, keys=[(TICKERS[1], TARGETS[0])], reason="no", until=LATER
    )
    assert local_store.judge(SET, 1).blocks
    local_store.waive(
        SET, "hard_bounds", 1, keys=[(TICKERS[0], TARGETS[0])], reason="yes", until=LATER
    )
    verdict = local_store.judge(SET, 1)
    assert (verdict.blocks, verdict.check("hard_bounds").offending) == (False, 1)
    assert "AAPL/2024-06-03: yes" in render_text(verdict)
