from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from estimates.contract.conform import conform
from estimates.contract.contract_file import parse_contract
from estimates.errors import InvalidError
from estimates_jobs.tables import hubverse
from estimates_jobs.tables.contract_draft import draft
from estimates_jobs.tables.table_files import read_table, typed
from estimates_jobs.tables.text_options import TextOptions

HUB = parse_contract("""
name = "flu"
[key.location]
type = "string"
[key.target_end_date]
type = "date"
target = true
[columns.value]
[columns.lower_95]
role = "lower"
level = 0.95
[columns.upper_95]
role = "upper"
level = 0.95
[columns.q50]
role = "quantile"
quantile = 0.5
[columns.p_low]
role = "probability"
label = "low"
[columns.p_high]
role = "probability"
label = "high"
[columns.horizon]
role = "attribute"
type = "integer"
""")

HUB_ROWS = """\
horizon,target_end_date,location,output_type,output_type_id,value
1,2026-11-28,01,mean,NA,10
1,2026-11-28,01,quantile,0.025,5
1,2026-11-28,01,quantile,0.50,9
1,2026-11-28,01,quantile,.975,20.5
1,2026-11-28,01,pmf,low,0.75
1,2026-11-28,01,pmf,high,0.25
1,2026-11-28,1,quantile,0.5,90
1,2026-11-28,1,quantile,0.025,50
1,2026-11-28,1,mean,NA,100
"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write bytes or text to a file and say where it is."""

    def write(content: str | bytes, name: str = "table.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def refusal(call: Callable[[], Any]) -> InvalidError:
    """The error that a call raises."""
    with pytest.raises(InvalidError) as caught:
        call()
    return caught.value


def hub(write: Callable[..., Path], content: str = HUB_ROWS) -> pl.DataFrame:
    """The long form as a file, read and typed."""
    return typed(read_table(write(content)), HUB)


def test_long_form_is_pivoted(write: Callable[..., Path]) -> None:
    """Rows become columns by role, ids compare as numbers, codes stay text, what a task lacks is
    null.
    """
    frame = conform(hub(write), HUB)
    day = date(2026, 11, 28)
    assert frame.rows() == [
        ("01", day, 10.0, 5.0, 20.5, 9.0, 0.75, 0.25, 1),
        ("1", day, 100.0, 50.0, None, 90.0, None, None, 1),
    ]


def test_long_form_with_typed_columns(write: Callable[..., Path], tmp_path: Path) -> None:
    """A Parquet file of the long form, with numbers for ids and values and dictionaries for text,
    gives the same frame as CSV.
    """
    frame = read_table(write(HUB_ROWS)).filter(pl.col("output_type") != "pmf")
    numbers = frame.with_columns(
        pl.col("output_type").cast(pl.Categorical),
        pl.col("output_type_id").replace("NA", None).cast(pl.Float64),
        pl.col("value").cast(pl.Float64),
    )
    numbers.write_parquet(tmp_path / "t.parquet")
    contract = parse_contract(
        'name = "a"\n[key.location]\ntype = "string"\n[key.target_end_date]\ntype = '
        '"date"\n[columns.value]\n'
        '[columns.horizon]\nrole = "attribute"\ntype = "integer"\n'
        + "".join(
            f'[columns.q{i}]\nrole = "quantile"\nquantile = {q}\n'
            for i, q in enumerate((0.025, 0.5, 0.975))
        )
    )
    assert_frame_equal(typed(read_table(tmp_path / "t.parquet"), contract), typed(frame, contract))


@pytest.mark.parametrize(
    ("points", "rows", "values"),
    [
        (["value"], "mean,,1\nx,quantile,0.9,2", [1.0]),
        (["value"], "median,,1\nx,quantile,0.9,2", [1.0]),
        (["value"], "quantile,0.5,1\nx,quantile,0.9,2", [1.0]),
        (["mean", "median"], "mean,,1\nx,median,,3\nx,quantile,0.9,2", [1.0, 3.0]),
        (["median"], "quantile,.5,3\nx,quantile,0.9,2", [3.0]),
    ],
)
def test_points_of_the_long_form(
    points: list[str], rows: str, values: list[float], write: Callable[..., Path]
) -> None:
    """A point is the mean, else the median, else the quantile 0.5; by name where the contract has
    both.
    """
    toml = 'name = "a"\n[key.k]\ntype = "string"\n' + "".join(
        f"[columns.{name}]\n" for name in points
    )
    contract = parse_contract(
        f'{toml}[columns.q]\nrole = "quantile"\nquantile = 0.9\nof = "{points[0]}"'
    )
    frame = typed(read_table(write(f"k,output_type,output_type_id,value\nx,{rows}\n")), contract)
    assert conform(frame, contract).select(points).row(0) == tuple(values)


@pytest.mark.parametrize(
    ("before", "after", "code", "words"),
    [
        ("pmf,high", "cdf,high", "output_type", "output types 'cdf' have no place in a contract"),
        (
            "mean,NA,100",
            "sample,3,100",
            "output_type",
            "the contract has no column for sample",
        ),
        ("mean,NA,100", ",,100", "output_type", "output types None have no place"),
        ("pmf,high", "pmf,medium", "output_type", "no rows for p_high (pmf high)"),
        ("pmf,high", "pmf,medium", "output_type", "the contract has no column for pmf medium"),
        (
            ".975",
            "0.99",
            "output_type",
            "no rows for upper_95 (quantile 0.975); the contract has no column for quantile 0.99",
        ),
        ("mean,NA,100", "median,,100", "output_type", "the contract has no column for median"),
        (
            "quantile,0.025,50",
            "quantile,0.5,50",
            "duplicate_key",
            "more than one row for 1/2026-11-28/1/quantile/0.5",
        ),
        ("0.025,5\n", "low,5\n", "bad_value", "'low' is not a quantile"),
        ("0.025,5\n", '0.025,"5,1"\n', "bad_value", "column 'value': row 2 has '5,1'"),
    ],
)
def test_long_forms_that_do_not_fit_are_refused(
    write: Callable[..., Path], before: str, after: str, code: str, words: str
) -> None:
    """Types, levels and categories that the contract has no column for, or that are missing, are
    named.
    """
    assert before in HUB_ROWS
    error = refusal(lambda: hub(write, HUB_ROWS.replace(before, after)))
    assert error.code == code
    assert words in error.message


def test_a_contract_of_the_long_form_itself_is_not_pivoted() -> None:
    """Where the contract has a column `output_type`, the table is taken as it is."""
    contract = parse_contract(
        'name = "a"\n[key.k]\ntype = "string"\n[key.output_type]\ntype = '
        '"string"\n[key.output_type_id]\n'
        'type = "string"\n[columns.value]'
    )
    frame = pl.DataFrame(
        {"k": ["x"], "output_type": ["mean"], "output_type_id": ["NA"], "value": ["1"]}
    )
    assert typed(frame, contract).row(0) == ("x", "mean", "NA", 1.0)


def test_integer_columns_of_the_long_form() -> None:
    """An integer column takes whole values and refuses others."""
    contract = parse_contract('name = "a"\n[key.k]\ntype = "string"\n[columns.n]\ntype = "integer"')
    frame = pl.DataFrame(
        {"k": ["x", "y"], "output_type": "mean", "output_type_id": None, "value": ["3", None]}
    )
    assert typed(frame, contract)["n"].to_list() == [3, None]
    error = refusal(lambda: typed(frame.with_columns(value=pl.lit("3.5")), contract))
    assert (error.code, error.details) == ("bad_value", {"column": "n"})


def test_long_form_without_task_columns() -> None:
    """Without a column that names the task there is nothing to pivot to."""
    frame = pl.DataFrame({"output_type": ["mean"], "output_type_id": [None], "value": ["3"]})
    error = refusal(
        lambda: typed(
            frame, parse_contract('name = "a"\n[key.k]\ntype = "string"\n[columns.value]')
        )
    )
    assert error.code == "columns"


def test_the_long_form_without_a_contract_is_widened() -> None:
    """A column for each output type and id, values as they were; other tables stay as they are."""
    rows = [
        ("mean", None, "2.5"),
        ("quantile", "0.025", "1"),
        ("quantile", "0.50", "2"),
        ("pmf", "low", "0.4"),
        ("pmf", "high", "0.6"),
    ]
    names = ["place", *hubverse.LONG]
    long = pl.DataFrame([("DE", *row) for row in rows], schema=names, orient="row")
    wide = pl.DataFrame(
        {"place": ["DE"], "mean": ["2.5"], "q0.025": ["1"], "q0.5": ["2"]}
        | {"p_high": ["0.6"], "p_low": ["0.4"]}
    )
    assert hubverse.widened(long).equals(wide)
    assert hubverse.widened(wide).equals(wide)


def test_a_draft_of_the_long_form_can_be_published(tmp_path: Path) -> None:
    """The contract is one for the columns that it is pivoted to, and takes the file as it is."""
    path = tmp_path / "hub.csv"
    lines = ["location,horizon,output_type,output_type_id,value"]
    for place in ("DE", "FR"):
        lines += [f"{place},1,quantile,{q},{10 * float(q)}" for q in ("0.25", "0.5", "0.75")]
        lines += [f"{place},1,median,,5", f"{place},1,mean,,5.5"]
    path.write_text("\n".join(lines) + "\n")
    contract = parse_contract(draft(path, ["location", "horizon"]).contract)
    roles = {name: column.role for name, column in contract.columns.items()}
    assert roles == {"mean": "point", "median": "point"} | dict.fromkeys(
        ["q0.25", "q0.5", "q0.75"], "quantile"
    )
    frame = conform(typed(read_table(path), contract), contract)
    assert frame.height == 2
    assert frame["q0.75"].to_list() == [7.5, 7.5]


FLU = parse_contract(
    'name = "flu"\n[key.location]\ntype = "string"\n[columns.q]\nquantiles = [0.25, 0.5]\n'
    '[load.where]\ntarget = "hosp"\noutput_type = "quantile"\n'
)
MIXED = """"location","target","output_type","output_type_id","value"
"01","hosp","quantile","0.25"," 989.98"
"01","hosp","quantile","0.5",1000
"01","hosp","pmf","rising",0.5
"01","hosp","sample","1",0.5
"01","deaths","quantile","0.25",NA
"""


def test_a_hubs_file_has_rows_of_others(write: Callable[[str], Path]) -> None:
    """The contract says which rows are its own; the others are counted aloud, and a column that
    only chooses them is no column of the set.
    """
    options = TextOptions()
    frame = typed(read_table(write("\ufeff" + MIXED)), FLU, options)
    assert frame.rows(named=True) == [{"location": "01", "q0.25": 989.98, "q0.5": 1000.0}]
    assert any("2 of 5 rows are used" in note for note in options.notes)


def test_a_file_without_rows_says_so(write: Callable[[str], Path]) -> None:
    """A withdrawn forecast has no rows; that its columns are missing would send people astray."""
    error = refusal(lambda: typed(read_table(write(MIXED.splitlines()[0] + "\n")), FLU))
    assert error.code == "no_rows"
    assert "rolled back" in error.message


OLDER = """\
forecast_date,target,target_end_date,location,type,quantile,value
2026-11-23,1 wk ahead inc death,2026-11-28,01,point,NA,12
2026-11-23,1 wk ahead inc death,2026-11-28,01,quantile,0.025,5
2026-11-23,1 wk ahead inc death,2026-11-28,01,quantile,0.5,11
2026-11-23,1 wk ahead inc death,2026-11-28,01,quantile,0.975,20
2026-11-23,2 wk ahead inc death,2026-12-05,01,quantile,0.5,11.5
"""


def test_the_form_of_the_hubs_before_it(write: Callable[..., Path]) -> None:
    """`type`, `quantile` and `value` of the COVID-19 Forecast Hub are pivoted, too; the target is
    when a forecast ends, not when it was made.
    """
    path = write(OLDER)
    text = draft(path, ["location", "forecast_date", "target_end_date"]).contract
    contract = parse_contract(text)
    assert contract.points == ["point"]
    assert contract.target == "target_end_date"
    frame = conform(typed(read_table(path), contract), contract)
    assert frame["point"].to_list() == [12.0, None]
    assert frame["q0.5"].to_list() == [11.0, 11.5]
    assert frame["location"].to_list() == ["01", "01"]


def test_the_older_point_under_any_name() -> None:
    """A contract's point takes what the older form calls so, before the quantile 0.5."""
    contract = parse_contract(
        'name = "a"\n[key.location]\ntype = "string"\n[columns.value]\n'
        '[columns.mid]\nrole = "quantile"\nquantile = 0.5\n'
    )
    frame = pl.DataFrame(
        {
            "location": ["01", "01"],
            "type": ["point", "quantile"],
            "quantile": ["NA", "0.5"],
            "value": ["12", "11"],
        }
    )
    assert typed(frame, contract).rows() == [("01", 12.0, 11.0)]


def test_other_tables_with_these_names_are_as_they_are() -> None:
    """A `type` of something else is no long form."""
    frame = pl.DataFrame({"type": ["car"], "quantile": [0.5], "value": [1.0]})
    assert hubverse.widened(frame).columns == frame.columns


def test_lone_draws_are_left_out_of_a_draft() -> None:
    """One draw a task beside quantiles is no distribution; several are one, and alone they stay."""
    head = {"place": ["a", "b"], "output_type": ["sample"] * 2, "output_type_id": ["1", "2"]}
    draws = pl.DataFrame(head | {"value": [1.0, 2.0]})
    median = draws.with_columns(output_type=pl.lit("quantile"), output_type_id=pl.lit("0.5"))
    notes: list[str] = []
    assert hubverse.without_lone_draws(pl.concat([draws, median]), notes).equals(median)
    assert "2 rows of samples with one draw a task" in notes[0]
    several = pl.concat([draws, draws.with_columns(output_type_id=pl.lit("3")), median])
    for table in (draws, several):
        assert hubverse.without_lone_draws(table, []).equals(table)


def test_an_export_of_a_set_has_no_column_that_chooses_rows() -> None:
    """What came out of a set is read as its rows, such as for a cut-over; another table without
    that column is refused.
    """
    contract = parse_contract(
        'name = "s"\n[key.k]\ntype = "string"\n[columns.q]\nquantiles = [0.1, 0.9]\n'
        '[load]\nignore = ["note"]\n[load.where]\ntarget = "hosp"\n'
    )
    table = pl.DataFrame({"k": ["a"], "q0.9": [2.0], "q0.1": [1.0]})
    assert typed(table, contract).height == 1
    with pytest.raises(InvalidError, match="no column 'target'"):
        typed(table.with_columns(note=pl.lit("x")), contract)
