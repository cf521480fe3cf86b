"""What checks of stage 4 take from the accuracy report."""

from typing import NamedTuple

from estimates.accuracy.accuracy_report import ColumnScores, Compared

_LOSSES = ("wis", "mae", "brier", "error_rate")


class ComparedLoss(NamedTuple):
    """The loss that a column is judged by, of both versions on their shared keys."""

    name: str
    losses: Compared


def compared_loss(column: ColumnScores) -> ComparedLoss | None:
    """WIS, else MAE; of probabilities the Brier score, of labels the error rate; None where no key
    is shared.
    """
    if column.skill is None:
        return None
    losses = column.skill.losses
    return next((ComparedLoss(name, losses[name]) for name in _LOSSES if name in losses), None)
