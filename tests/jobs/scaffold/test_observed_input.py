"""How a table of observations that people wrote is read: by a query in the contract."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from estimates import instants
from estimates.contract.job_inputs import Input
from estimates.errors import InvalidError
from estimates_jobs.run.inputs import read_input
from estimates_jobs.scaffold.observed_input import observed_input, toml_lines
from estimates_jobs.tables.text_options import TextOptions

FIRST = date(2026, 8, 3)
Cell = Callable[[int], str]


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(
    number: Cell = lambda n: f"{1000 + n},50",
    form: str = "%d.%m.%Y",
    *,
    above: str = "",
    encoding: str = "utf-8-sig",
    step: timedelta = timedelta(days=1),
) -> None:
    """A CSV file as a spreadsheet in German or French writes it."""
    start = datetime.combine(FIRST, datetime.min.time())
    lines = [f"Genève;007;{start + n * step:{form}};{number(n)}" for n in range(40)]
    text = "\r\n".join([f"{above}Filiale;Artikel;Datum;Menge", *lines, ""])
    Path("t.csv").write_bytes(text.encode(encoding))


def observed(source: str = "t.csv", **said: str) -> Input:
    """The input of a job that reads the table."""
    text = TextOptions(**said)
    return observed_input(source, "Datum", "Menge", ("Filiale", "Artikel"), text).spec


def rows(spec: Input) -> pl.DataFrame:
    """What a run reads."""
    return read_input("observations", spec, instants.now()).frame


def german(number: int) -> str:
    """Digits in groups, a fraction behind a comma."""
    return f"1.{200 + number},25"


@pytest.mark.parametrize(
    ("number", "value"),
    [
        (german, 1200.25),
        (lambda n: f"1 {200 + n},25", 1200.25),
        (lambda n: f"1'{200 + n}.25", 1200.25),
        (lambda n: f"{n},5" if n else "0,5", 0.5),
        (lambda n: "NA" if n == 3 else f"{n + 1},5", 1.5),
    ],
)
def test_numbers_are_read_as_they_are_written(number: Cell, value: float) -> None:
    """Commas, groups and words for nothing; codes stay text with their zeros."""
    write(number)
    read = rows(observed())
    assert read["Menge"][0] == value
    assert read.schema["Menge"] == pl.Float64
    assert read["Artikel"].unique().to_list() == ["007"]
    assert read["Menge"].null_count() == (number(3) == "NA")


@pytest.mark.parametrize(
    "form", ["%d.%m.%Y", "%d.%m.%y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%d-%b-%Y", "%d %B %Y"]
)
def test_days_are_read_by_the_form_that_fits_all(form: str) -> None:
    """The day before the month, or behind it, as the cells show it."""
    write(form=form)
    assert rows(observed())["Datum"].sort().to_list()[:2] == [FIRST, FIRST + timedelta(days=1)]


def test_hours_are_read_too() -> None:
    """A time of the clock behind the day makes them times, which stand for UTC."""
    write(form="%d.%m.%Y %H:%M", step=timedelta(hours=1))
    assert rows(observed())["Datum"].sort()[1] == datetime(2026, 8, 3, 1)


def test_lines_above_and_other_encodings() -> None:
    """Excel's `sep=` is left out; Latin-1 is read where somebody says so."""
    write(above="sep=;\r\n")
    assert rows(observed()).height == 40
    write(encoding="latin-1")
    with pytest.raises(InvalidError) as error:
        observed()
    assert error.value.code == "bad_file"
    assert rows(observed(encoding="iso8859-1"))["Filiale"][0] == "Genève"


def test_what_programs_write_is_the_source_itself() -> None:
    """No query stands in a contract that needs none."""
    Path("t.csv").write_text("Filiale,Artikel,Datum,Menge\nA,1,2026-08-03,1.5\nA,1,2026-08-04,2\n")
    assert observed() == Input(source="t.csv", time="Datum")
    pl.read_csv("t.csv").write_parquet("t.parquet")
    assert observed("t.parquet") == Input(source="t.parquet", time="Datum")


@pytest.mark.parametrize(
    ("number", "form", "code", "named"),
    [
        (lambda n: f"{n},50 €", "%d.%m.%Y", "column_type", "'0,50 €'"),
        (lambda n: "broken" if n == 7 else f"{n},5", "%d.%m.%Y", "column_type", "row 8"),
        (lambda n: f"1,{200 + n}", "%d.%m.%Y", "ambiguous_number", "--decimal"),
        (lambda n: f"{n},5", "%d. im %m. %Y", "time_type", "'03. im 08. 2026'"),
    ],
)
def test_what_cannot_be_read_is_named(number: Cell, form: str, code: str, named: str) -> None:
    """The cell that is to blame, and what to do."""
    write(number, form)
    with pytest.raises(InvalidError) as error:
        observed()
    assert error.value.code == code
    assert named in error.value.message


def test_a_person_says_what_two_marks_mean() -> None:
    """`1,200` is 1.2 with a decimal comma, and 1200 with a decimal point."""
    write(lambda n: f"1,{200 + n}")
    assert rows(observed(decimal=","))["Menge"].min() == 1.2
    assert rows(observed(decimal="."))["Menge"].min() == 1200


def test_the_contract_has_the_query_line_by_line() -> None:
    """Quotes and backslashes of names survive TOML."""
    import tomllib

    spec = Input(query="SELECT * FROM 'a\\b\"c.csv'", time="Datum")
    parsed = tomllib.loads("\n".join(toml_lines(spec)))
    assert (parsed["query"].strip(), parsed["time"]) == (spec.query, "Datum")
