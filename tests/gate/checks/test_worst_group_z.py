"""The check `worst_group_z`."""

from __future__ import annotations

import pytest

from tests.gate.cases import many_setting
from tests.gate.faulty_settings import first


def test_passes() -> None:
    """Moves within a half width pass."""
    result = many_setting(lambda rows: rows).evaluate().check("worst_group_z")
    assert (result.status, result.value) == ("pass", 0)


def test_warns() -> None:
    """110 of the 500 points of a group moved by more than a half width."""
    result = first("v", 1.11, 110).evaluate().check("worst_group_z")
    assert result.status == "warn"
    assert result.value == pytest.approx(0.22)
