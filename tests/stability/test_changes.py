"""Changes key by key, against a slow and obvious reference over plain rows, and against the counts
of the report.
"""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimates.contract.conform import conform
from estimates.contract.contract_file import parse_contract
from estimates.errors import InvalidError
from estimates.stability.changes import first_changes
from estimates.stability.diff import diff
from estimates.stability.report import Report
from estimates.store.store import Store
from tests.builders import SET, START, define, frame, make_store, promoted, provenance
from tests.stability.changed_keys import changed_keys

CONTRACT = parse_contract(
    """
    name = "set"
    [key.place]
    type = "string"
    [key.step]
    type = "integer"
    [columns.value]
    nullable = true
    scale_floor = 0.5
    [columns.low]
    role = "lower"
    level = 0.8
    nullable = true
    [columns.high]
    role = "upper"
    level = 0.8
    nullable = true
    [columns.count]
    role = "score"
    type = "integer"
    nullable = true
    [columns.label]
    role = "label"
    nullable = true
    [columns.note]
    role = "attribute"
    type = "string"
    nullable = true
    """
)
COLUMNS = ("value", "low", "high", "count", "label", "note")
NUMBERS = ("value", "low", "high", "count")
NUMBER = st.one_of(
    st.none(),
    st.sampled_from((0.0, 1.0, -1.0, 1.0 + 1e-12, 1.7e308, -1.7e308)),
    st.floats(-1e3, 1e3),
)
TEXT = st.sampled_from((None, "a", "b"))
ROW = st.tuples(
    NUMBER, NUMBER, NUMBER, st.one_of(st.none(), st.integers(-5, 5), st.just(2**53 + 1)), TEXT, TEXT
)
KEY = st.tuples(st.sampled_from("abc"), st.integers(0, 4))
VERSION = st.dictionaries(KEY, ROW, max_size=12)
Key = tuple[str, int]
Version = dict[Key, tuple[Any, ...]]


def table(version: Version) -> pl.DataFrame:
    """The version as a conformed frame."""
    names = (*CONTRACT.key, *COLUMNS)
    dtypes = (
        pl.String,
        pl.Int64,
        pl.Float64,
        pl.Float64,
        pl.Float64,
        pl.Int64,
        pl.String,
        pl.String,
    )
    rows = [(*key, *row) for key, row in version.items()]
    return conform(
        pl.DataFrame(rows, schema=dict(zip(names, dtypes, strict=True)), orient="row"), CONTRACT
    )


def kind(old: tuple[Any, ...], new: tuple[Any, ...]) -> str:
    """What happened to a key that both versions have: estimates that lost or gained their value
    come first.
    """
    pairs = list(zip(old, new, strict=True))[:-1]  # the last column is carried along
    if any(a is not None and b is None for a, b in pairs):
        return "kind_loss"
    return "kind_gain" if any(a is None and b is not None for a, b in pairs) else "changed"


def expected(
    old: Version, new: Version, by: str, least: float, prefix: tuple[Any, ...]
) -> list[dict[str, Any]]:
    """The changed keys in order, each with its kind, its values and `d` and `r` of `value`."""
    rows: list[dict[str, Any]] = []
    for key in sorted(old.keys() | new.keys()):
        if key[: len(prefix)] != prefix or old.get(key) == new.get(key):
            continue
        a, b = old.get(key), new.get(key)
        what = "added" if a is None else "removed" if b is None else kind(a, b)
        row: dict[str, Any] = {
            "key": key,
            "change": what,
            "a": a or (None,) * 6,
            "b": b or (None,) * 6,
        }
        x, y = row["a"][0], row["b"][0]
        if x is not None and y is not None:
            row["d"] = y - x
            row["r"] = abs(y / 2 - x / 2) / max(abs(x) / 4 + abs(y) / 4, 0.25)
        rows.append(row)
    kept = [row for row in rows if row.get(by) is None or abs(row[by]) * (1 + 1e-12) >= least]
    return sorted(kept, key=lambda row: (row.get(by) is None, -abs(row.get(by) or 0.0), row["key"]))


def keys_of(changes: pl.DataFrame) -> list[Key]:
    """The keys of the rows, in order."""
    return changes.select(list(CONTRACT.key)).rows()


@given(
    VERSION,
    VERSION,
    st.sampled_from(("d", "r")),
    st.sampled_from((0.0, 0.1, 1.0, 500.0)),
    st.sampled_from(((), ("a",), ("b", 2))),
)
def test_changes_agree_with_the_reference(
    old: Version, new: Version, by: str, least: float, prefix: tuple[Any, ...]
) -> None:
    """Keys, order, kinds, values and metrics are those of a loop over dictionaries."""
    changes = changed_keys(
        table(old), table(new), CONTRACT, by=f"value.{by}", min_change=least, prefix=prefix
    )
    rows = expected(old, new, by, least, prefix)
    # r may differ from the reference in its last bit, and so the order of nearly equal ones
    if by == "d":
        assert keys_of(changes) == [row["key"] for row in rows]
    rows = sorted(rows, key=lambda row: row["key"])
    changes = changes.sort(list(CONTRACT.key))
    assert keys_of(changes) == [row["key"] for row in rows]
    assert changes["change"].to_list() == [row["change"] for row in rows]
    for side in ("a", "b"):
        for at, name in enumerate(COLUMNS):
            assert changes[f"{name}.{side}"].to_list() == [row[side][at] for row in rows]
    fits = [None if math.isinf(row.get("d", 0.0)) else row.get("d") for row in rows]
    assert changes["value.d"].to_list() == fits
    assert changes["value.r"].to_list() == [
        r if r is None else pytest.approx(r) for r in (x.get("r") for x in rows)
    ]


def count(share: float | None, n: int) -> int:
    """The number behind a share."""
    return 0 if share is None else round(share * n)


@pytest.mark.slow
@given(VERSION, VERSION)
def test_counts_are_those_of_the_report(old: Version, new: Version) -> None:
    """What the report counts as changed, material, lost, gained, added or removed has exactly as
    many rows here.
    """
    report, changes = (
        diff(table(old), table(new), CONTRACT),
        changed_keys(table(old), table(new), CONTRACT),
    )
    keys, kinds = report.keys, changes["change"]
    both = changes.filter(~kinds.is_in(["added", "removed"]))
    assert both.height == keys.common - count(keys.identical_share, keys.common)
    assert ((kinds == "added").sum(), (kinds == "removed").sum()) == (keys.added, keys.removed)
    for name in NUMBERS:
        check_column(report, both, name)
    churned = both.filter(pl.col("label.a").ne_missing(pl.col("label.b"))).height
    label = report.columns["label"].label
    assert churned == (0 if label is None else count(label.churn, label.n))
    (interval,) = report.intervals
    assert (both["value.z_80"] > 1 + 1e-12).sum() == count(
        interval.z_gt1_share, interval.n
    ) or interval.z is None


def check_column(report: Report, both: pl.DataFrame, name: str) -> None:
    """One number's counts in the report are those of the rows."""
    column = report.columns[name]
    lost = both.filter(pl.col(f"{name}.a").is_not_null() & pl.col(f"{name}.b").is_null()).height
    gained = both.filter(pl.col(f"{name}.a").is_null() & pl.col(f"{name}.b").is_not_null()).height
    assert (lost, gained) == (column.kinds["finite"]["null"], column.kinds["null"]["finite"])
    scalar = column.scalar
    if scalar is None:
        assert both[f"{name}.material"].null_count() == both.height
        return
    assert both[f"{name}.material"].sum() == count(scalar.material_share, column.n)
    moved = both.filter(
        (pl.col(f"{name}.d") != 0) | (pl.col(f"{name}.material") & pl.col(f"{name}.d").is_null())
    )
    assert moved.height == column.n - count(scalar.zero_share, column.n)
    if scalar.r is not None and scalar.r_above is not None:
        for limit, n in scalar.r_above.items():
            assert (both[f"{name}.r"] > float(limit)).sum() == n
        assert (both[f"{name}.r"].max() or 0.0) == scalar.r.max
    tops = {tuple(change.key): (change.d, change.r) for change in scalar.top}
    rows = both.filter(pl.Series([(p, str(s)) in tops for p, s in keys_of(both)], dtype=pl.Boolean))
    moves = zip(rows[f"{name}.d"], rows[f"{name}.r"], strict=True)
    assert dict(zip([(p, str(s)) for p, s in keys_of(rows)], moves, strict=True)) == tops


@pytest.mark.slow
@given(
    VERSION,
    VERSION,
    st.sampled_from(
        ("value.d", "count.d", "low.r", "value.z_80", "value.width_change_80", "high.g")
    ),
)
def test_every_metric_sorts_and_filters(old: Version, new: Version, by: str) -> None:
    """Sizes fall, then come the keys without the metric; equal sizes and keys without one are in
    key order. The first rows alone are the first of all.
    """
    changes = changed_keys(table(old), table(new), CONTRACT, by=by)
    rows, total = first_changes(table(old), table(new), CONTRACT, 3, by=by)
    assert total == changes.height
    assert rows.equals(changes.head(3))
    sizes = [math.nan if x is None else abs(x) for x in changes[by]]
    # what overflows has no number and comes first
    first = next((i for i, x in enumerate(sizes) if not math.isnan(x)), len(sizes))
    numbered = [x for x in sizes if not math.isnan(x)]
    assert numbered == sorted(numbered, reverse=True)
    ordered = list(zip(sizes, keys_of(changes), strict=True))[first:]
    for (x, key), (y, following) in pairwise(ordered):
        assert key < following or x > y or (math.isnan(y) and not math.isnan(x))
    for least in numbered[:3]:
        kept = changed_keys(table(old), table(new), CONTRACT, by=by, min_change=least)
        assert keys_of(kept) == [
            k for x, k in zip(sizes, keys_of(changes), strict=True) if not x * (1 + 1e-12) < least
        ]


def test_equal_versions_have_no_changes() -> None:
    """No rows, but all the columns; zero to zero is none."""
    version: Version = {("a", 1): (0.0, 1.0, 2.0, 3, "x", None), ("a", 2): (None,) * 6}
    changes = changed_keys(table(version), table(version), CONTRACT)
    assert changes.height == 0
    assert changes.columns[:6] == ["place", "step", "change", "value.a", "value.b", "value.d"]
    assert changes.columns == changed_keys(table(version), table({}), CONTRACT).columns


def test_an_attribute_alone_is_a_change() -> None:
    """A row that differs in what it carries along is there, with d = 0: a copy of the estimates
    needs it.
    """
    old, new = {("a", 1): (1.0, 0.0, 2.0, 3, "x", None)}, {("a", 1): (1.0, 0.0, 2.0, 3, "x", "new")}
    (row,) = changed_keys(table(old), table(new), CONTRACT).iter_rows(named=True)
    assert (row["change"], row["value.d"], row["value.material"], row["note.b"]) == (
        "changed",
        0.0,
        False,
        "new",
    )


def test_many_equal_sizes_are_in_key_order() -> None:
    """A thousand keys that moved by as much, up or down, come by key."""
    contract = parse_contract('name = "set"\n[key.id]\ntype = "integer"\n[columns.value]')
    old = pl.DataFrame({"id": range(1000), "value": [0.0] * 1000})
    new = old.with_columns(
        value=pl.when(pl.col("id") % 3 == 0).then(2.0).otherwise(1.0 - 2.0 * (pl.col("id") % 2))
    )
    changes = changed_keys(old, new, contract)["id"].to_list()
    assert changes == sorted(range(1000), key=lambda key: (key % 3 != 0, key))


def test_known_numbers() -> None:
    """d, r, g, z and the change of width of a number that went from 10 to 12, its half width from 4
    to 8.
    """
    old, new = (
        {("a", 1): (10.0, 6.0, 14.0, 3, "x", None)},
        {("a", 1): (12.0, 4.0, 20.0, 3, "y", None)},
    )
    (row,) = changed_keys(table(old), table(new), CONTRACT).iter_rows(named=True)
    assert (row["value.d"], row["value.r"], row["value.z_80"]) == (2.0, pytest.approx(2 / 11), 0.5)
    assert row["value.g"] == pytest.approx(math.asinh(12.0) - math.asinh(10.0))
    assert row["value.width_change_80"] == pytest.approx(math.log(2))


def test_no_number_depends_on_the_question() -> None:
    """The scale floor comes from all common keys, whatever prefix or minimum was asked for."""
    contract = parse_contract('name = "set"\n[key.id]\ntype = "string"\n[columns.value]')
    old = pl.DataFrame({"id": list("abcde"), "value": [1.0, 1e-9, 1000.0, 1000.0, 1000.0]})
    new = old.with_columns(value=pl.col("value") * 2)
    whole = changed_keys(old, new, contract, by="value.r").filter(pl.col("id") == "b")
    assert whole["value.r"][0] < 0.01
    assert changed_keys(old, new, contract, by="value.r", prefix=("b",)).equals(whole)


@pytest.mark.slow
@given(
    st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=30),
    st.floats(0.9, 1.1),
    st.sampled_from((0.0, 1e-9, 1e300)),
)
def test_no_number_depends_on_the_other_keys(
    values: list[float], factor: float, odd: float
) -> None:
    """Every number of a key is the same to the last bit, whichever keys are asked for beside it."""
    contract = parse_contract(
        'name = "set"\n[key.id]\ntype = "string"\n[columns.value]\n[columns.low]\nrole = '
        '"lower"\nlevel = 0.8\n'
        '[columns.high]\nrole = "upper"\nlevel = 0.8\n'
    )
    numbers = [odd, *values]
    columns = {
        "value": numbers,
        "low": [x - abs(x) / 8 for x in numbers],
        "high": [x + abs(x) / 4 for x in numbers],
    }
    old = pl.DataFrame({"id": [f"k{i:02d}" for i in range(len(numbers))], **columns})
    new = old.with_columns(pl.col("value", "high") * factor)
    whole = changed_keys(old, new, contract)
    for key in whole["id"].head(4):
        assert changed_keys(old, new, contract, prefix=(key,)).equals(
            whole.filter(pl.col("id") == key)
        )


ROLLING = """
    name = "roll"
    [key.id]
    type = "string"
    [key.day]
    type = "date"
    target = true
    [columns.value]
    """


def test_what_time_does_has_its_own_names() -> None:
    """Reached targets are elapsed, those beyond the last one advanced, in both directions, as in
    the report.
    """
    contract, days = parse_contract(ROLLING), [date(2024, 6, day) for day in range(3, 9)]
    old = pl.DataFrame({"id": "a", "day": days[:4], "value": [1.0, 2.0, 3.0, 4.0]})
    new = pl.DataFrame({"id": "a", "day": days[1:6], "value": [2.5, 3.0, 4.5, 5.0, 6.0]})
    first, second = START.replace(month=6, day=2), START.replace(month=6, day=4)
    for a, b, through in ((old, new, (first, second)), (new, old, (second, first))):
        changes = changed_keys(a, b, contract, through_a=through[0], through_b=through[1])
        kinds = dict(zip(changes["day"], changes["change"], strict=True))
        assert kinds == {
            **dict.fromkeys(days[:2], "elapsed"),
            **dict.fromkeys(days[4:], "advanced"),
            days[3]: "changed",
        }
        keys = diff(a, b, contract, through_a=through[0], through_b=through[1]).keys
        assert (keys.elapsed, keys.advanced) == (2, 2)
    # an elapsed key that the newer version has too shows both values
    row = changed_keys(old, new, contract, through_a=first, through_b=second).filter(
        pl.col("day") == days[1]
    )
    assert row.select("value.a", "value.b", "value.d").row(0) == (2.0, 2.5, None)


def test_frames_that_were_never_conformed() -> None:
    """NaN and infinities are values of their own kind, without metrics; NaN to NaN is no change."""
    contract = parse_contract('name = "set"\n[key.id]\ntype = "integer"\n[columns.value]')
    old = pl.DataFrame({"id": range(5), "value": [1.0, math.nan, math.inf, math.nan, 2.0]})
    new = pl.DataFrame({"id": range(5), "value": [math.nan, math.nan, 1.0, math.inf, 3.0]})
    changes = changed_keys(old, new, contract)
    assert changes["id"].to_list() == [4, 0, 2, 3]
    assert changes["change"].to_list() == ["changed", "kind_loss", "kind_gain", "changed"]
    assert changes["value.d"].to_list() == [1.0, None, None, None]


def test_a_set_of_labels_alone() -> None:
    """Without a number there is nothing to sort by but the key, and no minimum."""
    contract = parse_contract(
        'name = "set"\n[key.id]\ntype = "integer"\n[columns.tier]\nrole = "label"'
    )
    old = pl.DataFrame({"id": [1, 2, 3], "tier": ["x", "y", "z"]})
    new = pl.DataFrame({"id": [3, 2, 1], "tier": ["x", "y", "z"]})
    changes = changed_keys(old, new, contract)
    assert changes.rows() == [(1, "changed", "x", "z"), (3, "changed", "z", "x")]
    with pytest.raises(InvalidError) as error:
        changed_keys(old, new, contract, min_change=1.0)
    assert error.value.code == "bad_min_change"


@pytest.mark.parametrize(
    ("question", "code"),
    [
        ({"by": "value"}, "unknown_metric"),
        ({"by": "value.material"}, "unknown_metric"),
        ({"by": "label.d"}, "unknown_metric"),
        ({"min_change": -1.0}, "bad_min_change"),
        ({"min_change": math.nan}, "bad_min_change"),
        ({"min_change": math.inf}, "bad_min_change"),
        ({"prefix": ("a", 1, 2)}, "key_parts"),
        ({"prefix": ("a", "x")}, "bad_key_part"),
    ],
)
def test_questions_that_cannot_be(question: dict[str, Any], code: str) -> None:
    """Metrics that are none, sizes that are no size and prefixes that are no key say so."""
    with pytest.raises(InvalidError) as error:
        changed_keys(table({}), table({}), CONTRACT, **question)
    assert error.value.code == code


@pytest.mark.parametrize("name", ["change", "value.a", "value.d"])
def test_a_key_column_named_like_the_answer(name: str) -> None:
    """A key column that would hide a column of the answer is an error that names it."""
    contract = parse_contract(f'name = "set"\n[key."{name}"]\ntype = "integer"\n[columns.value]')
    with pytest.raises(InvalidError, match=name) as error:
        changed_keys(pl.DataFrame(), pl.DataFrame(), contract)
    assert error.value.code == "key_name"


def test_changes_of_a_store(tmp_path: Path) -> None:
    """A set gives the changes of two refs, now or as of a time, and as pages that make up the
    whole.
    """
    store = make_store(tmp_path)
    define(store)
    promoted(store, "one", 100.0)
    promoted(store, "two", 101.0, day=1)
    before = store.view().moment
    store.publish(SET, frame(105.0).filter(pl.col("ticker") != "AAPL"), provenance("three", 2))
    store.judge(SET, 3)
    closes = store[SET]
    assert closes.changes(1)["value.d"].to_list() == pytest.approx([1.0] * 6)
    assert closes.changes(1).equals(store[SET].changes(1, 2))
    assert closes.changes(1, as_of=before).equals(closes.changes(1, 2))
    changes = closes.changes(1, 3, min_change=4.0)
    assert changes["change"].to_list() == ["changed"] * 4 + ["removed"] * 2
    assert closes.changes(1, 3, key=("AAPL",)).height == 2
    pages: list[pl.DataFrame] = []
    cursor: str | None = None
    while not pages or cursor is not None:
        page = closes.changes_page(1, 3, limit=4, cursor=cursor)
        assert page.total == 6
        pages.append(page.frame(closes.contract))
        cursor = page.cursor
    assert [page.height for page in pages] == [4, 2]
    assert pl.concat(pages).equals(changes)
    last = closes.changes_page(1, 3, limit=3, cursor=closes.changes_page(1, 3, limit=3).cursor)
    assert (len(last.body["changes"]), last.cursor) == (3, None)


TYPED = """
name = "typed"
[key.at]
type = "timestamp"
[key.day]
type = "date"
[columns.due]
role = "label"
type = "date"
[columns.sure]
role = "label"
type = "boolean"
[columns.made]
role = "attribute"
type = "timestamp"
nullable = true
[columns.n]
type = "integer"
"""


def test_json_and_back(tmp_path: Path) -> None:
    """A page's JSON read as a table is the frame it was made from, in every type, empty pages
    too.
    """
    store, contract = make_store(tmp_path), parse_contract(TYPED)
    store.define(contract, TYPED)
    times = [START, START + timedelta(microseconds=1)]
    rows = {
        "at": times,
        "day": [date(2024, 1, 1)] * 2,
        "due": [date(2024, 2, 1)] * 2,
        "sure": [True, False],
    }
    old = pl.DataFrame(
        rows | {"made": times, "n": [1, 2]}, schema_overrides={"at": pl.Datetime("us", "UTC")}
    )
    new = old.with_columns(n=pl.lit(2**60), made=None, due=pl.col("due").dt.offset_by("1d")).cast(
        {"n": pl.Int64}
    )
    for run, content in (("one", old), ("two", new)):
        store.publish("typed", content.cast({"made": pl.Datetime("us", "UTC")}), provenance(run))
    typed = store["typed"]
    for question in ((1, 2), (1, 1)):
        assert typed.changes_page(*question).frame(contract).equals(typed.changes(*question))
    page = typed.changes_page(1, 2, limit=1)
    assert page.body["changes"][0]["key"] == ["2024-01-01T21:00:00Z", "2024-01-01"]
    assert page.body["changes"][0]["columns"]["made"] == {"a": "2024-01-01T21:00:00Z", "b": None}


def test_a_cursor_belongs_to_its_question(tmp_path: Path) -> None:
    """Another metric, minimum, prefix, version or a new measure in the contract: start again;
    forged ones too.
    """
    store = filled(tmp_path)
    closes = store[SET]
    cursor = closes.changes_page(1, 2, limit=2).cursor
    assert cursor is not None
    assert closes.changes_page(1, "production", limit=2, cursor=cursor).body["from"] == 1
    wrong: list[dict[str, Any]] = [
        {"by": "value.r"},
        {"min_change": 0.5},
        {"key": ("AAPL",)},
        {"b": 1},
        {"a": 2},
    ]
    for other in wrong:
        query = {"a": 1, "b": 2, "cursor": cursor} | other
        assert code_of(closes, **query) == "bad_cursor"
    for forged in (
        "",
        "x",
        "AAAA",
        cursor[:-2],
        cursor + "A",
        "WzEsOTksMiwwXQ",
        "WzEsMiwtMSwwXQ",
        "W10",
        "ÿ",
    ):
        assert code_of(closes, a=1, b=2, cursor=forged) == "bad_cursor"
    define(store, more="[stability]\nrtol = 0.5\n")
    assert code_of(closes, a=1, b=2, cursor=cursor) == "bad_cursor"


def filled(root: Path) -> Store:
    """A store with two versions that differ in all six keys."""
    store = make_store(root)
    define(store)
    promoted(store, "one", 100.0)
    promoted(store, "two", 101.0, day=1)
    return store


def code_of(closes: Any, **query: Any) -> str:
    """The code of the error that a question gets."""
    with pytest.raises(InvalidError) as error:
        closes.changes_page(**query)
    return error.value.code


def test_pages_have_limits(tmp_path: Path) -> None:
    """A limit is 1 to 10,000."""
    closes = filled(tmp_path)[SET]
    for limit in (0, 10_001, -1):
        assert code_of(closes, a=1, b=2, limit=limit) == "bad_limit"


def test_time_zones_do_not_matter() -> None:
    """The report's clock is UTC whatever offset a time is given in."""
    contract = parse_contract(ROLLING)
    old = pl.DataFrame({"id": ["a"], "day": [date(2024, 6, 4)], "value": [1.0]})
    through = datetime(2024, 6, 3, 23, 30, tzinfo=UTC)
    assert changed_keys(old, old, contract, through_b=through).height == 0
    assert changed_keys(old, old, contract, through_b=through + timedelta(hours=1))[
        "change"
    ].to_list() == ["elapsed"]
