"""The check `diebold_mariano`."""

from __future__ import annotations

from tests.gate.cases import Setting
from tests.gate.faulty_settings import worse_by_day


def better_by_day() -> Setting:
    """The candidate and the baseline of `worse_by_day`, exchanged."""
    worse = worse_by_day()
    assert worse.baseline is not None
    return Setting(worse.contract, worse.baseline, worse.frame, actuals=worse.actuals)


def test_warns() -> None:
    """A loss that is worse on most of forty days is worse by more than chance."""
    result = worse_by_day().evaluate().check("diebold_mariano")
    assert result.status == "warn"
    assert result.value is not None
    assert 0 <= result.value < 0.05
    assert result.n == 40


def test_passes() -> None:
    """A candidate that is no worse has a p-value of 1."""
    result = better_by_day().evaluate().check("diebold_mariano")
    assert (result.status, result.value) == ("pass", 1)
