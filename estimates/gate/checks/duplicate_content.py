"""Check `duplicate_content`: different keys have different estimates."""

from estimates.contract.probability_sums import MOST_DECIMALS, without_decimals
from estimates.gate.broken_rules import whole_rows
from estimates.gate.check import Check, Measure, Skip
from estimates.gate.duplicate_rows import Room, expected_duplicates
from estimates.gate.evaluation_context import EvaluationContext


def _share_of_duplicates(context: EvaluationContext) -> Measure:
    """Sets without a float among their estimates are skipped: their rows agree by nature."""
    rows, n = context.duplicates
    if rows is None:
        raise Skip("no_float_estimates")
    message = f"{rows.height} of {n} rows with the same estimates as another row"
    chance = expected_duplicates(_rooms(context), n) if rows.height else 0.0
    if chance:
        message += f", {100 * chance:.3g} % to be expected of numbers that are rounded like these"
    value = max(rows.height / max(n, 1) - chance, 0.0)
    by_chance = chance and value <= context.limit("duplicate_content")
    groups = [] if by_chance else [whole_rows(context, rows, "the same estimates as another key")]
    return Measure(value, n, message, n / max(context.height, 1), offender_groups=groups)


def _rooms(context: EvaluationContext) -> list[Room]:
    floats = [name for name in context.contract.judged if context.schema[name].is_float()]
    return [_room(context, name) for name in floats]


def _room(context: EvaluationContext, name: str) -> Room:
    numbers = context.shared_numbers(name)
    if numbers is None:
        return Room.of_values(context.frame[name])
    if not len(numbers):
        return Room(0, None, None)
    counts = context.count(without_decimals(name))
    digits = counts.index(0) if 0 in counts else MOST_DECIMALS
    last = len(numbers) - 1  # as polars finds the nearest
    low, high = numbers.at([int(last * share + 0.5) for share in (0.25, 0.75)]).tolist()
    return Room(digits, low, high)


CHECK = Check(
    number=20,
    name="duplicate_content",
    title="Different keys, different estimates",
    stage=2,
    measure=_share_of_duplicates,
    purpose="one key's estimates given to another",
    metric="share of rows whose estimates another row has too, beyond what rounding explains",
    unit="share",
    warn=0.01,
)
