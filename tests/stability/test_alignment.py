"""Which keys a diff compares: the domain, rolling targets, groups, horizons, and input that is
refused.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from estimates.contract.contract_file import parse_contract
from estimates.errors import InvalidError
from estimates.stability.diff import diff
from estimates.stability.report import Report

PLAIN = parse_contract(
    'name = "plain"\n[key.id]\ntype = "string"\n[columns.value]\nnullable = true'
)
ROLLING = parse_contract(
    'name = "rolling"\n[key.ticker]\ntype = "string"\n[key.day]\ntype = "date"\ntarget = '
    "true\n[columns.value]\n"
    '[domain]\nkind = "rolling"\nsteps = 3\ncalendar = "weekdays"\n[domain.values]\nticker = ["A", '
    '"B"]'
)
FRIDAY = date(2026, 11, 20)
DAYS = [FRIDAY, *(date(2026, 11, day) for day in (23, 24, 25, 26, 27))]


def plain(ids: Sequence[str | None]) -> pl.DataFrame:
    """A version of the plain set, its values 0, 1, 2, …"""
    values = [float(i) for i in range(len(ids))]
    return pl.DataFrame({"id": ids, "value": values}, schema={"id": pl.String, "value": pl.Float64})


def rolling(days: Sequence[date], tickers: str = "AB", value: float = 1.0) -> pl.DataFrame:
    """A version of the rolling set, one value per ticker and day."""
    rows = [(ticker, day, value) for ticker in tickers for day in days]
    schema = {"ticker": pl.String, "day": pl.Date, "value": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def close(day: date) -> datetime:
    """The close of a day, the last moment a run could see."""
    return datetime(day.year, day.month, day.day, 21, tzinfo=UTC)


def hourly(at: Sequence[datetime]) -> pl.DataFrame:
    """A version whose key is a time."""
    values = [1.0] * len(at)
    return pl.DataFrame(
        {"at": at, "value": values}, schema_overrides={"at": pl.Datetime("us", "UTC")}
    )


def next_day(a: pl.DataFrame, b: pl.DataFrame) -> Report:
    """The diff of a version made on Friday with one made on Monday."""
    return diff(a, b, ROLLING, through_a=close(FRIDAY), through_b=close(DAYS[1]))


def test_added_and_removed_keys() -> None:
    """Keys are counted and named on either side; shares are of the baseline."""
    keys = diff(plain(["a", "b", "c", "d"]), plain(["b", "c", "d", "e", "f"]), PLAIN).keys
    assert (keys.n_from, keys.n_to, keys.common, keys.added, keys.removed) == (4, 5, 3, 2, 1)
    assert (keys.added_share, keys.removed_share, keys.key_jaccard) == (0.5, 0.25, 0.5)
    assert (keys.added_keys, keys.removed_keys) == ([["e"], ["f"]], [["a"]])
    assert (keys.elapsed, keys.advanced) == (None, None)


def test_two_empty_versions() -> None:
    """Two versions without keys: the domains agree, nothing can be compared, and nothing is 0 by
    accident.
    """
    report = diff(plain([]), plain([]), PLAIN)
    assert (report.keys.key_jaccard, report.keys.added_share, report.keys.identical_share) == (
        1,
        0,
        None,
    )
    assert report.keys.reason == report.columns["value"].reason == "no_comparable_keys"


def test_first_hundred_keys_are_named() -> None:
    """Lists of keys end at one hundred, in key order; the counts do not."""
    keys = diff(plain([]), plain([f"{i:04}" for i in range(250)][::-1]), PLAIN).keys
    assert (keys.added, len(keys.added_keys), keys.added_keys[0], keys.added_keys[-1]) == (
        250,
        100,
        ["0000"],
        ["0099"],
    )


def test_keys_are_compared_exactly() -> None:
    """No folding of case and no trimming: `A`, `a` and `a ` are three keys."""
    keys = diff(plain(["A", "a"]), plain(["a ", "a"]), PLAIN).keys
    assert (keys.common, keys.added_keys, keys.removed_keys) == (1, [["a "]], [["A"]])


def test_a_healthy_rolling_set_loses_nothing() -> None:
    """The day that passed is elapsed, the day that came is advanced, and no key was removed or
    added.
    """
    report = next_day(rolling(DAYS[1:4]), rolling(DAYS[2:5], value=2.0))
    keys = report.keys
    assert (keys.elapsed, keys.advanced, keys.added, keys.removed, keys.common) == (2, 2, 0, 0, 4)
    assert (keys.n_from, keys.n_to, keys.key_jaccard) == (4, 4, 1)
    kinds = report.columns["value"].kinds
    assert sum(kinds["absent"].values()) + sum(row["absent"] for row in kinds.values()) == 0


def test_a_lost_step_of_a_rolling_set_is_removed() -> None:
    """What time does not explain is removed or added, as anywhere."""
    keys = next_day(rolling(DAYS[1:4]), rolling(DAYS[2:5]).filter(pl.col("ticker") == "A")).keys
    assert (keys.elapsed, keys.advanced, keys.removed_keys) == (
        2,
        1,
        [["B", "2026-11-24"], ["B", "2026-11-25"]],
    )
    keys = next_day(rolling(DAYS[1:4]), rolling([FRIDAY, *DAYS[2:5]])).keys
    assert keys.added_keys == [["A", "2026-11-20"], ["B", "2026-11-20"]]


def test_elapsed_keys_that_are_still_there_are_not_compared() -> None:
    """A key whose target has passed is taken out of both versions, even when the new one still has
    it.
    """
    keys = next_day(rolling(DAYS[1:4]), rolling(DAYS[1:4])).keys
    assert (keys.elapsed, keys.advanced, keys.common, keys.added, keys.removed) == (2, 0, 4, 0, 0)


def test_a_diff_read_backwards_takes_out_the_same_keys() -> None:
    """From the later version to the earlier one nothing looks lost either."""
    keys = diff(
        rolling(DAYS[2:5]),
        rolling(DAYS[1:4]),
        ROLLING,
        through_a=close(DAYS[1]),
        through_b=close(FRIDAY),
    ).keys
    assert (keys.elapsed, keys.advanced, keys.added, keys.removed, keys.common) == (2, 2, 0, 0, 4)


def test_new_targets_at_the_same_moment_are_added() -> None:
    """A key is advanced only where time passed: without, a wider window is news, and the headline
    says for how many new targets.
    """
    narrow, wide = rolling(DAYS[1:3]), rolling(DAYS[1:5])
    for later in (close(FRIDAY), close(FRIDAY) + timedelta(hours=1)):
        report = diff(narrow, wide, ROLLING, through_a=close(FRIDAY), through_b=later)
        keys = report.keys
        assert (keys.elapsed, keys.advanced, keys.added, keys.new_targets) == (0, 0, 4, 4)
        assert "4 keys added for new targets" in report.headline
    back = diff(wide, narrow, ROLLING, through_a=close(FRIDAY), through_b=close(FRIDAY)).keys
    assert (back.removed, back.added, back.new_targets) == (4, 0, 0)
    more = diff(
        rolling(DAYS[1:2], tickers="A"),
        rolling(DAYS[1:3]),
        ROLLING,
        through_a=close(FRIDAY),
        through_b=close(FRIDAY),
    )
    assert "3 keys added (2 for new targets)" in more.headline


def test_attributes_that_changed_are_named() -> None:
    """What a contract carries along is compared as between two files; what stays is not named."""
    c = parse_contract(
        'name="g"\n[key.id]\ntype="string"\n[columns.value]\n[columns.team]\nrole="attribute"\n'
        'type="string"\nnullable=true\n[columns.unit]\nrole="attribute"\ntype="string"'
    )
    a = pl.DataFrame({"id": ["x", "y"], "value": 1.0, "team": ["a", None], "unit": "km"})
    b = a.with_columns(team=pl.Series(["b", None]))
    report = diff(a, b, c)
    assert {n: (x.n, x.differ, x.differ_share) for n, x in report.carried.items()} == {
        "team": (2, 1, 0.5),
        "unit": (2, 0, 0.0),
    }
    assert "team, carried along, differs on 50.0 % of keys" in report.headline
    assert {x.differ for x in diff(a, a, c).carried.values()} == {0}


def test_a_target_counts_from_its_first_moment() -> None:
    """A date has elapsed at 00:00Z of that day, not a microsecond before."""
    a = rolling(DAYS[1:4])
    midnight = datetime(2026, 11, 23, tzinfo=UTC)
    assert diff(a, a, ROLLING, through_a=close(FRIDAY), through_b=midnight).keys.elapsed == 2
    before = midnight - timedelta(microseconds=1)
    assert diff(a, a, ROLLING, through_a=close(FRIDAY), through_b=before).keys.elapsed == 0


def test_timestamps_as_targets() -> None:
    """Hourly targets elapse by the microsecond."""
    c = parse_contract('name="t"\n[key.at]\ntype="timestamp"\ntarget=true\n[columns.value]')
    hours = [datetime(2026, 11, 20, hour, tzinfo=UTC) for hour in range(6)]
    report = diff(hourly(hours[:4]), hourly(hours[2:]), c, through_a=hours[0], through_b=hours[1])
    assert (report.keys.elapsed, report.keys.advanced, report.keys.common) == (2, 2, 2)
    assert [h.value for h in report.columns["value"].horizons] == ["1", "2"]


def test_horizons_count_from_the_new_origin() -> None:
    """The numbers by horizon: step 1 is the first target after B's origin, also where the keys of A
    stop early.
    """
    b = rolling(DAYS[2:5]).with_columns(
        value=pl.when(pl.col("day") == DAYS[3]).then(2.0).otherwise(1.0)
    )
    horizons = next_day(rolling(DAYS[1:4]), b).columns["value"].horizons
    assert [(h.value, h.n, h.material_share, h.few) for h in horizons] == [
        ("1", 2, 0, True),
        ("2", 2, 1, True),
    ]
    gap = next_day(rolling([DAYS[1], DAYS[3]]), rolling(DAYS[2:5])).columns["value"].horizons
    assert [h.value for h in gap] == ["2"]


def test_every_group_is_there() -> None:
    """However many groups there are, each has its own entry, by value, null first; small ones are
    flagged.
    """
    c = parse_contract(
        'name="g"\n[key.id]\ntype="integer"\n[columns.value]\n'
        '[columns.sector]\nrole="attribute"\ntype="string"\n'
        'nullable=true\n[stability]\ngroups=["sector"]'
    )
    sectors = [f"s{i % 60:02}" for i in range(1799)] + [None] * 40 + ["big"] * 35
    a = pl.DataFrame({"id": range(1874), "value": [1.0] * 1874, "sector": sectors})
    b = a.with_columns(value=pl.when(pl.col("sector") == "big").then(1.5).otherwise(1.0))
    groups = diff(a, b, c).columns["value"].groups["sector"]
    assert [g.value for g in groups] == [None, "big", *(f"s{i:02}" for i in range(60))]
    assert [g.n for g in groups] == [40, 35] + [30] * 59 + [29]
    assert (groups[1].p50, groups[1].material_share, groups[2].p50) == (0.4, 1, 0)
    assert [g.value for g in groups if g.few] == ["s59"]
    assert [g.change_share for g in groups if g.change_share] == [1]


def test_groups_of_an_all_zero_baseline() -> None:
    """Where r cannot be computed a group has null quantiles and still its other numbers."""
    c = parse_contract(
        'name="g"\n[key.id]\ntype="string"\n[columns.value]\n[stability]\ngroups=["id"]'
    )
    a = pl.DataFrame({"id": ["x", "y"], "value": [0.0, 0.0]})
    groups = diff(a, a.with_columns(value=pl.Series([0.0, 1.0])), c).columns["value"].groups["id"]
    assert [(g.value, g.p50, g.p95, g.material_share) for g in groups] == [
        ("x", None, None, 0),
        ("y", None, None, 1),
    ]
    assert [g.change_share for g in groups] == [0, 1]


@pytest.mark.parametrize("step", [1, 2, 100])
@pytest.mark.parametrize("different", [49, 50, 51, 300, 5000])
def test_groups_of_whole_numbers(different: int, step: int) -> None:
    """Every number is a group, however many there are and where they lie."""
    c = parse_contract(
        'name="g"\n[key.id]\ntype="integer"\n'
        '[columns.value]\n[columns.by]\nrole="attribute"\ntype="integer"\n'
        '[stability]\ngroups=["by"]'
    )
    numbers = [-7 + step * i for i in range(different)]
    by = [*numbers, *numbers, numbers[-1]]
    a = pl.DataFrame({"id": range(len(by)), "value": [1.0] * len(by), "by": by})
    groups = diff(a, a.with_columns(value=pl.col("value") * 2), c).columns["value"].groups["by"]
    assert [(g.value, g.n) for g in groups] == [(str(x), 3 if x == by[-1] else 2) for x in numbers]


@pytest.mark.parametrize("different", [7, 1500])
def test_groups_agree_with_the_reference(different: int) -> None:
    """Few groups and very many have the quantiles and shares of plain Python."""
    random = np.random.default_rng(different)
    n = 4000
    a = pl.DataFrame(
        {
            "id": range(n),
            "value": random.lognormal(size=n),
            "sector": [f"s{random.integers(different)}" for _ in range(n)],
        }
    )
    b = a.with_columns(value=pl.col("value") * random.choice([1.0, 1.001, 1.5], n))
    c = parse_contract(
        'name="g"\n[key.id]\ntype="integer"\n[columns.value]\nscale_floor=1e-9\n'
        '[columns.sector]\nrole="attribute"\ntype="string"\n[stability]\ngroups=["sector"]'
    )
    rows: dict[str, list[tuple[float, float]]] = {}
    for x, y, sector in zip(a["value"], b["value"], a["sector"], strict=True):
        rows.setdefault(sector, []).append((x, y))
    moved = {sector: math.fsum(abs(y - x) for x, y in pairs) for sector, pairs in rows.items()}
    groups = diff(a, b, c).columns["value"].groups["sector"]
    assert [g.value for g in groups] == sorted(rows)
    for group in groups:
        pairs = rows[str(group.value)]
        r = [abs(y - x) / ((x + y) / 2) for x, y in pairs]
        assert (group.p50, group.p95) == pytest.approx(np.quantile(r, [0.5, 0.95]), rel=1e-12)
        material = sum(abs(y - x) > 0.01 * max(x, y) for x, y in pairs) / len(pairs)
        assert (group.n, group.material_share) == (len(pairs), material)
        share = moved[str(group.value)] / math.fsum(moved.values())
        assert group.change_share == pytest.approx(share, rel=1e-12)


def test_what_each_group_adds_to_the_change() -> None:
    """The shares of the groups in all change add up to 1; without a change, or beyond a double,
    there are none.
    """
    c = parse_contract(
        'name="g"\n[key.id]\ntype="string"\n[columns.value]\n[stability]\ngroups=["id"]'
    )
    a = pl.DataFrame({"id": ["x", "y", "z"], "value": [1.0, 2.0, -1.5e308]})
    for new, shares in (
        ([2.0, -1.0, -1.5e308], [0.25, 0.75, 0]),
        ([1.0, 2.0, -1.5e308], [None] * 3),
    ):
        groups = diff(a, a.with_columns(value=pl.Series(new)), c).columns["value"].groups["id"]
        assert [g.change_share for g in groups] == shares
    far = (
        diff(a, a.with_columns(value=pl.Series([1.0, 2.0, 1.5e308])), c)
        .columns["value"]
        .groups["id"]
    )
    assert [g.change_share for g in far] == [None] * 3


def test_duplicate_and_null_keys_are_named() -> None:
    """A key that appears twice, or has no value, is an error that names it, never a number."""
    good = plain(["a", "b"])
    for a, b, side in (
        (plain(["b", "a", "b"]), good, "from"),
        (good, plain(["b", "a", "b"]), "to"),
    ):
        with pytest.raises(
            InvalidError, match=f"1 keys of the '{side}' frame appear more than once: b"
        ) as caught:
            diff(a, b, PLAIN)
        assert (caught.value.code, caught.value.details["keys"]) == ("duplicate_key", [["b"]])
    with pytest.raises(InvalidError, match="1 rows of the 'to' frame have a null key") as caught:
        diff(good, plain(["a", None]), PLAIN)
    assert caught.value.code == "null_key"


@pytest.mark.parametrize("rows", [1, 2, 262_144, 262_145, 524_289])
def test_the_order_of_keys_is_seen_in_long_frames_too(rows: int) -> None:
    """Wherever row groups of a file end: keys may be sorted or in any order, and none may be there
    twice.
    """
    contract = parse_contract('name = "long"\n[key.id]\ntype = "integer"\n[columns.value]')
    ids = np.arange(rows)
    good = pl.DataFrame({"id": ids, "value": ids / 7})
    assert diff(good, good, contract).keys.identical_share == 1
    for row in {1, rows // 2, 262_143, 262_144, 262_145, 524_288, rows - 1}:
        if 0 < row < rows:
            swapped, twice = ids.copy(), ids.copy()
            swapped[[row - 1, row]] = row, row - 1
            twice[row] = row - 1
            assert diff(good[swapped], good, contract).keys.identical_share == 1
            with pytest.raises(InvalidError) as caught:
                diff(good, good.with_columns(id=twice), contract)
            assert (caught.value.code, caught.value.details["keys"]) == (
                "duplicate_key",
                [[str(row - 1)]],
            )


def test_frames_of_another_contract_are_refused() -> None:
    """Missing and extra columns, other types of a key and text for a number are errors that say
    which column.
    """
    good = plain(["a"])
    with pytest.raises(InvalidError, match="missing value; not in the contract: extra") as caught:
        diff(good, good.rename({"value": "extra"}), PLAIN)
    assert caught.value.code == "columns"
    with pytest.raises(InvalidError, match="column 'id' of the 'to' frame is Int64") as caught:
        diff(good, pl.DataFrame({"id": [1], "value": [1.0]}), PLAIN)
    assert caught.value.code == "column_type"
    with pytest.raises(InvalidError, match="column 'value' of the 'from' frame is String"):
        diff(good.with_columns(value=pl.lit("1")), good, PLAIN)


def test_order_of_columns_and_rows_is_free() -> None:
    """Frames from elsewhere need not be sorted."""
    a = plain(["c", "a", "b"])
    assert diff(a, a.select("value", "id").reverse(), PLAIN).identical
