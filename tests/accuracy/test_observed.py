"""What can be observed, and which column of actual values says it."""

from __future__ import annotations

import pytest

from estimates.accuracy.observed import observed, sources
from estimates.contract.contract import Contract
from estimates.contract.contract_file import parse_contract
from tests.builders import code_of


def contract(columns: str) -> Contract:
    """A contract with these columns."""
    return parse_contract(f'name = "s"\n[key.k]\ntype = "string"\n{columns}')


_POINT = "[columns.v]\n"
_QUANTILES = "".join(
    f'[columns.q{level}]\nrole = "quantile"\nquantile = 0.{level}\n' for level in (9, 1, 5)
)
_CHANCES = '[columns.p]\nrole = "probability"\nlabel = "up"\n'
_LABEL = '[columns.what]\nrole = "label"\n'


def test_a_point_with_what_says_more_of_it() -> None:
    """Its quantiles by their level, and the interval between two of them."""
    (number,) = observed(contract(_POINT + _QUANTILES))
    assert (number.name, number.numeric, number.point) == ("v", True, "v")
    assert number.quantiles == ((0.1, "q1"), (0.5, "q5"), (0.9, "q9"))
    assert [interval.level for interval in number.intervals] == [0.8]


def test_quantiles_alone_are_of_a_value() -> None:
    """There is something that they are about, although no column has its name."""
    (number,) = observed(contract(_QUANTILES))
    assert (number.name, number.point, len(number.quantiles)) == ("value", None, 3)


def test_a_label_with_its_probabilities() -> None:
    """Together one thing; without a label column they are of one that is called so."""
    (label,) = observed(contract(_LABEL + _CHANCES))
    assert (label.name, label.probabilities) == ("what", (("up", "p"),))
    (label,) = observed(contract(_CHANCES))
    assert (label.name, label.label) == ("label", None)


@pytest.mark.parametrize(
    ("columns", "there", "column_of"),
    [
        (_POINT, ["k", "v", "actual"], {"v": "v"}),
        (_POINT, ["k", "value", "actual"], {"v": "value"}),
        (_POINT, ["k", "observation"], {"v": "observation"}),
        (_POINT, ["k", "truth"], {"v": "truth"}),
        (_POINT + "[columns.w]\n", ["w", "actual"], {"w": "w"}),
        (_POINT + _LABEL, ["value", "label"], {"v": "value", "what": "label"}),
    ],
)
def test_columns_of_actual_values(
    columns: str, there: list[str], column_of: dict[str, str]
) -> None:
    """By name; where there is one number, one label, or one of all, also by usual names."""
    assert sources(contract(columns), there) == column_of


@pytest.mark.parametrize("there", [["k"], ["other"], []])
def test_nothing_observed(there: list[str]) -> None:
    """The key is no actual value."""
    assert code_of(lambda: sources(contract(_POINT + "[columns.w]\n"), there)) == "no_actuals"
