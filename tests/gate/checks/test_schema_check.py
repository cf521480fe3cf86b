"""The check `schema`."""

from __future__ import annotations

import polars as pl

from estimates.contract.contract_file import parse_contract
from estimates.gate.evaluation import evaluate
from tests.gate.cases import (
    JUDGED,
    Setting,
    clean_verdict,
    contract,
    file,
    frame,
    provenance,
    simple,
    stored,
)
from tests.gate.faulty_settings import other_shape


def test_passes() -> None:
    """The contract's columns pass."""
    result = clean_verdict().check("schema")
    assert (result.status, result.value) == ("pass", 0)


def test_fails() -> None:
    """A column that is missing is a difference."""
    result = Setting(frame=frame().drop("q50")).evaluate().check("schema")
    assert (result.status, result.value) == ("fail", 1)


def test_fails_for_another_unit() -> None:
    """A column with another unit is a difference."""
    result = (
        Setting(candidate={"shape": other_shape('unit = "USD"', 'unit = "EUR"')})
        .evaluate()
        .check("schema")
    )
    assert (result.status, result.value) == ("fail", 1)


def test_the_schema_check_names_every_difference() -> None:
    """Missing, additional and changed columns are each an offender."""
    verdict = Setting(
        candidate={"shape": contract('unit = "USD"', 'unit = "EUR"').shape()}
    ).evaluate()
    [offender] = verdict.check("schema").offenders
    assert (offender.column, offender.detail) == ("close", "unit is EUR, the contract says USD")
    verdict = file(frame(1.001).rename({"close": "price"})).evaluate()
    assert [(o.column, o.detail) for o in verdict.check("schema").offenders] == [
        ("close", "missing"),
        ("price", "not in the contract"),
    ]


def test_the_schema_check_names_dates_that_no_calendar_has() -> None:
    """A file with timestamps beyond the year 9999 fails the schema check, the column named."""
    of = parse_contract('name = "simple"\n[key.at]\ntype = "timestamp"\n[columns.v]\n')
    content = pl.DataFrame(
        {"at": pl.Series([0, 2**62]).cast(pl.Datetime("ms", "UTC")), "v": [1.0, 2.0]}
    )
    result = Setting(of, content, None, file=True).evaluate().check("schema")
    assert result.status == "fail"
    assert [(o.column, "years 1 to 9999" in o.detail) for o in result.offenders] == [("at", True)]


def test_a_file_in_another_order_of_columns_has_the_shape() -> None:
    """The order of estimate columns is no difference."""
    reordered = parse_contract(
        'name = "simple"\n[key.k]\ntype = "string"\n[columns.w]\nrole = "attribute"\n[columns.v]\n'
    )
    now = simple(more='[columns.w]\nrole = "attribute"\n')
    content = pl.DataFrame({"k": ["a", "b"], "w": [1.0, 2.0], "v": [1.0, 2.0]})
    verdict = evaluate(
        now,
        stored(content, now, shape=reordered.shape(), provenance=provenance()),
        None,
        judged_at=JUDGED,
        contract_revision=2,
    )
    assert verdict.check("schema").status == "pass"
