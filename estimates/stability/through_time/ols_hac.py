"""Ordinary least squares with standard errors that hold when errors overlap in time, and between
keys of one time.

The errors of one time are added up before their products over time are (Driscoll and Kraay, 1998);
weights fall linearly with the lag (Newey and West, 1987). With one row a time these are the errors
of Newey and West.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from estimates.stability.value_kinds import Floats


class Line(NamedTuple):
    """y = alpha + beta · x, with standard errors."""

    alpha: float
    alpha_se: float
    beta: float
    beta_se: float


def line(x: Floats, y: Floats, time: NDArray[np.int64], lags: int) -> Line | None:
    """The line through points, each with the number of its time: 0, 1, …; None when all x are the
    same.
    """
    middle = float(x.mean())
    # x around its mean: the two then hardly depend
    regressors = np.column_stack([np.ones(len(x)), x - middle])
    squares = regressors.T @ regressors
    if squares[1, 1] <= len(x) * (1e-12 * max(1.0, float(np.abs(x).max()))) ** 2:
        return None
    at_mean, beta = np.linalg.solve(squares, regressors.T @ y)
    errors = _covariance(regressors, y - regressors @ np.array([at_mean, beta]), time, lags)
    alpha_variance = errors[0, 0] - 2 * middle * errors[0, 1] + middle**2 * errors[1, 1]
    alpha_se, beta_se = np.sqrt(max(alpha_variance, 0.0)), np.sqrt(errors[1, 1])
    return Line(float(at_mean - beta * middle), float(alpha_se), float(beta), float(beta_se))


def mean_error(y: Floats, time: NDArray[np.int64], lags: int) -> float:
    """The standard error of a mean."""
    ones = np.ones((len(y), 1))
    return float(np.sqrt(_covariance(ones, y - y.mean(), time, lags)[0, 0]))


def lags_of(times: int, overlap: int) -> int:
    """How many lags to count: as far as errors overlap, and at least ⌊4 · (T / 100)^(2/9)⌋; below
    T.
    """
    return max(0, min(times - 1, max(overlap, int(4 * (times / 100) ** (2 / 9)))))


def _covariance(
    regressors: Floats, residuals: Floats, time: NDArray[np.int64], lags: int
) -> Floats:
    scores = np.zeros((int(time.max()) + 1, regressors.shape[1]))
    np.add.at(scores, time, regressors * residuals[:, None])
    middle = scores.T @ scores
    for lag in range(1, lags + 1):
        product = scores[lag:].T @ scores[:-lag]
        middle += (1 - lag / (lags + 1)) * (product + product.T)
    inverse = np.linalg.inv(regressors.T @ regressors)
    return inverse @ middle @ inverse
