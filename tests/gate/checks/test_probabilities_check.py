"""The check `probabilities`."""

from __future__ import annotations

import polars as pl

from estimates.contract.contract_file import parse_contract
from tests.gate.cases import check_of, clean_verdict, edit, poke, poked, simple


def test_passes() -> None:
    """Probabilities that add up to 1 pass."""
    result = clean_verdict().check("probabilities")
    assert (result.status, result.value) == ("pass", 0)


def test_fails() -> None:
    """One probability without the other counts."""
    result = poke("p_down", None).evaluate().check("probabilities")
    assert (result.status, result.value) == ("fail", 1)


def test_fails_for_another_sum() -> None:
    """A sum other than 1 counts once a row."""
    result = edit(p_up=pl.col("p_up") + 3e-5).evaluate().check("probabilities")
    assert (result.status, result.value) == ("fail", 25)


def test_one_probability_needs_no_partner() -> None:
    """A single probability column adds up to nothing; it must lie in 0..1, with a tolerance of
    1e-9.
    """
    churn = parse_contract(
        'name = "churn"\n[key.k]\ntype = "string"\n[columns.p]\nrole = "probability"\nlabel = '
        '"leaves"\n'
    )
    fine = pl.DataFrame({"k": ["a", "b"], "p": [0.25, 1 + 1e-10]})
    assert check_of("probabilities", fine, churn).status == "pass"
    assert check_of("probabilities", poked(fine, "p", 1.001), churn).status == "fail"


def test_probabilities_of_some_labels_may_leave_a_rest() -> None:
    """When the vocabulary has more labels than there are probabilities, they add up to at most
    1.
    """
    more = '[columns.l]\nrole = "label"\nlabels = ["a", "b", "c"]\n'
    more += "".join(f'[columns.p{x}]\nrole = "probability"\nlabel = "{x}"\n' for x in "ab")
    partial = simple(more=more)
    fine = pl.DataFrame(
        {"k": ["x", "y"], "v": [1.0, 2.0], "l": ["a", "c"], "pa": [0.2, 0.6], "pb": [0.3, 0.4]}
    )
    assert check_of("probabilities", fine, partial).status == "pass"
    assert check_of("probabilities", poked(fine, "pa", 0.9), partial).status == "fail"
