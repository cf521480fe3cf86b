"""Samples go along key columns, and quantiles are made of samples of their own point."""

from __future__ import annotations

import pytest

from estimates.contract.columns import Column
from estimates.contract.sample_rules import check_samples

DRAWS = Column(role="samples", joint=("t",))
MEDIAN = Column(role="quantile", quantile=0.5, from_samples="draws")


def check(of: str = "", key: tuple[str, ...] = ("k", "t"), **columns: Column) -> None:
    """Check columns of which `median` belongs to the point `of`."""
    check_samples(columns, key, dict.fromkeys(columns, "") | {"median": of})


def test_samples_and_their_quantiles() -> None:
    """Along a key column, of one point."""
    check(draws=DRAWS, median=MEDIAN)


def test_what_samples_may_not_be() -> None:
    """Along what is no key column; the name that may have been meant is said."""
    with pytest.raises(ValueError, match=r"joint names 't', which is no key column"):
        check(key=("k",), draws=DRAWS)
    with pytest.raises(ValueError, match=r"names 'draws', which is no column of samples"):
        check(draw=DRAWS, median=MEDIAN)
    with pytest.raises(ValueError, match="belong to two points"):
        check("v", draws=DRAWS, median=MEDIAN)
