"""Every default limit, written a second time: a value at it passes, the next one beyond
does not.
"""

from __future__ import annotations

import math

import msgspec
import pytest

from estimates.gate.check import Measure
from estimates.gate.registry import CHECKS
from estimates.gate.verdict import CheckResult
from tests.gate.cases import (
    Setting,
)

# nothing of this kind may be in a version
_NONE = [
    "manifest",
    "content_digest",
    "readable",
    "schema",
    "keys",
    "lineage",
    "nan",
    "infinite",
    "nulls",
    "hard_bounds",
    "interval_order",
    "nested_intervals",
    "quantile_crossing",
    "probabilities",
    "vocabulary",
    "domain_outside",
    "times",
    "finite_to_null",
    "waivers",
]
# name: warning limit, blocking limit, the bad side; the reasons are in docs/gate.md, "Where the
# limits come from".
LIMITS: dict[str, tuple[float | None, float | None, str]] = {
    **dict.fromkeys(
        _NONE,
        (None, 0, "above"),
    ),
    "not_empty": (None, 1, "below"),
    "reproducible": (0, None, "above"),
    "soft_bounds": (0.001, None, "above"),
    "equal_intervals": (None, 0.02, "above"),
    "zero_width": (0.001, 0.02, "above"),
    "equal_quantiles": (0, None, "above"),
    "constant_column": (0, None, "above"),
    "dominant_value": (0.5, 0.9, "above"),
    "duplicate_content": (0.01, None, "above"),
    "new_duplicates": (None, 0.02, "above"),
    "comparable": (None, 1, "below"),
    "removed_keys": (0.005, 0.02, "above"),
    "added_keys": (0.05, 0.2, "above"),
    "frozen": (0.01, 0.04, "above"),
    "unusual_change": (0, None, "above"),
    "p95_change": (0.15, 0.25, "above"),
    "extreme_move": (4, 6, "above"),
    "jumps": (0.001, 0.004, "above"),
    "median_shift": (0.03, 0.05, "above"),
    "sign_flips": (0.01, 0.05, "above"),
    "z_beyond_one": (0.2, 0.45, "above"),
    "outside_old_interval": (0.2, 0.45, "above"),
    "width_change": (1.1, 1.15, "above"),
    "series_width": (1.5, 2, "above"),
    "relative_width": (None, None, "above"),
    "unlike_others": (None, None, "above"),
    "quantile_change": (0.75, 1.25, "above"),
    "label_churn": (0.03, 0.08, "above"),
    "prevalence_change": (0.5, 0.9, "above"),
    "rank_order": (0.95, 0.8, "below"),
    "top_overlap": (0.8, None, "below"),
    "concentration": (0.5, None, "above"),
    "psi": (0.1, None, "above"),
    "worst_group_change": (0.2, None, "above"),
    "worst_group_z": (0.2, None, "above"),
    "accuracy_loss": (0.1, 0.25, "above"),
    "excess_churn": (0.05, None, "above"),
    "diebold_mariano": (0.05, None, "below"),
    # limits that the contract gives, or the check itself; tests of their own below and in
    # test_faults.py
    "minimum_rows": (None, None, "below"),
    "null_share": (None, None, "above"),
    "submission_window": (0, None, "above"),
    "updated_share": (None, None, "below"),
    "domain_missing": (None, None, "above"),
    "freshness": (None, None, "above"),
    "unchanged": (None, None, "below"),
    "coverage_error": (None, None, "above"),
}
# what no policy can touch
UNWAIVABLE = [
    "manifest",
    "content_digest",
    "readable",
    "schema",
    "keys",
    "not_empty",
    "minimum_rows",
    "interval_order",
    "nested_intervals",
    "quantile_crossing",
    "waivers",
]
# what is about the version as a whole, so that neither groups nor single keys can be excepted
WHOLE = [
    "lineage",
    "reproducible",
    "times",
    "freshness",
    "submission_window",
    "comparable",
    "frozen",
    "updated_share",
    "unusual_change",
    "series_width",
    "worst_group_change",
    "worst_group_z",
    "diebold_mariano",
]


def result_at(name: str, value: float, monkeypatch: pytest.MonkeyPatch) -> CheckResult:
    """What the gate says when a check of the registry measures this value."""
    check = next(check for check in CHECKS if check.name == name)
    measured = msgspec.structs.replace(
        check,
        measure=lambda context: Measure(value, 10_000, "measured"),
        stage=2,
        depends_on=(),
        field=None,
        limits=None,
    )
    monkeypatch.setattr("estimates.gate.policy.CHECKS", [measured])
    return Setting().evaluate().check(check.name)


def beyond(limit: float, worse: str) -> float:
    """A value that is worse than a limit by a billionth."""
    step = max(abs(limit), 1e-3) * 1e-9
    return limit + step if worse == "above" else limit - step


def test_the_limits_are_those_of_every_check() -> None:
    """The list above is whole."""
    assert list(LIMITS.keys() - {check.name for check in CHECKS}) == []
    assert [check.name for check in CHECKS if check.name not in LIMITS] == []


@pytest.mark.parametrize("name", [check.name for check in CHECKS])
def test_a_value_at_its_exact_default_limit_passes_and_one_beyond_does_not(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both limits of every check, from either side; where there is no limit, anything passes."""
    warn, block, worse = LIMITS[name]
    first = next((limit for limit in (warn, block) if limit is not None), None)
    if first is not None:
        assert result_at(name, first, monkeypatch).status == "pass"
        assert result_at(name, beyond(first, worse), monkeypatch).status == (
            "fail" if warn is None else "warn"
        )
    if block is not None:
        at_block = result_at(name, block, monkeypatch).status
        assert at_block == ("pass" if warn is None else "warn")
        assert result_at(name, beyond(block, worse), monkeypatch).status == "fail"
    else:
        far = -1e9 if worse == "below" else 1e9
        assert result_at(name, far, monkeypatch).status == ("pass" if warn is None else "warn")


def test_what_cannot_be_excepted() -> None:
    """Which checks nobody may adjust or waive, and which are about no single keys."""
    assert [check.name for check in CHECKS if not check.waivable] == UNWAIVABLE
    assert [check.name for check in CHECKS if not check.by_key] == WHOLE


def test_limits_are_finite() -> None:
    """A limit that is no number would turn its check off."""
    for check in CHECKS:
        assert all(limit is None or math.isfinite(limit) for limit in (check.warn, check.block))
