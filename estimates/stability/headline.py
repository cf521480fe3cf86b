"""The answer in one sentence."""

from __future__ import annotations

from estimates.stability.report import ColumnReport, KeysReport

_MANY = 20  # below, "1 in 20" is nobody


def headline(keys: KeysReport, columns: dict[str, ColumnReport], identical: bool) -> str:
    """What happened to the first estimate, to labels, signs and lost values, and to the keys."""
    if identical:
        return f"Nothing changed: the two versions are identical in all {count(keys.common, 'key')}."
    if not keys.common:
        return f"Nothing to compare: no key is in both versions ({keys.n_from:,} and {keys.n_to:,} keys)."
    name, first = _first(columns)
    labels = [_column(other, column) for other, column in columns.items() if column.label is not None and other != name]
    parts = [_column(name, first), *labels, *_sign_flips(columns), *_lost(columns), _domain(keys)]
    return "; ".join(part for part in parts if part) + "."


def count(number: int, noun: str) -> str:
    """`1 key`, `1,200 keys`."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def percent(share: float | None) -> str:
    """A share for people: `0 %`, `<0.01 %`, `0.43 %`, `12.5 %`; `–` for none. Never rounded to all or nothing."""
    if share is None:
        return "–"
    value = 100 * share
    if value in (0, 100):
        return f"{value:.0f} %"
    if value < 0.01:
        return "<0.01 %"
    if 99.9 < value < 100:
        return ">99.9 %"
    return f"{value:.2f} %" if value < 10 else f"{value:.1f} %"


def _first(columns: dict[str, ColumnReport]) -> tuple[str, ColumnReport]:
    """The first point column, or else the first column."""
    points = [name for name, column in columns.items() if column.role == "point"]
    name = points[0] if points else next(iter(columns))
    return name, columns[name]


def _column(name: str, column: ColumnReport) -> str:
    if column.label is not None:
        return f"{percent(column.label.churn)} of {count(column.label.n, 'key')} changed {name}"
    scalar = column.scalar
    if scalar is None:
        return f"no key has a value of {name} in both versions"
    if scalar.zero_share == 1:
        return f"{name} moved on none of {count(column.n, 'key')}"
    changed = f"{name} changed on {percent(1 - scalar.zero_share)} of {count(column.n, 'key')}"
    if scalar.r is None:
        return f"{changed}, all of which were 0 before"
    if scalar.zero_share == 0:
        changed = f"{name} moved on all {count(column.n, 'key')}"
    tail = f", 1 in 20 by more than {percent(scalar.r.p95)}" if column.n >= _MANY else ""
    largest = scalar.top[0]
    return (
        f"{changed}, typically by {percent(scalar.r.p50)}{tail}; "
        f"most on {'/'.join(largest.key)}: {largest.a:.6g} → {largest.b:.6g}"
    )


def _sign_flips(columns: dict[str, ColumnReport]) -> list[str]:
    return [
        f"{name} changed sign on {percent(column.scalar.sign_flip_share)}"
        for name, column in columns.items()
        if column.role == "point" and column.scalar is not None and column.scalar.sign_flip_share > 0
    ]


def _lost(columns: dict[str, ColumnReport]) -> list[str]:
    return [
        f"{name} lost its value on {percent(column.kind_loss_share)}"
        for name, column in columns.items()
        if column.kind_loss_share
    ]


def _domain(keys: KeysReport) -> str:
    """Elapsed and advanced keys are what time does, and no news."""
    parts = [f"{count(n, 'key')} {what}" for n, what in ((keys.added, "added"), (keys.removed, "removed")) if n]
    return ", ".join(parts)
