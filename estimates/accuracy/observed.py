"""What can be observed of a contract's estimates: numbers and labels, each with its column of
actual values.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from estimates.contract.contract import Contract
from estimates.contract.roles import OF_POINT
from estimates.contract.shape import Interval
from estimates.errors import InvalidError

VALUE, LABEL = "value", "label"
# What hubs call it, in target data of the forms time-series and oracle-output.
OF_HUBS = ("observation", "oracle_value")
# what people call it
USUAL = ("actual", "actuals", "observed", "truth", "y", "y_true")


class Observed(msgspec.Struct, frozen=True):
    """One thing that turns out one way or another, and the columns that say something about it.

    name           its point or label column; `value` or `label` where the contract has none
    point          the point column, with its intervals, declared or between two quantiles, and its
                   quantiles as (probability, column), increasing
    weight         the attribute by which each key counts: the point's, else its quantiles'
    samples        the column of draws
    label          the label column; probabilities as (label, column)
    """

    name: str
    numeric: bool
    point: str | None = None
    intervals: tuple[Interval, ...] = ()
    quantiles: tuple[tuple[float, str], ...] = ()
    weight: str | None = None
    samples: str | None = None
    label: str | None = None
    probabilities: tuple[tuple[str, str], ...] = ()
    unit: str | None = None


def observed(contract: Contract) -> list[Observed]:
    """The numbers in the contract's order, then the labels."""
    return _numbers(contract) + _labels(contract)


def sources(contract: Contract, columns: Sequence[str]) -> dict[str, str]:
    """For each observed, the column of a table of actual values that holds it; raises InvalidError
    (`no_actuals`), also where nothing of the contract can be observed.

    That is the column of the same name; where there is one number only also `value`, `observation`
    or `oracle_value`, one label only also `label`, one observed only any of them, or what people
    call it: `actual`, `observed`, `truth`, `y`.
    """
    all_observed = observed(contract)
    if not all_observed:
        raise InvalidError(
            "no_actuals",
            f"{contract.name}: none of its estimates is of something that can be observed: "
            f"{', '.join(f'{n} is a {contract.columns[n].role}' for n in contract.judged)}",
            remedy="what is scored is points, intervals, quantiles, samples, labels and "
            "probabilities: the contract says so by `role`",
        )
    names = {each.name: _names(each, all_observed) for each in all_observed}
    column_of = {
        name: next((n for n in names if n in columns and n not in contract.key), None)
        for name, names in names.items()
    }
    chosen = {name: column for name, column in column_of.items() if column is not None}
    if not chosen:
        wanted = dict.fromkeys(name for names_of_one in names.values() for name in names_of_one)
        raise InvalidError(
            "no_actuals",
            f"{contract.name}: no column holds actual values; columns: {', '.join(columns)}; "
            f"wanted: {', '.join(wanted)}",
            remedy="name the column of actual values so",
        )
    return chosen


def _numbers(contract: Contract) -> list[Observed]:
    points: list[str] = [*contract.points]
    belongs = {name: contract.point_of(column) for name, column in contract.columns.items()}
    if not points and any(column.role in OF_POINT for column in contract.columns.values()):
        points = [""]
    return [
        Observed(
            point or VALUE,
            numeric=True,
            point=point or None,
            intervals=tuple(
                interval for interval in contract.all_intervals() if interval.point == point
            ),
            quantiles=tuple(
                sorted(
                    (column.quantile, name)
                    for name, column in contract.columns.items()
                    if column.quantile is not None and belongs[name] == point
                )
            ),
            weight=_weight(contract, point, belongs),
            samples=next((name for name in contract.samples if belongs[name] == point), None),
            unit=contract.columns[point].unit if point else None,
        )
        for point in points
    ]


def _weight(contract: Contract, point: str, belongs: dict[str, str]) -> str | None:
    columns = contract.columns
    quantiles = [name for name, of in belongs.items() if of == point and columns[name].quantile]
    names = [*([point] if point else []), *quantiles]
    return next((weight for name in names if (weight := columns[name].weight)), None)


def _labels(contract: Contract) -> list[Observed]:
    labels = contract.of_role("label")
    probabilities = tuple(
        (column.label, name)
        for name, column in contract.columns.items()
        if column.label is not None
    )
    if len(labels) == 1:
        return [Observed(labels[0], numeric=False, label=labels[0], probabilities=probabilities)]
    observed_labels = [Observed(name, numeric=False, label=name) for name in labels]
    return (
        [*observed_labels, Observed(LABEL, numeric=False, probabilities=probabilities)]
        if probabilities
        else observed_labels
    )


def _names(own: Observed, all_observed: list[Observed]) -> list[str]:
    names = [own.name]
    if sum(each.numeric == own.numeric for each in all_observed) == 1:
        names += [VALUE, *OF_HUBS] if own.numeric else [LABEL]
    if len(all_observed) == 1:
        names += OF_HUBS
    return [*names, VALUE, LABEL, *USUAL] if len(all_observed) == 1 else names
