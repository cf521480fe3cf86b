"""Numbers as people and spreadsheets write them."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimates.contract.number_text import Numbers, check_decimals, numbers_of, remedy, sentence
from estimates.errors import InvalidError


def values(*cells: str | None, decimal: str | None = None) -> list[float | None] | None:
    """The numbers of a column of these cells; None where it is none of numbers."""
    numbers = numbers_of(pl.Series("x", cells, pl.String), decimal)
    return None if numbers is None else numbers.plain.cast(pl.Float64).to_list()


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (["1", " 2 "], [1, 2]),
        (["1e5", "-2.5", "+3"], [1e5, -2.5, 3]),
        (["1,5", "2"], [1.5, 2]),
        (["1.234,5", "7"], [1234.5, 7]),
        (["1,234.5", "7,000"], [1234.5, 7000]),
        (["1,234,567", "1,234"], [1234567, 1234]),
        (["1,00,000", "5,000"], [100000, 5000]),  # India
        (["1 234,5", "1\u00a0000", "2\u202f000,25"], [1234.5, 1000, 2000.25]),  # France
        (["1'234.5", "1’000"], [1234.5, 1000]),  # Switzerland
        (["0,123", "1,234"], [0.123, 1.234]),
        (["1.234", "2.345"], [1.234, 2.345]),
        (["12.5%", "0.1 %", "100%"], [0.125, 0.001, 1]),
        (["$1,234.50", "($5.00)", "-$3", "$-4"], [1234.5, -5, -3, -4]),
        (["€ 1.234,50", "3,5 €", "1 EUR"], [1234.5, 3.5, 1]),
        (["−5", "3"], [-5, 3]),
        (["NA", "1.5", ".", None, "\\N", "#N/A", "null", ""], [None, 1.5, *([None] * 6)]),
        (["N/A", "1,5"], [None, 1.5]),
    ],
)
def test_numbers_are_read_by_one_rule(cells: list[str | None], numbers: list[float | None]) -> None:
    """Decimal comma, thousands, percent, currencies, words for nothing."""
    assert values(*cells) == numbers


@pytest.mark.parametrize(
    "cells",
    [
        ["a", "b"],
        ["007", "8"],  # codes
        ["0x10", "2"],
        ["１", "2"],
        ["2026-01-01", "2026-01-02"],
        ["10:30", "11:00"],
        ["NA", "NA"],
        ["12%", "13%", "0.5"],
        ["1.2.3", "4.5.6"],
        ["12,34", "5.6"],
    ],
)
def test_other_text_is_no_number(cells: list[str]) -> None:
    """Codes, dates, versions and mixtures stay text."""
    assert values(*cells) is None


@pytest.mark.parametrize("cells", [["1,234", "2,345"], ["1,234", "2"], ["-1,234", "5 000"]])
def test_what_two_rules_fit_is_refused_with_both(cells: list[str]) -> None:
    """`1,234` is 1234 or 1.234, and no one can know."""
    with pytest.raises(InvalidError, match=r"1234 with --decimal \. and -?1.234 with --decimal ,"):
        values(*cells)
    sign = -1 if cells[0].startswith("-") else 1
    assert values(*cells, decimal=".")[0] == sign * 1234  # type: ignore[index]
    assert values(*cells, decimal=",")[0] == sign * 1.234  # type: ignore[index]


def test_a_point_among_commas_is_refused() -> None:
    """Where one column has decimal commas, `1.234` in another one may be 1234."""
    columns = [pl.Series("a", ["1,5", "2"]), pl.Series("b", ["1.234", "2.345"])]
    read = [(text, numbers) for text in columns if (numbers := numbers_of(text, None))]
    with pytest.raises(InvalidError, match="column 'b'"):
        check_decimals(read)
    check_decimals(read[1:])


def test_a_few_cells_that_are_none_are_pointed_at() -> None:
    """A rule is taken at 95 % of the cells; below that it is text."""
    text = pl.Series("x", [*["1,5"] * 19, "x"])
    numbers = numbers_of(text, None)
    assert numbers is not None
    assert numbers.strays.arg_true().to_list() == [19]
    assert numbers_of(text[1:], None) is None


def test_what_was_read_is_said_with_an_example() -> None:
    """And nothing where every cell is read as it stands."""

    def said(*cells: str) -> str | None:
        text = pl.Series("x", cells)
        numbers = numbers_of(text, None)
        assert isinstance(numbers, Numbers)
        return sentence(text, numbers)

    assert said("1", "1.234,5") == "column 'x': '1.234,5' is read as 1234.5"
    assert said("1", "NA") == "column 'x': 'NA' is read as no value"
    assert said("1,5", "NA") == "column 'x': '1,5' is read as 1.5, 'NA' as no value"
    assert said("1", "2.5") is None


def test_the_rule_that_would_help_is_named() -> None:
    """The option under which a cell is a number, or else the word for nothing."""
    assert remedy("1,5", ".") == "with --decimal , it is 1.5"
    assert remedy("no data", None) == "if it stands for no value, say so with --null 'no data'"


@given(
    st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=5),
    st.sampled_from([(".", ","), (",", "."), (",", " "), (".", "'")]),
    st.sampled_from(["{}", "${}", "{} €", "EUR {}"]),
)
def test_any_number_in_any_form_comes_back(
    numbers: list[int], marks: tuple[str, str], form: str
) -> None:
    """Cents with thousands, in the form of a country, are the same numbers again."""
    point, group = marks
    cells = [
        form.format(f"{number / 100:,.2f}".translate({46: point, 44: group})) for number in numbers
    ]
    assert values(*cells, decimal=point) == [round(number / 100, 2) for number in numbers]
