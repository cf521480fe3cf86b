"""Check `accuracy_loss`: the version is no worse than the one in production."""

import math

from estimates.errors import InvalidError
from estimates.gate.check import Check, Measure
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.from_accuracy import ComparedLoss, compared_loss


def _largest_growth(context: EvaluationContext) -> Measure:
    losses = {name: compared_loss(column) for name, column in context.accuracy.columns.items()}
    growths = [(_growth(loss), name, loss) for name, loss in losses.items() if loss is not None]
    if not growths:
        raise InvalidError(
            "no_shared_keys", "no_shared_keys: no key with an actual value is in both versions"
        )
    value, worst, (loss, compared) = max(growths, key=lambda item: item[:2])
    message = (
        f"{loss} of {worst} is {compared.ours:.4g}, the baseline's {compared.theirs:.4g}, on "
        f"{compared.n} shared keys"
    )
    return Measure(value, compared.n, message)


def _growth(loss: ComparedLoss) -> float:
    """Raises InvalidError (`overflow`; `perfect_baseline` for a loss of 0 that grew)."""
    now, before = loss.losses.ours, loss.losses.theirs
    if not math.isfinite(now) or not math.isfinite(before):
        raise InvalidError("overflow", f"overflow: {loss.name} is not finite")
    if before == now == 0:
        return 0.0
    if before == 0:
        raise InvalidError(
            "perfect_baseline",
            f"perfect_baseline: the baseline's {loss.name} is 0, which nothing can be relative to",
        )
    return now / before - 1


CHECK = Check(
    number=39,
    name="accuracy_loss",
    title="No worse than the baseline",
    stage=4,
    measure=_largest_growth,
    purpose="a version that is worse than the one in production",
    metric="growth of the mean loss against the baseline on the shared keys, worst column",
    unit="share",
    warn=0.10,
    block=0.25,
    baseline=True,
)
