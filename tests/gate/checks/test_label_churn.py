"""The check `label_churn`."""

from __future__ import annotations

import polars as pl
import pytest

from tests.gate.cases import Setting, many_setting, simple
from tests.gate.faulty_settings import relabelled


def test_passes() -> None:
    """Labels that stay pass."""
    result = many_setting(lambda rows: rows).evaluate().check("label_churn")
    assert (result.status, result.value) == ("pass", 0)


def test_warns() -> None:
    """50 of 1,000 labels changed."""
    result = relabelled(50).evaluate().check("label_churn")
    assert result.status == "warn"
    assert result.value == pytest.approx(0.05)


def test_labels_rest_on_all_common_keys() -> None:
    """Null is a label: what changes into it counts in the share, and in the number of keys that the
    share is of.
    """
    of = simple(more='[columns.l]\nrole = "label"\nnullable = true\n')
    keys = {"k": [f"{i:03d}" for i in range(100)], "v": [float(i) for i in range(100)]}
    before, after = (
        pl.DataFrame(keys | {"l": ["a"] * most + [None] * (100 - most)}) for most in (80, 40)
    )
    verdict = Setting(of, after, before).evaluate()
    for check, value in (("label_churn", 0.4), ("prevalence_change", 2.0)):
        result = verdict.check(check)
        assert (result.value, result.n, result.coverage) == (value, 100, 1.0), check
