"""What a check said in earlier verdicts, as a picture."""

from __future__ import annotations

import msgspec
import pytest

from estimates.gate.verdict import CheckResult, Verdict
from estimates_api.desk.check_history import HEIGHT, WIDTH, check_histories
from tests.gate.verdicts import worded


def verdict(version: int, value: float | None, status: str = "pass") -> Verdict:
    """A verdict whose one check said this."""
    check = CheckResult(4, "null_share", 1, "Nulls", status, value=value, warn=0.1, block=0.4)
    return msgspec.structs.replace(worded("x"), checks=[check], version=version)


def test_values_and_limits_lie_on_one_scale() -> None:
    """Oldest first from left to right; the block limit lies above the warning's and the values."""
    history = check_histories(verdict(3, 0.2, "warn"), [verdict(1, 0.0), verdict(2, 0.05)])
    dots, warn, block = history["null_share"]
    assert warn is not None
    assert block is not None
    assert [dot.path.rpartition("/")[2] for dot in dots] == ["1", "2", "3"]
    assert (dots[0].x, dots[-1].x) == (8, WIDTH - 8)
    assert HEIGHT > dots[0].y > dots[1].y > warn > dots[2].y > block > 0
    assert dots[2].words.endswith(", warn")


@pytest.mark.parametrize(
    ("now", "before"), [(0.1, None), (None, 0.1), (0.1, float("nan")), (0.1, float("inf"))]
)
def test_no_history_without_two_values(now: float | None, before: float | None) -> None:
    """A value that is missing or not finite is none."""
    assert check_histories(verdict(2, now), [verdict(1, before)]) == {}
