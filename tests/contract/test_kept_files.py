"""Rules of retention, and their text."""

from __future__ import annotations

from typing import Any

import pytest

from estimates.contract.kept_files import Retention


@pytest.mark.parametrize(
    ("rules", "fault"),
    [
        ({"keep_versions": 0}, "keep_versions must be at least 1"),
        ({"keep_for": "0d"}, "keep_for must be longer than 0"),
        ({"keep_versions": 3, "keep_promoted_for": "0d"}, "keep_promoted_for must be longer"),
        ({"keep_promoted_for": "7d"}, "only keeps longer what another rule lets go"),
        ({"keep_for": "a week"}, "a week"),
    ],
)
def test_rules_that_keep_nothing_or_everything(rules: dict[str, Any], fault: str) -> None:
    """Each is refused with what it lacks."""
    with pytest.raises(ValueError, match=fault):
        Retention(**rules)


def test_rules_as_the_contract_has_them() -> None:
    """None is empty text."""
    assert Retention().text() == ""
    rules = Retention(keep_versions=1, keep_promoted_for="90d")
    assert rules.text() == "keep_versions = 1, keep_promoted_for = 90d"
    assert Retention(keep_for="7d", keep_promoted_for="90d").keep_for == "7d"
