"""The regression behind news or noise, beside formulas written out."""

from __future__ import annotations

import numpy as np
import pytest

from estimates.stability.through_time.ols_hac import lags_of, line, mean_error

TIME = np.arange(8)
X = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0])
E = np.array([0.3, -0.1, 0.2, -0.4, 0.1, 0.2, -0.5, 0.2])


def plain_mean_error(y: np.ndarray, time: np.ndarray, lags: int) -> float:
    """Newey and West of sums by time, term by term."""
    residuals = y - y.mean()
    sums = [float(residuals[time == t].sum()) for t in range(int(time.max()) + 1)]
    total = sum(s * s for s in sums)
    for lag in range(1, lags + 1):
        weight = 1 - lag / (lags + 1)
        total += 2 * weight * sum(a * b for a, b in zip(sums[lag:], sums[:-lag], strict=True))
    return float(np.sqrt(total)) / len(y)


def test_a_line_through_points_that_lie_on_one_is_exact() -> None:
    """With no error; points at one place have none."""
    fitted = line(X, 2 + 3 * X, TIME, 1)
    assert fitted is not None
    assert (fitted.alpha, fitted.beta) == (pytest.approx(2), pytest.approx(3))
    assert (fitted.alpha_se, fitted.beta_se) == (pytest.approx(0, abs=1e-12),) * 2
    assert line(np.full(8, 5.0), X, TIME, 1) is None


def test_without_lags_it_is_the_error_of_white() -> None:
    """Of squares of residuals times regressors."""
    y = 2 + 3 * X + E
    fitted = line(X, y, TIME, 0)
    assert fitted is not None
    slope, intercept = np.polyfit(X, y, 1)
    assert (fitted.alpha, fitted.beta) == (pytest.approx(intercept), pytest.approx(slope))
    centred = X - X.mean()
    residuals = y - intercept - slope * X
    white = np.sqrt(((centred * residuals) ** 2).sum()) / (centred**2).sum()
    assert fitted.beta_se == pytest.approx(white)


@pytest.mark.parametrize("lags", [0, 1, 3])
@pytest.mark.parametrize("time", [TIME, TIME // 2])
def test_the_error_of_a_mean_term_by_term(time: np.ndarray, lags: int) -> None:
    """Rows of one time are added up first."""
    assert mean_error(E, time, lags) == pytest.approx(plain_mean_error(E, time, lags))


@pytest.mark.parametrize(
    ("times", "overlap", "lags"), [(1, 5, 0), (2, 5, 1), (100, 0, 4), (100, 9, 9), (12, 0, 2)]
)
def test_lags_reach_as_far_as_errors_overlap(times: int, overlap: int, lags: int) -> None:
    """At least as many as there are for so many times, and below them."""
    assert lags_of(times, overlap) == lags
