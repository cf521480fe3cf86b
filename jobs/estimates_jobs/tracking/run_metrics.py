"""The numbers of a report and of scores that are metrics of an MLflow run, by their names there."""

from __future__ import annotations

from collections.abc import Iterator

from estimates.accuracy.accuracy_report import Accuracy
from estimates.stability.report import Report

# The numbers of a column's scores that are logged, by part.
_SCORES = {
    "point": ("mae", "rmse", "bias", "mase"),
    "distribution": ("wis", "dispersion", "penalty_below", "penalty_above"),
    "samples": ("crps", "energy_score"),
    "label": ("right",),
    "probability": ("brier", "log_loss"),
    "revision": ("error_change", "won", "lost"),
}


def of_report(report: Report) -> Iterator[tuple[str, float | None]]:
    """How a version differs from the one before it: keys, and the numbers of each column."""
    for name in ("added_share", "removed_share", "key_jaccard", "identical_share"):
        yield f"stability/{name}", getattr(report.keys, name)
    for column, change in report.columns.items():
        yield f"stability/{column}/coverage", change.coverage
        if change.label is not None:
            yield f"stability/{column}/churn", change.label.churn
        if change.scalar is None:
            continue
        for name in ("equal_share", "material_share", "mean_revision", "rmar", "sign_flip_share"):
            yield f"stability/{column}/{name}", getattr(change.scalar, name)
        if change.scalar.r is not None:
            for name in ("p50", "p95", "max"):
                yield f"stability/{column}/r_{name}", getattr(change.scalar.r, name)


def of_scores(scores: Accuracy) -> Iterator[tuple[str, float | None]]:
    """The numbers of all keys of each column; those by horizon and group stay in the catalog."""
    head = "accuracy" if scores.asked is None else f"accuracy/{scores.asked}"
    for column, score in scores.columns.items():
        yield f"{head}/{column}/actuals", float(score.actuals)
        for part, names in _SCORES.items():
            numbers = getattr(score, part)
            for name in names if numbers is not None else ():
                yield f"{head}/{column}/{name}", getattr(numbers, name)
        for interval in score.intervals:
            level = f"{100 * interval.level:g}"
            yield f"{head}/{column}/covered_{level}", interval.covered
            yield f"{head}/{column}/interval_score_{level}", interval.score
        for loss, compared in score.skill.losses.items() if score.skill is not None else ():
            yield f"{head}/{column}/skill_{loss}", compared.skill
