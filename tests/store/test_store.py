"""The store: what publish, judge, promote and rollback do and refuse, on SQLite and on
PostgreSQL.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from estimates.catalog.at import At
from estimates.catalog.records import Provenance
from estimates.contract.contract_file import parse_contract
from estimates.errors import ConflictError, CorruptError, GateError, InvalidError, NotFoundError
from estimates.store.store import Store
from estimates.store.sweep import sweep
from estimates.store.verify import verify
from tests.builders import (
    SET,
    START,
    TARGETS,
    TICKERS,
    code_of,
    contract,
    define,
    frame,
    parquet_of,
    promoted,
    provenance,
    publish,
    source,
)
from tests.invariants import check_all

WIDE = '[columns.extra]\nunit = "USD"\n'


def promote_automatically(store: Store, version: int) -> str | None:
    """The code of the refusal, or None."""
    return code_of(lambda: store.promote(SET, version, automatic=True))


def test_the_story(store: Store) -> None:
    """Publish, judge, promote, a better one, a bad one refused, roll back, promote forward with a
    reason.
    """
    define(store)
    promoted(store, "monday", 100.0)
    promoted(store, "tuesday", 100.1, day=1)
    bad = publish(store, "wednesday", 900.0, day=2)
    verdict = store.judge(SET, bad.version)
    assert verdict.blocks
    assert {check.name for check in verdict.failing()} == {
        "hard_bounds",
        "p95_change",
        "jumps",
        "median_shift",
    }
    with pytest.raises(GateError) as caught:
        store.promote(SET, bad.version, reason="looks fine to me")
    assert caught.value.code == "blocked"
    assert store.resolve(SET).version == 2
    store.rollback(SET, reason="a customer complains")
    assert store.resolve(SET).version == 1
    publish(store, "thursday", 100.2, day=3)
    assert promote_automatically(store, 4) == "held"
    store.promote(SET, 4, reason="checked by hand")
    states = [store.state(version) for version in store[SET].versions()]
    assert states == ["superseded", "rolled_back", "refused", "production"]
    kinds = [event.kind for event in store.view().set(SET).events if event.alias]
    assert kinds == ["promoted", "promoted", "rolled_back", "promoted"]
    check_all(store)


def test_a_refused_version_is_read_by_number_only(store: Store) -> None:
    """A refused version answers by its number and is reached neither by an alias nor by
    `latest`.
    """
    define(store)
    promoted(store, "good")
    publish(store, "bad", 900.0)
    store.judge(SET, 2)
    assert store[SET].get(TICKERS[0], TARGETS[0], ref=2)["value"] > 800
    assert store.resolve(SET, "latest").version == 1


def test_rollback_after_two_bad_versions_lands_on_a_good_one(store: Store) -> None:
    """Rolling back twice never lands on a version that was itself rolled back."""
    define(store)
    for i in range(4):
        promoted(store, f"run {i}", 100 + i / 10)
    assert store.rollback(SET, reason="bad").version == 3
    assert store.rollback(SET, reason="bad too").version == 2
    store.promote(SET, 4, reason="it was good after all")
    assert store.rollback(SET, reason="no, it was not").version == 2
    check_all(store)


def test_rollback_skips_the_same_content_under_another_number(store: Store) -> None:
    """A version with the very content that is rolled back is no way back."""
    define(store)
    promoted(store, "good", 100.0)
    promoted(store, "bad", 100.1)
    promoted(store, "bad again", 100.1)
    assert store.rollback(SET, reason="bad").version == 1


def test_rollback_to_a_named_version(store: Store) -> None:
    """`to` names a version that the alias held and that was not rolled back; anything else is
    refused.
    """
    define(store)
    for i in range(3):
        promoted(store, f"run {i}", 100 + i / 10)
    publish(store, "never promoted", 100.3)
    assert code_of(lambda: store.rollback(SET, reason="bad", to=4)) == "never_held"
    assert code_of(lambda: store.rollback(SET, reason="bad", to=99)) == "never_held"
    assert store.rollback(SET, reason="bad", to=1).version == 1
    assert code_of(lambda: store.rollback(SET, reason="bad", to=3)) == "rolled_back"
    assert code_of(lambda: store.rollback(SET, reason=" ")) == "reason_needed"


def test_rollback_needs_no_verdict(store: Store) -> None:
    """Rolling back works when the old version would not pass today's gate."""
    define(store)
    promoted(store, "first", 100.0)
    promoted(store, "second", 100.1)
    define(store, maximum=50.0)
    assert store.rollback(SET, reason="bad").version == 1


def test_rolled_back_content_is_not_promoted_automatically(store: Store) -> None:
    """A rolled-back snapshot published again under a new number is left to a person."""
    define(store)
    promoted(store, "first", 100.0)
    promoted(store, "second", 100.1)
    store.rollback(SET, reason="bad")
    store.promote(SET, 1, reason="end the hold")
    publish(store, "again", 100.1)
    assert promote_automatically(store, 3) == "rolled_back"
    store.promote(SET, 3, reason="fixed in the meantime")
    assert store.resolve(SET).version == 3


@pytest.mark.parametrize(
    ("day", "level", "code"),
    [(0, 100.1, "older_data"), (1, 100.1, None), (2, 100.1, None), (2, 900.0, "blocked")],
)
def test_automatic_promotion_goes_forward(
    store: Store, day: int, level: float, code: str | None
) -> None:
    """Automatic promotion wants data at least as new and a verdict that does not block."""
    define(store)
    promoted(store, "first", 100.0, day=1)
    publish(store, "second", level, day=day)
    assert promote_automatically(store, 2) == code


def test_automatic_promotion_never_goes_down(store: Store) -> None:
    """A lower number is left to a person, who may."""
    define(store)
    publish(store, "first", 100.0)
    promoted(store, "second", 100.1)
    assert promote_automatically(store, 1) == "lower_version"
    assert promote_automatically(store, 2) == "already"
    store.promote(SET, 1, reason="the older one was right")
    assert store.resolve(SET).version == 1


def test_a_person_gives_a_reason(store: Store) -> None:
    """Without a reason nothing is promoted by a person."""
    define(store)
    publish(store, "run")
    for reason in (None, "", "  "):
        assert code_of(lambda r=reason: store.promote(SET, 1, reason=r)) == "reason_needed"


def test_a_verdict_against_an_old_baseline_is_not_enough(store: Store) -> None:
    """When production moved since, the version is judged again, against what production points to
    now.
    """
    define(store, maximum=2000)
    publish(store, "far", 1000.0)
    assert not store.judge(SET, 1).blocks  # the first version: nothing to compare with
    promoted(store, "near", 100.0)
    assert code_of(lambda: store.promote(SET, 1, reason="it passed")) == "blocked"
    verdict = store.verdict(SET, 1)
    assert verdict is not None
    assert verdict.baseline is not None
    assert verdict.baseline.version == 2
    assert store.resolve(SET).version == 2


def test_a_verdict_under_an_old_policy_is_not_enough(store: Store) -> None:
    """When the contract's limits changed since, the version is judged by the new ones."""
    define(store)
    publish(store, "run", 100.0)
    assert not store.judge(SET, 1).blocks
    define(store, maximum=50.0)
    assert code_of(lambda: store.promote(SET, 1, reason="it passed")) == "blocked"
    define(store)
    store.promote(SET, 1, reason="the limit was wrong")
    assert [event.kind for event in store.view().set(SET).events].count("judged") == 3


def test_a_valid_verdict_is_not_given_twice(store: Store) -> None:
    """Promotion takes the verdict there is when it is for this content, policy and baseline."""
    define(store)
    promoted(store, "first")
    assert [event.kind for event in store.view().set(SET).events] == [
        "defined",
        "published",
        "judged",
        "promoted",
    ]


def test_shapes_are_never_mixed(store: Store) -> None:
    """Another shape is not compared, not promoted automatically, and by a person only when she says
    so.
    """
    define(store)
    promoted(store, "narrow", 100.0)
    assert define(store, more=WIDE).shape == 2
    store.publish(SET, frame(100.0, extra=1.0), provenance("wide"))
    verdict = store.judge(SET, 2)
    assert not verdict.blocks
    assert verdict.check("p95_change").reason == "other_shape"
    assert promote_automatically(store, 2) == "other_shape"
    assert code_of(lambda: store.promote(SET, 2, reason="new column")) == "other_shape"
    assert code_of(lambda: store[SET].diff(1, 2)) == "other_shape"
    store.promote(SET, 2, reason="new column", new_shape=True)
    reader = store.reader()
    assert reader.resolve(SET, At(shape=1)).version == 1
    assert reader.resolve(SET, At(shape=2)).version == 2
    assert define(store).shape == 1
    check_all(store)


def test_the_same_run_gives_its_version_back(store: Store) -> None:
    """The same run_id makes no second version; with other content it is a conflict, and nothing is
    stored.
    """
    define(store)
    first = publish(store, "run")
    assert publish(store, "run") == first
    with pytest.raises(ConflictError) as caught:
        publish(store, "run", 100.1)
    assert caught.value.code == "run_id_reused"
    assert store[SET].versions() == [first]


def test_the_same_contract_is_the_same_revision(store: Store) -> None:
    """Defining what is in force changes nothing; another description is a revision of the same
    shape.
    """
    first = define(store)
    assert define(store) == first
    text = source().replace("closing prices", "closes")
    second = store.define(parse_contract(text), text)
    assert (second.revision, second.shape) == (2, 1)
    assert store.contract(SET).description == "closes"
    assert store.contract(SET, 1).description == "closing prices"
    assert code_of(lambda: store.contract(SET, 3)) == "unknown_revision"


def first_row(name: str, value: object) -> pl.DataFrame:
    """The frame with another value in its first row."""
    return frame().with_columns(
        pl.when(pl.int_range(pl.len()) == 0).then(pl.lit(value)).otherwise(name).alias(name)
    )


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        (frame().drop("value"), "columns"),
        (frame(more=1.0), "columns"),
        (frame().with_columns(pl.col("value").cast(pl.String)), "column_type"),
        (first_row("value", float("nan")), "not_finite"),
        (first_row("value", float("inf")), "not_finite"),
        (first_row("ticker", None), "null_key"),
        (first_row("ticker", ".."), "bad_key"),
        (first_row("ticker", ""), "bad_key"),
        (pl.concat([frame(), frame().head(1)]), "duplicate_key"),
    ],
)
def test_what_publish_rejects_leaves_nothing(
    local_store: Store, broken: pl.DataFrame, code: str
) -> None:
    """A rejected frame is no version, no event and no file."""
    define(local_store)
    before = sorted(Path(local_store.root).rglob("sets/**/*")), local_store.view().last_event
    with pytest.raises(InvalidError) as caught:
        local_store.publish(SET, broken, provenance("run"))
    assert caught.value.code == code
    assert (
        sorted(Path(local_store.root).rglob("sets/**/*")),
        local_store.refresh().last_event,
    ) == before


def test_unknown_names_are_not_found(store: Store) -> None:
    """A set or version that is not there is a NotFoundError from every call."""
    for act in (
        lambda: store["nothing"],
        lambda: store.publish("nothing", frame(), provenance("run")),
        lambda: store.judge("nothing", 1),
        lambda: store.promote("nothing", 1, reason="test"),
        lambda: store.rollback("nothing", reason="test"),
        lambda: store.resolve("nothing"),
        lambda: store.contract("nothing"),
        lambda: store.runs("nothing"),
    ):
        with pytest.raises(NotFoundError) as caught:
            act()
        assert caught.value.code == "unknown_set"
    define(store)
    assert code_of(lambda: store.judge(SET, 1)) == "unknown_version"
    assert code_of(lambda: store.promote(SET, 1, reason="test")) == "unknown_version"
    assert code_of(lambda: store.rollback(SET, reason="test")) == "nothing_promoted"


def test_a_time_without_zone_is_refused() -> None:
    """A data_through that names no instant is refused before anything is stored, and so is an empty
    run_id.
    """
    assert code_of(lambda: Provenance(datetime(2024, 1, 1), "run")) == "bad_time"
    assert code_of(lambda: Provenance(START, " ")) == "bad_run_id"


def test_judging_a_frame_stores_nothing(store: Store) -> None:
    """A file is judged like a version, against the same baseline, and leaves no trace."""
    define(store)
    promoted(store, "run")
    events = store.view().last_event
    assert not store.judge_frame(SET, frame(100.1), provenance("file", 1)).blocks
    assert store.judge_frame(SET, frame(900.0), provenance("file", 1)).blocks
    assert store.judge_frame(SET, frame().drop("value"), provenance("file", 1)).blocks
    assert store.refresh().last_event == events


def test_the_same_inputs_give_the_same_verdict(store: Store) -> None:
    """Judging twice at one recorded moment gives the same verdict."""
    define(store)
    publish(store, "run")
    moment = datetime(2026, 11, 24, tzinfo=UTC)
    assert store.judge(SET, 1, judged_at=moment) == store.judge(SET, 1, judged_at=moment)


def test_a_damaged_version_is_not_promoted(local_store: Store) -> None:
    """A file altered after the verdict stops promotion; production stays."""
    define(local_store)
    promoted(local_store, "first")
    version = publish(local_store, "second", 100.1)
    local_store.judge(SET, 2)
    path = Path(local_store.root) / parquet_of(local_store, version)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(CorruptError):
        local_store.promote(SET, 2, reason="test")
    assert local_store.resolve(SET).version == 1


def test_a_listed_domain_is_kept_in_the_store(store: Store) -> None:
    """The keys of a file domain are stored with the contract; a key that is not listed is refused
    by the gate.
    """
    text = source(more='[domain]\nkind = "file"\nfile = "keys.csv"\n')
    keys = frame().select("target_date", "ticker")
    assert code_of(lambda: store.define(parse_contract(text), text)) == "domain_keys_needed"
    assert (
        code_of(lambda: store.define(parse_contract(text), text, keys.drop("ticker"))) == "columns"
    )
    first = store.define(parse_contract(text), text, keys)
    assert store.define(parse_contract(text), text, keys.reverse()) == first
    listed = store.domain_keys(SET)
    assert listed is not None
    assert listed.equals(keys.select("ticker", "target_date").sort("ticker", "target_date"))
    promoted(store, "run")
    fewer = frame().filter(pl.col("ticker") != TICKERS[0])
    store.publish(SET, fewer, provenance("fewer"))
    assert "domain_missing" in {check.name for check in store.judge(SET, 2).failing()}
    store.publish(SET, first_row("ticker", "XXXX"), provenance("other"))
    assert "domain_outside" in {check.name for check in store.judge(SET, 3).failing()}
    assert verify(store) == []


def test_retention(store: Store) -> None:
    """Versions that no rule keeps expire and lose their files; production, its predecessors and the
    newest stay.
    """
    define(store, more="[retention]\nkeep_versions = 2\n")
    for i in range(14):
        promoted(store, f"run {i}", 100 + i / 100)
    for i in range(3):
        publish(store, f"candidate {i}", 101 + i / 100)
    swept = sweep(store)
    # 14 is production, 4 to 13 its last ten predecessors, 16 and 17 the newest two.
    assert [number for _, number in swept.expired] == [1, 2, 3, 15]
    assert len(swept.deleted) == 4
    check_all(store)
    assert verify(store) == []
    assert sweep(store).expired == ()
    with pytest.raises(NotFoundError) as caught:
        store[SET].get(TICKERS[0], TARGETS[0], ref=15)
    assert caught.value.code == "expired"
    assert publish(store, "the same again", 101.0).version == 18
    check_all(store)


def test_sql_over_versions(store: Store) -> None:
    """Researchers query all versions, or one by ref, with DuckDB."""
    define(store)
    promoted(store, "first", 100.0)
    promoted(store, "second", 100.1)
    publish(store, "third", 100.2)
    counted = store.sql(
        f'SELECT version, count(*) AS n FROM "{SET}" GROUP BY version ORDER BY version'
    )
    assert counted.rows() == [(1, 6), (2, 6), (3, 6)]
    assert store.sql(f"SELECT DISTINCT version FROM \"{SET}_at\"('production')").item() == 2
    assert code_of(lambda: store.sql("SELECT nothing")) == "bad_query"


def test_a_frame_comes_back_as_it_was_published(store: Store) -> None:
    """The frame of a version is the conformed frame, in contract order, sorted by key."""
    define(store)
    promoted(store, "run")
    stored = store[SET].frame()
    assert stored.columns == ["ticker", "target_date", "value", "note"]
    assert stored.equals(frame().select(stored.columns).sort("ticker", "target_date"))
    assert stored.schema["target_date"] == pl.Date
    assert stored["target_date"].min() == date(2024, 6, 3)
    assert store.contract(SET) == contract()


def test_production_is_not_compared_with_itself(store: Store) -> None:
    """Judged again it is no stale copy of itself; it stays what `latest` names."""
    define(store, more='[gate]\nprofile = "strict"\n')
    promoted(store, "one", 100.0)
    verdict = store.judge(SET, 1)
    assert not verdict.blocks
    assert verdict.baseline is None
    assert verdict.check("p95_change").reason == "in_production"
    assert store.resolve(SET, "latest").version == 1


def test_a_verdict_that_blocked_with_actual_values_stands(store: Store) -> None:
    """A judgement that knows less does not let a version through; one with better outcomes does."""
    define(store)
    promoted(store, "one", 100.0)
    publish(store, "two", 102.0, day=1)
    observed = frame(100.5).drop("note")
    assert store.judge(SET, 2, actuals=observed).blocks
    assert not store.judge(SET, 2).blocks
    with pytest.raises(GateError, match="with actual values") as caught:
        store.promote(SET, 2, reason="please")
    assert caught.value.code == "blocked"
    assert store.resolve(SET).version == 1
    assert not store.judge(SET, 2, actuals=frame(101.9).drop("note")).blocks
    store.promote(SET, 2, reason="the values came in")
    check_all(store)
