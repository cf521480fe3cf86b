"""Stability through time: a row for each move of production, from kept headlines."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from estimates import Store, instants
from estimates.catalog.records import Version
from estimates.compare.frozen_versions import last_in_production
from estimates.compare.series import compared_moves, series_of
from estimates.compare.series_report import PairMove
from estimates.contract.contract_file import parse_contract
from estimates.errors import InvalidError, NotFoundError
from estimates.render.digits import rounded
from tests.builders import SET, define, frame, make_store, parquet_of, promoted, provenance
from tests.jobs.cli.calls import call

_LABELS = """\
name = "labels"
[key.id]
type = "string"
[columns.class]
role = "label"
[columns.score]
role = "score"
"""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Production went 1, 2, back to 1, and to 3."""
    store = make_store(tmp_path / "store")
    define(store)
    promoted(store, "one", 100.0)
    promoted(store, "two", 101.0, day=1)
    store.rollback(SET, reason="test")
    promoted(store, "three", 102.0, day=2)
    return store


@pytest.fixture
def frozen_store(tmp_path: Path) -> Store:
    """Keys should move within three versions; production went 1, 2, 3, back to 2, and to 4."""
    store = make_store(tmp_path / "store")
    define(store, more='[stability]\nfrozen_after = 3\n[gate]\nprofile = "exploratory"\n')
    moving = [(pl.lit(0.0), 0), (pl.col("value") * 0.001, 4), (pl.lit(0.01), 0), (pl.lit(0.02), 2)]
    for number, (step, still) in enumerate(moving, start=1):
        rows = frame(100.0)
        position = pl.int_range(pl.len())
        rows = rows.with_columns(
            value=pl.col("value") + pl.when(position >= still).then(step).otherwise(0.0)
        )
        store.publish(SET, rows, provenance(f"run {number}", number))
        store.promote(SET, number, reason="test")
        if number == 3:
            store.rollback(SET, reason="test")
    return store


def refs(pairs: list[PairMove]) -> list[tuple[int, int, str]]:
    """From where to where, and how."""
    return [(pair.from_, pair.to, pair.move) for pair in pairs]


def test_every_move_is_a_pair(store: Store) -> None:
    """Promotions and rollbacks in their order, each at the time of its event, with what the version
    moved to saw.
    """
    series = store[SET].stability()
    assert refs(series.pairs) == [(1, 2, "promoted"), (2, 1, "rolled_back"), (1, 3, "promoted")]
    assert (series.set, series.total, series.last) == (SET, 3, 30)
    moves = [
        event for event in store.view().set(SET).events if event.kind in ("promoted", "rolled_back")
    ][1:]
    assert [pair.promoted_at for pair in series.pairs] == [event.at for event in moves]
    versions = store[SET].versions()
    assert [pair.data_through for pair in series.pairs] == [
        versions[pair.to - 1].data_through for pair in series.pairs
    ]


def test_the_numbers_are_those_of_the_report(store: Store) -> None:
    """A row says what the whole report of its versions says, to 12 digits."""
    for pair in store[SET].stability().pairs:
        report = store[SET].diff(pair.from_, pair.to)
        scalar, column = report.columns["value"].scalar, pair.columns["value"]
        assert scalar is not None
        assert scalar.r is not None
        assert (pair.common, pair.added, pair.removed) == (6, 0, 0)
        assert (pair.elapsed, pair.advanced) == (report.keys.elapsed, report.keys.advanced)
        assert (column.n, column.coverage, column.churn, pair.identical) == (6, 1.0, None, False)
        row = (
            column.r_p50,
            column.r_p95,
            column.material_share,
            column.mean_revision,
            column.sign_flip_share,
        )
        own = (
            scalar.r.p50,
            scalar.r.p95,
            scalar.material_share,
            scalar.mean_revision,
            scalar.sign_flip_share,
        )
        assert row == pytest.approx(own, rel=1e-11)
        assert pair.headline
        assert pair.identical_share == 0


def test_some_moves_and_moves_until_a_time(store: Store) -> None:
    """`last` keeps the newest ones, `total` counts all; at a moment there are those until then."""
    closes = store[SET]
    every = closes.stability().pairs
    assert closes.stability(2).pairs == every[1:]
    assert closes.stability(2).total == 3
    for number, pair in enumerate(every, start=1):
        assert closes.stability(as_of=pair.promoted_at).pairs == every[:number]
        just_before = instants.from_micros(instants.micros(pair.promoted_at) - 1)
        assert closes.stability(as_of=just_before).pairs == every[: number - 1]
    for wrong in (0, -1, 10_001):
        with pytest.raises(InvalidError) as raised:
            closes.stability(wrong)
        assert raised.value.code == "bad_limit"
    with pytest.raises(NotFoundError) as missing:
        closes.stability(as_of="2001-01-01T00:00:00Z")
    assert missing.value.code == "before_first"


def test_as_a_table(store: Store) -> None:
    """A row a move: the facts, the measures of each column, the headline; the same types when there
    is no move.
    """
    table = store[SET].stability().frame()
    assert table.height == 3
    assert table.columns[:5] == ["from", "to", "move", "promoted_at", "data_through"]
    assert table["value.mean_revision"].to_list() == [1.0, -1.0, 2.0]
    assert table.columns[-1] == "headline"
    first = store.view().set(SET).moves["production"][0][0]
    empty = store[SET].stability(as_of=first).frame()
    assert empty.height == 0
    assert {name: table.schema[name] for name in empty.columns} == dict(empty.schema)


def test_labels_have_churn(tmp_path: Path) -> None:
    """A label column tells its churn, a score what a number tells."""
    store = make_store(tmp_path / "store")
    store.define(parse_contract(_LABELS), _LABELS)
    for number, labels in enumerate((["a", "b", "b", "b"], ["a", "b", "b", "a"]), start=1):
        rows = pl.DataFrame(
            {"id": list("wxyz"), "class": labels, "score": [0.1, 0.2, 0.3, 0.1 + 0.1 * number]}
        )
        store.publish("labels", rows, provenance(f"run {number}", number))
        # the gate has its doubts about so small a set
        failing = store.judge("labels", number).failing()
        source = _LABELS + "".join(
            f'[gate.checks.{check.name}]\noff = "test"\n' for check in failing
        )
        store.define(parse_contract(source), source)
        store.promote("labels", number, reason="test")
    columns = store["labels"].stability().pairs[0].columns
    assert (columns["class"].churn, columns["class"].r_p50, columns["class"].n) == (0.25, None, 4)
    assert (columns["score"].churn, columns["score"].mean_revision) == (None, pytest.approx(0.025))


def test_what_belongs_to_a_point_is_left_out(tmp_path: Path) -> None:
    """Interval ends and quantiles of a point are carried along; a set of quantiles alone tells of
    those.
    """
    ends = (
        '[columns.low]\nrole = "lower"\nlevel = 0.8\n[columns.high]\nrole = "upper"\nlevel = 0.8\n'
    )
    store = make_store(tmp_path / "store")
    define(store, more=ends)
    for number, level in enumerate((100.0, 100.0, 101.0), start=1):
        rows = frame(level, low=90.0, high=110.0 + number)
        store.publish(SET, rows, provenance(f"run {number}", number))
        store.promote(SET, number, reason="test")
    first, second = store[SET].stability().pairs
    assert list(first.columns) == list(second.columns) == ["value"]
    assert (first.identical, first.identical_share, first.columns["value"].r_p50) == (
        False,
        0.0,
        0.0,
    )
    quantiles = "".join(f'[columns.q{q}]\nrole = "quantile"\nquantile = 0.{q}\n' for q in (25, 75))
    source = f'name = "quantiles"\n[key.id]\ntype = "string"\n{quantiles}'
    store.define(parse_contract(source), source)
    for number in (1, 2):
        rows = pl.DataFrame({"id": ["a"], "q25": [1.0], "q75": [2.0 + 0.001 * number]})
        store.publish("quantiles", rows, provenance(f"quantiles {number}", number))
        store.promote("quantiles", number, reason="test")
    assert list(store["quantiles"].stability().pairs[0].columns) == ["q25", "q75"]


def test_versions_of_two_shapes_are_not_compared(store: Store) -> None:
    """The pair is there and says why it has no numbers."""
    define(store, more="[columns.second]\n")
    store.publish(SET, frame(103.0, second=1.0), provenance("four", 3))
    store.promote(SET, 4, reason="test", new_shape=True)
    pair = store[SET].stability().pairs[-1]
    assert (pair.from_, pair.to, pair.reason, pair.common, pair.columns, pair.headline) == (
        3,
        4,
        "other_shape",
        None,
        {},
        None,
    )


def test_what_cannot_be_read_is_told(store: Store, tmp_path: Path) -> None:
    """A damaged file, or one that has expired, is a reason in its pairs, and the others are
    told.
    """
    closes = store[SET]
    second = closes.versions()[1]
    file = Path(store.root) / parquet_of(store, second)
    whole = file.read_bytes()
    store.reports.clear()  # the gate kept what it measured
    file.write_bytes(b"damaged")
    assert [pair.reason for pair in closes.stability().pairs] == [
        "file_damaged",
        "file_damaged",
        None,
    ]
    file.write_bytes(whole)
    assert [pair.reason for pair in closes.stability().pairs] == [None, None, None]
    store.catalog.expire(second, actor="test", reason="test")
    assert [pair.reason for pair in closes.stability().pairs] == ["expired", "expired", None]


def test_headlines_are_kept(store: Store) -> None:
    """What was told once is told again without the files, by another process's store too; not by
    another measure.
    """
    before = store[SET].stability()
    for file in Path(store.root).glob("sets/*/parts/*.parquet"):
        file.unlink()
    assert Store(store.root)[SET].stability() == before
    define(store, more='[freshness]\nmax_age = "10d"\n')  # which no report depends on
    assert store[SET].stability() == before
    assert store[SET].stability(2).pairs == before.pairs[1:]
    define(store, more="[stability]\nrtol = 0.5\n")
    assert [pair.reason for pair in store[SET].stability().pairs] == ["file_missing"] * 3


def test_another_tolerance_is_another_measure(store: Store) -> None:
    """The newest contract measures all pairs; nothing that was kept before answers for it."""
    assert [pair.columns["value"].material_share for pair in store[SET].stability().pairs] == [
        0.0,
        0.0,
        1.0,
    ]
    define(store, more="[stability]\nrtol = 0.001\n")
    assert [pair.columns["value"].material_share for pair in store[SET].stability().pairs] == [
        1.0,
        1.0,
        1.0,
    ]


def test_each_version_is_read_once(store: Store) -> None:
    """Moving on along the series, and back again, a version that was just read is not read
    again.
    """
    read: list[int] = []

    def frame_of(version: Version) -> pl.DataFrame:
        read.append(version.version)
        return store.frame(version)

    moves = compared_moves(store.view(), SET, frame_of)
    series_of(
        moves,
        lambda comparison: comparison.report(headline_only=True),
        lambda window: window.report(moves.read),
    )
    assert read == [1, 2, 3]


def test_what_stands_still(frozen_store: Store) -> None:
    """K4 of the last versions in production, at each move: those rolled back from do not count, nor
    later ones.
    """
    rows = frozen_store[SET].stability().pairs
    assert refs(rows) == [
        (1, 2, "promoted"),
        (2, 3, "promoted"),
        (3, 2, "rolled_back"),
        (2, 4, "promoted"),
    ]
    # 1, 2: too few; 1, 2, 3: f moves; 1, 2; 1, 2, 4: a and b stood still
    told_ = [(row.frozen_n, row.frozen_share, row.frozen_reason) for row in rows]
    few = (0, None, "too_few_versions")
    assert told_ == [few, (6, 0.0, None), few, (6, rounded(2 / 6), None)]
    table = frozen_store[SET].stability().frame()
    assert table["frozen_share"].to_list() == [None, 0.0, None, rounded(2 / 6)]
    shown = call("stability", SET, "--store", frozen_store.root).text.splitlines()
    what = "frozen: the share of keys whose estimates are the same in 3 versions in a row"
    assert what in shown[1:4]
    assert "33.3 %" in shown[-1]


def test_the_last_versions_in_production(frozen_store: Store) -> None:
    """What a candidate would be put in a row with: in order, without what was rolled back, no more
    than asked for.
    """
    view = frozen_store.view().set(SET)

    def last(count: int, shape: int = 1) -> list[int]:
        return [
            version.version
            for version in last_in_production(view.events, view.versions, shape, count)
        ]

    assert (last(2), last(3), last(9), last(2, shape=2)) == ([2, 4], [1, 2, 4], [1, 2, 4], [])
    frozen_store.promote(SET, 1, reason="test")
    view = frozen_store.view().set(SET)
    assert last(9) == [2, 4, 1]


def test_what_stands_still_is_kept_and_asked_for(frozen_store: Store) -> None:
    """It is told again without the files; another number of versions is another question; none is
    no question.
    """
    before = frozen_store[SET].stability()
    for file in Path(frozen_store.root).glob("sets/*/parts/*.parquet"):
        file.unlink()
    assert Store(frozen_store.root)[SET].stability() == before
    define(frozen_store, more="[stability]\nfrozen_after = 2\n")
    assert [row.frozen_reason for row in frozen_store[SET].stability().pairs] == [
        "file_missing"
    ] * 4
    assert [row.headline for row in frozen_store[SET].stability().pairs] == [
        row.headline for row in before.pairs
    ]
    define(frozen_store, more="[stability]\nrtol = 0.01\n")
    plain = frozen_store[SET].stability().pairs
    assert {(row.frozen_n, row.frozen_share, row.frozen_reason) for row in plain} == {
        (None, None, None)
    }


def test_an_expired_version_hides_what_stands_still(frozen_store: Store) -> None:
    """Versions that are gone are not skipped as if their neighbours stood in a row."""
    frozen_store.catalog.expire(frozen_store[SET].versions()[0], actor="test", reason="test")
    assert [row.frozen_reason for row in frozen_store[SET].stability().pairs][1::2] == [
        "expired",
        "expired",
    ]


def test_on_the_command_line(store: Store) -> None:
    """A table for people with a bar for each move and what is special about it; the body of HTTP;
    CSV.
    """
    closes = store[SET].stability()
    shown = call("stability", SET, "--store", store.root).text
    lines = shown.splitlines()
    assert lines[0] == "closes, 3 of 3 moves of production"
    assert "value [USD]" in lines
    assert [line.split()[1:3] for line in lines[-3:]] == [["1", "2"], ["2", "1"], ["1", "3"]]
    assert lines[-2].endswith("████  rolled back")
    assert lines[-1].endswith("████████")
    assert call("stability", SET, "--store", store.root, "--format", "json").out == closes.json
    table = pl.read_csv(
        call("stability", SET, "--last", 2, "--store", store.root, "--format", "csv").out
    )
    assert table["from"].to_list() == [2, 1]
    assert call("stability", SET, "--last", 0, "--store", store.root).code == 2
    first = store.view().set(SET).moves["production"][0][0]
    none = call("stability", SET, "--as-of", instants.text(first), "--store", store.root).text
    assert "has not moved" in none
