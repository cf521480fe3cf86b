"""By which loss a column is judged."""

from __future__ import annotations

from typing import Any

import pytest

from estimates.gate.from_accuracy import compared_loss


class Of:
    """Scores of a column that have nothing but losses."""

    def __init__(self, *names: str) -> None:
        self.skill: Any = self if names else None
        self.losses = {name: name.upper() for name in names}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("mae", "rmse", "wis"), "wis"),
        (("rmse", "mae"), "mae"),
        (("log_loss", "brier", "error_rate"), "brier"),
        (("error_rate",), "error_rate"),
        (("rmse",), None),
        ((), None),
    ],
)
def test_the_first_of_them_that_is_there(names: tuple[str, ...], expected: str | None) -> None:
    """WIS before MAE, the Brier score before the error rate; none without a shared key."""
    loss: Any = compared_loss(Of(*names))  # type: ignore
    assert loss == (None if expected is None else (expected, expected.upper()))
