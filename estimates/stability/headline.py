"""The answer in one sentence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from estimates.contract.roles import CENTRAL
from estimates.render import change_text
from estimates.render.wording import count, cut, numbers, percent, signed_percent
from estimates.stability import carried
from estimates.stability.family_reports import ProbabilityReport, QuantileReport, Total
from estimates.stability.report import (
    Carried,
    ColumnReport,
    IntervalReport,
    KeysReport,
    ScalarReport,
)

_MANY = 20  # below, "1 in 20" is nobody
_MOST_NAMED = 2  # columns that are named for one reason
_KEY = 60  # characters of a key
_NUMBERS = CENTRAL - {"point"}
_APART = {"finite", "absent"}  # kinds whose changes have words of their own


def headline(
    keys: KeysReport,
    columns: dict[str, ColumnReport],
    identical: bool,
    intervals: Sequence[IntervalReport] = (),
    quantiles: Sequence[QuantileReport] = (),
    probabilities: ProbabilityReport | None = None,
    attributes: Mapping[str, Carried] | None = None,
) -> str:
    """What happened to the first estimate, or else to the others; to labels, signs and kinds; what
    broke; the keys.
    """
    if identical:
        return (
            f"Nothing changed: the two versions are identical in all {count(keys.common, 'key')}."
        )
    if not keys.common:
        sizes = f"{keys.n_from:,} and {keys.n_to:,} keys"
        return f"Nothing to compare: no key is in both versions ({sizes})."
    name, first = _first(columns)
    intervals = [interval for interval in intervals if not interval.from_quantiles]
    parts = [
        _column(name, first),
        *total_parts(name, first),
        *_labels(columns, name),
        *_others(columns, name, intervals),
        *_sign_flips(columns),
        *_kinds(columns, keys.common),
        *_broken(intervals, quantiles, probabilities),
        _domain(keys),
        carried.clause(attributes or {}),
    ]
    return "; ".join(part for part in parts if part) + "."


def main_columns(roles: Mapping[str, str]) -> list[str]:
    """The columns that a reader looks at, the first one first, from columns with their roles.

    Points before what else is a number of its own, then labels. Ends of intervals and quantiles
    belong to something; of quantiles without a point the middle one speaks for all.
    """
    order = [
        name
        for roles_in_turn in (("point",), _NUMBERS)
        for name, role in roles.items()
        if role in roles_in_turn
    ]
    quantiles = [name for name, role in roles.items() if role == "quantile"]
    order = order or quantiles[(len(quantiles) - 1) // 2 :][:1]
    return order + [name for name, role in roles.items() if role == "label"] or list(roles)[:1]


def _first(columns: dict[str, ColumnReport]) -> tuple[str, ColumnReport]:
    name = main_columns({name: column.role for name, column in columns.items()})[0]
    return name, columns[name]


def _column(name: str, column: ColumnReport) -> str:
    if column.label is not None:
        return f"{percent(column.label.churn)} of {count(column.label.n, 'key')} changed {name}"
    scalar = column.scalar
    if scalar is None:
        return f"no key has a value of {name} in both versions"
    if scalar.zero_share == 1:
        return f"{name} moved on none of {count(column.n, 'key')}"
    changed = f"{name} changed on {percent(_changed(scalar))} of {count(column.n, 'key')}"
    if scalar.plain is None:
        return f"{changed}, all of which were 0 before"
    if scalar.zero_share == 0:
        changed = f"{name} moved on all {count(column.n, 'key')}"
    most = [
        f"most on {cut('/'.join(c.key), _KEY)}: {' → '.join(numbers(c.a, c.b, c.d))}"
        for c in scalar.top[:1]
    ]
    return "; ".join([", ".join([changed, *_sizes(scalar, column.n)]), *most])


def total_parts(name: str, column: ColumnReport) -> Iterator[str]:
    """The total and the group of the hierarchy's first level that moved it most, where there are
    totals; how much of it lies below the scale floor.
    """
    totals = column.totals
    if totals is None:
        return
    what = f"{name} × {totals.weight}" if totals.weight else name
    if totals.weight or totals.levels:
        yield f"{total_words(what, totals.all)} in total"
    for level, groups in list(totals.levels.items())[:1]:
        largest = max(groups, key=lambda group: abs(group.b - group.a))
        if largest.change:
            shown = f"{level} {largest.path[-1]}"
            finer = list(totals.levels)[1:2]
            parts = count(largest.carriers, finer[0] if finer else "key")
            carry = "carries" if largest.carriers == 1 else "carry"
            yield f"{total_words(shown, largest)}, {parts} {carry} 80 % of it"
    if totals.below_floor:
        yield f"{percent(totals.below_floor)} of the total lies below the scale floor"


def total_words(what: str, total: Total) -> str:
    """`region north +3.1 %`."""
    if total.change is None:
        return f"{what} {numbers(total.a, total.b)[1]}, 0 before"
    return f"{what} {signed_percent(total.change)}"


def _changed(scalar: ScalarReport) -> float:
    """Share of the keys; rounded, because 1 − 0.9 is a little less than 0.1."""
    return round(1 - scalar.zero_share, 12)


def _sizes(scalar: ScalarReport, n: int) -> Iterator[str]:
    """How far, over all keys: a size of 0 says no more than how many did not move."""
    plain = scalar.plain
    if plain is not None and plain.p50:
        yield f"typically by {change_text.size(plain.p50, plain.measure)}"
    if plain is not None and plain.p95 and n >= _MANY:
        yield f"1 in 20 by more than {change_text.size(plain.p95, plain.measure)}"


def _labels(columns: dict[str, ColumnReport], first: str) -> list[str]:
    """Up to two label columns are named: if there are more, those that changed on most keys."""
    churn = {
        name: c.label.churn for name, c in columns.items() if c.label is not None and name != first
    }
    names = (
        sorted(churn, key=lambda name: -churn[name]) if len(churn) > _MOST_NAMED else list(churn)
    )
    more = (
        [f"{count(len(names) - _MOST_NAMED, 'more label column')} below"]
        if len(names) > _MOST_NAMED
        else []
    )
    return [_column(name, columns[name]) for name in names[:_MOST_NAMED]] + more


def _others(
    columns: dict[str, ColumnReport], first: str, intervals: Sequence[IntervalReport]
) -> list[str]:
    """What moved although the first estimate did not: how wide its intervals are, or else other
    numbers.
    """
    if _moved(columns[first]):
        return []
    shares = {_name(i): i.width_beyond_share or 0.0 for i in intervals}
    wide = _worst(shares, "became over 25 % wider or narrower", "interval")
    ends = {end for i in intervals if i.width_beyond_share for end in (i.lower, i.upper)}
    candidates = {n: c for n, c in columns.items() if n not in ends and n != first}
    return wide + _worst(
        {n: _changed(c.scalar) for n, c in candidates.items() if c.scalar is not None}, "changed"
    )


def _moved(column: ColumnReport) -> bool:
    if column.label is not None:
        return column.label.churn > 0
    return column.scalar is not None and column.scalar.zero_share < 1


def _sign_flips(columns: dict[str, ColumnReport]) -> list[str]:
    shares = {
        n: c.scalar.sign_flip_share
        for n, c in columns.items()
        if c.role == "point" and c.scalar is not None
    }
    return _worst(shares, "changed sign")


def _kinds(columns: dict[str, ColumnReport], common: int) -> list[str]:
    """Values lost, values gained, and other changes between null, NaN and the infinities."""
    lost = {name: column.kind_loss_share or 0.0 for name, column in columns.items()}
    gained = {name: column.kind_gain_share or 0.0 for name, column in columns.items()}
    other = {name: _other_kinds(column) / common for name, column in columns.items()}
    statements = [(lost, "lost its value"), (gained, "gained a value"), (other, "changed kind")]
    return [part for shares, what in statements for part in _worst(shares, what)]


def _other_kinds(column: ColumnReport) -> int:
    changed = ((a, b, n) for a, row in column.kinds.items() for b, n in row.items() if a != b)
    return sum(n for a, b, n in changed if not _APART & {a, b})


def _broken(
    intervals: Sequence[IntervalReport],
    quantiles: Sequence[QuantileReport],
    probabilities: ProbabilityReport | None,
) -> list[str]:
    """Rows of B that break a rule of intervals, quantiles or probabilities, where A has fewer."""
    disorders = [part for i in intervals for part in _disordered(i)]
    for q in quantiles:
        of = f" of {q.point}" if q.point else ""
        disorders += _more_rows(f"quantiles{of} cross", q.crossing_from, q.crossing_to)
    if probabilities is not None:
        disorders += _more_rows(
            "probabilities do not add up", probabilities.invalid_from, probabilities.invalid_to
        )
    more = (
        [f"and {count(len(disorders) - _MOST_NAMED, 'more disorder')} below"]
        if len(disorders) > _MOST_NAMED
        else []
    )
    return disorders[:_MOST_NAMED] + more


def _disordered(i: IntervalReport) -> list[str]:
    """Crossed ends; without them the rows whose point lies outside, which are then on one side
    each.
    """
    old, new = i.order_from, i.order_to
    if new.lower_above_upper:
        return _more_rows(
            f"the ends of {_name(i)} cross", old.lower_above_upper, new.lower_above_upper
        )
    outside = [
        (order.lower_above_point or 0) + (order.point_above_upper or 0) for order in (old, new)
    ]
    return _more_rows(f"{i.point} lies outside its {100 * i.level:g} % interval", *outside)


def _more_rows(what: str, before: int, now: int) -> list[str]:
    return [f"{what} in {count(now, 'row')}, {before:,} before"] if now > before else []


def _name(i: IntervalReport) -> str:
    return f"the {100 * i.level:g} % interval" + (f" of {i.point}" if i.point else "")


def _worst(shares: dict[str, float], what: str, noun: str = "column") -> list[str]:
    """Up to two of them are named: if there are more, the worst two."""
    positive = {name: share for name, share in shares.items() if share > 0}
    worst = (
        sorted(positive, key=lambda name: -positive[name])
        if len(positive) > _MOST_NAMED
        else list(positive)
    )
    parts = [f"{name} {what} on {percent(positive[name])}" for name in worst[:_MOST_NAMED]]
    more = len(positive) - _MOST_NAMED
    return [*parts, f"so did {count(more, f'other {noun}')}"] if more > 0 else parts


def _new_targets(keys: KeysReport) -> str:
    """Which of the added keys are about a target that was not there before."""
    new = keys.new_targets
    if not new:
        return ""
    return " for new targets" if new == keys.added else f" ({new:,} for new targets)"


def _domain(keys: KeysReport) -> str:
    """Elapsed and advanced keys are what time does, and no news."""
    parts = [
        f"{count(n, 'key')} {what}"
        for n, what in ((keys.added, f"added{_new_targets(keys)}"), (keys.removed, "removed"))
        if n
    ]
    return ", ".join(parts)
