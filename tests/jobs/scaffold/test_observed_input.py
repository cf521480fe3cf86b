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


def refused(columns: str, rows: str, **said: str) -> InvalidError:
    """What is said of a table with the columns `land`, `Datum`, `Menge` and others."""
    Path("t.csv").write_text("\n".join([columns, *rows.split()]) + "\n")
    with pytest.raises(InvalidError) as error:
        observed_input("t.csv", "Datum", "Menge", ("land",), TextOptions(**said))
    return error.value


def test_folders_and_globs_of_other_tables_are_the_source_itself() -> None:
    """Parquet is not read as CSV, however many files there are."""
    Path("d").mkdir()
    pl.DataFrame({"Datum": [FIRST], "Menge": [1.5]}).write_parquet("d/a.parquet")
    for source in ("d", "d/*.parquet"):
        assert observed(source) == Input(source=source, time="Datum")


def test_the_order_of_day_and_month_is_not_guessed() -> None:
    """DuckDB takes the first for the day where both fit; a person may have meant the month."""
    lines = [f"A;1;{month:02d}/01/{year};1.5" for year in (2022, 2023) for month in range(1, 13)]
    for clock in ("", " 10:00"):
        text = "\n".join(["Filiale;Artikel;Datum;Menge", *lines]).replace(";1.5", f"{clock};1.5")
        Path("t.csv").write_text(text + "\n")
        with pytest.raises(InvalidError) as error:
            observed()
        assert error.value.code == "time_type"
        assert "may be 2022-01-02 or 2022-02-01" in error.value.message
    write(lambda n: f"{n}.5", form="%m/%d/%Y")
    assert rows(observed())["Datum"].min() == FIRST


@pytest.mark.parametrize("source", ["t.parquet", "d", "https://example.org/t.csv", "t.txt"])
@pytest.mark.parametrize("said", [{"decimal": ","}, {"encoding": "latin-1"}])
def test_what_a_person_says_is_not_passed_over(source: str, said: dict[str, str]) -> None:
    """Options for CSV files are refused for everything else."""
    Path("d").mkdir()
    write()
    Path("t.csv").rename("t.txt")
    for name in ("t.parquet", "d/t.parquet"):
        pl.DataFrame({"Datum": [FIRST], "Menge": [1.5]}).write_parquet(name)
    with pytest.raises(InvalidError) as error:
        observed(source, **said)
    assert "--decimal and --encoding are for CSV files" in error.value.message


def test_what_no_query_reads_is_refused() -> None:
    """An encoding that DuckDB does not know is no reason to read the file in another way."""
    write(encoding="iso8859-15")
    with pytest.raises(InvalidError) as error:
        observed(encoding="iso8859-15")
    assert error.value.code == "bad_input"
    assert "its iso8859-15 text" in error.value.message
    assert "did you mean 'lnd'" in refused("lnd;Datum;Menge", "A;1;1", encoding="latin-1").message


def test_thousandths_beside_decimal_commas_are_refused() -> None:
    """`1.234` may be 1234 where another column writes `1,5`; alone it is shown as it is read."""
    lines = "A;2026-02-01;1.234;1,5 A;2026-02-02;2.500;2,5"
    error = refused("land;Datum;Menge;Preis", lines)
    assert error.code == "ambiguous_number"
    assert "t.csv: column 'Menge': row 1 has '1.234'" in error.message
    people = lines.replace("2026-02-0", "1.2.202")
    assert refused("land;Datum;Menge;Preis", people).code == "ambiguous_number"
    write(lambda _: "1.234", "%Y-%m-%d")
    alone = observed_input("t.csv", "Datum", "Menge", (), TextOptions())
    assert alone.spec.source == "t.csv"
    assert alone.reading == "1.234 is 1.234 (with --decimal , it is 1234)"
    assert rows(observed(decimal=","))["Menge"][0] == 1234


@pytest.mark.parametrize("form", ["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S.5+01:00"])
def test_comma_decimals_stand_beside_times_with_a_zone(form: str) -> None:
    """DuckDB reads the times itself, the query says how the numbers are written."""
    write(lambda n: f"{n},5", form, step=timedelta(hours=1))
    read = rows(observed())
    assert read["Menge"][:2].to_list() == [0.5, 1.5]
    assert read.schema["Datum"] == pl.Datetime("us", "UTC")


def test_a_word_for_nothing_is_no_id() -> None:
    """`NA` is Namibia, and DuckDB would take it away from both columns."""
    error = refused("land;Datum;Menge", "DE;2026-02-01;1,5 NA;2026-02-02;NA NA;2026-02-03;2,5")
    assert error.code == "null_key"
    assert "'NA' is an id in column 'land' (row 2)" in error.message
    assert "empty" in error.message


def test_the_cell_that_is_no_number_is_named() -> None:
    """Not the first one, which is."""
    error = refused("land;Datum;Menge", "A;2026-02-01;1,5 A;2026-02-02;- A;2026-02-03;2,5")
    assert "row 2: '-' is no number" in error.message


def test_the_contract_has_the_query_line_by_line() -> None:
    """Quotes, backslashes and signs that nobody sees survive TOML."""
    import tomllib

    spec = Input(query="SELECT 1,\n  'a\\b\"c\x7f\u2028d\t.csv'", time="Dat\x7fum")
    parsed = tomllib.loads("\n".join(toml_lines(spec)))
    assert (parsed["query"].strip(), parsed["time"]) == (spec.query, spec.time)
