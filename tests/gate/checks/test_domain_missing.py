"""The check `domain_missing`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from estimates.contract.contract_file import parse_contract
from tests.gate.cases import Setting, check_of, clean_verdict, frame, provenance, simple


def test_passes() -> None:
    """A row for every key of the domain passes."""
    result = clean_verdict().check("domain_missing")
    assert (result.status, result.value) == ("pass", 0)


def test_fails() -> None:
    """One of 25 keys without a row is a share of 4 %."""
    result = Setting(frame=frame(1.001).slice(1)).evaluate().check("domain_missing")
    assert result.status == "fail"
    assert result.value == pytest.approx(0.04)


DOMAINS = [
    ("product", '[domain]\nkind = "product"\nvalues = { k = ["a", "b", "c"] }', {}),
    (
        "file",
        '[domain]\nkind = "file"\nfile = "keys.csv"',
        {"domain_keys": pl.DataFrame({"k": ["c", "a", "b"]})},
    ),
]


@pytest.mark.parametrize(
    ("kind", "text", "changed"), DOMAINS, ids=[domain[0] for domain in DOMAINS]
)
def test_domains_of_listed_values_and_of_a_file(
    kind: str, text: str, changed: dict[str, Any]
) -> None:
    """Keys of the domain that are missing are named, and so are keys outside it."""
    content = pl.DataFrame({"k": ["a", "c", "x"], "v": [1.0, 2.0, 3.0]})
    gone = check_of("domain_missing", content, simple(more=text), **changed)
    stray = check_of("domain_outside", content, simple(more=text), **changed)
    assert (gone.value, gone.n) == (pytest.approx(1 / 3), 3)
    assert [offender.key for offender in gone.offenders] == [["b"]]
    assert [offender.key for offender in stray.offenders] == [["x"]]


def test_domain_values_are_read_in_the_type_of_the_key() -> None:
    """Integers, dates and timestamps of a product are compared as such, not as text."""
    of = parse_contract(
        'name = "n"\n[key.shop]\ntype = "integer"\n[key.day]\ntype = "date"\n[key.at]\ntype = '
        '"timestamp"\n'
        '[columns.v]\n[domain]\nkind = "product"\n'
        'values = { shop = [7, 8], day = ["2026-11-24"], at = ["2026-11-24T10:00:00+01:00"] }'
    )
    at = datetime(2026, 11, 24, 9, tzinfo=UTC)
    content = pl.DataFrame(
        {"shop": [7, 8], "day": [at.date()] * 2, "at": [at] * 2, "v": [1.0, 2.0]},
        schema_overrides={"at": pl.Datetime("us", "UTC")},
    )
    verdict = Setting(of, content, None).evaluate()
    assert verdict.check("domain_missing").value == 0
    assert verdict.check("domain_outside").value == 0


def test_a_rolling_version_without_its_targets_is_an_error() -> None:
    """A rolling domain that the version does not resolve cannot be evaluated, and that blocks."""
    verdict = Setting(candidate={"provenance": provenance(targets=())}).evaluate()
    assert verdict.check("domain_missing").status == "error"
    assert "0 targets" in verdict.check("domain_missing").message
    assert verdict.blocks
