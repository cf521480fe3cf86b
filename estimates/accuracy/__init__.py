"""Accuracy: what versions were worth when actual values arrived. docs/accuracy.md has every number
and formula.

observed     what can be scored: numbers and labels, with the columns that say something about them
actuals      tables of actual values; match: a version beside them
point, interval, quantile, probability   a family of numbers each
losses       the losses of each key; slices: by group and horizon; skill, revision: against another
             version
score        one version; together, diebold_mariano: all versions
report       the Structs; wire: as JSON; table: as a frame; text: as a page; charts: as pictures
"""

from __future__ import annotations

from estimates.accuracy import accuracy_json
from estimates.accuracy.accuracy_report import Accuracy, Scored, SetAccuracy
from estimates.accuracy.actuals import Actuals, read_actuals
from estimates.accuracy.pooling import of_set
from estimates.accuracy.score import Other, score

__all__ = [
    "Accuracy",
    "Actuals",
    "Other",
    "Scored",
    "SetAccuracy",
    "accuracy_json",
    "of_set",
    "read_actuals",
    "score",
]
