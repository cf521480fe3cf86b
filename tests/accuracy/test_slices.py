""""""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from tests.accuracy.scored import (
    NUMBERS,
    intervals,
    items,
    scored,
)


def test_groups_add_up_to_the_whole() -> None:
    """Slices by group have their own numbers, and the weighted mean of them is the whole."""
    rng = np.random.default_rng(3)
    column = scored(
        NUMBERS,
        intervals(rng, 100),
        pl.DataFrame({"item": items(100), "value": rng.normal(10, 6, 100)}),
    ).columns["p"]
    groups = column.groups["kind"]
    assert [(group.value, group.n, group.few) for group in groups] == [
        ("x", 66, False),
        ("y", 34, False),
    ]
    assert column.point is not None
    total = math.fsum(group.n * float(group.mae or 0) for group in groups)
    assert column.point.mae == pytest.approx(total / 100, rel=1e-12)
