"""Draws of a distribution, recognised by the names of columns."""

from __future__ import annotations

import pytest

from estimates.guess.draws import columns_of_draws, in_words, number_of_draw


@pytest.mark.parametrize(
    "form", ["sample_{}", "draw.{}", "y_rep[{}]", "Sample {}", "forecast_sample_{}", "sim{}"]
)
def test_columns_that_differ_in_a_number(form: str) -> None:
    """GluonTS, posterior and neural forecasters number them; a few such columns may be anything."""
    names = [form.format(i) for i in range(20)]
    assert columns_of_draws(["id", *names, "mean"]) == names
    assert columns_of_draws(names[:5]) == []


@pytest.mark.parametrize("name", [".draw", "draw", "sample", "sample_id", ".rep", "path_id"])
def test_a_column_that_numbers_draws(name: str) -> None:
    """Draws in rows have their number in a column."""
    assert number_of_draw(["id", name, "value"]) == name


@pytest.mark.parametrize(
    "name", ["withdraw", "samples_taken", "path_to_file", "rep", "path", "price_1"]
)
def test_other_names(name: str) -> None:
    """A word that only contains one of theirs is none."""
    assert number_of_draw([name]) is None
    assert columns_of_draws([f"{name}s{i}" for i in range(20)]) == []


def test_what_is_said() -> None:
    """Which columns, and what to do; of a number in the key nothing, it was meant."""
    wide = in_words(["id", *(f"sample_{i}" for i in range(10))], ["id"])
    assert wide.startswith("sample_0 to sample_9 look like 10 draws of one distribution")
    assert "'.draw' looks like the number of a draw; a contract" in in_words([".draw", "v"], [])
    assert in_words([".draw", "v"], [".draw"]) == ""
    assert in_words(["id", "forecast"], ["id"]) == ""
