"""Samples: continuous ranked probability score and its parts, bias, energy score of trajectories.

All are those of the empirical distribution of the draws, each of weight 1/m: no correction for how
many there are (the "fair" scores) is made. As scoringutils and scoringRules define them.
Sources: Gneiting and Raftery, JASA 102, 2007 (CRPS, energy score); Jordan, Krüger and Lerch,
Journal of Statistical Software 90, 2019 (the sorted form); Bosse et al., arXiv 2205.07090 (parts,
bias).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np
import polars as pl

from estimates.accuracy.match import Floats, Matched, Rows, mean, trajectory_rows
from estimates.accuracy.observed import Observed
from estimates.accuracy.sample_report import SampleScores

_CELLS = 1 << 20  # numbers of draws that are looked at together


def crps(draws: Floats, y: Floats) -> Floats:
    """Of each row mean |x − y| − ½ mean |x − x'|, over its draws and all pairs of them.

    draws  a row each, ascending; y: as many. In one pass over sorted draws, not over pairs.
    """
    count = draws.shape[1]
    weights = 2.0 * np.arange(1, count + 1) - count - 1
    with np.errstate(over="ignore", invalid="ignore"):
        return np.abs(draws - y[:, None]).mean(axis=1) - draws @ weights / count**2


def energy_scores(draws: Floats, y: Floats) -> Floats:
    """Of each trajectory mean ‖x − y‖ − ½ mean ‖x − x'‖, Euclidean, over draws and all pairs.

    draws  trajectories × steps × draws; y: trajectories × steps
    """
    count = draws.shape[2]
    with np.errstate(over="ignore", invalid="ignore"):
        near = np.sqrt(((draws - y[:, :, None]) ** 2).sum(axis=1)).mean(axis=1)
        apart = np.zeros(len(draws))
        for shift in range(1, count // 2 + 1):  # each pair once by how far apart its draws stand
            pairs = ((draws - np.roll(draws, shift, axis=2)) ** 2).sum(axis=1)
            apart += (1.0 if 2 * shift == count else 2.0) * np.sqrt(pairs).sum(axis=1)
    return near - apart / (2.0 * count**2)


class Draws:
    """The draws of each row beside what was observed; the losses have NaN where a row has no draws
    or no actual value.
    """

    def __init__(self, matched: Matched, column: str, actuals: Floats) -> None:
        self.column = column
        self.y = actuals
        self._matched = matched
        lists = matched.rows.get_column(column)
        self.counts = lists.list.len().fill_null(0).to_numpy().astype(np.intp)
        self._ends = np.cumsum(self.counts)
        self._flat = lists.filter(pl.Series(self.counts > 0, dtype=pl.Boolean)).explode().to_numpy()
        self.good = (self.counts > 0) & ~np.isnan(actuals)

    def _ascending(self) -> Iterator[tuple[Rows, Floats]]:
        """Rows that have equally many draws, and their draws, ascending; some at a time."""
        for count in np.unique(self.counts[self.good]).tolist():
            rows = np.flatnonzero(self.good & (self.counts == count))
            for part in np.array_split(rows, 1 + len(rows) * count // _CELLS):
                yield part, np.sort(self._of(part, count), axis=1)

    def _of(self, rows: Rows, count: int) -> Floats:
        """The draws of rows that have so many, in their order."""
        return self._flat[(self._ends[rows] - count)[:, None] + np.arange(count)]

    @cached_property
    def losses(self) -> dict[str, Floats]:
        """Of each row `crps`, its parts `crps_dispersion`, `crps_below`, `crps_above`, and
        `sample_bias`.
        """
        names = ("crps", "crps_dispersion", "crps_below", "crps_above", "sample_bias")
        values = {name: np.full(len(self.y), np.nan) for name in names}
        for rows, draws in self._ascending():
            y, count = self.y[rows], draws.shape[1]
            middle = (draws[:, (count - 1) // 2] + draws[:, count // 2]) / 2
            score, dispersion = crps(draws, y), crps(draws, middle)
            rest = score - dispersion
            values["crps"][rows] = score
            values["crps_dispersion"][rows] = dispersion
            values["crps_below"][rows] = np.where(y < middle, rest, 0.0)
            values["crps_above"][rows] = np.where(y > middle, rest, 0.0)
            at_most, below = (draws <= y[:, None]).mean(axis=1), (draws < y[:, None]).mean(axis=1)
            values["sample_bias"][rows] = 1.0 - at_most - below
        return values

    @cached_property
    def energy(self) -> tuple[Floats, int]:
        """The energy score of each trajectory at its first row, NaN elsewhere; and how many
        trajectories are left out, since not all their keys have draws and an actual value.
        """
        scores, incomplete = np.full(len(self.y), np.nan), 0
        alike: dict[tuple[int, int], list[Rows]] = {}
        for rows, length in trajectory_rows(self._matched, self.column):
            counts = self.counts[rows]
            if len(rows) < length or not self.good[rows].all() or (counts != counts[0]).any():
                incomplete += 1
            else:
                alike.setdefault((length, int(counts[0])), []).append(rows)
        for (length, count), trajectories in alike.items():
            together = max(1, _CELLS // (length * count))
            for start in range(0, len(trajectories), together):
                rows = np.stack(trajectories[start : start + together])
                draws = self._of(rows.ravel(), count).reshape(*rows.shape, count)
                scores[rows[:, 0]] = energy_scores(draws, self.y[rows])
        return scores, incomplete


def draws_of(matched: Matched, of: Observed, actuals: Floats) -> Draws | None:
    """The draws of what was observed, looked at once; None where the contract has none."""
    if of.samples is None:
        return None
    if of.samples not in matched.draws:
        matched.draws[of.samples] = Draws(matched, of.samples, actuals)
    return matched.draws[of.samples]


def measure(draws: Draws) -> SampleScores:
    """Summarise the rows that have draws and an actual value."""
    total, n = int((~np.isnan(draws.y)).sum()), int(draws.good.sum())
    means = {name: mean(values[draws.good]) for name, values in draws.losses.items()}
    energy, incomplete = draws.energy
    of_trajectories = energy[~np.isnan(energy)]
    reasons = {} if means["crps"] is not None else {"crps": "overflow"}
    score = mean(of_trajectories)
    if score is None:
        reasons["energy_score"] = "overflow" if len(of_trajectories) else "no_trajectories"
    return SampleScores(
        column=draws.column,
        n=n,
        coverage=n / total if total else None,
        draws=int(draws.counts[draws.good].min()) if n else None,
        crps=means["crps"],
        dispersion=means["crps_dispersion"],
        penalty_below=means["crps_below"],
        penalty_above=means["crps_above"],
        bias=means["sample_bias"],
        trajectories=len(of_trajectories),
        incomplete=incomplete,
        energy_score=score,
        reasons=reasons if n else {"crps": "no_comparable_keys"} | reasons,
    )
