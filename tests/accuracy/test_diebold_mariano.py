"""The test of Diebold and Mariano beside its definition and statsmodels."""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest

from estimates.accuracy.diebold_mariano import statistic_of
from estimates.errors import InvalidError


def reference_dm(d: list[float], lag: int) -> float:
    """The corrected statistic as the paper writes it."""
    count, h = len(d), lag + 1
    average = math.fsum(d) / count
    autocovariance = [
        math.fsum((d[t] - average) * (d[t - k] - average) for t in range(k, count)) / count
        for k in range(h)
    ]
    variance = (autocovariance[0] + 2 * math.fsum(autocovariance[1:])) / count
    return (
        math.sqrt((count + 1 - 2 * h + h * (h - 1) / count) / count) * average / math.sqrt(variance)
    )


@pytest.mark.parametrize("lag", [0, 1, 4])
def test_diebold_mariano_agrees_with_its_definition(lag: int) -> None:
    """Statistic as in the paper; at lag 0 it is, but for the correction, the t statistic of
    statsmodels.
    """
    from statsmodels.stats.weightstats import DescrStatsW

    rng = np.random.default_rng(11)
    noise = rng.normal(0.4, 1, 60)
    d = np.convolve(noise, np.ones(lag + 1), mode="valid") if lag else noise
    statistic, p_value, reason = statistic_of(d, lag)
    assert reason is None
    assert statistic == pytest.approx(reference_dm(d.tolist(), lag), rel=1e-12)
    assert p_value is not None
    assert 0 < p_value < 1
    if lag == 0:
        # divides by T − 1 where the paper divides by T; HLN puts it right
        t, p, freedom = DescrStatsW(d).ttest_mean()
        assert (statistic, p_value, freedom) == (pytest.approx(t), pytest.approx(p), 59)


def test_diebold_mariano_says_why_there_is_none() -> None:
    """Few dates, equal losses, and a variance that is not positive are no test."""
    assert statistic_of(np.ones(9), 0)[2] == "too_few_dates"
    assert statistic_of(np.ones(12), 6)[2] == "too_few_dates"
    assert statistic_of(np.zeros(20), 0)[2] == "no_difference"
    assert statistic_of(np.ones(20), 0)[2] == "variance_not_positive"
    assert statistic_of(np.array([1.0, -1.0] * 10) + 0.1, 1)[2] == "variance_not_positive"


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """A p-value without scipy is an error that names the extra; why there is no test is not."""
    monkeypatch.setitem(sys.modules, "scipy.stats", None)
    install = r"pip install 'estimates-store\[accuracy\]'"
    with pytest.raises(InvalidError, match=install) as error:
        statistic_of(np.random.default_rng(1).normal(0.3, 1, 30), 0)
    assert error.value.code == "no_scipy"
    assert statistic_of(np.ones(9), 0)[2] == "too_few_dates"
