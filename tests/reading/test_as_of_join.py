"""`as_of_join`: for each row the estimate that production gave at its time, as asking for each row
would.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimates import instants
from estimates.catalog.records import Version
from estimates.client import AsyncClient, Client
from estimates.contract.contract_file import parse_contract
from estimates.errors import InvalidError, NotFoundError
from estimates.store.store import Store
from estimates.store.sweep import sweep
from tests.api.served import serving
from tests.builders import (
    SET,
    START,
    TARGETS,
    TICKERS,
    define,
    frame,
    make_store,
    promoted,
    provenance,
)

DAY, TICK = timedelta(days=1), timedelta(microseconds=1)
TIME = pl.Datetime("us", "UTC")
KEYS = [
    (ticker, target) for ticker in (*TICKERS, "ZZZZ") for target in (*TARGETS, date(2023, 12, 1))
]
SOURCE = """\
name = "closes"
[key.ticker]
type = "string"
[key.target_date]
type = "date"
target = true
[columns.value]
nullable = true
[columns.note]
role = "attribute"
type = "string"
nullable = true
[retention]
keep_versions = 1
[domain]
kind = "product"
values = { ticker = ["AAPL", "BRK/B"], target_date = ["2024-06-03", "2024-06-04"] }
"""
OFF = (
    "p95_change",
    "median_shift",
    "rank_order",
    "added_keys",
    "removed_keys",
    "domain_missing",
    "domain_outside",
    "null_share",
    "finite_to_null",
)
LOOSE = "[gate.checks]\n" + "".join(f'{name}.off = "test"\n' for name in OFF)


def publish(
    store: Store, content: pl.DataFrame, run_id: str, day: int, claimed: datetime | None = None
) -> None:
    """Publish, judge, promote."""
    version = store.publish(SET, content, provenance(run_id, day), released_at=claimed)
    verdict = store.judge(SET, version.version)
    assert not verdict.blocks, [check.name for check in verdict.failing()]
    store.promote(SET, version.version, reason="test", new_shape=True)


@pytest.fixture(scope="module", autouse=True, params=[0, 1000])
def few(request: pytest.FixtureRequest) -> Iterator[None]:
    """All keys that have no row are told of column by column, or as few ones one by one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("estimates.reading.absent_keys.FEW", request.param)
        yield


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A set with another shape, imports, expired versions, a rollback, keys that went, values that
    went.
    """
    store = make_store(tmp_path_factory.mktemp("lived") / "store")
    for extra in ("[columns.extra]\n", ""):
        text = SOURCE.replace("[retention]", f"{extra}[retention]") + LOOSE
        store.define(parse_contract(text), text)
        for number in (1, 2) if extra else range(3, 15):
            content = frame(98.0, extra=1.0 * number) if extra else frame(100.0 + number)
            publish(store, content, f"run {number}", number, START + 2 * number * DAY)
    store.rollback(SET, reason="test")
    publish(store, frame(120.0).filter(pl.col("ticker") != "AAPL"), "part", 15)
    gone = pl.when(pl.col("ticker") == "BRK/B").then(None).otherwise(pl.col("value")).alias("value")
    publish(store, frame(121.0).with_columns(gone), "gone", 16)
    sweep(store)
    yield store
    store.catalog.engine.dispose()


def moments(store: Store) -> list[datetime]:
    """The times at which something changes, just before and just after; and long before."""
    view = store.view().set(SET)
    known = [at for moves in (view.moves, view.released_moves) for at, _ in moves["production"]]
    return [START - DAY, *(at + step for at in known for step in (-TICK, timedelta(0), TICK))]


def row_of(store: Store, key: tuple[str, date], at: datetime, clock: Any) -> tuple[Any, ...]:
    """Value, version and status of a row, asked for by itself."""
    closes = store[SET]
    try:
        version: Version = closes.resolve(as_of=at, clock=clock)
    except NotFoundError as error:
        return None, None, error.code
    if version.shape != store.view().set(SET).present_shape:
        return None, version.version, "other_shape"
    try:
        result = closes.get_many([key], as_of=at, clock=clock).body["results"][0]
    except NotFoundError as error:
        return None, version.version, error.code
    return result.get("estimate", {}).get("value"), version.version, result["status"]


@given(st.data())
def test_equals_asking_for_each_row(lived: Store, data: st.DataObject) -> None:
    """Row by row the join is what `get_many` says at the row's time, by either clock, and keeps the
    frame as it is.
    """
    clock = data.draw(st.sampled_from([None, "released"]))
    row = st.tuples(st.sampled_from(KEYS), st.sampled_from(moments(lived)))
    rows = data.draw(st.lists(row, max_size=12))
    wanted = pl.DataFrame(
        {
            "target_date": [key[1] for key, _ in rows],
            "at": [at for _, at in rows],
            "ticker": [key[0] for key, _ in rows],
        },
        schema={"target_date": pl.Date, "at": TIME, "ticker": pl.String},
    ).with_row_index("mine")
    joined = lived[SET].as_of_join(wanted, "at", clock=clock)
    assert joined.select(wanted.columns).equals(wanted)
    answers = joined.select("value", "version", "status").rows()
    assert answers == [row_of(lived, key, at, clock) for key, at in rows]
    known = joined.drop_nulls("version")
    if clock is None:
        assert (known["published_at"] <= known["at"]).all()
        return
    versions = lived[SET].versions()
    assert known["imported"].to_list() == [
        versions[n - 1].released_at is not None for n in known["version"]
    ]
    assert (
        known.select(pl.coalesce("released_at", "published_at") <= pl.col("at")).to_series()
    ).all()


@pytest.fixture(scope="module")
def remote(lived: Store) -> Iterator[Client]:
    """A client of a service over the same store."""
    with serving(Path(lived.root)) as url, Client(url) as client:
        yield client


@pytest.mark.parametrize("clock", [None, "released"])
def test_a_service_gives_the_same(lived: Store, remote: Client, clock: Any) -> None:
    """Every key at the time of every event and the moment before it: the frame of the store, by
    both clients.
    """
    moves = lived.view().set(SET).moves_by(clock)["production"]
    times = [at - before for at, _ in moves for before in (TICK, timedelta())] + [instants.now()]
    rows = [(*key, at) for at in times for key in KEYS]
    wanted = pl.DataFrame(
        rows, schema={"ticker": pl.String, "target_date": pl.Date, "at": TIME}, orient="row"
    )
    for fields in (None, ["note"]):
        expected = lived[SET].as_of_join(wanted, "at", fields=fields, clock=clock)
        assert remote[SET].as_of_join(wanted, "at", fields=fields, clock=clock).equals(expected)

    async def joined() -> pl.DataFrame:
        async with AsyncClient(remote.url) as client:
            return await client[SET].as_of_join(wanted, "at", clock=clock)

    assert asyncio.run(joined()).equals(lived[SET].as_of_join(wanted, "at", clock=clock))
    for wrong, code in (
        (wanted.drop("ticker"), "columns"),
        (wanted.with_columns(pl.col("at") + DAY), "as_of_in_future"),
    ):
        with pytest.raises(InvalidError) as raised:
            remote[SET].as_of_join(wrong, "at", clock=clock)
        assert raised.value.code == code
    # a pinned set knows nothing of what came later
    with pytest.raises(InvalidError, match="future"):
        remote.at(times[2])[SET].as_of_join(wanted, "at", clock=clock)


def test_every_status_is_met(lived: Store) -> None:
    """The history that the law is checked on has every status there is."""
    rows = [(key, at) for key in KEYS for at in moments(lived)]
    statuses = {row_of(lived, key, at, None)[2] for key, at in rows}
    assert statuses == {
        "before_first",
        "other_shape",
        "expired",
        "ok",
        "no_estimate",
        "removed",
        "outside_domain",
    }


def test_before_anything_is_promoted(local_store: Store) -> None:
    """Of a set without a promotion every row says so, and has no estimate."""
    define(local_store)
    local_store.publish(SET, frame(), provenance("one"))
    wanted = pl.DataFrame({"ticker": ["AAPL"], "target_date": [TARGETS[0]], "at": [instants.now()]})
    answers = local_store[SET].as_of_join(wanted, "at").row(0, named=True)
    assert (answers["status"], answers["value"], answers["version"]) == (
        "nothing_promoted",
        None,
        None,
    )


@pytest.fixture
def simple(local_store: Store) -> Store:
    """One version in production."""
    define(local_store)
    promoted(local_store, "one")
    return local_store


def questions(**more: object) -> pl.DataFrame:
    """One row that can be joined, with columns added or replaced."""
    row = {"ticker": "AAPL", "target_date": TARGETS[0], "at": datetime(2025, 1, 1, tzinfo=UTC)}
    return pl.DataFrame([row]).with_columns(
        **{n: v if isinstance(v, pl.Expr) else pl.lit(v) for n, v in more.items()}
    )


@pytest.mark.parametrize(
    ("row", "code", "said"),
    [
        (questions(at=datetime(2025, 1, 1)), "bad_time", "its times name no zone"),
        (questions(at=date(2025, 1, 1)), "bad_time", "is Date"),
        (questions(at=pl.lit(None, TIME)), "bad_time", "null in 1 rows"),
        (questions(at=datetime(2999, 1, 1, tzinfo=UTC)), "as_of_in_future", "2999"),
        (questions(target_date="2024-06-03"), "column_type", "'target_date' is String"),
        (questions(ticker=pl.lit(None, pl.String)), "null_key", "ticker"),
        (questions(value=1.0), "columns", "value"),
        (questions(version=1), "columns", "version"),
        (questions().drop("ticker"), "columns", "lacks ticker"),
        (questions().drop("at"), "columns", "lacks at"),
    ],
)
def test_frames_that_cannot_be_joined(
    simple: Store, row: pl.DataFrame, code: str, said: str
) -> None:
    """A frame is refused with what is wrong in it: no zone, no time, no key, text for a date, a
    name that is taken.
    """
    with pytest.raises(InvalidError) as refused:
        simple[SET].as_of_join(row, "at")
    assert (refused.value.code, said in refused.value.message) == (code, True)


def test_fields_and_names(simple: Store) -> None:
    """`fields` chooses the columns, so that a column of the frame may have the name of
    another one.
    """
    joined = simple[SET].as_of_join(questions(value=7.0), "at", fields=["note"])
    assert joined.columns == [
        "ticker",
        "target_date",
        "at",
        "value",
        "note",
        "version",
        "published_at",
        "status",
    ]
    with pytest.raises(InvalidError) as refused:
        simple[SET].as_of_join(questions(), "at", fields=["nothing"])
    assert refused.value.code == "unknown_field"


def test_finer_times_are_cut(simple: Store) -> None:
    """A nanosecond before a promotion is before it: what is finer than a microsecond is never
    rounded up.
    """
    start = simple.view().set(SET).moves["production"][0][0]
    times = pl.Series([instants.micros(start) * 1000 - 1, instants.micros(start) * 1000]).cast(
        pl.Datetime("ns", "UTC")
    )
    joined = simple[SET].as_of_join(
        pl.concat([questions(), questions()]).with_columns(at=times), "at"
    )
    assert joined["status"].to_list() == ["before_first", "ok"]
    zoned = questions(at=start).with_columns(pl.col("at").dt.convert_time_zone("Asia/Tokyo"))
    assert simple[SET].as_of_join(zoned, "at")["status"].to_list() == ["ok"]


def test_no_rows(simple: Store) -> None:
    """A frame without rows gets the columns, in their types."""
    empty = simple[SET].as_of_join(questions().clear(), "at", clock="released")
    some = simple[SET].as_of_join(questions(), "at", clock="released")
    assert (empty.height, empty.schema) == (0, some.schema)


def test_other_tables_than_frames(simple: Store) -> None:
    """A lazy frame, a dict and an Arrow table join as the frame does; what is no table is an
    error.
    """
    expected = simple[SET].as_of_join(questions(), "at")
    for table in (questions().lazy(), questions().to_dict(as_series=False), questions().to_arrow()):
        assert simple[SET].as_of_join(table, "at").equals(expected)
    for table in (5, {"ticker": ["A", "B"], "at": [1, 2, 3]}, pl.LazyFrame({"a": [1]}).select("b")):
        with pytest.raises(InvalidError) as refused:
            simple[SET].as_of_join(table, "at")
        assert refused.value.code == "no_table"
