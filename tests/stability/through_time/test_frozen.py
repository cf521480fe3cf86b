"""K4: estimates that stand still over several versions."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
import pytest

from estimates.contract.contract import Contract
from estimates.errors import InvalidError
from estimates.stability.through_time.frozen import frozen_report, frozen_rows
from estimates.stability.through_time.revision_report import FrozenReport
from tests.stability.one_column import contract, frame


def report(versions: Sequence[pl.DataFrame], of: Contract) -> FrozenReport:
    """What is said of some versions, oldest first."""
    return frozen_report(frozen_rows(versions, of), of)


def test_frozen_estimates_are_named() -> None:
    """Keys whose estimate is the same in every version, among those that all versions have."""
    versions = [
        frame([1.0, 2.0, 3.0, None, 5.0], "abcde"),
        frame([2.5, None, 1.0, 3.0], "bdac"),
        frame([1.0, 2.0, 3.0, None, 7.0], "abcdf"),
    ]
    frozen = report(versions, contract("nullable = true"))
    assert (frozen.versions, frozen.n, frozen.frozen_share) == (3, 4, 0.75)
    assert frozen.keys == [["a"], ["c"], ["d"]]


def test_a_moving_attribute_is_no_moving_estimate() -> None:
    """Only estimates count: a column carried along may change."""
    c = contract("", '[columns.asof]\nrole = "attribute"\n')
    a = frame([1.0]).with_columns(asof=pl.lit(1.0))
    assert report([a, a.with_columns(asof=pl.lit(2.0))], c).frozen_share == 1


def test_frozen_needs_two_versions_and_a_common_key() -> None:
    """One version, or no key in all of them: null, and why; duplicate keys are an error."""
    single = report([frame([1.0])], contract())
    assert (single.frozen_share, single.reason) == (None, "too_few_versions")
    none = report([frame([1.0], "a"), frame([1.0], "b")], contract())
    assert (none.n, none.frozen_share, none.reason) == (0, None, "no_comparable_keys")
    with pytest.raises(InvalidError, match="more than once"):
        report([frame([1.0, 2.0], "aa"), frame([1.0], "a")], contract())
