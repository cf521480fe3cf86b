"""Quantiles of groups, beside those of each group's values."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from estimates.stability.kernels.blocks import BLOCK, block_size, each_block
from estimates.stability.kernels.group_quantiles import GroupQuantiles
from estimates.stability.kernels.grouping import grouping

ROWS = 5 * BLOCK + 7
LEVELS = (0.5, 0.95)


@pytest.mark.parametrize("groups", [1, 3, 60, 1000])
@pytest.mark.parametrize("kind", ["apart", "few values", "one group elsewhere"])
def test_each_group_has_its_quantiles(groups: int, kind: str) -> None:
    """Of long and short groups, in any order of the rows, with ties, and where a sample of the rows
    says nothing of a group.
    """
    rng = np.random.default_rng(8)
    of = rng.integers(0, groups, ROWS)
    x = rng.lognormal(0, 1, ROWS)
    if kind == "few values":
        x = np.round(x)
    elif kind == "one group elsewhere":
        of[:9] = groups
        x[of == 0] += np.linspace(0, 100, int((of == 0).sum()))
    by = grouping(pl.Series(of))
    assert by.blocks is not None
    order, length = by.blocks, block_size(ROWS)
    quantiles = GroupQuantiles(x.__getitem__, by, order, *LEVELS)
    blocks = each_block(
        lambda rows: quantiles.of_block(
            x[rows].take(order.within[rows]), order.counts[rows.start // length]
        ),
        ROWS,
    )
    for group, (value, n) in enumerate(zip(by.shown, by.sizes().tolist(), strict=True)):
        if n:
            wanted = np.quantile(x[of == value], LEVELS)
            assert np.allclose(quantiles.of_blocks(group, blocks), wanted, rtol=1e-15)
