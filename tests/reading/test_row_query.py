"""Rows by ranges of the key, by release, by lag and by a deadline before each target."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from estimates import instants
from estimates.catalog.at import At
from estimates.catalog.records import Provenance
from estimates.contract.contract_file import parse_contract
from estimates.errors import InvalidError
from estimates.reading.deadline import Deadline, deadline_of, deadlines
from estimates.reading.row_query import OF_VERSION
from estimates.store.store import Store
from tests.builders import code_of, make_store
from tests.reading.daily_load import DAY, FIRST, RUNS, SOURCE, daily_load, released


@pytest.fixture(scope="module")
def load(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Six versions, each a day after the one before."""
    store = daily_load(tmp_path_factory.mktemp("rows") / "store")
    yield store
    store.catalog.engine.dispose()


def then(moment: datetime | None = None) -> At:
    """Production by claimed times of release."""
    return At(as_of=moment or instants.now(), clock="released")


def said(frame: pl.DataFrame) -> dict[tuple[str, date], int]:
    """By key the version that its value is of."""
    return {(zone, day): v for zone, day, v in frame["zone", "day", "version"].iter_rows()}


def test_ranges_of_any_part_of_the_key(load: Store) -> None:
    """Both ends belong to a range, an end may be open; a value stands for itself."""
    week = load["load"].rows({"day": (FIRST + 7 * DAY, FIRST + 8 * DAY)})
    assert week["zone"].to_list() == ["N", "N", "S", "S"]
    assert load["load"].rows({"day": (None, FIRST + 6 * DAY)}).height == 2
    assert load["load"].rows({"zone": "S"}).height == 4
    assert load["load"].rows({"zone": ("A", "O")})["zone"].unique().to_list() == ["N"]
    assert load["load"].rows({"zone": "X"}).height == 0
    assert_frame_equal(load["load"].rows(), load["load"].frame())


def test_ranges_of_values(load: Store) -> None:
    """A column that is no part of the key bounds rows, too; of releases those that were chosen."""
    whole = load["load"].rows()
    middle = whole["mw"].median()
    above = load["load"].rows({"mw": (middle, None)})
    assert_frame_equal(above, whole.filter(pl.col("mw") >= middle))
    below = load["load"].rows({"mw": (None, middle), "zone": "N"}, fields=[])
    is_below = (pl.col("mw") <= middle) & (pl.col("zone") == "N")
    assert_frame_equal(below, whole.filter(is_below).select("zone", "day"))
    first = load["load"].rows(release="first")
    chosen = load["load"].rows({"mw": (middle, None)}, release="first")
    assert_frame_equal(chosen, first.filter(pl.col("mw") >= middle))


def test_columns_and_order(load: Store) -> None:
    """From the largest with a minus; the key is always there and decides between equals."""
    frame = load["load"].rows(fields=["mw"], order=["-mw", "zone"])
    assert frame.columns == ["zone", "day", "mw"]
    assert frame["mw"].is_sorted(descending=True)
    assert frame["zone"].to_list() == ["N", "S"] * 4


def test_releases_of_each_key(load: Store) -> None:
    """The first version that has a key, the second, the newest."""
    day = {"day": FIRST + 4 * DAY}  # versions 1 to 4 are about it
    for release, version in (("first", 1), (2, 2), ("4", 4), ("latest", 4)):
        rows = load["load"].rows(day, release=release)
        assert rows["version"].to_list() == [version] * 2
        assert rows["mw"].to_list() == [100.4 + version] * 2
    assert load["load"].rows(day, release=5).is_empty()


@pytest.mark.parametrize("run", range(1, RUNS + 1))
def test_latest_is_what_was_known_then(load: Store, run: int) -> None:
    """The law: of the keys of the version in production, `latest` until a moment is `as_of` that
    moment.
    """
    moment = released(run) + timedelta(hours=1)
    latest = load["load"].rows(release="latest", at=then(moment))
    here = latest.filter(version=run).drop(OF_VERSION)
    assert_frame_equal(here, load["load"].frame(as_of=moment, clock="released"))
    assert latest.filter(pl.col("version") > run).is_empty()


def test_latest_is_as_of_now(load: Store) -> None:
    """Without a moment: what production says, and of older keys what it said last."""
    latest = load["load"].rows(release="latest")
    now = latest.filter(version=RUNS).drop("version", "published_at")
    assert_frame_equal(now, load["load"].frame(as_of=instants.now()))
    assert latest.select("zone", "day").is_unique().all()


def test_what_was_said_the_day_before(load: Store) -> None:
    """At six of the day before its target each key has the version in production then; the join
    says the same.
    """
    rows = load["load"].rows(deadline="D-1T06:00", at=then())
    by_key = said(rows)
    for (_, day), version in by_key.items():
        moment = datetime(day.year, day.month, day.day, tzinfo=UTC) - DAY + timedelta(hours=5)
        assert released(version) <= moment
        assert version == RUNS or moment - released(version) < DAY + timedelta(hours=1)
    join = load["load"].as_of_join(
        rows.select("zone", "day"), deadline="D-1T06:00", clock="released"
    )
    assert join["status"].unique().to_list() == ["ok"]
    assert join["version"].to_list() == rows["version"].to_list()
    assert join["mw"].to_list() == rows["mw"].to_list()


def test_of_a_deadline_that_lies_ahead_nothing_is_said(tmp_path: Path) -> None:
    """Nobody knows what production will say then: now answers as the moment of now does."""
    store = make_store(tmp_path / "store")
    store.define(parse_contract(SOURCE), SOURCE)
    now = instants.now()
    days = [now.date() + n * DAY for n in (-1, 3)]
    frame = pl.DataFrame({"zone": ["N", "N"], "day": days, "mw": [1.0, 2.0], "note": ["", ""]})
    through = Provenance(now - 5 * DAY, "ahead")
    store.publish("load", frame, through, released_at=now - 4 * DAY)
    store.judge("load", 1)
    store.promote("load", 1, reason="test")
    rows = store["load"].rows(deadline="P1D", at=At(clock="released"))
    assert rows["day"].to_list() == days[:1]
    assert_frame_equal(rows, store["load"].rows(deadline="P1D", at=then()))
    store.catalog.engine.dispose()


def test_the_clock_needs_no_moment_for_rows_of_many_versions(load: Store) -> None:
    """Deadlines lie at many times: by claims they are asked for as they are, each row with its
    claim; without the clock nothing was published by then. Of one version it is still refused.
    """
    by_claims = At(clock="released")
    rows = load["load"].rows(deadline="D-1T06:00", at=by_claims)
    assert_frame_equal(rows, load["load"].rows(deadline="D-1T06:00", at=then()))
    claims = {version.version: version.released_at for version in load["load"].versions()}
    said_when = rows["version", "released_at"].unique().rows()
    assert all(claims[version] == claim for version, claim in said_when)
    assert load["load"].rows(deadline="D-1T06:00").is_empty()
    assert load["load"].rows(release="first", at=by_claims).height
    assert code_of(lambda: load["load"].rows(at=by_claims)) == "bad_clock"


def test_a_lag_goes_by_what_the_data_knew(load: Store) -> None:
    """The newest version whose data end two days before the target."""
    for (_, day), version in said(load["load"].rows(lag="P2D", at=then())).items():
        through = load["load"].resolve(version).data_through
        target = datetime(day.year, day.month, day.day, tzinfo=UTC)
        assert timedelta(days=2) <= target - through
        assert version == RUNS or target - through < timedelta(days=3)


def test_a_history_until_a_deadline(load: Store) -> None:
    """Only versions that were out by then."""
    day = FIRST + 4 * DAY
    history = load["load"].history("N", day, clock="released", deadline="D-2T12:00")
    assert [entry["version"] for entry in history.body["history"]] == [1, 2, 3]
    table = history.frame(load["load"].contract)
    assert table["released_at"].to_list() == [released(run) for run in (1, 2, 3)]
    assert "released_at" not in load["load"].history("N", day).frame(load["load"].contract).columns


def test_scores_of_what_was_said_the_day_before(load: Store) -> None:
    """The errors of the rows at a deadline, of whatever version; nothing is stored."""
    rows = load["load"].rows(deadline="D-1T06:00", at=then())
    actuals = rows.select("zone", "day", mw=pl.lit(100.0))
    scores = load["load"].score_at(actuals, deadline="D-1T06:00", at=then())
    errors = (rows["mw"] - 100.0).abs()
    point = scores.columns["mw"].point
    assert point is not None
    assert (scores.version, scores.keys.matched) == (0, rows.height)
    assert point.mae == pytest.approx(errors.mean())
    assert load["load"].score_at(actuals, release="first").keys.matched == rows.height


@pytest.mark.parametrize(
    ("text", "deadline"),
    [
        ("PT36H", Deadline(before=timedelta(hours=36))),
        ("P2DT12H", Deadline(before=timedelta(hours=60))),
        ("1d12h", Deadline(before=timedelta(hours=36))),
        ("D-1T06:00", Deadline(days=1, clock=datetime(2024, 1, 1, 6).time())),
        ("DT09:30", Deadline(clock=datetime(2024, 1, 1, 9, 30).time())),
    ],
)
def test_deadlines_are_read(text: str, deadline: Deadline) -> None:
    """Clock times of days before, and durations in two spellings."""
    assert deadline_of(text) == deadline


def test_a_deadline_is_of_the_zone() -> None:
    """02:30 of a night without it is an hour later, of a night that has it twice the first."""
    of = parse_contract(SOURCE)
    days = pl.DataFrame({"day": [date(2024, 4, 1), date(2024, 10, 28), date(2024, 6, 2)]})
    moments = days.select(deadlines(deadline_of("D-1T02:30"), of)).to_series().to_list()
    assert [instants.text(moment) for moment in moments] == [
        "2024-03-31T01:30:00Z",
        "2024-10-27T00:30:00Z",
        "2024-06-01T00:30:00Z",
    ]


@pytest.mark.parametrize(
    ("where", "options", "code"),
    [
        ({"day": ("x", None)}, {}, "bad_key_range"),
        ({"day": (None, None)}, {}, "bad_key_range"),
        ({"day": ""}, {}, "bad_key_range"),
        ({"day": ("2024-04-02", "2024-04-01")}, {}, "bad_key_range"),
        ({"zone": ("S", "N")}, {}, "bad_key_range"),
        ({"nothing": 1}, {}, "key_parts"),
        ({"mw": ("x", None)}, {}, "bad_key_range"),
        ({"mw": ("1", "nan")}, {}, "bad_key_range"),
        ({"mw": ("1_000", None)}, {}, "bad_key_range"),
        ({}, {"order": ["nothing"]}, "unknown_field"),
        ({}, {"fields": ["nothing"]}, "unknown_field"),
        ({}, {"release": "zeroth"}, "bad_release"),
        ({}, {"release": 0}, "bad_release"),
        ({}, {"lag": "soon"}, "bad_lag"),
        ({}, {"deadline": "D-1T25:00"}, "bad_deadline"),
        ({}, {"deadline": "PT1H", "lag": "1d"}, "two_releases"),
        ({}, {"release": "first", "at": At(3)}, "two_releases"),
    ],
)
def test_what_cannot_be_asked(
    load: Store, where: dict[str, Any], options: dict[str, Any], code: str
) -> None:
    """Each has a code, and says what to write."""
    assert code_of(lambda: load["load"].rows(where, **options)) == code
    with pytest.raises(InvalidError) as error:
        load["load"].rows(where, **options)
    assert ";" in str(error.value)
