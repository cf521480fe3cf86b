"""Roles of columns in the layouts in which tools write their tables."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

import estimates
from estimates.guess.guesses import guess_roles
from estimates.guess.levelled_columns import named_levels
from estimates.guess.name_parts import end_name, quantile_name, share, tokens

# column to what it is, its numbers in the order in which they stand: `lower 0.8 of AutoARIMA`
LAYOUTS: dict[str, dict[str, str]] = {
    "statsforecast": {
        "AutoARIMA": "point",
        "AutoARIMA-lo-90": "lower 0.9",
        "AutoARIMA-hi-90": "upper 0.9",
    },
    "several models": {
        "Naive": "point",
        "Naive-lo-80": "lower 0.8 of Naive",
        "Naive-hi-80": "upper 0.8 of Naive",
        "Theta4": "point",
        "Theta4-lo-97.5": "lower 0.975 of Theta4",
        "Theta4-hi-97.5": "upper 0.975 of Theta4",
    },
    "cross-validation": {"y": "attribute", "Naive": "point", "AutoETS": "point"},
    "NeuralProphet": {
        "y": "attribute",
        "yhat1": "point",
        "yhat1 5.0%": "quantile 0.05",
        "yhat1 95.0%": "quantile 0.95",
    },
    "several steps": {
        "yhat1": "point",
        "yhat1_lower": "lower 0.95 of yhat1",
        "yhat1_upper": "upper 0.95 of yhat1",
        "yhat2": "point",
    },
    "Prophet": {
        "trend": "attribute",
        "yhat_lower": "lower 0.8",
        "yhat_upper": "upper 0.8",
        "trend_lower": "attribute",
        "trend_upper": "attribute",
        "yhat": "point",
    },
    "AutoGluon": {
        "mean": "point",
        "0.1": "quantile 0.1",
        "0.5": "quantile 0.5",
        "0.9": "quantile 0.9",
    },
    "Stan": {
        "2.5%": "quantile 0.025",
        "50%": "quantile 0.5",
        "97.5%": "quantile 0.975",
        "mean": "point",
        "se_mean": "attribute",
        "sd": "attribute",
        "Rhat": "attribute",
    },
    "R's names": {"X2.5.": "quantile 0.025", "X50.": "quantile 0.5", "mean": "point"},
    "posterior": {
        "mean": "point",
        "sd": "attribute",
        "q5": "quantile 0.05",
        "q95": "quantile 0.95",
    },
    "ArviZ": {"mean": "point", "sd": "attribute", "hdi_3%": "lower 0.94", "hdi_97%": "upper 0.94"},
    "brms": {
        "Estimate": "point",
        "Est.Error": "attribute",
        "Q2.5": "quantile 0.025",
        "Q97.5": "quantile 0.975",
    },
    "R forecast": {"Point Forecast": "point", "Lo 80": "lower 0.8", "Hi 80": "upper 0.8"},
    "R predict": {"fit": "point", "lwr": "lower 0.95", "upr": "upper 0.95"},
    "statsmodels": {
        "mean": "point",
        "mean_se": "attribute",
        "mean_ci_lower": "lower 0.95",
        "mean_ci_upper": "upper 0.95",
        "obs_ci_lower": "attribute",
        "obs_ci_upper": "attribute",
    },
    "BigQuery": {
        "forecast_value": "point",
        "standard_error": "attribute",
        "confidence_level": "attribute",
        "prediction_interval_lower_bound": "lower 0.9",
        "prediction_interval_upper_bound": "upper 0.9",
    },
    "Snowflake": {"FORECAST": "point", "LOWER_BOUND": "lower 0.95", "UPPER_BOUND": "upper 0.95"},
    "darts": {"sales_q0.05": "quantile 0.05", "sales_q0.95": "quantile 0.95"},
    "numbers behind a name": {
        "prediction_5": "quantile 0.05",
        "prediction": "point",
        "prediction_95": "quantile 0.95",
    },
    "rows that are named": {
        "prediction": "point",
        "prediction_id": "attribute",
        "forecast_version": "attribute",
        "model_id": "attribute",
    },
    "p before the name": {"p10_sales": "quantile 0.1", "p90_sales": "quantile 0.9"},
    "one quantile": {"forecast": "point", "q90": "quantile 0.9"},
    "scikit-learn": {"0": "probability 0", "1": "probability 1", "2": "probability 2"},
    "H2O": {"p0": "probability 0", "p1": "probability 1"},
    "tidymodels": {".pred_Yes": "probability Yes", ".pred_No": "probability No"},
    "one more fraction": {
        "weight_share": "attribute",
        "class_a": "probability a",
        "class_b": "probability b",
    },
    "prices of a day": {
        "open": "point",
        "high": "attribute",
        "low": "attribute",
        "close": "attribute",
    },
}
ROWS = 20
OBSERVED = {"y": 2.5, "confidence_level": 0.9, "weight_share": 0.125}


def table(columns: dict[str, str]) -> pl.DataFrame:
    """Numbers that bear the roles out: ends around points, quantiles by level, shares that add up
    to 1.
    """
    of_classes = [name for name, role in columns.items() if role.startswith("probability")]
    values: dict[str, Any] = {"id": range(ROWS), "ds": ["2026-01-01"] * ROWS}
    for name, role in columns.items():
        kind, *more = role.split()
        place = {"lower": 1.0, "upper": 3.0}.get(kind, 2.0)
        if kind == "quantile":
            place = 1.0 + 2 * float(more[0])
        if kind == "probability":
            place = 1 / len(of_classes)
        if kind == "attribute" and role == "attribute" and "lower" in name:
            place = 1.0
        if kind == "attribute" and "upper" in name:
            place = 3.0
        values[name] = [OBSERVED.get(name, place)] * ROWS
    frame = pl.DataFrame(values)
    return frame.rename({"id": "unique_id"}) if "y" in columns else frame


def described(frame: pl.DataFrame) -> dict[str, str]:
    """What each column is taken for."""
    names = [name for name in frame.columns if name not in ("id", "unique_id", "ds")]
    texts: dict[str, str] = {}
    for name, guess in guess_roles(frame, names).items():
        number = guess.level or guess.quantile or guess.label
        of = f"of {guess.of}" if guess.of else ""
        texts[name] = " ".join(str(part) for part in (guess.role, number, of) if part)
    return texts


@pytest.mark.parametrize("tool", LAYOUTS)
def test_columns_of_a_tool(tool: str) -> None:
    """Each column has the role that the tool gives it."""
    assert described(table(LAYOUTS[tool])) == LAYOUTS[tool]


def test_a_level_that_nothing_says_is_assumed() -> None:
    """Prophet's 80 % and the usual 95 % are marked; a level in a name or a column is not."""
    for tool, assumed in (("Prophet", True), ("R predict", True), ("R forecast", False)):
        roles = guess_roles(table(LAYOUTS[tool]), LAYOUTS[tool])
        assert {guess.assumed for guess in roles.values() if guess.role == "lower"} == {assumed}
    roles = guess_roles(table(LAYOUTS["BigQuery"]), LAYOUTS["BigQuery"])
    assert not any(guess.assumed for guess in roles.values())


def test_rounded_probabilities_are_probabilities() -> None:
    """Three thirds of two decimals add up to 0.99; two thirds of a vocabulary do not."""
    thirds = pl.DataFrame({"id": [1, 2], "a": [0.33, 0.25], "b": [0.33, 0.5], "c": [0.33, 0.25]})
    assert described(thirds) == {name: f"probability {name}" for name in "abc"}
    assert set(described(thirds.drop("c")).values()) == {"score", "attribute"}


def test_columns_named_by_the_values_of_a_label() -> None:
    """A column named as a value of a text column is its class."""
    frame = pl.DataFrame(
        {"id": [1, 2], "age": [0.5, 0.1], "predicted": ["stay", "go"]}
        | {"stay": [0.5, 0.1], "go": [0.5, 0.9]}
    )
    assert described(frame) == {
        "age": "attribute",
        "predicted": "label",
        "stay": "probability stay",
        "go": "probability go",
    }


def test_two_models_are_measured_each() -> None:
    """Both points are in the report, each with its interval; what is not measured is told."""
    a = table(LAYOUTS["several models"]).with_columns(visits=pl.lit(3.5))
    b = a.with_columns(pl.col("Theta4") + 1, visits=pl.lit(4.5))
    report = estimates.diff(a, b, key="id")
    assert {(i.point, i.level) for i in report.intervals} == {("Naive", 0.8), ("Theta4", 0.975)}
    assert report.columns["Theta4"].role == "point"
    assert "Theta4 changed on 100 %" in report.headline
    assert report.headline.endswith("to measure it: --estimates visits.")
    named = estimates.diff(a, b, key="id", estimates=["visits"])
    assert named.columns["visits"].role == "point"


@pytest.mark.parametrize(
    ("token", "level"),
    [("80", 0.8), ("0.8", 0.8), ("2.5%", 0.025), ("0.5%", 0.005), ("975", 0.975), ("08", 0.08)],
)
def test_levels_of_numbers(token: str, level: float) -> None:
    """Numbers say shares, percents, and digits behind a point."""
    assert share(token) == level


def test_names_are_taken_apart() -> None:
    """A number that belongs to the name of a column is no level, and a bare number needs a sign."""
    assert end_name("yhat1_lower", frozenset({("yhat", "1")})) == ("lower", ("yhat", "1"), None)
    assert end_name("ci95_low", frozenset()) == ("lower", (), 0.95)
    assert end_name("price_1_lower", frozenset()) == ("lower", ("price", "1"), None)
    assert quantile_name("10") is None
    assert quantile_name("0.1") == ((), 0.1, True)
    assert tokens("ciLow_97.5") == ("ci", "low", "97.5")


def test_levels_of_a_table_are_named() -> None:
    """By what they are of; a level that is assumed is no level of a name."""
    frame = table(LAYOUTS["several models"]).with_columns(q10=1.0, q90=3.0)
    assert named_levels(frame) == {
        ("quantiles", ()): {0.1: ["q10"], 0.9: ["q90"]},
        ("intervals", ("naive",)): {0.8: ["Naive-lo-80", "Naive-hi-80"]},
        ("intervals", ("theta", "4")): {0.975: ["Theta4-lo-97.5", "Theta4-hi-97.5"]},
    }
