"""Context and inputs: what a job can see, and the digest of what it saw."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimates import instants
from estimates.contract.contract import Contract
from estimates.contract.contract_file import parse_contract
from estimates.contract.job_inputs import Input
from estimates.errors import InvalidError, UnavailableError
from estimates_jobs.run.calendars import calendar_of
from estimates_jobs.run.context import Context
from estimates_jobs.run.inputs import read_input, unreadable

NOON = instants.parse("2022-12-14T12:00:00Z")
CLOSE = instants.parse("2022-12-14T21:00:00Z")


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def contract(inputs: str = "", domain: str = "", kind: str = "date") -> Contract:
    """A contract with a job."""
    return parse_contract(f"""
name = "demand"
[key.item]
type = "string"
[key.day]
type = "{kind}"
target = true
[columns.p]
[job]
function = "demand:job"
parameters = {{ depth = 3, nested = {{ list = [1] }} }}
{inputs}
{domain}
""")


def rolling(name: str, steps: int = 2) -> str:
    """A rolling domain on a calendar."""
    return (
        f'[domain]\nkind = "rolling"\nsteps = {steps}\n'
        f'calendar = "{name}"\nvalues = {{ item = ["a"] }}'
    )


def dated() -> pl.DataFrame:
    """Three days of rows."""
    days = [date(2022, 12, 13), date(2022, 12, 14), date(2022, 12, 15)]
    return pl.DataFrame({"item": ["a", "b", "c"], "day": days, "y": [1.0, 2.0, 3.0]})


def items(frame: pl.DataFrame) -> list[str]:
    """The items that are visible."""
    return frame["item"].to_list()


def test_later_rows_are_invisible() -> None:
    """A job sees rows up to data_through, that day included, and nothing later."""
    dated().write_parquet("t.parquet")
    context = Context(contract('[job.inputs.t]\nsource = "t.parquet"\ntime = "day"'), NOON)
    assert items(context.input("t")) == ["a", "b"]
    assert context.digests[0].rows == 2


def test_a_session_is_known_at_its_close() -> None:
    """On an exchange a date's row is visible from the close on; an earlier data_through becomes the
    close before.
    """
    dated().write_parquet("t.parquet")
    declared = contract('[job.inputs.t]\nsource = "t.parquet"\ntime = "day"', rolling("XNYS"))
    before, after = Context(declared, NOON), Context(declared, CLOSE)
    assert (items(before.input("t")), items(after.input("t"))) == (["a"], ["a", "b"])
    assert before.data_through == instants.parse("2022-12-13T21:00:00Z")
    assert before.targets == [date(2022, 12, 14), date(2022, 12, 15)]
    assert after.targets == [date(2022, 12, 15), date(2022, 12, 16)]


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC", "America/New_York"])
def test_timestamps_are_compared_as_instants(unit: str, zone: str | None) -> None:
    """The last instant is included, whatever the precision or zone; a timestamp without a zone is
    UTC.
    """
    times = [datetime(2022, 12, 14, 12), datetime(2022, 12, 14, 12, 0, 1)]
    column = pl.Series("t", times).dt.cast_time_unit(unit)  # pyrefly: ignore
    if zone is not None:
        column = column.dt.replace_time_zone("UTC").dt.convert_time_zone(zone)
    pl.DataFrame({"item": ["a", "b"], "t": column}).write_parquet("t.parquet")
    assert items(read_input("t", Input(source="t.parquet", time="t"), NOON).frame) == ["a"]


def test_a_static_input_comes_whole() -> None:
    """A static input is not filtered."""
    dated().write_parquet("t.parquet")
    context = Context(contract('[job.inputs.t]\nsource = "t.parquet"\nstatic = true'), NOON)
    assert context.input("t").height == 3


def test_rows_without_a_time_are_left_out_and_reported() -> None:
    """A row whose time is null is never known; the job's warnings say how many there were."""
    dated().with_columns(day=pl.lit(None, pl.Date)).vstack(dated()).write_parquet("t.parquet")
    context = Context(contract('[job.inputs.t]\nsource = "t.parquet"\ntime = "day"'), NOON)
    assert items(context.input("t")) == ["a", "b"]
    assert context.warnings == ("input t: 3 rows left out, their 'day' is null",)


def test_a_query_is_filtered_like_a_file() -> None:
    """The rows of a query are cut at data_through as well; a comment at its end does no harm."""
    dated().write_csv("t.csv")
    reading = read_input("t", Input(query="SELECT * FROM 't.csv' -- all\n;", time="day"), NOON)
    assert items(reading.frame) == ["a", "b"]


def test_the_digest_is_that_of_the_content() -> None:
    """Files, formats and row order do not change the digest of what was seen; later rows neither;
    values do.
    """
    frame = dated()
    frame.write_parquet("one.parquet")
    frame.sample(fraction=1.0, shuffle=True, seed=1).write_csv("two.csv")
    frame[:1].write_ipc("part-1.arrow")
    frame[1:].write_ipc("part-2.arrow")
    frame.with_columns(
        y=pl.when(pl.col("day") > NOON.date()).then(9.0).otherwise("y")
    ).write_parquet("later.parquet")
    frame.with_columns(y=pl.col("y") + 1e-15).write_parquet("other.parquet")

    def digest(source: str) -> str:
        return read_input("t", Input(source=source, time="day"), NOON).digest.digest

    assert (
        len({digest(s) for s in ("one.parquet", "two.csv", "part-*.arrow", "later.parquet")}) == 1
    )
    assert digest("other.parquet") != digest("one.parquet")


@given(
    rows=st.lists(
        st.tuples(
            st.one_of(st.none(), st.text(max_size=4)),
            st.one_of(st.none(), st.floats(width=64)),
            st.one_of(st.none(), st.integers(-5, 5)),
        ),
        max_size=8,
    ),
    seed=st.integers(0, 99),
)
def test_the_digest_ignores_row_order(rows: list[tuple[object, ...]], seed: int) -> None:
    """Any permutation of the rows has the digest and the order of the first."""
    schema = {"s": pl.String, "f": pl.Float64, "i": pl.Int64}
    frame = pl.DataFrame(rows, schema=schema, orient="row").with_columns(pl.col("f") + 0.0)
    # -0.0 and 0.0 are equal to every sort, so they are made one value here
    frame = frame.with_columns(f=pl.when(pl.col("f") == 0).then(0.0).otherwise("f"))
    readings = []
    for i, table in enumerate((frame, frame.sample(fraction=1.0, shuffle=True, seed=seed))):
        table.write_parquet(f"{i}.parquet")
        readings.append(read_input("t", Input(source=f"{i}.parquet", static=True), NOON))
    assert readings[0].digest.digest == readings[1].digest.digest
    assert readings[0].frame.equals(readings[1].frame)


def test_null_and_empty_text_have_different_digests() -> None:
    """What is no value is not the same as an empty one."""
    digests = set()
    for i, value in enumerate((None, "", "null", "NaN")):
        pl.DataFrame({"s": pl.Series([value, "x"], dtype=pl.String)}).write_parquet(f"{i}.parquet")
        digests.add(read_input("t", Input(source=f"{i}.parquet", static=True), NOON).digest.digest)
    assert len(digests) == 4


def test_nested_columns_have_a_digest() -> None:
    """Lists and structs can be inputs too."""
    pl.DataFrame({"l": [[1, 2], [3]], "s": [{"a": 1}, {"a": 2}]}).write_parquet("n.parquet")
    pl.DataFrame({"l": [[1, 2], [4]], "s": [{"a": 1}, {"a": 2}]}).write_parquet("m.parquet")
    first, second = (
        read_input("t", Input(source=f, static=True), NOON) for f in ("n.parquet", "m.parquet")
    )
    assert first.frame.height == 2
    assert first.digest.digest != second.digest.digest


def test_leading_zeros_stay_text() -> None:
    """A CSV column with one value like "01" is text, wherever in the file that value is."""
    rows = [f"{i},1" for i in range(10, 30_000)]
    Path("t.csv").write_text("id,n\n" + "\n".join([*rows, "01,2"]) + "\n")
    frame = read_input("t", Input(source="t.csv", static=True), NOON).frame
    assert frame.schema == {"id": pl.String, "n": pl.Int64}
    assert frame.filter(pl.col("id") == "01")["n"].to_list() == [2]


def test_text_that_stands_in_the_names_of_folders() -> None:
    """A column that files have by their folders is text where the contract says so, too."""
    for shop in ("1", "2"):
        Path(f"shop={shop}").mkdir()
        Path(f"shop={shop}/t.csv").write_text("code,n\n7,1\n")
    spec = Input(source="*/t.csv", static=True)
    frame = read_input("t", spec, NOON, text=("shop", "code")).frame
    assert frame.schema == {"code": pl.String, "n": pl.Int64, "shop": pl.String}
    assert sorted(frame["shop"]) == ["1", "2"]


@pytest.mark.parametrize(
    ("spec", "code", "message"),
    [
        (
            Input(source="none.csv", time="day"),
            "no_file",
            r"input 't': no file matches 'none.csv'; relative paths",
        ),
        (Input(source="*.arrow", time="day"), "no_file", r"no file matches '\*.arrow'"),
        (
            Input(source="t.parquet", time="when"),
            "no_column",
            r"no time column 'when'; columns: item, day, y",
        ),
        (
            Input(source="t.parquet", time="item"),
            "time_type",
            r"column 'item' is text, not a date or a timestamp",
        ),
        (Input(source="t.parquet", time="y"), "time_type", r"column 'y' is DOUBLE"),
        (
            Input(source="bad.parquet", time="day"),
            "bad_input",
            r"input 't': cannot be read: .*bad.parquet",
        ),
        (
            Input(source="t.xlsx", time="day"),
            "bad_file",
            r"t.xlsx: is a ZIP archive or an Excel workbook; save the sheet as CSV",
        ),
        (Input(query="SELEC 1", static=True), "bad_input", r"cannot be read: .*LINE 1: .*SELEC 1"),
        (Input(source="ragged.csv", static=True), "bad_file", r"ragged.csv: line 3"),
        (
            Input(query="FROM read_csv('late.csv', types = {'y': 'BIGINT'})", static=True),
            "bad_input",
            r"late.csv: .*Line: 3; .*2026-01-02,a,many; .*column \"y\".*\"many\" to .*; mend",
        ),
        (
            Input(query="SELECT nope FROM 't.parquet'", static=True),
            "bad_input",
            r"column \"nope\" not found",
        ),
        (Input(query="SELECT * FROM 'none.csv'", static=True), "no_file", r"none.csv"),
        (Input(query="CREATE TABLE x AS SELECT 1", static=True), "bad_input", r"syntax error"),
        (Input(query="ATTACH 'made.db'", static=True), "bad_input", r"syntax error"),
        (
            Input(query="SELECT CAST(item AS INT) FROM 't.parquet'", static=True),
            "bad_input",
            r"Could not convert",
        ),
        (Input(query="SELECT * FROM 's3://bucket/x.parquet'", static=True), "bad_input", r"httpfs"),
    ],
)
def test_an_unreadable_input_says_what_and_where(spec: Input, code: str, message: str) -> None:
    """Every wrong input is one error that names the input and what is wrong with it."""
    dated().write_parquet("t.parquet")
    Path("bad.parquet").write_text("no parquet")
    Path("t.xlsx").write_bytes(b"PK\x03\x04")
    Path("ragged.csv").write_text("day,item,y\n2026-01-02,a,1\n2026-01-02,a,1,2\n")
    Path("late.csv").write_text("day,item,y\n2026-01-02,a,1\n2026-01-02,a,many\n")
    with pytest.raises(InvalidError, match=message) as caught:
        read_input("t", spec, NOON)
    assert caught.value.code == code
    assert not Path("made.db").exists()


def test_an_input_that_may_not_be_read_is_bad_input(tmp_path: Path) -> None:
    """Trying again does not help where a permission is lacking."""
    error = unreadable("input 't'", PermissionError(13, "Permission denied", str(tmp_path)))
    assert (type(error), error.code) == (InvalidError, "bad_input")


def test_an_unreachable_input_may_be_reachable_later() -> None:
    """A file that is there but cannot be read is UnavailableError: retry."""
    with pytest.raises(UnavailableError, match="input 't': cannot be reached") as caught:
        read_input("t", Input(query="SELECT * FROM read_blob('/proc/self/mem')", static=True), NOON)
    assert caught.value.code == "input_unreachable"


def test_unknown_input_names_those_there_are() -> None:
    """Asking for an input that the contract does not have lists the inputs."""
    context = Context(contract('[job.inputs.t]\nsource = "t.csv"\nstatic = true'), NOON)
    with pytest.raises(InvalidError, match="no input 'u'; inputs: t"):
        context.input("u")


def test_parameters_are_the_contracts_and_a_copy() -> None:
    """A job may change its parameters without changing the contract."""
    declared = contract()
    context = Context(declared, NOON)
    context.parameters["nested"]["list"].append(2)
    assert Context(declared, NOON).parameters == {"depth": 3, "nested": {"list": [1]}}


def test_the_seed_depends_on_set_and_data_through() -> None:
    """The same run has the same seed, another day another one."""
    declared = contract()
    assert Context(declared, NOON).seed == Context(declared, NOON).seed
    assert Context(declared, NOON).seed != Context(declared, CLOSE).seed


def test_targets_have_the_type_of_the_key() -> None:
    """A timestamp target on a daily calendar is the first moment of the day; hours do not fit a
    date.
    """
    declared = contract(domain=rolling("daily"), kind="timestamp")
    assert Context(declared, NOON).targets == [
        datetime(2022, 12, 15, tzinfo=UTC),
        datetime(2022, 12, 16, tzinfo=UTC),
    ]
    with pytest.raises(InvalidError, match=r"key\.day must be a timestamp"):
        Context(contract(domain=rolling("hourly")), NOON)


def test_a_set_without_a_calendar_has_no_targets() -> None:
    """Only rolling sets have targets, and only they move data_through to a close."""
    context = Context(contract(), NOON)
    assert (context.targets, context.calendar, context.data_through) == ([], None, NOON)
    assert calendar_of("daily").origin(NOON) == NOON
