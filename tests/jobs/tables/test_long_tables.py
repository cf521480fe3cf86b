"""One long table that is a history: the rows of each version, in whatever way days are written."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimates.contract.contract import Contract
from estimates.contract.contract_file import parse_contract
from estimates.errors import InvalidError
from estimates_jobs.tables.dated_tables import DatedTable, Moment
from estimates_jobs.tables.long_tables import rows_by_validity, rows_by_version
from estimates_jobs.tables.table_files import with_timezone
from estimates_jobs.tables.text_options import TextOptions

SOURCE = 'name = "demand"\n[key.shop]\ntype = "string"\n[columns.units]\n'
DEMAND = parse_contract(SOURCE)
DAY, LATER = date(2025, 3, 3), date(2025, 3, 10)


def written(folder: Path, *, form: str = "parquet", **columns: object) -> str:
    """A table of these columns as a file."""
    path, frame = folder / f"all.{form}", pl.DataFrame(columns)
    frame.write_parquet(path) if form == "parquet" else frame.write_csv(path)
    return str(path)


def versions(tables: Iterable[DatedTable]) -> list[tuple[Moment, list[tuple[object, ...]]]]:
    """The moment and the rows of each table."""
    return [(table.when, sorted(table.read().frame.rows())) for table in tables]


def by_version(
    source: str, contract: Contract = DEMAND
) -> list[tuple[Moment, list[tuple[object, ...]]]]:
    """The versions by the column `run`."""
    return versions(rows_by_version(source, "run", contract, TextOptions()))


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_versions_of_every_fineness_have_their_rows(tmp_path: Path, unit: str) -> None:
    """Nanoseconds too, which Python's times do not have: no version is empty."""
    nanos = [1_741_000_000_123_456_789, 1_741_600_000_123_456_789]
    run = pl.Series(nanos).cast(pl.Datetime("ns")).cast(pl.Datetime(unit))  # type: ignore[arg-type]
    path = written(tmp_path, run=run, shop=["01", "02"], units=[1.0, 2.0])
    assert [rows for _, rows in by_version(path)] == [[("01", 1.0)], [("02", 2.0)]]


def test_times_without_a_zone_are_of_the_zone_that_is_named(tmp_path: Path) -> None:
    """In place of UTC; midnights that pandas writes for days are days."""
    times = [datetime(2025, 3, 3, 1), datetime(2025, 7, 3, 1)]
    path = written(tmp_path, run=times, shop=["01", "02"], units=[1.0, 2.0])
    berlin = [moment for moment, _ in by_version(path, with_timezone(DEMAND, "Europe/Berlin"))]
    assert berlin == [datetime(2025, 3, 3, 0, tzinfo=UTC), datetime(2025, 7, 2, 23, tzinfo=UTC)]
    midnights = [datetime(2025, 3, 3), datetime(2025, 3, 10)]
    path = written(tmp_path, run=midnights, shop=["01", "02"], units=[1.0, 2.0])
    assert [moment for moment, _ in by_version(path)] == [DAY, LATER]
    with pytest.raises(InvalidError) as caught:
        with_timezone(DEMAND, "Mars")
    assert caught.value.code == "bad_timezone"


@pytest.mark.parametrize(
    ("run", "code"),
    [
        ([DAY, None], "bad_time"),
        (["2025-03-03", "2025-03-03T00:00"], "same_date"),
        (["2025-03-03", "soon"], "bad_time"),
        ([20250303, 20250310], "bad_time"),
        (["2025-03-03", " "], "bad_time"),
    ],
)
def test_what_names_no_version_is_refused(tmp_path: Path, run: list[object], code: str) -> None:
    """Nulls, words and numbers; one moment in two spellings would be two versions."""
    path = written(tmp_path, run=run, shop=["01", "02"], units=[1.0, 2.0])
    with pytest.raises(InvalidError) as caught:
        by_version(path)
    assert caught.value.code == code


def test_a_folder_of_no_value_is_refused(tmp_path: Path) -> None:
    """As null in a column is."""
    for value in ("2025-03-03", "__HIVE_DEFAULT_PARTITION__"):
        folder = tmp_path / "all" / f"run={value}"
        folder.mkdir(parents=True)
        pl.DataFrame({"shop": ["01"], "units": [1.0]}).write_parquet(folder / "part.parquet")
    with pytest.raises(InvalidError) as caught:
        by_version(str(tmp_path / "all"))
    assert caught.value.code == "bad_time"


def test_a_table_that_is_damaged_within_is_named(tmp_path: Path) -> None:
    """Its columns can be read and its rows cannot."""
    path = Path(written(tmp_path, run=[DAY] * 500, shop=["01"] * 500, units=[1.0] * 500))
    content = bytearray(path.read_bytes())
    content[8:40] = b"\xff" * 32
    path.write_bytes(content)
    with pytest.raises(InvalidError) as caught:
        by_version(str(path))
    assert caught.value.code == "bad_file"


def test_only_the_sets_own_rows_make_versions(tmp_path: Path) -> None:
    """`[load.where]` and `--where` choose rows before moments are looked for; both say how many."""
    path = written(tmp_path, run=[DAY, LATER], shop=["01", "02"], units=[1.0, 2.0], kind=["x", "y"])
    own = parse_contract(f'{SOURCE}[load.where]\nkind = "x"\n')
    options = TextOptions()
    assert [t.when for t in rows_by_version(path, "run", own, options)] == [DAY]
    assert "1 of 2 rows are used" in options.notes[0]
    options = TextOptions(where={"kind": ("y",)})
    assert [t.when for t in rows_by_validity(path, "run", None, DEMAND, options)] == [LATER]
    with pytest.raises(InvalidError) as caught:
        list(
            rows_by_version(
                path, "run", parse_contract(f'{SOURCE}[load.where]\nkind = "z"\n'), TextOptions()
            )
        )
    assert caught.value.code == "no_rows"


spans = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 5), st.one_of(st.none(), st.integers(0, 6))),
    min_size=1,
    max_size=8,
).map(lambda rows: [(k, a, a + b if b is not None else None) for k, a, b in rows])
WAYS = ("date", "moment", "text", "zoned")


@given(spans, st.sampled_from(WAYS), st.sampled_from(WAYS))
def test_rows_hold_from_one_moment_to_another(
    rows: list[tuple[str, int, int | None]], starts: str, ends: str
) -> None:
    """At each moment those that began by then and had not ended, however both are written; a slow
    search finds the same. Two of one shop at once are refused.
    """
    frame = pl.DataFrame(
        {
            "shop": [shop for shop, _, _ in rows],
            "units": [float(i) for i in range(len(rows))],
            "since": column([start for _, start, _ in rows], starts),
            "until": column([end for _, _, end in rows], ends),
        }
    )
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/all.parquet"
        frame.write_parquet(path)
        tables = rows_by_validity(path, "since", "until", DEMAND, TextOptions())
        measured = [read_or_code(table) for table in tables]
    holding = [(start, end) for _, start, end in rows if end is None or end > start]
    moments = sorted({time for both in holding for time in both if time is not None})
    expected = [
        sorted(
            (
                (shop, float(i))
                for i, (shop, start, end) in enumerate(rows)
                if start <= moment and (end is None or end > moment)
            ),
        )
        for moment in moments
    ]
    assert measured == [
        rows if len({shop for shop, _ in rows}) == len(rows) else "duplicate_key"
        for rows in expected
    ]


def read_or_code(table: DatedTable) -> list[tuple[object, ...]] | str:
    """The rows of a table, or the code of its refusal."""
    try:
        return sorted(table.read().frame.rows())
    except InvalidError as error:
        return error.code


def test_the_end_of_postgresql_is_none(tmp_path: Path) -> None:
    """`infinity` stands for a row that is valid still; one that ends as it begins is left out."""
    path = written(
        tmp_path,
        shop=["01", "01", "02"],
        units=[1.0, 2.0, 3.0],
        since=[str(DAY), str(LATER), "2025-03-05"],
        until=[str(LATER), "infinity", "2025-03-05"],
    )
    options = TextOptions()
    tables = rows_by_validity(path, "since", "until", DEMAND, options)
    assert versions(tables) == [(DAY, [("01", 1.0)]), (LATER, [("01", 2.0)])]
    assert options.notes == [f"{path}: left out 1 row of no duration"]


def column(days: list[int | None], way: str) -> pl.Series:
    """Days of March as dates, times without a zone (never a midnight alone), text, or of a zone."""
    dates = [None if day is None else DAY + timedelta(days=day) for day in days]
    if way == "date":
        return pl.Series(dates, dtype=pl.Date)
    if way == "text":
        return pl.Series(
            [None if d is None else f"{d}T05:00:00+05:00" for d in dates], dtype=pl.String
        )
    times = pl.Series(dates, dtype=pl.Date).cast(pl.Datetime("ns"))
    return times if way == "moment" else times.dt.replace_time_zone("UTC")


def test_ends_that_lie_ahead_are_no_versions(tmp_path: Path) -> None:
    """The year 9999 stands for rows that hold still, and what is planned is not known yet."""
    path = written(
        tmp_path,
        form="csv",
        shop=["01", "01", "02"],
        units=[1.0, 2.0, 3.0],
        since=[DAY, LATER, date(2999, 1, 1)],
        until=[LATER, date(9999, 12, 31), None],
    )
    options = TextOptions()
    tables = rows_by_validity(path, "since", "until", DEMAND, options)
    assert [moment for moment, _ in versions(tables)] == [DAY, LATER]
    assert "2 moments from 2999-01-01 on lie ahead" in options.notes[0]


@pytest.mark.parametrize(("since", "until"), [(None, LATER), (LATER, DAY)])
def test_rows_that_hold_at_no_time_are_refused(
    tmp_path: Path, since: date | None, until: date
) -> None:
    """They have no beginning, or end before it; they would be lost in silence."""
    path = written(
        tmp_path, shop=["01", "02"], units=[1.0, 2.0], since=[since, DAY], until=[until, None]
    )
    with pytest.raises(InvalidError) as caught:
        list(rows_by_validity(path, "since", "until", DEMAND, TextOptions()))
    assert caught.value.code == "bad_time"
