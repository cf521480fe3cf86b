"""Tables of Delta, Iceberg and databases, made by their own libraries."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
import sqlalchemy as sa
from deltalake import DeltaTable
from polars.testing import assert_frame_equal

from estimates import redaction
from estimates.contract.contract_file import parse_contract
from estimates.errors import InvalidError, UnavailableError
from estimates.store.store import Store
from estimates_jobs.run.context import Context
from estimates_jobs.run.pinned_input import Pins
from estimates_jobs.run.references import with_values
from estimates_jobs.tables import database_tables, spooled_frames
from estimates_jobs.tables.database_tables import without_password
from estimates_jobs.tables.long_tables import rows_by_version
from estimates_jobs.tables.table_files import read_table
from estimates_jobs.tables.table_words import opened
from estimates_jobs.tables.text_options import TextOptions
from tests.conftest import PostgreSQL
from tests.jobs.cli.calls import call

pytestmark = pytest.mark.slow
ROWS = pl.DataFrame(
    {
        "item": ["01", "b"],
        "day": [date(2026, 1, 1), date(2026, 1, 1)],
        "n": [1.5, 0.1],
    }
)
LATER = ROWS.with_columns(day=date(2026, 1, 2), n=pl.col("n") * 1.001)
CONTRACT = """
name = "sales"
[key.item]
type = "string"
[columns.n]
[gate]
profile = "exploratory"
[job]
function = "load"
[job.inputs.table]
source = "{source}"
time = "day"
"""


@pytest.fixture(scope="module")
def database(postgresql: PostgreSQL) -> Iterator[str]:
    """The URL of a PostgreSQL database with a table of two days."""
    with postgresql.database("template0") as url:
        engine = sa.create_engine(url)
        with engine.begin() as tx:
            tx.execute(sa.text("CREATE TABLE sales (item text, day date, n double precision)"))
            for row in pl.concat([ROWS, LATER]).iter_rows(named=True):
                tx.execute(sa.text("INSERT INTO sales VALUES (:item, :day, :n)"), row)
        engine.dispose()
        yield url.replace("postgresql+psycopg", "postgresql")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Delta and an Iceberg table of two versions, a day each, and an SQLite database."""
    made = tmp_path_factory.mktemp("tables")
    ROWS.write_delta(made / "delta")
    LATER.write_delta(made / "delta", mode="append")
    from pyiceberg.catalog.sql import SqlCatalog

    catalog = SqlCatalog("prod", uri=f"sqlite:///{made}/ice.db", warehouse=f"file://{made}")
    catalog.create_namespace("shop")
    table = catalog.create_table("shop.sales", schema=ROWS.to_arrow().schema)
    table.append(ROWS.to_arrow())
    table.append(LATER.to_arrow())
    engine = sa.create_engine(f"sqlite:///{made}/sales.db")
    with engine.begin() as tx:
        tx.execute(sa.text("CREATE TABLE sales (item text, day text, n real)"))
        for item, when, n in pl.concat([ROWS, LATER]).iter_rows():
            values = {"i": item, "d": str(when), "n": n}
            tx.execute(sa.text("INSERT INTO sales VALUES (:i, :d, :n)"), values)
    engine.dispose()
    return made


@pytest.fixture(params=["delta", "iceberg", "iceberg folder", "sqlite", "postgresql"])
def word(request: pytest.FixtureRequest, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The word for the table of each kind."""
    monkeypatch.setenv("PYICEBERG_CATALOG__PROD__URI", f"sqlite:///{folder}/ice.db")
    if request.param == "postgresql":
        monkeypatch.setenv("ESTIMATES_HOSTS", "*")
        url = request.getfixturevalue("database")
        return f"{url}{'&' if '?' in url else '?'}table=sales"
    return {
        "delta": f"{folder}/delta",
        "iceberg": "iceberg://prod/shop.sales",
        "iceberg folder": f"{folder}/shop/sales",
        "sqlite": f"sqlite:///{folder}/sales.db?table=sales",
    }[request.param]


def test_each_kind_is_read(
    word: str, local_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each kind of table is compared, drafted, judged and published under one word, a version of it
    for each day, and a job's input has only the rows that were known.
    """
    assert read_table(word).sort("n").height == 4
    query = ("--key", "item,day", "--estimates", "n")
    assert "identical in all 4 keys" in call("diff", word, word, *query).text
    drafted = call("draft", word, "--key", "item,day", "--estimates", "n")
    assert drafted.code == 0, drafted.err
    assert 'name = "' in drafted.text
    monkeypatch.setenv("SALES", word)  # a password stands in no contract
    monkeypatch.setattr(redaction, "_kept", set[str]())  # other tests name the same places
    contract = with_values(parse_contract(CONTRACT.format(source="env:SALES")))
    store, root = local_store, str(local_store.root)
    (tmp_path / "sales.toml").write_text(CONTRACT.format(source="x.csv"))
    assert call("define", tmp_path / "sales.toml", "--store", root).code == 0
    done = call("publish", "sales", word, "--version-by", "day", "--store", root)
    assert done.code == 0, done.text + done.err
    assert [v.rows for v in store.view().set("sales").versions] == [2, 2]
    (source,) = store.resolve("sales", 2).provenance.inputs
    assert source.version == opened(word).version  # pyrefly: ignore
    frame = store.frame(store.resolve("sales", 2)).sort("item")
    assert frame["item"].to_list() == ["01", "b"]
    if not word.startswith("sqlite"):  # whose dates are text
        context = Context(contract, datetime(2026, 1, 1, 23, 59, 59, 999_999, UTC))
        assert context.input("table").height == 2
    judged = call("publish", "sales", word, "--valid-from", "day", "--store", root)
    assert judged.code == 0, judged.text + judged.err


def test_versions_of_a_source_are_kept_to(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pinned Delta version or Iceberg snapshot is read again; one behind @ goes before."""
    monkeypatch.setenv("PYICEBERG_CATALOG__PROD__URI", f"sqlite:///{folder}/ice.db")
    for place in (f"{folder}/delta", "iceberg://prod/shop.sales"):
        newest = opened(place)
        assert newest is not None
        assert newest.version is not None
        first = "0"
        if place.startswith("iceberg"):
            from pyiceberg.catalog.sql import SqlCatalog

            catalog = SqlCatalog("prod", uri=f"sqlite:///{folder}/ice.db")
            first = str(catalog.load_table("shop.sales").snapshots()[0].snapshot_id)
        contract = parse_contract(
            CONTRACT.format(source=place).replace('time = "day"', "static = true")
        )
        recorded: dict[str, str] = {}
        context = Context(
            contract, datetime.now(UTC), None, Pins({"table": first}, recorded.__setitem__)
        )
        assert context.input("table").height == 2
        assert context.digests[0].version == first
        assert context.digests[0].source == place
        assert read_table(f"{place}@{first}").height == 2
        assert not recorded
        pins = Pins(None, recorded.__setitem__)
        assert Context(contract, datetime.now(UTC), None, pins).input("table").height == 4
        assert recorded == {"table": newest.version}
        with pytest.raises(InvalidError, match=r"no version|no snapshot"):
            read_table(f"{place}@99")


def test_types_of_postgresql(database: str) -> None:
    """Numbers, times, text and nulls come as what they are; a query may have any of SQL in it."""
    sql = """SELECT 1::smallint AS a, 9007199254740993 AS b, 0.1::real AS c, 'NaN'::float8 AS d,
        1.10::numeric AS e, true AS f, ''::text AS g, NULL::text AS h, 'x,"y"' || chr(10) AS i,
        timestamptz '2026-01-01 01:00:00.5+01' AS j, timestamp '2026-01-01 12:00' AS k,
        date '2026-01-01' AS l, '\\x00ff'::bytea AS m, 'a%b:c' AS n -- a comment"""
    frame = read_table(f"{database}{'&' if '?' in database else '?'}query={sql}")
    row = frame.row(0, named=True)
    assert (row["a"], row["b"], row["f"], row["g"], row["h"]) == (
        1,
        9007199254740993,
        True,
        "",
        None,
    )
    assert (row["i"], row["n"], row["m"]) == ('x,"y"\n', "a%b:c", b"\x00\xff")
    assert row["j"] == datetime(2026, 1, 1, 0, 0, 0, 500_000, UTC)
    assert (row["k"], row["l"]) == (datetime(2026, 1, 1, 12), date(2026, 1, 1))
    assert (row["e"], frame["c"].dtype) == (Decimal("1.10"), pl.Float32)
    assert str(row["d"]) == "nan"


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_long_answer_is_read_from_files(
    kind: str, folder: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which say the same as one that fits into memory, nulls and decimals among them; of no rows
    there are the columns.
    """
    word = (
        f"sqlite:///{folder}/sales.db?"
        if kind == "sqlite"
        else f"{database}{'&' if '?' in database else '?'}"
    )
    rows = [(1, "1.5", "NULL"), (2, "NULL", "'a,\"b'"), (3, "2.125", "''"), (4, "-7", "'c\nd'")]
    selects = " UNION ALL ".join(f"SELECT {a} AS a, {b} AS b, {c} AS c" for a, b, c in rows)
    queries = [f"{word}query={selects}", f"{word}query=SELECT * FROM ({selects}) x WHERE a > 9"]
    whole = [read_table(query).sort("a") for query in queries]
    for owner, name in ((database_tables, "_ROWS"), (database_tables, "_BYTES")):
        monkeypatch.setattr(owner, name, 1)
    monkeypatch.setattr(spooled_frames, "_IN_MEMORY", 0)
    for query, frame in zip(queries, whole, strict=True):
        assert_frame_equal(read_table(query).sort("a"), frame)


def test_refusals_of_databases(database: str, tmp_path: Path) -> None:
    """What a database refuses is one line that says what to do and has no password in it."""
    joint = "&" if "?" in database else "?"
    for word, said in (
        (f"{database}{joint}table=nothing", 'relation "nothing" does not exist'),
        (f"{database}{joint}query=SELEC 1", "syntax error"),
        (f"{database}{joint}query=SELECT 1 AS a, 2 AS a", "two columns a"),
        (database, "which table is meant?"),
        (f"sqlite:///{tmp_path}/none.db?table=t", "there is no database"),
        ("oracle://h/d?table=t", "no driver for it is installed"),
    ):
        with pytest.raises(InvalidError, match=said.replace("?", r"\?")):
            read_table(word)
    assert not (tmp_path / "none.db").exists()
    away = "postgresql://user:geheim@127.0.0.1:9/d?table=t"
    with pytest.raises(UnavailableError, match=r"refused|reached") as error:
        read_table(away)
    assert "geheim" not in str(error.value)
    called = call("diff", away, away, "--key", "item")
    assert (called.code, "geheim" in called.err) == (3, False)
    assert without_password(away) == "postgresql://user@127.0.0.1:9/d?table=t"


def test_a_version_that_was_vacuumed_is_named(tmp_path: Path) -> None:
    """A Delta version whose files are gone, or that there never was, says what to read in its
    place; a version at a time too.
    """
    place = str(tmp_path / "sales")
    for value in (1.0, 2.0):
        rows = pl.DataFrame({"day": ["2026-01-01"], "id": ["1"], "value": [value]})
        rows.write_delta(place, mode="overwrite")
    DeltaTable(place).vacuum(0, dry_run=False, enforce_retention_duration=False)
    contract = parse_contract('name = "sales"\n[key.id]\ntype = "string"\n[columns.value]')
    reads = [
        (f"{place}@0", "a file of this version is gone"),
        (f"{place}@9", "there is no version 9; the newest is"),
    ]
    for word, words in reads:
        for read in (
            lambda word=word: read_table(word),
            lambda word=word: list(rows_by_version(word, "day", contract, TextOptions())),
        ):
            with pytest.raises(InvalidError) as caught:
                read()
            assert (caught.value.code, words in caught.value.message) == ("bad_file", True)
