"""SQL over a store: a view of all versions of a set, and one of a single version."""

from __future__ import annotations

from pathlib import Path

import pytest

from estimates.errors import InvalidError
from estimates.store.store import Store
from tests.builders import SET, code_of, define, promoted, publish


@pytest.fixture
def store(local_store: Store) -> Store:
    """Version 1 in production, version 2 judged only."""
    define(local_store)
    promoted(local_store, "one")
    publish(local_store, "two", 101.0, day=1)
    local_store.judge(SET, 2)
    return local_store


def test_all_versions_are_one_table(store: Store) -> None:
    """Each row has its version, and when it was published, in front of the estimate's columns."""
    rows = store.sql(f'SELECT * FROM "{SET}" ORDER BY version, value')
    assert rows.columns == [
        *("version", "published_at", "data_through"),
        *("ticker", "target_date", "value", "note"),
    ]
    assert rows["version"].to_list() == [1] * 6 + [2] * 6
    assert rows["value"][0] == 100.0
    assert rows["published_at"][0] == store.resolve(SET, 1).published_at


@pytest.mark.parametrize(("ref", "level"), [("production", 100.0), ("latest", 101.0), ("2", 101.0)])
def test_one_version_by_its_ref(store: Store, ref: str, level: float) -> None:
    """An alias, `latest` and a number name a version."""
    rows = store.sql(f"""SELECT min(value) AS lowest FROM "{SET}_at"('{ref}')""")
    assert rows["lowest"].to_list() == [level]


def test_expired_versions_have_no_rows(store: Store) -> None:
    """Their files are gone."""
    store.catalog.expire(store.resolve(SET, 2), actor="ada", reason="old")
    assert store.sql(f'SELECT DISTINCT version FROM "{SET}"')["version"].to_list() == [1]


@pytest.mark.parametrize(
    "query", ["SELECT", 'SELECT * FROM "nowhere"', f"""SELECT * FROM "{SET}_at"('nothing')"""]
)
def test_a_wrong_query_is_an_error(store: Store, query: str) -> None:
    """What DuckDB refuses, and a ref that names no version, are `bad_query`."""
    assert code_of(lambda: store.sql(query)) == "bad_query"


def test_a_statement_without_an_answer(store: Store) -> None:
    """It gives an empty frame."""
    assert store.sql("CREATE TABLE t (i INTEGER)").is_empty()


def test_a_name_with_a_hyphen_is_quoted(local_store: Store) -> None:
    """Quoted it is a view; bare, the error says how to write it."""
    define(local_store, "day-ahead")
    promoted(local_store, "one", name="day-ahead")
    assert local_store.sql('SELECT count(*) AS n FROM "day-ahead"')["n"].item() == 6
    at = local_store.sql("""SELECT count(*) AS n FROM "day-ahead_at"('production')""")
    assert at["n"].item() == 6
    with pytest.raises(InvalidError, match=r'double quotes: SELECT . FROM "day-ahead"'):
        local_store.sql("SELECT * FROM day-ahead")
    with pytest.raises(InvalidError, match=r"""FROM "day-ahead_at"\('production'\)"""):
        local_store.sql("SELECT * FROM day-ahead_at('production')")
    assert local_store.sql('SELECT count(*) AS n FROM "DAY-AHEAD"')["n"].item() == 6


def test_a_wrong_name_is_told_the_right_ones(store: Store) -> None:
    """The error names the sets that there are, the nearest of them first of all."""
    with pytest.raises(InvalidError, match=rf'the sets are .*"{SET}".*did you mean .{SET}.'):
        store.sql(f"SELECT * FROM {SET[:-1]}")


def test_without_sets_the_error_says_so(local_store: Store) -> None:
    """A query of a store in which nothing is defined yet."""
    with pytest.raises(InvalidError, match="the sets are none"):
        local_store.sql("SELECT * FROM churn")


def test_other_files_are_read_where_asked_for(local_store: Store, tmp_path: Path) -> None:
    """A query reads the store's files alone, writes none, and cannot lift that itself."""
    define(local_store)
    promoted(local_store, "one")
    other = tmp_path / "other.csv"
    other.write_text("a\n1\n")
    query = f"SELECT a FROM read_csv('{other}')"
    for wrong in (
        query,
        f"COPY (SELECT 1) TO '{tmp_path / 'x.csv'}'",
        f"SET enable_external_access = true; {query}",
        f"ATTACH '{tmp_path / 'x.db'}'",
    ):
        with pytest.raises(InvalidError) as refused:
            local_store.sql(wrong)
        assert refused.value.code == "bad_query"
    with pytest.raises(InvalidError, match="other_files=True"):
        local_store.sql(query)
    assert local_store.sql(query, other_files=True)["a"].to_list() == [1]
    assert [path.name for path in tmp_path.glob("x.*")] == []


@pytest.mark.one_part
@pytest.mark.parametrize(
    "before", ["", "EXPLAIN ANALYZE ", "PREPARE p AS "], ids=["plain", "explained", "prepared"]
)
def test_a_stored_file_cannot_be_written(store: Store, before: str) -> None:
    """What a query may read it may not write: the store's own files stay as they are."""
    version = store.resolve(SET, 1)
    (file,) = store.data_files.open(SET, version.snapshot_id).paths()
    content = file.read_bytes()
    copy = f"COPY (SELECT 1 AS a) TO '{file}' (FORMAT parquet, USE_TMP_FILE false)"
    rows = f'SELECT count(*) AS n FROM "{SET}"'
    assert code_of(lambda: store.sql(f"{before}{copy}; {rows}")) == "bad_query"
    assert file.read_bytes() == content
    assert store.sql(f"EXPLAIN {rows}").height
