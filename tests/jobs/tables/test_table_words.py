"""Which words name tables that lie in no plain files."""

from __future__ import annotations

from pathlib import Path

import pytest

from estimates_jobs.tables.table_words import is_stored_table, opened, pinned_word, with_query


@pytest.mark.parametrize(
    ("word", "wanted"),
    [
        ("lake/sales@12", ("lake/sales", "12")),
        ("iceberg://prod/shop.sales@8734", ("iceberg://prod/shop.sales", "8734")),
        ("a@1@2", ("a@1", "2")),
        ("lake/sales", ("lake/sales", None)),
        ("lake/sales@v2", ("lake/sales@v2", None)),
        ("@3", ("@3", None)),
    ],
)
def test_a_word_may_end_in_a_version(word: str, wanted: tuple[str, str | None]) -> None:
    """A whole number behind the last `@` is a version."""
    assert pinned_word(word) == wanted


def test_a_file_may_have_an_at_in_its_name(tmp_path: Path) -> None:
    """A file that is there is meant as it is called."""
    file = tmp_path / "sales@2026"
    assert pinned_word(str(file))[1] == "2026"
    file.write_text("id,a\n")
    assert pinned_word(str(file)) == (str(file), None)


def test_a_query_is_put_behind_a_word() -> None:
    """As the first or a further parameter, without blanks around it."""
    assert with_query("postgresql://h/d", " SELECT 1\n") == "postgresql://h/d?query=SELECT 1"
    assert with_query("postgresql://h/d?a=1", "SELECT 1") == "postgresql://h/d?a=1&query=SELECT 1"
    assert with_query("postgresql://h/d", None) == "postgresql://h/d"


def test_folders_tell_what_they_are(tmp_path: Path) -> None:
    """Delta by its log, Iceberg by its metadata, whatever version is named; others are plain."""
    (tmp_path / "delta" / "_delta_log").mkdir(parents=True)
    (tmp_path / "ice" / "metadata").mkdir(parents=True)
    plain = tmp_path / "ice"
    assert not is_stored_table(str(plain))
    assert opened(str(plain)) is None
    (plain / "metadata" / "00000-x.metadata.json").write_text("{}")
    assert is_stored_table(str(plain))
    assert is_stored_table(f"{tmp_path / 'delta'}@3")
    assert is_stored_table("iceberg://prod/shop.sales")
    assert is_stored_table("postgresql://host/db?table=t")
    assert not is_stored_table(str(tmp_path / "none.csv"))
