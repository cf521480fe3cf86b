"""The check that a job does not look ahead."""

from __future__ import annotations

import bz2
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from estimates.contract.contract_file import parse_contract
from estimates.errors import GateError
from estimates.store.store import Store
from tests.jobs.run.sold import CONTRACT, JOB, SOLD, define, go, row, values

Write = Callable[..., str]

pytestmark = pytest.mark.usefixtures("job_folder")


CLEAN = JOB
OPENS_THE_FILE = JOB.replace(
    'context.input("sold")', 'context.input("sold"); sold = pl.read_csv("sold.csv")'
)
REMEMBERS = """
import polars as pl
ALL = pl.read_csv("sold.csv")
def job(context):
    context.input("sold")
    return ALL.group_by("item").agg(pl.col("n").sum().alias("p"))
"""
COUNTS_ROWS = """
import polars as pl
def job(context):
    sold = context.input("sold")
    n = sum(1 for _ in open("sold.csv"))
    sums = sold.group_by("item").agg(pl.col("n").sum().alias("p"))
    return sums.with_columns(p=pl.col("p") + float(n))
"""
STATIC = '[job.inputs.all]\nsource = "sold.csv"\nstatic = true'
READS_STATIC = JOB.replace('context.input("sold")', 'context.input("all")')
QUERY = (
    '[job.inputs.shares]\nquery = "SELECT item, day, n / '
    'sum(n) OVER () AS n FROM \'sold.csv\'"\ntime = "day"'
)
READS_QUERY = JOB.replace('context.input("sold")', 'context.input("shares")')
PAST_QUERY = (
    '[job.inputs.shares]\nquery = "SELECT item, day, n FROM read_csv(\'sold.csv\')"\ntime = "day"'
)


@pytest.mark.parametrize(
    ("source", "more"), [(CLEAN, ""), (CLEAN, STATIC), (READS_QUERY, PAST_QUERY)]
)
def test_an_honest_job_passes_the_lookahead_check(
    local_store: Store, write_job: Write, source: str, more: str
) -> None:
    """A job that uses what it is given computes the same without the future, and is published."""
    define(local_store, write_job(source), more=more)
    outcome = go(local_store, check_lookahead=True)
    assert outcome.version == 1
    assert not any("proves nothing" in warning for warning in outcome.warnings)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("sold.ndjson", pl.read_csv(SOLD.encode(), try_parse_dates=True).write_ndjson().encode()),
        ("sold.csv.bz2", bz2.compress(SOLD.replace("a,", "007,").encode())),
    ],
    ids=["JSON", "bzip2"],
)
@pytest.mark.parametrize("static", [False, True])
def test_inputs_that_duckdb_does_not_read_are_checked_too(
    local_store: Store, write_job: Write, name: str, content: bytes, static: bool
) -> None:
    """JSON and other compressed text are cut at `data_through`, and a static one is seen through;
    codes stay as they are written.
    """
    Path(name).write_bytes(content)
    more = f'[job.inputs.more]\nsource = "{name}"\n'
    more += "static = true" if static else 'time = "day"'
    define(local_store, write_job(JOB.replace('input("sold")', 'input("more")')), more=more)
    if static:
        with pytest.raises(GateError, match="input 'more' depends on rows later"):
            go(local_store, check_lookahead=True)
        return
    assert not any("proves nothing" in w for w in go(local_store, check_lookahead=True).warnings)
    totals = local_store.frame(local_store.view().set("demand").versions[0])
    assert totals["p"].to_list() == [2.0, 3.0]


@pytest.mark.parametrize(
    ("source", "more", "message"),
    [
        (OPENS_THE_FILE, "", r"3 keys are different: a, c"),
        (REMEMBERS, "", r"keys are different: a, "),
        (COUNTS_ROWS, "", r"2 keys are different: a, b"),
        (
            READS_STATIC,
            STATIC,
            r"input 'all' depends on rows later than data_through: it is static",
        ),
        (READS_QUERY, QUERY, r"input 'shares' depends on rows later than data_through: its query"),
    ],
)
def test_a_job_that_looks_ahead_is_caught(
    local_store: Store, write_job: Write, source: str, more: str, message: str
) -> None:
    """However a job gets at later rows, the check names the keys or the input, and nothing is
    published.
    """
    define(local_store, write_job(source), more=more)
    with pytest.raises(GateError, match=message) as caught:
        go(local_store, check_lookahead=True)
    assert caught.value.code == "looks_ahead"
    assert row(local_store).error == "looks_ahead"
    assert local_store.view().sets["demand"].versions == []
    assert go(local_store, run_id="unchecked").version == 1


@pytest.mark.parametrize("ending", ["parquet", "arrow", "csv"])
@pytest.mark.parametrize("absolute", [False, True])
def test_the_check_covers_every_kind_of_file(
    local_store: Store, write_job: Write, tmp_path: Path, ending: str, absolute: bool
) -> None:
    """Parquet, Arrow and CSV, elsewhere or in the working directory: early rows are copied."""
    folder = tmp_path / "elsewhere" if absolute else Path("data")
    folder.mkdir()
    table = pl.read_csv("sold.csv", try_parse_dates=True).with_columns(
        note=pl.lit('x, "y"'), tiny=pl.lit(0.1) + 0.2, flag=pl.lit(True), small=pl.lit(1, pl.UInt8)
    )
    write = {"parquet": "write_parquet", "arrow": "write_ipc", "csv": "write_csv"}[ending]
    getattr(table, write)(folder / f"sold.{ending}")
    text = CONTRACT.replace("sold.csv", f"{folder}/*.{ending}")
    for version, static in enumerate((False, True), start=1):
        declared = text.format(module=write_job(), promote="manual", times=1, more="")
        if static:
            declared = declared.replace('time = "day"', "static = true")
        local_store.define(parse_contract(declared), declared)
        if static:
            with pytest.raises(GateError, match="it is static"):
                go(local_store, run_id="r2", check_lookahead=True)
        else:
            assert go(local_store, check_lookahead=True).version == version


def test_a_check_without_a_future_says_that_it_proves_nothing(
    local_store: Store, write_job: Write
) -> None:
    """When no input has later rows, passing means nothing, and the outcome says so."""
    define(local_store, write_job())
    outcome = go(local_store, "2024-05-04", check_lookahead=True)
    assert any("the check proves nothing" in warning for warning in outcome.warnings)


def test_the_checked_run_is_the_published_one(local_store: Store, write_job: Write) -> None:
    """The version comes from the real files; the copies and the folder they were in are gone."""
    define(local_store, write_job())
    here = Path.cwd()
    go(local_store, check_lookahead=True)
    assert values(local_store, 1) == {"a": 2.0, "b": 3.0}
    assert Path.cwd() == here
    assert local_store.resolve("demand", 1).provenance.inputs[0].source == "sold.csv"


GERMAN = (
    "item;day;n\nä;01.05.2024;1.001,5\nb;01.05.2024;2,5\nä;02.05.2024;1,5\n"
    "b;02.05.2024;1,5\nä;03.05.2024;9,5\nb;13.05.2024;7.000,5\n"
)
WRITTEN = (
    "[job.inputs.written]\nquery = \"SELECT * FROM read_csv('german.csv', delim = ';', "
    "decimal_separator = ',', thousands = '.', {form}, encoding = '{encoding}', "
    "types = {{'day': '{kind}', 'n': 'DOUBLE'}})\"\ntime = \"day\""
)


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
@pytest.mark.parametrize("clock", ["", " 00:00"])
def test_numbers_and_times_stay_as_people_wrote_them(
    local_store: Store, write_job: Write, encoding: str, clock: str
) -> None:
    """Later numbers are other ones in the same writing, so that a query still reads them."""
    text = GERMAN.replace(".2024", f".2024{clock}")
    Path("german.csv").write_bytes(text.encode(encoding))
    form = f"timestampformat = '%d.%m.%Y{clock}'" if clock else "dateformat = '%d.%m.%Y'"
    kind = "TIMESTAMP" if clock else "DATE"
    more = WRITTEN.format(form=form, encoding=encoding, kind=kind)
    define(local_store, write_job(JOB.replace('input("sold")', 'input("written")')), more=more)
    outcome = go(local_store, "2024-05-03", check_lookahead=True)
    assert not any("proves nothing" in warning for warning in outcome.warnings)
