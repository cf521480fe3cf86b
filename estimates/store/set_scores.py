"""Scoring one set: against actual values, key by key, the gate's verdicts; and what was stored."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Unpack

import polars as pl

from estimates.accuracy.accuracy_report import LAST_SCORED
from estimates.catalog.at import NOW, At
from estimates.store.open_store import OpenStore

if TYPE_CHECKING:  # who reads by key does not pay for the rest
    from estimates.accuracy.accuracy_report import Accuracy, SetAccuracy
    from estimates.reading.row_request import RowRelease
    from estimates.store.regrading import Regrading
    from estimates.store.scoring import Outcome

Time = datetime | str


class SetScores:
    """The part of `EstimateSet` that scores."""

    store: OpenStore
    name: str

    def score(
        self,
        actuals: pl.DataFrame,
        *,
        versions: Sequence[int] | None = None,
        vintage: Time | None = None,
        against: str | int | None = None,
    ) -> Outcome:
        """Score versions against actual values and store the scores; see `scoring.score_set`."""
        from estimates.store.scoring import score_set

        return score_set(
            self.store, self.name, actuals, versions=versions, vintage=vintage, against=against
        )

    def scores_by_key(
        self,
        actuals: pl.DataFrame,
        *,
        versions: Sequence[int] | None = None,
        vintage: Time | None = None,
        log_shift: float | None = None,
    ) -> pl.DataFrame:
        """The scores of single keys, a row each; nothing is stored. See
        `key_scoring.scores_by_key`.
        """
        from estimates.store.key_scoring import scores_by_key

        return scores_by_key(
            self.store, self.name, actuals, versions=versions, vintage=vintage, log_shift=log_shift
        )

    def score_at(
        self,
        actuals: pl.DataFrame,
        *,
        vintage: Time | None = None,
        at: At = NOW,
        **release: Unpack[RowRelease],
    ) -> Accuracy:
        """The scores of what was known when, such as `deadline="D-1T06:00"`; nothing is stored.
        See `scores_at.score_at`.
        """
        from estimates.store.scores_at import score_at

        return score_at(self.store, self.name, actuals, at=at, vintage=vintage, release=release)

    def regrade(self, actuals: pl.DataFrame, *, vintage: Time | None = None) -> Regrading:
        """Grade the gate's verdicts by actual values and log the grades; see
        `regrading.regrade`.
        """
        from estimates.store.regrading import regrade

        return regrade(self.store, self.name, actuals, vintage=vintage)

    def accuracy(
        self,
        version: int | None = None,
        *,
        last: int = LAST_SCORED,
        vintage: Time | None = None,
    ) -> SetAccuracy:
        """The newest stored scores of one version, or of the `last` versions that have any, of one
        vintage; see `scoring.stored_scores`.
        """
        from estimates.store.scoring import stored_scores

        view = self.store.view()
        return stored_scores(self.store.catalog, view, self.name, version, last, vintage)
