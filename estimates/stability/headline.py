"""The answer in one sentence."""

from __future__ import annotations

from collections.abc import Mapping

from estimates.stability.report import ColumnReport, KeysReport
from estimates.stability.wording import count, cut, number, percent

_MANY = 20  # below, "1 in 20" is nobody
_SAID = 2  # columns that are named for one reason
_KEY = 60  # characters of a key
_NUMBERS = ("score", "probability")


def headline(keys: KeysReport, columns: dict[str, ColumnReport], identical: bool) -> str:
    """What happened to the first estimate, to labels, signs and lost values, and to the keys."""
    if identical:
        return f"Nothing changed: the two versions are identical in all {count(keys.common, 'key')}."
    if not keys.common:
        return f"Nothing to compare: no key is in both versions ({keys.n_from:,} and {keys.n_to:,} keys)."
    name, first = _first(columns)
    parts = [_column(name, first), *_labels(columns, name), *_sign_flips(columns), *_lost(columns), _domain(keys)]
    return "; ".join(part for part in parts if part) + "."


def main_columns(roles: Mapping[str, str]) -> list[str]:
    """The columns that a reader looks at, the first one first, from columns with their roles.

    Points before what else is a number of its own, then labels. Ends of intervals and quantiles belong to something;
    of quantiles without a point the middle one speaks for all.
    """
    order = [name for wanted in (("point",), _NUMBERS) for name, role in roles.items() if role in wanted]
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
    changed = f"{name} changed on {percent(1 - scalar.zero_share)} of {count(column.n, 'key')}"
    if scalar.r is None:
        return f"{changed}, all of which were 0 before"
    if scalar.zero_share == 0:
        changed = f"{name} moved on all {count(column.n, 'key')}"
    tail = f", 1 in 20 by more than {percent(scalar.r.p95)}" if column.n >= _MANY else ""
    most = [f"most on {cut('/'.join(c.key), _KEY)}: {number(c.a)} → {number(c.b)}" for c in scalar.top[:1]]
    return "; ".join([f"{changed}, typically by {percent(scalar.r.p50)}{tail}", *most])


def _labels(columns: dict[str, ColumnReport], told: str) -> list[str]:
    others = [name for name, column in columns.items() if column.label is not None and name != told]
    more = [f"{count(len(others) - _SAID, 'more label column')} below"] if len(others) > _SAID else []
    return [_column(name, columns[name]) for name in others[:_SAID]] + more


def _sign_flips(columns: dict[str, ColumnReport]) -> list[str]:
    shares = {n: c.scalar.sign_flip_share for n, c in columns.items() if c.role == "point" and c.scalar is not None}
    return _worst(shares, "changed sign")


def _lost(columns: dict[str, ColumnReport]) -> list[str]:
    return _worst({name: column.kind_loss_share or 0.0 for name, column in columns.items()}, "lost its value")


def _worst(shares: dict[str, float], what: str) -> list[str]:
    """Up to two columns are named: if there are more, the worst two."""
    found = {name: share for name, share in shares.items() if share > 0}
    worst = sorted(found, key=lambda name: -found[name]) if len(found) > _SAID else list(found)
    parts = [f"{name} {what} on {percent(found[name])}" for name in worst[:_SAID]]
    more = len(found) - _SAID
    return [*parts, f"so did {count(more, 'other column')}"] if more > 0 else parts


def _domain(keys: KeysReport) -> str:
    """Elapsed and advanced keys are what time does, and no news."""
    parts = [f"{count(n, 'key')} {what}" for n, what in ((keys.added, "added"), (keys.removed, "removed")) if n]
    return ", ".join(parts)
