"""The check `prevalence_change`."""

from __future__ import annotations

import pytest

from tests.gate.cases import many_setting
from tests.gate.faulty_settings import relabelled


def test_passes() -> None:
    """Classes that stay pass."""
    result = many_setting(lambda rows: rows).evaluate().check("prevalence_change")
    assert (result.status, result.value) == ("pass", 0)


def test_warns() -> None:
    """A class of 500 keys grew by 251."""
    result = relabelled(251).evaluate().check("prevalence_change")
    assert result.status == "warn"
    assert result.value == pytest.approx(0.502)
