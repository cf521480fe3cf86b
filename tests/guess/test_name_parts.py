"""Words, numbers and levels in the names of columns."""

from __future__ import annotations

import pytest

from estimates.guess.name_parts import end_name, quantile_name, share, tokens, words


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("ciLow_97.5", ("ci", "low", "97.5")),
        ("AutoARIMA-lo-90", ("auto", "arima", "lo", "90")),
        ("yhat1 5.0 %", ("yhat", "1", "5.0%")),
        ("Größe_2", ("größe", "2")),
    ],
)
def test_tokens(name: str, parts: tuple[str, ...]) -> None:
    """Words in lower case, also of names in camel case; numbers with their percent sign."""
    assert tokens(name) == parts
    assert words(name) == {part for part in parts if part.isalpha()}


@pytest.mark.parametrize(
    ("token", "level"),
    [
        ("80", 0.8),
        ("0.8", 0.8),
        ("97.5", 0.975),
        ("2.5%", 0.025),
        ("08", 0.08),
        ("975", 0.975),
        ("5", 0.05),
        ("100", 0.1),
        ("0", None),
        ("100%", None),
        ("q", None),
    ],
)
def test_share(token: str, level: float | None) -> None:
    """What lies between 0 and 1, however it is written."""
    assert share(token) == level


@pytest.mark.parametrize(
    ("name", "end"),
    [
        ("AutoARIMA-lo-90", ("lower", ("auto", "arima"), 0.9)),
        ("yhat_upper", ("upper", ("yhat",), None)),
        ("price_1_lower", ("lower", ("price", "1"), None)),
        ("price_80_lower", ("lower", ("price",), 0.8)),
        ("ci_low_97.5", ("lower", (), 0.975)),
        ("hdi_3%", ("lower", ("hdi",), 0.94)),
        ("hdi_97%", ("upper", ("hdi",), 0.94)),
        ("eti_50%", None),
        ("lower_upper", None),
        ("value", None),
    ],
)
def test_ends_of_intervals(name: str, end: object) -> None:
    """Side, stem and level; small numbers before the side belong to the name."""
    assert end_name(name, frozenset()) == end


def test_a_number_that_belongs_to_another_column() -> None:
    """`yhat1_lower` is an end of `yhat1`, whose 1 is no level."""
    assert end_name("yhat1_lower", frozenset([("yhat", "1")])) == ("lower", ("yhat", "1"), None)


@pytest.mark.parametrize(
    ("name", "quantile"),
    [
        ("q0.1", ((), 0.1, True)),
        ("p95", ((), 0.95, True)),
        ("2.5%", ((), 0.025, True)),
        ("X2.5.", ((), 0.025, True)),
        (".05", ((), 0.05, True)),
        ("sales_q10", (("sales",), 0.1, True)),
        ("yhat1 5.0%", (("yhat", "1"), 0.05, True)),
        ("sales_0.1", (("sales",), 0.1, False)),
        ("lower_80", None),
        ("sales", None),
        ("100%", None),
    ],
)
def test_quantiles(name: str, quantile: object) -> None:
    """A mark says so; a bare number at the end may mean something else, an end is none."""
    assert quantile_name(name) == quantile
