"""`estimates diff --fail-on`, and tolerances of columns."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from estimates.compare.table_diff import diff
from estimates.contract.contract_file import parse_contract
from tests.jobs.cli.calls import call

OLD = "id,a,b\n1,100,10\n2,200,20\n3,300,30\n4,400,40\n"
NEW = "id,a,b\n1,100.0001,10\n2,200,22\n3,300,30\n4,400,40\n"
CONTRACT = """
name = "two"
[key.id]
type = "string"
[columns.a]
{a}
[columns.b]
"""


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """Two tables; one number of b moved by 10 %, one of a by a millionth."""
    old, new = tmp_path / "old.csv", tmp_path / "new.csv"
    old.write_text(OLD)
    new.write_text(NEW)
    return old, new


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        ("material > 30 %", None),
        ("material > 10 %", "b.material_share is 25 %; --fail-on material > 10 %"),
        ("a.material > 10 %", None),
        ("b.r.max >= 0.09", "b.r.max is 0.0952"),
        ("removed > 0", None),
        ("changed > 10 %", "changed is 50 %"),
        ("updated < 60 %", "updated_share is 50 %"),
        ("b.equal_share < 0.9", "b.equal_share is 0.75"),
    ],
)
def test_a_limit_is_checked(files: tuple[Path, Path], limit: str, said: str | None) -> None:
    """Beyond a limit the exit code is 1 and a line says value and limit, after the report."""
    called = call("diff", *files, "--key", "id", "--estimates", "a,b", "--fail-on", limit)
    assert called.code == (0 if said is None else 1), called.err
    assert called.out
    if said is not None:
        assert said in called.err
        assert "[over_limit]" in called.err


@pytest.mark.parametrize("limit", ["material", "material > x", "colour > 1", "material > 1 2"])
def test_a_limit_that_is_none(files: tuple[Path, Path], limit: str) -> None:
    """What is no limit, or names no number of the report, is wrong usage and says what is right."""
    called = call("diff", *files, "--key", "id", "--fail-on", limit)
    assert called.code == 2
    assert "material" in called.err


@pytest.mark.parametrize(
    ("a", "changed"),
    [("", 2), ("rtol = 1e-6", 1), ("atol = 0.0002", 1), ("rtol = 1e-7\natol = 1e-6", 2)],
)
def test_a_tolerance_of_a_column(a: str, changed: int) -> None:
    """A difference within a column's tolerance is none: rows are identical, nothing moved."""
    frames = [
        pl.read_csv(
            text.encode(), schema_overrides={"id": pl.String, "a": pl.Float64, "b": pl.Float64}
        )
        for text in (OLD, NEW)
    ]
    report = diff(*frames, contract=parse_contract(CONTRACT.format(a=a)))
    assert report.keys.identical_share == 1 - changed / 4
    moved = report.columns["a"].scalar
    assert moved is not None
    assert len(moved.top) == changed - 1
    assert ("a moved on none" in report.headline) == (changed == 1)


def test_names_of_columns_may_have_dots(tmp_path: Path) -> None:
    """As those of quantiles have: `q0.5` is the column, and what follows is the number."""
    old, new = tmp_path / "old.csv", tmp_path / "new.csv"
    old.write_text("id,q0.1,q0.5,q0.9\n1,1,2,3\n2,1,2,3\n")
    new.write_text("id,q0.1,q0.5,q0.9\n1,1,2,3\n2,1,2.5,3\n")
    words = ("diff", old, new, "--key", "id", "--fail-on")
    for limit in ("material > 1 %", "q0.5.material > 10 %"):
        called = call(*words, limit)
        assert called.code == 1
        assert "q0.5.material_share is 50 %" in called.err
    assert call(*words, "q0.9.material > 0").code == 0
