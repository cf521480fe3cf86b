"""What a report is measured by: the digest changes with what decides its numbers, only with
that.
"""

from __future__ import annotations

import pytest

from estimates.compare.diff_measure import digest_of, fields_digest, measure_for, measure_of
from estimates.errors import InvalidError
from estimates.stability.report import Report
from estimates.store.store import Store
from tests.builders import SET, contract, define, publish

INTERVAL = """
[columns.low]
role = "lower"
level = 0.8
[columns.high]
role = "upper"
level = 0.8
"""


def digest(more: str = "") -> str:
    """The digest of the contract of `source` with TOML behind it."""
    return measure_of(contract(more=more), 1).digest


@pytest.mark.parametrize(
    "more",
    [
        "[gate.checks.p95_change]\nblock = 0.2\n",
        '[freshness]\nmax_age = "1d"\n',
        '[job]\nfunction = "forecast"\n',
    ],
)
def test_what_only_the_gate_looks_at_decides_nothing(more: str) -> None:
    """Another policy, freshness or job leaves every report as it was."""
    assert digest(more) == digest()


@pytest.mark.parametrize("more", ["[stability]\nrtol = 0.5\n", '[columns.other]\nunit = "EUR"\n'])
def test_tolerance_and_columns_decide(more: str) -> None:
    """Another tolerance or column makes other reports."""
    assert digest(more) != digest()


def test_headlines_carry_along_what_belongs_to_a_point() -> None:
    """The ends of an interval are attributes for a headline; the point stays what it is."""
    measure = measure_of(contract(more=INTERVAL), 1)
    roles = {name: column.role for name, column in measure.headline.columns.items()}
    assert (roles["value"], roles["low"], roles["high"]) == ("point", "attribute", "attribute")
    assert measure.contract.columns["low"].role == "lower"


def test_the_newest_contract_of_the_shape_measures(local_store: Store) -> None:
    """A version is measured by what is in force now, and the measure is made once a view."""
    define(local_store)
    version = publish(local_store, "run")
    define(local_store, more="[stability]\nrtol = 0.5\n")
    view = local_store.view().set(SET)
    measure = measure_for(version, view)
    assert (measure.revision, measure.contract.stability.rtol) == (2, 0.5)
    assert measure_for(version, view) is measure
    with pytest.raises(InvalidError) as caught:
        measure_for(version, view, "nothing")
    assert caught.value.code == "bad_pairing"


def test_digests_name_content_and_fields() -> None:
    """Equal content has one digest; a report's fields have one too."""
    assert digest_of("a", 1) == digest_of("a", 1) != digest_of("a", 2)
    assert len(digest_of("a")) == 40
    assert len(fields_digest(Report)) == 64
