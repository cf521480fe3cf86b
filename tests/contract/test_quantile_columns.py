"""Many quantiles in one table of a contract."""

from __future__ import annotations

import pytest

from estimates.contract.contract_file import parse_contract
from estimates.errors import InvalidError

HEAD = 'name = "flu"\n[key.location]\ntype = "string"\n'


def test_a_list_of_quantiles_is_the_columns_written_out() -> None:
    """In the place of the list, named by table and level, with all else that the table says."""
    short = "[columns.first]\n[columns.q]\nquantiles = [0.025, 0.5]\nmin = 0\n[columns.last]\n"
    long = (
        '[columns.first]\n[columns."q0.025"]\nrole = "quantile"\nquantile = 0.025\nmin = 0\n'
        '[columns."q0.5"]\nrole = "quantile"\nquantile = 0.5\nmin = 0\n[columns.last]\n'
    )
    of = 'of = "first"\n'
    short, long = (text.replace("min = 0\n", f"min = 0\n{of}") for text in (short, long))
    written, listed = parse_contract(HEAD + long), parse_contract(HEAD + short)
    assert listed == written
    assert list(listed.columns) == list(written.columns)


@pytest.mark.parametrize(
    ("column", "line", "problem"),
    [
        ("quantiles = []", 5, "lists numbers between 0 and 1"),
        ("quantiles = [0.5, 1.0]", 5, "lists numbers between 0 and 1"),
        ("quantiles = 0.5", 5, "lists numbers between 0 and 1"),
        ("quantiles = [0.5, 0.50]", 5, "each level once"),
        ("quantiles = [0.5]\nquantile = 0.5", 5, "give either"),
        ("quantiles = [0.1, 0.9]\nmni = 0", 6, "did you mean 'min'"),
    ],
)
def test_a_wrong_list_is_named_once_with_its_line(column: str, line: int, problem: str) -> None:
    """Also a fault of all the columns that the list stands for."""
    with pytest.raises(InvalidError) as caught:
        parse_contract(f"{HEAD}[columns.q]\n{column}\n")
    assert str(caught.value.message).count(problem) == 1
    assert f"contract:{line}: columns.q" in caught.value.message


def test_a_column_is_not_given_twice() -> None:
    """A list may not stand for a column that is there by itself."""
    with pytest.raises(InvalidError, match="there by itself"):
        parse_contract(f'{HEAD}[columns.q]\nquantiles = [0.5]\n[columns."q0.5"]\n')
